"""BG/NBD and MBG/NBD: customers buy at random and may drop out right after any purchase.

Sources: Fader, Hardie & Lee (2005), "Counting Your Customers the Easy Way", Marketing Science 24(2); Batislam,
Denizel & Filiztekin (2007), "Empirical validation and comparison of models for customer base analysis", IJRM 24(3).
The two differ in one thing: in the modified model the first purchase, too, may be the last.

With m chances to have dropped out (the repeat purchases; one more in the modified model), rate λ ~ Gamma(r, α) and
dropout probability p ~ Beta(a, b),

    L = Γ(r+x) α^r / Γ(r) · B(a, b+m) / B(a, b) · [(α+T)^−(r+x) + 1{m>0} · a / (b+m−1) · (α+t_x)^−(r+x)].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from journeylab.customers.beta_moment import beta_moment
from journeylab.customers.purchase_model import PurchaseModel, quadrature

if TYPE_CHECKING:
    from journeylab.customers.customer_base import CustomerBase


@dataclass(frozen=True)
class BgNbd(PurchaseModel):
    """Beta-geometric / negative binomial: the first purchase is never the last by itself.

    Args:
        r: Shape of the purchase rate over customers.
        alpha: Its scale, in units of time: the mean rate is r / alpha.
        a: First shape of the dropout probability, whose mean is a / (a + b).
        b: Its second shape.

    >>> from journeylab.customers.customer_base import CustomerBase
    >>> model = BgNbd(0.243, 4.414, 0.793, 2.426)
    >>> round(float(model.expected_purchases(CustomerBase([2], [30.43], [38.86]), 39)[0]), 3)
    1.226
    """

    NAME: ClassVar[str] = "BG/NBD"
    NAMES: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b")
    TIMES: ClassVar[tuple[str, ...]] = ("alpha",)
    CHANCES_AT_FIRST: ClassVar[int] = 0

    r: float
    alpha: float
    a: float
    b: float

    @classmethod
    def _starts(cls, base: CustomerBase) -> list[np.ndarray]:
        often = base.repeat_purchases / float(base.count @ base.age)
        return [np.array([0.5, 0.5 / often, 0.7, 2.0]), np.array([1.5, 1.5 / often, 0.5, 5.0])]

    def _chances(self, base: CustomerBase) -> np.ndarray:
        return base.frequency + self.CHANCES_AT_FIRST

    def _alive_and_lost(self, base: CustomerBase) -> tuple[np.ndarray, np.ndarray]:
        """Logarithms of the two terms of the likelihood: alive at the end, or lost at the last purchase."""
        bought, chances = self.r + base.frequency, self._chances(base)
        alive = -bought * np.log(self.alpha + base.age)
        odds = np.log(self.a) - np.log(np.where(chances > 0, self.b + chances - 1, 1.0))
        lost = np.where(chances > 0, odds - bought * np.log(self.alpha + base.recency), -np.inf)
        return alive, lost

    def log_likelihood(self, base: CustomerBase) -> tuple[float, np.ndarray]:
        """Return the log-likelihood of the base and its gradient in (r, alpha, a, b)."""
        from scipy.special import digamma, expit, gammaln

        r, alpha, a, b = self.parameters
        bought, chances = r + base.frequency, self._chances(base)
        alive, lost = self._alive_and_lost(base)
        share = expit(alive - lost)
        x, n = base.levels
        m = x + self.CHANCES_AT_FIRST
        height = base.customers * (r * np.log(alpha) - gammaln(r) + gammaln(a + b) - gammaln(b))
        height += n @ (gammaln(r + x) + gammaln(b + m) - gammaln(a + b + m)) + base.count @ np.logaddexp(alive, lost)
        gone = 1 - share
        by_r = base.customers * (np.log(alpha) - digamma(r)) + n @ digamma(r + x)
        by_r -= base.count @ (share * np.log(alpha + base.age) + gone * np.log(alpha + base.recency))
        by_alpha = base.customers * r / alpha
        by_alpha -= base.count @ (bought * (share / (alpha + base.age) + gone / (alpha + base.recency)))
        shrink = base.customers * digamma(a + b) - n @ digamma(a + b + m)
        by_a = shrink + base.count @ gone / a
        before = np.where(chances > 0, b + chances - 1, 1.0)
        by_b = shrink - base.customers * digamma(b) + n @ digamma(b + m)
        by_b -= base.count @ np.where(chances > 0, gone / before, 0.0)
        return float(height), np.array([by_r, by_alpha, by_a, by_b])

    def p_alive(self, base: CustomerBase) -> np.ndarray:
        """Return 1 / (1 + a / (b+m−1) · ((α+T) / (α+t_x))^(r+x)), and 1 without a chance to drop out. Shape (n,)."""
        from scipy.special import expit

        alive, lost = self._alive_and_lost(base)
        return expit(alive - lost)

    def _clock(self, base: CustomerBase) -> np.ndarray:
        return self.alpha + base.age

    def _survival_moment(self, base: CustomerBase, after: np.ndarray, order: int) -> np.ndarray:
        """E[(1 + p·t/(α+T))^−(r+x+order)] with p ~ Beta(a, b + m + max(order − 1, 0))."""
        power = self.r + base.frequency + order
        stay = self.b + self._chances(base) + max(order - 1, 0)
        return beta_moment(power, self.a, stay, after / self._clock(base))

    def rate(self, base: CustomerBase, after: np.ndarray, *, pace: float = 1.0, dropout: float = 1.0) -> np.ndarray:
        """Return pace · (r+x)/(α+T) · E[(1 + p·pace·dropout·t/(α+T))^−(r+x+1)], p ~ Beta(a, b+m)."""
        level = pace * (self.r + base.frequency) / self._clock(base)
        return level * self._survival_moment(base, pace * dropout * after, 1)

    def _second_factorial_moment(self, base: CustomerBase, horizon: float) -> np.ndarray:
        bought, scale = self.r + base.frequency, self._clock(base)
        chances = self._chances(base)
        level = bought * (bought + 1) / scale**2 * (self.b + chances) / (self.a + self.b + chances)
        reach = np.log1p(horizon / scale)
        total = np.zeros(len(scale))
        for node, weight in quadrature():
            after = scale * np.expm1(reach * node)
            total += weight * 2 * after * (after + scale) * self._survival_moment(base, after, 2)
        return level * total * reach

    def survival_if_alive(self, base: CustomerBase, horizon: float) -> np.ndarray:
        """Return E[e^(−λpt)]. Shape (n,)."""
        return self._survival_moment(base, np.full(len(base.age), float(horizon)), 0)

    def p_purchase_if_alive(self, base: CustomerBase, horizon: float) -> np.ndarray:
        """Return 1 − ((α+T) / (α+T+t))^(r+x). Shape (n,)."""
        return -np.expm1(-(self.r + base.frequency) * np.log1p(horizon / self._clock(base)))

    def sample(self, base: CustomerBase, horizon: float, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Draw the smaller of the purchases by rate and the purchases until dropout, if alive. Shape (draws, n)."""
        shape = (draws, len(base.age))
        rate = rng.gamma(self.r + base.frequency, 1 / self._clock(base), shape)
        bought = rng.poisson(rate * horizon)
        until = _geometric(rng.beta(self.a, self.b + self._chances(base), shape), rng)
        return np.where(rng.random(shape) < self.p_alive(base), np.minimum(bought, until), 0)

    def sample_lifetimes(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draw new customers: rates, no limit in time, and repeat purchases until dropout. Shapes (n,)."""
        rate = rng.gamma(self.r, 1 / self.alpha, n)
        until = _geometric(rng.beta(self.a, self.b, n), rng) - self.CHANCES_AT_FIRST
        return rate, np.full(n, np.inf), until


@dataclass(frozen=True)
class MbgNbd(BgNbd):
    """Modified BG/NBD: a customer may drop out right after the first purchase, so one-time buyers can be lost."""

    NAME: ClassVar[str] = "MBG/NBD"
    CHANCES_AT_FIRST: ClassVar[int] = 1


def _geometric(p: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Trials up to and including the first success, as floats, so that a vanishing p cannot overflow."""
    waits = rng.exponential(size=p.shape) / np.maximum(-np.log1p(-np.minimum(p, 1 - 1e-16)), 1e-300)
    return np.floor(waits) + 1
