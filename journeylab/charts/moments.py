"""Moments of one life, a lane a kind, over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from journeylab.charts import theme

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

_SHAPES = ("circle", "square", "triangle-up", "diamond", "cross")


def dots(rows: pd.DataFrame, *, kinds: Sequence[str]) -> alt.Chart:
    """Draw a mark a moment, in a lane of its kind.

    Args:
        rows: A row a moment: at, kind, what, where and value.
        kinds: The lanes, from the top.
    """
    colours = alt.Scale(domain=list(kinds), range=list(theme.CATEGORIES[: len(kinds)]))
    shapes = alt.Scale(domain=list(kinds), range=list(_SHAPES[: len(kinds)]))
    return (
        alt.Chart(rows)
        .mark_point(filled=True, size=90, opacity=0.8)
        .encode(
            x=alt.X("at:T", title=None),
            y=alt.Y("kind:N", sort=list(kinds), title=None),
            color=alt.Color("kind:N", legend=None, scale=colours),
            shape=alt.Shape("kind:N", legend=None, scale=shapes),
            tooltip=[
                alt.Tooltip("at:T", title="when", format="%d %b %Y %H:%M"),
                alt.Tooltip("kind:N"),
                alt.Tooltip("what:N"),
                alt.Tooltip("where:N"),
                alt.Tooltip("value:Q", format=",.2f"),
            ],
        )
        .properties(height=alt.Step(44))
    )
