"""The map as one picture: nothing overlaps or leaves the sheet, whatever is written on it, in both themes."""

from __future__ import annotations

import io
import itertools

import pytest
from pptx import Presentation

from journeylab.charts.journey_map import PALETTES
from journeylab.journey.map import Map
from journeylab.journey.map_lettering import width
from journeylab.journey.map_picture import DENSE, HEIGHTS, picture
from journeylab.journey.workshop import hidden
from journeylab.report import map_files, slides

HOSTILE = "<script>alert(1)</script> 🎉 שלום العربية \u202e\x00\n日本語 averyveryverylongwordwithoutblanks"


def full() -> Map:
    """A map with something in every lane."""
    chart = Map.blank().with_cell("look", "thoughts", HOSTILE).with_cell("look", "owner", HOSTILE)
    for point in chart.touchpoints:
        chart = chart.with_pain(point.id, HOSTILE, "emotional").with_opportunity(point.id, HOSTILE, owner="Mia")
        chart = chart.with_cell(point.id, "emotion", HOSTILE, value=0.5).with_cell(point.id, "expectation", value=2)
        chart = chart.with_cell(point.id, "drop_off", value=0.25).with_cell(point.id, "kpi", HOSTILE)
    return chart


def many(count: int) -> Map:
    chart = Map.blank(stages=["One", "Two"])
    for number in range(count - len(chart.touchpoints)):
        chart = chart.with_touchpoint(f"Touchpoint {number} {HOSTILE}", "one")
    return chart


@pytest.mark.parametrize("view", Map.views)
@pytest.mark.parametrize("paper", HEIGHTS)
@pytest.mark.parametrize("chart", [Map.blank(), full(), many(60)], ids=["blank", "full", "sixty"])
def test_everything_stands_on_the_sheet(chart: Map, paper: str, view: str):
    out = picture(chart, paper=paper, view=view)
    for rect in out.rects:
        assert 0 <= rect["x"] <= rect["x2"] <= out.width
        assert 0 <= rect["y"] <= rect["y2"] <= out.height
    for item in (*out.texts, *out.marks, *out.lines):
        assert 0 <= item["x"] <= out.width
        assert 0 <= item["y"] <= out.height
    for text in out.texts:
        assert not set(text["text"]) & {"\n", "\x00", "\u202e"}
        if text["align"] == "left" and not text["upright"]:
            assert text["x"] + 0.9 * width(text["text"], text["size"]) <= out.width


def test_words_in_columns_keep_to_their_column():
    chart = full()
    out = picture(chart)
    cards = sorted((rect["x"], rect["x2"]) for rect in out.rects if rect["role"] == "card")
    for (_left, end), (start, _right) in itertools.pairwise(cards):
        assert end <= start
    for note in (rect for rect in out.rects if rect["role"] in {"pain", "chance"}):
        inside = [t for t in out.texts if note["x"] <= t["x"] < note["x2"] and note["y"] <= t["y"] < note["y2"]]
        assert inside
        assert all(t["x"] + 0.85 * width(t["text"], t["size"]) <= note["x2"] + 1 for t in inside)


def test_sixty_touchpoints_are_drawn_and_what_is_left_out_is_said():
    chart = many(60)
    assert len(chart.touchpoints) == 60 > DENSE
    out = picture(chart)
    assert sum(rect["role"] == "card" for rect in out.rects) == 60
    assert any("words are in the table" in text["text"] for text in out.texts)


def label(chart: Map, text: str, **how: str) -> float:
    return next(item["y"] for item in picture(chart, **how).texts if item["text"] == text)


def test_a_lane_in_which_nothing_stands_makes_room_and_a_map_to_be_filled_keeps_its_lanes():
    ours = Map.blank().with_pain("look", "slow")
    assert label(ours, "Support") - label(ours, "Opportunities") == 32
    assert label(Map.blank(), "Support") - label(Map.blank(), "Opportunities") > 60
    filled = ours.with_opportunity("look", "make it fast")
    assert label(filled, "Support") - label(filled, "Opportunities") > 60


def test_no_figure_stands_on_the_teams_guess():
    chart = Map.blank()
    for number, gap in enumerate((-1.0, -0.3, -0.1, 0.0, 0.1, 0.3, 1.0)):
        key = chart.touchpoints[number].id
        chart = chart.with_cell(key, "emotion", value=0.5).with_cell(key, "guess_emotion", value=0.5 + gap)
    for view in ("map", "curve"):
        out = picture(chart, view=view)
        guesses = [mark for mark in out.marks if mark["role"] == "guess" and mark["size"] == 90]
        figures = [text for text in out.texts if text["text"] in {"+0.5", "assumed"} and text["align"] == "center"]
        assert (len(guesses), len(figures)) == (7, 14)
        for text in figures:
            near = [mark for mark in guesses if abs(mark["x"] - text["x"]) < 1 and abs(mark["y"] - text["y"]) < 9]
            assert not near, (view, text, near)


def test_the_map_to_guess_from_asks_where_something_is_known_and_names_no_source():
    known = {"text": "37 %", "source": "observed", "value": 0.37, "lower": 0.36, "upper": 0.38, "n": 100}
    data = Map.blank().data()
    data["touchpoints"][0]["cells"] = {"drop_off": known, "emotion": {**known, "value": 1.0, "source": "survey"}}
    words = [text["text"] for text in picture(hidden(Map.of(data)), view="guess").texts]
    assert words.count("?") == 2
    assert not {"observed", "survey", "both", "no evidence", "37 %"} & set(words)


def test_html_in_a_note_is_text_in_the_picture():
    drawn = map_files.svg(full())
    assert "<script" not in drawn
    assert "&lt;script&gt;" in drawn


def test_evidence_is_told_by_word_and_shape_and_not_by_colour_alone():
    out = picture(full().with_cell("search", "channels", "web"))
    said = {text["text"] for text in out.texts}
    assert {"assumed", "assumed: written by the team", "observed: counted in the data"} <= said
    shapes = {mark["shape"] for mark in out.marks if mark["role"] == "evidence"}
    assert {"circle", "square", "diamond"} <= shapes
    blank = picture(Map.blank())
    assert sum(text["text"] == "no evidence" for text in blank.texts) == 13


def _contrast(one: str, other: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", PALETTES)
def test_text_and_marks_keep_their_contrast(theme: str):
    colours = PALETTES[theme]
    grounds = [colours[name] for name in ("paper", "column0", "column1", "card")]
    for ground in grounds:
        assert all(_contrast(colours[role], ground) >= 4.5 for role in ("ink", "soft", "guess"))
        assert all(
            _contrast(colours[role], ground) >= 3 for role in ("curve", "pain", "chance", "evidence", "bar_observed")
        )
    assert _contrast(colours["on_stage"], colours["stage"]) >= 4.5
    assert _contrast(colours["pain_ink"], colours["pain_fill"]) >= 4.5
    assert _contrast(colours["chance_ink"], colours["chance_fill"]) >= 4.5
    assert _contrast(colours["ink"], colours["pain_fill"]) >= 4.5


def test_the_specification_draws_in_both_themes_and_names_its_paper():
    for theme in PALETTES:
        spec = full().draw(theme=theme, view="curve").to_dict()
        assert spec["background"] == PALETTES[theme]["paper"]


def known(count: int) -> Map:
    """A map of some touchpoints, at each of which the data knows what is done, by which channels, time and money."""
    data = Map.blank().data() | {"currency": "EUR"}
    data["touchpoints"] = data["touchpoints"][:count]
    counted = {"source": "observed", "n": 500, "of": 1000}
    for point in data["touchpoints"]:
        point["cells"] = {
            "actions": {**counted, "text": "3.3 × view_item a visitor"},
            "channels": {**counted, "text": "Organic Search 32 %, Direct 28 %, Paid Search 26 %"},
            "time": {**counted, "value": 128.0, "lower": 123.0, "upper": 133.0, "text": "2.13 min to the next"},
            "stake": {**counted, "value": 481_500.0, "lower": 465_800.0, "upper": 497_200.0, "text": "€481.5 k"},
        }
    return Map.of(data)


def test_money_time_and_channels_stand_on_the_picture_and_the_teams_words_come_first_where_there_is_little_room():
    for count in (7, 13):
        said = [text["text"] for text in picture(known(count)).texts]
        assert said.count("€481.5 k") == count
        assert sum(text.startswith("2.13 min") for text in said) == count
        assert sum(text.startswith("Organic") for text in said) == count
        assert not [text for text in said if text.endswith("…") and "Organic" in text]
    few = [text["text"] for text in picture(known(7)).texts]
    assert sum(text.startswith("3.3 × view_item") for text in few) == 7
    ours = known(13).with_cell("look", "actions", "compares")
    assert "compares" in [text["text"] for text in picture(ours).texts]
    wall = [text["text"] for text in picture(known(13), paper="A3").texts]
    assert sum(text.startswith("3.3") for text in wall) == sum(text.startswith("Organic") for text in wall) == 13


def test_a_pains_money_stands_in_its_tip_with_its_interval():
    data = Map.blank().data() | {"currency": "EUR"}
    leak = {"id": "p", "text": "mobile", "source": "observed", "n": 995, "of": 3389, "margin": 16_400.0}
    data["touchpoints"][0]["pains"] = [{**leak, "margin_lower": 14_900.0, "margin_upper": 17_800.0, "clear": True}]
    chart = Map.of(data)
    (note,) = [rect for rect in picture(chart).rects if rect["role"] == "pain"]
    assert note["tip"].endswith("n = 995 of 3,389; €16.4 k of margin (€14.9 k to €17.8 k)")
    deck = slides.pptx(chart)
    words = " ".join(
        cell.text for slide in Presentation(io.BytesIO(deck)).slides for shape in slide.shapes if shape.has_table
        for cell in shape.table.iter_cells()
    )  # fmt: skip
    assert "€16.4 k (€14.9 k to €17.8 k)" in words
