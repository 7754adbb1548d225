"""Sufficient statistics of a test: all that the engine sends back, and all that the estimators need.

Per variant: how many units, the mean of each column, and the scatter matrix (sums of products of deviations from the
means). They add up over days, segments and variants without loss (Chan, Golub & LeVeque 1983), so one query by day
answers the whole test, each of its days, and each of its segments. Leading axes are free: variants, days,
simulations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """Count, means and scatter of `k` columns, over any leading axes.

    Args:
        names: The columns' names, `k` of them.
        n: Units, of shape `(...)`.
        mean: Means, of shape `(..., k)`; 0 where n is 0.
        scatter: Sums of products of deviations from the means, of shape `(..., k, k)`.
    """

    names: tuple[str, ...]
    n: Floats
    mean: Floats
    scatter: Floats

    @classmethod
    def of(cls, values: ArrayLike, names: Sequence[str]) -> Moments:
        """Moments of raw values of shape `(..., units, k)`.

        >>> Moments.of([[1.0], [2.0], [6.0]], ["orders"]).mean.tolist()
        [3.0]
        """
        x = np.asarray(values, dtype=float)
        mean = x.mean(axis=-2)
        centred = x - mean[..., None, :]
        n = np.full(x.shape[:-2], float(x.shape[-2]))
        return cls(tuple(names), n, mean, np.swapaxes(centred, -1, -2) @ centred)

    @classmethod
    def from_sums(cls, names: Sequence[str], n: ArrayLike, sums: ArrayLike, products: ArrayLike) -> Moments:
        """Moments from n, sums of shape `(..., k)` and sums of products of shape `(..., k, k)`."""
        n, sums, products = (np.asarray(a, dtype=float) for a in (n, sums, products))
        mean = np.divide(sums, n[..., None], out=np.zeros_like(sums), where=n[..., None] > 0)
        return cls(tuple(names), n, mean, products - mean[..., :, None] * sums[..., None, :])

    @classmethod
    def counts(cls, name: str, n: ArrayLike, successes: ArrayLike) -> Moments:
        """Moments of a yes-or-no column, from how many units and how many said yes.

        >>> Moments.counts("ordered", [100, 100], [49, 51]).mean[:, 0].tolist()
        [0.49, 0.51]
        """
        successes = np.asarray(successes, dtype=float)
        return cls.from_sums((name,), n, successes[..., None], successes[..., None, None])

    def __getitem__(self, index: Any) -> Moments:
        """The moments at `index` of the leading axes."""
        return Moments(self.names, self.n[index], self.mean[index], self.scatter[index])

    def total(self, axis: int = 0) -> Moments:
        """Moments of all units along a leading axis taken together."""
        return self._add(lambda a: a.sum(axis=axis))

    def cumulative(self, axis: int = 0) -> Moments:
        """Moments of all units up to each position along a leading axis: what day d had seen."""
        return self._add(lambda a: a.cumsum(axis=axis))

    def chosen(self, members: ArrayLike) -> Moments:
        """Moments of chosen entries of the one leading axis taken together, for each row of 0 and 1 in `members`."""
        rows = np.asarray(members, dtype=float)
        return self._add(lambda a: np.tensordot(rows, a, axes=(1, 0)))

    def _add(self, add: Any) -> Moments:
        """Add raw sums that were shifted to the grand mean, so that large means do not eat the variance."""
        every = self.n.sum()
        centre = (self.n[..., None] * self.mean).reshape(-1, len(self.names)).sum(axis=0) / max(every, 1.0)
        shifted = self.mean - centre
        sums = self.n[..., None] * shifted
        products = self.scatter + shifted[..., :, None] * sums[..., None, :]
        axis_free = Moments.from_sums(self.names, add(self.n), add(sums), add(products))
        return Moments(self.names, axis_free.n, axis_free.mean + centre, axis_free.scatter)

    def column(self, name: str) -> Floats:
        """The mean of one column."""
        return self.mean[..., self.names.index(name)]

    def covariance(self, left: str, right: str) -> Floats:
        """Sample covariance of two columns (the variance, if they are the same); NaN below two units."""
        scatter = self.scatter[..., self.names.index(left), self.names.index(right)]
        spread = np.full(np.shape(self.n), np.nan)
        return np.divide(scatter, self.n - 1, out=spread, where=self.n > 1)

    def ratio(self, numer: str, denom: str | None = None) -> Floats:
        """The mean of `numer`, or its ratio to the mean of `denom`; NaN where there is nothing to divide by."""
        value = np.where(self.n > 0, self.column(numer), np.nan)
        if denom is None:
            return value
        below = np.where(self.column(denom) == 0, np.nan, self.column(denom))
        return value / below

    def ratio_covariance(
        self, left: str, left_denom: str | None = None, right: str | None = None, right_denom: str | None = None
    ) -> Floats:
        """Covariance, a unit, of two means or ratios by the delta method.

        A ratio's linear part is (y − R·x) / mean(x), where R is the ratio (Deng, Knoblich & Lu 2018, "Applying the
        delta method in metric analytics", KDD, section 2.2); a mean is the case x = 1.

        Args:
            left: Numerator of the one.
            left_denom: Its denominator.
            right: Numerator of the other; `left` itself if None, which gives the variance.
            right_denom: Its denominator.
        """
        if right is None:
            right, right_denom = left, left_denom
        total = np.zeros(np.shape(self.n))
        for a, weight_a in self._linear(left, left_denom):
            for b, weight_b in self._linear(right, right_denom):
                total = total + weight_a * weight_b * self.covariance(a, b)
        return total

    def _linear(self, numer: str, denom: str | None) -> list[tuple[str, Floats]]:
        """The columns, with weights, of the linear part of a mean or a ratio."""
        if denom is None:
            return [(numer, np.ones(np.shape(self.n)))]
        below = np.where(self.column(denom) == 0, np.nan, self.column(denom))
        return [(numer, 1 / below), (denom, -self.ratio(numer, denom) / below)]

    def aggregates(self) -> Any:
        """This one variant as tea-tasting's Aggregates (there must be no leading axes left)."""
        from tea_tasting.aggr import Aggregates

        pairs = [(a, b) for a in self.names for b in self.names if a < b]
        return Aggregates(
            count_=int(self.n),
            mean_={name: float(self.column(name)) for name in self.names},
            var_={name: float(self.covariance(name, name)) for name in self.names},
            cov_={(a, b): float(self.covariance(a, b)) for a, b in pairs},
        )
