"""Planning a test on this shop: how many visitors, how many days, and which effects it could not see.

Method, sources and limits: docs/methods/power.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import ibis
import numpy as np
import pandas as pd
from ibis import _

from journeylab import words
from journeylab.checks import duration, number, one_of, whole
from journeylab.data.dataset import ibis_date
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.growth import links, measures, sample_size
from journeylab.growth.arrivals import distinct_visitors, extend
from journeylab.growth.metrics import Metric, parse
from journeylab.growth.moments import Moments
from journeylab.growth.planner import Planner
from journeylab.growth.recall import recall
from journeylab.growth.verdict import is_money
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, timedelta

    import altair as alt
    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset
    from journeylab.growth.moments import Floats

LONGEST = 365


@dataclass(frozen=True, eq=False, kw_only=True)
class Plan(Result):
    """A test, planned.

    Args:
        metric: What will be compared.
        base: Its value today.
        rows: A row a relative effect: effect, n_each (units in each variant), n (in all of them), days, weeks.
        days: A row a day of the test: day, units, power (to see `effect`), smallest (relative effect that would be
            seen with the power asked for).
        effect: The relative effect the test shall see.
        n: Units it needs, in all variants together.
        needed: Days until it has them; NaN if more than a year, or if arrivals are not known.
        formula: The formula, by name.
        share: The share of visitors that takes part.
        power: The power asked for.
    """

    views: ClassVar[tuple[str, ...]] = ("power", "smallest effect", "arrivals")

    metric: str
    base: float
    rows: pd.DataFrame
    days: pd.DataFrame
    effect: float
    n: float
    needed: float
    formula: str
    share: float
    power: float
    currency: str

    def table(self) -> pd.DataFrame:
        """Return a row a relative effect, with the units and days that it takes."""
        return self.rows

    def headline(self) -> str:
        """Say how many visitors, and how many days."""
        change = words.percent(self.effect, digits=1 if round(self.effect, 2) != self.effect else 0)
        said = f"To see a change of {change} in {self.metric}, the test needs {words.count(self.n, 'visitor')}"
        if math.isnan(self.needed):
            known = len(self.days) > 0
            return f"{said}: more than a year of this shop's visitors." if known else f"{said}."
        weeks = math.ceil(self.needed / 7)
        return f"{said}: about {words.count(self.needed, 'day')}, so {words.count(weeks, 'whole week')}."

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import plan

        if view == "smallest effect":
            return plan.smallest(self.days, effect=self.effect)
        if view == "arrivals":
            return plan.arrivals(self.days, needed=self.n)
        return plan.curve(self.days, power=self.power, needed=self.needed)


@analysis(name="jl.growth.power")
def power(
    shop: Dataset,
    *,
    metric: str = "conversion",
    effect: float = 0.05,
    base: float | None = None,
    spread: float | None = None,
    power: float = 0.8,
    level: float = 0.95,
    variants: int = 2,
    share: float = 1.0,
    window: str | timedelta | None = "14d",
    formula: Literal["pooled", "unpooled", "base rate"] = "pooled",
    variance_saved: float = 0.0,
    visitors_a_day: float | None = None,
) -> Plan:
    """Plan a test: units, days, the power curve, and the smallest effect that it could see.

    The metric's value and spread come from the shop's own visitors of the period, each taken as exposed at its first
    event; or from `base` and `spread`. Days come from how many distinct visitors the shop sees in stretches of each
    length, which saturates as visitors return. With several variants, alpha is shared among the comparisons with the
    control (Bonferroni). Formulas: docs/methods/power.md.

    Args:
        shop: A Dataset with events; any Dataset if `base` is given.
        metric: 'conversion', 'orders', 'revenue', 'order value', 'event a', or 'a / b' of these.
        effect: The relative change that it shall see, such as 0.05 for 5 %.
        base: The metric's value today, in place of the shop's own.
        spread: Its standard deviation between units; a proportion has none of its own.
        power: Chance of seeing the effect.
        level: One minus the chance of claiming an effect where there is none, two-sided.
        variants: How many, with the control.
        share: The share of visitors that takes part.
        window: How long after its first event a visitor's orders count; None for no limit.
        formula: For proportions, as in `journeylab.growth.sample_size`.
        variance_saved: Share of the variance that what is known before the test takes away, 0 to 0.95.
        visitors_a_day: New units a day, in place of the shop's own curve of arrivals.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import tiny_shop
        >>> plan = jl.growth.power(tiny_shop(), base=0.2, effect=0.25, visitors_a_day=100)
        >>> plan.headline()
        'To see a change of 25 % in conversion, the test needs 2,188 visitors: about 22 days, so 4 whole weeks.'
    """
    number(effect, "effect", lowest=0.0005, highest=10)
    number(power, "power", lowest=0.5, highest=0.999)
    number(level, "level", lowest=0.5, highest=0.9999)
    whole(variants, "variants", lowest=2, highest=40)
    number(share, "share", lowest=0.001, highest=1)
    number(variance_saved, "variance_saved", lowest=0, highest=0.95)
    one_of(formula, "formula", tuple(sample_size.FORMULAS))
    length = None if window is None else duration(window, "window")
    history, found = _history(shop, metric, base, spread, length)
    value = float(history.ratio(found.column, found.denom))
    if found.kind == "proportion" and value * (1 + effect) > 1:
        raise BadParameter(f"{metric} is {value:.1%} already, and cannot rise by {effect:.0%} of itself.")
    solver = Planner(history, found, (1 - level) / (variants - 1), power, formula, 1 - variance_saved)
    grid = sorted({effect, *(round(effect * k, 6) for k in (0.5, 0.75, 1.5, 2, 3))})
    arrivals = _arrivals(shop, visitors_a_day)
    curve = None if arrivals is None else share * extend(arrivals, LONGEST)
    table = pd.DataFrame({"effect": grid, "n_each": [np.ceil(n) for n in solver.units_for(grid, effect)]})
    table["n"] = table["n_each"] * variants
    table["days"] = [_days(curve, n) for n in table["n"]]
    table["weeks"] = np.ceil(table["days"] / 7)
    mine = table[table["effect"] == effect].iloc[0]
    return Plan(
        metric=metric,
        base=value,
        rows=table,
        days=_course(curve, solver, effect, variants, float(mine["days"])),
        effect=effect,
        n=float(mine["n"]),
        needed=float(mine["days"]),
        formula=solver.formula,
        share=share,
        power=power,
        currency=shop.currency,
        caveats=_caveats(shop, solver, history, found, base, arrivals, visitors_a_day, variants, metric),
    )


def _history(
    shop: Dataset, text: str, base: float | None, spread: float | None, window: timedelta | None
) -> tuple[Moments, Metric]:
    """The metric's moments: from what was typed in, or from the shop's own visitors."""
    if base is not None:
        if spread is None:
            number(base, "base", lowest=1e-6, highest=1 - 1e-6)
            return Moments.counts(text, 1e6, base * 1e6), Metric(text, "proportion", text)
        number(base, "base", lowest=1e-9)
        number(spread, "spread", lowest=1e-9)
        n = 1e6
        mean, scatter = np.array([base]), np.array([[spread**2 * (n - 1)]])
        return Moments((text,), np.array(n), mean, scatter), Metric(text, "mean", text)
    if not shop.has("events"):
        raise NotEnoughData(
            "The shop has no events, so how its visitors behave today is not known.",
            do="Add a file of events, or give the metric's value today as base.",
        )
    known = [c for c in measures.ORDER_MEASURES if c != "refunds" or shop.has("orders.refunded")]
    metric = parse(text, known if links.linked(shop, "visitor") else [])
    if metric.kind == "quantile":
        raise BadParameter("A quantile cannot be planned for.", do="Plan for the mean.")
    columns = metric.columns
    sums = {"n": _.count()}
    for a, left in enumerate(columns):
        sums[f"s{a}"] = _[left].sum()
        for b, right in enumerate(columns[: a + 1]):
            sums[f"p{b}_{a}"] = (_[left] * _[right]).sum()
    asked = ("past", columns, window)
    row = recall(shop, asked, lambda: shop.run(_watched(shop, columns, window).agg(**sums)).iloc[0])
    if not row["n"]:
        raise NotEnoughData(
            "There are no visitors in this period whose window is over.",
            do="Choose a longer period, or a shorter window.",
        )
    k = len(columns)
    products = np.array([[row[f"p{min(a, b)}_{max(a, b)}"] for b in range(k)] for a in range(k)], dtype=float)
    moments = Moments.from_sums(columns, float(row["n"]), [float(row[f"s{a}"]) for a in range(k)], products)
    if metric.column == "conversion" or metric.column.startswith(measures.EVENT):
        metric = Metric(metric.name, "proportion", metric.column) if metric.denom is None else metric
    if not float(moments.ratio(metric.column, metric.denom)) > 0:
        raise NotEnoughData(f"Of {row['n']:,.0f} visitors none had any {text}.", do="Choose a longer period.")
    return moments, metric


def _watched(shop: Dataset, columns: Sequence[str], window: timedelta | None) -> ir.Table:
    """The period's visitors whose window is over: of the others nobody knows yet whether they will buy."""
    visitors = measures.past(shop, columns, window=window)
    if window is None or shop.observed is None:
        return visitors
    closes = ibis_date(shop.observed[1]).cast("timestamp") + ibis.interval(days=1)
    return visitors.filter(_.exposed_at + ibis.interval(seconds=round(window.total_seconds())) <= closes)


def _arrivals(shop: Dataset, visitors_a_day: float | None) -> Floats | None:
    """Mean distinct visitors in stretches of 0, 1, … days."""
    if visitors_a_day is not None:
        return number(visitors_a_day, "visitors_a_day", lowest=0.01) * np.arange(2.0 * LONGEST + 1)
    if not shop.has("events") or shop.period is None:
        return None
    first, last = shop.period
    days = (last - first).days + 1
    if days < 4:
        return None
    gaps = recall(shop, ("gaps",), lambda: shop.run(_gaps(shop.table("events"), first)))
    if gaps.empty:
        return None
    inside = gaps[(gaps["day"] >= 0) & (gaps["day"] < days)]
    return distinct_visitors(inside["day"], inside["gap"], inside["visitors"], days=days)


def _gaps(events: ir.Table, first: date) -> ir.Table:
    """How many visitors were active on each day after each gap: day (from 0), gap (null for their first), visitors."""
    active = events.filter(_.visitor_id.notnull(), _.day.notnull()).select("visitor_id", "day").distinct()
    active = active.mutate(day=_.day.cast("date").delta(ibis_date(first), unit="day"))
    before = _.day.lag().over(ibis.window(group_by="visitor_id", order_by="day"))
    return active.mutate(gap=_.day - before).group_by("day", "gap").agg(visitors=_.count())


def _days(curve: Floats | None, n: float) -> float:
    if curve is None or math.isnan(n):
        return math.nan
    reached = np.flatnonzero(curve >= n)
    return float(reached[0]) if len(reached) else math.nan


def _course(curve: Floats | None, solver: Planner, effect: float, variants: int, needed: float) -> pd.DataFrame:
    """Power and smallest effect as the days go by: about two dozen points, to twice the days needed."""
    if curve is None:
        return pd.DataFrame(columns=["day", "units", "power", "smallest"])
    last = LONGEST if math.isnan(needed) else int(min(max(2 * needed, 14), LONGEST))
    days = np.unique(np.linspace(1, last, 24).round().astype(int))
    each = [float(curve[d]) / variants for d in days]
    return pd.DataFrame(
        {
            "day": days,
            "units": [float(curve[d]) for d in days],
            "power": [solver.reached(effect, n) for n in each],
            "smallest": [solver.smallest(n) for n in each],
        }
    )


def _caveats(
    shop: Dataset,
    solver: Planner,
    history: Moments,
    metric: Metric,
    base: float | None,
    arrivals: Floats | None,
    visitors_a_day: float | None,
    variants: int,
    text: str,
) -> tuple[str, ...]:
    value = solver.base
    written = (
        words.percent(value)
        if metric.kind == "proportion"
        else words.money(value, shop.currency)
        if is_money(text)
        else f"{value:.3g}"
    )
    origin = (
        "as given" if base is not None else f"of {float(history.n):,.0f} visitors of this period whose window is over"
    )
    said = [f"{text.capitalize()} today: {written}, {origin}. Formula: {solver.formula}."]
    if arrivals is None:
        said.append("How many days it takes is not known: there are no events to count visitors on.")
    elif visitors_a_day is None:
        solid = (len(arrivals) - 1) // 2
        said.append(
            f"Visitors return, so a test fills up ever slower; stretches of up to {words.count(solid, 'day')} were "
            "seen in the events, and beyond that the last week's pace of new visitors is assumed."
        )
    if variants > 2:
        said.append(f"Alpha is shared among {variants - 1} comparisons with the control.")
    return tuple(said)
