"""Visitors are joined to customers by login and order, as planted, and people are counted instead of browsers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import journeylab as jl
from journeylab.data.examples import shop_of, tiny_shop
from journeylab.errors import SchemaError

if TYPE_CHECKING:
    from journeylab.data.dataset import Dataset


TABLES = {
    "orders": """
        SELECT order_id, customer_id, day::TIMESTAMP AS ordered_at, day::DATE AS day, 'completed' AS status,
               10::DECIMAL(18,4) AS net, sales_channel
        FROM (VALUES ('1', 'ann', '2026-01-03', 'web'), ('2', 'ann', '2026-01-09', 'till'),
                     ('3', 'eve', '2026-01-10', 'till')) t(order_id, customer_id, day, sales_channel)""",
    "events": """
        SELECT visitor_id, customer_id, order_id, session_id, moment::TIMESTAMP AS occurred_at, moment::DATE AS day,
               event, device
        FROM (VALUES ('phone', NULL, NULL, '1', '2026-01-01 09:00', 'view', 'mobile'),
                     ('phone', 'ann', NULL, '1', '2026-01-01 09:05', 'cart', 'mobile'),
                     ('desk', NULL, NULL, '1', '2026-01-03 10:00', 'view', 'desktop'),
                     ('desk', NULL, '1', '1', '2026-01-03 10:09', 'purchase', 'desktop'),
                     ('desk', 'ben', NULL, '2', '2026-01-05 10:00', 'view', 'desktop'),
                     ('desk', NULL, NULL, '2', '2026-01-05 10:01', 'cart', 'desktop'),
                     ('lost', NULL, NULL, '1', '2026-01-06 10:00', 'view', 'tablet')
             ) t(visitor_id, customer_id, order_id, session_id, moment, event, device)""",
}  # fmt: skip


def shop() -> Dataset:
    """Ann on a phone (login) and a desk (order), Ben on the same desk later (login), and a stranger."""
    return shop_of(TABLES)


def test_browsers_and_people_are_counted_as_by_hand() -> None:
    rows = jl.customers.identity(shop()).table().set_index("statement")
    assert {name: (row["n"], row["of"]) for name, row in rows.iterrows()} == {
        "browsers joined to a customer": (2, 3),
        "… by login": (2, 3),
        "… by order": (1, 3),
        "… by order alone": (0, 3),
        "joined browsers used by several customers": (1, 2),
        "joined customers on several browsers": (1, 1),
        "customers who ordered, seen in the events": (1, 2),
        "customers who ordered in several sales channels": (1, 2),
    }
    assert ((rows["lower"] <= rows["rate"]) & (rows["rate"] <= rows["upper"])).all()


def test_an_event_goes_to_its_own_customer_else_to_the_first_of_its_browser_else_stays_a_browser() -> None:
    found = shop().identified()
    events = found.run(found.tables["events"].order_by("occurred_at"))
    assert events["visitor_id"].tolist() == ["ann", "ann", "ann", "ann", "ben", "ann", "lost"]
    assert events["browser_id"].tolist() == ["phone", "phone", "desk", "desk", "desk", "desk", "lost"]


def test_the_first_device_of_a_person_is_kept_over_browsers() -> None:
    found = shop().identified()
    events = found.run(found.tables["events"].order_by("occurred_at"))
    assert events["first_device"].tolist() == ["mobile"] * 4 + ["desktop", "mobile", "tablet"]


def test_sessions_of_two_browsers_do_not_become_one() -> None:
    found = shop().identified()
    assert found.run(found.tables["events"].agg(n=found.tables["events"].session_id.nunique())).iloc[0, 0] == 4


def test_a_funnel_then_counts_people_over_their_devices() -> None:
    steps = ["cart", "purchase"]
    assert jl.journey.funnel(shop(), steps=steps, window=None).table()["n"].tolist() == [2, 0]
    assert jl.journey.funnel(shop().identified(), steps=steps, window=None).table()["n"].tolist() == [1, 1]


def test_identifying_twice_is_once_and_stands_in_the_python() -> None:
    once = shop().identified()
    assert once.identified() is once
    assert once.fingerprint == "example+identified"
    assert once.between("2026-01-01", "2026-01-02").calls.count("shop = shop.identified()") == 1


def test_people_stay_people_when_something_is_chosen() -> None:
    for one in (shop().identified().choose(guests="leave_out"), shop().choose(guests="leave_out").identified()):
        again = one.choose(zero_orders="leave_out").choose(guests="count", zero_orders="count")
        events = again.run(again.tables["events"].order_by("occurred_at"))
        assert events["visitor_id"].tolist() == ["ann", "ann", "ann", "ann", "ben", "ann", "lost"]


def test_no_event_is_lost_or_doubled() -> None:
    found = shop().identified()
    assert found.run(found.tables["events"].agg(n=found.tables["events"].count())).iloc[0, 0] == 7


def test_without_login_and_order_id_it_says_what_is_missing() -> None:
    with pytest.raises(SchemaError, match="No event tells its customer"):
        jl.customers.identity(tiny_shop())
    same = tiny_shop().identified()
    assert same.run(same.tables["events"].agg(n=same.tables["events"].visitor_id.nunique())).iloc[0, 0] == 3
