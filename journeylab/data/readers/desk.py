"""The desk a reader works at: the engine, the shop's options, a staging area, and the account of what was read.

The staging area is a database of its own in memory (spilling to the engine's folder) and is dropped when reading is
over, so that nothing but the canonical tables stays.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import duckdb

from journeylab.data import schema
from journeylab.data.engine import quote
from journeylab.data.ledger import Ledger, Note
from journeylab.data.readers.files import same_lines
from journeylab.data.readers.values import scrub
from journeylab.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from journeylab.data.engine import EmbeddedEngine
    from journeylab.data.readers.files import Raw

_BLANK = "journeylab_blank"
_TYPES = {"string": "VARCHAR", "timestamp": "TIMESTAMP", "date": "DATE", "boolean": "BOOLEAN", "int64": "BIGINT"}
_TYPES |= {"float64": "DOUBLE", schema.MONEY: "DECIMAL(18,4)"}
#: What DuckDB raises for a query that is wrong, or a machine that is too small: nothing about the file.
_OURS = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ParserException,
    duckdb.OutOfMemoryException,
    duckdb.InterruptException,
)
_MISFITS = {
    "MISSING COLUMNS": "lines with too few columns",
    "TOO MANY COLUMNS": "lines with too many columns",
    "UNQUOTED VALUE": "lines with a quote that never ends or ends inside a value",
    "LINE SIZE OVER MAXIMUM": "lines longer than 4 MB",
}


#: Why an order, an event or an answer is out of the figures whose time has not come: a typo would move what is today.
FUTURE = "in the future"


@dataclass(frozen=True)
class Remark:
    """Something to say about the rows for which `condition` holds."""

    reason: str
    condition: str


@dataclass
class Desk:
    """What a reader works with.

    Args:
        engine: Where the canonical tables are made.
        time_zone: The shop's own.
        day_first: How dates that allow both orders are read; None if nobody said.
        key: The secret of the pseudonyms.
        now: The present, as 'YYYY-MM-DD HH:MM:SS' in UTC, to tell dates in the future.
        progress: Told which share is done, in words.
        add_all: Whether rows that two files carry are different ones, as of two stores that count alike.
        by_order: Whether the order in which files were given decided anything.
    """

    engine: EmbeddedEngine
    time_zone: str
    day_first: bool | None
    key: bytes
    now: str
    progress: Callable[[float, str], None]
    add_all: bool = False
    by_order: bool = False
    books: dict[tuple[str, int], Ledger] = field(default_factory=dict)
    misfits: dict[int, list[Note]] = field(default_factory=dict)
    tables: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._stopped = False
        self.sit_down()
        self.sql("ATTACH ':memory:' AS staging")

    def sit_down(self) -> None:
        """Take a connection of its own."""
        self._cursor = self.engine.cursor()

    def beside(self) -> Desk:
        """Return a desk in the same room, with the same books, for a reader at work in another thread."""
        desk = copy.copy(self)
        desk.sit_down()
        return desk

    def stop(self) -> None:
        """Let the reader at this desk, in another thread, come to its end with an InterruptException."""
        self._stopped = True
        self._cursor.interrupt()

    def future(self, time: str) -> str:
        """Return the condition that a time is in the future by more than clocks and time zones can differ."""
        return f"{time} > TIMESTAMP '{self.now}' + INTERVAL 1 DAY"

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows."""
        if self._stopped:
            raise duckdb.InterruptException("The reading was stopped.")
        return self._cursor.execute(query).fetchall()

    def stage(self, raw: Raw, name: str, found: Mapping[str, int], changed: Mapping[str, str]) -> str:
        """Copy the columns that were found in a file into the staging area; return the table they are in.

        Args:
            raw: The file.
            name: What to call the table.
            found: What to call each column, with its place in the file.
            changed: Expressions over these that take the place of some of them, or come in addition.
        """
        clean = ", ".join(f"{_trimmed(raw, place)} AS {role}" for role, place in found.items())
        chosen = ", ".join(
            f"{text} AS {role}" for role, text in ({role: role for role in found} | dict(changed)).items()
        )
        blank = f"coalesce({', '.join(found)}) IS NULL AS {_BLANK}"

        def query(scan: str) -> str:
            return f"SELECT {chosen}, {blank} FROM (SELECT {clean} FROM {scan})"

        try:
            table = self._scanned(raw, name, query)
        except _OURS:
            raise
        except duckdb.Error as error:
            raise SchemaError(
                f"{raw.name} could not be read to its end ({type(error).__name__}).",
                do="Export it again, or save it as CSV in UTF-8.",
            ) from None
        ((rows, blank),) = self.sql(f"SELECT count(*) FILTER (NOT {_BLANK}), count(*) FILTER ({_BLANK}) FROM {table}")
        if blank:
            self.sql(f"DELETE FROM {table} WHERE {_BLANK}")
        self.sql(f"ALTER TABLE {table} DROP COLUMN {_BLANK}")
        self._rejected(raw, rows)
        if blank:
            self.misfits[raw.number].append(Note("empty in every column that is read", blank, set_aside=True))
        return table

    def _scanned(self, raw: Raw, name: str, query: Callable[[str], str]) -> str:
        """Keep the rows of a scan; a CSV that stops the scanner because its lines end in several ways is mended."""
        try:
            return self.keep(name, query(raw.scan()))
        except duckdb.InvalidInputException:
            if not raw.delimiter:
                raise
            return self.keep(name, query(same_lines(raw, self.engine.folder / "copies").scan()))

    def _rejected(self, raw: Raw, rows: int) -> None:
        """Note the lines that do not fit the header; raise SchemaError if no row does, or if most do not."""
        found = []
        if raw.delimiter:
            found = self.sql(
                "SELECT kind, count(*), min(line, 3) FROM (SELECT line, min(CAST(error_type AS VARCHAR)) AS kind "
                "FROM reject_errors GROUP BY line) GROUP BY kind ORDER BY kind"
            )
            self.sql("DELETE FROM reject_errors")
        misfits = sum(n for _, n, _ in found)
        if not rows and not misfits:
            raise SchemaError(f"{raw.name} has a header and no rows.", do="Export a period with something in it.")
        if misfits > rows:
            raise SchemaError(
                f"{misfits:,} of the {misfits + rows:,} lines of {raw.name} do not fit its header.",
                why=f"The first is line {min(lines[0] for _, _, lines in found):,}.",
                do="Export it again; a text with a quote or a line break in it may have been written without quotes.",
            )
        notes = [
            Note(
                _MISFITS.get(kind, "lines that could not be read"),
                n,
                tuple(f"line {line:,}" for line in lines),
                set_aside=True,
            )
            for kind, n, lines in found
        ]
        self.misfits[raw.number] = [*notes, *raw.said]

    def notes(self, raw: Raw) -> list[Note]:
        """Return what there is to say about a file itself."""
        return list(self.misfits.get(raw.number, ()))

    def keep(self, name: str, query: str) -> str:
        """Put the rows of a query into the staging area and return the name of the table they are in."""
        table = f"staging.main.{quote(name)}"
        self.sql(f"CREATE TABLE {table} AS {query}")
        return table

    def add(
        self, table: str, columns: Mapping[str, str], source: str, further: Mapping[str, str] | None = None
    ) -> None:
        """Add rows to a canonical table.

        Args:
            table: The canonical table.
            columns: Its columns, each with its expression; only those the source knows.
            source: The relation and conditions, as they stand after FROM.
            further: SQL types of columns that the data model does not know; VARCHAR if not given.
        """
        known, more = schema.table(table).by_name, further or {}
        types = {
            name: _TYPES[known[name].dtype] if name in known else more.get(name, "VARCHAR")
            for name in columns
            if name != "source"
        }
        chosen = [f"CAST({columns[name]} AS {kind}) AS {quote(name)}" for name, kind in types.items()]
        if "source" in columns:
            chosen.append(f"{columns['source']} AS source")
        query = f"SELECT {', '.join(chosen)} FROM {source}"
        if table not in self.tables:
            self.sql(f"CREATE TABLE {quote(table)} AS {query}")
            self.tables[table] = list(types)
            return
        for name, kind in types.items():
            if name not in self.tables[table]:
                self.sql(f"ALTER TABLE {quote(table)} ADD COLUMN {quote(name)} {kind}")
                self.tables[table].append(name)
            elif name not in known:  # two sources may not agree on what it holds
                self.sql(f"ALTER TABLE {quote(table)} ALTER COLUMN {quote(name)} TYPE VARCHAR")
        self.sql(f"INSERT INTO {quote(table)} BY NAME {query}")

    def account(
        self,
        table: str,
        reader: str,
        raws: Sequence[Raw],
        rows: str,
        *,
        label: str,
        aside: str = "NULL",
        remarks: Iterable[Remark] = (),
        said: Mapping[int, Sequence[Note]] | None = None,
    ) -> None:
        """Write the ledgers of one canonical table, one a file.

        Args:
            table: The canonical table.
            reader: Who read it.
            raws: The files.
            rows: The relation of rows read, with a column `source` that counts the files from 0.
            label: Expression that tells a reader which row is meant.
            aside: Expression of the reason why a row is out of the figures; NULL where it counts.
            remarks: What else to say about rows.
            said: Further notes, by file.
        """
        remarks = list(remarks)
        counts = "".join(
            f", count(*) FILTER (WHERE {r.condition}), min({label}, 3) FILTER (WHERE {r.condition})" for r in remarks
        )
        found = {row[0]: row[1:] for row in self.sql(f"SELECT source, count(*){counts} FROM {rows} GROUP BY source")}
        out = self.sql(
            f"SELECT source, {aside} AS reason, count(*), min({label}, 3) FROM {rows} "
            f"WHERE {aside} IS NOT NULL GROUP BY ALL ORDER BY count(*) DESC, reason"
        )
        for raw in raws:
            read, *rest = found.get(raw.number, (0, *([0, None] * len(remarks))))
            notes = [Note(reason, n, shown(labels), set_aside=True) for i, reason, n, labels in out if i == raw.number]
            notes += [
                Note(remark.reason, n, shown(labels))
                for remark, n, labels in zip(remarks, rest[::2], rest[1::2], strict=True)
                if n
            ]
            more = (said or {}).get(raw.number, ())
            read += sum(note.count for note in more if note.set_aside)
            self.books[table, raw.number] = Ledger(table, raw.name, reader, read, (*notes, *more))

    def set_aside(self, table: str, found: Mapping[int, tuple[int, list[str]]], reason: str) -> None:
        """Add to the ledgers of a table that rows are out of the figures, by file."""
        for number, (n, labels) in found.items():
            book = self.books[table, number]
            notes = (Note(reason, n, shown(labels), set_aside=True), *book.notes)
            self.books[table, number] = replace(book, notes=notes)

    def remark(self, table: str, number: int, reason: str, count: int) -> None:
        """Add to the ledger of a table from one file something that was found when everything was read."""
        book = self.books[table, number]
        self.books[table, number] = replace(book, notes=(*book.notes, Note(reason, count)))

    @property
    def ledgers(self) -> tuple[Ledger, ...]:
        """All ledgers, by file and table."""
        return tuple(self.books[place] for place in sorted(self.books, key=lambda place: (place[1], place[0])))

    def tell_orders_apart(self) -> None:
        """Raise SchemaError if several sources use the same order numbers, for then their lines are mixed up."""
        if "orders" in self.tables and (twice := self._repeats("orders", "order_id")):
            raise SchemaError(
                "Files of different sources use the same order numbers, so their lines cannot be told apart.",
                why=f"Such as {', '.join(shown(twice))}.",
                do="Read these files one source at a time.",
            )

    def _repeats(self, table: str, column: str) -> list[str]:
        """Return a few values that occur in more than one row."""
        query = f"SELECT {column} FROM {table} GROUP BY {column} HAVING count(*) > 1 ORDER BY {column} LIMIT 3"
        return [value for (value,) in self.sql(query)]

    def close(self) -> None:
        """Empty the desk."""
        self.sql("DETACH staging")
        self.leave()

    def leave(self) -> None:
        """Give back the connection of this desk."""
        self._cursor.close()


def _trimmed(raw: Raw, place: int) -> str:
    """Return the expression of a column without spaces round its text, and empty text as nothing."""
    if raw.kinds and raw.kinds[place] != "VARCHAR":  # a number or a time of Parquet has no spaces
        return raw.at(place)
    return f"nullif(trim({raw.at(place)}, ' \t'), '')"


def shown(labels: Iterable[object] | None) -> tuple[str, ...]:
    """Return labels as they may be shown: without e-mails and phone numbers, and short."""
    return tuple(scrub(str(label)) for label in labels or ())
