"""From the demand of each SKU to its forecast: who competes, who borrows, and how far it may lie off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from journeylab.operations import contest, demand_class, distribution, newcomers, spread, total
from journeylab.operations.forecasters import MEAN, NAIVE

if TYPE_CHECKING:
    from collections.abc import Callable

    from journeylab.operations.contest import Outcome
    from journeylab.operations.forecasters import Ahead
    from journeylab.operations.spread import Law, Spread

#: Periods in a year's or week's season, for the seasonal naive forecast.
LAG = {"day": 7, "week": 52, "month": 12}
#: From this many periods on, models look for a season of 12 themselves; shorter histories take the category's.
OWN_SEASON = 36
BORROWED, NOTHING = "borrowed from its category", "nothing sold"
#: Periods of history by which established SKUs tell a new one what is usual.
_RECENT = 26


@dataclass(frozen=True)
class Paths:
    """Forecasts of all SKUs as arrays, a row a SKU, and what is needed to add them up over any number of days.

    Args:
        mean: Expected demand by period ahead.
        factor: Calendar factor by period ahead.
        sd: Spread of one period, free of the calendar.
        spread: How it grows, and how ranks are corrected.
        often: Whether demand comes in most periods.
        whole: Whether everything sells in whole units.
        gone: Periods, and parts of them, of the first period ahead that had passed before the day to count from.
        step: Days a period has.
    """

    mean: np.ndarray
    factor: np.ndarray
    sd: np.ndarray
    spread: Spread
    often: np.ndarray
    whole: bool
    gone: float
    step: float

    def intervals(self, level: float) -> tuple[np.ndarray, np.ndarray]:
        """Return lower and upper ends by period ahead."""
        sd = self.sd[:, None] * self.factor * self.spread.by_period[: self.mean.shape[1]]
        ends = []
        for p in ((1 - level) / 2, (1 + level) / 2):
            chance = self._corrected(self.spread.periods, np.full(len(self.sd), p))[:, None]
            ends.append(distribution.quantile(chance, self.mean, sd, whole=self.whole))
        return self._around(self.mean, *ends)

    def over(self, days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and standard deviation of demand over the next `days` days, a number a SKU."""
        k = np.maximum(np.asarray(days, dtype=float), 0.0) / self.step
        mean = self._until(self.mean, self.gone + k) - self._until(self.mean, np.full(len(k), self.gone))
        factor = self._until(self.factor, self.gone + k) - self._until(self.factor, np.full(len(k), self.gone))
        growth = np.interp(k, np.arange(1, len(self.spread.by_sum) + 1), self.spread.by_sum)
        with np.errstate(invalid="ignore", divide="ignore"):
            usual = np.where(k > 0, factor / k, 1.0)
        mean = np.maximum(mean, 0.0)
        return mean, distribution.drawn_in(mean, self.sd * usual * np.sqrt(k) * growth, whole=self.whole)

    def quantile(self, days: np.ndarray, p: np.ndarray) -> np.ndarray:
        """Return what demand over the next `days` days stays within with chance `p`, both a number a SKU."""
        mean, sd = self.over(days)
        return distribution.quantile(self._corrected(self.spread.sums, p), mean, sd, whole=self.whole)

    def within(self, days: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
        """Return lower and upper ends of demand over the next `days` days, a number a SKU; the mean lies within."""
        lower, upper = (self.quantile(days, np.full(len(days), p)) for p in ((1 - level) / 2, (1 + level) / 2))
        return self._around(self.over(days)[0], lower, upper)

    def _around(self, mean: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Widen intervals that miss their means, to the nearest unit where units are whole."""
        nearest = np.floor(mean + 0.5) if self.whole else mean
        return np.minimum(lower, nearest), np.maximum(upper, nearest)

    def total(self, days: float, level: float) -> tuple[float, float, float]:
        """Return mean, lower and upper end of the demand of all SKUs together over the next `days` days."""
        mean, sd = self.over(np.full(len(self.sd), days))
        learned = self.spread
        ends = total.interval(
            mean, sd, together=learned.together, origins=learned.origins, level=level, whole=self.whole
        )
        return float(mean.sum()), *ends

    def _until(self, path: np.ndarray, at: np.ndarray) -> np.ndarray:
        """Add a path up to a point in time; beyond its end it goes on as at its end."""
        total = np.column_stack([np.zeros(len(path)), path.cumsum(axis=1)])
        inside = np.minimum(at, path.shape[1])
        k, rows = np.minimum(inside.astype(int), path.shape[1] - 1), np.arange(len(path))
        return total[rows, k] + (inside - k) * path[rows, k] + (at - inside) * path[:, -1]

    def _corrected(self, corrections: dict[bool, distribution.Correction], p: np.ndarray) -> np.ndarray:
        return np.where(self.often, corrections[True].chance(p), corrections[False].chance(p))


@dataclass(frozen=True)
class Forecasts:
    """What comes of it: the classes, the paths, the contest behind them, and who borrowed.

    Args:
        classes: A row a SKU: n, demand_class, adi, cv2, model, why, mase, mase_naive, bias, coverage, borrowed_from.
        paths: The forecasts.
        outcome: The contest; None if no SKU had history enough.
        competed: Rows that took part in it.
    """

    classes: pd.DataFrame
    paths: Paths
    outcome: Outcome | None
    competed: np.ndarray


def forecast(
    demand: np.ndarray,
    out: np.ndarray,
    category: np.ndarray,
    factors: Callable[[int], np.ndarray],
    *,
    every: str,
    horizon: int,
    whole: bool,
    level: float,
    gone: float = 0.0,
    step: float = 1.0,
    effort: str = "quick",
    more: Callable[[int, int], dict[str, Ahead]] | None = None,
    more_names: tuple[str, ...] = (),
    progress: Callable[[float, str], None] | None = None,
) -> Forecasts:
    """Forecast every SKU: the contest's choice, or what its category lends it.

    Args:
        demand: A row a SKU and a column a period, oldest first; NaN before its first.
        out: Days out of stock, in the same form: such periods do not count in the scores.
        category: The category of each SKU.
        factors: Calendar factors of SKUs by period, known and to come, given how many are known.
        every: 'day', 'week' or 'month'.
        horizon: Periods ahead.
        whole: Whether everything sells in whole units.
        level: Coverage of the intervals that are measured.
        gone: Part of the first period ahead that has passed.
        step: Days a period has.
        effort: 'quick' or 'full': from how many origins candidates are judged.
        more: Further candidates of a single SKU, given its row and how many periods are known.
        more_names: What they are called.
        progress: Told the share that is done.
    """
    count, known = demand.shape
    season = 12 if every == "month" and known >= OWN_SEASON else 1
    told = [demand_class.classify(row[~np.isnan(row)], demand_class.YOUNG[every]) for row in demand]
    kind = np.array([name for name, _, _ in told], dtype=object)
    adi = np.array([interval for _, interval, _ in told])
    often = np.where(np.isnan(adi), False, adi < demand_class.ADI_CUT)
    n = (~np.isnan(demand)).sum(axis=1)
    competed = np.flatnonzero(np.isin(kind, demand_class.CLASSES))
    calendar = (lambda known: np.ones((count, known + horizon + 64))) if season > 1 else factors
    now = calendar(known)[:, : known + horizon]
    mean, sd, model = np.zeros((count, horizon)), np.zeros(count), np.full(count, NOTHING, dtype=object)
    outcome = None
    if len(competed):
        outcome = contest.run(
            contest.Field(
                demand[competed],
                out[competed] == 0,
                lambda known: calendar(known)[competed],
                kind[competed],
                often[competed],
                horizon,
                season,
                LAG[every],
                (lambda i, known: more(int(competed[i]), known)) if more else None,
                more_names,
            ),
            origins=contest.ORIGINS[effort],
            progress=progress,
        )
        learned = spread.measure(outcome, often[competed], n[competed], whole=whole, level=level)
        mean[competed], sd[competed], model[competed] = outcome.mean, learned.sd, outcome.chosen
    else:
        learned = spread.unmeasured(horizon)
    borrowed = _others(demand, now, category, kind, learned.law, mean, sd, model)
    classes = pd.DataFrame({"n": n, "demand_class": kind, "adi": adi, "cv2": [c for _, _, c in told], "model": model})
    classes["why"] = ""
    classes["borrowed_from"] = pd.Series(borrowed, dtype=object)
    for name in ("mase", "mase_naive", "bias", "coverage"):
        classes[name] = np.nan
    if outcome is not None:
        _score(classes, outcome, competed, learned)
    paths = Paths(mean, now[:, known:], sd, learned, often, whole, gone, step)
    return Forecasts(classes, paths, outcome, competed)


def _score(classes: pd.DataFrame, outcome: Outcome, competed: np.ndarray, learned: Spread) -> None:
    """Write the scores of the chosen models beside their SKUs."""
    models = list(outcome.past)
    scores = {name: contest.mean_of(outcome.loss(name, "mase"), axis=1) for name in models}
    biases = {name: outcome.bias(name) for name in models}
    column = classes.columns.get_loc
    classes.iloc[competed, column("why")] = outcome.why
    classes.iloc[competed, column("coverage")] = learned.coverage
    if models:
        classes.iloc[competed, column("mase")] = outcome.of_chosen(scores)
        classes.iloc[competed, column("bias")] = outcome.of_chosen(biases)
        classes.iloc[competed, column("mase_naive")] = scores[NAIVE]


def _others(
    demand: np.ndarray,
    factor: np.ndarray,
    category: np.ndarray,
    kind: np.ndarray,
    law: Law,
    mean: np.ndarray,
    sd: np.ndarray,
    model: np.ndarray,
) -> list[str | None]:
    """Fill in the SKUs that took no part, new ones from their category; return from whom each borrowed."""
    known = demand.shape[1]
    established = np.isin(kind, demand_class.CLASSES)
    with np.errstate(invalid="ignore", divide="ignore"):
        recent = demand[:, -_RECENT:]
        there = np.where(np.isnan(recent), 0.0, factor[:, max(known - _RECENT, 0) : known])
        rates = np.nansum(recent, axis=1) / there.sum(axis=1)
    borrowed: list[str | None] = [None] * len(demand)
    for i in np.flatnonzero(~established & (kind != demand_class.NONE)):
        mine = ~np.isnan(demand[i])
        units, exposure = float(demand[i][mine].sum()), float(factor[i, :known][mine].sum())
        rate, shape = units / exposure, max(units, 0.5)
        model[i] = MEAN
        peers = established & (category == category[i])
        if kind[i] == demand_class.NEW and peers.any():
            rate, shape = newcomers.posterior(units, exposure, rates[peers])
            borrowed[i], model[i] = str(category[i]), BORROWED
        mean[i] = rate * factor[i, known:]
        one = float(law.expected(np.array(rate)))
        sd[i] = np.sqrt(one**2 + rate**2 / shape)
    return borrowed
