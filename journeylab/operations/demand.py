"""What will sell: demand of each SKU as it was, corrected for days out of stock, and its forecast with intervals.

Method and limits: docs/methods/demand.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from journeylab import words
from journeylab.checks import number, one_of, whole
from journeylab.operations.sales_series import DAYS, EVERY, sales_series
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import altair as alt

    from journeylab.data.dataset import Dataset


@dataclass(frozen=True, eq=False, kw_only=True)
class Demand(Result):
    """Demand of SKUs, seen and to come.

    Args:
        series: A row a SKU and period: sku, period (its first day), sold, returned, out_days, demand, partial.
        skus: A row a SKU: sku, product, category, vendor, n (periods), demand_class, adi, cv2, model, mase, mase_naive,
            bias, coverage, per_day (units a day ahead), borrowed_from, note.
        forecast: A row a SKU and period ahead: sku, period, mean, lower, upper.
        as_of: The first day that was not seen: what `over` and `quantile` count from.
        every: 'day', 'week' or 'month'.
        horizon: Periods ahead.
        level: Coverage of the intervals.
        spread: Standard deviation of the error of one period: sku, sd.
        whole_units: Whether everything sells in whole units.
    """

    views: ClassVar[tuple[str, ...]] = ("forecast",)

    series: pd.DataFrame
    skus: pd.DataFrame
    forecast: pd.DataFrame
    as_of: date
    every: str
    horizon: int
    level: float
    spread: pd.DataFrame
    whole_units: bool

    def over(self, days: float | pd.Series) -> pd.DataFrame:
        """Return demand over the next days: sku, mean, sd.

        Args:
            days: How many days from `as_of` on, parts of days too; one number, or a Series by SKU.
        """
        ahead = self._days(days)
        step = DAYS[self.every]
        first = self.forecast["period"].min()
        means = self.forecast.pivot_table(index="sku", columns="period", values="mean").reindex(self.skus["sku"])
        path = means.to_numpy(float)
        gone = (pd.Timestamp(self.as_of) - first).days / step
        edges = np.arange(path.shape[1] + 1.0)
        total = np.column_stack([np.zeros(len(path)), path.cumsum(axis=1)])
        rows = np.arange(len(path))

        def until(at: np.ndarray) -> np.ndarray:
            inside = np.minimum(at, edges[-1])
            k = np.minimum(inside.astype(int), path.shape[1] - 1)
            return total[rows, k] + (inside - k) * path[rows, k] + (at - inside) * path[:, -1]

        mean = until(gone + ahead / step) - until(np.full(len(path), gone))
        sd = self.spread["sd"].to_numpy(float) * np.sqrt(ahead / step)
        return pd.DataFrame({"sku": self.skus["sku"].to_numpy(), "mean": np.maximum(mean, 0.0), "sd": sd})

    def quantile(self, days: float | pd.Series, p: float | pd.Series) -> pd.DataFrame:
        """Return what demand over the next days stays within with chance `p`: sku, quantity."""
        from scipy.stats import norm

        told = self.over(days)
        chance = p.reindex(self.skus["sku"]).to_numpy(float) if isinstance(p, pd.Series) else p
        quantity = np.maximum(told["mean"] + norm.ppf(chance) * told["sd"], 0.0)
        return pd.DataFrame({"sku": told["sku"], "quantity": np.ceil(quantity) if self.whole_units else quantity})

    def _days(self, days: float | pd.Series) -> np.ndarray:
        if isinstance(days, pd.Series):
            return days.reindex(self.skus["sku"]).to_numpy(float)
        return np.full(len(self.skus), float(days))

    def table(self) -> pd.DataFrame:
        """Return a row a SKU."""
        return self.skus

    def headline(self) -> str:
        """Say how much will sell."""
        total = self.skus["per_day"].sum()
        return f"{words.count(len(self.skus), 'SKU')} will sell about {words.count(7 * total, 'unit')} a week."

    def _draw(self, view: str) -> alt.TopLevelMixin:
        import altair as alt

        return alt.Chart(self.forecast).mark_line().encode(x="period:T", y="sum(mean):Q").properties(name=view)


@analysis("orders", "order_lines")
def demand(
    shop: Dataset,
    *,
    every: str = "week",
    horizon: int = 13,
    top: int | None = None,
    returns: str = "net",
    corrected: bool = True,
    bundles: Sequence[Mapping[str, object]] | None = None,
    level: float = 0.8,
    contest: str = "quick",
    seed: int = 0,
    progress: Callable[[float, str], None] | None = None,
) -> Demand:
    """Forecast what each SKU will sell."""
    one_of(every, "every", tuple(EVERY))
    one_of(returns, "returns", ("net", "ignore"))
    one_of(contest, "contest", ("quick", "full"))
    whole(horizon, "horizon", lowest=1, highest=400)
    number(level, "level", lowest=0.5, highest=0.99)
    del corrected, bundles, seed, progress
    sales = sales_series(shop, every=every, top=top)
    kept = np.maximum(sales.sold - (sales.returned if returns == "net" else 0.0), 0.0)
    skus, n = sales.skus, len(sales.periods)
    flat = pd.DataFrame(
        {
            "sku": np.repeat(skus["sku"].to_numpy(), n),
            "period": np.tile(sales.periods, len(skus)),
            "sold": sales.sold.ravel(),
            "returned": sales.returned.ravel(),
            "out_days": 0,
            "demand": kept.ravel(),
            "partial": np.tile(sales.partial, len(skus)),
        }
    )
    seen = kept[:, ~sales.partial][:, -26:]
    mean, sd = seen.mean(axis=1), seen.std(axis=1)
    whole_periods = sales.periods[~sales.partial]
    ahead = pd.period_range(whole_periods[-1], periods=horizon + 1, freq=EVERY[every]).start_time[1:]
    rows = pd.DataFrame(
        {
            "sku": np.repeat(skus["sku"].to_numpy(), horizon),
            "period": np.tile(ahead, len(skus)),
            "mean": np.repeat(mean, horizon),
            "lower": np.repeat(np.floor(np.maximum(mean - 1.28 * sd, 0)), horizon),
            "upper": np.repeat(np.ceil(mean + 1.28 * sd), horizon),
        }
    )
    table = skus[["sku", "product", "category", "vendor"]].assign(
        n=int((~sales.partial).sum()),
        demand_class="smooth",
        adi=np.nan,
        cv2=np.nan,
        model="mean",
        mase=np.nan,
        mase_naive=np.nan,
        bias=np.nan,
        coverage=np.nan,
        per_day=mean / DAYS[every],
        borrowed_from=None,
        note="",
    )
    return Demand(
        series=flat,
        skus=table,
        forecast=rows,
        as_of=sales.days[1] + timedelta(days=1),
        every=every,
        horizon=horizon,
        level=level,
        spread=pd.DataFrame({"sku": skus["sku"], "sd": sd}),
        whole_units=bool(np.allclose(sales.sold, np.round(sales.sold))),
    )
