"""The Journey map and Workshop pages: with a shop and without any data, edits that stay, undo, guesses, presenting."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from journeylab.data import lab_file
from journeylab.journey.map import EDIT, Map
from journeylab.journey.map_picture import QUESTION
from journeylab.journey.workshop import with_guess
from tests.app.conftest import plain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from streamlit.testing.v1 import AppTest

    from journeylab.data.dataset import Dataset

    Open = Callable[..., AppTest]

MAP, WORKSHOP = "journey/map", "journey/workshop"
HOSTILE = "<img src=x onerror=alert(1)> **b** :tada:"
LOOKS = ("Map", "Table", "Edit", "Pain points", "Scorecard", "Compare")
STEPS = ("Guess", "Reveal", "Vote", "Agree", "Find the leak")


def kept(app: AppTest) -> Map:
    return Map.kept(app.session_state["journeylab_visitor"].shop)


def said(app: AppTest) -> str:
    return plain(" ".join(item.value for kind in ("subheader", "markdown", "caption") for item in app.get(kind)))


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("with_shop", [True, False], ids=["shop", "nothing"])
def test_every_look_works_with_a_shop_and_without_any_data(open_app: Open, shop: Dataset, look: str, with_shop: bool):
    app = open_app(MAP, shop=shop if with_shop else None, query={"look": look})
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("with_shop", [True, False], ids=["shop", "nothing"])
def test_every_step_of_the_workshop_works_with_a_shop_and_without(
    open_app: Open, shop: Dataset, step: str, with_shop: bool
):
    app = open_app(WORKSHOP, shop=shop if with_shop else None, query={"step": step})
    assert not app.exception
    assert not app.error


def test_without_data_the_page_offers_the_demo_store_and_with_a_shop_it_does_not(open_app: Open, shop: Dataset):
    assert "map_demo" in [button.key for button in open_app(MAP).button]
    assert "map_demo" not in [button.key for button in open_app(MAP, shop=shop).button]


def test_the_map_is_drafted_from_the_data_and_one_click_keeps_it(open_app: Open, shop: Dataset):
    app = open_app(MAP, shop=shop)
    assert len(app.get("vega_lite_chart")) == 1
    assert not shop.edits.get(EDIT)
    app.button(key="map_fill").click().run()
    assert not app.exception
    assert kept(app).touchpoint("look").cell("volume").n == 90


@pytest.mark.parametrize(
    "bad", [{"period": 5}, {"moves": [{"touchpoint": ["x"], "clear": True}]}], ids=["period", "moves"]
)
def test_a_kept_map_that_is_none_is_said_and_the_page_draws_another(open_app: Open, shop: Dataset, bad: dict[str, Any]):
    app = open_app(MAP, shop=shop.with_edit(EDIT, {"": {**Map.blank().data(), **bad}}))
    assert not app.exception
    assert "The map" in app.error[0].value
    assert len(app.get("vega_lite_chart")) == 1


def test_what_the_team_wrote_outlives_a_refresh_and_the_lab_file(open_app: Open, shop: Dataset, tmp_path: Path):
    import journeylab as jl

    mine = Map.from_data(shop).with_cell("look", "thoughts", HOSTILE).with_pain("look", HOSTILE)
    app = open_app(MAP, shop=mine.keep(shop))
    visitor = app.session_state["journeylab_visitor"]
    app.button(key="map_fill").click().run()  # a step that can be taken back
    assert not app.exception
    assert kept(app).touchpoint("look").cell("thoughts").text == HOSTILE
    saved = kept(app)
    opened = jl.open(lab_file.save(visitor.shop, tmp_path / "shop.zip"))
    assert Map.kept(opened) == saved
    again = open_app(MAP, shop=opened)
    assert not again.exception
    assert kept(again) == saved
    assert HOSTILE not in [item.value for item in again.get("markdown")]
    opened.close()


def shown(app: AppTest) -> list[dict[str, str]]:
    """How the columns of each table are called."""
    labels = []
    for item in app.dataframe:
        said = json.loads(item.proto.columns)
        labels.append({name: column.get("label") or name for name, column in said.items()})
    return labels


def test_every_figure_of_the_map_stands_in_a_table_with_n_and_interval(open_app: Open, shop: Dataset):
    app = open_app(MAP, shop=shop, query={"look": "Table"})
    assert not app.exception
    (table,) = app.dataframe
    assert {"Figure", "95 % interval", "n", "of", "Known from", "Last day"} <= set(table.value.columns)
    assert len(table.value) == len(Map.from_data(shop).table())


def test_what_moved_is_said_in_words_by_the_day_with_intervals(open_app: Open, shop: Dataset):
    start = Map.from_data(shop.between("2026-01-01", "2026-01-20"))
    app = open_app(MAP, shop=start.keep(shop))
    app.button(key="map_fill").click().run()
    assert not app.exception
    assert "Since the map was last filled" in said(app)
    (table,) = app.dataframe
    assert {"Change", "Before", "Now"} <= set(table.value.columns)
    assert table.value["Now"].map(lambda value: isinstance(value, str)).all()
    assert set(table.value["Change"]) <= {"beyond noise", "may be noise", "new", "gone"}


def test_two_maps_stand_in_a_table_with_names_and_no_raw_columns(open_app: Open, shop: Dataset):
    other = Map.blank(persona="Gifts").with_pain("look", HOSTILE)
    app = open_app(MAP, shop=other.keep(shop), query={"look": "Compare", "beside": "Gifts"})
    assert not app.exception
    (labels,) = shown(app)
    assert labels["one"] == "Everyone: the journey"
    assert labels["other"] == "Gifts: the journey"
    assert not any(
        "_" in label for name, label in labels.items() if name in {"touchpoint", "what", "clear", "difference"}
    )


def test_undo_takes_back_the_last_step(open_app: Open, shop: Dataset):
    start = Map.from_data(shop)
    app = open_app(MAP, shop=start.keep(shop.between("2026-03-01", "2026-03-02")))
    app.button(key="map_fill").click().run()
    after = kept(app)
    assert after != start
    app.button(key="map_undo").click().run()
    assert kept(app) == start
    assert app.button(key="map_undo").disabled


def test_presenting_shows_the_picture_without_menu_titles_and_downloads(open_app: Open, shop: Dataset):
    app = open_app(MAP, shop=shop)
    assert app.title
    app.button(key="present").click().run()
    assert not app.exception
    assert not app.title
    assert not app.sidebar.children
    assert not app.get("download_button")
    assert len(app.get("vega_lite_chart")) == 1
    app.button(key="present").click().run()
    assert app.title


def test_the_timer_runs_and_stops(open_app: Open, shop: Dataset):
    app = open_app(WORKSHOP, shop=shop)
    app.number_input(key="workshop_minutes").set_value(2)
    app.button(key="workshop_start").click().run()
    assert any(item.value.startswith(":material/timer: ") for item in app.subheader)
    app.button(key="workshop_stop").click().run()
    assert not any(item.value.startswith(":material/timer: ") for item in app.subheader)


def test_dots_left_are_said(open_app: Open, shop: Dataset):
    chart = Map.from_data(shop).with_pain("look", HOSTILE)
    pain = chart.touchpoint("look").pains[0].id
    app = open_app(
        WORKSHOP, shop=chart.with_votes("look", pain, 4).keep(shop), query={"step": "Vote", "people": "2", "dots": "3"}
    )
    assert "2 dots left" in said(app)


def test_a_map_drawn_before_there_was_a_shop_goes_with_it(open_app: Open, shop: Dataset):
    app = open_app(MAP)
    visitor = app.session_state["journeylab_visitor"]
    visitor.drawn = {"": Map.blank().with_pain("look", "ours").data()}
    app.run()
    assert not app.exception
    visitor.shop = shop
    app.run()
    assert kept(app).touchpoint("look").pains[0].text == "ours"
    visitor.shop, visitor.drawn = None, {"": {}}
    visitor.forget()
    assert visitor.drawn == {}


def test_while_teams_guess_the_map_hides_what_the_data_knows_until_reveal(open_app: Open, shop: Dataset):
    guessed = with_guess(Map.from_data(shop), "Red", "look", emotion=1)
    app = open_app(WORKSHOP, shop=guessed.keep(shop))
    assert "the Journey map hides" in said(app)
    for look in LOOKS:
        app.session_state["look"] = look
        app.switch_page(f"../../pages/{MAP}.py").run()
        assert not app.exception
        (picture,) = app.get("vega_lite_chart")
        assert picture.proto.alt == QUESTION
        assert b"observed" not in picture.proto.SerializeToString()
        assert "Teams are guessing" in said(app)
        assert not app.dataframe
    app.session_state["look"] = "Map"
    app.button(key="workshop_show_now").click().run()
    assert "Teams are guessing" not in said(app)
    assert b"observed" in app.get("vega_lite_chart")[0].proto.SerializeToString()
    app.switch_page(f"../../pages/{WORKSHOP}.py").run()
    app.segmented_control(key="step").set_value("Reveal").run()
    app.switch_page(f"../../pages/{MAP}.py").run()
    assert "Teams are guessing" not in said(app)


def test_a_look_at_the_workshop_alone_hides_nothing(open_app: Open, shop: Dataset):
    app = open_app(WORKSHOP, shop=shop)
    app.switch_page(f"../../pages/{MAP}.py").run()
    assert "Teams are guessing" not in said(app)
