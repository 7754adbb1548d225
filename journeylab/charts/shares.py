"""Shares of a whole, each beside its count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from journeylab.charts import theme

if TYPE_CHECKING:
    import pandas as pd


def bars(rows: pd.DataFrame, *, name: str, share: str, n: str, of: str) -> alt.LayerChart:
    """Draw a bar a row, labelled with its count and share.

    Args:
        rows: A row a bar.
        name: The column that names it.
        share: Its share, 0 to 1.
        n: What it counts.
        of: Out of how many.
    """
    label = [f"{count:,} · {part:.1%}" for count, part in zip(rows[n], rows[share], strict=True)]
    base = alt.Chart(rows[[name, share, n, of]].assign(label=label)).encode(
        y=alt.Y(f"{name}:N", sort=list(rows[name]), title=None, axis=alt.Axis(labelLimit=340)),
        x=alt.X(f"{share}:Q", title="share", axis=alt.Axis(format="~%"), scale=alt.Scale(domainMin=0)),
        tooltip=[
            alt.Tooltip(f"{name}:N"),
            alt.Tooltip(f"{n}:Q", title="n", format=","),
            alt.Tooltip(f"{of}:Q", title="of", format=","),
            alt.Tooltip(f"{share}:Q", format=".2%"),
        ],
    )
    return alt.layer(
        base.mark_bar(color=theme.MAIN, height={"band": 0.6}),
        base.mark_text(align="left", dx=6, color=theme.QUIET).encode(text="label:N"),
    ).properties(height=alt.Step(30))
