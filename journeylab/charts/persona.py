"""Personas: how many there are, how large, what they are like, and where they lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import pandas as pd

from journeylab.charts import theme

if TYPE_CHECKING:
    from collections.abc import Sequence

SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-left", "triangle-right")
_MOST_FIGURES = 18
_WIDTH = 700  # parts of a chart cannot follow the width of the page


def counts(rows: pd.DataFrame, *, suggested: int | None, first: str) -> alt.VConcatChart:
    """Draw separation, BIC and stability by number of groups, one under the other, the asked one first.

    Args:
        rows: As `PersonaCount.counts`.
        suggested: The number to mark; None for none.
        first: 'separation', 'information criterion' or 'stability'.
    """
    charts = {
        "separation": _separation(rows, suggested),
        "information criterion": _line(rows, suggested, y="bic", title="BIC, lower is better", form="~s", zero=False),
        "stability": _band(rows, suggested),
    }
    order = [first, *(name for name in charts if name != first)]
    return alt.vconcat(*(charts[name].properties(height=150, width=_WIDTH) for name in order), spacing=6)


def sizes(cards: pd.DataFrame) -> alt.FacetChart:
    """Draw the share of customers, of net value and of margin of each persona, with intervals.

    Args:
        cards: As `Personas.cards`.
    """
    kinds = {"share": "of customers", "share_of_net": "of net value", "share_of_margin": "of margin"}
    long = pd.concat(
        [
            pd.DataFrame(
                {
                    "name": cards["name"], "of": words, "value": cards[key], "n": cards["n"],
                    "lower": cards[f"{key}_lower"], "upper": cards[f"{key}_upper"],
                }
            )
            for key, words in kinds.items()
            if key in cards
        ]
    )  # fmt: skip
    base = alt.Chart(height=62, width=540).encode(
        y=alt.Y("of:N", sort=list(kinds.values()), title=None),
        tooltip=[alt.Tooltip("name:N"), alt.Tooltip("of:N"), *_bounds(".1%")],
    )
    colour = alt.Color(
        "of:N", legend=None, scale=alt.Scale(domain=list(kinds.values()), range=list(theme.CATEGORIES[:3]))
    )
    bar = base.mark_bar(height={"band": 0.7}).encode(
        x=alt.X("value:Q", title="share, with interval", axis=alt.Axis(format=".0%")), color=colour
    )
    span = base.mark_rule(strokeWidth=2, color=theme.QUIET).encode(x=alt.X("lower:Q"), x2=alt.X2("upper:Q"))
    label = base.mark_text(align="left", dx=6, color=theme.QUIET).encode(
        x=alt.X("upper:Q"), text=alt.Text("value:Q", format=".1%")
    )
    header = alt.Header(labelAngle=0, labelAlign="left", labelLimit=220, labelFontSize=12, labelAnchor="middle")
    row = alt.Row("name:N", sort=list(cards["name"]), title=None, header=header)
    return alt.layer(bar, span, label, data=theme.rows(long)).facet(row=row, spacing=8)


def profile(figures: pd.DataFrame, cards: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw each figure of each persona against all customers: amounts as a ratio, shares as points of difference.

    Args:
        figures: As `Personas.figures`.
        cards: As `Personas.cards`, for the names.
    """
    names = dict(zip(cards["persona"], cards["name"], strict=True))
    rows = figures.assign(name=figures["persona"].map(names)).dropna(subset=["value", "base"])
    amounts, shares = rows[(rows["kind"] == "amount") & (rows["base"] > 0)], rows[rows["kind"] == "share"]
    parts = []
    if len(amounts):
        ratio = {end: amounts[end] / amounts["base"] for end in ("value", "lower", "upper")}
        parts.append(
            _dots(amounts.assign(**ratio), list(names.values()), "times the value over all customers", ".2~f", 1)
        )
    if len(shares):
        gap = {end: shares[end] - shares["base"] for end in ("value", "lower", "upper")}
        parts.append(_dots(shares.assign(**gap), list(names.values()), "difference from the share over all", "+.0%", 0))
    return parts[0] if len(parts) == 1 else alt.vconcat(*parts, spacing=14)


def scatter(points: pd.DataFrame, *, x: str, y: str, x_kind: str, y_kind: str) -> alt.Chart:
    """Draw customers on two features, coloured and shaped by persona.

    Args:
        points: A row a customer with name, x and y.
        x: What the first axis is.
        y: What the second is.
        x_kind: 'amount' (drawn on a log scale that has a zero) or 'share'.
        y_kind: As `x_kind`.
    """
    names = list(points.groupby("persona")["name"].first())
    scale = alt.Scale(domain=names, range=list(_colours(names)))
    shapes = alt.Scale(domain=names, range=[SHAPES[i % len(SHAPES)] for i in range(len(names))])
    legend = alt.Legend(orient="top", labelLimit=260, symbolOpacity=1, columns=3)
    return (
        alt.Chart(theme.rows(points, "name", "x", "y"), height=380)
        .mark_point(filled=True, size=34, opacity=0.6)
        .encode(
            x=_axis("x", x, x_kind),
            y=_axis("y", y, y_kind),
            color=alt.Color("name:N", title=None, scale=scale, legend=legend),
            shape=alt.Shape("name:N", title=None, scale=shapes, legend=legend),
            tooltip=[
                alt.Tooltip("name:N"),
                alt.Tooltip("x:Q", title=x, format=",.2~f"),
                alt.Tooltip("y:Q", title=y, format=",.2~f"),
            ],
        )
    )


def fidelity(rules: pd.DataFrame) -> alt.LayerChart:
    """Draw how often each rule is right, and how much of its persona it catches, with intervals.

    Args:
        rules: As `PersonaRules.rules`.
    """
    kinds = (
        ("rate", "right when it picks", "lower", "upper", "picked"),
        ("share_caught", "of the persona picked", "share_caught_lower", "share_caught_upper", "of"),
    )
    long = pd.concat(
        [
            pd.DataFrame({"label": rules["name"], "name": words}).assign(
                value=rules[value], lower=rules[low], upper=rules[high], n=rules[n]
            )
            for value, words, low, high, n in kinds
        ]
    )
    return _dots(long, [words for _value, words, *_rest in kinds], "share, with interval", ".0%", None)


def crosswalk(cells: pd.DataFrame) -> alt.LayerChart:
    """Draw the share of each persona in each group as a heat map, its customers written into the cells.

    Args:
        cells: As `Crosswalk.cells`.
    """
    most = float(cells["rate"].max())
    base = alt.Chart().encode(
        x=alt.X("group:N", sort=list(dict.fromkeys(cells["group"])), title=None, axis=alt.Axis(labelAngle=-35)),
        y=alt.Y("name:N", sort=list(dict.fromkeys(cells["name"])), title=None, axis=alt.Axis(labelLimit=220)),
        tooltip=[alt.Tooltip("name:N"), alt.Tooltip("group:N"), alt.Tooltip("n:Q", format=","),
                 alt.Tooltip("of:Q", format=","), alt.Tooltip("rate:Q", format=".1%"),
                 alt.Tooltip("lift:Q", format=".2f")],
    )  # fmt: skip
    return alt.layer(
        base.mark_rect(cornerRadius=3).encode(
            color=alt.Color(
                "rate:Q", title="share of the persona", legend=alt.Legend(format=".0%"),
                scale=alt.Scale(range=list(theme.SCALE), domainMin=0),
            )
        ),
        base.mark_text(fontSize=11).encode(
            text=alt.Text("rate:Q", format=".0%"),
            color=alt.ColorValue("#0b2a28", condition={"test": "datum.strong", "value": "#ffffff"}),
        ),
        data=theme.rows(
            cells.assign(strong=cells["rate"] > most / 2), "name", "group", "n", "of", "rate", "lift", "strong"
        ),
        height=alt.Step(40),
    )  # fmt: skip


def _separation(rows: pd.DataFrame, suggested: int | None) -> alt.LayerChart:
    base = alt.Chart(rows).encode(x=_groups())
    y = alt.Y("silhouette:Q", title="silhouette", scale=alt.Scale(zero=True))
    band = base.mark_area(color=theme.QUIET, opacity=0.25).encode(
        y=alt.Y("reference_lower:Q", title="silhouette"), y2=alt.Y2("reference_upper:Q")
    )
    line = base.mark_line(color=theme.MAIN, point={"color": theme.MAIN, "size": 40}).encode(
        y=y,
        tooltip=[
            alt.Tooltip("k:O"),
            alt.Tooltip("silhouette:Q", format=".2f"),
            alt.Tooltip("reference:Q", title="customers of one kind", format=".2f"),
            alt.Tooltip("n:Q", title="customers looked at", format=","),
        ],
    )
    own = base.mark_line(color=theme.QUIET, strokeDash=[5, 3]).encode(
        y=alt.Y("own_silhouette:Q"),
        tooltip=[alt.Tooltip("k:O"), alt.Tooltip("own_silhouette:Q", title="of the clusters themselves", format=".2f")],
    )
    text = (
        alt.Chart(rows.tail(1))
        .mark_text(
            align="right",
            color=theme.QUIET,
            text="band: customers of one kind; dashed: the clusters of the personas",
        )
        .encode(x=_groups(), y=alt.value(8))
    )
    return alt.layer(band, own, line, text, *_mark(rows, suggested, "silhouette"))


def _band(rows: pd.DataFrame, suggested: int | None) -> alt.LayerChart:
    base = alt.Chart(rows).encode(x=_groups())
    span = base.mark_rule(color=theme.MAIN, strokeWidth=2).encode(
        y=alt.Y("stability_lower:Q", title="stability (adjusted Rand)", scale=alt.Scale(zero=True)),
        y2=alt.Y2("stability_upper:Q"),
    )
    point = base.mark_point(color=theme.MAIN, filled=True, size=50).encode(
        y=alt.Y("stability:Q"), tooltip=[alt.Tooltip("k:O"), alt.Tooltip("stability:Q", format=".2f")]
    )
    return alt.layer(span, point, *_mark(rows, suggested, "stability"))


def _line(rows: pd.DataFrame, suggested: int | None, *, y: str, title: str, form: str, zero: bool) -> alt.LayerChart:
    line = (
        alt.Chart(rows)
        .mark_line(color=theme.MAIN, point={"color": theme.MAIN, "size": 40})
        .encode(
            x=_groups(),
            y=alt.Y(f"{y}:Q", title=title, scale=alt.Scale(zero=zero), axis=alt.Axis(format=form)),
            tooltip=[alt.Tooltip("k:O"), alt.Tooltip(f"{y}:Q", format=",.0f")],
        )
    )
    return alt.layer(line, *_mark(rows, suggested, y))


def _mark(rows: pd.DataFrame, suggested: int | None, y: str) -> list[alt.Chart]:
    if suggested is None:
        return []
    here = alt.Chart(rows[rows["k"] == suggested]).encode(x=_groups())
    ring = here.mark_point(size=190, strokeWidth=3, color=theme.ACCENT).encode(y=alt.Y(f"{y}:Q"))
    return [ring]


def _groups() -> alt.X:
    return alt.X("k:O", title="number of groups", axis=alt.Axis(labelAngle=0))


def _dots(rows: pd.DataFrame, names: Sequence[str], title: str, form: str, middle: float | None) -> alt.LayerChart:
    order = list(dict.fromkeys(rows["label"]))[:_MOST_FIGURES]
    shown = rows[rows["label"].isin(order)]
    base = alt.Chart().encode(
        y=alt.Y("label:N", sort=order, title=None, axis=alt.Axis(labelLimit=280)),
        yOffset=alt.YOffset("name:N", sort=list(names)),
        color=alt.Color(
            "name:N", title=None, legend=alt.Legend(labelLimit=260, columns=3),
            scale=alt.Scale(domain=list(names), range=list(_colours(names))),
        ),
        tooltip=[alt.Tooltip("name:N"), alt.Tooltip("label:N"), *_bounds(form)],
    )  # fmt: skip
    span = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("lower:Q", title=title, axis=alt.Axis(format=form)), x2=alt.X2("upper:Q")
    )
    layers = [span, base.mark_point(filled=True, size=42).encode(x=alt.X("value:Q"))]
    if middle is not None:
        rule = alt.Chart({"values": [{"at": middle}]}).mark_rule(color=theme.QUIET, strokeDash=[4, 3])
        layers.insert(0, rule.encode(x=alt.X("at:Q")))
    data = theme.rows(shown, "name", "label", "value", "lower", "upper", "n")
    return alt.layer(*layers, data=data, height=alt.Step(max(7, 30 // max(len(names), 1))), width=_WIDTH)


def _axis(name: str, title: str, kind: str) -> alt.X | alt.Y:
    make = alt.X if name == "x" else alt.Y
    if kind == "share":
        return make(f"{name}:Q", title=title, axis=alt.Axis(format=".0%"))
    return make(
        f"{name}:Q",
        title=title,
        scale=alt.Scale(type="symlog", zero=False, nice=False),
        axis=alt.Axis(format="~s", tickCount=6),
    )


def _bounds(form: str) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("value:Q", format=form),
        alt.Tooltip("lower:Q", format=form),
        alt.Tooltip("upper:Q", format=form),
        alt.Tooltip("n:Q", title="customers", format=","),
    ]


def _colours(names: Sequence[str]) -> list[str]:
    return [theme.CATEGORIES[i % len(theme.CATEGORIES)] for i in range(len(names))]
