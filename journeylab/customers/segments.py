"""Segments by what is known of customers: consent, age, country, buying cycle, and what goes before a purchase."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import ibis
from ibis import _

from journeylab import words
from journeylab.checks import day as check_day
from journeylab.checks import one_of
from journeylab.customers import cycle, persona_figures, triggers
from journeylab.data.coverage import orders_end
from journeylab.data.dataset import ibis_date
from journeylab.errors import NotEnoughData, SchemaError
from journeylab.intervals import wilson
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from datetime import date

    import altair as alt
    import ibis.expr.types as ir
    import pandas as pd

    from journeylab.data.dataset import Dataset

UNKNOWN = "not known"
MOST_COUNTRIES = 10
OLDEST = 120
_AGES = ((25, "under 25"), (35, "25 to 34"), (45, "35 to 44"), (55, "45 to 54"), (65, "55 to 64"))

#: What one can segment by, and any of what it needs.
BY = {
    "cycle": ("orders",),
    "consent": ("customers.accepts_marketing",),
    "age": ("customers.birth_year",),
    "country": ("customers.country", "orders.country"),
    "loyalty": ("customers.loyalty_member",),
    "trigger": ("orders.discount", "orders.discount_code", "contacts", "promotions", "stock"),
}
#: What each is called.
LABELS = {
    "cycle": "place in the buying cycle",
    "consent": "consent to be written to",
    "age": "age",
    "country": "country",
    "loyalty": "loyalty programme",
    "trigger": "what goes before a purchase",
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Segments(Result):
    """Customers by segment.

    Args:
        segments: A row a segment: segment, n, of, share, net and margin with their shares, each with its interval.
        figures: A row a segment and figure: value with lower and upper, n, and base.
        by: What they are segmented by.
    """

    views: ClassVar[tuple[str, ...]] = ("size", "value")

    segments: pd.DataFrame
    figures: pd.DataFrame
    by: str

    def table(self) -> pd.DataFrame:
        """Return a row a segment."""
        return self.segments

    def headline(self) -> str:
        """Name the segment that brings most."""
        best = self.segments.loc[self.segments["net"].idxmax()]
        return (
            f"By {LABELS[self.by]}, “{best['segment']}” is {words.percent(best['share'])} of "
            f"{words.count(best['of'], 'customer')} and {words.brings(best['share_of_net'], 'net value')}."
        )

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import portions

        value, title = {"size": ("share", "share of customers"), "value": ("share_of_net", "share of net value")}[view]
        return portions.bars(self.segments, name="segment", value=value, title=title)


def possible(shop: Dataset) -> tuple[str, ...]:
    """Return what this shop's customers can be segmented by."""
    return tuple(name for name, needs in BY.items() if any(shop.has(need) for need in needs))


@analysis("orders.customer_id")
def segments(shop: Dataset, *, by: str = "cycle", as_of: date | str | None = None, level: float = 0.95) -> Segments:
    """Cut the customers with an order by what is known of them, and describe each segment.

    Args:
        shop: A Dataset whose orders name their customers.
        by: 'cycle' (place in the buying cycle), 'consent', 'age', 'country', 'loyalty' or 'trigger' (what most often
            goes before a customer's orders: a message, a restock, a promotion, the season).
        as_of: The day it is seen from; the last day of the period by default.
        level: Coverage of the intervals.

    Raises:
        SchemaError: if no file knows what is asked for.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import tiny_shop
        >>> jl.customers.segments(tiny_shop()).table()[["segment", "n"]].values.tolist()
        [['on time', 1], ['due', 1]]
    """
    one_of(by, "by", tuple(BY))
    if by not in possible(shop):
        raise SchemaError(f"Segments by {by} need {' or '.join(BY[by])}, which no file has.")
    until = check_day(as_of, "as_of") or orders_end(shop)
    if until is None:
        raise NotEnoughData("The orders carry no days, so nobody's history is known.")
    on = persona_figures.ground(shop, until)
    labelled = shop.engine.keep(_labelled(shop, by, until, on.people))
    names = [str(name) for name in shop.run(labelled.group_by("segment").agg(n=_.count()))["segment"]]
    names = _ordered(names, by)
    if not names:
        raise NotEnoughData("No order that counts names its customer in this period.", do="Choose a longer period.")
    persona = ibis.cases(*((labelled.segment == name, place) for place, name in enumerate(names, start=1)), else_=0)
    roster = labelled.select("customer_id", persona=persona, probability=ibis.null("float64"))
    sizes, figures = persona_figures.collect(shop, roster, level, on)
    sizes.insert(0, "segment", [names[number - 1] for number in sizes["persona"]])
    figures.insert(0, "segment", [names[number - 1] for number in figures["persona"]])
    return Segments(
        segments=sizes.drop(columns=["persona", "probability"]),
        figures=figures.drop(columns="persona"),
        by=by,
        caveats=(*_caveats(shop, by, until, level), *persona_figures.unknown_margin(sizes)),
    )


def _labelled(shop: Dataset, by: str, until: date, people: ir.Table) -> ir.Table:
    if by == "cycle":
        return people.select("customer_id", segment=_.phase)
    found = triggers.of_customers(shop, until) if by == "trigger" else _known(shop, by, until)
    found = found.rename(_customer="customer_id")
    joined = people.left_join(found, people.customer_id == found._customer)  # noqa: SLF001 - a column
    return joined.select("customer_id", segment=_.segment.fill_null(UNKNOWN))


def _known(shop: Dataset, by: str, until: date) -> ir.Table:
    if by == "country" and not shop.has("customers.country"):
        each = _most_ordered_from(shop, until)
    else:
        column = {"consent": "accepts_marketing", "age": "birth_year", "loyalty": "loyalty_member"}.get(by, by)
        each = shop.table("customers").group_by("customer_id").agg(value=_[column].max())
    if by == "age":
        age = until.year - _.value
        # A year that nobody living was born in says nothing of the age.
        return each.filter(_.value.notnull(), age >= 0, age <= OLDEST).select(
            "customer_id", segment=ibis.cases(*((age < top, name) for top, name in _AGES), else_="65 and over")
        )
    if by in {"consent", "loyalty"}:
        yes, no = {"consent": ("accepts marketing", "does not"), "loyalty": ("member", "not a member")}[by]
        return each.select("customer_id", segment=ibis.cases((_.value, yes), (~_.value, no), else_=UNKNOWN))
    counts = each.group_by("value").agg(_n=_.count())
    top = counts.order_by(ibis.desc("_n"), "value").limit(MOST_COUNTRIES).rename(_value="value")
    joined = each.left_join(top, each.value == top._value)  # noqa: SLF001 - a column
    named = ibis.cases((_.value.isnull(), UNKNOWN), (_._value.isnull(), "other"), else_=_.value)  # noqa: SLF001
    return joined.select("customer_id", segment=named)


def _most_ordered_from(shop: Dataset, until: date) -> ir.Table:
    """Return customer_id and value, the country of most of a customer's orders; of equals that of the latest order."""
    orders = shop.sales().filter(_.customer_id.notnull(), _.country.notnull(), _.day <= ibis_date(until))
    each = orders.group_by("customer_id", value=_.country).agg(n=_.count(), last=_.day.max())
    first = ibis.window(group_by="customer_id", order_by=[ibis.desc("n"), ibis.desc("last"), "value"])
    return each.mutate(_row=ibis.row_number().over(first)).filter(_["_row"] == 0).select("customer_id", "value")


def _ordered(names: list[str], by: str) -> list[str]:
    usual = {
        "cycle": list(cycle.PHASES),
        "age": [name for _top, name in _AGES] + ["65 and over"],
        "trigger": list(triggers.TRIGGERS),
    }.get(by, [])
    place = {name: number for number, name in enumerate(usual)}
    return sorted(names, key=lambda name: (name == UNKNOWN, name == "other", place.get(name, 99), name))


def _caveats(shop: Dataset, by: str, until: date, level: float) -> tuple[str, ...]:
    said = ["Segments are cuts by what is known, not groups found; they describe, and do not explain."]
    if by == "trigger":
        said.append("What goes before a purchase is not always its cause: some would have bought anyway.")
        found = triggers.after_messages(shop, until)
        if found is not None:
            low, high = (words.percent(float(edge)) for edge in wilson(found.n, found.of, level=level))
            said.append(
                f"{words.percent(found.n / found.of)} of {words.count(found.of, 'order')} came within "
                f"{words.count(triggers.MESSAGE_DAYS, 'day')} after a message ({low} to {high}, {words.percent(level)} "
                f"interval); at moments drawn at random {words.percent(found.expected)} would have."
            )
    return tuple(said)
