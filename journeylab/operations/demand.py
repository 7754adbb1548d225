"""What will sell: demand of each SKU as it was, corrected for days out of stock, and its forecast with intervals.

Method and limits: docs/methods/demand.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd
from ibis import _

from journeylab.checks import number, one_of, whole
from journeylab.data.dataset import ibis_date
from journeylab.errors import NotEnoughData
from journeylab.operations import bundles as bundle_table
from journeylab.operations import demand_words, forecasters, stock_outs
from journeylab.operations.contest import ORIGINS
from journeylab.operations.forecasting import Forecasts, forecast
from journeylab.operations.history import history
from journeylab.operations.sales_series import DAYS, EVERY, listed_products, movements, sales_series
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import altair as alt

    from journeylab.data.dataset import Dataset
    from journeylab.operations.forecasters import Ahead
    from journeylab.operations.history import History
    from journeylab.operations.sales_series import SalesSeries

#: SKUs that make so much of net value are class A.
CLASS_A = 0.8
#: Periods ahead, if not said.
AHEAD = {"day": 28, "week": 13, "month": 6}


@dataclass(frozen=True, eq=False, kw_only=True)
class Demand(Result):
    """Demand of SKUs, seen and to come.

    Args:
        series: A row a SKU and period: sku, period (its first day), sold, returned, out_days, demand, partial. Demand
            is NaN before a SKU's first sale and in partial periods.
        skus: A row a SKU, most net first: sku, product, category, vendor, n (periods), demand_class, adi, cv2, model,
            why ('default', 'class', 'own'), mase, mase_naive, bias, coverage, per_day (units a day ahead),
            borrowed_from, note.
        forecast: A row a SKU and period ahead: sku, period, mean, lower, upper.
        contest: A row a class and candidate: demand_class, model, n (SKUs), error with lower and upper, judged_by
            ('MASE', or 'squared' over naive where demand has gaps), bias, chosen.
        effects: The calendar's, a row a category and effect: category, effect, at, factor, lower, upper, source.
        as_of: The first day that was not seen: what `over` and `quantile` count from.
        every: 'day', 'week' or 'month'.
        horizon: Periods ahead.
        level: Coverage of the intervals.
        measured: Coverage on past forecasts without correction and with it, and on how many: before, after, judged.
        stock_outs: How days out of stock were found: 'counted' where counts of stock tell of nine in ten days,
            'inferred' from silences where of none, else 'partly counted'.
        kept: Units sold, less returned as chosen, before correction, as an array by SKU and whole period.
        told: The forecasts as arrays, and the contest behind them.
    """

    views: ClassVar[tuple[str, ...]] = ("forecast", "contest", "classes", "calendar")

    series: pd.DataFrame
    skus: pd.DataFrame
    forecast: pd.DataFrame
    contest: pd.DataFrame
    effects: pd.DataFrame
    as_of: date
    every: str
    horizon: int
    level: float
    measured: dict[str, float]
    stock_outs: str
    kept: np.ndarray
    told: Forecasts

    def over(self, days: float | pd.Series) -> pd.DataFrame:
        """Return demand over the next days: sku, mean, sd.

        Args:
            days: How many days from `as_of` on, parts of days too: one number, or a Series by SKU.
        """
        mean, sd = self.told.paths.over(self._each(days))
        return pd.DataFrame({"sku": self.skus["sku"].to_numpy(), "mean": mean, "sd": sd})

    def quantile(self, days: float | pd.Series, p: float | pd.Series) -> pd.DataFrame:
        """Return what demand over the next days stays within with chance `p`: sku, quantity; whole where units are.

        Args:
            days: How many days from `as_of` on: one number, or a Series by SKU.
            p: The chance, between 0 and 1: one number, or a Series by SKU.
        """
        quantity = self.told.paths.quantile(self._each(days), self._each(p))
        return pd.DataFrame({"sku": self.skus["sku"].to_numpy(), "quantity": quantity})

    def _each(self, value: float | pd.Series) -> np.ndarray:
        if isinstance(value, pd.Series):
            return value.reindex(self.skus["sku"]).to_numpy(float)
        return np.full(len(self.skus), float(value))

    def ahead(self) -> pd.DataFrame:
        """Return demand over the whole horizon: sku, mean, lower, upper."""
        days = self.horizon * DAYS[self.every]
        told = self.over(days).drop(columns="sd")
        told["lower"], told["upper"] = self.told.paths.within(self._each(days), self.level)
        return told

    def total(self) -> tuple[float, float, float]:
        """Return units of all SKUs together over the whole horizon: mean, lower, upper."""
        return self.told.paths.total(self.horizon * DAYS[self.every], self.level)

    def table(self) -> pd.DataFrame:
        """Return a row a SKU: what it will sell over the horizon with its interval, and how good its forecast is."""
        told = self.skus.merge(self.ahead().rename(columns={"mean": "units"}), on="sku")
        first = ["sku", "product", "category", "vendor", "units", "lower", "upper", "per_day"]
        return told[[*first, *(name for name in self.skus if name not in first)]]

    def headline(self) -> str:
        """Say how much will sell, and how the forecasts did against the naive one."""
        return demand_words.headline(self.skus, self.total(), self.horizon, self.every)

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import demand as charts

        if view == "contest":
            return charts.contest(self.contest)
        if view == "classes":
            return charts.classes(self.skus)
        if view == "calendar":
            return charts.calendar(self.effects)
        return charts.ahead(self.table().head(25), self.level)


@analysis("orders", "order_lines")
def demand(
    shop: Dataset,
    *,
    every: str = "week",
    horizon: int | None = None,
    top: int | None = None,
    returns: str = "net",
    corrected: bool = True,
    bundles: Sequence[Mapping[str, object]] | None = None,
    level: float = 0.8,
    contest: str = "quick",
    progress: Callable[[float, str], None] | None = None,
) -> Demand:
    """Forecast what each SKU will sell, by the forecast that would have done well before.

    Every SKU's demand (sold less returned, made up for days out of stock) is freed of the calendar that it shares with
    its category, forecast by several candidates from several past days, and told by the default unless another was
    better beyond noise. docs/methods/demand.md has the formulas and their sources.

    Args:
        shop: A Dataset with orders and their lines; products, stock and promotions are used where it has them.
        every: Length of a period: 'day', 'week' or 'month'.
        horizon: Periods ahead; 28 days, 13 weeks or 6 months if not said.
        top: Only so many SKUs, those with most net value; None for all.
        returns: 'net' takes units that came back off what was sold, 'ignore' leaves them.
        corrected: Whether to make up for days out of stock.
        bundles: What bundles hold: rows with bundle_sku, sku and quantity. They count as sales of what is inside.
        level: Coverage of the intervals.
        contest: 'quick' judges the candidates from three origins; 'full' from eight, so that single SKUs get their own
            choice; by week or month, Prophet then competes for those that make 80 % of net value, and by week, from
            two years on, ETS with a season of 52 of the SKU's own.
        progress: Called with the share that is done and what is being done, in words.

    Raises:
        NotEnoughData: if nothing was sold, or there are not two whole periods.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import stocked_shop
        >>> told = jl.operations.demand(stocked_shop(), horizon=4)
        >>> told.over(14).round(1)
           sku  mean   sd
        0  CUP  42.1  0.8
        1  POT   3.8  0.7
    """
    one_of(every, "every", tuple(EVERY))
    one_of(returns, "returns", ("net", "ignore"))
    one_of(contest, "contest", tuple(ORIGINS))
    horizon = whole(AHEAD[every] if horizon is None else horizon, "horizon", lowest=1, highest=400)
    number(level, "level", lowest=0.5, highest=0.99)
    if top is not None:
        whole(top, "top", lowest=1)
    tell = progress or (lambda _share, _words: None)
    tell(0.0, "Adding up what was sold")
    packed = bundle_table.contents(bundles)
    sales = sales_series(shop, every=every, top=top)
    sales = bundle_table.opened(sales, packed, listed_products(shop)) if packed else sales
    if (~sales.partial).sum() < 2:
        raise NotEnoughData(f"There are not two whole {every}s of sales.", do="Choose shorter periods.")
    tell(0.05, "Looking for days out of stock")
    moves = movements(shop).filter(_.day <= ibis_date(sales.days[1]))
    found = stock_outs.out_days(shop, moves, sales.days)
    known = history(shop, sales, found, horizon=horizon, net=returns == "net", corrected=corrected)
    as_of, step = sales.days[1] + timedelta(days=1), DAYS[every]
    more = _more(known, sales, horizon) if contest == "full" and every != "day" else None
    units = bool(np.allclose(sales.sold, np.round(sales.sold)))
    gone = (pd.Timestamp(as_of) - known.clock.periods[known.clock.known]).days / step
    told = forecast(
        known.demand,
        known.out,
        sales.skus["category"].to_numpy(object),
        known.clock.by_period,
        every=every,
        horizon=horizon,
        whole=units,
        level=level,
        gone=gone,
        step=step,
        effort=contest,
        more=more,
        more_names=forecasters.SLOW,
        progress=lambda share, said: tell(0.1 + 0.9 * share, said),
    )
    lower, upper = told.paths.intervals(level)
    ahead = known.clock.periods[known.clock.known :]
    skus = pd.concat([sales.skus[["sku", "product", "category", "vendor"]], told.classes], axis=1)
    days = horizon * step
    skus.insert(skus.columns.get_loc("borrowed_from"), "per_day", told.paths.over(np.full(len(skus), days))[0] / days)
    skus["note"] = demand_words.notes(skus, sales, known)
    return Demand(
        series=_series(sales, known),
        skus=skus,
        forecast=pd.DataFrame(
            {
                "sku": np.repeat(skus["sku"].to_numpy(), horizon),
                "period": np.tile(ahead, len(skus)),
                "mean": told.paths.mean.ravel(),
                "lower": lower.ravel(),
                "upper": upper.ravel(),
            }
        ),
        contest=demand_words.standings(told),
        effects=demand_words.effects(known.clock.effects(), level),
        as_of=as_of,
        every=every,
        horizon=horizon,
        level=level,
        measured={name: getattr(told.paths.spread, name) for name in ("before", "after", "judged")},
        stock_outs=found.source,
        kept=known.kept,
        told=told,
        caveats=demand_words.caveats(
            shop, sales, known, told, packed, net=returns == "net", corrected=corrected, level=level
        ),
    )


def _more(known: History, sales: SalesSeries, horizon: int) -> Callable[[int, int], dict[str, Ahead]]:
    """Return what takes long for single SKUs, those of class A: Prophet, and by week ETS with a season of 52."""
    net = sales.skus["net"].clip(lower=0.0)
    leading = (net.cumsum() - net < CLASS_A * net.sum()).to_numpy()
    periods, freq = known.clock.periods, "W-MON" if known.clock.every == "week" else "MS"

    def told(row: int, until: int) -> dict[str, Ahead]:
        from journeylab.operations import prophet_model

        seen = known.demand[row, :until]
        begin = int(np.argmax(~np.isnan(seen)))
        if not leading[row]:
            return {}
        said = {forecasters.PROPHET: prophet_model.periodic(seen[begin:], periods[begin:until], horizon, freq)}
        if known.clock.every == "week":
            said[forecasters.YEARLY] = forecasters.yearly(seen[begin:], horizon)
        return {name: one for name, one in said.items() if one is not None}

    return told


def _series(sales: SalesSeries, known: History) -> pd.DataFrame:
    """Return the series of all SKUs below each other."""
    shape, whole_periods = sales.sold.shape, ~sales.partial
    begin = int(np.argmax(whole_periods))
    inside = slice(begin, begin + known.clock.known)
    demand_of, out = np.full(shape, np.nan), np.zeros(shape)
    demand_of[:, inside], out[:, inside] = known.demand, known.out
    return pd.DataFrame(
        {
            "sku": np.repeat(sales.skus["sku"].to_numpy(), shape[1]),
            "period": np.tile(sales.periods, shape[0]),
            "sold": sales.sold.ravel(),
            "returned": sales.returned.ravel(),
            "out_days": out.ravel().astype(int),
            "demand": demand_of.ravel(),
            "partial": np.tile(sales.partial, shape[0]),
        }
    )
