"""What an order leaves: net value less the cost of the goods that stayed with the customer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import ibis
from ibis import _

from journeylab import words
from journeylab.checks import number
from journeylab.errors import SchemaError
from journeylab.growth.recall import recall

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

#: Share of net value that is taken as margin where no file has costs.
USUAL = 0.4
#: Either of these makes margin known.
COSTS = ("order_lines.unit_cost", "products.unit_cost")


def has_costs(shop: Dataset) -> bool:
    """Say whether the shop's files know what goods cost."""
    return shop.has("order_lines") and (
        shop.has("order_lines.unit_cost") or shop.has("order_lines.sku", "products.unit_cost")
    )


def share_of_net(shop: Dataset) -> float:
    """Return margin over net value, over the orders for whose every line the cost is known; NaN where none is."""
    if not has_costs(shop):
        return float("nan")
    orders = with_money(shop, shop.sales(whole=True), "margin").filter(_.money.notnull())
    sums = shop.run(orders.agg(margin=_.money.sum(), net=_.net.sum().cast("float64")))
    margin, net = sums["margin"].iloc[0], sums["net"].iloc[0]
    return float(margin) / float(net) if net and net > 0 else float("nan")


def taken(shop: Dataset, margin: float | None) -> tuple[float, str]:
    """Return the share of net value that is margin, and a sentence on where it comes from.

    Args:
        shop: A Dataset with orders.
        margin: The share, 0 to 1; if None, what the unit costs come to, or `USUAL` where no file has costs.
    """
    if margin is not None:
        number(margin, "margin", lowest=0, highest=1)
    known = recall(shop, ("margin share",), lambda: share_of_net(shop))
    share = margin if margin is not None else USUAL if math.isnan(known) else min(max(known, 0.0), 1.0)
    said = f"Margin is taken as {words.percent(share, digits=0)} of net value"
    if math.isnan(known):
        return share, f"{said}, which is an assumption: no file has unit costs."
    if round(100 * share) == round(100 * known):
        return share, f"{said}, which is what your unit costs come to."
    return share, f"{said}, which is your assumption; your unit costs come to {words.percent(known, digits=0)}."


def with_money(shop: Dataset, orders: ir.Table, money: str) -> ir.Table:
    """Add `money`: `net`, or the margin as a double, which is null where the cost of a line is not known.

    margin = net - Σ (quantity - returned) × unit cost over the lines of the order. The cost of a line is the line's
    own, or else that of its product today.

    Raises:
        SchemaError: if margin is asked for and no file has costs.
    """
    if money == "net":
        return orders.mutate(money=orders.net)
    if not has_costs(shop):
        raise SchemaError(
            "Margin needs the unit cost of the goods, and no file has it.",
            do="Add a cost to the order lines or the products, or look at net value.",
        )
    costs = _costs(shop).rename(_order="order_id")
    joined = orders.left_join(costs, orders.order_id == costs._order).drop("_order")  # noqa: SLF001 - a column
    return joined.mutate(money=joined.net.cast("float64") - joined.goods_cost).drop("goods_cost")


def _costs(shop: Dataset) -> ir.Table:
    """Return a row an order: order_id and goods_cost, null if the cost of any of its lines is not known."""
    lines = shop.table("order_lines", whole=True)
    own = lines.unit_cost.cast("float64") if "unit_cost" in lines.columns else ibis.null("float64")
    back = lines.returned.cast("float64").fill_null(0) if "returned" in lines.columns else ibis.literal(0.0)
    kept = lines.quantity.cast("float64") - back
    if shop.has("order_lines.sku", "products.unit_cost"):
        products = shop.table("products")
        today = (
            products.filter(products.sku.notnull())
            .group_by(_sku=products.sku)
            .agg(today=products.unit_cost.cast("float64").mean())
        )
        lines = lines.mutate(_own=own, _kept=kept).left_join(today, _.sku == today._sku)  # noqa: SLF001 - a column
        lines = lines.mutate(cost=ibis.coalesce(_._own, _.today) * _._kept)  # noqa: SLF001 - columns
    else:
        lines = lines.mutate(cost=own * kept)
    summed = lines.group_by("order_id").agg(goods_cost=_.cost.sum(), known=_.cost.count(), lines=_.count())
    return summed.select("order_id", goods_cost=ibis.ifelse(_.known == _.lines, _.goods_cost, ibis.null("float64")))
