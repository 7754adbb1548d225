"""Days on which a SKU could not sell because there was none: counted in the stock history, or inferred from silence.

A day counts as out where the stock at its close was zero or below at all locations together and nothing sold on it, so
that the day on which the last unit went is not. Without a history, a silence of a fast seller is taken for one where
it would come by chance less than once in a thousand such SKUs. Demand of a day out is what the SKU sold around it.
docs/methods/demand.md.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import ibis
import numpy as np
import pandas as pd
from ibis import _

from journeylab.data.dataset import ibis_date

if TYPE_CHECKING:
    from datetime import date

    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

#: From this many days with a count on, the stock table is a history.
HISTORY = 28
#: A silence is only read as a stock-out for SKUs that sell on this share of days or more...
FAST = 0.3
#: ...and that sold on six of the 28 days before and after it.
NEAR, AROUND = 28, 6
CHANCE = 0.001
#: A longer time out is a pause or an end: the demand of its later days is not known, and not made up.
LONGEST = 56
#: Days around a day out that weigh by a factor of e less.
BANDWIDTH = 42.0

COUNTED, INFERRED = "counted", "inferred"


def out_days(shop: Dataset, moves: ir.Table, days: tuple[date, date]) -> tuple[pd.DataFrame, str]:
    """Return the days out of stock (sku, day), and whether they were 'counted' or 'inferred'."""
    if shop.has("stock"):
        stock = shop.table("stock").filter(_.on_hand.notnull())
        stock = stock.filter(_.as_of >= ibis_date(days[0]), _.as_of <= ibis_date(days[1]))
        if int(shop.run(stock.agg(days=_.as_of.nunique()))["days"].iloc[0]) >= HISTORY:
            return _frame(shop.run(_counted(stock, moves))), COUNTED
    gaps = shop.run(_silences(moves))
    return _inferred(gaps, _closed(shop, moves, days)), INFERRED


def _counted(stock: ir.Table, moves: ir.Table) -> ir.Table:
    empty = stock.group_by("sku", "as_of").agg(on_hand=_.on_hand.sum()).filter(_.on_hand <= 0)
    sold = moves.filter(_.sold > 0).group_by(of_sku=_.sku, of_day=_.day).agg(sold=_.sold.sum())
    firsts = moves.filter(_.sold > 0).group_by(known=_.sku).agg(first=_.day.min())
    empty = empty.inner_join(firsts, empty.sku == firsts.known).filter(_.as_of > _["first"]).select("sku", "as_of")
    both = empty.left_join(sold, [empty.sku == sold.of_sku, empty.as_of == sold.of_day])
    return both.filter(_.sold.isnull()).select("sku", day="as_of")


def _silences(moves: ir.Table) -> ir.Table:
    """Return silences between two sales that chance hardly explains: sku, before, after (days with sales)."""
    sales = moves.filter(_.sold > 0).group_by("sku", "day").agg(sold=_.sold.sum())
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


def _closed(shop: Dataset, moves: ir.Table, days: tuple[date, date]) -> set[pd.Timestamp]:
    """Return the days on which the whole shop sold nothing."""
    sold = shop.run(moves.filter(_.sold > 0).group_by("day").agg(n=_.count()))
    return set(pd.date_range(*days)) - set(pd.to_datetime(sold["day"]))


def _inferred(gaps: pd.DataFrame, closed: set[pd.Timestamp]) -> pd.DataFrame:
    rows = []
    for gap in gaps.itertuples(index=False):
        one = pd.Timedelta(days=1)
        between = pd.date_range(pd.Timestamp(gap.before) + one, pd.Timestamp(gap.after) - one)
        rows += [(gap.sku, day) for day in between if day not in closed]
    return _frame(pd.DataFrame(rows, columns=["sku", "day"]))


def _frame(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.assign(day=pd.to_datetime(rows["day"]), sku=rows["sku"].astype(object))
    return rows.sort_values(["sku", "day"], ignore_index=True)


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
