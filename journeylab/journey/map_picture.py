"""Where everything stands on the picture of a journey map: shapes, words, the curve, in points of one sheet.

The screen, the printed sheet and the slides draw from this one layout. Words are cut to their room; whatever is cut is
whole in the map's table.
"""

from __future__ import annotations

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
    "map": {"volume": 50.0, "drop_off": 46.0, "emotion": 0.44, "thoughts": 60.0, "pains": 0.32, "chances": 0.24,
            "support": 42.0, "kpi": 60.0},
    "curve": {"drop_off": 62.0, "emotion": 0.72, "pains": 0.28},
    "guess": {"drop_off": 62.0, "emotion": 1.0},
}  # fmt: skip
_LABELS = {"volume": "Visitors", "drop_off": "Leave here", "emotion": "Emotion", "thoughts": "Thoughts",
           "pains": "Pain points", "chances": "Opportunities", "support": "Support", "kpi": "KPI, owner"}  # fmt: skip


def picture(chart: Map, *, paper: str = "16:9", view: str = "map") -> Picture:
    """Lay a map out on a sheet."""
    height = HEIGHTS[paper]
    title = chart.headline() if view != "guess" else "What do you think customers feel here, and how many leave?"
    out = Picture(WIDTH, height, title)
    points = chart.touchpoints
    big = view != "map"
    _heading(out, chart, big=big)
    lanes: dict[str, float] = {
        k: v for k, v in _LANES[view].items() if k != "thoughts" or any(p.cell("thoughts") for p in points)
    }
    wide = (RIGHT - GUTTER - LEFT) / max(len(points), 1)
    columns = {p.id: (GUTTER + LEFT + i * wide, GUTTER + LEFT + (i + 1) * wide) for i, p in enumerate(points)}
    dense = len(points) > DENSE
    y = _stages(out, chart, columns, 96.0 if big else 78.0, height - 44, big=big)
    y = _cards(out, chart, columns, y, big=big, dense=dense)
    room = height - 46 - y - sum(tall for tall in lanes.values() if tall > 1.0)
    for lane, part in lanes.items():
        tall = part if part > 1.0 else part * room
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
    _legend(out, height - 22, dense=dense)
    return out


def _heading(out: Picture, chart: Map, *, big: bool) -> None:
    size = 34 if big else 27
    out.write(shorter(chart.title, 1000, size), LEFT, 18 + size / 2, size, bold=True)
    out.write(shorter(out.title, 1330, 18 if big else 15), LEFT, 66 if big else 58, 18 if big else 15, "soft")
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
    out: Picture, chart: Map, columns: dict[str, tuple[float, float]], y: float, *, big: bool, dense: bool
) -> float:
    tall = 118.0 if dense else 104.0 if big else 86.0
    moved = {move["touchpoint"]: move for move in chart.moves if move.get("clear")}
    for point in chart.touchpoints:
        left, right = columns[point.id]
        middle, size = (left + right) / 2, _size(point.name, (right - left - 18) * 0.9, 17 if big else 14.5)
        out.rect("card", left + 4, y, right - 4, y + tall - 6, tip=_tip(point))
        if dense:
            size = max(8.0, min(13.0, (right - left) * 0.52))
            out.write(shorter(point.name, tall - 34, size), middle, y + tall - 28, size, bold=True, upright=True)
            _word, shapes, hollow = _badge(point)
            out.mark("evidence", middle, y + tall - 16, shapes[0], 40, hollow=hollow)
            continue
        lines = fit(point.name, (right - left - 18) * 0.95, size, 3)
        for place, line in enumerate(lines):
            out.write(line, left + 12, y + 14 + place * size * 1.18, size, bold=True)
        word, shapes, hollow = _badge(point)
        for place, shape in enumerate(shapes):
            out.mark("evidence", left + 16 + place * 13, y + tall - 18, shape, 46, hollow=hollow)
        out.write(word, left + 12 + len(shapes) * 13, y + tall - 18, 11, "soft")
        if point.id in moved:
            out.write("moved", right - 12, y + tall - 18, 11, "guess", bold=True, align="right")
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


def _legend(out: Picture, y: float, *, dense: bool) -> None:
    x = LEFT
    entries = (
        ("evidence", "circle", False, "observed: counted in the data"),
        ("evidence", "square", False, "survey: said by customers"),
        ("evidence", "diamond", True, "assumed: written by the team"),
        ("curve", "circle", False, "emotion, band: 95 % interval"),
        ("guess", "diamond", True, "the team's guess"),
        ("pain", "triangle-down", False, "pain point"),
        ("chance", "triangle-up", False, "opportunity"),
    )
    for role, shape, hollow, said in entries:
        out.mark(role, x + 6, y, shape, 70, hollow=hollow)
        out.write(said, x + 17, y, 13, "soft")
        x += 40 + 6.4 * len(said)
    end = "Many touchpoints: words are in the table." if dense else "Empty: not known. Dotted: nothing known between."
    out.write(end, RIGHT, y, 13, "soft", align="right")
