"""The difference between two variants' quantiles: what the typical, or the large, order did.

The engine sends back three quantiles a variant: the one asked for, and the two whose ranks bound it. Ranks need no
assumption about the shape of the distribution.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from journeylab import checks
from journeylab.growth.effects import Effect

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from journeylab.growth.moments import Floats


def bounding_ranks(n: ArrayLike, q: float, *, level: float = 0.95) -> tuple[Floats, Floats]:
    """The quantiles, as shares of n, whose values bound the q-quantile: q ± z·√(q(1−q)/n).

    The number of values below the true quantile is Binomial(n, q); this is its normal approximation (David &
    Nagaraja 2003, Order Statistics, section 7.1; used for tests by Deng, Knoblich & Lu 2018, section 4).

    >>> [round(float(r), 4) for r in bounding_ranks(10_000, 0.5)]
    [0.4902, 0.5098]
    """
    from scipy.special import ndtri

    q = checks.number(q, "q", lowest=0.001, highest=0.999)
    half = float(ndtri((1 + level) / 2)) * np.sqrt(q * (1 - q) / np.asarray(n, dtype=float))
    return np.clip(q - half, 0, 1), np.clip(q + half, 0, 1)


def compare_quantiles(
    control: tuple[float, float, float],
    n_control: float,
    variant: tuple[float, float, float],
    n: float,
    *,
    q: float,
    level: float = 0.95,
) -> Effect:
    """Compare the q-quantile of a variant with the control's.

    The two intervals are put together by MOVER, which keeps their asymmetry: lower = effect − √((q_t − l_t)² +
    (u_c − q_c)²), upper with the other bounds (Zou & Donner 2008, Statistics in Medicine 27); the relative interval
    is the same on logarithms, where all six values are above zero. The p-value reads the half of the interval that
    faces zero as z standard errors, so that it agrees with the interval at `level`.

    Args:
        control: The control's quantile, and the values at its lower and upper bounding ranks.
        n_control: Units of the control.
        variant: The same of the variant.
        n: Units of the variant.
        q: Which quantile.
        level: Confidence level of the bounding ranks.

    Returns:
        The effect. NaN bounds where the bounding ranks leave the data (too few units) or the interval has no width
        (too many equal values around the quantile).

    >>> e = compare_quantiles((50, 48, 52), 900, (55, 53, 58), 900, q=0.5)
    >>> f"{e.effect:.0f} [{e.lower:.2f}, {e.upper:.2f}]"
    '5 [2.17, 8.61]'
    """
    from scipy.special import ndtr, ndtri

    (mc, lc, uc), (mt, lt, ut) = control, variant
    effect = mt - mc
    z = float(ndtri((1 + level) / 2))
    enough = min(_reach(n_control, q, z), _reach(n, q, z)) > 0
    down, up = math.hypot(mt - lt, uc - mc), math.hypot(ut - mt, mc - lc)
    arms, method = ((n_control, mc), (n, mt)), "ranks, MOVER"
    if not (enough and down > 0 and up > 0):
        return Effect.between(*arms, level=level, method=method)
    facing = down if effect > 0 else up
    se, pvalue = (down + up) / (2 * z), float(2 * ndtr(-abs(effect) * z / facing))
    relative_lower = relative_upper = relative_se = math.nan
    if min(lc, lt) > 0:
        log = math.log(mt / mc)
        log_down = math.hypot(math.log(mt / lt), math.log(uc / mc))
        log_up = math.hypot(math.log(ut / mt), math.log(mc / lc))
        relative_lower, relative_upper = math.expm1(log - log_down), math.expm1(log + log_up)
        relative_se = (log_down + log_up) / (2 * z) * mt / mc
    return Effect.between(
        *arms,
        bounds=(effect - down, effect + up, relative_lower, relative_upper),
        errors=(se, relative_se),
        pvalue=pvalue,
        level=level,
        method=method,
    )


def _reach(n: float, q: float, z: float) -> float:
    """How far the bounding ranks stay inside the data; zero or below means that they leave it."""
    half = z * math.sqrt(q * (1 - q) / n) if n > 0 else math.inf
    return min(q - half, 1 - q - half)
