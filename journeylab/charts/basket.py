"""A basket of orders: what the money buys, what waits, and what more money would bring."""

from __future__ import annotations

import altair as alt
import pandas as pd

from journeylab.charts import theme

_MOST = 25
_BOUGHT, _WAITS = "bought now", "waits"


def bars(rows: pd.DataFrame, *, currency: str) -> alt.TopLevelMixin:
    """Draw what each SKU's order is expected to save: bought now, and left to wait.

    Args:
        rows: As `Basket.rows`.
        currency: Of the money.
    """
    shown = rows.nlargest(_MOST, "value_wanted")
    label = shown["product"].fillna("").astype(str).str.slice(0, 32) + " · " + shown["sku"].astype(str)
    base = shown[["quantity", "wanted", "cost"]].assign(label=label)
    data = pd.concat(
        [
            base.assign(part=_BOUGHT, place=0, value=shown["value"]),
            base.assign(part=_WAITS, place=1, value=(shown["value_wanted"] - shown["value"]).clip(lower=0)),
        ]
    )
    return (
        alt.Chart(data)
        .mark_bar()
        .encode(
            y=alt.Y("label:N", sort=list(label), title=None, axis=alt.Axis(labelLimit=320)),
            x=alt.X("value:Q", title=f"expected to save ({currency})".replace(" ()", ""), axis=alt.Axis(format="~s")),
            color=alt.Color(
                "part:N",
                title=None,
                sort=[_BOUGHT, _WAITS],
                scale=alt.Scale(domain=[_BOUGHT, _WAITS], range=[theme.MAIN, theme.QUIET]),
            ),
            order=alt.Order("place:Q"),
            tooltip=[
                alt.Tooltip("label:N", title="SKU"),
                alt.Tooltip("part:N"),
                alt.Tooltip("value:Q", title="saves", format=",.2f"),
                alt.Tooltip("quantity:Q", title="units bought", format=",.0f"),
                alt.Tooltip("wanted:Q", title="units wanted", format=",.0f"),
                alt.Tooltip("cost:Q", title="costs", format=",.2f"),
            ],
        )
        .properties(height=alt.Step(22))
    )


def curve(data: pd.DataFrame, *, budget: float, cost: float, value: float, currency: str) -> alt.TopLevelMixin:
    """Draw the most that money could save, and where this basket lies.

    Args:
        data: As `Basket.curve`.
        budget: Money there is.
        cost: Money the basket takes.
        value: What it saves.
        currency: Of the money.
    """
    unit = f" ({currency})" if currency else ""
    here = pd.DataFrame({"cost": [cost], "value": [value], "budget": [budget]})
    line = (
        alt.Chart(data)
        .mark_line(color=theme.MAIN)
        .encode(
            x=alt.X("budget:Q", title=f"money spent{unit}", axis=alt.Axis(format="~s")),
            y=alt.Y("value:Q", title=f"expected to save, at most{unit}", axis=alt.Axis(format="~s")),
            tooltip=[
                alt.Tooltip("budget:Q", title="money", format=",.0f"),
                alt.Tooltip("value:Q", title="saves at most", format=",.0f"),
            ],
        )
    )
    point = (
        alt.Chart(here)
        .mark_point(filled=True, size=140, color=theme.ACCENT, shape="diamond", opacity=1)
        .encode(
            x="cost:Q",
            y="value:Q",
            tooltip=[
                alt.Tooltip("budget:Q", title="money there is", format=",.0f"),
                alt.Tooltip("cost:Q", title="this basket costs", format=",.2f"),
                alt.Tooltip("value:Q", title="and saves", format=",.2f"),
            ],
        )
    )
    return alt.layer(line, point).properties(height=300)
