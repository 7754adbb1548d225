"""Every metric of every variant of a test against the control: the rows of an experiment, and of its guardrails."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from journeylab.errors import BadParameter
from journeylab.growth import bayes
from journeylab.growth.corrections import adjust
from journeylab.growth.effects import Effect, compare, difference, variance_saved
from journeylab.growth.guardrails import non_inferiority
from journeylab.growth.quantile_effect import compare_quantiles
from journeylab.growth.sequential import always_valid
from journeylab.growth.trimmed import compare_trimmed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from journeylab.growth.metrics import Metric
    from journeylab.growth.trial import Trial


COLUMNS = [
    "role",
    "metric",
    "kind",
    "variant",
    "n_control",
    "n",
    "value_control",
    "value",
    "effect",
    "lower",
    "upper",
    "relative",
    "relative_lower",
    "relative_upper",
    "pvalue",
    "pvalue_adjusted",
    "always_lower",
    "always_upper",
    "chance_to_win",
    "expected_loss",
    "variance_saved",
    "method",
    "level",
]


def compare_metric(trial: Trial, metric: Metric, variant: str, *, level: float, alternative: Any) -> Effect:
    """Compare one metric of one variant with the control."""
    arms, v = trial.arms(metric), trial.variants.index(variant)
    if metric.q is not None:
        if alternative != "two-sided":
            raise BadParameter("A quantile is compared on both sides.", do="Leave out alternative, or the quantile.")
        triples = trial.quantiles[metric.name]
        n = arms.n
        control, other = (tuple(float(b) for b in triples[i]) for i in (0, v))
        return compare_quantiles(control, float(n[0]), other, float(n[v]), q=metric.q, level=level)  # type: ignore[arg-type]
    if metric.trim is not None:
        return compare_trimmed(*(trial.middles[metric.name][i] for i in (0, v)), level=level, alternative=alternative)
    return compare(arms[0], arms[v], metric, level=level, alternative=alternative)


def rows_of(
    trial: Trial,
    effects: Mapping[tuple[str, str], Effect],
    guards: set[str],
    correction: Any,
    tuning: float,
    prior_sd: float | None,
    lower_is_better: set[str],
    level: float,
) -> pd.DataFrame:
    """A row a metric and variant. Guardrails are held against their margin, so they do not count in the correction."""
    goals = [key for key in effects if key[0] not in guards]
    corrected = adjust([effects[key].pvalue for key in goals], method=correction)
    adjusted = {**{key: e.pvalue for key, e in effects.items()}, **dict(zip(goals, corrected, strict=True))}
    found = []
    for metric in trial.metrics:
        arms = trial.arms(metric)
        for v, variant in enumerate(trial.variants[1:], start=1):
            e = effects[metric.name, variant]
            always = (math.nan, math.nan)
            if metric.by_moments:
                d = difference(arms[0], arms[v], metric)
                always = tuple(float(b) for b in always_valid(d.effect, d.se, d.n, tuning=tuning, level=level))  # type: ignore[assignment]
            believed = _believed(e, prior_sd, lower_is_better=metric.name in lower_is_better, level=level)
            found.append(
                {
                    "role": "guardrail" if metric.name in guards else "goal",
                    "metric": metric.name,
                    "kind": metric.kind,
                    "variant": variant,
                    "n_control": int(e.n_control),
                    "n": int(e.n),
                    "value_control": e.value_control,
                    "value": e.value,
                    "effect": e.effect,
                    "lower": e.lower,
                    "upper": e.upper,
                    "relative": e.relative,
                    "relative_lower": e.relative_lower,
                    "relative_upper": e.relative_upper,
                    "pvalue": e.pvalue,
                    "pvalue_adjusted": adjusted[metric.name, variant],
                    "always_lower": always[0],
                    "always_upper": always[1],
                    "chance_to_win": believed.chance_to_win,
                    "expected_loss": believed.loss,
                    "variance_saved": variance_saved(arms[0], arms[v], metric) if metric.before else math.nan,
                    "method": e.method,
                    "level": level,
                }
            )
    return pd.DataFrame(found, columns=COLUMNS)


def _believed(e: Effect, prior_sd: float | None, *, lower_is_better: bool, level: float) -> bayes.Posterior:
    """The posterior on relative effects, its loss in the metric's own unit; absolute and flat where none is known."""
    if math.isnan(e.relative_se):
        return bayes.posterior(e.effect, e.se, level=level, lower_is_better=lower_is_better)
    sd = math.inf if prior_sd is None else prior_sd
    found = bayes.posterior(e.relative, e.relative_se, prior_sd=sd, level=level, lower_is_better=lower_is_better)
    base = abs(e.value_control)
    return found._replace(loss=found.loss * base, loss_control=found.loss_control * base)


def guardrails_of(
    trial: Trial, effects: Mapping[tuple[str, str], Effect], margins: Mapping[str, float], lower_is_better: set[str]
) -> pd.DataFrame:
    """A row a guardrail and variant: how it reads against its margin."""
    found = []
    for metric, margin in margins.items():
        for variant in trial.variants[1:]:
            g = non_inferiority(
                effects[metric, variant], metric=metric, margin=margin, lower_is_better=metric in lower_is_better
            )
            found.append((metric, variant, g.reading, margin, g.relative, g.lower, g.upper, g.sentence))
    columns = ["metric", "variant", "reading", "margin", "relative", "lower", "upper", "finding"]
    return pd.DataFrame(found, columns=columns)
