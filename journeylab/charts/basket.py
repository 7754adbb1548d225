"""A basket of orders: what the money buys, what waits, and what more money would bring."""

from __future__ import annotations

import altair as alt
import pandas as pd

from journeylab.charts import sku_bars, theme

_PARTS = {"bought now": theme.MAIN, "waits": theme.QUIET}


def bars(rows: pd.DataFrame, *, currency: str) -> alt.TopLevelMixin:
    """Draw what each SKU's order is expected to save: bought now, and left to wait.

    Args:
        rows: As `Basket.rows`.
        currency: Of the money.
    """
    shown = rows.nlargest(sku_bars.MOST, "value_wanted")
    base = shown[["quantity", "wanted", "cost"]].assign(label=sku_bars.labels(shown))
    waits = (shown["value_wanted"] - shown["value"]).clip(lower=0)
    saved = zip(_PARTS, (shown["value"], waits), strict=True)
    bars = pd.concat([base.assign(part=part, value=value) for part, value in saved])
    x = alt.X("value:Q", title=f"expected to save ({currency})".replace(" ()", ""), axis=alt.Axis(format="~s"))
    tooltip = [
        alt.Tooltip("value:Q", title="saves", format=",.2f"),
        alt.Tooltip("quantity:Q", title="units bought", format=",.0f"),
        alt.Tooltip("wanted:Q", title="units wanted", format=",.0f"),
        alt.Tooltip("cost:Q", title="costs", format=",.2f"),
    ]
    return sku_bars.stacked(bars, _PARTS, x, tooltip).properties(height=alt.Step(22))


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
