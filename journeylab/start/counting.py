"""The engine's part of the overview: orders, revenue and customers summed by period and by bucket of time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from journeylab.data.dataset import ibis_date

if TYPE_CHECKING:
    from datetime import date

    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

#: Grains of time and the letter by which both Ibis and pandas know them; weeks start on Monday.
GRAINS = {"day": "D", "week": "W", "month": "M"}


def marked(shop: Dataset, now: tuple[date, date], before: tuple[date, date] | None) -> ir.Table:
    """Return the counted orders of both periods with `part` ('now' or 'before') and each customer's first day."""
    orders = shop.sales(whole=True)
    if "customer_id" in orders.columns:
        firsts = (
            orders.filter(orders.customer_id.notnull())
            .group_by("customer_id")
            .agg(first_day=orders.day.min())
            .rename(first_of="customer_id")
        )
        orders = orders.left_join(firsts, orders.customer_id == firsts.first_of).drop("first_of")
    first, last = (before or now)[0], now[1]
    orders = orders.filter(orders.day >= ibis_date(first), orders.day <= ibis_date(last))
    return orders.mutate(part=ibis.ifelse(orders.day >= ibis_date(now[0]), "now", "before"))


def totals(orders: ir.Table) -> ir.Table:
    """Return a row a part: orders, revenue, squares, guests, customers, new, repeating (not by a first order)."""
    net = _.net.cast("float64")
    if "customer_id" not in orders.columns:
        sums = {"orders": _.count(), "revenue": _.net.sum().cast("float64"), "squares": (net * net).sum()}
        unknown = ibis.null("int64")
        people = {"guests": _.count(), "customers": ibis.literal(0)}
        return orders.group_by("part").agg(**sums, **people).mutate(new=unknown, repeating=unknown)
    known = _.customer_id.notnull()
    is_new = _.first_day == _.day
    return (
        orders.group_by("part", "customer_id")
        .agg(
            orders=_.count(),
            net=_.net.sum(),
            squares=(net * net).sum(),
            first_day=_.first_day.min(),
            day=_.day.min(),
        )
        .group_by("part")
        .agg(
            orders=_.orders.sum(),
            revenue=_.net.sum().cast("float64"),
            squares=_.squares.sum(),
            guests=_.orders.sum(where=~known).fill_null(0),
            customers=known.sum(),
            new=(known & is_new).sum(),
            repeating=(known & (~is_new | (_.orders >= 2))).sum(),
        )
    )


def buckets(orders: ir.Table, grain: str, start: date) -> ir.Table:
    """Return a row a bucket of the present period, which began on `start`, with the same sums."""
    unit = GRAINS[grain]
    orders = orders.filter(_.part == "now").mutate(bucket=_.day.truncate(unit))
    if "customer_id" not in orders.columns:
        return orders.group_by("bucket").agg(orders=_.count(), revenue=_.net.sum().cast("float64"))
    known = _.customer_id.notnull()
    is_new = (_.first_day.truncate(unit) == _.bucket) & (_.first_day >= ibis_date(start))
    return (
        orders.group_by("bucket", "customer_id")
        .agg(orders=_.count(), net=_.net.sum(), first_day=_.first_day.min())
        .mutate(is_new=is_new)
        .group_by("bucket")
        .agg(
            orders=_.orders.sum(),
            revenue=_.net.sum().cast("float64"),
            customers=known.sum(),
            new=(known & _.is_new).sum(),
            repeating=(known & (~_.is_new | (_.orders >= 2))).sum(),
        )
    )
