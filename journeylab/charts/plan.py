"""Plans of tests: power, the smallest effect and arrivals as the days go by."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import altair as alt
import pandas as pd

from journeylab.charts import theme

if TYPE_CHECKING:
    from collections.abc import Sequence


def curve(days: pd.DataFrame, *, power: float, needed: float) -> alt.TopLevelMixin:
    """Draw the power to see the effect, with the day on which it reaches what was asked for.

    Args:
        days: As `Plan.days`.
        power: The power asked for.
        needed: The day it is reached; NaN if it is not.
    """
    return alt.layer(
        _line(days, "power", "chance to see the effect", ".0%", [0.0, 1.0]),
        *_rule(power, "y"),
        *([] if math.isnan(needed) else _rule(needed, "x")),
    ).properties(height=280)


def smallest(days: pd.DataFrame, *, effect: float) -> alt.TopLevelMixin:
    """Draw the smallest relative effect that could be seen, with the effect that was asked for.

    Args:
        days: As `Plan.days`.
        effect: The relative effect asked for.
    """
    shown = days[days["smallest"] <= 10 * effect]
    return alt.layer(_line(shown, "smallest", "smallest change seen", ".0%"), *_rule(effect, "y")).properties(
        height=280
    )


def arrivals(days: pd.DataFrame, *, needed: float) -> alt.TopLevelMixin:
    """Draw how many different visitors take part, with how many are needed.

    Args:
        days: As `Plan.days`.
        needed: Units that the test needs.
    """
    rule = [] if math.isnan(needed) else _rule(needed, "y")
    return alt.layer(_line(days, "units", "visitors in the test", "~s"), *rule).properties(height=280)


def _line(days: pd.DataFrame, y: str, title: str, form: str, domain: Sequence[float] | None = None) -> alt.Chart:
    scale = alt.Scale(domain=list(domain)) if domain else alt.Scale(zero=True)
    return (
        alt.Chart(days[["day", y]].dropna())
        .mark_line(color=theme.MAIN, point={"color": theme.MAIN, "size": 24})
        .encode(
            x=alt.X("day:Q", title="days", axis=alt.Axis(tickMinStep=1)),
            y=alt.Y(f"{y}:Q", title=title, axis=alt.Axis(format=form), scale=scale),
            tooltip=[
                alt.Tooltip("day:Q"),
                alt.Tooltip(f"{y}:Q", title=title, format=",.0f" if form == "~s" else ".1%"),
            ],
        )
    )


def _rule(at: float, axis: str) -> list[alt.Chart]:
    rule = alt.Chart(pd.DataFrame({"at": [at]})).mark_rule(color=theme.QUIET, strokeDash=[4, 4])
    return [rule.encode(**{axis: "at:Q"})]
