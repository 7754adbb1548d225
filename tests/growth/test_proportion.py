import itertools

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from journeylab.growth.proportion import relative_score_interval, score_interval

# Newcombe 1998, "Interval estimation for the difference between independent proportions", Statistics in Medicine 17,
# table II, method 5 (Mee): 56/70 - 48/80, 9/10 - 3/10, 10/10 - 0/10.
NEWCOMBE = [((48, 80, 56, 70), (0.0533, 0.3377)), ((3, 10, 9, 10), (0.1821, 0.8370)), ((0, 10, 10, 10), (0.6777, 1.0))]


@pytest.mark.parametrize(("counts", "published"), NEWCOMBE)
def test_score_intervals_reproduce_newcombes_table(counts, published):
    assert [float(b) for b in score_interval(*counts)] == pytest.approx(published, abs=5e-5)


def brute_score(xc, nc, xt, nt, delta):
    """The score statistic with the restricted likelihood maximised by search, not by formula."""

    def minus_log_likelihood(pc):
        pt = pc + delta
        logs = [x * np.log(p) if x else 0.0 for x, p in ((xc, pc), (nc - xc, 1 - pc), (xt, pt), (nt - xt, 1 - pt))]
        return -sum(logs)

    low, high = max(0, -delta), min(1, 1 - delta)
    pc = minimize_scalar(minus_log_likelihood, bounds=(low, high), method="bounded", options={"xatol": 1e-12}).x
    pt = pc + delta
    return (xt / nt - xc / nc - delta) / np.sqrt(pc * (1 - pc) / nc + pt * (1 - pt) / nt)


@pytest.mark.parametrize("counts", [(100, 1000, 130, 1000), (3, 20, 9, 31), (5, 50, 1, 40), (48, 80, 56, 70)])
def test_at_the_bounds_the_brute_force_score_is_just_significant(counts):
    lower, upper = score_interval(*counts)
    assert brute_score(*counts, float(lower)) == pytest.approx(1.959964, abs=1e-3)
    assert brute_score(*counts, float(upper)) == pytest.approx(-1.959964, abs=1e-3)


def test_intervals_exclude_no_effect_exactly_when_the_pooled_z_test_does():
    xc, xt = (np.array(x) for x in zip(*itertools.product(range(0, 61, 5), repeat=2), strict=True))
    pooled = (xc + xt) / 120
    with np.errstate(invalid="ignore"):
        significant = np.abs(xt - xc) / 60 / np.sqrt(pooled * (1 - pooled) * 2 / 60) > norm.ppf(0.975)
    lower, upper = score_interval(xc, 60, xt, 60)
    assert (((lower > 0) | (upper < 0)) == significant).all()
    some = (xc > 0) & (xt > 0)
    lower, upper = relative_score_interval(xc[some], 60, xt[some], 60)
    assert (((lower > 0) | (upper < 0)) == significant[some]).all()


def test_swapping_the_arms_turns_the_interval_round():
    lower, upper = score_interval(5, 50, 12, 70)
    back = score_interval(12, 70, 5, 50)
    assert (float(back[0]), float(back[1])) == pytest.approx((-float(upper), -float(lower)))
    ratio, turned = relative_score_interval(5, 50, 12, 70), relative_score_interval(12, 70, 5, 50)
    assert 1 / (1 + float(ratio[0])) == pytest.approx(1 + float(turned[1]))


def test_statsmodels_reads_the_same_relative_interval():
    statsmodels = pytest.importorskip("statsmodels.stats.proportion")
    for xc, nc, xt, nt in [(100, 1000, 130, 1000), (5, 50, 9, 31), (0, 50, 5, 50)]:
        peer = statsmodels.confint_proportions_2indep(xt, nt, xc, nc, method="score", compare="ratio", correction=False)
        assert [1 + float(b) for b in relative_score_interval(xc, nc, xt, nt)] == pytest.approx(peer, rel=1e-6)


def test_zero_conversions_still_have_an_interval_of_the_difference():
    lower, upper = score_interval(0, 50, 0, 50)
    assert -0.1 < float(lower) < 0 < float(upper) < 0.1
    assert np.isnan(relative_score_interval(0, 50, 0, 50)).all()
    assert float(relative_score_interval(0, 50, 5, 50)[1]) == np.inf
    assert float(relative_score_interval(5, 50, 0, 50)[0]) == -1


def test_arrays_give_what_each_pair_gives():
    xc, xt = np.array([3, 40, 0]), np.array([9, 20, 2])
    together = score_interval(xc, 100, xt, 90)
    for i in range(3):
        alone = score_interval(xc[i], 100, xt[i], 90)
        assert (together[0][i], together[1][i]) == pytest.approx((float(alone[0]), float(alone[1])))
