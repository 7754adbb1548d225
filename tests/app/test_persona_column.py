"""Personas as a column: asked for on their page, broken down by on the others, kept in the saved shop."""

from __future__ import annotations

import pytest

import journeylab as jl
from journeylab.app.experiments import SEGMENTS
from journeylab.data import lab_file
from journeylab.data.examples import shop_of
from journeylab.result import Result
from tests.app.conftest import plain

Open = "Callable[..., AppTest]"
BUTTON, OFF = "persona_column_on", "persona_column_off"
#: 160 customers: every second one buys often and little, the others seldom and much. All of them browse, logged in.
TABLES = {
    "orders": """
        SELECT 'o' || c || '-' || k AS order_id, 'c' || c AS customer_id, d AS "day", d::TIMESTAMP AS ordered_at,
               'completed' AS status, (CASE WHEN c % 2 = 0 THEN 12 + (c * 7 + k) % 5 ELSE 300 + (c * 11 + k) % 90 END)
               ::DECIMAL(18,4) AS net
        FROM (SELECT c, k, DATE '2026-01-01' + ((c * 3 + k * 17) % 180)::INTEGER AS d
              FROM range(160) a(c), range(9) b(k) WHERE k < CASE WHEN c % 2 = 0 THEN 7 + c % 3 ELSE 2 END)""",
    "events": """
        SELECT 'v' || c AS visitor_id, 'c' || c AS customer_id, ['view', 'cart', 'purchase'][k] AS event,
               TIMESTAMP '2026-03-01' + INTERVAL 1 HOUR * c + INTERVAL 1 MINUTE * k AS occurred_at,
               (TIMESTAMP '2026-03-01' + INTERVAL 1 HOUR * c)::DATE AS "day"
        FROM range(160) a(c), range(1, 4) b(k) WHERE k < 3 OR c % 4 > 0""",
    "exposures": """
        SELECT 'button' AS experiment, 'customer' AS unit, 'c' || c AS unit_id, ['A', 'B'][1 + c // 2 % 2] AS variant,
               TIMESTAMP '2026-03-01' AS exposed_at FROM range(160) a(c)""",
}


@pytest.fixture(scope="module")
def crowd():
    return shop_of(TABLES)


def said(app) -> str:
    return plain(" ".join(item.value for kind in ("subheader", "markdown", "caption") for item in app.get(kind)))


@pytest.fixture(scope="module")
def asked(crowd):
    recipe = {"features": ["recency_days", "frequency", "order_value"], "method": "kmeans", "k": 2}
    return crowd.with_edit("persona_column", {**recipe, "as_of": None, "days": None})


@pytest.fixture(scope="module")
def names(crowd):
    return set(jl.customers.personas(crowd, k=2).cards["name"])


def results(app) -> list[Result]:
    return [value for value in app.session_state["journeylab_visitor"].results.values() if isinstance(value, Result)]


def test_a_button_on_the_personas_page_asks_for_the_column_and_another_takes_it_away(open_app: Open, crowd, asked):
    app = open_app("customers/personas", shop=crowd, query={"part": "Personas"})
    app.button(key=BUTTON).click().run()
    assert not app.exception
    assert "can break down by persona: 2 personas" in said(app)
    assert app.session_state["journeylab_visitor"].shop.edits == asked.edits
    app.button(key=OFF).click().run()
    assert not app.exception
    assert app.session_state["journeylab_visitor"].shop.edits == {}


PAGES = {
    "journey/touchpoints": "customer's persona",
    "growth/experiments": "persona",
    "customers/lifetime_value": "persona",
    "customers/retention": "persona",
}


@pytest.mark.parametrize("page", PAGES)
def test_every_page_that_breaks_down_offers_the_personas_and_shows_them(open_app: Open, asked, names, page):
    app = open_app(page, shop=asked, query={"part": SEGMENTS} if page == "growth/experiments" else {})
    next(box for box in app.selectbox if PAGES[page] in box.options).select(PAGES[page]).run()
    assert not app.exception
    assert not app.error
    shown = [set(result.table().astype(str).to_numpy().ravel()) for result in results(app)]
    assert any(names <= cells for cells in shown)


def test_a_page_offers_no_personas_before(open_app: Open, crowd):
    app = open_app("customers/retention", shop=crowd)
    assert not any("persona" in box.options for box in app.selectbox)


def test_touchpoints_say_how_there_will_be_personas_to_break_down_by(open_app: Open, crowd):
    app = open_app("journey/touchpoints", shop=crowd, query={"by": "persona (find them first)"})
    assert not app.exception
    assert not app.error
    assert any("Personas are found on their own page" in caption.value for caption in app.caption)
    assert "customer's persona" not in app.selectbox(key="by").options


def test_the_saved_shop_finds_the_same_personas(open_app: Open, asked, tmp_path):
    path = lab_file.save(asked, tmp_path / "shop.zip")
    app = open_app("customers/retention", shop=lab_file.open(path), query={"again_by": "persona"})
    assert not app.exception
    assert "persona" in next(box for box in app.selectbox if box.key == "again_by").options


def test_the_python_of_a_card_makes_the_column_by_itself(open_app: Open, crowd, asked, names):
    app = open_app("customers/retention", shop=asked, query={"again_by": "persona"})
    call = next(result.call for result in results(app) if result.call.noun == "second_order")
    made = {"jl": jl, "shop": crowd}
    exec("\n".join(call.shop[1:]), made)
    people = made["shop"].run(made["shop"].table("customers"))
    assert set(people["persona"]) == names
    assert len(people) == 160


@pytest.mark.parametrize(
    "recipe", ["x", {"k": 2}, {"features": 5, "method": "q", "k": "a", "as_of": 1, "days": 7}, ["features"]]
)
def test_a_wish_of_a_strange_saved_shop_is_left_aside(open_app: Open, crowd, recipe):
    app = open_app("customers/retention", shop=crowd.with_edit("persona_column", recipe))
    assert not app.exception
    assert not app.error
