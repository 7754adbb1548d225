"""Cards: a finding as title, its chart and views, its caveats; table, Python and downloads one click away."""

from __future__ import annotations

import json
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import streamlit as st

from journeylab.app import controls, panels
from journeylab.app.shell import story
from journeylab.app.state import visitor
from journeylab.call import literal
from journeylab.errors import JourneylabError
from journeylab.report import picture, privacy, workbook
from journeylab.report.markdown import escape
from journeylab.result import Result

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from journeylab.data.dataset import Dataset

_drawn: WeakKeyDictionary[Result, dict[str, tuple[str, dict[str, Any]]]] = WeakKeyDictionary()
_watched: WeakKeyDictionary[Result, tuple[str, bool]] = WeakKeyDictionary()

TABLE, PYTHON = "Table", "Python"
_SHARES = ("rate", "share", "change", "error", "total_error", "p_alive", "kept")


def run(function: Callable[..., Any], shop: Dataset, **arguments: Any) -> Any:
    """Run an analysis, or return what it gave before for the same shop and arguments; write it into the notebook."""
    result = known(function, shop, **arguments)
    if not any(step is result for step in story().steps):
        story().steps.append(result)
    return result


def known(function: Callable[..., Any], shop: Dataset, **arguments: Any) -> Any:
    """Run an analysis, or return what it gave before, for another analysis to read; the notebook has it with that."""
    key = (shop.fingerprint, str(getattr(function, "public_name", function)), _written(arguments))
    return visitor().remember(key, partial(_work, function, shop, arguments))


def show(function: Callable[..., Any], shop: Dataset, **arguments: Any) -> Any:
    """Run an analysis and draw its card; an error stays in the card. Return the Result, or None after an error."""
    with st.container(border=True):
        try:
            result = run(function, shop, **arguments)
        except JourneylabError as error:
            panels.problem(error)
            return None
        except Exception as error:  # noqa: BLE001 - shown as a bug, logged in full; the other cards go on
            panels.bug(error)
            return None
        _card(result, _key(result))
    return result


def attempt(function: Callable[..., Any], shop: Dataset, **arguments: Any) -> Any:
    """Run an analysis for others to use; None where the data do not allow it, which those others will say."""
    try:
        return run(function, shop, **arguments)
    except JourneylabError:
        return None


@st.fragment
def _card(result: Result, key: str) -> None:
    try:
        _draw(result, key)
    except JourneylabError as error:
        panels.problem(error)
    except Exception as error:  # noqa: BLE001 - as in show
        panels.bug(error)


def _draw(result: Result, key: str) -> None:
    headline = result.headline()
    st.subheader(escape(headline), anchor=False)
    names = {view.capitalize(): view for view in result.views}
    _open_on_what_is_new(f"{key}_view", list(names))
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        chosen = controls.segments("Show", [*names, TABLE, PYTHON], key=f"{key}_view")
        _downloads(result, names.get(chosen), key)
    if chosen == TABLE:
        _table(result)
    elif chosen == PYTHON:
        st.code(result.call.python() if result.call else "", language="python")
    else:
        st.vega_lite_chart(spec=_spec(result, names[chosen]), alt=headline, key=f"{key}_chart_{names[chosen]}")
    if result.caveats:
        st.caption("  \n".join(escape(caveat) for caveat in result.caveats))


def _open_on_what_is_new(key: str, views: list[str]) -> None:
    """Turn to the first view if it is one that the card did not have before, such as groups once there are any."""
    before = st.session_state.get(f"{key}s", views)
    st.session_state[f"{key}s"] = views
    if views[0] not in before:
        st.session_state[key] = views[0]


def _spec(result: Result, view: str) -> dict[str, Any]:
    """Return a view of the chart as Vega-Lite; it is drawn once for as long as its result is kept.

    Altair's settings are shared by all threads, and `st.altair_chart` changes them while it draws, so a picture made
    for a download at that moment could lose its data. Handing over Vega-Lite changes nothing.
    """
    drawn = _drawn.setdefault(result, {})
    if view not in drawn:
        spec = result.chart(view).to_dict(validate=False)
        rows = {name: _arrow(values) for name, values in spec.pop("datasets", {}).items()}
        drawn[view] = json.dumps(spec), rows
    text, rows = drawn[view]
    return {**json.loads(text), **({"datasets": dict(rows)} if rows else {})}


def _arrow(rows: list[dict[str, Any]]) -> bytes | list[dict[str, Any]]:
    """Return rows as Streamlit sends them, which it would else make of them anew at each run of the page."""
    import pyarrow as pa

    if not rows or any(row.keys() != rows[0].keys() for row in rows):
        return rows
    try:
        table = pa.Table.from_pylist(rows)
    except pa.ArrowException:  # a column of several types
        return rows
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue().to_pybytes()


def _table(result: Result) -> None:
    table = result.table()
    shares = {name for name in table.columns if str(name).startswith(_SHARES)}
    if "rate" in shares:
        shares |= {"lower", "upper"}
    numbers = set(table.select_dtypes("number").columns)
    times = table.select_dtypes("datetime")
    days = {name for name in times if (times[name].isna() | (times[name] == times[name].dt.normalize())).all()}

    def column(name: str) -> Any:
        if name in numbers:
            return st.column_config.NumberColumn(_title(name), format="percent" if name in shares else "localized")
        if name in days:
            return st.column_config.DateColumn(_title(name))
        return st.column_config.Column(_title(name))

    st.dataframe(
        table.assign(**{name: table[name].round(2) for name in table.select_dtypes("float") if _large(table[name])}),
        hide_index=True,
        alt=result.headline(),
        placeholder="–",
        column_config={name: column(name) for name in table.columns},
    )


def _large(values: pd.Series) -> bool:
    """Whether a column's third decimal says nothing; what is downloaded keeps all of them."""
    return bool(values.abs().max() >= 100)


def _downloads(result: Result, view: str | None, key: str) -> None:
    name = f"{key}-{date.today().isoformat()}"  # noqa: DTZ011 - a file name, in the user's own day
    with st.popover("Download", icon=":material/download:", type="tertiary"):
        suppress = _small_groups(result, key)
        offers: list[tuple[str, str, Callable[[], Any]]] = [
            ("Table as CSV", "csv", partial(workbook.csv, result, suppress=suppress)),
            ("Table as XLSX", "xlsx", partial(workbook.xlsx, result, suppress=suppress)),
            ("Chart as PNG", "png", partial(picture.png, result, view)),
            ("Chart as SVG", "svg", partial(picture.svg, result, view)),
        ]
        for label, ending, make in offers:
            st.download_button(
                label,
                make,
                file_name=f"{name}.{ending}",
                mime=_MIME[ending],
                key=f"{key}_{ending}",
                on_click="ignore",
                width="stretch",
            )


def _small_groups(result: Result, key: str) -> bool:
    """Warn of small groups in a table to take away, and ask whether to leave them out."""
    if result not in _watched:
        table = result.table()
        _watched[result] = privacy.warning(table), bool(privacy.small(table).any())
    said, small = _watched[result]
    if said:
        st.caption(f":material/shield_person: {escape(said)}")
    if not small:
        return False
    return st.checkbox("Leave small groups out of the table", key=f"{key}_suppress")


_MIME = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "png": "image/png",
    "svg": "image/svg+xml",
}


def _work(function: Callable[..., Any], shop: Dataset, arguments: dict[str, Any]) -> Any:
    with st.spinner("Working it out"):
        return function(shop, **arguments)


def _key(result: Result) -> str:
    """Name a card after its analysis; the second card of the same analysis on a page gets a number."""
    noun = result.call.noun if result.call else "result"
    same = [s for s in story().steps if isinstance(s, Result) and s.call is not None and s.call.noun == noun]
    place = next((n for n, step in enumerate(same, start=1) if step is result), 1)
    return noun if place == 1 else f"{noun}_{place}"


def _written(arguments: dict[str, Any]) -> str:
    """Write arguments as a cache key: literals as Python, Results by the call that made them."""
    parts = []
    for name, value in sorted(arguments.items()):
        if name == "progress":
            continue
        parts.append(f"{name}={value.call.python() if isinstance(value, Result) and value.call else literal(value)}")
    return ";".join(parts)


def _title(column: object) -> str:
    return str(column).replace("_", " ")
