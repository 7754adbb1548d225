"""From one total to another, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from journeylab.charts import theme

if TYPE_CHECKING:
    import pandas as pd

_KINDS = {"total": theme.MAIN, "less": theme.ACCENT, "more": "#5c79d8"}


def bars(steps: pd.DataFrame, *, after: str, title: str) -> alt.LayerChart:
    """Draw a bar a step: totals from zero, changes from where the step before ended.

    Args:
        steps: A row a step with step, kind ('total', 'less' or 'more') and change (what it changes).
        after: The column that says how much there is after it.
        title: What is counted.
    """
    end = steps[after].astype("float64")
    change = steps["change"].where(steps["kind"] != "total", end)
    drawn = steps[["step", "kind"]].assign(
        change=change, end=end, start=(end - change), label=[f"{value:+,.0f}" for value in change]
    )
    drawn.loc[drawn["kind"] == "total", "label"] = [f"{value:,.0f}" for value in end[drawn["kind"] == "total"]]
    drawn["place"] = drawn[["start", "end"]].max(axis=1)
    base = alt.Chart(drawn).encode(
        y=alt.Y("step:N", sort=list(drawn["step"]), title=None, axis=alt.Axis(labelLimit=260)),
        tooltip=[
            alt.Tooltip("step:N"),
            alt.Tooltip("change:Q", format=",.2f"),
            alt.Tooltip("end:Q", title="after it", format=",.2f"),
        ],
    )
    colour = alt.Color(
        "kind:N", title=None, scale=alt.Scale(domain=list(_KINDS), range=list(_KINDS.values())), legend=None
    )
    return alt.layer(
        base.mark_bar(height={"band": 0.7}).encode(
            x=alt.X("start:Q", title=title, axis=alt.Axis(format="~s")), x2="end:Q", color=colour
        ),
        base.mark_text(align="left", dx=6, color=theme.QUIET).encode(x="place:Q", text="label:N"),
    ).properties(height=alt.Step(34))
