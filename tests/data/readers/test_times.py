"""Times: formats, day-first and month-first, zones and clock changes."""

from __future__ import annotations

from datetime import date, datetime

import pytest

import journeylab as jl
from tests.data.readers.exports import events, ledger, note, rows


def read(tmp_path, *times, **options):
    return jl.read(events(tmp_path / "events.csv", list(times)), **options)


def placed(shop):
    return shop.engine.sql("SELECT occurred_at, day FROM events ORDER BY visitor_id")


@pytest.mark.parametrize(
    ("text", "utc", "day"),
    [
        ("2026-03-01", datetime(2026, 2, 28, 23, 0), date(2026, 3, 1)),
        ("2026-03-01 00:30", datetime(2026, 2, 28, 23, 30), date(2026, 3, 1)),
        ("2026-03-01T09:12:40.25", datetime(2026, 3, 1, 8, 12, 40, 250_000), date(2026, 3, 1)),
        ("2026-02-28T23:30:00Z", datetime(2026, 2, 28, 23, 30), date(2026, 3, 1)),
        ("2026-02-28 23:30:00 UTC", datetime(2026, 2, 28, 23, 30), date(2026, 3, 1)),
        ("2026-02-28 20:30:00 -0500", datetime(2026, 3, 1, 1, 30), date(2026, 2, 28)),
        ("2026-02-28T20:30:00-05:00", datetime(2026, 3, 1, 1, 30), date(2026, 2, 28)),
        ("1772321400", datetime(2026, 2, 28, 23, 30), date(2026, 3, 1)),
        ("1772321400000", datetime(2026, 2, 28, 23, 30), date(2026, 3, 1)),
        ("1772321400000000", datetime(2026, 2, 28, 23, 30), date(2026, 3, 1)),
        ("20260301", datetime(2026, 2, 28, 23, 0), date(2026, 3, 1)),
        ("1.3.2026 9:05", datetime(2026, 3, 1, 8, 5), date(2026, 3, 1)),
        ("31/3/2026 9:05 PM", datetime(2026, 3, 31, 19, 5), date(2026, 3, 31)),
        ("3/31/26 9:05", datetime(2026, 3, 31, 7, 5), date(2026, 3, 31)),
        ("1 Mar 2026", datetime(2026, 2, 28, 23, 0), date(2026, 3, 1)),
        ("March 1, 2026", datetime(2026, 2, 28, 23, 0), date(2026, 3, 1)),
    ],
)
def test_a_format_gives_the_instant_and_the_shops_day(tmp_path, text, utc, day):
    assert placed(read(tmp_path, text, time_zone="Europe/Berlin")) == [(utc, day)]


def test_three_formats_in_one_column_are_each_read(tmp_path):
    shop = read(tmp_path, "2026-03-01", "1.3.2026", "2026-03-01T00:00:00Z")
    assert placed(shop) == [(datetime(2026, 3, 1), date(2026, 3, 1))] * 3


@pytest.mark.parametrize(("proof", "day"), [("25/02/2026", date(2026, 2, 1)), ("02/25/2026", date(2026, 1, 2))])
def test_the_column_itself_tells_which_comes_first(tmp_path, proof, day):
    shop = read(tmp_path, "01/02/2026", proof, day_first=proof.startswith("02"))
    assert placed(shop)[0][1] == day
    assert note(shop, "events", "as the column itself proves").count == 2


def test_where_nothing_tells_the_assumption_is_said_and_can_be_set(tmp_path):
    shop = read(tmp_path, "01/02/2026")
    assert placed(shop)[0][1] == date(2026, 2, 1)
    assert "assumption" in note(shop, "events", "day first").reason
    assert placed(read(tmp_path, "01/02/2026", day_first=False))[0][1] == date(2026, 1, 2)


def test_where_both_orders_are_proven_the_ambiguous_are_set_aside(tmp_path):
    times = ("25/02/2026", "02/25/2026", "01/02/2026", "03/03/2026")
    shop = read(tmp_path, *times)
    assert [day for _, day in placed(shop)] == [date(2026, 2, 25), date(2026, 2, 25), date(2026, 3, 3)]
    assert ledger(shop, "events").set_aside == 1
    assert note(shop, "events", "day first or month first").set_aside
    settled = read(tmp_path, *times, day_first=False)
    assert date(2026, 1, 2) in [day for _, day in placed(settled)]
    assert ledger(settled, "events").set_aside == 0


def test_times_the_clock_skipped_or_showed_twice_are_read_and_said(tmp_path):
    shop = read(
        tmp_path, "2026-03-29 02:30:00", "2026-10-25 02:30:00", "2026-06-01 12:00:00", time_zone="Europe/Berlin"
    )
    assert [utc for utc, _ in placed(shop)] == [
        datetime(2026, 3, 29, 1, 30),
        datetime(2026, 10, 25, 1, 30),
        datetime(2026, 6, 1, 10, 0),
    ]
    assert note(shop, "events", "skipped").count == 1
    assert note(shop, "events", "twice").count == 1


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-02-30", "2026-13-01", "0001-01-01", "9999-12-31", "12:00", "-", "Z"]
)
def test_what_is_no_time_is_set_aside(tmp_path, text):
    shop = read(tmp_path, "2026-03-01", text)
    assert len(rows(shop, "events")) == 1
    assert ledger(shop, "events").set_aside == 1


def test_an_unknown_time_zone_names_its_neighbours(tmp_path):
    with pytest.raises(jl.BadParameter, match="Europe/Berlin"):
        read(tmp_path, "2026-03-01", time_zone="Europe/Berlim")
