"""How far the demand of all SKUs together may lie from its forecast.

The spread of a sum depends on how far SKUs miss together: Var ΣD = Σσ² + ρ((Σσ)² − Σσ²), with ρ the mean correlation of
what they missed. It is read from past forecasts, and since those are few (origins overlap), the shared part of the
interval takes Student's t instead of the normal distribution.
"""

from __future__ import annotations

import numpy as np

from journeylab.operations import distribution


def shared(error: np.ndarray, sd: np.ndarray) -> float:
    """Return the mean correlation of the errors of series, 0 to 1: by how much their sum misses more than chance would.

    ρ = Σ_t (S_t² − Σσ²) / Σ_t ((Σσ)² − Σσ²), with S_t the sum of all errors at t.

    Args:
        error: A row a series, a column a time; NaN where not known.
        sd: Their spreads, in the same form.

    >>> shared(np.array([[1.0, -1.0], [1.0, -1.0]]), np.ones((2, 2)))
    1.0
    """
    known = np.isfinite(error) & np.isfinite(sd)
    one, spread = np.where(known, error, 0.0), np.where(known, sd, 0.0)
    apart, alike = (spread**2).sum(axis=0), spread.sum(axis=0) ** 2
    room = float((alike - apart).sum())
    return float(np.clip((one.sum(axis=0) ** 2 - apart).sum() / room, 0.0, 1.0)) if room > 0 else 0.0


def interval(
    mean: np.ndarray, sd: np.ndarray, *, together: float, origins: int, level: float, whole: bool
) -> tuple[float, float]:
    """Return lower and upper ends of the sum of the series, never below zero.

    Args:
        mean: Expected demand of each series.
        sd: Its spread.
        together: The mean correlation of what they miss.
        origins: From how many past days, half a horizon apart, that was read.
        level: Coverage.
        whole: Whether everything sells in whole units.
    """
    from scipy.stats import norm, t

    p = (1 + level) / 2
    apart, alike = float((sd**2).sum()), float(sd.sum()) ** 2
    heavier = (t.ppf(p, (origins + 1) / 2) / norm.ppf(p)) ** 2 if origins else 1.0
    wide = np.sqrt(apart + heavier * together * (alike - apart))
    lower, upper = (float(distribution.quantile(q, mean.sum(), wide, whole=whole)) for q in (1 - p, p))
    return lower, upper
