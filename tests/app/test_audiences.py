"""An audience with the shop's own ids and e-mails: off by default, only in that file, and why where it cannot be."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np
import pytest

import journeylab as jl
from journeylab.app import audiences
from journeylab.app.state import Source
from journeylab.data import lab_file
from tests.app.conftest import plain
from tests.data.readers.exports import write_csv

if TYPE_CHECKING:
    from pathlib import Path

    from streamlit.testing.v1 import AppTest

PAGE, KEY = "customers/personas", b"a secret of sixteen"
Open = "Callable[..., AppTest]"


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(5)
    rows = []
    for customer in range(120):
        few = customer % 2
        for _ in range(2 if few else 9):
            rows.append(
                {"Order ID": f"o{len(rows)}", "Customer email": f"c{customer}@example.com",
                 "Order date": f"2026-0{rng.integers(1, 7)}-{rng.integers(1, 28):02d}",
                 "Total": f"{(400 if few else 15) * rng.lognormal(0, 0.2):.2f}"}
            )  # fmt: skip
    return write_csv(tmp_path_factory.mktemp("export") / "orders.csv", rows)


@pytest.fixture(scope="module")
def shop(export: Path):
    return jl.read(export, key=KEY)


def opened(open_app: Open, shop, path: Path | None, *, tick: bool = False) -> AppTest:
    app = open_app(PAGE, shop=shop, query={"part": "Personas"})
    who = app.session_state["journeylab_visitor"]
    who.sources, who.key = [Source(path, path.name, ours=False)] if path else [], KEY
    app.run()
    if tick:
        app.checkbox(key="audience_named").check().run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    return plain(" ".join(item.value for kind in ("markdown", "caption", "error", "info") for item in app.get(kind)))


def label(app: AppTest) -> str:
    return next(button.label for button in app.get("download_button") if button.key == "audience_csv")


def test_it_is_off_until_it_is_ticked_and_then_says_what_the_file_is(open_app: Open, shop, export):
    app = opened(open_app, shop, export)
    assert not app.checkbox(key="audience_named").value
    assert label(app) == "Download as CSV"
    assert audiences.PERSONAL not in said(app)
    app.checkbox(key="audience_named").check().run()
    assert label(app) == "Download as CSV, with own ids and e-mails"
    assert "120 are named by e-mail" in said(app)
    assert audiences.PERSONAL in said(app)


def test_the_file_holds_the_e_mails_and_nothing_else_on_the_page_does(
    open_app: Open, shop, export, monkeypatch: pytest.MonkeyPatch
):
    made, named = [], audiences._named
    monkeypatch.setattr(audiences, "_named", lambda *given: made.append(named(*given)) or made[-1])
    app = opened(open_app, shop, export, tick=True)
    rows = list(csv.DictReader(io.StringIO(made[-1]().decode("utf-8-sig"))))
    assert {row["email"] for row in rows} == {f"c{i}@example.com" for i in range(120)}
    assert {"own_id", "name", "holdout"} <= set(rows[0])
    assert "@example.com" not in "".join(map(str, app.main.children.values()))
    results = app.session_state["journeylab_visitor"].results
    assert not any("@example.com" in str(value) for value in results.values())


def test_a_shop_from_a_saved_file_without_its_key_says_why_not(open_app: Open, shop, tmp_path):
    path = lab_file.save(shop, tmp_path / "shop.zip")
    app = opened(open_app, lab_file.open(path), path)
    assert app.checkbox(key="audience_named").disabled
    assert audiences.NO_KEY in said(app)


def test_a_saved_file_with_its_key_asks_for_the_export_and_reads_it_for_that_alone(
    open_app: Open, shop, export, tmp_path
):
    path = lab_file.save(shop, tmp_path / "shop.zip", key=KEY)
    app = opened(open_app, lab_file.open(path), path, tick=True)
    assert label(app) == "Download as CSV"
    uploader = next(item for item in app.get("file_uploader") if item.label == audiences.ASK_FILES)
    uploader.upload("orders.csv", export.read_bytes(), "text/csv").run()
    assert not app.exception
    assert "120 are named by e-mail" in said(app)
    assert label(app).endswith("own ids and e-mails")
    assert len(app.session_state["journeylab_visitor"].sources) == 1


def test_a_warehouse_and_the_demo_store_say_why_not(open_app: Open, shop):
    app = opened(open_app, shop, None)
    assert audiences.ELSEWHERE in said(app)
    app.session_state["journeylab_visitor"].demo = True
    app.run()
    assert audiences.INVENTED in said(app)
