"""What happens in a visit: conversion, bounce, length, pages, new and returning, and where visits end.

Definitions: docs/methods/sessions.md, and beside every figure in the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import ibis
import pandas as pd
from ibis import _

from journeylab import words
from journeylab.checks import duration, number
from journeylab.data.dataset import ibis_date
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.intervals import wilson
from journeylab.journey import tally, traits, visit_figures
from journeylab.journey.differences import FALSE_SHARE, SMALL
from journeylab.journey.steps import STAGES
from journeylab.journey.visits import USUAL_GAP, gives_sessions, with_sessions
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    import altair as alt
    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

MAX_PAGES = 200

#: A page at which less than this share of the sessions end is not named.
RARE = 0.01


@dataclass(frozen=True, eq=False, kw_only=True)
class Sessions(Result):
    """Sessions and their figures.

    Args:
        rows: A row a group and measure: group, measure, written (value and interval in words), value, lower, upper, n
            (what is counted), of, unit ('share', 'seconds' or 'number'), definition; with a breakdown also, of shares,
            the difference to the other groups, difference_lower, difference_upper, p, q, clear, and small (fewer than
            30 in `of`).
        exits: A row a page and group, the most seen pages first: page, group, n (sessions that ended there), of
            (sessions that saw it), rate, lower, upper.
        trend: Sessions by week or day: bucket, of, n (converted), rate, lower, upper, partial, group.
        by: What the groups come from, or None.
        place: What `exits` is by: 'page' or 'event'.
        converted: Whether any event that counts as conversion was named or known.
    """

    views: ClassVar[tuple[str, ...]] = ("trend", "shares", "exits")

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
            pages = self.exits.groupby("page", sort=False)[["n", "of"]].sum().reset_index()
            worst = pages.loc[pages["n"].idxmax()]
            if worst["n"] < RARE * whole["of"]:  # of very many pages, the first is no finding
                return f"{said}; no {self.place} ends {words.percent(RARE, digits=0)} of them."
            rate = words.percent(worst["n"] / worst["of"])
            said += f"; most end at {worst['page']} ({rate} of {words.count(worst['of'])})"
        return f"{said}{self._apart()}."

    def _apart(self) -> str:
        """Say which group clearly differs most from the others, in conversion before anything else."""
        if self.by is None or not self.rows["clear"].any():
            return ""
        clear = self.rows[self.rows["clear"]]
        told = clear[clear["measure"] == "conversion rate"] if self.converted else clear
        clear = told if len(told) else clear
        far = clear.loc[clear["difference"].abs().idxmax()]
        way = "above" if far["difference"] > 0 else "below"
        return (
            f"; the {far['measure']} of {far['group']} is {words.percent(far['value'])} of {words.count(far['of'])}, "
            f"{abs(100 * far['difference']):.1f} points {way} the other groups"
        )

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import flows, shares, times

        if view == "shares":
            return shares.points(self.rows[self.rows["unit"] == visit_figures.SHARE], grouped=self.by is not None)
        if view == "exits":
            rows, title = self.exits, f"share of sessions with the {self.place} that end there"
            if self.by:
                rows = rows.assign(page=rows["page"] + " (" + rows["group"] + ")")
            return flows.exits(rows, title=title)
        return times.rates(self.trend, grouped=self.by is not None)


@analysis("events")
def sessions(
    shop: Dataset,
    *,
    gap: str | timedelta | None = None,
    conversion: Sequence[str] | None = None,
    by: str | None = None,
    groups: Sequence[str] = (),
    level: float = 0.95,
) -> Sessions:
    """Count sessions and say how they go: conversion, bounce, length, pages, new and returning, exits.

    A session belongs to the day and the value at its first event; those that began in the period count, to their end.

    Args:
        shop: A Dataset with events, or a table of events.
        gap: A session ends after this long without an event; None takes those of the data, or 30 minutes.
        conversion: Events that make a session a conversion; well-known names of a purchase if not given.
        by: Break down by a column of events such as 'device', or a trait of customers.
        groups: Only these values of `by`; all if empty.
        level: Coverage of the intervals (Wilson for shares, normal for means; Newcombe for differences of shares,
            Benjamini-Hochberg over all of them).

    Raises:
        BadParameter: for a column the events do not have, an empty `conversion`, or groups without `by`.
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
    if groups and (by is None or isinstance(groups, str)):
        raise BadParameter("groups is a list of values of the column named in by.")
    goals = tuple(conversion) if conversion is not None else STAGES[-1]
    days = (shop.period[1] - shop.period[0]).days + 1 if shop.period else 1
    grain = tally.grain_of(days)
    log = _log(shop, gap, goals, exact=conversion is not None, by=by)
    log = log.filter(_.group.isin(list(groups))) if groups else log
    counts = shop.run(_counted(log, grain)).sort_values(["group", "bucket"], ignore_index=True)
    if counts.empty:
        raise NotEnoughData("There is no session in this period.", do="Choose a longer period.")
    medians = shop.run(_medians(log)).set_index("group")["median"]
    place = "page" if shop.has("events.page") else "event"
    converted = bool(counts["converted"].sum())
    given, goal = gives_sessions(shop.table("events"), gap), converted or conversion is not None
    rows = visit_figures.measured(counts, medians, level, paged=place == "page", goal=goal)
    rows = visit_figures.compared(rows, level) if by else rows
    return Sessions(
        rows=rows,
        exits=_exits(shop.run(_ends(log, place, MAX_PAGES * (tally.MAX_GROUPS + 2 if by else 1))), level),
        trend=_trend(counts, shop, grain, level),
        by=by,
        place=place,
        converted=goal,
        caveats=(*_caveats(rows, given=given, gap=str(gap or USUAL_GAP), known=goal), *traits.said(by)),
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
    if by:
        log = log.mutate(group=ibis.ifelse(_.at == _.began, _.group, ibis.null("string")).min().over(visit))
    if shop.window is not None:
        start, end = shop.window
        log = log.filter(_.first_day >= ibis_date(start), _.first_day <= ibis_date(end))
    return log


def _visits(log: ir.Table) -> ir.Table:
    """Return a row a session."""
    visits = log.group_by("visitor_id", "session").agg(
        group=_.group.min(),
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


def _ends(log: ir.Table, place: str, most: int) -> ir.Table:
    """Return how many sessions of each group saw each page, and ended there; of a last instant the last name."""
    log = log.filter(_[place].notnull())
    order = [_.at.desc(), _[place].desc()]
    over = ibis.window(group_by=["visitor_id", "session"], order_by=order)
    log = log.mutate(is_last=ibis.row_number().over(over) == 0)
    seen = log.group_by("visitor_id", "session", "group", page=_[place]).agg(ended=_.is_last.any())
    ends = seen.group_by("group", "page").agg(n=_.ended.sum(), of=_.count())
    total = _.of.sum().over(ibis.window(group_by="page"))
    return ends.mutate(total=total).order_by(_.total.desc(), _.page, _.group).limit(most)


def _exits(rows: pd.DataFrame, level: float) -> pd.DataFrame:
    rows = rows.assign(n=rows["n"].astype("int64"), of=rows["of"].astype("int64"))
    rows["rate"] = rows["n"] / rows["of"]
    rows["lower"], rows["upper"] = wilson(rows["n"], rows["of"], level=level)
    return rows[["page", "group", "n", "of", "rate", "lower", "upper"]].reset_index(drop=True)


def _trend(counts: pd.DataFrame, shop: Dataset, grain: str, level: float) -> pd.DataFrame:
    rows = counts[["group", "bucket", "sessions", "converted"]].copy()
    rows.columns = pd.Index(["group", "bucket", "of", "n"])
    rows["bucket"] = pd.to_datetime(rows["bucket"])
    rows["n"] = rows["n"].astype("int64")
    rows["rate"] = rows["n"] / rows["of"]
    rows["lower"], rows["upper"] = wilson(rows["n"], rows["of"], level=level)
    rows["partial"] = tally.is_partial(rows["bucket"], shop, grain)
    return rows


def _caveats(rows: pd.DataFrame, *, given: bool, gap: str, known: bool) -> tuple[str, ...]:
    said = [
        "Sessions are those the data names."
        if given
        else f"A session ends after {gap} without an event; another gap gives other figures.",
        "Sessions of one visitor are alike, so the intervals are somewhat too narrow.",
        "A visitor seen before the first day of the data counts as new at the first session in it.",
    ]
    if "q" in rows:
        looks = words.count(int(rows["q"].notna().sum()), "difference")
        said.append(
            f"{looks} of shares to the other groups tested; clear ones keep the share of false alarms among them to "
            f"{words.percent(FALSE_SHARE, digits=0)} (Benjamini-Hochberg). Groups differ in more than what they are "
            "named by: a difference is no effect."
        )
        few = int(rows.loc[rows["small"] & (rows["unit"] == visit_figures.SHARE), "group"].nunique())
        if few:
            said.append(f"{words.count(few, 'group')} with fewer than {SMALL} sessions: shown pale, and not compared.")
    if not known:
        said.append("No event with a known name of a purchase was found; name the conversion to see its rate.")
    return tuple(said)
