"""Weights of histories: the same values as the curve of the groups themselves, however customers are grouped."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import journeylab as jl
from journeylab.customers.value_curve import WEEKS_A_YEAR
from journeylab.data.examples import regulars_shop
from journeylab.errors import BadParameter
from journeylab.intervals import z_of
from tests.customers.crowds import shop_from


def alike_shop():
    """Return customers who buy now and then, all for the same amount."""
    rng = np.random.default_rng(4)
    who = np.repeat(np.arange(80), rng.integers(1, 9, 80))
    return shop_from(pd.DataFrame({"customer_id": [f"c{w}" for w in who], "day": rng.integers(0, 365, len(who)),
                                   "net": 20.0}))  # fmt: skip


def grouped(tested):
    names, group = np.unique(tested.rows["group"].astype(str), return_inverse=True)
    return names, group, len(names)


@pytest.mark.parametrize("model", ["BG/NBD", "MBG/NBD", "Pareto/NBD"])
@pytest.mark.parametrize("shop", [regulars_shop, alike_shop])
def test_weights_of_histories_give_what_the_curve_of_each_group_gives(shop, model):
    shop = shop()
    tested = jl.customers.holdout(shop, model=model, by="cohort")
    groups = jl.customers.lifetime_value(shop, tested=tested, margin=1.0, discount=0.1).groups.set_index("group")
    names, group, n = grouped(tested)
    value = tested.worth(WEEKS_A_YEAR, float(np.log1p(0.1) / WEEKS_A_YEAR)).of(tested.rows, group, n)
    assert value.total == pytest.approx(groups.loc[names, "margin"].to_numpy(), rel=1e-9)
    half = z_of(0.95) * np.sqrt(value.errors**2 + value.chance)
    upper = groups.loc[names, "upper"].to_numpy()
    assert value.total + half == pytest.approx(upper, rel=1e-6)
    whole = z_of(0.95) * np.sqrt(value.error**2 + value.chance.sum())
    assert value.total.sum() + whole == pytest.approx(groups.loc["all", "upper"], rel=1e-6)


def test_a_grouping_is_a_sum_of_its_histories():
    tested = jl.customers.holdout(regulars_shop(), model="BG/NBD")
    worth, rows = tested.worth(WEEKS_A_YEAR), tested.rows
    one = worth.of(rows, np.zeros(len(rows), dtype=int), 1)
    many = worth.of(rows, np.arange(len(rows)), len(rows))
    assert many.total.sum() == pytest.approx(one.total[0])
    assert many.error == pytest.approx(one.errors[0])
    assert tested.worth(WEEKS_A_YEAR) is worth


def test_a_history_that_was_not_weighed_is_refused():
    tested = jl.customers.holdout(regulars_shop(), model="BG/NBD")
    rows = tested.rows.assign(age=tested.rows["age"] + 1)
    with pytest.raises(BadParameter, match="other purchases"):
        tested.worth(WEEKS_A_YEAR).of(rows, np.zeros(len(rows), dtype=int), 1)
