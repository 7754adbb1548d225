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
from journeylab.operations.contest import LOSS, MASE, SQUARED, mean_of
from journeylab.operations.forecasters import NAIVE
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    import altair as alt

    from journeylab.data.dataset import Dataset
    from journeylab.operations.contest import Gain
    from journeylab.operations.demand import Demand


@dataclass(frozen=True, eq=False, kw_only=True)
class Outlook(Result):
    """One SKU.

    Args:
        row: What is known of it, as in `Demand.skus`.
        series: A row a whole period: period, sold, returned, kept (sold less returned as chosen), demand, out_days.
        forecast: A row a period ahead: period, mean, lower, upper.
        candidates: How each did on it: model, error, judged_by ('MASE', or 'squared' over naive where demand has gaps),
            bias, n (values judged), chosen.
        every: 'day', 'week' or 'month'.
        level: Coverage of the intervals.
        units: Units over the horizon with their interval: mean, lower, upper.
        gain: By how much its forecast missed less than naive on past values; None where none could be tried.
    """

    views: ClassVar[tuple[str, ...]] = ("course", "candidates")

    row: dict[str, object]
    series: pd.DataFrame
    forecast: pd.DataFrame
    candidates: pd.DataFrame
    every: str
    level: float
    units: tuple[float, float, float]
    gain: Gain | None

    def table(self) -> pd.DataFrame:
        """Return what was and what will be, a row a period."""
        told = pd.concat([self.series, self.forecast], ignore_index=True)
        return told.assign(sku=self.row["sku"])[["sku", *told.columns]]

    def headline(self) -> str:
        """Say what it will sell, and how its forecast did beside the naive one, on how much."""
        mean, lower, upper = self.units
        said = (
            f"{self.row['product']}: about {words.count(round(mean), 'unit')} in the next "
            f"{words.count(len(self.forecast), self.every)} ({words.count(lower)} to {words.count(upper)})"
        )
        if self.gain is None or np.isnan(self.gain.less):
            return f"{said}."
        return f"{said}; {self._tried(self.gain)}."

    def _tried(self, gain: Gain) -> str:
        squares = "" if self.candidates["judged_by"].eq(MASE).all() else " in squared errors,"
        on = f"on {words.count(gain.n, 'value')} from {words.count(gain.origins, 'past day')}"
        said = f"{self.row['model']} missed {_less(gain.less)} than naive,{squares} {on}"
        if np.isnan(gain.lower):
            return said
        chance = ": it may be chance" if gain.lower <= 0 <= gain.upper else ""
        ends = f"{_less(gain.lower)} to {_less(gain.upper)}"
        return f"{said} ({words.percent(self.level, digits=0)} interval {ends}{chance})"

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import demand as charts

        if view == "candidates":
            return charts.candidates(self.candidates)
        return charts.one(self.series, self.forecast, unit=self.every)


def _less(share: float) -> str:
    return f"{words.percent(abs(share), digits=0)} {'less' if share >= 0 else 'more'}"


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
        >>> jl.operations.outlook(shop, demand=told, sku="CUP").headline()[:106] + "…"
        'Cup: about 84 units in the next 4 weeks (83 to 86); Theta + ETS missed 31 % less than naive, on 12 values …'
    """
    place = np.flatnonzero(demand.skus["sku"].to_numpy() == sku)
    if not len(place):
        raise BadParameter(f"The forecast has no SKU called {sku!r}.", do="Choose one of its SKUs.")
    row = demand.skus.iloc[place[0]].to_dict()
    series = demand.series[(demand.series["sku"] == sku) & ~demand.series["partial"]].drop(columns=["sku", "partial"])
    series = series.dropna(subset=["demand"])
    ahead = demand.ahead().iloc[place[0]]
    said = [str(row["note"])] if row["note"] else []
    gain = _gain(demand, int(place[0]))
    if gain is not None and gain.origins > 1:
        said.append("The interval against naive is over past days whose horizons overlap, so it is rather too narrow.")
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
        gain=gain,
        caveats=tuple(said),
    )


def _gain(demand: Demand, place: int) -> Gain | None:
    told = demand.told
    at = np.flatnonzero(told.competed == place)
    if told.outcome is None or not len(at) or NAIVE not in told.outcome.past:
        return None
    kind = LOSS[bool(told.paths.often[place])]
    return told.outcome.gain(str(told.outcome.chosen[at[0]]), kind, int(at[0]), demand.level)


def _candidates(demand: Demand, place: int) -> pd.DataFrame:
    told, rows = demand.told, []
    at = np.flatnonzero(told.competed == place)
    often = bool(told.paths.often[place])
    if told.outcome is not None and len(at):
        for name in told.outcome.past:
            loss = mean_of(told.outcome.loss(name, LOSS[often])[at], axis=1)[0]
            judged = np.isfinite(told.outcome.past[name][at[0]] - told.outcome.actual[at[0]])
            if judged.any():
                bias, chosen = told.outcome.bias(name)[at[0]], told.outcome.chosen[at[0]] == name
                rows.append((name, loss, MASE if often else SQUARED, bias, int(judged.sum()), bool(chosen)))
    table = pd.DataFrame(rows, columns=["model", "error", "judged_by", "bias", "n", "chosen"])
    return table.sort_values(["error", "model"], ignore_index=True)
