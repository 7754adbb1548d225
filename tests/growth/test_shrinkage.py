import math

import numpy as np
import pytest

from journeylab.growth.shrinkage import partial_pooling

SCHOOLS = [28, 8, -3, 7, -1, 1, 18, 12]
ERRORS = [15, 10, 16, 11, 9, 11, 10, 18]


def test_the_eight_schools_read_as_in_the_textbook():
    # Gelman et al., Bayesian Data Analysis, 3rd ed., table 5.3 (200 draws; hence the tolerance of about one unit for
    # the medians and two for the ends); complete pooling, section 5.5: 7.7 with standard error 4.1.
    found = partial_pooling(SCHOOLS, ERRORS, spread_scale=math.inf)
    assert found.effect == pytest.approx([10, 8, 7, 8, 5, 6, 10, 8], abs=1.5)
    assert found.upper == pytest.approx([31, 23, 19, 21, 18, 28, 26, 33], abs=10)
    weights = 1 / np.square(ERRORS)
    pooled = partial_pooling(SCHOOLS, ERRORS, spread_scale=1e-6)
    assert pooled.mean == pytest.approx(7.7, abs=0.05)
    assert pooled.mean_sd == pytest.approx(4.1, abs=0.05)
    assert pooled.mean == pytest.approx(float(weights @ SCHOOLS / weights.sum()), abs=1e-3)


def test_a_sampler_agrees():
    rng = np.random.default_rng(14)
    y, s = np.array(SCHOOLS, float), np.array(ERRORS, float)
    scale = 3 * math.sqrt((s**2).mean())
    tau = np.abs(scale * rng.standard_cauchy(200_000))  # importance sampling from the prior
    precision = 1 / (s**2 + tau[:, None] ** 2)
    centre = (precision * y).sum(1) / precision.sum(1)
    log = 0.5 * (np.log(precision) - precision * (y - centre[:, None]) ** 2).sum(1) - 0.5 * np.log(precision.sum(1))
    weight = np.exp(log - log.max())
    mean = (weight @ (tau[:, None] ** 2 * precision * y + s**2 * precision * centre[:, None])) / weight.sum()
    assert partial_pooling(y, s).effect == pytest.approx(mean, abs=0.1)


def test_pooling_moves_each_towards_the_common_effect_and_never_beyond():
    found = partial_pooling([0.1, -0.2, 0.4, 0.05], [0.1, 0.2, 0.1, 0.3])
    for own, pooled in zip([0.1, -0.2, 0.4, 0.05], found.effect, strict=True):
        assert min(own, found.mean) - 0.02 <= pooled <= max(own, found.mean) + 0.02
    assert ((found.share > 0) & (found.share < 1)).all()


def test_exact_segments_keep_their_own_and_vague_ones_lose_it():
    found = partial_pooling([0.0, 1.0, 2.0], [0.01, 0.01, 3.0])
    assert found.effect[:2] == pytest.approx([0, 1], abs=0.01)
    assert found.share[2] < 0.5


def test_units_do_not_matter():
    once, cents = partial_pooling(SCHOOLS, ERRORS), partial_pooling(np.array(SCHOOLS) * 100, np.array(ERRORS) * 100)
    assert cents.lower == pytest.approx(once.lower * 100)


def test_unobserved_segments_come_back_unobserved():
    found = partial_pooling([0.1, math.nan, 0.3], [0.1, 0.1, 0.1])
    assert math.isnan(found.effect[1])
    assert np.isfinite(found.effect[[0, 2]]).all()
    assert math.isnan(partial_pooling([math.nan], [1.0]).mean)


@pytest.mark.slow
@pytest.mark.parametrize("spread", [0.0, 0.5, 2.0])
def test_pooled_intervals_hold_the_true_segments_as_often_as_they_say(spread):
    rng = np.random.default_rng(15)
    held = []
    for _ in range(400):
        truth = rng.normal(0.3, spread, 6)
        se = rng.uniform(0.5, 1.5, 6)
        found = partial_pooling(rng.normal(truth, se), se)
        held.append((found.lower <= truth) & (truth <= found.upper))
    assert 0.93 <= np.mean(held) <= 0.995


@pytest.mark.slow
def test_the_winner_of_many_equal_segments_is_overstated_raw_and_hardly_when_pooled():
    rng = np.random.default_rng(16)
    raw, pooled = [], []
    for _ in range(200):
        y = rng.normal(0.0, 1.0, 10)
        raw.append(y.max())
        pooled.append(partial_pooling(y, np.ones(10)).effect.max())
    assert np.mean(raw) > 1.3
    assert np.mean(pooled) < 0.6
