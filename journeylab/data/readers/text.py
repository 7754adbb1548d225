"""Text files: one pass that tells text from bytes and finds the encoding, and the header with its delimiter."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from journeylab.data.ledger import Note
from journeylab.data.readers.values import scrub
from journeylab.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CHUNK = 1 << 22
DELIMITERS = ",;\t|"
_HEAD = 1 << 20
_CONTROLS = bytes(c for c in range(32) if c not in b"\t\n\v\f\r\x1a\x1b")
_COMMENT = re.compile(r'#(?=\s|-|$)|"?sep=|\s*$', re.IGNORECASE)
_ODD = re.compile("[\udc80-\udcff]")
#: What a byte that is no UTF-8 means in Windows-1252, and in Latin-1 where that has no character.
_WESTERN = {0xDC00 + b: bytes([b]).decode("cp1252", errors="ignore") or chr(b) for b in range(0x80, 0x100)}


@dataclass(frozen=True)
class Survey:
    """What one pass over a file found: its SHA-256 and its encoding."""

    digest: str
    encoding: str


@dataclass(frozen=True)
class Header:
    """The columns of a CSV as written, what separates them, and how many lines come before."""

    columns: tuple[str, ...]
    delimiter: str
    skip: int
    said: tuple[Note, ...] = ()


def survey(path: Path, name: str, progress: Callable[[int], None]) -> Survey:
    """Go through a file once: hash it, and find its encoding.

    Raises:
        SchemaError: if it is no text.
    """
    sha = hashlib.sha256()
    utf8 = codecs.getincrementaldecoder("utf-8")()
    encoding = ""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            if not encoding:
                encoding = _first_look(chunk, name)
            sha.update(chunk)
            if encoding.startswith("utf-16"):
                continue
            if b"\0" in chunk:
                raise _no_text(name)
            if encoding == "utf-8" and not (chunk.isascii() and not utf8.getstate()[0]):
                try:
                    utf8.decode(chunk)
                except UnicodeDecodeError:
                    encoding = "cp1252"
            progress(len(chunk))
    if encoding == "utf-8" and utf8.getstate()[0]:
        encoding = "cp1252"
    return Survey(sha.hexdigest(), encoding)


def transcode(path: Path, target: Path, encoding: str) -> Note:
    """Write a file as UTF-8, and say from what; bytes that are no UTF-8 are read as Windows-1252."""
    western = encoding == "cp1252"
    decoder = codecs.getincrementaldecoder("utf-8" if western else encoding)(
        "surrogateescape" if western else "replace"
    )
    odd = 0
    with path.open("rb") as source, target.open("w", encoding="utf-8", newline="") as copy:
        while True:
            chunk = source.read(CHUNK)
            text = decoder.decode(chunk, final=not chunk)
            if western:
                odd += len(_ODD.findall(text))
                text = text.translate(_WESTERN)
            copy.write(text.replace("\0", ""))
            if not chunk:
                break
    if western:
        return Note("characters read as Windows-1252, since the file is not in UTF-8", odd)
    return Note("file in UTF-16, read as such", 1)


def read_header(path: Path, name: str, most: int) -> Header:
    """Read the header of a UTF-8 file and find what separates its columns.

    Raises:
        SchemaError: if there is none, or too many columns.
    """
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        head = file.read(_HEAD)
    lines = head.splitlines(keepends=True)
    skip = 0
    while skip < len(lines) and _COMMENT.match(lines[skip]):
        skip += 1
    body = "".join(lines[skip:])
    if not body.strip():
        raise SchemaError(f"{name} is empty.", do="Export it again.")
    delimiter = max(DELIMITERS, key=lambda mark: _fit(body, mark))
    columns = tuple(cell.strip() for cell in _records(body, delimiter, 1)[0])
    if len(columns) > most:
        raise too_wide(name, len(columns), most)
    twice = [column for column, n in Counter(columns).items() if n > 1 and column]
    said = []
    if twice:
        said.append(Note("column names that occur twice; the first of each is read", len(twice), _shown(twice)))
    return Header(columns, delimiter, skip, tuple(said))


def one_line_ending(path: Path, target: Path) -> None:
    """Write a file with every line ending as a line feed."""
    with path.open(encoding="utf-8", newline=None) as source, target.open("w", encoding="utf-8", newline="\n") as copy:
        while chunk := source.read(CHUNK):
            copy.write(chunk)


def too_wide(name: str, width: int, most: int) -> SchemaError:
    """Return the error for a table with too many columns."""
    return SchemaError(
        f"{name} has {width:,} columns, and at most {most:,} are read.", do="Export only the columns you need."
    )


def _fit(body: str, delimiter: str) -> tuple[float, int]:
    """Say how well a delimiter fits: the share of rows as wide as the header, and that width."""
    records = _records(body, delimiter, 30)
    width = len(records[0])
    alike = sum(len(record) == width for record in records) / len(records)
    return (alike if width > 1 else 0.0, width)


def _records(body: str, delimiter: str, most: int) -> list[list[str]]:
    """Return the first records of a text; a text that is no CSV gives what could be read."""
    records: list[list[str]] = []
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=delimiter)
    try:
        for record in reader:
            if record:
                records.append(record)
            if len(records) == most:
                break
    except csv.Error:  # a cell longer than the csv module takes; what came before it is enough
        pass
    return records or [[body.splitlines()[0]]]


def _first_look(chunk: bytes, name: str) -> str:
    if chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    start = chunk[:4096]
    if start[1::2].count(0) > len(start) / 4 > 0 and start[::2].count(0) < len(start) / 20:
        return "utf-16-le"
    if start[::2].count(0) > len(start) / 4 > 0 and start[1::2].count(0) < len(start) / 20:
        return "utf-16-be"
    if len(chunk) - len(chunk.translate(None, _CONTROLS)) > len(chunk) / 1000:
        raise _no_text(name)
    return "utf-8"


def _no_text(name: str) -> SchemaError:
    return SchemaError(
        f"{name} is not a table: it holds bytes that are no text.",
        do="Give a table as CSV, TSV, XLSX or Parquet, or a .gz or .zip of those.",
    )


def _shown(columns: list[str]) -> tuple[str, ...]:
    return tuple(scrub(column) for column in columns[:3])
