"""The contest: the default holds against noise, gives way to what is better, and never sees what comes after."""

from __future__ import annotations

import numpy as np
import pytest

from journeylab.operations.contest import Field, run
from journeylab.operations.forecasters import NAIVE, OFTEN_DEFAULT, SEASONAL_NAIVE, default_forecast, forecasts

HORIZON = 8


def compete(demand: np.ndarray, *, origins: int = 3, lag: int = 1, often: bool = True, horizon: int = HORIZON):
    count, n = demand.shape
    return run(
        Field(
            demand,
            np.ones(demand.shape, dtype=bool),
            lambda _known: np.ones((count, n + horizon)),
            np.full(count, "smooth" if often else "lumpy", dtype=object),
            np.full(count, often),
            horizon,
            lag=lag,
        ),
        origins=origins,
    )


def test_noise_around_a_level_is_left_to_the_default():
    demand = np.random.default_rng(0).poisson(20, (15, 60)).astype(float)
    out = compete(demand)
    assert set(out.chosen) == {OFTEN_DEFAULT}
    assert not out.overruled
    assert out.mean == pytest.approx(20, abs=4)


def test_naive_wins_where_demand_is_a_random_walk_of_jumps():
    rng = np.random.default_rng(1)
    jumped = rng.random((60, 80)) < 0.12
    demand = np.abs(200 + np.where(jumped, rng.normal(0, 60, (60, 80)), rng.normal(0, 0.5, (60, 80))).cumsum(axis=1))
    out = compete(demand, horizon=4)
    naive, default = (np.nanmean(out.loss(name, "mase")) for name in (NAIVE, OFTEN_DEFAULT))
    assert naive < default
    assert out.overruled == {"smooth": NAIVE}


def test_a_season_that_repeats_exactly_is_won_by_the_seasonal_naive():
    rng = np.random.default_rng(2)
    demand = np.tile(rng.integers(5, 90, (12, 13)), 6).astype(float)
    out = compete(demand, lag=13)
    assert out.overruled == {"smooth": SEASONAL_NAIVE}
    assert out.mean == pytest.approx(demand[:, :HORIZON])


def test_what_comes_after_an_origin_changes_no_forecast_from_it():
    rng = np.random.default_rng(3)
    demand = rng.poisson(12, (6, 60)).astype(float)
    changed = demand.copy()
    changed[:, -HORIZON:] = 999
    newest = 0
    for name, before in compete(demand).past.items():
        assert compete(changed).past[name][:, newest] == pytest.approx(before[:, newest], nan_ok=True)


def test_periods_out_of_stock_do_not_count_in_the_scores():
    demand = np.random.default_rng(4).poisson(12, (3, 60)).astype(float)
    scored = np.ones(demand.shape, dtype=bool)
    scored[:, -3:] = False
    field = Field(
        demand, scored, lambda _known: np.ones((3, 68)), np.full(3, "smooth", dtype=object), np.full(3, True), HORIZON
    )
    assert np.isnan(run(field, origins=1).actual[:, 0, -3:]).all()


def test_a_single_series_gets_its_own_choice_only_from_many_origins():
    rng = np.random.default_rng(5)
    season = np.tile(rng.integers(5, 90, 13), 10)[None, :128].astype(float)
    calm = rng.poisson(30, (9, 128)).astype(float)
    demand = np.vstack([season, calm])
    assert set(compete(demand, horizon=4, lag=13).why) == {"default"}
    full = compete(demand, origins=8, horizon=4, lag=13)
    assert (full.why[0], full.chosen[0]) == ("own", SEASONAL_NAIVE)
    assert full.mean[0] == pytest.approx(season[0, 128 - 13 : 128 - 9])
    assert list(full.why[1:]).count("own") <= 1


def test_a_gain_over_naive_has_an_interval_that_holds_none_where_only_noise_sets_them_apart():
    rng = np.random.default_rng(12)
    saw = np.tile([10.0, 30.0], 30) + rng.normal(0, 0.1, 60)
    out = compete(np.vstack([saw, rng.normal(100, 10, (40, 60))]), origins=8, horizon=4)
    sure = out.gain(OFTEN_DEFAULT, "mase", 0, 0.8)
    assert 0 < sure.lower < sure.less < sure.upper <= 1
    assert sure.less == pytest.approx(1 - out.loss(OFTEN_DEFAULT, "mase")[0].mean() / out.loss(NAIVE, "mase")[0].mean())
    assert sure.origins == 8
    assert sure.n == 8 * 4
    nothing = [out.gain(NAIVE, "mase", row, 0.8).less for row in range(1, 41)]
    assert nothing == pytest.approx([0.0] * 40)
    told = [out.gain("ETS", "mase", row, 0.8) for row in range(1, 41)]
    assert np.mean([one.lower < one.less < one.upper for one in told]) == 1
    single = compete(saw[None, :40], origins=1, horizon=4).gain(OFTEN_DEFAULT, "mase", 0, 0.8)
    assert np.isnan(single.lower)
    assert single.origins == 1


def test_series_too_short_for_an_origin_are_still_forecast():
    demand = np.full((2, 40), np.nan)
    demand[0] = np.random.default_rng(6).poisson(9, 40)
    demand[1, -14:] = 4 + np.arange(14) % 2
    out = compete(demand)
    assert np.isnan(out.actual[1]).all()
    assert out.mean[1] == pytest.approx(4.5, abs=0.6)


def test_the_default_is_the_plain_mean_of_its_two_models():
    y = np.random.default_rng(7).poisson(15, 50).astype(float)
    said = forecasts(y, 5, 1, ("Theta", "ETS"))
    assert default_forecast(y, 5) == pytest.approx((said["Theta"].mean + said["ETS"].mean) / 2)


@pytest.mark.parametrize("y", [[], [3], [0] * 20, [7] * 20, [0] * 19 + [1], [1e9, 0] * 8])
def test_any_series_has_a_forecast_of_finite_numbers_not_below_zero(y: list[float]):
    names = (OFTEN_DEFAULT, "TSB + IMAPA", "Croston (SBA)", "ADIDA", "mean")
    for said in forecasts(np.array(y, dtype=float), 4, 12, names).values():
        assert np.isfinite(said.mean).all()
        assert (said.mean >= 0).all()
        assert np.isfinite(said.sd)
