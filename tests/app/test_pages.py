"""Every page: without data, with data, with errors, and with names that try to break out."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest

import journeylab as jl
from journeylab.errors import NotEnoughData
from journeylab.journey import steps as funnel_steps
from journeylab.result import needs_of
from tests.app.conftest import HOSTILE_EVENT, HOSTILE_FILE, plain
from tests.data.test_choices import odd_shop

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

    from journeylab.data.dataset import Dataset

ANALYSES = {
    "start/overview": jl.overview,
    "start/matching": jl.matching,
    "journey/touchpoints": jl.journey.funnel,
    "customers/personas": jl.customers.rfm,
}

Open = "Callable[..., AppTest]"


def headlines(app: AppTest) -> list[str]:
    return [plain(item.value) for item in app.subheader]


@pytest.mark.parametrize("page", ANALYSES)
def test_without_data_a_page_says_what_is_missing_why_and_what_to_do(open_app: Open, page: str) -> None:
    app = open_app(page)
    assert not app.exception
    assert headlines(app)[0].startswith("This page needs ")
    assert "Add files" in [button.label for button in app.button]
    assert "page_notebook" not in [button.key for button in app.get("download_button")]


@pytest.mark.parametrize("page", ANALYSES)
def test_a_page_asks_for_what_its_analysis_declares(open_app: Open, page: str) -> None:
    asked = headlines(open_app(page))[0]
    for need in needs_of(ANALYSES[page]):
        assert all(word.replace("_", " ") in asked for word in need.split("."))


@pytest.mark.parametrize("page", ANALYSES)
def test_with_data_a_page_shows_its_finding_chart_downloads_and_notebook(
    open_app: Open, page: str, shop: Dataset
) -> None:
    app = open_app(page, shop=shop)
    assert not app.exception
    assert not app.error
    steps = {"steps": funnel_steps.suggested(funnel_steps.names(shop))} if page == "journey/touchpoints" else {}
    assert ANALYSES[page](shop, **steps).headline() in headlines(app)
    assert len(app.get("vega_lite_chart")) >= 1
    labels = [button.label for button in app.get("download_button")]
    assert set(labels) >= {
        "Table as CSV",
        "Table as XLSX",
        "Chart as PNG",
        "Chart as SVG",
        "Download this page as a notebook",
    }


def test_the_chart_names_itself_for_those_who_cannot_see_it(open_app: Open, shop: Dataset) -> None:
    app = open_app("start/overview", shop=shop)
    assert app.get("vega_lite_chart")[0].proto.alt == jl.overview(shop).headline()


def test_table_and_python_are_one_click_away_and_the_python_is_what_was_run(open_app: Open, shop: Dataset) -> None:
    app = open_app("customers/personas", shop=shop)
    app.slider(key="bins").set_value(4).run()
    app.segmented_control(key="rfm_view").set_value("Python").run()
    assert app.code[0].value == jl.customers.rfm(shop, bins=4).call.python().strip()
    app.segmented_control(key="rfm_view").set_value("Table").run()
    assert app.dataframe[0].value["n"].sum() == 40


def test_a_link_reproduces_the_state_of_a_page(open_app: Open, shop: Dataset) -> None:
    query = {"steps": ["cart", "purchase"], "within": "7 days", "by": "device", "funnel_view": "Python"}
    app = open_app("journey/touchpoints", shop=shop, query=query)
    assert 'steps=["cart", "purchase"]'.replace('"', "'") in app.code[0].value
    assert "window='7d'" in app.code[0].value
    assert "by='device'" in app.code[0].value


def test_bad_values_in_a_link_fall_back_with_a_sentence(open_app: Open, shop: Dataset) -> None:
    query = {"steps": ["nonsense"], "within": "<b>", "by": "x", "period": "yesterday", "funnel_view": "q"}
    app = open_app("journey/touchpoints", shop=shop, query=query)
    assert not app.exception
    assert not app.error
    said = [plain(caption.value) for caption in app.caption]
    for value in ("nonsense", "<b>", "x", "yesterday", "q"):
        assert any(f"The link asks for “{value}”" in line for line in said), value
    assert len(app.get("vega_lite_chart")) == 1


def test_a_bad_number_in_a_link_falls_back_with_a_sentence(open_app: Open, shop: Dataset) -> None:
    app = open_app("customers/personas", shop=shop, query={"bins": "999"})
    assert app.slider(key="bins").value == 5
    assert any("a whole number from 2 to 10" in plain(caption.value) for caption in app.caption)


def test_days_outside_the_data_in_a_link_fall_back_with_a_sentence(open_app: Open, shop: Dataset) -> None:
    query = {"period": "Custom", "days": ["1999-01-01", "1999-02-01"]}
    app = open_app("start/overview", shop=shop, query=query)
    assert not app.exception
    assert any("two days from 2026-01-01" in plain(caption.value) for caption in app.caption)


def test_the_window_in_the_sidebar_cuts_every_page_and_is_in_the_python(open_app: Open, shop: Dataset) -> None:
    app = open_app("start/overview", shop=shop, query={"period": "30 days", "overview_view": "Python"})
    assert 'shop = shop.between("2026-06-20", "2026-07-19")' in app.code[0].value
    assert app.metric[1].value == "30"
    assert app.metric[1].delta


def test_a_shorter_window_offers_no_preset_longer_than_the_data(open_app: Open, shop: Dataset) -> None:
    app = open_app("start/overview", shop=shop)
    assert app.selectbox(key="period").options == ["All", "30 days", "90 days", "Custom"]


def test_hostile_names_are_shown_as_they_are(open_app: Open, shop: Dataset) -> None:
    app = open_app("journey/touchpoints", shop=shop, query={"steps": ["view", HOSTILE_EVENT]})
    assert any(HOSTILE_EVENT in line for line in headlines(app))
    for item in [*app.subheader, *app.markdown, *app.caption]:
        assert "<img" not in item.value.replace("\\<", "")
        assert ":tada:" not in item.value
    assert any(plain(item.value) == f"**{HOSTILE_FILE}**" for item in app.sidebar.markdown)


def test_an_error_of_the_user_stays_in_its_card_and_says_what_to_do(open_app: Open, shop: Dataset) -> None:
    app = open_app("journey/touchpoints", shop=shop)
    app.multiselect(key="steps").set_value(["view"]).run()
    assert not app.exception
    assert "two to" in app.error[0].proto.title
    assert "Choose two events" in app.error[0].value


def test_too_little_data_is_no_error_but_said(open_app: Open, shop: Dataset) -> None:
    error = NotEnoughData("Nobody *came*.", do="Wait.")
    with patch("journeylab.customers.rfm", side_effect=error):
        app = open_app("customers/personas", shop=shop)
    assert app.info[0].value == "Wait."
    assert plain(app.info[0].proto.title) == "Nobody *came*."


def test_a_bug_is_called_a_bug_without_a_word_of_the_data(
    open_app: Open, shop: Dataset, caplog: pytest.LogCaptureFixture, bugs: list[Exception]
) -> None:
    with patch("journeylab.customers.rfm", side_effect=RuntimeError("secret@example.com")):
        app = open_app("customers/personas", shop=shop)
    assert not app.exception
    assert "bug in journeylab" in app.error[0].proto.title
    assert "secret" not in app.error[0].value + app.error[0].proto.title
    assert "secret@example.com" in caplog.text
    assert bugs
    bugs.clear()


def test_the_ledger_is_shown_row_by_row_with_reasons_and_examples(open_app: Open, shop: Dataset) -> None:
    app = open_app("start/data", shop=shop)
    whole = next(frame.value for frame in app.dataframe if "Set aside" in frame.value)
    notes = next(frame.value for frame in app.dataframe if "What and why" in frame.value)
    assert whole.loc[0, ["Read", "Kept", "Set aside"]].tolist() == [203, 200, 3]
    assert notes.loc[0, "What and why"] == "carry no customer"
    assert notes.loc[0, "Examples"] == "row 4: =HYPERLINK(1)"


def test_a_choice_on_the_data_page_changes_every_page_and_can_be_undone(open_app: Open) -> None:
    shop = odd_shop()
    app = open_app("start/data", shop=shop)
    assert not app.exception
    assert any("How good is the data" in line for line in headlines(app))
    assert app.selectbox(key="choice_zero_orders").options == ["count them", "leave them out"]
    app.selectbox(key="choice_zero_orders").set_value("leave_out").run()
    assert not app.exception
    chosen = app.session_state["journeylab_visitor"].shop
    assert dict(chosen.choices) == {"zero_orders": "leave_out"}
    app.switch_page("../../pages/start/overview.py").run()
    app.segmented_control(key="overview_view").set_value("Python").run()
    assert "shop = shop.choose(zero_orders='leave_out')" in app.code[0].value
    app.switch_page("../../pages/start/data.py").run()
    assert app.selectbox(key="choice_zero_orders").value == "leave_out"
    app.selectbox(key="choice_zero_orders").set_value("count").run()
    assert app.session_state["journeylab_visitor"].shop.fingerprint == shop.fingerprint


def test_the_sidebar_counts_rows_as_a_person_would() -> None:
    from journeylab.app import sidebar

    said = [sidebar.counted(*pair) for pair in (("customers", 1), ("order_lines", 1200), ("stock", 1), ("spend", 3))]
    assert said == ["1 customer", "1,200 order lines", "1 row of stock", "3 rows of spend"]
