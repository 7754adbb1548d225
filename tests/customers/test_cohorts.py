"""Cohorts against published counts, against plain counting, and against their own rules."""

from __future__ import annotations

import random
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

import journeylab as jl
from journeylab.data.examples import regulars_shop, shop_of, tiny_shop
from journeylab.errors import BadParameter, NotEnoughData

DEC_2010 = [36.6, 32.3, 38.4, 36.3, 39.8, 36.3, 34.9, 35.4, 39.5, 37.4, 50.3, 26.6]
SIZES = [885, 417, 380, 452, 300, 284, 242, 188, 169, 299, 358, 324, 41]


def shop_with(orders, **tables):
    """Return a shop of (customer, day, net) tuples."""
    rows = ", ".join(f"('{c}', DATE '{d}', {n})" for c, d, n in orders)
    return shop_of({"orders": f"""SELECT row_number() OVER ()::VARCHAR AS order_id, customer_id, day,
        day::TIMESTAMP AS ordered_at, 'completed' AS status, net::DECIMAL(18,4) AS net
        FROM (VALUES {rows}) t(customer_id, day, net)""", **tables})  # fmt: skip


def random_orders(seed=0, customers=60, n=300):
    rng = random.Random(seed)
    start = date(2026, 1, 5)
    return [(f"c{rng.randrange(customers)}", start + timedelta(days=rng.randrange(150)), rng.randrange(5, 90))
            for _ in range(n)]  # fmt: skip


def counted(orders, unit):
    """Count, customer by customer, in which periods since their first they bought."""
    first, seen = {}, set()
    for customer, day, _ in orders:
        first[customer] = min(first.get(customer, day), day)
    for customer, day, _ in orders:
        start, now = (pd.Period(d, "W" if unit == "week" else "M") for d in (first[customer], day))
        seen.add((customer, start.start_time, (now - start).n))
    cells = {}
    for _, start, since in seen:
        cells[start, since] = cells.get((start, since), 0) + 1
    return cells


def test_the_cohort_of_december_2010_comes_back_as_published(online_retail):
    result = jl.customers.cohorts(online_retail, free_orders=True)
    cells = result.table()
    assert cells.loc[cells["period"] == 0, "of"].tolist() == SIZES
    first = cells[cells["cohort"] == "2010-12-01"].set_index("period")
    assert (100 * first["rate"]).round(1).tolist()[1:] == DEC_2010
    assert first["partial"].tolist() == [False] * 12 + [True]


def test_the_partial_month_is_marked_and_said_and_left_out_of_payback(online_retail):
    result = jl.customers.cohorts(online_retail)
    assert result.cells.loc[result.cells["partial"], "cohort"].nunique() == 13
    assert "not over" in result.caveats[0]
    assert result.payback["period"].max() == 11
    assert result.payback["n"].iloc[-1] == 885


@pytest.mark.parametrize("unit", ["week", "month"])
def test_the_triangle_agrees_with_counting_customer_by_customer(unit):
    orders = random_orders()
    cells = jl.customers.cohorts(shop_with(orders), unit=unit).table()
    got = {(c, k): n for c, k, n in cells[["cohort", "period", "n"]].itertuples(index=False) if n}
    assert got == counted(orders, unit)


def test_what_could_not_be_seen_has_no_row_and_what_was_seen_empty_is_zero():
    orders = [("a", "2026-01-01", 10), ("b", "2026-01-02", 10), ("c", "2026-04-30", 10)]
    cells = jl.customers.cohorts(shop_with(orders)).table()
    january = cells[cells["cohort"] == "2026-01-01"]
    assert january["period"].tolist() == [0, 1, 2, 3]
    assert january["n"].tolist() == [2, 0, 0, 0]
    assert cells[cells["cohort"] == "2026-04-01"]["period"].tolist() == [0]
    assert not cells["partial"].any()


def test_margin_a_customer_has_the_whole_cohort_below_and_doubles_with_prices():
    orders = random_orders(2)
    one = jl.customers.cohorts(shop_with(orders), margin=0.5).table()
    two = jl.customers.cohorts(shop_with([(c, d, 2 * n) for c, d, n in orders]), margin=0.5).table()
    assert two["margin"].to_numpy() == pytest.approx(2 * one["margin"].to_numpy())
    last = one.groupby("cohort").tail(1)
    assert (last["margin"] * last["of"]).sum() == pytest.approx(0.5 * sum(n for _, _, n in orders))


def test_returns_take_money_off_the_period_they_come_in_and_nobody_off_the_count():
    once = [("a", "2026-01-01", 100), ("b", "2026-01-02", 40), ("a", "2026-02-03", -100), ("c", "2026-02-09", -5),
            ("b", "2026-03-31", 10)]  # fmt: skip
    orders = [(f"{who}{i}", day, net) for i in range(5) for who, day, net in once]
    result = jl.customers.cohorts(shop_with(orders), margin=0.5, cost=20.0)
    cells = result.table()
    assert cells["n"].tolist() == [10, 0, 5]
    assert cells["net"].tolist() == [700, -500, 50]
    assert cells["revenue"].tolist() == [70, 20, 25]
    assert cells["margin"].tolist() == [35, 10, 12.5]
    assert result.payback["margin"].tolist() == [35, 10, 12.5]
    assert any("€500 in all, are taken off" in said for said in result.caveats)
    assert any("Returns of €25 have no purchase" in said for said in result.caveats)


def test_the_order_of_rows_changes_nothing():
    orders = random_orders(3)
    first = jl.customers.cohorts(shop_with(orders), cost=30.0)
    random.Random(1).shuffle(orders)
    second = jl.customers.cohorts(shop_with(orders), cost=30.0)
    pd.testing.assert_frame_equal(first.table(), second.table())
    assert first.headline() == second.headline()


def test_payback_is_the_mean_over_customers_with_a_normal_interval():
    orders = random_orders(4)
    result = jl.customers.cohorts(shop_with(orders), margin=1.0)
    frame = pd.DataFrame(orders, columns=["customer", "day", "net"])
    month = pd.PeriodIndex(frame["day"], freq="M")
    first = month.to_series(index=frame.index).groupby(frame["customer"]).transform("min")
    since = np.array([(a - b).n for a, b in zip(month, first, strict=True)])
    known = frame[(since <= 1) & (first <= month.max() - 2)].groupby("customer")["net"].sum()
    row = result.payback.set_index("period").loc[1]
    assert row["n"] == len(known)
    assert row["margin"] == pytest.approx(known.mean())
    assert row["upper"] - row["margin"] == pytest.approx(1.959964 * known.std() / np.sqrt(len(known)), rel=1e-5)


def test_the_cost_is_paid_back_in_the_first_month_that_reaches_it_or_not_at_all():
    orders = [(f"c{i}", f"2026-{m:02d}-01", 10) for i in range(40) for m in (1, 2, 3, 4)]
    shop = shop_with([*orders, ("z", "2026-05-31", 1)])
    assert jl.customers.cohorts(shop, margin=0.5, cost=14.0).paid_back == (2.0, 2.0, 2.0)
    never = jl.customers.cohorts(shop, margin=0.5, cost=900.0)
    assert np.isnan(never.paid_back[0])
    assert "not earned back" in never.headline()
    assert "earned back by month 2" in jl.customers.cohorts(shop, margin=0.5, cost=14.0).headline()


def monthly_buyers():
    """Sixty customers who buy for 10 every four weeks, over two years, and one who ends the data."""
    start = date(2024, 1, 1)
    orders = [(f"c{c}", start + timedelta(days=c % 7 + 28 * k), 10) for c in range(60) for k in range(27)]
    return [*orders, ("z", start + timedelta(days=27 * 28 + 10), 1)]


@pytest.mark.parametrize("unit", ["week", "month"])
def test_payback_is_followed_beyond_the_cells_which_say_what_they_leave_out(unit):
    orders = monthly_buyers()
    shop = shop_with(orders)
    result = jl.customers.cohorts(shop, unit=unit, margin=1.0, cost=200.0)
    weeks = result.payback.set_index("period")["margin"]
    assert result.paid_back[0] == {"week": 76, "month": 17}[unit]
    assert weeks[result.paid_back[0]] >= 200 > weeks[result.paid_back[0] - 1]
    left = [said for said in result.caveats if "came later: see payback" in said]
    cut = sum(net for *_, net in orders) - result.cells["net"].sum()
    assert [f"{cut / 1000:.1f} k of" in said for said in left] == ([True] if unit == "week" else [])
    never = jl.customers.cohorts(shop, unit=unit, margin=1.0, cost=300.0).headline()
    last = result.payback.iloc[-1]
    assert last["n"] == 60
    assert f"not earned back within {last['period']:.0f} {unit}s after the first" in never
    assert "(€270 by then)" in never


def test_payback_is_the_mean_customer_by_customer_at_every_period_whoever_came_late():
    orders = random_orders(7, customers=80, n=400)
    payback = jl.customers.cohorts(shop_with(orders), unit="week", margin=0.5).payback.set_index("period")
    frame = pd.DataFrame(orders, columns=["customer", "day", "net"])
    week = pd.PeriodIndex(frame["day"], freq="W")
    first = week.to_series(index=frame.index).groupby(frame["customer"]).transform("min")
    since = np.array([(a - b).n for a, b in zip(week, first, strict=True)])
    last_whole = pd.Period(max(frame["day"]) + timedelta(days=1), "W") - 1
    reach = np.array([(last_whole - start).n for start in first])
    for k in payback.index:
        known = frame[reach >= k]
        money = known["net"].where(since[reach >= k] <= k, 0).groupby(known["customer"]).sum() / 2
        half = 1.959964 * money.std() / np.sqrt(len(money))
        assert payback.loc[k, "n"] == len(money) >= 10
        assert payback.loc[k, "margin"] == pytest.approx(money.mean())
        assert payback.loc[k, "upper"] - payback.loc[k, "margin"] == pytest.approx(half, rel=1e-5)


def test_of_fewer_than_ten_customers_nobody_says_whether_they_paid_back():
    shop = shop_with([(f"c{i}", f"2026-{m:02d}-01", 10) for i in range(9) for m in (1, 2, 3, 4)])
    result = jl.customers.cohorts(shop, cost=500.0)
    assert result.payback.empty
    assert "too few customers were watched for long enough to say" in result.headline()
    for view in result.views:
        assert result.chart(view).to_dict()["config"]


def test_without_a_cost_what_was_spent_on_each_new_customer_is_taken():
    orders = [(f"c{i}", f"2026-01-{1 + i:02d}", 10) for i in range(20)] + [("z", "2026-03-31", 1)]
    spend = """SELECT DATE '2026-01-01' + CAST(i AS INTEGER) AS day, 'search' AS marketing_channel,
               7::DECIMAL(18,4) AS cost FROM range(10) t(i)"""
    assert jl.customers.cohorts(shop_with(orders, spend=spend)).cost == pytest.approx(7)
    assert jl.customers.cohorts(shop_with(orders, spend=spend), cost=0.0).cost == 0
    assert jl.customers.cohorts(shop_with(orders)).cost == 0


@pytest.mark.parametrize("analysis", [jl.customers.cohorts, jl.customers.second_order, jl.customers.holdout])
def test_a_period_that_starts_late_is_said_to_set_the_end_alone(analysis):
    shop = regulars_shop()
    start, end = shop.observed
    said = analysis(shop.between(start + timedelta(days=60), end)).caveats[0]
    assert said.startswith("The period chosen sets the end alone: purchases count from ")
    assert f"from {start.day} {start:%b %Y} and not from" in said
    for whole in (shop, shop.between(start, end - timedelta(days=9)), shop.between(start - timedelta(days=9), end)):
        assert not any("sets the end alone" in caveat for caveat in analysis(whole).caveats)


def test_every_view_draws_and_bad_arguments_are_refused(online_retail):
    result = jl.customers.cohorts(online_retail, cost=100.0)
    for view in result.views:
        assert result.chart(view).to_dict()["config"]
    for options in ({"unit": "year"}, {"margin": 2}, {"cost": -1}):
        with pytest.raises(BadParameter):
            jl.customers.cohorts(tiny_shop(), **options)


def test_a_shop_of_guests_says_that_nobody_is_named():
    shop = shop_with([("a", "2026-01-01", 10)])
    with pytest.raises(NotEnoughData):
        jl.customers.cohorts(shop.between("2025-01-01", "2025-06-30"))
