"""BG/NBD and MBG/NBD against the papers.

Fader, Hardie & Lee (2005), "Counting Your Customers the Easy Way", table 2 and section 5; standard errors and the
customer of 26 purchases as printed in the documentation of the lifetimes library; the modified model's estimates as in
CLVTools and BTYDplus on the same file.
"""

from __future__ import annotations

import numpy as np
import pytest

from journeylab.customers.bg_nbd import BgNbd, MbgNbd
from journeylab.customers.customer_base import CustomerBase

PUBLISHED = BgNbd(0.243, 4.414, 0.793, 2.426)
HOLD_OUT = [0.225, 0.523, 1.044, 1.520, 2.164, 2.654, 3.504, 6.157]


def test_the_customer_of_the_paper_is_expected_to_buy_so_often():
    assert PUBLISHED.expected_purchases(CustomerBase([2], [30.43], [38.86]), 39)[0] == pytest.approx(1.226, abs=5e-4)


def test_the_frequent_customer_of_the_documentation_is_as_alive_and_as_active():
    frequent = CustomerBase([26], [30.857], [31])
    assert PUBLISHED.p_alive(frequent)[0] == pytest.approx(0.969, abs=5e-4)
    assert PUBLISHED.expected_purchases(frequent, 52)[0] == pytest.approx(25.757, abs=0.01)


def test_bg_nbd_estimates_on_cdnow_are_the_published_ones(cdnow):
    model = BgNbd.fit(cdnow.base)
    assert cdnow.base.customers == 2357
    assert cdnow.base.repeaters == 946
    assert cdnow.base.repeat_purchases == 2457
    assert model.parameters == pytest.approx([0.243, 4.414, 0.793, 2.426], abs=5e-4)
    assert model.estimate.log_likelihood == pytest.approx(-9582.4, abs=0.05)
    assert model.estimate.standard_errors == pytest.approx([0.0126, 0.378, 0.186, 0.705], abs=5e-4)
    assert model.estimate.standard_errors[0] == pytest.approx(0.0126, abs=5e-5)
    assert model.new_customer(np.array([52.0]))[0] == pytest.approx(1.444, abs=5e-4)
    assert model.expected_purchases(CustomerBase([26], [30.857], [31]), 52)[0] == pytest.approx(25.757, abs=5e-4)


def test_bg_nbd_hold_out_by_frequency_on_cdnow_is_the_published_one(cdnow):
    expected = BgNbd.fit(cdnow.base).expected_purchases(cdnow.base, 39)
    bought = np.minimum(cdnow.base.frequency, 7)
    assert cdnow.later.sum() == 1882
    assert [expected[bought == x].mean() for x in range(8)] == pytest.approx(HOLD_OUT, abs=1e-3)
    actual = [0.237, 0.697, 1.393, 1.560, 2.532, 2.947, 3.862, 6.359]
    assert [cdnow.later[bought == x].mean() for x in range(8)] == pytest.approx(actual, abs=1e-3)


def test_mbg_nbd_estimates_on_cdnow_are_the_published_ones(cdnow):
    assert MbgNbd.fit(cdnow.base).parameters == pytest.approx([0.525, 6.183, 0.891, 1.614], abs=5e-4)


def test_a_one_time_buyer_is_alive_for_certain_only_in_the_first_of_the_two_models():
    once = CustomerBase([0], [0], [30])
    assert PUBLISHED.p_alive(once)[0] == 1
    assert 0 < MbgNbd(0.525, 6.183, 0.891, 1.614).p_alive(once)[0] < 1


def test_expected_purchases_agree_with_the_closed_form_of_the_paper():
    from scipy.special import hyp2f1

    r, alpha, a, b = PUBLISHED.parameters
    x, recency, age, t = 4, 21.0, 35.0, 26.0
    curve = hyp2f1(r + x, b + x, a + b + x - 1, t / (alpha + age + t))
    top = (a + b + x - 1) / (a - 1) * (1 - ((alpha + age) / (alpha + age + t)) ** (r + x) * curve)
    printed = top / (1 + a / (b + x - 1) * ((alpha + age) / (alpha + recency)) ** (r + x))
    assert PUBLISHED.expected_purchases(CustomerBase([x], [recency], [age]), t)[0] == pytest.approx(printed, rel=1e-9)
