"""Lot sizes against printed numbers, brute force, and what must always hold."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeylab.errors import BadParameter
from journeylab.operations.lot_sizing import costed, eoq, fixed_lots, lot_for_lot, rounded, wagner_whitin

demands = st.lists(st.integers(0, 60), min_size=1, max_size=8)
costs = st.integers(0, 200)


def test_the_economic_order_quantity_is_that_of_snyder_and_shen():
    quantity, cost = eoq(1300, order_cost=8, holding_cost=0.225)
    assert quantity == pytest.approx(304.05, abs=0.005)
    assert cost == pytest.approx(68.41, abs=0.005)


def test_wagner_whitin_gives_the_plan_of_snyder_and_shen():
    plan = wagner_whitin([90, 120, 80, 70], order_cost=500, holding_cost=2)
    assert plan.orders == (210, 0, 150, 0)
    assert plan.cost == 1380
    assert plan.stock == (120, 0, 70, 0)


@given(demands, costs, st.integers(0, 9))
def test_no_choice_of_order_periods_is_cheaper_than_wagner_whitin(demand, order_cost, holding_cost):
    wanted = np.array(demand, dtype=float)
    cheapest = np.inf
    for chosen in itertools.product([False, True], repeat=len(demand)):
        starts = [period for period, order in enumerate(chosen) if order]
        if wanted[: starts[0] if starts else None].sum() > 0:
            continue
        orders = np.zeros(len(demand))
        for start, end in itertools.pairwise([*starts, len(demand)]):
            orders[start] = wanted[start:end].sum()
        cheapest = min(cheapest, costed(orders, wanted, order_cost=order_cost, holding_cost=holding_cost).cost)
    plan = wagner_whitin(demand, order_cost=order_cost, holding_cost=holding_cost)
    assert plan.cost == pytest.approx(cheapest)
    assert min(plan.stock) >= 0
    assert sum(plan.orders) == pytest.approx(wanted.sum())


@given(demands, costs, st.integers(0, 9), st.integers(1, 100))
def test_simpler_rules_never_cost_less(demand, order_cost, holding_cost, quantity):
    best = wagner_whitin(demand, order_cost=order_cost, holding_cost=holding_cost).cost
    simple = lot_for_lot(demand, order_cost=order_cost, holding_cost=holding_cost)
    lots = fixed_lots(demand, quantity, order_cost=order_cost, holding_cost=holding_cost)
    assert best <= simple.cost + 1e-9
    assert best <= lots.cost + 1e-9
    assert min(lots.stock) >= 0
    assert simple.holding == 0


@given(
    st.floats(-50, 500), st.one_of(st.just(float("nan")), st.integers(0, 60)), st.one_of(st.just(0), st.integers(1, 25))
)
def test_an_order_is_none_or_whole_packs_of_at_least_the_smallest_order(quantity, moq, pack):
    order = float(rounded(np.array([quantity]), moq=np.array([float(moq)]), pack=np.array([float(pack)]))[0])
    if quantity <= 1e-9:
        assert order == 0
        return
    assert order >= quantity - 1e-6
    assert order >= np.nan_to_num(moq)
    assert order % (pack or 1) == 0
    assert order < max(quantity, np.nan_to_num(moq)) + (pack or 1)


def test_an_order_that_is_not_known_stays_unknown():
    assert np.isnan(rounded(np.array([np.nan]), moq=np.array([5.0]), pack=np.array([1.0])))[0]


@pytest.mark.parametrize("demand", [[], [-1.0], [float("nan")], [[1.0]]])
def test_demand_that_makes_no_sense_is_refused(demand):
    with pytest.raises(BadParameter, match="demand"):
        wagner_whitin(demand, order_cost=1, holding_cost=1)


def test_holding_that_costs_nothing_has_no_best_lot():
    with pytest.raises(BadParameter, match="endless"):
        eoq(100, order_cost=5, holding_cost=0)
    with pytest.raises(BadParameter, match="quantity"):
        fixed_lots([1.0], 0, order_cost=1, holding_cost=1)
