"""Kinds of buyers, in the engine: who bought which order, what such buyers spent later, and who bought in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import pandas as pd
from ibis import _

from journeylab.data.dataset import ibis_date
from journeylab.growth import links, measures

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

KINDS = ("category", "discount", "marketing_channel", "device", "country")
SMALLEST = 20  # past buyers of a kind, below which it is read as "other"
GUEST = "guest"
OTHER = "other"


def has_kind(shop: Dataset, kind: str) -> bool:
    """Say whether the shop's orders tell this kind."""
    if kind == "category":
        return shop.has("order_lines.category") or shop.has("order_lines.sku", "products.category")
    if kind == "discount":
        return shop.has("orders.discount_code") or shop.has("orders.discount")
    return shop.has(f"orders.{kind}")


def numbered(shop: Dataset, by: Sequence[str]) -> ir.Table:
    """Return the counted orders with `kind`: new or returning and `by`, or guest; and `turn`, 1 for the first."""
    orders = shop.sales(whole=True)
    traits: list[ir.StringValue] = []
    for kind in by:
        if kind == "category":
            orders = _with_category(shop, orders)
            traits.append(_.main_category.fill_null("no category"))
        elif kind == "discount":
            traits.append(ibis.ifelse(_discounted(orders), "with discount", "without discount"))
        else:
            traits.append(_[kind].fill_null(f"no {kind.replace('_', ' ')}"))
    turn = ibis.row_number().over(ibis.window(group_by="customer_id", order_by=["ordered_at", "order_id"])) + 1
    name = ibis.ifelse(_.turn == 1, "new", "returning")
    for trait in traits:
        name = name + ", " + trait
    orders = orders.mutate(turn=turn).mutate(kind=ibis.ifelse(_.customer_id.isnull(), GUEST, name))
    return orders.select("order_id", "customer_id", "ordered_at", "turn", "kind", net=_.net.cast("float64"))


def _with_category(shop: Dataset, orders: ir.Table) -> ir.Table:
    """Add the category of each order's largest line."""
    lines = shop.table("order_lines", whole=True)
    if "category" not in lines.columns:
        products = shop.table("products").group_by(product_sku=_.sku).agg(category=_.category.min())
        lines = lines.inner_join(products, lines.sku == products.product_sku)
    lines = lines.filter(_.category.notnull()).mutate(size=_.quantity.cast("float64") * _.unit_price.cast("float64"))
    # two lines of one size: the first category by name, whatever the order of the rows
    largest = lines.mutate(most=_.size.max().over(ibis.window(group_by="order_id"))).filter(_.size == _.most)
    main = largest.group_by(line_of=_.order_id).agg(main_category=_.category.min())
    return orders.left_join(main, orders.order_id == main.line_of).drop("line_of")


def _discounted(orders: ir.Table) -> ir.BooleanValue:
    used = ibis.literal(value=False)
    if "discount_code" in orders.columns:
        used |= _.discount_code.notnull() & (_.discount_code != "")
    if "discount" in orders.columns:
        used |= _.discount.fill_null(0) > 0
    return used


def later(shop: Dataset, orders: ir.Table, horizon: timedelta) -> pd.DataFrame:
    """Return a row a kind: n, mean and variance of what buyers spent after such an order, within the horizon from it.

    Over customers whose horizon is over, each at their first order (new) and at their second (returning).
    """
    if shop.observed is None:
        return pd.DataFrame(columns=["kind", "n", "mean", "variance"])
    closes = ibis_date(shop.observed[1]).cast("timestamp") + ibis.interval(days=1)
    stretch = ibis.interval(seconds=round(horizon.total_seconds()))
    known = orders.filter(_.customer_id.notnull())
    starts = known.filter(_.turn <= 2, _.ordered_at + stretch <= closes)
    starts = starts.select("customer_id", "kind", "turn", began=_.ordered_at, place=_.order_id)
    others = known.select("net", buyer=_.customer_id, at=_.ordered_at, nth=_.turn)
    joined = starts.left_join(others, starts.customer_id == others.buyer)
    counts = (_.nth > _.turn) & (_.at < _.began + stretch)
    worth = joined.group_by("kind", "place").agg(worth=ibis.ifelse(counts, _.net, 0.0).sum())
    return shop.run(worth.group_by("kind").agg(n=_.count(), mean=_.worth.mean(), variance=_.worth.var(how="sample")))


def bought(
    shop: Dataset, source: measures.Source, orders: ir.Table, units: ir.Table, window: timedelta | None
) -> pd.DataFrame:
    """Return a row a variant and kind: n units whose first order in the window is of it; its net summed, squared."""
    linked = links.links(shop, source.unit).join(orders.drop("turn", "customer_id"), "order_id")
    joined = units.select("unit_id", "variant", "exposed_at").join(linked, "unit_id")
    joined = joined.filter(_.ordered_at >= _.exposed_at)
    if window is not None:
        joined = joined.filter(_.ordered_at < _.exposed_at + ibis.interval(seconds=round(window.total_seconds())))
    place = ibis.row_number().over(ibis.window(group_by="unit_id", order_by=["ordered_at", "order_id"]))
    first = joined.mutate(place=place).filter(_.place == 0)
    return shop.run(
        first.group_by("variant", "kind").agg(n=_.count(), spent=_.net.sum(), squares=(_.net * _.net).sum())
    )


def grouped(past: pd.DataFrame, buyers: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read kinds with too few past buyers as 'other', worth what all are on average; guests spend nothing later."""
    n = float(past["n"].sum())
    mean = float((past["n"] * past["mean"]).sum() / n)
    within = ((past["n"] - 1) * past["variance"].fillna(0) + past["n"] * (past["mean"] - mean) ** 2).sum()
    enough = past[(past["n"] >= SMALLEST) & past["variance"].notna()]
    known = {*enough["kind"], GUEST}
    buyers = buyers.assign(kind=[k if k in known else OTHER for k in buyers["kind"]])
    more = [
        {"kind": OTHER, "n": n, "mean": mean, "variance": float(within) / max(n - 1, 1)},
        {"kind": GUEST, "n": 1.0, "mean": 0.0, "variance": 0.0},
    ]
    every = pd.concat([enough, pd.DataFrame(more)], ignore_index=True)
    every = every[every["kind"].isin(set(buyers["kind"]))]
    return every.sort_values("kind", ignore_index=True), buyers
