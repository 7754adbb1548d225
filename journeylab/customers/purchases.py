"""The engine's part of lifetime value: orders reduced to purchase days, and these to what the models need.

Rules, each a line of SQL in effect: a **purchase** is a day on which a customer's counted orders come to more than
zero, so that several orders a day are one purchase, and gifts, orders refunded in full and stand-alone returns are none
(gifts are, where they are asked to be). A day that comes to less than zero takes its money off the customer's last
purchase before it, on the day it is given back; without one, the goods were bought before the data begin, and it is
left aside. Guests are left out. History counts from its first day whatever the date window, which only sets the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import numpy as np
import pandas as pd
from ibis import _

from journeylab import words
from journeylab.customers.customer_base import CustomerBase
from journeylab.data.dataset import ibis_date

if TYPE_CHECKING:
    from datetime import date

    import ibis.expr.types as ir

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
    """Return a row a customer and day on which they bought, or gave more back than they bought.

    Columns: customer_id, day, net, first (day of the customer's first purchase) and purchase (day of the purchase the
    money belongs to: its own where the day is a purchase, else the last one before). With `free`, days that come to
    zero are purchases too, unless something was refunded on them.
    """
    return _placed(shop, until, free=free).filter(_.purchase.notnull())


def _placed(shop: Dataset, until: date, *, free: bool) -> ir.Table:
    """Return purchase days, and with them returns without a purchase before them."""
    orders = shop.sales(whole=True).filter(_.customer_id.notnull(), _.day <= ibis_date(until))
    refunded = _.refunded.fill_null(0).sum() if "refunded" in orders.columns else ibis.literal(0)
    days = orders.group_by("customer_id", "day").agg(net=_.net.sum().cast("float64"), refunded=refunded)
    bought = (_.net > 0) | ((_.net == 0) & (_.refunded == 0)) if free else _.net > 0
    days = days.mutate(bought=ibis.ifelse(bought, _.day, ibis.null("date"))).filter(_.bought.notnull() | (_.net < 0))
    so_far = ibis.cumulative_window(group_by="customer_id", order_by="day")
    days = days.mutate(first=_.bought.min().over(so_far), purchase=_.bought.max().over(so_far))
    return days.drop("refunded", "bought")


def returned(shop: Dataset, until: date, *, free: bool = False) -> tuple[float, float]:
    """Return what stand-alone returns took off purchases, and what of them is left aside, as net value above zero."""
    orders = shop.sales(whole=True)
    if not int(shop.run(orders.agg(n=(orders.net < 0).sum()).fill_null(0))["n"].iloc[0]):
        return 0.0, 0.0
    back = _placed(shop, until, free=free).filter(_.net < 0)
    sums = shop.run(back.agg(taken=_.net.sum(where=_.purchase.notnull()), aside=_.net.sum(where=_.purchase.isnull())))
    taken, aside = (sums[name].fillna(0).iloc[0] for name in ("taken", "aside"))
    return -float(taken), -float(aside)


def returned_caveat(shop: Dataset, until: date, *, free: bool = False) -> tuple[str, ...]:
    """Say what stand-alone returns took off the money, and what of them is left aside; nothing where there are none."""
    taken, aside = returned(shop, until, free=free)
    said = []
    if taken:
        said.append(
            f"Returns entered by themselves, {words.money(taken, shop.currency)} in all, are taken off the customer's "
            "money on the day of the return, and off no count of purchases."
        )
    if aside:
        said.append(
            f"Returns of {words.money(aside, shop.currency)} have no purchase of the customer before them, which must "
            "lie before the data begin; they are left aside."
        )
    return tuple(said)


def identity(shop: Dataset) -> tuple[str, ...]:
    """Return what is alike for two shops with the same purchases: files, period, and choices in one order."""
    base, *views = shop.fingerprint.split("|")
    return base, *views, *(f"{name}={value}" for name, value in sorted(shop.choices.items()))


def alike(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Say whether two identities differ in nothing but columns added to customers, which the fingerprint ends in."""
    short, long = sorted((one[0], other[0]), key=len)
    return one[1:] == other[1:] and (long == short or long.startswith(f"{short}+"))


def window_caveat(shop: Dataset) -> tuple[str, ...]:
    """Say that a date window sets the end alone, where its start would cut customers' histories."""
    if shop.window is None or shop.observed is None or shop.window[0] <= shop.observed[0]:
        return ()
    start, seen = (f"{day.day} {day:%b %Y}" for day in (shop.window[0], shop.observed[0]))
    why = "a customer's history begins with the first purchase"
    return (f"The period chosen sets the end alone: purchases count from {seen} and not from {start}, since {why}.",)


def histories(days: ir.Table, split: date) -> ir.Table:
    """Return a row a customer who bought by the split.

    Columns: customer_id, first, frequency, recency (days), age (days), spend (net of the repeat purchases by the
    split, never below zero), first_net (what remains of all net by the split), later (purchases after it) and
    later_net. What was given back counts from the day it was, so that the split hides returns still to come.
    """
    seen, bought, of_first = _.day <= ibis_date(split), _.day == _.purchase, _.purchase == _["first"]
    customers = days.group_by("customer_id").agg(
        first=_["first"].min(),
        last=_.day.max(where=seen & bought),
        frequency=(seen & bought).sum() - 1,
        first_net=ibis.ifelse(seen & of_first, _.net, 0.0).sum(),
        repeat_net=ibis.ifelse(seen & ~of_first, _.net, 0.0).sum(),
        later=(~seen & bought).sum(),
        later_net=ibis.ifelse(seen, 0.0, _.net).sum(),
    )
    customers = customers.filter(_["first"] <= ibis_date(split))
    return customers.mutate(
        recency=_["last"].delta(_["first"], unit="day"),
        age=-_["first"].delta(ibis_date(split), unit="day"),
        spend=ibis.greatest(_.repeat_net, 0.0),
        first_net=_.first_net + ibis.least(_.repeat_net, 0.0),
    ).drop("last", "repeat_net")


def grouped(shop: Dataset, customers: ir.Table, by: str | None, personas: ir.Table | None = None) -> ir.Table:
    """Add `group` to histories: the customer's persona, or what the first order says about `by`."""
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
    said = _said_first(shop, customers, by)
    joined = customers.left_join(said, customers.customer_id == said.owner).drop("owner")
    return joined.mutate(group=_.group.fill_null("not known"))


def _said_first(shop: Dataset, customers: ir.Table, by: str) -> ir.Table:
    """Return owner and group: what the earliest order of the first purchase day that says it says about `by`.

    Orders that brought nothing come last. Of an order's products it is the one most was asked for, at list price.
    """
    orders = shop.sales(whole=True).filter(_.customer_id.notnull())
    if by == "first_product":
        lines = shop.table("order_lines", whole=True).filter(_.quantity > 0)
        lines = lines.mutate(value=_.quantity.cast("float64") * _.unit_price.cast("float64"))
        lines = lines.group_by("order_id", said="product").agg(value=_.value.sum().round(4))
        orders = orders.select("customer_id", "order_id", "ordered_at", "day", "net").inner_join(lines, "order_id")
    else:
        orders = orders.mutate(said=orders[GROUPS[by]], value=ibis.literal(0.0))
    orders = orders.filter(_.said.notnull())
    firsts = customers.select(owner=_.customer_id, first_day=_["first"])
    days = orders.inner_join(firsts, [orders.customer_id == firsts.owner, orders.day == firsts.first_day])
    order = [(_.net <= 0).cast("int8"), _.ordered_at, _.order_id, _.value.desc(), _.said]
    days = days.mutate(place=ibis.row_number().over(ibis.window(group_by="owner", order_by=order)))
    return days.filter(_.place == 0).select("owner", group="said")


def group_caveat(by: str | None) -> tuple[str, ...]:
    """Say how customers come into their groups, where their first order says it."""
    if by == "first_product":
        return ("A customer's first product is the one most was spent on in the first order, at list price.",)
    return (f"A customer's {by.replace('_', ' ')} is that of the first order.",) if by and GROUPS.get(by) else ()


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
    repeats = days.filter(_["first"] <= ibis_date(split), _.day > _["first"], _.day == _.purchase)
    return repeats.mutate(week=_.day.delta(ibis_date(start), unit="day") // 7).group_by("week").agg(purchases=_.count())


def births(days: ir.Table, split: date) -> ir.Table:
    """Return customers by the day of their first purchase, up to the split: first, n."""
    firsts = days.group_by("customer_id").agg(first=_["first"].min()).filter(_["first"] <= ibis_date(split))
    return firsts.group_by("first").agg(n=_.count())


def money_by_age(days: ir.Table, until: date) -> ir.Table:
    """Return the net value of repeat purchases by week since the first: week (from 0), net.

    Only weeks through which the customer has been seen. Customers who gave back more than their repeat purchases came
    to bring none, as in `histories`, where the rest is taken off their first purchase.
    """
    repeats = days.filter(_.day <= ibis_date(until), _.purchase > _["first"])
    repeats = repeats.mutate(brought=_.net.sum().over(ibis.window(group_by="customer_id")))
    aged = repeats.filter(_.brought > 0).mutate(
        week=(_.day.delta(_["first"], unit="day") - 1) // 7, age=-_["first"].delta(ibis_date(until), unit="day")
    )
    return aged.filter(_.age >= 7 * (_.week + 1)).group_by("week").agg(net=_.net.sum())


def by_age(births: pd.DataFrame, money: pd.DataFrame, until: date) -> pd.DataFrame:
    """Put customers and money together by week since the first purchase: a row a week, n (seen through it) and net."""
    age = np.array([(until - pd.Timestamp(day).date()).days for day in births["first"]], dtype=int)
    weeks = int(age.max()) // 7 if len(age) else 0
    through = np.bincount(age // 7, weights=births["n"].to_numpy(float), minlength=weeks + 1)
    net = np.zeros(weeks)
    money = settled(money, "week")
    net[money["week"].to_numpy(int)] = money["net"].to_numpy(float)
    return pd.DataFrame({"n": through[::-1].cumsum()[::-1][1:], "net": net})


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
