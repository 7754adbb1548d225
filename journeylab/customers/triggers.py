"""What goes before a purchase: a message, a restock, a promotion, the season, or nothing that the files know.

An order counts as after a message if one was sent to its customer in the three days (72 hours) before it; after a
restock if one of its SKUs came back from nothing in the seven days before; in a promotion if it carries a discount or
its day lies in a promotion; in season if its calendar month is one of the shop's two strongest of the last year, with
at least half as many orders again as the mean month (without a whole year of orders nothing is known of seasons). The
first of these that holds is its trigger, and a customer's trigger is the one of most of its orders.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import ibis
from ibis import _

from journeylab.data.dataset import ibis_date

if TYPE_CHECKING:
    from datetime import date

    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

TRIGGERS = ("message", "restock", "promotion", "season", "by itself")
MESSAGE_DAYS, RESTOCK_DAYS = 3, 7
_STRONG_MONTHS = 2
_STANDS_OUT = 1.5


class AfterMessages(NamedTuple):
    """Orders within three days after a message: n of `of`, and the share `expected` at moments drawn at random."""

    n: int
    of: int
    expected: float


def of_customers(shop: Dataset, until: date) -> ir.Table:
    """Return customer_id and segment: the trigger of most of a customer's orders, the earlier in the list on a tie."""
    orders = shop.sales().filter(_.customer_id.notnull(), _.day <= ibis_date(until))
    flagged = _discounted(shop, orders.mutate(_id=orders.order_id))
    for name, hits in (
        ("message", _messages(shop, orders)),
        ("restock", _restocks(shop, orders)),
        ("_promo", _promotions(shop, orders)),
    ):
        if hits is None:
            flagged = flagged.mutate(**{name: ibis.literal(False)})
        else:
            ids = hits.select(_hit="order_id").distinct()
            flagged = flagged.left_join(ids, flagged.order_id == ids._hit)  # noqa: SLF001 - a column
            flagged = flagged.mutate(**{name: _._hit.notnull()}).drop("_hit")  # noqa: SLF001 - a column
    strong = _strong_months(orders, until)
    flagged = flagged.left_join(strong, flagged.day.month() == strong._month)  # noqa: SLF001 - a column
    place = ibis.cases(
        (_.message, 0),
        (_.restock, 1),
        (_["_promo"] | _.discounted, 2),
        (_["_month"].notnull(), 3),
        else_=4,
    )
    each = flagged.mutate(place=place).group_by("customer_id", "place").agg(n=_.count())
    first = ibis.window(group_by="customer_id", order_by=[ibis.desc("n"), "place"])
    top = each.mutate(_row=ibis.row_number().over(first)).filter(_._row == 0)  # noqa: SLF001 - a column
    named = ibis.cases(*((_.place == number, name) for number, name in enumerate(TRIGGERS)), else_=TRIGGERS[-1])
    return top.select("customer_id", segment=named)


def _strong_months(orders: ir.Table, until: date) -> ir.Table:
    """Return _month, the calendar months that stand out among the last twelve; none where a year was not observed."""
    year = orders.filter(_.day > ibis_date(until - timedelta(days=365)))
    whole_year = orders.agg(_first=_.day.min()).filter(_["_first"] <= ibis_date(until - timedelta(days=364)))
    counts = year.group_by(_month=_.day.month()).agg(_n=_.count()).cross_join(whole_year)
    counts = counts.mutate(_all=_["_n"].sum().over())
    strong = counts.filter(_["_n"] * 12 >= _STANDS_OUT * _["_all"]).order_by(ibis.desc("_n"), "_month")
    return strong.limit(_STRONG_MONTHS).select("_month")


def _discounted(shop: Dataset, orders: ir.Table) -> ir.Table:
    flag = ibis.literal(False)
    if shop.has("orders.discount"):
        flag |= _.discount.fill_null(0) > 0
    if shop.has("orders.discount_code"):
        flag |= _.discount_code.fill_null("").length() > 0
    return orders.select("order_id", "customer_id", "day", "ordered_at", discounted=flag)


def _messages(shop: Dataset, orders: ir.Table) -> ir.Table | None:
    if not shop.has("contacts"):
        return None
    sent = shop.table("contacts", whole=True).select(_who="customer_id", _sent="sent_at").distinct()
    near = orders.inner_join(sent, orders.customer_id == sent._who)  # noqa: SLF001 - a column
    return near.filter(_["_sent"] <= _.ordered_at, _.ordered_at <= _["_sent"] + ibis.interval(days=MESSAGE_DAYS))


def after_messages(shop: Dataset, until: date) -> AfterMessages | None:
    """Return how many orders came after a message, and how many would have at a moment drawn at random.

    The share of a customer's time within three days after a message, from the first day of the period to the last, is
    the chance of each of the customer's orders; the share expected is its mean over the orders. None without messages.
    """
    orders = shop.sales().filter(_.customer_id.notnull(), _.day <= ibis_date(until))
    found = _messages(shop, orders)
    if found is None or shop.period is None:
        return None
    hits = found.select("order_id").distinct()
    start = ibis_date(shop.period[0]).cast("timestamp")
    sent = shop.table("contacts", whole=True).select("customer_id", sent=_.sent_at).distinct()
    # A day has 86,400 seconds; a message's time ends where that of the next begins.
    sent = sent.mutate(at=(_.sent.epoch_seconds() - start.epoch_seconds()).cast("float64"))
    sent = sent.mutate(then=_.at.lead(1).over(ibis.window(group_by="customer_id", order_by="at")))
    length = (until - shop.period[0]).days * 86400.0 + 86400.0
    begins = ibis.greatest(sent.at, 0.0)
    ends = ibis.least(sent.at + 86400.0 * MESSAGE_DAYS, ibis.coalesce(sent.then, length), length)
    covered = sent.mutate(part=ibis.greatest(ends - begins, 0.0) / length)
    covered = covered.group_by(who=_.customer_id).agg(part=_.part.sum())
    each = orders.group_by("customer_id").agg(orders=_.count())
    each = each.left_join(covered, each.customer_id == covered.who)
    sums = shop.run(
        each.agg(of=_.orders.sum(), expected=(_.orders * _.part.fill_null(0.0)).sum()).cross_join(hits.agg(n=_.count()))
    ).iloc[0]
    if not sums["of"] > 0:
        return None
    return AfterMessages(int(sums["n"]), int(sums["of"]), float(sums["expected"]) / int(sums["of"]))


def _restocks(shop: Dataset, orders: ir.Table) -> ir.Table | None:
    if not shop.has("stock", "order_lines.sku"):
        return None
    levels = shop.table("stock", whole=True).group_by("sku", "as_of").agg(on_hand=_.on_hand.sum())
    before = _.on_hand.lag(1).over(ibis.window(group_by="sku", order_by="as_of"))
    back = levels.mutate(_before=before).filter(_._before <= 0, _.on_hand > 0).select(_sku="sku", _back="as_of")  # noqa: SLF001
    lines = shop.table("order_lines", whole=True).select(_order="order_id", sku="sku")
    sold = orders.inner_join(lines, orders.order_id == lines._order)  # noqa: SLF001 - a column
    near = sold.inner_join(back, sold.sku == back._sku)  # noqa: SLF001 - a column
    days = -_._back.delta(_.day, unit="day")  # noqa: SLF001 - a column
    return near.filter(days >= 0, days <= RESTOCK_DAYS)


def _promotions(shop: Dataset, orders: ir.Table) -> ir.Table | None:
    """Return the orders within a promotion of the whole shop, or of a SKU or category they hold."""
    if not shop.has("promotions"):
        return None
    promotions = shop.table("promotions")
    within = lambda rows: rows.filter(_.day >= _.starts, _.day <= _.ends).select("order_id")  # noqa: E731
    general = promotions
    found = []
    for column in ("sku", "category"):
        if column not in promotions.columns:
            continue
        general = general.filter(general[column].isnull())
        if shop.has(f"order_lines.{column}"):
            special = promotions.filter(_[column].notnull()).select("starts", "ends", _what=column)
            lines = shop.table("order_lines", whole=True).select(_order="order_id", _which=column)
            held = orders.inner_join(lines, orders.order_id == lines._order)  # noqa: SLF001 - a column
            found.append(within(held.inner_join(special, held._which == special._what)))  # noqa: SLF001 - columns
    found.append(within(orders.cross_join(general.select("starts", "ends"))))
    return ibis.union(*found) if len(found) > 1 else found[0]
