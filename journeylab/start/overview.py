"""How is the shop doing: revenue, orders, customers, basket, repeat rate, conversion, NPS, beside the period before.

Definitions (shown beside each figure): docs/methods/overview.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from journeylab import words
from journeylab.checks import number, one_of
from journeylab.data.coverage import orders_end, orders_end_caveat
from journeylab.errors import NotEnoughData
from journeylab.intervals import of_mean, wilson
from journeylab.result import Result, analysis
from journeylab.start import counting, rates
from journeylab.start.counting import GRAINS

if TYPE_CHECKING:
    from datetime import date

    import altair as alt

    from journeylab.data.dataset import Dataset

DEFINITIONS = {
    "revenue": "Net value of the counted orders: after discounts and refunds, without tax and shipping.",
    "orders": "Orders that are not cancelled, voided or tests, free orders included.",
    "new_customers": "Customers whose first known order lies in the period.",
    "returning_customers": "Customers with an order in the period that was not their first; whoever placed the first "
    "and a later one in it is new and returning.",
    "order_value": "Revenue divided by orders (average order value).",
    "repeat_rate": "Of the customers who ordered in the period, the share with at least two orders by its end.",
    "conversion": "Of the sessions that began in the period, the share with a purchase (an event known by its name).",
    "nps": "Net promoter score: of those who answered, the share of promoters (9 or 10 of 10) less that of detractors "
    "(0 to 6), times 100.",
}
LABELS = {
    "revenue": "Revenue",
    "orders": "Orders",
    "new_customers": "New customers",
    "returning_customers": "Returning customers",
    "order_value": "Average order value",
    "repeat_rate": "Repeat rate",
    "conversion": "Conversion rate",
    "nps": "NPS",
}
_FROM_ORDERS = (
    "revenue", "orders", "new_customers", "returning_customers", "known_before", "order_value", "repeat_rate",
)  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """One key figure of a period.

    Args:
        key: Its short name, such as 'revenue'.
        label: Its name in words.
        value: The figure; NaN if it could not be observed.
        previous: The same in the period before; NaN if that was not observed.
        lower: Lower end of its interval; NaN for a plain total, which has none.
        upper: Upper end.
        n: How many it was taken over.
        of: What `n` counts.
        kind: 'money', 'count', 'share' or 'score'.
        definition: What exactly is counted.
        trend: The figure for each whole bucket of the period, oldest first.
        lacks: What is missing to know it, in a sentence; empty if it is known.
    """

    key: str
    label: str
    value: float
    previous: float
    lower: float
    upper: float
    n: int
    of: str
    kind: str
    definition: str
    trend: tuple[float, ...]
    lacks: str = ""

    @property
    def change(self) -> float:
        """Change since the period before, relative, or of a score in points; NaN if not known or from zero."""
        if self.kind == "score":
            return self.value - self.previous
        return self.value / self.previous - 1 if self.previous else math.nan

    def moved(self) -> str:
        """Write the change with its sign; empty if it is not known, or too small to be written."""
        digits = 0 if self.kind == "score" else 3
        if math.isnan(self.change) or not round(self.change, digits):
            return ""
        return f"{words.plus(self.change)} points" if self.kind == "score" else words.signed(self.change)

    def written(self, value: float, currency: str) -> str:
        """Write a value of this figure as a person would."""
        if math.isnan(value):
            return "not known"
        if self.kind == "money":
            return words.money(value, currency)
        if self.kind == "score":
            return words.plus(value)
        return words.percent(value) if self.kind == "share" else words.count(value)


@dataclass(frozen=True, eq=False, kw_only=True)
class Overview(Result):
    """The key figures of a period and their course.

    Args:
        figures: One `Figure` each for revenue, orders, new and returning customers, order value, repeat rate,
            conversion and NPS.
        series: A row a bucket: bucket (its first day), the eight figures, known_before (customers who ordered in it and
            had ordered before it), partial (True if not wholly observed).
        period: First and last day.
        before: The period compared with, or None.
        grain: 'day', 'week' or 'month'.
        currency: Of the money.
    """

    views: ClassVar[tuple[str, ...]] = (
        "revenue", "orders", "customers", "order value", "repeat rate", "conversion", "promoter score",
    )  # fmt: skip

    figures: tuple[Figure, ...]
    series: pd.DataFrame
    period: tuple[date, date]
    before: tuple[date, date] | None
    grain: str
    currency: str

    def __getitem__(self, key: str) -> Figure:
        return next(figure for figure in self.figures if figure.key == key)

    def table(self) -> pd.DataFrame:
        """Return a row a figure: figure, value, lower, upper, n, of, previous, change, definition."""
        return pd.DataFrame(
            [
                {
                    "figure": f.label,
                    "value": f.value,
                    "lower": f.lower,
                    "upper": f.upper,
                    "n": f.n,
                    "of": f.of,
                    "previous": f.previous,
                    "change": f.change,
                    "definition": f.definition,
                }
                for f in self.figures
            ]
        )

    def headline(self) -> str:
        """Say revenue, orders and their change in one sentence."""
        revenue, orders = self["revenue"], self["orders"]
        said = (
            f"{words.money(revenue.value, self.currency)} from {words.count(orders.value, 'order')}"
            f" in {words.span(*self.period)}"
        )
        if math.isnan(revenue.change):
            return f"{said}."
        way = "more" if revenue.change >= 0 else "less"
        return f"{said}, {words.percent(abs(revenue.change))} {way} revenue than in the period before."

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import trend

        series = self.series.copy()
        if view == "customers":
            long = series.melt(
                ["bucket", "partial"],
                ["new_customers", "known_before"],
                var_name="who",
                value_name="customers",
            )
            long["who"] = long["who"].map({"new_customers": "New customers", "known_before": "Customers from before"})
            return trend.stacked(long, x="bucket", y="customers", colour="who", title=f"Customers a {self.grain}")
        key = "nps" if view == "promoter score" else view.replace(" ", "_")
        share = self[key].kind == "share"
        title = f"{LABELS[key]} a {self.grain}" + (
            f" ({self.currency})" if self[key].kind == "money" and self.currency else ""
        )
        return trend.line(series, x="bucket", y=key, title=title, share=share)


@analysis("orders", name="jl.overview")
def overview(shop: Dataset, *, grain: str = "auto", level: float = 0.95) -> Overview:
    """Return the shop's key figures for its period, beside the period of the same length just before.

    Args:
        shop: A Dataset with orders. Figures about customers are NaN where orders carry no customer; conversion needs
            events, NPS surveys.
        grain: 'day', 'week' or 'month' for the course over time; 'auto' chooses by the length of the period.
        level: Coverage of the intervals: Wilson for repeat rate and conversion, normal for the order value,
            adjusted normal for NPS.

    Raises:
        NotEnoughData: if no counted order lies in the period.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import tiny_shop
        >>> jl.overview(tiny_shop()).headline()
        '€120 from 4 orders in 1 Jan 2026 to 28 Feb 2026.'
    """
    one_of(grain, "grain", ("auto", *GRAINS))
    number(level, "level", lowest=0.5, highest=0.9999)
    if shop.period is None:
        raise NotEnoughData("The orders carry no days, so there is no period to look at.")
    start, end = shop.period
    earlier = shop.previous()
    before = earlier.window if earlier else None
    if grain == "auto":
        days = (end - start).days + 1
        grain = "day" if days <= 45 else "week" if days <= 400 else "month"

    orders = counting.marked(shop, (start, end), before)
    totals = shop.run(counting.totals(orders)).set_index("part")
    if "now" not in totals.index:
        raise NotEnoughData(
            f"No order that counts lies in {words.span(start, end)}.", do="Choose a longer period in the sidebar."
        )
    seen = orders_end(shop) or end
    series = _series(shop.run(counting.buckets(orders, grain, start)), grain, (start, end), seen)
    has_customers = "customer_id" in orders.columns
    now = _figures_of(totals.loc["now"], has_customers=has_customers)
    then = _figures_of(totals.loc["before"], has_customers=has_customers) if "before" in totals.index else {}

    def figure(key: str, kind: str, n: float, of: str, interval: tuple[float, float] = (math.nan, math.nan)) -> Figure:
        return Figure(
            key, LABELS[key], now[key], then.get(key, math.nan), *interval, int(n), of, kind, DEFINITIONS[key],
            tuple(whole[key].astype(float)), beside[key].lacks if key in beside else "",
        )  # fmt: skip

    beside = {name: measure(shop, grain, (start, end), before, level=level) for name, measure in _BESIDE.items()}
    for name, rate in beside.items():
        now[name], then[name] = rate.value, rate.previous
        series[name] = rate.buckets.reindex(series["bucket"]).to_numpy(float)
    whole = series[~series["partial"]]

    row = totals.loc["now"]
    repeat = wilson(row["repeating"], row["customers"], level=level)
    figures = (
        figure("revenue", "money", row["orders"], "orders"),
        figure("orders", "count", row["orders"], "orders"),
        figure("new_customers", "count", row["customers"], "customers who ordered"),
        figure("returning_customers", "count", row["customers"], "customers who ordered"),
        figure(
            "order_value", "money", row["orders"], "orders",
            of_mean(row["revenue"], row["squares"], int(row["orders"]), level=level),
        ),
        figure("repeat_rate", "share", row["customers"], "customers who ordered", (float(repeat[0]), float(repeat[1]))),
        figure("conversion", "share", beside["conversion"].n, "sessions", beside["conversion"].interval),
        figure("nps", "score", beside["nps"].n, "answers", beside["nps"].interval),
    )  # fmt: skip
    caveats = _caveats(shop, row, series, has_customers=has_customers, before=before) + orders_end_caveat(shop, seen)
    return Overview(
        figures=figures,
        series=series,
        period=(start, end),
        before=before,
        grain=grain,
        currency=shop.currency,
        caveats=caveats + tuple(said for name, rate in beside.items() for said in _beside(LABELS[name], rate)),
    )


#: Figures that other tables than the orders tell.
_BESIDE = {"conversion": rates.conversion, "nps": rates.nps}


def _beside(label: str, rate: rates.Rate) -> tuple[str, ...]:
    return rate.caveats + ((f"{label}: not known yet. {rate.lacks}",) if rate.lacks else ())


def _series(rows: pd.DataFrame, grain: str, period: tuple[date, date], seen: date) -> pd.DataFrame:
    """Fill buckets without orders with zero, add the figures, and flag the buckets the period or the export cuts."""
    periods = pd.period_range(*map(pd.Timestamp, period), freq=GRAINS[grain])
    index = periods.start_time
    rows = rows.assign(bucket=pd.to_datetime(rows["bucket"])).set_index("bucket").astype("float64").reindex(index)
    rows = rows.fillna(0)
    has_people = "customers" in rows
    with np.errstate(invalid="ignore", divide="ignore"):
        series = pd.DataFrame(
            {
                "bucket": index,
                "revenue": rows["revenue"].to_numpy(),
                "orders": rows["orders"].to_numpy(),
                "new_customers": rows["new"].to_numpy() if has_people else np.nan,
                "returning_customers": rows["repeating"].to_numpy() if has_people else np.nan,
                "known_before": (rows["customers"] - rows["new"]).to_numpy() if has_people else np.nan,
                "order_value": rows["revenue"].to_numpy() / rows["orders"].to_numpy(),
                "repeat_rate": rows["repeating"].to_numpy() / rows["customers"].to_numpy() if has_people else np.nan,
            }
        )
    last = pd.Timestamp(min(period[1], seen))
    series["partial"] = (index < pd.Timestamp(period[0])) | (periods.end_time.normalize() > last)
    series.loc[index > last, list(_FROM_ORDERS)] = np.nan
    return series


def _figures_of(row: pd.Series, *, has_customers: bool) -> dict[str, float]:
    return {
        "revenue": float(row["revenue"]),
        "orders": float(row["orders"]),
        "new_customers": float(row["new"]) if has_customers else math.nan,
        "returning_customers": float(row["repeating"]) if has_customers else math.nan,
        "order_value": float(row["revenue"]) / float(row["orders"]),
        "repeat_rate": float(row["repeating"]) / float(row["customers"]) if row["customers"] else math.nan,
    }


def _caveats(
    shop: Dataset, row: pd.Series, series: pd.DataFrame, *, has_customers: bool, before: tuple[date, date] | None
) -> tuple[str, ...]:
    said = []
    if not has_customers:
        said.append("The orders carry no customer, so nothing can be said about new and returning ones.")
    elif row["guests"]:
        said.append(
            f"{words.count(row['guests'])} of {words.count(row['orders'], 'order')} "
            f"({words.percent(row['guests'] / row['orders'])}) carry no customer: they count in revenue and orders, "
            "not among customers."
        )
    if has_customers and shop.observed and shop.period and shop.period[0] == shop.observed[0]:
        said.append(f"The data begins on {shop.observed[0]}: customers who had ordered before that look new.")
    if before is None:
        said.append("There is no whole earlier period of the same length to compare with.")
    if series["partial"].any():
        said.append("The period cuts its first or last bucket; cut buckets are drawn pale and left out of trends.")
    return tuple(said)
