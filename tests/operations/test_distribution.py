"""The distribution of demand: its quantiles are those of its chances, never below zero, and are corrected by ranks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from journeylab.operations.distribution import Correction, cdf, quantile, scores

MEANS = st.floats(0, 5000)
SPREADS = st.floats(0, 3000)


@given(mean=MEANS, sd=SPREADS, p=st.floats(0.01, 0.99), whole=st.booleans())
def test_a_quantile_is_never_below_zero_and_whole_where_units_are(mean: float, sd: float, p: float, whole: bool):
    found = float(quantile(p, np.array(mean), np.array(sd), whole=whole))
    assert found >= 0
    assert not np.isnan(found)
    assert not whole or found == int(found)


@given(mean=st.floats(0.1, 500), sd=st.floats(0.1, 300), p=st.floats(0.02, 0.9))
def test_more_chance_is_never_less_demand_and_quantiles_invert_chances(mean: float, sd: float, p: float):
    low, high = quantile(np.array([p, p + 0.08]), mean, sd, whole=True)
    assert low <= high
    assert cdf(np.array(high), mean, sd, whole=True) >= p + 0.08 - 1e-9


def test_whole_units_with_more_variance_than_mean_are_negative_binomial():
    mean, sd = 4.0, 3.0
    size, chance = mean**2 / (sd**2 - mean), mean / sd**2
    at = np.arange(30)
    assert cdf(at, mean, sd, whole=True) == pytest.approx(stats.nbinom.cdf(at, size, chance))
    assert quantile(0.95, np.array(mean), np.array(sd), whole=True) == stats.nbinom.ppf(0.95, size, chance)


def test_the_distribution_has_the_mean_and_spread_it_was_given():
    p = (np.arange(20_000) + 0.5) / 20_000
    for mean, sd, whole in ((40.0, 9.0, False), (40.0, 9.0, True), (3.0, 2.5, True), (0.3, 0.8, True)):
        drawn = quantile(p, np.array(mean), np.array(sd), whole=whole)
        assert drawn.mean() == pytest.approx(mean, rel=0.02)
        assert drawn.std() == pytest.approx(sd, rel=0.03)


def test_a_standing_order_without_spread_stays_narrow():
    assert quantile(np.array([0.1, 0.9]), 42.0, 1.1, whole=True).tolist() == [41.0, 43.0]
    assert quantile(0.9, np.array(0.0), np.array(0.0), whole=True) == 0


def test_intervals_that_were_too_narrow_become_wide_enough():
    rng = np.random.default_rng(3)
    mean, said, true = 50.0, 5.0, 10.0
    past = rng.normal(mean, true, 4000)
    ranks = Correction(np.sort(scores(past, np.full(4000, mean), np.full(4000, said), whole=False)))
    later = rng.normal(mean, true, 4000)
    lower, upper = (quantile(ranks.chance(p), mean, said, whole=False) for p in (0.1, 0.9))
    assert ((later >= lower) & (later <= upper)).mean() == pytest.approx(0.8, abs=0.02)


def test_too_few_past_forecasts_correct_nothing():
    assert Correction(np.array([3.0, 4.0])).chance(0.9) == 0.9
