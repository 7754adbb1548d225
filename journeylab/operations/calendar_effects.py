"""What the calendar does to sales: the day of the week, the time of the year, promotions.

One quasi-Poisson regression with a log link a category, on units sold a day (McCullagh & Nelder 1989, Generalized
Linear Models, ch. 6 and 9): a quadratic trend, six weekday effects, K pairs of yearly Fourier terms, and one effect of
promotions. Weekday effects and K are kept only where they lower QAIC (Burnham & Anderson 2002, sec. 2.5). A category
takes the whole shop's effects unless its own lower QAIC. docs/methods/demand.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

YEAR = 365.25
#: Days of history before a yearly season can be told from a trend.
ENOUGH = 548
MOST_HARMONICS = 6
FEWEST_UNITS = 200
SHOP = "the whole shop"


@dataclass(frozen=True)
class Effects:
    """The calendar's effects on one category.

    Args:
        weekdays: Factor of each weekday, Monday first, around a mean of 1.
        year: Coefficients of the yearly Fourier terms, cosine and sine in turn; empty if no season was found.
        promotion: Log of the factor of a day in a promotion; zero if none was seen.
        promotion_error: Its standard error; NaN if none was seen.
        promotion_days: Days in promotions it was learned on.
        source: The category the effects were learned on, or 'the whole shop'.
    """

    weekdays: np.ndarray
    year: np.ndarray
    promotion: float
    promotion_error: float
    promotion_days: int
    source: str

    def factors(self, days: pd.DatetimeIndex, promoted: np.ndarray | None = None) -> np.ndarray:
        """Return the factor of each day, around a mean of 1 over a year without promotions."""
        log = _harmonics(days, len(self.year) // 2) @ self.year if len(self.year) else np.zeros(len(days))
        if promoted is not None:
            log = log + self.promotion * promoted
        return self.weekdays[np.asarray(days.dayofweek)] * np.exp(log) / self._yearly_mean

    @property
    def _yearly_mean(self) -> float:
        if not len(self.year):
            return 1.0
        days = pd.date_range("2023-01-01", "2023-12-31")
        return float(np.exp(_harmonics(days, len(self.year) // 2) @ self.year).mean())


FLAT = Effects(np.ones(7), np.zeros(0), 0.0, np.nan, 0, "nothing")


def calendar_effects(daily: pd.DataFrame, promoted: pd.DataFrame, until: pd.Timestamp) -> dict[str, Effects]:
    """Learn the effects of each category from sales up to a day.

    Args:
        daily: Units by category and day: category, day, sold.
        promoted: Days in promotions by category: category, day.
        until: The last day to learn from.
    """
    wide = daily[daily["day"] <= until].pivot_table(
        index="day", columns="category", values="sold", aggfunc="sum", fill_value=0.0
    )
    if wide.empty:
        return {}
    days = pd.date_range(wide.index.min(), until)
    wide = wide.reindex(days, fill_value=0.0)
    on = {name: np.isin(days, rows["day"].to_numpy()).astype(float) for name, rows in promoted.groupby("category")}
    anywhere = np.max([*on.values(), np.zeros(len(days))], axis=0)
    shop = _best(wide.sum(axis=1).to_numpy(float), days, anywhere, SHOP)
    effects = {}
    for name in wide.columns:
        units = wide[name].to_numpy(float)
        first = int(np.argmax(units > 0))
        units, seen = units[first:], days[first:]
        mine = on.get(name, np.zeros(len(days)))[first:]
        effects[name] = _own_or_shared(units, seen, mine, str(name), shop[0])
    return effects


def _own_or_shared(
    units: np.ndarray, days: pd.DatetimeIndex, promoted: np.ndarray, name: str, shop: Effects
) -> Effects:
    """Return a category's own effects, or the shop's where its own explain no more than they cost."""
    shared = np.log(shop.factors(days))
    borrowed, cost, _ = _fit(units, _trend(days), promoted, shared)
    lift = _promotion_of(borrowed, promoted)
    taken = Effects(shop.weekdays, shop.year, *lift, int(promoted.sum()), SHOP)
    if units.sum() < FEWEST_UNITS:
        return taken
    own, own_cost = _best(units, days, promoted, name, dispersion=borrowed[2])
    return own if own_cost < _qaic(units, cost, borrowed[2], borrowed[0].size) else taken


def _best(
    units: np.ndarray, days: pd.DatetimeIndex, promoted: np.ndarray, source: str, dispersion: float | None = None
) -> tuple[Effects, float]:
    """Return the effects of the lowest QAIC, and that QAIC; the dispersion is that of the largest model."""
    most = MOST_HARMONICS if len(days) >= ENOUGH else 0
    plain, weekly = _trend(days), _weekdays(days)
    if len(days) < 28 or units.sum() < 50:
        return Effects(np.ones(7), np.zeros(0), 0.0, np.nan, 0, source), np.inf
    if dispersion is None:
        full = np.column_stack([plain, weekly, _harmonics(days, most)])
        dispersion = _fit(units, full, promoted, None)[0][2]
    best: tuple[float, Effects] | None = None
    for with_week in (True, False):
        for pairs in range(most + 1):
            parts = [plain, *([weekly] if with_week else []), _harmonics(days, pairs)]
            fitted, likelihood, _ = _fit(units, np.column_stack(parts), promoted, None)
            cost = _qaic(units, likelihood, dispersion, fitted[0].size)
            if best is None or cost < best[0] - 1e-9:
                best = cost, _effects(fitted, plain.shape[1], with_week, pairs, promoted, source)
    assert best is not None  # noqa: S101 - the loop ran
    return best[1], best[0]


Fitted = tuple[np.ndarray, np.ndarray, float]


def _fit(
    units: np.ndarray, design: np.ndarray, promoted: np.ndarray, offset: np.ndarray | None
) -> tuple[Fitted, float, np.ndarray]:
    """Fit by iteratively reweighted least squares: (coefficients, covariance, dispersion), log-likelihood, means."""
    x = np.column_stack([design, promoted]) if promoted.any() else design
    off = np.zeros(len(units)) if offset is None else offset
    beta = np.zeros(x.shape[1])
    beta[0] = np.log(max(units.mean(), 1e-6))
    ridge = 1e-8 * np.eye(x.shape[1])
    information = ridge
    for _ in range(50):
        eta = np.clip(x @ beta + off, -30, 30)
        mu = np.exp(eta)
        information = (x * mu[:, None]).T @ x + ridge * max(mu.sum(), 1.0)
        step = np.linalg.solve(information, x.T @ (units - mu))
        beta = beta + np.clip(step, -3, 3)
        if np.abs(step).max() < 1e-9:
            break
    mu = np.exp(np.clip(x @ beta + off, -30, 30))
    freedom = max(len(units) - x.shape[1], 1)
    dispersion = max(float(((units - mu) ** 2 / np.maximum(mu, 1e-9)).sum() / freedom), 1.0)
    likelihood = float((units * np.log(np.maximum(mu, 1e-300)) - mu).sum())
    return (beta, np.linalg.inv(information) * dispersion, dispersion), likelihood, mu


def _qaic(units: np.ndarray, likelihood: float, dispersion: float, size: int) -> float:
    n = len(units)
    return -2 * likelihood / dispersion + 2 * size + 2 * size * (size + 1) / max(n - size - 1, 1)


def _effects(fitted: Fitted, plain: int, with_week: bool, pairs: int, promoted: np.ndarray, source: str) -> Effects:
    beta = fitted[0]
    weekdays = np.ones(7)
    at = plain
    if with_week:
        weekdays = np.exp(np.append(0.0, beta[at : at + 6]))
        weekdays = weekdays / weekdays.mean()
        at += 6
    lift = _promotion_of(fitted, promoted)
    return Effects(weekdays, beta[at : at + 2 * pairs].copy(), *lift, int(promoted.sum()), source)


def _promotion_of(fitted: Fitted, promoted: np.ndarray) -> tuple[float, float]:
    if not promoted.any():
        return 0.0, np.nan
    return float(fitted[0][-1]), float(np.sqrt(fitted[1][-1, -1]))


def _trend(days: pd.DatetimeIndex) -> np.ndarray:
    at = np.linspace(-1, 1, len(days))
    return np.column_stack([np.ones(len(days)), at, at**2])


def _weekdays(days: pd.DatetimeIndex) -> np.ndarray:
    return (np.asarray(days.dayofweek)[:, None] == np.arange(1, 7)).astype(float)


def _harmonics(days: pd.DatetimeIndex, pairs: int) -> np.ndarray:
    angle = 2 * np.pi * np.asarray(days.dayofyear, dtype=float) / YEAR
    waves = [wave(k * angle) for k in range(1, pairs + 1) for wave in (np.cos, np.sin)]
    return np.column_stack(waves) if waves else np.zeros((len(days), 0))
