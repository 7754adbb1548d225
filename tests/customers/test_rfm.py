from __future__ import annotations

import random

import numpy as np
import pytest

import journeylab as jl
from journeylab.data.examples import shop_of


def shop_with(orders):
    """Return a shop whose orders are (customer, day of January 2026, net) tuples."""
    rows = ", ".join(f"('{c}', DATE '2026-01-01' + {d}, {n})" for c, d, n in orders)
    return shop_of(
        {
            "orders": f"""SELECT row_number() OVER ()::VARCHAR AS order_id, customer_id, day,
                day::TIMESTAMP AS ordered_at, 'completed' AS status, net::DECIMAL(18,4) AS net
                FROM (VALUES {rows}) t(customer_id, day, net)"""
        }
    )


def random_orders(seed, customers=40):
    rng = random.Random(seed)
    return [(f"c{rng.randrange(customers)}", rng.randrange(28), rng.randrange(1, 200)) for _ in range(150)]


def reference(orders, bins):
    """Score by counting, for each customer, how many are strictly worse."""
    last, times, money = {}, {}, {}
    for customer, day, net in orders:
        last[customer] = max(last.get(customer, 0), day)
        times[customer] = times.get(customer, 0) + 1
        money[customer] = money.get(customer, 0) + net
    n = len(last)
    cells = {}
    for c in last:
        score = tuple(1 + bins * sum(x[o] < x[c] for o in last) // n for x in (last, times, money))
        cells[score] = cells.get(score, 0) + 1
    return cells


def test_online_retail_has_4339_customers_worth_8911407(online_retail):
    result = jl.customers.rfm(online_retail)
    assert result.n == 4339
    assert result.net == pytest.approx(8_911_407.904, abs=0.0005)


@pytest.mark.parametrize("bins", [2, 4, 5, 10])
def test_scores_agree_with_counting_who_is_strictly_worse(bins):
    orders = random_orders(bins)
    table = jl.customers.rfm(shop_with(orders), bins=bins).table()
    got = {(int(r), int(f), int(m)): int(n) for r, f, m, n in table[["r", "f", "m", "n"]].to_numpy()}
    assert got == reference(orders, bins)


def test_shares_add_up_to_one():
    table = jl.customers.rfm(shop_with(random_orders(1))).table()
    assert table["share"].sum() == pytest.approx(1)
    assert table["share_of_net"].sum() == pytest.approx(1)


def test_the_order_of_rows_changes_nothing():
    orders = random_orders(3)
    first = jl.customers.rfm(shop_with(orders)).table()
    random.Random(0).shuffle(orders)
    second = jl.customers.rfm(shop_with(orders)).table()
    assert np.allclose(first.to_numpy(float), second.to_numpy(float))


def test_a_currency_a_hundred_times_smaller_changes_no_score():
    orders = random_orders(4)
    first = jl.customers.rfm(shop_with(orders)).table()
    second = jl.customers.rfm(shop_with([(c, d, n * 100) for c, d, n in orders])).table()
    assert first[["r", "f", "m", "n"]].equals(second[["r", "f", "m", "n"]])
    assert second["net"].sum() == pytest.approx(100 * first["net"].sum())


def test_equal_customers_get_equal_scores():
    table = jl.customers.rfm(shop_with([(f"c{i}", 3, 10) for i in range(9)])).table()
    assert table[["r", "f", "m", "n"]].values.tolist() == [[1, 1, 1, 9]]


def test_orders_after_the_as_of_day_are_left_out():
    shop = shop_with([("a", 0, 10), ("b", 1, 20), ("a", 20, 500)])
    early = jl.customers.rfm(shop, bins=2, as_of="2026-01-10")
    assert early.net == 30
    assert early.table()["recency_days"].min() == 8


def test_guests_and_cancelled_orders_are_not_customers():
    shop = shop_of(
        {
            "orders": """SELECT * FROM (VALUES
                ('1', 'a', TIMESTAMP '2026-01-01', DATE '2026-01-01', 'completed', 10.0::DECIMAL(18,4)),
                ('2', NULL, TIMESTAMP '2026-01-02', DATE '2026-01-02', 'completed', 10.0::DECIMAL(18,4)),
                ('3', 'b', TIMESTAMP '2026-01-03', DATE '2026-01-03', 'voided', 10.0::DECIMAL(18,4)))
                t(order_id, customer_id, ordered_at, day, status, net)"""
        }
    )
    assert jl.customers.rfm(shop).n == 1


def test_a_shop_of_guests_only_gets_a_sentence():
    shop = shop_of(
        {
            "orders": """SELECT '1' AS order_id, NULL::VARCHAR AS customer_id, TIMESTAMP '2026-01-01' AS ordered_at,
                DATE '2026-01-01' AS day, 'completed' AS status, 1::DECIMAL(18,4) AS net"""
        }
    )
    with pytest.raises(jl.NotEnoughData, match="names its customer"):
        jl.customers.rfm(shop)


@pytest.mark.parametrize("bins", [1, 11, 2.5, True])
def test_a_number_of_bins_that_makes_no_sense_is_refused(bins):
    with pytest.raises(jl.BadParameter):
        jl.customers.rfm(shop_with([("a", 0, 1)]), bins=bins)


def test_an_as_of_that_is_no_day_is_refused():
    with pytest.raises(jl.BadParameter, match="as_of must be a day"):
        jl.customers.rfm(shop_with([("a", 0, 1)]), as_of="yesterday")


def test_many_one_time_buyers_are_said_to_blunt_frequency():
    shop = shop_with([(f"c{i}", i % 20, 10 + i) for i in range(20)] + [("c0", 1, 5)])
    assert "share one frequency score" in " ".join(jl.customers.rfm(shop).caveats)


def test_every_view_draws(online_retail):
    result = jl.customers.rfm(online_retail)
    assert "ordered both lately and often" in result.headline()
    for view in result.views:
        assert result.chart(view).to_dict()["$schema"]
