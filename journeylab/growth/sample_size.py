"""Planning a test: how many units, the smallest effect it can see, its power, and how long it takes.

Means and ratios are solved by tea-tasting (Welch's t with the same variance in both arms). Proportions use the pooled
z-test, which is the one we read them with; two other usual formulas are offered by name, since calculators differ.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np

from journeylab import checks
from journeylab.errors import NotEnoughData

if TYPE_CHECKING:
    from journeylab.growth.metrics import Metric
    from journeylab.growth.moments import Moments

Formula = Literal["pooled", "unpooled", "base rate"]
FORMULAS = {
    "pooled": "pooled z-test (Fleiss, Levin & Paik 2003, eq. 4.14, without continuity correction)",
    "unpooled": "unpooled z-test (Fleiss, Levin & Paik 2003, section 4.2; Chow, Shao & Wang 2008, section 4.2)",
    "base rate": "base rate's variance under the null (the calculator of Evan Miller)",
}
WELCH = "Welch's t-test, the same variance in both arms (tea-tasting)"


def sample_size_proportion(
    base: float,
    effect: float,
    *,
    alpha: float = 0.05,
    power: float = 0.8,
    ratio: float = 1.0,
    formula: Formula = "pooled",
    two_sided: bool = True,
) -> float:
    """Units of the control that are needed to see an absolute change of a proportion; the variant needs `ratio` ×.

    n = (z₁·√(V₀) + z₂·√(V₁))² / effect², with z₁ of alpha, z₂ of power, V₁ = p₁q₁ + p₂q₂/ratio, and V₀ by formula:
    "pooled" p̄q̄(1 + 1/ratio); "unpooled" V₁; "base rate" p₁q₁(1 + 1/ratio).

    Args:
        base: The control's proportion.
        effect: The absolute change to be seen, not zero.
        alpha: Chance of claiming an effect where there is none.
        power: Chance of seeing this effect.
        ratio: Units of the variant to one of the control.
        formula: As above.
        two_sided: Whether alpha is spent on both sides.

    >>> [math.ceil(sample_size_proportion(0.2, 0.05, formula=f)) for f in ("pooled", "unpooled", "base rate")]
    [1094, 1091, 1031]
    """
    from scipy.special import ndtri

    checks.one_of(formula, "formula", tuple(FORMULAS))
    _check(alpha, power, ratio)
    p1 = checks.number(base, "base", lowest=0, highest=1)
    p2 = checks.number(base + effect, "base + effect", lowest=0, highest=1)
    if effect == 0:
        checks.number(abs(effect), "effect", lowest=1e-12)
    null, alternative = _variances(p1, p2, ratio, formula)
    z1, z2 = float(ndtri(1 - alpha / (2 if two_sided else 1))), float(ndtri(power))
    return (z1 * math.sqrt(null) + z2 * math.sqrt(alternative)) ** 2 / effect**2


def power_proportion(
    base: float,
    effect: float,
    n: float,
    *,
    alpha: float = 0.05,
    ratio: float = 1.0,
    formula: Formula = "pooled",
    two_sided: bool = True,
) -> float:
    """Power to see an absolute change of a proportion with `n` units in the control; the inverse of the sample size.

    >>> round(power_proportion(0.2, 0.05, 1094), 3)
    0.8
    """
    from scipy.special import ndtr, ndtri

    p1, p2 = base, base + effect
    if not (0 <= p2 <= 1) or n <= 0:
        return math.nan
    null, alternative = _variances(p1, p2, ratio, formula)
    z = float(ndtri(1 - alpha / (2 if two_sided else 1))) * math.sqrt(null)
    if alternative == 0:
        return float(abs(effect) * math.sqrt(n) > z)
    high = float(ndtr((abs(effect) * math.sqrt(n) - z) / math.sqrt(alternative)))
    low = float(ndtr((-abs(effect) * math.sqrt(n) - z) / math.sqrt(alternative))) if two_sided else 0.0
    return high + low


def smallest_effect_proportion(
    base: float,
    n: float,
    *,
    alpha: float = 0.05,
    power: float = 0.8,
    ratio: float = 1.0,
    formula: Formula = "pooled",
    two_sided: bool = True,
) -> float:
    """Smallest absolute rise of a proportion that `n` units in the control can see; NaN if none below 100 % can be.

    >>> round(smallest_effect_proportion(0.2, 1094), 4)
    0.05
    """
    from scipy.optimize import brentq

    _check(alpha, power, ratio)
    highest = 1 - checks.number(base, "base", lowest=0, highest=1)

    def missing(effect: float) -> float:
        return power - power_proportion(base, effect, n, alpha=alpha, ratio=ratio, formula=formula, two_sided=two_sided)

    lowest = 1e-9
    if highest <= lowest or missing(highest) > 0:
        return math.nan
    return float(brentq(missing, lowest, highest, xtol=1e-12))


def _variances(p1: float, p2: float, ratio: float, formula: Formula) -> tuple[float, float]:
    """The variance a unit of the control under no effect, and under the effect."""
    alternative = p1 * (1 - p1) + p2 * (1 - p2) / ratio
    mean = (p1 + ratio * p2) / (1 + ratio)
    null = {
        "pooled": mean * (1 - mean) * (1 + 1 / ratio),
        "unpooled": alternative,
        "base rate": p1 * (1 - p1) * (1 + 1 / ratio),
    }[formula]
    return null, alternative


def plan_mean(
    history: Moments,
    metric: Metric,
    *,
    solve: Literal["n", "effect", "power"],
    relative: float | None = None,
    n: float | None = None,
    alpha: float = 0.05,
    power: float = 0.8,
    ratio: float = 1.0,
    two_sided: bool = True,
) -> tuple[float, float, float]:
    """Plan a test on a mean or a ratio, with or without a before, from moments of the shop's own past.

    Args:
        history: Moments of past units, without leading axes.
        metric: A mean or a ratio.
        solve: What to find: units in both arms together, the relative effect, or the power.
        relative: The relative effect, for "n" and "power".
        n: Units in both arms together, for "effect" and "power".
        alpha: Chance of claiming an effect where there is none.
        power: Chance of seeing the effect.
        ratio: Units of the variant to one of the control.
        two_sided: Whether alpha is spent on both sides.

    Returns:
        Units in both arms together, relative effect, power.
    """
    from tea_tasting.metrics import RatioOfMeans

    _check(alpha, power, ratio)
    if float(history.n) < 2 or not float(history.ratio_covariance(metric.column, metric.denom)) > 0:
        raise NotEnoughData(
            f"{metric.name} has no spread in the past of {float(history.n):,.0f} units.",
            why="A sample size follows from how much units differ.",
            do="Choose a longer stretch of the past, or another metric.",
        )
    if not float(history.ratio(metric.column, metric.denom)) > 0:
        raise NotEnoughData(f"{metric.name} is zero or below on average, so there is no relative effect to plan for.")
    parameter = {"n": "n_obs", "effect": "rel_effect_size", "power": "power"}[solve]

    def solved(*, use_t: bool) -> tuple[float, float, float]:
        test = RatioOfMeans(
            metric.column,
            metric.denom,
            metric.before,
            metric.denom_before,
            alternative="two-sided" if two_sided else "greater",
            alpha=alpha,
            power=power,
            ratio=ratio,
            equal_var=False,
            use_t=use_t,
            rel_effect_size=None if solve == "effect" else relative,
            n_obs=None if n is None else max(int(n), 4),
        )
        found = test.solve_power_from_aggregates(history.aggregates(), parameter)[0]
        return float(found.n_obs), float(found.rel_effect_size), float(found.power)

    try:
        answer = solved(use_t=True)
    except ValueError:  # the noncentral t has no value far from its centre, and the search for a root went there
        return solved(use_t=False)
    return answer if not any(math.isnan(v) for v in answer) else solved(use_t=False)


def days_left(units_now: float, units_needed: float, arrivals: np.ndarray, day_now: int) -> float:
    """Days until the test has its units, from how many distinct visitors the shop sees in a stretch of d days.

    The test takes a share of visitors, units_now / arrivals[day_now]; that share of arrivals[d] is what it will have
    on day d. NaN if the needed number is beyond what the curve reaches.

    Args:
        units_now: Units that the test has.
        units_needed: Units that it needs.
        arrivals: Distinct visitors in a stretch of 0, 1, 2 … days (see `arrivals.py`).
        day_now: Days the test has run.

    >>> days_left(80, 160, np.array([0, 50, 80, 100, 115, 125, 132, 137, 141, 160.0]), 2)
    7.0
    """
    if units_now >= units_needed:
        return 0.0
    if not 0 < day_now < len(arrivals) or not arrivals[day_now] > 0:
        return math.nan
    reached = np.flatnonzero(units_now / arrivals[day_now] * arrivals >= units_needed)
    return float(reached[0] - day_now) if len(reached) else math.nan


def _check(alpha: float, power: float, ratio: float) -> None:
    checks.number(alpha, "alpha", lowest=1e-6, highest=0.5)
    checks.number(power, "power", lowest=0.01, highest=0.9999)
    checks.number(ratio, "ratio", lowest=0.01, highest=100)
