"""Pareto/NBD against the papers.

Estimates: Fader, Hardie & Lee (2005), table 2; the customer of 26 purchases and the hold-out means: the BTYD package's
walkthrough on the same file. Discounted residual transactions: Fader, Hardie & Lee (2005), "RFM and CLV", equation 2.
"""

from __future__ import annotations

import numpy as np
import pytest

from journeylab.customers.customer_base import CustomerBase
from journeylab.customers.pareto_nbd import ParetoNbd

PUBLISHED = ParetoNbd(0.553, 10.578, 0.606, 11.669)
SOME = CustomerBase([0, 1, 3, 26, 500], [0, 4, 30, 30.857, 38], [38.86, 20, 38.86, 31, 39])


def test_the_frequent_customer_of_the_walkthrough_is_as_alive_and_as_active():
    frequent = CustomerBase([26], [30.857], [31])
    assert PUBLISHED.p_alive(frequent)[0] == pytest.approx(0.998, abs=5e-4)
    assert PUBLISHED.expected_purchases(frequent, 52)[0] == pytest.approx(25.46, abs=5e-3)


def test_estimates_on_cdnow_are_the_published_ones(cdnow):
    model = ParetoNbd.fit(cdnow.base)
    assert model.parameters == pytest.approx([0.553, 10.578, 0.606, 11.669], abs=5e-4)
    assert model.estimate.log_likelihood == pytest.approx(-9595.0, abs=0.05)


def test_hold_out_by_frequency_on_cdnow_is_the_published_one(cdnow):
    expected = ParetoNbd.fit(cdnow.base).expected_purchases(cdnow.base, 39)
    bought = np.minimum(cdnow.base.frequency, 7)
    published = [0.138, 0.600, 1.196, 1.714, 2.399, 2.907, 3.819, 6.403]
    assert [expected[bought == x].mean() for x in range(8)] == pytest.approx(published, abs=1e-3)


@pytest.mark.parametrize("discount", [0.0005, 0.0027, 0.02, 0.3])
@pytest.mark.parametrize("model", [PUBLISHED, ParetoNbd(2.0, 3.0, 1.7, 40.0), ParetoNbd(0.1, 80.0, 0.2, 1.0)], ids=repr)
def test_discounted_residual_transactions_in_closed_form_are_the_rate_added_up(model, discount):
    closed = model.residual_transactions(SOME, discount)
    assert model.expected_purchases(SOME, np.inf, discount=discount) == pytest.approx(closed, rel=1e-6)


def test_the_closed_form_is_the_papers_equation():
    from scipy.special import gammaln, hyperu

    r, alpha, s, beta = PUBLISHED.parameters
    x, recency, age, delta = 3.0, 30.0, 38.86, 0.0027
    likelihood = np.exp(PUBLISHED.log_likelihood(CustomerBase([x], [recency], [age]))[0])
    front = alpha**r * beta**s * delta ** (s - 1) * np.exp(gammaln(r + x + 1) - gammaln(r))
    printed = front * hyperu(s, s, delta * (beta + age)) / (alpha + age) ** (r + x + 1) / likelihood
    one = CustomerBase([x], [recency], [age])
    assert PUBLISHED.residual_transactions(one, delta)[0] == pytest.approx(printed, rel=1e-8)


@pytest.mark.parametrize(
    "model", [PUBLISHED, ParetoNbd(0.553, 11.669, 0.606, 10.578), ParetoNbd(1.5, 0.1, 0.7, 300.0)], ids=repr
)
def test_the_likelihood_is_the_hypergeometric_one_of_the_paper_where_that_can_be_computed(model):
    from scipy.special import gammaln, hyp2f1

    r, alpha, s, beta = model.parameters
    high, low = max(alpha, beta), min(alpha, beta)
    for x, recency, age in ((0, 0, 38.86), (2, 30.43, 38.86), (7, 10, 20)):
        total = r + s + x
        inner = s + 1 if alpha >= beta else r + x

        def tail(at, high=high, low=low, total=total, inner=inner):
            return hyp2f1(total, inner, total + 1, (high - low) / (high + at)) / (high + at) ** total

        front = gammaln(r + x) + r * np.log(alpha) + s * np.log(beta) - gammaln(r)
        alive = 1 / ((alpha + age) ** (r + x) * (beta + age) ** s)
        printed = front + np.log(alive + s / total * (tail(recency) - tail(age)))
        one = CustomerBase([x], [recency], [age])
        assert model.log_likelihood(one)[0] == pytest.approx(printed, rel=1e-9)
