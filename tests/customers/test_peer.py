"""Other libraries on the same customers: figures that clvkit 0.2.1 and Lifetimes 0.11.3 gave, kept here.

`tests/benchmarks/purchase_models.py --peer` runs the library itself.
"""

from __future__ import annotations

import numpy as np
import pytest

from journeylab.customers.bg_nbd import BgNbd, MbgNbd
from journeylab.customers.customer_base import CustomerBase
from journeylab.customers.gamma_gamma import GammaGamma
from journeylab.customers.pareto_nbd import ParetoNbd

#: Parameters, log-likelihood, and purchases expected in 39 weeks: of all, of the 1st, the 11th and the 400th customer.
CLVKIT = {
    BgNbd: (
        (0.7982071994106686, 6.144345911552032, 0.9513151274969753, 2.3265910972449495),
        -7208.327592106399,
        1010.3074135950039,
        (0.5632786347519454, 0.9813708530041468, 0.33832032319301597),
    ),
    MbgNbd: (
        (1.4190614875061407, 9.61088114367341, 3.4118858525691356, 13.02703374309422),
        -7252.991667494525,
        872.1621723911653,
        (0.25585728272515573, 1.1184689799051275, 0.30993343683618496),
    ),
}


@pytest.fixture(scope="module")
def base():
    """900 customers of a BG/NBD, in weeks; the numbers of RandomState never change."""
    rng = np.random.RandomState(7)
    rows = []
    for _ in range(900):
        rate, stop, age = rng.gamma(0.8) / 6.0, rng.beta(0.9, 2.5), 26.0 + rng.randint(26)
        bought, last, now = 0, 0.0, 0.0
        while True:
            now += rng.exponential(1.0 / max(rate, 1e-9))
            if now > age:
                break
            bought, last = bought + 1, max(round(7 * now), 1) / 7
            if rng.uniform() < stop:
                break
        rows.append((bought, min(last, age), age))
    return CustomerBase(*np.array(rows).T)


@pytest.mark.parametrize("model", CLVKIT, ids=lambda model: model.NAME)
def test_estimates_likelihood_and_expectations_are_those_of_clvkit(base, model):
    parameters, likelihood, total, single = CLVKIT[model]
    fitted = model.fit(base)
    expected = fitted.expected_purchases(base, 39.0)
    assert fitted.parameters == pytest.approx(parameters, rel=1e-5)
    assert fitted.estimate.log_likelihood == pytest.approx(likelihood, rel=1e-8)
    assert expected.sum() == pytest.approx(total, rel=1e-6)
    assert expected[[0, 10, 399]] == pytest.approx(single, rel=1e-5)


def test_pareto_nbd_is_that_of_lifetimes_on_customers_who_leave_whenever_they_like():
    rng = np.random.RandomState(5)
    rows = []
    for _ in range(1500):
        rate, leave, age = rng.gamma(0.9) / 8.0, rng.gamma(0.7) / 20.0, 30.0 + rng.randint(40)
        until = min(age, rng.exponential(1.0 / max(leave, 1e-9)))
        bought, last, now = 0, 0.0, 0.0
        while True:
            now += rng.exponential(1.0 / max(rate, 1e-9))
            if now > until:
                break
            bought, last = bought + 1, now
        rows.append((bought, last, age))
    customers = CustomerBase(*np.array(rows).T)
    fitted = ParetoNbd.fit(customers)
    theirs = (1.1530257367217782, 10.016274682075913, 0.4982035576511915, 9.31360905524399)
    assert fitted.parameters == pytest.approx(theirs, rel=1e-6)
    expected = fitted.expected_purchases(customers, 39.0)
    assert expected.sum() == pytest.approx(2401.565938670523, rel=1e-7)
    single = (0.16075817043328527, 0.16869749778187995, 0.07487206959073062)
    assert expected[[0, 10, 399]] == pytest.approx(single, rel=1e-6)
    alive = (0.20163772142345354, 0.20776652340947688, 0.07561521393375899)
    assert fitted.p_alive(customers)[[0, 10, 399]] == pytest.approx(alive, rel=1e-6)


def test_gamma_gamma_is_that_of_lifetimes_and_nearly_that_of_clvkit():
    rng = np.random.RandomState(11)
    rows = []
    for _ in range(600):
        scale, purchases = rng.gamma(4.0) / 16.0, 1 + rng.poisson(2.0)
        rows.append((purchases, rng.gamma(6.0 * purchases) / scale / purchases))
    purchases, average = np.array(rows).T
    fitted = GammaGamma.fit(purchases, average)
    assert fitted.parameters == pytest.approx((6.494421307110276, 4.123885135298685, 15.261851713140175), rel=1e-6)
    assert fitted.parameters == pytest.approx((6.493403177979898, 4.12414081996973, 15.265304016075747), rel=3e-4)
    expected = fitted.expected_spend(purchases, average)
    assert expected.sum() == pytest.approx(19127.266499117584, rel=1e-7)
    assert expected[[0, 10, 399]] == pytest.approx(
        (14.641363166644574, 18.241767926364044, 28.08136827321454), rel=1e-6
    )
