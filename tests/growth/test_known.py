"""The replay as it was known: by hand, equal to the whole test on its last day, and blind to what came later."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import journeylab as jl
from journeylab.growth.trial import Asked, read_trial
from tests.growth.shops import DAY, frames_shop, simulated

OPTIONS = {
    "name": "fee",
    "control": None,
    "window": pd.Timedelta("14d"),
    "measured_by": None,
    "by": None,
    "level": 0.95,
}


@pytest.fixture(scope="module")
def frames():
    return simulated(seed=11, units=1500, effect=0.5)


@pytest.fixture(scope="module")
def shop(frames, tmp_path_factory):
    return frames_shop(tmp_path_factory.mktemp("known"), frames)


@pytest.mark.parametrize("cap", [None, 0.95])
@pytest.mark.parametrize("metric", ["conversion", "revenue", "order value", "event purchase"])
def test_on_the_last_day_all_is_known(shop, metric, cap):
    trial = read_trial(shop, Asked(metrics=(metric,), cap=cap, **OPTIONS))
    whole, last = trial.arms(trial.metrics[0]), trial.known.moments[:, -1]
    np.testing.assert_allclose(last.n, whole.n)
    np.testing.assert_allclose(last.mean, whole.mean)
    np.testing.assert_allclose(last.scatter, whole.scatter, rtol=1e-9, atol=1e-6)


def test_a_day_is_what_the_files_of_that_day_would_have_said(shop, frames, tmp_path):
    day = DAY + pd.Timedelta(days=9)
    until = {
        "exposures": frames["exposures"][frames["exposures"]["exposed_at"] < day + pd.Timedelta(days=1)],
        "events": frames["events"][frames["events"]["occurred_at"] < day + pd.Timedelta(days=1)],
        "orders": frames["orders"][frames["orders"]["ordered_at"] < day + pd.Timedelta(days=1)],
    }
    then = jl.growth.experiment(frames_shop(tmp_path, until), name="fee", metrics=["revenue"]).table().iloc[0]
    told = jl.growth.experiment(shop, name="fee", metrics=["revenue"]).days.set_index("day").loc[day]
    assert (told["n"], told["n_control"]) == (then["n"], then["n_control"])
    columns = ["effect", "lower", "upper", "always_lower", "always_upper"]
    assert told[columns].tolist() == pytest.approx(then[columns].tolist())


def test_the_days_of_the_test_bound_the_replay(shop):
    end = (DAY + pd.Timedelta(days=4)).date()
    trial = read_trial(shop, Asked(metrics=("conversion",), start=DAY.date(), end=end, cuped=False, **OPTIONS))
    np.testing.assert_allclose(trial.known.moments[:, -1].n, trial.arms(trial.metrics[0]).n)
    assert trial.known.days[0] == DAY.date()
