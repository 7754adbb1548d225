"""How long it takes: histograms over time on a doubling scale, and shares over the time of entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from journeylab.charts import theme
from journeylab.words import length

if TYPE_CHECKING:
    import pandas as pd


NO_TIMES = (
    "There are no times to show: nobody did the last step,",
    "or anyone may come in at any step, so that no first step starts the clock.",
)


def histogram(bins: pd.DataFrame, quartiles: pd.DataFrame) -> alt.LayerChart:
    """Draw how long it took, with the median and quartiles as rules; where there are no times, say why.

    Args:
        bins: from_seconds, to_seconds, n; rows of several groups are added up.
        quartiles: One row with q1, q2, q3 in seconds, or none.
    """
    if bins.empty:
        said = alt.Chart(alt.Data(values=[{"said": list(NO_TIMES)}]))
        return alt.layer(said.mark_text(fontSize=14, color=theme.QUIET).encode(text="said:N")).properties(height=120)
    shown = bins.groupby(["from_seconds", "to_seconds"], as_index=False)["n"].sum().sort_values("from_seconds")
    pairs = zip(shown["from_seconds"], shown["to_seconds"], strict=True)
    shown["span"] = [f"{length(a)} to {length(b)}" for a, b in pairs]
    shown["left"], shown["right"] = shown["from_seconds"] + 1, shown["to_seconds"] + 1
    scale = alt.Scale(type="log", base=2, nice=False)
    marks = [10, 60, 600, 3_600, 21_600, 86_400, 604_800, 2_592_000]
    names = ["10 s", "1 min", "10 min", "1 h", "6 h", "1 day", "7 days", "30 days"]
    words = "{" + ", ".join(f"'{mark}': '{name}'" for mark, name in zip(marks, names, strict=True)) + "}"
    axis = alt.Axis(values=marks, labelExpr=f"{words}[format(datum.value, 'd')]", grid=False)
    bars = (
        alt.Chart(shown)
        .mark_bar(color=theme.MAIN, opacity=0.8)
        .encode(
            x=alt.X("left:Q", title="from the first step to the last", scale=scale, axis=axis),
            x2="right:Q",
            y=alt.Y("n:Q", title="how many", axis=alt.Axis(format="~s", tickMinStep=1)),
            y2=alt.value(280),
            tooltip=[alt.Tooltip("span:N", title="time"), alt.Tooltip("n:Q", title="how many", format=",")],
        )
    )
    told = quartiles[["q1", "q2", "q3"]].melt(var_name="which", value_name="seconds").dropna()
    parts = {"q1": "a quarter", "q2": "half", "q3": "three quarters"}
    told["which"] = told["which"].map(parts)
    told["label"] = [f"{w} within {length(s)}" for w, s in zip(told["which"], told["seconds"], strict=True)]
    told["at"] = told["seconds"] + 1
    told["row"] = [8.0 + 16 * i for i in range(len(told))]
    rules = alt.Chart(told).encode(x=alt.X("at:Q", scale=scale))
    return (
        alt.layer(
            bars,
            rules.mark_rule(color=theme.ACCENT, strokeDash=[4, 3]),
            rules.mark_text(align="left", dx=4, color=theme.ACCENT).encode(
                y=alt.Y("row:Q", axis=None, scale=alt.Scale(domain=[0, 280], reverse=True)), text="label:N"
            ),
        )
        .resolve_scale(y="independent")
        .properties(height=280)
    )


def rates(trend: pd.DataFrame, *, grouped: bool) -> alt.LayerChart:
    """Draw the share that finished by time of entry with its interval; times not wholly observed are pale points.

    Args:
        trend: bucket, of, n, rate, lower, upper, partial, and group.
        grouped: Whether to draw a line a group; the eight largest are drawn.
    """
    sizes = trend.groupby("group")["of"].sum().sort_values(ascending=False, kind="stable")
    shown = trend[trend["group"].isin(sizes.index[:8])]
    base = alt.Chart(shown).encode(
        x=alt.X("bucket:T", title="time of entry"),
        tooltip=[
            alt.Tooltip("group:N"),
            alt.Tooltip("bucket:T", title="from"),
            alt.Tooltip("n:Q", title="finished", format=","),
            alt.Tooltip("of:Q", title="of", format=","),
            alt.Tooltip("rate:Q", format=".1%"),
            alt.Tooltip("lower:Q", format=".1%"),
            alt.Tooltip("upper:Q", format=".1%"),
            alt.Tooltip("partial:N", title="not wholly observed"),
        ],
    )
    fixed = {} if grouped else {"color": theme.MAIN}
    if grouped:
        domain = list(sizes.index[:8])
        scale = alt.Scale(domain=domain, range=list(theme.CATEGORIES[: len(domain)]))
        base = base.encode(color=alt.Color("group:N", title=None, scale=scale))
    y = alt.Y("rate:Q", title="share that finished", axis=alt.Axis(format=".0%"), scale=alt.Scale(zero=True))
    whole = base.transform_filter("!datum.partial")
    return alt.layer(
        whole.mark_area(opacity=0.12, **fixed).encode(y=alt.Y("lower:Q"), y2="upper:Q"),
        whole.mark_line(point={"size": 24, **fixed}, **fixed).encode(y=y),
        base.transform_filter("datum.partial").mark_point(shape="diamond", size=40, color=theme.QUIET).encode(y=y),
    ).properties(height=280)
