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


def peeking(rows: pd.DataFrame, *, right: float) -> alt.TopLevelMixin:
    """Draw the share of tests without an effect that claimed one by each day, had one looked every day.

    Args:
        rows: As `AAReplay.peeking`.
        right: The share that may err.
    """
    names = {"fixed": "fixed, looked at daily", "always_valid": "always valid, looked at daily"}
    data = rows.rename(columns=names).melt("day", list(names.values()), "reading", "share")
    domain = list(names.values())
    lines = (
        alt.Chart(data)
        .mark_line(point={"size": 24})
        .encode(
            x=alt.X("day:Q", title="day of the test", axis=alt.Axis(tickMinStep=1)),
            y=alt.Y("share:Q", title="tests that claimed an effect by then", axis=alt.Axis(format=".0%")),
            color=alt.Color("reading:N", title=None, scale=alt.Scale(domain=domain, range=[theme.ACCENT, theme.MAIN])),
            strokeDash=alt.StrokeDash("reading:N", title=None, scale=alt.Scale(domain=domain, range=[[6, 3], [1, 0]])),
            tooltip=[alt.Tooltip("day:Q"), alt.Tooltip("reading:N"), alt.Tooltip("share:Q", format=".1%")],
        )
    )
    rule = alt.Chart(pd.DataFrame({"right": [right]})).mark_rule(color=theme.QUIET, strokeDash=[4, 4])
    return alt.layer(rule.encode(y="right:Q"), lines).properties(height=240)
