"""Scores of feedback: groups as points with intervals, the course over time with its changes of level."""

from __future__ import annotations

import altair as alt
import pandas as pd

from journeylab.charts import theme

_MOST = 30


def groups(rows: pd.DataFrame, *, whole: float, title: str) -> alt.LayerChart:
    """Draw each group's score with its interval beside the score of all; clear ones in colour and of another shape.

    Args:
        rows: A row a group with group, n, score, lower, upper, and where they are compared enough, clear, difference.
        whole: The score of all answers.
        title: What the score is.
    """
    shown = rows.head(_MOST)
    reading = ["like the rest"] * len(shown)
    if "clear" in shown:
        reading = [
            "too few answers" if not enough else "like the rest" if not clear else "lower" if gap < 0 else "higher"
            for enough, clear, gap in zip(shown["enough"], shown["clear"], shown["difference"], strict=True)
        ]
    data = shown[["group", "n", "score", "lower", "upper"]].assign(
        reading=reading, label=[f"{s:.3g} (n = {n:,})" for s, n in zip(shown["score"], shown["n"], strict=True)]
    )
    domain = ["lower", "higher", "like the rest", "too few answers"]
    colours = [theme.ACCENT, theme.MAIN, theme.QUIET, theme.QUIET]
    base = alt.Chart(data).encode(
        y=alt.Y("group:N", sort=list(data["group"]), title=None, axis=alt.Axis(labelLimit=240)),
        color=alt.Color("reading:N", title=None, scale=alt.Scale(domain=domain, range=colours)),
        opacity=alt.condition("datum.reading == 'too few answers'", alt.value(0.45), alt.value(1.0)),
        tooltip=[
            alt.Tooltip("group:N"),
            alt.Tooltip("score:Q", title=title, format=".2f"),
            alt.Tooltip("lower:Q", format=".2f"),
            alt.Tooltip("upper:Q", format=".2f"),
            alt.Tooltip("n:Q", title="answers", format=","),
        ],
    )
    shape = alt.Shape(
        "reading:N",
        title=None,
        scale=alt.Scale(domain=domain, range=["triangle-left", "triangle-right", "circle", "diamond"]),
    )
    line = alt.Chart(pd.DataFrame({"whole": [whole]})).mark_rule(color=theme.QUIET, strokeDash=[4, 4])
    return alt.layer(
        line.encode(x="whole:Q"),
        base.mark_rule(strokeWidth=3).encode(
            x=alt.X("lower:Q", title=title, scale=alt.Scale(zero=False)), x2="upper:Q"
        ),
        base.mark_point(filled=True, size=90).encode(x="score:Q", shape=shape),
        base.mark_text(align="left", dx=8).encode(x="upper:Q", text="label:N"),
    ).properties(height=alt.Step(36))


def trend(rows: pd.DataFrame, changes: pd.DataFrame, *, title: str) -> alt.LayerChart:
    """Draw the score over time with its interval; partial spans pale and not joined; changes of level as lines.

    Args:
        rows: A row a span with bucket, partial, n, score, lower, upper.
        changes: A row a change with day, before and after.
        title: What the score is.
    """
    base = alt.Chart(rows).encode(
        x=alt.X("bucket:T", title=None),
        tooltip=[
            alt.Tooltip("bucket:T", title="from"),
            alt.Tooltip("score:Q", title=title, format=".2f"),
            alt.Tooltip("lower:Q", format=".2f"),
            alt.Tooltip("upper:Q", format=".2f"),
            alt.Tooltip("n:Q", title="answers", format=","),
            alt.Tooltip("partial:N"),
        ],
    )
    seen = base.transform_filter("!datum.partial")
    score = alt.Y("score:Q", title=title, scale=alt.Scale(zero=False))
    layers = [
        seen.mark_area(color=theme.MAIN, opacity=0.18).encode(
            y=alt.Y("lower:Q", title=title, scale=alt.Scale(zero=False)), y2="upper:Q"
        ),
        seen.mark_line(color=theme.MAIN, point={"color": theme.MAIN, "size": 28}).encode(y=score),
        base.transform_filter("datum.partial").mark_point(color=theme.QUIET, shape="diamond", size=40).encode(y=score),
    ]
    if len(changes):
        said = [f"{old:.3g} → {new:.3g}" for old, new in zip(changes["before"], changes["after"], strict=True)]
        marks = alt.Chart(changes[["day"]].assign(said=said)).encode(x="day:T")
        layers += [
            marks.mark_rule(color=theme.ACCENT, strokeDash=[4, 4], strokeWidth=2),
            marks.mark_text(color=theme.ACCENT, align="left", dx=5, baseline="top").encode(
                y=alt.value(4), text="said:N"
            ),
        ]
    return alt.layer(*layers).properties(height=280)
