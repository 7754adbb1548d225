"""What demand is made of: its course and fit, each component, and the error by how far ahead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from journeylab.charts import theme

if TYPE_CHECKING:
    import pandas as pd

_WIDTH = 320


def course(days: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw demand by day as points, the fitted course as a line, and the days to come dashed.

    Args:
        days: day, demand, fitted, trend, known.
    """
    base = alt.Chart(days).encode(
        x=alt.X("day:T", title=None),
        tooltip=[
            alt.Tooltip("day:T"),
            alt.Tooltip("demand:Q", format=",.1f"),
            alt.Tooltip("fitted:Q", format=",.1f"),
            alt.Tooltip("trend:Q", format=",.1f"),
        ],
    )
    known = base.transform_filter("datum.known")
    coming = base.transform_filter("!datum.known")
    line = alt.Y("fitted:Q", title="units a day")
    return alt.layer(
        known.mark_point(filled=True, size=12, opacity=0.45, color=theme.QUIET).encode(
            y=alt.Y("demand:Q", title="units a day")
        ),
        known.mark_line(color=theme.MAIN, strokeWidth=1.5).encode(y=line),
        base.mark_line(color=theme.QUIET, strokeDash=[2, 3]).encode(y=alt.Y("trend:Q", title="units a day")),
        coming.mark_line(color=theme.ACCENT, strokeDash=[6, 3]).encode(y=line),
    ).properties(height=320)


def components(days: pd.DataFrame, labels: dict[str, str]) -> alt.TopLevelMixin:
    """Draw the trend and the factor of each component that there is.

    Args:
        days: day, trend, and a column for each component.
        labels: The components' columns with their names.
    """
    parts = [_curve(days, "trend", "trend, units a day")]
    for name, label in labels.items():
        if name not in days:
            continue
        if name == "weekly":
            week = days.tail(7).assign(
                at=lambda d: d["day"].dt.day_name().str[:3], place=lambda d: d["day"].dt.dayofweek
            )
            parts.append(_bars(week.sort_values("place"), name, label))
        else:
            parts.append(_curve(days, name, f"{label}, times the trend"))
    return alt.concat(*parts, columns=2)


def _curve(days: pd.DataFrame, name: str, title: str) -> alt.Chart:
    return (
        alt.Chart(days[["day", name]])
        .mark_line(color=theme.MAIN, strokeWidth=1.5)
        .encode(
            x=alt.X("day:T", title=None),
            y=alt.Y(f"{name}:Q", title=title, scale=alt.Scale(zero=False)),
            tooltip=[alt.Tooltip("day:T"), alt.Tooltip(f"{name}:Q", format=",.3f")],
        )
        .properties(width=_WIDTH, height=170)
    )


def _bars(week: pd.DataFrame, name: str, label: str) -> alt.Chart:
    return (
        alt.Chart(week[["at", name]])
        .mark_line(color=theme.MAIN, point=True)
        .encode(
            x=alt.X("at:N", sort=list(week["at"]), title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y(f"{name}:Q", title=f"{label}, times the trend", scale=alt.Scale(zero=False)),
            tooltip=["at:N", alt.Tooltip(f"{name}:Q", format=",.3f")],
        )
        .properties(width=_WIDTH, height=170)
    )


def errors(rows: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw the error by week ahead, beside last week repeated.

    Args:
        rows: week, n, error, naive, origins.
    """
    long = rows.rename(columns={"error": "the model", "naive": "last week repeated"}).melt(
        ["week", "n"], ["the model", "last week repeated"], var_name="who", value_name="off"
    )
    domain = ["the model", "last week repeated"]
    return (
        alt.Chart(long.dropna())
        .mark_line(point={"size": 60})
        .encode(
            x=alt.X("week:O", title="weeks ahead", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("off:Q", title="off a day, share of what sold", axis=alt.Axis(format=".0%")),
            color=alt.Color("who:N", title=None, scale=alt.Scale(domain=domain, range=[theme.MAIN, theme.QUIET])),
            strokeDash=alt.StrokeDash("who:N", title=None, scale=alt.Scale(domain=domain, range=[[1, 0], [5, 3]])),
            tooltip=["who:N", "week:O", alt.Tooltip("off:Q", format=".1%"), alt.Tooltip("n:Q", title="days judged")],
        )
        .properties(height=280)
    )
