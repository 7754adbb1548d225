"""How orders become purchase histories: the rules, one by one, and the published CDNOW counts through the engine."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from journeylab.customers import purchases
from journeylab.customers.bg_nbd import BgNbd
from journeylab.data.examples import shop_of

UNTIL = date(2026, 3, 1)


def shop_with(rows, **columns):
    """Return a shop of (customer, day of 2026 as 'MM-DD', net, refunded, status) tuples."""
    values = ", ".join(
        f"({'NULL' if c is None else repr(c)}, DATE '2026-{d}', {n}, {r}, '{s}')" for c, d, n, r, s in rows
    )
    return shop_of({"orders": f"""SELECT row_number() OVER ()::VARCHAR AS order_id, customer_id, day,
        day::TIMESTAMP AS ordered_at, status, net::DECIMAL(18,4) AS net, refunded::DECIMAL(18,4) AS refunded
        FROM (VALUES {values}) t(customer_id, day, net, refunded, status)"""})  # fmt: skip


def histories_of(rows, *, split=UNTIL, until=UNTIL, free=False):
    shop = shop_with(rows)
    days = purchases.purchase_days(shop, until, free=free)
    return shop.run(purchases.histories(days, split)).set_index("customer_id").sort_index()


def test_several_orders_a_day_are_one_purchase():
    found = histories_of([("a", "01-01", 10, 0, "completed"), ("a", "01-01", 5, 0, "completed"),
                          ("a", "01-15", 7, 0, "completed"), ("a", "01-15", 3, 0, "completed")])  # fmt: skip
    assert found.loc["a", ["frequency", "recency", "age"]].tolist() == [1, 14, 59]
    assert found.loc["a", ["spend", "first_net"]].tolist() == [10, 15]


def test_gifts_refunds_returns_cancellations_and_guests_are_no_purchases():
    found = histories_of([
        ("gift", "01-01", 10, 0, "completed"), ("gift", "02-01", 0, 0, "completed"),
        ("back", "01-01", 10, 0, "completed"), ("back", "02-01", 0, 30, "refunded"),
        ("return", "01-01", 10, 0, "completed"), ("return", "02-01", -4, 0, "completed"),
        ("off", "01-01", 10, 0, "completed"), ("off", "02-01", 9, 0, "cancelled"),
        (None, "02-01", 9, 0, "completed"),
    ])  # fmt: skip
    assert found["frequency"].tolist() == [0, 0, 0, 0]
    assert found.index.tolist() == ["back", "gift", "off", "return"]


def test_gifts_count_where_they_are_asked_to_and_full_refunds_still_do_not():
    found = histories_of([
        ("gift", "01-01", 10, 0, "completed"), ("gift", "02-01", 0, 0, "completed"),
        ("back", "01-01", 10, 0, "completed"), ("back", "02-01", 0, 30, "refunded"),
    ], free=True)  # fmt: skip
    assert found["frequency"].to_dict() == {"gift": 1, "back": 0}


def test_a_return_by_itself_is_taken_off_the_purchase_before_it_and_off_no_count():
    orders = [("one", "01-01", 10), ("one", "01-20", -4), ("two", "01-01", 10), ("two", "01-15", 50),
              ("two", "01-20", -20), ("more", "01-01", 90), ("more", "01-15", 5), ("more", "01-20", -60),
              ("old", "01-01", -7), ("old", "01-15", 8), ("gone", "01-05", -9)]  # fmt: skip
    found = histories_of([(who, day, net, 0, "completed") for who, day, net in orders])
    assert found["frequency"].to_dict() == {"more": 1, "old": 0, "one": 0, "two": 1}
    assert found["first_net"].to_dict() == {"more": 35, "old": 8, "one": 6, "two": 10}
    assert found["spend"].to_dict() == {"more": 0, "old": 0, "one": 0, "two": 30}
    assert found.loc["old", "age"] == 45


def test_a_return_after_the_split_is_hidden_from_what_was_known_before_it():
    rows = [("a", "01-01", 10, 0, "completed"), ("a", "01-10", 20, 0, "completed"), ("a", "02-10", -15, 0, "completed")]
    found = histories_of(rows, split=date(2026, 1, 31))
    assert found.loc["a", ["frequency", "spend", "later", "later_net"]].tolist() == [1, 20, 0, -15]


def test_what_customers_brought_is_what_the_shop_kept_whatever_they_gave_back():
    rng = np.random.default_rng(3)
    rows = [(f"c{i % 40}", f"01-{1 + int(rng.integers(14)):02d}", int(rng.integers(1, 90)), 0, "completed")
            for i in range(200)]  # fmt: skip
    rows += [(f"c{i % 40}", f"02-{1 + int(rng.integers(20)):02d}", int(rng.integers(-150, 60)), 0, "completed")
             for i in range(80)]  # fmt: skip
    shop, kept = shop_with(rows), sum(row[2] for row in rows)
    days = purchases.purchase_days(shop, UNTIL)
    people = shop.run(purchases.histories(days, UNTIL))
    assert people["spend"].min() == 0
    assert people["spend"].sum() + people["first_net"].sum() == pytest.approx(kept)
    early = shop.run(purchases.histories(days, date(2026, 2, 9)))
    assert early[["spend", "first_net", "later_net"]].sum().sum() == pytest.approx(kept)
    by_week = shop.run(purchases.money_by_age(days, UNTIL))
    assert by_week["net"].sum() <= people["spend"].sum()


def test_what_is_given_back_is_said_with_what_is_left_aside_and_nothing_where_nothing_is():
    rows = [("a", "01-01", 10, 0, "completed"), ("a", "01-10", -4, 0, "completed"), ("b", "01-02", -9, 0, "completed")]
    assert purchases.returned(shop_with(rows), UNTIL) == (4, 9)
    said = purchases.returned_caveat(shop_with(rows), UNTIL)
    assert "4 in all" in said[0]
    assert "Returns of €9 have no purchase" in said[1]
    assert purchases.returned_caveat(shop_with(rows[:1]), UNTIL) == ()


def test_what_comes_after_the_split_is_counted_apart_and_later_customers_are_left_out():
    rows = [("a", "01-01", 10, 0, "completed"), ("a", "01-10", 20, 0, "completed"), ("a", "02-10", 40, 0, "completed"),
            ("a", "02-20", 50, 0, "completed"), ("late", "02-15", 9, 0, "completed")]  # fmt: skip
    found = histories_of(rows, split=date(2026, 1, 31))
    assert found.index.tolist() == ["a"]
    assert found.loc["a", ["frequency", "recency", "age", "later", "later_net"]].tolist() == [1, 9, 30, 2, 90]


def test_distinct_histories_hold_the_same_customers_and_money_as_single_ones():
    rng = np.random.default_rng(1)
    days = [f"0{1 + int(d) // 28}-{1 + int(d) % 28:02d}" for d in rng.integers(0, 56, 600)]
    rows = [(f"c{rng.integers(80)}", day, int(rng.integers(1, 90)), 0, "completed") for day in days]
    shop = shop_with(rows)
    single = purchases.histories(purchases.purchase_days(shop, UNTIL), date(2026, 2, 5))
    people = shop.run(single)
    for weekly in (False, True):
        table = shop.run(purchases.statistics(purchases.grouped(shop, single, "cohort"), weekly=weekly))
        assert table["n"].sum() == len(people)
        assert table["spend"].sum() == pytest.approx(people["spend"].sum())
        assert table["squares"].sum() == pytest.approx((people["spend"] ** 2).sum())
        assert table["later"].sum() == people["later"].sum()
        assert purchases.base_of(table, weekly=weekly).repeat_purchases == people["frequency"].sum()


def groups_of_first_orders(by):
    """Four customers with two orders on their first day each, and lines in which the dearest is not first by name."""
    orders = [("o1", "a", 9, 30, "web"), ("o2", "a", 17, 90, "app"), ("o3", "b", 17, 30, "web"),
              ("o4", "b", 9, 90, "app"), ("o5", "c", 9, 0, "app"), ("o6", "c", 17, 30, "web"),
              ("o7", "d", 9, 30, None), ("o8", "d", 17, 30, "web"), ("o9", "d", 48, 500, "app")]  # fmt: skip
    lines = [("o1", "apron", 1, 5), ("o1", "teapot", 1, 20), ("o2", "kettle", 1, 90), ("o3", "apron", 1, 30),
             ("o4", "cup", 2, 5), ("o4", "bowl", 1, 8), ("o4", "bowl", 1, 4), ("o4", "bin", 3, 4),
             ("o5", "gift", 1, 99), ("o6", "spoon", 1, 10), ("o6", "zester", 2, 6), ("o6", "fork", -9, 9),
             ("o8", "mug", 1, 3), ("o9", "lamp", 1, 500)]  # fmt: skip
    bought = ", ".join(map(str, lines))
    values = ", ".join(f"('{o}', '{c}', {h}, {n}, {'NULL' if d is None else repr(d)})" for o, c, h, n, d in orders)
    shop = shop_of({
        "orders": f"""SELECT order_id, customer_id, placed::DATE AS day, placed AS ordered_at, 'completed' AS status,
            net::DECIMAL(18,4) AS net, device FROM (SELECT *, TIMESTAMP '2026-01-01' + INTERVAL 1 HOUR * hour AS placed
            FROM (VALUES {values}) t(order_id, customer_id, hour, net, device))""",
        "order_lines": f"""SELECT order_id, product, quantity::DECIMAL(18,4) AS quantity,
            price::DECIMAL(18,4) AS unit_price FROM (VALUES {bought}) t(order_id, product, quantity, price)""",
    })  # fmt: skip
    customers = purchases.histories(purchases.purchase_days(shop, UNTIL), UNTIL)
    return shop.run(purchases.grouped(shop, customers, by)).set_index("customer_id")["group"].to_dict()


def test_the_first_product_is_the_one_most_was_spent_on_in_the_earliest_order_that_brought_money():
    assert groups_of_first_orders("first_product") == {"a": "teapot", "b": "bin", "c": "zester", "d": "mug"}


def test_other_groups_are_what_the_earliest_order_says_that_says_it():
    assert groups_of_first_orders("device") == {"a": "web", "b": "app", "c": "web", "d": "web"}


def test_rounded_averages_keep_customers_and_change_the_mean_by_less_than_a_percent():
    rng = np.random.default_rng(2)
    rows = [(f"c{i % 200}", f"0{1 + i % 2}-{1 + i % 27:02d}", int(rng.integers(5, 500)), 0, "completed")
            for i in range(900)]  # fmt: skip
    shop = shop_with(rows)
    customers = purchases.histories(purchases.purchase_days(shop, UNTIL), UNTIL)
    exact, rounded = (shop.run(purchases.averages(customers, rounded=flag)) for flag in (False, True))
    assert rounded["n"].sum() == exact["n"].sum()
    assert (rounded["average"] @ rounded["n"]) == pytest.approx(exact["average"] @ exact["n"], rel=0.01)


def test_the_cdnow_histories_of_the_engine_are_those_of_the_papers(cdnow_shop, cdnow):
    split = date(1997, 9, 30)
    days = purchases.purchase_days(cdnow_shop, split, free=True)
    customers = purchases.grouped(cdnow_shop, purchases.histories(days, split), None)
    base = purchases.base_of(cdnow_shop.run(purchases.statistics(customers, weekly=False)), weekly=False)
    ours, theirs = base.distinct(), cdnow.base.distinct()
    for name in ("frequency", "recency", "age", "count"):
        assert np.array_equal(getattr(ours, name), getattr(theirs, name)), name


def test_rounding_to_weeks_moves_cdnow_estimates_by_less_than_half_a_standard_error(cdnow_shop, cdnow):
    split = date(1997, 9, 30)
    days = purchases.purchase_days(cdnow_shop, split, free=True)
    customers = purchases.grouped(cdnow_shop, purchases.histories(days, split), None)
    weekly = BgNbd.fit(purchases.base_of(cdnow_shop.run(purchases.statistics(customers, weekly=True)), weekly=True))
    daily = BgNbd.fit(cdnow.base)
    assert np.all(np.abs(weekly.parameters - daily.parameters) < 0.5 * daily.estimate.standard_errors)
