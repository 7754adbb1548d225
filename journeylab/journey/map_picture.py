"""Where everything stands on the picture of a journey map: shapes, words, the curve, in points of one sheet.

The screen, the printed sheet and the slides draw from this one layout. Words are cut to their room; whatever is cut is
whole in the map's table.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from journeylab import words
from journeylab.journey.map_lettering import clean, fit, shorter
from journeylab.journey.map_model import ASSUMED, OBSERVED, SURVEY

if TYPE_CHECKING:
    from journeylab.journey.map import Map
    from journeylab.journey.map_model import Cell, Touchpoint

WIDTH = 1600.0
HEIGHTS = {"16:9": 900.0, "A3": 1131.0}
#: More touchpoints than this have no room for words: names stand upright, the rest is marks and numbers.
DENSE = 14
LEFT, RIGHT, GUTTER = 20.0, 1584.0, 140.0
SHAPES = {OBSERVED: "circle", SURVEY: "square", ASSUMED: "diamond"}
#: Heights of the lanes of each view; a share instead, 0 to 1, takes that part of the room the others leave.
_LANES = {
    "map": {"volume": 50.0, "drop_off": 46.0, "emotion": 0.44, "thoughts": 60.0, "pains": 0.32, "chances": 0.24,
            "support": 42.0, "kpi": 60.0},
    "curve": {"drop_off": 62.0, "emotion": 0.72, "pains": 0.28},
}  # fmt: skip
_LABELS = {"volume": "Visitors", "drop_off": "Leave here", "emotion": "Emotion", "thoughts": "Thoughts",
           "pains": "Pain points", "chances": "Opportunities", "support": "Support", "kpi": "KPI, owner"}  # fmt: skip


@dataclass(frozen=True)
class Picture:
    """A map laid out: rectangles, words, lines, bands and marks, each a dict with its place and its role.

    Args:
        width: Of the sheet.
        height: Of the sheet.
        title: What it is, in words.
    """

    width: float
    height: float
    title: str
    rects: list[dict[str, Any]] = field(default_factory=list)
    texts: list[dict[str, Any]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    bands: list[dict[str, Any]] = field(default_factory=list)
    marks: list[dict[str, Any]] = field(default_factory=list)

    def rect(self, role: str, x: float, y: float, x2: float, y2: float, tip: str = "") -> None:
        """Add a rectangle."""
        self.rects.append({"role": role, "x": x, "y": y, "x2": x2, "y2": y2, "tip": tip})

    def write(self, text: str, x: float, y: float, size: float = 13, role: str = "ink", **style: Any) -> None:
        """Add words; `style` may have bold, align ('left', 'center', 'right') and upright."""
        if text:
            said = {"bold": False, "align": "left", "upright": False, **style}
            self.texts.append({"text": text, "x": x, "y": y, "size": size, "role": role, **said})

    def mark(
        self, role: str, x: float, y: float, shape: str, size: float = 70, *, hollow: bool = False, tip: str = ""
    ) -> None:
        """Add a mark."""
        spot = {"role": role, "x": x, "y": y, "shape": shape, "size": size, "hollow": hollow, "tip": tip}
        self.marks.append(spot)

    def line(self, role: str, points: list[tuple[float, float]]) -> None:
        """Add a line through points."""
        number = len({one["line"] for one in self.lines})
        self.lines.extend({"role": role, "line": number, "x": x, "y": y} for x, y in points)


def picture(chart: Map, *, paper: str = "16:9", view: str = "map") -> Picture:
    """Lay a map out on a sheet."""
    height = HEIGHTS[paper]
    out = Picture(WIDTH, height, chart.headline())
    points = chart.touchpoints
    big = view == "curve"
    _heading(out, chart, big=big)
    lanes = {k: v for k, v in _LANES[view].items() if k != "thoughts" or any(p.cell("thoughts") for p in points)}
    wide = (RIGHT - GUTTER - LEFT) / max(len(points), 1)
    columns = {p.id: (GUTTER + LEFT + i * wide, GUTTER + LEFT + (i + 1) * wide) for i, p in enumerate(points)}
    dense = len(points) > DENSE
    y = _stages(out, chart, columns, 96.0 if big else 78.0, height - 44, big=big)
    y = _cards(out, chart, columns, y, big=big, dense=dense)
    draws = {"volume": _volume, "drop_off": _drop_off, "thoughts": _thoughts, "pains": _pains, "chances": _chances,
             "support": _support, "kpi": _kpi}  # fmt: skip
    room = height - 46 - y - sum(tall for tall in lanes.values() if tall > 1)
    for lane, part in lanes.items():
        tall = part if part > 1 else part * room
        _label(out, _LABELS[lane], y + (22 if lane == "emotion" else 0), big=big)
        out.rect("rule", LEFT, y + tall - 1, RIGHT, y + tall - 0.4)
        if lane == "emotion":
            _emotion(out, points, columns, y, tall, big=big, dense=dense)
        else:
            for point in points:
                left, right = columns[point.id]
                draws[lane](out, chart, point, (left, y, right, y + tall), big=big, dense=dense)
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
        size = 20 if big else 16
        out.write(shorter(stage.name, (right - left - 8) * 0.88, size), (left + right) / 2, y + tall / 2, size, "on_stage",
                  bold=True, align="center")  # fmt: skip
    return y + tall + 4


def _cards(
    out: Picture, chart: Map, columns: dict[str, tuple[float, float]], y: float, *, big: bool, dense: bool
) -> float:
    tall = 118.0 if dense else 104.0 if big else 86.0
    moved = {move["touchpoint"]: move for move in chart.moves if move.get("clear")}
    for point in chart.touchpoints:
        left, right = columns[point.id]
        middle, size = (left + right) / 2, 17 if big else 14.5
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


Box = tuple[float, float, float, float]


def _volume(out: Picture, chart: Map, point: Touchpoint, box: Box, *, big: bool, dense: bool) -> None:
    left, y, right, _bottom = box
    cell = point.cell("volume")
    if cell is None:
        return
    most = max((p.cells["volume"].n or 0) for p in chart.touchpoints if "volume" in p.cells) or 1
    room = right - left - 16
    if cell.n:
        out.rect(
            f"bar_{cell.source}",
            left + 8,
            y + 28,
            left + 8 + max(2.0, room * cell.n / most),
            y + 38,
            tip=clean(cell.text),
        )
    if not dense:
        said = words.count(cell.n) if cell.n else cell.text
        _with_source(out, cell, shorter(said, room - 12, 14), left + 8, y + 15, 14)


def _drop_off(out: Picture, _chart: Map, point: Touchpoint, box: Box, *, big: bool, dense: bool) -> None:
    left, y, right, _bottom = box
    cell, guess = point.cell("drop_off"), point.value("guess_drop_off")
    size = 24.0 if big else 17.0
    if cell is not None and math.isfinite(cell.value):
        said = words.percent(cell.value, digits=0).replace(" %", "%" if dense else " %")
        if dense:
            out.write(said, (left + right) / 2, y + 18, min(13.0, (right - left) * 0.42), align="center")
            return
        _with_source(out, cell, said, left + 8, y + 15, size, bold=True)
        span = f"{100 * cell.lower:.1f} to {words.percent(cell.upper)}"
        if math.isfinite(cell.lower):
            out.write(shorter(span, right - left - 14, 11), left + 8, y + (42 if big else 33), 11, "soft")
    if math.isfinite(guess) and not dense:
        text = f"guess {words.percent(guess, digits=0)}"
        place = y + (15 if cell is None else 33 if not big else 42)
        out.write(text, right - 8, place, 12, "guess", align="right")


def _thoughts(out: Picture, _chart: Map, point: Touchpoint, box: Box, *, big: bool, dense: bool) -> None:
    left, y, right, _bottom = box
    cell = point.cell("thoughts")
    if cell is None or dense:
        return
    out.mark("evidence", left + 12, y + 11, SHAPES[cell.source], 30, hollow=cell.source == ASSUMED)
    for place, line in enumerate(fit(f"“{cell.text}”", right - left - 28, 11.5, 4)):
        out.write(line, left + 21, y + 11 + place * 13.5, 11.5)


def _pains(out: Picture, chart: Map, point: Touchpoint, box: Box, *, big: bool, dense: bool) -> None:
    left, y, right, bottom = box
    pains = sorted(point.pains, key=lambda p: (-p.votes, not p.clear, -(p.margin if math.isfinite(p.margin) else 0)))
    if dense:
        if pains:
            out.mark("pain", (left + right) / 2, y + 22, "triangle-down", 120)
            out.write(str(len(pains)), (left + right) / 2, y + 42, 12, align="center")
        return
    size = 15.0 if big else 12.0
    most = 1 if big else max(1, int((bottom - y - 8) // 108))
    tall = (bottom - y - 8) / most
    for place, pain in enumerate(pains[:most]):
        top = y + 4 + place * tall
        out.rect("pain", left + 5, top, right - 5, top + tall - 4, tip=clean(f"{pain.kind}: {pain.text}"))
        out.mark("pain", left + 15, top + 11, "triangle-down", 60)
        votes = f" · {words.count(pain.votes, 'dot')}" if pain.votes else ""
        out.write(
            shorter(f"{pain.kind}{votes}", right - left - 42, size - 1),
            left + 23,
            top + 11,
            size - 1,
            "pain_ink",
            bold=True,
        )
        out.mark("evidence", right - 14, top + 11, SHAPES[pain.source], 30, hollow=pain.source == ASSUMED)
        money = math.isfinite(pain.margin)
        unsure = pain.source != ASSUMED and not pain.clear
        rows = max(1, int((tall - 24) // (size * 1.18)) - (money or unsure))
        for row, line in enumerate(fit(pain.text, right - left - 22, size, rows)):
            out.write(line, left + 11, top + 27 + row * size * 1.18, size)
        if money:
            said = f"{words.money(pain.margin, chart.currency)} margin"
            out.write(shorter(said, right - left - 14, size), left + 11, top + tall - 13, size, bold=True)
        elif unsure:
            out.write(shorter("may be noise", right - left - 22, 11), left + 11, top + tall - 13, 11, "soft")
    if len(pains) > most:
        out.write(f"+ {len(pains) - most} more", right - 10, bottom - 3, 10, "soft", align="right")


def _chances(out: Picture, _chart: Map, point: Touchpoint, box: Box, *, big: bool, dense: bool) -> None:
    left, y, right, bottom = box
    chances = sorted(point.opportunities, key=lambda o: -o.votes)
    if not chances:
        return
    if dense:
        out.mark("chance", (left + right) / 2, y + 20, "triangle-up", 120)
        out.write(str(len(chances)), (left + right) / 2, y + 40, 12, align="center")
        return
    best = chances[0]
    out.rect("chance", left + 5, y + 4, right - 5, bottom - 6, tip=clean(best.text))
    out.mark("chance", left + 15, y + 15, "triangle-up", 60)
    votes = words.count(best.votes, "dot") if best.votes else "idea"
    more = f" · + {len(chances) - 1}" if len(chances) > 1 else ""
    out.write(f"{votes}{more}", left + 23, y + 15, 11, "chance_ink", bold=True)
    rows = max(1, int((bottom - y - 46) // 14))
    for row, line in enumerate(fit(best.text, right - left - 22, 12, rows)):
        out.write(line, left + 11, y + 31 + row * 14, 12)
    if best.owner:
        out.write(shorter(best.owner, right - left - 22, 11), left + 11, bottom - 15, 11, "soft", bold=True)


def _support(out: Picture, _chart: Map, point: Touchpoint, box: Box, *, big: bool, dense: bool) -> None:
    left, y, right, _bottom = box
    cases, again = point.cell("support"), point.cell("repeat_contacts")
    if cases is None or dense:
        return
    said = words.count(cases.n, "case") if cases.n else cases.text
    _with_source(out, cases, shorter(said, right - left - 26, 12), left + 8, y + 13, 12)
    if again is not None and math.isfinite(again.value):
        out.write(f"{words.percent(again.value, digits=0)} write again", left + 8, y + 29, 11, "soft")


def _kpi(out: Picture, _chart: Map, point: Touchpoint, box: Box, *, big: bool, dense: bool) -> None:
    left, y, right, _bottom = box
    kpi, owner = point.cell("kpi"), point.cell("owner")
    if dense:
        return
    if kpi is not None:
        out.mark("evidence", left + 12, y + 12, SHAPES[kpi.source], 30, hollow=kpi.source == ASSUMED)
        for place, line in enumerate(fit(kpi.text, right - left - 28, 11, 2 if owner else 3)):
            out.write(line, left + 21, y + 12 + place * 13, 11)
    if owner is not None:
        out.write(shorter(owner.text, right - left - 14, 12), left + 8, y + 44, 12, bold=True)


def _emotion(
    out: Picture,
    points: tuple[Touchpoint, ...],
    columns: dict[str, tuple[float, float]],
    y: float,
    tall: float,
    *,
    big: bool,
    dense: bool,
) -> None:
    top, bottom = y + 16, y + tall - 16

    def place(value: float) -> float:
        return bottom - (value + 2) / 4 * (bottom - top)

    for value, word in ((2, "very happy"), (0, "neutral"), (-2, "very unhappy")):
        out.rect("rule" if value else "zero", GUTTER + LEFT, place(value) - 0.5, RIGHT, place(value) + 0.5)
        out.write(word, GUTTER + LEFT - 8, place(value), 14 if big else 12, "soft", align="right")
    spots = [(i, (columns[p.id][0] + columns[p.id][1]) / 2, p) for i, p in enumerate(points)]
    felt = [(i, x, p.cells["emotion"]) for i, x, p in spots if math.isfinite(p.value("emotion"))]
    for run in _runs(felt):
        sure = [(x, cell) for _, x, cell in run if math.isfinite(cell.lower)]
        if len(sure) > 1:
            number = len({band["band"] for band in out.bands})
            out.bands.extend([{"band": number, "x": x, "y": place(c.lower), "y2": place(c.upper)} for x, c in sure])
        if len(run) > 1:
            out.line("curve", [(x, place(cell.value)) for _, x, cell in run])
    for (i, x, cell), (j, x2, cell2) in zip(felt, felt[1:], strict=False):
        if j > i + 1:
            out.line("gap", [(x, place(cell.value)), (x2, place(cell2.value))])
    guessed = [(x, place(p.value("guess_emotion"))) for _, x, p in spots if math.isfinite(p.value("guess_emotion"))]
    if len(guessed) > 1:
        out.line("guess", guessed)
    for x, at in guessed:
        out.mark("guess", x, at, "diamond", 40 if dense else 90, hollow=True)
    for _, x, p in spots:
        wanted = p.value("expectation")
        if math.isfinite(wanted):
            out.rect("expected", x - 22, place(wanted) - 1.5, x + 22, place(wanted) + 1.5, tip="expected")
    for _, x, cell in felt:
        if math.isfinite(cell.lower):
            out.rect("error", x - 2.5, place(cell.upper), x + 2.5, place(cell.lower))
        tip = clean(f"{cell.value:+.1f}, {cell.text} ({cell.source})")
        out.mark("curve", x, place(cell.value), SHAPES[cell.source], 60 if dense else 170 if big else 120,
                 hollow=cell.source == ASSUMED, tip=tip)  # fmt: skip
        if not dense:
            size = 19 if big else 15
            said = f"{cell.value:+.1f}"
            out.write(said, x, place(cell.value) - (24 if big else 20), size, bold=True, align="center")
            out.write(_of(cell), x, place(cell.value) + (26 if big else 20), 12 if big else 11, "soft", align="center")


def _of(cell: Cell) -> str:
    return f"n = {cell.n:,}" if cell.n else cell.source


def _runs(felt: list[tuple[int, float, Any]]) -> list[list[tuple[int, float, Any]]]:
    """Return the stretches of neighbouring touchpoints whose emotion is known."""
    runs: list[list[tuple[int, float, Any]]] = []
    for spot in felt:
        if runs and runs[-1][-1][0] == spot[0] - 1:
            runs[-1].append(spot)
        else:
            runs.append([spot])
    return runs


def _with_source(out: Picture, cell: Cell, text: str, x: float, y: float, size: float, *, bold: bool = False) -> None:
    """Write a figure with the shape of its source before it."""
    out.mark("evidence", x + 4, y, SHAPES[cell.source], 30, hollow=cell.source == ASSUMED)
    out.write(text, x + 13, y, size, bold=bold)


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
