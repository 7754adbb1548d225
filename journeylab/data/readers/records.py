"""JSON records: newline JSON, or one list of objects, as a table of text; nested values stay JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import duckdb

from journeylab.data.engine import literal, quote
from journeylab.data.ledger import Note
from journeylab.data.readers.text import too_wide
from journeylab.errors import SchemaError

if TYPE_CHECKING:
    from pathlib import Path

_HEAD = 1 << 20


def are_records(path: Path) -> bool:
    """Say whether a file holds JSON objects, one a line or in a list."""
    with path.open("rb") as file:
        head = file.read(_HEAD).removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"["):
        return head[1:].lstrip().startswith(b"{")
    if not head.startswith(b"{"):
        return False
    try:
        return isinstance(json.loads(head.splitlines()[0]), dict)
    except ValueError:
        return False
    except RecursionError:
        return False


def as_parquet(path: Path, target: Path, name: str, most: int) -> tuple[Note, ...]:
    """Write records as a Parquet of text; return what to say about lines that are none.

    Raises:
        SchemaError: if they cannot be read, or have too many columns.
    """
    listed = not _starts_with_object(path)
    form = "array" if listed else "newline_delimited"
    options = f"format = '{form}', ignore_errors = {'false' if listed else 'true'}, maximum_object_size = 16777216"
    with duckdb.connect(config={"memory_limit": "1GB"}) as work:
        try:
            keys = work.execute(
                "SELECT key FROM (SELECT unnest(json_keys(json)) AS key FROM "
                f"read_json_objects({literal(str(path))}, {options})) GROUP BY key ORDER BY key LIMIT {most + 1}"
            ).fetchall()
            if len(keys) > most:
                raise too_wide(name, len(keys), most)
            columns = {key: key for (key,) in keys if key}
            if not columns:
                raise SchemaError(f"{name} has no record with a name in it.", do="Export it again.")
            kinds = ", ".join(f"{literal(key)}: 'JSON'" for key in columns)
            chosen = ", ".join(f"{quote(key)}->>'$' AS {quote(key)}" for key in columns)
            work.execute(
                f"COPY (SELECT {chosen} FROM read_json({literal(str(path))}, {options}, columns = {{{kinds}}})) "
                f"TO {literal(str(target))} (FORMAT parquet)"
            )
            ((odd,),) = work.execute(
                f"SELECT count(*) FROM read_parquet({literal(str(target))}) "
                f"WHERE coalesce({', '.join(map(quote, columns))}) IS NULL"
            ).fetchall()
        except duckdb.Error as error:
            raise SchemaError(
                f"{name} holds JSON that could not be read ({type(error).__name__}).",
                do="Export it again as newline JSON or Parquet.",
            ) from None
    return (Note("lines that are no JSON record", odd, set_aside=True),) if odd else ()


def _starts_with_object(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(_HEAD).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")
