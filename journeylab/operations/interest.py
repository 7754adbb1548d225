"""Active and passive demand: what visitors buy, beside what they look at and search for and do not buy.

Passive demand of a product is what its viewers would have bought at the rate of its category, less what they bought.
A niche, here a category, would take more products where both more people look at each of its products than elsewhere
and at least as many of them buy. docs/methods/demand.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd
from ibis import _

from journeylab import words
from journeylab.checks import number, whole
from journeylab.errors import NotEnoughData
from journeylab.intervals import wilson
from journeylab.journey.searches import searches
from journeylab.journey.steps import STAGES
from journeylab.operations.sales_series import NO_CATEGORY, movements, usual_names
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    import altair as alt
    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

_VIEWS, _BUYS = STAGES[1], STAGES[-1]


@dataclass(frozen=True, eq=False, kw_only=True)
class Interest(Result):
    """What is looked at beside what is bought.

    Args:
        skus: A row a SKU, most passive demand first: sku, product, category, n (viewers who bought it), of (viewers),
            rate, lower, upper, usual (rate of its category), passive (buyers missing at that rate; zero if none),
            units (sold in all), unusual (whether its interval lies below the usual rate).
        niches: A row a category: category, skus, viewers_per_sku, units_per_sku, n, of, rate, lower, upper, and
            takes_more (whether more look at each product than in the whole shop, and at least as many buy).
        searches: A row a search term, most empty first: term, n (sessions), empty, told, empty_rate, rate.
        rate: Viewers who bought over viewers, of all SKUs.
    """

    views: ClassVar[tuple[str, ...]] = ("products", "niches", "searches")

    skus: pd.DataFrame
    niches: pd.DataFrame
    searches: pd.DataFrame
    rate: float

    def table(self) -> pd.DataFrame:
        """Return a row a SKU."""
        return self.skus

    def headline(self) -> str:
        """Name the product that is looked at most without being bought, and the niche that would take more."""
        odd = self.skus[self.skus["unusual"]]
        said = f"{words.percent(self.rate)} of those who look at a product buy it"
        if len(odd):
            first = odd.iloc[0]
            missed = words.count(first["passive"], "buyer")
            said += f"; {first['product']} misses most, about {missed} at its category's rate"
        more = self.niches[self.niches["takes_more"]]
        if len(more):
            said += f"; {more['category'].iloc[0]} would take more products"
        empty = self.searches[self.searches["empty_rate"] > 0.5] if len(self.searches) else self.searches
        if len(empty):
            said += f"; searches for {words.listed(list(empty['term'].head(3)))} find nothing"
        return f"{said}."

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import interest as charts

        if view == "niches":
            return charts.niches(self.niches)
        return charts.searched(self.searches.head(20)) if view == "searches" else charts.products(self.skus.head(40))


@analysis("events.sku", "orders", "order_lines")
def interest(shop: Dataset, *, fewest: int = 50, level: float = 0.95) -> Interest:
    """Compare what visitors look at with what they buy, by product and category, and what searches do not find.

    Args:
        shop: A Dataset whose events name SKUs; purchases with an order_id are joined to that order's lines. With
            events.query, searches are told too.
        fewest: Viewers a SKU must have.
        level: Coverage of the intervals (Wilson); SKUs that stand out are judged at a level shared among all.

    Raises:
        NotEnoughData: if no SKU has so many viewers.
    """
    whole(fewest, "fewest", lowest=1)
    number(level, "level", lowest=0.5, highest=0.9999)
    viewed = (
        shop.table("events").filter(_.event.isin(list(_VIEWS)), _.sku.notnull()).select("visitor_id", "sku").distinct()
    )
    bought = _bought(shop).rename(buyer="visitor_id", bought="sku")
    pairs = viewed.left_join(bought, [viewed.visitor_id == bought.buyer, viewed.sku == bought.bought])
    rows = shop.run(pairs.group_by("sku").agg(of=_.count(), n=_.bought.count()))
    moves = movements(shop)
    names = shop.run(moves.group_by("sku").agg(category=_.category.min(), units=_.sold.sum()))
    names = names.merge(shop.run(usual_names(moves)), on="sku", how="left")
    rows = rows.merge(names, on="sku", how="left")
    rows["product"], rows["category"] = rows["product"].fillna(rows["sku"]), rows["category"].fillna(NO_CATEGORY)
    rows["units"] = rows["units"].fillna(0.0)
    niches = _niches(rows, level)
    few = int((rows["of"] < fewest).sum())
    rows = rows[rows["of"] >= fewest].copy()
    if rows.empty:
        raise NotEnoughData(f"No SKU was looked at by {words.count(fewest, 'visitor')}.", do="Ask for fewer.")
    both = rows.groupby("category")[["n", "of"]].transform("sum")
    rows["rate"], rows["usual"] = rows["n"] / rows["of"], both["n"] / both["of"]
    rows["lower"], rows["upper"] = wilson(rows["n"], rows["of"], level=level)
    _below, strict = wilson(rows["n"], rows["of"], level=min(1 - (1 - level) / len(rows), 0.9999))
    rows["unusual"] = strict < rows["usual"]
    rows["passive"] = np.maximum(rows["usual"] * rows["of"] - rows["n"], 0.0)
    rows = rows.sort_values(["passive", "sku"], ascending=[False, True], ignore_index=True)
    said = ["Who looks and who buys was seen in one browser only: a purchase on another device counts as none."]
    if few:
        said.append(f"{words.count(few, 'SKU')} with fewer than {words.count(fewest, 'viewer')} are left out.")
    said.append("Few buyers for many viewers can mean a price, a picture or no stock; this does not tell which.")
    if not shop.has("events.query"):
        said.append("The events do not say what was searched for.")
    order = ["sku", "product", "category", "n", "of", "rate", "lower", "upper", "usual", "passive", "units", "unusual"]
    return Interest(
        skus=rows[order],
        niches=niches,
        searches=_searched(shop),
        rate=float(rows["n"].sum() / rows["of"].sum()),
        caveats=tuple(said),
    )


def _bought(shop: Dataset) -> ir.Table:
    """Return which visitor bought which SKU, by the lines of the orders of their purchases where these are named."""
    buys = shop.table("events").filter(_.event.isin(list(_BUYS)))
    if not shop.has("events.order_id"):
        return buys.filter(_.sku.notnull()).select("visitor_id", "sku").distinct()
    lines = movements(shop).filter(_.sold > 0).select("order", "sku")
    buys = buys.filter(_.order_id.notnull()).select("visitor_id", "order_id")
    return buys.inner_join(lines, buys.order_id == lines.order).select("visitor_id", "sku").distinct()


def _niches(rows: pd.DataFrame, level: float) -> pd.DataFrame:
    sums = rows.groupby("category").agg(skus=("sku", "size"), n=("n", "sum"), of=("of", "sum"), units=("units", "sum"))
    sums["viewers_per_sku"], sums["units_per_sku"] = sums["of"] / sums["skus"], sums["units"] / sums["skus"]
    sums["rate"] = sums["n"] / sums["of"]
    sums["lower"], sums["upper"] = wilson(sums["n"], sums["of"], level=level)
    looked, bought = sums["of"].sum() / sums["skus"].sum(), sums["n"].sum() / sums["of"].sum()
    sums["takes_more"] = (sums["viewers_per_sku"] > looked) & (sums["lower"] > bought)
    columns = [
        "category",
        "skus",
        "viewers_per_sku",
        "units_per_sku",
        "n",
        "of",
        "rate",
        "lower",
        "upper",
        "takes_more",
    ]
    return sums.reset_index().sort_values(["viewers_per_sku", "category"], ascending=[False, True], ignore_index=True)[
        columns
    ]


def _searched(shop: Dataset) -> pd.DataFrame:
    columns = ["term", "n", "empty", "told", "empty_rate", "rate"]
    if not shop.has("events.query"):
        return pd.DataFrame(columns=columns)
    try:
        rows = searches(shop).rows
    except NotEnoughData:
        return pd.DataFrame(columns=columns)
    order = ["empty", "n", "term"]
    return rows.sort_values(order, ascending=[False, False, True], ignore_index=True)[columns]
