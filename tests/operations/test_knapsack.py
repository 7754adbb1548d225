"""The best basket against every possible one, and what must always hold."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeylab.operations.knapsack import best, frontier

money = st.integers(0, 60)
items = st.lists(st.lists(st.tuples(money, money), min_size=1, max_size=4), min_size=1, max_size=5)


def arrays(drawn):
    costs = [np.array([cost for cost, _value in item], dtype=float) for item in drawn]
    values = [np.array([value for _cost, value in item], dtype=float) for item in drawn]
    return costs, values


def brute(costs, values, budget) -> float:
    """The value of the best choice, by looking at all of them."""
    most = 0.0
    for levels in itertools.product(*(range(-1, len(cost)) for cost in costs)):
        spent = sum(costs[i][k] for i, k in enumerate(levels) if k >= 0)
        if spent <= budget:
            most = max(most, sum(values[i][k] for i, k in enumerate(levels) if k >= 0))
    return most


@settings(max_examples=150)
@given(items, st.integers(0, 150))
def test_no_choice_is_worth_more_than_the_one_found(drawn, budget):
    costs, values = arrays(drawn)
    chosen = best(costs, values, budget)
    assert chosen.exact
    assert chosen.value == pytest.approx(brute(costs, values, budget))
    assert chosen.cost <= budget + 1e-9
    taken = [(i, k) for i, k in enumerate(chosen.levels) if k >= 0]
    assert chosen.cost == pytest.approx(sum(costs[i][k] for i, k in taken))
    assert chosen.value == pytest.approx(sum(values[i][k] for i, k in taken))
    assert chosen.value <= chosen.bound + 1e-9


@pytest.mark.parametrize("seed", range(6))
def test_twelve_skus_are_chosen_as_by_looking_at_all_baskets(seed):
    rng = np.random.default_rng(seed)
    costs = [np.cumsum(rng.uniform(5, 40, 2)) for _sku in range(12)]
    values = [np.cumsum(rng.uniform(1, 60, 2)) for _sku in range(12)]
    budget = 0.4 * sum(cost[-1] for cost in costs)
    padded = np.array([np.concatenate([[0.0], cost]) for cost in costs])
    worth = np.array([np.concatenate([[0.0], value]) for value in values])
    spent, gained = np.zeros(1), np.zeros(1)
    for sku in range(12):  # all 3^12 baskets
        spent = (spent[:, None] + padded[sku]).ravel()
        gained = (gained[:, None] + worth[sku]).ravel()
    chosen = best(costs, values, budget)
    assert chosen.exact
    assert chosen.value == pytest.approx(gained[spent <= budget].max())


@given(items, st.lists(st.integers(0, 150), min_size=2, max_size=2))
def test_more_money_never_buys_less_value_and_is_never_overspent(drawn, budgets):
    costs, values = arrays(drawn)
    low, high = sorted(budgets)
    assert best(costs, values, low).value <= best(costs, values, high).value + 1e-9


@given(items)
def test_with_money_for_everything_the_most_valuable_level_of_each_is_bought(drawn):
    costs, values = arrays(drawn)
    everything = best(costs, values, sum(cost.max() for cost in costs))
    assert everything.value == pytest.approx(sum(value.max() for value in values))


@given(items, st.integers(0, 150))
def test_no_choice_lies_above_the_frontier(drawn, budget):
    costs, values = arrays(drawn)
    at, most = frontier(costs, values)
    assert best(costs, values, budget).value <= np.interp(budget, at, most) + 1e-9


def test_a_choice_that_is_cut_short_says_so_and_stays_within_money_and_bound():
    rng = np.random.default_rng(5)
    costs = [np.cumsum(rng.integers(3, 30, 6)).astype(float) for _sku in range(30)]
    values = [cost * rng.uniform(0.99, 1.01, 6) for cost in costs]
    chosen = best(costs, values, 900, most=20)
    assert chosen.cost <= 900
    assert chosen.value <= chosen.bound + 1e-9
    full = best(costs, values, 900)
    assert full.exact
    assert chosen.value <= full.value + 1e-9


def test_five_hundred_skus_are_decided_exactly():
    rng = np.random.default_rng(9)
    packs = rng.integers(1, 40, 500)
    costs = [np.cumsum(np.full(n, rng.uniform(5, 200))) for n in packs]
    values = [np.cumsum(np.sort(rng.exponential(cost[0], len(cost)))[::-1]) for cost in costs]
    budget = 0.3 * sum(cost[-1] for cost in costs)
    chosen = best(costs, values, budget)
    assert chosen.exact
    assert chosen.cost <= budget
    assert chosen.value >= 0.999 * chosen.bound
