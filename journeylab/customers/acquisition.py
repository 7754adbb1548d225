"""What the shop spends to win a customer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from ibis import _

from journeylab.customers import purchases
from journeylab.data.dataset import ibis_date

if TYPE_CHECKING:
    from journeylab.data.dataset import Dataset


def cost_of_winning(shop: Dataset) -> float:
    """Return what the shop's spend comes to for each customer first seen on the days it covers; 0 without spend.

    All spend over all new customers (blended), whether or not it brought them.
    """
    if not shop.has("spend.cost"):
        return 0.0
    spend = shop.table("spend", whole=True)
    known = shop.run(spend.agg(cost=spend.cost.sum().cast("float64"), start=spend.day.min(), end=spend.day.max()))
    start, end = (pd.Timestamp(known[name].iloc[0]) for name in ("start", "end"))
    if pd.isna(end) or not known["cost"].iloc[0] > 0:
        return 0.0
    days = purchases.purchase_days(shop, end.date())
    firsts = days.group_by("customer_id").agg(first=_["first"].min()).filter(_["first"] >= ibis_date(start.date()))
    n = int(shop.run(firsts.agg(n=firsts.count()))["n"].iloc[0])
    return float(known["cost"].iloc[0]) / n if n else 0.0
