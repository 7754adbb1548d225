"""Themes of comments: what each does to the score, and how many speak of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import pandas as pd

from journeylab.charts import theme

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST = 24


def effects(rows: pd.DataFrame) -> alt.LayerChart:
    """Draw the effect of each theme on the score with its interval; the size of the point is the theme's share.

    Args:
        rows: As `Themes.rows`.
    """
    data = _labelled(rows.dropna(subset=["effect"]).head(_MOST))
    reading = [
        "not clear" if not clear else "lower score" if effect < 0 else "higher score"
        for clear, effect in zip(data["clear"], data["effect"], strict=True)
    ]
    domain = ["lower score", "higher score", "not clear"]
    base = alt.Chart(data.assign(reading=reading)).encode(
        y=_names(data["label"]),
        color=alt.Color(
            "reading:N", title=None, scale=alt.Scale(domain=domain, range=[theme.ACCENT, theme.MAIN, theme.QUIET])
        ),
        tooltip=_TOOLTIP,
    )
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=theme.QUIET, strokeDash=[4, 4]).encode(x="zero:Q")
    title = "points of 100 that its answers lie below or above the others"
    shape = alt.Shape(
        "reading:N",
        title=None,
        scale=alt.Scale(domain=domain, range=["triangle-left", "triangle-right", "circle"]),
    )
    size = alt.Size("share:Q", title="share of comments", scale=alt.Scale(range=[40, 500]), legend=None)
    return alt.layer(
        zero,
        base.mark_rule(strokeWidth=3).encode(x=alt.X("effect_lower:Q", title=title), x2="effect_upper:Q"),
        base.mark_point(filled=True, opacity=1).encode(x="effect:Q", shape=shape, size=size),
    ).properties(height=alt.Step(34))


def sizes(rows: pd.DataFrame) -> alt.LayerChart:
    """Draw the share of comments that speak of each theme, with its interval, by kind of pain.

    Args:
        rows: As `Themes.rows`.
    """
    data = _labelled(rows.head(_MOST))
    base = alt.Chart(data).encode(y=_names(data["label"]), tooltip=_TOOLTIP)
    x = alt.X("share:Q", title="share of comments", axis=alt.Axis(format=".0%"))
    return alt.layer(
        base.mark_bar(height={"band": 0.66}).encode(x=x, color=alt.Color("pain:N", title="kind of pain")),
        base.mark_rule(color=theme.QUIET, strokeWidth=2).encode(x="lower:Q", x2="upper:Q"),
        base.mark_text(align="left", dx=6, color=theme.QUIET).encode(x="upper:Q", text="n:Q"),
    ).properties(height=alt.Step(30))


_TOOLTIP = [
    alt.Tooltip("words:N"),
    alt.Tooltip("pain:N"),
    alt.Tooltip("touchpoint:N"),
    alt.Tooltip("n:Q", title="comments", format=","),
    alt.Tooltip("share:Q", format=".1%"),
    alt.Tooltip("effect:Q", format="+.1f"),
    alt.Tooltip("effect_lower:Q", title="lower", format="+.1f"),
    alt.Tooltip("effect_upper:Q", title="upper", format="+.1f"),
    alt.Tooltip("impact:Q", title="impact on the mean", format="+.2f"),
    alt.Tooltip("quote:N"),
]


def _labelled(rows: pd.DataFrame) -> pd.DataFrame:
    label = [
        f"{name} · {touchpoint}" if touchpoint else name
        for name, touchpoint in zip(rows["theme"], rows["touchpoint"], strict=True)
    ]
    return rows.assign(label=label)


def _names(labels: Sequence[str]) -> alt.Y:
    return alt.Y("label:N", sort=list(labels), title=None, axis=alt.Axis(labelLimit=320))
