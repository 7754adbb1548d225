"""A new customer: what they are worth by each method, and what they buy month by month."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from journeylab.charts import theme
from journeylab.charts.value import title, with_room

if TYPE_CHECKING:
    from collections.abc import Hashable

_WIDTH = 640


def newcomer(rows: pd.DataFrame) -> alt.VConcatChart:
    """Draw what a new customer buys again by month, and the chance of none.

    Args:
        rows: As `LifetimeValue.newcomer`.
    """
    base = alt.Chart(rows).encode(
        x=alt.X("month:Q", title="months after the first purchase", axis=alt.Axis(tickMinStep=1, format="d")),
        tooltip=["month:Q", alt.Tooltip("purchases:Q", format=".2f"), alt.Tooltip("none:Q", format=".1%")],
    )
    line = {"color": theme.MAIN, "size": 24}
    return alt.vconcat(
        base.mark_line(color=theme.MAIN, point=line)
        .encode(y=alt.Y("purchases:Q", title="purchases again, expected"))
        .properties(height=150, width=_WIDTH),
        base.mark_line(color=theme.MAIN, point=line)
        .encode(y=alt.Y("none:Q", title="chance of none", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])))
        .properties(height=110, width=_WIDTH),
    )


def methods(rows: pd.DataFrame, *, currency: str) -> alt.LayerChart:
    """Draw what a new customer is worth by each method; the model with its interval.

    Args:
        rows: As `LifetimeValue.methods`.
        currency: Of the margin.
    """
    base = alt.Chart(rows.assign(label=[_after_cost(row) for row in rows.to_dict("records")])).encode(
        y=alt.Y("method:N", sort=None, title=None),
        tooltip=[
            "method:N",
            *[alt.Tooltip(f"{name}:Q", format=",.2f") for name in ("margin", "lower", "upper", "profit", "ratio")],
            alt.Tooltip("n:Q", title="customers", format=","),
        ],
    )
    x = alt.X(
        "margin:Q",
        title=title("margin of a new customer", currency),
        scale=with_room(rows["margin"], rows["upper"], room=0.12 if rows["ratio"].isna().all() else 0.7),
        axis=alt.Axis(tickCount=8),
    )
    meaning = alt.Text("means:N")
    return alt.layer(
        base.mark_bar(size=26).encode(
            x=x, color=alt.condition("datum.method == 'model'", alt.value(theme.MAIN), alt.value(theme.QUIET))
        ),
        base.transform_filter("isValid(datum.lower)")
        .mark_rule(color=theme.ACCENT, strokeWidth=2)
        .encode(x=alt.X("lower:Q"), x2="upper:Q"),
        base.mark_text(align="left", dx=6, dy=-12, color=theme.QUIET).encode(x=x, text="label:N"),
        base.mark_text(align="left", baseline="top", dx=2, dy=17, color=theme.QUIET).encode(
            x=alt.datum(0.0), text=meaning
        ),
    ).properties(height=alt.Step(66))


def _after_cost(row: dict[Hashable, Any]) -> str:
    """Write a margin, and what it leaves of the cost of winning a customer, if that is known."""
    if pd.isna(row["margin"]):
        return ""
    if pd.isna(row["ratio"]):
        return f"{row['margin']:,.2f}"
    left = f"{row['profit']:,.2f}".replace("-", "−")
    return f"{row['margin']:,.2f}; {left} after winning them, {row['ratio']:,.1f} times its cost"
