"""The What to order page: every part on a small shop, what is typed stays, and what is missing is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.app.conftest import plain
from tests.operations.stocked import count, stocked

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

PAGE = "operations/replenishment"
Open = "Callable[..., AppTest]"
HOSTILE = "=1+1 *bold* <b>"


@pytest.fixture(scope="module")
def shelf():
    return stocked(
        {"mug": 4, "bowl": 1},
        stock=[count("mug", 20), count("bowl", 300)],
        products=[("mug", HOSTILE, 4, 10, 2, 12, 6), ("bowl", "Kiln", 5, 10, 2, 1, 1)],
    )


@pytest.fixture(scope="module")
def odd():
    """A mug in two spellings whose stock is owed, a cup that is not stocked, what sold twice, what only came back."""
    return stocked(
        {"mug": 4, "cup": 2, "MUG ": 1},
        stock=[count("mug", -8), count("MUG ", 3), ("cup", "2026-05-24", None, None, None, None)],
        products=[("mug", "Kiln", 3, 0, None, None, 0)],
        lines="""UNION ALL SELECT 'o3', 'rare', 'Rare', 1, 50 UNION ALL SELECT 'o90', 'rare', 'Rare', 1, 50
                 UNION ALL SELECT 'o9', 'back', 'Back', -2, 10""",
    )


@pytest.fixture(scope="module")
def few():
    """All that ever sold: two units of one thing, and one that came back of another."""
    return stocked({}, stock=[count("rare", 0)], lines=ONCE)


ONCE = """SELECT 'o3' AS order_id, 'rare' AS sku, 'Rare' AS product, 1::DECIMAL(18,4) AS quantity,
                 50::DECIMAL(18,4) AS unit_price
          UNION ALL SELECT 'o90', 'rare', 'Rare', 1, 50 UNION ALL SELECT 'o9', 'back', 'Back', -2, 10"""


def said(app: AppTest) -> str:
    return plain(" ".join(item.value for kind in ("subheader", "markdown", "caption") for item in app.get(kind)))


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("Order", "Order 1 SKU of 1 vendor today"),
        ("Cash", "are expected to save"),
        ("Season", "order in 13 weeks"),
        ("One-off buy", "they sell out with a chance of"),
        ("Proof", "the 30-day rule"),
    ],
)
def test_each_part_says_its_finding(open_app: Open, shelf, part: str, words: str):
    app = open_app(PAGE, shop=shelf, query={"part": part, "replayed": "28"})
    assert not app.exception
    assert not app.error
    assert words in said(app)


def test_a_cost_that_no_file_knows_can_be_typed(open_app: Open):
    bare = stocked({"mug": 4}, stock=[count("mug", 20)])
    for part, key in (("Season", "lot_unit_cost"), ("One-off buy", "once_cost")):
        app = open_app(PAGE, shop=bare, query={"part": part})
        assert "Type its cost" in said(app) + plain(" ".join(item.value for item in app.info))
        app.number_input(key=key).set_value(4.0).run()
        assert app.get("vega_lite_chart")
    app.number_input(key="once_price").set_value(3.0).run()
    assert not app.get("vega_lite_chart")


def test_a_vendor_whose_name_is_hostile_is_only_a_name(open_app: Open, shelf):
    app = open_app(PAGE, shop=shelf)
    assert any(HOSTILE in plain(item.label) for item in app.expander)


def test_a_service_slider_changes_the_order_without_a_new_forecast(open_app: Open, shelf):
    app = open_app(PAGE, shop=shelf)
    visitor = app.session_state["journeylab_visitor"]
    forecasts = [key for key in visitor.results if key[1] == "jl.operations.demand"]
    before = said(app)
    app.slider(key="service").set_value(99).run()
    assert said(app) != before
    assert [key for key in visitor.results if key[1] == "jl.operations.demand"] == forecasts


def test_what_is_typed_into_the_terms_is_kept_with_the_data(open_app: Open, shelf):
    app = open_app(PAGE, shop=shelf)
    app.session_state["terms"] = {"edited_rows": {0: {"on_hand": 500.0}}, "added_rows": [], "deleted_rows": []}
    app.run()
    assert not app.exception
    kept = app.session_state["journeylab_visitor"].shop.edits["replenishment"]
    assert kept == [{"sku": "mug", "on_hand": 500.0}]
    assert "Nothing has to be ordered today" in said(app)


def test_a_kept_table_that_cannot_be_read_is_left_out(open_app: Open, shelf):
    app = open_app(PAGE, shop=shelf.with_edit("replenishment", {"of another": "kind"}))
    assert not app.exception
    assert "Order 1 SKU" in said(app)


def test_without_stock_the_page_says_what_should_be_there(open_app: Open):
    app = open_app(PAGE, shop=stocked({"mug": 4}))
    assert not app.exception
    assert "Stock is not known" in said(app)


def test_without_order_lines_the_page_says_what_is_missing(open_app: Open, shop):
    app = open_app(PAGE, shop=shop)
    assert not app.exception
    assert "This page needs order lines" in said(app)


PARTS = [{"part": part} for part in ("Order", "Cash", "Season", "One-off buy", "Proof")]
LOOKS = [{"look": look} for look in ("What will sell", "Why", "Wanted, not bought", "Returns")]


@pytest.mark.parametrize("query", [*PARTS, *LOOKS], ids=lambda query: next(iter(query.values())))
@pytest.mark.parametrize("which", ["odd", "few"])
def test_odd_sales_and_stock_are_no_bug_on_any_part(
    open_app: Open, request: pytest.FixtureRequest, which: str, query: dict[str, str]
):
    page = PAGE if "part" in query else "operations/demand"
    app = open_app(
        page, shop=request.getfixturevalue(which), query={**query, "replayed": "28", "lead": "0", "lead_sd": "0"}
    )
    assert not app.exception
    assert not app.error
    assert app.get("vega_lite_chart") or app.info
    assert "nan" not in said(app).lower().split()


def test_joined_spellings_are_one_row_to_order(open_app: Open, odd):
    apart = open_app(PAGE, shop=odd)
    assert "differ only in spelling" in said(apart)
    visitor = apart.session_state["journeylab_visitor"]
    visitor.change(odd.choose(skus="join"))
    apart.run()
    assert not apart.exception
    assert "differ only in spelling" not in said(apart)
    found = [result for key, result in visitor.results.items() if key[1] == "jl.operations.replenishment"][-1]
    assert (found.rows["sku"].str.strip().str.casefold() == "mug").sum() == 1
    assert found.rows.set_index("product").loc["The mug", "on_hand"] == -5
