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
    wide = demand.forecast.pivot_table(index="sku", columns="period", values="mean").reindex(skus)
    means = np.nan_to_num(wide.to_numpy(float))
    starts = pd.DatetimeIndex(wide.columns)
    if not len(starts):
        return np.zeros((len(skus), days))
    ends = starts + _STEP[demand.every]
    lengths = np.asarray((ends - starts).days, dtype=float)
    ahead = pd.date_range(pd.Timestamp(demand.as_of), periods=days)
    place = np.searchsorted(np.asarray(starts), np.asarray(ahead), side="right") - 1
    known = (place >= 0) & (np.asarray(ahead) < np.asarray(ends[-1:])[0])
    rates = means / lengths
    usual = means.sum(axis=1, keepdims=True) / lengths.sum()
    return np.where(known[None, :], rates[:, np.maximum(place, 0)], usual)


def whole_units(demand: Demand) -> bool:
    """Say whether everything has sold in whole units."""
    sold = demand.series["sold"].to_numpy(float)
    return bool(np.allclose(sold, np.round(sold), equal_nan=True))


def ahead(demand: Demand, sku: str) -> pd.DataFrame:
    """Return what one SKU will sell by period from `demand.as_of` on: period, mean; days gone do not count."""
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
