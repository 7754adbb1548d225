"""Connecting to an engine the shop already runs: its tables as a Dataset, read where they are and never written to.

Nothing is copied: each canonical table is an expression over the engine's own, which runs with every analysis. Read
permission is enough. DuckDB and Spark are tested; other engines that Ibis speaks may work.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import ibis

from journeylab import checks
from journeylab.call import literal
from journeylab.data import schema
from journeylab.data.canonical import canonical, clock_of, locate
from journeylab.data.dataset import Dataset, observe
from journeylab.data.engine import ConnectedEngine
from journeylab.data.ledger import Ledger, Note
from journeylab.data.urls import conceal, open_url, spell
from journeylab.errors import BadParameter, SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import ibis.expr.types as ir

_EXPRESSION = "an expression"
_KNOWN_STATUSES = ("completed", "pending", "refunded", "partially_refunded", *schema.UNCOUNTED_STATUSES)


def connect(
    engine: Any,
    *,
    as_of: str | date | None = None,
    refresh: int = 0,
    currency: str = "",
    time_zone: str = "UTC",
    columns: Mapping[str, Mapping[str, str]] | None = None,
    **tables: str | ir.Table,
) -> Dataset:
    """Return a shop whose tables stay in the engine they are in.

    Only reads: no table, view or temporary table is made. Columns are found by their canonical names (see
    docs/data-model.md; upper and lower case are the same) or by `columns`. All others are left where they are, and so
    are traits of customers and metrics of outcomes unless `columns` names them. Identifiers stay as the engine has
    them, and the ledger says if customers are known by e-mail. Money becomes decimal(18, 4) and times UTC; a `day`
    that is missing is written from the time beside it, in `time_zone`. Rows without a required value are set aside,
    and the ledger says how many.

    Args:
        engine: A URL that `ibis.connect` knows ('duckdb:///shop.duckdb', 'postgres://…'; a DuckDB file is opened
            read-only), 'spark://host:port' for a standalone Spark cluster, 'sc://host:port' for Spark Connect, or an
            Ibis backend. Settings of Spark go into the query, as in 'spark://host:7077?spark.executor.memory=4g'.
        as_of: The last day to read, so that figures stay as they are while the tables grow. Without it, each
            connection counts as new data.
        refresh: Raise it by one when rows up to `as_of` have changed.
        currency: Three-letter code of the shop's money; read from the orders if they have just one.
        time_zone: The shop's time zone, such as 'Europe/Berlin'.
        columns: What canonical columns are called where they live: {'orders': {'net': 'total_net'}}.
        **tables: For each canonical table its name ('orders', 'sales.orders', 'catalog.sales.orders'), or an Ibis
            table of the backend.

    Returns:
        A Dataset on that engine.

    Raises:
        SchemaError: if the engine, a table or a required column is not there, or a column's type cannot be used.
        BadParameter: if an argument makes no sense.

    Examples:
        >>> backend = ibis.duckdb.connect()
        >>> _ = backend.raw_sql('''CREATE TABLE sold AS
        ...     SELECT 7 order_id, TIMESTAMP '2026-03-01 23:30:00' ordered_at, 'completed' status, 12.5 total
        ... ''')
        >>> shop = connect(backend, orders="sold", columns={"orders": {"net": "total"}}, time_zone="Europe/Berlin")
        >>> str(shop.observed[0])
        '2026-03-02'
    """
    _check_names(tables, columns or {})
    options: dict[str, Any] = {
        "as_of": checks.day(as_of, "as_of"),
        "refresh": checks.whole(refresh, "refresh"),
        "currency": currency,
        "time_zone": _zone(time_zone).key,
        "columns": {name: dict(of) for name, of in (columns or {}).items()},
    }
    backend = open_url(engine) if isinstance(engine, str) else engine
    running = ConnectedEngine(backend, owned=isinstance(engine, str) and backend.name != "pyspark")
    try:
        return _shop(engine, running, tables, options)
    except BaseException:
        running.close()
        raise


def _shop(engine: Any, running: ConnectedEngine, tables: Mapping[str, Any], options: Mapping[str, Any]) -> Dataset:
    """Find the tables, give them their canonical form, and account for their rows."""
    zone, renamed = ZoneInfo(options["time_zone"]), options["columns"]
    raw = {name: _find(running.backend, name, source) for name, source in tables.items()}
    read = {
        name: _until(options["as_of"], name, canonical(name, table, renamed.get(name, {}), zone, running.name))
        for name, table in raw.items()
    }
    whole = {name: table.filter(_complete(name, table)) for name, table in read.items()}
    currency = options["currency"] or (_currency(running, whole["orders"]) if "orders" in whole else "")
    ledgers = []
    for name, table in raw.items():
        clock = clock_of(name, locate(name, table, renamed.get(name, {})))
        said = [f"day written from {clock} in {zone.key}"] if clock else []
        ledgers.append(_account(running, name, _label(table), read[name], said, currency))
    return Dataset(
        running,
        whole,
        currency=currency,
        time_zone=zone.key,
        ledgers=tuple(ledgers),
        fingerprint=_fingerprint(engine, raw, options),
        calls=_calls(engine, running.name, tables, options),
        observed=observe(running, whole),
    )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise BadParameter(f"There is no time zone called {name!r}.", do="Name one such as 'Europe/Berlin'.") from None


def _check_names(tables: Mapping[str, Any], renamed: Mapping[str, Any]) -> None:
    if not tables:
        raise BadParameter("No table was named.", do="Name at least one, as in jl.connect(url, orders='sales.orders').")
    for name in (*tables, *renamed):
        schema.table(name)
    if idle := [name for name in renamed if name not in tables]:
        raise BadParameter(f"`columns` renames columns of {', '.join(idle)}, which was not connected.")


def _find(backend: Any, name: str, source: str | ir.Table) -> ir.Table:
    """Return the table that was named, or passed, for the canonical table `name`."""
    if not isinstance(source, str):
        if source.get_backend() is not backend:
            raise BadParameter(f"The Ibis table passed for {name} belongs to another connection.")
        return source
    *database, table = source.split(".")
    try:
        return backend.table(table, database=tuple(database) if len(database) > 1 else ".".join(database) or None)
    except Exception as error:
        raise SchemaError(
            f"The table {source}, named for {name.replace('_', ' ')}, cannot be read.",
            why=f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}",
            do="Check its name ('table', 'schema.table', 'catalog.schema.table') and the permission to read it.",
        ) from error


def _label(table: ir.Table) -> str:
    """Return what the engine calls a table, or say that it is an expression."""
    operation = table.op()
    if not isinstance(operation, ibis.expr.operations.DatabaseTable):
        return _EXPRESSION
    place = operation.namespace
    return ".".join(part for part in (place.catalog, place.database, operation.name) if part)


def _until(last: date | None, name: str, table: ir.Table) -> ir.Table:
    """Leave out rows after the day `last`, where the table knows when something happened."""
    spec = schema.table(name)
    times = [column.name for column in spec.columns if column.dtype == schema.TIME and not column.optional]
    placed = [column for column in ("day", "as_of", *times) if column in table.columns]
    if last is None or not placed:
        return table
    when = table[placed[0]]
    return table.filter(when.isnull() | (when.cast("date") <= ibis.date(last.isoformat())))


def _complete(name: str, table: ir.Table) -> ir.BooleanValue:
    return ibis.and_(*(table[column].notnull() for column in schema.table(name).required))


def _currency(engine: ConnectedEngine, orders: ir.Table) -> str:
    """Return the currency of the orders that count if there is just one, and an empty text if they do not say."""
    if "currency" not in orders.columns:
        return ""
    counted = orders.filter(orders.currency.notnull(), orders.status.notin(schema.UNCOUNTED_STATUSES))
    found = engine.run(counted.select("currency").distinct().limit(10))
    codes = sorted(found["currency"])
    if len(codes) > 1:
        raise BadParameter(
            f"The orders are in {', '.join(codes)}, which cannot be added up.",
            do=f"Say which to look at: currency='{codes[0]}'. Orders in another are then set aside.",
        )
    return codes[0] if codes else ""


def _account(engine: ConnectedEngine, name: str, source: str, read: ir.Table, said: list[str], currency: str) -> Ledger:
    """Count the rows of a table, and those that are out of the figures, inside the engine."""
    whole = _complete(name, read)
    counts = {"rows": read.count(), "torn": read.count(where=~whole).fill_null(0)}
    if name == "orders":
        counts["again"] = read.count() - read.order_id.nunique() - read.order_id.isnull().sum().fill_null(0)
    if "customer_id" in read.columns:
        counts["mails"] = read.count(where=read.customer_id.contains("@")).fill_null(0)
    found = {key: int(value) for key, value in engine.run(read.aggregate(**counts)).iloc[0].items()}
    rows, torn, again, mails = (found.get(key, 0) for key in ("rows", "torn", "again", "mails"))
    notes = [Note(sentence, rows) for sentence in said]
    if torn:
        needed = ", ".join(schema.table(name).required)
        notes.append(Note(f"without one of {needed}", torn, set_aside=True))
    if again:
        notes.append(Note("under an order id that came before", again))
    if mails:
        notes.append(Note("with an e-mail address for a customer id; a table with pseudonyms would be safer", mails))
    if name == "orders":
        notes += _order_notes(engine, read.filter(whole), currency)
    return Ledger(name, source, f"connection to {engine.name}", rows, tuple(notes))


def _order_notes(engine: ConnectedEngine, orders: ir.Table, currency: str) -> list[Note]:
    """Say which orders are out of the figures by status or currency, and which statuses are unknown."""
    foreign = ibis.literal(value=False)
    if currency and "currency" in orders.columns:
        foreign = orders.currency.notnull() & (orders.currency != currency)
    counted = engine.run(
        orders.group_by(status=orders.status, foreign=foreign).aggregate(n=orders.count()).order_by("status", "foreign")
    )
    notes = []
    for status, group in counted.groupby("status"):
        if status in schema.UNCOUNTED_STATUSES:
            notes.append(Note(str(status), int(group["n"].sum()), set_aside=True))
        elif status not in _KNOWN_STATUSES:
            notes.append(Note(f"with the status {status!r}, taken for a sale", int(group["n"].sum())))
    elsewhere = counted[counted["foreign"].astype(bool) & ~counted["status"].isin(schema.UNCOUNTED_STATUSES)]
    if not elsewhere.empty:
        notes.append(Note(f"not in {currency}", int(elsewhere["n"].sum()), set_aside=True))
    return notes


def _fingerprint(engine: Any, raw: Mapping[str, ir.Table], options: Mapping[str, Any]) -> str:
    """Return a mark of the engine, the tables with their columns, and the options; without `as_of`, a fresh one."""
    place = conceal(engine) if isinstance(engine, str) else engine.name
    shapes = [f"{name} {_label(table)} {table.schema()}" for name, table in sorted(raw.items())]
    fresh = "" if options["as_of"] else secrets.token_hex(8)
    mark = hashlib.sha256("\n".join([place, literal(dict(options)), *shapes, fresh]).encode()).hexdigest()
    return f"connection-{mark[:24]}"


def _calls(engine: Any, backend: str, tables: Mapping[str, Any], options: Mapping[str, Any]) -> tuple[str, ...]:
    """Write the call that makes the shop; what cannot be written is a variable, with a line that says what it is."""
    lines, first = [], "backend"
    if isinstance(engine, str):
        first = spell(engine)
        lines += ["import os"] if "os.environ" in first else []
    else:
        lines.append(f"# backend: your Ibis connection to {backend}")
    arguments = [first]
    for name, source in tables.items():
        if isinstance(source, str):
            arguments.append(f"{name}={literal(source)}")
        elif _label(source) != _EXPRESSION:
            arguments.append(f"{name}={literal(_label(source))}")
        else:
            lines.append(f"# {name}: your Ibis table of them")
            arguments.append(f"{name}={name}")
    plain: dict[str, Any] = {"as_of": None, "refresh": 0, "currency": "", "time_zone": "UTC", "columns": {}}
    arguments += [f"{key}={literal(value)}" for key, value in options.items() if value != plain[key]]
    line = f"shop = jl.connect({', '.join(arguments)})"
    if len(line) > 100:
        line = "shop = jl.connect(\n    " + ",\n    ".join(arguments) + ",\n)"
    return (*lines, line)
