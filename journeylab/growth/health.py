"""Is the test fit to be read? Checks that come before any effect.

Each check says what it looked at, what it found, and whether a verdict may stand on it: "fail" forbids one, "warn"
asks for care, "pass" is silent, "unknown" could not be looked at.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from journeylab import words
from journeylab.errors import BadParameter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Status = Literal["pass", "warn", "fail", "unknown"]

SRM_ALPHA = 0.001  # below this the split is broken: GrowthBook's and Microsoft's threshold
MANY_IN_SEVERAL = 0.01  # share of units in several variants above which the test is refused
FEW_UNITS = 100  # units in the smallest variant
FEW_CONVERSIONS = 25  # conversions, and non-conversions, in the smallest variant
SUSPICIOUS_LIFT = 0.5  # relative effect that calls for a second look (Twyman's law)


@dataclass(frozen=True)
class Check:
    """One check: its name, status, a plain sentence, and the figure behind it."""

    name: str
    status: Status
    sentence: str
    value: float = math.nan


def sample_ratio(units: Sequence[float], weights: Sequence[float] | None = None, *, correction: bool = False) -> float:
    """P-value of Pearson's chi-squared test of units by variant against the planned split.

    Fabijan et al. 2019, "Diagnosing sample ratio mismatch in online controlled experiments" (KDD).

    Args:
        units: Units in each variant.
        weights: Their planned shares, in any scale; equal if None.
        correction: Whether to take Yates' half unit off each gap, as some tools do with two variants.

    >>> round(sample_ratio([310, 98], [0.75, 0.25]), 4)
    0.6474
    """
    from scipy.stats import chi2

    n = np.asarray(units, dtype=float)
    w = np.ones_like(n) if weights is None else np.asarray(weights, dtype=float)
    if len(n) != len(w) or not (w > 0).all():
        raise BadParameter(f"There are {len(n)} variants, and the planned split is {list(w)}: one share each, above 0.")
    expected = n.sum() * w / w.sum()
    if len(n) < 2 or n.sum() == 0:
        return math.nan
    gap = np.maximum(np.abs(n - expected) - 0.5, 0) if correction else n - expected
    return float(chi2.sf((gap**2 / expected).sum(), df=len(n) - 1))


def check_sample_ratio(
    units: Sequence[float], weights: Sequence[float] | None = None, *, alpha: float = SRM_ALPHA
) -> Check:
    """Whether the variants got the shares of units that they were meant to get."""
    p = sample_ratio(units, weights)
    name = "sample ratio"
    got = " : ".join(f"{n:,.0f}" for n in units)
    if math.isnan(p):
        return Check(name, "unknown", "There is only one variant with units, so there is no split to check.")
    if p < alpha:
        odds = f"fewer than 1 in {_round_down(1 / p):,.0f}" if p > 1e-12 else "next to none"
        return Check(
            name,
            "fail",
            f"The split is broken: {got} units, where chance alone would give such a gap with odds of {odds} "
            f"(p {p:.2g}). Something loses units of one variant, and may lose other ones than the rest.",
            p,
        )
    return Check(name, "pass", f"The split is as planned: {got} units (p {p:.3g}).", p)


def _round_down(value: float) -> float:
    """Round down to one significant digit."""
    size = 10.0 ** math.floor(math.log10(value))
    return math.floor(value / size) * size


def check_several_variants(several: float, units: float) -> Check:
    """Whether units were put into more than one variant (they are left out of the figures)."""
    name = "units in several variants"
    share = several / units if units else math.nan
    if not several:
        return Check(name, "pass", "No unit saw more than one variant.", 0.0)
    status: Status = "fail" if share > MANY_IN_SEVERAL else "warn"
    return Check(
        name,
        status,
        f"{several:,.0f} of {units:,.0f} units ({share:.2%}) saw more than one variant; they are left out.",
        share,
    )


def check_outside(before: float, after: float, units: float) -> Check:
    """Whether there are exposures before the test's first or after its last day (they are left out)."""
    name = "exposures outside the test"
    if not before and not after:
        return Check(name, "pass", "No exposure lies outside the test's days.", 0.0)
    share = (before + after) / units if units else math.nan
    parts = [f"{n:,.0f} {word}" for n, word in ((before, "before the test began"), (after, "after it ended")) if n]
    status: Status = "fail" if share > 0.1 else "warn"
    return Check(name, status, f"{' and '.join(parts)} of {units:,.0f} units were first exposed; left out.", share)


def check_enough(units: Sequence[float], successes: Sequence[float] | None = None, *, days: float = math.nan) -> Check:
    """Whether there is enough data for normal approximations, and at least a full week of it.

    Args:
        units: Units in each variant.
        successes: Conversions in each variant, if the metric is a proportion.
        days: Days the test has run; NaN if unknown.
    """
    name = "enough data"
    smallest = min(units, default=0)
    if smallest < 2:
        return Check(
            name, "fail", f"The smallest variant has {smallest:,.0f} units; nothing can be compared.", smallest
        )
    few: list[str] = []
    if smallest < FEW_UNITS:
        few.append(f"the smallest variant has {smallest:,.0f} units, fewer than {FEW_UNITS}")
    if successes is not None:
        least = min(min(s, n - s) for s, n in zip(successes, units, strict=True))
        if least < FEW_CONVERSIONS:
            few.append(f"one variant has {least:,.0f} conversions (or all but that many), fewer than {FEW_CONVERSIONS}")
    if days < 7:
        few.append(f"the test has run {days:,.0f} days, and no full week has each weekday in it")
    if few:
        return Check(name, "warn", f"Little data yet: {'; '.join(few)}.", smallest)
    return Check(name, "pass", f"The smallest variant has {smallest:,.0f} units.", smallest)


def check_lift(relative: float, lower: float, *, metric: str = "the metric", limit: float = SUSPICIOUS_LIFT) -> Check:
    """Whether the effect is too good to be true: surprisingly large figures are mostly errors (Twyman's law).

    Args:
        relative: The relative effect.
        lower: The bound of its interval that lies nearer to zero.
        metric: As the owner calls it.
        limit: Relative effect from which on one is suspicious.
    """
    name = f"plausible effect on {metric}"
    if math.isnan(relative):
        return Check(name, "unknown", f"The relative effect on {metric} could not be observed.")
    clear = not math.isnan(lower) and lower * relative > 0
    if abs(relative) > limit and clear:
        return Check(
            name,
            "warn",
            f"{metric} changed by {relative:+.0%}. Effects this large are mostly errors of tracking: look twice.",
            relative,
        )
    return Check(name, "pass", f"The effect on {metric} is of a believable size ({relative:+.1%}).", relative)


def check_outliers(
    effect: float, pvalue: float, effect_without: float, pvalue_without: float, *, without: int, alpha: float = 0.05
) -> Check:
    """Whether a few units carry the result: it changes its mind when the largest few of each variant are left out.

    Args:
        effect: The effect on all units.
        pvalue: Its p-value.
        effect_without: The effect without the largest units.
        pvalue_without: Its p-value.
        without: How many were left out of each variant.
        alpha: Level at which one would claim an effect.
    """
    name = "outliers"
    if math.isnan(pvalue) or math.isnan(pvalue_without):
        return Check(name, "unknown", "Whether a few units carry the result could not be observed.")
    largest = "the largest unit" if without == 1 else f"the {without} largest units"
    turned = effect * effect_without < 0 and min(pvalue, pvalue_without) < alpha
    lost = (pvalue < alpha) != (pvalue_without < alpha)
    if turned or lost:
        what = "turns round" if turned else ("is no longer clear" if pvalue < alpha else "becomes clear")
        return Check(
            name,
            "warn",
            f"A few units carry the result: without {largest} of each variant it {what} "
            f"(p {pvalue_without:.2g} in place of {pvalue:.2g}). Cap them, or read the median.",
            pvalue_without,
        )
    return Check(name, "pass", f"The result stands without {largest} of each variant.", pvalue_without)


def without_largest(n: float, total: float, squares: float, largest: Sequence[float]) -> tuple[float, float, float]:
    """n, sum and sum of squares of a variant without its largest units, for the outlier check."""
    x = np.asarray(largest, dtype=float)
    return n - len(x), total - float(x.sum()), max(squares - float((x**2).sum()), 0.0)


def planned_weights(split: Mapping[str, float] | None, variants: Sequence[str]) -> list[float] | None:
    """Return the planned share of each variant, in their order; None for an equal split.

    Raises:
        BadParameter: if the split names other variants than the test has, or a share that is not above 0.

    >>> planned_weights({"B": 1, "A": 9}, ["A", "B"])
    [9.0, 1.0]
    """
    if split is None:
        return None
    if set(split) != set(variants) or not all(share > 0 for share in split.values()):
        raise BadParameter(
            f"The planned split names {words.listed(map(str, split))}.",
            why=f"The test has {words.listed(variants)}.",
            do="Give each variant a share above 0.",
        )
    return [float(split[v]) for v in variants]


def worst(found: Sequence[Check]) -> Status:
    """The status of several checks together."""
    order: tuple[Status, ...] = ("fail", "warn", "unknown", "pass")
    return next((s for s in order if any(c.status == s for c in found)), "pass")
