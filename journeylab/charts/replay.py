"""Two policies replayed: what they lose against what they hold, and the course of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from journeylab.charts import theme

if TYPE_CHECKING:
    import pandas as pd

_COLOURS = (theme.MAIN, theme.ACCENT)
_SHAPES = ("circle", "square")


def trade_off(rows: pd.DataFrame, *, costed: bool, currency: str) -> alt.TopLevelMixin:
    """Draw units lost against stock held, a point a policy; low and left is better.

    Args:
        rows: As `PolicyReplay.rows`.
        costed: Whether stock is in money; else in units.
        currency: Of the money.
    """
    held = "stock_cost" if costed else "stock"
    title = f"stock held, mean a day ({currency})".replace(" ()", "") if costed else "units held, mean a day"
    names = list(rows["policy"])
    colour = alt.Color("policy:N", title=None, sort=names, scale=alt.Scale(domain=names, range=list(_COLOURS)))
    base = alt.Chart(rows).encode(color=colour)
    x = alt.X(f"{held}:Q", title=title, axis=alt.Axis(format="~s"), scale=alt.Scale(zero=True))
    y = alt.Y("lost:Q", title="units of demand lost", scale=alt.Scale(zero=True))
    tooltip = [
        alt.Tooltip("policy:N"),
        alt.Tooltip("lost:Q", title="units lost", format=",.0f"),
        alt.Tooltip("lower:Q", format=",.0f"),
        alt.Tooltip("upper:Q", format=",.0f"),
        alt.Tooltip("fill_rate:Q", title="served", format=".1%"),
        alt.Tooltip(f"{held}:Q", title="held", format=",.0f"),
        alt.Tooltip("spent:Q", title="spent on orders", format=",.0f"),
    ]
    layers = [
        base.mark_rule(strokeWidth=3).encode(x=x, y=alt.Y("lower:Q"), y2="upper:Q"),
        base.mark_point(filled=True, size=160, opacity=1).encode(
            x=x,
            y=y,
            shape=alt.Shape("policy:N", title=None, sort=names, scale=alt.Scale(domain=names, range=list(_SHAPES))),
            tooltip=tooltip,
        ),
    ]
    if costed:
        layers.insert(0, base.mark_rule(strokeWidth=3).encode(x=alt.X("stock_lower:Q"), x2="stock_upper:Q", y=y))
    return alt.layer(*layers).properties(height=320)


def course(days: pd.DataFrame, *, what: str, costed: bool, currency: str) -> alt.TopLevelMixin:
    """Draw stock held, or units lost so far, day by day.

    Args:
        days: As `PolicyReplay.days`.
        what: 'stock' or 'lost'.
        costed: Whether stock is in money; else in units.
        currency: Of the money.
    """
    names = list(dict.fromkeys(days["policy"]))
    money = f"stock held ({currency})".replace(" ()", "") if costed else "units held"
    value, title = ("stock", money) if what == "stock" else ("lost_so_far", "units of demand lost so far")
    return (
        alt.Chart(days)
        .mark_line()
        .encode(
            x=alt.X("day:T", title=None),
            y=alt.Y(f"{value}:Q", title=title, axis=alt.Axis(format="~s"), scale=alt.Scale(zero=True)),
            color=alt.Color("policy:N", title=None, sort=names, scale=alt.Scale(domain=names, range=list(_COLOURS))),
            strokeDash=alt.StrokeDash(
                "policy:N", title=None, sort=names, scale=alt.Scale(domain=names, range=[[1, 0], [5, 3]])
            ),
            tooltip=[
                alt.Tooltip("day:T", format="%d %b %Y"),
                alt.Tooltip("policy:N"),
                alt.Tooltip("stock:Q", title=money, format=",.0f"),
                alt.Tooltip("lost:Q", title="units lost that day", format=",.1f"),
                alt.Tooltip("lost_so_far:Q", title="so far", format=",.0f"),
            ],
        )
        .properties(height=300)
    )
