"""Until when orders were seen: another table may reach further than the export of orders does."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from journeylab.data.dataset import Dataset

#: A longer silence than this at the end of the orders, while another table goes on, is taken for the end of the export.
SILENCE = timedelta(days=7)


def orders_end(shop: Dataset) -> date | None:
    """Return the last day of the period on which orders can have been seen; None if nothing knows days.

    That is the period's last day, unless the orders stop more than a week before it: days after the last order are
    then not known, rather than days without orders.
    """
    if shop.period is None:
        return None
    orders = shop.table("orders", whole=True)
    last = shop.run(orders.agg(last=orders.day.max()))["last"].iloc[0]
    end = shop.period[1]
    if pd.isna(last):
        return end
    seen = pd.Timestamp(last).date()
    return seen if end - seen > SILENCE and seen >= shop.period[0] else end


def orders_end_caveat(shop: Dataset, end: date | None) -> tuple[str, ...]:
    """Say that the orders stop before the period does, if `end` (from `orders_end`) lies before it."""
    if end is None or shop.period is None or end == shop.period[1]:
        return ()
    days = (shop.period[1] - end).days
    said = f"The last order is of {end}, {days} days before the period ends: "
    return (said + "what came after is taken as not known, not as days without orders.",)
