import hashlib

import numpy as np
import pandas as pd
import pytest

import journeylab as jl
from journeylab.data.examples import tiny_shop
from tests.growth.shops import frames_shop, simulated, small


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return frames_shop(tmp_path_factory.mktemp("aa"), simulated(seed=70, units=8000))


def test_on_independent_visitors_the_method_can_be_trusted(shop):
    result = jl.growth.aa_replay(shop, metric="revenue", tests=500, window="5d")
    assert result.units == 8000
    assert result.replay.of == 500
    assert 0.02 <= result.replay.rate <= 0.09
    assert result.headline().endswith("the method can be trusted here.")


def test_looking_every_day_errs_far_more_often_than_the_level_and_the_always_valid_interval_does_not(shop):
    rows = jl.growth.aa_replay(shop, metric="conversion", tests=1000, window="5d").peeking
    assert rows["fixed"].is_monotonic_increasing
    assert rows["fixed"].iloc[-1] > 0.12
    assert rows["always_valid"].iloc[-1] <= 0.05
    assert len(rows) == 20


def test_a_units_column_that_moves_with_its_bucket_is_found_out():
    # every eight units whose identifiers share a bucket also share their outcome
    digits = {f"u{i}": hashlib.md5(f"u{i}|0".encode()).hexdigest()[:3] for i in range(16_000)}
    exposed = [(u, "A", 0) for u in digits]
    measured = [(u, int(d, 16) % 3 == 0) for u, d in digits.items()]
    result = jl.growth.aa_replay(small(exposed, measured), metric="converted", name="fee", tests=300)
    assert result.replay.inflation > 2
    assert "claims too often" in result.headline()


def test_a_tests_control_can_be_split(shop):
    result = jl.growth.aa_replay(shop, name="fee", metric="conversion", tests=100, window="5d")
    assert result.origin == "of A"
    assert 3000 < result.units < 5000


def test_units_whose_window_was_still_open_are_left_out(shop):
    last = pd.Timestamp(shop.observed[1]) - pd.Timedelta(days=10)
    events = shop.run(shop.table("events"))
    first = pd.to_datetime(events.groupby("visitor_id")["day"].min())
    result = jl.growth.aa_replay(shop, metric="conversion", tests=50, window="10d")
    assert result.units == (first <= last).sum() < len(first)
    assert jl.growth.aa_replay(shop, metric="conversion", tests=50, window=None).units == len(first)


def test_the_same_seed_deals_alike_and_another_otherwise(shop):
    rates = [jl.growth.aa_replay(shop, metric="revenue", tests=100, seed=s).rows for s in (1, 1, 2)]
    pd.testing.assert_frame_equal(rates[0], rates[1])
    assert not rates[0].equals(rates[2])


def test_the_pvalues_are_counted_whole(shop):
    rows = jl.growth.aa_replay(shop, metric="order value", tests=200).table()
    assert rows["n"].sum() == 200
    assert rows["rate"].sum() == pytest.approx(1)
    assert np.isclose(rows["to"].iloc[-1], 1)


def test_what_is_missing_is_said_in_words(shop):
    with pytest.raises(jl.NotEnoughData, match="needs 200 units"):
        jl.growth.aa_replay(tiny_shop(), metric="event view")
    with pytest.raises(jl.BadParameter, match="Quantiles"):
        jl.growth.aa_replay(shop, metric="median of revenue")


def test_it_draws_and_its_call_runs_again(shop):
    result = jl.growth.aa_replay(shop, metric="conversion", tests=50)
    for view in result.views:
        assert result.chart(view).to_dict()["$schema"]
    scope = {"jl": jl, "shop": shop}
    exec("\n".join(result.call.lines()), scope)
    pd.testing.assert_frame_equal(scope["aa_replay"].table(), result.table())
