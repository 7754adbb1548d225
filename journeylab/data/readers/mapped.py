"""Files read through a mapping, what no reader knows in a set of files, and which cells a mapping cannot read."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from journeylab.data import schema
from journeylab.data.engine import EmbeddedEngine, literal
from journeylab.data.ledger import Note
from journeylab.data.readers import meanings, overlap, sheet
from journeylab.data.readers.desk import Desk
from journeylab.data.readers.files import Limits, Opener, Raw
from journeylab.data.readers.plain_tables import sheet_of
from journeylab.data.readers.values import scrub
from journeylab.data.workspace import passing_folder
from journeylab.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from journeylab.data.mapping import ColumnMap
    from journeylab.data.readers.sheet import Sheet

_ROWS = 20


@dataclass(eq=False)
class Mapped:
    """Reads the files of one mapping."""

    how: ColumnMap
    TITLE: str
    VERSION: int = 1

    def confidence(self, columns: Sequence[str]) -> float:
        """Say whether all mapped columns are in a header."""
        return 1.0 if self.how.fits(columns) else 0.0

    def lacks(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Return the mapped columns that a header does not have."""
        return tuple(column for column in self.how.columns if column not in set(columns))

    def read(self, raws: Sequence[Raw], desk: Desk) -> None:
        """Read all files of this mapping."""
        before, desk.day_first = desk.day_first, desk.day_first if self.how.day_first is None else self.how.day_first
        sheet.read(self.TITLE, raws, desk, lambda raw: [mapped_sheet(raw, self.how)])
        desk.day_first = before
        for raw in raws:
            _place_unread(desk, raw, self.how, self.TITLE)


@dataclass(frozen=True)
class Unknown:
    """A table that no reader knows: its name, its columns, and its first rows as text."""

    name: str
    given: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def reader_of(how: ColumnMap, number: int = 1) -> Mapped:
    """Return the reader of a mapping; several mappings to one table are told apart by their number."""
    return Mapped(how, f"Mapping to {how.table.replace('_', ' ')}{f' {number}' if number > 1 else ''}")


def mapped_sheet(raw: Raw, how: ColumnMap) -> Sheet:
    """Say how the columns of a file become those of the mapped table."""
    found = {name: raw.columns.index(column) for column, name in how.columns.items()}
    made = sheet_of(how.table, raw, found)
    spec = schema.TABLES[how.table].by_name
    utc = frozenset(name for name in found if how.utc and spec[name].dtype == schema.TIME)
    derived = dict(made.derived) | {name: literal(value) for name, value in how.values.items()}
    if how.table == "surveys" and "kind" in how.values:
        derived["kind"] = meanings.kind(literal(how.values["kind"]))
    comma = None if how.decimal is None else how.decimal == ","
    return replace(made, derived=derived, utc=utc, comma=comma, traits={}, said=())


def look(raw: Raw, folder: Path) -> Unknown:
    """Return the first rows of a table, as they are read."""
    with passing_folder(folder) as root:
        engine = EmbeddedEngine(root, threads=1)
        try:
            names = ", ".join(f"left({raw.at(place)}, 200)" for place in range(len(raw.columns)))
            rows = engine.sql(f"SELECT {names} FROM {raw.scan()} LIMIT {_ROWS}")
        finally:
            engine.close()
    return Unknown(raw.name, raw.given, raw.columns, tuple(tuple(cell or "" for cell in row) for row in rows))


def check(unknown: Unknown, how: ColumnMap, *, time_zone: str = "UTC") -> dict[tuple[int, str], str]:
    """Return what is wrong with the cells of the first rows under a mapping, as (row from 0, column) and why."""
    if not unknown.rows or not how.columns:
        return {}
    with passing_folder() as folder:
        path = folder / "rows.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([unknown.columns, *unknown.rows])
        ((raw,),) = [Opener(folder, Limits(), lambda _bytes: None).open(path, "rows.csv")[1]]
        raw = replace(raw, columns=unknown.columns, delimiter=",", skip=0)
        engine = EmbeddedEngine(folder, threads=1)
        try:
            (engine.folder / "copies").mkdir()
            desk = Desk(engine, time_zone, how.day_first, b"", "2100-01-01 00:00:00", lambda _share, _words: None)
            part, _ = sheet.typed(raw, desk, mapped_sheet(raw, how), "rows")
            rows = desk.keep("checked", part)
            bad = _unread(desk, rows, how)
        finally:
            engine.close()
    found: dict[tuple[int, str], str] = {}
    required = {*schema.TABLES[how.table].required}
    for column, name in how.columns.items():
        place = unknown.columns.index(column)
        for number, row in enumerate(unknown.rows):
            cell = row[place].strip(" \t")
            if cell and cell in bad.get(name, ()):
                found[number, column] = f"not {_kind(name, how.table)}"
            elif not cell and name in required:
                found[number, column] = "empty, and needed"
    return found


def _unread(desk: Desk, rows: str, how: ColumnMap) -> dict[str, set[str]]:
    there = {name for (name, *_) in desk.sql(f"DESCRIBE {rows}")}
    names = [name for name in how.columns.values() if f"{name}__bad" in there]
    return {
        name: {value for (value,) in desk.sql(f"SELECT DISTINCT {name}__bad FROM {rows}") if value} for name in names
    }


def _kind(name: str, table: str) -> str:
    kinds = {schema.TIME: "a time", "date": "a day", "boolean": "yes or no", "int64": "a whole number"}
    return kinds.get(schema.TABLES[table].by_name[name].dtype, "a number")


def _place_unread(desk: Desk, raw: Raw, how: ColumnMap, title: str) -> None:
    """Say in the ledger where the first cells stand that could not be read, as file, row, column and value."""
    rows, first = f'staging.main."{how.table} of {title}"', ""
    for name, values in _unread(desk, f"(SELECT * FROM {rows} WHERE source = {raw.number})", how).items():
        if values:
            column = next(column for column, canonical in how.columns.items() if canonical == name)
            cells = _where(raw, raw.columns.index(column), values)
            labels = tuple(f"row {row:,}: {scrub(value)}" for row, value in cells[:3])
            words = f"cells of {scrub(column)} that are not {_kind(name, how.table)}"
            count = desk.sql(f"SELECT count({name}__bad) FROM {rows} WHERE source = {raw.number}")[0][0]
            book = desk.books[how.table, raw.number]
            desk.books[how.table, raw.number] = replace(book, notes=(*book.notes, Note(words, count, labels)))
            shown = labels[0] if labels else scrub(min(values))
            first = first or f"In column {scrub(column)}, {shown} is not {_kind(name, how.table)}."
    book = desk.books[how.table, raw.number]
    if book.read and not book.kept and not any(note.reason in (overlap.REPLACED, overlap.ADDED) for note in book.notes):
        raise SchemaError(
            f"No row of {raw.name} could be read as {schema.TABLES[how.table].row}.",
            why=first or f"All are {book.notes[0].reason}.",
            do="Choose other columns in the mapping.",
        )


def _where(raw: Raw, place: int, values: set[str]) -> list[tuple[int, str]]:
    """Return the rows, counted as a spreadsheet does, of the first cells with one of some values."""
    if not raw.delimiter:
        return []
    cells: list[tuple[int, str]] = []
    with raw.path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        for _ in range(raw.skip):
            file.readline()
        try:
            for number, record in enumerate(csv.reader(file, delimiter=raw.delimiter), start=1 + raw.skip):
                if place < len(record) and record[place].strip(" \t") in values and number > 1 + raw.skip:
                    cells.append((number, record[place].strip()))
                if len(cells) == 3:
                    break
        except csv.Error:  # a cell longer than the csv module takes; the cells before it are named
            return cells
    return cells
