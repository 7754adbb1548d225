"""Was it worth it? A test may win orders and lose value, by bringing in customers who are worth less.

Twelve months after a test of three weeks nobody has waited. So each unit that bought is worth what it spent, and what
buyers of the same kind spent later, in the shop's own past.
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


class Buyers(NamedTuple):
    """The units of one arm that bought, by kind: how many, and their first orders' value in sum and in squares."""

    units: float
    n: ArrayLike
    spent: ArrayLike
    squares: ArrayLike


def value_by_mix(
    control: Buyers, variant: Buyers, later: ArrayLike, later_variance: ArrayLike, *, level: float = 0.95
) -> ValueEffect:
    """Difference in value a unit, from what buyers spent and what buyers of their kind spend later.

    A unit that bought is worth y = first order + w_k, where w_k is the mean later value of its kind k; the others are
    worth 0. With p_k the share of units that became buyers of kind k, V = mean(y), and Var(V) = (mean(y²) − V²)/n for
    who came in, plus Σ (p_k,t − p_k,c)²·var(w_k) for what the past tells, which both arms share. It holds if a buyer's
    kind, and not the variant, decides what the buyer is worth later: the surrogacy condition of Athey, Chetty, Imbens
    & Kang 2019 (NBER 26463).

    Args:
        control: Buyers of the control.
        variant: Buyers of the variant.
        later: Mean later value of a buyer of each kind.
        later_variance: Squared standard error of each of those means.
        level: Level of the interval.

    >>> a = Buyers(1000, [60, 0], [3000, 0], [160_000, 0])
    >>> b = Buyers(1000, [50, 30], [2500, 300], [130_000, 3500])
    >>> v = value_by_mix(a, b, [50, 10], [4, 1])
    >>> f"{v.value_control:.2f} to {v.value:.2f}"
    '6.00 to 5.60'
    """
    from scipy.special import ndtri

    level = checks.number(level, "level", lowest=0.5, highest=0.9999)
    w, v = np.asarray(later, dtype=float), np.asarray(later_variance, dtype=float)
    values, variances, shares = [], [], []
    for arm in (control, variant):
        n, spent, squares = (np.asarray(a, dtype=float) for a in (arm.n, arm.spent, arm.squares))
        if not len(n) == len(spent) == len(squares) == len(w) == len(v):
            raise BadParameter("Each kind of buyer needs a count, a sum and squares in both arms, and a later value.")
        if arm.units < 1 or n.sum() > arm.units:
            raise BadParameter("There are more buyers than units, or no units at all.")
        value = float((spent + w * n).sum()) / arm.units
        square = float((squares + 2 * w * spent + w**2 * n).sum()) / arm.units
        values.append(value)
        variances.append(max(square - value**2, 0.0) / arm.units)
        shares.append(n / arm.units)
    mix, past = sum(variances), float((shares[1] - shares[0]) ** 2 @ v)
    half = float(ndtri((1 + level) / 2)) * math.sqrt(mix + past)
    effect = values[1] - values[0]
    return ValueEffect(
        values[0], values[1], effect, effect - half, effect + half, level, math.sqrt(mix), math.sqrt(past)
    )


def in_conflict(conversion: Effect, value: ValueEffect) -> bool:
    """Whether conversion wins and value loses (or the other way round), both beyond their intervals' doubt."""
    return conversion.lower > 0 > value.upper or conversion.upper < 0 < value.lower
