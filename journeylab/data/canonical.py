"""The canonical form of a table that stays in its engine: its columns found, renamed and cast, as one expression.

Types are checked, not guessed: text is never taken for money or time, nor a time for a day, because engines read
those differently. Whoever has such a column casts it in a view, or passes an Ibis table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.datatypes as dt

from journeylab.data import schema
from journeylab.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    import ibis.expr.types as ir

#: Other spellings of the statuses that keep an order out of the figures.
_STATUS_SPELLINGS = {"canceled": "cancelled", "void": "voided"}


def canonical(name: str, raw: ir.Table, renamed: Mapping[str, str], zone: ZoneInfo, engine: str) -> ir.Table:
    """Return `raw` with the columns and types of the canonical table `name`.

    Args:
        name: The canonical table.
        raw: The engine's table.
        renamed: The engine's name of each canonical column that is called otherwise there.
        zone: The shop's time zone, in which a `day` that is missing is written.
        engine: The Ibis name of the engine.

    Raises:
        SchemaError: if a required column is missing, or a column's type cannot be used.
    """
    spec, where = schema.table(name), locate(name, raw, renamed)
    clock = clock_of(name, where)
    lacking = [column for column in spec.required if column not in where and not (column == "day" and clock)]
    if lacking:
        raise SchemaError(
            f"The table of {name.replace('_', ' ')} lacks {', '.join(lacking)}.",
            why=f"Its columns are {', '.join(raw.columns)}.",
            do=f"Say which it is: columns={{'{name}': {{'{lacking[0]}': '…'}}}}.",
        )
    columns = {
        column: _cast(raw[there], spec.by_name[column], name, engine) if column in spec.by_name else raw[there]
        for column, there in where.items()
    }
    if clock:
        time = raw[where[clock]]
        columns["day"] = time.cast("date") if time.type().is_date() else local_day(columns[clock], zone, engine)
    if name == "orders":
        columns["status"] = columns["status"].lower().substitute(_STATUS_SPELLINGS)
    return raw.select(**columns)


def locate(name: str, raw: ir.Table, renamed: Mapping[str, str]) -> dict[str, str]:
    """Return the engine's column for each canonical column that is there; upper and lower case are the same.

    Further columns of an open-ended table come only if `renamed` names them: in a shop's own table of customers they
    are names and addresses as often as traits.

    Raises:
        SchemaError: if `renamed` names a column that is not there, or that no such table has.
    """
    spec = schema.table(name)
    there = {column.lower(): column for column in raw.columns} | {column: column for column in raw.columns}
    wanted = {column: column for column in spec.by_name} | dict(renamed)
    if strange := [] if spec.open_ended else [column for column in renamed if column not in spec.by_name]:
        raise SchemaError(
            f"The table of {name.replace('_', ' ')} has no column called {', '.join(strange)}.",
            do=f"It may have {', '.join(spec.by_name)}.",
        )
    found = {column: there.get(old, there.get(old.lower())) for column, old in wanted.items()}
    if gone := [renamed[column] for column in renamed if found[column] is None]:
        raise SchemaError(
            f"The table named for {name.replace('_', ' ')} has no column called {', '.join(gone)}.",
            do=f"Its columns are {', '.join(raw.columns)}.",
        )
    return {column: old for column, old in found.items() if old is not None}


def clock_of(name: str, where: Mapping[str, str]) -> str | None:
    """Return the time from which the day is written, if the table should have a `day` and has none."""
    spec = schema.table(name)
    if "day" in where or "day" not in spec.required:
        return None
    return next((c.name for c in spec.columns if c.dtype == schema.TIME and c.name in where), None)


def _cast(value: ir.Value, column: schema.Column, table: str, engine: str) -> ir.Value:
    have, want = value.type(), dt.dtype(column.dtype)
    if not _fits(have, want):
        raise SchemaError(
            f"{column.name} of {table.replace('_', ' ')} is {have}, and must be {want}.",
            do="Cast it in a view, or pass an Ibis table in which it is cast.",
        )
    if have.is_timestamp() and have.timezone is not None:
        return _utc(value, engine)
    if have.is_floating() and not want.is_floating():
        value = value.isnan().ifelse(ibis.null(have), value)
    return value.cast(want)


def _fits(have: dt.DataType, want: dt.DataType) -> bool:
    """Say whether a type can become another without guessing, and alike on every engine."""
    whole = have.is_integer() or (have.is_decimal() and have.scale == 0)
    if want.is_string():
        return whole or have.is_string() or have.is_uuid() or have.is_json()
    if want.is_integer():
        return whole
    if want.is_decimal() or want.is_floating():
        return have.is_integer() or have.is_decimal() or have.is_floating()
    if want.is_timestamp():
        return have.is_timestamp() or have.is_date()
    return type(have) is type(want)


# Casts between zones lose the zone in Ibis, so times are moved by the engine's own functions.
@ibis.udf.scalar.builtin(name="timezone")
def _instant(zone: str, wall: dt.timestamp) -> dt.Timestamp(timezone="UTC"):  # type: ignore[valid-type]
    """DuckDB and Postgres: the instant at which clocks in `zone` show `wall`."""


@ibis.udf.scalar.builtin(name="timezone")
def _wall(zone: str, instant: dt.Timestamp(timezone="UTC")) -> dt.timestamp:  # type: ignore[valid-type]
    """DuckDB and Postgres: what clocks in `zone` show at `instant`."""


@ibis.udf.scalar.builtin(name="from_utc_timestamp")
def _wall_on_spark(utc: dt.timestamp, zone: str) -> dt.timestamp:
    """Spark: what clocks in `zone` show at `utc`."""


def _utc(time: Any, engine: str) -> ir.Value:
    """Return a time that carries its zone as UTC without one."""
    if engine in {"duckdb", "postgres"}:
        return _wall("UTC", time)
    raise SchemaError(
        f"A time with a zone cannot be told in UTC on {engine}.", do="Convert it in a view or an Ibis table."
    )


def local_day(utc: Any, zone: ZoneInfo, engine: str) -> ir.Value:
    """Return the day that calendars in `zone` show at a UTC time."""
    if zone.key == "UTC":
        return utc.date()
    if engine in {"duckdb", "postgres"}:
        return _wall(zone.key, _instant("UTC", utc)).date()
    if engine == "pyspark":
        return _wall_on_spark(utc, zone.key).date()
    raise SchemaError(
        f"The day in {zone.key} cannot be written on {engine} from a time in UTC.",
        do="Add a column `day`, in the shop's own time, in a view or an Ibis table.",
    )
