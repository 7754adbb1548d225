"""What a test proved: is it fit to be read, what changed and by how much, and what would stopping earlier have said.

Method, sources and limits: docs/methods/experiment.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import pandas as pd

from journeylab import words
from journeylab.checks import day as check_day
from journeylab.checks import duration, number, one_of
from journeylab.errors import BadParameter
from journeylab.growth import replay
from journeylab.growth.corrections import CORRECTIONS
from journeylab.growth.effects import ALTERNATIVES, Effect
from journeylab.growth.estimates import compare_metric, guardrails_of, rows_of
from journeylab.growth.examine import examine, refused
from journeylab.growth.sequential import TUNING
from journeylab.growth.trial import Asked, from_counts, read_trial
from journeylab.growth.verdict import Verdict, judge, torn
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, timedelta

    import altair as alt

    from journeylab.data.dataset import Dataset
    from journeylab.growth.health import Check
    from journeylab.growth.trial import Trial


@dataclass(frozen=True, eq=False, kw_only=True)
class Experiment(Result):
    """A test, read.

    Args:
        name: The test.
        control: The variant that others are compared with.
        unit: What was put into variants: visitor, session or customer.
        rows: A row a metric and variant: role ('goal' or 'guardrail'), metric, kind, variant, n_control, n,
            value_control, value, effect with lower and upper, relative with relative_lower and relative_upper, pvalue,
            pvalue_adjusted, always_lower and always_upper, chance_to_win, expected_loss, variance_saved (by CUPED),
            method, level.
        checks: The health checks: a row each with check, status, finding, value.
        guardrails: A row a guardrail and variant: metric, variant, reading, margin, relative, lower, upper, finding.
        days: The replay of the first metric: a row a day and variant.
        verdict: What it says, in one sentence.
        fit: Whether a verdict may stand on it.
        currency: Of money.
        level: Confidence level.
    """

    views: ClassVar[tuple[str, ...]] = ("effects", "day by day", "chances", "health")

    name: str
    control: str
    unit: str
    rows: pd.DataFrame
    checks: pd.DataFrame
    guardrails: pd.DataFrame
    days: pd.DataFrame
    verdict: Verdict
    fit: bool
    currency: str
    level: float

    def table(self) -> pd.DataFrame:
        """Return a row a metric and variant, each effect with its intervals and its denominators."""
        return self.rows

    def headline(self) -> str:
        """Say the verdict on the first metric."""
        return self.verdict.sentence

    def memo(self) -> str:
        """Write the decision memo as Markdown."""
        from journeylab.growth.memo import write

        return write(self)

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import effects

        if view == "day by day" and self.days.empty:
            return effects.nothing("The days on which units were exposed are not known.")
        if view == "day by day":
            return effects.by_day(self.days, metric=str(self.rows["metric"].iloc[0]) if len(self.rows) else "")
        if view == "chances":
            return effects.chances(self.rows)
        if view == "health":
            return effects.checks(self.checks)
        return effects.forest(self.rows, faded=not self.fit)


@analysis(name="jl.growth.experiment")
def experiment(
    shop: Dataset,
    *,
    name: str | None = None,
    counts: Mapping[str, Sequence[float]] | None = None,
    metrics: Sequence[str] | None = None,
    control: str | None = None,
    start: date | str | None = None,
    end: date | str | None = None,
    window: str | timedelta | None = "14d",
    measured_by: Literal["outcomes", "orders"] | None = None,
    split: Mapping[str, float] | None = None,
    level: float = 0.95,
    alternative: Literal["two-sided", "greater", "less"] = "two-sided",
    correction: Literal["holm", "benjamini-hochberg", "none"] = "holm",
    cuped: bool = True,
    cap: float | None = None,
    trim: float | None = None,
    reading: Literal["fixed", "always valid"] = "fixed",
    tuning: float = TUNING,
    prior_sd: float | None = None,
    guardrails: Mapping[str, float] | None = None,
    lower_is_better: Sequence[str] = ("refunds",),
    worthwhile: float = 0.05,
) -> Experiment:
    """Read a test: health, effects with intervals, chances, the replay day by day, guardrails, and a verdict.

    Units and their variants come from exposures (or a file with a row a unit and its variant); what they did comes
    from outcomes, or from the shop's own orders and events within `window` after the exposure. Proportions are
    compared by the pooled z-test with score intervals, means by Welch's t, ratios by the delta method, quantiles by
    ranks, trimmed means by Yuen's t; a column called `pre_…` is used as a covariate (CUPED). Sources:
    docs/methods/experiment.md.

    Args:
        shop: A Dataset with exposures or outcomes; any Dataset if `counts` are given.
        name: Which test; the one with the most units by default.
        counts: Units and conversions by variant, {"A": [1000, 49], "B": [1000, 61]}, in place of a file.
        metrics: What to compare, the first one decides: columns, 'a / b', 'median of a', 'p90 of a', 'event a';
            from orders: 'conversion', 'orders', 'revenue', 'order value', 'refunds'. Up to five columns by default.
        control: The variant to compare with; the one called control or A, else the first by name.
        start: Units first exposed before this day are left out.
        end: Units first exposed after this day are left out.
        window: How long after its exposure a unit's orders and events count, such as '14d'; None for no limit.
        measured_by: 'outcomes' or 'orders'; outcomes where there are any, by default.
        split: The planned share of each variant, in any scale; equal by default.
        level: Confidence level of all intervals.
        alternative: 'two-sided', or 'greater' or 'less' for one-sided intervals and p-values. Guardrails stay
            two-sided: a one-sided metric cannot show harm on its open side.
        correction: How p-values are adjusted for several metrics and variants.
        cuped: Whether to use what was known before the test.
        cap: Values above this quantile of all units count as the quantile itself, such as 0.99; None to leave all.
        trim: Leave this share of each variant's units out at either end of every mean, such as 0.05, and compare by
            Yuen's test, without CUPED; None to leave all in. Not together with `cap`.
        reading: Whether the verdict stands on the 'fixed' interval (looked at once) or the 'always valid' one.
        tuning: Units at which the always-valid interval is tightest.
        prior_sd: Spread of the prior on relative effects, such as 0.1; flat by default.
        guardrails: Metrics that may not get worse by more than a share of the control's value, {"refunds": 0.05}.
        lower_is_better: Metrics that should fall.
        worthwhile: The relative change that would be worth having; for 'no difference' and for the days left.

    Raises:
        SchemaError: if the shop has no test.
        NotEnoughData: if the test has no units.
        BadParameter: for metrics, variants or shares that do not fit the test.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import tiny_shop
        >>> jl.growth.experiment(tiny_shop(), counts={"A": [10_000, 400], "B": [10_000, 505]}).headline()
        'B brings between 0.47 and 1.6 more orders per 100 units; keep it.'
    """
    number(level, "level", lowest=0.5, highest=0.9999)
    one_of(alternative, "alternative", ALTERNATIVES)
    one_of(correction, "correction", CORRECTIONS)
    one_of(reading, "reading", ("fixed", "always valid"))
    number(worthwhile, "worthwhile", lowest=0.001, highest=10)
    length = None if window is None else duration(window, "window")
    if cap is not None:
        number(cap, "cap", lowest=0.5, highest=0.99999)
    if trim is not None:
        number(trim, "trim", lowest=0.001, highest=0.45)
        if cap is not None:
            raise BadParameter("Means are either capped or trimmed.", do="Leave out cap or trim.")
    if prior_sd is not None:
        number(prior_sd, "prior_sd", lowest=1e-4, highest=100)
    if counts is not None:
        trial = from_counts(counts, control)
    else:
        guards = [] if guardrails is None else list(guardrails)
        wanted = None if metrics is None else (*metrics, *(g for g in guards if g not in metrics))
        asked = Asked(
            name=name,
            metrics=wanted,
            control=control,
            start=check_day(start, "start"),
            end=check_day(end, "end"),
            window=length,
            measured_by=measured_by,
            cap=cap,
            trim=trim,
            level=level,
            cuped=cuped,
        )
        trial = read_trial(shop, asked)
    _check_guardrails(trial, guardrails)
    effects = {
        (m.name, v): compare_metric(
            trial, m, v, level=level, alternative="two-sided" if m.name in (guardrails or {}) else alternative
        )
        for m in trial.metrics
        for v in trial.variants[1:]
    }
    rows = rows_of(trial, effects, set(guardrails or ()), correction, tuning, prior_sd, set(lower_is_better), level)
    checks = examine(trial, effects, split=split, level=level)
    guarded = guardrails_of(trial, effects, guardrails or {}, set(lower_is_better))
    verdict = torn(
        _verdict(trial, effects, rows, checks, reading, lower_is_better, worthwhile, level, shop.currency),
        rows,
        guarded,
        first=trial.metrics[0].name,
        bounds=("always_lower", "always_upper") if reading == "always valid" else ("lower", "upper"),
        lower_is_better=lower_is_better,
        level=level,
    )
    days = replay.by_day(trial, trial.metrics[0], level=level, tuning=tuning)
    return Experiment(
        name=trial.name,
        control=trial.variants[0],
        unit=trial.unit,
        rows=rows,
        checks=pd.DataFrame(
            [(c.name, c.status, c.sentence, c.value) for c in checks], columns=["check", "status", "finding", "value"]
        ),
        guardrails=guarded,
        days=days,
        verdict=verdict,
        fit=refused(checks) is None,
        currency=shop.currency,
        level=level,
        caveats=_caveats(trial, shop, days, length, reading, cap, level, checks),
    )


def _check_guardrails(trial: Trial, guardrails: Mapping[str, float] | None) -> None:
    unknown = set(guardrails or ()) - {m.name for m in trial.metrics}
    if unknown:
        raise BadParameter(f"The guardrail {min(unknown)!r} is no metric of this test.")


def _verdict(
    trial: Trial,
    effects: Mapping[tuple[str, str], Effect],
    rows: pd.DataFrame,
    checks: Sequence[Check],
    reading: str,
    lower_is_better: Sequence[str],
    worthwhile: float,
    level: float,
    currency: str,
) -> Verdict:
    """Judge the first metric on its fixed or its always-valid intervals."""
    first = trial.metrics[0].name
    of_first = {v: effects[first, v] for v in trial.variants[1:]}
    mine = rows[rows["metric"] == first].set_index("variant") if len(rows) else rows
    adjusted = {v: float(mine.loc[v, "pvalue_adjusted"]) for v in of_first}
    if reading == "always valid":
        if not trial.metrics[0].by_moments:
            raise BadParameter(
                f"There is no always-valid interval of a {trial.metrics[0].kind} metric.",
                do="Put another metric first.",
            )
        of_first = {
            v: e._replace(lower=float(mine.loc[v, "always_lower"]), upper=float(mine.loc[v, "always_upper"]))
            for v, e in of_first.items()
        }
    return judge(
        trial,
        of_first,
        adjusted,
        refused=refused(checks),
        lower_is_better=first in lower_is_better,
        worthwhile=worthwhile,
        level=level,
        currency=currency,
        among=int((rows["role"] == "goal").sum()),
    )


def _caveats(
    trial: Trial,
    shop: Dataset,
    days: pd.DataFrame,
    window: timedelta | None,
    reading: str,
    cap: float | None,
    level: float,
    checks: Sequence[Check],
) -> tuple[str, ...]:
    said = [c.sentence for c in checks if c.status == "warn"]
    if reading == "fixed":
        said.append(
            f"The {words.percent(level, digits=0)} intervals are right if the test is read once, at its planned end. "
            "Whoever looks every day and stops at the first clear result needs the always-valid ones."
        )
    if len(trial.variants) > 2:
        said.append(
            f"{words.count(len(trial.variants) - 1, 'variant')} were compared with {trial.variants[0]}; the best of "
            "several is mostly also the luckiest, so its effect is likely smaller than it looks."
        )
    said += [
        f"On some days {variant} would have looked clearly different, and at the end it does not."
        for variant in dict.fromkeys(days["variant"])
        if replay.turned_back(days[days["variant"] == variant])
    ]
    if trial.unmatched:
        said.append(f"{trial.unmatched:,} units without a row of outcomes are read as having done nothing.")
    if trial.caps:
        what = words.listed(f"{column} at {top:,.2f}" for column, top in trial.caps.items())
        share = words.percent(cap or 1, digits=2)
        said.append(f"Capped at the {share} quantile of all units: {what}. The effect is one on capped values.")
    trimmed = [m for m in trial.metrics if m.trim is not None]
    if trimmed:
        which, share = words.listed([m.name for m in trimmed]), words.percent(trimmed[0].trim or 0)
        said.append(
            f"Without the lowest and highest {share} of each variant's units: {which}. The effect is one on those in "
            "the middle, and what the largest orders bring is left out."
        )
    said += [
        f"{m.name}: nearly all units in the middle are alike, so that a trimmed mean tells nothing; cap it instead."
        for m in trimmed
        if any(arm.low == arm.high for arm in trial.middles[m.name])
    ]
    end = shop.observed[1] if shop.observed else None
    if trial.days and window is not None and end is not None and not trial.outcomes:
        late = sum(trial.n[:, i].sum() for i, d in enumerate(trial.days) if d + window > end)
        if late:
            said.append(f"{late:,.0f} units were exposed so late that their {window.days} days were not over.")
    return tuple(said)
