"""Was it worth it? A test may win orders and lose value, by bringing in customers who are worth less.

Twelve months after a test of three weeks nobody has waited. So each unit is valued by whom it turned into: what
customers of the same kind brought in the twelve months after their first order, in the shop's own past. The mix of
kinds is what each variant brought in; kinds may be persona, channel, first product, discount or none.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from journeylab import checks
from journeylab.errors import BadParameter

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from journeylab.growth.effects import Effect


class ValueEffect(NamedTuple):
    """Value a unit of the control and of the variant, their difference with its interval, and its two error shares.

    `se_mix` is the part of the standard error from who came in during the test, `se_past` from how well the past
    tells what each kind is worth.
    """

    value_control: float
    value: float
    effect: float
    lower: float
    upper: float
    level: float
    se_mix: float
    se_past: float


def value_by_mix(
    units_control: float,
    control: ArrayLike,
    units: float,
    variant: ArrayLike,
    worth: ArrayLike,
    worth_variance: ArrayLike,
    *,
    level: float = 0.95,
) -> ValueEffect:
    """Difference in value a unit, from how many units of each arm turned into customers of each kind.

    V = Σ_k p_k·w_k over kinds k, with p_k the share of units that became customers of kind k (the others are worth
    0) and w_k the mean worth of that kind. Var(V) = (Σ p_k·w_k² − V²)/n for the mix, plus Σ (p_k,t − p_k,c)²·var(w_k)
    for the worths, which both arms share. This is direct standardisation (Fleiss, Levin & Paik 2003, chapter 19); it
    holds if a customer's kind, and not the variant, decides what the customer is worth later: the surrogacy condition
    of Athey, Chetty, Imbens & Kang 2019 (NBER 26463).

    Args:
        units_control: Units of the control.
        control: Its units that became customers, by kind.
        units: Units of the variant.
        variant: Its units that became customers, by kind.
        worth: Mean worth of a customer of each kind.
        worth_variance: Squared standard error of each of those means.
        level: Level of the interval.

    >>> v = value_by_mix(1000, [60, 0], 1000, [50, 30], [100, 20], [4, 1])
    >>> f"{v.value_control:.2f} to {v.value:.2f}"
    '6.00 to 5.60'
    """
    from scipy.special import ndtri

    level = checks.number(level, "level", lowest=0.5, highest=0.9999)
    kc, kt, w, v = (np.asarray(a, dtype=float) for a in (control, variant, worth, worth_variance))
    if not len(kc) == len(kt) == len(w) == len(v):
        raise BadParameter("Each kind of customer needs a count in both arms, a worth, and its variance.")
    if min(units_control, units) < 1 or kc.sum() > units_control or kt.sum() > units:
        raise BadParameter("There are more customers than units, or no units at all.")
    pc, pt = kc / units_control, kt / units
    value_control, value = float(pc @ w), float(pt @ w)
    mix = (float(pc @ w**2) - value_control**2) / units_control + (float(pt @ w**2) - value**2) / units
    past = float((pt - pc) ** 2 @ v)
    half = float(ndtri((1 + level) / 2)) * math.sqrt(mix + past)
    effect = value - value_control
    return ValueEffect(
        value_control, value, effect, effect - half, effect + half, level, math.sqrt(mix), math.sqrt(past)
    )


def in_conflict(conversion: Effect, value: ValueEffect) -> bool:
    """Whether conversion wins and value loses (or the other way round), both beyond their intervals' doubt."""
    return conversion.lower > 0 > value.upper or conversion.upper < 0 < value.lower
