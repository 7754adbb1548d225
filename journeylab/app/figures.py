"""Rows of key figures: of the overview with their change, of visits with what they mean, of money at stake."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import streamlit as st

from journeylab.report.markdown import escape
from journeylab.words import money

if TYPE_CHECKING:
    from collections.abc import Hashable

    from journeylab.journey.sessions import Sessions
    from journeylab.journey.stake import Stake
    from journeylab.start.overview import Figure, Overview


def key_figures(overview: Overview) -> None:
    """Draw the figures of an overview in a row; on a narrow screen they go below each other."""
    with st.grid(4, min_column_width=165):
        for figure in overview.figures:
            _metric(figure, overview.currency)


def visits(found: Sessions | None) -> None:
    """Draw the figures of visits in a row, each with its interval, denominator and definition; not those of groups."""
    if found is None or found.by:
        return
    with st.grid(4, min_column_width=165):
        for row in found.table().to_dict("records"):
            value, _dash, interval = str(row["written"]).partition(" (")
            said = [f"{str(row['definition']).capitalize()}."]
            said += [f"95 % interval: {interval.removesuffix(')')}."] if interval else []
            st.metric(
                str(row["measure"]).capitalize(), value, help=escape(" ".join([*said, _taken_over(row)])), border=True
            )


def bounds(found: Stake | None) -> None:
    """Draw what money lies between: what those who bought brought, what is at stake, and all that could be."""
    if found is None:
        return
    stake = found.rows.iloc[-1]
    at = f"{found.level:.0%}".replace("%", " %")
    interval = f"{at} interval: {money(stake['lower'], found.currency)} to {money(stake['upper'], found.currency)}."
    said = {
        "Margin of those who bought": (found.realised, f"Of all {found.unit}s who did the last step in time."),
        "At stake in all steps": (float(stake["margin"]), f"Of {stake['lost']:,.0f} lost. {interval}"),
        "If nobody were lost": (
            found.ceiling,
            f"The ceiling: the margin of all {found.unit}s who entered and are not still open.",
        ),
    }
    with st.grid(3, min_column_width=165):
        for label, (value, about) in said.items():
            st.metric(label, escape(money(value, found.currency)), help=escape(about), border=True)


def _taken_over(row: dict[Hashable, Any]) -> str:
    n = "" if math.isnan(row["n"]) or row["unit"] != "share" else f"{row['n']:,.0f} of "
    return f"Taken over {n}{row['of']:,.0f}."


def _metric(figure: Figure, currency: str) -> None:
    trend = [value for value in figure.trend if not math.isnan(value)]
    known = not math.isnan(figure.change)
    st.metric(
        escape(figure.label),
        escape(figure.written(figure.value, currency)),
        figure.moved() or 0 if known else None,
        delta_description=escape(f"from {figure.written(figure.previous, currency)}") if known else None,
        help=escape(_help(figure, currency)),
        border=True,
        height="stretch",
        chart_data=trend if len(trend) > 1 else None,
        chart_type="area",
        delta_arrow="down" if known and figure.change < 0 else "auto",
        delta_color="primary",  # up is not always good, nor beyond noise; the sign and the arrow say the direction
    )


def _help(figure: Figure, currency: str) -> str:
    if figure.lacks:
        return f"{figure.definition} Not known yet: {figure.lacks}"
    said = f"{figure.definition} Taken over {figure.n:,} {figure.of}."
    if math.isnan(figure.lower):
        return said
    lower, upper = (figure.written(value, currency) for value in (figure.lower, figure.upper))
    return f"{said} 95 % interval: {lower} to {upper}."
