"""Sessions against the published count, by hand, and their own rules."""

from __future__ import annotations

import math
import random

import numpy as np
import pandas as pd
import pytest

import journeylab as jl
from journeylab.data.examples import shop_of
from journeylab.journey import visit_figures
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


def visits_by_device(rng, share, n=600):
    """Visits of one event or two, by device: how often the second event, a purchase, comes."""
    log = []
    for i in range(n):
        device = "mobile" if i % 2 else "desktop"
        log.append((f"v{i}", 2 * i, "view", device))
        if rng.random() < share[device]:
            log.append((f"v{i}", 2 * i + 1, "purchase", device))
    return log


def test_a_planted_difference_of_two_groups_is_found_with_its_interval_and_said():
    log = visits_by_device(random.Random(1), {"mobile": 0.2, "desktop": 0.5})
    result = jl.journey.sessions(shop_with(log), by="device")
    rows = result.table().set_index(["group", "measure"])
    row = rows.loc["mobile", "conversion rate"]
    assert row["clear"]
    assert row["difference_lower"] < -0.3 < row["difference_upper"]
    said = f"{abs(100 * row['difference']):.1f} points above the other groups."
    assert result.headline().endswith(said)
    assert "the conversion rate of desktop is" in result.headline()
    assert rows.loc["mobile", "bounce rate"]["difference"] == pytest.approx(-row["difference"])
    assert math.isnan(rows.loc["mobile", "session length"]["q"])


def test_equal_groups_are_seldom_called_different():
    rng = np.random.default_rng(0)
    cells = [(group, measure) for group in ("mobile", "desktop", "tablet") for measure in visit_figures.SHARES]
    rows = pd.DataFrame(cells, columns=["group", "measure"]).assign(of=400, unit="share")
    alarms = [visit_figures.compared(rows.assign(n=rng.binomial(400, 0.3, 9)), 0.95)["clear"].any() for _ in range(60)]
    assert sum(alarms) <= 8  # of 60 at 5 % each, nine or more come less than three times in a thousand


def test_few_sessions_are_pale_and_unknown_ones_not_compared():
    log = visits_by_device(random.Random(2), {"mobile": 0.2, "desktop": 0.5})
    log += [(f"t{i}", i, "view", "tablet") for i in range(10)] + [(f"u{i}", i, "purchase") for i in range(200)]
    rows = jl.journey.sessions(shop_with(log), by="device").table()
    assert set(rows.loc[rows["small"] & (rows["unit"] == "share"), "group"]) == {"tablet"}
    assert set(rows.loc[rows["q"].notna(), "group"]) == {"mobile", "desktop"}
    mine = rows[(rows["group"] == "mobile") & (rows["measure"] == "conversion rate")].iloc[0]
    two = jl.journey.sessions(shop_with(log), by="device", groups=["mobile", "desktop"])
    again = two.table()[two.table()["measure"] == "conversion rate"].set_index("group").loc["mobile"]
    assert again["n"] == mine["n"]
    assert two.trend["of"].sum() == 600
    assert two.exits["n"].sum() == 600


def test_shares_are_written_as_per_cent_and_lengths_as_time():
    rows = measures(jl.journey.sessions(shop_with(LOG), gap="30m"))
    assert rows.loc["bounce rate", "written"].startswith("50.0 % (")
    assert rows.loc["median session length", "written"] == "24.5 min"
    assert rows.loc["sessions a visitor", "written"] == "2.00"


def test_groups_without_a_column_are_refused():
    with pytest.raises(jl.BadParameter, match="groups is a list"):
        jl.journey.sessions(shop_with(LOG), groups=["mobile"])


def test_exits_of_groups_add_up_to_those_of_all_and_both_are_drawn():
    log = visits_by_device(random.Random(3), {"mobile": 0.2, "desktop": 0.5})
    all_of, split = (jl.journey.sessions(shop_with(log), by=by).exits for by in (None, "device"))
    sums = split.groupby("page")[["n", "of"]].sum()
    assert sums.to_dict() == all_of.set_index("page")[["n", "of"]].to_dict()
    spec = str(jl.journey.sessions(shop_with(log), by="device").chart("exits").to_dict())
    assert "view (mobile)" in spec
    assert "view (desktop)" in spec
