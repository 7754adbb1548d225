import math

import pytest

from journeylab.errors import BadParameter
from journeylab.growth.effects import compare
from journeylab.growth.guardrails import non_inferiority
from journeylab.growth.metrics import Metric
from journeylab.growth.moments import Moments

REFUND = Metric("refunds", "proportion", "refunded")


def effect(control, variant, n=20_000):
    arms = Moments.counts("refunded", [n, n], [control, variant])
    return compare(arms[0], arms[1], REFUND)


def test_an_interval_inside_the_margin_is_safe_and_one_beyond_it_is_harm():
    e = effect(10_000, 9_990)
    assert non_inferiority(e, metric="orders", margin=0.05).reading == "safe"
    assert non_inferiority(effect(10_000, 8_000), metric="orders", margin=0.05).reading == "harmed"
    assert non_inferiority(effect(10_000, 9_600), metric="orders", margin=0.05).reading == "open"


def test_a_rise_is_the_harm_where_lower_is_better():
    assert non_inferiority(effect(1000, 1500), metric="refunds", margin=0.1, lower_is_better=True).reading == "harmed"
    assert non_inferiority(effect(1500, 1000), metric="refunds", margin=0.1, lower_is_better=True).reading == "safe"


def test_a_harm_can_be_significant_and_still_within_the_margin():
    e = effect(10_000, 9_700)
    assert e.pvalue < 0.05
    assert non_inferiority(e, metric="orders", margin=0.1).reading == "safe"


def test_what_was_not_observed_is_unknown():
    found = non_inferiority(effect(0, 0), metric="refunds", margin=0.1)
    assert found.reading == "unknown"
    assert math.isnan(found.lower)


def test_a_margin_must_be_a_harm():
    with pytest.raises(BadParameter):
        non_inferiority(effect(100, 100), metric="refunds", margin=0.0)
