"""Gamma-Gamma: what a customer's next purchase is worth, an own average pulled towards that of the shop.

Source: Colombo & Jiang (1999), "A Stochastic RFM Model"; Fader, Hardie & Lee (2005), "RFM and CLV", Journal of
Marketing Research 42(4); Fader & Hardie (2013), "The Gamma-Gamma Model of Monetary Value". A purchase is Gamma(p, ν),
with ν ~ Gamma(q, γ) over customers, so that the average z̄ of x purchases has density

    Γ(px+q) / (Γ(px) Γ(q)) · γ^q z̄^(px−1) x^(px) / (γ + x z̄)^(px+q).

It takes spend to be independent of how often a customer buys, and every purchase to be above zero.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from journeylab.checks import number
from journeylab.customers.likelihood import Estimate, maximise
from journeylab.errors import BadParameter, NotEnoughData

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST_SPENDERS = 10


@dataclass(frozen=True)
class GammaGamma:
    """The Gamma-Gamma model of spend.

    Args:
        p: Shape of one customer's purchases: the higher, the more alike they are.
        q: Shape of the scale over customers: the higher, the more alike customers are.
        gamma: In money: the mean over customers is p·gamma / (q − 1).

    >>> model = GammaGamma(6.25, 3.74, 15.44)
    >>> round(float(model.mean), 2)
    35.22
    """

    NAMES: ClassVar[tuple[str, ...]] = ("p", "q", "gamma")

    p: float
    q: float
    gamma: float
    estimate: Estimate | None = field(default=None, kw_only=True, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check that every parameter is above zero."""
        for name in self.NAMES:
            number(float(getattr(self, name)), name, lowest=1e-300)

    @property
    def parameters(self) -> np.ndarray:
        """(p, q, gamma)."""
        return np.array([self.p, self.q, self.gamma])

    @property
    def mean(self) -> float:
        """Mean spend a purchase over customers, p·γ / (q − 1); NaN where q is at most 1, for it has no mean then."""
        return self.p * self.gamma / (self.q - 1) if self.q > 1 else float("nan")

    def with_parameters(self, values: np.ndarray) -> Self:
        """Return the model at other parameters, for draws and differences."""
        return type(self)(*(float(value) for value in values), estimate=self.estimate)

    @classmethod
    def fit(
        cls,
        purchases: np.ndarray | Sequence[float],
        average: np.ndarray | Sequence[float],
        count: np.ndarray | None = None,
    ) -> Self:
        """Fit by maximum likelihood.

        Args:
            purchases: Purchases behind each average, at least 1. Shape (n,).
            average: Mean spend a purchase, above zero. Shape (n,), money.
            count: Customers that share the row, 1 each when left out. Shape (n,).

        Raises:
            BadParameter: A row without a purchase, or an average that is not above zero.
            NotEnoughData: Fewer than 10 customers, or all with the same average.
        """
        x, z = np.asarray(purchases, dtype=float), np.asarray(average, dtype=float)
        weight = np.ones_like(x) if count is None else np.asarray(count, dtype=float)
        if np.any(~np.isfinite(z) | (z <= 0)) or np.any(~(x >= 1)):
            raise BadParameter(
                "Gamma-Gamma needs purchases of one or more and an average above zero.",
                do="Leave out customers whose purchases were all free or refunded.",
            )
        if weight.sum() < FEWEST_SPENDERS or np.ptp(z) == 0:
            raise NotEnoughData(
                f"A model of spend needs {FEWEST_SPENDERS} customers whose averages differ; "
                f"here are {weight.sum():,.0f} with {len(np.unique(z)):,} different averages.",
                do="Use the plain average of a purchase instead.",
            )
        order = np.lexsort((weight, z, x))
        x, z, weight = x[order], z[order], weight[order]
        unit = float(np.exp(np.average(np.log(z), weights=weight)))
        estimate = maximise(
            lambda values: cls(*values).log_likelihood(x, z / unit, weight),
            names=cls.NAMES,
            starts=[np.array([5.0, 4.0, 0.6]), np.array([1.0, 2.0, 1.0])],
            n=float(weight.sum()),
        )
        values = estimate.values * np.array([1.0, 1.0, unit])
        height = estimate.log_likelihood - float(weight.sum()) * np.log(unit)
        return cls(*values, estimate=Estimate(cls.NAMES, values, estimate.information, height, estimate.n))

    def log_likelihood(self, purchases: np.ndarray, average: np.ndarray, count: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the log-likelihood and its gradient in (p, q, gamma). Shapes () and (3,)."""
        from scipy.special import digamma, gammaln

        p, q, gamma = self.parameters
        x, z = purchases, average
        shape, total = p * x, x * z
        left = np.log(gamma + total)
        height = (
            gammaln(shape + q)
            - gammaln(shape)
            - gammaln(q)
            + q * np.log(gamma)
            + shape * np.log(total)
            - np.log(z)
            - (shape + q) * left
        )
        both = digamma(shape + q)
        by_p = x * (both - digamma(shape) + np.log(total) - left)
        by_q = both - digamma(q) + np.log(gamma) - left
        by_gamma = q / gamma - (shape + q) / (gamma + total)
        return float(count @ height), np.array([count @ slope for slope in (by_p, by_q, by_gamma)])

    def expected_spend(self, purchases: np.ndarray, average: np.ndarray) -> np.ndarray:
        """Expected mean spend a purchase given what was seen: p (γ + x z̄) / (p x + q − 1). Shape (n,), money.

        A customer with no purchase to go by (0) gets the mean over customers; NaN where that does not exist.
        """
        x, z = np.asarray(purchases, dtype=float), np.asarray(average, dtype=float)
        return self._mean_and_square(x, z)[0]

    def spend_moments(self, purchases: np.ndarray, average: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and mean square of a customer's own average spend, given what was seen; NaN where there is none."""
        return self._mean_and_square(np.asarray(purchases, dtype=float), np.asarray(average, dtype=float))

    def _mean_and_square(self, x: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        shape = self.p * x + self.q
        scale = self.p * (self.gamma + x * np.where(x > 0, z, 0.0))
        mean = np.where(shape > 1, scale / np.where(shape > 1, shape - 1, 1.0), np.nan)
        square = np.where(shape > 2, scale**2 / np.where(shape > 2, (shape - 1) * (shape - 2), 1.0), np.nan)
        return mean, square

    def sample(
        self, purchases: np.ndarray, average: np.ndarray, future: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Draw what `future` purchases (draws, n) come to for each customer. Shape (draws, n), money."""
        x, z = np.asarray(purchases, dtype=float), np.asarray(average, dtype=float)
        scale = rng.gamma(self.q + self.p * x, 1 / (self.gamma + x * np.where(x > 0, z, 0.0)), future.shape)
        money = rng.gamma(np.maximum(self.p * future, 1e-12)) / np.maximum(scale, 1e-300)
        return np.where(future > 0, money, 0.0)
