"""What a conversion is worth: the value of an order, and the share of it that is margin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from ibis import _

from journeylab import words
from journeylab.checks import number
from journeylab.errors import NotEnoughData

if TYPE_CHECKING:
    import pandas as pd

    from journeylab.data.dataset import Dataset


@dataclass(frozen=True)
class Worth:
    """The mean value of a conversion with its standard error, and the share of it that is margin.

    Args:
        value: Mean value of an order.
        error: Standard error of the mean; 0 if it was given.
        margin: Share of the value that is margin.
        by_cell: Whether groups have values of their own, from the events of the last step.
        said: Where the figures come from, in a sentence.
    """

    value: float
    error: float
    margin: float
    by_cell: bool
    said: str


def worth_of(shop: Dataset, counted: pd.DataFrame, *, value: float | None, margin: float | None) -> Worth:
    """Return what a conversion is worth, from what was given, the events' own value, or the shop's orders.

    Args:
        shop: The shop.
        counted: Cells with n_value, value and value2 (count, sum and sum of squares of the last step's values).
        value: As given by the user.
        margin: As given by the user.

    Raises:
        NotEnoughData: if no value is known.
    """
    share, where = margin_of(shop, margin)
    if value is not None:
        return Worth(number(value, "value", lowest=0), 0.0, share, False, f"An order is taken as {value:g}; {where}.")
    n = float(counted["n_value"].sum()) if "n_value" in counted else 0.0
    if n > 0:
        total, squares = float(counted["value"].sum()), float(counted["value2"].sum())
        mean, source, by_cell = total / n, "the value of the last step's events", True
    else:
        if not shop.has("orders"):
            raise NotEnoughData("Neither the events nor any orders say what a conversion is worth.", do="Give a value.")
        net = shop.sales().net.cast("float64")
        rows = shop.run(shop.sales().agg(n=_.count(), total=net.sum(), squares=(net * net).sum()))
        n = float(rows["n"].iloc[0])
        if n == 0:
            raise NotEnoughData("There is no order in this period that says what a conversion is worth.")
        total, squares = float(rows["total"].iloc[0]), float(rows["squares"].iloc[0])
        mean, source, by_cell = total / n, "the mean order of the period", False
    variance = max(squares - n * mean**2, 0.0) / max(n - 1, 1)
    said = f"An order is taken as {words.money(mean, shop.currency)} ({source}, n = {words.count(n)}); {where}."
    return Worth(mean, float(np.sqrt(variance / n)), share, by_cell, said)


def margin_of(shop: Dataset, margin: float | None) -> tuple[float, str]:
    """Return the share of an order's net that is margin, and where it comes from.

    From the lines whose unit cost is known (on the line, else by SKU from the products):
    1 − Σ quantity × unit cost / Σ (quantity × unit price − discount). Without any cost it is 1, and said.
    """
    if margin is not None:
        return number(margin, "margin", lowest=0, highest=1), f"{words.percent(margin)} of it as margin"
    unknown = (1.0, "no costs are known, so revenue stands for margin")
    if not shop.has("order_lines"):
        return unknown
    lines = shop.table("order_lines")
    if "unit_cost" in lines.columns:
        costed = lines
    elif shop.has("products.unit_cost") and "sku" in lines.columns:
        products = shop.table("products").group_by(known_sku="sku").agg(unit_cost=_.unit_cost.max())
        costed = lines.left_join(products, lines.sku == products.known_sku)
    else:
        return unknown
    costed = costed.filter(costed.unit_cost.notnull(), costed.quantity > 0)
    price = costed.quantity.cast("float64") * costed.unit_price.cast("float64")
    if "discount" in lines.columns:
        price -= costed.discount.cast("float64").fill_null(0.0)
    cost = costed.quantity.cast("float64") * costed.unit_cost.cast("float64")
    sums = shop.run(costed.agg(price=price.sum(), cost=cost.sum())).iloc[0]
    if not float(sums["price"] or 0) > 0:
        return unknown
    share = float(np.clip(1 - float(sums["cost"]) / float(sums["price"]), 0, 1))
    return share, f"{words.percent(share)} of it as margin, from the costs that are known"
