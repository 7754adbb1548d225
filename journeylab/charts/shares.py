"""Shares of a whole, each beside its count or with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from journeylab.charts import theme

if TYPE_CHECKING:
    import pandas as pd

_MOST_GROUPS = 8


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
