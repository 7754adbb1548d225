"""Another library on the same customers, to four digits: figures that clvkit 0.2.1 gave, kept here.

`tests/benchmarks/purchase_models.py --peer` runs the library itself.
"""

from __future__ import annotations

import numpy as np
import pytest

from journeylab.customers.bg_nbd import BgNbd, MbgNbd
from journeylab.customers.customer_base import CustomerBase

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
