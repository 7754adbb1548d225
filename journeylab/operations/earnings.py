"""What a SKU earns: net value a unit, and what the customers it brings in buy later.

Method and limits: docs/methods/replenishment.md.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import ibis
from ibis import _

from journeylab.data.dataset import ibis_date

if TYPE_CHECKING:
    from datetime import date

    import ibis.expr.types as ir
    import pandas as pd

    from journeylab.data.dataset import Dataset

YEAR = 365
#: Days after the first order in which later orders are counted, and which a customer must have had.
LATER = 180


def earnings(shop: Dataset, *, until: date) -> pd.DataFrame:
    """Return a row a SKU over the year before `until`: sku, units, net, unit_cost (of the lines; missing if unknown).

    The net value of an order goes to its lines by their share of what they cost the customer, so that it adds up to
    the orders' own, whatever tax, shipping and refunds are in the prices.
    """
    orders = _orders(shop).filter(_.day >= ibis_date(until - timedelta(days=YEAR)), _.day < ibis_date(until))
    lines = _lines(shop, orders)
    sums = lines.group_by("sku").agg(
        units=_.quantity.sum(), net=_.net.sum(), spent=_.spent.sum(), costed=_.quantity.sum(where=_.spent.notnull())
    )
    rows = shop.run(sums)
    rows["unit_cost"] = (rows["spent"] / rows["costed"].where(rows["costed"] > 0)).astype(float)
    return rows.drop(columns=["spent", "costed"]).sort_values("sku", ignore_index=True)


def bringers(shop: Dataset, *, until: date) -> pd.DataFrame:
    """Return what each SKU's first-time buyers bought later: a row a SKU that was in a first order.

    sku, first_units (units in first orders), later (net of the later orders of their customers within `LATER` days, by
    the SKU's share of the units of the first order), buyers, units (in all orders of named customers until then). Only
    customers whose first order is at least so many days old count, and orders of guests do not. Who bought what first
    was not drawn by lot: that their customers come back does not say that the SKU made them.
    """
    orders = _orders(shop).filter(_.customer_id.notnull(), _.day < ibis_date(until))
    begun = orders.group_by(who="customer_id").agg(start=_.day.min())
    begun = begun.filter(_.start < ibis_date(until - timedelta(days=LATER)))
    dated = orders.inner_join(begun, orders.customer_id == begun.who)
    after = dated.day.delta(dated.start, unit="day")
    dated = dated.select("customer_id", "order_id", "net", first=after == 0, soon=(after > 0) & (after <= LATER))
    later = dated.group_by("customer_id").agg(later=_.net.sum(where=_.soon).fill_null(0.0))
    lines = _lines(shop, dated.filter(_.first).select("customer_id", "order_id", "net"))
    before = orders.filter(_.day < ibis_date(until - timedelta(days=LATER)))
    sold = (
        _lines(shop, before.select("customer_id", "order_id", "net")).group_by(item="sku").agg(units=_.quantity.sum())
    )
    mine = lines.group_by("customer_id", "sku").agg(units=_.quantity.sum())
    whole = lines.group_by(of="customer_id").agg(all_units=_.quantity.sum())
    mine = mine.inner_join(whole, mine.customer_id == whole.of).filter(_.all_units > 0)
    later = later.rename(by="customer_id")
    mine = mine.inner_join(later, mine.customer_id == later.by)
    summed = mine.group_by("sku").agg(
        first_units=_.units.sum(), later=(_.later * _.units / _.all_units).sum(), buyers=_.count()
    )
    rows = shop.run(summed.inner_join(sold, summed.sku == sold.item).drop("item"))
    return rows.sort_values("sku", ignore_index=True)


def _orders(shop: Dataset) -> ir.Table:
    orders = shop.sales(whole=True)
    customer = orders.customer_id if "customer_id" in orders.columns else ibis.null("string")
    return orders.select("order_id", "day", customer_id=customer, net=orders.net.cast("float64"))


def _lines(shop: Dataset, orders: ir.Table) -> ir.Table:
    """Return the lines of `orders` that sold something, with the order's net value shared out among them."""
    lines = shop.table("order_lines", whole=True)
    named = lines.sku.nullif("") if "sku" in lines.columns else ibis.null("string")
    quantity = lines.quantity.cast("float64")
    less = lines.discount.cast("float64").fill_null(0.0) if "discount" in lines.columns else ibis.literal(0.0)
    cost = lines.unit_cost.cast("float64") if "unit_cost" in lines.columns else ibis.null("float64")
    lines = lines.select(
        order="order_id",
        sku=ibis.coalesce(named, lines.product),
        quantity=quantity,
        paid=ibis.greatest(quantity * lines.unit_price.cast("float64") - less, 0.0).fill_null(0.0),
        spent=cost * quantity,
    ).filter(_.sku.notnull(), _.quantity > 0)
    whole = lines.group_by(of="order").agg(all_paid=_.paid.sum(), n=_.count())
    lines = lines.inner_join(whole, lines.order == whole.of)
    lines = lines.mutate(share=ibis.ifelse(_.all_paid > 0, _.paid / _.all_paid, 1.0 / _.n)).drop("of", "all_paid", "n")
    both = lines.inner_join(orders.rename(order_net="net"), lines.order == orders.order_id)
    return both.mutate(net=_.share * _.order_net).drop("share", "order_net", "order")
