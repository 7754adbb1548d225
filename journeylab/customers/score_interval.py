"""Intervals of scores that are means of points on a bounded scale: NPS, satisfaction, effort, stars.

Three pseudo-answers spread over the scale are added before the normal interval is taken; for shares (two points) it is
Wilson's. Method, and why not the plain interval: docs/methods/feedback.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from journeylab.intervals import wilson, z_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from journeylab.customers.answers import Kind

#: How many answers are added.
ADDED = 3.0


def variance(n: ArrayLike, total: ArrayLike, squares: ArrayLike) -> NDArray[np.float64]:
    """Return the variance of a mean of points; for NPS this is (p + d - (p - d)²) / n, in points of 100.

    >>> p, d, n = 0.5, 0.2, 100
    >>> float(variance(n, 100 * (p - d) * n, 100**2 * (p + d) * n)), 100**2 * (p + d - (p - d) ** 2) / n
    (61.0, 61.0)
    """
    n, total, squares = (np.asarray(x, dtype=float) for x in (n, total, squares))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.maximum(squares / n - (total / n) ** 2, 0.0) / n


def interval(
    n: ArrayLike, total: ArrayLike, squares: ArrayLike, kind: Kind, *, level: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the interval of the mean of points; NaN where there is no answer.

    Source: Rocks (2016), "Interval Estimation for the Net Promoter Score", The American Statistician 70(4), who finds
    the adjusted Wald interval with three added answers (¾ promoters, 1½ passives, ¾ detractors) among the best; for
    scales of five and seven we spread the three answers evenly, for two points it is Wilson's (1927).

    Args:
        n: Answers, any shape.
        total: Sum of their points, the same shape.
        squares: Sum of the squares of their points.
        kind: What they are answers of.
        level: Two-sided coverage.

    >>> from journeylab.customers.answers import KINDS
    >>> lower, upper = interval(100, 3000, 700_000, KINDS["nps"])  # 50 promoters, 20 detractors
    >>> print(round(float(lower), 2), round(float(upper), 2))
    14.05 44.2
    """
    n, total, squares = (np.asarray(x, dtype=float) for x in (n, total, squares))
    low, high = kind.span
    if len(kind.points) == 2:
        lower, upper = wilson((total - low * n) / (high - low), n, level=level)
        return low + (high - low) * lower, low + (high - low) * upper
    more, middle, spread = ADDED, *(ADDED * sum(share * point**k for point, share in kind.points) for k in (1, 2))
    size = n + more
    half = z_of(level) * np.sqrt(variance(size, total + middle, squares + spread))
    centre = (total + middle) / size
    with np.errstate(invalid="ignore", divide="ignore"):
        score = total / n  # NaN where there is no answer, and never outside its own interval
    return np.minimum(np.clip(centre - half, low, high), score), np.maximum(np.clip(centre + half, low, high), score)


def difference(
    one: tuple[ArrayLike, ArrayLike, ArrayLike],
    other: tuple[ArrayLike, ArrayLike, ArrayLike],
    kind: Kind,
    *,
    level: float = 0.95,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the difference of two means of points with its interval, from the intervals of both.

    Source: Zou & Donner (2008), "Construction of confidence limits about effect measures: a general approach",
    Statistics in Medicine 27; for shares this is Newcombe's (1998) method 10.

    Args:
        one: n, total and squares.
        other: The same of what it is compared with.
        kind: What they are answers of.
        level: Two-sided coverage.
    """
    means, lows, highs = [], [], []
    for n, total, squares in (one, other):
        with np.errstate(invalid="ignore", divide="ignore"):
            means.append(np.asarray(total, dtype=float) / np.asarray(n, dtype=float))
        lower, upper = interval(n, total, squares, kind, level=level)
        lows.append(lower)
        highs.append(upper)
    gap = means[0] - means[1]
    lower = gap - np.sqrt((means[0] - lows[0]) ** 2 + (highs[1] - means[1]) ** 2)
    upper = gap + np.sqrt((highs[0] - means[0]) ** 2 + (means[1] - lows[1]) ** 2)
    return gap, lower, upper


def p_value(gap: ArrayLike, lower: ArrayLike, upper: ArrayLike, *, level: float) -> NDArray[np.float64]:
    """Return the two-sided p-value of no difference that fits a difference with its interval.

    It reads the side of the interval that looks to zero as z standard errors, so that p is below 1 - level exactly
    where the interval leaves zero out.
    """
    from scipy.special import ndtr

    gap, lower, upper = (np.asarray(x, dtype=float) for x in (gap, lower, upper))
    side = np.where(gap > 0, gap - lower, upper - gap)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(gap == 0, 0.0, np.abs(gap) * z_of(level) / side)
    return 2 * ndtr(-z)
