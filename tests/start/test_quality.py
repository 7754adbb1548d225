"""The quality report counts each oddity as counted by hand, and never hides what was chosen about it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import journeylab as jl
from journeylab.data.examples import shop_of, tiny_shop
from journeylab.start.oddities import repeated_hours
from tests.data.test_choices import odd_shop

if TYPE_CHECKING:
    from pathlib import Path

    from journeylab.data.dataset import Dataset


def counts(shop: Dataset, as_of: str = "2026-06-01") -> dict[str, tuple[int, int]]:
    return {f.what: (f.n, f.of) for f in jl.quality(shop, as_of=as_of).findings}


def test_each_oddity_is_counted_as_by_hand() -> None:
    found = counts(odd_shop())
    del found["days without orders, in gaps longer than chance"]
    assert found == {
        "orders after 1 Jun 2026": (1, 7),
        "orders in another currency than most": (1, 7),
        "free orders": (1, 7),
        "orders below zero": (1, 7),
        "orders with a refund": (1, 7),
        "orders of guests": (1, 7),
        "order lines that repeat another in every column": (3, 9),
        "order lines below zero": (1, 9),
        "SKUs in several spellings": (1, 2),
    }


def test_a_choice_does_not_hide_the_finding_and_is_shown_beside_it() -> None:
    shop = odd_shop()
    before, after = (
        {f.what: f for f in jl.quality(of, as_of="2026-06-01").findings}
        for of in (shop, shop.choose(zero_orders="leave_out"))
    )
    assert before["free orders"].n == after["free orders"].n == 1
    assert (before["free orders"].chosen, after["free orders"].chosen) == ("count", "leave_out")


def test_every_option_of_every_finding_can_be_chosen() -> None:
    shop = odd_shop()
    for finding in jl.quality(shop, as_of="2026-06-01").findings:
        for value, words in finding.options:
            assert words
            shop.choose(**{finding.choice: value})


def test_uncounted_orders_are_not_odd_again() -> None:
    shop = shop_of({
        "orders": """SELECT 'C1' AS order_id, TIMESTAMP '2026-01-01' AS ordered_at, DATE '2026-01-01' AS day,
                            'cancelled' AS status, (-5)::DECIMAL(18,4) AS net"""
    })  # fmt: skip
    assert counts(shop) == {}
    assert jl.quality(shop, as_of="2026-06-01").headline().startswith("Nothing odd was found")


def test_a_gap_longer_than_chance_is_found_and_a_closed_weekday_is_not_one() -> None:
    shop = shop_of({
        "orders": """SELECT i || '-' || k AS order_id, d::TIMESTAMP AS ordered_at, d::DATE AS day,
                            'completed' AS status, 1::DECIMAL(18,4) AS net
                     FROM (SELECT i, DATE '2026-01-01' + i::INTEGER AS d FROM range(100) t(i)), range(5) r(k)
                     WHERE dayofweek(d) <> 0 AND d NOT BETWEEN DATE '2026-02-02' AND DATE '2026-02-06'"""
    })  # fmt: skip
    (gap,) = jl.quality(shop, as_of="2026-06-01").findings
    assert gap.n == 5
    assert gap.examples == ("2 Feb 2026 to 6 Feb 2026 (5 days)",)


def test_a_file_in_another_time_zone_is_found_by_the_orders_both_files_know() -> None:
    shop = shop_of({
        "orders": """SELECT i::VARCHAR AS order_id, TIMESTAMP '2026-01-01' + INTERVAL 5 HOUR * i AS ordered_at,
                            (TIMESTAMP '2026-01-01' + INTERVAL 5 HOUR * i)::DATE AS day, 'completed' AS status,
                            1::DECIMAL(18,4) AS net FROM range(50) t(i)""",
        "events": """SELECT 'v' AS visitor_id, TIMESTAMP '2026-01-01' + INTERVAL 5 HOUR * i + INTERVAL 2 HOUR
                            + INTERVAL 20 SECOND * i AS occurred_at,
                            (TIMESTAMP '2026-01-01' + INTERVAL 5 HOUR * i)::DATE AS day, 'purchase' AS event,
                            i::VARCHAR AS order_id FROM range(40) t(i)""",
    })  # fmt: skip
    found = {f.what: f for f in jl.quality(shop, as_of="2026-06-01").findings}
    clocks = found["orders whose event lies half an hour or more away, as in another time zone"]
    assert (clocks.n, clocks.of, clocks.examples) == (40, 40, ("+2 h: 40 orders",))


def test_orders_in_the_hour_the_clocks_showed_twice_are_counted() -> None:
    from dataclasses import replace

    shop = shop_of({
        "orders": """SELECT i::VARCHAR AS order_id, TIMESTAMP '2026-10-24 22:30' + INTERVAL 1 HOUR * i AS ordered_at,
                            DATE '2026-10-25' AS day, 'completed' AS status, 1::DECIMAL(18,4) AS net
                     FROM range(6) t(i)"""
    })  # fmt: skip
    berlin = replace(shop, time_zone="Europe/Berlin")
    assert counts(berlin, "2026-12-01") == {"orders in an hour that the clocks showed twice": (2, 6)}


def test_zones_without_summer_time_show_no_hour_twice() -> None:
    assert repeated_hours("Asia/Kolkata", date(2020, 1, 1), date(2022, 1, 1)) == []
    assert len(repeated_hours("America/New_York", date(2020, 1, 1), date(2022, 1, 1))) == 2


def test_the_published_oddities_of_online_retail_are_found(shared: Path) -> None:
    shop = jl.read(shared / "data" / "retail" / "online_retail.parquet", currency="GBP")
    found = counts(shop)
    # 5,268 duplicates are published over all columns; without the time of the line, which lines do not keep, one more.
    assert found["order lines that repeat another in every column"] == (5269, 541_909)
    # 4,070 stock codes; case alone tells 112 of them apart.
    assert found["SKUs in several spellings"] == (112, 3958)
    chosen = shop.choose(skus="join")
    assert chosen.run(chosen.tables["order_lines"].agg(n=chosen.tables["order_lines"].sku.nunique())).iloc[0, 0] == 3958


def test_shuffled_rows_change_nothing() -> None:
    shop = tiny_shop()
    first = jl.quality(shop, as_of="2026-02-10").table()
    shuffled = {name: table.order_by(table[table.columns[-1]]) for name, table in shop.tables.items()}
    from dataclasses import replace

    assert jl.quality(replace(shop, tables=shuffled), as_of="2026-02-10").table().equals(first)
