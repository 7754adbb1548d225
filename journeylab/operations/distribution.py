"""The distribution of demand with a given mean and standard deviation, and its correction by what forecasts missed.

Whole units whose variance exceeds their mean: negative binomial (Syntetos & Boylan 2006, International Journal of
Production Economics 103, 36-47). All else: gamma (Burgin 1975, Operational Research Quarterly 26, 507-525), rounded for
whole units. None goes below zero.

The correction is distributional conformal prediction (Chernozhukov, Wüthrich & Zhu 2021, PNAS 118, e2107794118): the
ranks at which past forecasts' actuals fell in their distributions say which rank to take for a chance p.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_FURTHEST = 5.0
#: A correction needs this many past forecasts.
ENOUGH = 100


@dataclass(frozen=True)
class Correction:
    """Where actuals fell in the distributions forecast for them, as sorted standard normal scores; empty for none."""

    scores: np.ndarray

    def chance(self, p: np.ndarray | float) -> np.ndarray:
        """Return the chance at which the distribution must be read so that demand stays within with chance `p`."""
        from scipy.special import ndtr

        p = np.asarray(p, dtype=float)
        return ndtr(np.quantile(self.scores, p)) if len(self.scores) >= ENOUGH else p


def scores(actual: np.ndarray, mean: np.ndarray, sd: np.ndarray, *, whole: bool) -> np.ndarray:
    """Return the standard normal score of each actual in its distribution; the middle of a step where there is one."""
    from scipy.special import ndtri

    if whole:
        actual = np.maximum(np.round(actual), 0.0)
        rank = (cdf(actual, mean, sd, whole=True) + cdf(actual - 1, mean, sd, whole=True)) / 2
    else:
        rank = cdf(actual, mean, sd, whole=False)
    with np.errstate(divide="ignore"):
        return np.clip(ndtri(rank), -_FURTHEST, _FURTHEST)


def cdf(at: np.ndarray, mean: np.ndarray, sd: np.ndarray, *, whole: bool) -> np.ndarray:
    """Return the chance that demand is at most `at`."""
    from scipy.stats import gamma, nbinom

    at, mean, sd = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (at, mean, sd)))
    shape, scale, none = _gamma(mean, sd)
    plain = np.where(none, (at >= mean).astype(float), gamma.cdf(at + 0.5 if whole else at, shape, scale=scale))
    if not whole:
        return plain
    size, chance, over = _negative_binomial(mean, sd)
    return np.where(over, nbinom.cdf(at, size, chance), np.where(at < 0, 0.0, plain))


def quantile(p: np.ndarray | float, mean: np.ndarray, sd: np.ndarray, *, whole: bool) -> np.ndarray:
    """Return what demand stays within with chance `p`: never below zero, and whole where units are.

    >>> quantile(0.95, np.array([4.0, 0.0]), np.array([2.0, 0.0]), whole=True)
    array([8., 0.])
    """
    from scipy.stats import gamma, nbinom

    p, mean, sd = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (p, mean, sd)))
    shape, scale, none = _gamma(mean, sd)
    plain = np.where(none, np.maximum(mean, 0.0), gamma.ppf(p, shape, scale=scale))
    if not whole:
        return plain
    size, chance, over = _negative_binomial(mean, sd)
    return np.maximum(np.where(over, nbinom.ppf(p, size, chance), np.ceil(plain - 0.5)), 0.0)


def _gamma(mean: np.ndarray, sd: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    none = (mean <= 0) | (sd <= 0)
    safe_mean, safe_sd = np.where(none, 1.0, mean), np.where(none, 1.0, sd)
    return (safe_mean / safe_sd) ** 2, safe_sd**2 / safe_mean, none


def _negative_binomial(mean: np.ndarray, sd: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    over = (sd**2 > mean * (1 + 1e-6)) & (mean > 0)
    beyond, safe = np.where(over, sd**2 - mean, 1.0), np.where(over, mean, 1.0)
    return safe**2 / beyond, safe / (safe + beyond), over
