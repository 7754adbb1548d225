"""The demand of each SKU as it was: sales less returns, corrected for days out of stock, beside the calendar's effects.

Only whole periods are kept, and for each SKU those from the one of its first sale on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from ibis import _

from journeylab.operations import calendar_effects as calendar
from journeylab.operations import stock_outs
from journeylab.operations.sales_series import DAYS, EVERY

if TYPE_CHECKING:
    from journeylab.data.dataset import Dataset
    from journeylab.operations.sales_series import SalesSeries
    from journeylab.operations.stock_outs import StockOuts

_NO_DAYS = pd.DataFrame({"category": pd.Series(dtype=object), "day": pd.Series(dtype="datetime64[ns]")})


@dataclass(frozen=True)
class Clock:
    """The calendar of every category, learned up to any period.

    Args:
        daily: Units by category and day.
        promoted: Days in promotions by category.
        category: The category of each SKU.
        periods: First day of each known period, oldest first, and of those to come.
        known: How many of them are known.
        every: 'day', 'week' or 'month'.
    """

    daily: pd.DataFrame
    promoted: pd.DataFrame
    category: np.ndarray
    periods: pd.DatetimeIndex
    known: int
    every: str

    @property
    def days(self) -> pd.DatetimeIndex:
        """Every day of all periods."""
        end = pd.Period(self.periods[-1], freq=EVERY[self.every]).end_time.normalize()
        return pd.date_range(self.periods[0], end)

    def effects(self, known: int | None = None) -> dict[str, calendar.Effects]:
        """Return the effects by category, learned from the first `known` periods."""
        known = self.known if known is None else known
        return calendar.calendar_effects(self.daily, self.promoted, self.periods[known] - pd.Timedelta(days=1))

    def by_day(self, effects: dict[str, calendar.Effects]) -> dict[str, np.ndarray]:
        """Return the factor of each of `days` by category."""
        days, factors = self.days, {}
        for name in dict.fromkeys(self.category):
            on = np.isin(days, self.promoted.loc[self.promoted["category"] == name, "day"]).astype(float)
            factors[name] = effects.get(name, calendar.FLAT).factors(days, on)
        return factors

    def by_period(self, known: int) -> np.ndarray:
        """Return the mean factor of each SKU (row) and period (column), learned from the first `known` periods."""
        of_day = np.searchsorted(self.periods, self.days, side="right") - 1
        n = np.bincount(of_day, minlength=len(self.periods))
        means = {
            name: np.bincount(of_day, weights=factor, minlength=len(self.periods)) / n
            for name, factor in self.by_day(self.effects(known)).items()
        }
        return np.stack([means[name] for name in self.category])


@dataclass(frozen=True)
class History:
    """Demand of SKUs by whole period: a row a SKU, a column a period.

    Args:
        kept: Units sold, less those returned where that was chosen; NaN before a SKU's first sale.
        demand: The same with what days out of stock cost.
        out: Days out of stock.
        counted: How many of them counts tell of; the others are inferred.
        clock: The calendar.
        found: All days out of stock, and how they were found.
        below: Periods in which more came back than was sold, which count as zero.
        paused: SKUs out of stock to the end for so long that the last days were not corrected.
    """

    kept: np.ndarray
    demand: np.ndarray
    out: np.ndarray
    counted: int
    clock: Clock
    found: StockOuts
    below: int
    paused: frozenset[str]


def history(
    shop: Dataset, sales: SalesSeries, found: StockOuts, *, horizon: int, net: bool, corrected: bool
) -> History:
    """Bring sales into demand by whole period.

    Args:
        shop: For its promotions.
        sales: Units by SKU and period.
        found: Days out of stock.
        horizon: Periods to come.
        net: Whether returns come off.
        corrected: Whether days out of stock are made up for.
    """
    whole = np.flatnonzero(~sales.partial)
    first, last = whole[0], whole[-1] + 1
    seen = sales.periods[first:last]
    ahead = pd.period_range(seen[-1], periods=horizon + 1, freq=EVERY[sales.every]).start_time[1:]
    category = sales.skus["category"].to_numpy(object)
    clock = Clock(
        daily=sales.daily,
        promoted=promoted_days(shop, sorted(set(category) | set(sales.daily["category"]))),
        category=category,
        periods=seen.append(pd.DatetimeIndex(ahead)),
        known=len(seen),
        every=sales.every,
    )
    units = sales.sold[:, first:last] - (sales.returned[:, first:last] if net else 0.0)
    kept = np.maximum(units, 0.0)
    first_sale = pd.to_datetime(sales.skus["first"]).fillna(seen[0])
    began = np.clip(np.searchsorted(seen, first_sale, side="right") - 1, 0, len(seen) - 1)
    kept[np.arange(len(seen))[None, :] < began[:, None]] = np.nan
    days = _in_series(stock_outs.without_ends(found.days), sales.skus["sku"], clock)
    out, out_factor, open_factor = _days_out(sales.skus["sku"], clock, days)
    demand = stock_outs.corrected(kept, open_factor, out_factor, DAYS[sales.every]) if corrected else kept.copy()
    return History(
        kept=kept,
        demand=demand,
        out=out,
        counted=int(days["counted"].sum()),
        clock=clock,
        found=found,
        below=int((units < -1e-9).sum()),
        paused=_paused(found.days, sales.skus["sku"], sales.days[1]),
    )


def promoted_days(shop: Dataset, categories: list[str]) -> pd.DataFrame:
    """Return days in promotions by category; one without a category is the whole shop's, one of a SKU is nobody's."""
    if not shop.has("promotions"):
        return _NO_DAYS
    table = shop.table("promotions")
    rows = shop.run(table.filter(_.starts.notnull(), _.ends.notnull()))
    spans = []
    for row in rows.to_dict("records"):
        if isinstance(row.get("sku"), str) and row["sku"]:
            continue
        name = row.get("category")
        whose = [name] if isinstance(name, str) and name else categories
        days = _span(row["starts"], row["ends"])
        spans += [pd.DataFrame({"category": one, "day": days}) for one in whose]
    return pd.concat(spans, ignore_index=True).drop_duplicates() if spans else _NO_DAYS


def of_single_skus(shop: Dataset) -> pd.DataFrame:
    """Return days in promotions of single SKUs: sku, day."""
    none = pd.DataFrame({"sku": pd.Series(dtype=object), "day": pd.Series(dtype="datetime64[ns]")})
    if not shop.has("promotions.sku"):
        return none
    table = shop.table("promotions")
    rows = shop.run(table.filter(_.starts.notnull(), _.ends.notnull(), _.sku.notnull(), _.sku != ""))
    spans = [
        pd.DataFrame({"sku": row["sku"], "day": _span(row["starts"], row["ends"])}) for row in rows.to_dict("records")
    ]
    return pd.concat(spans, ignore_index=True).drop_duplicates() if spans else none


def _span(starts: object, ends: object) -> pd.DatetimeIndex:
    begin = pd.Timestamp(starts)
    return pd.date_range(begin, min(pd.Timestamp(ends), begin + _A_YEAR))


_A_YEAR = pd.Timedelta(days=366)


def _in_series(out: pd.DataFrame, skus: pd.Series, clock: Clock) -> pd.DataFrame:
    """Return the days out of stock of these SKUs within the known periods."""
    end = clock.periods[clock.known] if clock.known < len(clock.periods) else clock.days[-1] + pd.Timedelta(days=1)
    return out[out["sku"].isin(skus) & (out["day"] >= clock.periods[0]) & (out["day"] < end)]


def _days_out(skus: pd.Series, clock: Clock, out: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return days out of stock, their calendar factors added up, and those of the other days, by SKU and period."""
    known = clock.known
    shape = (len(skus), known)
    days = clock.days
    of_day = np.searchsorted(clock.periods, days, side="right") - 1
    factors = clock.by_day(clock.effects())
    whole = {n: np.bincount(of_day, weights=f, minlength=len(clock.periods))[:known] for n, f in factors.items()}
    total = np.stack([whole[name] for name in clock.category])
    counted, lost = np.zeros(shape), np.zeros(shape)
    place = pd.Series(np.arange(len(skus)), index=skus.to_numpy())
    at, rows = np.searchsorted(days, out["day"].to_numpy()), place[out["sku"]].to_numpy()
    np.add.at(counted, (rows, of_day[at]), 1)
    names = clock.category[rows]
    for name in dict.fromkeys(names):
        mask = names == name
        np.add.at(lost, (rows[mask], of_day[at[mask]]), factors[name][at[mask]])
    return counted, lost, total - lost


def _paused(out: pd.DataFrame, skus: pd.Series, last: object) -> frozenset[str]:
    """Return SKUs that were out of stock on each of the last `LONGEST` days and more."""
    if out.empty:
        return frozenset()
    since = pd.Timestamp(last) - pd.Timedelta(days=stock_outs.LONGEST)
    late = out[(out["day"] >= since) & out["sku"].isin(skus)].groupby("sku")["day"].nunique()
    return frozenset(late.index[late > stock_outs.LONGEST])
