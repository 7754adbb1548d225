"""Support cases: times and shares by group, and what follows a case beside what follows none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from journeylab.charts import theme

if TYPE_CHECKING:
    import pandas as pd

_MOST = 20


def groups(rows: pd.DataFrame, *, value: str, title: str, share: bool = False) -> alt.LayerChart:
    """Draw a figure a group as bars with its interval.

    Args:
        rows: A row a group with group and `value`, its _lower, _upper and _n.
        value: The figure.
        title: What it is.
        share: Whether it is a share.
    """
    data = rows.head(_MOST)[["group", value, f"{value}_lower", f"{value}_upper", f"{value}_n"]].dropna()
    form = ".0%" if share else ".1f"
    base = alt.Chart(data).encode(
        y=alt.Y("group:N", sort=list(data["group"]), title=None, axis=alt.Axis(labelLimit=220)),
        tooltip=[
            alt.Tooltip("group:N"),
            alt.Tooltip(f"{value}:Q", title=title, format=form),
            alt.Tooltip(f"{value}_lower:Q", title="lower", format=form),
            alt.Tooltip(f"{value}_upper:Q", title="upper", format=form),
            alt.Tooltip(f"{value}_n:Q", title="cases", format=","),
        ],
    )
    return alt.layer(
        base.mark_bar(color=theme.MAIN, height={"band": 0.6}).encode(
            x=alt.X(f"{value}:Q", title=title, axis=alt.Axis(format=".0%" if share else "~s"))
        ),
        base.mark_rule(color=theme.QUIET, strokeWidth=2).encode(x=f"{value}_lower:Q", x2=f"{value}_upper:Q"),
        base.mark_text(align="left", dx=6, color=theme.QUIET).encode(
            x=f"{value}_upper:Q", text=alt.Text(f"{value}:Q", format=form)
        ),
    ).properties(height=alt.Step(32))


def after(rows: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw what follows a case beside what follows none, a panel an outcome with an axis of its own.

    Args:
        rows: As `Support.after`.
    """
    panels = []
    for outcome in dict.fromkeys(rows["outcome"]):
        data = rows[rows["outcome"] == outcome]
        share = bool((data["of"] > 0).any())
        axis = alt.Axis(format=".0%" if share else "d")
        base = alt.Chart(data).encode(
            y=alt.Y("group:N", sort=list(data["group"]), title=None, axis=alt.Axis(labelLimit=220)),
            tooltip=["group:N", alt.Tooltip("value:Q", format=".2f"), "lower:Q", "upper:Q", "n:Q", "of:Q"],
        )
        panels.append(
            alt.layer(
                base.mark_rule(strokeWidth=3, color=theme.MAIN).encode(
                    x=alt.X("lower:Q", title=outcome, axis=axis, scale=alt.Scale(zero=share)), x2="upper:Q"
                ),
                base.mark_point(filled=True, size=90, color=theme.MAIN, opacity=1).encode(x="value:Q"),
            ).properties(height=alt.Step(32))
        )
    return alt.vconcat(*panels)
