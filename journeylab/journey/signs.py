"""The engine's part of friction: in which sessions each sign of trouble shows at each place, and how they ended."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import ibis
from ibis import _

from journeylab.journey import tally
from journeylab.journey.steps import STAGES
from journeylab.journey.visits import with_sessions

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir
    import pandas as pd

    from journeylab.data.dataset import Dataset

#: Words in the name of an event or page that offers help.
HELP_WORDS = ("help", "faq", "support", "contact", "chat")
#: Names of the steps between cart and purchase, beside those of `STAGES`.
CHECKOUT = (*STAGES[3], "add_shipping_info", "add_payment_info", "delivery_choice", "checkout_contact_info_submitted")
#: Events at one place follow each other this fast only when something does not answer.
RAPID_MICROSECONDS = 3_000_000
MAX_PLACES = 30


def log_of(
    shop: Dataset, place: str, gap: Any, goals: Sequence[str], by: str | None, within: Sequence[str] = ()
) -> ir.Table:
    """Return the events with session, place, group and part, and whether they are the goal, come after it, or search.

    Group and part (the values of `within`, put together) are those of the session's first event.
    """
    events = with_sessions(shop.table("events"), gap)
    events = tally.with_split(shop, events, by) if by else events.mutate(group=ibis.literal(tally.ALL))
    for column in within:
        events = tally.with_split(shop, events, column, f"part of {column}")
    parts = [events[f"part of {column}"] for column in within]
    have = set(events.columns)
    name = events.event.lower()
    at = events.occurred_at.delta(ibis.timestamp("1970-01-01"), unit="microsecond")
    columns = {
        "who": events.visitor_id + "\x1f" + events.session,
        "day": events.day,
        "at": at,
        "event": events.event,
        "group": events.group,
        "part": reduce(lambda one, two: one + "\x1f" + two, parts) if parts else ibis.literal(tally.ALL),
        "place": events[place],
        "is_goal": name.isin([goal.lower() for goal in goals]).fill_null(False),
        "is_checkout": name.isin(CHECKOUT).fill_null(False),
        "is_help": _has_word(events, have).fill_null(False),
        "load_ms": events.load_ms if "load_ms" in have else ibis.null("float64"),
        "query": events.query if "query" in have else ibis.null("string"),
        "results": events.results if "results" in have else ibis.null("int64"),
    }
    log = events.select(**columns)
    goal_at = ibis.ifelse(_.is_goal, _.at, ibis.null("int64")).min()
    # a visit has one device and one group, but for odd ones: so few rows that a window over them is quick
    parts_of = log.group_by("who", "group", "part").agg(first=_.at.min(), goal_at=goal_at)
    parts_of = parts_of.mutate(began=_.first.min().over(ibis.window(group_by="who")))
    firsts = {name: ibis.ifelse(_.first == _.began, _[name], ibis.null("string")).min() for name in ("group", "part")}
    whole = parts_of.group_by("who").agg(goal_at=_.goal_at.min(), **firsts)
    log = log.drop("group", "part").join(whole, "who")
    # what comes after the goal is no obstacle to it
    return log.filter(_.goal_at.isnull() | (_.at <= _.goal_at))


def places(shop: Dataset, log: ir.Table, *, loop: int, slow_ms: float) -> pd.DataFrame:
    """Return a row a place, group and part: sessions and conversions there, with (n_, won_) and without each sign.

    Signs: loop (there `loop` times or more), back (there, elsewhere, there again), rapid (three events within three
    seconds), slow (a load of `slow_ms` or more), ended (the last event).
    """
    over = ibis.window(group_by="who", order_by=[_.at, _.event, _.place])
    log = log.filter(_.place.notnull())
    log = log.mutate(
        one=_.place.lag().over(over),
        two=_.place.lag(2).over(over),
        then=_.at.lag(2).over(over),
        last=_.place.lead().over(over).isnull(),
    )
    there = log.group_by("who", "group", "part", "place").agg(
        times=_.count(),
        back=((_.two == _.place) & (_.one != _.place)).fill_null(False).any(),
        rapid=((_.two == _.place) & (_.one == _.place) & (_.at - _.then <= RAPID_MICROSECONDS)).fill_null(False).any(),
        slow=(_.load_ms >= slow_ms).fill_null(False).any(),
        ended=(_["last"] & ~_.is_goal).any(),
        won=_.goal_at.notnull().any(),
        goal=_.is_goal.any(),
    )
    there = there.filter(~_.goal).mutate(loop=_.times >= loop)
    signs = ("loop", "back", "rapid", "slow", "ended")
    sums: dict[str, Any] = {"sessions": _.count(), "won": _.won.sum()}
    for sign in signs:
        sums |= {f"n_{sign}": _[sign].sum(), f"won_{sign}": (_[sign] & _.won).sum()}
    top = there.group_by("place").agg(n=_.count()).order_by(_.n.desc(), _.place).limit(MAX_PLACES)
    rows = there.group_by("group", "part", "place").agg(**sums).semi_join(top, "place")
    return shop.run(rows).sort_values(["place", "group", "part"], ignore_index=True)


def visits(shop: Dataset, log: ir.Table, *, searches: int) -> pd.DataFrame:
    """Return a row a group and part: sessions with each sign of a whole visit, and those they are compared with.

    Signs: many (searched `searches` times or more, of those who searched), empty (a search without results, of those
    whose searches tell), help (went for help, of all), checkout (of those who began it, how many did not finish).
    """
    one = log.group_by("who", "group", "part").agg(
        asked=_["query"].notnull().sum(),
        told=_.results.notnull().any(),
        empty=(_.results == 0).fill_null(False).any(),
        help=_.is_help.any(),
        checkout=_.is_checkout.any(),
        won=_.goal_at.notnull().any(),
    )
    tests = {
        "many": (_.asked >= searches, _.asked > 0),
        "empty": (_["empty"], _.told),
        "help": (_["help"], _.asked >= 0),
        "checkout": (_.checkout & ~_.won, _.checkout),
    }
    sums: dict[str, Any] = {"sessions": _.count(), "won": _.won.sum()}
    for sign, (has, among) in tests.items():
        sums |= {f"of_{sign}": among.sum(), f"of_won_{sign}": (among & _.won).sum()}
        sums |= {f"n_{sign}": (has & among).sum(), f"won_{sign}": (has & among & _.won).sum()}
    return shop.run(one.group_by("group", "part").agg(**sums)).sort_values(["group", "part"], ignore_index=True)


def queries(shop: Dataset, log: ir.Table, *, most: int) -> pd.DataFrame:
    """Return a row a group and search term: sessions, conversions, and sessions in which it found nothing."""
    asked = log.filter(_["query"].notnull()).mutate(term=_["query"].lower().strip())
    one = asked.group_by("group", "who", "term").agg(
        won=_.goal_at.notnull().any(), empty=(_.results == 0).fill_null(False).any(), told=_.results.notnull().any()
    )
    top = one.group_by("term").agg(n=_.count()).order_by(_.n.desc(), _.term).limit(most)
    rows = one.semi_join(top, "term").group_by("group", "term")
    rows = shop.run(rows.agg(n=_.count(), won=_.won.sum(), empty=_.empty.sum(), told=_.told.sum()))
    return rows.sort_values(["n", "term", "group"], ascending=[False, True, True], ignore_index=True)


def _has_word(events: ir.Table, have: set[str]) -> Any:
    test: Any = ibis.literal(value=False)
    for column in ("event", "page"):
        if column in have:
            for word in HELP_WORDS:
                test |= events[column].lower().contains(word).fill_null(False)
    return test
