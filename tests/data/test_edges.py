"""Shops that nobody thinks of: one row, guests only, a leap day, the nights the clocks change, a thousand files."""

from __future__ import annotations

import io
import math
from datetime import date, datetime
from typing import TYPE_CHECKING

import pytest

import journeylab as jl
from journeylab.app.state import Visitor
from tests.data.readers.exports import column, ledger, note, shopify_line, write_csv

if TYPE_CHECKING:
    from pathlib import Path

BERLIN = {"time_zone": "Europe/Berlin"}
ONE_ROW = {
    "orders": "order_id,ordered_at,status,net,customer_id\n1,2026-03-01 10:00,completed,20,c\n",
    "events": "visitor_id,event,timestamp\nv,view,2026-03-01 10:00\n",
    "surveys": "response_id,answered_at,kind,score\n1,2026-03-01 10:00,nps,9\n",
    "stock": "sku,as_of,on_hand\nMUG,2026-03-01,5\n",
    "spend": "day,marketing_channel,cost\n2026-03-01,search,10\n",
    "tickets": "ticket_id,opened_at,topic\n1,2026-03-01 10:00,delivery\n",
    "products": "sku,product,price\nMUG,Mug,9\n",
    "exposures": "experiment,unit,unit_id,variant,exposed_at\nt,visitor,v,A,2026-03-01 10:00\n",
    "contacts": "customer_id,sent_at,campaign\nc,2026-03-01 10:00,spring\n",
    "promotions": "name,starts,ends,discount\nspring,2026-03-01,2026-03-09,0.2\n",
}


@pytest.mark.parametrize("table", ONE_ROW)
def test_a_file_of_one_row_is_a_shop_of_one_row(table: str, tmp_path: Path) -> None:
    path = tmp_path / f"{table}.csv"
    path.write_text(ONE_ROW[table])
    shop = jl.read(path)
    assert (ledger(shop, table).read, ledger(shop, table).kept) == (1, 1)
    assert jl.quality(shop, as_of="2026-12-31").headline()


def test_a_shop_of_one_order_has_an_overview_and_sentences_for_what_needs_more(tmp_path: Path) -> None:
    shop = jl.read(write_csv(tmp_path / "o.csv", [shopify_line()]), **BERLIN)
    found = jl.overview(shop)
    assert found["orders"].value == 1
    assert math.isnan(found["order_value"].lower)
    assert jl.matching(shop).orders == 1
    for analysis in (jl.customers.cohorts, jl.customers.rfm, jl.customers.personas, jl.customers.lifetime_value):
        try:
            assert analysis(shop).headline()
        except jl.JourneylabError as error:
            assert str(error)  # noqa: PT017 - either a figure or a sentence, never anything else


def test_a_shop_of_guests_only_has_money_and_no_customers(tmp_path: Path) -> None:
    lines = [shopify_line(Email="", Name=f"#{n}", Id=n) for n in range(5)]
    shop = jl.read(write_csv(tmp_path / "o.csv", lines), **BERLIN)
    found = jl.overview(shop)
    assert (found["orders"].value, found["new_customers"].value) == (5, 0)
    assert math.isnan(found["repeat_rate"].value)
    assert "5 of 5 orders (100.0 %) carry no customer" in " ".join(found.caveats)
    (guests,) = [f for f in jl.quality(shop, as_of="2026-12-31").findings if f.choice == "guests"]
    assert (guests.n, guests.of) == (5, 5)
    with pytest.raises(jl.JourneylabError):
        jl.customers.rfm(shop)


def test_a_leap_day_is_a_day_of_its_own_in_every_grain(tmp_path: Path) -> None:
    days = ("2024-02-28", "2024-02-29", "2024-03-01")
    lines = [
        shopify_line(Name=f"#{n}", Id=n, Created_at=f"{day} 12:00:00 +0100") for n, day in enumerate(days, start=1)
    ]
    shop = jl.read(write_csv(tmp_path / "o.csv", lines), **BERLIN)
    assert column(shop, "orders", "day") == [date.fromisoformat(day) for day in days]
    daily = jl.overview(shop, grain="day").series
    assert daily["orders"].tolist() == [1, 1, 1]
    leap = jl.overview(shop.between("2024-02-29", "2024-02-29"))
    assert leap["orders"].value == leap["orders"].previous == 1
    assert jl.overview(shop, grain="month").series["orders"].tolist() == [2, 1]


def test_half_past_two_on_the_nights_the_clocks_change_is_read_by_its_offset_or_said(tmp_path: Path) -> None:
    times = ("2026-10-25 02:30:00 +0200", "2026-10-25 02:30:00 +0100", "2026-03-29 01:30:00 +0100")
    lines = [shopify_line(Name=f"#{n}", Id=n, Created_at=time) for n, time in enumerate(times)]
    shop = jl.read(write_csv(tmp_path / "o.csv", lines), **BERLIN)
    assert sorted(column(shop, "orders", "ordered_at")) == [
        datetime(2026, 3, 29, 0, 30),
        datetime(2026, 10, 25, 0, 30),
        datetime(2026, 10, 25, 1, 30),
    ]
    assert {str(day) for day in column(shop, "orders", "day")} == {"2026-03-29", "2026-10-25"}
    (twice,) = [f for f in jl.quality(shop, as_of="2026-12-31").findings if "showed twice" in f.what]
    assert twice.n == 2
    path = tmp_path / "e.csv"
    path.write_text("visitor_id,event,timestamp\na,view,2026-03-29 02:30\nb,view,2026-10-25 02:30\n")
    without = jl.read(path, **BERLIN)
    read = sorted(column(without, "events", "occurred_at"))
    assert read == [datetime(2026, 3, 29, 1, 30), datetime(2026, 10, 25, 1, 30)]
    assert note(without, "events", "clock skipped").count == note(without, "events", "showed twice").count == 1


def test_a_thousand_files_of_one_upload_are_one_shop() -> None:
    who = Visitor(session="many")
    texts = [f"visitor_id,event,timestamp\nv{number},view,2026-03-01 10:00\n".encode() for number in range(1000)]
    told: list[float] = []
    try:
        files = [who.spool(f"events {number}.csv", io.BytesIO(text)) for number, text in enumerate(texts)]
        who.read(files, time_zone="UTC", progress=lambda share, _words: told.append(share))
        events = who.shop.tables["events"]
        assert who.shop.run(events.agg(n=events.count())).iloc[0, 0] == 1000
        assert len(who.shop.ledgers) == 1000
        assert told == sorted(told)
    finally:
        who.forget()
