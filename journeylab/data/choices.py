"""What the user decided about odd rows, as expressions over the canonical tables: the same on every engine.

Nothing is deleted: the tables as read stay, and a shop with other choices is another view of them. What each choice is
for, and what we do by default: docs/methods/quality.md.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import ibis
from ibis import _

from journeylab.checks import day, one_of
from journeylab.data import schema
from journeylab.errors import BadParameter

if TYPE_CHECKING:
    from collections.abc import Mapping

    import ibis.expr.types as ir

KEEP, DROP, COUNT, LEAVE_OUT = "keep", "drop", "count", "leave_out"

#: Each choice with what it may be, the default first; a day or a currency is checked by its form instead.
OPTIONS: dict[str, tuple[str, ...]] = {
    "duplicates": (KEEP, DROP),
    "future": (COUNT,),
    "currency": (),
    "negative_lines": (COUNT, LEAVE_OUT),
    "negative_orders": (COUNT, LEAVE_OUT),
    "zero_orders": (COUNT, LEAVE_OUT),
    "guests": (COUNT, LEAVE_OUT),
    "refunds": ("take_off", "ignore"),
    "skus": ("apart", "join"),
}
_WITH_DUPLICATES = ("orders", "order_lines", "events")
_TIMED = ("orders", "events", "surveys")


def checked(choices: Mapping[str, str]) -> dict[str, str]:
    """Return the choices that differ from the default, sorted by name.

    Raises:
        BadParameter: if there is no such choice, or it cannot be that.

    >>> checked({"zero_orders": "leave_out", "duplicates": "keep"})
    {'zero_orders': 'leave_out'}
    """
    kept = {}
    for name, value in sorted(choices.items()):
        one_of(name, "a choice", tuple(OPTIONS))
        if name == "currency":
            if not re.fullmatch("[A-Z]{3}", str(value)):
                raise BadParameter(f"currency must be a three-letter code such as 'EUR', and is {value!r}.")
        elif name == "future" and value != COUNT:
            day(value, "future")
            value = str(value)  # noqa: PLW2901 - a date is kept as its text
        else:
            one_of(value, name, OPTIONS[name])
        if not OPTIONS[name] or value != OPTIONS[name][0]:
            kept[name] = value
    return kept


def applied(tables: Mapping[str, ir.Table], choices: Mapping[str, str]) -> dict[str, ir.Table]:
    """Return the tables as the choices see them; `choices` as `checked` returns them, the currency left aside."""
    seen = dict(tables)
    if choices.get("duplicates") == DROP:
        seen = _without_duplicates(seen)
    if "future" in choices:
        last = ibis.date(choices["future"])
        seen |= {name: seen[name].filter(_.day <= last) for name in _TIMED if name in seen}
    if choices.get("skus") == "join":
        seen = _joined_skus(seen)
    if "order_lines" in seen and choices.get("negative_lines") == LEAVE_OUT:
        seen["order_lines"] = seen["order_lines"].filter((_.quantity >= 0) & (_.unit_price >= 0))
    if "orders" in seen:
        seen["orders"] = _orders(seen["orders"], choices)
    return seen


def before_refunds(orders: ir.Table) -> ir.Value:
    """Return the goods of an order before refunds: net + refunded."""
    if "refunded" not in orders.columns:
        return orders.net
    return (orders.net + orders.refunded.fill_null(0)).cast(schema.MONEY)


def folded(sku: ir.Value) -> ir.Value:
    """Return a SKU without case and spaces, which two spellings of one share."""
    return sku.replace(" ", "").upper()


def _orders(orders: ir.Table, choices: Mapping[str, str]) -> ir.Table:
    if choices.get("zero_orders") == LEAVE_OUT:
        orders = orders.filter(before_refunds(orders) != 0)
    if choices.get("negative_orders") == LEAVE_OUT:
        orders = orders.filter(orders.net >= 0)
    if choices.get("guests") == LEAVE_OUT and "customer_id" in orders.columns:
        orders = orders.filter(orders.customer_id.notnull())
    if choices.get("refunds") == "ignore" and "refunded" in orders.columns:
        orders = orders.mutate(net=before_refunds(orders))
    return orders


def _without_duplicates(tables: Mapping[str, ir.Table]) -> dict[str, ir.Table]:
    """Keep one of each set of equal rows.

    Where an order's money was added up from its lines, the value of the lines that go comes off it; where it has a
    total of its own, as in exports of platforms, the total stays.
    """
    once = {name: tables[name].distinct() for name in _WITH_DUPLICATES if name in tables}
    if "orders" in once and "order_lines" in once:
        once["orders"] = _net_of_lines(once["orders"], tables["order_lines"], once["order_lines"])
    return {**tables, **once}


def _net_of_lines(orders: ir.Table, lines: ir.Table, kept: ir.Table) -> ir.Table:
    def worth(of: ir.Table, name: str) -> ir.Table:
        value = (of.quantity * of.unit_price).cast(schema.MONEY)
        return of.group_by(of.order_id.name("of_order")).agg(**{name: value.sum().cast(schema.MONEY)})

    worths = worth(lines, "with_copies").join(worth(kept, "once"), "of_order")
    joined = orders.left_join(worths, orders.order_id == worths.of_order)
    discount = orders.discount.fill_null(0) if "discount" in orders.columns else 0
    added_up = joined.with_copies == before_refunds(joined) + discount
    less = ibis.ifelse(added_up, joined.with_copies - joined.once, 0).fill_null(0)
    changed = {name: (joined[name] - less).cast(schema.MONEY) for name in ("net", "gross") if name in orders.columns}
    return joined.mutate(**changed).select(*orders.columns)


def _joined_skus(tables: Mapping[str, ir.Table]) -> dict[str, ir.Table]:
    """Write each SKU as most of its rows do, wherever spellings differ only by case or spaces."""
    having = [name for name in tables if "sku" in tables[name].columns]
    if not having:
        return dict(tables)
    skus = [tables[name].select("sku").filter(_.sku.notnull()) for name in having]
    spelt = (ibis.union(*skus) if len(skus) > 1 else skus[0]).group_by("sku").agg(rows=_.count())
    spelt = spelt.mutate(fold=folded(spelt.sku))
    best = ibis.window(group_by=spelt.fold, order_by=[spelt.rows.desc(), spelt.sku])
    chosen = spelt.mutate(place=ibis.row_number().over(best)).filter(_.place == 0).select("fold", best_sku="sku")
    joined = {name: _renamed(tables[name], chosen) for name in having}
    if "products" in joined:
        first = ibis.window(group_by="sku", order_by="product")
        products = joined["products"].mutate(place=ibis.row_number().over(first))
        joined["products"] = products.filter(_.place == 0).drop("place")
    return {**tables, **joined}


def _renamed(table: ir.Table, chosen: ir.Table) -> ir.Table:
    joined = table.mutate(sku_fold=folded(table.sku)).left_join(chosen, _.sku_fold == chosen.fold)
    return joined.mutate(sku=ibis.coalesce(joined.best_sku, joined.sku)).select(*table.columns)
