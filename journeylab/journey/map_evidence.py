"""What a shop's data knows about the touchpoints of a journey map.

Volumes, channels and times from events, drop-off from the funnel, emotion from answers, cases from support, pains from
friction, leaks and answers. What is not known has no row. Definitions: docs/methods/journey_map.md.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from journeylab import words
from journeylab.checks import number
from journeylab.data.dataset import mix
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.journey import map_fill, map_pains, map_template, map_traffic, map_voices
from journeylab.journey.map_model import LANES
from journeylab.journey.steps import names
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    import altair as alt

    from journeylab.customers.personas import Personas
    from journeylab.data.dataset import Dataset

#: Pains kept at a touchpoint: the worst.
MOST = 3
#: Seconds that are waited for friction and comments before the figures are shown without them.
_PATIENCE = 2.0
COLUMNS = ("touchpoint", "lane", "text", "source", "value", "n", "of", "lower", "upper", "date", "unit", "days")
PAINS = ("touchpoint", "id", "text", "kind", "source", "n", "of", "lower", "upper", "margin", "margin_lower",
         "margin_upper", "clear", "date")  # fmt: skip


@dataclass(frozen=True, eq=False, kw_only=True)
class Evidence(Result):
    """What is known, touchpoint by touchpoint.

    Args:
        rows: A row a touchpoint and lane: touchpoint (its id), lane, text, source ('observed' or 'survey'), value, n,
            of, lower, upper, date (the last day it looks at), unit (what is counted, where events are), days (that a
            total adds up over). Emotion runs from -2 to 2, shares from 0 to 1, times are medians in seconds.
        pains: A row a pain point: touchpoint, id, text, kind, source, n, of, lower and upper of n / of, margin with
            margin_lower and margin_upper, clear (beyond noise), date.
        persona: Whose evidence it is; None for everyone's.
        period: First and last day looked at.
        currency: Of the money.
    """

    views: ClassVar[tuple[str, ...]] = ("emotion",)

    rows: pd.DataFrame
    pains: pd.DataFrame
    persona: str | None
    period: tuple[date, date] | None
    currency: str

    def table(self) -> pd.DataFrame:
        """Return cells and pains in one table."""
        return pd.concat([self.rows, self.pains.assign(lane="pain point")], ignore_index=True)

    def headline(self) -> str:
        """Say how much is known, and the lowest emotion."""
        if self.rows.empty:
            return "The shop's data says nothing about these touchpoints yet."
        places = self.rows["touchpoint"].nunique()
        said = f"{words.count(len(self.rows), 'figure')} for {words.count(places, 'touchpoint')}"
        felt = self.rows[self.rows["lane"] == "emotion"]
        if len(felt):
            low = felt.loc[felt["value"].idxmin()]
            felt_as = f"{words.plus(low['value'], digits=1)} (n = {words.count(low['n'])})"
            said += f"; the lowest emotion is {felt_as} at {low['touchpoint']}"
        return f"{said}."

    def _draw(self, view: str) -> alt.TopLevelMixin:
        del view
        from journeylab.charts import journey_map

        felt = self.rows[self.rows["lane"] == "emotion"]
        if felt.empty:
            raise NotEnoughData("No answers are known by touchpoint yet.", do="Add a file of answers.")
        return journey_map.feelings(felt)


@analysis()
def evidence(
    shop: Dataset,
    *,
    touchpoints: Sequence[dict[str, Any]] | None = None,
    persona: str | None = None,
    personas: Personas | None = None,
    pains: bool = True,
    window: str = "14d",
    level: float = 0.95,
    progress: Callable[[Evidence], None] | None = None,
) -> Evidence:
    """Collect what the shop's data knows about touchpoints; what it does not know is left out.

    Args:
        shop: A Dataset with any of events, orders, surveys and tickets.
        touchpoints: In order, each a dict of 'id', 'events' (names that stand for it) and 'about' (words by which
            surveys and support cases name it); the usual ones of a shop if not given.
        persona: Look at customers of this persona only.
        personas: What `jl.customers.personas` gave; found anew if a persona is named without.
        pains: Look for friction and read comments too, which takes longest.
        window: Longest time from the first touchpoint with events to the last, for drop-off.
        level: Coverage of the intervals.
        progress: Given what `pains=False` would return, if friction and comments take longer than that.

    Raises:
        BadParameter: if there is no such persona, or a touchpoint without an id.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import tiny_shop
        >>> found = jl.journey.evidence(tiny_shop())
        >>> found.rows.loc[found.rows["lane"] == "volume", ["touchpoint", "n"]].astype({"n": int}).values.tolist()
        [['look', 3], ['cart', 2], ['order', 1], ['again', 1]]
    """
    number(level, "level", lowest=0.5, highest=0.9999)
    points = _points(shop, touchpoints)
    unit = "visitor" if persona is None else "session"
    said: list[str] = []
    if persona is not None:
        shop = of_persona(shop, persona, personas)
        said.append(
            f"Of {persona} only. Visitors have a persona once they are known as customers, which nearly all are by an "
            f"order, so drop-off is counted by visit, and is lower than that of all visitors."
        )
    later: list[Future[Any]] = []
    with ThreadPoolExecutor(max_workers=1) as beside:  # comments and friction need no figure of the others
        if pains:
            later.append(beside.submit(map_voices.comments, shop, points))
        who = "visitor" if persona is None else "known visitor"
        met = map_traffic.met(shop, points, level=level, unit=who) if shop.has("events") else map_traffic.Met([])
        if pains:
            later.append(beside.submit(map_pains.signs, shop, met.path, level=level))
        rows, hurts, doubts = _figures(shop, points, met, window=window, unit=unit, level=level)
        said += doubts
        if progress is not None and wait(later, timeout=_PATIENCE).not_done:
            progress(_put(shop, points, persona, rows, hurts, said))
    if pains:
        (quotes, themes), (signs, doubts) = (part.result() for part in later)
        rows += quotes
        hurts = [*themes, *hurts, *signs]
        said += doubts
    return _put(shop, points, persona, rows, hurts, said)


def _figures(
    shop: Dataset,
    points: Sequence[dict[str, Any]],
    met: map_traffic.Met,
    *,
    window: str,
    unit: str,
    level: float,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[str]]:
    """Return cells, pains and caveats that need no look at comments or friction."""
    heard = map_voices.answers(shop, points, level=level)
    rows = [*met.rows, *heard.rows]
    rows += map_voices.cases(shop, points, level=level)
    rows += map_voices.orders(shop, points, level=level)
    hurts = [*heard.pains, *map_pains.repeated(rows)]
    said = [*heard.caveats]
    if met.path:
        found, money, doubts = map_pains.leaks(shop, met.path, window=window, unit=unit, level=level)
        hurts += found
        rows += money
        said += doubts
    return rows, hurts, said


def _put(
    shop: Dataset,
    points: Sequence[dict[str, Any]],
    persona: str | None,
    rows: Sequence[dict[str, Any]],
    hurts: Sequence[dict[str, Any]],
    said: Sequence[str],
) -> Evidence:
    """Put rows and pains in the order of the touchpoints, the worst pains of each first."""
    day = str(shop.period[1]) if shop.period else ""
    order = {point["id"]: place for place, point in enumerate(points)}
    lanes = {lane: place for place, lane in enumerate(LANES)}
    frame = pd.DataFrame([{**row, "date": day} for row in rows], columns=list(COLUMNS))
    frame = frame.sort_values(
        ["touchpoint", "lane"], key=lambda column: column.map(order if column.name == "touchpoint" else lanes)
    )
    sore = pd.DataFrame([{**pain, "date": day} for pain in hurts], columns=list(PAINS))
    sore["weight"] = [map_fill.weight(pain) for pain in sore.to_dict("records")]
    sore = sore.sort_values("weight", ascending=False, kind="stable").groupby("touchpoint", sort=False).head(MOST)
    sore = sore.drop(columns="weight").sort_values("touchpoint", key=lambda column: column.map(order), kind="stable")
    return Evidence(
        rows=frame.reset_index(drop=True).astype(dict.fromkeys(("value", "n", "of", "lower", "upper"), float)),
        pains=sore.reset_index(drop=True),
        persona=persona,
        period=shop.period,
        currency=shop.currency,
        caveats=tuple(dict.fromkeys(said)),
    )


def of_persona(shop: Dataset, persona: str, personas: Personas | None = None) -> Dataset:
    """Return the shop as only the customers of one persona made it.

    Raises:
        BadParameter: if there is no such persona.
    """
    if personas is None:
        from journeylab.customers.personas import personas as find

        personas = find(shop)
    known = list(personas.cards["name"])
    if persona not in known:
        raise BadParameter(
            f"{persona!r} is not among the shop's personas any more; they are {words.listed(known)}.",
            do="Keep the map as it is, or make one for another persona.",
        )
    who = personas.assignments
    members = who.filter(who.name == persona).select("customer_id").distinct()
    tables = {}
    for name, table in shop.tables.items():
        if name == "events" and "customer_id" in table.columns:
            known_as = table.filter(table.customer_id.notnull()).semi_join(members, "customer_id")
            tables[name] = table.semi_join(known_as.select("visitor_id").distinct(), "visitor_id")
        elif name in {"orders", "surveys", "tickets", "customers", "contacts"} and "customer_id" in table.columns:
            tables[name] = table.semi_join(members, "customer_id")
        elif name in {"products", "promotions", "stock", "order_lines"}:
            tables[name] = table
    base, *views = shop.fingerprint.split("|")
    mixed = mix(base, "persona", persona, personas.call.python() if personas.call else "").replace("|", "+")
    return replace(shop, tables=tables, as_read=None, fingerprint="|".join([mixed, *views]))


def _points(shop: Dataset, touchpoints: Sequence[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """Return the touchpoints with name, words, and events as the shop spells them."""
    known: dict[str, list[str]] = {}
    if shop.has("events"):
        for name in names(shop):
            known.setdefault(name.lower(), []).append(name)
    if touchpoints is None:
        every = [name for spelt in known.values() for name in spelt]
        touchpoints = map_template.draft(events=every if shop.has("events") else None)["touchpoints"]
    if not all(isinstance(point.get("id"), str) and point["id"] for point in touchpoints):
        raise BadParameter("Each touchpoint has an id, which is text.")
    return [
        {
            "id": point["id"],
            "name": point.get("name") or point["id"],
            "events": list(dict.fromkeys(n for event in point.get("events", ()) for n in known.get(event.lower(), ()))),
            "about": list(point.get("about", ())),
        }
        for point in touchpoints
    ]
