"""P-values of tests in which nothing was changed: flat, if the method is right."""

from __future__ import annotations

import altair as alt
import pandas as pd

from journeylab.charts import theme


def histogram(rows: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw how many tests had a p-value in each stretch, beside how many should have.

    Args:
        rows: As `AAReplay.rows`.
    """
    data = rows.rename(columns={"from": "low", "to": "high"}).assign(
        claim=["claims an effect" if to <= 0.05 + 1e-9 else "claims none" for to in rows["to"]]
    )
    right = float(rows["n"].sum()) / max(len(rows), 1)
    bars = (
        alt.Chart(data)
        .mark_bar()
        .encode(
            x=alt.X("low:Q", title="p-value", scale=alt.Scale(domain=[0, 1])),
            x2="high:Q",
            y=alt.Y("n:Q", title="tests"),
            color=alt.Color(
                "claim:N",
                title=None,
                scale=alt.Scale(domain=["claims an effect", "claims none"], range=[theme.ACCENT, theme.MAIN]),
            ),
            tooltip=[alt.Tooltip("low:Q"), alt.Tooltip("high:Q"), alt.Tooltip("n:Q", title="tests")],
        )
    )
    line = (
        alt.Chart(pd.DataFrame({"right": [right]})).mark_rule(color=theme.QUIET, strokeDash=[4, 4]).encode(y="right:Q")
    )
    return alt.layer(bars, line).properties(height=240)
