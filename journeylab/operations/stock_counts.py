"""What counts of stock say of the days between them: which a SKU was out of stock on, and on which it was there.

A count holds until the next one of the same place, at most 31 days; places are added up. docs/methods/demand.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import pandas as pd
from ibis import _

from journeylab.data.dataset import ibis_date

if TYPE_CHECKING:
    from datetime import date

    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

#: A SKU whose first units were counted at most so many days ago had no time to sell.
NEW = 56
#: ...if the shop was counted so many days before that, without any of it.
BEFORE = 7
#: A count says nothing of days further from it than this.
HOLDS = 31
_NOTHING = 1e-9


def levels(stock: ir.Table) -> ir.Table:
    """Return the stock of all places together as steps: sku, day (the step's first), until (its last), level, there.

    A step with `there` of zero is one of which no count tells; its level means nothing.

    Args:
        stock: Counts: sku, as_of, on_hand, and location where it is known.
    """
    place = stock.location.fill_null("") if "location" in stock.columns else ibis.literal("")
    counts = stock.filter(_.on_hand.notnull()).select(
        "sku", place=place, day=stock.as_of.cast("date"), units=stock.on_hand.cast("float64")
    )
    counts = counts.group_by("sku", "place", "day").agg(units=_.units.sum())
    counts = counts.mutate(following=_.day.lead(1).over(ibis.window(group_by=["sku", "place"], order_by="day")))
    latest = _.day + ibis.interval(days=HOLDS + 1)
    ends = ibis.ifelse(_.following.notnull() & (_.following < latest), _.following, latest)
    begin = counts.select("sku", "day", units="units", there=ibis.literal(1, "int64"))
    end = counts.select("sku", day=ends, units=-_.units, there=ibis.literal(-1, "int64"))
    steps = begin.union(end).group_by("sku", "day").agg(units=_.units.sum(), there=_.there.sum())
    so_far = ibis.window(group_by="sku", order_by="day", preceding=None, following=0)
    steps = steps.mutate(
        level=_.units.sum().over(so_far),
        there=_.there.sum().over(so_far),
        next_day=_.day.lead(1).over(ibis.window(group_by="sku", order_by="day")),
    )
    until = _.next_day - ibis.interval(days=1)
    return steps.filter(_.next_day.notnull()).select("sku", "day", until=until, level=_.level, there=_.there)


def without(steps: ir.Table, sales: ir.Table, last: date) -> ir.Table:
    """Return when a SKU had none: sku, begin, end, counted (the day of the count that says so).

    From a count of none until the next sale, or as long as the count holds. And back to the last sale before it, where
    no count of some lies between: nothing was there to sell without a delivery. A day with a sale is none of them.

    Args:
        steps: From `levels`.
        sales: Days with a sale: sku, day.
        last: No day after this one is told of.
    """
    order = ibis.window(group_by="sku", order_by="day")
    so_far = ibis.window(group_by="sku", order_by="day", preceding=None, following=0)
    steps = steps.mutate(none=_none(), some=_some())
    steps = steps.mutate(
        none_before=ibis.ifelse(_.none.lag(1).over(order), _.day.lag(1).over(order), ibis.null("date")),
        some_before=ibis.ifelse(_.some, _.day, ibis.null("date")).max().over(so_far),
    )
    empty = steps.filter(_.none).select(
        "sku", "day", "until", "none_before", "some_before", sale=ibis.null("date"), rank=ibis.literal(1, "int64")
    )
    nothing = {name: ibis.null("date") for name in ("until", "none_before", "some_before")}
    sold = sales.select("sku", "day", **nothing, sale=_.day, rank=ibis.literal(0, "int64"))
    past = ibis.window(group_by="sku", order_by=["day", "rank"], preceding=None, following=0)
    ahead = ibis.window(group_by="sku", order_by=["day", "rank"], preceding=0, following=None)
    both = empty.union(sold).mutate(sold_before=_.sale.max().over(past), sold_after=_.sale.min().over(ahead))
    both = both.filter(_.rank == 1, _.sold_before.notnull())
    sold_out = (_.none_before.isnull() | (_.sold_before > _.none_before)) & (
        _.some_before.isnull() | (_.sold_before > _.some_before)
    )
    one = ibis.interval(days=1)
    both = both.mutate(
        begin=ibis.ifelse(sold_out, _.sold_before + one, _.day).cast("date"),
        end=ibis.least(_.until, ibis.coalesce((_.sold_after - one).cast("date"), _.until), ibis_date(last)),
    )
    return both.filter(_.begin <= _.end).select("sku", "begin", "end", counted="day")


def some_there(steps: ir.Table) -> ir.Table:
    """Return when a SKU surely had some: sku, begin, end.

    The days between two counts of some, and the day of any other; not further from a count than twice the usual
    distance between the counts of the SKU, since some files leave out what is not there.
    """
    order, whole = ibis.window(group_by="sku", order_by="day"), ibis.window(group_by="sku")
    steps = steps.mutate(
        some=_some(),
        spent=_.day.max().over(whole).delta(_.day.min().over(whole), unit="day"),
        n=_.day.count().over(whole),
    )
    steps = steps.mutate(
        some_next=_.some.lead(1).over(order).fill_null(False),
        usual=(2 * _.spent / ibis.greatest(_.n - 1, 1)).ceil().cast("int64"),
    )
    held = ibis.ifelse(_.some_next & (_.until.delta(_.day, unit="day") <= _.usual), _.until, _.day)
    return steps.filter(_.some).select("sku", begin="day", end=held)


def told_of(steps: ir.Table, firsts: ir.Table, days: tuple[date, date]) -> ir.Table:
    """Return of how many days since its first sale counts tell: sku, told, days.

    Args:
        steps: From `levels`.
        firsts: The day of each SKU's first sale: sku, first.
        days: First and last day that matter.
    """
    begin, end = ibis_date(days[0]), ibis_date(days[1])
    since = ibis.greatest(_["first"], begin)
    firsts = firsts.mutate(since=since).select(of="sku", since="since")
    firsts = firsts.mutate(days=-firsts.since.delta(end, unit="day") + 1)
    rows = firsts.left_join(steps.filter(_.there > 0), firsts.of == steps.sku)
    rows = rows.mutate(begin=ibis.greatest(_.day, _.since), end=ibis.least(_.until, end))
    length = ibis.greatest(_.end.delta(_.begin, unit="day") + 1, 0)
    rows = rows.mutate(told=ibis.ifelse(_.day.isnull(), 0, length))
    return rows.group_by(sku=_.of).agg(told=_.told.sum(), days=_.days.max())


def just_came(shop: Dataset, until: date) -> frozenset[str]:
    """Return SKUs of which some were first counted in the last 56 days, though the shop was counted a week before.

    A day counts for the shop from half of its SKUs on. From a single count it cannot be told, and there are none.

    Args:
        shop: For its counts of stock.
        until: The day they are looked at.
    """
    if not shop.has("stock"):
        return frozenset()
    stock = shop.table("stock").filter(_.on_hand.notnull(), _.as_of <= ibis_date(until))
    days = shop.run(stock.group_by(day=_.as_of).agg(n=_.sku.nunique()))
    firsts = shop.run(stock.filter(_.on_hand > 0).group_by("sku").agg(first=_.as_of.min()))
    if days.empty or firsts.empty:
        return frozenset()
    begin = pd.to_datetime(days.loc[days["n"] >= days["n"].max() / 2, "day"]).min()
    first = pd.to_datetime(firsts["first"])
    since = max(pd.Timestamp(until) - pd.Timedelta(days=NEW), begin + pd.Timedelta(days=BEFORE))
    return frozenset(firsts.loc[first >= since, "sku"])


def _none() -> ibis.Deferred:
    return (_.there > 0) & (_.level <= _NOTHING)


def _some() -> ibis.Deferred:
    return (_.there > 0) & (_.level > _NOTHING)
