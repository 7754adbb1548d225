"""Planted truths: each estimator's 95 % interval holds the true effect in 93.5 to 96.5 % of 2,000 simulated tests."""

import numpy as np
import pytest

from journeylab.growth.effects import compare, difference
from journeylab.growth.metrics import Metric
from journeylab.growth.moments import Moments
from journeylab.growth.proportion import relative_score_interval, score_interval
from journeylab.growth.quantile_effect import bounding_ranks, compare_quantiles
from tests.growth.arms import CONVERSION, PER_SESSION, arm

pytestmark = pytest.mark.slow

TESTS, UNITS = 2000, 1000


def share_held(truth, lower, upper):
    return np.mean((np.asarray(lower) <= truth) & (truth <= np.asarray(upper)))


def compare_all(control, variant, metric):
    """All simulated tests read one by one, as the page reads them."""
    return [compare(control[i], variant[i], metric) for i in range(TESTS)]


def check(found, effect, relative):
    assert 0.935 <= share_held(effect, [e.lower for e in found], [e.upper for e in found]) <= 0.965
    bounds = [e.relative_lower for e in found], [e.relative_upper for e in found]
    assert 0.935 <= share_held(relative, *bounds) <= 0.965


def test_proportions_hold_their_truth():
    rng = np.random.default_rng(31)
    xc, xt = rng.binomial(UNITS, 0.08, TESTS), rng.binomial(UNITS, 0.1, TESTS)
    assert 0.935 <= share_held(0.02, *score_interval(xc, UNITS, xt, UNITS)) <= 0.965
    assert 0.935 <= share_held(0.25, *relative_score_interval(xc, UNITS, xt, UNITS)) <= 0.965


def test_proportions_hold_their_truth_with_a_dozen_conversions_too():
    rng = np.random.default_rng(32)
    xc, xt = rng.binomial(400, 0.03, TESTS), rng.binomial(400, 0.05, TESTS)
    assert 0.935 <= share_held(0.02, *score_interval(xc, 400, xt, 400)) <= 0.965


def test_means_hold_their_truth():
    rng = np.random.default_rng(33)
    control = arm(net=rng.gamma(0.5, 40, (TESTS, UNITS)))
    variant = arm(net=rng.gamma(0.5, 44, (TESTS, UNITS)))
    check(compare_all(control, variant, Metric("net", "mean", "net")), 2.0, 0.1)


def test_ratios_hold_their_truth():
    rng = np.random.default_rng(34)
    arms = []
    for rate in (0.2, 0.23):
        sessions = 1 + rng.poisson(1.5, (TESTS, UNITS))
        own = rng.beta(4 * rate, 4 * (1 - rate), (TESTS, UNITS))  # sessions of one user are alike
        arms.append(arm(orders=rng.binomial(sessions, own), sessions=sessions))
    check(compare_all(arms[0], arms[1], PER_SESSION), 0.03, 0.15)


def test_cuped_holds_its_truth_and_is_narrower():
    rng = np.random.default_rng(35)
    arms = []
    for effect in (0.0, 0.2):
        before = rng.gamma(4, 0.5, (TESTS, UNITS))
        arms.append(arm(net=2 + effect + before + rng.normal(0, 0.8, (TESTS, UNITS)), before=before))
    metric = Metric("net", "mean", "net", before="before")
    check(compare_all(arms[0], arms[1], metric), 0.2, 0.05)
    plain, cuped = difference(arms[0], arms[1], metric, cuped=False), difference(arms[0], arms[1], metric)
    # cov² / (var · var): the covariate's variance of 1 against 0.64 of noise
    assert 1 - np.mean((cuped.se / plain.se) ** 2) == pytest.approx(1 / 1.64, abs=0.01)


@pytest.mark.parametrize("q", [0.5, 0.9])
def test_quantiles_hold_their_truth(q):
    rng = np.random.default_rng(36)
    low, high = (float(b) for b in bounding_ranks(UNITS, q))
    triples = [np.quantile(rng.lognormal(m, 1, (TESTS, UNITS)), [q, low, high], axis=1) for m in (3.0, 3.1)]
    found = [
        compare_quantiles(tuple(c), UNITS, tuple(t), UNITS, q=q) for c, t in zip(*(t.T for t in triples), strict=True)
    ]
    from scipy.stats import norm

    true = [np.exp(m + norm.ppf(q)) for m in (3.0, 3.1)]
    check(found, true[1] - true[0], true[1] / true[0] - 1)


def test_a_proportion_read_as_a_mean_holds_its_truth():
    rng = np.random.default_rng(37)
    arms = [Moments.counts("ordered", [UNITS] * TESTS, rng.binomial(UNITS, p, TESTS)) for p in (0.08, 0.1)]
    found = difference(arms[0], arms[1], CONVERSION)
    assert 0.935 <= share_held(0.02, found.effect - 1.962 * found.se, found.effect + 1.962 * found.se) <= 0.965
