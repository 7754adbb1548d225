"""Sessions against the published count, by hand, and their own rules."""

from __future__ import annotations

import pytest

import journeylab as jl
from journeylab.data.examples import shop_of
from tests.journey.test_funnel import shop_with

LOG = [
    ("v", 0, "view"), ("v", 10, "cart"), ("v", 20, "purchase"), ("v", 60, "view"),
    ("w", 0, "view"), ("w", 29, "view"), ("w", 60, "view"),
]  # fmt: skip


def measures(result):
    return result.table().set_index("measure")


def test_the_simulated_shop_has_the_published_number_of_sessions(simple_shop):
    result = jl.journey.sessions(simple_shop, gap="30m")
    assert result.trend["of"].sum() == 6454
    assert result.headline().startswith("6,454 sessions")


def test_every_measure_is_what_one_counts_by_hand():
    rows = measures(jl.journey.sessions(shop_with(LOG), gap="30m"))
    assert rows.loc["conversion rate", ["n", "of"]].tolist() == [1, 4]
    assert rows.loc["bounce rate", ["n", "of"]].tolist() == [2, 4]
    assert rows.loc["share of new visitors", ["n", "of"]].tolist() == [2, 4]
    assert rows.loc["session length", "value"] == pytest.approx((20 + 29) * 60 / 2)
    assert rows.loc["median session length", "value"] == pytest.approx((20 + 29) * 60 / 2)
    assert rows.loc["events a session", "value"] == pytest.approx(7 / 4)
    assert rows.loc["sessions a visitor", "value"] == 2
    assert rows["definition"].str.len().min() > 10


def test_a_silence_of_exactly_the_gap_does_not_end_a_session():
    log = [("v", 0, "a"), ("v", 30, "b"), ("v", 61, "c")]
    assert jl.journey.sessions(shop_with(log), gap="30m").trend["of"].sum() == 2


def test_a_longer_gap_never_makes_more_sessions(simple_shop):
    counts = [jl.journey.sessions(simple_shop, gap=gap).trend["of"].sum() for gap in ("5m", "30m", "4h", "30d")]
    assert counts == sorted(counts, reverse=True)


def test_exits_add_up_to_the_sessions():
    result = jl.journey.sessions(shop_with(LOG), gap="30m")
    assert result.exits["n"].sum() == 4
    assert result.exits.set_index("page").loc["view", ["n", "of"]].tolist() == [3, 4]


def test_sessions_as_the_data_gives_them_and_a_first_visit_before_the_window_is_not_new():
    shop = shop_of(
        {
            "events": """
            SELECT visitor_id, session_id, moment::TIMESTAMP AS occurred_at, moment::DATE AS day, event, page
            FROM (VALUES ('v', 's1', '2026-01-01 10:00', 'view', '/a'), ('v', 's1', '2026-01-01 18:00', 'view', '/b'),
                         ('v', 's2', '2026-02-01 10:00', 'view', '/a'), ('w', 's1', '2026-02-01 10:00', 'view', '/a'),
                         ('w', NULL, '2026-02-02 10:00', 'view', NULL))
                 t(visitor_id, session_id, moment, event, page)"""
        }
    )
    rows = measures(jl.journey.sessions(shop))
    assert rows.loc["bounce rate", "of"] == 4
    assert rows.loc["pages a session", "value"] == pytest.approx(4 / 4)
    late = measures(jl.journey.sessions(shop.between("2026-02-01", "2026-02-28")))
    assert late.loc["share of new visitors", ["n", "of"]].tolist() == [1, 3]
    assert measures(jl.journey.sessions(shop, gap="1h")).loc["bounce rate", "of"] == 5


def test_events_in_one_second_make_one_session_whatever_their_order():
    log = [("v", 0, "a"), ("v", 100, "a"), ("v", 100, "b"), ("v", 100, "c")]
    for rows in (log, log[::-1]):
        assert jl.journey.sessions(shop_with(rows), gap="30m").trend["of"].sum() == 2


def test_groups_add_up_and_every_view_draws():
    log = [(f"v{i}", i * 10, "view", "mobile" if i % 3 else "desktop") for i in range(60)]
    result = jl.journey.sessions(shop_with(log), by="device")
    assert result.table().query("measure == 'bounce rate'")["of"].sum() == 60
    for view in result.views:
        assert result.chart(view).to_dict()["$schema"]


def test_without_a_known_purchase_the_rate_is_left_out_and_said():
    result = jl.journey.sessions(shop_with([("v", 0, "a")]))
    assert "conversion rate" not in set(result.table()["measure"])
    assert any("name the conversion" in line for line in result.caveats)
    named = measures(jl.journey.sessions(shop_with([("v", 0, "a")]), conversion=["b"]))
    assert named.loc["conversion rate", ["n", "of"]].tolist() == [0, 1]
