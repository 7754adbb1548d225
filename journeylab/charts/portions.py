"""Shares of a whole: one bar a group, each with its interval where it has one, and its n."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from journeylab.charts import theme

if TYPE_CHECKING:
    import pandas as pd


def bars(rows: pd.DataFrame, *, name: str, value: str, title: str) -> alt.LayerChart:
    """Draw a share a group as bars in the order of the rows, with the interval as a thin line.

    Args:
        rows: A row a group with `name`, `value` and n, and `<value>_lower` and `<value>_upper` if there are any.
        name: The column with the groups.
        value: The column with the share.
        title: What the share is.
    """
    order = list(rows[name])
    label = [f"{share:.1%} (n = {n:,})" for share, n in zip(rows[value], rows["n"], strict=True)]
    bounded = f"{value}_lower" in rows.columns
    end = rows[f"{value}_upper"] if bounded else rows[value]
    base = alt.Chart(rows.assign(_label=label, _end=end)).encode(
        y=alt.Y(f"{name}:N", sort=order, title=None, axis=alt.Axis(labelLimit=220)),
        tooltip=[
            alt.Tooltip(f"{name}:N"),
            alt.Tooltip(f"{value}:Q", title=title, format=".1%"),
            alt.Tooltip("n:Q", title="customers", format=","),
        ],
    )
    # Room for the longest label at the end of the longest bar.
    room = alt.Scale(domainMax=1.2 * float(end.max()), nice=False) if end.max() > 0 else alt.Undefined
    x = alt.X(f"{value}:Q", title=title, axis=alt.Axis(format=".0%", tickCount=6), scale=room)
    layers = [base.mark_bar(color=theme.MAIN, height={"band": 0.66}).encode(x=x)]
    if bounded:
        layers.append(
            base.mark_rule(color=theme.QUIET, strokeWidth=2).encode(x=f"{value}_lower:Q", x2=f"{value}_upper:Q")
        )
    layers.append(base.mark_text(align="left", dx=6, color=theme.QUIET).encode(x="_end:Q", text="_label:N"))
    return alt.layer(*layers).properties(height=alt.Step(30))
