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
    "what_if": {"source": "add_to_cart", "target": "begin_checkout", "rate": 0.9},
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


@pytest.fixture(scope="module")
def usual():
    return shop_with(USUAL)


@pytest.fixture(scope="module")
def nulls():
    """With events that lack a visitor or a time."""
    return shop_with(
        USUAL,
        """UNION ALL SELECT NULL, TIMESTAMP '2026-01-01', DATE '2026-01-01', 'purchase', NULL, NULL
        UNION ALL SELECT 'v1', NULL, DATE '2026-01-01', 'purchase', NULL, NULL""",
    )


@pytest.fixture(scope="module")
def unnamed():
    """With an event in the midst of a visit that has no name."""
    return shop_with(
        USUAL, "UNION ALL SELECT 'v1', TIMESTAMP '2026-01-01 00:00:30', DATE '2026-01-01', NULL, NULL, NULL"
    )


@pytest.fixture(scope="module")
def unnamed_visits():
    """The same events with visits that have no name, and without any word of visits."""
    query = "if(event = 'search', 'mug', NULL) AS query"
    return tuple(shop_with(USUAL, columns=f"{query}, NULL::VARCHAR AS {name}") for name in ("session_id", "landing"))


@pytest.fixture(scope="module")
def many():
    """With a million events, each of a name of its own."""
    return shop_with(
        USUAL,
        """UNION ALL SELECT 'm' || i // 4, TIMESTAMP '2026-01-10' + to_seconds(i % 4), DATE '2026-01-10',
        'odd ' || i, NULL, NULL FROM range(1000000) t(i)""",
    )


@pytest.mark.parametrize("name", CALLS)
def test_events_without_visitor_or_time_change_nothing(name, usual, nulls):
    assert answer(name, usual).table().equals(answer(name, nulls).table())


@pytest.mark.parametrize("name", CALLS)
def test_an_event_without_a_name_is_an_event_of_its_visit_and_nothing_else(name, usual, unnamed):
    without, with_it = answer(name, usual).table(), answer(name, unnamed).table()
    if name == "sessions":
        without, with_it = without.set_index("measure"), with_it.set_index("measure")
        assert with_it.loc["events a session", "n"] == without.loc["events a session", "n"] + 1
        without, with_it = without.drop("events a session"), with_it.drop("events a session")
    assert without.equals(with_it)


@pytest.mark.parametrize("name", CALLS)
def test_visits_without_a_name_are_one_visit_of_each_visitor(name, unnamed_visits):
    # no visitor is silent for half an hour, so cut by time each has one visit as well
    named, cut = unnamed_visits
    assert answer(name, named).table().equals(answer(name, cut).table())


@pytest.mark.slow
@pytest.mark.parametrize("name", CALLS)
def test_a_million_names_of_events_are_answered_in_few_rows(name, many):
    result = answer(name, many)
    assert len(result.table()) < 5000
    assert result.headline()
