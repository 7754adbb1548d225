"""Which forecast does best on periods it has not seen: every candidate, from several origins, on every series.

Rolling origin (Tashman 2000, International Journal of Forecasting 16, 437-450). MASE is the mean absolute error over
that of the naive forecast within the history (Hyndman & Koehler 2006, IJF 22, 679-688). Demand with gaps is judged by
the squared error over the squared naive one instead, because absolute errors there reward a forecast of zero.

The default is overruled for a class of demand only where a candidate's gain is beyond noise: better at every origin,
and by more than chance over the series allows (one-sided t-test, Bonferroni over the candidates, 5 %); for a single
series the same over its origins, where there are at least six.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from journeylab.operations.forecasters import (
    NAIVE,
    SEASONAL_NAIVE,
    Ahead,
    candidates,
    forecasts,
    naive,
    seasonal_naive,
)

if TYPE_CHECKING:
    from collections.abc import Callable

#: Origins from which candidates are judged, and how many make a single series' own choice possible.
ORIGINS = {"quick": 3, "full": 8}
OWN_CHOICE = 6
#: Periods a series must have before an origin.
SHORTEST = 12
FEWEST_SERIES = 10
#: What demand in most periods is judged by, and demand with gaps, and what that is called.
LOSS = {True: "mase", False: "squared"}
MASE, SQUARED = "MASE", "squared"
ALPHA = 0.05


@dataclass(frozen=True)
class Field:
    """Series that compete alike.

    Args:
        demand: A row a series and a column a period, oldest first; NaN before a series began.
        scored: Which periods count in the scores: not those with days out of stock.
        factors: Given how many periods are known, the calendar factor of every series and period up to the horizon,
            learned from the known ones only.
        group: The class of each series: the default may be overruled by class.
        often: Whether demand comes in most periods.
        horizon: Periods ahead.
        season: Periods of a season that the models look for themselves; 1 where the factors carry it.
        lag: Periods in a season for the seasonal naive forecast.
        more: Further candidates of a single series, given its row and how many periods are known; they forecast the
            whole horizon.
        more_names: What they are called.
    """

    demand: np.ndarray
    scored: np.ndarray
    factors: Callable[[int], np.ndarray]
    group: np.ndarray
    often: np.ndarray
    horizon: int
    season: int = 1
    lag: int = 1
    more: Callable[[int, int], dict[str, Ahead]] | None = None
    more_names: tuple[str, ...] = ()


@dataclass
class Outcome:
    """What came out: a row a series, an axis for origins (newest first), one for periods ahead.

    Args:
        chosen: The model of each series.
        why: Why it was chosen: 'default', 'class' or 'own'.
        mean: The chosen model's forecast from now.
        sd: Its one-step spread, free of the calendar.
        factor: Calendar factors of the periods to come.
        past: Forecasts of each candidate from the origins, by name; NaN where a series was too short.
        past_sd: Their one-step spreads.
        past_factor: Calendar factors of those periods, as known then.
        actual: What came then; NaN where it does not count.
        scale: Mean absolute and mean squared naive error within the history at each origin.
        overruled: The candidate that beat the default, by class.
    """

    chosen: np.ndarray
    why: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    factor: np.ndarray
    past: dict[str, np.ndarray]
    past_sd: dict[str, np.ndarray]
    past_factor: np.ndarray
    actual: np.ndarray
    scale: np.ndarray
    overruled: dict[str, str] = field(default_factory=dict)

    def loss(self, name: str, kind: str) -> np.ndarray:
        """Return a candidate's 'mase' or 'squared' error over the naive one: a row a series, a column an origin."""
        error = self.past[name] - self.actual
        with np.errstate(invalid="ignore", divide="ignore"):
            each = np.abs(error) / self.scale[:, :, :1] if kind == "mase" else error**2 / self.scale[:, :, 1:]
        return mean_of(each, axis=2)

    def gain(self, name: str, kind: str, row: int, level: float) -> Gain:
        """Return by how much a candidate missed less than naive on one series, with an interval over its origins.

        Args:
            name: The candidate.
            kind: 'mase' or 'squared'.
            row: The series.
            level: Coverage of the interval, Student's t over origins; NaN from a single one.
        """
        from scipy.stats import t

        mine, naive_loss = self.loss(name, kind)[row], self.loss(NAIVE, kind)[row]
        both = np.isfinite(mine) & np.isfinite(naive_loss)
        judged = int(np.isfinite(self.past[name][row] - self.actual[row])[both].sum())
        usual = float(naive_loss[both].mean()) if both.any() else 0.0
        if not usual > 0:
            return Gain(np.nan, np.nan, np.nan, judged, int(both.sum()))
        less = (naive_loss - mine)[both] / usual
        n = len(less)
        half = t.ppf((1 + level) / 2, n - 1) * less.std(ddof=1) / np.sqrt(n) if n > 1 else np.nan
        upper = min(float(less.mean() + half), 1.0) if n > 1 else np.nan  # nothing misses by less than nothing
        return Gain(float(less.mean()), float(less.mean() - half), upper, judged, n)

    def bias(self, name: str) -> np.ndarray:
        """Return what was forecast less what came, over what came."""
        error = self.past[name] - self.actual
        known = np.isfinite(error)
        came = np.where(known, self.actual, 0.0).sum(axis=(1, 2))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(came > 0, np.where(known, error, 0.0).sum(axis=(1, 2)) / came, np.nan)

    def of_chosen(self, what: dict[str, np.ndarray]) -> np.ndarray:
        """Return, series by series, what belongs to the chosen model."""
        return np.stack([what[name][i] for i, name in enumerate(self.chosen)])


@dataclass(frozen=True)
class Gain:
    """By how much forecasts missed less than naive ones, as a share of what those missed.

    Args:
        less: The share; below zero where they missed more, NaN where naive never missed.
        lower: Its interval over origins, to `upper`; NaN from one origin.
        n: Values judged.
        origins: Past days they were forecast from.
    """

    less: float
    lower: float
    upper: float
    n: int
    origins: int


def run(series: Field, *, origins: int, progress: Callable[[float, str], None] | None = None) -> Outcome:
    """Let the candidates compete on every series, choose, and forecast with the chosen ones."""
    tell = progress or (lambda _share, _words: None)
    (count, n), ahead = series.demand.shape, series.horizon
    judged = min(ahead, max(n // 4, 1))
    shortest = max(SHORTEST, 2 * series.season if series.season > 1 else 0)
    starts = [n - judged - k * max(judged // 2, 1) for k in range(origins)]
    starts = [start for start in starts if start >= shortest]
    shape = (count, len(starts), judged)
    past: dict[str, np.ndarray] = {}
    past_sd: dict[str, np.ndarray] = {}
    past_factor, actual, scale = np.ones(shape), np.full(shape, np.nan), np.full((*shape[:2], 2), np.nan)
    begins = np.argmax(~np.isnan(series.demand), axis=1)
    work = count * (len(starts) + 1)
    for o, start in enumerate(starts):
        factors = series.factors(start)
        past_factor[:, o] = factors[:, start : start + judged]
        counts = series.scored[:, start : start + judged] & (start - begins >= shortest)[:, None]
        actual[:, o] = np.where(counts, series.demand[:, start : start + judged], np.nan)
        for i in map(int, np.flatnonzero(start - begins >= shortest)):
            if i % 10 == 0:
                tell((o * count + i) / work, "Letting the forecasts compete")
            scale[i, o] = _naive_errors(series.demand[i, int(begins[i]) : start], series.season)
            for name, said in _tried(series, i, int(begins[i]), start, judged, factors[i]).items():
                past.setdefault(name, np.full(shape, np.nan))[i, o] = said.mean[:judged]
                past_sd.setdefault(name, np.full(shape[:2], np.nan))[i, o] = said.sd
    factors = series.factors(n)
    out = Outcome(
        np.empty(count, dtype=object), np.full(count, "default", dtype=object), np.zeros((count, ahead)),
        np.zeros(count), factors[:, n : n + ahead], past, past_sd, past_factor, actual, scale,
    )  # fmt: skip
    _choose(out, series)
    for i in range(count):
        if i % 10 == 0:
            tell((len(starts) * count + i) / work, "Forecasting")
        said = _tried(series, i, int(begins[i]), n, ahead, factors[i], (out.chosen[i],))[out.chosen[i]]
        out.mean[i], out.sd[i] = said.mean, said.sd
    return out


def _tried(
    series: Field, i: int, begin: int, known: int, ahead: int, factor: np.ndarray, only: tuple[str, ...] = ()
) -> dict[str, Ahead]:
    """Return the candidates' forecasts of one series: models see it free of the calendar, the naive ones as it is."""
    raw = series.demand[i, begin:known]
    names = only or candidates(bool(series.often[i]), len(raw), series.lag)
    said: dict[str, Ahead] = {}
    if series.more is not None and (not only or only[0] in series.more_names):
        said = series.more(i, known)
    models = tuple(name for name in names if name not in {NAIVE, SEASONAL_NAIVE} and name not in said)
    for name, one in forecasts(raw / factor[begin:known], ahead, series.season, models).items():
        said[name] = Ahead(one.mean * factor[known : known + ahead], one.sd)
    if NAIVE in names:
        said[NAIVE] = naive(raw, ahead)
    if SEASONAL_NAIVE in names:
        said[SEASONAL_NAIVE] = seasonal_naive(raw, ahead, series.lag)
    return said


def _choose(out: Outcome, series: Field) -> None:
    """Take the default of each class, unless a candidate beats it beyond noise."""
    for often in (True, False):
        kind = LOSS[often]
        default = candidates(often, 0, 1)[0]
        losses = {name: out.loss(name, kind) for name in out.past}
        for group in dict.fromkeys(series.group[series.often == often]):
            rows = np.flatnonzero((series.group == group) & (series.often == often))
            tried = [name for name in candidates(often, series.demand.shape[1], series.lag) if name in losses]
            best = _beats({name: losses[name][rows] for name in tried}, default)
            out.chosen[rows] = best or default
            if best:
                out.why[rows], out.overruled[str(group)] = "class", best
            if out.actual.shape[1] >= OWN_CHOICE:
                for i in rows:
                    own = _own({name: loss[i] for name, loss in losses.items()}, best or default)
                    if own:
                        out.chosen[i], out.why[i] = own, "own"


def _beats(losses: dict[str, np.ndarray], default: str) -> str | None:
    """Return the candidate whose gain over the default is largest and beyond noise over the series; None for none."""
    best, most = None, 0.0
    for name, loss in losses.items():
        if name == default:
            continue
        gain = losses[default] - loss
        by_origin, by_series = mean_of(gain, axis=0), mean_of(gain, axis=1)
        by_series = by_series[np.isfinite(by_series)]
        if len(by_series) < FEWEST_SERIES or not (by_origin[np.isfinite(by_origin)] > 0).all():
            continue
        if _beyond_noise(by_series, len(losses) - 1) and by_series.mean() > most:
            best, most = name, float(by_series.mean())
    return best


def _own(losses: dict[str, np.ndarray], default: str) -> str | None:
    """Return the candidate that beat the default at every origin of one series, beyond noise; None for none."""
    best, most = None, 0.0
    for name, loss in losses.items():
        gain = losses[default] - loss
        gain = gain[np.isfinite(gain)]
        if name == default or len(gain) < OWN_CHOICE or not (gain > 0).all():
            continue
        if _beyond_noise(gain, len(losses) - 1) and gain.mean() > most:
            best, most = name, float(gain.mean())
    return best


def _beyond_noise(gain: np.ndarray, tests: int) -> bool:
    from scipy.stats import t

    error = gain.std(ddof=1) / np.sqrt(len(gain))
    return bool(gain.mean() > t.ppf(1 - ALPHA / max(tests, 1), len(gain) - 1) * error)


def _naive_errors(y: np.ndarray, season: int) -> tuple[float, float]:
    lag = season if len(y) > 2 * season else 1
    steps = y[lag:] - y[:-lag]
    if not steps.any():
        return np.nan, np.nan
    return float(np.abs(steps).mean()), float((steps**2).mean())


def mean_of(values: np.ndarray, axis: int | tuple[int, ...]) -> np.ndarray:
    """Return means over what is known; NaN where nothing is."""
    known = np.isfinite(values)
    n, total = known.sum(axis=axis), np.where(known, values, 0.0).sum(axis=axis)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(n > 0, total / n, np.nan)
