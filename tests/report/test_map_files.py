"""A map taken away: slides with native text and shapes, a table without formulas, formats that other tools read."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pptx import Presentation
from pptx.util import Inches

from journeylab.journey.map import Map
from journeylab.journey.map_lettering import clean
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
    assert sum(shape.has_table for shape in kinds) == 4  # what is done, pains, opportunities, scorecard
    words = " ".join(shape.text_frame.text for shape in kinds if shape.has_text_frame)
    assert all(point.name.split(":")[0] in words for point in chart().touchpoints)
    drawn = next(shape.chart for shape in kinds if shape.has_chart and len(list(shape.chart.plots[0].categories)) > 1)
    assert {series.name for shape in kinds if shape.has_chart for series in shape.chart.plots[0].series} == {
        "Emotion", "Teams' guess",
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


def read_journey(text: str) -> tuple[str, dict[str, list[tuple[str, float, list[str]]]]]:
    """Read a Mermaid journey as its grammar does: at each place the first of these rules that fits, in any case."""
    rules = {
        "comment": r"%%(?!\{)[^\n]*|[^}]%%[^\n]*",
        "line": r"\n+",
        "space": r"\s+",
        "remark": r"#[^\n]*",
        "journey": r"journey\b",
        "title": r"title\s[^#\n;]+",
        "accessible": r"acc(title|descr)\s*:\s*|accdescr\s*\{\s*",
        "section": r"section\s[^#:\n;]+",
        "task": r"[^#:\n;]+",
        "data": r":[^#\n;]+",
    }
    tokens, place = [], 0
    while place < len(text):
        for kind, rule in rules.items():
            if found := re.compile(rule, re.IGNORECASE).match(text, place):
                tokens.append((kind, found.group()))
                place = found.end()
                break
        else:
            raise ValueError(f"no rule fits {text[place : place + 40]!r}")
    tokens = [token for token in tokens if token[0] not in {"line", "space"}]
    assert tokens.pop(0) == ("journey", "journey")
    title, sections = "", {}
    while tokens:
        kind, said = tokens.pop(0)
        if kind == "title":
            title = said[6:]
        elif kind == "section":
            sections[said[8:]] = []
        else:
            assert kind == "task", (kind, said)
            after, data = tokens.pop(0)
            assert after == "data", (said, data)
            score, actors = data[1:].split(":")
            list(sections.values())[-1].append((said, float(score), [actor.strip() for actor in actors.split(",")]))
    return title, sections


NAMES = [
    "10:30; the “parcel”", "#12 is late", "100 %% sure %%{init: {}}%%", 'says "no", twice', "two\nlines\r\nand\u2028on",
    "Journey planner", "title of it", "SECTION 5", "accTitle", "accDescr {x}", "🎉 שלום", "<script>alert(1)</script>",
    "`end`", "--- graph TD", ":", ";#", "x" * 500,
]  # fmt: skip


@given(st.lists(st.sampled_from(NAMES) | st.text(max_size=20), min_size=1, max_size=6))
def test_whatever_touchpoints_stages_and_personas_are_called_mermaid_reads_the_journey_that_was_meant(names: list[str]):
    data = Map.blank(persona=names[0], stages=["One", "Two"]).with_(title=names[-1]).data()
    data["stages"][0]["name"] = names[0]
    points = data["touchpoints"]
    points[:] = [{**points[0], "id": str(i), "stage": "one", "name": name} for i, name in enumerate(names)]
    points[0]["cells"] = {"emotion": {"value": -1.2, "source": "survey"}}
    made = Map.of(data)
    title, sections = read_journey(map_files.mermaid(made))
    assert title
    assert list(sections) == [next(iter(sections)), "Two"]
    tasks = next(iter(sections.values()))
    assert [score for _name, score, _actors in tasks] == [2, *[3] * (len(names) - 1)]
    assert {len(actors) for _name, _score, actors in tasks} == {1}
    for name, (said, _score, _actors) in zip(names, tasks, strict=True):
        letters = [sign for sign in clean(name) if sign.isalnum()]
        assert [sign for sign in said if sign.isalnum()][: len(letters)] == letters


def test_a_mermaid_journey_reads_as_a_person_would_write_it():
    made = Map.blank().with_touchpoint("Cart: opened at 10:30", "purchase").with_(title="Everyone: a way; a #1")
    title, sections = read_journey(map_files.mermaid(made))
    assert title == "Everyone: a way, a 1"
    assert list(sections) == ["Awareness", "Consideration", "Purchase", "Retention", "Advocacy"]
    assert ("Cart∶ opened at 10∶30 (emotion not known)", 3.0, ["Everyone"]) in sections["Purchase"]


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
