"""A season's plan and a one-off buy on a shop: beside brute figures, and what is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import journeylab as jl
from journeylab.errors import BadParameter, NotEnoughData
from tests.operations.stocked import count, stocked


@pytest.fixture(scope="module")
def shop():
    return stocked({"mug": 4, "bowl": 1}, stock=[count("mug", 30)], products=[("mug", "Kiln", 4, 7, 1, 1, 1)])


@pytest.fixture(scope="module")
def demand(shop):
    return jl.operations.demand(shop)


def test_the_plan_covers_what_the_shelf_does_not(shop, demand):
    made = jl.operations.seasonal_plan(shop, sku="mug", demand=demand)
    expected = demand.over(7 * demand.horizon).set_index("sku").loc["mug", "mean"]
    assert made.rows["order"].sum() == pytest.approx(expected - 30, rel=0.01)
    assert made.rows["stock"].min() >= 0
    costs = made.plans.set_index("plan")["cost"]
    assert costs["Wagner-Whitin"] == costs.min()
    for view in made.views:
        assert made.chart(view).to_dict()


def test_a_delivery_serves_from_the_week_it_comes_in_and_not_before():
    coming = ("mug", "2026-05-24", 10, 0, 300, "2026-07-20")
    shop = stocked({"mug": 4}, stock=[coming], products=[("mug", "Kiln", 4, 7, 1, 1, 1)])
    made = jl.operations.seasonal_plan(shop, order_cost=1)
    until, since = (
        made.rows.loc[made.rows["period"] < "2026-07-20"],
        made.rows.loc[made.rows["period"] >= "2026-07-20"],
    )
    assert until["demand"].sum() == pytest.approx(8 * 28 - 10, rel=0.03)
    assert since["demand"].sum() == 0


def test_what_is_typed_goes_before_the_lists(shop, demand):
    typed = [{"sku": "bowl", "unit_cost": 3.0, "on_hand": 50.0}]
    made = jl.operations.seasonal_plan(shop, sku="bowl", demand=demand, assumptions=typed)
    expected = demand.over(7 * demand.horizon).set_index("sku").loc["bowl", "mean"]
    assert made.rows["order"].sum() == pytest.approx(expected - 50, rel=0.01)
    once = jl.operations.one_off(shop, sku="bowl", demand=demand, assumptions=typed)
    assert once.ratio == pytest.approx(0.7)
    cheap, dear = (
        jl.operations.seasonal_plan(shop, sku="bowl", demand=demand, assumptions=typed, unit_cost=cost, order_cost=5)
        .plans["orders"]
        .iloc[0]
        for cost in (None, 60.0)
    )
    assert dear > cheap


def test_what_the_order_lines_cost_is_known_too():
    shop = stocked({"mug": 4}, stock=[count("mug", 0)])
    lines = shop.tables["order_lines"]
    costed = dataclasses.replace(
        shop, tables={**shop.tables, "order_lines": lines.mutate(unit_cost=lines.unit_price / 2)}
    )
    assert jl.operations.one_off(costed, days=30).ratio == pytest.approx(0.5)


def test_a_dearer_order_is_placed_less_often(shop, demand):
    few, many = (jl.operations.seasonal_plan(shop, sku="mug", demand=demand, order_cost=c).plans for c in (500, 1))
    assert few["orders"].iloc[0] < many["orders"].iloc[0]


def test_a_plan_without_a_cost_says_what_to_add(shop, demand):
    with pytest.raises(NotEnoughData, match="what a unit of bowl costs"):
        jl.operations.seasonal_plan(shop, sku="bowl", demand=demand)
    with pytest.raises(BadParameter, match="no forecast"):
        jl.operations.seasonal_plan(shop, sku="hat", demand=demand)


def test_the_best_one_off_buy_has_the_highest_profit_of_all(shop, demand):
    made = jl.operations.one_off(shop, sku="mug", days=30, demand=demand, salvage=1)
    assert made.quantity == int(made.quantity)
    assert made.profit == pytest.approx(made.rows["profit"].max(), rel=1e-6)
    assert made.ratio == pytest.approx((10 - 4) / (10 - 1), rel=0.01)
    rng = np.random.default_rng(1)
    drawn = np.maximum(rng.normal(made.mean, made.sd, 200_000), 0)
    sold = np.minimum(drawn, made.quantity)
    assert made.profit == pytest.approx((10 * sold + 1 * (made.quantity - sold)).mean() - 4 * made.quantity, rel=0.01)
    for view in made.views:
        assert made.chart(view).to_dict()


def test_a_stronger_season_buys_more_and_leftovers_that_bring_something_too(shop, demand):
    plain = jl.operations.one_off(shop, sku="mug", demand=demand).quantity
    assert jl.operations.one_off(shop, sku="mug", demand=demand, uplift=1.5).quantity > plain
    assert jl.operations.one_off(shop, sku="mug", demand=demand, salvage=3).quantity > plain


def test_a_one_off_buy_at_a_loss_is_refused(shop, demand):
    with pytest.raises(NotEnoughData, match="there is no choice"):
        jl.operations.one_off(shop, sku="mug", demand=demand, price=3.0)
