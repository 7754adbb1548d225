"""Where everything stands on the picture of a journey map: shapes, words, the curve, in points of one sheet.

The screen, the printed sheet and the slides draw from this one layout. Words are cut to their room; whatever is cut is
whole in the map's table.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from journeylab.journey import map_curve, map_lanes
from journeylab.journey.map_lanes import Room
from journeylab.journey.map_lettering import clean, fit, shorter, width
from journeylab.journey.map_model import ASSUMED, OBSERVED, SURVEY
from journeylab.journey.map_sheet import SHAPES, Picture

if TYPE_CHECKING:
    from journeylab.journey.map import Map
    from journeylab.journey.map_model import Touchpoint

WIDTH = 1600.0
#: A sheet for a screen, one for the wall, and a strip to stand over a table.
HEIGHTS = {"16:9": 900.0, "A3": 1131.0, "strip": 600.0}
#: More touchpoints than this have no room for words: names stand upright, the rest is marks and numbers.
DENSE = 14
LEFT, RIGHT, GUTTER = 20.0, 1584.0, 140.0
#: Heights of the lanes of each view; a share instead, 0 to 1, takes that part of the room the others leave.
_LANES = {
    "map": {"doing": 42.0, "volume": 46.0, "drop_off": 46.0, "stake": 42.0, "emotion": 0.4, "thoughts": 66.0,
            "pains": 0.37, "chances": 0.23, "support": 42.0, "kpi": 44.0},
    "curve": {"drop_off": 66.0, "emotion": 0.66, "pains": 0.34},
    "guess": {"drop_off": 66.0, "emotion": 1.0},
}  # fmt: skip
#: Height of a lane in which nothing stands while something does in others, and what a line of guesses adds.
_EMPTY, _GUESS = 32.0, 22.0
#: Lanes that hold nothing but words.
_WORDS = ("doing", "stake", "thoughts", "support", "kpi")
#: Lanes that a low sheet has no room for.
_TALL = ("doing", "stake")
#: What stands in a lane, where it is not called like it.
_CELLS = {"kpi": ("kpi", "owner"), "drop_off": ("drop_off", "guess_drop_off"), "doing": ("actions", "channels"),
          "stake": ("stake", "time")}  # fmt: skip
#: Asked over the map that teams guess from.
QUESTION = "What do you think customers feel here, and how many leave?"
_LABELS = {"doing": "Actions, channels", "volume": "Visitors", "drop_off": "Leave here", "stake": "At stake, time",
           "emotion": "Emotion", "thoughts": "Thoughts", "pains": "Pain points", "chances": "Opportunities",
           "support": "Support", "kpi": "KPI, owner"}  # fmt: skip


def picture(chart: Map, *, paper: str = "16:9", view: str = "map") -> Picture:
    """Lay a map out on a sheet."""
    height = HEIGHTS[paper]
    out = Picture(WIDTH, height, QUESTION if view == "guess" else chart.headline())
    points = chart.touchpoints
    big = view != "map"
    _heading(out, chart, big=big)
    lanes = _heights(chart, view, height)
    wide = (RIGHT - GUTTER - LEFT) / max(len(points), 1)
    columns = {p.id: (GUTTER + LEFT + i * wide, GUTTER + LEFT + (i + 1) * wide) for i, p in enumerate(points)}
    dense = len(points) > DENSE
    y = _stages(out, chart, columns, 96.0 if big else 78.0, height - 44, big=big)
    y = _cards(out, chart, columns, y, view=view, dense=dense)
    room = height - 46 - y - sum(tall for tall in lanes.values() if tall > 1.0)
    shares = sum(part for part in lanes.values() if part <= 1.0)
    for lane, part in lanes.items():
        tall = part if part > 1.0 else part / shares * room
        _label(out, _LABELS[lane], y + (22 if lane == "emotion" else 0), big=big)
        out.rect("rule", LEFT, y + tall - 1, RIGHT, y + tall - 0.4)
        if lane == "emotion":
            middles = [(left + right) / 2 for left, right in columns.values()]
            at = Room(GUTTER + LEFT, y, RIGHT, y + tall, big, dense)
            map_curve.emotion(out, points, middles, at)
        else:
            for point in points:
                left, right = columns[point.id]
                getattr(map_lanes, lane)(out, chart, point, Room(left, y, right, y + tall, big, dense))
        y += tall
    _legend(out, height - 22, view=view, dense=dense)
    return out


def _heights(chart: Map, view: str, height: float) -> dict[str, float]:
    """Return the height or share of each lane; one in which nothing stands makes room for the others.

    A map on which nothing stands at all keeps its lanes: it is there to be filled, on a wall too.
    """
    points = chart.touchpoints
    out = (*(_WORDS if len(points) > DENSE else ()), *(_TALL if height < HEIGHTS["16:9"] else ()))
    lanes = {lane: tall for lane, tall in _LANES[view].items() if lane not in out}
    if "doing" in lanes and height > HEIGHTS["16:9"]:
        lanes["doing"] *= 2
    empty = [lane for lane in lanes if lane != "emotion" and not any(_stands(point, lane) for point in points)]
    if view == "map" and len(empty) < len(lanes) - 1:
        lanes |= dict.fromkeys(empty, _EMPTY)
    if lanes["drop_off"] > _EMPTY and any(math.isfinite(point.value("guess_drop_off")) for point in points):
        lanes["drop_off"] += _GUESS
    return lanes


def _stands(point: Touchpoint, lane: str) -> bool:
    """Say whether something stands in a lane of the picture."""
    items = {"pains": point.pains, "chances": point.opportunities}
    if lane in items:
        return bool(items[lane])
    cells = _CELLS.get(lane, (lane,))
    return any(point.cell(cell) for cell in cells)


def _heading(out: Picture, chart: Map, *, big: bool) -> None:
    size = 34 if big else 26
    out.write(shorter(chart.title, 1000, size), LEFT, 16 + size / 2, size, bold=True)
    out.write(shorter(out.title, 1540, 21 if big else 19), LEFT, 68 if big else 57, 21 if big else 19, "soft")
    period = chart.data().get("period")
    if isinstance(period, list) and len(period) == 2:
        out.write(f"{period[0]} to {period[1]}", RIGHT, 28, 14, "soft", align="right")
    quote = chart.about.get("quote", "")
    if quote:
        out.write(f"“{shorter(quote, 560, 14)}”", RIGHT, 50, 14, "soft", align="right")


def _stages(
    out: Picture, chart: Map, columns: dict[str, tuple[float, float]], y: float, bottom: float, *, big: bool
) -> float:
    tall = 40.0 if big else 32.0
    for number, stage in enumerate(chart.stages):
        mine = [columns[p.id] for p in chart.touchpoints if p.stage == stage.id]
        if not mine:
            continue
        left, right = mine[0][0] + 2, mine[-1][1] - 2
        out.rect(f"column{number % 2}", left, y, right, bottom)
        out.rect("stage", left, y, right, y + tall, tip=clean(stage.name))
        size = _size(stage.name, (right - left - 8) * 0.88, 20 if big else 16)
        said = shorter(stage.name, (right - left - 8) * 0.95, size)
        out.write(said, (left + right) / 2, y + tall / 2, size, "on_stage",
                  bold=True, align="center")  # fmt: skip
    return y + tall + 4


def _cards(
    out: Picture, chart: Map, columns: dict[str, tuple[float, float]], y: float, *, view: str, dense: bool
) -> float:
    big = view != "map"
    names = {}
    for point in chart.touchpoints:
        room = columns[point.id][1] - columns[point.id][0] - 18
        size = _size(point.name, room * 0.9, 17 if big else 14.5)
        names[point.id] = size, fit(point.name, room * 0.95, size, 3)
    spare = 3 - max((len(lines) for _size_of, lines in names.values()), default=3)
    tall = 170.0 if dense else 78.0 if view == "guess" else 104.0 if big else 86.0 - 14 * spare
    moved = {move["touchpoint"]: move for move in chart.moves if move.get("clear")}
    for point in chart.touchpoints:
        left, right = columns[point.id]
        middle, (size, lines) = (left + right) / 2, names[point.id]
        out.rect(
            "card", left + 4, y, right - 4, y + tall - 6, tip=clean(point.name) if view == "guess" else _tip(point)
        )
        if dense:
            size = max(8.0, min(13.0, (right - left) * 0.52))
            out.write(shorter(point.name, tall - 34, size), middle, y + tall - 28, size, bold=True, upright=True)
            _word, shapes, hollow = _badge(point)
            out.mark("evidence", middle, y + tall - 16, shapes[0], 40, hollow=hollow)
            continue
        for place, line in enumerate(lines):
            out.write(line, left + 12, y + 15 + place * size * 1.18, size, bold=True)
        if view == "guess":
            continue
        word, shapes, hollow = _badge(point)
        for place, shape in enumerate(shapes):
            out.mark("evidence", left + 16 + place * 13, y + tall - 18, shape, 46, hollow=hollow)
        out.write(word, left + 12 + len(shapes) * 13, y + tall - 18, 12, "soft")
        if point.id in moved:
            out.write("moved", right - 12, y + tall - 18, 12, "guess", bold=True, align="right")
    return y + tall


def _size(text: str, room: float, most: float) -> float:
    """Return the size of type at which the longest word fits, not below 11."""
    longest = max((width(word, 1.0) for word in text.split()), default=1.0)
    return max(11.0, min(most, round(room / max(longest, 0.1), 1)))


def _badge(point: Touchpoint) -> tuple[str, list[str], bool]:
    """Return the word, the shapes and whether they are hollow, of what is known at a touchpoint."""
    sources = {cell.source for cell in point.cells.values()} | {pain.source for pain in point.pains}
    known = [source for source in (OBSERVED, SURVEY) if source in sources]
    if known:
        return known[0] if len(known) == 1 else "both", [SHAPES[source] for source in known], False
    if ASSUMED in sources or point.opportunities or point.scores:
        return ASSUMED, [SHAPES[ASSUMED]], True
    return "no evidence", ["circle"], True


def _tip(point: Touchpoint) -> str:
    said = [point.name, *(f"{cell.text} ({cell.source})" for cell in point.cells.values() if cell.text)]
    return clean(" · ".join(said))


def _label(out: Picture, text: str, y: float, *, big: bool) -> None:
    size = 16 if big else 14
    out.write(shorter(text, GUTTER - 10, size), LEFT, y + 15, size, "soft", bold=True)


def _legend(out: Picture, y: float, *, view: str, dense: bool) -> None:
    """Say what each sign means; signs of roles that are not on the sheet are left out, sources are always said."""
    x = LEFT
    drawn = {item["role"] for item in (*out.marks, *out.rects, *out.lines)} | {"evidence"}
    if view == "guess":
        drawn = {"guess"}
    entries = (
        ("evidence", "circle", False, "observed: counted in the data"),
        ("evidence", "square", False, "survey: said by customers"),
        ("evidence", "diamond", True, "assumed: written by the team"),
        ("curve", "circle", False, "emotion, band: 95 % interval"),
        ("guess", "diamond", True, "the teams' guess"),
        ("pain", "triangle-down", False, "pain point"),
        ("chance", "triangle-up", False, "opportunity"),
    )
    for role, shape, hollow, said in entries:
        if role not in drawn:
            continue
        out.mark(role, x + 6, y, shape, 70, hollow=hollow)
        out.write(said, x + 17, y, 13, "soft")
        x += 46 + width(said, 13)
    if view == "guess":
        return
    end = "Many touchpoints: words are in the table." if dense else "Empty: not known. Dotted: nothing known between."
    out.write(end, RIGHT, y, 13, "soft", align="right")
