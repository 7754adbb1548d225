"""Days on which a SKU could not sell because there was none: by counts of stock, or inferred from silence.

A day counts as out where the stock at its close was zero or below at all locations together and nothing sold on it, so
that the day on which the last unit went is not. A count holds until the next one; where none tells, a silence of a fast
seller is taken for one where it would come by chance less than once in a thousand such SKUs. Demand of a day out is
what the SKU sold around it. docs/methods/demand.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import ibis
import numpy as np
import pandas as pd
from ibis import _

from journeylab.data.dataset import ibis_date
from journeylab.operations import stock_counts

if TYPE_CHECKING:
    from datetime import date

    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

#: A silence is only read as a stock-out for SKUs that sell on this share of days or more...
FAST = 0.3
#: ...and that sold on six of the 28 days before and after it.
NEAR, AROUND = 28, 6
CHANCE = 0.001
#: A longer time out is a pause or an end: the demand of its later days is not known, and not made up.
LONGEST = 56
#: Days around a day out that weigh by a factor of e less.
BANDWIDTH = 42.0

#: A count this many days after the last sale that was seen still tells of it.
LATE = 7
#: From this share of days on, counts are said to tell of all.
MOST = 0.9
COUNTED, PARTLY, INFERRED = "counted", "partly counted", "inferred"


@dataclass(frozen=True)
class StockOuts:
    """Days out of stock.

    Args:
        days: A row a SKU and day: sku, day, counted (whether by a count, else inferred from a silence).
        told: Share of the days since each SKU's first sale of which counts tell.
    """

    days: pd.DataFrame
    told: float

    @property
    def source(self) -> str:
        """'counted' where counts tell of nine in ten days, 'inferred' where of none, else 'partly counted'."""
        return COUNTED if self.told >= MOST else PARTLY if self.told > 0 else INFERRED


def out_days(shop: Dataset, moves: ir.Table, days: tuple[date, date]) -> StockOuts:
    """Find the days on which SKUs were out of stock.

    Args:
        shop: For its counts of stock; those of a week after the last day count too, where no window is set.
        moves: What was sold: sku, day, sold.
        days: First and last day to look at.
    """
    sales = shop.engine.keep(moves.filter(_.sold > 0).group_by("sku", "day").agg(sold=_.sold.sum()))
    gaps = _silences(sales)
    silent = _inferred(shop.run(gaps), _closed(shop, sales, days))
    if not shop.has("stock"):
        return StockOuts(_frame(silent), 0.0)
    first = days[0] - timedelta(days=stock_counts.HOLDS)
    last = days[1] if shop.window else days[1] + timedelta(days=LATE)  # a look back knows nothing of later counts
    counts = shop.table("stock").filter(_.as_of >= ibis_date(first), _.as_of <= ibis_date(last))
    steps = shop.engine.keep(stock_counts.levels(counts))
    told = shop.run(stock_counts.told_of(steps, sales.group_by("sku").agg(first=_.day.min()), days))
    empty = _spelled(shop.run(stock_counts.without(steps, sales, days[1])))
    there = stock_counts.some_there(steps).rename(of="sku")
    there = gaps.inner_join(there, [gaps.sku == there.of, there.begin < gaps.after, there.end > gaps.before])
    sure = _spelled(shop.run(there.select("sku", "begin", "end")))
    silent = silent[~pd.MultiIndex.from_frame(silent).isin(pd.MultiIndex.from_frame(sure[["sku", "day"]]))]
    found = pd.concat([empty, silent.assign(counted=False)], ignore_index=True)
    found = found[found["day"] >= pd.Timestamp(days[0])]
    return StockOuts(_frame(found), float(told["told"].sum() / max(told["days"].sum(), 1)))


def _spelled(spans: pd.DataFrame) -> pd.DataFrame:
    """Return every day of spans: sku, day, counted (whether the day of the count or later)."""
    begin, end = pd.to_datetime(spans["begin"]), pd.to_datetime(spans["end"])
    n = ((end - begin).dt.days + 1).to_numpy(int)
    row = np.repeat(np.arange(len(spans)), n)
    after = np.arange(n.sum()) - np.repeat(n.cumsum() - n, n)
    day = begin.to_numpy()[row] + after.astype("timedelta64[D]")
    counted = pd.to_datetime(spans["counted"]).to_numpy()[row] <= day if "counted" in spans else True
    return pd.DataFrame({"sku": spans["sku"].to_numpy(object)[row], "day": day, "counted": counted})


def _silences(sales: ir.Table) -> ir.Table:
    """Return silences between two sales that chance hardly explains: sku, before, after (days with sales)."""
    order = ibis.window(group_by="sku", order_by="day")
    whole = ibis.window(group_by="sku")
    marked = sales.mutate(
        before=_.day.lag(1).over(order),
        early=_.day.lag(AROUND).over(order),
        late=_.day.lead(AROUND - 1).over(order),
        active=_.day.count().over(whole),
        first=_.day.min().over(whole),
        last=_.day.max().over(whole),
    )
    marked = marked.filter(_.early.notnull(), _.late.notnull())
    marked = marked.mutate(gap=_.day.delta(_.before, unit="day"), length=_["last"].delta(_["first"], unit="day") + 1)
    marked = marked.filter(
        _.gap > 3,
        _.gap <= LONGEST,
        _.active >= FAST * _.length,
        _.active < _.length,
        _.before.delta(_.early, unit="day") <= NEAR,
        _.late.delta(_.day, unit="day") <= NEAR,
    )
    rate = _.active.cast("float64") / _.length
    marked = marked.mutate(chance=(_.gap - 1) * (1 - rate).ln() + _.active.cast("float64").ln())
    return marked.filter(_.chance < math.log(CHANCE)).select("sku", "before", after="day")


def _closed(shop: Dataset, sales: ir.Table, days: tuple[date, date]) -> set[pd.Timestamp]:
    """Return the days on which the whole shop sold nothing."""
    sold = shop.run(sales.group_by("day").agg(n=_.count()))
    return set(pd.date_range(*days)) - set(pd.to_datetime(sold["day"]))


def _inferred(gaps: pd.DataFrame, closed: set[pd.Timestamp]) -> pd.DataFrame:
    rows = []
    for gap in gaps.itertuples(index=False):
        one = pd.Timedelta(days=1)
        between = pd.date_range(pd.Timestamp(gap.before) + one, pd.Timestamp(gap.after) - one)
        rows += [(gap.sku, day) for day in between if day not in closed]
    found = pd.DataFrame(rows, columns=["sku", "day"])
    return found.assign(day=pd.to_datetime(found["day"]), sku=found["sku"].astype(object))


def _frame(rows: pd.DataFrame) -> pd.DataFrame:
    """Return each day once, counted where any count says so."""
    counted = rows["counted"].astype(bool) if "counted" in rows else False
    rows = rows.assign(day=pd.to_datetime(rows["day"]), sku=rows["sku"].astype(object), counted=counted)
    rows = rows.sort_values(["sku", "day", "counted"], ascending=[True, True, False])
    return rows.drop_duplicates(["sku", "day"], ignore_index=True)


def without_ends(out: pd.DataFrame, longest: int = LONGEST) -> pd.DataFrame:
    """Return days out of stock less those after the first `longest` of a run."""
    if out.empty:
        return out
    new_run = (out["sku"] != out["sku"].shift()) | (out["day"].diff() != pd.Timedelta(days=1))
    place = out.groupby(new_run.cumsum()).cumcount()
    return out[place < longest].reset_index(drop=True)


def corrected(kept: np.ndarray, open_factor: np.ndarray, out_factor: np.ndarray, step: float) -> np.ndarray:
    """Return demand: what was kept, and on days out of stock what the SKU sold around them.

    The rate at a period is Σ w·kept / Σ w·open over all periods, w = exp(−|distance| / 42 days).

    Args:
        kept: Units a SKU (row) and period (column); NaN before the SKU was there.
        open_factor: Calendar factors added up over the days it could sell.
        out_factor: The same over the days out.
        step: Days a period has.
    """
    rows = np.flatnonzero((out_factor > 0).any(axis=1))
    demand = kept.copy()
    if not len(rows):
        return demand
    at = np.arange(kept.shape[1])
    weight = np.exp(-np.abs(at[:, None] - at[None, :]) * step / BANDWIDTH)
    sold, could = np.nan_to_num(kept[rows]), np.where(np.isnan(kept[rows]), 0.0, open_factor[rows])
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.nan_to_num((sold @ weight) / (could @ weight))
    demand[rows] += rate * out_factor[rows]
    return demand
