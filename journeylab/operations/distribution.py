"""The distribution of demand with a given mean and standard deviation, and its correction by what forecasts missed.

Whole units whose variance exceeds their mean: negative binomial (Syntetos & Boylan 2006, International Journal of
Production Economics 103, 36-47). All else: gamma (Burgin 1975, Operational Research Quarterly 26, 507-525), rounded for
whole units. None goes below zero.

A spread of more than `WIDEST` means, beside Poisson's, is drawn in to that: a gamma distribution with more puts almost
all into zero and a little beyond reason, so that its upper ends fall below its mean.

The correction is distributional conformal prediction (Chernozhukov, Wüthrich & Zhu 2021, PNAS 118, e2107794118): the
ranks at which past forecasts' actuals fell in their distributions say which rank to take for a chance p. They move it
by no more than two standard deviations of a normal distribution.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_FURTHEST = 5.0
#: Below this, a mean or a spread is none.
_NOTHING = 1e-6
#: The spread in means at which the 95 % end of a gamma distribution lies furthest out.
WIDEST = 3.4
#: By how many normal standard deviations a correction moves a rank at most.
_MOST = 2.0
#: A correction needs this many past forecasts.
ENOUGH = 100


@dataclass(frozen=True)
class Correction:
    """Where actuals fell in the distributions forecast for them, as sorted standard normal scores; empty for none."""

    scores: np.ndarray

    def chance(self, p: np.ndarray | float) -> np.ndarray:
        """Return the chance at which the distribution must be read so that demand stays within with chance `p`."""
        from scipy.special import ndtr, ndtri

        p = np.asarray(p, dtype=float)
        if len(self.scores) < ENOUGH:
            return p
        plain = ndtri(p)
        return ndtr(np.clip(np.quantile(self.scores, p), plain - _MOST, plain + _MOST))


def drawn_in(mean: np.ndarray, sd: np.ndarray, *, whole: bool) -> np.ndarray:
    """Return spreads of no more than `WIDEST` means; for whole units beside those of Poisson's distribution.

    >>> drawn_in(np.array([10.0, 10.0]), np.array([5.0, 900.0]), whole=False)
    array([ 5., 34.])
    """
    return np.minimum(sd, np.sqrt(np.where(whole, mean, 0.0) + (WIDEST * mean) ** 2))


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
    sd = drawn_in(mean, sd, whole=whole)
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
    sd = drawn_in(mean, sd, whole=whole)
    shape, scale, none = _gamma(mean, sd)
    plain = np.where(none, np.maximum(mean, 0.0), gamma.ppf(p, shape, scale=scale))
    if not whole:
        return plain
    size, chance, over = _negative_binomial(mean, sd)
    return np.maximum(np.where(over, nbinom.ppf(p, size, chance), np.ceil(plain - 0.5)), 0.0)


def _gamma(mean: np.ndarray, sd: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    none = (mean <= _NOTHING) | (sd <= _NOTHING * np.maximum(mean, 1.0))
    safe_mean, safe_sd = np.where(none, 1.0, mean), np.where(none, 1.0, sd)
    return (safe_mean / safe_sd) ** 2, safe_sd**2 / safe_mean, none


def _negative_binomial(mean: np.ndarray, sd: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    over = (sd**2 > mean * (1 + 1e-6)) & (mean > _NOTHING)
    beyond, safe = np.where(over, sd**2 - mean, 1.0), np.where(over, mean, 1.0)
    return safe**2 / beyond, safe / (safe + beyond), over
