"""Packed files: .zip and .gz unpacked within bounds, and the sheets of a workbook as CSV.

What an archive says about its sizes is not trusted: bytes are counted as they come out.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import lzma
import re
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, Protocol

from journeylab.data.readers.values import scrub
from journeylab.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from journeylab.data.readers.files import Limits

GZIP, ZIP, EMPTY_ZIP = b"\x1f\x8b", b"PK\x03\x04", b"PK\x05\x06"
_CHUNK = 1 << 20
_FREE = 16 * 2**20
_COLUMN = re.compile(rb"\sr=[\"']([A-Z]{1,4})\d")
_ROW = re.compile(rb"\sr=[\"'][A-Z]{0,4}(\d{1,9})[\"']")
_HIDDEN = re.compile(rb"\sr\s*=\s*[\"'][^\"'>]*&")
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    gzip.BadGzipFile,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OSError,
)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def is_workbook(path: Path) -> bool:
    """Say whether a zip is an Excel workbook."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name == "xl/workbook.xml" for name in archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        return False


def unpack(path: Path, name: str, new: Callable[[], Path], limits: Limits) -> Iterator[tuple[Path, str]]:
    """Unpack the files of an archive one by one, as (copy, what to call it).

    Raises:
        SchemaError: if it is damaged, locked, empty, or unpacks to more than `limits` allow.
    """
    with path.open("rb") as file:
        gzipped = file.read(2) == GZIP
    try:
        if gzipped:
            copy = new()
            with gzip.open(path) as source:
                _copy(source, copy, name, path.stat().st_size, limits, limits.unpacked)
            yield copy, name
            return
        with zipfile.ZipFile(path) as archive:
            parts = _members(archive, name, limits)
            left = limits.unpacked
            for part in parts:
                copy = new()
                with archive.open(part) as source:
                    left -= _copy(source, copy, name, part.compress_size, limits, left)
                label = name if len(parts) == 1 else f"{name}: {scrub(part.filename)}"
                yield copy, label
    except _DAMAGE as error:
        raise _damaged(name, error) from None


def sheets(path: Path, name: str, new: Callable[[], Path], limits: Limits) -> Iterator[tuple[Path, str]]:
    """Write each sheet of a workbook that holds anything as a CSV, as (copy, what to call it).

    Raises:
        SchemaError: if it is damaged, locked, empty, or unpacks to more than `limits` allow.
    """
    import python_calamine

    _measure(path, name, limits)
    try:
        with python_calamine.CalamineWorkbook.from_path(str(path)) as book:
            found = []
            for label in book.sheet_names:
                copy = new()
                if _write(book.get_sheet_by_name(label).iter_rows(), copy):
                    found.append((copy, label))
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise _damaged(name, error) from None
    if not found:
        raise SchemaError(f"{name} is a workbook without any rows.", do="Export it again.")
    for copy, label in found:
        yield copy, name if len(found) == 1 else f"{name}: {scrub(label)}"


def _write(rows: Iterator[list[Any]], copy: Path) -> bool:
    """Write rows as CSV; say whether there were any."""
    with copy.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        some = False
        for row in rows:
            cells = [_cell(value) for value in row]
            if some or any(cells):
                writer.writerow(cells)
                some = True
    return some


def _cell(value: Any) -> str:
    """Return the text of a cell: whole numbers without a point, times as ISO."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    return "" if value is None else str(value)


def _members(archive: zipfile.ZipFile, name: str, limits: Limits) -> list[zipfile.ZipInfo]:
    """Return the members that may be tables, leaving out folders and what a Mac adds."""
    parts = [
        part
        for part in archive.infolist()
        if not part.is_dir()
        and not part.filename.startswith("__MACOSX/")
        and not part.filename.rpartition("/")[2].startswith(".")
    ]
    if not parts:
        raise SchemaError(f"{name} is an empty archive.", do="Export it again.")
    if len(parts) > limits.parts:
        raise SchemaError(
            f"{name} holds {len(parts):,} files, and at most {limits.parts} are read.", do="Unpack what you need."
        )
    if any(part.flag_bits & 1 for part in parts):
        raise SchemaError(f"{name} is locked with a password.", do="Unpack it first.")
    return parts


def _measure(path: Path, name: str, limits: Limits) -> None:
    """Count the bytes a workbook unpacks to."""
    try:
        with zipfile.ZipFile(path) as archive:
            left = limits.workbook
            for part in archive.infolist():
                with archive.open(part) as source:
                    cells = _Cells(source, limits.cells) if part.filename.startswith("xl/worksheets/") else source
                    left -= _copy(cells, None, name, part.compress_size, limits, left)
    except _TooManyCells:
        raise SchemaError(
            f"{name} has a sheet of more than {limits.cells:,} cells, the empty ones among them.",
            do="Delete what lies far below or right of the table, or save it as CSV.",
        ) from None
    except _DAMAGE as error:
        raise _damaged(name, error) from None


class _TooManyCells(Exception):  # noqa: N818 - a signal, not an error of its own
    """A sheet reaches further than can be held in memory."""


class _Cells:
    """Reads a sheet, and stops where its cells reach so far that all between would not fit into memory."""

    def __init__(self, source: _Readable, most: int) -> None:
        self._source, self._most, self._rest, self._row = source, most, b"", 1
        self._columns: set[bytes] = {b"A"}

    def read(self, size: int, /) -> bytes:
        """Read on."""
        chunk = self._source.read(size)
        text = self._rest + chunk
        self._columns |= set(_COLUMN.findall(text))
        self._row = max(self._row, max(map(int, _ROW.findall(text)), default=1))
        width = max(sum((byte - 64) * 26**place for place, byte in enumerate(name[::-1])) for name in self._columns)
        if _HIDDEN.search(text) or width * self._row > self._most:
            raise _TooManyCells
        self._rest = text[-64:]
        return chunk


def _copy(source: _Readable, target: Path | None, name: str, packed: int, limits: Limits, left: int) -> int:
    """Copy bytes within bounds and return how many there were; without a target only count them."""
    allowed = min(left, max(_FREE, packed * limits.ratio))
    copied = 0
    sink = target.open("wb") if target else None
    try:
        while chunk := source.read(_CHUNK):
            copied += len(chunk)
            if copied > allowed:
                raise SchemaError(
                    f"{name} unpacks to more than {allowed / 2**20:,.0f} MB, which is more than is read from it.",
                    why="A small archive that grows without end would fill this machine.",
                    do="Unpack it yourself, and give the table.",
                )
            if sink:
                sink.write(chunk)
    finally:
        if sink:
            sink.close()
    return copied


def _damaged(name: str, error: Exception) -> SchemaError:
    return SchemaError(f"{name} is damaged or locked ({type(error).__name__}).", do="Export it again.")
