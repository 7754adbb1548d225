import math

import pytest
from scipy.stats import chisquare

from journeylab.errors import BadParameter
from journeylab.growth import health


@pytest.mark.parametrize(
    ("units", "weights", "published", "half"),
    [([1000, 1200], None, 0.0000201, 5e-8), ([135, 115], None, 0.2059, 5e-5), ([310, 98], [0.75, 0.25], 0.6474, 5e-5)],
)
def test_growthbooks_published_sample_ratio_pvalues(units, weights, published, half):
    assert health.sample_ratio(units, weights) == pytest.approx(published, abs=half)


def test_tea_tastings_published_sample_ratio():
    # Its test corrects for continuity, as the others do not.
    assert health.sample_ratio([2023, 1977], correction=True) == pytest.approx(0.477, abs=5e-4)


def test_several_variants_agree_with_scipy_in_any_scale_of_the_weights():
    units, weights = [310, 190, 520], [3, 2, 5]
    peer = chisquare(units, [1020 * w / 10 for w in weights]).pvalue
    assert health.sample_ratio(units, weights) == pytest.approx(peer)
    assert health.sample_ratio(units, [w / 10 for w in weights]) == pytest.approx(peer)


def test_a_broken_split_fails_and_a_fair_one_passes():
    broken = health.check_sample_ratio([1000, 1200])
    assert broken.status == "fail"
    assert "fewer than 1 in 40,000" in broken.sentence
    assert health.check_sample_ratio([135, 115]).status == "pass"


def test_one_variant_has_no_split():
    assert health.check_sample_ratio([100]).status == "unknown"
    assert math.isnan(health.sample_ratio([0, 0]))


def test_each_variant_needs_a_share():
    with pytest.raises(BadParameter, match="one share each"):
        health.sample_ratio([10, 20], [1.0])


def test_units_in_several_variants_warn_and_many_of_them_fail():
    assert health.check_several_variants(0, 1000).status == "pass"
    assert health.check_several_variants(5, 1000).status == "warn"
    assert health.check_several_variants(50, 1000).status == "fail"


def test_exposures_outside_the_test_are_named():
    found = health.check_outside(3, 20, 1000)
    assert found.status == "warn"
    assert "3 before the test began and 20 after it ended" in found.sentence


def test_little_data_is_said_with_what_is_lacking():
    found = health.check_enough([90, 2000], [4, 300], days=3)
    assert found.status == "warn"
    for part in ("90 units", "4 conversions", "3 days"):
        assert part in found.sentence
    assert health.check_enough([1, 50]).status == "fail"
    assert health.check_enough([5000, 5000], [300, 310], days=14).status == "pass"


def test_conversions_of_nearly_all_are_as_thin_as_of_hardly_any():
    assert health.check_enough([1000, 1000], [998, 900]).status == "warn"


def test_a_huge_and_clear_lift_is_suspicious_and_a_huge_unclear_one_is_only_noise():
    assert health.check_lift(0.8, 0.6).status == "warn"
    assert health.check_lift(0.8, -0.1).status == "pass"
    assert health.check_lift(-0.7, -0.4).status == "warn"
    assert health.check_lift(math.nan, math.nan).status == "unknown"


def test_a_result_that_a_few_units_carry_is_named():
    assert health.check_outliers(2.0, 0.01, 0.4, 0.5, without=5).status == "warn"
    assert health.check_outliers(2.0, 0.01, -1.0, 0.3, without=5).status == "warn"
    assert health.check_outliers(2.0, 0.01, 1.8, 0.02, without=5).status == "pass"
    assert health.check_outliers(2.0, math.nan, 1.8, 0.02, without=5).status == "unknown"


def test_leaving_out_the_largest_is_exact():
    x = [1.0, 4.0, 100.0, 60.0]
    assert health.without_largest(4, sum(x), sum(v * v for v in x), [100.0, 60.0]) == (2, 5.0, 17.0)


def test_the_worst_check_speaks_for_all():
    checks = [health.check_sample_ratio([100, 101]), health.check_enough([1, 50])]
    assert health.worst(checks) == "fail"
    assert health.worst(checks[:1]) == "pass"
