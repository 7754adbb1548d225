"""Figures of journey maps beside each other: which may be compared, the rest of a whole, how sure, and in words.

Definitions: docs/methods/journey_map.md.
"""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

from journeylab import words
from journeylab.intervals import wilson
from journeylab.journey.differences import FALSE_SHARE, SMALL, benjamini_hochberg, newcombe, p_value
from journeylab.journey.map_model import ASSUMED, LEVEL, NUMBERS, OBSERVED, Cell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Lanes whose figures are looked at; actions and channels are words.
FIGURES = ("volume", "met_by_buyers", "drop_off", "time", "emotion", "experience", "ease", "support",
           "repeat_contacts", "stake", "kpi")  # fmt: skip
#: Fewer than this of a whole are left when a part is taken out: they say nothing, and might point at a person.
_LEAST = 10
_Z = NormalDist().inv_cdf(0.5 + LEVEL / 2)


class Gap(NamedTuple):
    """One figure less another, with the ends of its interval, and the p-value of no difference."""

    value: float = math.nan
    lower: float = math.nan
    upper: float = math.nan
    p: float = math.nan


def gap(one: Cell, other: Cell) -> Gap:
    """Return the difference of two figures of different customers; p is NaN where it cannot be tested.

    Shares by Newcombe (1998) and the score test, or Fisher's where few are expected; all others by square-and-add of
    the distances to the near ends of their intervals (Zou & Donner 2008, Statistics in Medicine 27). Figures of fewer
    than 30 on a side are not tested.

    >>> half, more = Cell(value=0.5, lower=0.45, upper=0.55), Cell(value=0.7, lower=0.65, upper=0.75)
    >>> gap(more, half).p < 0.001, gap(half, replace(half, value=0.52)).p > 0.05
    (True, True)
    """
    value = one.value - other.value
    if _is_share(one) and _is_share(other):
        counts = (one.n or 0, one.of or 0, other.n or 0, other.of or 0)
        low, high = newcombe(*counts, level=LEVEL)
        p = p_value(*counts) if min(counts[1], counts[3]) >= SMALL else math.nan
        return Gap(value, float(low), float(high), p)
    if not all(map(math.isfinite, (one.lower, one.upper, other.lower, other.upper))):
        return Gap(value)
    lower = value - math.hypot(one.value - one.lower, other.upper - other.value)
    upper = value + math.hypot(one.upper - one.value, other.value - other.lower)
    few = any(cell.n is not None and cell.n < SMALL for cell in (one, other))
    near = value - lower if value >= 0 else upper - value
    p = math.nan if few else 1.0 if not value else math.erfc(abs(value) / near * _Z / math.sqrt(2)) if near else 0.0
    return Gap(value, lower, upper, p)


def beyond(gaps: Sequence[Gap]) -> tuple[list[float], list[bool]]:
    """Return the p-values of differences that are looked at together, adjusted, and which are beyond noise.

    At most 5 % of those beyond noise are false alarms (Benjamini-Hochberg).
    """
    q = benjamini_hochberg([each.p for each in gaps])
    return q.tolist(), [bool(each < FALSE_SHARE) for each in q]


def rest(whole: Cell, part: Cell) -> Cell | None:
    """Return the figure of all others than a part of a whole, from its counts or from mean, n and interval.

    The sum of squares about the mean of a whole is that of its parts and n₁ n₂ / n (mean₁ - mean₂)² between them.
    None where it cannot be had, or fewer than 10 are left.

    >>> found = rest(Cell(value=0.4, n=40, of=100), Cell(value=0.75, n=30, of=40))
    >>> round(found.value, 4), found.n, found.of
    (0.1667, 10, 60)
    """
    if _is_share(whole) and _is_share(part):
        n, of = (whole.n or 0) - (part.n or 0), (whole.of or 0) - (part.of or 0)
        if of < _LEAST or not 0 <= n <= of:
            return None
        lower, upper = wilson(n, of, level=LEVEL)
        return replace(whole, text="", value=n / of, n=n, of=of, lower=float(lower), upper=float(upper))
    if whole.n is None or part.n is None or whole.of is not None or part.of is not None or part.n < 2:
        return None
    n = whole.n - part.n
    if n < _LEAST:
        return None
    value = (whole.n * whole.value - part.n * part.value) / n
    squares = _squares(whole) - _squares(part) - part.n * n / whole.n * (part.value - value) ** 2
    if not math.isfinite(squares) or squares < -1e-9 * abs(_squares(whole)):
        return None
    half = _Z * math.sqrt(max(squares, 0.0) / (n - 1) / n)
    return replace(whole, text="", value=value, n=n, lower=value - half, upper=value + half)


def _squares(mean: Cell) -> float:
    """Return the sum of squares about a mean from its interval, the end of which may be cut at the scale's."""
    n = mean.n or 0
    half = max(mean.upper - mean.value, mean.value - mean.lower)
    return (half / _Z) ** 2 * n * (n - 1)


def a_day(cell: Cell) -> Cell | None:
    """Return a total as what it comes to a day, so that a longer period is no difference; None if its days are unknown.

    How many visitors come a day is counted, without interval: who comes again in a longer period counts once.
    """
    if not cell.days:
        return None
    if cell.unit in {"visitor", "known visitor"}:
        return replace(cell, text="", value=(cell.n or 0) / cell.days, lower=math.nan, upper=math.nan, n=None, of=None)
    return replace(
        cell, text="", value=cell.value / cell.days, lower=cell.lower / cell.days, upper=cell.upper / cell.days
    )


def repeated(cells: Mapping[str, Cell], lane: str) -> bool:
    """Say whether a lane says again what another says: who goes on beside who leaves, experience beside emotion."""
    cell = cells[lane]
    told = {"experience": "emotion", "kpi": "drop_off", "volume": "kpi"}.get(lane, "")
    if told not in cells:
        return False
    other = cells[told]
    if lane == "experience":
        return (other.value, other.n) == (cell.value, cell.n)
    return cell.of is not None and other.of == cell.of and other.n in {cell.n, cell.of - (cell.n or 0)}


def said(lane: str, cell: Cell, currency: str = "", *, daily: bool = False) -> str:
    """Write a figure with its interval and n.

    >>> said("drop_off", Cell(value=0.87, lower=0.86, upper=0.88, n=8700, of=10_000))
    '87.0 % (86.0 % to 88.0 %, n = 10,000)'
    """
    written = figure(lane, cell, currency, daily=daily)
    if not written:
        return cell.text
    known = cell.of if cell.of is not None else cell.n
    beside = [ends(lane, cell, currency, daily=daily), f"n = {known:,}" if known is not None else ""]
    told = ", ".join(part for part in beside if part)
    return f"{written} ({told})" if told else written


def figure(lane: str, cell: Cell, currency: str = "", *, daily: bool = False) -> str:
    """Write a figure in the unit of its lane; nothing where there is none.

    >>> figure("emotion", Cell(value=-1.26)), figure("time", Cell(value=74.0)), figure("thoughts", Cell(text="hm"))
    ('−1.3', '1.23 min', '')
    """
    if not math.isfinite(cell.value) or lane in {"actions", "channels"}:
        return ""
    per = " a day" if daily else " per 100 orders" if lane == "support" and _is_share(cell) else ""
    days = " days" if lane == "kpi" and cell.source == OBSERVED and not _is_share(cell) else ""
    return f"{_written(lane, cell, cell.value, currency, daily=daily)}{days}{per}"


def ends(lane: str, cell: Cell, currency: str = "", *, daily: bool = False) -> str:
    """Write the ends of a figure's interval; nothing where there is none."""
    if not math.isfinite(cell.value + cell.lower + cell.upper):
        return ""
    low, high = (_written(lane, cell, end, currency, daily=daily) for end in (cell.lower, cell.upper))
    return f"{low} to {high}"


def parted(lane: str, found: Gap, beside: str, currency: str = "") -> str:
    """Write a difference with its interval; `beside` is one of the figures in words, which says its unit.

    >>> parted("drop_off", Gap(-0.052, -0.082, -0.023), "60.9 %"), parted("emotion", Gap(-1.6, -1.7, -1.5), "−0.3")
    ('−5.2 points (−8.2 to −2.3)', '−1.60 (−1.70 to −1.50)')
    """
    if not math.isfinite(found.value):
        return ""
    points, many = " %" in beside, lane == "support"

    def one(value: float) -> str:
        if lane in {"stake", "time"}:
            size = words.money(abs(value), currency) if lane == "stake" else words.length(abs(value))
            return f"{'−' if value < 0 else '+'}{size}"
        return words.plus(100 * value if points or many else value, digits=1 if points or many else 2)

    unit = " points" if points else " per 100 orders" if many else ""
    interval = f" ({one(found.lower)} to {one(found.upper)})" if math.isfinite(found.lower + found.upper) else ""
    return f"{one(found.value)}{unit}{interval}"


def _written(lane: str, cell: Cell, value: float, currency: str, *, daily: bool) -> str:
    """Write a number in the unit of its lane."""
    if lane == "stake":
        return words.money(value, currency)
    if lane == "time":
        return words.length(value)
    if daily or not (_is_share(cell) or lane in NUMBERS):
        return f"{value:,.3g}" if abs(value) < 1000 else words.count(value)
    if lane == "support":
        return f"{100 * value:.1f}"
    return words.plus(value, digits=1) if NUMBERS.get(lane, (0.0,))[0] < 0 else words.percent(value)


def margin(value: float, lower: float, upper: float, currency: str = "") -> str:
    """Write the margin that goes with a pain, with its interval; nothing where none is known.

    >>> margin(16_449.0, 15_203.0, 17_690.0, "EUR"), margin(float("nan"), 0, 0)
    ('€16.4 k of margin (€15.2 k to €17.7 k)', '')
    """
    if not math.isfinite(value):
        return ""
    ends = (
        f" ({words.money(lower, currency)} to {words.money(upper, currency)})" if math.isfinite(lower + upper) else ""
    )
    return f"{words.money(value, currency)} of margin{ends}"


def observed(cell: Cell | None) -> bool:
    """Say whether a cell is a figure that customers made, not one that the team wrote."""
    return cell is not None and cell.source != ASSUMED and math.isfinite(cell.value)


def _is_share(cell: Cell) -> bool:
    return cell.n is not None and bool(cell.of) and abs(cell.value - cell.n / (cell.of or 1)) < 1e-6
