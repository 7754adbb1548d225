"""Why demand is what it is: trend, week, year, holidays, promotions and price, one beside the other, by Prophet.

Method and limits: docs/methods/demand.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd
from ibis import _

from journeylab import words
from journeylab.checks import number, one_of, whole
from journeylab.data.coverage import orders_end
from journeylab.data.dataset import ibis_date
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.operations import prophet_model, stock_outs
from journeylab.operations.history import of_single_skus, promoted_days
from journeylab.operations.sales_series import movements
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Callable

    import altair as alt

    from journeylab.data.dataset import Dataset

LABELS = {
    "weekly": "day of the week",
    "yearly": "time of the year",
    "holidays": "public holidays",
    "promotion": "promotions",
    "price": "price",
}
#: Days from the first sale on, and days with a sale among them.
_SHORTEST, _FEWEST = 90, 20
_WEEK = 7


@dataclass(frozen=True, eq=False, kw_only=True)
class Explanation(Result):
    """Demand by day and what it is made of.

    Args:
        days: A row a day, known and to come: day, demand (NaN where not known), fitted, trend, a factor for each
            component there is, known.
        effects: A row a component: component, smallest, largest (its factors over the known days), usual (how far
            they lie apart: their standard deviation).
        errors: A row a week ahead: week, n (days judged), error (absolute errors over what sold), naive (the same of
            the week before the origin, repeated), origins.
        what: What was looked at, in words.
        horizon: Days ahead.
    """

    views: ClassVar[tuple[str, ...]] = ("course", "components", "errors")

    days: pd.DataFrame
    effects: pd.DataFrame
    errors: pd.DataFrame
    what: str
    horizon: int

    def table(self) -> pd.DataFrame:
        """Return the course by day."""
        return self.days

    def headline(self) -> str:
        """Say what moves demand most, and how well the model foretold days it had not seen."""
        said = f"{self.what[:1].upper()}{self.what[1:]}"
        if len(self.effects):
            most = self.effects.loc[self.effects["usual"].idxmax()]
            said += (
                f": most moved by {most['component']}, from {most['smallest']:.2f} times the trend at its weakest to "
                f"{most['largest']:.2f} at its strongest (no interval)"
            )
        if self.errors["error"].notna().any():
            error, naive = (_weighted(self.errors, name) for name in ("error", "naive"))
            better = "better than" if error < naive else "no better than"
            said += f"; {better} last week repeated ({words.percent(error, digits=0)} against "
            said += f"{words.percent(naive, digits=0)} off a day)"
        return f"{said}."

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import explanation as charts

        if view == "components":
            return charts.components(self.days, LABELS)
        return charts.errors(self.errors) if view == "errors" else charts.course(self.days)


@analysis("orders", "order_lines")
def explain(
    shop: Dataset,
    *,
    sku: str | None = None,
    category: str | None = None,
    country: str | None = None,
    promotions: bool = True,
    price: bool = False,
    changepoint_prior: float = prophet_model.CHANGEPOINT_PRIOR,
    seasonality_prior: float = prophet_model.SEASONALITY_PRIOR,
    horizon: int = 28,
    origins: int = 4,
    progress: Callable[[float, str], None] | None = None,
) -> Explanation:
    """Explain daily demand of a SKU, a category or the whole shop by Prophet, with its error on days not seen.

    Args:
        shop: A Dataset with orders and their lines.
        sku: One SKU; None for all.
        category: One category; None for all.
        country: Two-letter code of the country whose public holidays count; None for none.
        promotions: Whether the shop's promotions are a cause.
        price: Whether the price before discounts is one, of a single SKU.
        changepoint_prior: How readily the trend bends, 0.001 to 0.5.
        seasonality_prior: How strong the seasons may be, 0.01 to 50.
        horizon: Days ahead.
        origins: From how many past days, `horizon` apart, it is tried.
        progress: Called with the share that is done and what is being done, in words.

    Raises:
        BadParameter: if both a SKU and a category are named, or the country is not known.
        NotEnoughData: if there are fewer than 90 days, or fewer than 20 with a sale.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import stocked_shop
        >>> told = jl.operations.explain(stocked_shop(), sku="CUP", origins=1)
        >>> float(told.days[told.days["known"]]["demand"].sum())
        630.0
    """
    if sku is not None and category is not None:
        raise BadParameter("Name a SKU or a category, not both.")
    if country is not None:
        one_of(country, "country", prophet_model.countries())
    whole(horizon, "horizon", lowest=1, highest=365)
    whole(origins, "origins", lowest=0, highest=12)
    number(changepoint_prior, "changepoint_prior", lowest=0.001, highest=0.5)
    number(seasonality_prior, "seasonality_prior", lowest=0.01, highest=50)
    tell = progress or (lambda _share, _words: None)
    rows, said = _daily(shop, sku, category)
    _check_enough(rows)
    coming = pd.DataFrame({"ds": pd.date_range(rows["ds"].iloc[-1], periods=horizon + 1)[1:]})
    causes = []
    if promotions:
        on = _promotions(shop, category or _category_of(shop, sku), sku)
        for frame in (rows, coming):
            frame["promotion"] = np.isin(frame["ds"], on).astype(float)
        causes += ["promotion"] if rows["promotion"].any() else []
        said += () if rows["promotion"].any() else ("No promotion lies in the days looked at.",)
    if price and sku is not None and rows["paid"].max() > 1.005 * rows["paid"].min():
        usual = float(rows["paid"].median())
        rows["price"] = np.log(rows["paid"] / usual)
        coming["price"] = rows["price"].iloc[-1]
        causes.append("price")
    elif price:
        said += ("The price is only a cause where one SKU is looked at and its price changed.",)

    def settings(days: int) -> prophet_model.Settings:
        return prophet_model.Settings(
            country, changepoint_prior, seasonality_prior, tuple(causes), days >= prophet_model.YEARLY
        )

    errors = _tried(rows, settings, horizon, origins, tell)
    tell(origins / (origins + 1), "Fitting the whole course")
    told = prophet_model.curve(rows[["ds", "y", *causes]], coming[["ds", *causes]], settings(len(rows)))
    days = told.rename(columns={"ds": "day", "yhat": "fitted"})
    days.insert(1, "demand", pd.concat([rows["y"], pd.Series(np.nan, index=range(horizon))], ignore_index=True))
    days["known"] = days.index < len(rows)
    named = [name for name in LABELS if name in days]
    seen = days[days["known"]]
    if len(rows) < prophet_model.YEARLY:
        said += ("A year and a half of days are needed to tell the time of the year from a trend.",)
    return Explanation(
        days=days,
        effects=pd.DataFrame(
            [(LABELS[name], seen[name].min(), seen[name].max(), seen[name].std()) for name in named],
            columns=["component", "smallest", "largest", "usual"],
        ),
        errors=errors,
        what=f"SKU {sku}" if sku else f"category {category}" if category else "the whole shop",
        horizon=horizon,
        caveats=(
            *said,
            "Factors are the model's most probable ones, without an interval; how far the whole lies off is measured.",
            "What goes with a promotion or a price may have other reasons.",
        ),
    )


def _daily(shop: Dataset, sku: str | None, category: str | None) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return units kept and the price by day (ds, y, paid), from the first sale to the end; days out are unknown."""
    end = orders_end(shop)
    if end is None:
        raise NotEnoughData("The orders carry no days.")
    moves = movements(shop).filter(_.day <= ibis_date(end))
    moves = moves.filter(_.sku == sku) if sku is not None else moves
    moves = moves.filter(_.category == category) if category is not None else moves
    sums = moves.group_by("day").agg(sold=_.sold.sum(), back=_.returned.sum(), gross=(_.sold * _.price).sum())
    found = shop.run(sums)
    found["ds"] = pd.to_datetime(found["day"])
    found = found.sort_values("ds")
    if found.empty or not (found["sold"] > 0).any():
        what = sku or category or "the shop"
        raise NotEnoughData(f"Nothing of {what} was sold in the period.", do="Choose another, or a longer period.")
    first = found.loc[found["sold"] > 0, "ds"].iloc[0]
    days = pd.date_range(first, pd.Timestamp(end))
    rows = found.set_index("ds").reindex(days)
    kept = np.maximum((rows["sold"] - rows["back"]).fillna(0.0), 0.0)
    paid = (rows["gross"] / rows["sold"].where(rows["sold"] > 0)).ffill().bfill()
    told = pd.DataFrame({"ds": days, "y": kept.to_numpy(float), "paid": paid.to_numpy(float)})
    if sku is None:
        return told, ()
    found = stock_outs.out_days(shop, moves, (days[0].date(), end))
    gone = told["ds"].isin(found.days.loc[found.days["sku"] == sku, "day"])
    told.loc[gone, "y"] = np.nan
    return told, (
        f"{words.count(int(gone.sum()), 'day')} out of stock ({found.source}) are left out.",
    ) if gone.any() else ()


def _check_enough(rows: pd.DataFrame) -> None:
    if len(rows) < _SHORTEST:
        raise NotEnoughData(f"There are {len(rows)} days of sales, and {_SHORTEST} are needed to explain them.")
    if (sold := int((rows["y"] > 0).sum())) < _FEWEST:
        raise NotEnoughData(
            f"Something was sold on {words.count(sold, 'day')}, and {_FEWEST} are needed to explain demand.",
            why="From fewer, every factor would be chance.",
            do="Explain a category or the whole shop.",
        )


def _category_of(shop: Dataset, sku: str | None) -> str | None:
    if sku is None:
        return None
    found = shop.run(movements(shop).filter(_.sku == sku).agg(category=_.category.min()))
    return str(found["category"].iloc[0]) if len(found) and isinstance(found["category"].iloc[0], str) else None


def _promotions(shop: Dataset, category: str | None, sku: str | None) -> np.ndarray:
    """Return the days in promotions of a category, or in any where none is named, and in those of a SKU."""
    found = promoted_days(shop, [category] if category else [])
    days = found.loc[(found["category"] == category) if category else slice(None), "day"]
    single = of_single_skus(shop)
    return pd.concat([days, single.loc[single["sku"] == sku, "day"]]).unique()


def _tried(
    rows: pd.DataFrame,
    settings: Callable[[int], prophet_model.Settings],
    horizon: int,
    origins: int,
    tell: Callable[[float, str], None],
) -> pd.DataFrame:
    """Try the model from past days on the days after them: errors by week ahead, beside last week repeated."""
    parts = []
    for k in range(1, origins + 1):
        tell((k - 1) / (origins + 1), "Trying it on days it has not seen")
        start = len(rows) - k * horizon
        if start < _SHORTEST or not rows["y"].iloc[:start].sum():
            break
        known, later = rows.iloc[:start], rows.iloc[start : start + horizon].reset_index(drop=True)
        causes = settings(start).regressors
        told = prophet_model.curve(known[["ds", "y", *causes]], later[["ds", *causes]], settings(start))
        ahead = told["yhat"].to_numpy()[start:]
        last = np.resize(known["y"].ffill().to_numpy()[-_WEEK:], horizon)
        parts.append(
            pd.DataFrame(
                {
                    "week": np.arange(horizon) // _WEEK + 1,
                    "off": np.abs(ahead - later["y"]),
                    "naive_off": np.abs(last - later["y"]),
                    "y": later["y"],
                }
            ).dropna()
        )
    if not parts:
        return pd.DataFrame({"week": [], "n": [], "error": [], "naive": [], "origins": []}, dtype=float)
    sums = (
        pd.concat(parts)
        .groupby("week")
        .agg(n=("y", "size"), off=("off", "sum"), naive=("naive_off", "sum"), y=("y", "sum"))
    )
    sold = sums["y"].where(sums["y"] > 0)
    told = pd.DataFrame({"n": sums["n"], "error": sums["off"] / sold, "naive": sums["naive"] / sold})
    return told.assign(origins=len(parts)).reset_index()


def _weighted(errors: pd.DataFrame, name: str) -> float:
    return float(np.average(errors[name].fillna(0.0), weights=errors["n"]))
