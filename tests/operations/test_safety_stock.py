"""Safety stock and one-off buys: printed numbers, numeric integration, simulated shelves, and what must always hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize, stats

from journeylab.errors import BadParameter
from journeylab.operations.lead_time_demand import spread, with_lead_time_spread
from journeylab.operations.newsvendor import judged, newsvendor
from journeylab.operations.safety_stock import eoq_with_safety_stock, fill_rate, safety_stock

means = st.floats(0.1, 500)
#: Standard deviation over mean: from steady sellers to one sale in a year.
spreads = st.floats(0.001, 8)
services = st.floats(0.5, 0.999)


def test_the_newsvendor_is_that_of_snyder_and_shen():
    bought = newsvendor(spread(50, 8, shape="normal"), overage=0.18, underage=0.70)
    assert bought.quantity == pytest.approx(56.60, abs=0.005)
    assert bought.cost == pytest.approx(1.998, abs=0.0005)


def test_reorder_point_and_quantity_are_those_of_snyder_and_shen():
    point, quantity = eoq_with_safety_stock(
        1300, 150, lead_time=1 / 12, order_cost=8, holding_cost=0.225, stockout_cost=7.5
    )
    assert point == pytest.approx(190.3, abs=0.05)
    assert quantity == pytest.approx(304.0, abs=0.05)


def frozen(mean: float, sd: float):
    """The same distribution from scipy."""
    return stats.norm(mean, sd) if sd <= 0.5 * mean else stats.gamma((mean / sd) ** 2, scale=sd**2 / mean)


@pytest.mark.parametrize(("mean", "sd"), [(100, 20), (10, 5), (4, 6), (0.5, 2), (30, 25)])
def test_quantiles_and_losses_agree_with_numeric_integration(mean, sd):
    told, other = spread(mean, sd), frozen(mean, sd)
    for quantity in (0.0, 0.5 * mean, mean, mean + 2 * sd):
        lacking, _error = integrate.quad(other.sf, quantity, mean + 60 * sd, limit=200)
        assert told.loss(quantity)[0] == pytest.approx(lacking, rel=1e-6, abs=1e-9)
        assert told.chance_below(quantity)[0] == pytest.approx(other.cdf(quantity))
    assert told.quantile(0.93)[0] == pytest.approx(max(other.ppf(0.93), 0))


@settings(deadline=None)
@given(means, spreads, services)
def test_the_quantile_is_reached_with_the_chance_asked_for(mean, cv, service):
    told = spread(mean, mean * cv)
    assert told.chance_below(told.quantile(service))[0] == pytest.approx(service, abs=1e-6)


@settings(deadline=None)
@given(means, spreads, services, services, st.sampled_from(["cycle", "fill"]))
def test_more_service_never_asks_for_less_stock(mean, cv, one, other, measure):
    low, high = sorted((one, other))
    told = spread(mean, mean * cv)
    less = safety_stock(told, service=low, measure=measure, cycle=mean)
    assert 0 <= less[0] <= safety_stock(told, service=high, measure=measure, cycle=mean)[0] + 1e-6


@settings(deadline=None)
@given(means, spreads, services)
def test_safety_stock_for_a_fill_rate_reaches_it_and_no_more(mean, cv, service):
    told = spread(mean, mean * cv)
    kept = safety_stock(told, service=service, measure="fill", cycle=mean)
    reached = fill_rate(told, told.mean + kept, cycle=mean)[0]
    assert reached >= service - 1e-6
    if kept[0] > 1e-6:
        assert reached == pytest.approx(service, abs=1e-5)


@settings(deadline=None)
@given(means, services, st.lists(st.floats(0.001, 60), min_size=2, max_size=8), st.sampled_from(["cycle", "fill"]))
def test_less_sure_demand_never_asks_for_less_stock(mean, service, cvs, measure):
    told = spread(np.full(len(cvs), mean), mean * np.sort(cvs))
    kept = safety_stock(told, service=service, measure=measure, cycle=mean)
    assert (np.diff(kept) >= -1e-6 * mean).all()


def test_a_higher_rank_than_the_service_asked_for_keeps_more_and_may_differ_by_sku():
    told = spread(np.array([100.0, 100.0, 5.0]), np.array([20.0, 20.0, 9.0]))
    plain = safety_stock(told, service=0.95)
    ranked = safety_stock(told, service=0.95, rank=np.array([0.95, 0.975, 0.975]))
    assert ranked[0] == plain[0]
    assert ranked[1] == pytest.approx(20 * stats.norm.ppf(0.975))
    assert ranked[2] > plain[2]


def test_a_sure_demand_needs_no_safety_stock():
    for measure in ("cycle", "fill"):
        assert safety_stock(spread(70, 0), service=0.99, measure=measure, cycle=10.0)[0] == 0
    assert spread(70, 0).loss(60)[0] == 10
    assert spread(0, 0).quantile(0.9)[0] == 0


def test_the_spread_of_the_lead_time_adds_in_squares():
    told = with_lead_time_spread(
        np.array([70.0]), np.array([12.0]), per_day=np.array([10.0]), lead_time_sd=np.array([3.0])
    )
    assert told.sd[0] == pytest.approx(np.hypot(12, 30))


def test_chopra_and_meindls_formula_is_what_a_simulation_of_both_spreads_gives():
    rng = np.random.default_rng(4)
    days = np.maximum(np.round(rng.normal(9, 2, 40_000)), 0)
    demand = days * 20 + rng.normal(size=len(days)) * 6 * np.sqrt(days)
    told = with_lead_time_spread(
        np.array([180.0]), np.array([6 * 3.0]), per_day=np.array([20.0]), lead_time_sd=np.array([days.std()])
    )
    assert told.sd[0] == pytest.approx(demand.std(), rel=0.02)


@pytest.mark.parametrize("measure", ["cycle", "fill"])
@pytest.mark.parametrize("sd", [3.0, 12.0])
def test_a_simulated_shelf_reaches_the_service_that_was_asked_for(measure, sd):
    """Reviewed each week, 14 days of lead time, order up to the level; unmet demand waits."""
    review, lead, mean, cycles = 7, 14, 10.0, 6000
    rng = np.random.default_rng(11)
    shape, scale = (mean / sd) ** 2, sd**2 / mean
    demand = rng.gamma(shape, scale, (cycles, review)).ravel()
    told = spread((review + lead) * mean, sd * np.sqrt(review + lead))
    level = told.mean + safety_stock(told, service=0.9, measure=measure, cycle=review * mean)
    before = np.concatenate([[0.0], demand.cumsum()])
    start = np.arange(lead, len(demand) - review - lead, review)  # deliveries come in, ordered a lead time before
    owed_then = np.maximum(before[start + lead] - before[start] - level, 0)
    owed_last = np.maximum(before[start + lead + review] - before[start] - level, 0)
    if measure == "cycle":
        assert (owed_last == 0).mean() == pytest.approx(0.9, abs=0.015)
    else:
        filled = 1 - (owed_last - owed_then).mean() / (review * mean)
        kept = level[0] - told.mean[0]
        # the expected demand alone serves more than is asked for where demand is steady; less is not kept
        assert filled == pytest.approx(0.9, abs=0.015) if kept > 0 else 0.9 < filled <= 0.93


@settings(deadline=None)
@given(means, spreads, st.floats(0.05, 20), st.floats(0.05, 20))
def test_no_other_quantity_costs_less_than_the_newsvendors(mean, cv, overage, underage):
    told = spread(mean, mean * cv)
    best = newsvendor(told, overage=overage, underage=underage)
    found = optimize.minimize_scalar(
        lambda q: judged(told, q, overage=overage, underage=underage).cost,
        bounds=(0, mean * (1 + 20 * cv)),
        method="bounded",
    )
    assert best.cost <= found.fun + 1e-6 * (1 + found.fun)
    assert best.sold + best.left == pytest.approx(best.quantity, abs=1e-6 * (1 + mean * (1 + cv)))


def test_the_newsvendor_agrees_with_a_simulated_season():
    rng = np.random.default_rng(8)
    drawn = rng.normal(50, 8, 200_000)
    bought = newsvendor(spread(50, 8), overage=0.18, underage=0.70)
    cost = 0.18 * np.maximum(bought.quantity - drawn, 0) + 0.70 * np.maximum(drawn - bought.quantity, 0)
    assert bought.cost == pytest.approx(cost.mean(), rel=0.01)
    assert bought.sold == pytest.approx(np.minimum(drawn, bought.quantity).mean(), rel=0.01)


def test_costs_that_ask_for_no_end_of_stock_are_refused():
    with pytest.raises(BadParameter, match="too much"):
        newsvendor(spread(5, 2), overage=0, underage=3)
    with pytest.raises(BadParameter, match="cost something"):
        newsvendor(spread(5, 2), overage=0, underage=0)
    with pytest.raises(BadParameter, match="service"):
        safety_stock(spread(5, 2), service=1.0)
    with pytest.raises(BadParameter, match="measure"):
        safety_stock(spread(5, 2), service=0.9, measure="ready")
