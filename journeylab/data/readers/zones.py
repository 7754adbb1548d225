"""Whether the offsets that stand beside times are those of one time zone, or change for good on some day.

Offsets change with daylight saving too. So each zone there is is asked: if the rules of one give the offsets of all
days, nothing moved. If not, and one zone fits all days before some day and another all days from it on, the times are
written in another zone from that day on, as when a shop moves or its platform is set anew. The offset of a day is that
of most of its times; the day on which clocks change may have either.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from journeylab.words import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journeylab.data.readers.desk import Desk

#: How the two sentences begin; what follows the colon is where it happened.
MOVED = "times written in another time zone from a day on, more than daylight saving explains"
SEVERAL = "times written in several time zones, more than daylight saving explains"
#: Fewer times or days than this, before or after, may be a trip or a single till.
_TIMES, _DAYS = 20, 7


@dataclass(frozen=True)
class Written:
    """The times of one day that have the offset most of that day have: the day, minutes ahead of UTC, how many."""

    day: date
    offset: int
    n: int


def said(desk: Desk, table: str, column: str) -> tuple[tuple[str, int], ...]:
    """Return what to say about the offsets of a column of times that begin with the year, as (reason, count)."""
    mark = f"regexp_extract(right({column}, 6), '[+-][0-9]{{2}}(:?[0-9]{{2}})?$')"
    day = f"try_cast(left({column}, 10) AS DATE)"
    rows = desk.sql(
        f"SELECT day, mark, count(*) FROM (SELECT {day} AS day, {mark} AS mark FROM {table}) "
        "WHERE day IS NOT NULL AND mark <> '' GROUP BY ALL ORDER BY day, mark"
    )
    return judged(most_of_each_day([(found, minutes(mark), n) for found, mark, n in rows]), desk.time_zone)


def tells(reason: str) -> bool:
    """Say whether a sentence is one of those that `said` returns."""
    return reason.startswith((MOVED, SEVERAL))


def minutes(mark: str) -> int:
    """Return the minutes ahead of UTC of an offset as it is written.

    >>> minutes("+0530"), minutes("-05:00"), minutes("+01")
    (330, -300, 60)
    """
    digits = mark[1:].replace(":", "").ljust(4, "0")
    ahead = int(digits[:2]) * 60 + int(digits[2:])
    return -ahead if mark[0] == "-" else ahead


def most_of_each_day(rows: Sequence[tuple[date, int, int]]) -> list[Written]:
    """Return for each day, in order, its most frequent offset; of two as frequent, the smaller."""
    best: dict[date, Written] = {}
    for day, offset, n in rows:
        known = best.get(day)
        if known is None or (n, -offset) > (known.n, -known.offset):
            best[day] = Written(day, offset, n)
    return [best[day] for day in sorted(best)]


def judged(days: Sequence[Written], own: str = "UTC") -> tuple[tuple[str, int], ...]:
    """Return whether the offsets of these days tell of a move, or of several zones, as (reason, count); else nothing.

    Args:
        days: The offset of each day, in order.
        own: The shop's own zone, which is asked first.

    >>> winter = [Written(date(2026, 1, 1 + i), 60, 9) for i in range(20)]
    >>> judged(winter + [Written(date(2026, 2, 1 + i), -300, 9) for i in range(20)])[0][0].partition(": ")[2]
    'until 20 Jan 2026 at UTC+01:00, from 1 Feb 2026 at UTC-05:00'
    """
    if len({day.offset for day in days}) < 2 or _explained(days, [ZoneInfo(own)]) == len(days):
        return ()
    last = _explained(days, _every())
    if last == len(days):
        return ()
    for split in (at for at in range(last, 0, -1) if days[at].offset != days[at - 1].offset):
        before, after = days[:split], days[split:]
        if _enough(before) and _enough(after) and _explained(after, _every()) == len(after):
            words = f"until {_written(before[-1].day)} at {_offset(before[-1].offset)}"
            words += f", from {_written(after[0].day)} at {_offset(after[0].offset)}"
            return ((f"{MOVED}: {words}", sum(day.n for day in after)),)
    totals: dict[int, int] = {}
    for day in days:
        totals[day.offset] = totals.get(day.offset, 0) + day.n
    if sum(totals.values()) < 2 * _TIMES:
        return ()
    common = sorted(totals, key=lambda offset: (-totals[offset], offset))
    words = ", ".join(f"{_offset(offset)} ({count(totals[offset], 'time')})" for offset in common[:4])
    return ((f"{SEVERAL}: {words}", sum(totals[offset] for offset in common[1:])),)


def _enough(days: Sequence[Written]) -> bool:
    return len(days) >= _DAYS and sum(day.n for day in days) >= _TIMES


def _explained(days: Sequence[Written], zones: Sequence[ZoneInfo]) -> int:
    """Return how many of these days, from the first on, one of the zones gives the offsets of."""
    for number, day in enumerate(days):
        zones = [zone for zone in zones if day.offset in _ends(zone, day.day)]
        if not zones:
            return number
    return len(days)


@cache
def _every() -> tuple[ZoneInfo, ...]:
    return tuple(ZoneInfo(name) for name in sorted(available_timezones()) if "/" in name)


def _ends(zone: ZoneInfo, day: date) -> tuple[int, int]:
    """Return the minutes ahead of UTC at the beginning and at the end of a day."""
    moments = (datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone) for hour, minute in ((0, 0), (23, 59)))
    first, last = (round((moment.utcoffset() or timedelta(0)).total_seconds() / 60) for moment in moments)
    return first, last


def _offset(ahead: int) -> str:
    return f"UTC{'-' if ahead < 0 else '+'}{abs(ahead) // 60:02d}:{abs(ahead) % 60:02d}"


def _written(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
