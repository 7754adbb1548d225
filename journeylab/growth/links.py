"""Which orders belong to which unit of a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ibis import _

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

#: The column of events, or orders, that names each kind of unit.
UNIT_COLUMN = {"visitor": "visitor_id", "session": "session_id", "customer": "customer_id"}


def links(shop: Dataset, unit: str) -> ir.Table:
    """Return which orders belong to which unit: unit_id, order_id."""
    if unit == "customer":
        orders = shop.sales(whole=True)
        return orders.filter(_.customer_id.notnull()).select("order_id", unit_id=_.customer_id)
    column = UNIT_COLUMN[unit]
    log = shop.table("events", whole=True)
    if "order_id" in log.columns:
        return log.filter(_.order_id.notnull(), _[column].notnull()).select("order_id", unit_id=_[column]).distinct()
    people = log.filter(_.customer_id.notnull(), _[column].notnull()).select("customer_id", unit_id=_[column])
    return people.distinct().join(shop.sales(whole=True), "customer_id").select("order_id", "unit_id")


def linked(shop: Dataset, unit: str) -> bool:
    """Whether orders can be told from the unit's identifier."""
    if unit == "customer":
        return shop.has("orders.customer_id")
    if unit not in UNIT_COLUMN or not shop.has("orders", f"events.{UNIT_COLUMN[unit]}"):
        return False
    return shop.has("events.order_id") or shop.has("events.customer_id", "orders.customer_id")
