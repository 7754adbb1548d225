import math

import numpy as np
import pytest
from scipy import stats

from journeylab.errors import BadParameter
from journeylab.growth.effects import compare, difference, variance_saved
from journeylab.growth.metrics import Metric
from journeylab.growth.moments import Moments
from tests.growth.arms import CONVERSION, ORDERS, PER_SESSION, arm, user_moments, users


def before(column):
    return Metric(column, "mean", column, before=f"{column}_covariate")


def test_tea_tastings_simulated_users_read_as_published():
    # tea-tasting's user guide: make_users_data(rng=42), 4,000 users.
    control, variant = user_moments()
    orders = compare(control, variant, ORDERS)
    assert (orders.value_control, orders.value) == pytest.approx((0.5304, 0.5731), abs=5e-5)
    assert orders.pvalue == pytest.approx(0.1177, abs=5e-5)
    assert compare(control, variant, PER_SESSION).pvalue == pytest.approx(0.0762, abs=5e-5)
    assert (control.n, variant.n) == (2023, 1977)
    assert compare(control, variant, before("orders")).pvalue == pytest.approx(0.00733, abs=5e-6)
    assert compare(control, variant, before("revenue")).pvalue == pytest.approx(0.00674, abs=5e-6)


def test_welch_agrees_with_scipy():
    control, variant = users()
    peer = stats.ttest_ind(variant["revenue"], control["revenue"], equal_var=False)
    interval = peer.confidence_interval(0.9)
    found = compare(*user_moments(), Metric("revenue", "mean", "revenue"), level=0.9)
    assert found.pvalue == pytest.approx(peer.pvalue)
    assert (found.lower, found.upper) == pytest.approx((interval.low, interval.high))


@pytest.mark.parametrize("alternative", ["greater", "less"])
def test_one_sided_tests_agree_with_scipy(alternative):
    control, variant = users()
    peer = stats.ttest_ind(variant["orders"], control["orders"], equal_var=False, alternative=alternative)
    found = compare(*user_moments(), ORDERS, alternative=alternative)
    assert found.pvalue == pytest.approx(peer.pvalue)
    interval = peer.confidence_interval()
    assert (found.lower, found.upper) == pytest.approx((interval.low, interval.high))


def test_the_vectorised_difference_agrees_with_tea_tasting():
    control, variant = user_moments()
    metrics = [
        ORDERS,
        PER_SESSION,
        before("revenue"),
        Metric("r", "ratio", "orders", "sessions", "orders_covariate", "sessions_covariate"),
    ]
    for metric in metrics:
        d, e = difference(control, variant, metric), compare(control, variant, metric)
        half = stats.t.ppf(0.975, d.df) * d.se
        assert (float(d.effect - half), float(d.effect + half)) == pytest.approx((e.lower, e.upper))
        assert float(d.relative) == pytest.approx(e.relative)


def test_cuped_is_the_regression_on_the_pooled_before():
    control, variant = users()
    both = np.concatenate([control[["orders", "orders_covariate"]], variant[["orders", "orders_covariate"]]])
    slope = np.polyfit(both[:, 1], both[:, 0], 1)[0]
    adjusted = [t["orders"] - slope * (t["orders_covariate"] - both[:, 1].mean()) for t in (control, variant)]
    peer = stats.ttest_ind(adjusted[1], adjusted[0], equal_var=False)
    assert compare(*user_moments(), before("orders")).pvalue == pytest.approx(peer.pvalue)
    saved = variance_saved(*user_moments(), before("orders"))
    plain = stats.ttest_ind(control["orders"], variant["orders"], equal_var=False)
    assert saved == pytest.approx(1 - (peer._standard_error / plain._standard_error) ** 2)


def test_proportions_have_the_pooled_z_tests_pvalue():
    arms = Moments.counts("ordered", [1000, 900], [100, 130])
    chi2 = stats.chi2_contingency([[100, 900], [130, 770]], correction=False).pvalue
    found = compare(arms[0], arms[1], CONVERSION)
    assert found.pvalue == pytest.approx(chi2)
    assert found.lower < found.effect < found.upper


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_tea_tasting_gives_proportions_the_same_pvalue(alternative):
    from tea_tasting.metrics import Proportion

    arms = Moments.counts("ordered", [1000, 900], [100, 130])
    peer = Proportion("ordered", method="norm", alternative=alternative, correction=False)
    expected = peer.analyze_aggregates(arms[0].aggregates(), arms[1].aggregates()).pvalue
    assert compare(arms[0], arms[1], CONVERSION, alternative=alternative).pvalue == pytest.approx(expected)


def test_hardly_any_success_is_read_all_the_same():
    arms = Moments.counts("ordered", [500, 1_000_000], [1, 1])
    found = compare(arms[0], arms[1], CONVERSION)
    assert 0 <= found.pvalue < 0.001
    assert found.upper < 0


@pytest.mark.parametrize(("alternative", "sign"), [("greater", 1), ("less", -1)])
def test_one_sided_proportions_are_bounded_on_one_side(alternative, sign):
    arms = Moments.counts("ordered", [1000, 1000], [100, 100 + sign * 25])
    one, two = (compare(arms[0], arms[1], CONVERSION, alternative=a) for a in (alternative, "two-sided"))
    assert one.pvalue == pytest.approx(two.pvalue / 2)
    wide = compare(arms[0], arms[1], CONVERSION, level=0.9)
    assert (one.lower == pytest.approx(wide.lower)) if sign > 0 else (one.upper == pytest.approx(wide.upper))
    assert math.isinf(one.relative_upper) if sign > 0 else one.relative_lower == -1


def test_doubling_prices_doubles_the_effect_and_leaves_the_relative_one():
    control, variant = users()
    metric = Metric("revenue", "mean", "revenue")
    once = compare(arm(revenue=control["revenue"]), arm(revenue=variant["revenue"]), metric)
    twice = compare(arm(revenue=2 * control["revenue"]), arm(revenue=2 * variant["revenue"]), metric)
    assert twice.lower == pytest.approx(2 * once.lower)
    assert twice.relative_upper == pytest.approx(once.relative_upper)
    assert twice.pvalue == pytest.approx(once.pvalue)


def test_shuffled_rows_change_nothing():
    control, variant = users()
    shuffled = arm(orders=control["orders"].sample(frac=1, random_state=1))
    one = compare(shuffled, arm(orders=variant["orders"]), ORDERS)
    other = compare(arm(orders=control["orders"]), arm(orders=variant["orders"]), ORDERS)
    assert one[:-1] == pytest.approx(other[:-1])


def test_identical_values_have_an_effect_of_zero_and_no_interval():
    found = compare(arm(orders=[1, 1, 1]), arm(orders=[1, 1, 1]), ORDERS)
    assert found.effect == 0
    assert np.isnan([found.lower, found.upper, found.pvalue]).all()


def test_one_unit_an_arm_is_not_enough_for_an_interval():
    found = compare(arm(orders=[1]), arm(orders=[2, 3, 4]), ORDERS)
    assert math.isnan(found.lower)


def test_zero_conversions_are_read_and_have_no_relative_effect():
    arms = Moments.counts("ordered", [200, 200], [0, 0])
    found = compare(arms[0], arms[1], CONVERSION)
    assert found.pvalue == 1
    assert found.lower < 0 < found.upper
    assert math.isnan(found.relative)
    assert math.isnan(found.relative_lower)


def test_an_arm_without_units_is_not_observed():
    arms = Moments.counts("ordered", [200, 0], [10, 0])
    found = compare(arms[0], arms[1], CONVERSION)
    assert math.isnan(found.value)
    assert math.isnan(found.lower)


def test_negative_revenue_is_read_without_a_relative_effect():
    rng = np.random.default_rng(4)
    found = compare(arm(net=rng.normal(-5, 3, 300)), arm(net=rng.normal(-4, 3, 300)), Metric("net", "mean", "net"))
    assert found.lower < found.effect < found.upper
    assert np.isnan([found.relative, found.relative_lower, found.relative_upper]).all()


def test_a_mean_read_as_a_proportion_is_refused():
    with pytest.raises(BadParameter, match="mean"):
        compare(arm(ordered=[3, 2, 4]), arm(ordered=[1, 2, 1]), CONVERSION)


def test_a_metric_says_what_it_lacks():
    with pytest.raises(BadParameter, match="denominator"):
        Metric("orders a session", "ratio", "orders")
    with pytest.raises(BadParameter, match="quantile"):
        difference(*user_moments(), Metric("median", "quantile", "revenue", q=0.5))
