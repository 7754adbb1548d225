import itertools
import math

import numpy as np
import pytest

from journeylab.errors import BadParameter, NotEnoughData
from journeylab.growth import sample_size as power
from journeylab.growth.metrics import Metric
from journeylab.growth.moments import Moments
from tests.growth.arms import ORDERS, PER_SESSION, arm, users


@pytest.mark.parametrize(("formula", "published"), [("pooled", 1094), ("unpooled", 1091), ("base rate", 1030)])
def test_twenty_percent_and_five_points_need_the_published_number_an_arm(formula, published):
    # The usual answers for 20 % against 25 %, 5 % two-sided, 80 % power, by formula (Fleiss; Chow; Evan Miller).
    assert power.sample_size_proportion(0.2, 0.05, formula=formula) == pytest.approx(published, abs=0.6)


def test_statsmodels_needs_as_many():
    peer = pytest.importorskip("statsmodels.stats.proportion")
    n = peer.samplesize_proportions_2indep_onetail(0.05, 0.2, 0.8, alpha=0.05)
    assert power.sample_size_proportion(0.2, 0.05) == pytest.approx(n)


@pytest.mark.parametrize("formula", list(power.FORMULAS))
@pytest.mark.parametrize("ratio", [0.5, 1, 3])
def test_power_and_smallest_effect_undo_the_sample_size(formula, ratio):
    n = power.sample_size_proportion(0.03, 0.006, ratio=ratio, formula=formula, power=0.9)
    assert power.power_proportion(0.03, 0.006, n, ratio=ratio, formula=formula) == pytest.approx(0.9, abs=1e-6)
    smallest = power.smallest_effect_proportion(0.03, n, ratio=ratio, formula=formula, power=0.9)
    assert smallest == pytest.approx(0.006, rel=1e-5)


def test_more_units_never_have_less_power():
    curve = [power.power_proportion(0.1, 0.01, n) for n in np.geomspace(50, 1e6, 60)]
    assert all(b >= a for a, b in itertools.pairwise(curve))
    assert curve[-1] == pytest.approx(1)


@pytest.mark.slow
def test_the_planned_power_is_the_share_of_simulated_tests_that_see_the_effect():
    n, rng = math.ceil(power.sample_size_proportion(0.2, 0.05)), np.random.default_rng(12)
    c, t = rng.binomial(n, 0.2, 20_000) / n, rng.binomial(n, 0.25, 20_000) / n
    pooled = (c + t) / 2
    seen = np.abs(t - c) > 1.959964 * np.sqrt(2 * pooled * (1 - pooled) / n)
    assert seen.mean() == pytest.approx(0.8, abs=0.012)


def test_no_effect_below_all_can_be_seen_with_hardly_any_units():
    assert math.isnan(power.smallest_effect_proportion(0.9, 3))


def test_effects_that_leave_the_scale_are_refused():
    with pytest.raises(BadParameter):
        power.sample_size_proportion(0.98, 0.05)
    with pytest.raises(BadParameter):
        power.sample_size_proportion(0.2, 0.0)


def history():
    both = users()
    table = np.concatenate([both[0], both[1]])
    return Moments.of(table, both[0].columns)


def test_means_solve_for_each_of_the_three():
    n, relative, reached = power.plan_mean(history(), ORDERS, solve="n", relative=0.05)
    assert (relative, reached) == (0.05, 0.8)
    assert power.plan_mean(history(), ORDERS, solve="power", relative=0.05, n=n)[2] == pytest.approx(0.8, abs=1e-3)
    assert power.plan_mean(history(), ORDERS, solve="effect", n=n)[1] == pytest.approx(0.05, rel=1e-3)


def test_tea_tastings_published_plan_of_a_ratio_with_cuped():
    # tea-tasting's documentation of RatioOfMeans: make_users_data without uplift, covariates, 80 % power.
    from tea_tasting import make_users_data

    data = make_users_data(rng=42, sessions_uplift=0, orders_uplift=0, revenue_uplift=0, covariates=True).to_pandas()
    data = data.drop(columns=["user", "variant"])
    past = Moments.of(data.to_numpy(), data.columns)
    metric = Metric("orders a session", "ratio", "orders", "sessions", "orders_covariate", "sessions_covariate")
    assert power.plan_mean(past, metric, solve="n", relative=0.05)[0] == 18515
    assert power.plan_mean(past, metric, solve="effect", n=10_000)[1] == pytest.approx(0.068, abs=5e-4)
    assert power.plan_mean(past, metric, solve="power", relative=0.1, n=4000)[2] == pytest.approx(0.74, abs=5e-3)


def test_the_textbook_formula_gives_nearly_the_same_number_for_a_mean():
    past = history()
    variance, mean = float(past.covariance("orders", "orders")), float(past.column("orders"))
    textbook = 2 * 2 * (1.959964 + 0.841621) ** 2 * variance / (0.1 * mean) ** 2
    assert power.plan_mean(past, ORDERS, solve="n", relative=0.1)[0] == pytest.approx(textbook, rel=0.01)


def test_identical_values_cannot_be_planned_for():
    with pytest.raises(NotEnoughData, match="no spread"):
        power.plan_mean(arm(orders=[1, 1, 1]), ORDERS, solve="n", relative=0.1)
    with pytest.raises(NotEnoughData, match="zero or below"):
        power.plan_mean(arm(orders=[-1, 0, -3]), ORDERS, solve="n", relative=0.1)


def test_a_ratio_needs_more_units_than_its_delta_variance_allows():
    assert power.plan_mean(history(), PER_SESSION, solve="n", relative=0.02)[0] > 10_000


def test_days_left_follow_the_curve_of_arrivals():
    curve = np.array([0, 50, 80, 100, 115, 125, 132, 137, 141, 160.0])
    assert power.days_left(200, 150, curve, 2) == 0
    assert power.days_left(40, 62.5, curve, 2) == 3  # half of the visitors: 125 on day 5
    assert math.isnan(power.days_left(80, 500, curve, 2))
    assert math.isnan(power.days_left(0, 500, curve, 0))
