"""A row a unit of a test: its variant, the day it was exposed, its segment, and what it did since.

The engine's part of an experiment. What a unit did comes from a file of outcomes, or from the shop's own orders and
events within a window after the exposure; the same stretch before it gives the covariates of CUPED.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import ibis
import pandas as pd
from ibis import _

from journeylab import words
from journeylab.data.canonical import local_day
from journeylab.errors import BadParameter, NotEnoughData, SchemaError
from journeylab.growth import known_before
from journeylab.growth.links import UNIT_COLUMN, linked, links

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

#: What the shop's own orders tell of a unit.
ORDER_MEASURES = ("conversion", "orders", "revenue", "refunds")
EVENT = "event "
MOST_PARTS = 50  # segments that are read one by one
OTHERS = "all others"
BEFORE = "pre_"
_PARTS = ("experiment", "unit_id", "variant", "exposed_at", "day", "unit")


@dataclass(frozen=True)
class Source:
    """Where a test's units and measures come from.

    Args:
        name: The test.
        unit: 'visitor', 'session' or 'customer'.
        outcomes: Whether measures come from the file of outcomes; else from orders and events.
        columns: The measures there are.
        traits: The columns of outcomes that can be used as segments.
        exposed: Whether there are exposures; else the file of outcomes says the variant.
    """

    name: str
    unit: str
    outcomes: bool
    columns: tuple[str, ...]
    traits: tuple[str, ...]
    exposed: bool


def names(shop: Dataset, *, most: int = 200) -> list[str]:
    """Return the tests of a shop, those with the most units first; at most `most` of them."""
    table = next((shop.table(t) for t in ("exposures", "outcomes") if shop.has(t)), None)
    if table is None:
        return []
    counted = table.filter(_.experiment.notnull()).group_by("experiment").agg(n=_.count())
    return shop.run(counted.order_by(_.n.desc(), _.experiment).limit(most))["experiment"].tolist()


def variants(shop: Dataset, source: Source, *, most: int = 100) -> list[str]:
    """Return the variants of a test by name; at most `most` of them."""
    table = shop.table("exposures" if source.exposed else "outcomes")
    known = table.filter(_.experiment == source.name, _.variant.notnull()).group_by("variant").agg(n=_.count())
    return shop.run(known.order_by(_.variant).limit(most))["variant"].tolist()


def days(shop: Dataset, source: Source) -> tuple[date, date] | None:
    """Return the first and last day on which units of a test were exposed; None if no day is known."""
    table = units(shop, source, (), window=None, by=None)
    row = shop.run(table.agg(first=_.day.min(), last=_.day.max())).dropna()
    return None if row.empty else (pd.Timestamp(row["first"].iloc[0]).date(), pd.Timestamp(row["last"].iloc[0]).date())


def find(shop: Dataset, name: str | None, measured_by: str | None) -> Source:
    """Find a test and what is known of its units.

    Args:
        shop: The shop.
        name: The test; the one with the most units if None.
        measured_by: 'outcomes' or 'orders'; outcomes if there are any for this test, if None.
    """
    if not (shop.has("exposures") or shop.has("outcomes.variant")):
        raise SchemaError(
            "This shop has no test yet.",
            why="A test needs to know which unit saw which variant.",
            do="Add a file of exposures, or a file with a row a unit and its variant, or type the counts in.",
        )
    known = names(shop, most=1) if name is None else [name]
    if not known:
        raise NotEnoughData("The tests' files have no rows.")
    name = known[0]
    exposed = shop.has("exposures") and _rows(shop, "exposures", name) > 0
    has_outcomes = shop.has("outcomes") and _rows(shop, "outcomes", name) > 0
    if not exposed and not (has_outcomes and shop.has("outcomes.variant")):
        raise NotEnoughData(f"No unit was put into a variant of the test {name!r}.", do="Check the test's name.")
    unit = _unit(shop, name) if exposed else "unit"
    by_outcomes = has_outcomes if measured_by is None else measured_by == "outcomes"
    schema = shop.table("outcomes").schema() if has_outcomes else {}
    free = {c: t for c, t in schema.items() if c not in _PARTS}
    traits = tuple(c for c, t in free.items() if t.is_string())
    if by_outcomes:
        columns = tuple(c for c, t in free.items() if t.is_numeric() or t.is_boolean())
        return Source(name, unit, outcomes=True, columns=columns, traits=traits, exposed=exposed)
    columns = tuple(c for c in ORDER_MEASURES if c != "refunds" or shop.has("orders.refunded"))
    columns = columns if linked(shop, unit) else ()
    return Source(name, unit, outcomes=False, columns=columns, traits=traits, exposed=exposed)


def units(
    shop: Dataset, source: Source, columns: Sequence[str], *, window: timedelta | None, by: str | None
) -> ir.Table:
    """Return a row a unit: unit_id, variant (null if it saw several), day, part, rows, and the columns as float64.

    `rows` counts the unit's rows of outcomes; null if it has none, which reads as "observed, and none": its measures
    are 0. A blank in an outcome that has a row stays null: it could not be observed.
    """
    if not source.exposed:
        return _from_outcomes(shop, source, columns, by)
    seen = exposed(shop, source)
    if source.outcomes:
        wanted = [*columns, *([by] if by in source.traits else [])]
        measured = _one_row(shop, source, wanted)
        table = seen.left_join(measured, "unit_id").drop("unit_id_right")
        table = table.mutate(**{c: ibis.ifelse(_.rows.isnull(), 0.0, _[c]) for c in columns})
    else:
        table = _since_exposure(shop, source, seen, columns, window)
    return _with_part(shop, source, table, by)


def _day(shop: Dataset, at: ir.TimestampValue) -> ir.DateValue:
    """Return the shop's own day at a time in UTC; the day in UTC on an engine whose clocks are not known to us."""
    try:
        return local_day(at, ZoneInfo(shop.time_zone), shop.engine.name)
    except SchemaError:
        return at.cast("date")


def settled(shop: Dataset, table: ir.Table, window: timedelta | None) -> ir.Table:
    """Keep the units whose window was over when the data ended: of the others it is not known what they will do."""
    if window is None or shop.observed is None:
        return table
    last = shop.observed[1] - timedelta(days=math.ceil(window.total_seconds() / 86_400))
    return table.filter(table.day <= ibis.date(last.isoformat()))


def exposed(shop: Dataset, source: Source) -> ir.Table:
    """Return a row an exposed unit: unit_id, exposed_at, variant (null if it saw several), day."""
    first = (
        shop.table("exposures")
        .filter(_.experiment == source.name, _.unit_id.notnull(), _.variant.notnull())
        .group_by("unit_id")
        .agg(first=_.variant.min(), last=_.variant.max(), exposed_at=_.exposed_at.min())
        .mutate(variant=ibis.ifelse(_.first == _.last, _.first, ibis.null("string")))
        .drop("first", "last")
    )
    return first.mutate(day=_day(shop, first.exposed_at))


def past(shop: Dataset, columns: Sequence[str], *, window: timedelta | None, unit: str = "visitor") -> ir.Table:
    """Return the units of the shop's period as if each had been exposed at its first event: what a plan rests on."""
    column = UNIT_COLUMN[unit]
    log = shop.table("events").filter(_[column].notnull(), _.occurred_at.notnull())
    exposed = log.group_by(unit_id=_[column]).agg(exposed_at=_.occurred_at.min(), day=_.day.min())
    exposed = exposed.mutate(variant=ibis.literal("past"))
    source = Source("", unit, outcomes=False, columns=ORDER_MEASURES, traits=(), exposed=True)
    return _since_exposure(shop, source, exposed, columns, window).mutate(part=ibis.literal("all"))


def _from_outcomes(shop: Dataset, source: Source, columns: Sequence[str], by: str | None) -> ir.Table:
    traits = [by] if by in source.traits else []
    if by and not traits:
        raise BadParameter(f"The outcomes have no column {by!r} to form segments from.")
    dated = next((c for c in ("day", "exposed_at") if c in shop.table("outcomes").columns), None)
    when = None if dated is None else _[dated].cast("timestamp").min() if dated == "exposed_at" else _[dated].min()
    days = {} if when is None else {"day": when}
    table = _one_row(shop, source, [*columns, *traits], first=_.variant.min(), last=_.variant.max(), **days)
    table = table.mutate(variant=ibis.ifelse(_.first == _.last, _.first, ibis.null("string"))).drop("first", "last")
    if dated is None:
        table = table.mutate(day=ibis.null("date"))
    else:
        table = table.mutate(day=_day(shop, table.day) if dated == "exposed_at" else _.day.cast("date"))
    part = _[by].fill_null("not known") if by else ibis.literal("all")
    return table.mutate(part=part)


def _one_row(shop: Dataset, source: Source, columns: Sequence[str], **more: ir.Value) -> ir.Table:
    """The outcomes of a test by unit. Where a unit has several rows, the largest value of each column counts."""
    outcomes = shop.table("outcomes").filter(_.experiment == source.name, _.unit_id.notnull())
    if not source.exposed:
        outcomes = outcomes.filter(_.variant.notnull())
    schema = outcomes.schema()
    largest = {c: _[c].max() if schema[c].is_string() else _[c].cast("float64").max() for c in dict.fromkeys(columns)}
    return outcomes.group_by("unit_id").agg(rows=_.count(), **more, **largest)


def _since_exposure(
    shop: Dataset, source: Source, exposed: ir.Table, columns: Sequence[str], window: timedelta | None
) -> ir.Table:
    """Join what each unit ordered and did from its exposure on, and ordered in the stretch before it."""
    table = exposed
    asked = {c.removeprefix(BEFORE) for c in columns}
    if asked & set(ORDER_MEASURES):
        table = table.left_join(_ordered(shop, source, exposed, window), "unit_id").drop("unit_id_right")
    events = sorted(c for c in asked if c.startswith(EVENT))
    if events:
        table = table.left_join(_did(shop, source, exposed, events, window), "unit_id").drop("unit_id_right")
    return table.mutate(rows=ibis.literal(1), **{c: _[c].fill_null(0.0) for c in columns})


def since_exposure(
    shop: Dataset, source: Source, units: ir.Table, columns: Sequence[str], window: timedelta | None
) -> list[ir.Table]:
    """Return what `units` (unit_id, exposed_at) did by day: tables with unit_id, day, and their part of the columns."""
    asked = {c.removeprefix(BEFORE) for c in columns}
    events = sorted(c for c in asked if c.startswith(EVENT))
    found = []
    if asked & set(ORDER_MEASURES):
        found.append(_ordered(shop, source, units, window, "day"))
    if events:
        found.append(_did(shop, source, units, events, window, "day"))
    return found


def _ordered(shop: Dataset, source: Source, exposed: ir.Table, window: timedelta | None, *by: str) -> ir.Table:
    orders = shop.sales(whole=True)
    if "refunded" not in orders.columns:
        orders = orders.mutate(refunded=ibis.literal(0.0))
    orders = orders.select(
        "order_id", "ordered_at", "day", net=_.net.cast("float64"), refunded=_.refunded.cast("float64")
    )
    linked = links(shop, source.unit).join(orders, "order_id")
    joined = exposed.select("unit_id", "exposed_at").join(linked, "unit_id")
    joined = joined.filter(_within(window)).mutate(after=(_.ordered_at >= _.exposed_at).cast("float64"))
    return joined.group_by("unit_id", *by).agg(
        conversion=_.after.max(),
        orders=_.after.sum(),
        revenue=(_.after * _.net).sum(),
        refunds=(_.after * _.refunded.fill_null(0.0)).sum(),
        pre_conversion=(1 - _.after).max(),
        pre_orders=(1 - _.after).sum(),
        pre_revenue=((1 - _.after) * _.net).sum(),
        pre_refunds=((1 - _.after) * _.refunded.fill_null(0.0)).sum(),
    )


def _within(window: timedelta | None) -> ir.BooleanValue:
    """Whether an order lies within the window on either side of the exposure; all do without one."""
    if window is None:
        return ibis.literal(value=True)
    stretch = ibis.interval(seconds=round(window.total_seconds()))
    return (_.ordered_at < _.exposed_at + stretch) & (_.ordered_at >= _.exposed_at - stretch)


def _did(
    shop: Dataset, source: Source, exposed: ir.Table, events: Sequence[str], window: timedelta | None, *by: str
) -> ir.Table:
    column = UNIT_COLUMN.get(source.unit, "")
    if not shop.has(f"events.{column}"):
        raise SchemaError(f"The events do not say which {source.unit} they belong to, so they cannot be counted.")
    wanted = {c.removeprefix(EVENT): c for c in events}
    log = shop.table("events", whole=True).filter(_.event.isin(list(wanted)))
    joined = exposed.select("unit_id", "exposed_at").join(
        log.select("event", "occurred_at", "day", unit_id=_[column]), "unit_id"
    )
    joined = joined.filter(_.occurred_at >= _.exposed_at)
    if window is not None:
        joined = joined.filter(_.occurred_at < _.exposed_at + ibis.interval(seconds=round(window.total_seconds())))
    return joined.group_by("unit_id", *by).agg(
        **{column: (_.event == event).cast("float64").max() for event, column in wanted.items()}
    )


def segment_columns(shop: Dataset, source: Source) -> list[str]:
    """Return what the units of a test can be split by: traits known before, or at, the exposure."""
    if not source.exposed:
        return list(source.traits)
    found = list(source.traits)
    if source.unit == "customer" and shop.has("customers"):
        schema = shop.table("customers").schema()
        found += [c for c, t in schema.items() if (t.is_string() or t.is_boolean()) and c != "customer_id"]
    elif source.unit in UNIT_COLUMN and shop.has(f"events.{UNIT_COLUMN[source.unit]}"):
        found += [c for c in ("device", "marketing_channel", "country") if shop.has(f"events.{c}")]
        found += known_before.traits(shop) if source.unit == "visitor" else []
    return [c for c in dict.fromkeys(found) if c != "referred_by"]


def _with_part(shop: Dataset, source: Source, table: ir.Table, by: str | None) -> ir.Table:
    """Add each unit's segment as `part`."""
    if by is None:
        return table.mutate(part=ibis.literal("all"))
    if by in source.traits and by in table.columns:
        return table.mutate(part=_[by].fill_null("not known"))
    possible = segment_columns(shop, source)
    if by not in possible:
        raise BadParameter(
            f"The units of this test cannot be split by {by!r}.",
            do=f"They have {words.listed(possible)}." if possible else "Nothing is known of them before the test.",
        )
    unknown = "not known"
    if by in source.traits:
        traits = _one_row(shop, source, [by]).select("unit_id", trait=_[by])
    elif by in known_before.traits(shop) and source.unit == "visitor":
        traits, unknown = known_before.trait_before(shop, exposed(shop, source), by), known_before.STRANGERS
    elif source.unit == "customer":
        traits = shop.table("customers").select(unit_id=_.customer_id, trait=_[by].cast("string"))
        traits = traits.group_by("unit_id").agg(trait=_.trait.min())
    else:
        log = shop.table("events", whole=True).filter(_[by].notnull(), _.occurred_at.notnull())
        log = log.select("occurred_at", unit_id=_[UNIT_COLUMN[source.unit]], trait=_[by])
        # two events at one instant: the first trait by name, whatever the order of the rows
        first = log.mutate(earliest=_.occurred_at.min().over(ibis.window(group_by="unit_id")))
        first = first.filter(_.occurred_at == _.earliest)
        traits = first.group_by("unit_id").agg(trait=_.trait.min())
    return table.left_join(traits, "unit_id").mutate(part=_.trait.fill_null(unknown)).drop("unit_id_right")


def largest_parts(shop: Dataset, table: ir.Table) -> ir.Table:
    """Keep the largest segments of a table of units, the rest as one: a row a value would not fit in Python."""
    counted = table.group_by("part").agg(n=_.count()).order_by(_.n.desc(), _.part).limit(MOST_PARTS + 1)
    parts = shop.run(counted)["part"].tolist()
    if len(parts) <= MOST_PARTS:
        return table
    return table.mutate(part=ibis.ifelse(_.part.isin(parts[: MOST_PARTS - 1]), _.part, OTHERS))


def _rows(shop: Dataset, table: str, name: str) -> int:
    found = shop.table(table).filter(_.experiment == name).limit(1).agg(n=_.count())
    return int(shop.run(found)["n"].iloc[0])


def _unit(shop: Dataset, name: str) -> str:
    """The kind of unit of a test: the one most of its rows name."""
    kinds = shop.table("exposures").filter(_.experiment == name).group_by("unit").agg(n=_.count())
    found = shop.run(kinds.order_by(_.n.desc(), _.unit).limit(1))
    return str(found["unit"].iloc[0])
