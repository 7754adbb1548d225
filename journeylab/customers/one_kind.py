"""Customers of one kind, drawn so that they share with a shop's own what comes from counting and not from kinds.

Customers of one order have no days between orders, and those of two have one gap only: whatever is made of orders falls
apart by their number, in a shop of one kind too. So parts are drawn, of which features are then made as the shop's own
are (`feature_parts.py`), and stratum by stratum, by what cannot be observed of a customer, as many in each as the shop
has. Within a stratum the parts hang together as the shop's do (ranks, a Gaussian copula) and each has one hump. Two
kinds of hump are drawn: the shop's own distribution, smoothed with the least bandwidth that leaves it one mode
(Silverman 1981, JRSS B 43), and the flat one, which of all single humps looks most like groups (Tibshirani, Walther and
Hastie 2001, JRSS B 63). A part with atoms, as a count is, keeps its distribution: its gaps come from counting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from journeylab.customers.feature_parts import Parts

    Matrix = NDArray[np.float64]

#: In a stratum of fewer customers these are drawn as they are.
FEWEST = 10
_GRID = 512


class OneKind:
    """Customers of one kind, like a shop's own in all that comes from counting.

    Args:
        parts: What the shop's features are made of.
        rng: Breaks ties among equal values, and smooths.
        flat: Give each part the flat hump instead of the shop's own, smoothed; atoms stay in both.
    """

    def __init__(self, parts: Parts, rng: np.random.Generator, *, flat: bool) -> None:
        self._parts = parts
        keys, self._member = np.unique(parts.strata, return_inverse=True)
        rows = [parts.values[self._member == number] for number in range(len(keys))]
        self._strata = [_Stratum.of(part, parts.hidden, rng, flat=flat) for part in rows]

    def draw(self, n: int, rng: np.random.Generator) -> Matrix:
        """Draw the scaled features of `n` customers."""
        return self._parts.features(self.parts(n, rng), rng)

    def parts(self, n: int, rng: np.random.Generator) -> Matrix:
        """Draw the parts of `n` customers."""
        which = self._member[rng.permutation(len(self._member))[:n]]
        drawn = np.full((n, self._parts.values.shape[1]), np.nan)
        for number, stratum in enumerate(self._strata):
            here = np.flatnonzero(which == number)
            if len(here):
                drawn[here] = stratum.draw(len(here), rng)
        return drawn


@dataclass(frozen=True, eq=False)
class _Stratum:
    """Customers who have the same parts: their rows, and for each part a column to draw from, sorted."""

    rows: Matrix
    there: NDArray[np.int64]
    root: Matrix
    columns: tuple[Matrix | None, ...]
    smooth: tuple[bool, ...]

    @classmethod
    def of(cls, rows: Matrix, hidden: NDArray[np.bool_], rng: np.random.Generator, *, flat: bool) -> _Stratum:
        there = np.flatnonzero(~np.isnan(rows[0]))
        known = rows[:, there]
        columns = tuple(
            None if hidden[place] else _one_hump(known[:, j], rng, flat=flat) for j, place in enumerate(there)
        )
        return cls(rows, there, _root(known, rng), columns, tuple(c is not None and smooth(c) for c in columns))

    def draw(self, n: int, rng: np.random.Generator) -> Matrix:
        from scipy.special import ndtr

        places = ndtr(rng.standard_normal((n, len(self.there))) @ self.root.T)
        drawn = self.rows[rng.integers(0, len(self.rows), n)]
        for j, (place, column) in enumerate(zip(self.there, self.columns, strict=True)):
            if column is None:
                drawn[:, place] = places[:, j]
            elif len(self.rows) >= FEWEST:
                drawn[:, place] = np.quantile(column, places[:, j]) if self.smooth[j] else _at(column, places[:, j])
        return drawn


def _root(known: Matrix, rng: np.random.Generator) -> Matrix:
    """Return the root of the correlation of normal scores, held a little towards none where customers are few."""
    from scipy.special import ndtri

    n, width = known.shape
    if n < FEWEST or width < 2:
        return np.eye(width)
    ranks = np.empty_like(known)
    for j in range(width):
        ranks[np.lexsort(np.vstack([rng.random(n), known[:, j]])), j] = np.arange(n)
    correlation = np.corrcoef(ndtri((ranks + 0.5) / n).T)
    held = n / (n + width)
    return np.asarray(np.linalg.cholesky(held * correlation + (1 - held + 1e-6) * np.eye(width)))


def smooth(values: Matrix) -> bool:
    """Say whether a column has no atoms: no value that a tenth of the customers share, and not few values."""
    _, counts = np.unique(values, return_counts=True)
    return bool(counts.max() <= 0.1 * len(values) and len(counts) >= 20)


def _at(column: Matrix, places: Matrix) -> Matrix:
    return column[np.minimum((places * len(column)).astype(int), len(column) - 1)]


def _one_hump(values: Matrix, rng: np.random.Generator, *, flat: bool) -> Matrix:
    ordered = np.sort(values)
    if not smooth(ordered):
        return ordered
    low, high = ordered[0], ordered[-1]
    if flat:
        half = np.sqrt(3) * ordered.std()
        spread = np.linspace(ordered.mean() - half, ordered.mean() + half, len(ordered))
        return np.clip(spread, low, high)
    spread = ordered + least_bandwidth(ordered) * rng.standard_normal(len(ordered))
    # What lies beyond an edge, as a day after the last one, is folded back.
    spread = np.where(spread < low, 2 * low - spread, spread)
    spread = np.where(spread > high, 2 * high - spread, spread)
    return np.sort(np.clip(spread, low, high))


def least_bandwidth(values: Matrix) -> float:
    """Return the least bandwidth at which a Gaussian kernel estimate of the density has one mode."""
    from scipy.ndimage import gaussian_filter1d

    low, high = float(values.min()), float(values.max())
    pad = (high - low) / 2
    counts, edges = np.histogram(values, bins=_GRID, range=(low - pad, high + pad))
    step = edges[1] - edges[0]
    few, many = step, high - low
    for _ in range(12):
        middle = float(np.sqrt(few * many))
        density = gaussian_filter1d(counts.astype(float), middle / step, mode="constant", truncate=5.0)
        slope = np.diff(density)
        sign = np.sign(slope[np.abs(slope) > 1e-9 * density.max()])
        if (np.diff(sign) < 0).sum() > 1:
            few = middle
        else:
            many = middle
    return many
