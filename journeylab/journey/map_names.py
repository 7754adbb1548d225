"""The names by which a shop's data may speak of a touchpoint: its events, and what answers and cases are about."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ibis import _

from journeylab.journey import steps

if TYPE_CHECKING:
    from journeylab.data.dataset import Dataset

#: The most names of each kind, the commonest.
MOST = 200


class Names(NamedTuple):
    """Names of events, and words of answers and support cases, the commonest first."""

    events: tuple[str, ...]
    words: tuple[str, ...]


def names(shop: Dataset) -> Names:
    """Return the names that the shop's data has; what it lacks is empty.

    Example:
        >>> from journeylab.data.examples import tiny_shop
        >>> names(tiny_shop())
        Names(events=('view', 'cart', 'purchase'), words=())
    """
    events = steps.names(shop, most=MOST) if shop.has("events") else ()
    words = [word for table, column in (("surveys", "touchpoint"), ("tickets", "topic"))
             for word in _commonest(shop, table, column)]  # fmt: skip
    return Names(events, tuple(dict.fromkeys(words)))


def _commonest(shop: Dataset, table: str, column: str) -> tuple[str, ...]:
    if not shop.has(f"{table}.{column}"):
        return ()
    rows = shop.table(table).filter(_[column].notnull()).group_by(column).agg(n=_.count())
    return tuple(shop.run(rows.order_by(_.n.desc(), _[column]).limit(MOST))[column])
