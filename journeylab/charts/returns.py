"""What comes back: rates with their intervals."""

from __future__ import annotations

import altair as alt
import pandas as pd

from journeylab.charts import theme


def bars(rows: pd.DataFrame, name: str, usual: float | None) -> alt.TopLevelMixin:
    """Draw rates with their intervals, and the rate of all as a rule.

    Args:
        rows: A column called `name`, n, of, rate, lower, upper.
        name: What each row is.
        usual: The rate of all; None for none.
    """
    base = _base(
        rows,
        alt.Y(f"{name}:N", sort=list(rows[name]), title=None, axis=alt.Axis(labelLimit=260, labelFlush=False)),
        name,
    )
    layers = [*_marks(base)]
    if usual is not None:
        rule = alt.Chart(pd.DataFrame({"rate": [usual]})).mark_rule(color=theme.QUIET, strokeDash=[4, 4])
        layers.insert(0, rule.encode(x="rate:Q"))
    return alt.layer(*layers).properties(height=alt.Step(22))


def grouped(rows: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw the rates of groups of orders, what they are grouped by below each other.

    Args:
        rows: what, group, n, of, rate, lower, upper.
    """
    base = _base(rows, alt.Y("group:N", title=None), "group")
    marks = alt.layer(*_marks(base)).properties(width=560, height=alt.Step(24))
    header = alt.Header(orient="top", labelAnchor="start", labelFontWeight="bold")
    return marks.facet(row=alt.Row("what:N", title=None, header=header)).resolve_scale(y="independent")


def _base(rows: pd.DataFrame, y: alt.Y, name: str) -> alt.Chart:
    return alt.Chart(rows).encode(
        y=y,
        tooltip=[
            alt.Tooltip(f"{name}:N"),
            alt.Tooltip("rate:Q", format=".1%"),
            alt.Tooltip("lower:Q", format=".1%"),
            alt.Tooltip("upper:Q", format=".1%"),
            alt.Tooltip("n:Q", title="came back", format=",.0f"),
            alt.Tooltip("of:Q", title="of", format=",.0f"),
        ],
    )


def _marks(base: alt.Chart) -> tuple[alt.Chart, alt.Chart]:
    x = alt.X("lower:Q", title="share that came back", axis=alt.Axis(format="~%", tickCount=8))
    return (
        base.mark_rule(strokeWidth=5, opacity=0.45, color=theme.MAIN).encode(x=x, x2="upper:Q"),
        base.mark_point(filled=True, size=60, opacity=1, color=theme.MAIN).encode(x="rate:Q"),
    )
