"""A first guess at the mapping of a file that no reader knows: by how its headers are called, and by what is in them.

A header is compared with the canonical name and its synonyms, word by word; a column whose cells cannot be of the
canonical type is not taken. The table is the one whose columns are found best. A guess is only that: it is shown, and
changed before it is used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from journeylab.data import schema
from journeylab.data.mapping import ColumnMap
from journeylab.data.readers.base import fold
from journeylab.data.readers.forms import FORMS
from journeylab.data.readers.times import Formats

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_LEAST = 0.55
_NUMBER = re.compile(r"[-+(]?\s*(?:[A-Z]{3}|[€$£¥])?\s*[-+]?\d[\d.,' ]*(?:[A-Z]{3}|[€$£¥%])?\s*\)?")
#: Words that say nothing beside another one: a fulfilment channel is no marketing channel.
_VAGUE = {"channel", "id", "date", "time", "name", "type", "source", "day", "to", "sum", "price", "value"}
_TRUTHS = {"yes", "no", "true", "false", "y", "n", "t", "f", "1", "0", "subscribed", "unsubscribed"}
#: What else unknown files call these columns; looser words than those by which a file is recognised.
_LOOSE = {
    ("orders", "order_id"): ("id", "amazon order id", "charge id", "receipt", "reference", "bestellnummer"),
    ("orders", "ordered_at"): ("created", "posted date", "posted date time", "time", "bestelldatum", "datum"),
    ("orders", "net"): ("sum", "price", "item price", "net", "converted amount", "betrag", "summe"),
    ("orders", "customer_id"): ("buyer email", "buyer", "customer id", "kunde", "billing email"),
    ("orders", "status"): ("payment status", "order status", "financial status"),
    ("events", "visitor_id"): ("user id", "client id", "cookie", "visitor"),
    ("events", "event"): ("event name", "action", "activity"),
    ("events", "occurred_at"): ("timestamp", "time", "event time", "datetime"),
    ("events", "page"): ("url", "page url", "path"),
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """What the cells of a column look like: shares of those that could be times, numbers, e-mails, yes or no."""

    time: float
    number: float
    email: float
    truth: float
    filled: bool

    @classmethod
    def of(cls, cells: Sequence[str]) -> Column:
        """Look at some cells."""
        cells = [cell.strip() for cell in cells if cell and cell.strip()]
        n = max(1, len(cells))

        def share(test: Callable[[str], bool]) -> float:
            return sum(1 for cell in cells if test(cell)) / n

        return cls(
            share(_is_time),
            share(lambda cell: _NUMBER.fullmatch(cell) is not None),
            share(lambda cell: "@" in cell),
            share(lambda cell: cell.lower() in _TRUTHS),
            bool(cells),
        )

    def suits(self, name: str, kind: str) -> float:
        """Say how well the cells suit a canonical column, from 0 to 1; an empty column suits half."""
        if not self.filled:
            return 0.5
        if kind != "string":
            number = self.number if self.email == 0 else 0.0
            return {schema.TIME: self.time, "date": self.time, "boolean": self.truth}.get(kind, number)
        if self.email > 0.5:
            return 1.0 if name in ("customer_id", "visitor_id", "unit_id", "referred_by") else 0.0
        if name in (
            "customer_id",
            "visitor_id",
            "session_id",
            "order_id",
            "ticket_id",
            "response_id",
            "unit_id",
            "sku",
        ):
            return 1.0
        return 1.0 if max(self.time, self.number) < 0.9 else 0.4


def guess(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> ColumnMap:
    """Guess the table of a file and the meaning of its columns.

    Args:
        columns: The header.
        rows: Some rows, as text.
    """
    best = max((_for_table(table, columns, rows) for table in FORMS), key=lambda pair: pair[0])
    return best[1]


def guess_for(table: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> ColumnMap:
    """Guess the meaning of a file's columns for one table."""
    return _for_table(table, columns, rows)[1]


def _for_table(table: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[float, ColumnMap]:
    """Return the guess for one table, and how good it is."""
    spec = schema.TABLES[table]
    looks = [Column.of([row[place] for row in rows if place < len(row)]) for place in range(len(columns))]
    scores = {
        (place, name): _alike(column, _words(table, name)) * looks[place].suits(name, spec.by_name[name].dtype)
        for place, column in enumerate(columns)
        for name in spec.by_name
    }
    chosen: dict[int, str] = {}
    total = 0.0
    for (place, name), score in sorted(scores.items(), key=lambda item: (-item[1], item[0])):
        if (
            score >= _LEAST
            and place not in chosen
            and name not in chosen.values()
            and columns.count(columns[place]) == 1
        ):
            chosen[place] = name
            total += score * (2 if name in spec.required else 1)
    if table in ("orders", "events", "surveys") and "day" in chosen.values() and _clock(table) not in chosen.values():
        place = next(place for place, name in chosen.items() if name == "day")
        chosen[place] = _clock(table)
    made = ColumnMap(table, {columns[place]: name for place, name in sorted(chosen.items())}, utc=_utc(columns, chosen))
    total -= 2 * len(
        [name for name in spec.required if name not in chosen.values() and name not in schema.FOLLOWS.get(table, ())]
    )
    return total, made


def _clock(table: str) -> str:
    return {"orders": "ordered_at", "events": "occurred_at", "surveys": "answered_at"}[table]


def _utc(columns: Sequence[str], chosen: Mapping[int, str]) -> bool:
    return any(fold(columns[place]).endswith(("utc", "gmt")) and name.endswith("_at") for place, name in chosen.items())


def _words(table: str, name: str) -> tuple[str, ...]:
    return (*FORMS[table].words.get(name, (name,)), *_LOOSE.get((table, name), ()))


def _alike(header: str, words: Sequence[str]) -> float:
    """Say how alike a header is to the best of some words, from 0 to 1; earlier words count a little more."""
    if not fold(header):
        return 0.0
    return max(_pair(header, word) - 0.005 * min(place, 10) for place, word in enumerate(words))


def _pair(header: str, word: str) -> float:
    if fold(header) == fold(word):
        return 1.0
    one, other = _parts(header), _parts(word)
    if len(other) == 1 and other <= _VAGUE and one != other:
        return 0.5
    if one and other and other <= one:
        return max(0.56, 0.9 - 0.1 * len(one - other)) if len(fold(word)) > 2 else 0.5
    if one and other and one <= other and len(fold(header)) > 3:
        return 0.7
    return 0.7 * SequenceMatcher(None, fold(header), fold(word)).ratio()


def _parts(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text[:200]).lower()))


def _is_time(cell: str) -> bool:
    shape = re.sub(r"\d", "9", cell[:60])
    formats = Formats()
    formats.add(shape)
    return bool(formats.offset or formats.utc or formats.naive or formats.epoch)
