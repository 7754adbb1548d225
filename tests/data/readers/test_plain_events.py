"""Plain events, held to the click stream of simple_shop (simulated by retentioneering)."""

from __future__ import annotations

import pytest

import journeylab as jl
from tests.data.readers.exports import column, events, ledger, note, rows, write_csv


def test_simple_shop_has_its_events_visitors_and_funnel(shared):
    shop = jl.read(shared / "data" / "clickstream" / "simple_shop.csv")
    assert ledger(shop, "events").read == ledger(shop, "events").kept == 32_283
    assert len(set(column(shop, "events", "visitor_id"))) == 3_751
    funnel = jl.journey.funnel(shop, steps=["catalog", "cart", "payment_done"], window="9999d")
    assert list(funnel.table()["n"])[:3] == [3611, 1924, 653]


@pytest.mark.parametrize(
    ("visitor", "event", "time"),
    [("user_id", "event", "timestamp"), ("Client ID", "Event name", "Event time"), ("visitorid", "action", "ts")],
)
def test_the_columns_may_be_called_differently(tmp_path, visitor, event, time):
    path = write_csv(tmp_path / "e.csv", [{visitor: "a", event: "view", time: "2026-03-01 10:00:00"}])
    assert column(jl.read(path), "events", "visitor_id") == ["a"]


def test_a_visitor_beside_a_user_is_not_the_customer(tmp_path):
    path = write_csv(
        tmp_path / "e.csv", [{"anonymous_id": "a", "user_id": "7", "event": "view", "time": "2026-03-01 10:00:00"}]
    )
    shop = jl.read(path)
    assert (column(shop, "events", "visitor_id"), column(shop, "events", "customer_id")) == (["a"], ["7"])


def test_optional_columns_get_their_types(tmp_path):
    path = write_csv(
        tmp_path / "e.csv",
        [
            {"visitor_id": "a", "event": "search", "timestamp": "2026-03-01 10:00:00", "page": "/s", "query": "mug",
             "results": "12", "load_ms": "81.5", "value": "1,50", "device": "mobile", "country": "DE"},
        ],
    )  # fmt: skip
    schema = jl.read(path).tables["events"].schema()
    assert str(schema["results"]) == "int64"
    assert str(schema["load_ms"]) == "float64"
    assert str(schema["value"]) == "decimal(18, 4)"


def test_a_row_without_visitor_or_event_is_set_aside(tmp_path):
    path = tmp_path / "e.csv"
    path.write_text("visitor_id,event,timestamp\n,view,2026-03-01\na,,2026-03-01\na,view,2026-03-01\n")
    shop = jl.read(path)
    assert len(rows(shop, "events")) == 1
    assert note(shop, "events", "without a visitor").set_aside
    assert note(shop, "events", "without an event").count == 1


def test_events_that_two_exports_carry_count_once(tmp_path):
    times = ["2026-03-01 10:00:00", "2026-03-01 10:00:00", "2026-03-02 10:00:00"]
    first = events(tmp_path / "a.csv", times, visitors=["v", "v", "v"])
    second = events(tmp_path / "b.csv", [*times[1:], "2026-03-03 10:00:00"], visitors=["v", "v", "v"])
    shop = jl.read(first, second)
    assert len(rows(shop, "events")) == 4
    assert sum(book.set_aside for book in shop.ledgers) == 2
    assert rows(shop, "events") == rows(jl.read(second, first), "events")
