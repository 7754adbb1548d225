"""Maximum likelihood on a distribution whose answers are known in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from journeylab.customers.likelihood import maximise
from journeylab.errors import NotEnoughData

TIMES = np.array([0.3, 2.0, 1.1, 0.7, 4.4, 0.2, 1.9, 3.0])


def exponential(values):
    rate = values[0]
    return len(TIMES) * np.log(rate) - rate * TIMES.sum(), np.array([len(TIMES) / rate - TIMES.sum()])


@pytest.fixture
def estimate():
    return maximise(exponential, names=("rate",), starts=[np.array([9.0])], n=len(TIMES))


def test_the_top_and_its_standard_error_are_those_of_the_textbook(estimate):
    rate = 1 / TIMES.mean()
    assert estimate.values[0] == pytest.approx(rate, rel=1e-9)
    assert estimate.standard_errors[0] == pytest.approx(rate / np.sqrt(8), rel=1e-6)
    lower, upper = estimate.interval(0.95)
    assert lower[0] == pytest.approx(rate * np.exp(-1.959964 / np.sqrt(8)), rel=1e-5)
    assert lower[0] * upper[0] == pytest.approx(rate**2, rel=1e-9)


def test_the_delta_method_gives_the_error_of_what_follows(estimate):
    error = estimate.delta(lambda values: np.array([1 / values[0], values[0] ** 2]))
    assert error == pytest.approx([TIMES.mean() / np.sqrt(8), 2 / TIMES.mean() ** 2 / np.sqrt(8)], rel=1e-5)


def test_draws_follow_the_seed_and_the_information(estimate):
    drawn = estimate.draws(20_000, seed=1)
    assert np.array_equal(drawn, estimate.draws(20_000, seed=1))
    assert np.log(drawn).std() == pytest.approx(1 / np.sqrt(8), rel=0.03)


def test_a_flat_direction_has_no_standard_error_and_bounded_draws():
    def flat(values):
        height, slope = exponential(values[:1] * values[1:])
        return height, np.array([slope[0] * values[1], slope[0] * values[0]])

    ridge = maximise(flat, names=("one", "other"), starts=[np.array([1.0, 1.0])], n=8)
    assert not ridge.identified
    assert np.all(np.isnan(ridge.standard_errors))
    products = ridge.draws(500, seed=0).prod(axis=1)
    assert np.log(products).std() == pytest.approx(1 / np.sqrt(8), rel=0.15)


def test_a_likelihood_that_is_nowhere_finite_is_said():
    with pytest.raises(NotEnoughData):
        maximise(lambda values: (np.nan, values * np.nan), names=("x",), starts=[np.ones(1)], n=1)
