"""The days that a policy is replayed on: what was asked for, and what was there when they began.

Method and limits: docs/methods/policy_replay.md.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from ibis import _

from journeylab.data.dataset import ibis_date
from journeylab.operations import stock_outs
from journeylab.operations.sales_series import movements
from journeylab.operations.shelf import arrivals, shelf

if TYPE_CHECKING:
    from journeylab.data.dataset import Dataset

#: Days the rule of thumb looks back.
VELOCITY = 30
#: A count of stock may be this many days older than the first day of the replay.
STALE = 7


def asked(shop: Dataset, skus: list[str], first: date, end: date) -> tuple[np.ndarray, np.ndarray]:
    """Return units sold by day in the 30 days before the first, and units asked for by day from the first on.

    On days out of stock, a SKU is taken to be asked for as often as it sold on the other days within four weeks.
    """
    begin = first - timedelta(days=VELOCITY)
    moves = movements(shop).filter(_.day <= ibis_date(end))
    cells = shop.run(moves.filter(_.day >= ibis_date(begin)).group_by("sku", "day").agg(sold=_.sold.sum()))
    cells["day"] = pd.to_datetime(cells["day"])
    days = pd.date_range(begin, end)
    wide = cells.pivot_table(index="sku", columns="day", values="sold", aggfunc="sum")
    units = wide.reindex(index=skus, columns=days).fillna(0.0).to_numpy(float)
    out = stock_outs.out_days(shop, moves, (shop.period[0] if shop.period else begin, end)).days
    out = out[out["sku"].isin(skus) & out["day"].isin(days)]
    closed = np.zeros(units.shape, dtype=bool)
    row = {sku: place for place, sku in enumerate(skus)}
    closed[out["sku"].map(row).to_numpy(int), days.get_indexer(out["day"])] = True
    filled = units.copy()
    for sku, day in zip(*np.nonzero(closed), strict=True):
        near = slice(max(day - 28, 0), day + 29)
        opened = ~closed[sku, near]
        if opened.any():
            filled[sku, day] = max(filled[sku, day], units[sku, near][opened].mean())
    return units[:, :VELOCITY], filled[:, VELOCITY:]


def beginning(
    shop: Dataset, rows: pd.DataFrame, skus: list[str], first: date, days: int, usual: np.ndarray
) -> tuple[np.ndarray, np.ndarray, int]:
    """Return units there and on their way at the start; what the rule of thumb would hold where no count is known."""
    there = shelf(shop, until=first - timedelta(days=1))
    counts = there.counts.set_index("sku").reindex(skus)
    fresh = counts["counted"] >= pd.Timestamp(first - timedelta(days=STALE))
    units = np.maximum((counts["on_hand"] - counts["committed"]).to_numpy(float), 0.0)
    known = fresh.to_numpy() & np.isfinite(units)
    wait = rows["lead_time_days"].to_numpy(float)
    coming = arrivals(there, skus, as_of=first, wait=wait).by_day(np.arange(len(skus)), days) * known[:, None]
    return np.where(known, np.nan_to_num(units), np.round(usual)), coming, int(known.sum())
