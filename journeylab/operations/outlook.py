"""One SKU closely: its demand before and after correction, its forecast, and how each candidate did on it.

Method and limits: docs/methods/demand.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from journeylab import words
from journeylab.errors import BadParameter
from journeylab.operations.contest import mean_of
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    import altair as alt

    from journeylab.data.dataset import Dataset
    from journeylab.operations.demand import Demand


@dataclass(frozen=True, eq=False, kw_only=True)
class Outlook(Result):
    """One SKU.

    Args:
        row: What is known of it, as in `Demand.skus`.
        series: A row a whole period: period, sold, returned, kept (sold less returned as chosen), demand, out_days.
        forecast: A row a period ahead: period, mean, lower, upper.
        candidates: How each did on it: model, mase, bias, n (values judged), chosen.
        every: 'day', 'week' or 'month'.
        level: Coverage of the intervals.
        units: Units over the horizon with their interval: mean, lower, upper.
    """

    views: ClassVar[tuple[str, ...]] = ("course", "candidates")

    row: dict[str, object]
    series: pd.DataFrame
    forecast: pd.DataFrame
    candidates: pd.DataFrame
    every: str
    level: float
    units: tuple[float, float, float]

    def table(self) -> pd.DataFrame:
        """Return what was and what will be, a row a period."""
        told = pd.concat([self.series, self.forecast], ignore_index=True)
        return told.assign(sku=self.row["sku"])[["sku", *told.columns]]

    def headline(self) -> str:
        """Say what it will sell, and how much better than naive its forecast was."""
        mean, lower, upper = self.units
        said = (
            f"{self.row['product']}: about {words.count(round(mean), 'unit')} in the next "
            f"{words.count(len(self.forecast), self.every)} ({words.count(lower)} to {words.count(upper)})"
        )
        mase, naive = (float(self.row[name]) for name in ("mase", "mase_naive"))  # type: ignore[arg-type]
        if np.isnan(mase) or np.isnan(naive) or not naive:
            return f"{said}."
        gain = 1 - mase / naive
        way = "less" if gain >= 0 else "more"
        told = f"{self.row['model']} missed {words.percent(abs(gain), digits=0)} {way} than naive"
        return f"{said}; {told}." if gain >= 0 else f"{said}; naive did better here: {told}, within noise."

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import demand as charts

        if view == "candidates":
            return charts.candidates(self.candidates)
        return charts.one(self.series, self.forecast, unit=self.every)


@analysis("orders", "order_lines")
def outlook(shop: Dataset, *, demand: Demand, sku: str) -> Outlook:  # noqa: ARG001 - all analyses take the shop
    """Look at one SKU of a forecast.

    Args:
        shop: The shop the forecast was made of.
        demand: What `jl.operations.demand` gave.
        sku: Which SKU.

    Raises:
        BadParameter: if the forecast has no such SKU.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import stocked_shop
        >>> shop = stocked_shop()
        >>> told = jl.operations.demand(shop, horizon=4)
        >>> jl.operations.outlook(shop, demand=told, sku="CUP").headline()
        'Cup: about 84 units in the next 4 weeks (83 to 86); Theta + ETS missed 31 % less than naive.'
    """
    place = np.flatnonzero(demand.skus["sku"].to_numpy() == sku)
    if not len(place):
        raise BadParameter(f"The forecast has no SKU called {sku!r}.", do="Choose one of its SKUs.")
    row = demand.skus.iloc[place[0]].to_dict()
    series = demand.series[(demand.series["sku"] == sku) & ~demand.series["partial"]].drop(columns=["sku", "partial"])
    series = series.dropna(subset=["demand"])
    ahead = demand.ahead().iloc[place[0]]
    said = [str(row["note"])] if row["note"] else []
    if series["out_days"].any():
        said.append("Red marks periods with days out of stock: from what was sold to what would have been.")
    return Outlook(
        row=row,
        series=series.assign(kept=demand.kept[place[0]][-len(series) :])[
            ["period", "sold", "returned", "kept", "demand", "out_days"]
        ],
        forecast=demand.forecast[demand.forecast["sku"] == sku].drop(columns="sku"),
        candidates=_candidates(demand, int(place[0])),
        every=demand.every,
        level=demand.level,
        units=(float(ahead["mean"]), float(ahead["lower"]), float(ahead["upper"])),
        caveats=tuple(said),
    )


def _candidates(demand: Demand, place: int) -> pd.DataFrame:
    told, rows = demand.told, []
    at = np.flatnonzero(told.competed == place)
    if told.outcome is not None and len(at):
        for name in told.outcome.past:
            loss = mean_of(told.outcome.loss(name, "mase")[at], axis=1)[0]
            judged = np.isfinite(told.outcome.past[name][at[0]] - told.outcome.actual[at[0]])
            if judged.any():
                bias, chosen = told.outcome.bias(name)[at[0]], told.outcome.chosen[at[0]] == name
                rows.append((name, loss, bias, int(judged.sum()), bool(chosen)))
    table = pd.DataFrame(rows, columns=["model", "mase", "bias", "n", "chosen"])
    return table.sort_values(["mase", "model"], ignore_index=True)
