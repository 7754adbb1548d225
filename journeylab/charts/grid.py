"""Scores against scores: heat maps and distributions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import pandas as pd

from journeylab.charts import theme

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES: Mapping[str, str] = {"r": "recency", "f": "frequency", "m": "monetary value"}


def heat(cells: pd.DataFrame, *, value: str, share: str, title: str) -> alt.LayerChart:
    """Draw recency against frequency scores, each cell with its share of the whole.

    Args:
        cells: A row a cell with r, f, `value` and `share`.
        value: The column that colours the cells.
        share: The column written into them.
        title: What `value` is.
    """
    most = float(cells[value].max())
    base = alt.Chart(cells.assign(strong=cells[value] > most / 2)).encode(
        x=alt.X("f:O", title="frequency score", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("r:O", title="recency score", sort="descending"),
        tooltip=[
            alt.Tooltip("r:O", title="recency score"),
            alt.Tooltip("f:O", title="frequency score"),
            alt.Tooltip(f"{value}:Q", title=title, format=",.0f"),
            alt.Tooltip(f"{share}:Q", title="share", format=".1%"),
        ],
    )
    return alt.layer(
        base.mark_rect(cornerRadius=3).encode(
            color=alt.Color(f"{value}:Q", title=title, scale=alt.Scale(range=list(theme.SCALE), domainMin=0))
        ),
        base.mark_text(fontSize=12).encode(
            text=alt.Text(f"{share}:Q", format=".1%"),
            color=alt.condition("datum.strong", alt.value("#ffffff"), alt.value("#0b2a28")),
        ),
    ).properties(height=300)


def scores(cells: pd.DataFrame, *, bins: int) -> alt.Chart:
    """Draw how many customers have each recency, frequency and monetary score.

    Args:
        cells: A row a combination with r, f, m and n.
        bins: The highest score.
    """
    long = pd.concat(
        [
            cells.groupby(key, as_index=False)["n"].sum().rename(columns={key: "score"}).assign(of=name)
            for key, name in _NAMES.items()
        ]
    )
    return (
        alt.Chart(long)
        .mark_bar(color=theme.MAIN)
        .encode(
            x=alt.X(
                "score:O", title="score", scale=alt.Scale(domain=list(range(1, bins + 1))), axis=alt.Axis(labelAngle=0)
            ),
            y=alt.Y("n:Q", title="customers", axis=alt.Axis(format="~s")),
            column=alt.Column("of:N", title=None, sort=list(_NAMES.values())),
            tooltip=["of:N", "score:O", alt.Tooltip("n:Q", format=",")],
        )
        .properties(width=200, height=260)
    )
