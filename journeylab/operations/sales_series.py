"""What each SKU sold and got back, by day, week or month: order lines added up in the engine, gaps filled with zero.

What counts as sold and as returned, and what we chose where people differ: docs/methods/demand.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import numpy as np
import pandas as pd
from ibis import _

from journeylab.data import schema
from journeylab.data.coverage import orders_end
from journeylab.data.dataset import ibis_date
from journeylab.errors import NotEnoughData

if TYPE_CHECKING:
    from datetime import date

    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

#: How long a period is, with the letter both Ibis and pandas know it by; weeks start on Monday.
EVERY = {"day": "D", "week": "W", "month": "M"}
DAYS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12}
NO_CATEGORY = "no category"


@dataclass(frozen=True)
class SalesSeries:
    """Sales of SKUs by period, a row a SKU and a column a period.

    Args:
        skus: A row a SKU: sku, product, category, vendor, net, sold, returned, first, last, sale_days, unnamed.
        periods: First day of each period.
        partial: Which periods were not wholly observed.
        sold: Units sold.
        returned: Units that came back.
        daily: Units sold by category and day: category, day, sold.
        days: First and last day seen.
        every: 'day', 'week' or 'month'.
        left_out: How many SKUs sold but are not among `skus`.
    """

    skus: pd.DataFrame
    periods: pd.DatetimeIndex
    partial: np.ndarray
    sold: np.ndarray
    returned: np.ndarray
    daily: pd.DataFrame
    days: tuple[date, date]
    every: str
    left_out: int = 0


def sales_series(shop: Dataset, *, every: str, top: int | None = None) -> SalesSeries:
    """Add up order lines by SKU and period, and by category and day.

    Raises:
        NotEnoughData: if nothing was sold in the shop's period.
    """
    end = orders_end(shop)
    if shop.period is None or end is None:
        raise NotEnoughData("The orders carry no days, so there is no series to look at.")
    moves = movements(shop).filter(_.day <= ibis_date(end))
    totals = _totals(shop, moves)
    if totals.empty or not (totals["sold"] > 0).any():
        raise NotEnoughData("No order line with units that count lies in the period.", do="Choose a longer period.")
    kept = totals if top is None else totals.head(top)
    few = moves if top is None or len(totals) <= top else moves.filter(_.sku.isin(list(kept["sku"])))
    unit = EVERY[every]
    cells = shop.run(
        few.mutate(period=_.day.truncate(unit)).group_by("sku", "period").agg(sold=_.sold.sum(), back=_.returned.sum())
    )
    daily = shop.run(moves.group_by("category", "day").agg(sold=_.sold.sum()))
    days = (totals["first"].dropna().min(), end)
    index = pd.period_range(*map(pd.Timestamp, days), freq=unit)
    periods = pd.DatetimeIndex(index.start_time)
    ends = index.end_time.normalize()
    cells["period"] = pd.to_datetime(cells["period"])

    def matrix(name: str) -> np.ndarray:
        wide = cells.pivot_table(index="sku", columns="period", values=name, aggfunc="sum", fill_value=0.0)
        return wide.reindex(index=kept["sku"], columns=periods, fill_value=0.0).to_numpy(float)

    daily["day"] = pd.to_datetime(daily["day"])
    begins = max(shop.period[0], shop.observed[0]) if shop.observed else days[0]
    return SalesSeries(
        skus=kept.reset_index(drop=True),
        periods=periods,
        partial=np.asarray((periods < pd.Timestamp(begins)) | (ends > pd.Timestamp(end))),
        sold=matrix("sold"),
        returned=matrix("back"),
        daily=daily.sort_values(["category", "day"], ignore_index=True),
        days=days,
        every=every,
        left_out=len(totals) - len(kept),
    )


def movements(shop: Dataset) -> ir.Table:
    """Return a row an order line, with what was sold and what came back.

    Columns: sku, product, category, day, order, sold, returned, price (of a unit, before discounts), net (of discounts,
    before refunds), unnamed (whether it has no SKU).

    A line without a SKU goes by its product. Sold are units of lines above zero in orders that count. Returned are
    units of lines below zero, of credit notes too, and those the line says came back; where lines say nothing, the
    share of the order's money that was refunded.
    """
    orders, lines = shop.table("orders"), shop.table("order_lines", whole=True)
    if shop.currency and "currency" in orders.columns:
        orders = orders.filter(_.currency.isnull() | (_.currency == shop.currency))
    refunded = orders.refunded.cast("float64") if "refunded" in orders.columns else ibis.literal(0.0)
    whole = orders.net.cast("float64") + refunded
    share = ibis.ifelse((refunded > 0) & (whole > 0), refunded / whole, 0.0)
    orders = orders.filter(~_corrections(orders)).select(
        order="order_id",
        day=orders.day,
        counts=orders.status.notin(schema.UNCOUNTED_STATUSES),
        credit=orders.status == "cancelled",
        share=ibis.least(share, 1.0).fill_null(0.0),
    )
    quantity = lines.quantity.cast("float64")
    less = lines.discount.cast("float64").fill_null(0.0) if "discount" in lines.columns else ibis.literal(0.0)
    named = lines.sku.nullif("") if "sku" in lines.columns else ibis.null("string")
    lines = lines.select(
        order_of="order_id",
        sku=ibis.coalesce(named, lines.product),
        unnamed=named.isnull(),
        product=lines.product,
        own_category=lines.category if "category" in lines.columns else ibis.null("string"),
        quantity=quantity,
        price=lines.unit_price.cast("float64"),
        net=(quantity * lines.unit_price.cast("float64") - less).fill_null(0.0),
        came_back=lines.returned.cast("float64") if "returned" in lines.columns else ibis.null("float64"),
    )
    both = lines.inner_join(orders, lines.order_of == orders.order).filter(_.sku.notnull(), _.quantity.notnull())
    both = both.filter(_.counts | (_.credit & (_.quantity < 0)))
    back = ibis.ifelse(_.quantity < 0, -_.quantity, ibis.coalesce(_.came_back, _.share * _.quantity))
    both = both.mutate(sold=ibis.greatest(_.quantity, 0.0), returned=back)
    return _with_category(shop, both).select(
        "sku", "product", "category", "day", "sold", "returned", "net", "price", "unnamed", "order"
    )


def corrections(shop: Dataset) -> int:
    """Return how many orders are taken for corrections of the stock: they come to nothing and name no customer."""
    orders = shop.sales()
    return int(shop.run(orders.filter(_corrections(orders)).agg(n=_.count()))["n"].iloc[0])


def _corrections(orders: ir.Table) -> ir.BooleanValue:
    """Say which orders come to nothing before refunds and name no customer, where orders name customers."""
    if "customer_id" not in orders.columns:
        return ibis.literal(False)
    refunded = orders.refunded.fill_null(0) if "refunded" in orders.columns else 0
    return orders.customer_id.isnull() & (orders.net + refunded == 0)


def _with_category(shop: Dataset, lines: ir.Table) -> ir.Table:
    if not shop.has("products.category"):
        return lines.mutate(category=_.own_category.nullif("").fill_null(NO_CATEGORY))
    products = shop.table("products").filter(_.sku.notnull())
    of = products.group_by(of_sku=products.sku).agg(listed=products.category.nullif("").min())
    lines = lines.left_join(of, lines.sku == of.of_sku).drop("of_sku")
    return lines.mutate(category=ibis.coalesce(_.listed, _.own_category.nullif(""), ibis.literal(NO_CATEGORY)))


def _totals(shop: Dataset, moves: ir.Table) -> pd.DataFrame:
    """Return a row a SKU, most net first, with what the list of products knows of it."""
    sums = moves.group_by("sku").agg(
        category=_.category.min(),
        net=_.net.sum(),
        sold=_.sold.sum(),
        returned=_.returned.sum(),
        first=_.day.min(where=_.sold > 0),
        last=_.day.max(where=_.sold > 0),
        sale_days=_.day.nunique(where=_.sold > 0),
        unnamed=_.unnamed.min(),
    )
    totals = shop.run(sums).merge(shop.run(usual_names(moves)), on="sku", how="left")
    for name in ("first", "last"):
        totals[name] = pd.to_datetime(totals[name]).dt.date
    totals["net"] = totals["net"].round(4)
    known = listed_products(shop)
    totals = totals.merge(known, on="sku", how="left", suffixes=("", "_listed"))
    totals["product"] = totals["product_listed"].fillna(totals["product"])
    return totals.drop(columns="product_listed").sort_values(["net", "sku"], ascending=[False, True], ignore_index=True)


def usual_names(moves: ir.Table) -> ir.Table:
    """Return the name most lines give each SKU (sku, product): others are often remarks."""
    named = moves.group_by("sku", "product").agg(lines=_.count())
    order = ibis.window(group_by="sku", order_by=[named.lines.desc(), named["product"]])
    return named.mutate(place=ibis.row_number().over(order)).filter(_.place == 0).select("sku", "product")


def listed_products(shop: Dataset) -> pd.DataFrame:
    """Return what the list of products says: sku, product, vendor; empty if there is none."""
    if not shop.has("products"):
        return pd.DataFrame({"sku": [], "product": [], "vendor": []}, dtype=object)
    products = shop.table("products").filter(_.sku.notnull())
    vendor = products.vendor if "vendor" in products.columns else ibis.null("string")
    return shop.run(products.mutate(vendor=vendor).group_by("sku").agg(product=_.product.min(), vendor=_.vendor.min()))
