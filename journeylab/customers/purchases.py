"""The engine's part of lifetime value: orders reduced to purchase days, and these to what the models need.

Rules, each a line of SQL in effect: a **purchase** is a day on which a customer's counted orders come to more than
zero, so that several orders a day are one purchase, and gifts, orders refunded in full and stand-alone returns are none
(gifts are, where they are asked to be). Guests are left out. History counts from its first day whatever the date
window, which only sets the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import numpy as np
from ibis import _

from journeylab.customers.customer_base import CustomerBase
from journeylab.data.dataset import ibis_date

if TYPE_CHECKING:
    from datetime import date

    import ibis.expr.types as ir
    import pandas as pd

    from journeylab.data.dataset import Dataset

WEEK = 7.0
#: What customers can be grouped by, and the column of the first order that says it; the cohort is its month, and the
#: persona a column of the customers.
GROUPS = {
    "marketing_channel": "marketing_channel",
    "sales_channel": "sales_channel",
    "device": "device",
    "country": "country",
    "first_product": "",
    "cohort": "",
    "persona": "",
}
#: From this many customers on, times are rounded to weeks, which leaves some thousand distinct rows.
MANY = 300_000


def groups_of(shop: Dataset) -> list[str]:
    """Return what this shop's customers can be grouped by."""
    having = [name for name, column in GROUPS.items() if column and shop.has(f"orders.{column}")]
    having += ["first_product"] if shop.has("order_lines") else []
    return [*having, "cohort", *(["persona"] if shop.has("customers.persona") else [])]


def purchase_days(shop: Dataset, until: date, *, free: bool = False) -> ir.Table:
    """Return a row a customer and purchase day: customer_id, day, net.

    With `free`, days that come to zero count too, unless something was refunded on them.
    """
    orders = shop.sales(whole=True).filter(_.customer_id.notnull(), _.day <= ibis_date(until))
    refunded = _.refunded.fill_null(0).sum() if "refunded" in orders.columns else ibis.literal(0)
    days = orders.group_by("customer_id", "day").agg(net=_.net.sum().cast("float64"), refunded=refunded)
    return days.filter((_.net > 0) | ((_.net == 0) & (_.refunded == 0)) if free else _.net > 0).drop("refunded")


def with_first(days: ir.Table) -> ir.Table:
    """Add `first`, the customer's first purchase day, to purchase days."""
    return days.mutate(first=_.day.min().over(ibis.window(group_by="customer_id")))


def histories(days: ir.Table, split: date) -> ir.Table:
    """Return a row a customer who bought by the split.

    Columns: customer_id, first, frequency, recency (days), age (days), spend (net of the repeat purchases by the
    split), first_net, later (purchases after it) and later_net.
    """
    seen = _.day <= ibis_date(split)
    customers = days.group_by("customer_id").agg(
        first=_.day.min(),
        last=_.day.max(where=seen),
        frequency=seen.sum() - 1,
        money=ibis.ifelse(seen, _.net, 0.0).sum(),
        first_net=_.net.argmin(_.day),
        later=(~seen).sum(),
        later_net=ibis.ifelse(seen, 0.0, _.net).sum(),
    )
    customers = customers.filter(_["first"] <= ibis_date(split))
    return customers.mutate(
        recency=_["last"].delta(_["first"], unit="day"),
        age=-_["first"].delta(ibis_date(split), unit="day"),
        spend=ibis.ifelse(_.frequency > 0, _.money - _.first_net, 0.0),
    ).drop("last", "money")


def grouped(shop: Dataset, customers: ir.Table, by: str | None, personas: ir.Table | None = None) -> ir.Table:
    """Add `group` to histories: the customer's persona, or what the first purchase day says about `by`."""
    if by == "persona" and personas is None:
        listed = shop.table("customers", whole=True).group_by("customer_id").agg(name=_.persona.max())
        personas = listed.filter(_.name.notnull())
    if personas is not None:
        said = personas.select(owner=personas.customer_id, group=personas.name)
        joined = customers.left_join(said, customers.customer_id == said.owner).drop("owner")
        return joined.mutate(group=_.group.fill_null("no persona"))
    if by is None:
        return customers.mutate(group=ibis.literal("all"))
    if by == "cohort":
        return customers.mutate(group=_["first"].truncate("M").strftime("%Y-%m"))
    orders = shop.sales(whole=True).filter(_.customer_id.notnull())
    column = GROUPS[by]
    if by == "first_product":
        lines = shop.table("order_lines", whole=True).filter(_.quantity > 0).select("order_id", "product")
        orders, column = orders.inner_join(lines, "order_id"), "product"
    said = orders.select("customer_id", "day", said=orders[column])
    firsts = customers.select(owner=_.customer_id, first_day=_["first"])
    said = (
        said.inner_join(firsts, [said.customer_id == firsts.owner, said.day == firsts.first_day])
        .group_by("owner")
        .agg(group=_.said.min())
    )
    joined = customers.left_join(said, customers.customer_id == said.owner).drop("owner")
    return joined.mutate(group=_.group.fill_null("not known"))


def statistics(customers: ir.Table, *, weekly: bool) -> ir.Table:
    """Return distinct histories: group, frequency, recency, age, n, and sums of what differs within them.

    Sums: spend, squares (of spend), first_net, later, later_any (customers who bought later), later_net. With `weekly`,
    recency and age are rounded to weeks (a repeat purchase to at least one); else they are days.
    """
    if weekly:
        recency = ibis.ifelse(_.frequency > 0, ibis.greatest((_.recency + 3) // 7, 1), 0)
        customers = customers.mutate(recency=recency).mutate(age=ibis.greatest((_.age + 3) // 7, _.recency))
    return customers.group_by("group", "frequency", "recency", "age").agg(
        n=_.count(),
        spend=_.spend.sum(),
        squares=(_.spend * _.spend).sum(),
        first_net=_.first_net.sum(),
        later=_.later.sum(),
        later_any=(_.later > 0).sum(),
        later_net=_.later_net.sum(),
    )


def averages(customers: ir.Table, *, rounded: bool) -> ir.Table:
    """Return repeat purchases and mean spend of repeaters: purchases, average, n; to 1 % of the average if rounded."""
    repeaters = customers.filter(_.frequency > 0, _.spend > 0).mutate(average=_.spend / _.frequency)
    if not rounded:
        return repeaters.group_by("frequency", "average").agg(n=_.count()).rename(purchases="frequency")
    step = (_.average.ln() * 100).round()
    return (
        repeaters.mutate(step=step)
        .group_by("frequency", "step")
        .agg(average=_.average.mean(), n=_.count())
        .drop("step")
        .rename(purchases="frequency")
    )


def weekly_purchases(days: ir.Table, split: date, start: date) -> ir.Table:
    """Return repeat purchases of those who bought by the split, by week from the start: week (from 0), purchases."""
    repeats = with_first(days).filter(_["first"] <= ibis_date(split), _.day > _["first"])
    return repeats.mutate(week=_.day.delta(ibis_date(start), unit="day") // 7).group_by("week").agg(purchases=_.count())


def births(days: ir.Table, split: date) -> ir.Table:
    """Return customers by the day of their first purchase, up to the split: first, n."""
    firsts = days.group_by("customer_id").agg(first=_.day.min()).filter(_["first"] <= ibis_date(split))
    return firsts.group_by("first").agg(n=_.count())


def settled(rows: pd.DataFrame, *order: str) -> pd.DataFrame:
    """Bring an engine's rows into one order, and its sums to 12 digits: the last ones depend on who added first."""
    rows = rows.sort_values(list(order), ignore_index=True)
    for name in rows.select_dtypes("float").columns:
        values = rows[name].to_numpy(float)
        size = np.where((values == 0) | ~np.isfinite(values), 1.0, np.abs(values))
        unit = 10.0 ** (11 - np.floor(np.log10(size)))
        rows[name] = np.round(values * unit) / unit
    return rows


def base_of(rows: pd.DataFrame, *, weekly: bool) -> CustomerBase:
    """Make the models' customer base, in weeks, of rows of `statistics`."""
    unit = 1.0 if weekly else WEEK
    return CustomerBase(
        rows["frequency"].to_numpy(float),
        rows["recency"].to_numpy(float) / unit,
        rows["age"].to_numpy(float) / unit,
        rows["n"].to_numpy(float),
    )
