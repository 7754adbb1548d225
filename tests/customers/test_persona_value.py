"""What a persona's customers will bring: the value of all customers, shared out, and never without its proof."""

from __future__ import annotations

import numpy as np
import pytest

import journeylab as jl
from journeylab.data.examples import regulars_shop
from journeylab.errors import BadParameter
from tests.customers.crowds import kinds


@pytest.fixture(scope="module")
def valued():
    shop = kinds(21)[0]
    found, tested = jl.customers.personas(shop), jl.customers.holdout(shop, weeks=12)
    return shop, found, tested, jl.customers.persona_value(shop, personas=found, tested=tested, margin=0.5)


def test_the_personas_share_out_the_value_of_all_customers(valued):
    shop, found, tested, value = valued
    table, whole = value.table().iloc[:-1], value.table().iloc[-1]
    assert set(table["group"]) == set(found.cards["name"])
    assert table.set_index("group")["customers"].to_dict() == found.cards.set_index("name")["n"].to_dict()
    assert table["margin"].sum() == pytest.approx(whole["margin"])
    plain = jl.customers.lifetime_value(shop, tested=tested, margin=0.5)
    assert whole["margin"] == pytest.approx(plain.total["margin"], rel=1e-9)


def test_each_value_stands_in_its_interval_and_the_dearest_persona_first(valued):
    table = valued[3].table()
    assert np.all(table["per_customer_lower"] < table["per_customer"])
    assert np.all(table["per_customer"] < table["per_customer_upper"])
    assert table["per_customer"].iloc[:-1].is_monotonic_decreasing
    assert table["per_customer"].to_numpy() == pytest.approx((table["margin"] / table["customers"]).to_numpy())


def test_it_is_what_a_hold_out_by_persona_would_give(valued):
    shop, found, _tested, value = valued
    tested = jl.customers.holdout(shop, weeks=12, personas=found)
    other = jl.customers.lifetime_value(shop, tested=tested, margin=0.5).groups.set_index("group")
    mine = value.table().set_index("group")
    for column in ("margin", "lower", "upper"):
        assert mine[column].to_numpy() == pytest.approx(other.loc[mine.index, column].to_numpy(), rel=1e-3)


def test_the_sentence_gives_the_hold_out_error_and_the_call_its_parts(valued):
    value = valued[3]
    assert "on 12 weeks it had not seen, the model's total was" in value.headline()
    python = value.call.python()
    assert "personas = jl.customers.personas(shop)" in python
    assert "tested = jl.customers.holdout(shop, weeks=12)" in python
    assert value.chart().to_dict()["config"]


def test_what_was_found_in_another_shop_is_refused(valued):
    shop, found, tested, _value = valued
    with pytest.raises(BadParameter):
        jl.customers.persona_value(shop, personas=found, tested=7)
    with pytest.raises(BadParameter, match="another shop"):
        jl.customers.persona_value(regulars_shop(), personas=jl.customers.personas(regulars_shop(), k=2), tested=tested)
