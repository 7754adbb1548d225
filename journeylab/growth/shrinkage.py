"""Effects by segment, partially pooled: each borrows from the others as much as their agreement allows.

The most striking segment is mostly the luckiest (the winner's curse); pooling takes the luck out. A full Bayesian
treatment of the normal hierarchical model on a grid, so that the intervals know how uncertain the pooling itself is.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from journeylab import checks

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from journeylab.growth.moments import Floats

_GRID = 400


class Pooled(NamedTuple):
    """Partially pooled effects: one value a segment, and what they were pooled towards.

    `share` is how much of a segment's own estimate is left, from 0 (all pooled) to 1; `mean` and `mean_sd` describe
    the common effect, and `spread` is the posterior median of how far segments truly differ (a standard deviation).
    """

    effect: Floats
    sd: Floats
    lower: Floats
    upper: Floats
    share: Floats
    mean: float
    mean_sd: float
    spread: float
    level: float


def partial_pooling(
    effects: ArrayLike, se: ArrayLike, *, level: float = 0.95, spread_scale: float | None = None
) -> Pooled:
    """Partially pool effects: y_j ~ N(θ_j, se_j²), θ_j ~ N(μ, τ²), μ flat, τ half-Cauchy.

    The posterior of τ is p(τ)·√V_μ·Π (se_j² + τ²)^(−½)·exp(−(y_j − μ̂)²/(2(se_j² + τ²))) (Gelman et al., Bayesian
    Data Analysis, 3rd ed., section 5.4, eq. 5.21), on a grid; given τ, θ_j is normal (eq. 5.17), and intervals are
    those of the mixture. The half-Cauchy is Gelman's advice for few groups (2006, Bayesian Analysis 1).

    Args:
        effects: Estimates by segment; NaN ones are left out, and come back as NaN.
        se: Their standard errors.
        level: Level of the intervals.
        spread_scale: Scale of the half-Cauchy prior; three typical standard errors if None, flat if infinite.

    >>> pooled = partial_pooling([28, 8, -3, 7, -1, 1, 18, 12], [15, 10, 16, 11, 9, 11, 10, 18])
    >>> bool(abs(pooled.effect - pooled.mean).max() < 20)
    True
    """
    y_all, s_all = np.asarray(effects, dtype=float), np.asarray(se, dtype=float)
    known = np.isfinite(y_all) & (s_all > 0)
    y, s = y_all[known], s_all[known]
    blank = np.full(len(y_all), np.nan)
    level = checks.number(level, "level", lowest=0.5, highest=0.9999)
    if len(y) == 0:
        return Pooled(blank, blank, blank, blank, blank, math.nan, math.nan, math.nan, level)
    typical = math.sqrt(float((s**2).mean()))
    tau, weight = _spread_posterior(y, s, typical, 3 * typical if spread_scale is None else spread_scale)
    precision = 1 / (s**2 + tau[:, None] ** 2)
    centre = (precision * y).sum(axis=1) / precision.sum(axis=1)
    centre_variance = 1 / precision.sum(axis=1)
    own = tau[:, None] ** 2 * precision
    mean = own * y + (1 - own) * centre[:, None]
    variance = own * s**2 + (1 - own) ** 2 * centre_variance[:, None]
    effect = weight @ mean
    sd = np.sqrt(weight @ (variance + mean**2) - effect**2)
    lower, upper = _mixture_interval(mean, np.sqrt(variance), weight, level)
    common = float(weight @ centre)
    common_sd = math.sqrt(float(weight @ (centre_variance + centre**2)) - common**2)
    spread = float(np.interp(0.5, np.cumsum(weight), tau))
    filled = []
    for values in (effect, sd, lower, upper, weight @ own):
        column = blank.copy()
        column[known] = values
        filled.append(column)
    return Pooled(filled[0], filled[1], filled[2], filled[3], filled[4], common, common_sd, spread, level)


def _spread_posterior(y: Floats, s: Floats, typical: float, scale: float) -> tuple[Floats, Floats]:
    """A grid of τ and its posterior weights. The grid is even in τ/(τ + typical), so that it reaches far."""
    u = (np.arange(_GRID) + 0.5) / _GRID
    tau = typical * u / (1 - u)
    precision = 1 / (s**2 + tau[:, None] ** 2)
    total = precision.sum(axis=1)
    centre = (precision * y).sum(axis=1) / total
    log = -0.5 * np.log(total) + 0.5 * (np.log(precision) - precision * (y - centre[:, None]) ** 2).sum(axis=1)
    if math.isfinite(scale):
        log = log - np.log1p((tau / scale) ** 2)
    log = log + np.log(typical / (1 - u) ** 2)  # the grid's own density
    weight = np.exp(log - log.max())
    return tau, weight / weight.sum()


def _mixture_interval(mean: Floats, sd: Floats, weight: Floats, level: float) -> tuple[Floats, Floats]:
    """Quantiles of a mixture of normals, by bisection, for each column."""
    from scipy.special import ndtr

    bounds = []
    for target in ((1 - level) / 2, (1 + level) / 2):
        low, high = (mean - 12 * sd).min(axis=0), (mean + 12 * sd).max(axis=0)
        for _ in range(60):
            middle = (low + high) / 2
            below = weight @ ndtr((middle - mean) / sd) < target
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        bounds.append((low + high) / 2)
    return bounds[0], bounds[1]
