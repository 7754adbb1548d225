"""How many visitors can be joined to a customer, and over how many browsers and sales channels people move.

Rules and limits: docs/methods/identity.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pandas as pd
from ibis import _

from journeylab import words
from journeylab.checks import number
from journeylab.data.identity import browsers, can_join
from journeylab.errors import SchemaError
from journeylab.intervals import wilson
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    import altair as alt
    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset


@dataclass(frozen=True, eq=False, kw_only=True)
class Identity(Result):
    """How far visitors and customers could be joined.

    Args:
        rows: A row a statement: statement, n, of, rate, lower, upper, unit.
        level: Coverage of the intervals.
    """

    views: ClassVar[tuple[str, ...]] = ("shares",)

    rows: pd.DataFrame
    level: float

    def table(self) -> pd.DataFrame:
        """Return a row a statement, each rate beside its denominator and interval."""
        return self.rows

    def headline(self) -> str:
        """Say how many visitors could be joined."""
        first = self.rows.iloc[0]
        return (
            f"{words.count(first['n'])} of {words.count(first['of'], 'browser')} ({words.percent(first['rate'])}) "
            "could be joined to a customer; the others stay strangers."
        )

    def _draw(self, view: str) -> alt.TopLevelMixin:  # noqa: ARG002 - there is one view
        from journeylab.charts import shares

        return shares.bars(self.rows, name="statement", share="rate", n="n", of="of")


@analysis("events")
def identity(shop: Dataset, *, level: float = 0.95) -> Identity:
    """Count how many browsers can be joined to a customer by login or order, and how many people use several.

    Joins are found in the whole of the data, since a login today tells whose browser it was before; what is counted are
    browsers and customers seen in the period.

    Args:
        shop: A Dataset whose events carry `customer_id`, or `order_id` beside orders that name their customer.
        level: Coverage of the Wilson intervals.

    Raises:
        SchemaError: if no event can tell its customer.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import shop_of
        >>> shop = shop_of({"events": '''
        ...     SELECT * FROM (VALUES ('phone', 'ann', TIMESTAMP '2026-01-01', DATE '2026-01-01', 'view'),
        ...                           ('desk', 'ann', TIMESTAMP '2026-01-02', DATE '2026-01-02', 'view'),
        ...                           ('other', NULL, TIMESTAMP '2026-01-02', DATE '2026-01-02', 'view'))
        ...         t(visitor_id, customer_id, occurred_at, day, event)'''})
        >>> jl.customers.identity(shop).headline()
        '2 of 3 browsers (66.7 %) could be joined to a customer; the others stay strangers.'
    """
    number(level, "level", lowest=0.5, highest=0.9999)
    if not can_join(shop):
        raise SchemaError(
            "No event tells its customer.",
            why="Visitors are joined by login (the customer id of events) or by order (the order id of events).",
            do="Export events with one of these, and orders with their customers.",
        )
    seen = shop.table("events").select("visitor_id").distinct()
    known = browsers(shop).rename(of_browser="visitor_id")
    joined = seen.left_join(known, seen.visitor_id == known.of_browser)
    row = shop.run(_browsers(joined)).iloc[0].fillna(0).astype(int)
    said = [
        ("browsers joined to a customer", row["joined"], row["browsers"], "browsers"),
        ("… by login", row["login"], row["browsers"], "browsers"),
        ("… by order", row["order"], row["browsers"], "browsers"),
        ("… by order alone", row["order_only"], row["browsers"], "browsers"),
        ("joined browsers used by several customers", row["shared"], row["joined"], "joined browsers"),
    ]
    people = shop.run(_people(joined)).iloc[0].fillna(0).astype(int)
    said.append(("joined customers on several browsers", people["several"], people["people"], "joined customers"))
    if shop.has("orders.customer_id"):
        said += _customers(shop, joined)
    rows = pd.DataFrame(said, columns=pd.Index(["statement", "n", "of", "unit"]))
    rows = rows[rows["of"] > 0].reset_index(drop=True)
    lower, upper = wilson(rows["n"].to_numpy(), rows["of"].to_numpy(), level=level)
    rows = rows.assign(rate=rows["n"] / rows["of"], lower=lower, upper=upper)
    rows = rows[["statement", "n", "of", "rate", "lower", "upper", "unit"]]
    return Identity(rows=rows, level=level, caveats=_caveats(row))


def most_orders(shop: Dataset, *, limit: int = 50) -> list[str]:
    """Return the customers with most counted orders, the most first.

    Example:
        >>> from journeylab.data.examples import tiny_shop
        >>> most_orders(tiny_shop())
        ['a', 'b']
    """
    sales = shop.sales()
    each = sales.filter(sales.customer_id.notnull()).group_by("customer_id").agg(orders=_.count())
    return list(shop.run(each.order_by(_.orders.desc(), "customer_id").limit(limit))["customer_id"])


def _browsers(joined: ir.Table) -> ir.Table:
    return joined.agg(
        browsers=joined.count(),
        joined=joined.customer.count(),
        login=joined.count(where=joined.login > 0),
        order=joined.count(where=joined.order > 0),
        order_only=joined.count(where=(joined.order > 0) & (joined.login == 0)),
        shared=joined.count(where=joined.people > 1),
    )


def _people(joined: ir.Table) -> ir.Table:
    each = joined.filter(joined.customer.notnull()).group_by("customer").agg(browsers=_.count())
    return each.agg(people=each.count(), several=each.count(where=each.browsers > 1))


def _customers(shop: Dataset, joined: ir.Table) -> list[tuple[str, int, int, str]]:
    """Count the customers who ordered in the period: seen on the web, and in several sales channels."""
    sales = shop.sales()
    sales = sales.filter(sales.customer_id.notnull())
    channels = {"channels": _.sales_channel.nunique()} if "sales_channel" in sales.columns else {}
    buyers = sales.group_by("customer_id").agg(orders=_.count(), **channels)
    web = joined.filter(joined.customer.notnull()).select(on_web="customer").distinct()
    both = buyers.left_join(web, buyers.customer_id == web.on_web)
    sums = {"buyers": both.count(), "seen": both.on_web.count()}
    if channels:
        sums["several"] = both.count(where=both.channels > 1)
    row = shop.run(both.agg(**sums)).iloc[0].fillna(0).astype(int)
    unit = "customers who ordered"
    said = [("customers who ordered, seen in the events", int(row["seen"]), int(row["buyers"]), unit)]
    if channels:
        said.append(("customers who ordered in several sales channels", int(row["several"]), int(row["buyers"]), unit))
    return said


def _caveats(row: pd.Series) -> tuple[str, ...]:
    said = ["Who never logs in nor orders on a browser stays a stranger there, so people look like more than they are."]
    if row["shared"]:
        said.append("A browser several customers used goes to the first of them, but for events that name their own.")
    return tuple(said)
