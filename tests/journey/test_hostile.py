"""Logs as they come: a million names of events, nulls, everything in one second, no sessions, rows in any order."""

from __future__ import annotations

import random

import pytest

import journeylab as jl
from journeylab.data.examples import shop_of

CALLS = {
    "paths": {},
    "sessions": {},
    "friction": {"value": 10.0},
    "carts": {},
    "checkout": {},
    "searches": {"value": 10.0},
    "what_if": {"source": "add_to_cart", "target": "purchase", "rate": 0.5},
    "funnel": {"steps": ["view", "add_to_cart", "purchase"]},
    "stake": {"steps": ["view", "add_to_cart", "purchase"], "value": 10.0},
    "dropped": {"steps": ["view", "add_to_cart", "purchase"], "at": 2},
}
USUAL = [
    (f"v{i}", 60 * step, name, "device" if i % 2 else None)
    for i in range(60)
    for step, name in enumerate(["view", "search", "add_to_cart", "begin_checkout", "purchase"][: 1 + i % 5])
]


def shop_with(rows, more="", columns="device, if(event = 'search', 'mug', NULL) AS query"):
    told = ", ".join("(" + ", ".join("NULL" if x is None else repr(x) for x in row) + ")" for row in rows)
    return shop_of(
        {
            "events": "SELECT v AS visitor_id, TIMESTAMP '2026-01-01' + to_seconds(s) AS occurred_at, "
            f"DATE '2026-01-01' AS day, event, {columns} FROM (VALUES {told}) t(v, s, event, device) "
            f"UNION ALL SELECT 'z', TIMESTAMP '2026-02-01', DATE '2026-02-01', 'view', NULL, NULL {more}"
        }
    )


def answer(name, shop):
    return getattr(jl.journey, name)(shop, **CALLS[name])


@pytest.mark.parametrize("name", CALLS)
def test_rows_in_any_order_and_in_one_second_give_the_same_answer(name):
    rows = [(v, 0, event, device) for v, _s, event, device in USUAL]
    one = answer(name, shop_with(rows)).table()
    random.Random(0).shuffle(rows)
    assert one.equals(answer(name, shop_with(rows)).table())


@pytest.mark.parametrize("name", CALLS)
def test_events_without_visitor_time_or_name_change_nothing(name):
    nulls = """UNION ALL SELECT NULL, TIMESTAMP '2026-01-01', DATE '2026-01-01', 'purchase', NULL, NULL
        UNION ALL SELECT 'v1', NULL, DATE '2026-01-01', 'purchase', NULL, NULL"""
    assert answer(name, shop_with(USUAL)).table().equals(answer(name, shop_with(USUAL, nulls)).table())
    unnamed = "UNION ALL SELECT 'v1', TIMESTAMP '2026-01-01 00:00:30', DATE '2026-01-01', NULL, NULL, NULL"
    assert answer(name, shop_with(USUAL, unnamed)).headline()


@pytest.mark.parametrize("name", CALLS)
def test_sessions_that_are_not_named_are_taken_together_and_nothing_breaks(name):
    columns = "if(event = 'search', 'mug', NULL) AS query, NULL::VARCHAR AS session_id"
    assert answer(name, shop_with(USUAL, columns=columns)).headline()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["paths", "friction", "what_if", "sessions"])
def test_a_million_names_of_events_are_answered_in_few_rows(name):
    many = """UNION ALL SELECT 'm' || i // 4, TIMESTAMP '2026-01-10' + to_seconds(i % 4), DATE '2026-01-10',
        'odd ' || i, NULL, NULL FROM range(1000000) t(i)"""
    result = answer(name, shop_with(USUAL, many))
    assert len(result.table()) < 5000
    assert result.headline()
