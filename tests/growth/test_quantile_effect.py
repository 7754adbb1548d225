import math

import numpy as np
import pytest

from journeylab.growth.quantile_effect import bounding_ranks, compare_quantiles


def read(control, variant, q, level=0.95):
    triples = []
    for x in (control, variant):
        low, high = bounding_ranks(len(x), q, level=level)
        triples.append(tuple(float(v) for v in np.quantile(x, [q, low, high])))
    return compare_quantiles(triples[0], len(control), triples[1], len(variant), q=q, level=level)


def test_the_bounding_ranks_hold_the_median_as_often_as_the_binomial_says():
    from scipy.stats import binom

    low, high = bounding_ranks(400, 0.5)
    held = binom.cdf(400 * float(high) - 1, 400, 0.5) - binom.cdf(400 * float(low) - 1, 400, 0.5)
    assert held == pytest.approx(0.95, abs=0.01)


def test_the_pvalue_agrees_with_the_interval():
    rng = np.random.default_rng(5)
    for shift in np.linspace(0, 0.4, 15):
        found = read(rng.lognormal(0, 1, 600), rng.lognormal(shift, 1, 600), 0.5)
        assert (found.pvalue < 0.05) == (found.lower > 0 or found.upper < 0)


def test_scaling_prices_scales_the_effect_and_leaves_the_relative_one():
    rng = np.random.default_rng(6)
    control, variant = rng.lognormal(3, 1, 500), rng.lognormal(3.1, 1, 500)
    once, twice = read(control, variant, 0.9), read(2 * control, 2 * variant, 0.9)
    assert twice.upper == pytest.approx(2 * once.upper)
    assert twice.relative_lower == pytest.approx(once.relative_lower)


def test_a_bootstrap_gives_about_the_same_interval():
    rng = np.random.default_rng(7)
    control, variant = rng.lognormal(3, 1, 800), rng.lognormal(3.2, 1, 800)
    found = read(control, variant, 0.5)
    draws = [
        np.quantile(rng.choice(variant, 800), 0.5) - np.quantile(rng.choice(control, 800), 0.5) for _ in range(2000)
    ]
    assert (found.lower, found.upper) == pytest.approx(tuple(np.quantile(draws, [0.025, 0.975])), abs=0.6)


def test_too_few_units_for_an_extreme_quantile_give_no_interval():
    found = read(np.arange(20.0), np.arange(20.0) + 1, 0.99)
    assert math.isnan(found.lower)
    assert math.isnan(found.pvalue)


def test_many_equal_values_around_the_quantile_give_no_interval():
    found = read(np.zeros(500), np.zeros(500), 0.5)
    assert found.effect == 0
    assert math.isnan(found.upper)
