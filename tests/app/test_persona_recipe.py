"""Personas are chosen once: every page speaks of them, and what the team wrote stays with those it was written of."""

from __future__ import annotations

import pytest

import journeylab as jl
from journeylab.app import map_page, persona_recipe
from journeylab.app.state import Visitor
from journeylab.customers.personas import Personas
from journeylab.data.examples import shop_of
from tests.app.conftest import plain
from tests.app.test_persona_column import BUTTON, TABLES

Open = "Callable[..., AppTest]"
PAGE = "customers/personas"
RECIPE = {"features": ["recency_days", "order_value"], "method": "kmeans", "k": 4}
CHOSEN = {"part": "Personas", "features": ["days since the last order", "net value an order"], "k": "4"}
SURVEYS = """SELECT 'a' || c AS response_id, 'c' || c AS customer_id, DATE '2026-05-01' AS "day", 'nps' AS kind,
    TIMESTAMP '2026-05-01' AS answered_at, (c % 11)::DOUBLE AS score FROM range(160) a(c)"""


@pytest.fixture(scope="module")
def crowd():
    return shop_of({**TABLES, "surveys": SURVEYS})


@pytest.fixture(scope="module")
def four(crowd):
    return jl.customers.personas(crowd, features=RECIPE["features"], k=4)


@pytest.fixture(autouse=True)
def counted_once(monkeypatch, looked_for={}):  # noqa: B006 - shared by the tests, whose shop is the same
    """Look for the number of personas once for all visitors, as that takes longest."""
    remember = Visitor.remember

    def shared(visitor, key, make):
        if "persona_count" not in key[1]:
            return remember(visitor, key, make)
        looked_for[key] = looked_for.get(key) or make()
        return remember(visitor, key, lambda: looked_for[key])

    monkeypatch.setattr(Visitor, "remember", shared)


def shop_in(app):
    return app.session_state["journeylab_visitor"].shop


def found(app) -> list[Personas]:
    results = app.session_state["journeylab_visitor"].results.values()
    return [result for result in results if isinstance(result, Personas)]


def said(app) -> str:
    return plain(" ".join(item.value for kind in ("subheader", "markdown", "caption") for item in app.get(kind)))


def write(app, number: int, **texts: str) -> None:
    """Open the sheet of a persona, by its number, and write into it."""
    keys = app.session_state._state.filtered_state
    key = next(key for key in keys if key.startswith(f"sheet_{number}_") and key.endswith("_write"))
    app.session_state[key] = True
    app.run()
    for field, text in texts.items():
        kind = app.text_input if field == "name" else app.text_area
        kind(key=key.removesuffix("write") + field).set_value(text).run()


def test_what_is_chosen_on_the_page_is_kept_and_moves_follow_it(open_app: Open, crowd, four):
    app = open_app(PAGE, shop=crowd, query=CHOSEN)
    assert shop_in(app).edits == {"persona_recipe": RECIPE}
    app.segmented_control(key="part").set_value("Moves").run()
    app.selectbox(key="follow").set_value("personas").run()
    assert {(result.count.features, len(result.cards)) for result in found(app)} == {
        (("recency_days", "order_value"), 4)
    }
    last = list(app.session_state["journeylab_visitor"].results.values())[-1]
    assert set(last.table()["after"]) <= set(four.cards["name"])
    app.segmented_control(key="part").set_value("Personas").run()
    again = open_app(PAGE, shop=shop_in(app).with_edit("personas", 7), query={"part": "Personas"})
    for of in (app, again):
        assert of.slider(key="k").value == 4
        assert of.multiselect(key="features").value == CHOSEN["features"]
        assert shop_in(of).edits["persona_recipe"] == RECIPE


PAGES = {
    "journey/map": {"whose": map_page.ONE},
    "customers/feedback": {"by": "persona", "smallest": "5"},
    "customers/lifetime_value": {"value_by": "persona"},
    "customers/personas": {"part": "Moves", "follow": "personas"},
}


@pytest.mark.parametrize("page", PAGES)
def test_every_page_speaks_of_the_personas_that_were_chosen(open_app: Open, crowd, four, page):
    app = open_app(page, shop=crowd.with_edit("persona_recipe", RECIPE), query=PAGES[page])
    assert not app.error
    assert [set(result.cards["name"]) for result in found(app)] == [set(four.cards["name"])]
    assert {result.count.features for result in found(app)} == {("recency_days", "order_value")}


def test_goals_reach_the_map_of_personas_that_are_not_the_usual_ones(open_app: Open, crowd, four):
    name = four.suggested[2]
    app = open_app(PAGE, shop=crowd, query=CHOSEN)
    write(app, 2, name="Ina", goals="a quiet morning")
    assert shop_in(app).edits["personas"] == {name: {"name": "Ina", "goals": "a quiet morning"}}
    chart = open_app("journey/map", shop=shop_in(app), query={"whose": map_page.ONE, "persona": "Ina"})
    assert not chart.error
    assert chart.selectbox(key="persona").value == "Ina"
    made = jl.journey.Map.from_data(shop_in(app), persona=name, personas=four)
    assert made.about["goals"] == "a quiet morning"


def test_a_name_is_on_charts_and_lists_and_stays_with_the_personas_it_was_given_in(open_app: Open, crowd):
    app = open_app(PAGE, shop=crowd, query={**CHOSEN, "k": "3", "see": "As an audience"})
    three = found(app)[-1]
    write(app, 1, name="Ina", goals="fresh coffee")
    last = found(app)[-1]
    assert "**Ina**" in said(app)
    assert last.cards.loc[last.cards["persona"] == 1, "name"].item() == "Ina"
    assert "Ina" in app.multiselect(key="audience").options
    assert "Ina" in set(last.roster.page()["name"])
    assert "Ina" in str(last.chart().to_dict())
    assert "names={" in last.call.python()
    for k in (2, 4):
        app.slider(key="k").set_value(k).run()
        assert three.suggested[1] in found(app)[-1].suggested.values() or k == 4, "the case that was mistaken"
        assert "Ina" not in said(app)
    app.slider(key="k").set_value(3).run()
    assert "**Ina**" in said(app)
    assert shop_in(app).edits["personas"] == {three.suggested[1]: {"name": "Ina", "goals": "fresh coffee"}}
    assert "personas_aside" not in shop_in(app).edits


def test_what_was_written_of_a_persona_that_is_not_found_any_more_is_shown_and_given_to_another(open_app: Open, crowd):
    shop = crowd.with_edit("personas", {"Gone": {"name": "Ina", "goals": "fresh coffee"}})
    app = open_app(PAGE, shop=shop, query={"part": "Personas"})
    assert "Ina: written of “Gone”, which is not among these personas now." in said(app).replace("**", "")
    heir = found(app)[-1].suggested[1]
    app.selectbox(key="heir_Gone").set_value(heir).run()
    app.button(key="give_Gone").click().run()
    assert shop_in(app).edits["personas"] == {heir: {"name": "Ina", "goals": "fresh coffee"}}
    assert "Gone" not in said(app)


def test_two_personas_of_one_name_are_told_apart(crowd, four):
    given = {four.suggested[1]: "Ina", four.suggested[3]: "Ina"}
    named = jl.customers.personas(crowd, count=four.count, k=4, names=given)
    assert set(named.cards["name"]) == {"Ina", "Ina (2)", four.suggested[2], four.suggested[4]}
    assert dict(named.suggested) == dict(four.suggested)
    sizes = named.roster.page(size=1000)["name"].value_counts()
    assert dict(sizes) == dict(zip(named.cards["name"], named.cards["n"], strict=True))


def test_personas_made_a_column_stay_while_others_are_looked_at(open_app: Open, crowd):
    app = open_app(PAGE, shop=crowd, query={**CHOSEN, "k": "2"})
    app.button(key=BUTTON).click().run()
    app.slider(key="k").set_value(4).run()
    assert shop_in(app).edits["persona_column"]["k"] == 2
    assert shop_in(app).edits["persona_recipe"]["k"] == 2
    moves = open_app(PAGE, shop=shop_in(app), query={"part": "Moves", "follow": "personas"})
    assert [len(result.cards) for result in found(moves)] == [2]


@pytest.mark.parametrize(
    "recipe",
    [
        "x",
        {"features": [1, {}], "method": "kmeans", "k": 3},
        {"features": ["frequency"], "method": "q", "k": 3},
        {"features": ["frequency"], "method": "kmeans", "k": True},
        {"features": ["frequency"], "method": "kmeans", "k": 99},
    ],
)
def test_what_a_strange_saved_shop_asks_for_is_left_aside(crowd, recipe):
    assert persona_recipe.asked(crowd.with_edit("persona_recipe", recipe)) is None
