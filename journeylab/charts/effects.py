"""Tests: effects with their intervals, the course day by day, chances to win, and health checks."""

from __future__ import annotations

import altair as alt
import pandas as pd

from journeylab.charts import theme

_MOST_ROWS = 40
_MOST_LINES = 6
_ENDLESS = 1e6
_STATUS = {
    "fail": ("✕", theme.BAD),
    "warn": ("!", theme.ACCENT),
    "pass": ("✓", theme.GOOD),
    "unknown": ("?", theme.QUIET),
}


def forest(rows: pd.DataFrame, *, faded: bool = False) -> alt.TopLevelMixin:
    """Draw each relative effect with its interval, up to the chart's edge where that is open.

    An effect is clear by its adjusted p-value, as in the verdict. Metrics without a relative effect are not drawn.

    Args:
        rows: As `Experiment.rows`; the first forty are drawn.
        faded: Whether the test may not be read, so that all is drawn pale.
    """
    shown = rows.head(_MOST_ROWS)
    several = len(set(shown["variant"])) > 1
    relative = shown[shown["relative"].notna() & shown["relative_lower"].notna()]
    low, high = relative["relative_lower"], relative["relative_upper"]
    unbounded = [low <= -1, high >= _ENDLESS]
    known = pd.concat([relative["relative"], low[~unbounded[0]], high[~unbounded[1]]]).abs()
    reach = 1.1 * max(float(known.max()), 0.05) if len(known) else 1.0
    data = pd.DataFrame(
        {
            "what": relative["metric"] + (" · " + relative["variant"] if several else ""),
            "effect": relative["relative"],
            "lower": low.mask(unbounded[0], -reach),
            "upper": high.mask(unbounded[1], reach),
            "from": ["no bound" if out else f"{x:+.1%}" for x, out in zip(low, unbounded[0], strict=True)],
            "to": ["no bound" if out else f"{x:+.1%}" for x, out in zip(high, unbounded[1], strict=True)],
            "reading": [
                "not clear" if not p < 1 - level else "clearly up" if effect > 0 else "clearly down"
                for p, level, effect in zip(
                    relative["pvalue_adjusted"], relative["level"], relative["relative"], strict=True
                )
            ],
            "n_control": relative["n_control"],
            "n": relative["n"],
            "pvalue": relative["pvalue_adjusted"],
        }
    )
    domain = ["clearly up", "clearly down", "not clear"]
    colour = alt.Color(
        "reading:N", title=None, scale=alt.Scale(domain=domain, range=[theme.MAIN, theme.ACCENT, theme.QUIET])
    )
    base = alt.Chart(data).encode(
        y=alt.Y("what:N", sort=list(data["what"]), title=None, axis=alt.Axis(labelLimit=240)),
        color=colour,
        opacity=alt.value(0.45 if faded else 1.0),
        tooltip=[
            alt.Tooltip("what:N", title="metric"),
            alt.Tooltip("effect:Q", title="change", format="+.1%"),
            alt.Tooltip("from:N", title="lower"),
            alt.Tooltip("to:N", title="upper"),
            alt.Tooltip("pvalue:Q", title="adjusted p", format=".3f"),
            alt.Tooltip("n_control:Q", title="units, control", format=","),
            alt.Tooltip("n:Q", title="units, variant", format=","),
        ],
    )
    axis = alt.Axis(format="+.0%", title="change against the control")
    return alt.layer(
        alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=theme.QUIET, strokeDash=[4, 4]).encode(x="zero:Q"),
        base.mark_rule(strokeWidth=3).encode(x=alt.X("lower:Q", axis=axis), x2="upper:Q"),
        base.mark_point(filled=True, size=90, opacity=1).encode(
            x="effect:Q",
            shape=alt.Shape(
                "reading:N",
                title=None,
                scale=alt.Scale(domain=domain, range=["triangle-right", "triangle-left", "circle"]),
            ),
        ),
    ).properties(height=alt.Step(40))


def by_day(days: pd.DataFrame, *, metric: str) -> alt.TopLevelMixin:
    """Draw the effect as it read at the end of each day, in its fixed and its always-valid interval.

    Args:
        days: As `Experiment.days`; the first six variants are drawn, below each other.
        metric: As the owner calls it.
    """
    shown = days[days["variant"].isin(list(dict.fromkeys(days["variant"]))[:_MOST_LINES])]
    bands = pd.concat(
        [
            shown[["day", "variant", "effect"]].assign(interval=name, lower=shown[low], upper=shown[high])
            for name, low, high in (
                ("always valid", "always_lower", "always_upper"),
                ("fixed: right once, at the end", "lower", "upper"),
            )
        ],
        ignore_index=True,
    )
    reach = 1.6 * float(pd.concat([shown["lower"], shown["upper"]]).abs().quantile(0.9)) if len(shown) else 1.0
    scale = alt.Scale(domain=[-reach, reach]) if reach > 0 else alt.Scale()
    colour = alt.Color(
        "interval:N",
        title=None,
        scale=alt.Scale(domain=list(dict.fromkeys(bands["interval"])), range=[theme.QUIET, theme.MAIN]),
    )
    base = alt.Chart(bands).encode(
        x=alt.X("day:T", title=None),
        tooltip=[
            alt.Tooltip("day:T"),
            alt.Tooltip("variant:N"),
            alt.Tooltip("interval:N"),
            alt.Tooltip("effect:Q", format="+.4g"),
            alt.Tooltip("lower:Q", format="+.4g"),
            alt.Tooltip("upper:Q", format="+.4g"),
        ],
    )
    band = base.mark_area(clip=True).encode(
        y=alt.Y("lower:Q", title=f"difference in {metric}", scale=scale),
        y2="upper:Q",
        color=colour,
        opacity=alt.condition("datum.interval == 'always valid'", alt.value(0.25), alt.value(0.4)),
    )
    line = (
        base.transform_filter("datum.interval == 'always valid'")
        .mark_line(color=theme.MAIN, clip=True)
        .encode(y="effect:Q")
    )
    zero = base.mark_rule(color=theme.QUIET, strokeDash=[4, 4]).encode(
        x=alt.value(0), x2=alt.value("width"), y=alt.datum(0)
    )
    chart = alt.layer(band, line, zero)
    if len(set(shown["variant"])) <= 1:
        return chart.properties(height=280)
    return chart.properties(height=130).facet(row=alt.Row("variant:N", title=None))


def chances(rows: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw each variant's chance to be better than the control.

    Args:
        rows: As `Experiment.rows`; the first forty are drawn.
    """
    shown = rows[rows["chance_to_win"].notna()].head(_MOST_ROWS)
    several = len(set(shown["variant"])) > 1
    data = pd.DataFrame(
        {
            "what": shown["metric"] + (" · " + shown["variant"] if several else ""),
            "chance": shown["chance_to_win"],
            "label": [f"{c:.1%}" for c in shown["chance_to_win"]],
            "loss": shown["expected_loss"],
        }
    )
    base = alt.Chart(data).encode(
        y=alt.Y("what:N", sort=list(data["what"]), title=None, axis=alt.Axis(labelLimit=240)),
        x=alt.X(
            "chance:Q",
            title="chance to be better than the control",
            scale=alt.Scale(domain=[0, 1]),
            axis=alt.Axis(format=".0%"),
        ),
        tooltip=[
            alt.Tooltip("what:N", title="metric"),
            alt.Tooltip("chance:Q", title="chance to win", format=".1%"),
            alt.Tooltip("loss:Q", title="expected loss a unit", format=".4g"),
        ],
    )
    half = alt.Chart(pd.DataFrame({"x": [0.5]})).mark_rule(color=theme.QUIET, strokeDash=[4, 4]).encode(x="x:Q")
    return alt.layer(
        base.mark_bar(color=theme.MAIN, height={"band": 0.6}),
        base.mark_text(align="left", dx=6, color=theme.QUIET).encode(text="label:N"),
        half,
    ).properties(height=alt.Step(40))


def checks(found: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw the health checks as a list, each with a mark and its finding.

    Args:
        found: As `Experiment.checks`.
    """
    data = found.assign(
        mark=[_STATUS[s][0] for s in found["status"]],
        said=[_folded(s) for s in found["finding"]],
        place=range(len(found)),
    )
    domain = list(_STATUS)
    colour = alt.Color("status:N", title=None, scale=alt.Scale(domain=domain, range=[_STATUS[s][1] for s in domain]))
    base = alt.Chart(data).encode(
        y=alt.Y(
            "check:N", sort=list(data["check"]), title=None, axis=alt.Axis(labelLimit=240, domain=False, ticks=False)
        ),
        tooltip=[alt.Tooltip("check:N"), alt.Tooltip("status:N"), alt.Tooltip("finding:N")],
    )
    return alt.layer(
        base.mark_text(fontSize=16, fontWeight="bold", align="left").encode(
            x=alt.value(4), text="mark:N", color=colour
        ),
        base.mark_text(align="left", color=theme.QUIET, fontSize=12).encode(x=alt.value(28), text="said:N"),
    ).properties(height=alt.Step(34))


def _folded(text: str, most: int = 110) -> str:
    return text if len(text) <= most else text[: most - 1].rsplit(" ", 1)[0] + " …"


def nothing(why: str) -> alt.TopLevelMixin:
    """Say in a chart's place why there is none."""
    text = alt.Chart(pd.DataFrame({"why": [why]})).mark_text(color=theme.QUIET, fontSize=13)
    return text.encode(text="why:N").properties(height=80)
