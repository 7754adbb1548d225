"""Lists to take away with the shop's own ids and e-mails: off by default, only in that file, why where it cannot be."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest

import journeylab as jl
from journeylab.app import named_list
from journeylab.app.state import Source
from journeylab.customers import own_ids
from journeylab.customers.closed_loop_effect import has_list
from journeylab.data import lab_file
from tests.app.conftest import plain
from tests.data.readers.exports import write_csv

if TYPE_CHECKING:
    from pathlib import Path

    from streamlit.testing.v1 import AppTest

KEY = b"a secret of sixteen"
Open = "Callable[..., AppTest]"


class Place(NamedTuple):
    """A page that offers a list."""

    page: str
    query: dict[str, str]
    name: str
    columns: set[str]


@pytest.fixture(
    params=[
        Place(
            "customers/personas", {"part": "Personas", "see": "As an audience"}, "audience",
            {"own_id", "name", "holdout"},
        ),
        Place(
            "customers/feedback", {"look": "Win back", "contact": "0"}, "closed-loop",
            {"own_id", "unit_id", "variant", "holdout", "recoverable"},
        ),
    ],
    ids=["audience", "win-back list"],
)  # fmt: skip
def place(request: pytest.FixtureRequest) -> Place:
    return request.param


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
def answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [
        {"Response ID": f"r{customer}", "Customer email": f"c{customer}@example.com", "Answered at": "2026-06-20",
         "Kind": "nps", "Score": "2"}
        for customer in range(120)
    ]  # fmt: skip
    return write_csv(tmp_path_factory.mktemp("answers") / "answers.csv", rows)


@pytest.fixture(scope="module")
def shop(export: Path, answers: Path):
    return jl.read(export, answers, key=KEY)


def opened(open_app: Open, shop, place: Place, path: Path | None, *, tick: bool = False) -> AppTest:
    app = open_app(place.page, shop=shop, query=place.query)
    who = app.session_state["journeylab_visitor"]
    who.sources, who.key = [Source(path, path.name, ours=False)] if path else [], KEY
    app.run()
    if tick:
        app.checkbox(key=f"{place.name}_named").check().run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    return plain(" ".join(item.value for kind in ("markdown", "caption", "error", "info") for item in app.get(kind)))


def label(app: AppTest, place: Place) -> str:
    return next(button.label for button in app.get("download_button") if button.key == f"{place.name}_csv")


def test_it_is_off_until_it_is_ticked_and_then_says_what_the_file_is(open_app: Open, shop, export, place):
    app = opened(open_app, shop, place, export)
    assert not app.checkbox(key=f"{place.name}_named").value
    assert label(app, place) == "Download as CSV"
    assert named_list.PERSONAL not in said(app)
    app.checkbox(key=f"{place.name}_named").check().run()
    assert label(app, place) == "Download as CSV, with own ids and e-mails"
    assert "120 are named by e-mail" in said(app)
    assert named_list.PERSONAL in said(app)


def test_the_file_holds_the_e_mails_and_nothing_else_on_the_page_does(
    open_app: Open, shop, export, place, monkeypatch: pytest.MonkeyPatch
):
    made, named = [], named_list._named
    monkeypatch.setattr(named_list, "_named", lambda *given: made.append(named(*given)) or made[-1])
    app = opened(open_app, shop, place, export, tick=True)
    rows = list(csv.DictReader(io.StringIO(made[-1]().decode("utf-8-sig"))))
    assert {row["email"] for row in rows} == {f"c{i}@example.com" for i in range(120)}
    assert place.columns <= set(rows[0])
    assert "@example.com" not in "".join(map(str, app.main.children.values()))
    results = app.session_state["journeylab_visitor"].results
    assert not any("@example.com" in str(value) for value in results.values())


def test_a_shop_from_a_saved_file_without_its_key_says_why_not(open_app: Open, shop, place, tmp_path):
    path = lab_file.save(shop, tmp_path / "shop.zip")
    app = opened(open_app, lab_file.open(path), place, path)
    assert app.checkbox(key=f"{place.name}_named").disabled
    assert named_list.NO_KEY in said(app)


def test_a_saved_file_with_its_key_asks_for_the_export_and_reads_it_for_that_alone(
    open_app: Open, shop, export, place, tmp_path
):
    path = lab_file.save(shop, tmp_path / "shop.zip", key=KEY)
    app = opened(open_app, lab_file.open(path), place, path, tick=True)
    assert label(app, place) == "Download as CSV"
    uploader = next(item for item in app.get("file_uploader") if item.label == named_list.ASK_FILES)
    uploader.upload("orders.csv", export.read_bytes(), "text/csv").run()
    assert not app.exception
    assert "120 are named by e-mail" in said(app)
    assert label(app, place).endswith("own ids and e-mails")
    assert len(app.session_state["journeylab_visitor"].sources) == 1


def test_a_warehouse_and_the_demo_store_say_why_not(open_app: Open, shop, place):
    app = opened(open_app, shop, place, None)
    assert named_list.ELSEWHERE in said(app)
    app.session_state["journeylab_visitor"].demo = True
    app.run()
    assert named_list.INVENTED in said(app)


def test_the_win_back_list_with_e_mails_is_still_read_back_as_what_measures(shop, export, answers, tmp_path):
    made = jl.customers.closed_loop(shop, cost=0.0)
    target = io.StringIO(newline="")
    own_ids.write(made.exposures(), target, files=[export, answers], key=KEY, customer="unit_id")
    path = tmp_path / "closed-loop-with-emails.csv"
    path.write_text(target.getvalue(), encoding="utf-8-sig")
    again = jl.read(export, path, key=KEY)
    exposures = again.run(again.table("exposures"))
    assert set(zip(exposures["unit_id"], exposures["variant"], strict=True)) == set(
        zip(made.exposures()["unit_id"], made.exposures()["variant"], strict=True)
    )
    assert has_list(again)
    assert not exposures.map(lambda cell: "@" in str(cell)).any(axis=None)
