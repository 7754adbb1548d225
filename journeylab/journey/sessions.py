"""What happens in a visit: conversion, bounce, length, pages, new and returning, and where visits end.

Definitions: docs/methods/sessions.md, and beside every figure in the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import ibis
import numpy as np
import pandas as pd
from ibis import _

from journeylab import words
from journeylab.checks import duration, number
from journeylab.data.dataset import ibis_date
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.intervals import of_mean, wilson
from journeylab.journey import tally
from journeylab.journey.steps import STAGES
from journeylab.journey.visits import USUAL_GAP, gives_sessions, with_sessions
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    import altair as alt
    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

DEFINITIONS = {
    "conversion rate": "sessions with a conversion, of all sessions",
    "bounce rate": "sessions of one event only, of all sessions",
    "share of new visitors": "sessions that are the first ever seen of their visitor, of all sessions",
    "session length": "mean seconds from the first to the last event, over sessions of two events or more",
    "median session length": "half of the sessions of two events or more are no longer than this, in seconds",
    "events a session": "mean number of events",
    "pages a session": "mean number of different pages",
    "sessions a visitor": "sessions divided by visitors",
}
MAX_PAGES = 200

#: A page at which less than this share of the sessions end is not named.
RARE = 0.01


@dataclass(frozen=True, eq=False, kw_only=True)
class Sessions(Result):
    """Sessions and their figures.

    Args:
        rows: A row a group and measure: group, measure, value, lower, upper, n (what is counted), of, definition.
        exits: A row a page: page, n (sessions that ended there), of (sessions that saw it), rate, lower, upper.
        trend: Sessions by week or day: bucket, of, n (converted), rate, lower, upper, partial, group.
        by: What the groups come from, or None.
        place: What `exits` is by: 'page' or 'event'.
        converted: Whether any event that counts as conversion was named or known.
    """

    views: ClassVar[tuple[str, ...]] = ("trend", "exits")

    rows: pd.DataFrame
    exits: pd.DataFrame
    trend: pd.DataFrame
    by: str | None
    place: str
    converted: bool

    def table(self) -> pd.DataFrame:
        """Return the measures with their intervals, denominators and definitions."""
        return self.rows if self.by else self.rows.drop(columns=["group"])

    def headline(self) -> str:
        """Say how many sessions there were, how many converted, and where most ended."""
        whole = self.trend.groupby("bucket")[["of", "n"]].sum().sum()
        said = f"{words.count(whole['of'], 'session')}"
        if self.converted:
            said += f", of which {words.percent(whole['n'] / whole['of'])} converted"
        if len(self.exits):
            worst = self.exits.loc[self.exits["n"].idxmax()]
            if worst["n"] < RARE * whole["of"]:  # of very many pages, the first is no finding
                return f"{said}; no {self.place} ends {words.percent(RARE, digits=0)} of them."
            said += f"; most end at {worst['page']} ({words.percent(worst['rate'])} of {words.count(worst['of'])})"
        return f"{said}."

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import flows, times

        if view == "exits":
            return flows.exits(self.exits, title=f"share of sessions with the {self.place} that end there")
        return times.rates(self.trend, grouped=self.by is not None)


@analysis("events")
def sessions(
    shop: Dataset,
    *,
    gap: str | timedelta | None = None,
    conversion: Sequence[str] | None = None,
    by: str | None = None,
    level: float = 0.95,
) -> Sessions:
    """Count sessions and say how they go: conversion, bounce, length, pages, new and returning, exits.

    A session belongs to the day and the value at its first event; those that began in the period count, to their end.

    Args:
        shop: A Dataset with events, or a table of events.
        gap: A session ends after this long without an event; None takes those of the data, or 30 minutes.
        conversion: Events that make a session a conversion; well-known names of a purchase if not given.
        by: Break down by a column of events such as 'device', or a trait of customers.
        level: Coverage of the intervals (Wilson for shares, normal for means).

    Raises:
        BadParameter: for a column the events do not have, or an empty `conversion`.
        NotEnoughData: if there is no session in the period.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import tiny_shop
        >>> print(jl.journey.sessions(tiny_shop()).headline())
        3 sessions, of which 33.3 % converted; most end at view (33.3 % of 3).
    """
    number(level, "level", lowest=0.5, highest=0.9999)
    if gap is not None:
        duration(gap, "gap")
    if conversion is not None and (isinstance(conversion, str) or not conversion):
        raise BadParameter("conversion is a list of one or more names of events.")
    goals = tuple(conversion) if conversion is not None else STAGES[-1]
    days = (shop.period[1] - shop.period[0]).days + 1 if shop.period else 1
    grain = tally.grain_of(days)
    log = _log(shop, gap, goals, exact=conversion is not None, by=by)
    counts = shop.run(_counted(log, grain)).sort_values(["group", "bucket"], ignore_index=True)
    if counts.empty:
        raise NotEnoughData("There is no session in this period.", do="Choose a longer period.")
    medians = shop.run(_medians(log)).set_index("group")["median"]
    place = "page" if shop.has("events.page") else "event"
    converted = bool(counts["converted"].sum())
    given = gives_sessions(shop.table("events"), gap)
    return Sessions(
        rows=_measures(counts, medians, level, paged=place == "page", goal=converted or conversion is not None),
        exits=_exits(shop.run(_ends(log, place)), level),
        trend=_trend(counts, shop, grain, level),
        by=by,
        place=place,
        converted=converted or conversion is not None,
        caveats=_caveats(given=given, gap=str(gap or USUAL_GAP), known=converted or conversion is not None),
    )


def _log(shop: Dataset, gap: Any, goals: Sequence[str], *, exact: bool, by: str | None) -> ir.Table:
    """Return the events of the sessions that began in the period, each with its session's first values."""
    events = with_sessions(shop.table("events", whole=True), gap)
    events = tally.with_split(shop, events, by) if by else events.mutate(group=ibis.literal(tally.ALL))
    name = events.event if exact else events.event.lower()
    at = events.occurred_at.delta(ibis.timestamp("1970-01-01"), unit="microsecond")
    columns = {"visitor_id": events.visitor_id, "session": events.session, "day": events.day, "event": events.event}
    columns |= {"group": events.group, "at": at, "is_goal": name.isin(goals).fill_null(False)}
    columns["page"] = events.page if "page" in events.columns else ibis.null("string")
    log = events.select(**columns)
    visit, ever = ibis.window(group_by=["visitor_id", "session"]), ibis.window(group_by="visitor_id")
    log = log.mutate(began=_.at.min().over(visit), first_day=_.day.min().over(visit), ever=_.at.min().over(ever))
    if shop.window is not None:
        start, end = shop.window
        log = log.filter(_.first_day >= ibis_date(start), _.first_day <= ibis_date(end))
    return log


def _visits(log: ir.Table) -> ir.Table:
    """Return a row a session."""
    first = ibis.ifelse(_.at == _.began, _.group, ibis.null("string"))
    visits = log.group_by("visitor_id", "session").agg(
        group=first.min(),
        day=_.first_day.min(),
        events=_.count(),
        seconds=(_.at.max() - _.at.min()).cast("float64") / 1e6,
        converted=_.is_goal.any(),
        is_new=(_.began == _.ever).any(),
        pages=_.page.nunique(),
    )
    return visits.mutate(longer=_.events > 1)


def _counted(log: ir.Table, grain: str) -> ir.Table:
    """Return sums of the sessions by group and bucket of time."""
    visits = _visits(log)
    sums = {"sessions": _.count(), "converted": _.converted.sum(), "bounced": (~_.longer).sum(), "new": _.is_new.sum()}
    sums |= {"longer": _.longer.sum(), "seconds": _.seconds.sum(), "seconds2": (_.seconds * _.seconds).sum()}
    for name in ("events", "pages"):
        value = _[name].cast("float64")
        sums |= {name: value.sum(), f"{name}2": (value * value).sum()}
    people = visits.group_by("group").agg(visitors=_.visitor_id.nunique())
    rows = visits.group_by("group", bucket=_.day.truncate(grain)).agg(**sums)
    return rows.left_join(people, "group").drop("group_right")


def _medians(log: ir.Table) -> ir.Table:
    return _visits(log).filter(_.longer).group_by("group").agg(median=_.seconds.quantile(0.5))


def _ends(log: ir.Table, place: str) -> ir.Table:
    """Return how many sessions saw each page, and how many ended there; of a last instant the last name."""
    log = log.filter(_[place].notnull())
    order = [_.at.desc(), _[place].desc()]
    over = ibis.window(group_by=["visitor_id", "session"], order_by=order)
    log = log.mutate(is_last=ibis.row_number().over(over) == 0)
    seen = log.group_by("visitor_id", "session", page=_[place]).agg(ended=_.is_last.any())
    return seen.group_by("page").agg(n=_.ended.sum(), of=_.count()).order_by(_.of.desc(), _.page).limit(MAX_PAGES)


def _measures(counts: pd.DataFrame, medians: pd.Series, level: float, *, paged: bool, goal: bool) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for group, mine in counts.groupby("group", sort=True):
        sums = mine.drop(columns=["group", "bucket", "visitors"]).sum()
        n, visitors = int(sums["sessions"]), int(mine["visitors"].iloc[0])
        shares = {"conversion rate": "converted", "bounce rate": "bounced", "share of new visitors": "new"}
        for measure, column in shares.items():
            if measure == "conversion rate" and not goal:
                continue
            lower, upper = wilson(sums[column], n, level=level)
            rows.append(_row(group, measure, sums[column] / n, float(lower), float(upper), sums[column], n))
        means = {"session length": ("seconds", int(sums["longer"])), "events a session": ("events", n)}
        means |= {"pages a session": ("pages", n)} if paged else {}
        for measure, (column, of) in means.items():
            mean = sums[column] / of if of else np.nan
            rows.append(
                _row(
                    group, measure, mean, *of_mean(sums[column], sums[f"{column}2"], of, level=level), sums[column], of
                )
            )
        median = float(medians.get(group, np.nan))
        rows.append(_row(group, "median session length", median, np.nan, np.nan, np.nan, int(sums["longer"])))
        rows.append(_row(group, "sessions a visitor", n / visitors, np.nan, np.nan, n, visitors))
    return pd.DataFrame(rows)


def _row(group: Any, measure: str, value: float, lower: float, upper: float, n: float, of: int) -> dict[str, Any]:
    told = {"group": group, "measure": measure, "value": value, "lower": lower, "upper": upper, "n": n, "of": of}
    return told | {"definition": DEFINITIONS[measure]}


def _exits(rows: pd.DataFrame, level: float) -> pd.DataFrame:
    rows = rows.assign(n=rows["n"].astype("int64"), of=rows["of"].astype("int64"))
    rows["rate"] = rows["n"] / rows["of"]
    rows["lower"], rows["upper"] = wilson(rows["n"], rows["of"], level=level)
    return rows.reset_index(drop=True)


def _trend(counts: pd.DataFrame, shop: Dataset, grain: str, level: float) -> pd.DataFrame:
    rows = counts[["group", "bucket", "sessions", "converted"]].copy()
    rows.columns = pd.Index(["group", "bucket", "of", "n"])
    rows["bucket"] = pd.to_datetime(rows["bucket"])
    rows["n"] = rows["n"].astype("int64")
    rows["rate"] = rows["n"] / rows["of"]
    rows["lower"], rows["upper"] = wilson(rows["n"], rows["of"], level=level)
    rows["partial"] = tally.is_partial(rows["bucket"], shop, grain)
    return rows


def _caveats(*, given: bool, gap: str, known: bool) -> tuple[str, ...]:
    said = [
        "Sessions are those the data names."
        if given
        else f"A session ends after {gap} without an event; another gap gives other figures.",
        "Sessions of one visitor are alike, so the intervals are somewhat too narrow.",
        "A visitor seen before the first day of the data counts as new at the first session in it.",
    ]
    if not known:
        said.append("No event with a known name of a purchase was found; name the conversion to see its rate.")
    return tuple(said)
