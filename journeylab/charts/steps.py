"""Funnels: how many reach each step, and the rate from step to step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from journeylab.charts import theme

if TYPE_CHECKING:
    import pandas as pd

_MOST_GROUPS = 8
_DRAWN = ["group", "step", "n", "of", "rate", "lower", "upper", "rate_of_entrants", "small"]


def bars(rows: pd.DataFrame, *, grouped: bool, unit: str = "visitor") -> alt.TopLevelMixin:
    """Draw the visitors at each step as bars, each labelled with its count and its share of the entrants.

    Args:
        rows: As `Funnel.rows`.
        grouped: Whether to draw the groups beside each other; the eight largest are drawn.
        unit: What is counted.
    """
    shown = _largest(rows)
    pairs = zip(shown["n"], shown["rate_of_entrants"], strict=True)
    shown = shown.assign(label=[f"{n:,} · {rate:.1%}" for n, rate in pairs])
    base = alt.Chart().encode(
        y=alt.Y("step:N", sort=list(dict.fromkeys(shown["step"])), title=None, axis=alt.Axis(labelLimit=220)),
        x=alt.X("n:Q", title=f"{unit}s", axis=alt.Axis(format="~s", tickMinStep=1, tickCount=7)),
        tooltip=_tooltip(grouped=grouped),
    )
    if not grouped:
        return alt.layer(
            base.mark_bar(color=theme.MAIN, height={"band": 0.72}),
            base.mark_text(align="left", dx=6, color=theme.QUIET).encode(text="label:N"),
            data=shown,
        ).properties(height=alt.Step(46))
    return (
        base.properties(data=shown)
        .mark_bar()
        .encode(
            yOffset=alt.YOffset("group:N", sort=list(dict.fromkeys(shown["group"]))),
            color=_colour(shown),
            opacity=alt.condition("datum.small", alt.value(0.4), alt.value(1.0)),
        )
        .properties(height=alt.Step(18))
    )


def rates(rows: pd.DataFrame, *, grouped: bool) -> alt.TopLevelMixin:
    """Draw the rate from each step to the next with its interval.

    Args:
        rows: As `Funnel.rows`.
        grouped: Whether to draw the groups beside each other; the eight largest are drawn.
    """
    shown = _largest(rows[rows["position"] > 1])
    base = alt.Chart(shown).encode(
        y=alt.Y("step:N", sort=list(dict.fromkeys(shown["step"])), title=None, axis=alt.Axis(labelLimit=220)),
        tooltip=_tooltip(grouped=grouped),
    )
    if grouped:
        base = base.encode(
            yOffset=alt.YOffset("group:N", sort=list(dict.fromkeys(shown["group"]))),
            color=_colour(shown),
            opacity=alt.condition("datum.small", alt.value(0.4), alt.value(1.0)),
        )
    fixed = {} if grouped else {"color": theme.MAIN}
    span = base.mark_rule(strokeWidth=2, **fixed).encode(
        x=alt.X("lower:Q", title="share of the step before", axis=alt.Axis(format=".0%", tickCount=7)), x2="upper:Q"
    )
    point = base.mark_point(filled=True, size=70, **fixed).encode(x="rate:Q")
    return alt.layer(span, point).properties(height=alt.Step(18 if grouped else 46))


def _largest(rows: pd.DataFrame) -> pd.DataFrame:
    groups = list(dict.fromkeys(rows["group"]))[:_MOST_GROUPS]
    return rows.loc[rows["group"].isin(groups), _DRAWN]


def _colour(rows: pd.DataFrame) -> alt.Color:
    groups = list(dict.fromkeys(rows["group"]))
    return alt.Color("group:N", title=None, scale=alt.Scale(domain=groups, range=list(theme.CATEGORIES[: len(groups)])))


def _tooltip(*, grouped: bool) -> list[alt.Tooltip]:
    said = [
        alt.Tooltip("step:N"),
        alt.Tooltip("n:Q", title="visitors", format=","),
        alt.Tooltip("of:Q", title="of", format=","),
        alt.Tooltip("rate:Q", title="rate", format=".1%"),
        alt.Tooltip("lower:Q", format=".1%"),
        alt.Tooltip("upper:Q", format=".1%"),
    ]
    return [alt.Tooltip("group:N"), *said] if grouped else said
