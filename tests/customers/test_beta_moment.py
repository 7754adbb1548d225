"""The mean of a power over a Beta, held against sums over a fine grid, also where the hypergeometric overflows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import gammaln, hyp2f1

from journeylab.customers.beta_moment import beta_moment


def summed(power, a, b, x):
    """The same over a fine grid of the log odds of p; the mass below it is taken at p = 0."""
    odds = np.linspace(-80, 60, 400_001)
    log_p, log_q = -np.logaddexp(0, -odds), -np.logaddexp(0, odds)
    height = a * log_p + b * log_q - power * np.log1p(np.exp(log_p) * x)
    scale = gammaln(a) + gammaln(b) - gammaln(a + b)
    return np.trapezoid(np.exp(height - scale), odds) + np.exp(a * log_p[0] - np.log(a) - scale)


@pytest.mark.parametrize("power", [1.3, 20.0, 1e3])
@pytest.mark.parametrize("a", [1e-3, 0.8, 30.0])
@pytest.mark.parametrize("x", [0.0, 0.01, 5.0])
def test_it_is_the_mean_over_the_beta(power, a, x):
    assert beta_moment(np.array(power), a, np.array(2.5), np.array(x)) == pytest.approx(summed(power, a, 2.5, x), 1e-6)


@pytest.mark.parametrize(
    ("power", "a", "b", "reach"),
    [
        (1.6e5, 1e-5, 1e4, 10),  # all buy at one rate, and nobody drops out
        (1.6e5, 0.8, 2.5, 10),
        (1e4, 1e-2, 1, 1),
        (2, 50, 1.6e5, 10),  # all drop out with one chance
        (2, 1, 1e4, 100),
        (2, 1.6e5, 50, 10),
    ],
)
def test_it_has_a_value_where_the_hypergeometric_overflows(power, a, b, reach):
    x = reach / power
    value = float(beta_moment(np.array(float(power)), a, np.array(float(b)), np.array(x)))
    assert value == pytest.approx(summed(power, a, b, x), rel=1e-4)


def test_the_cases_above_do_overflow():
    z = 10 / 1.6e5 / (1 + 10 / 1.6e5)
    assert not np.isfinite(hyp2f1(1e-5, 1e4 - 1.6e5, 1e4, z))
