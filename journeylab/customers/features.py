"""What can be said of each customer: the features personas are made of, computed in the engine from whatever is there.

An amount is a number a customer; a share is how many of a customer's orders or lines are of some kind (kept as that
number `_x` and the number of tries `_n`, because a share of two is worth less than a share of twenty); a block is a
share for each of the commonest levels of a column, such as the categories.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
from ibis import _

from journeylab.checks import one_of
from journeylab.customers import answers
from journeylab.data.dataset import ibis_date
from journeylab.errors import BadParameter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

MOST_LEVELS = 5
LEAST_SHARE = 0.03
#: What a share of days seen on the web is counted in.
WEB = "days on the web"


@dataclass(frozen=True)
class Feature:
    """A feature one can choose.

    Args:
        name: Its name in calls.
        label: What it is, in words.
        kind: 'amount', 'share' or 'block'.
        needs: Tables and columns, any of which suffices; those joined by "and" only together.
        more: How to call customers who have much of it; a block's levels speak for themselves.
        less: How to call customers who have little of it.
    """

    name: str
    label: str
    kind: str
    needs: tuple[str, ...]
    more: str = ""
    less: str = ""


CATALOGUE = (
    Feature("recency_days", "days since the last order", "amount", ("orders",), "long quiet", "here lately"),
    Feature("frequency", "orders", "amount", ("orders",), "frequent", "rare"),
    Feature("monetary", "net value in all", "amount", ("orders",), "high value", "low value"),
    Feature("order_value", "net value an order", "amount", ("orders",), "large orders", "small orders"),
    Feature("tenure_days", "days since the first order", "amount", ("orders",), "long known", "new"),
    Feature("gap_days", "days between orders", "amount", ("orders",), "slow rhythm", "quick rhythm"),
    Feature("gap_spread", "irregularity of the gaps", "amount", ("orders",), "irregular", "regular"),
    Feature("basket_size", "units an order", "amount", ("order_lines",), "large baskets", "small baskets"),
    Feature("categories", "category of the lines", "block", ("order_lines.category", "products.category")),
    Feature(
        "discount_share", "orders with a discount", "share", ("orders.discount", "orders.discount_code"),
        "discount seekers", "full price",
    ),
    Feature(
        "returns_share", "orders with a refund", "share", ("orders.refunded",), "many returns", "no returns"
    ),
    Feature("devices", "device", "block", ("orders.device", "events.customer_id and events.device")),
    Feature(
        "channels", "marketing channel", "block",
        ("orders.marketing_channel", "events.customer_id and events.marketing_channel"),
    ),
    Feature("sales_channels", "sales channel of the orders", "block", ("orders.sales_channel",)),
    Feature("countries", "country of the orders", "block", ("orders.country",)),
    Feature("web_days", "days seen on the web", "amount", ("events.customer_id",), "browsing", "seldom browsing"),
    Feature("feedback", "mean answer on its scale", "amount", ("surveys.customer_id",), "content", "discontent"),
)  # fmt: skip
BY_NAME = {feature.name: feature for feature in CATALOGUE}

#: How customers buy rather than when; recency joins where the files say too little else.
DEFAULT = ("frequency", "order_value", "discount_share", "categories")

_LEVELS_OF = {
    "devices": "device",
    "channels": "marketing_channel",
    "sales_channels": "sales_channel",
    "countries": "country",
}


@dataclass(frozen=True)
class Column:
    """One column of the table of features: an amount, or a share with its prior columns `<id>_x` and `<id>_n`."""

    id: str
    feature: str
    label: str
    kind: str
    more: str
    less: str

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of its columns in the engine."""
        return (self.id,) if self.kind == "amount" else (f"{self.id}_x", f"{self.id}_n")


def available(shop: Dataset) -> tuple[str, ...]:
    """Return the names of the features that the shop's files allow."""
    return tuple(f.name for f in CATALOGUE if any(shop.has(*need.split(" and ")) for need in f.needs))


def chosen(shop: Dataset, names: Sequence[str] | None) -> tuple[str, ...]:
    """Return the features to use: those named, checked, in the order of the catalogue; or the default ones."""
    allowed = available(shop)
    if names is None:
        usual = [name for name in DEFAULT if name in allowed]
        if len(usual) < 3:
            usual.append("recency_days")
        return tuple(f.name for f in CATALOGUE if f.name in usual)
    for name in names:
        one_of(name, "features", tuple(BY_NAME))
        if name not in allowed:
            needs = " or ".join(BY_NAME[name].needs)
            raise BadParameter(f"The feature {name} needs {needs}, which the shop's files do not have.")
    if not names:
        raise BadParameter("No feature was chosen.", do="Choose at least one.")
    return tuple(f.name for f in CATALOGUE if f.name in set(names))


def build(
    shop: Dataset, names: Sequence[str], until: date, *, columns: Sequence[Column] | None = None
) -> tuple[ir.Table, tuple[Column, ...]]:
    """Return a row a customer with the features as they stood on a day, as an expression, and what its columns are.

    With `columns` those are used as they are, so that two days are measured with one ruler.
    """
    orders = shop.sales().filter(_.customer_id.notnull(), _.day <= ibis_date(until))
    columns = columns_of(shop, names, until) if columns is None else tuple(columns)
    table = _of_orders(shop, orders, columns, until)
    lines = [c for c in columns if c.feature in {"basket_size", "categories"}]
    if lines:
        table = _join(table, _of_lines(shop, orders, lines))
    for name in ("devices", "channels"):
        levels = [c for c in columns if c.feature == name]
        if levels and on_the_web(shop, name):
            table = _join(table, _of_events(shop, until, levels))
    if "web_days" in names:
        events = shop.table("events").filter(_.customer_id.notnull(), _.day <= ibis_date(until))
        table = _join(table, events.group_by("customer_id").agg(web_days=_.day.nunique().cast("float64")))
        table = table.mutate(web_days=_.web_days.fill_null(0.0))
    if "feedback" in names:
        table = _join(table, _of_surveys(shop, until))
    return table.select("customer_id", *(part for c in columns for part in c.parts)), columns


def columns_of(shop: Dataset, names: Sequence[str], until: date) -> tuple[Column, ...]:
    """Return the columns that features have on a day; blocks have one for each of their commonest levels."""
    orders = shop.sales().filter(_.customer_id.notnull(), _.day <= ibis_date(until))
    levels = _levels(shop, orders, [name for name in names if BY_NAME[name].kind == "block"], until)
    if "feedback" in names:
        levels["feedback"] = [answers.KINDS[_commonest_kind(shop)].title]
    return tuple(column for name in names for column in _columns(shop, name, levels))


def on_the_web(shop: Dataset, name: str) -> bool:
    """Whether a block is read from what customers did on the web, because no order says it."""
    return name in {"devices", "channels"} and not shop.has(f"orders.{_LEVELS_OF[name]}")


def _columns(shop: Dataset, name: str, levels: dict[str, list[str]]) -> list[Column]:
    feature = BY_NAME[name]
    if feature.kind != "block":
        label = f"{feature.label}: {levels[name][0]}" if name in levels else feature.label
        return [Column(name, name, label, feature.kind, feature.more, feature.less)]
    values = levels[name]
    # Two levels are one share and its rest.
    shown = values[:1] if len(values) == 2 else values
    noun = "lines" if name == "categories" else WEB if on_the_web(shop, name) else "orders"
    return [
        Column(f"{name}_{i}", name, f"{value} ({noun})", "share", value, f"little {value}")
        for i, value in enumerate(shown)
    ]


def _levels(shop: Dataset, orders: ir.Table, names: Sequence[str], until: date) -> dict[str, list[str]]:
    """Return the commonest levels of each block, at most five, each at least 3 % of the rows."""
    if not names:
        return {}
    counted = []
    for name in names:
        column = "category" if name == "categories" else _LEVELS_OF[name]
        rows = _lines(shop, orders) if name == "categories" else orders
        if on_the_web(shop, name):
            rows = _days_seen(shop, column, until)
        counts = rows.filter(rows[column].notnull()).group_by(level=rows[column].cast("string")).agg(n=_.count())
        top = counts.order_by(ibis.desc("n"), "level").limit(MOST_LEVELS + 1)
        whole = counts.agg(of=_.n.sum())
        counted.append(top.cross_join(whole).mutate(block=ibis.literal(name)))
    rows = shop.run(ibis.union(*counted) if len(counted) > 1 else counted[0])
    rows = rows[rows["n"] >= LEAST_SHARE * rows["of"]].sort_values(
        ["block", "n", "level"], ascending=[True, False, True]
    )
    return {name: list(rows.loc[rows["block"] == name, "level"])[:MOST_LEVELS] for name in names}


def _of_orders(shop: Dataset, orders: ir.Table, columns: Sequence[Column], until: date) -> ir.Table:
    wanted = {c.feature for c in columns}
    shares = {}
    if "discount_share" in wanted:
        taken = ibis.literal(False)
        if shop.has("orders.discount"):
            taken |= _.discount.fill_null(0) > 0
        if shop.has("orders.discount_code"):
            taken |= _.discount_code.fill_null("").length() > 0
        shares["discount_share"] = (taken.cast("int64").sum(), _.count())
    if "returns_share" in wanted:
        shares["returns_share"] = ((_.refunded.fill_null(0) > 0).cast("int64").sum(), _.count())
    for c in columns:
        if c.feature in _LEVELS_OF and not on_the_web(shop, c.feature):
            column = _LEVELS_OF[c.feature]
            shares[c.id] = ((_[column] == c.more).fill_null(False).cast("int64").sum(), _[column].count())
    parts = {f"{key}_{end}": value for key, pair in shares.items() for end, value in zip("xn", pair, strict=True)}
    if "gap_spread" in wanted:
        before = _.day.lag(1).over(ibis.window(group_by="customer_id", order_by=["day", "order_id"]))
        orders = orders.mutate(_before=before).mutate(_gap=_.day.delta(_._before, unit="day").cast("float64"))  # noqa: SLF001
        parts |= {"_gap_mean": _._gap.mean(), "_gap_sd": _._gap.std(how="sample"), "_gaps": _._gap.count()}  # noqa: SLF001
    table = orders.group_by("customer_id").agg(
        first=_.day.min(),
        last=_.day.max(),
        frequency=_.count().cast("float64"),
        monetary=_.net.sum().cast("float64"),
        **parts,
    )
    day = ibis_date(until)
    table = table.mutate(
        recency_days=(-_.last.delta(day, unit="day")).cast("float64"),
        tenure_days=(-_.first.delta(day, unit="day")).cast("float64"),
        order_value=_.monetary / _.frequency,
        gap_days=ibis.ifelse(
            _.frequency > 1,
            -_.first.delta(_.last, unit="day").cast("float64") / (_.frequency - 1),
            ibis.null("float64"),
        ),
    )
    if "gap_spread" in wanted:
        # The coefficient of variation; two gaps are the fewest that can differ.
        known = (_._gaps > 1) & (_._gap_mean > 0)  # noqa: SLF001 - columns
        table = table.mutate(gap_spread=ibis.ifelse(known, _._gap_sd / _._gap_mean, ibis.null("float64")))  # noqa: SLF001
    return table


def _lines(shop: Dataset, orders: ir.Table) -> ir.Table:
    """Return order_id, customer_id, quantity and category of the lines of these orders."""
    lines = shop.table("order_lines", whole=True)
    if "category" not in lines.columns and shop.has("order_lines.sku", "products.category"):
        known = shop.table("products").filter(_.sku.notnull()).group_by(_sku=_.sku).agg(category=_.category.max())
        lines = lines.left_join(known, lines.sku == known._sku)  # noqa: SLF001 - a column
    elif "category" not in lines.columns:
        lines = lines.mutate(category=ibis.null("string"))
    owners = orders.select(_order=orders.order_id, customer_id=orders.customer_id)
    kept = lines.select("order_id", "quantity", "category")
    return kept.inner_join(owners, kept.order_id == owners._order).drop("_order")  # noqa: SLF001 - a column


def _of_lines(shop: Dataset, orders: ir.Table, columns: Sequence[Column]) -> ir.Table:
    figures = {}
    for c in columns:
        if c.feature == "basket_size":
            figures["basket_size"] = _.quantity.sum().cast("float64") / _.order_id.nunique()
        else:
            figures[f"{c.id}_x"] = (_.category == c.more).fill_null(False).cast("int64").sum()
            figures[f"{c.id}_n"] = _.category.count()
    return _lines(shop, orders).group_by("customer_id").agg(**figures)


def _days_seen(shop: Dataset, column: str, until: date) -> ir.Table:
    """Return customer_id, day and a column of the events, each combination once."""
    events = shop.table("events").filter(_.customer_id.notnull(), _.day <= ibis_date(until), _[column].notnull())
    return events.select("customer_id", "day", column).distinct()


def _of_events(shop: Dataset, until: date, columns: Sequence[Column]) -> ir.Table:
    """Return how many of the days each customer was seen on the web were on each device, or came by each channel."""
    column = _LEVELS_OF[columns[0].feature]
    figures = {}
    for c in columns:
        figures[f"{c.id}_x"] = (_[column].cast("string") == c.more).cast("int64").sum()
        figures[f"{c.id}_n"] = _.count()
    return _days_seen(shop, column, until).group_by("customer_id").agg(**figures)


def _of_surveys(shop: Dataset, until: date) -> ir.Table:
    """Return the mean place, 0 to 1, of each customer's answers of the commonest kind on its scale.

    Kinds are not mixed: the same customer is seldom as high on one scale as on another.
    """
    given = answers.placed(shop, [_commonest_kind(shop)])
    given = given.filter(_.customer_id.notnull(), _.day <= ibis_date(until))
    return given.group_by("customer_id").agg(feedback=_.place.mean())


def _commonest_kind(shop: Dataset) -> str:
    """Return the kind of answer that customers gave most; NPS where they gave none."""
    return next((kind for kind in answers.kinds_of(shop) if kind in answers.OF_CUSTOMERS), "nps")


def _join(table: ir.Table, more: ir.Table) -> ir.Table:
    more = more.rename(_customer="customer_id")
    return table.left_join(more, table.customer_id == more._customer).drop("_customer")  # noqa: SLF001 - a column
