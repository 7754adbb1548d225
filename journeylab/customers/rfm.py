"""Recency, frequency and monetary value of each customer, scored against the shop's own customers or fixed cut-offs.

Method and limits: docs/methods/rfm.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import ibis
from ibis import _

from journeylab import words
from journeylab.checks import day as check_day
from journeylab.checks import number, one_of, whole
from journeylab.customers.margin import with_money
from journeylab.customers.roster import Roster
from journeylab.data.coverage import orders_end, orders_end_caveat
from journeylab.data.dataset import ibis_date
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import altair as alt
    import ibis.expr.types as ir
    import pandas as pd

    from journeylab.data.dataset import Dataset


SCORES = ("r", "f", "m")
MONEY = ("net", "margin")


@dataclass(frozen=True, eq=False, kw_only=True)
class Rfm(Result):
    """Customers by their scores.

    Args:
        cells: A row a combination of scores that occurs: r, f, m, n (customers), share, net, share_of_net,
            recency_days, frequency and monetary (means over its customers).
        roster: Every customer with recency_days, frequency, monetary, net, r, f and m, in the engine.
        money: What monetary value is: 'net' or 'margin'.
        bins: Scores run from 1 (worst) to this.
        n: Customers scored.
        net: Their net value together.
        as_of: The day recency is counted to.
        currency: Of the money.
    """

    views: ClassVar[tuple[str, ...]] = ("customers", "value", "scores")

    cells: pd.DataFrame
    roster: Roster
    money: str
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
            title = f"net value ({self.currency})" if self.currency else "net value"
            return grid.heat(by_cell, value="net", share="share_of_net", title=title)
        return grid.heat(by_cell, value="n", share="share", title="customers")


@analysis("orders.customer_id")
def rfm(
    shop: Dataset,
    *,
    bins: int = 5,
    cutoffs: Mapping[str, Sequence[float]] | None = None,
    money: str = "net",
    as_of: date | str | None = None,
) -> Rfm:
    """Score every customer by recency, frequency and monetary value, from 1 to `bins`.

    Recency is the number of days from the last order to `as_of`, frequency the number of counted orders, monetary
    value the sum of their net value or margin. A customer gets score s when at least (s - 1) / bins of the customers
    are strictly worse, so that equal customers get equal scores whatever the order of the rows, and scaling money
    changes nothing. Where cut-offs are given, the score is 1 plus the number of cut-offs that are reached.

    Source: Hughes (1994), "Strategic Database Marketing"; the rule for ties is ours (docs/methods/rfm.md).

    Args:
        shop: A Dataset whose orders name their customers.
        bins: How many scores, 2 to 10; 5 gives quintiles.
        cutoffs: For any of 'r' (days, at most), 'f' (orders, at least) and 'm' (money, at least): bins - 1 different
            numbers; {'r': [30, 90, 180, 365]} gives 5 to who ordered within 30 days.
        money: 'net', or 'margin' where the files know the cost of goods; a customer of whom no order's margin is
            known scores 1.
        as_of: The day to count recency to; the last day of the period by default. Later orders are left out.

    Raises:
        NotEnoughData: if no counted order has a customer.
        SchemaError: if margin is asked for and no file has costs.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import tiny_shop
        >>> jl.customers.rfm(tiny_shop(), bins=2).table()[["r", "f", "m", "n"]].values.tolist()
        [[2, 2, 2, 1], [1, 1, 1, 1]]
    """
    scored, until = scores(shop, bins=bins, cutoffs=cutoffs, money=money, as_of=as_of)
    cells = shop.run(_cells(scored))
    if cells.empty:
        raise NotEnoughData("No order that counts names its customer in this period.", do="Choose a longer period.")
    cells = cells.sort_values(list(SCORES), ascending=False, ignore_index=True)
    n, net = int(cells["n"].sum()), float(cells["net"].sum())
    blind = int(cells.pop("blind").sum())
    cells.insert(4, "share", cells["n"] / n)
    cells.insert(6, "share_of_net", cells["net"] / net if net > 0 else float("nan"))
    return Rfm(
        cells=cells,
        roster=Roster(scored, shop.engine),
        money=money,
        bins=bins,
        n=n,
        net=net,
        as_of=until,
        currency=shop.currency,
        caveats=(
            *_caveats(shop, cells, bins, cutoffs or {}),
            *_blind(blind, n),
            *(() if as_of else orders_end_caveat(shop, until)),
        ),
    )


def scores(
    shop: Dataset,
    *,
    bins: int = 5,
    cutoffs: Mapping[str, Sequence[float]] | None = None,
    money: str = "net",
    as_of: date | str | None = None,
) -> tuple[ir.Table, date]:
    """Return a row a customer, as an expression, with the figures and the scores r, f and m; and the as-of day."""
    whole(bins, "bins", lowest=2, highest=10)
    one_of(money, "money", MONEY)
    limits = _limits(cutoffs or {}, bins)
    until = check_day(as_of, "as_of") or orders_end(shop)
    if until is None:
        raise NotEnoughData("The orders carry no days, so nobody's last order is known.")
    return _scores(_customers(shop, until, money), bins, limits), until


def _customers(shop: Dataset, until: date, money: str) -> ir.Table:
    """Return a row a customer: customer_id, recency_days, frequency, monetary, net; monetary null if not known."""
    orders = shop.sales().filter(_.customer_id.notnull(), _.day <= ibis_date(until))
    customers = (
        with_money(shop, orders, money)
        .group_by("customer_id")
        .agg(
            last=_.day.max(),
            frequency=_.count(),
            monetary=_.money.sum().cast("float64"),
            net=_.net.sum().cast("float64"),
        )
    )
    return customers.select(
        "customer_id",
        recency_days=-_.last.delta(ibis_date(until), unit="day"),
        frequency=_.frequency,
        monetary=_.monetary,
        net=_.net,
    )


def _scores(customers: ir.Table, bins: int, limits: Mapping[str, Sequence[float]]) -> ir.Table:
    """Add r, f and m: one more than the number of whole (1 / bins)-ths of customers who are strictly worse."""
    everyone = _.count().over()
    # Sums of doubles differ in their last digits from engine to engine, and whoever is equal must stay equal.
    money = ibis.coalesce(_.monetary.round(4), -1e300)
    orders = {"r": _.recency_days.desc(), "f": _.frequency.asc(), "m": money.asc()}
    figures = {"r": -_.recency_days, "f": _.frequency, "m": money}
    # Whole numbers only: a share in floating point would put 3/5 on either side of itself.
    ranked = {
        name: 1 + (ibis.rank().over(ibis.window(order_by=order)) * bins) // everyone
        for name, order in orders.items()
        if name not in limits
    }
    fixed = {
        name: 1 + sum((figures[name] >= (-limit if name == "r" else limit)).cast("int64") for limit in values)
        for name, values in limits.items()
    }
    return customers.mutate(**ranked, **fixed).select(*customers.columns, *SCORES)


def _limits(cutoffs: Mapping[str, Sequence[float]], bins: int) -> dict[str, list[float]]:
    """Return the cut-offs, checked: bins - 1 different numbers for each score that has them."""
    out = {}
    for name, values in cutoffs.items():
        one_of(name, "cutoffs", SCORES)
        limits = [number(value, f"cutoffs[{name!r}]") for value in values]
        if len(set(limits)) != bins - 1 or len(limits) != bins - 1:
            raise BadParameter(
                f"{bins} scores need {bins - 1} different cut-offs, and {name} has {', '.join(map(str, values))}."
            )
        out[name] = limits
    return out


def _cells(scored: ir.Table) -> ir.Table:
    return scored.group_by(*SCORES).agg(
        n=_.count(),
        net=_.net.sum(),
        recency_days=_.recency_days.mean(),
        frequency=_.frequency.mean(),
        monetary=_.monetary.mean(),
        blind=_.monetary.isnull().cast("int64").sum(),
    )


def _blind(blind: int, n: int) -> tuple[str, ...]:
    if not blind:
        return ()
    of = f"{words.count(blind)} of {words.count(n, 'customer')}"
    return (f"The margin of {of} is not known, as goods they bought have no cost; they score 1 for monetary value.",)


def _caveats(shop: Dataset, cells: pd.DataFrame, bins: int, cutoffs: Mapping[str, Sequence[float]]) -> tuple[str, ...]:
    said = ["Scores compare the shop's customers with each other; they say nothing about other shops, or about why."]
    if len(cutoffs) == len(SCORES):
        said = ["Scores follow the cut-offs that were set; they say nothing about why."]
    taken = cells.groupby("f")["n"].sum()
    if "f" not in cutoffs and taken.max() > 2 / bins * taken.sum():
        said.append(
            f"{words.percent(taken.max() / taken.sum())} of the customers share one frequency score, because as many "
            "have the same number of orders; frequency tells them apart poorly."
        )
    if shop.observed and shop.period and shop.period[0] > shop.observed[0]:
        said.append("Only orders within the chosen period count; earlier ones are left out of frequency and value.")
    return tuple(said)
