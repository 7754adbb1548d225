"""The mapping step on the Data page, and the demo store in one click."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING
from unittest.mock import patch

import journeylab as jl
from journeylab.app.state import Visitor
from journeylab.data.mapping import ColumnMap
from tests.app.conftest import plain

if TYPE_CHECKING:
    from pathlib import Path

STRIPE = (
    b"id,Created date (UTC),Amount,Currency,Customer Email,Status,<img src=x onerror=alert(1)> :tada: *x*\n"
    b"ch_1,2026-03-01 10:12,58.90,eur,ada@example.com,Paid,=1+1\n"
    b"ch_2,2026-03-02 11:30,oops,eur,bo@example.com,Paid,\n"
    b"ch_3,2026-03-03 09:00,24.00,eur,cy@example.com,Failed,\n"
)


def waiting(data: bytes = STRIPE, name: str = "stripe.csv") -> Visitor:
    """A visitor who has added a file that nobody knows."""
    visitor = Visitor(session="test")
    source = visitor.spool(name, io.BytesIO(data))
    try:
        visitor.read([source], time_zone="Europe/Berlin")
    except jl.UnknownSource:
        return visitor
    raise AssertionError


def opened(open_app, visitor: Visitor):
    app = open_app("start/data")
    app.session_state["journeylab_visitor"] = visitor
    return app.run()


def column(app, number: int):
    return next(box for box in app.selectbox if f"column {number} " in (box.key or ""))


def test_a_file_nobody_knows_is_shown_with_a_guess_and_read_as_chosen(open_app) -> None:
    visitor = waiting()
    app = opened(open_app, visitor)
    assert not app.exception
    assert [column(app, n).value for n in range(6)] == [
        "order_id", "ordered_at", "net", "currency", "customer_id", "status",
    ]  # fmt: skip
    app.button(key="map_go").click().run()
    assert not app.exception
    assert visitor.shop is not None
    assert visitor.waiting == visitor.unknown == []
    assert len(visitor.maps) == 1
    book = next(book for book in visitor.shop.ledgers if book.table == "orders")
    assert (book.read, book.kept) == (3, 1)
    assert any(note.examples == ("row 3: oops",) for note in book.notes)


def test_what_is_wrong_stands_beside_the_cell(open_app) -> None:
    app = opened(open_app, waiting())
    frame = app.dataframe[0].value
    places = list(frame.columns)
    assert places[places.index("Amount") + 1] == "Amount: what is wrong"
    assert list(frame["Amount: what is wrong"]) == ["", "⚠ not a number", ""]


def test_hostile_headers_and_cells_are_only_data(open_app) -> None:
    app = opened(open_app, waiting())
    label = column(app, 6).label
    assert plain(label) == "<img src=x onerror=alert(1)> :tada: *x*"
    assert label != plain(label)


def test_without_a_column_that_is_needed_it_cannot_be_read(open_app) -> None:
    app = opened(open_app, waiting())
    column(app, 2).select("").run()
    assert app.button(key="map_go").disabled
    assert "Still needed: net" in app.warning[0].value


def test_one_column_chosen_twice_is_said(open_app) -> None:
    app = opened(open_app, waiting())
    column(app, 0).select("net").run()
    assert not app.exception
    assert "gives net to two columns" in app.error[0].proto.title


def test_a_mapping_that_reads_no_row_is_said_and_the_choices_stand(open_app) -> None:
    visitor = waiting()
    app = opened(open_app, visitor)
    column(app, 1).select("").run()
    column(app, 5).select("ordered_at").run()
    app.button(key="map_go").click().run()
    assert not app.exception
    assert "No row of stripe.csv" in app.error[0].proto.title
    assert visitor.maps == []
    assert len(visitor.unknown) == 1


def test_a_file_can_be_left_out(open_app) -> None:
    visitor = waiting()
    app = opened(open_app, visitor)
    app.button(key="map_out").click().run()
    assert not app.exception
    assert visitor.waiting == visitor.unknown == []
    assert not list(visitor.folder().iterdir())


def test_a_mapping_is_used_again_for_the_same_header_in_the_session() -> None:
    visitor = waiting()
    visitor.maps.append(ColumnMap("orders", {"id": "order_id", "Created date (UTC)": "ordered_at", "Amount": "net"}))
    visitor.read(visitor.waiting)
    visitor.read([visitor.spool("again.csv", io.BytesIO(STRIPE.replace(b"ch_", b"xy_")))])
    assert visitor.shop is not None
    assert [len(visitor.shop.ledgers), visitor.waiting] == [2, []]
    assert "mapping=" in visitor.shop.calls[0]
    visitor.forget()


def test_the_demo_store_opens_in_one_click_from_any_page_without_data(open_app, shop) -> None:
    for page, key in (("start/data", "demo_on_data"), ("start/overview", "demo_here")):
        with patch("journeylab.demo", return_value=shop, create=True) as opening:
            app = open_app(page)
            app.button(key=key).click().run()
        assert not app.exception
        assert opening.call_count == 1
        assert app.session_state["journeylab_visitor"].demo
        assert any("Demo store" in item.value for item in app.sidebar.markdown)


def test_own_files_take_the_place_of_the_demo_store(tmp_path: Path, shop) -> None:
    visitor = Visitor(session="test")
    with patch("journeylab.demo", return_value=shop, create=True):
        visitor.open_demo()
    with patch.object(type(shop), "close"):
        visitor.read([visitor.spool("e.csv", io.BytesIO(b"visitor_id,event,timestamp\na,view,2026-03-01\n"))])
    assert not visitor.demo
    assert visitor.shop is not None
    assert set(visitor.shop.tables) == {"events"}
    visitor.forget()


def test_a_file_of_which_nothing_can_be_guessed_is_asked_about_all_the_same(open_app) -> None:
    app = opened(open_app, waiting(b"colour,taste\nred,sweet\n", "sweets.csv"))
    assert not app.exception
    assert "Leave this file out" in [button.label for button in app.button]
