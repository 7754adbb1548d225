"""What becomes of today's stock: when it runs out, until when to order, what lies too long, and a word for it.

Method and limits: docs/methods/replenishment.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from datetime import date

OUT, RUNS_OUT, ORDER, FINE = "out of stock", "will run out", "order now", "fine"
OVERSTOCK, IDLE, UNKNOWN = "overstock", "not selling", "stock not known"
#: The states, the most urgent first.
ORDERED = (OUT, RUNS_OUT, ORDER, FINE, OVERSTOCK, IDLE, UNKNOWN)


def stock_outlook(
    rows: pd.DataFrame, *, path: np.ndarray, coming: np.ndarray, as_of: date, overstock_days: float
) -> pd.DataFrame:
    """Add runs_out, order_by, days_of_cover, overstock, overstock_cost and status.

    A SKU runs out on the first day at whose end the expected demand is more than what is there and has come. The
    latest day to order is a lead time before the first day at whose end less than the safety stock is left, among the
    days that an order placed now can still change. Overstock
    is what is there beyond the reorder point and beyond the demand of `overstock_days`.

    Args:
        rows: A row a SKU with on_hand, committed, per_day, order, safety_stock, reorder_point, cycle, lead_time_days
            and unit_cost.
        path: Expected demand by day.
        coming: Units that arrive by day.
        as_of: The first day of both.
        overstock_days: Days that stock may last.
    """
    there = (rows["on_hand"] - rows["committed"]).to_numpy(float)
    used = path.cumsum(axis=1)
    level = there[:, None] + coming.cumsum(axis=1) - used
    lead = rows["lead_time_days"].to_numpy(float)
    sells = rows["per_day"].to_numpy(float) > 0
    out = np.where(there <= 0, 0.0, _first(level < -1e-9))
    wait = np.ceil(lead)  # what comes before an order placed now could come is past changing
    changeable = np.arange(path.shape[1])[None, :] >= wait[:, None]
    low = _first(changeable & (level < rows["safety_stock"].to_numpy(float)[:, None] - 1e-9))
    out, low = (np.where(sells & ~np.isnan(there), days, np.nan) for days in (out, low))
    latest = np.maximum(low - wait, 0)
    alone = there[:, None] - used
    cover = np.where(there <= 0, 0.0, _first(alone < -1e-9))
    rate = np.where(sells, rows["per_day"].to_numpy(float), np.nan)
    cover = np.where(np.isnan(cover), there / rate, cover)
    cover = np.where(np.isnan(there) | ~sells, np.nan, cover)

    lasting = _demand_of(path, overstock_days)
    enough = np.maximum(np.maximum(rows["reorder_point"].to_numpy(float), lasting), np.where(sells, rows["cycle"], 0.0))
    too_much = np.floor(np.maximum(there - enough, 0.0) + 1e-9)
    doomed = np.where(np.isnan(out), False, out < wait)
    status = np.select(
        [
            np.isnan(there),
            ~sells,
            there <= 0,
            doomed,
            rows["order"].to_numpy(float) > 0,
            too_much > 0,
        ],
        [UNKNOWN, IDLE, OUT, RUNS_OUT, ORDER, OVERSTOCK],
        default=FINE,
    )
    return rows.assign(
        runs_out=_days(as_of, out),
        order_by=_days(as_of, latest),
        days_of_cover=cover,
        overstock=too_much,
        overstock_cost=too_much * rows["unit_cost"].to_numpy(float),
        status=status,
    )


def _first(true: np.ndarray) -> np.ndarray:
    """The first column in which each row is true; missing where none is."""
    return np.where(true.any(axis=1), true.argmax(axis=1).astype(float), np.nan)


def _demand_of(path: np.ndarray, days: float) -> np.ndarray:
    """Demand of the first days; what lies beyond the path goes on at its mean."""
    inside = min(int(days), path.shape[1])
    return path[:, :inside].sum(axis=1) + path.mean(axis=1) * (days - inside)


def _days(as_of: date, after: np.ndarray) -> pd.DatetimeIndex:
    return pd.Timestamp(as_of) + pd.to_timedelta(pd.Series(after), unit="D").dt.floor("D")
