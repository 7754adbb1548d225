"""A row a unit: the day of a test is the shop's own, and tests are found among a million of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

import journeylab as jl
from journeylab.data.examples import shop_of
from journeylab.growth import measures

LATE = """SELECT 'fee' AS experiment, 'visitor' AS unit, 'v' || i AS unit_id, ['A', 'B'][1 + i % 2] AS variant,
    TIMESTAMP '2026-03-01 23:30' + to_days((i % 3)::INT) AS exposed_at FROM range(60) t(i)"""
DONE = "SELECT 'fee' AS experiment, 'v' || i AS unit_id, (i % 5 = 0)::INT AS converted FROM range(60) t(i)"


@pytest.mark.parametrize(("zone", "first"), [("UTC", 1), ("Europe/Berlin", 2), ("America/New_York", 1)])
def test_a_unit_belongs_to_the_day_of_the_shop_not_of_utc(zone, first):
    shop = replace(shop_of({"exposures": LATE, "outcomes": DONE}), time_zone=zone)
    source = measures.find(shop, "fee", None)
    assert measures.days(shop, source) == (date(2026, 3, first), date(2026, 3, first + 2))
    days = jl.growth.experiment(shop, name="fee").days
    assert days["day"].min().date() == date(2026, 3, first)
    later = jl.growth.experiment(shop, name="fee", start=f"2026-03-0{first + 1}").table()
    assert later["n"].iloc[0] + later["n_control"].iloc[0] == 40


@pytest.mark.slow
def test_a_million_names_of_tests_do_not_hide_the_one_with_units():
    exposures = (
        """SELECT 'test ' || i AS experiment, 'visitor' AS unit, 'v' || i AS unit_id, 'A' AS variant,
        TIMESTAMP '2026-03-01' AS exposed_at FROM range(1000000) t(i) UNION ALL """
        + LATE
    )
    shop = shop_of({"exposures": exposures, "outcomes": DONE})
    names = measures.names(shop)
    assert (len(names), names[0]) == (200, "fee"), "the largest come first, and no more than can be looked through"
    result = jl.growth.experiment(shop)
    assert result.name == "fee"
    assert result.table()["n"].tolist() == [30]
    with pytest.raises(jl.NotEnoughData, match="'test 1000001'"):
        jl.growth.experiment(shop, name="test 1000001")
