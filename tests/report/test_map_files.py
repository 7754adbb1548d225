"""A map taken away: slides with native text and shapes, a table without formulas, formats that other tools read."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree as ET

import pytest
from pptx import Presentation
from pptx.util import Inches

from journeylab.journey.map import Map
from journeylab.report import map_files, slides

HOSTILE = "=HYPERLINK(1): <b>&\x0b;#{} 🎉 שלום"


def chart() -> Map:
    """A map with hostile words everywhere."""
    made = Map.blank().with_(title=HOSTILE).with_touchpoint(HOSTILE, "purchase")
    key = made.touchpoints[[p.name for p in made.touchpoints].index(HOSTILE)].id
    made = made.with_cell(key, "emotion", HOSTILE, value=-1.2).with_cell(key, "guess_emotion", value=1)
    made = made.with_cell(key, "channels", HOSTILE).with_pain(key, HOSTILE, "support").with_score(key, "appeal", 3)
    return made.with_opportunity(key, HOSTILE, owner=HOSTILE, kpi=HOSTILE, next_step=HOSTILE)


@pytest.fixture(scope="module")
def deck() -> Presentation:
    """The slides of that map."""
    return Presentation(io.BytesIO(slides.pptx(chart())))


def test_slides_are_native_text_shapes_tables_and_a_chart_without_any_picture(deck: Presentation):
    kinds = [shape for slide in deck.slides for shape in slide.shapes]
    assert not [shape for shape in kinds if shape.shape_type is not None and "PICTURE" in str(shape.shape_type)]
    assert sum(shape.has_chart for shape in kinds) >= 1
    assert sum(shape.has_table for shape in kinds) == 3  # pains, opportunities, scorecard
    words = " ".join(shape.text_frame.text for shape in kinds if shape.has_text_frame)
    assert all(point.name.split(":")[0] in words for point in chart().touchpoints)
    drawn = next(shape.chart for shape in kinds if shape.has_chart and len(list(shape.chart.plots[0].categories)) > 1)
    assert {series.name for shape in kinds if shape.has_chart for series in shape.chart.plots[0].series} == {
        "Emotion", "Team's guess",
    }  # fmt: skip
    assert drawn.value_axis.minimum_scale == -2


def test_everything_on_the_slides_stands_on_them_and_no_two_cards_overlap(deck: Presentation):
    for slide in deck.slides:
        boxes = []
        for shape in slide.shapes:
            assert shape.left >= 0
            assert shape.top >= 0
            assert shape.left + shape.width <= deck.slide_width + Inches(0.02)
            assert shape.top + shape.height <= deck.slide_height + Inches(0.02)
            if shape.shape_type is not None and "AUTO_SHAPE" in str(shape.shape_type):
                boxes.append((shape.left, shape.top, shape.left + shape.width, shape.top + shape.height))
        for i, a in enumerate(boxes):
            for b in boxes[i + 1 :]:
                assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def test_slides_keep_words_that_run_from_right_to_left():
    made = Map.blank().with_pain("look", "שלום עולם")
    deck = Presentation(io.BytesIO(slides.pptx(made)))
    texts = [
        p
        for slide in deck.slides
        for shape in slide.shapes
        if shape.has_text_frame
        for p in shape.text_frame.paragraphs
    ]
    assert any(p._p.pPr is not None and p._p.pPr.get("rtl") == "1" for p in texts if "שלום" in p.text)


def test_sixty_touchpoints_go_over_several_slides_and_an_empty_map_makes_slides_too():
    made = Map.blank()
    for number in range(47):
        made = made.with_touchpoint(f"T{number}", "purchase")
    deck = Presentation(io.BytesIO(slides.pptx(made)))
    assert len(deck.slides) == 6 + 1
    nothing = Map.of({**Map.blank().data(), "touchpoints": []})
    assert len(Presentation(io.BytesIO(slides.pptx(nothing))).slides) == 2


def test_the_table_holds_no_formula():
    text = map_files.csv(chart()).decode("utf-8-sig")
    cells = re.findall(r'"((?:[^"]|"")*)"', text)
    assert cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_mermaid_has_a_section_a_stage_and_a_line_a_touchpoint_with_nothing_to_misread():
    lines = map_files.mermaid(chart()).splitlines()
    assert lines[0] == "journey"
    assert sum(line.strip().startswith("section ") for line in lines) == 5
    tasks = [line for line in lines if re.fullmatch(r"      [^:;#{}<>]+: [1-5]: [^:;#{}<>]+", line)]
    assert len(tasks) == 14
    assert any(": 2: " in task for task in tasks)  # -1.2 is a 2 of 5
    assert len(lines) == 2 + 5 + 14


def test_cjml_is_xml_with_the_same_words_and_references_that_hold():
    root = ET.fromstring(map_files.cjml(chart()))
    assert (root.tag, root.get("version")) == ("CJML", "2.0")
    phases = {phase.get("phaseID") for phase in root.iter("journeyPhase")}
    points = list(root.iter("plannedCommunicationPoint"))
    assert len(points) == 14
    assert {point.find("belongsTo").get("phaseIDref") for point in points} <= phases
    assert root.findtext("plannedJourney/journeyTitle") == HOSTILE.replace("\x0b", "")
    actors = {actor.get("actorID") for part in ("endUser", "serviceProvider") for actor in root.iter(part)}
    assert {refers.get("actorIDref") for refers in root.iter("refersTo")} == actors


def test_pictures_are_made_without_a_browser():
    made = Map.blank().with_cell("look", "emotion", value=1).with_cell("cart", "emotion", value=-1)
    assert map_files.png(made)[:8] == b"\x89PNG\r\n\x1a\n"
    assert map_files.pdf(made).startswith(b"%PDF")
    drawn = map_files.svg(made, paper="A3")
    assert drawn.startswith("<svg")
    assert "Looks at a" in drawn
