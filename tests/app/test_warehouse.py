"""The form connects to a warehouse that is only read, says errors as panels, and never tells a password."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

from journeylab.app.warehouse import columns_from
from journeylab.errors import BadParameter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from streamlit.testing.v1 import AppTest


@pytest.fixture(autouse=True)
def local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("journeylab.app.warehouse.is_local", lambda: True)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as made:
        made.execute("""CREATE TABLE sold AS SELECT 'o' || i AS order_id, TIMESTAMP '2026-01-01' + INTERVAL 1 DAY * i
                        AS ordered_at, 'completed' AS status, 10.0 AS total FROM range(30) t(i)""")
    return path


def everything(app: AppTest) -> str:
    said = [item.value for kind in (app.markdown, app.caption, app.error, app.info, app.code) for item in kind]
    return "\n".join([*said, *(item.proto.title for item in app.error)])


def fill(app: AppTest, url: str, **fields: str) -> AppTest:
    app.text_input(key="warehouse_url").set_value(url)
    for name, value in fields.items():
        found = app.text_area if name == "columns" else app.text_input
        found(key=f"warehouse_{name}").set_value(value)
    next(button for button in app.button if button.label == "Connect").click()
    return app.run()


def test_a_connected_warehouse_is_a_shop_whose_tables_stay(open_app: Callable[..., AppTest], database: Path) -> None:
    before = database.read_bytes()
    app = fill(open_app("start/data"), f"duckdb://{database}", orders="sold", columns="orders.net = total")
    assert not app.exception
    assert not app.error
    shop = app.session_state["journeylab_visitor"].shop
    assert shop.engine.name == "duckdb"
    app.switch_page("../../pages/start/overview.py").run()
    assert app.metric[1].value == "30"
    shop.close()
    assert database.read_bytes() == before


def test_what_can_be_taken_away_of_a_warehouse_is_not_said_to_hold_pseudonyms_alone(
    open_app: Callable[..., AppTest], database: Path
) -> None:
    app = fill(open_app("start/data"), f"duckdb://{database}", orders="sold", columns="orders.net = total")
    app.switch_page("../../pages/start/overview.py").run()
    helps = {button.key: button.proto.help for button in app.get("download_button")}
    assert "the ids of the warehouse" in helps["save_shop_here"]
    assert "the ids of the warehouse" in helps["page_notebook"]


def test_a_named_connection_comes_from_the_secrets(
    open_app: Callable[..., AppTest], database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = {"shop": {"url": f"duckdb://{database}"}}
    monkeypatch.setattr("journeylab.app.warehouse.connections", lambda: named)
    app = fill(open_app("start/data"), "", orders="sold", columns="orders.net = total")
    assert app.session_state["journeylab_visitor"].shop is not None


def test_a_missing_table_is_a_panel_and_nothing_changes(open_app: Callable[..., AppTest], database: Path) -> None:
    app = fill(open_app("start/data"), f"duckdb://{database}", orders="nowhere")
    assert not app.exception
    assert "nowhere" in app.error[0].proto.title
    assert app.session_state["journeylab_visitor"].shop is None


@pytest.mark.parametrize("url", ["postgres://ann:hush-hush@127.0.0.1:1/shop", "nonsense://ann:hush-hush@host/x"])
def test_the_password_is_in_no_panel_and_in_no_log(
    open_app: Callable[..., AppTest], url: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = fill(open_app("start/data"), url, orders="sold")
    assert not app.exception
    assert app.error
    assert "hush-hush" not in everything(app)
    assert "hush-hush" not in caplog.text


def test_no_address_and_a_line_that_names_no_column_are_said(open_app: Callable[..., AppTest], database: Path) -> None:
    assert "no address" in fill(open_app("start/data"), "", orders="sold").error[0].proto.title
    app = fill(open_app("start/data"), f"duckdb://{database}", orders="sold", columns="net total")
    assert "names no column" in app.error[0].proto.title
    with pytest.raises(BadParameter):
        columns_from("orders.net =")


def test_an_app_for_others_offers_no_form(open_app: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("journeylab.app.warehouse.is_local", lambda: False)
    assert "Connect" not in [button.label for button in open_app("start/data").button]
