"""Means without the smallest and largest units of each variant, and Yuen's test of their difference.

The engine sorts each variant's values once and sends back four numbers a variant: the sum and the sum of squares of the
values in the middle, and the two values at which it was cut.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import ibis
from ibis import _

from journeylab.growth.effects import Effect

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir

    from journeylab.growth.effects import Alternative


class Middle(NamedTuple):
    """A variant's `n` values without `cut` at either end: the middle's total, squares, and lowest and highest value."""

    n: float
    cut: float
    total: float
    squares: float
    low: float
    high: float


def cuts(n: Sequence[float], share: float) -> list[int]:
    """Return how many units are left out at either end of each variant: the share of them, rounded down.

    >>> cuts([1000, 19], 0.1)
    [100, 1]
    """
    return [math.floor(share * many + 1e-9) for many in n]


def middles(table: ir.Table, column: str, variants: Sequence[str], n: Sequence[float], share: float) -> ir.Table:
    """Return a row a variant: n, total, squares, low, high of the values in the middle."""
    left_out = cuts(n, share)
    seen = table.filter(_[column].notnull(), _.variant.isin(list(variants)))
    seen = seen.select("variant", value=_[column])
    placed = seen.mutate(place=ibis.row_number().over(ibis.window(group_by="variant", order_by="value")))
    first = ibis.cases(*((_.variant == v, g) for v, g in zip(variants, left_out, strict=True)), else_=0)
    last = ibis.cases(*((_.variant == v, int(m) - g) for v, m, g in zip(variants, n, left_out, strict=True)), else_=0)
    kept = placed.mutate(inside=(_.place >= first) & (_.place < last)).filter(_.inside)
    return kept.group_by("variant").agg(
        total=_.value.sum(), squares=(_.value * _.value).sum(), low=_.value.min(), high=_.value.max()
    )


def compare_trimmed(
    control: Middle, variant: Middle, *, level: float = 0.95, alternative: Alternative = "two-sided"
) -> Effect:
    """Compare two trimmed means by Yuen's test: Welch's, on the winsorised variances.

    With h = n - 2 g units kept of n, d = (n - 1) s_w² / (h (h - 1)), where s_w² is the variance with the units left out
    set to the values at the cuts: t = (m_t - m_c) / √(d_c + d_t) on (d_c + d_t)² / (d_c²/(h_c - 1) + d_t²/(h_t - 1))
    degrees of freedom. Source: Yuen (1974), "The two-sample trimmed t for unequal population variances", Biometrika 61.
    The relative interval is the same on logarithms.

    Returns:
        The effect. NaN bounds where the middle has no spread, as where most units did nothing.

    >>> a = Middle(10, 2, 33, 199, 3, 8)
    >>> compare_trimmed(a, a).effect
    0.0
    """
    from scipy.special import stdtr, stdtrit

    (mc, dc, hc), (mt, dt, ht) = _mean(control), _mean(variant)
    se = math.sqrt(dc + dt) if hc > 1 and ht > 1 else math.nan
    effect = mt - mc
    relative_se = math.sqrt(dt / mc**2 + dc * mt**2 / mc**4) if mc > 0 else math.nan
    lower = upper = pvalue = relative_lower = relative_upper = math.nan
    if se > 0:
        df = (dc + dt) ** 2 / (dc**2 / (hc - 1) + dt**2 / (ht - 1))
        below = float(stdtr(df, effect / se))
        pvalue = {"two-sided": 2 * min(below, 1 - below), "greater": 1 - below, "less": below}[alternative]
        if alternative == "two-sided":
            pvalue = 2 * float(stdtr(df, -abs(effect) / se))
        half = float(stdtrit(df, (1 + level) / 2 if alternative == "two-sided" else level))
        lower = -math.inf if alternative == "less" else effect - half * se
        upper = math.inf if alternative == "greater" else effect + half * se
        if mc > 0 and mt > 0:
            log, spread = math.log(mt / mc), half * math.sqrt(dt / mt**2 + dc / mc**2)
            relative_lower = -1.0 if alternative == "less" else math.expm1(log - spread)
            relative_upper = math.inf if alternative == "greater" else math.expm1(log + spread)
    return Effect.between(
        (control.n, mc),
        (variant.n, mt),
        bounds=(lower, upper, relative_lower, relative_upper),
        errors=(se, relative_se),
        pvalue=pvalue,
        level=level,
        method="Yuen, trimmed",
    )


def _mean(arm: Middle) -> tuple[float, float, float]:
    """Return the trimmed mean, its squared standard error, and how many units it rests on."""
    kept = arm.n - 2 * arm.cut
    if kept < 2:
        return (arm.total / kept if kept > 0 else math.nan), math.nan, kept
    total = arm.total + arm.cut * (arm.low + arm.high)
    squares = arm.squares + arm.cut * (arm.low**2 + arm.high**2)
    scatter = max(squares - total**2 / arm.n, 0.0)  # (n - 1) s_w²
    return arm.total / kept, scatter / (kept * (kept - 1)), kept
