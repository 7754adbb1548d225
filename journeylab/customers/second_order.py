"""How long until the second purchase: a survival curve, in which customers still waiting count for as long as seen.

Kaplan & Meier (1958), with Greenwood's variance on the log(−log) scale (Kalbfleisch & Prentice 1980), so that
intervals stay within 0 and 1. Method and limits: docs/methods/cohorts.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd
from ibis import _

from journeylab import words
from journeylab.checks import one_of
from journeylab.customers import purchases
from journeylab.data.coverage import orders_end, orders_end_caveat
from journeylab.data.dataset import ibis_date
from journeylab.errors import NotEnoughData
from journeylab.intervals import z_of
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    import altair as alt

    from journeylab.data.dataset import Dataset

MARKS = (30, 60, 90, 180, 365)
FEWEST = 10
#: Customers who must still be waiting for the curve to be said at a day; fewer, and a single one moves it much.
FEWEST_WAITING = 30


@dataclass(frozen=True, eq=False, kw_only=True)
class SecondOrder(Result):
    """Time to the second purchase.

    Args:
        curve: A row a group and day: group, day, rate (estimated share who have bought again by then), lower, upper,
            at_risk (customers still waiting as the day begins).
        marks: The same at 30, 60, 90, 180 and 365 days, with n (customers of the group) and again (those of them who
            have bought again by that day, as seen); rate and its ends are NaN where fewer than 30 were still waiting.
        again: Customers who have bought again so far, by group, as counted.
        median: Days by which half have bought again, by group; NaN where half have not while 30 or more waited.
        median_ends: Lower and upper end of its interval, from where the curve's own ends reach a half.
        by: What the groups are, or None.
        level: Coverage of the intervals.
    """

    views: ClassVar[tuple[str, ...]] = ("curve",)

    curve: pd.DataFrame
    marks: pd.DataFrame
    again: dict[str, int]
    median: dict[str, float]
    median_ends: dict[str, tuple[float, float]]
    by: str | None
    level: float

    def table(self) -> pd.DataFrame:
        """Return the share who have bought again by 30, 60, 90, 180 and 365 days, as far as observed."""
        return self.marks if self.by else self.marks.drop(columns="group")

    def headline(self) -> str:
        """Say what share buys again by when, that it is an estimate with an interval, and how many have so far."""
        group = self.marks.sort_values("n", kind="stable")["group"].iloc[-1]
        of_group = self.marks[self.marks["group"] == group]
        n, ever = of_group["n"].iloc[0], self.again[group]
        whose = f" of {group}" if self.by else ""
        so_far = f"{words.count(ever)} of {words.count(n, 'customer')}{whose} ({words.percent(ever / n)}) have so far"
        known = of_group[of_group["rate"].notna()]
        if known.empty:
            return f"Too few customers have been watched for {MARKS[0]} days to say who buys again; {so_far}."
        last = known.iloc[-1]
        rate, lower, upper = (words.percent(last[name]) for name in ("rate", "lower", "upper"))
        return (
            f"By day {last['day']:.0f}, an estimated {rate} of customers{whose} buy a second time "
            f"({words.percent(self.level, digits=0)} interval {lower} to {upper}), {self._half(group)}; {so_far}."
        )

    def _half(self, group: str) -> str:
        """Say by which day half have bought again."""
        half, (early, late) = self.median[group], self.median_ends[group]
        if np.isnan(half):
            return "fewer than half within what can be said"
        ends = f"{early:.0f} to {late:.0f}" if not np.isnan(late) else f"{early:.0f} or later"
        return f"half by day {half:.0f} (interval {ends})"

    def _draw(self, view: str) -> alt.TopLevelMixin:  # noqa: ARG002 - there is one view
        from journeylab.charts import cohorts as charts

        return charts.survival(_sayable(self.curve), grouped=self.by is not None)


@analysis("orders.customer_id")
def second_order(
    shop: Dataset, *, by: str | None = None, free_orders: bool = False, level: float = 0.95
) -> SecondOrder:
    """Estimate when customers buy a second time; those still waiting when the data end are not taken as lost.

    Args:
        shop: A Dataset whose orders name their customers.
        by: marketing_channel, sales_channel, device, country, first_product, cohort or persona; the eight largest
            groups with at least 30 customers are kept.
        free_orders: Count days that come to zero as purchases.
        level: Coverage of the intervals.

    Raises:
        NotEnoughData: if fewer than 10 customers bought, or none bought twice.
        BadParameter: for a group the shop does not have.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import regulars_shop
        >>> jl.customers.second_order(regulars_shop()).table()["day"].tolist()
        [30, 60, 90, 180]
    """
    z_of(level)
    if by is not None:
        one_of(by, "by", purchases.groups_of(shop))
    if shop.period is None:
        raise NotEnoughData("The orders carry no days, so nobody's first purchase is known.")
    until = orders_end(shop) or shop.period[1]
    days = purchases.purchase_days(shop, until, free=free_orders).filter(_.day == _.purchase)
    waits = days.group_by("customer_id").agg(first=_["first"].min(), second=_.day.min(where=_.day > _["first"]))
    waits = purchases.grouped(shop, waits, by).mutate(
        again=_.second.notnull(), until=_.second.fill_null(ibis_date(until))
    )
    waits = waits.mutate(day=_.until.delta(_["first"], unit="day"))
    rows = shop.run(waits.group_by("group", "day", "again").agg(n=_.count()))
    sizes = rows.groupby("group")["n"].sum().sort_values(ascending=False, kind="stable")
    fewest = FEWEST if by is None else FEWEST_WAITING
    kept = sizes[sizes >= fewest].head(8)
    if kept.empty or not rows.loc[rows["again"], "n"].sum():
        raise NotEnoughData(
            f"A curve of second purchases needs {fewest} customers of whom one bought again.",
            do="Choose a longer period, or no groups.",
        )
    curves = [_kaplan_meier(rows[rows["group"] == group], level).assign(group=group) for group in kept.index]
    curve = pd.concat(curves, ignore_index=True)
    marks = pd.concat([_at_marks(part, rows[rows["group"] == part["group"].iloc[0]]) for part in curves])
    return SecondOrder(
        curve=curve[["group", "day", "rate", "lower", "upper", "at_risk"]],
        marks=marks.reset_index(drop=True),
        again={group: int(rows.loc[rows["again"] & (rows["group"] == group), "n"].sum()) for group in kept.index},
        median={str(part["group"].iloc[0]): _median(part, "rate") for part in curves},
        median_ends={str(part["group"].iloc[0]): (_median(part, "upper"), _median(part, "lower")) for part in curves},
        by=by,
        level=level,
        caveats=purchases.window_caveat(shop)
        + _caveats(len(sizes) - len(kept))
        + purchases.group_caveat(by)
        + orders_end_caveat(shop, until),
    )


def _kaplan_meier(rows: pd.DataFrame, level: float) -> pd.DataFrame:
    """Return the share who have bought again by each day something happened; day 0 begins with none."""
    counts = rows.pivot_table(index="day", columns="again", values="n", aggfunc="sum", fill_value=0).sort_index()
    again = counts.get(True, pd.Series(0, index=counts.index)).to_numpy(float)
    gone = counts.sum(axis=1).to_numpy(float)
    at_risk = gone[::-1].cumsum()[::-1]
    waiting = np.cumprod(1 - again / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(again / (at_risk * (at_risk - again)))
        spread = z_of(level) * np.sqrt(greenwood) / np.abs(np.log(waiting))
        lower, upper = 1 - waiting ** np.exp(-spread), 1 - waiting ** np.exp(spread)
    none, everyone = waiting == 1, waiting == 0
    curve = pd.DataFrame(
        {
            "day": counts.index.to_numpy(int),
            "rate": 1 - waiting,
            "lower": np.where(none, 0.0, np.where(everyone, np.nan, lower)),
            "upper": np.where(none, 0.0, np.where(everyone, np.nan, upper)),
            "at_risk": at_risk.astype(int),
        }
    )
    start = pd.DataFrame({"day": [0], "rate": [0.0], "lower": [0.0], "upper": [0.0], "at_risk": [int(gone.sum())]})
    return pd.concat([start, curve[curve["day"] > 0]], ignore_index=True)


def _at_marks(curve: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the curve at the marks, with who was still waiting then and who had bought again by then."""
    days = [mark for mark in MARKS if mark <= curve["day"].max()] or [int(curve["day"].max())]
    place = np.searchsorted(curve["day"], days, side="right") - 1
    marks = curve.iloc[place].assign(
        day=days,
        at_risk=[int(rows.loc[rows["day"] >= day, "n"].sum()) for day in days],
        n=int(rows["n"].sum()),
        again=[int(rows.loc[rows["again"] & (rows["day"] <= day), "n"].sum()) for day in days],
    )
    few = marks["at_risk"] < FEWEST_WAITING
    marks[["rate", "lower", "upper"]] = marks[["rate", "lower", "upper"]].mask(few, axis=0)
    return marks[["group", "day", "rate", "lower", "upper", "at_risk", "n", "again"]]


def _sayable(curve: pd.DataFrame) -> pd.DataFrame:
    """Leave out the tail of the curve where too few wait; of a shop as small as that, show the whole, with its band."""
    kept = curve[curve["at_risk"] >= FEWEST_WAITING]
    return curve if kept.empty else kept


def _median(curve: pd.DataFrame, end: str) -> float:
    """Return the first day on which the rate, or an end of its interval, reaches a half; NaN where too few waited."""
    half = curve.loc[(curve[end] >= 0.5) & (curve["at_risk"] >= FEWEST_WAITING), "day"]
    return float(half.iloc[0]) if len(half) else float("nan")


def _caveats(left_out: int) -> tuple[str, ...]:
    said = [
        "Customers whose first purchase lies before the data begin count from their first one seen.",
        "The curve takes those still waiting to be like those seen for longer; a change over time breaks that.",
        f"Where fewer than {FEWEST_WAITING} customers are still waiting, the curve is not said.",
    ]
    if left_out:
        kept = f"the smallest, or with fewer than {FEWEST_WAITING} customers"
        said.append(f"{words.count(left_out, 'group')} left out: {kept}.")
    return tuple(said)
