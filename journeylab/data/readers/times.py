"""Text into times: the instant in UTC, and the day in the shop's own time.

The shapes of a column's values (each digit written as 9) give the formats; the values themselves decide between
day-first and month-first. Every format is parsed on its own, never by a cast, because DuckDB's cast of a text to a
time with a zone takes 0.4 ms where it fails.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from journeylab.data.engine import literal
from journeylab.data.readers import zones
from journeylab.data.readers.values import shapes

if TYPE_CHECKING:
    from journeylab.data.readers.desk import Desk

_DATES = tuple(
    (re.compile(pattern.replace("=9", "(?P=mark)9") + "(?!9)"), text)
    for pattern, text in (
        (r"9{4}(?P<mark>[-/.])9{1,2}=9{1,2}", "%Y{0}%m{0}%d"),
        (r"9{1,2}(?P<mark>[-/])9{1,2}=9{4}", "{a}{0}{b}{0}%Y"),
        (r"9{1,2}(?P<mark>[-/])9{1,2}=9{2}", "{a}{0}{b}{0}%y"),
        (r"9{1,2}(?P<mark>\.)9{1,2}=9{4}", "%d{0}%m{0}%Y"),
        (r"9{1,2}(?P<mark>\.)9{1,2}=9{2}", "%d{0}%m{0}%y"),
        (r"(?P<mark>)9{8}", "%Y%m%d"),
        (r"9{1,2}(?P<mark>[ -])[A-Za-z]{3}=9{4}", "%d{0}%b{0}%Y"),
        (r"9{1,2}(?P<mark>[ -])[A-Za-z]{4,9}=9{4}", "%d{0}%B{0}%Y"),
        (r"[A-Za-z]{3}(?P<mark> )9{1,2}, 9{4}", "%b %d, %Y"),
        (r"[A-Za-z]{4,9}(?P<mark> )9{1,2}, 9{4}", "%B %d, %Y"),
    )
)
_CLOCK = re.compile(r"(T| |, )9{1,2}:9{2}(:9{2}(?:(\.)(9{1,9}))?)?(?:( ?)([AaPp][Mm])(?![A-Za-z]))?")
_OFFSET = re.compile(r"( ?)(Z|UTC|GMT|[+-]9{2}(?::?9{2})?)")
_BELIEVABLE = "BETWEEN TIMESTAMP '1971-01-01' AND TIMESTAMP '2098-12-31 23:59:59'"
_EPOCHS = {10: 1_000_000, 13: 1_000, 16: 1}


@dataclass(frozen=True)
class Moment:
    """How a column of times is read.

    Args:
        rows: The table it is in, as a relation with three more columns: `placed`, the instant in UTC, NULL where it
            could not be read; `day`, in the shop's own time; `unplaced`, the reason why a row cannot be placed in
            time, NULL where it can.
        said: What to say about the decision, with the number of values concerned.
    """

    rows: str
    said: tuple[tuple[str, int], ...] = ()


@dataclass
class Formats:
    """The formats found in a column, by what they say about the zone; {a} and {b} stand for day and month."""

    offset: set[str] = field(default_factory=set)
    utc: set[str] = field(default_factory=set)
    naive: set[str] = field(default_factory=set)
    epoch: set[int] = field(default_factory=set)

    @property
    def either_order(self) -> bool:
        """Whether any of them could be day-first or month-first."""
        return any("{a}" in text for text in self.offset | self.utc | self.naive)

    def add(self, shape: str) -> None:
        """Add the format of one shape; a shape that is no time adds nothing."""
        if re.fullmatch(r"9{10}|9{13}|9{16}", shape):
            self.epoch.add(len(shape))
            return
        for pattern, date in _DATES:
            match = pattern.match(shape)
            if not match:
                continue
            text, rest = _clock(date.replace("{0}", match["mark"]), shape[match.end() :])
            zone = _OFFSET.fullmatch(rest)
            if not rest:
                self.naive.add(text)
            elif zone and zone[2][0] in "+-":
                self.offset.add(f"{text}{zone[1]}%z")
            elif zone:
                self.utc.add(text + rest)


def _clock(text: str, rest: str) -> tuple[str, str]:
    """Extend the format of a date by the time of day that follows it; return it with what is left of the shape."""
    clock = _CLOCK.match(rest)
    if not clock:
        return text, rest
    lead, seconds, _, fraction, gap, half = clock.groups()
    text += f"{lead}{'%I' if half else '%H'}:%M" + (":%S" if seconds else "")
    if fraction:
        text += ".%f" if len(fraction) <= 6 else ".%n"
    if half:
        text += f"{gap}%p"
    return text, rest[clock.end() :]


def moment(desk: Desk, table: str, column: str, *, utc: bool = False, dates: bool = False, over: str = "") -> Moment:
    """Decide how the times of a column are written, and read them.

    With an offset in the text, the day is the day as written. Times that end in Z or UTC, and epochs, are UTC, and
    their day is taken in the shop's time zone. All others are the shop's own time, or UTC with `utc`.

    Args:
        desk: Where the column is.
        table: The table it is in.
        column: Its name.
        utc: Whether times without an offset are UTC.
        dates: Whether only the day matters, so that no hour can be skipped or doubled.
        over: The relation that gets the three columns, if not the table itself.
    """
    found = Formats()
    for shape, _ in shapes(desk, f"(SELECT {column} FROM {table} WHERE {column} IS NOT NULL LIMIT 1000)", column):
        found.add(shape)
    known = Parsed(column, found, day_first=True)
    for shape, _ in shapes(desk, table, column, known.readable):
        found.add(shape)
    day_first, said = _order(desk, table, column) if found.either_order else (True, ())
    if utc:
        found.utc, found.naive = found.utc | found.naive, set()
    if found.offset and not dates and all(text.startswith("%Y-%m-%d") for text in found.offset):
        said += zones.said(desk, table, column)
    parsed = Parsed(column, found, day_first=day_first, otherwise=desk.day_first)
    said += () if dates else _clock_changes(desk, table, parsed)
    return Moment(parsed.rows(over or table, desk.time_zone), said)


def _order(desk: Desk, table: str, column: str) -> tuple[bool | None, tuple[tuple[str, int], ...]]:
    """Return whether the day comes first, by the column's own evidence; None if it proves both orders."""
    a, b = (f"try_cast(regexp_extract({column}, '^([0-9]{{1,2}})[-/]([0-9]{{1,2}})[-/]', {i}) AS INT)" for i in (1, 2))
    ((days, months, either, both),) = desk.sql(
        "SELECT count(*) FILTER (a > 12), count(*) FILTER (b > 12), count(*) FILTER (a <= 12 AND b <= 12 AND a <> b), "
        f"count(*) FROM (SELECT {a} AS a, {b} AS b FROM {table}) WHERE a IS NOT NULL AND b IS NOT NULL"
    )
    option = desk.day_first
    first = "month" if option is False else "day"
    if days and months:
        how = "set aside" if option is None else f"read {first} first, as asked"
        return None, ((f"dates of both orders in one column; the {either:,} that could be either were {how}", both),)
    if days or months:
        return bool(days), ((f"dates read {'day' if days else 'month'} first, as the column itself proves", both),)
    if not either:
        return True, ()
    why = "as asked" if option is not None else "an assumption, since nothing in the file tells; day_first sets it"
    return option is not False, ((f"dates read {first} first, {why}", both),)


class Parsed:
    """The expressions for the formats found in one column.

    Args:
        column: The column's name, quoted if need be.
        found: Its formats.
        day_first: Whether the day comes before the month; None reads only what allows one reading.
        otherwise: With None: how to read what allows both; None again leaves it unread.
    """

    def __init__(self, column: str, found: Formats, *, day_first: bool | None, otherwise: bool | None = None) -> None:
        self.column, self.day_first, self.otherwise = column, day_first, otherwise
        self.ambiguous = "false"
        self.offset = self._parse(column, found.offset)
        utc = [text for text in (self._parse(column, found.utc), self._epoch(found.epoch)) if text]
        self.utc = f"coalesce({', '.join(utc)})" if len(utc) > 1 else "".join(utc)
        self.naive = self._parse(column, found.naive)
        self.written = self._day_as_written(found.offset)

    @property
    def readable(self) -> str:
        """Expression: whether a value has one of the formats."""
        parts = [f"{text} IS NOT NULL" for text in (self.offset, self.utc, self.naive) if text]
        return " OR ".join(parts) or "false"

    def rows(self, table: str, time_zone: str) -> str:
        """Return the table with the instant, the day, and the reason why a row cannot be placed in time."""
        zone, same = literal(time_zone), time_zone == "UTC"
        parsed = {"offset_": self.offset, "day_": self.written, "utc_": self.utc, "naive_": self.naive}
        parsed = {name: text for name, text in parsed.items() if text}
        instants, days = ["CAST(NULL AS TIMESTAMP)"], ["CAST(NULL AS DATE)"]
        if self.offset:
            instants.append("offset_ AT TIME ZONE 'UTC'")
            days.append("day_")
        if self.utc:
            instants.append("utc_")
            days.append("CAST(utc_ AS DATE)" if same else f"CAST(utc_ AT TIME ZONE 'UTC' AT TIME ZONE {zone} AS DATE)")
        if self.naive:
            instants.append("naive_" if same else f"naive_ AT TIME ZONE {zone} AT TIME ZONE 'UTC'")
            days.append("CAST(naive_ AS DATE)")
        extra = "".join(f", {text} AS {name}" for name, text in parsed.items())
        return (
            f"(SELECT *, CASE WHEN {self.column} IS NULL THEN 'without a time' "
            f"WHEN placed IS NULL AND {self.ambiguous} THEN 'with a date that may be day first or month first' "
            "WHEN placed IS NULL THEN 'with a time that could not be read' "
            f"WHEN NOT placed {_BELIEVABLE} THEN 'with a year before 1971 or after 2098' END AS unplaced "
            f"FROM (SELECT *, coalesce({', '.join(instants)}) AS placed, coalesce({', '.join(days)}) AS day "
            f"FROM (SELECT *{extra} FROM {table})))"
        )

    def _parse(self, text: str, formats: set[str]) -> str:
        if not formats:
            return ""
        day = _strptime(text, {f.format(a="%d", b="%m") for f in formats})
        if self.day_first is True or not any("{a}" in f for f in formats):
            return day
        month = _strptime(text, {f.format(a="%m", b="%d") for f in formats})
        if self.day_first is False:
            return month
        if self.otherwise is not None:
            return f"coalesce({day}, {month})" if self.otherwise else f"coalesce({month}, {day})"
        self.ambiguous = f"coalesce({day} <> {month}, false)"
        return f"CASE WHEN {day} IS NULL THEN {month} WHEN {month} IS NULL OR {day} = {month} THEN {day} END"

    def _epoch(self, lengths: set[int]) -> str:
        if not lengths:
            return ""
        cases = " ".join(
            f"WHEN {n} THEN make_timestamp(try_cast({self.column} AS BIGINT) * {_EPOCHS[n]})" for n in sorted(lengths)
        )
        return f"CASE WHEN regexp_full_match({self.column}, '[0-9]+') THEN CASE length({self.column}) {cases} END END"

    def _day_as_written(self, formats: set[str]) -> str:
        bare = f"regexp_replace({self.column}, ' ?[+-][0-9]{{2}}(:?[0-9]{{2}})?$', '')"
        if formats and all(f.startswith("%Y-%m-%d") for f in formats):
            bare = f"regexp_extract({self.column}, '^[0-9]+-[0-9]+-[0-9]+')"
            return f"CAST({_strptime(bare, {'%Y-%m-%d'})} AS DATE)"
        return f"CAST({self._parse(bare, {f.removesuffix('%z').rstrip() for f in formats})} AS DATE)" if formats else ""


def _strptime(text: str, formats: set[str]) -> str:
    return f"try_strptime({text}, [{', '.join(map(literal, sorted(formats)))}])"


def _clock_changes(desk: Desk, table: str, parsed: Parsed) -> tuple[tuple[str, int], ...]:
    """Count local times that the clock skipped or showed twice, as DuckDB reads them: later, and as the second."""
    if not parsed.naive or desk.time_zone == "UTC":
        return ()
    ((first, last),) = desk.sql(
        f"SELECT min(t), max(t) FROM (SELECT {parsed.naive} AS t FROM {table}) WHERE t {_BELIEVABLE}"
    )
    if first is None:
        return ()
    zone = literal(desk.time_zone)
    changes = desk.sql(
        "SELECT CAST(u + least(before, after) AS VARCHAR), CAST(u + greatest(before, after) AS VARCHAR), "
        "after > before FROM (SELECT u, o AS after, lag(o) OVER (ORDER BY u) AS before "
        f"FROM (SELECT u, ((u AT TIME ZONE 'UTC') AT TIME ZONE {zone}) - u AS o "
        f"FROM generate_series(TIMESTAMP '{first}' - INTERVAL 2 DAY, "
        f"TIMESTAMP '{last}' + INTERVAL 2 DAY, INTERVAL 15 MINUTE) s(u))) WHERE before <> after ORDER BY u"
    )
    said = []
    for forward, reason in (
        (True, "times that the clock skipped when it went forward, read as an hour later"),
        (False, "times that the clock showed twice when it went back, read as the second"),
    ):
        spans = [f"(t >= TIMESTAMP '{a}' AND t < TIMESTAMP '{b}')" for a, b, f in changes if f is forward]
        if spans:
            ((n,),) = desk.sql(
                f"SELECT count(*) FROM (SELECT {parsed.naive} AS t FROM {table}) WHERE {' OR '.join(spans)}"
            )
            said += [(reason, n)] if n else []
    return tuple(said)
