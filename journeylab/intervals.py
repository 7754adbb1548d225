"""Intervals for the plain figures every page shows: a share, a mean, a count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from journeylab.checks import number

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def z_of(level: float) -> float:
    """Return the two-sided normal quantile of `level`, such as 1.96 for 0.95."""
    from scipy.special import ndtri

    return float(ndtri(0.5 + number(level, "level", lowest=0.5, highest=0.9999) / 2))


def wilson(n: ArrayLike, of: ArrayLike, *, level: float = 0.95) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the Wilson score interval of the share n / of; NaN where `of` is 0.

    Source: Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22; as
    recommended for all n by Brown, Cai and DasGupta (2001), Statistical Science 16.

    Args:
        n: How many did, any shape.
        of: Of how many, the same shape.
        level: Two-sided coverage.

    >>> lower, upper = wilson(8, 10)
    >>> print(round(float(lower), 4), round(float(upper), 4))
    0.4902 0.9433
    """
    n, of = np.asarray(n, dtype=float), np.asarray(of, dtype=float)
    z2 = z_of(level) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = n / of
        middle = (rate + z2 / (2 * of)) / (1 + z2 / of)
        half = np.sqrt(z2 * rate * (1 - rate) / of + z2**2 / (4 * of**2)) / (1 + z2 / of)
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)


def of_mean(total: float, squares: float, n: int, *, level: float = 0.95) -> tuple[float, float]:
    """Return the normal interval of a mean from its sufficient statistics; NaN for fewer than two values.

    Source: central limit theorem; the variance is (Σx² - (Σx)²/n) / (n - 1).

    Args:
        total: Σx.
        squares: Σx².
        n: How many values.
        level: Two-sided coverage.
    """
    if n < 2:
        return float("nan"), float("nan")
    mean = total / n
    variance = max(squares - n * mean**2, 0.0) / (n - 1)
    half = z_of(level) * float(np.sqrt(variance / n))
    return mean - half, mean + half
