"""The candidates of the contest, each a function of a plain array: what will come, and the spread of its errors.

The default is the plain mean of two: dynamic optimised Theta (Fiorucci et al. 2016, International Journal of
Forecasting 32, 1151-1161) and automatic exponential smoothing (Hyndman et al. 2002, IJF 18, 439-454) where demand comes
in most periods; TSB (Teunter, Syntetos & Babai 2011, EJOR 214, 606-615) and IMAPA (Petropoulos & Kourentzes 2015, JORS
66, 914-924) where it does not. Equal weights, since estimated ones rarely beat them (Claeskens et al. 2016, IJF 32,
754-762). The models are those of statsforecast, called one by one, in this process.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

NAIVE, SEASONAL_NAIVE, MEAN = "naive", "seasonal naive", "mean"
ETS, THETA, CROSTON, TSB, IMAPA, ADIDA = "ETS", "Theta", "Croston (SBA)", "TSB", "IMAPA", "ADIDA"
PROPHET, YEARLY = "Prophet", "ETS, season of 52"
#: Candidates that take long, for single series and on request.
SLOW = (PROPHET, YEARLY)
COMBINED = {"Theta + ETS": (THETA, ETS), "TSB + IMAPA": (TSB, IMAPA)}
OFTEN_DEFAULT, RARE_DEFAULT = "Theta + ETS", "TSB + IMAPA"
#: Candidates for demand in most periods and for demand with gaps; the default comes first.
OFTEN = (OFTEN_DEFAULT, NAIVE, SEASONAL_NAIVE, ETS, THETA)
RARE = (RARE_DEFAULT, NAIVE, MEAN, CROSTON, TSB, IMAPA, ADIDA)
#: Smoothing of size and of chance in TSB, as in the paper's middle settings.
_TSB = 0.1
_FEWEST = 8
WEEKS = 52


@dataclass(frozen=True)
class Ahead:
    """A forecast: its mean a period ahead, and the standard deviation of one-step errors while it learned."""

    mean: np.ndarray
    sd: float


def candidates(often: bool, n: int, lag: int) -> tuple[str, ...]:
    """Return the names of the candidates for a series of `n` periods; seasonal naive needs two seasons of `lag`."""
    names = OFTEN if often else RARE
    return names if lag > 1 and n >= 2 * lag else tuple(name for name in names if name != SEASONAL_NAIVE)


def forecasts(y: np.ndarray, horizon: int, season: int, names: tuple[str, ...]) -> dict[str, Ahead]:
    """Return what each of the named candidates says of the next `horizon` periods.

    Args:
        y: The series, oldest first.
        horizon: How many periods ahead.
        season: Periods in a season, 1 for none.
        names: Which candidates, not the naive ones; the parts of a combination are worked out once.
    """
    y = np.asarray(y, dtype=float)
    if len(y) < 2 * season:
        season = 1
    parts = dict.fromkeys(part for name in names for part in COMBINED.get(name, (name,)))
    said = {part: _one(part, y, horizon, season) for part in parts}
    for name in names:
        if name in COMBINED:
            both = [said[part] for part in COMBINED[name]]
            mean = np.mean([one.mean for one in both], axis=0)
            said[name] = Ahead(mean, min(one.sd for one in both))  # a model's own fit may run away at its start
    return {name: said[name] for name in names}


def default_forecast(y: np.ndarray, horizon: int, season: int = 1) -> np.ndarray:
    """Return the default forecast of a series with demand in most periods: the mean of Theta and ETS.

    >>> default_forecast(np.array([8.0, 12, 9, 11, 10, 12, 8, 10, 11, 9, 10, 11]), 3).round()
    array([10., 10., 10.])
    """
    return forecasts(y, horizon, season, (OFTEN_DEFAULT,))[OFTEN_DEFAULT].mean


def yearly(y: np.ndarray, horizon: int) -> Ahead | None:
    """Return ETS with a season of 52 weeks found in the series itself; None before two whole years."""
    return _statsforecast(ETS, y, horizon, WEEKS) if len(y) >= 2 * WEEKS and np.ptp(y) > 0 else None


def naive(y: np.ndarray, horizon: int) -> Ahead:
    """Return the last value for every period to come."""
    return Ahead(np.full(horizon, max(float(y[-1]), 0.0)), _spread(np.diff(y)))


def seasonal_naive(y: np.ndarray, horizon: int, lag: int) -> Ahead:
    """Return for every period to come the value of `lag` periods before."""
    return Ahead(np.maximum(np.resize(y[-lag:], horizon), 0.0), _spread(y[lag:] - y[:-lag]))


def _one(name: str, y: np.ndarray, horizon: int, season: int) -> Ahead:
    if len(y) < _FEWEST or not y.any() or np.ptp(y) == 0 or name == MEAN:
        return _flat(y, horizon)
    said = _statsforecast(name, y, horizon, season)
    return said or _flat(y, horizon)


def _statsforecast(name: str, y: np.ndarray, horizon: int, season: int) -> Ahead | None:
    """Ask a model of statsforecast; None where it cannot be fitted to this series."""
    from statsforecast import models

    learnt = name in {ETS, THETA}
    model: Any = {
        ETS: lambda: models.AutoETS(season_length=season),
        THETA: lambda: models.DynamicOptimizedTheta(season_length=season),
        CROSTON: models.CrostonSBA,
        TSB: lambda: models.TSB(alpha_d=_TSB, alpha_p=_TSB),
        IMAPA: models.IMAPA,
        ADIDA: models.ADIDA,
    }[name]()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            told = model.forecast(y=y, h=horizon, fitted=learnt)
        except Exception:  # noqa: BLE001 - a model that cannot be fitted is no candidate for this series
            return None
    mean = np.asarray(told["mean"], dtype=float)
    if not np.isfinite(mean).all():
        return None
    return Ahead(np.maximum(mean, 0.0), _spread(y - told["fitted"]) if learnt else _smoothed_spread(y))


def _flat(y: np.ndarray, horizon: int) -> Ahead:
    level = float(y.mean()) if len(y) else 0.0
    return Ahead(np.full(horizon, max(level, 0.0)), float(y.std()) if len(y) else 0.0)


def _smoothed_spread(y: np.ndarray) -> float:
    """Return the spread of one-step errors of simple exponential smoothing with 0.1."""
    level, errors = float(y[: max(len(y) // 4, 1)].mean()), np.empty(len(y))
    for i, value in enumerate(y):
        errors[i] = value - level
        level += 0.1 * errors[i]
    return _spread(errors)


def _spread(errors: np.ndarray) -> float:
    """Return the root mean square of errors, those beyond five robust standard deviations drawn in."""
    errors = errors[np.isfinite(errors)]
    if not len(errors):
        return 0.0
    usual = 1.4826 * float(np.median(np.abs(errors)))
    drawn = np.clip(errors, -5 * usual, 5 * usual) if usual > 0 else errors
    return float(np.sqrt(np.mean(drawn**2)))
