"""Recency, frequency and monetary value of each customer, scored against the shop's own customers.

Method and limits: docs/methods/rfm.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import ibis
from ibis import _

from journeylab import words
from journeylab.checks import day as check_day
from journeylab.checks import whole
from journeylab.data.dataset import ibis_date
from journeylab.errors import NotEnoughData
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from datetime import date

    import altair as alt
    import ibis.expr.types as ir
    import pandas as pd

    from journeylab.data.dataset import Dataset


@dataclass(frozen=True, eq=False, kw_only=True)
class Rfm(Result):
    """Customers by their scores.

    Args:
        cells: A row a combination of scores that occurs: r, f, m, n (customers), share, net, share_of_net,
            recency_days, frequency and monetary (means over its customers).
        bins: Scores run from 1 (worst) to this.
        n: Customers scored.
        net: Their net value together.
        as_of: The day recency is counted to.
        currency: Of the money.
    """

    views: ClassVar[tuple[str, ...]] = ("customers", "value", "scores")

    cells: pd.DataFrame
    bins: int
    n: int
    net: float
    as_of: date
    currency: str

    def table(self) -> pd.DataFrame:
        """Return a row a combination of scores, the best first, each with its customers and their net value."""
        return self.cells

    def headline(self) -> str:
        """Say what the best customers by recency and frequency bring."""
        best = self.cells[(self.cells["r"] == self.bins) & (self.cells["f"] == self.bins)]
        if best.empty:
            return f"{words.count(self.n, 'customer')} scored; none is both among the latest and the most frequent."
        return (
            f"{words.count(best['n'].sum())} of {words.count(self.n, 'customer')} "
            f"({words.percent(best['share'].sum())}) ordered both lately and often; they bring "
            f"{words.percent(best['share_of_net'].sum())} of {words.money(self.net, self.currency)}."
        )

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import grid

        if view == "scores":
            return grid.scores(self.cells, bins=self.bins)
        by_cell = self.cells.groupby(["r", "f"], as_index=False)[["n", "net", "share", "share_of_net"]].sum()
        if view == "value":
            return grid.heat(by_cell, value="net", share="share_of_net", title=f"net value ({self.currency})")
        return grid.heat(by_cell, value="n", share="share", title="customers")


@analysis("orders.customer_id")
def rfm(shop: Dataset, *, bins: int = 5, as_of: date | str | None = None) -> Rfm:
    """Score every customer by recency, frequency and monetary value, from 1 to `bins`.

    Recency is the number of days from the last order to `as_of`, frequency the number of counted orders, monetary
    value their net sum. A customer gets score s when at least (s - 1) / bins of the customers are strictly worse, so
    that equal customers get equal scores whatever the order of the rows, and scaling money changes nothing.

    Source: Hughes (1994), "Strategic Database Marketing"; the rule for ties is ours (docs/methods/rfm.md).

    Args:
        shop: A Dataset whose orders name their customers.
        bins: How many scores, 2 to 10; 5 gives quintiles.
        as_of: The day to count recency to; the last day of the period by default. Later orders are left out.

    Raises:
        NotEnoughData: if no counted order has a customer.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import tiny_shop
        >>> jl.customers.rfm(tiny_shop(), bins=2).table()[["r", "f", "m", "n"]].values.tolist()
        [[2, 2, 2, 1], [1, 1, 1, 1]]
    """
    whole(bins, "bins", lowest=2, highest=10)
    until = check_day(as_of, "as_of") or (shop.period[1] if shop.period else None)
    if until is None:
        raise NotEnoughData("The orders carry no days, so nobody's last order is known.")
    cells = shop.run(_cells(_scores(_customers(shop, until), bins)))
    if cells.empty:
        raise NotEnoughData("No order that counts names its customer in this period.", do="Choose a longer period.")
    cells = cells.sort_values(["r", "f", "m"], ascending=False, ignore_index=True)
    n, net = int(cells["n"].sum()), float(cells["net"].sum())
    cells.insert(4, "share", cells["n"] / n)
    cells.insert(6, "share_of_net", cells["net"] / net if net else float("nan"))
    return Rfm(
        cells=cells, bins=bins, n=n, net=net, as_of=until, currency=shop.currency, caveats=_caveats(shop, cells, bins)
    )


def _customers(shop: Dataset, until: date) -> ir.Table:
    """Return a row a customer: customer_id, recency_days, frequency, monetary."""
    orders = shop.sales().filter(_.customer_id.notnull(), _.day <= ibis_date(until))
    customers = orders.group_by("customer_id").agg(
        last=_.day.max(), frequency=_.count(), monetary=_.net.sum().cast("float64")
    )
    return customers.mutate(recency_days=-_.last.delta(ibis_date(until), unit="day")).drop("last")


def _scores(customers: ir.Table, bins: int) -> ir.Table:
    """Add r, f and m: one more than the number of whole (1 / bins)-ths of customers who are strictly worse."""
    everyone = _.count().over()
    # Whole numbers only: a share in floating point would put 3/5 on either side of itself.
    return customers.mutate(
        **{
            name: 1 + (ibis.rank().over(ibis.window(order_by=order)) * bins) // everyone
            for name, order in (("r", _.recency_days.desc()), ("f", _.frequency), ("m", _.monetary))
        }
    )


def _cells(scored: ir.Table) -> ir.Table:
    return scored.group_by("r", "f", "m").agg(
        n=_.count(),
        net=_.monetary.sum(),
        recency_days=_.recency_days.mean(),
        frequency=_.frequency.mean(),
        monetary=_.monetary.mean(),
    )


def _caveats(shop: Dataset, cells: pd.DataFrame, bins: int) -> tuple[str, ...]:
    said = ["Scores compare the shop's customers with each other; they say nothing about other shops, or about why."]
    taken = cells.groupby("f")["n"].sum()
    if taken.max() > 2 / bins * taken.sum():
        said.append(
            f"{words.percent(taken.max() / taken.sum())} of the customers share one frequency score, because as many "
            "have the same number of orders; frequency tells them apart poorly."
        )
    if shop.observed and shop.period and shop.period[0] > shop.observed[0]:
        said.append("Only orders within the chosen period count; earlier ones are left out of frequency and value.")
    return tuple(said)
