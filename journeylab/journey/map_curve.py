"""The emotion curve of a journey map's picture: what is known and how sure, the team's guess, what was expected."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from journeylab import words
from journeylab.journey.map_lettering import clean
from journeylab.journey.map_model import ASSUMED
from journeylab.journey.map_sheet import SHAPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journeylab.journey.map_lanes import Room
    from journeylab.journey.map_model import Cell, Touchpoint
    from journeylab.journey.map_sheet import Picture

Spot = tuple[int, float, "Touchpoint"]
Felt = tuple[int, float, "Cell"]


def emotion(out: Picture, points: Sequence[Touchpoint], middles: Sequence[float], at: Room) -> None:
    """Draw the curve into its room.

    Args:
        out: The sheet.
        points: The touchpoints in order.
        middles: Where each stands.
        at: The room of the whole lane.
    """
    spots = [(i, x, point) for i, (x, point) in enumerate(zip(middles, points, strict=True))]
    felt = [(i, x, p.cells["emotion"]) for i, x, p in spots if math.isfinite(p.value("emotion"))]
    for value, word in ((2, "very happy"), (0, "neutral"), (-2, "very unhappy")):
        level = _level(at, value)
        out.rect("rule" if value else "zero", at.left, level - 0.5, at.right, level + 0.5)
        out.write(word, at.left - 8, level, 14 if at.big else 12, "soft", align="right")
    for _, x, point in spots:
        if point.cell("emotion") and not math.isfinite(point.value("emotion")) and not at.dense:
            out.write(
                point.cells["emotion"].text, x, _level(at, 0), 30 if at.big else 20, "soft", bold=True, align="center"
            )
    _lines(out, felt, at)
    _team(out, spots, at)
    for i, x, cell in felt:
        _point(out, x, cell, points[i].value("guess_emotion"), at)


def _level(at: Room, value: float) -> float:
    top, bottom = at.y + 16, at.bottom - 16
    return bottom - (value + 2) / 4 * (bottom - top)


def _lines(out: Picture, felt: Sequence[Felt], at: Room) -> None:
    """Draw line and band over neighbours that are known, and dots over those between that are not."""
    for run in _runs(felt):
        sure = [(x, cell) for _, x, cell in run if math.isfinite(cell.lower)]
        if len(sure) > 1:
            number = len({band["band"] for band in out.bands})
            out.bands.extend(
                {"band": number, "x": x, "y": _level(at, cell.lower), "y2": _level(at, cell.upper)} for x, cell in sure
            )
        if len(run) > 1:
            out.line("curve", [(x, _level(at, cell.value)) for _, x, cell in run])
    for (i, x, cell), (j, x2, cell2) in pairwise(felt):
        if j > i + 1:
            out.line("gap", [(x, _level(at, cell.value)), (x2, _level(at, cell2.value))])


def _team(out: Picture, spots: Sequence[Spot], at: Room) -> None:
    """Draw the team's guess and what customers are taken to expect."""
    known = [(x, point.value("guess_emotion")) for _, x, point in spots]
    guessed = [(x, _level(at, value)) for x, value in known if math.isfinite(value)]
    if len(guessed) > 1:
        out.line("guess", guessed)
    for x, level in guessed:
        out.mark("guess", x, level, "diamond", 40 if at.dense else 90, hollow=True)
    for _, x, point in spots:
        wanted = point.value("expectation")
        if math.isfinite(wanted):
            level = _level(at, wanted)
            left, right = (x + 4, x + 10) if at.dense else (x + 22, x + 48)
            out.rect("expected", left, level - 2, right, level + 2, tip="expected")
            if not at.dense:
                out.write("expected", left, level + 11, 12, "expected")


def _point(out: Picture, x: float, cell: Cell, guess: float, at: Room) -> None:
    level = _level(at, cell.value)
    if math.isfinite(cell.lower):
        out.rect("error", x - 2.5, _level(at, cell.upper), x + 2.5, _level(at, cell.lower))
    tip = clean(f"{words.plus(cell.value, digits=1)}, {cell.text} ({cell.source})")
    size = 60 if at.dense else 170 if at.big else 120
    out.mark("curve", x, level, SHAPES[cell.source], size, hollow=cell.source == ASSUMED, tip=tip)
    if at.dense:
        return
    large, small = (22.0, 14.0) if at.big else (16.5, 12.0)
    said = f"n = {cell.n:,}" if cell.n else cell.source
    value, rests_on = _beside(level, _level(at, guess) if math.isfinite(guess) else math.nan, large, at)
    out.write(words.plus(cell.value, digits=1), x, value, large, bold=True, align="center")
    out.write(said, x, rests_on, small, "soft", align="center")


def _beside(level: float, guess: float, size: float, at: Room) -> tuple[float, float]:
    """Return where the figure of a point stands and where its n: above and below, but not on the teams' guess."""
    near, line = size * 1.25, size * 0.95
    if -near * 1.6 < guess - level < 0:
        return level + near, level + near + line
    if 0 <= guess - level < near * 1.6:
        return level - near, guess + near
    below, zero = level + near, _level(at, 0)
    return level - near, zero + size * 0.6 if abs(below - zero) < size * 0.55 else below


def _runs(felt: Sequence[Felt]) -> list[list[Felt]]:
    """Return the stretches of neighbouring touchpoints whose emotion is known."""
    runs: list[list[Felt]] = []
    for spot in felt:
        if runs and runs[-1][-1][0] == spot[0] - 1:
            runs[-1].append(spot)
        else:
            runs.append([spot])
    return runs
