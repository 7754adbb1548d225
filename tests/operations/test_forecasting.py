"""Forecasts of odd SKUs: bulk orders, ends and gaps make wide intervals, not absurd ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import journeylab as jl
from journeylab.operations.forecasting import forecast
from tests.shops import bulky_retail

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_the_bulkiest_of_the_200_best_skus_of_a_real_wholesaler_have_sane_intervals(shared: Path):
    shop = bulky_retail(shared)
    told = jl.operations.demand(shop)
    ahead = told.ahead()
    assert len(ahead) == 30
    nearest = np.floor(ahead["mean"] + 0.5)
    assert ((nearest >= ahead["lower"]) & (nearest <= ahead["upper"])).all()
    weeks = told.forecast
    nearest = np.floor(weeks["mean"] + 0.5)
    assert ((nearest >= weeks["lower"]) & (nearest <= weeks["upper"])).all()
    assert (ahead[["mean", "lower", "upper"]] >= 0).all(axis=None)
    assert (ahead["upper"] <= 12 * ahead["mean"].clip(lower=1)).all()
    orders = jl.operations.replenishment(shop, demand=told).rows
    assert (orders["reorder_point"] <= 30 * orders["expected"].clip(lower=1)).all()
    assert (orders.loc[orders["expected"] >= 1, "safety_stock"] > 0).all()


def test_new_skus_are_forecast_nearer_to_their_planted_rates_than_their_two_weeks_say():
    rng = np.random.default_rng(6)
    old, new, weeks = 12, 80, 40
    rates = rng.gamma(9, 0.7, old + new)  # a category whose SKUs sell 6 a week, give or take 2
    demand = rng.poisson(rates[:, None], (old + new, weeks)).astype(float)
    demand[old:, : weeks - 2] = np.nan
    told = forecast(
        demand,
        np.zeros_like(demand),
        np.full(len(demand), "all", dtype=object),
        lambda known: np.ones((len(demand), known + 80)),
        every="week",
        horizon=4,
        whole=True,
        level=0.8,
    )
    assert set(told.classes["borrowed_from"].iloc[old:]) == {"all"}
    said, own = told.paths.mean[old:, 0], demand[old:, -2:].mean(axis=1)
    assert said.mean() == pytest.approx(rates[old:].mean(), rel=0.1)
    assert ((said - rates[old:]) ** 2).mean() < 0.8 * ((own - rates[old:]) ** 2).mean()
    lower, upper = told.paths.within(np.full(len(demand), 4.0), 0.8)
    came = rng.poisson(4 * rates[old:])
    assert 0.7 <= ((came >= lower[old:]) & (came <= upper[old:])).mean() <= 0.95


def test_bulk_orders_among_many_small_ones_do_not_run_away():
    rng = np.random.default_rng(4)
    demand = rng.poisson(0.5, (12, 60)).astype(float)
    demand[:4, 10], demand[:4, 30] = 900, 700
    told = forecast(
        demand,
        np.zeros_like(demand),
        np.full(12, "all", dtype=object),
        lambda known: np.ones((12, known + 80)),
        every="week",
        horizon=13,
        whole=True,
        level=0.8,
    )
    mean, sd = told.paths.over(np.full(12, 13.0))
    lower, upper = told.paths.within(np.full(12, 13.0), 0.8)
    assert ((lower <= np.floor(mean + 0.5)) & (np.floor(mean + 0.5) <= upper)).all()
    assert (upper <= 8 * mean + 8).all()
    assert (sd <= 3.5 * mean + np.sqrt(mean)).all()
