"""A shop that moved to another time zone is told from daylight saving, from the offsets beside its times."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import journeylab as jl
from journeylab.data import lab_file
from journeylab.data.readers.zones import MOVED, SEVERAL, Written, judged, minutes, most_of_each_day
from tests.data.readers.exports import events, ledger, shopify_line, write_csv


def days(zone, first, n, each=9):
    """So many days of a shop in a zone, with the offset at noon."""
    found = []
    for number in range(n):
        day = date.fromisoformat(first) + timedelta(days=number)
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(zone))
        found.append(Written(day, round(noon.utcoffset().total_seconds() / 60), each))
    return found


@pytest.mark.parametrize("own", ["Europe/Berlin", "UTC", "America/New_York"])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Los_Angeles", "Australia/Lord_Howe", "Asia/Kolkata"])
def test_three_years_of_daylight_saving_are_no_move_whatever_zone_was_chosen(zone, own):
    assert judged(days(zone, "2023-07-01", 1095), own) == ()


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        ("Europe/Berlin", "America/New_York", "until 26 Apr 2025 at UTC+02:00, from 27 Apr 2025 at UTC-04:00"),
        ("Europe/Berlin", "Europe/London", "until 26 Apr 2025 at UTC+02:00, from 27 Apr 2025 at UTC+01:00"),
        ("Asia/Kolkata", "Europe/Lisbon", "until 26 Apr 2025 at UTC+05:30, from 27 Apr 2025 at UTC+01:00"),
    ],
)
def test_a_move_is_found_on_its_day(before, after, where):
    ((reason, n),) = judged(days(before, "2024-07-01", 300) + days(after, "2025-04-27", 400), before)
    assert reason == f"{MOVED}: {where}"
    assert n == 400 * 9


@settings(max_examples=25, deadline=None)
@given(st.integers(10, 700), st.sampled_from(["Asia/Tokyo", "America/Chicago", "America/Sao_Paulo"]))
def test_a_move_far_away_is_found_on_any_day(at, after):
    moved = (date(2024, 7, 1) + timedelta(days=at)).isoformat()
    ((reason, _),) = judged(days("Europe/Berlin", "2024-07-01", at) + days(after, moved, 730 - at), "Europe/Berlin")
    first = date.fromisoformat(moved)
    assert f", from {first.day} {first:%b %Y} at " in reason


def test_a_trip_of_a_few_days_is_no_move_and_is_said_as_several_zones():
    home, away = days("Europe/Berlin", "2026-01-01", 40), days("Asia/Tokyo", "2026-02-10", 3)
    ((reason, n),) = judged(home + away + days("Europe/Berlin", "2026-02-13", 20), "Europe/Berlin")
    assert reason == f"{SEVERAL}: UTC+01:00 (540 times), UTC+09:00 (27 times)"
    assert n == 27


def test_two_orders_in_two_zones_prove_nothing():
    assert judged(days("Europe/Berlin", "2026-01-01", 1, 1) + days("Asia/Tokyo", "2026-01-02", 1, 1)) == ()


def test_a_till_in_another_zone_does_not_hide_what_most_of_a_day_has():
    rows = [(date(2026, 1, 1), 60, 7), (date(2026, 1, 1), 540, 2), (date(2026, 1, 2), 540, 1), (date(2026, 1, 2), 0, 1)]
    assert most_of_each_day(rows) == [Written(date(2026, 1, 1), 60, 7), Written(date(2026, 1, 2), 0, 1)]


@pytest.mark.parametrize(("mark", "ahead"), [("+0100", 60), ("-05:30", -330), ("+00", 0), ("+1245", 765)])
def test_offsets_are_read_in_any_writing(mark, ahead):
    assert minutes(mark) == ahead


def moved_shop(tmp_path):
    """Thirty days in Berlin, thirty in New York, an order a day at 20:00 by the clocks there."""
    lines = []
    for number in range(60):
        zone = ZoneInfo("Europe/Berlin" if number < 30 else "America/New_York")
        placed = datetime(2026, 1, 1, 20, tzinfo=zone) + timedelta(days=number)
        lines.append(shopify_line(Name=f"#{number}", Id=number, Created_at=f"{placed:%Y-%m-%d %H:%M:%S %z}"))
    return jl.read(write_csv(tmp_path / "orders.csv", lines), time_zone="Europe/Berlin")


def test_a_shop_that_moved_has_a_finding_of_its_own_and_its_days_stay_as_written(tmp_path):
    shop = moved_shop(tmp_path)
    (finding,) = [f for f in jl.quality(shop, as_of="2026-12-31").findings if MOVED in f.what]
    assert (finding.n, finding.of, finding.unit) == (30, 60, "order lines")
    assert finding.examples == ("until 30 Jan 2026 at UTC+01:00, from 31 Jan 2026 at UTC-05:00",)
    assert finding.sentence().startswith("Order lines of orders.csv: times written in another time zone")
    assert any("the day as written, before and after" in said for said in jl.quality(shop).caveats)
    orders = shop.run(shop.tables["orders"].order_by("ordered_at"))
    assert [str(day)[:10] for day in orders["day"]] == [str(date(2026, 1, 1) + timedelta(days=n)) for n in range(60)]
    assert orders["ordered_at"].iloc[-1].replace(tzinfo=UTC).hour == 1  # 20:00 in New York


def test_the_finding_outlives_a_lab_file(tmp_path):
    again = jl.open(lab_file.save(moved_shop(tmp_path), tmp_path / "shop.zip"))
    assert any(MOVED in finding.what for finding in jl.quality(again, as_of="2026-12-31").findings)


def test_a_shop_that_stayed_has_no_such_finding(tmp_path):
    times = [f"2026-{month:02d}-15T10:00:00{'+02:00' if 4 <= month <= 10 else '+01:00'}" for month in range(1, 11)] * 9
    shop = jl.read(events(tmp_path / "e.csv", times), time_zone="Europe/Berlin")
    assert not [note for note in ledger(shop, "events").notes if "time zone" in note.reason]
