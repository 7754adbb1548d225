"""The tables of the Journey map page: pains ranked, all that is known, what a refresh moved, two maps side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from journeylab import words
from journeylab.journey.map_moves import GONE, MOVED, NEW, what
from journeylab.journey.map_table import readable
from journeylab.report.markdown import escape

if TYPE_CHECKING:
    from journeylab.journey.map import Map
    from journeylab.journey.map_difference import Difference

#: Columns of the table of pains, as they are read.
_PAINS = {
    "touchpoint": "Touchpoint", "text": "Pain point", "margin": "Margin", "margin_lower": "Margin from",
    "margin_upper": "Margin to", "clear": "Beyond noise", "kind": "Kind", "source": "Known from", "n": "n", "of": "of",
    "lower": "Share from", "upper": "Share to", "votes": "Dots", "date": "Last day",
}  # fmt: skip
_TALL = 560


def pains(chart: Map) -> None:
    """Show the pain points ranked, each with its evidence."""
    with st.container(border=True):
        st.subheader(escape(chart.headline()), anchor=False)
        table = chart.pains()
        if table.empty:
            st.caption(
                "No pain point is known yet. Fill the map from the data, or write what the team sees under Edit."
            )
            return
        column, unit = st.column_config, f", {chart.currency}" if chart.currency else ""
        money = {
            "Margin": column.NumberColumn(
                f"Margin{unit}", format="localized", width=95, help="What goes with it; empty where no money is known."
            ),
            "Margin from": column.NumberColumn(format="localized", width=95, help="Lower end of its 95 % interval."),
            "Margin to": column.NumberColumn(format="localized", width=80, help="Upper end of its 95 % interval."),
        }
        st.dataframe(
            table.drop(columns=["at", "id"])
            .round({"margin": 0, "margin_lower": 0, "margin_upper": 0})
            .rename(columns=_PAINS),
            hide_index=True,
            alt=chart.headline(),
            placeholder="–",
            column_order=list(_PAINS.values()),
            column_config={
                "n": column.NumberColumn(format="localized"),
                "of": column.NumberColumn(format="localized"),
                "Share from": column.NumberColumn(format="percent", help="Lower end of the 95 % interval of n / of."),
                "Share to": column.NumberColumn(format="percent", help="Upper end of the 95 % interval of n / of."),
                **money,
            },
        )
        st.caption(
            "First where customers themselves are unhappy on the whole, then what is beyond noise by margin, then the "
            "rest. Margins of several signs in one visit do not add up."
        )


def table(chart: Map) -> None:
    """Show all that the map knows as one table: every figure with its interval, n and last day."""
    rows = readable(chart)
    with st.container(border=True):
        known = int(rows["Figure"].ne("").sum())
        said = f"{words.count(known, 'figure')} and {words.count(len(rows) - known, 'row')} of words on this map"
        st.subheader(escape(f"{said}."), anchor=False)
        st.dataframe(
            rows,
            hide_index=True,
            alt=said,
            placeholder="–",
            height=_TALL,
            column_config={
                "Stage": st.column_config.TextColumn(width=110),
                "Touchpoint": st.column_config.TextColumn(pinned=True),
                "n": st.column_config.NumberColumn(format="localized"),
                "of": st.column_config.NumberColumn(format="localized"),
                "Counted": st.column_config.TextColumn(help="What n and of count, where events are counted."),
                "In words": st.column_config.TextColumn(width="large"),
            },
        )
        st.caption("What is not known has no row. The same with all digits: Download on the Map, “Table (CSV)”.")


def moved(chart: Map) -> None:
    """Say what the last refresh moved, beyond noise first."""
    names = {point.id: point.name for point in chart.touchpoints}
    moves = [move for move in chart.moves if move["touchpoint"] in names]
    if not moves:
        return
    change = {NEW: "new", GONE: "gone"}
    sort = {"beyond noise": 0, "gone": 1, "new": 2, "may be noise": 3}
    told = [
        change.get(move.get("change", MOVED), "beyond noise" if move.get("clear") else "may be noise") for move in moves
    ]
    rows = sorted(zip(told, moves, strict=True), key=lambda row: sort[row[0]])
    counts = {name: told.count(name) for name in sort}
    st.subheader(
        f"Since the map was last filled: {words.count(counts['beyond noise'], 'figure')} moved beyond noise, "
        f"{counts['new']} new, {counts['gone']} gone",
        anchor=False,
    )
    st.dataframe(
        {
            "Touchpoint": [names[move["touchpoint"]] for _told, move in rows],
            "What": [what(move["lane"]) for _told, move in rows],
            "Change": [said for said, _move in rows],
            "Before": [_side(move, "was", "before") for _told, move in rows],
            "Now": [_side(move, "now", "after") for _told, move in rows],
        },
        hide_index=True,
        alt="What moved on the map",
        placeholder="–",
        column_config={name: st.column_config.TextColumn(width="medium") for name in ("Before", "Now")},
    )
    st.caption(
        "With 95 % intervals. Visitors and margin at stake are compared by the day, so a longer period moves nothing. "
        "Beyond noise: of all that moved together, at most 5 % are false alarms. A pain is gone where it is not among "
        "the three worst of its touchpoint any more."
    )


def _side(move: dict[str, object], words_key: str, figure: str) -> str:
    """Return what a move says of before or after in words; of an older map, its bare figure."""
    said, bare = move.get(words_key), move.get(figure)
    if isinstance(said, str):
        return said
    return "" if bare is None else f"{bare:g}"


def differences(found: Difference) -> None:
    """Show what differs between two maps, beyond noise first."""
    column, rows = st.column_config, found.readable()
    st.dataframe(
        rows.assign(what=[text[:1].upper() + text[1:] for text in rows["what"]]),
        hide_index=True,
        alt=found.headline(),
        placeholder="–",
        column_config={
            "touchpoint": column.TextColumn("Touchpoint", pinned=True),
            "what": column.TextColumn("What"),
            "clear": column.CheckboxColumn("Beyond noise"),
            "one": column.TextColumn(found.names[0], width="medium"),
            "other": column.TextColumn(found.names[1], width="medium"),
            "difference": column.TextColumn(
                "Difference", width="medium", help="The first less the second, with its 95 % interval."
            ),
        },
    )
    st.caption("  \n".join(escape(caveat) for caveat in found.caveats))
