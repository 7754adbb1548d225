"""Where the tables live and expressions run: the embedded engine (DuckDB), or one the shop already has.

Analyses never see this module: they build Ibis expressions, and `Dataset.run` hands them over. The embedded engine
keeps its tables in a file of its own folder, so that data larger than memory works, and deletes the folder when it is
closed or forgotten.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import threading
import weakref
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

import duckdb
import ibis
from ibis.backends.sql.datatypes import DuckDBType

from journeylab.data.statements import Statements
from journeylab.data.workspace import new_folder

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence
    from pathlib import Path

    import ibis.expr.types as ir
    import pandas as pd
    import pyarrow as pa
    from ibis.expr.schema import Schema

    from journeylab.data.statements import Build

MEMORY_LIMIT = "800MB"
#: Engines flatten nested selects themselves; Ibis takes a third of a funnel's time to do it before them.
ibis.options.sql.fuse_selects = False


class Engine(Protocol):
    """Runs Ibis expressions over the tables of one shop."""

    name: str

    def run(self, expr: ir.Table) -> pd.DataFrame:
        """Return the rows of `expr`, which must be few: an aggregate, not the raw data."""

    def run_shape(self, shape: Hashable, /, build: Build, texts: Sequence[str], numbers: Sequence[int]) -> pd.DataFrame:
        """Return the rows of `build(texts, numbers)`, which may be asked often with other values."""

    def batches(self, expr: ir.Table) -> pa.RecordBatchReader:
        """Stream the rows of `expr`, however many, to write them to a file."""

    def keep(self, expr: ir.Table) -> ir.Table:
        """Return a table of the rows of `expr`, worked out once where the engine may write; else `expr` itself."""

    def reaches(self, other: Engine) -> bool:
        """Say whether the tables of another engine can be read by this one."""

    def close(self) -> None:
        """Give back what the engine holds."""


class EmbeddedEngine:
    """DuckDB in a file of its own folder.

    Safe to use from several threads: each gets a cursor of its own, since one Ibis connection shared by threads
    breaks. After `seal` the engine can no longer reach any file or load any extension.

    Args:
        root: Where to put the engine's folder; the system's temporary folder if not given.
        memory_limit: How much memory DuckDB may take before it spills to its folder.
        threads: How many threads a query may use; all cores if not given.
        begin: A file of an earlier engine to begin with a copy of; an empty one if not given.
    """

    name = "duckdb"

    def __init__(
        self,
        root: Path | None = None,
        *,
        memory_limit: str = MEMORY_LIMIT,
        threads: int | None = None,
        begin: Path | None = None,
    ) -> None:
        self.folder = new_folder(root)
        self.file = self.folder / "shop.duckdb"
        if begin is not None:
            shutil.copyfile(begin, self.file)
        self._base = duckdb.connect(
            str(self.file),
            config={
                "memory_limit": memory_limit,
                "threads": threads or os.cpu_count() or 2,
                "temp_directory": str(self.folder / "spill"),
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "preserve_insertion_order": "false",
            },
        )
        self._base.execute("SET GLOBAL TimeZone = 'UTC'")
        self._local = threading.local()
        self._statements = Statements()
        self._unused: deque[str] = deque()
        self._finalizer = weakref.finalize(self, _discard, self._base, self.folder)

    def sql(self, query: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """Run one statement of the readers' own SQL and return its rows."""
        cursor = self._base.cursor()
        try:
            return cursor.execute(query, parameters or []).fetchall()
        finally:
            cursor.close()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a connection of its own for work that spans several statements; the caller closes it."""
        return self._base.cursor()

    def table(self, name: str) -> ir.Table:
        """Return the table called `name` as an expression that any thread may run."""
        return ibis.table(self._backend().table(name).schema(), name=name)

    def run(self, expr: ir.Table) -> pd.DataFrame:
        """Return the rows of `expr`."""
        return self._backend().execute(expr)

    def run_shape(self, shape: Hashable, build: Build, texts: Sequence[str], numbers: Sequence[int]) -> pd.DataFrame:
        """Return the rows of `build(texts, numbers)`; its SQL is kept under `shape`, as `Statements` says."""
        backend = self._backend()
        statement = self._statements.sql(shape, build, texts, numbers, backend.compile)
        return _frame(backend.con.sql(statement.sql).to_arrow_table(), statement.schema)

    def batches(self, expr: ir.Table) -> pa.RecordBatchReader:
        """Stream the rows of `expr`."""
        return self._backend().to_pyarrow_batches(expr)

    def keep(self, expr: ir.Table) -> ir.Table:
        """Return a table of the rows of `expr`, worked out now, for what reads them many times.

        It goes when no expression reads it any more; a table is deleted at the next call, because Python may notice
        that in the middle of another query.
        """
        with contextlib.suppress(IndexError):  # there are no more of them
            while True:
                self.sql(f"DROP TABLE IF EXISTS {quote(self._unused.popleft())}")
        name = f"kept {secrets.token_hex(8)}"
        # DuckDB's own types are wider here and there than those that Ibis goes on with.
        schema = expr.schema()
        columns = ", ".join(f"{quote(column)} {DuckDBType.to_string(kind)}" for column, kind in schema.items())
        self.sql(f"CREATE TABLE {quote(name)} ({columns})")
        try:
            self.sql(f"INSERT INTO {quote(name)} {self._backend().compile(expr)}")
        except BaseException:
            self._unused.append(name)
            raise
        table = ibis.table(schema, name=name)
        weakref.finalize(table.op(), self._unused.append, name)
        return table

    def reaches(self, other: Engine) -> bool:
        """Say whether the other engine is this one."""
        return other is self

    def seal(self) -> None:
        """Switch off every way out of the engine: files, network, extensions. DuckDB does not let it be undone."""
        self.sql("SET enable_external_access = false")

    def close(self) -> None:
        """Close the file and delete the folder; closing twice is allowed."""
        self._finalizer()

    def _backend(self) -> Any:
        backend = getattr(self._local, "backend", None)
        if backend is None:
            backend = ibis.duckdb.from_connection(self._base.cursor())
            self._local.backend = backend
        return backend


class ConnectedEngine:
    """An Ibis connection to an engine that the shop already runs; only ever read from.

    Safe to use from several threads: one query runs at a time, whichever engine object asks for it.

    Args:
        backend: The Ibis backend.
        owned: Whether the connection was opened for this engine, and closes with it.
    """

    def __init__(self, backend: Any, *, owned: bool = False) -> None:
        self.backend = backend
        self.name = backend.name
        self._owned = owned
        # Kept with the connection, because two engines over the same one must not query it at once.
        self._lock = vars(backend).setdefault("journeylab_lock", threading.Lock())

    def run(self, expr: ir.Table) -> pd.DataFrame:
        """Return the rows of `expr`, one query at a time."""
        with self._lock:
            return self.backend.execute(expr)

    def run_shape(self, _shape: Hashable, build: Build, texts: Sequence[str], numbers: Sequence[int]) -> pd.DataFrame:
        """Return the rows of `build(texts, numbers)`; nothing is kept."""
        return self.run(build(texts, numbers))

    def batches(self, expr: ir.Table) -> pa.RecordBatchReader:
        """Stream the rows of `expr`; other queries wait until the stream has ended."""
        import pyarrow as pa

        def rows() -> Iterator[pa.RecordBatch]:
            with self._lock:
                yield from self.backend.to_pyarrow_batches(expr)

        return pa.RecordBatchReader.from_batches(expr.schema().to_pyarrow(), rows())

    def keep(self, expr: ir.Table) -> ir.Table:
        """Return `expr` itself, because nothing is written where the shop's own tables lie."""
        return expr

    def reaches(self, other: Engine) -> bool:
        """Say whether the other engine asks the same connection."""
        return getattr(other, "backend", None) is self.backend

    def close(self) -> None:
        """Close the connection if it was opened for this engine; else it belongs to whoever opened it."""
        if self._owned:
            self._owned = False
            self.backend.disconnect()


def _frame(rows: pa.Table, schema: Schema) -> pd.DataFrame:
    """Return rows as a frame, typed as Ibis types what it runs itself."""
    import pandas as pd
    from ibis.formats.pandas import PandasData

    # a column of numbers with gaps would come as floats, so its values come one by one
    columns = {
        name: column.to_pylist() if column.null_count else column.to_pandas()
        for name, column in zip(rows.column_names, rows.columns, strict=True)
    }
    return PandasData.convert_table(pd.DataFrame(columns), schema)


def _discard(base: duckdb.DuckDBPyConnection, folder: Path) -> None:
    base.close()
    shutil.rmtree(folder, ignore_errors=True)


def quote(identifier: str) -> str:
    """Return `identifier` as a quoted SQL identifier, whatever it contains.

    >>> quote('a"b')
    '"a""b"'
    """
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return `text` as a quoted SQL string, whatever it contains.

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def new_key() -> bytes:
    """Return a fresh secret for pseudonyms; it stays on this machine."""
    return secrets.token_bytes(16)
