"""The calendar's effects: planted ones are found, and none is found where there is none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from journeylab.operations.calendar_effects import FLAT, SHOP, calendar_effects

WEEK = np.array([1.0, 0.9, 0.9, 0.95, 1.05, 0.9, 1.3])
NOBODY = pd.DataFrame({"category": pd.Series(dtype=object), "day": pd.Series(dtype="datetime64[ns]")})


def sold(mean: float, *, week: bool = True, year: float = 0.3, lift: float = 1.0, days: int = 730, seed: int = 0):
    """Return daily units of two categories alike, and the days of their promotions."""
    rng = np.random.default_rng(seed)
    at = pd.date_range("2024-01-01", periods=days)
    on = np.isin(at.month, [5, 10]) & (at.day <= 10)
    factor = (WEEK / WEEK.mean())[at.dayofweek] if week else np.ones(days)
    factor = factor * (1 + year * np.cos(2 * np.pi * (at.dayofyear - 339) / 365.25)) * np.where(on, lift, 1.0)
    rows = [
        pd.DataFrame({"category": name, "day": at, "sold": rng.poisson(mean * factor).astype(float)})
        for name in ("tea", "cups")
    ]
    promoted = pd.DataFrame({"category": "tea", "day": at[on]})
    return pd.concat(rows, ignore_index=True), promoted, at


def test_planted_weekdays_year_and_promotion_are_found_again():
    daily, promoted, at = sold(20, lift=1.8)
    found = calendar_effects(daily, promoted, at[-1])["tea"]
    assert found.weekdays == pytest.approx(WEEK / WEEK.mean(), abs=0.08)
    year = pd.date_range("2024-01-01", "2024-12-31")
    flat = found.factors(year) / found.weekdays[year.dayofweek]
    assert year[flat.argmax()].month in {11, 12}
    assert flat.max() / flat.min() == pytest.approx(1.3 / 0.7, rel=0.12)
    low, high = np.exp([found.promotion - 2.6 * found.promotion_error, found.promotion + 2.6 * found.promotion_error])
    assert low < 1.8 < high
    assert high / low < 1.4


def test_the_interval_of_a_promotion_holds_about_as_often_as_it_says():
    held = []
    for seed in range(40):
        daily, promoted, at = sold(6, year=0.0, lift=1.5, days=400, seed=seed)
        found = calendar_effects(daily, promoted, at[-1])["tea"]
        held.append(abs(found.promotion - np.log(1.5)) < 1.96 * found.promotion_error)
    assert np.mean(held) >= 0.85


def test_no_season_is_found_where_there_is_none():
    daily, _, at = sold(20, week=False, year=0.0)
    found = calendar_effects(daily, NOBODY, at[-1])["tea"]
    assert np.abs(found.factors(at) - 1).max() < 0.08


def test_a_year_is_not_told_from_a_trend_within_a_year():
    daily, _, at = sold(20, days=400)
    assert len(calendar_effects(daily, NOBODY, at[-1])["tea"].year) == 0


def test_a_category_with_few_sales_takes_the_effects_of_the_whole_shop():
    daily, _, at = sold(20)
    few = pd.DataFrame({"category": "rare", "day": at[::30], "sold": 1.0})
    assert calendar_effects(pd.concat([daily, few]), NOBODY, at[-1])["rare"].source == SHOP


def test_a_category_of_its_own_season_gets_it():
    daily, _, at = sold(20, year=0.1)
    summer = daily[daily["category"] == "tea"].copy()
    summer["category"] = "ice"
    summer["sold"] = np.random.default_rng(5).poisson(20 * (1 - 0.6 * np.cos(2 * np.pi * at.dayofyear / 365.25)))
    found = calendar_effects(pd.concat([daily, summer]), NOBODY, at[-1])["ice"]
    assert found.source == "ice"
    flat = found.factors(at[:365]) / found.weekdays[at[:365].dayofweek]
    assert at[flat.argmax()].month in {6, 7}


def test_what_comes_after_the_last_known_day_changes_nothing():
    daily, promoted, at = sold(20)
    early = calendar_effects(daily, promoted, at[599])["tea"]
    changed = daily.copy()
    changed.loc[changed["day"] > at[599], "sold"] *= 7
    assert calendar_effects(changed, promoted, at[599])["tea"].factors(at) == pytest.approx(early.factors(at))


def test_nothing_known_is_a_flat_calendar():
    assert (FLAT.factors(pd.date_range("2026-01-01", periods=9)) == 1).all()
    assert calendar_effects(NOBODY.assign(sold=1.0), NOBODY, pd.Timestamp("2026-01-01")) == {}
