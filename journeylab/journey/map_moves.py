"""What a refresh moved on a journey map: figures that differ, and what is new or gone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from journeylab.journey.map_figures import FIGURES, a_day, beyond, gap, observed, repeated, said
from journeylab.journey.map_model import ASSUMED, LANES, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journeylab.journey.map_model import Cell, Touchpoint

#: Totals, which grow with the period: compared by what they come to a day.
_TOTALS = ("volume", "stake")
MOVED, NEW, GONE = "moved", "new", "gone"
PAIN = "pain"


def moves(before: Sequence[Touchpoint], after: Sequence[Touchpoint], currency: str = "") -> list[dict[str, Any]]:
    """Return what differs between the touchpoints of a map and the same ones filled anew.

    Each is a dict of touchpoint (its id), lane (or 'pain'), change ('moved', 'new' or 'gone'), was and now (in words,
    with intervals), before and after (figures), and clear (beyond noise, over all that moved together). What the team
    wrote is not looked at, nor is a map on which nothing was known.
    """
    if not any(cell.source != ASSUMED for point in before for cell in point.cells.values()):
        return []
    later = {point.id: point for point in after}
    found, gaps = [], []
    for old in before:
        for lane in FIGURES:
            was, now = old.cell(lane), later[old.id].cell(lane)
            if (observed(was) and repeated(old.cells, lane)) or (observed(now) and repeated(later[old.id].cells, lane)):
                continue
            if observed(was) and observed(now) and was is not None and now is not None:
                pair = _alike(lane, was, now)
                if pair is not None and pair[0].value != pair[1].value:
                    found.append(_move(old.id, lane, MOVED, *pair, currency))
                    gaps.append(gap(pair[1], pair[0]))
            elif (observed(was) and now is None) or (observed(now) and was is None):
                found.append(_move(old.id, lane, NEW if was is None else GONE, was, now, currency))
        found += _pains(old, later[old.id])
    for move, clear in zip([move for move in found if move["change"] == MOVED], beyond(gaps)[1], strict=True):
        move["clear"] = clear
    return found


def _alike(lane: str, was: Cell, now: Cell) -> tuple[Cell, Cell] | None:
    """Return both figures by what they are compared; None if they count different things."""
    if was.unit != now.unit and was.unit and now.unit:
        return None
    if lane not in _TOTALS or (lane == "volume" and not was.unit):  # who orders again is a share, without days
        return was, now
    one, two = a_day(was), a_day(now)
    return None if one is None or two is None else (one, two)


def _move(key: str, lane: str, change: str, was: Cell | None, now: Cell | None, currency: str) -> dict[str, Any]:
    daily = change == MOVED and lane in _TOTALS and was is not None and bool(was.unit)
    one, two = ("" if cell is None else said(lane, cell, currency, daily=daily) for cell in (was, now))
    figures = plain(
        before=math.nan if was is None else was.value, after=math.nan if now is None else now.value, was=one, now=two
    )
    return {"touchpoint": key, "lane": lane, "change": change, **figures, "clear": False}


def _pains(old: Touchpoint, new: Touchpoint) -> list[dict[str, Any]]:
    """Return the pains that data found and did not find before, and those that are not among the worst any more."""
    before, after = ({pain.id: pain for pain in point.pains if pain.source != ASSUMED} for point in (old, new))
    common = {"touchpoint": old.id, "lane": PAIN, "clear": False}
    gone = [{**common, "change": GONE, "was": pain.text} for key, pain in before.items() if key not in after]
    return gone + [{**common, "change": NEW, "now": pain.text} for key, pain in after.items() if key not in before]


def what(lane: str) -> str:
    """Return the name of what moved."""
    return "Pain point" if lane == PAIN else LANES.get(lane, "")
