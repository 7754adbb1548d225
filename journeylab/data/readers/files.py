"""The raw layer of all readers: what a file is, how it is packed and written, and a relation DuckDB can scan.

A file is known by its first bytes, never by its name. Packed files are unpacked within bounds, workbooks are streamed
into CSV, other encodings into UTF-8; all of that in a folder that is deleted after reading. What a file is called is
text to show, never a path.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import duckdb

from journeylab.data import lab_file
from journeylab.data.engine import literal, quote
from journeylab.data.readers import packed, records, text
from journeylab.data.readers.values import scrub
from journeylab.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from journeylab.data.ledger import Note

TABLES_ONLY = "Give a table as CSV, TSV, XLSX or Parquet, or a .gz or .zip of those."
_FOREIGN = {
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "an Excel file of the old kind (.xls), or locked with a password",
    b"SQLite format 3": "a database",
    b"\x7fELF": "a program",
    b"MZ\x90": "a program",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"BZh": "a bzip2 file",
    b"\x28\xb5\x2f\xfd": "a zstd file",
}


@dataclass(frozen=True)
class Limits:
    """How much is read.

    Args:
        file: Bytes of a file.
        unpacked: Bytes that all parts of a packed file may unpack to.
        workbook: The same for a workbook, which has to fit into memory.
        cells: Cells of a sheet, the empty ones among them.
        ratio: How many times larger than packed a part may be, beyond its first 16 MiB.
        parts: Parts of an archive.
        columns: Columns of a table.
    """

    file: int = 4 * 2**30
    unpacked: int = 8 * 2**30
    workbook: int = 2**30
    cells: int = 40_000_000
    ratio: int = 200
    parts: int = 200
    columns: int = 5_000


@dataclass(frozen=True)
class Raw:
    """One table as it was found: a scan over text columns, and what there is to say about it.

    Args:
        name: What to call it.
        given: What to call the file it came in.
        digest: SHA-256 of its bytes.
        path: What DuckDB reads.
        columns: The header, as written.
        delimiter: Of a CSV; empty for Parquet.
        skip: Lines of a CSV before its header.
        number: Its place among all that is read; the column `source` of staged rows.
        said: What the file itself gave reason to say.
        kinds: Types of the columns of Parquet.
    """

    name: str
    given: str
    digest: str
    path: Path
    columns: tuple[str, ...]
    delimiter: str = ""
    skip: int = 0
    number: int = 0
    said: tuple[Note, ...] = field(default=(), repr=False)
    kinds: tuple[str, ...] = field(default=(), repr=False)

    @property
    def decimal_comma(self) -> bool:
        """Whether a comma is rather a decimal comma, because something else separates the columns."""
        return self.delimiter == ";"

    def at(self, index: int) -> str:
        """Return the expression of a column of the scan, as text."""
        return f"c{index}"

    def scan(self) -> str:
        """Return the relation over the rows; its columns are c0, c1, … whatever the header says."""
        names = [self.at(index) for index in range(len(self.columns))]
        if not self.delimiter:
            typed = zip(self.columns, self.kinds, names, strict=True)
            cast = ", ".join(f"{_as_text(column, kind)} AS {name}" for column, kind, name in typed)
            return f"(SELECT {cast} FROM read_parquet({literal(str(self.path))}, hive_partitioning = false))"
        kinds = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
        return (
            f"read_csv({literal(str(self.path))}, columns = {{{kinds}}}, auto_detect = false, header = true, "
            f"skip = {self.skip}, delim = {literal(self.delimiter)}, quote = '\"', escape = '\"', "
            "compression = 'none', hive_partitioning = false, max_line_size = 4000000, store_rejects = true, "
            "rejects_limit = 0)"
        )


@dataclass
class Opener:
    """Opens files into raw tables.

    Args:
        folder: Where copies may lie; the caller deletes it.
        limits: How much is read.
        progress: Told the bytes that were gone through.
    """

    folder: Path
    limits: Limits
    progress: Callable[[int], None]
    _copies: int = 0

    def open(self, path: Path, name: str) -> tuple[str, list[Raw]]:
        """Return the SHA-256 of a file, and the tables in it.

        Raises:
            SchemaError: if it is missing, empty, too large, damaged, or no table.
        """
        name = scrub(name)
        if not path.is_file():
            raise SchemaError(f"There is no file {name}.", do="Check the path.")
        size = path.stat().st_size
        if size > self.limits.file:
            raise SchemaError(
                f"{name} has {size / 2**20:,.0f} MB, and the limit is {self.limits.file / 2**20:,.0f} MB.",
                do="Export a shorter period, or save it as Parquet.",
            )
        if set("*?[{") & set(str(path)):  # DuckDB would take it for a pattern
            link = self._copy()
            link.symlink_to(path.resolve())
            path = link
        raws = list(self._tables(path, name, name, depth=0))
        if len(raws) == 1 and raws[0].path == path:
            return raws[0].digest, raws
        return digest(path), raws

    def _tables(self, path: Path, name: str, given: str, depth: int) -> Iterator[Raw]:
        """Yield the tables of a file by its first bytes."""
        with path.open("rb") as file:
            head = file.read(64)
        if not head:
            raise SchemaError(f"{name} is empty.", do="Export it again.")
        _refuse_foreign(path, head, name)
        if head.startswith(packed.ZIP) and packed.is_workbook(path):
            yield from self._sheets(path, name, given)
        elif head.startswith((packed.ZIP, packed.GZIP, packed.EMPTY_ZIP)):
            if depth > 1:
                raise SchemaError(f"{name} is packed more than twice.", do="Unpack it first.")
            for part, label in packed.unpack(path, name, self._copy, self.limits):
                yield from self._tables(part, label, given, depth + 1)
        elif head.startswith(b"PAR1"):
            yield self._parquet(path, name, given)
        elif records.are_records(path):
            target = self._copy()
            said = records.as_parquet(path, target, name, self.limits.columns)
            yield replace(self._parquet(target, name, given), digest=digest(path), said=said)
        else:
            yield self._text(path, name, given)

    def _text(self, path: Path, name: str, given: str) -> Raw:
        survey = text.survey(path, name, self.progress)
        said = []
        if survey.encoding != "utf-8":
            target = self._copy()
            said.append(text.transcode(path, target, survey.encoding))
            path = target
        header = text.read_header(path, name, self.limits.columns)
        said += header.said
        return Raw(name, given, survey.digest, path, header.columns, header.delimiter, header.skip, said=tuple(said))

    def _sheets(self, path: Path, name: str, given: str) -> Iterator[Raw]:
        for part, label in packed.sheets(path, name, self._copy, self.limits):
            header = text.read_header(part, label, self.limits.columns)
            layout = (header.columns, header.delimiter, header.skip)
            yield Raw(label, given, digest(part), part, *layout, said=header.said)

    def _parquet(self, path: Path, name: str, given: str) -> Raw:
        with duckdb.connect() as probe:
            try:
                rows = probe.execute(
                    f"DESCRIBE SELECT * FROM read_parquet({literal(str(path))}, hive_partitioning = false)"
                ).fetchall()
            except duckdb.Error:
                raise SchemaError(f"{name} is a damaged Parquet file.", do="Export it again.") from None
        if len(rows) > self.limits.columns:
            raise text.too_wide(name, len(rows), self.limits.columns)
        return Raw(name, given, digest(path), path, tuple(row[0] for row in rows), kinds=tuple(row[1] for row in rows))

    def _copy(self) -> Path:
        """Return the path of a new file in the folder."""
        self._copies += 1
        return self.folder / f"copy-{self._copies}"


def _refuse_foreign(path: Path, head: bytes, name: str) -> None:
    """Raise SchemaError for what cannot be a table by its first bytes, and for a shop that was saved."""
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            raise SchemaError(f"{name} is {what}, not a table.", do=TABLES_ONLY)
    if head.startswith(packed.ZIP) and lab_file.is_lab_file(path):
        raise SchemaError(
            f"{name} is a lab file: a shop that journeylab saved, not an export.",
            do="Open it by itself, with jl.open or on the Data page.",
        )


def _as_text(column: str, kind: str) -> str:
    """Return the expression of a column of Parquet as text: nested values as JSON, instants with a Z for UTC."""
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION")):
        return f"CAST(to_json({quote(column)}) AS VARCHAR)"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"CAST({quote(column)} AT TIME ZONE 'UTC' AS VARCHAR) || 'Z'"
    return f"CAST({quote(column)} AS VARCHAR)"


def digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def same_lines(raw: Raw, folder: Path) -> Raw:
    """Return a CSV whose lines end in several ways as one whose lines end in one way."""
    target = folder / f"{raw.path.name}-lines"
    text.one_line_ending(raw.path, target)
    return replace(raw, path=target)
