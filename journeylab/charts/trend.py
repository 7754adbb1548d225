"""Figures over time. Buckets that were not wholly observed are pale and never joined to the line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from journeylab.charts import theme

if TYPE_CHECKING:
    import pandas as pd


def line(data: pd.DataFrame, *, x: str, y: str, title: str, share: bool = False) -> alt.LayerChart:
    """Draw `y` over `x`: a line through whole buckets, pale points for partial ones.

    Args:
        data: A row a bucket with `x` (a timestamp), `y` and a boolean `partial`.
        x: Name of the time column.
        y: Name of the figure.
        title: Title of the y axis.
        share: Whether `y` is a share, to be written in per cent.
    """
    form = ".0%" if share else "~s"
    base = alt.Chart(data[[x, y, "partial"]].dropna()).encode(
        x=alt.X(f"{x}:T", title=None),
        y=alt.Y(f"{y}:Q", title=title, axis=alt.Axis(format=form), scale=alt.Scale(zero=True)),
        tooltip=[
            alt.Tooltip(f"{x}:T", title="from"),
            alt.Tooltip(f"{y}:Q", title=title, format=".1%" if share else ",.2f"),
            alt.Tooltip("partial:N", title="partial"),
        ],
    )
    whole = base.transform_filter("!datum.partial")
    return alt.layer(
        whole.mark_area(color=theme.MAIN, opacity=0.12),
        whole.mark_line(color=theme.MAIN, point={"color": theme.MAIN, "size": 24}),
        base.transform_filter("datum.partial").mark_point(color=theme.QUIET, shape="diamond", size=40),
    ).properties(height=280)


def stacked(data: pd.DataFrame, *, x: str, y: str, colour: str, title: str) -> alt.Chart:
    """Draw `y` over `x` as bars stacked by `colour`; partial buckets are pale.

    Args:
        data: A row a bucket and group with `x` (a timestamp), `y`, `colour` and a boolean `partial`.
        x: Name of the time column.
        y: Name of the figure.
        colour: Name of the column with the groups.
        title: Title of the y axis.
    """
    return (
        alt.Chart(data)
        .mark_bar()
        .encode(
            x=alt.X(f"{x}:T", title=None),
            y=alt.Y(f"{y}:Q", title=title, stack="zero", axis=alt.Axis(format="~s")),
            color=alt.Color(f"{colour}:N", title=None, scale=alt.Scale(range=[theme.MAIN, theme.ACCENT])),
            opacity=alt.condition("datum.partial", alt.value(0.45), alt.value(1.0)),
            tooltip=[alt.Tooltip(f"{x}:T", title="from"), f"{colour}:N", alt.Tooltip(f"{y}:Q", format=",.0f")],
        )
        .properties(height=280)
    )
