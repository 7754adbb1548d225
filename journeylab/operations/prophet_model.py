"""Prophet, quietly and without chance (Taylor & Letham 2018, The American Statistician 72, 37-45).

Only this module imports it. Parameters are the most probable ones; nothing is sampled, so the same data gives the same
curve. Stan's program comes inside the package, and the holidays of countries with the package `holidays`: no network.
"""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterator

    from journeylab.operations.forecasters import Ahead

CHANGEPOINT_PRIOR, SEASONALITY_PRIOR = 0.05, 10.0
#: Days of history before a yearly season is looked for.
YEARLY = 548


@dataclass(frozen=True)
class Settings:
    """How Prophet is to look at a daily series.

    Args:
        country: Two-letter code whose public holidays count; None for none.
        changepoint_prior: How readily the trend bends.
        seasonality_prior: How strong the seasons may be.
        regressors: Columns of the rows that are further causes.
        yearly: Whether to look for a yearly season.
    """

    country: str | None = None
    changepoint_prior: float = CHANGEPOINT_PRIOR
    seasonality_prior: float = SEASONALITY_PRIOR
    regressors: tuple[str, ...] = ()
    yearly: bool = True


def curve(rows: pd.DataFrame, ahead: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Fit a daily series and return its components over known and coming days.

    Args:
        rows: ds (days), y (NaN where not known), and the regressors.
        ahead: ds and the regressors of the days to come.
        settings: How to look at it.

    Returns:
        ds, yhat, trend, and a factor (1 for none) for weekly, yearly, holidays and each regressor that there are.
    """
    model = _model(
        growth="linear",
        weekly_seasonality=3,
        yearly_seasonality=6 if settings.yearly else False,
        daily_seasonality=False,
        seasonality_mode="multiplicative",
        changepoint_prior_scale=settings.changepoint_prior,
        seasonality_prior_scale=settings.seasonality_prior,
        uncertainty_samples=0,
    )
    if settings.country:
        model.add_country_holidays(country_name=settings.country)
    for name in settings.regressors:
        model.add_regressor(name, standardize=False, mode="multiplicative", prior_scale=10.0)
    with quiet():
        model.fit(rows, seed=1)
        told = model.predict(pd.concat([rows, ahead], ignore_index=True).drop(columns="y", errors="ignore"))
    found = pd.DataFrame(
        {"ds": told["ds"], "yhat": told["yhat"].clip(lower=0.0), "trend": told["trend"].clip(lower=0.0)}
    )
    for name in ("weekly", "yearly", "holidays", *settings.regressors):
        if name in told:
            found[name] = 1.0 + told[name]
    return found


def periodic(y: np.ndarray, days: pd.DatetimeIndex, horizon: int, freq: str) -> Ahead | None:
    """Forecast a weekly or monthly series with trend and yearly season; None where it cannot be fitted."""
    from journeylab.operations.forecasters import Ahead

    model = _model(weekly_seasonality=False, daily_seasonality=False, uncertainty_samples=0)
    coming = pd.date_range(days[-1], periods=horizon + 1, freq=freq)[1:]
    try:
        with quiet():
            model.fit(pd.DataFrame({"ds": days, "y": y}), seed=1)
            told = model.predict(pd.DataFrame({"ds": days.append(coming)}))["yhat"].to_numpy(float)
    except (RuntimeError, ValueError):
        return None
    return Ahead(np.maximum(told[len(y) :], 0.0), float(np.sqrt(np.mean((y - told[: len(y)]) ** 2))))


def monthly(y: np.ndarray, horizon: int) -> np.ndarray:
    """Forecast a monthly series without dates."""
    said = periodic(y, pd.date_range("1980-01-01", periods=len(y), freq="MS"), horizon, "MS")
    return np.full(horizon, float(y[-1])) if said is None else said.mean


@cache
def countries() -> tuple[str, ...]:
    """Return the two-letter codes of the countries whose holidays are known."""
    from holidays import list_supported_countries

    return tuple(sorted(code for code in list_supported_countries() if len(code) == 2))


def _model(**settings: Any) -> Any:
    return _prophet()(**settings)


@cache
def _prophet() -> Any:
    """Import Prophet; what it says on the way, as that plotly is missing, is of no use here."""
    with quiet():
        logging.getLogger("cmdstanpy").addHandler(logging.NullHandler())  # with none, it adds one and sets its level
        from prophet import Prophet
    return Prophet


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep Prophet and Stan from writing into the log, where they tell of every fit."""
    loggers = [logging.getLogger(name) for name in ("prophet", "prophet.plot", "cmdstanpy")]
    before = [log.level for log in loggers]
    for log in loggers:
        log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for log, level in zip(loggers, before, strict=True):
            log.setLevel(level)
