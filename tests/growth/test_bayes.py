import math

import numpy as np
import pytest

from journeylab.growth.bayes import chance_to_be_best, posterior
from journeylab.growth.effects import difference
from journeylab.growth.moments import Moments
from tests.growth.arms import CONVERSION


def test_growthbooks_published_chance_to_win():
    # GrowthBook's test suite: 49 of 100 against 51 of 100, flat prior, relative effect.
    arms = Moments.counts("ordered", [100, 100], [49, 51])
    d = difference(arms[0], arms[1], CONVERSION)
    assert posterior(float(d.relative), float(d.relative_se)).chance_to_win == pytest.approx(0.609, abs=5e-4)


def test_beta_posteriors_give_nearly_the_same_chance():
    rng = np.random.default_rng(8)
    arms = Moments.counts("ordered", [2000, 2000], [200, 230])
    d = difference(arms[0], arms[1], CONVERSION)
    draws = rng.beta(231, 1771, 400_000) > rng.beta(201, 1801, 400_000)
    assert posterior(float(d.effect), float(d.se)).chance_to_win == pytest.approx(draws.mean(), abs=0.003)


def test_expected_loss_is_what_draws_say():
    draws = np.random.default_rng(9).normal(0.8, 1.3, 2_000_000)
    found = posterior(0.8, 1.3)
    assert found.loss == pytest.approx(np.maximum(-draws, 0).mean(), rel=0.01)
    assert found.loss_control == pytest.approx(np.maximum(draws, 0).mean(), rel=0.01)
    assert found.loss_control - found.loss == pytest.approx(found.mean)


def test_a_prior_pulls_towards_its_mean_and_narrows():
    flat, informed = posterior(0.3, 0.1), posterior(0.3, 0.1, prior_sd=0.1)
    assert informed.mean == pytest.approx(0.15)
    assert informed.sd == pytest.approx(0.1 / math.sqrt(2))
    assert informed.chance_to_win < flat.chance_to_win


def test_where_lower_is_better_the_chances_turn_round():
    up, down = posterior(1.0, 0.7), posterior(1.0, 0.7, lower_is_better=True)
    assert up.chance_to_win + down.chance_to_win == pytest.approx(1)
    assert (up.loss, up.loss_control) == pytest.approx((down.loss_control, down.loss))


def test_without_a_standard_error_nothing_is_believed():
    assert math.isnan(posterior(0.1, 0.0).chance_to_win)
    assert math.isnan(posterior(math.nan, 1.0).loss)


def test_chances_to_be_best_add_up_and_agree_with_draws():
    values, variances = [1.0, 1.2, 0.9, 1.1], [0.01, 0.04, 0.01, 0.02]
    draws = np.random.default_rng(10).normal(values, np.sqrt(variances), (400_000, 4)).argmax(axis=1)
    found = chance_to_be_best(values, variances)
    assert sum(found) == pytest.approx(1, abs=1e-6)
    assert found == pytest.approx(np.bincount(draws) / 400_000, abs=0.004)


def test_of_two_the_chance_to_be_best_is_the_chance_to_win():
    best = chance_to_be_best([1.0, 1.3], [0.02, 0.03])[1]
    assert best == pytest.approx(posterior(0.3, math.sqrt(0.05)).chance_to_win, abs=1e-6)
