"""Keeping the shop: offered often, remembered only on the user's own machine and only if they say so."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from journeylab.app.state import Source, Visitor
from journeylab.data import lab_file, remembered
from journeylab.data.examples import tiny_shop
from journeylab.errors import SchemaError
from tests.data.test_choices import odd_shop

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from streamlit.testing.v1 import AppTest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JOURNEYLAB_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("journeylab.app.lab.is_local", lambda: True)


def keys(app: AppTest) -> list[str]:
    return [button.key for button in app.get("download_button")]


def test_saving_is_offered_in_the_sidebar_of_every_page_and_on_the_data_page(open_app: Callable[..., AppTest]) -> None:
    shop = odd_shop()
    assert "save_shop_here" in keys(open_app("start/overview", shop=shop))
    assert {"save_shop", "save_shop_here"} <= set(keys(open_app("start/data", shop=shop)))
    assert not keys(open_app("start/overview"))


def test_an_app_for_others_neither_offers_to_remember_nor_looks_into_the_folder(
    open_app: Callable[..., AppTest],
) -> None:
    remembered.keep(tiny_shop())
    app = open_app("start/data")
    assert app.session_state["journeylab_visitor"].shop is None
    assert "remember" not in [toggle.key for toggle in open_app("start/data", shop=odd_shop()).toggle]


@pytest.mark.usefixtures("local")
def test_nothing_is_kept_until_the_user_says_so_and_forgetting_takes_it_away(
    open_app: Callable[..., AppTest], home: Path
) -> None:
    app = open_app("start/data", shop=odd_shop())
    assert not app.toggle(key="remember").value
    assert not home.exists()
    app.toggle(key="remember").set_value(True).run()
    assert not app.exception
    assert remembered.found() is not None
    app.selectbox(key="choice_guests").set_value("leave_out").run()
    assert dict(lab_file.open(remembered.found()).choices) == {"guests": "leave_out"}
    app.button(key="forget").click().run()
    assert not app.exception
    assert not home.exists()


@pytest.mark.usefixtures("local")
def test_the_next_visit_opens_what_the_last_one_kept(open_app: Callable[..., AppTest]) -> None:
    remembered.keep(odd_shop().choose(guests="leave_out").with_edit("map", [1]), key=b"k" * 16)
    app = open_app("start/overview")
    visitor = app.session_state["journeylab_visitor"]
    assert dict(visitor.shop.choices) == {"guests": "leave_out"}
    assert visitor.shop.edits["map"] == [1]
    assert visitor.key == b"k" * 16
    assert len(app.get("vega_lite_chart")) >= 1


@pytest.mark.usefixtures("local")
def test_a_damaged_remembered_file_gives_a_sentence_and_an_empty_visit(open_app: Callable[..., AppTest]) -> None:
    remembered.keep(tiny_shop()).write_bytes(b"PK nonsense")
    app = open_app("start/overview")
    assert not app.exception
    assert "damaged" in app.error[0].proto.title


@pytest.mark.usefixtures("local")
def test_the_toggle_switched_off_deletes_what_is_kept(open_app: Callable[..., AppTest], home: Path) -> None:
    remembered.keep(odd_shop())
    app = open_app("start/data")
    assert app.toggle(key="remember").value
    app.toggle(key="remember").set_value(False).run()
    assert not home.exists()


@pytest.mark.parametrize("name", ["shop.zip", "SHOP.ZIP"])
def test_a_saved_shop_is_not_read_together_with_other_files(tmp_path: Path, name: str) -> None:
    saved = lab_file.save(tiny_shop(), tmp_path / name)
    visitor = Visitor(session="a")
    visitor.read([Source(saved, name, ours=False)])
    before = visitor.shop
    late = visitor.spool("orders.csv", io.BytesIO(b"a,b\n1,2\n"))
    with pytest.raises(SchemaError, match="would count twice"):
        visitor.read([late])
    assert visitor.shop is before
    assert not late.path.exists()
    visitor.forget()


def test_forgetting_everything_takes_a_new_key() -> None:
    visitor = Visitor(session="a")
    before = visitor.key
    visitor.forget()
    assert visitor.key != before
