"""Several shares beside each other, each with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from journeylab.charts import theme

if TYPE_CHECKING:
    import pandas as pd

_MOST_GROUPS = 8


def points(rows: pd.DataFrame, *, grouped: bool) -> alt.LayerChart:
    """Draw shares as points with their intervals; of few are pale.

    Args:
        rows: measure, value, lower, upper, n, of, definition; with groups also group, difference, clear and small.
        grouped: Whether to draw the groups beside each other; the eight largest are drawn.
    """
    sizes = rows.groupby("group")["of"].max().sort_values(ascending=False, kind="stable")
    shown = rows[rows["group"].isin(sizes.index[:_MOST_GROUPS])]
    tips = [alt.Tooltip("group:N")] if grouped else []
    tips += [
        alt.Tooltip("measure:N"),
        *(alt.Tooltip(f"{name}:Q", format=".1%") for name in ("value", "lower", "upper")),
    ]
    tips += [alt.Tooltip("n:Q", format=","), alt.Tooltip("of:Q", format=","), alt.Tooltip("definition:N")]
    base = alt.Chart(shown).encode(
        y=alt.Y("measure:N", sort=list(dict.fromkeys(shown["measure"])), title=None, axis=alt.Axis(labelLimit=220))
    )
    fixed = {} if grouped else {"color": theme.MAIN}
    if grouped:
        groups = list(sizes.index[:_MOST_GROUPS])
        scale = alt.Scale(domain=groups, range=list(theme.CATEGORIES[: len(groups)]))
        tips += [
            alt.Tooltip("difference:Q", title="to the other groups", format="+.1%"),
            alt.Tooltip("clear:N", title="beyond noise"),
        ]
        base = base.encode(
            yOffset=alt.YOffset("group:N", sort=groups),
            color=alt.Color("group:N", title=None, scale=scale),
            opacity=alt.condition("datum.small", alt.value(0.4), alt.value(1.0)),
        )
    base = base.encode(tooltip=tips)
    span = base.mark_rule(strokeWidth=2, **fixed).encode(
        x=alt.X("lower:Q", title="share of sessions", axis=alt.Axis(format=".0%", tickCount=7)), x2="upper:Q"
    )
    point = base.mark_point(filled=True, size=70, opacity=1, **fixed).encode(x="value:Q")
    return alt.layer(span, point).properties(height=alt.Step(18 if grouped else 34))
