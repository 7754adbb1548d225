"""The lanes of a journey map's picture: each draws what stands at one touchpoint into its room on the sheet."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from journeylab import words
from journeylab.journey.map_figures import ends, margin
from journeylab.journey.map_lettering import clean, fit, shorter, width
from journeylab.journey.map_model import ASSUMED, OBSERVED
from journeylab.journey.map_sheet import SHAPES

if TYPE_CHECKING:
    from journeylab.journey.map import Map
    from journeylab.journey.map_model import Cell, Pain, Touchpoint
    from journeylab.journey.map_sheet import Picture


#: Height of a line of actions and channels, and the room below which a line of them says nothing.
_LINE, _NARROW = 17, 110.0


class Room(NamedTuple):
    """The room of a touchpoint in a lane; `big` for a large view, `dense` where there is no room for words."""

    left: float
    y: float
    right: float
    bottom: float
    big: bool
    dense: bool


def volume(out: Picture, chart: Map, point: Touchpoint, at: Room) -> None:
    """Draw how many come by, as a bar and in words."""
    cell = point.cell("volume")
    if cell is None:
        return
    most = max((p.cells["volume"].n or 0) for p in chart.touchpoints if "volume" in p.cells) or 1
    room = at.right - at.left - 16
    if cell.n:
        out.rect(
            f"bar_{cell.source}",
            at.left + 8,
            at.y + 28,
            at.left + 8 + max(2.0, room * cell.n / most),
            at.y + 38,
            tip=clean(cell.text),
        )
    if not at.dense:
        said = words.count(cell.n) if cell.n else cell.text
        with_source(out, cell, shorter(said, room - 12, 15.5), at.left + 8, at.y + 15, 15.5)


def doing(out: Picture, chart: Map, point: Touchpoint, at: Room) -> None:
    """Write what customers do here, and by which channels they come; in a narrow column what the team wrote first."""
    del chart
    cells = [(lane, point.cells[lane]) for lane in ("actions", "channels") if lane in point.cells]
    if at.dense or not cells:
        return
    room, lines = at.right - at.left - 23, int((at.bottom - at.y - 6) // _LINE)
    if room < _NARROW and lines < 4:  # a line says nothing there: one of them takes both
        cells = sorted(cells, key=lambda each: (not _teams(each[1]), (each[0] == "actions") != _teams(each[1])))[:1]
    most, size = lines // len(cells), 12.0 if room < _NARROW else 12.5
    for place, (lane, cell) in enumerate(cells):
        y = at.y + 12 + place * most * _LINE
        out.mark("evidence", at.left + 12, y, SHAPES[cell.source], 30, hollow=_teams(cell))
        for row, line in enumerate(fit(_shortened(lane, cell, room * most), room, size, most)):
            out.write(line, at.left + 20, y + row * _LINE, size)


def _teams(cell: Cell) -> bool:
    """Say whether the team wrote a cell."""
    return cell.source == ASSUMED


def _shortened(lane: str, cell: Cell, room: float) -> str:
    """Return the words of a cell, of the data's own only as much as fits whole."""
    if cell.source != OBSERVED:
        return cell.text
    if lane == "actions":
        return _first_that_fits((cell.text, cell.text.removesuffix(" a visitor")), room * 0.9, 12.5)
    parts = cell.text.split(", ")
    said = [", ".join(parts[:count]) for count in range(len(parts), 0, -1)]
    return _first_that_fits(tuple(said), room * 0.9, 12.5)


def stake(out: Picture, chart: Map, point: Touchpoint, at: Room) -> None:
    """Write the margin at stake where customers leave, and the time to the next touchpoint."""
    money, time = point.cell("stake"), point.cell("time")
    if at.dense:
        return
    if money is not None:
        known = math.isfinite(money.value)
        said = words.money(money.value, chart.currency) if known else money.text
        span = f"{said} ({ends('stake', money, chart.currency)})"
        room = at.right - at.left - 26
        said = _first_that_fits((span, said), room, 15.5) if math.isfinite(money.lower) else said
        with_source(out, money, shorter(said, room, 15.5), at.left + 8, at.y + 13, 15.5, bold=True)
    if time is not None:
        room = at.right - at.left - 12
        said = words.length(time.value) if math.isfinite(time.value) else time.text
        said = _first_that_fits((f"{said} to the next", f"{said} to next", said), room, 12.5)
        out.write(shorter(said, room, 12.5), at.left + 8, at.y + 31, 12.5, "soft")


def drop_off(out: Picture, chart: Map, point: Touchpoint, at: Room) -> None:
    """Write who leaves here, with its interval, and the teams' guess."""
    del chart
    cell, guess = point.cell("drop_off"), point.value("guess_drop_off")
    size, small = (26.0, 14.0) if at.big else (18.5, 12.5)
    if cell is not None and math.isfinite(cell.value):
        said = words.percent(cell.value, digits=0).replace(" %", "%" if at.dense else " %")
        if at.dense:
            out.write(said, (at.left + at.right) / 2, at.y + 18, min(13.0, (at.right - at.left) * 0.42), align="center")
            return
        with_source(out, cell, said, at.left + 8, at.y + size * 0.85, size, bold=True)
        span = f"{100 * cell.lower:.1f} to {words.percent(cell.upper)}"
        if math.isfinite(cell.lower):
            room = at.right - at.left - 12
            out.write(shorter(span, room, small), at.left + 8, at.y + (46 if at.big else 35), small, "soft")
    elif cell is not None and not at.dense:
        out.write(cell.text, at.left + 12, at.y + size * 0.85, size, "soft", bold=True)
    if math.isfinite(guess) and not at.dense:
        place = at.bottom - (16 if at.big else 13)
        out.mark("guess", at.left + 13, place, "diamond", 60, hollow=True)
        out.write(words.percent(guess, digits=0), at.left + 24, place, small + 2, "guess", bold=True)


def thoughts(out: Picture, chart: Map, point: Touchpoint, at: Room) -> None:
    """Write a typical quote."""
    del chart
    cell = point.cell("thoughts")
    if cell is None or at.dense:
        return
    out.mark("evidence", at.left + 12, at.y + 11, SHAPES[cell.source], 30, hollow=cell.source == ASSUMED)
    for place, line in enumerate(fit(f"“{cell.text}”", at.right - at.left - 26, 12.5, 4)):
        out.write(line, at.left + 21, at.y + 11 + place * 15, 12.5)


def pains(out: Picture, chart: Map, point: Touchpoint, at: Room) -> None:
    """Draw the worst pain as a sticky note, and how many more there are."""
    sore = sorted(point.pains, key=lambda p: (-p.votes, not p.clear, -(p.margin if math.isfinite(p.margin) else 0)))
    if at.dense:
        if sore:
            out.mark("pain", (at.left + at.right) / 2, at.y + 22, "triangle-down", 120)
            out.write(str(len(sore)), (at.left + at.right) / 2, at.y + 42, 12, align="center")
        return
    size = 15.0 if at.big or at.bottom - at.y > 175 else 13.0
    most = 1 if at.big else max(1, int((at.bottom - at.y - 8) // 130))
    tall, more = (at.bottom - at.y - 8) / most, max(0, len(sore) - most)
    for place, pain in enumerate(sore[:most]):
        top = at.y + 4 + place * tall
        out.rect("pain", at.left + 5, top, at.right - 5, top + tall - 4, tip=clean(_tip(pain, chart.currency)))
        out.mark("pain", at.left + 15, top + 11, "triangle-down", 60)
        votes = f" · {pain.votes}" if pain.votes else ""
        room = at.right - at.left - 43
        kind = max(10.0, min(size - 1, room / max(width(pain.kind + votes, 1.0), 1.0)))
        out.write(shorter(f"{pain.kind}{votes}", room, kind), at.left + 23, top + 11, kind, "pain_ink", bold=True)
        out.mark("evidence", at.right - 14, top + 11, SHAPES[pain.source], 30, hollow=pain.source == ASSUMED)
        money = math.isfinite(pain.margin)
        unsure = pain.source == OBSERVED and not pain.clear
        rows = max(1, int((tall - 24) // (size * 1.18)) - (money or unsure))
        for row, line in enumerate(fit(pain.text, at.right - at.left - 22, size, rows)):
            out.write(line, at.left + 11, top + 27 + row * size * 1.18, size)
        if money:
            said = words.money(pain.margin, chart.currency)
            room = at.right - at.left - (48 if more and place == most - 1 else 20)
            out.write(
                shorter(_first_that_fits((f"{said} margin", said), room, size), room, size),
                at.left + 11,
                top + tall - 13,
                size,
                bold=True,
            )
        elif unsure:
            out.write(shorter("may be noise", at.right - at.left - 22, 11), at.left + 11, top + tall - 13, 11, "soft")
    if more:
        said = f"+ {more}" if math.isfinite(sore[most - 1].margin) else f"+ {more} more"
        out.write(said, at.right - 12, at.bottom - 16, 12, "pain_ink", align="right")


def _tip(pain: Pain, currency: str) -> str:
    """Return a pain whole: its kind, its words, how many it rests on, and its money."""
    rests_on = f"n = {pain.n:,} of {pain.of:,}" if pain.n is not None and pain.of else ""
    money = margin(pain.margin, pain.margin_lower, pain.margin_upper, currency)
    return "; ".join(part for part in (f"{pain.kind}: {pain.text}", rests_on, money) if part)


def chances(out: Picture, chart: Map, point: Touchpoint, at: Room) -> None:
    """Draw the opportunity with most votes."""
    del chart
    ideas = sorted(point.opportunities, key=lambda o: -o.votes)
    if not ideas:
        return
    if at.dense:
        out.mark("chance", (at.left + at.right) / 2, at.y + 20, "triangle-up", 120)
        out.write(str(len(ideas)), (at.left + at.right) / 2, at.y + 40, 12, align="center")
        return
    best = ideas[0]
    out.rect("chance", at.left + 5, at.y + 4, at.right - 5, at.bottom - 6, tip=clean(best.text))
    out.mark("chance", at.left + 15, at.y + 15, "triangle-up", 60)
    votes = words.count(best.votes, "dot") if best.votes else "idea"
    more = f" · + {len(ideas) - 1}" if len(ideas) > 1 else ""
    out.write(f"{votes}{more}", at.left + 23, at.y + 15, 12, "chance_ink", bold=True)
    rows = max(1, int((at.bottom - at.y - 46) // 15))
    for row, line in enumerate(fit(best.text, at.right - at.left - 20, 13, rows)):
        out.write(line, at.left + 11, at.y + 32 + row * 15, 13)
    if best.owner:
        out.write(shorter(best.owner, at.right - at.left - 22, 12), at.left + 11, at.bottom - 16, 12, "soft", bold=True)


def support(out: Picture, chart: Map, point: Touchpoint, at: Room) -> None:
    """Write support cases and repeat contacts."""
    del chart
    cases, again = point.cell("support"), point.cell("repeat_contacts")
    if cases is None or at.dense:
        return
    said = words.count(cases.n, "case") if cases.n else cases.text
    with_source(out, cases, shorter(said, at.right - at.left - 26, 13.5), at.left + 8, at.y + 13, 13.5)
    if again is not None and math.isfinite(again.value):
        said, room = words.percent(again.value, digits=0), at.right - at.left - 12
        said = _first_that_fits((f"{said} write again", f"{said} again"), room, 12)
        out.write(shorter(said, room, 12), at.left + 8, at.y + 31, 12, "soft")


def kpi(out: Picture, chart: Map, point: Touchpoint, at: Room) -> None:
    """Write the KPI and who owns it."""
    del chart
    kpi, owner = point.cell("kpi"), point.cell("owner")
    if at.dense:
        return
    if kpi is not None:
        out.mark("evidence", at.left + 12, at.y + 12, SHAPES[kpi.source], 30, hollow=kpi.source == ASSUMED)
        room, most = at.right - at.left - 26, 1 if owner else 2
        said = (
            kpi.text
            if _teams(kpi)
            else _first_that_fits((kpi.text, kpi.text.partition(" (")[0]), most * room * 0.9, 12)
        )
        for place, line in enumerate(fit(said, room, 12, most)):
            out.write(line, at.left + 21, at.y + 12 + place * 14.5, 12)
    if owner is not None:
        out.write(shorter(owner.text, at.right - at.left - 14, 13), at.left + 8, at.y + 32, 13, bold=True)


def _first_that_fits(said: tuple[str, ...], room: float, size: float) -> str:
    """Return the first of some wordings that fits the room, else the last."""
    return next((text for text in said if width(text, size) <= room), said[-1])


def with_source(out: Picture, cell: Cell, text: str, x: float, y: float, size: float, *, bold: bool = False) -> None:
    """Write a figure with the shape of its source before it."""
    out.mark("evidence", x + 4, y, SHAPES[cell.source], 30, hollow=cell.source == ASSUMED)
    out.write(text, x + 13, y, size, bold=bold)
