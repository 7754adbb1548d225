"""What the files can answer is read from the pages and from what their analyses declare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from journeylab.app.questions import NOT_YET, PARTLY, YES, Question, questions
from journeylab.data.examples import tiny_shop
from journeylab.result import needs_of
from tests.app.conftest import ROOT, plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from streamlit.testing.v1 import AppTest

    from journeylab.data.dataset import Dataset


def test_every_page_but_data_has_its_question_read_from_its_script() -> None:
    pages = {path for path in (ROOT / "pages").rglob("*.py") if path.name != "data.py"}
    assert {question.page for question in questions()} == pages
    assert all(question.title and question.question.endswith((".", "?")) for question in questions())


def test_a_page_knows_what_each_of_its_analyses_declares() -> None:
    import journeylab as jl

    found = {question.title: dict(question.analyses) for question in questions()}
    assert found["Overview"]["jl.overview"] == needs_of(jl.overview) == ("orders",)
    assert found["Touchpoints"]["jl.journey.funnel"] == needs_of(jl.journey.funnel)
    assert found["Timeline"]["jl.customers.identity"] == ("events",)


def test_a_page_is_answered_partly_when_one_of_its_analyses_lacks_something() -> None:
    shop = tiny_shop()

    def answer(needs: tuple[str, ...], *analyses: tuple[str, ...]) -> str:
        asked = tuple((str(place), of) for place, of in enumerate(analyses))
        return Question(ROOT, "t", "q.", needs, asked).answer(shop)

    assert answer(("orders",), ("orders",)) == YES
    assert answer(("orders",), ("orders",), ("surveys",)) == PARTLY
    assert answer(("surveys",), ("orders",)) == NOT_YET
    assert answer(("surveys or orders",), ("orders",), ("surveys",)) == PARTLY
    assert answer(("surveys or tickets",), ("orders",)) == NOT_YET


def test_the_data_page_says_what_can_and_cannot_be_answered_and_what_to_add(
    open_app: Callable[..., AppTest], shop: Dataset
) -> None:
    from dataclasses import replace

    orders_only = replace(shop, tables={"orders": shop.tables["orders"]}, fingerprint="orders only")
    app = open_app("start/data", shop=orders_only)
    assert not app.exception
    heads = [plain(item.value) for item in app.subheader]
    assert heads[:2] == ["With these files you can answer", "You cannot yet answer"]
    assert any("Touchpoints" in item.value for item in app.markdown)
    assert any("Add events." in plain(item.value) for item in app.caption)
    matrix = next(frame.value for frame in app.dataframe if "Answered" in frame.value)
    rows = matrix.set_index("Page")
    assert rows.loc["Touchpoints", ["Answered", "events"]].tolist() == [NOT_YET, "missing"]
    assert rows.loc["Overview", "orders"] == "there"
