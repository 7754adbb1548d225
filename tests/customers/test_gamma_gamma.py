"""Gamma-Gamma against the papers (Fader & Hardie 2013, on the 946 CDNOW repeaters) and against its own story."""

from __future__ import annotations

import numpy as np
import pytest

from journeylab.customers.gamma_gamma import GammaGamma
from journeylab.customers.simulated_base import simulate_spend
from journeylab.errors import BadParameter, NotEnoughData

PUBLISHED = GammaGamma(6.25, 3.74, 15.44)


@pytest.fixture(scope="module")
def spenders():
    purchases = np.random.default_rng(4).geometric(0.35, 3000)
    return purchases, simulate_spend(PUBLISHED, purchases, seed=8)


def test_estimates_on_cdnow_are_the_published_ones(cdnow):
    x, z = cdnow.base.frequency, cdnow.average
    again = cdnow.repeater
    model = GammaGamma.fit(x[again], z[again])
    assert again.sum() == 946
    assert [model.p, model.q, model.gamma] == pytest.approx([6.25, 3.74, 15.44], abs=5e-3)
    assert model.estimate.log_likelihood == pytest.approx(-4055.92, abs=5e-3)
    assert z[again].mean() == pytest.approx(35.08, abs=5e-3)
    assert model.expected_spend(x[again], z[again]).mean() == pytest.approx(35.37, abs=5e-3)
    assert model.expected_spend(x, z).mean() == pytest.approx(35.25, abs=5e-3)
    assert np.corrcoef(x[again], z[again])[0, 1] == pytest.approx(0.114, abs=5e-4)


def test_a_customer_without_history_is_worth_the_mean_and_one_with_much_history_its_own():
    assert PUBLISHED.expected_spend(np.array([0]), np.array([np.nan]))[0] == pytest.approx(PUBLISHED.mean)
    assert PUBLISHED.expected_spend(np.array([10_000]), np.array([80.0]))[0] == pytest.approx(80, rel=1e-3)


def test_doubling_prices_doubles_money_and_nothing_else(spenders):
    x, z = spenders
    single, double = GammaGamma.fit(x, z), GammaGamma.fit(x, 2 * z)
    assert double.parameters == pytest.approx(single.parameters * [1, 1, 2], rel=1e-6)
    assert double.expected_spend(x, 2 * z) == pytest.approx(2 * single.expected_spend(x, z), rel=1e-6)


def test_a_count_is_as_good_as_repeated_rows_in_any_order(spenders):
    x, z = spenders
    order = np.random.default_rng(0).permutation(3000)
    twice = GammaGamma.fit(np.r_[x, x], np.r_[z, z])
    counted = GammaGamma.fit(x[order], z[order], np.full(3000, 2.0))
    assert counted.parameters == pytest.approx(twice.parameters, rel=1e-7)
    assert counted.estimate.standard_errors == pytest.approx(twice.estimate.standard_errors, rel=1e-4)
    assert np.array_equal(GammaGamma.fit(x[order], z[order]).parameters, GammaGamma.fit(x, z).parameters)


def test_the_gradient_is_that_of_the_likelihood(spenders):
    x, z = spenders
    one = np.ones(len(x))
    _, slope = PUBLISHED.log_likelihood(x, z, one)
    for position, value in enumerate(PUBLISHED.parameters):
        step = 1e-6 * value * np.eye(3)[position]
        up, down = (
            PUBLISHED.with_parameters(PUBLISHED.parameters + s).log_likelihood(x, z, one)[0] for s in (step, -step)
        )
        assert slope[position] == pytest.approx((up - down) / (2 * step[position]), rel=1e-3, abs=0.05)


def test_the_likelihood_is_the_story_added_up_by_quadrature():
    from scipy import stats
    from scipy.integrate import quad

    for x, z in ((1, 20.0), (4, 55.0)):

        def density(scale, x=x, z=z):
            return (
                stats.gamma.pdf(x * z, PUBLISHED.p * x, scale=1 / scale)
                * x
                * stats.gamma.pdf(scale, PUBLISHED.q, scale=1 / PUBLISHED.gamma)
            )

        brute = np.log(quad(density, 0, 5, limit=400, epsabs=0, epsrel=1e-10)[0])
        assert PUBLISHED.log_likelihood(np.array([x]), np.array([z]), np.ones(1))[0] == pytest.approx(brute, rel=1e-8)


@pytest.mark.slow
def test_parameters_come_back_within_their_intervals_about_as_often_as_the_level_says():
    purchases = np.random.default_rng(1).geometric(0.35, 1200)
    covered = []
    for seed in range(40):
        model = GammaGamma.fit(purchases, simulate_spend(PUBLISHED, purchases, seed=seed))
        lower, upper = model.estimate.interval(0.9)
        covered.append((lower <= PUBLISHED.parameters) & (PUBLISHED.parameters <= upper))
    assert 0.82 <= np.mean(covered) <= 0.97


def test_draws_of_money_have_the_mean_and_the_variance_of_the_moments():
    x, z, future = np.array([0, 6]), np.array([np.nan, 90.0]), 3
    drawn = PUBLISHED.sample(x, z, np.full((400_000, 2), future), np.random.default_rng(0))
    mean, square = PUBLISHED.spend_moments(x, z)
    assert drawn.mean(axis=0) == pytest.approx(future * mean, rel=0.02)
    expected = future * square / PUBLISHED.p + future**2 * square - (future * mean) ** 2
    assert drawn[:, 1].var() == pytest.approx(expected[1], rel=0.05)
    assert np.all(PUBLISHED.sample(x, z, np.zeros((5, 2)), np.random.default_rng(0)) == 0)


def test_a_spender_a_thousand_times_the_median_is_fitted_along(spenders):
    x, z = spenders
    with_it = GammaGamma.fit(np.r_[x, 50], np.r_[z, 1000 * np.median(z)])
    assert np.all(np.isfinite(with_it.estimate.standard_errors))
    assert with_it.expected_spend(np.array([50]), np.array([1000 * np.median(z)]))[0] == pytest.approx(
        1000 * np.median(z), rel=0.1
    )
    ordinary = GammaGamma.fit(x, z).expected_spend(x, z)
    assert np.median(with_it.expected_spend(x, z) / ordinary) == pytest.approx(1, abs=0.02)


def test_a_mean_that_does_not_exist_is_not_a_number():
    heavy = GammaGamma(2.0, 0.8, 10.0)
    assert np.isnan(heavy.mean)
    assert np.isnan(heavy.expected_spend(np.array([0]), np.array([np.nan]))[0])
    assert np.isfinite(heavy.expected_spend(np.array([3]), np.array([20.0]))[0])


def test_what_cannot_be_a_spender_is_refused_and_too_few_are_said():
    with pytest.raises(BadParameter, match="above zero"):
        GammaGamma.fit(np.ones(20), np.r_[np.zeros(1), np.ones(19)])
    with pytest.raises(BadParameter, match="one or more"):
        GammaGamma.fit(np.zeros(20), np.ones(20))
    with pytest.raises(NotEnoughData, match="10 customers"):
        GammaGamma.fit(np.ones(2), np.array([3.0, 5.0]))
    with pytest.raises(NotEnoughData, match="differ"):
        GammaGamma.fit(np.ones(50), np.full(50, 5.0))
