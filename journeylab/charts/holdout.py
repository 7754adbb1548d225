"""Models against what came: by week, by how often customers had bought, by predicted chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import pandas as pd

from journeylab.charts import theme

if TYPE_CHECKING:
    from datetime import date

SERIES = {"actual": "what came", "model": "the model", "naive": "carry on as before"}
#: Of the series by frequency, where a rule for all alike would be one height for everybody.
CLASSES = {"actual": "what came", "model": "the model", "own": "each at their own pace"}
_COLOURS = alt.Scale(domain=list(SERIES.values()), range=[theme.QUIET, theme.MAIN, theme.ACCENT])
_CLASS_COLOURS = alt.Scale(domain=list(CLASSES.values()), range=[theme.QUIET, theme.MAIN, theme.ACCENT])
_DASHES = alt.Scale(domain=list(SERIES.values()), range=[[1, 0], [1, 0], [5, 4]])


def tracking(rows: pd.DataFrame, *, figure: str, split: date) -> alt.LayerChart:
    """Draw repeat purchases by week, or cumulated, with a rule at the split; a partial last week is left out.

    Args:
        rows: As `Holdout.tracking`.
        figure: 'purchases' or 'cumulative'.
        split: Last day the model saw.
    """
    shown = rows[~rows["partial"]].assign(said=rows["series"].map(SERIES))
    title = "repeat purchases so far" if figure == "cumulative" else "repeat purchases a week"
    lines = (
        alt.Chart(shown)
        .mark_line()
        .encode(
            x=alt.X("starts:T", title=None),
            y=alt.Y(f"{figure}:Q", title=title, axis=alt.Axis(format="~s")),
            color=alt.Color("said:N", title=None, scale=_COLOURS),
            strokeDash=alt.StrokeDash("said:N", title=None, scale=_DASHES),
            tooltip=[
                alt.Tooltip("starts:T", title="week from"),
                alt.Tooltip("said:N", title="series"),
                alt.Tooltip(f"{figure}:Q", title=title, format=",.1f"),
            ],
        )
    )
    at = pd.DataFrame({"starts": [pd.Timestamp(split)], "said": ["not seen from here"]})
    rule = alt.Chart(at).mark_rule(color=theme.QUIET, strokeDash=[2, 2]).encode(x="starts:T")
    label = (
        alt.Chart(at)
        .mark_text(align="left", dx=5, color=theme.QUIET)
        .encode(x="starts:T", y=alt.value(8), text="said:N")
    )
    return alt.layer(lines, rule, label).properties(height=320)


def by_frequency(rows: pd.DataFrame) -> alt.Chart:
    """Draw mean purchases in the weeks held out by repeat purchases before them.

    Args:
        rows: As `Holdout.by_frequency`.
    """
    long = rows.rename(columns={"predicted": "model"}).melt(
        ["frequency", "n"], list(CLASSES), var_name="series", value_name="purchases"
    )
    return (
        alt.Chart(long.assign(said=long["series"].map(CLASSES)))
        .mark_bar()
        .encode(
            x=alt.X(
                "frequency:O",
                title="repeat purchases before the split",
                sort=list(rows["frequency"]),
                axis=alt.Axis(labelAngle=0),
            ),
            xOffset=alt.XOffset("said:N", sort=list(CLASSES.values())),
            y=alt.Y("purchases:Q", title="mean purchases after it"),
            color=alt.Color("said:N", title=None, scale=_CLASS_COLOURS),
            tooltip=[
                alt.Tooltip("frequency:O", title="repeat purchases before"),
                alt.Tooltip("n:Q", title="customers", format=","),
                alt.Tooltip("said:N", title="series"),
                alt.Tooltip("purchases:Q", title="mean purchases", format=".2f"),
            ],
        )
        .properties(height=320)
    )


def calibration(rows: pd.DataFrame) -> alt.LayerChart:
    """Draw the share who bought again against the predicted chance, by tenths of customers.

    Args:
        rows: As `Holdout.calibration`.
    """
    ends = pd.DataFrame({"predicted": [0.0, 1.0], "rate": [0.0, 1.0]})
    x = alt.X("predicted:Q", title="predicted chance to buy again", axis=alt.Axis(format=".0%"))
    y = alt.Y("rate:Q", title="share who did", axis=alt.Axis(format=".0%"), scale=alt.Scale(domain=[0, 1]))
    base = alt.Chart(rows).encode(
        x=x,
        tooltip=[
            alt.Tooltip("predicted:Q", format=".1%"),
            alt.Tooltip("rate:Q", title="bought again", format=".1%"),
            alt.Tooltip("n:Q", format=","),
            alt.Tooltip("of:Q", format=","),
        ],
    )
    return alt.layer(
        alt.Chart(ends).mark_line(color=theme.QUIET, strokeDash=[4, 4], strokeWidth=1).encode(x=x, y=y),
        base.mark_rule(color=theme.MAIN, strokeWidth=2).encode(y=alt.Y("lower:Q"), y2="upper:Q"),
        base.mark_point(color=theme.MAIN, filled=True, size=70, opacity=1).encode(y=y),
    ).properties(height=320)


def errors(rows: pd.DataFrame) -> alt.LayerChart:
    """Draw each method's error in the weeks held out; the chosen one is marked in words.

    Args:
        rows: As `Holdout.errors`.
    """
    shown = rows.assign(
        said=[
            f"{name} (chosen)" if chosen else name for name, chosen in zip(rows["method"], rows["chosen"], strict=True)
        ]
    )
    base = alt.Chart(shown).encode(
        y=alt.Y("said:N", title=None, sort=None, axis=alt.Axis(labelLimit=260)),
        x=alt.X("error:Q", title="error over frequency classes, of what was bought", axis=alt.Axis(format=".0%")),
        tooltip=[
            alt.Tooltip("said:N", title="method"),
            alt.Tooltip("error:Q", format=".1%"),
            alt.Tooltip("total_error:Q", title="total purchases", format="+.1%"),
            alt.Tooltip("money_error:Q", title="total money", format="+.1%"),
            alt.Tooltip("predicted:Q", format=",.0f"),
            alt.Tooltip("actual:Q", format=",.0f"),
        ],
    )
    return alt.layer(
        base.mark_bar().encode(color=alt.condition("datum.chosen", alt.value(theme.MAIN), alt.value(theme.QUIET))),
        base.mark_text(align="left", dx=6, color=theme.QUIET).encode(text=alt.Text("error:Q", format=".1%")),
    ).properties(height=alt.Step(44))
