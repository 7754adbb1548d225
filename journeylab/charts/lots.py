"""Lots: the orders of a season with the stock they leave, what plans cost, and what a one-off buy brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from journeylab.charts import theme

if TYPE_CHECKING:
    import pandas as pd

_PARTS = {"ordering": theme.ACCENT, "holding": theme.MAIN}


def plan(rows: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw the orders by period, the demand they are for, and the stock they leave.

    Args:
        rows: As `SeasonalPlan.rows`.
    """
    names = {"order": "to be there by its start", "demand": "expected demand", "stock": "left at its end"}
    data = rows.melt("period", value_vars=list(names), var_name="what", value_name="units").replace({"what": names})
    kinds = list(names.values())
    colours = alt.Scale(domain=kinds, range=[theme.ACCENT, theme.MAIN, theme.QUIET])
    base = alt.Chart(data).encode(
        x=alt.X("period:T", title=None, axis=alt.Axis(format="%-d %b", labelOverlap=True)),
        y=alt.Y("units:Q", title="units"),
        color=alt.Color("what:N", title=None, sort=kinds, scale=colours),
        tooltip=[
            alt.Tooltip("period:T", format="%d %b %Y"),
            alt.Tooltip("what:N"),
            alt.Tooltip("units:Q", format=",.1f"),
        ],
    )
    bars = base.transform_filter(f"datum.what == '{names['order']}'").mark_bar(size=14)
    lines = base.transform_filter(f"datum.what != '{names['order']}'").mark_line(point=True)
    return alt.layer(bars, lines).properties(height=300)


def costs(plans: pd.DataFrame, *, currency: str) -> alt.TopLevelMixin:
    """Draw what each plan costs to order and to hold.

    Args:
        plans: As `SeasonalPlan.plans`.
        currency: Of the money.
    """
    title = f"cost over the season ({currency})".replace(" ()", "")
    data = plans.melt(["plan", "orders"], value_vars=list(_PARTS), var_name="part", value_name="money")
    return (
        alt.Chart(data)
        .mark_bar()
        .encode(
            y=alt.Y("plan:N", sort=list(plans["plan"]), title=None, axis=alt.Axis(labelLimit=240)),
            x=alt.X("money:Q", title=title, axis=alt.Axis(format="~s")),
            color=alt.Color("part:N", title=None, scale=alt.Scale(domain=list(_PARTS), range=list(_PARTS.values()))),
            tooltip=[
                alt.Tooltip("plan:N"),
                alt.Tooltip("part:N"),
                alt.Tooltip("orders:Q"),
                alt.Tooltip("money:Q", format=",.2f"),
            ],
        )
        .properties(height=alt.Step(40))
    )


def one_off(rows: pd.DataFrame, *, best: float, what: str, currency: str) -> alt.TopLevelMixin:
    """Draw what quantities bring, or what they leave over, with the best one marked.

    Args:
        rows: As `OneOff.rows`.
        best: The quantity to buy.
        what: 'profit' or 'left over'.
        currency: Of the money.
    """
    value, title = ("profit", f"expected profit ({currency})".replace(" ()", ""))
    if what == "left over":
        value, title = "left", "units expected to be left over"
    base = alt.Chart(rows).encode(
        x=alt.X("quantity:Q", title="units bought"),
        y=alt.Y(f"{value}:Q", title=title, axis=alt.Axis(format="~s")),
        tooltip=[
            alt.Tooltip("quantity:Q", format=",.0f"),
            alt.Tooltip("profit:Q", format=",.2f"),
            alt.Tooltip("sold:Q", format=",.1f"),
            alt.Tooltip("left:Q", title="left over", format=",.1f"),
            alt.Tooltip("sold_out:Q", title="sold out with chance", format=".0%"),
        ],
    )
    mark = base.transform_filter(alt.datum.quantity == best).mark_point(
        filled=True, size=140, color=theme.ACCENT, shape="diamond", opacity=1
    )
    return alt.layer(base.mark_line(color=theme.MAIN), mark).properties(height=300)
