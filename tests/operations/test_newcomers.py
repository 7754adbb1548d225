"""New SKUs: they begin where their category is, and end where their own sales say."""

from __future__ import annotations

import numpy as np
import pytest

from journeylab.operations.newcomers import posterior, prior

RATES = np.array([1.0, 2.0, 3.0, 4.0, 5.0])


def test_without_sales_a_new_sku_has_its_category_s_mean():
    assert posterior(0, 0, RATES)[0] == pytest.approx(RATES.mean())


def test_much_history_outweighs_the_category():
    assert posterior(9000, 1000, RATES)[0] == pytest.approx(9, rel=0.01)


def test_in_between_it_lies_between():
    rate, _shape = posterior(20, 2, RATES)
    assert 3 < rate < 10


def test_the_prior_has_the_mean_and_variance_of_the_rates():
    shape, scale = prior(RATES)
    assert shape * scale == pytest.approx(RATES.mean())
    assert shape * scale**2 == pytest.approx(RATES.var())


def test_a_category_without_others_lends_nothing():
    assert posterior(6, 3, np.array([]))[0] == 2
