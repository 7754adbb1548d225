"""The curve every slider reads: equal to the sum over customers, and its intervals as wide as they should be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import chdtri

from journeylab.customers.bg_nbd import BgNbd, MbgNbd
from journeylab.customers.customer_base import CustomerBase
from journeylab.customers.gamma_gamma import GammaGamma
from journeylab.customers.pareto_nbd import ParetoNbd
from journeylab.customers.simulated_base import simulate_base
from journeylab.customers.value_curve import Spenders, chance_variance, value_curve
from journeylab.intervals import z_of
from tests.customers.crowds import binomial_bounds

TRUTHS = [BgNbd(0.8, 8.0, 0.9, 3.0), MbgNbd(0.9, 8.0, 0.8, 3.5), ParetoNbd(0.8, 9.0, 0.8, 25.0)]
SPEND = GammaGamma(6.0, 6.0, 30.0)
each_model = pytest.mark.parametrize("truth", TRUTHS, ids=lambda model: model.NAME)


def simulated(truth, seed, n=2000, groups=3):
    """Return customers whose spend has a known scale, what they bring in the year after, and their groups."""
    rng = np.random.default_rng(seed)
    shop = simulate_base(truth, age=np.round(np.linspace(20, 70, n)), follow=52, unit=1 / 7, seed=seed)
    scale = rng.gamma(SPEND.q, 1 / SPEND.gamma, n)
    x = shop.seen.frequency
    spend = np.where(x > 0, rng.gamma(np.maximum(SPEND.p * x, 1e-9)) / scale, 0.0)
    later = np.where(shop.later > 0, rng.gamma(np.maximum(SPEND.p * shop.later, 1e-9)) / scale, 0.0)
    return Spenders(shop.seen, spend, spend**2, rng.integers(0, groups, n), groups), later


@each_model
def test_the_curve_adds_up_to_the_sum_over_customers_whatever_the_sliders(truth):
    customers, _ = simulated(truth, 1)
    curve = value_curve(truth, SPEND, 30.0, customers)
    money = customers.money(SPEND, 30.0)
    for options in ({}, {"discount": 0.002}, {"pace": 1.1, "dropout": 0.9, "discount": 0.001}, {"dropout": 1.3}):
        for horizon in (1.0, 52.0, 260.0):
            each = truth.expected_purchases(customers.base, horizon, **options) * money
            by_group = np.bincount(customers.group, weights=each, minlength=3)
            assert curve.value(horizon, **options)[0] == pytest.approx(by_group, rel=1e-6)


@each_model
def test_the_share_kept_is_that_of_the_model_and_the_retention_lever_multiplies_it(truth):
    customers, _ = simulated(truth, 2)
    curve = value_curve(truth, SPEND, 30.0, customers)
    alive = truth.p_alive(customers.base)
    kept = float(alive @ truth.survival_if_alive(customers.base, 52.0) / alive.sum())
    assert curve.kept(52.0) == pytest.approx(kept, rel=2e-3)
    lever = curve.dropout_for(1.05, 52.0)
    assert lever < 1
    assert curve.kept(52.0 * lever) == pytest.approx(1.05 * curve.kept(52.0), rel=1e-3)
    assert curve.dropout_for(1.0, 52.0) == pytest.approx(1, rel=1e-3)


@each_model
def test_errors_from_the_parameters_are_those_of_the_delta_method_on_the_sum(truth):
    customers, _ = simulated(truth, 3)
    fitted = type(truth).fit(customers.base)
    curve = value_curve(fitted, None, 30.0, customers)

    def total(values):
        each = fitted.with_parameters(values).expected_purchases(customers.base, 52.0)
        return np.array(30.0 * float(each @ customers.base.count))

    assert curve.value(52.0)[2] == pytest.approx(float(fitted.estimate.delta(total)), rel=1e-3)


def test_spend_known_exactly_to_be_alike_needs_no_model_of_it():
    customers, _ = simulated(TRUTHS[0], 4)
    curve = value_curve(TRUTHS[0], None, 25.0, customers)
    expected = 25.0 * TRUTHS[0].expected_purchases(customers.base, 30.0).sum()
    assert curve.value(30.0)[0].sum() == pytest.approx(expected, rel=1e-6)
    chance = chance_variance(TRUTHS[0], None, 25.0, customers, 30.0)
    assert chance.sum() == pytest.approx(25.0**2 * TRUTHS[0].purchase_variance(customers.base, 30.0).sum(), rel=1e-6)


def test_chance_is_as_large_as_draws_from_the_conditional_distribution_say():
    customers, _ = simulated(TRUTHS[0], 5, n=300, groups=1)
    rng = np.random.default_rng(0)
    x, average = customers.base.frequency, customers.spend / np.maximum(customers.base.frequency, 1)
    bought = TRUTHS[0].sample(customers.base, 52.0, 4000, rng)
    drawn = SPEND.sample(x, average, bought, rng).sum(axis=1)
    chance = float(chance_variance(TRUTHS[0], SPEND, 30.0, customers, 52.0)[0])
    assert np.sqrt(chance) == pytest.approx(drawn.std(), rel=0.08)
    assert value_curve(TRUTHS[0], SPEND, 30.0, customers).value(52.0)[0][0] == pytest.approx(drawn.mean(), rel=0.02)


@pytest.mark.slow
@each_model
def test_intervals_of_total_and_groups_cover_what_came_about_as_often_as_the_level_says(truth):
    """Misses in standard errors: their squares add up as chi-squared says, and nine in ten lie in the 90 % interval.

    Each bound is crossed once in a thousand times if the intervals are right. Those of the total would be found a third
    too narrow or too wide.
    """
    total, groups, times = [], [], 60
    for seed in range(times):
        customers, later = simulated(truth, seed, n=500)
        fitted = type(truth).fit(customers.base)
        some = customers.base.frequency > 0
        spend = GammaGamma.fit(customers.base.frequency[some], customers.spend[some] / customers.base.frequency[some])
        curve = value_curve(fitted, spend, 30.0, customers)
        expected, errors, error = curve.value(52.0)
        chance = chance_variance(fitted, spend, 30.0, customers, 52.0)
        came = np.bincount(customers.group, weights=later, minlength=3)
        total.append((came.sum() - expected.sum()) / np.sqrt(error**2 + chance.sum()))
        groups += list((came - expected) / np.sqrt(errors**2 + chance))
    low, high = chdtri(times, [0.999, 0.001])
    assert low < np.square(total).sum() < high
    for misses in (total, groups):
        low, high = binomial_bounds(len(misses), 0.9)
        assert low <= (np.abs(misses) < z_of(0.9)).sum() <= high


def test_a_wholesaler_a_thousand_times_the_median_is_worth_its_own_money():
    customers, _ = simulated(TRUTHS[0], 6, groups=1)
    big = CustomerBase(*(np.r_[getattr(customers.base, name), value] for name, value in
                         (("frequency", 500), ("recency", 70), ("age", 70), ("count", 1))))  # fmt: skip
    spend = np.r_[customers.spend, 500 * 30_000.0]
    joined = Spenders(big, spend, spend**2, np.zeros(len(spend), dtype=int), 1)
    without = value_curve(TRUTHS[0], SPEND, 30.0, customers).value(52.0)[0][0]
    with_it = value_curve(TRUTHS[0], SPEND, 30.0, joined).value(52.0)[0][0]
    assert 0.7 < (with_it - without) / (500 / 70 * 52 * 30_000) < 1
