"""Pareto/NBD: customers buy at random and drop out at a time of their own, whether they buy or not.

Source: Schmittlein, Morrison & Colombo (1987), "Counting Your Customers", Management Science 33(1); the likelihood and
expectations as in Fader & Hardie (2005), "A Note on Deriving the Pareto/NBD Model and Related Expressions".

With rate λ ~ Gamma(r, α) and dropout μ ~ Gamma(s, β),

    L = Γ(r+x)/Γ(r) · α^r β^s · [(α+T)^−(r+x) (β+T)^−s + s ∫_{t_x}^{T} (α+y)^−(r+x) (β+y)^−(s+1) dy].

The integral is two hypergeometric functions in the literature, whose difference overflows or cancels for frequent or
recent buyers. Here it is added up as it stands, on the log scale, which also gives the exact gradient.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from journeylab.customers.purchase_model import PurchaseModel, quadrature

if TYPE_CHECKING:
    from journeylab.customers.customer_base import CustomerBase

_FAR = 40.0
_NODES = 32


@dataclass(frozen=True)
class ParetoNbd(PurchaseModel):
    """Pareto / negative binomial.

    Args:
        r: Shape of the purchase rate over customers.
        alpha: Its scale, in units of time: the mean rate is r / alpha.
        s: Shape of the dropout rate over customers.
        beta: Its scale, in units of time: the mean dropout rate is s / beta.

    >>> from journeylab.customers.customer_base import CustomerBase
    >>> model = ParetoNbd(0.553, 10.578, 0.606, 11.669)
    >>> round(float(model.p_alive(CustomerBase([26], [30.857], [31]))[0]), 3)
    0.998
    """

    NAME: ClassVar[str] = "Pareto/NBD"
    NAMES: ClassVar[tuple[str, ...]] = ("r", "alpha", "s", "beta")
    TIMES: ClassVar[tuple[str, ...]] = ("alpha", "beta")

    r: float
    alpha: float
    s: float
    beta: float

    @classmethod
    def _starts(cls, base: CustomerBase) -> list[np.ndarray]:
        often = base.repeat_purchases / float(base.count @ base.age)
        return [np.array([0.7, 0.7 / often / 1.5, 0.6, 0.4]), np.array([1.5, 1.5 / often, 0.3, 1.0])]

    def log_likelihood(self, base: CustomerBase) -> tuple[float, np.ndarray]:
        """Return the log-likelihood of the base and its gradient in (r, alpha, s, beta)."""
        from scipy.special import digamma, expit, gammaln

        r, alpha, s, beta = self.parameters
        bought = r + base.frequency
        alive = -bought * np.log(alpha + base.age) - s * np.log(beta + base.age)
        integral, moments = self._integral(base.recency, base.age, bought, s + 1, moments=True)
        lost = np.log(s) + integral
        share = expit(alive - lost)
        x, n = base.levels
        height = base.customers * (r * np.log(alpha) + s * np.log(beta) - gammaln(r)) + n @ gammaln(r + x)
        height += base.count @ np.logaddexp(alive, lost)
        log_alpha, log_beta, per_alpha, per_beta = moments
        gone = 1 - share
        by_r = base.customers * (np.log(alpha) - digamma(r)) + n @ digamma(r + x)
        by_r -= base.count @ (share * np.log(alpha + base.age) + gone * log_alpha)
        by_alpha = base.customers * r / alpha
        by_alpha -= base.count @ (bought * (share / (alpha + base.age) + gone * per_alpha))
        by_s = base.customers * np.log(beta)
        by_s -= base.count @ (share * np.log(beta + base.age) - gone * (1 / s - log_beta))
        by_beta = base.customers * s / beta
        by_beta -= base.count @ (share * s / (beta + base.age) + gone * (s + 1) * per_beta)
        return float(height), np.array([by_r, by_alpha, by_s, by_beta])

    def _integral(
        self, start: np.ndarray, end: np.ndarray, power: np.ndarray, other: float, *, moments: bool = False
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        """Logarithm of ∫ (α+y)^−power (β+y)^−other dy from start to end; −inf where both agree.

        Gauss-Legendre on log(c + y), where c makes the integrand's decay at the start that of a plain power; cut where
        nothing is left. The moments are the integrand's means of log(α+y), log(β+y), 1/(α+y) and 1/(β+y).
        """
        alpha, beta = self.alpha, self.beta
        steepness = power / (alpha + start) + other / (beta + start)
        scale = (power + other) / steepness
        reach = np.minimum(np.log1p((end - start) / scale), _FAR / (power + other - 1))
        top = -power * np.log(alpha + start) - other * np.log(beta + start)
        total = np.zeros(len(reach))
        sums = [np.zeros(len(reach)) for _ in range(4)] if moments else []
        for node, weight in quadrature(_NODES):
            stretch = np.exp(reach * node)
            y = start + scale * (stretch - 1)
            log_alpha, log_beta = np.log(alpha + y), np.log(beta + y)
            part = weight * stretch * np.exp(-power * log_alpha - other * log_beta - top)
            total += part
            if moments:
                values = (log_alpha, log_beta, 1 / (alpha + y), 1 / (beta + y))
                sums = [kept + part * value for kept, value in zip(sums, values, strict=True)]
        size = reach * scale
        with np.errstate(divide="ignore"):
            return top + np.log(total) + np.log(size), [kept / total for kept in sums]

    def p_alive(self, base: CustomerBase) -> np.ndarray:
        """Return the share of the likelihood in which the customer outlives the observation. Shape (n,)."""
        from scipy.special import expit

        bought = self.r + base.frequency
        alive = -bought * np.log(self.alpha + base.age) - self.s * np.log(self.beta + base.age)
        integral, _ = self._integral(base.recency, base.age, bought, self.s + 1)
        return expit(alive - np.log(self.s) - integral)

    def _clock(self, base: CustomerBase) -> np.ndarray:
        return self.beta + base.age

    def rate(self, base: CustomerBase, after: np.ndarray, *, pace: float = 1.0, dropout: float = 1.0) -> np.ndarray:
        """Return pace · (r+x)/(α+T) · ((β+T) / (β+T+dropout·t))^s."""
        level = pace * (self.r + base.frequency) / (self.alpha + base.age)
        return level * np.exp(-self.s * np.log1p(dropout * after / self._clock(base)))

    def residual_transactions(self, base: CustomerBase, discount: float) -> np.ndarray:
        """Discounted expected residual transactions without end, in closed form. Shape (n,).

        Fader, Hardie & Lee (2005), "RFM and CLV", equation 2, with Ψ rewritten by Kummer's transformation:
        P(alive) · (r+x)/(α+T) · (β+T) · U(1, 2−s, δ(β+T)).
        """
        from scipy.special import hyperu

        left = self.beta + base.age
        level = (self.r + base.frequency) / (self.alpha + base.age)
        return self.p_alive(base) * level * left * hyperu(1, 2 - self.s, discount * left)

    def _second_factorial_moment(self, base: CustomerBase, horizon: float) -> np.ndarray:
        bought, left = self.r + base.frequency, self._clock(base)
        reach = np.log1p(horizon / left)
        total = np.zeros(len(left))
        for node, weight in quadrature():
            after = left * np.expm1(reach * node)
            total += weight * 2 * after * (after + left) * np.exp(-self.s * np.log1p(after / left))
        return bought * (bought + 1) / (self.alpha + base.age) ** 2 * total * reach

    def survival_if_alive(self, base: CustomerBase, horizon: float) -> np.ndarray:
        """Return ((β+T) / (β+T+t))^s. Shape (n,)."""
        return np.exp(-self.s * np.log1p(horizon / self._clock(base)))

    def p_purchase_if_alive(self, base: CustomerBase, horizon: float) -> np.ndarray:
        """Return ∫ of the first purchase's density before dropout, over the horizon. Shape (n,)."""
        bought, now = self.r + base.frequency, base.age
        integral, _ = self._integral(now, now + horizon, bought + 1, self.s)
        front = np.log(bought) + bought * np.log(self.alpha + now) + self.s * np.log(self.beta + now)
        return np.exp(front + integral)

    def sample(self, base: CustomerBase, horizon: float, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Draw purchases until the horizon or dropout, whichever comes first, if alive. Shape (draws, n)."""
        shape = (draws, len(base.age))
        rate = rng.gamma(self.r + base.frequency, 1 / (self.alpha + base.age), shape)
        lost = np.maximum(rng.gamma(self.s, 1 / (self.beta + base.age), shape), 1e-300)
        until = np.minimum(rng.exponential(size=shape) / lost, horizon)
        return np.where(rng.random(shape) < self.p_alive(base), rng.poisson(rate * until), 0)

    def sample_lifetimes(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draw new customers: rates, time until dropout, and no limit in purchases. Shapes (n,)."""
        rate = rng.gamma(self.r, 1 / self.alpha, n)
        until = rng.exponential(size=n) / np.maximum(rng.gamma(self.s, 1 / self.beta, n), 1e-300)
        return rate, until, np.full(n, np.inf)
