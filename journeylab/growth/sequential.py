"""Intervals that may be read every day: asymptotic confidence sequences.

A fixed interval is right once, at the end; read daily until it excludes zero, it errs far more often than its level
says. A confidence sequence is right on all days together, at the price of being wider.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from journeylab import checks

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from journeylab.growth.moments import Floats

TUNING = 5000  # units at which the sequence is tightest, by default: GrowthBook's, too


def mixture_rate(tuning: float, *, level: float = 0.95) -> float:
    """The mixture's parameter ρ that makes the sequence tightest near `tuning` units.

    ρ = √((−2·ln α + ln(1 − 2·ln α)) / tuning): Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas, "Time-uniform central
    limit theory and asymptotic confidence sequences" (Annals of Statistics 2024; arXiv 2103.06476v7, eq. 161).
    """
    tuning = checks.number(tuning, "tuning", lowest=1)
    log_alpha = math.log(1 - checks.number(level, "level", lowest=0.5, highest=0.9999))
    return math.sqrt((-2 * log_alpha + math.log(1 - 2 * log_alpha)) / tuning)


def widening(n: ArrayLike, *, tuning: float = TUNING, level: float = 0.95) -> Floats:
    """How many standard errors the sequence reaches to either side after n units: √n times the paper's boundary.

    √(2(nρ² + 1) / (nρ²) · ln(√(nρ² + 1) / α)), the paper's theorem 2.2. Compare 1.96 of the fixed 95 % interval.

    >>> round(float(widening(6461)), 2)
    3.04
    """
    n = np.asarray(n, dtype=float)
    growth = n * mixture_rate(tuning, level=level) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.sqrt(2 * (growth + 1) / growth * np.log(np.sqrt(growth + 1) / (1 - level)))
    return np.where(n > 0, reach, np.inf)


def always_valid(
    effect: ArrayLike, se: ArrayLike, n: ArrayLike, *, tuning: float = TUNING, level: float = 0.95
) -> tuple[Floats, Floats]:
    """Always-valid interval of an effect with standard error `se`, seen on `n` units of both arms together.

    Args:
        effect: Effects as they read at each look, absolute or relative.
        se: Their standard errors.
        n: Units of both arms at each look.
        tuning: Units at which the sequence is tightest; choose what the test was planned for.
        level: The chance that the sequence holds the truth at all looks together.

    Returns:
        Lower and upper bounds, elementwise.
    """
    effect, half = (
        np.asarray(effect, dtype=float),
        np.asarray(se, dtype=float) * widening(n, tuning=tuning, level=level),
    )
    return effect - half, effect + half
