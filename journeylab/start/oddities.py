"""The engine's part of the quality report: odd rows counted, and a few of them by name, as expressions."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import ibis
from ibis import _

from journeylab.data.choices import before_refunds, folded
from journeylab.data.dataset import ibis_date

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

EXAMPLES = 3
#: The column by which a row of a table is shown.
NAMED = {"orders": "order_id", "order_lines": "order_id", "events": "event", "surveys": "response_id"}


def copies(table: ir.Table, label: str) -> tuple[ir.Table, ir.Table]:
    """Return how many rows of a table there are and how many repeat another in every column, and examples."""
    repeated = table.group_by(table.columns).agg(times=_.count()).filter(_.times > 1)
    total = table.agg(rows=_.count())
    extra = repeated.agg(n=(_.times - 1).sum().fill_null(0))
    return total.cross_join(extra), shown(repeated, label)


def where(table: ir.Table, condition: ir.BooleanValue, label: str) -> tuple[ir.Table, ir.Table]:
    """Return how many rows there are and for how many `condition` holds, and examples."""
    counted = table.agg(rows=_.count(), n=_.count(where=condition).fill_null(0))
    return counted, shown(table.filter(condition), label)


def shown(rows: ir.Table, label: str) -> ir.Table:
    """Return the first few different values of a column, in order."""
    # Grouped, because Ibis sends Spark a DISTINCT that is ordered with the other columns in it.
    few = rows.filter(rows[label].notnull()).group_by(label=rows[label].cast("string")).agg(rows=_.count())
    return few.order_by("label").limit(EXAMPLES)


def by_currency(orders: ir.Table) -> ir.Table:
    """Return a row a currency: code, n, the most frequent first."""
    known = orders.filter(orders.currency.notnull())
    return known.group_by(code=known.currency).agg(n=_.count()).order_by(_.n.desc(), "code")


def spellings(shop: Dataset) -> ir.Table | None:
    """Return a row a SKU that is spelt in several ways: fold, ways, one, other; None if no table names SKUs."""
    tables = [shop.tables[name] for name in sorted(shop.tables) if "sku" in shop.tables[name].columns]
    if not tables:
        return None
    skus = [table.select("sku").filter(_.sku.notnull()) for table in tables]
    every = (ibis.union(*skus) if len(skus) > 1 else skus[0]).distinct()
    folds = every.mutate(fold=folded(every.sku)).group_by("fold")
    return folds.agg(ways=_.count(), one=_.sku.min(), other=_.sku.max())


def negative_line(lines: ir.Table) -> ir.BooleanValue:
    """Say which lines have a quantity or a price below zero."""
    return (lines.quantity < 0) | (lines.unit_price < 0)


def free(orders: ir.Table) -> ir.BooleanValue:
    """Say which orders were worth nothing even before refunds."""
    return before_refunds(orders) == 0


def days(table: ir.Table) -> ir.Table:
    """Return a row a day on which anything happened: day, n."""
    return table.group_by("day").agg(n=_.count()).order_by("day")


def repeated_hours(zone: str, first: date, last: date) -> list[tuple[datetime, datetime]]:
    """Return, in UTC, the hours round each time the clocks of a zone went back, whose local times occurred twice.

    >>> [str(start) for start, _ in repeated_hours("Europe/Berlin", date(2026, 1, 1), date(2026, 12, 31))]
    ['2026-10-25 00:00:00']
    """
    place, found = ZoneInfo(zone), []
    moment = datetime(first.year, first.month, first.day, tzinfo=UTC)
    until = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1)
    while moment < until:
        later = moment + timedelta(hours=1)
        lost = _offset(moment, place) - _offset(later, place)
        if lost > timedelta(0):
            found.append(((later - lost).replace(tzinfo=None), (later + lost).replace(tzinfo=None)))
        moment = later
    return found


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta(0)


def within(time: ir.Value, hours: list[tuple[datetime, datetime]]) -> ir.BooleanValue:
    """Say which times lie in one of the spans."""
    spans = [
        (time >= ibis.timestamp(start.isoformat())) & (time < ibis.timestamp(end.isoformat())) for start, end in hours
    ]
    return ibis.or_(*spans)


def clocks_apart(shop: Dataset) -> ir.Table:
    """Return a row a difference, in whole half hours, between an order and the first event that names it: halves, n."""
    orders, events = shop.tables["orders"], shop.tables["events"]
    named = events.filter(events.order_id.notnull()).group_by("order_id").agg(seen=_.occurred_at.min())
    both = orders.select("order_id", "ordered_at").join(named, "order_id")
    seconds = both.seen.epoch_seconds() - both.ordered_at.epoch_seconds()
    halves = ((seconds + 900) / 1800).floor().cast("int64")
    return both.group_by(halves=halves).agg(n=_.count()).order_by(_.n.desc(), "halves").limit(100)


def after(table: ir.Table, day: date) -> ir.BooleanValue:
    """Say which rows lie after a day."""
    return table.day > ibis_date(day)
