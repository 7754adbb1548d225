"""What a test says, in one sentence that an owner understands."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from journeylab import words
from journeylab.growth import sample_size

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import pandas as pd

    from journeylab.growth.effects import Effect
    from journeylab.growth.health import Check
    from journeylab.growth.metrics import Metric
    from journeylab.growth.trial import Trial

Kind = Literal["refused", "better", "mixed", "worse", "same", "open"]

_MONEY = re.compile(r"(^|[^a-z])(net|revenue|margin|refunds|refunded|spend|price|order value|money|profit)([^a-z]|$)")
_UNITS = {"ms", "s", "secs", "seconds", "minutes", "hours", "days", "bytes", "kbs", "mbs"}
_BUYING = {"conversion", "converted", "ordered", "purchased", "bought"}
MOST_DAYS = 400
KEEP = "; keep it."


class Verdict(NamedTuple):
    """A verdict: its kind, the sentence, the variant it is about, and the days it would still take (NaN if none)."""

    kind: Kind
    sentence: str
    variant: str
    days: float


def judge(
    trial: Trial,
    effects: Mapping[str, Effect],
    adjusted: Mapping[str, float],
    *,
    refused: Check | None,
    lower_is_better: bool,
    worthwhile: float,
    level: float,
    currency: str,
    among: int = 1,
) -> Verdict:
    """Judge the first metric of a test.

    Args:
        trial: The test.
        effects: By variant, with the bounds that the verdict shall stand on.
        adjusted: P-values by variant, adjusted for how many comparisons were made.
        refused: The check that forbids a verdict, if one does.
        lower_is_better: Whether the metric should fall.
        worthwhile: The relative change that would be worth having.
        level: Confidence level.
        currency: Of money.
        among: Comparisons that the p-values were adjusted for.
    """
    metric, control = trial.metrics[0], trial.variants[0]
    if refused is not None:
        return Verdict("refused", f"No verdict: {refused.sentence[0].lower()}{refused.sentence[1:]}", "", math.nan)
    if not effects:
        return Verdict("open", f"There is only {control}, so there is nothing to compare it with.", "", math.nan)
    sign = -1 if lower_is_better else 1

    def good(variant: str) -> tuple[float, str]:
        effect = effects[variant].effect
        return (-math.inf if math.isnan(effect) else sign * effect), variant

    clear = {v: adjusted[v] < 1 - level and not e.lower <= 0 <= e.upper for v, e in effects.items()}
    wins = [v for v, e in effects.items() if clear[v] and sign * e.effect > 0]
    if wins:
        best = max(wins, key=good)
        return Verdict("better", f"{brings(trial, metric, best, effects[best], currency)}{KEEP}", best, 0.0)
    if all(clear.values()):
        best = max(effects, key=good)
        said = brings(trial, metric, best, effects[best], currency)
        return Verdict("worse", f"{said}; stay with {control}.", best, 0.0)
    best = max((v for v in effects if not clear[v]), key=good)
    return _undecided(trial, metric, best, effects[best], worthwhile, level, currency, among)


def _undecided(
    trial: Trial,
    metric: Metric,
    variant: str,
    effect: Effect,
    worthwhile: float,
    level: float,
    currency: str,
    among: int,
) -> Verdict:
    """The verdict where the best variant that is not clearly worse is not clearly better either."""
    if math.isnan(effect.lower):
        return Verdict("open", f"We cannot tell: the {metric.name} of {variant} gives no interval.", variant, math.nan)
    said = brings(trial, metric, variant, effect, currency)
    if among > 1 and not effect.lower <= 0 <= effect.upper:
        said += f" (alone it would be clear; among {among} comparisons it is not)"
    if -worthwhile < effect.relative_lower and effect.relative_upper < worthwhile:
        change = words.percent(worthwhile, digits=0)
        return Verdict("same", f"{variant} makes no difference of {change} or more: {said}.", variant, 0.0)
    days = days_to_tell(trial, metric, variant, worthwhile, alpha=1 - level)
    units = units_missing(trial, metric, variant, worthwhile, alpha=1 - level)
    more = _more(days, units, words.percent(worthwhile, digits=0), trial.unit)
    return Verdict("open", f"We cannot tell yet: {said}{more}.", variant, days)


def torn(
    verdict: Verdict,
    rows: pd.DataFrame,
    guardrails: pd.DataFrame,
    *,
    first: str,
    bounds: tuple[str, str],
    lower_is_better: Collection[str],
    level: float,
) -> Verdict:
    """Turn a win into a mixed verdict if another metric of the winner, or one of its guardrails, got clearly worse.

    Args:
        verdict: On the first metric.
        rows: As `Experiment.rows`.
        guardrails: As `Experiment.guardrails`.
        first: The first metric.
        bounds: The columns of the interval that the verdict stands on.
        lower_is_better: Metrics that should fall.
        level: Confidence level.
    """
    if verdict.kind != "better":
        return verdict
    mine = rows[(rows["variant"] == verdict.variant) & (rows["role"] == "goal") & (rows["metric"] != first)]
    falls = mine["metric"].isin(list(lower_is_better))
    harm = (falls & (mine[bounds[0]] > 0)) | (~falls & (mine[bounds[1]] < 0))
    harmed = (guardrails["variant"] == verdict.variant) & (guardrails["reading"] == "harmed")
    worse = [*mine.loc[harm & (mine["pvalue_adjusted"] < 1 - level), "metric"], *guardrails.loc[harmed, "metric"]]
    if not worse:
        return verdict
    said = verdict.sentence.removesuffix(KEEP)
    return verdict._replace(
        kind="mixed", sentence=f"{said}, but {words.listed(worse)} got clearly worse: decide what counts."
    )


def _more(days: float, units: float, change: str, unit: str) -> str:
    """Say what it would take to see a change worth having."""
    if math.isnan(units):
        return ""
    if math.isnan(days):
        return f". About {words.count(units, f'more {unit}')} would show a change of {change}"
    if days == 0:
        return f". There were units enough to see a change of {change}; if there is one, it is likely smaller"
    if days > MOST_DAYS:
        return f". To see a change of {change} would take more than {MOST_DAYS} further days"
    return f". About {words.count(days, 'more day')} would show a change of {change}"


def brings(trial: Trial, metric: Metric, variant: str, effect: Effect, currency: str) -> str:
    """Say what a variant brings, between the bounds of its interval.

    For example "B brings between 0.2 and 1.9 more orders per 100 visitors"; "at least 0.2 more" where one side is open.
    """
    low, high, unit = effect.lower, effect.upper, trial.unit
    counted = metric.kind == "proportion" or (metric.kind == "mean" and is_count(metric.name))
    if counted:
        noun = "orders" if metric.name in _BUYING else metric.name.removeprefix("event ")
        per = f" per 100 {unit}s"
        written = [f"{abs(b) * 100:.2g}" if abs(b) < 0.1 else f"{abs(b) * 100:,.0f}" for b in (low, high)]
    elif metric.kind == "mean":
        noun, per = metric.name, f" per {unit}"
        written = [words.money(abs(b), currency) if is_money(noun) else _figure(abs(b)) for b in (low, high)]
    else:
        noun, per = metric.name, ""
        money = is_money(metric.column) and (metric.denom is None or not is_money(metric.denom))
        written = [words.money(abs(b), currency) if money else f"{abs(b):.3g}" for b in (low, high)]
    less = "fewer" if counted or (metric.kind != "mean" and not is_money(metric.name)) else "less"
    ends = (-1.0, 1.0) if metric.kind == "proportion" else (-math.inf, math.inf)
    if high >= ends[1] > low:
        bound = f"least {written[0]} more" if low >= 0 else f"most {written[0]} {less}"
        return f"{variant} brings at {bound} {noun}{per}"
    if low <= ends[0] < high:
        bound = f"least {written[1]} {less}" if high <= 0 else f"most {written[1]} more"
        return f"{variant} brings at {bound} {noun}{per}"
    if low >= 0:
        return f"{variant} brings between {written[0]} and {written[1]} more {noun}{per}"
    if high <= 0:
        return f"{variant} brings between {written[1]} and {written[0]} {less} {noun}{per}"
    return f"{variant} brings between {written[0]} {less} and {written[1]} more {noun}{per}"


def is_count(name: str) -> bool:
    """Whether a metric's name says that it counts things, so that it can be said per 100 units.

    >>> is_count("orders"), is_count("event checkout"), is_count("load_ms"), is_count("rating"), is_count("revenue")
    (True, True, False, False, False)
    """
    last = re.split(r"[^a-z]+", name.lower())[-1]
    plural = len(last) > 1 and last.endswith("s") and not last.endswith("ss") and last not in _UNITS
    return not is_money(name) and (plural or name.startswith("event "))


def _figure(value: float) -> str:
    """Write a figure that is neither money nor a count in three digits, or whole."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def is_money(name: str) -> bool:
    """Whether a metric's name says that it is money.

    >>> is_money("net"), is_money("orders"), is_money("p90 of revenue")
    (True, False, True)
    """
    return _MONEY.search(name.lower()) is not None


def days_to_tell(trial: Trial, metric: Metric, variant: str, relative: float, *, alpha: float) -> float:
    """Days until the test could see a relative change with a power of 80 %; NaN where that cannot be said.

    New units become rarer as visitors return: their number grows as d^b with b ≤ 1 (Heaps' law), fitted to the days
    so far and carried on from the last.
    """
    missing = units_missing(trial, metric, variant, relative, alpha=alpha)
    if math.isnan(missing) or missing == 0:
        return missing
    by_day = trial.n.sum(axis=(0, 2)).cumsum()
    now = _units_now(trial, variant)
    if len(trial.days) < 5 or now <= 0:
        return math.nan
    span = (trial.days[-1] - trial.days[0]).days + 1
    slope = growth([(d - trial.days[0]).days + 1 for d in trial.days], by_day.tolist())
    return float(math.ceil(span * ((1 + missing / now) ** (1 / slope) - 1)))


def growth(days: Sequence[int], units: Sequence[float]) -> float:
    """The exponent b of units = a·days^b, between 0.1 and 1, by least squares on logarithms.

    >>> growth([1, 4, 16, 64], [10, 20, 40, 80])
    0.5
    """
    x = [math.log(d) for d, u in zip(days, units, strict=True) if u > 0]
    y = [math.log(u) for u in units if u > 0]
    middle = sum(x) / len(x)
    spread = sum((a - middle) ** 2 for a in x)
    if spread == 0:
        return 1.0
    slope = sum((a - middle) * b for a, b in zip(x, y, strict=True)) / spread
    return round(min(max(slope, 0.1), 1.0), 6)


def _units_now(trial: Trial, variant: str) -> float:
    """Units of the control and the variant together."""
    return float(trial.n[[0, trial.variants.index(variant)]].sum())


def units_missing(trial: Trial, metric: Metric, variant: str, relative: float, *, alpha: float) -> float:
    """Further units, of the control and the variant together, that would show a relative change; NaN if not known."""
    needed = units_needed(trial, metric, variant, relative, alpha=alpha)
    return math.nan if math.isnan(needed) else float(max(math.ceil(needed - _units_now(trial, variant)), 0))


def units_needed(trial: Trial, metric: Metric, variant: str, relative: float, *, alpha: float) -> float:
    """Units of the control and the variant together, to see a relative change of a metric with a power of 80 %."""
    from journeylab.errors import BadParameter, NotEnoughData

    arms = trial.arms(metric)
    v = trial.variants.index(variant)
    control, arm = arms[0], arms[v]
    if min(float(control.n), float(arm.n)) < 2:
        return math.nan
    ratio = min(max(float(arm.n / control.n), 0.01), 100.0)
    try:
        if metric.kind == "proportion" and metric.before is None:
            base = float(control.column(metric.column))
            each = sample_size.sample_size_proportion(base, base * relative, alpha=alpha, ratio=ratio)
            return each * (1 + ratio)
        if not metric.by_moments:
            return math.nan
        return sample_size.plan_mean(control, metric, solve="n", relative=relative, alpha=alpha, ratio=ratio)[0]
    except (BadParameter, NotEnoughData):
        return math.nan
