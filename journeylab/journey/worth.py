"""What a conversion is worth: what an order leaves, or its value and the share of it that is margin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from ibis import _

from journeylab import words
from journeylab.checks import number
from journeylab.customers.margin import has_costs, share_of_net, with_money
from journeylab.errors import NotEnoughData

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from journeylab.data.dataset import Dataset

#: The column of events that `priced` adds.
WORTH = "worth"


@dataclass(frozen=True)
class Worth:
    """The mean value of a conversion with its standard error, and the share of it that is margin.

    Args:
        value: Mean value of an order; or what is left of it, where the costs of the orders are known.
        error: Standard error of the mean; 0 if it was given.
        margin: Share of the value that is margin; 1 where the value is what is left.
        by_cell: Whether groups have values of their own, from the events of the last step.
        value_said: Where the value comes from, in words.
        margin_said: Where the margin comes from, in words.
    """

    value: float
    error: float
    margin: float
    by_cell: bool
    value_said: str
    margin_said: str

    @property
    def said(self) -> str:
        """Where the figures come from, in a sentence."""
        return f"{self.value_said}; {self.margin_said}."


def priced(shop: Dataset, events: ir.Table, margin: float | None) -> tuple[ir.Table, str]:
    """Add to events what they are worth, and say by what: 'orders' they name, their own value ('events'), or ''.

    What an event says of money may hold tax and shipping, so the order it names comes first: its margin where the
    costs are known and no share was given, else its net.
    """
    if _names_orders(shop):
        orders = _orders(shop, margin).select(_named="order_id", worth=_.money)
        joined = events.left_join(orders, events.order_id == orders["_named"])
        return joined.drop("_named"), "orders"
    if "value" in events.columns:
        return events.mutate(worth=events["value"].cast("float64")), "events"
    return events, ""


def worth_of(
    shop: Dataset, counted: pd.DataFrame | None, source: str = "", *, value: float | None, margin: float | None
) -> Worth:
    """Return what a conversion is worth, from what was given, the events that end it, or the shop's orders.

    Args:
        shop: The shop.
        counted: Cells with n_value, value and value2 (count, sum and sum of squares of what the last step's events are
            worth); None if nothing was counted by cell.
        source: What `priced` said.
        value: As given by the user.
        margin: As given by the user.

    Raises:
        NotEnoughData: if no value is known.
    """
    if value is not None:
        share, where = _share(shop, margin)
        return Worth(number(value, "value", lowest=0), 0.0, share, False, f"An order is taken as {value:g}", where)
    n = float(counted["n_value"].sum()) if counted is not None and "n_value" in counted else 0.0
    by_cell = n > 0
    if counted is not None and by_cell:
        total, squares = float(counted["value"].sum()), float(counted["value2"].sum())
        of = "orders that the last step names" if source == "orders" else "the last step's events, tax perhaps in it"
    else:
        if not shop.has("orders"):
            raise NotEnoughData("Neither the events nor any orders say what a conversion is worth.", do="Give a value.")
        source, orders, of = "orders", _orders(shop, margin), "the mean order"
        if _names_orders(shop):
            named = shop.table("events").filter(_.order_id.notnull())
            orders, of = orders.semi_join(named, "order_id"), "the mean order that events name"
        known = orders.filter(_.money.notnull())
        rows = shop.run(known.agg(n=_.count(), total=_.money.sum(), squares=(_.money * _.money).sum()))
        n = float(rows["n"].iloc[0])
        if n == 0:
            raise NotEnoughData("There is no order in this period that says what a conversion is worth.")
        total, squares = float(rows["total"].iloc[0]), float(rows["squares"].iloc[0])
    mean = total / n
    error = float(np.sqrt(max(squares - n * mean**2, 0.0) / max(n - 1, 1) / n))
    money = words.money(mean, shop.currency)
    if source == "orders" and _takes_costs(shop, margin):
        said = f"An order leaves {money} ({of}, n = {words.count(n)})"
        return Worth(mean, error, 1.0, by_cell, said, "that is its net less the cost of its goods")
    share, where = _share(shop, margin)
    return Worth(mean, error, share, by_cell, f"An order is taken as {money} ({of}, n = {words.count(n)})", where)


def money_of_orders(shop: Dataset, margin: float | None) -> ir.Table:
    """Return customer_id, day and money of every known customer's order: what is left of it, or its net by a share."""
    sales = shop.sales(whole=True).filter(_.customer_id.notnull())
    if _takes_costs(shop, margin):
        return with_money(shop, sales, "margin").select("customer_id", "day", "money")
    share = 1.0 if margin is None else number(margin, "margin", lowest=0, highest=1)
    return sales.select("customer_id", "day", money=sales.net.cast("float64") * share)


def _names_orders(shop: Dataset) -> bool:
    """Say whether events name orders that the shop knows."""
    if not shop.has("orders", "events.order_id"):
        return False
    named = shop.table("events").filter(_.order_id.notnull()).select("order_id")
    return bool(shop.run(named.semi_join(shop.sales(whole=True), "order_id").limit(1).agg(n=_.count()))["n"].iloc[0])


def _takes_costs(shop: Dataset, margin: float | None) -> bool:
    return margin is None and has_costs(shop)


def _orders(shop: Dataset, margin: float | None) -> ir.Table:
    """Return order_id and money: what is left of each order where its costs are known and wanted, else its net."""
    sales = shop.sales()
    if _takes_costs(shop, margin):
        return with_money(shop, sales, "margin").select("order_id", "money")
    return sales.select("order_id", money=sales.net.cast("float64"))


def _share(shop: Dataset, margin: float | None) -> tuple[float, str]:
    """Return the share of an order's net that is margin, and where it comes from; 1 without any cost, and said."""
    if margin is not None:
        return number(margin, "margin", lowest=0, highest=1), f"{words.percent(margin)} of it as margin"
    share = share_of_net(shop) if shop.has("orders") else float("nan")
    if np.isnan(share):
        return 1.0, "no costs are known, so revenue stands for margin"
    share = float(np.clip(share, 0, 1))
    return share, f"{words.percent(share)} of it as margin, from the orders whose costs are known"
