"""The health of a test that was read: each check of `health.py` with this test's own figures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from journeylab import words
from journeylab.growth import health
from journeylab.growth.effects import Effect, difference
from journeylab.growth.health import Check
from journeylab.growth.metrics import Metric
from journeylab.growth.moments import Moments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from journeylab.growth.trial import Trial

LARGEST = 5


def examine(
    trial: Trial, effects: Mapping[tuple[str, str], Effect], *, split: Mapping[str, float] | None, level: float
) -> list[Check]:
    """Look at all that could make a verdict worthless.

    Args:
        trial: The test.
        effects: By metric and variant.
        split: Planned share of each variant; equal if None.
        level: Confidence level at which effects are claimed.
    """
    units = trial.n.sum(axis=(1, 2)).tolist()
    weights = health.planned_weights(split, trial.variants)
    everyone = sum(units) + trial.several
    found = [
        health.check_sample_ratio(units, weights),
        health.check_several_variants(trial.several, everyone),
        health.check_outside(trial.before, trial.after, everyone + trial.before + trial.after),
    ]
    first = trial.metrics[0]
    days = (trial.days[-1] - trial.days[0]).days + 1 if trial.days else math.nan
    successes = None
    if first.kind == "proportion":
        arms = trial.arms(first)
        successes = (arms.n * arms.column(first.column)).tolist()
    found.append(health.check_enough(units, successes, days=days))
    if trial.doubled:
        found.append(
            Check(
                "one row a unit",
                "warn",
                f"{trial.doubled:,} units have several rows of outcomes; the largest value of each column counts.",
                trial.doubled,
            )
        )
    if trial.undated:
        said = f"The day of {words.count(trial.undated, 'unit')} is not known, so nothing is read day by day."
        found.append(Check("days known", "warn", said, trial.undated))
    for metric in trial.metrics:
        for variant in trial.variants[1:]:
            e = effects[metric.name, variant]
            nearer = e.relative_lower if e.relative > 0 else e.relative_upper
            check = health.check_lift(e.relative, nearer, metric=f"{metric.name} of {variant}")
            if check.status == "warn":
                found.append(check)
    if not any(c.name.startswith("plausible") for c in found):
        found.append(Check("plausible effects", "pass", "No effect is too large to be believed."))
    found += _outliers(trial, level)
    return found


def _outliers(trial: Trial, level: float) -> list[Check]:
    """Leave out each variant's largest units (at most one a day) and read every mean again."""
    found = []
    for metric in trial.metrics:
        if metric.kind != "mean" or metric.name not in trial.largest:
            continue
        plain = Metric(metric.name, "mean", metric.column)
        arms = trial.arms(metric)
        leaders = np.sort(trial.largest[metric.name], axis=1)[:, -LARGEST:]
        without = min(LARGEST, leaders.shape[1])
        if not np.isfinite(leaders).all():
            continue
        at = arms.names.index(metric.column)
        sums = arms.n * arms.mean[:, at]
        products = arms.scatter[:, at, at] + arms.n * arms.mean[:, at] ** 2
        whole, rest = (
            Moments.from_sums((metric.column,), n, s[:, None], np.maximum(p, 0)[:, None, None])
            for n, s, p in (
                (arms.n, sums, products),
                (arms.n - without, sums - leaders.sum(axis=1), products - (leaders**2).sum(axis=1)),
            )
        )
        checks = []
        for v in range(1, len(trial.variants)):
            effects, pvalues = zip(*(_read(m, v, plain) for m in (whole, rest)), strict=True)
            checks.append(
                health.check_outliers(effects[0], pvalues[0], effects[1], pvalues[1], without=without, alpha=1 - level)
            )
        worst = next((c for c in checks if c.status == "warn"), None)
        if worst is not None:
            found.append(Check(f"outliers in {metric.name}", "warn", f"{metric.name}: {worst.sentence}", worst.value))
    if not found and any(m.kind == "mean" for m in trial.metrics):
        fewest = min(LARGEST, trial.n.shape[1])
        named = "largest unit" if fewest == 1 else f"{fewest} largest units"
        found.append(Check("outliers", "pass", f"No result hangs on the {named} of a variant."))
    return found


def _read(arms: Moments, v: int, metric: Metric) -> tuple[float, float]:
    """The effect of a variant and its two-sided p-value (Welch)."""
    from scipy.stats import t as student

    d = difference(arms[0], arms[v], metric)
    if not float(d.se) > 0:
        return float(d.effect), math.nan
    return float(d.effect), float(2 * student.sf(abs(float(d.effect / d.se)), float(d.df)))


def refused(checks: Sequence[Check]) -> Check | None:
    """The first check that forbids a verdict."""
    return next((c for c in checks if c.status == "fail"), None)
