"""Money at stake: bars with their intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from journeylab.charts import theme

if TYPE_CHECKING:
    import pandas as pd


def steps(rows: pd.DataFrame, *, currency: str) -> alt.LayerChart:
    """Draw the margin at stake at each step with its interval.

    Args:
        rows: step, lost, margin, lower, upper.
        currency: Of the money.
    """
    return _bars(rows, "step", currency, [alt.Tooltip("lost:Q", title="lost", format=",")])


def leaks(rows: pd.DataFrame, *, currency: str, most: int = 12) -> alt.LayerChart:
    """Draw what each group misses at each step; what may be noise is pale.

    Args:
        rows: group, step, rate, expected_rate, of, margin, lower, upper, clear.
        currency: Of the money.
        most: How many to draw.
    """
    shown = rows.head(most)
    shown = shown.assign(what=[f"{g}, {s}" for g, s in zip(shown["group"], shown["step"], strict=True)])
    tips = [
        alt.Tooltip("rate:Q", format=".1%"),
        alt.Tooltip("expected_rate:Q", title="expected", format=".1%"),
        alt.Tooltip("of:Q", title="n", format=","),
        alt.Tooltip("clear:N", title="beyond noise"),
    ]
    return _bars(shown, "what", currency, tips, pale=True)


def findings(rows: pd.DataFrame, *, currency: str) -> alt.LayerChart:
    """Draw findings by what they cost, coloured by their type; what may be noise is pale.

    Args:
        rows: finding, type, margin, lower, upper, n, of, clear.
        currency: Of the money.
    """
    tips = [alt.Tooltip("type:N"), alt.Tooltip("n:Q", format=","), alt.Tooltip("of:Q", format=",")]
    tips.append(alt.Tooltip("clear:N", title="beyond noise"))
    return _bars(rows, "finding", currency, tips, colour="type", pale=True)


def _bars(
    rows: pd.DataFrame, what: str, currency: str, tips: list[alt.Tooltip], *, pale: bool = False, colour: str = ""
) -> alt.LayerChart:
    title = f"margin at stake, {currency}" if currency else "margin at stake"
    base = alt.Chart(rows).encode(
        y=alt.Y(f"{what}:N", sort=None, title=None, axis=alt.Axis(labelLimit=300)),
        tooltip=[
            alt.Tooltip(f"{what}:N"),
            alt.Tooltip("margin:Q", title=title, format=",.0f"),
            alt.Tooltip("lower:Q", format=",.0f"),
            alt.Tooltip("upper:Q", format=",.0f"),
            *tips,
        ],
    )
    x = alt.X("margin:Q", title=title, axis=alt.Axis(format="~s", tickCount=7))
    bars = base.mark_bar(height={"band": 0.6}) if colour else base.mark_bar(color=theme.MAIN, height={"band": 0.6})
    bars = bars.encode(x=x)
    if pale:
        bars = bars.encode(opacity=alt.condition("datum.clear", alt.value(1.0), alt.value(0.35)))
    if colour:
        bars = bars.encode(color=alt.Color(f"{colour}:N", title=None))
    spans = base.mark_rule(strokeWidth=2, color=theme.QUIET).encode(x="lower:Q", x2="upper:Q")
    return alt.layer(bars, spans).properties(height=alt.Step(34))
