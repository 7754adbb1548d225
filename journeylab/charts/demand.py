"""Demand: what will sell, the contest behind it, the classes, the calendar, and one SKU before and after correction."""

from __future__ import annotations

import altair as alt
import pandas as pd

from journeylab.charts import theme

_WIDTH = 300
_CLASS_COLOURS = {"smooth": theme.MAIN, "erratic": theme.ACCENT, "intermittent": "#5c79d8", "lumpy": "#a35fc4"}
_OTHER = theme.QUIET


def ahead(rows: pd.DataFrame, level: float) -> alt.TopLevelMixin:
    """Draw what each SKU will sell over the horizon, with its interval.

    Args:
        rows: sku, product, units, lower, upper, demand_class.
        level: Coverage of the intervals.
    """
    rows = rows.assign(name=_names(rows))
    base = alt.Chart(rows).encode(
        y=alt.Y("name:N", sort=list(rows["name"]), title=None, axis=alt.Axis(labelLimit=260, labelFlush=False)),
        tooltip=[
            alt.Tooltip("sku:N"),
            alt.Tooltip("name:N", title="product"),
            alt.Tooltip("units:Q", format=",.1f"),
            alt.Tooltip("lower:Q", format=",.0f"),
            alt.Tooltip("upper:Q", format=",.0f"),
            alt.Tooltip("demand_class:N", title="demand"),
        ],
    )
    title = f"units ahead, with the {100 * level:.0f} % interval"
    return alt.layer(
        base.mark_rule(strokeWidth=5, opacity=0.45, color=theme.MAIN).encode(
            x=alt.X("lower:Q", title=title, axis=alt.Axis(format="~s", tickCount=10)), x2="upper:Q"
        ),
        base.mark_point(filled=True, size=60, opacity=1, color=theme.MAIN).encode(x="units:Q"),
    ).properties(height=alt.Step(20))


def contest(rows: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw the candidates' errors by class with their intervals, those that were chosen filled.

    Args:
        rows: demand_class, model, n, error, judged_by, lower, upper, bias, chosen.
    """
    rows = rows.assign(
        taken=["chosen" if n else "not chosen" for n in rows["chosen"]],
        of=[
            f"{kind} ({n} SKUs, {how})"
            for kind, n, how in zip(rows["demand_class"], rows["n"], rows["judged_by"], strict=True)
        ],
    )
    base = alt.Chart(rows).encode(
        y=alt.Y("model:N", sort=alt.SortField("error"), title=None),
        color=alt.Color(
            "taken:N",
            title=None,
            scale=alt.Scale(domain=["chosen", "not chosen"], range=[theme.MAIN, theme.QUIET]),
        ),
        tooltip=[
            alt.Tooltip("demand_class:N", title="demand"),
            alt.Tooltip("model:N"),
            alt.Tooltip("error:Q", format=".3f"),
            alt.Tooltip("judged_by:N", title="judged by"),
            alt.Tooltip("lower:Q", format=".3f"),
            alt.Tooltip("upper:Q", format=".3f"),
            alt.Tooltip("bias:Q", format="+.1%"),
            alt.Tooltip("n:Q", title="SKUs"),
            alt.Tooltip("chosen:Q", title="chosen for"),
        ],
    )
    shape = alt.Shape(
        "taken:N", title=None, scale=alt.Scale(domain=["chosen", "not chosen"], range=["circle", "diamond"])
    )
    marks = alt.layer(
        base.mark_rule(strokeWidth=2).encode(
            x=alt.X("lower:Q", title="error, lower is better", scale=alt.Scale(zero=False)), x2="upper:Q"
        ),
        base.mark_point(filled=True, size=70, opacity=1).encode(x="error:Q", shape=shape),
    ).properties(width=560, height=alt.Step(20))
    order = list(dict.fromkeys(rows["of"]))
    return marks.facet(row=alt.Row("of:N", sort=order, title=None, header=_header())).resolve_scale(y="independent")


def classes(skus: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw each SKU by how often it sells and how much the size varies, with the cut-offs of the four classes.

    Args:
        skus: sku, product, adi, cv2, demand_class, per_day.
    """
    rows = skus.dropna(subset=["adi"]).assign(name=_names)
    domain = [*_CLASS_COLOURS, *sorted(set(rows["demand_class"]) - set(_CLASS_COLOURS))]
    colours = [_CLASS_COLOURS.get(name, _OTHER) for name in domain]
    shapes = ["circle", "square", "triangle-up", "diamond", "cross", "stroke"][: len(domain)]
    points = (
        alt.Chart(rows)
        .mark_point(filled=True, size=80, opacity=0.75)
        .encode(
            x=alt.X(
                "adi:Q", title="periods from one demand to the next (ADI)", scale=alt.Scale(type="log", nice=False)
            ),
            y=alt.Y("cv2:Q", title="how much the size varies (CV²)"),
            color=alt.Color("demand_class:N", title=None, scale=alt.Scale(domain=domain, range=colours)),
            shape=alt.Shape("demand_class:N", title=None, scale=alt.Scale(domain=domain, range=shapes)),
            tooltip=[
                alt.Tooltip("name:N", title="product"),
                alt.Tooltip("demand_class:N", title="demand"),
                alt.Tooltip("adi:Q", title="ADI", format=".2f"),
                alt.Tooltip("cv2:Q", title="CV²", format=".2f"),
                alt.Tooltip("per_day:Q", title="units a day ahead", format=",.2f"),
            ],
        )
    )
    cut = {"color": theme.QUIET, "strokeDash": [4, 4]}
    lines = alt.Chart(pd.DataFrame({"adi": [1.32]})).mark_rule(**cut).encode(x="adi:Q")
    level = alt.Chart(pd.DataFrame({"cv2": [0.49]})).mark_rule(**cut).encode(y="cv2:Q")
    return alt.layer(lines, level, points).properties(height=340)


def calendar(effects: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw the factors of weekdays, months and promotions.

    Args:
        effects: category, effect, at, factor, lower, upper, source; categories that share a source are drawn once.
    """
    shared = effects[effects["effect"] != "promotion"].drop_duplicates(["source", "effect", "at"])
    parts = []
    for effect, title in (("weekday", "day of the week"), ("month", "time of the year")):
        rows = shared[shared["effect"] == effect]
        parts.append(
            alt.Chart(rows)
            .mark_line(point=True)
            .encode(
                x=alt.X("at:N", sort=list(dict.fromkeys(rows["at"])), title=title, axis=alt.Axis(labelAngle=-45)),
                y=alt.Y("factor:Q", title="times the usual", scale=alt.Scale(zero=False)),
                color=alt.Color("source:N", title=None),
                tooltip=["source:N", "at:N", alt.Tooltip("factor:Q", format=".3f")],
            )
            .properties(width=_WIDTH, height=240)
        )
    lifts = effects[effects["effect"] == "promotion"]
    if len(lifts):
        base = alt.Chart(lifts).encode(
            y=alt.Y("category:N", title=None),
            tooltip=[
                alt.Tooltip("category:N"),
                alt.Tooltip("at:N", title="seen on"),
                alt.Tooltip("factor:Q", format=".2f"),
                alt.Tooltip("lower:Q", format=".2f"),
                alt.Tooltip("upper:Q", format=".2f"),
            ],
        )
        lift = alt.layer(
            base.mark_rule(strokeWidth=5, opacity=0.3, color=theme.ACCENT).encode(
                x=alt.X("lower:Q", title="units on promotion days, times the usual", scale=alt.Scale(zero=False)),
                x2="upper:Q",
            ),
            base.mark_point(filled=True, size=70, opacity=1, color=theme.ACCENT).encode(x="factor:Q"),
        )
        return alt.vconcat(alt.hconcat(*parts), lift.properties(width=2 * _WIDTH + 60, height=alt.Step(28)))
    return alt.hconcat(*parts)


def one(series: pd.DataFrame, forecast: pd.DataFrame, *, unit: str) -> alt.TopLevelMixin:
    """Draw a SKU's demand before and after correction, and its forecast with the interval.

    Args:
        series: period, kept, demand, out_days.
        forecast: period, mean, lower, upper.
        unit: What a period is.
    """
    tip = [
        alt.Tooltip("period:T"),
        alt.Tooltip("demand:Q", format=",.1f"),
        alt.Tooltip("kept:Q", title="sold, net", format=",.1f"),
    ]
    x = alt.X("period:T", title=None)
    past = alt.Chart(series).encode(x=x, tooltip=[*tip, alt.Tooltip("out_days:Q", title="days out of stock")])
    future = alt.Chart(forecast).encode(
        x=x,
        tooltip=[
            alt.Tooltip("period:T"),
            alt.Tooltip("mean:Q", format=",.1f"),
            alt.Tooltip("lower:Q", format=",.0f"),
            alt.Tooltip("upper:Q", format=",.0f"),
        ],
    )
    y_title = f"units a {unit}"
    return alt.layer(
        future.mark_area(opacity=0.2, color=theme.ACCENT).encode(y=alt.Y("lower:Q", title=y_title), y2="upper:Q"),
        past.mark_line(color=theme.MAIN).encode(y=alt.Y("demand:Q", title=y_title)),
        past.transform_filter("datum.out_days > 0")
        .mark_rule(color=theme.BAD, strokeWidth=3)
        .encode(y=alt.Y("kept:Q", title=y_title), y2="demand:Q"),
        past.transform_filter("datum.out_days > 0")
        .mark_point(color=theme.BAD, shape="triangle-down", size=60, filled=True, opacity=1)
        .encode(y=alt.Y("kept:Q", title=y_title)),
        future.mark_line(color=theme.ACCENT, strokeDash=[6, 3]).encode(y=alt.Y("mean:Q", title=y_title)),
    ).properties(height=320)


def candidates(rows: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw how each candidate did on one SKU.

    Args:
        rows: model, error, judged_by, bias, n, chosen.
    """
    rows = rows.assign(taken=["chosen" if one else "not chosen" for one in rows["chosen"]])
    return (
        alt.Chart(rows)
        .mark_bar()
        .encode(
            x=alt.X("error:Q", title=f"error ({_judged(rows)}), lower is better"),
            y=alt.Y("model:N", sort=list(rows["model"]), title=None),
            color=alt.Color(
                "taken:N",
                title=None,
                scale=alt.Scale(domain=["chosen", "not chosen"], range=[theme.MAIN, theme.QUIET]),
            ),
            tooltip=[
                "model:N",
                alt.Tooltip("error:Q", format=".3f"),
                alt.Tooltip("bias:Q", format="+.1%"),
                alt.Tooltip("n:Q", title="values judged"),
            ],
        )
        .properties(height=alt.Step(26))
    )


def _judged(rows: pd.DataFrame) -> str:
    return "squared, over naive in the history" if rows["judged_by"].eq("squared").any() else "MASE"


def _names(rows: pd.DataFrame) -> list[str]:
    """Return products by name, with their SKU where a name comes twice."""
    twice = rows["product"].duplicated(keep=False)
    return [f"{p} ({s})" if t else str(p) for p, s, t in zip(rows["product"], rows["sku"], twice, strict=True)]


def _header() -> alt.Header:
    return alt.Header(orient="top", labelAnchor="start", labelFontWeight="bold")
