"""The forecast a day: periods spread evenly over their days, from the first day that was not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from journeylab.operations.demand import Demand

#: Days looked ahead for when something runs out.
OUTLOOK = 365
_STEP = {"day": pd.DateOffset(days=1), "week": pd.DateOffset(weeks=1), "month": pd.DateOffset(months=1)}


def daily_path(demand: Demand, skus: list[str], days: int) -> np.ndarray:
    """Return expected demand by day from `demand.as_of` on: a row a SKU, a column a day.

    After the last period of the forecast, each SKU goes on at the mean of its forecast.

    Args:
        demand: The forecast.
        skus: The rows; what was not forecast has no demand.
        days: How many columns.
    """
    told = demand.skus["sku"].to_numpy()
    starts = pd.DatetimeIndex(demand.forecast["period"].to_numpy()[: demand.horizon])
    if not len(told):
        return np.zeros((len(skus), days))
    means = demand.forecast["mean"].to_numpy(float).reshape(len(told), demand.horizon)
    rows = pd.Index(told).get_indexer(skus)
    means = np.where((rows >= 0)[:, None], np.nan_to_num(means[rows]), 0.0)
    ends = starts + _STEP[demand.every]
    lengths = np.asarray((ends - starts).days, dtype=float)
    usual = means.sum(axis=1, keepdims=True) / lengths.sum()
    rates = np.column_stack([means / lengths, usual])  # the last for days beyond the forecast
    ahead = np.asarray(pd.date_range(pd.Timestamp(demand.as_of), periods=days))
    place = np.searchsorted(np.asarray(starts), ahead, side="right") - 1
    known = (place >= 0) & (ahead < np.asarray(ends[-1:])[0])
    return np.take(rates, np.where(known, place, demand.horizon), axis=1)


def whole_units(demand: Demand) -> bool:
    """Say whether everything has sold in whole units."""
    return demand.told.paths.whole


def ahead(demand: Demand, sku: str) -> pd.DataFrame:
    """Return what one SKU is expected to sell by period, of the days from `demand.as_of` on: period, mean."""
    periods = demand.forecast.loc[demand.forecast["sku"] == sku, "period"].sort_values().drop_duplicates()
    starts = pd.DatetimeIndex(periods)
    days = pd.date_range(pd.Timestamp(demand.as_of), _end(starts, demand.every) - pd.Timedelta(days=1))
    path = daily_path(demand, [sku], len(days))[0]
    place = np.searchsorted(np.asarray(starts), np.asarray(days), side="right") - 1
    means = np.bincount(place[place >= 0], path[place >= 0], minlength=len(starts))
    return pd.DataFrame({"period": starts, "mean": means})


def _end(starts: pd.DatetimeIndex, every: str) -> pd.Timestamp:
    """The day after the last period."""
    return starts[-1] + _STEP[every]
