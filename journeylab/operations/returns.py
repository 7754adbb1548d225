"""What comes back: the rate by product, size or category, with whom it goes, and the reasons support cases name.

A unit came back by the rules of docs/methods/demand.md. Buyer's remorse shows in what does not hang on the product: the
first order, a discount, a large basket. Method and limits: docs/methods/demand.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd
from ibis import _

from journeylab import words
from journeylab.checks import number, one_of, whole
from journeylab.errors import NotEnoughData
from journeylab.intervals import wilson
from journeylab.operations.sales_series import movements
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    import altair as alt
    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

BY = ("product", "sku", "category", "size")
#: A size at the end of a name; a letter after a number is a measure, as in "1 L".
_SIZE = re.compile(r"(?<!\d)[\s,/(-](XXS|XS|S|M|L|XL|XXL|XXXL|[2-5]XL|EU ?\d{2}|\d{2}(?:\.5)?)\)?$")
NO_SIZE = "no size in its name"
_TICKET_DAYS = 30
_GROUPS = {"whose": "whose order", "bargain": "discount", "worth": "value of the basket"}


@dataclass(frozen=True, eq=False, kw_only=True)
class Returns(Result):
    """What comes back.

    Args:
        rows: A row a product, SKU, category or size: its name, n (units back), of (units sold), rate, lower, upper,
            net_lost (what they were sold for), unusual (whether its interval lies above the rate of all).
        remorse: A row a group of orders: what, group, n (orders with something back), of (orders), rate, lower, upper.
        reasons: A row a topic of support cases: topic, n (orders with something back and a case of it within 30 days),
            of (orders with something back by known customers), rate, lower, upper; empty without cases.
        rate: Units back over units sold, of everything.
        by: What the rows are.
        currency: Of the money.
    """

    views: ClassVar[tuple[str, ...]] = ("rates", "remorse", "reasons")

    rows: pd.DataFrame
    remorse: pd.DataFrame
    reasons: pd.DataFrame
    rate: float
    by: str
    currency: str

    def table(self) -> pd.DataFrame:
        """Return the rates with their denominators and intervals."""
        return self.rows

    def headline(self) -> str:
        """Say how much comes back, and of what most."""
        said = f"{words.percent(self.rate)} of units come back"
        odd = self.rows[self.rows["unusual"]]
        if odd.empty:
            return f"{said}; no {self.by} stands out beyond noise."
        first = odd.loc[odd["net_lost"].idxmax()]
        cost = words.money(first["net_lost"], self.currency)
        return f"{said}; {first[self.by]} stands out with {words.percent(first['rate'])} ({cost} of sales taken back)."

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import returns as charts

        if view == "remorse":
            return charts.grouped(self.remorse)
        if view == "reasons":
            return charts.bars(self.reasons, "topic", None)
        return charts.bars(self.rows.head(25), self.by, self.rate)


@analysis("orders", "order_lines")
def returns(shop: Dataset, *, by: str = "product", fewest: int = 20, level: float = 0.95) -> Returns:
    """Return what share of units comes back, by product, SKU, category or size, and what goes with it.

    Args:
        shop: A Dataset with orders and lines, and refunds, returned units or lines below zero; tickets for reasons.
        by: 'product', 'sku', 'category' or 'size' (the size that a product's name ends in).
        fewest: Units that a row must have sold.
        level: Coverage of the intervals (Wilson); rows that stand out are judged at a level shared among all rows.

    Raises:
        NotEnoughData: if nothing was sold so often, or nothing came back.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import shop_of
        >>> shop = shop_of({
        ...     "orders": "SELECT i::VARCHAR AS order_id, DATE '2026-01-01' AS day, 'completed' AS status, "
        ...     "TIMESTAMP '2026-01-01' AS ordered_at, 9.0::DECIMAL(18,4) AS net FROM range(100) t(i)",
        ...     "order_lines": "SELECT i::VARCHAR AS order_id, 'Cup' AS product, 1.0::DECIMAL(18,4) AS quantity, "
        ...     "9.0::DECIMAL(18,4) AS unit_price, CASE WHEN i < 8 THEN 1.0 ELSE 0.0 END::DECIMAL(18,4) AS returned "
        ...     "FROM range(100) t(i)",
        ... })
        >>> jl.operations.returns(shop).headline()
        '8.0 % of units come back; no product stands out beyond noise.'
    """
    one_of(by, "by", BY)
    whole(fewest, "fewest", lowest=1)
    number(level, "level", lowest=0.5, highest=0.9999)
    moves = movements(shop)
    key = "product" if by == "size" else by
    sums = moves.group_by(key).agg(
        n=_.returned.sum(), of=_.sold.sum(), net=_.net.sum(), net_lost=(_.returned * _.price).sum()
    )
    rows = shop.run(sums)
    if by == "size":
        rows["size"] = rows.pop("product").map(size_of)
        rows = rows.groupby("size", as_index=False).sum()
    if not rows["n"].sum() > 0:
        raise NotEnoughData(
            "Nothing came back, as far as these files know.", do="Add refunds, returned units or lines below zero."
        )
    rate = float(rows["n"].sum() / rows["of"].sum())
    few = int((rows["of"] < fewest).sum())
    rows = rows[rows["of"] >= fewest].copy()
    if rows.empty:
        raise NotEnoughData(f"No {by} sold {words.count(fewest, 'unit')}.", do="Ask for fewer.")
    back = np.minimum(rows["n"], rows["of"])
    rows["rate"] = back / rows["of"]
    rows["lower"], rows["upper"] = wilson(back, rows["of"], level=level)
    strict, _above = wilson(back, rows["of"], level=min(1 - (1 - level) / len(rows), 0.9999))
    rows["unusual"] = strict > rate
    rows = rows.sort_values(["rate", by], ascending=[False, True], ignore_index=True)
    remorse = _remorse(shop, moves, level)
    reasons = _reasons(shop, moves, level)
    said = [
        "Units of one order come back together, so true intervals are wider than those drawn.",
        "Who returns is not drawn by lot: what goes with returns need not be their cause.",
    ]
    if not shop.has("order_lines.returned"):
        said.append("Lines do not say what came back: a refund is shared among an order's lines by their units.")
    if few:
        said.append(f"{words.count(few)} with fewer than {words.count(fewest, 'unit')} sold are left out.")
    if reasons.empty:
        said.append("No file names reasons; support cases with a topic would.")
    return Returns(
        rows=rows[[by, "n", "of", "rate", "lower", "upper", "net_lost", "unusual"]],
        remorse=remorse,
        reasons=reasons,
        rate=rate,
        by=by,
        currency=shop.currency,
        caveats=tuple(said),
    )


def size_of(product: object) -> str:
    """Return the size that a product's name ends in.

    >>> size_of("T-shirt - M"), size_of("Sneaker, EU 42"), size_of("Jug 1 L")
    ('M', 'EU 42', 'no size in its name')
    """
    found = _SIZE.search(str(product).strip())
    return found[1] if found else NO_SIZE


def _remorse(shop: Dataset, moves: ir.Table, level: float) -> pd.DataFrame:
    """Return how often something of an order comes back, by what does not hang on the product."""
    orders, groups = shop.sales(), {}
    if "customer_id" in orders.columns:
        everything = shop.sales(whole=True)
        firsts = everything.group_by(who=everything.customer_id).agg(first=everything.day.min())
        orders = orders.left_join(firsts, orders.customer_id == firsts.who).drop("who")
        which = (_.day == _["first"]).ifelse("first order", "later order")
        groups["whose"] = _.customer_id.isnull().ifelse("guest", which)
    if "discount" in orders.columns:
        groups["bargain"] = (_.discount.fill_null(0) > 0).ifelse("with a discount", "without a discount")
    orders = orders.mutate(**groups).select("order_id", *groups)
    sums = moves.group_by("order").agg(sold=_.sold.sum(), returned=_.returned.sum(), basket=_.net.sum())
    joined = sums.filter(_.sold > 0).inner_join(orders, _.order == orders.order_id)
    half = float(shop.run(joined.agg(half=_.basket.median()))["half"].iloc[0] or 0.0)
    said = words.money(half, shop.currency)
    joined = joined.mutate(worth=(_.basket >= half).ifelse(f"{said} and more", f"under {said}"))
    found = []
    for what in (*groups, "worth"):
        part = joined.group_by(group=joined[what]).agg(n=(_.returned > 0).sum(), of=_.count())
        found.append(shop.run(part).assign(what=_GROUPS[what]))
    rows = pd.concat(found, ignore_index=True).sort_values(["what", "group"], ignore_index=True)
    rows["rate"] = rows["n"] / rows["of"]
    rows["lower"], rows["upper"] = wilson(rows["n"], rows["of"], level=level)
    return rows[["what", "group", "n", "of", "rate", "lower", "upper"]]


def _reasons(shop: Dataset, moves: ir.Table, level: float) -> pd.DataFrame:
    """Return topics of support cases opened within 30 days of an order of which something came back."""
    columns = ["topic", "n", "of", "rate", "lower", "upper"]
    if not shop.has("tickets.topic", "tickets.customer_id", "orders.customer_id"):
        return pd.DataFrame(columns=columns)
    back = moves.group_by("order").agg(returned=_.returned.sum()).filter(_.returned > 0)
    orders = shop.sales().filter(_.customer_id.notnull()).select("order_id", "day", who="customer_id")
    orders = orders.inner_join(back, orders.order_id == back.order).drop("order")
    of = int(shop.run(orders.agg(n=_.count()))["n"].iloc[0])
    tickets = shop.table("tickets", whole=True).filter(_.topic.notnull(), _.customer_id.notnull())
    tickets = tickets.select(whose="customer_id", topic="topic", opened=tickets.opened_at.cast("date"))
    both = orders.inner_join(tickets, orders.who == tickets.whose)
    wait = both.opened.delta(both.day, unit="day")
    both = both.mutate(wait=wait).filter(_.wait >= 0, _.wait <= _TICKET_DAYS)
    rows = shop.run(both.group_by("topic").agg(n=_.order_id.nunique()))
    if rows.empty or not of:
        return pd.DataFrame(columns=columns)
    rows = rows.assign(of=of).sort_values(["n", "topic"], ascending=[False, True], ignore_index=True)
    rows["rate"] = rows["n"] / of
    rows["lower"], rows["upper"] = wilson(rows["n"], rows["of"], level=level)
    return rows[columns]
