"""Customers by when they first bought: who comes back, what they bring, and when they have paid for themselves.

A cell that could not be observed yet is not a number; 0 means observed, and none came. Method and limits:
docs/methods/cohorts.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

import ibis
import numpy as np
import pandas as pd
from ibis import _

from journeylab import words
from journeylab.checks import number, one_of
from journeylab.customers import purchases
from journeylab.customers.acquisition import cost_of_winning
from journeylab.data.coverage import orders_end, orders_end_caveat
from journeylab.errors import NotEnoughData
from journeylab.intervals import wilson, z_of
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from datetime import date

    import altair as alt
    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

UNITS = {"week": "W", "month": "M"}
#: Periods after the first that cells follow a cohort; payback follows as far as the data go.
MOST = {"week": 52, "month": 36}
#: Customers who must have been watched as long for a mean of theirs.
FEWEST = 10


@dataclass(frozen=True, eq=False, kw_only=True)
class Cohorts(Result):
    """Cohorts by first purchase.

    Args:
        cells: A row a cohort and period since: cohort (first day of its period), period (0 is the first purchase's
            own), n (customers who bought), of (customers of the cohort), rate, lower, upper, net, margin (cumulated a
            customer), revenue (net cumulated a customer), partial (the period was not over when the data ended).
        payback: A row a period since: period, margin (cumulated, mean a customer), lower, upper, n (customers
            observed that long; at least 10).
        unit: 'week' or 'month'.
        cost: Cost of winning a customer; 0 if not given.
        paid_back: Period by whose end mean margin reaches the cost, and the earliest and latest of its interval; NaN
            where it was not reached within what was observed, which is the last period of `payback`.
        level: Coverage of the intervals.
        currency: Of the money.
    """

    views: ClassVar[tuple[str, ...]] = ("retention", "curves", "revenue", "margin", "payback")

    cells: pd.DataFrame
    payback: pd.DataFrame
    unit: str
    cost: float
    paid_back: tuple[float, float, float]
    level: float
    currency: str

    def table(self) -> pd.DataFrame:
        """Return a row a cohort and period since its start; periods not observed have no row."""
        return self.cells

    def headline(self) -> str:
        """Say how many come back in the period after the first, and when the cost of winning them is earned back."""
        after = self.cells[(self.cells["period"] == 1) & ~self.cells["partial"]]
        n, of = after["n"].sum(), after["of"].sum()
        said = (
            f"{words.percent(n / of)} of {words.count(of, 'customer')} bought again in the {self.unit} after the first"
            if of
            else f"No cohort has been observed for a whole {self.unit} after its first"
        )
        if not self.cost:
            return f"{said}."
        at, early, late = self.paid_back
        cost = words.money(self.cost, self.currency)
        if self.payback.empty:
            return f"{said}; too few customers were watched for long enough to say if the {cost} to win one come back."
        if np.isnan(at):
            last = self.payback.iloc[-1]
            within = words.count(last["period"], f"{self.unit} after the first", f"{self.unit}s after the first")
            return (
                f"{said}; the {cost} it costs to win one were not earned back within {within}, the longest that "
                f"{FEWEST} customers were watched ({words.money(last['margin'], self.currency)} by then)."
            )
        if late == 0:
            return f"{said}; the {cost} it costs to win one are earned back in the {self.unit} of the first purchase."
        ends = f"{early:.0f} to {late:.0f}" if not np.isnan(late) else f"{early:.0f} or later"
        return f"{said}; the {cost} it costs to win one are earned back by {self.unit} {at:.0f} (interval {ends})."

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import cohorts as charts

        if view == "retention":
            return charts.triangle(self.cells, unit=self.unit)
        if view == "curves":
            return charts.curves(self.cells, unit=self.unit)
        if view == "revenue":
            return charts.cumulated(self.cells, "revenue", unit=self.unit, cost=0.0, currency=self.currency)
        if view == "margin":
            return charts.cumulated(self.cells, "margin", unit=self.unit, cost=self.cost, currency=self.currency)
        return charts.payback(self.payback, unit=self.unit, cost=self.cost, currency=self.currency)


@analysis("orders.customer_id")
def cohorts(
    shop: Dataset,
    *,
    unit: str = "month",
    margin: float = 0.4,
    cost: float | None = None,
    free_orders: bool = False,
    level: float = 0.95,
) -> Cohorts:
    """Follow customers by the week or month of their first purchase.

    A customer counts once in each period they bought in. Cumulated revenue and margin a customer have the cohort's
    whole size as their denominator. Payback is the first period by whose end the mean cumulated margin of all customers
    observed that long, at least 10, reaches the cost; its interval is where the interval of that mean (normal) reaches
    it. Cells end after 52 weeks or 36 months; payback is followed to the end of the data.

    Args:
        shop: A Dataset whose orders name their customers.
        unit: 'week' (from Monday) or 'month'.
        margin: Share of net value that is margin, 0 to 1.
        cost: What winning a customer costs. None takes what the shop's spend comes to for each new customer of its
            days, if it has spend; 0 leaves payback aside.
        free_orders: Count days that come to zero as purchases.
        level: Coverage of the intervals.

    Raises:
        NotEnoughData: if no counted order names its customer.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import tiny_shop
        >>> jl.customers.cohorts(tiny_shop()).table()[["period", "n", "of"]].values.tolist()
        [[0, 2, 2], [1, 1, 2]]
    """
    one_of(unit, "unit", tuple(UNITS))
    number(margin, "margin", lowest=0, highest=1)
    cost = cost_of_winning(shop) if cost is None else number(cost, "cost", lowest=0)
    z_of(level)
    if shop.period is None:
        raise NotEnoughData("The orders carry no days, so nobody's first purchase is known.")
    until = orders_end(shop) or shop.period[1]
    days = _with_periods(purchases.purchase_days(shop, until, free=free_orders), unit)
    counts = purchases.settled(shop.run(_counts(days)), "cohort", "since")
    if counts.empty:
        raise NotEnoughData("No order that counts names its customer in this period.", do="Choose a longer period.")
    cells = _cells(counts, unit, until, margin, level)
    sums = purchases.settled(shop.run(_cumulated(days)), "cohort", "since")
    payback = _payback(sums, counts, unit, until, margin, level)
    return Cohorts(
        cells=cells,
        payback=payback,
        unit=unit,
        cost=cost,
        paid_back=_reached(payback, cost),
        level=level,
        currency=shop.currency,
        caveats=purchases.window_caveat(shop)
        + _caveats(cells, unit, margin)
        + _beyond(counts, unit, shop.currency)
        + purchases.returned_caveat(shop, until, free=free_orders)
        + orders_end_caveat(shop, until),
    )


def _with_periods(days: ir.Table, unit: str) -> ir.Table:
    """Add cohort (first day of the first purchase's period) and since (periods since then) to purchase days."""
    start, now = _["first"].truncate(UNITS[unit]), _.day.truncate(UNITS[unit])
    days = days.mutate(cohort=start.cast("date"), now=now.cast("date"))
    if unit == "week":
        return days.mutate(since=_.now.delta(_.cohort, unit="day") // 7)
    return days.mutate(since=(_.now.year() - _.cohort.year()) * 12 + _.now.month() - _.cohort.month())


def _counts(days: ir.Table) -> ir.Table:
    return days.group_by("cohort", "since").agg(n=_.customer_id.nunique(where=_.day == _.purchase), net=_.net.sum())


def _cumulated(days: ir.Table) -> ir.Table:
    """Return what each period adds to the sum, and to the sum of squares, of its cohort's cumulated net values.

    A customer whose value goes from c to c + net adds net to the one and (c + net)² − c² to the other, so that both
    follow by adding up, however many periods there are.
    """
    each = days.group_by("cohort", "customer_id", "since").agg(net=_.net.sum())
    so_far = ibis.cumulative_window(group_by=["cohort", "customer_id"], order_by="since")
    each = each.mutate(total=_.net.sum().over(so_far))
    return each.group_by("cohort", "since").agg(net=_.net.sum(), squares=(_.net * (2 * _.total - _.net)).sum())


def _cells(counts: pd.DataFrame, unit: str, until: date, margin: float, level: float) -> pd.DataFrame:
    """Fill the triangle: every period that began by the end of the data, with zeros where nobody came."""
    counts = counts.assign(cohort=pd.to_datetime(counts["cohort"]).dt.to_period(UNITS[unit]), n=counts["n"].astype(int))
    last = pd.Period(until, UNITS[unit])
    sizes = counts.loc[counts["since"] == 0].set_index("cohort")["n"].sort_index()
    whole = pd.MultiIndex.from_tuples(
        [(cohort, k) for cohort in sizes.index for k in range(min((last - cohort).n, MOST[unit]) + 1)],
        names=["cohort", "since"],
    )
    cells = counts.set_index(["cohort", "since"]).reindex(whole, fill_value=0).reset_index()
    of = cells["cohort"].map(sizes).to_numpy(int)
    lower, upper = wilson(cells["n"], of, level=level)
    over = until + timedelta(days=1)
    ends = [(row.cohort + row.since).end_time.date() for row in cells.itertuples()]
    return pd.DataFrame(
        {
            "cohort": cells["cohort"].dt.start_time,
            "period": cells["since"],
            "n": cells["n"],
            "of": of,
            "rate": cells["n"] / of,
            "lower": lower,
            "upper": upper,
            "net": cells["net"].astype(float),
            "margin": cells.groupby("cohort")["net"].cumsum() * margin / of,
            "revenue": cells.groupby("cohort")["net"].cumsum() / of,
            "partial": [end >= over for end in ends],
        }
    )


def _payback(
    sums: pd.DataFrame, counts: pd.DataFrame, unit: str, until: date, margin: float, level: float
) -> pd.DataFrame:
    """Return mean cumulated margin by periods since, over the cohorts for which that period is over."""
    first = counts[counts["since"] == 0]
    cohorts = pd.to_datetime(first["cohort"]).dt.to_period(UNITS[unit])
    over = pd.Period(until + timedelta(days=1), UNITS[unit])  # the first period that is not over
    watched = np.array([(over - cohort).n - 1 for cohort in cohorts], dtype=int)
    longest = int(watched.max(initial=-1))
    place = {cohort: row for row, cohort in enumerate(first["cohort"])}
    steps = np.zeros((2, len(first), max(longest + 1, int(sums["since"].max()) + 1)))
    steps[:, sums["cohort"].map(place), sums["since"]] = sums[["net", "squares"]].to_numpy(float).T
    net, squares = steps.cumsum(axis=2)
    rows = []
    for k in range(longest + 1):
        known = watched >= k
        n = float(first["n"].to_numpy(float)[known].sum())
        if n < FEWEST:
            break
        mean = float(net[known, k].sum()) / n
        variance = max(float(squares[known, k].sum()) - n * mean**2, 0.0) / (n - 1)
        half = z_of(level) * margin * float(np.sqrt(variance / n))
        rows.append((k, mean * margin, max(mean * margin - half, 0.0), mean * margin + half, int(n)))
    return pd.DataFrame(rows, columns=["period", "margin", "lower", "upper", "n"])


def _reached(payback: pd.DataFrame, cost: float) -> tuple[float, float, float]:
    """Return the first period whose margin, upper and lower end reach the cost."""
    if not cost:
        return float("nan"), float("nan"), float("nan")

    def when(column: str) -> float:
        enough = payback.loc[payback[column] >= cost, "period"]
        return float(enough.iloc[0]) if len(enough) else float("nan")

    return when("margin"), when("upper"), when("lower")


def _caveats(cells: pd.DataFrame, unit: str, margin: float) -> tuple[str, ...]:
    first = cells["cohort"].min()
    said = [
        f"The first cohort ({first:%d %b %Y}) also holds customers who had bought before the data begin.",
        f"Margin is taken as {words.percent(margin, digits=0)} of net value, which is your assumption.",
        "Payback is a mean over the customers observed that long: fewer, and older, the longer it looks.",
    ]
    if cells["partial"].any():
        said.insert(0, f"The last {unit} is not over; its cells are marked, and left out of curves and payback.")
    small = cells.loc[(cells["period"] == 0) & (cells["of"] < 30)]
    if len(small):
        said.append(f"{words.count(len(small), 'cohort')} with fewer than 30 customers: too few to compare.")
    return tuple(said)


def _beyond(counts: pd.DataFrame, unit: str, currency: str) -> tuple[str, ...]:
    """Say what the cells leave out because they end before the data do."""
    later = counts.loc[counts["since"] > MOST[unit], "net"]
    if later.empty:
        return ()
    left, all_net = (words.money(float(net.sum()), currency) for net in (later, counts["net"]))
    ends = words.count(MOST[unit], unit)
    return (f"Cells follow a cohort for {ends} after its first; {left} of {all_net} net came later: see payback.",)
