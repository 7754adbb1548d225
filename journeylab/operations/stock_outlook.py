"""What becomes of today's stock: when it runs out, until when to order, what lies too long, and a word for it.

Method and limits: docs/methods/replenishment.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from datetime import date

    from journeylab.operations.shelf import Coming

OUT, RUNS_OUT, ORDER, FINE = "out of stock", "will run out", "order now", "fine"
OVERSTOCK, JUST_IN, IDLE, UNKNOWN = "overstock", "just in", "not selling", "stock not known"
#: The states, the most urgent first.
ORDERED = (OUT, RUNS_OUT, ORDER, FINE, OVERSTOCK, JUST_IN, IDLE, UNKNOWN)
#: Days of cover beyond this say no more than that.
LONGEST = 3650
#: Less than this is a rounding error of the sums.
_NOTHING = 1e-9


def stock_outlook(
    rows: pd.DataFrame, *, path: np.ndarray, coming: Coming, as_of: date, overstock_days: float
) -> pd.DataFrame:
    """Add runs_out, order_by, days_of_cover, overstock, overstock_cost and status.

    A SKU runs out on the first day at whose end the expected demand is more than what is there and has come. The
    latest day to order is a lead time before the first day at whose end less than the safety stock is left, among the
    days that an order placed now can still change. Overstock
    is what is there beyond the reorder point and beyond the demand of `overstock_days`.

    Args:
        rows: A row a SKU with on_hand, committed, per_day, order, safety_stock, reorder_point, cycle, lead_time_days,
            unit_cost and just_in (whether it came lately and had no time to sell: then none of it is overstock).
        path: Expected demand by day.
        coming: What arrives.
        as_of: The first day of both.
        overstock_days: Days that stock may last.
    """
    there = (rows["on_hand"] - rows["committed"]).to_numpy(float)
    used = path.cumsum(axis=1)
    lead = rows["lead_time_days"].to_numpy(float)
    sells = rows["per_day"].to_numpy(float) > 0
    wait = np.ceil(lead)  # what comes before an order placed now could come is past changing
    least = rows["safety_stock"].to_numpy(float)
    alone = _first_below(there, used, 0.0)
    out, low = alone.copy(), _first_below(there, used, least, since=wait)
    late = np.unique(coming.rows)
    level = there[late, None] + coming.by_day(late, path.shape[1]).cumsum(axis=1) - used[late]
    changeable = np.arange(path.shape[1])[None, :] >= wait[late, None]
    out[late] = _first(level < -_NOTHING)
    low[late] = _first(changeable & (level < least[late, None] - _NOTHING))
    out = np.where(there <= 0, 0.0, out)
    out, low = (np.where(sells & ~np.isnan(there), days, np.nan) for days in (out, low))
    latest = np.maximum(low - wait, 0)
    cover = np.where(there <= 0, 0.0, alone)
    rate = np.where(sells, rows["per_day"].to_numpy(float), np.nan)
    cover = np.where(np.isnan(cover), there / rate, cover)
    cover = np.where(np.isnan(there) | ~sells, np.nan, np.minimum(cover, LONGEST))

    lasting = _demand_of(path, overstock_days)
    enough = np.maximum(np.maximum(rows["reorder_point"].to_numpy(float), lasting), np.where(sells, rows["cycle"], 0.0))
    too_much = np.floor(np.maximum(there - enough, 0.0) + 1e-9)
    just_in = rows["just_in"].to_numpy(bool) & ~sells
    too_much = np.where(just_in, 0.0, too_much)
    doomed = np.where(np.isnan(out), False, out < wait)
    status = np.select(
        [
            np.isnan(there),
            just_in,
            ~sells,
            there <= 0,
            doomed,
            rows["order"].to_numpy(float) > 0,
            too_much > 0,
        ],
        [UNKNOWN, JUST_IN, IDLE, OUT, RUNS_OUT, ORDER, OVERSTOCK],
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


def _first_below(
    there: np.ndarray, used: np.ndarray, least: np.ndarray | float, since: np.ndarray | float = 0.0
) -> np.ndarray:
    """The first day, of those from `since` on, at whose end less than `least` is left if nothing comes."""
    good = (used <= (there - least)[:, None] + _NOTHING).sum(axis=1)  # the days before it, since use only adds up
    first = np.maximum(good, since)
    return np.where(np.isnan(there) | (first >= used.shape[1]), np.nan, first)


def _first(true: np.ndarray) -> np.ndarray:
    """The first column in which each row is true; missing where none is."""
    return np.where(true.any(axis=1), true.argmax(axis=1).astype(float), np.nan)


def _demand_of(path: np.ndarray, days: float) -> np.ndarray:
    """Demand of the first days; what lies beyond the path goes on at its mean."""
    inside = min(int(days), path.shape[1])
    return path[:, :inside].sum(axis=1) + path.mean(axis=1) * (days - inside)


def _days(as_of: date, after: np.ndarray) -> pd.DatetimeIndex:
    return pd.Timestamp(as_of) + pd.to_timedelta(pd.Series(after), unit="D").dt.floor("D")
