"""The mapping step: a file nobody knows, as it is read, and what each of its columns is."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import streamlit as st

from journeylab.app import panels
from journeylab.app.state import visitor
from journeylab.app.upload import read
from journeylab.data import guess, schema
from journeylab.data.mapping import ColumnMap
from journeylab.data.readers import mapped
from journeylab.errors import JourneylabError
from journeylab.report.markdown import escape
from journeylab.words import listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from journeylab.data.readers.mapped import Unknown

LEAVE = ""
MOST = 60
_WAYS = {None: "as the file says", True: "day first, 31/12/2026", False: "month first, 12/31/2026"}
_MARKS = {None: "as the file says", ",": "comma, 1.234,50", ".": "point, 1,234.50"}


def map_columns() -> None:
    """Ask what the columns of the first file that waits are; nothing if none waits."""
    who = visitor()
    if not who.unknown:
        return
    unknown = who.unknown[0]
    with st.container(border=True):
        st.subheader(f"What are the columns of {escape(unknown.name)}?", anchor=False)
        more = f" After it, {len(who.unknown) - 1} more." if len(who.unknown) > 1 else ""
        st.markdown("No source that journeylab knows has these columns. Below is a guess: change what is wrong." + more)
        given = _saved(unknown)
        how = _ask(unknown, given)
        if how is not None:
            _preview(unknown, how)
        _finish(unknown, how)


def _saved(unknown: Unknown) -> ColumnMap | None:
    """Return the mapping that the user uploads for this file, if it is one and fits."""
    with st.expander("Use a saved mapping", icon=":material/upload_file:"):
        upload = st.file_uploader("Mapping, as JSON", type=("json",), key=_key(unknown, "saved"))
    if upload is None:
        return None
    try:
        how = ColumnMap.from_json(upload.getvalue())
    except JourneylabError as error:
        panels.problem(error)
        return None
    if not how.fits(unknown.columns):
        st.warning("That mapping names columns that this file does not have, so it is not used.")
        return None
    return how


def _ask(unknown: Unknown, given: ColumnMap | None) -> ColumnMap | None:
    """Draw the choices, filled with the guess or the saved mapping; return them, or None if they make no sense."""
    who = visitor()
    tables = list(schema.TABLES)
    best = given or who.remember(("guess", _key(unknown, "")), lambda: guess.guess(unknown.columns, unknown.rows))
    stamp = "saved" if given else "guess"
    table = st.selectbox(
        "One row of the file is",
        tables,
        index=tables.index(best.table),
        format_func=lambda name: schema.TABLES[name].row,
        key=_key(unknown, f"table {stamp}"),
    )
    if given is None and table != best.table:
        best = guess.guess_for(table, unknown.columns, unknown.rows)
    stamp = f"{stamp} {table}"
    start = best if table == best.table else ColumnMap(table, {})
    columns = _columns(unknown, start, stamp)
    left, middle, right = st.columns(3)
    utc = left.toggle("Times are UTC", value=start.utc, key=_key(unknown, f"utc {stamp}"))
    day_first = _choice(middle, "Dates such as 1/2/2026", _WAYS, start.day_first, _key(unknown, f"dates {stamp}"))
    decimal = _choice(right, "Decimal mark", _MARKS, start.decimal, _key(unknown, f"decimal {stamp}"))
    try:
        how = ColumnMap(table, columns, {}, utc=utc, day_first=day_first, decimal=decimal)
        return ColumnMap(table, columns, _values(unknown, how, start, stamp), utc, day_first, decimal)
    except JourneylabError as error:
        panels.problem(error)
        return None


def _choice(place: Any, label: str, words: Mapping[Any, str], value: Any, key: str) -> Any:
    options = list(words)
    return place.selectbox(label, options, index=options.index(value), format_func=words.__getitem__, key=key)


def _columns(unknown: Unknown, start: ColumnMap, stamp: str) -> dict[str, str]:
    """Draw a select for each column of the file; return the canonical names chosen, by header."""
    spec = schema.TABLES[start.table]
    options = [LEAVE, *(name for name in spec.by_name if name != "day" or "day" not in _follows(start.table))]
    chosen: dict[str, str] = {}
    grid = st.columns(3)
    for place, column in enumerate(unknown.columns[:MOST]):
        if unknown.columns.index(column) != place:
            continue
        here = start.columns.get(column, LEAVE)
        name = grid[place % 3].selectbox(
            escape(column) or f"Column {place + 1}, without a name",
            options,
            index=options.index(here) if here in options else 0,
            format_func=lambda name: _said(spec, name),
            key=_key(unknown, f"column {place} {stamp}"),
        )
        if name:
            chosen[column] = name
    if len(unknown.columns) > MOST:
        st.caption(f"The first {MOST} of {len(unknown.columns):,} columns; others can be named in a saved mapping.")
    return chosen


def _said(spec: schema.Table, name: str) -> str:
    if not name:
        return "leave out"
    needed = " (needed)" if name in spec.required and name not in _follows(spec.name) else ""
    return f"{name.replace('_', ' ')}: {spec.by_name[name].doc}{needed}"


def _follows(table: str) -> tuple[str, ...]:
    return schema.FOLLOWS.get(table, ())


def _values(unknown: Unknown, how: ColumnMap, start: ColumnMap, stamp: str) -> dict[str, str]:
    """Ask for a value that is the same in every row, for each column of words that is needed and not chosen."""
    spec = schema.TABLES[how.table].by_name
    typed = {
        name: st.text_input(
            f"{name.replace('_', ' ').capitalize()}, the same in every row: {spec[name].doc}",
            value=start.values.get(name, ""),
            key=_key(unknown, f"value {name} {stamp}"),
        ).strip()
        for name in how.lacks
        if spec[name].dtype == "string"
    }
    return {name: value for name, value in typed.items() if value}


def _preview(unknown: Unknown, how: ColumnMap) -> None:
    """Show the first rows as read, with what is wrong beside the cell: such columns first, then the mapped ones."""
    who = visitor()
    key = ("check", _key(unknown, ""), how.to_json())
    wrong = who.remember(key, lambda: mapped.check(unknown, how, time_zone=who.time_zone or "UTC"))
    shown: dict[str, list[str]] = {}
    where = {column: ("" if any(there == column for _, there in wrong) else "m") for column in how.columns}
    order = sorted(range(len(unknown.columns)), key=lambda place: (where.get(unknown.columns[place], "z"), place))
    for place in order:
        column = unknown.columns[place]
        name = column if column not in shown else f"{column} ({place + 1})"
        shown[name] = [row[place] for row in unknown.rows]
        if any(there == column for _, there in wrong) and unknown.columns.index(column) == place:
            shown[f"{name}: what is wrong"] = [
                f"⚠ {wrong[number, column]}" if (number, column) in wrong else "" for number in range(len(unknown.rows))
            ]
    st.dataframe(shown, hide_index=True, alt=f"The first {len(unknown.rows)} rows of {unknown.name}, as they are read")
    if wrong:
        rows = len({number for number, _ in wrong})
        st.caption(f":material/warning: Cells that could not be read in {rows} of these {len(unknown.rows)} rows.")
    else:
        st.caption(f":material/check: All mapped cells of these {len(unknown.rows)} rows can be read.")


def _finish(unknown: Unknown, how: ColumnMap | None) -> None:
    who = visitor()
    lacks = how.lacks if how else ()
    if lacks:
        words = escape(listed(name.replace("_", " ") for name in lacks))
        st.warning(f"Still needed: {words}.", icon=":material/rule:")
    with st.container(horizontal=True):
        ready = how is not None and not lacks
        go = st.button(
            "Read with these columns", type="primary", icon=":material/play_arrow:", disabled=not ready, key="map_go"
        )
        st.download_button(
            "Save this mapping",
            how.to_json() if how else "",
            file_name="mapping.json",
            mime="application/json",
            icon=":material/download:",
            on_click="ignore",
            disabled=not ready,
            key="map_save",
            help="To use it again for files with the same columns, here or with jl.read(mapping=…).",
        )
        out = st.button("Leave this file out", icon=":material/close:", key="map_out")
    if out:
        who.leave_out(unknown.given)
        go = bool(who.waiting) and not who.unknown
        if not go:
            st.rerun()
    before = list(who.unknown)
    if go and how is not None and not out:
        who.maps.append(how)
        who.unknown = [table for table in who.unknown[1:] if not how.fits(table.columns)]
        if who.unknown:
            st.rerun()
    if go:
        options = {"time_zone": who.time_zone or "UTC", "currency": who.currency, "overlap": who.overlap}
        read(lambda: list(who.waiting), options)
        if not out and how in who.maps:  # it went wrong, and was said; the choices stand
            who.maps.remove(how)
            who.unknown = before


def _key(unknown: Unknown, part: str) -> str:
    """Return a widget's key for a file of these columns, whatever is in its header."""
    made = hashlib.sha256("\x00".join([unknown.name, *unknown.columns]).encode("utf-8", "replace")).hexdigest()[:12]
    return f"map {made} {part}"
