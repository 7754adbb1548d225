"""The journey map drawn: one picture in Altair, on paper of its own colour, readable from the back of a room.

All sizes follow the picture, so that it may be drawn as wide as a page or as large as a wall.
"""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from journeylab.charts import theme

#: Colours of each role, for light and dark paper; text keeps 4.5:1 and marks 3:1 against what is behind them.
PALETTES: dict[str, dict[str, str]] = {
    "light": {
        "paper": "#ffffff", "ink": "#1b2429", "soft": "#55616a", "card": "#ffffff", "card_line": "#c9d3d6",
        "column0": "#f1f6f6", "column1": "#f7f4ee", "stage": "#0b6f68", "on_stage": "#ffffff", "rule": "#dbe2e3",
        "zero": "#9aa7af", "bar_observed": "#0e8f86", "bar_survey": "#0e8f86", "bar_assumed": "#a9b5bb",
        "curve": "#0b7a72", "band": "#0e8f86", "error": "#7fbdb7", "gap": "#7c8894", "guess": "#b8501f",
        "pain": "#c03a3d", "pain_fill": "#fbe9e6", "pain_ink": "#a52f32", "chance": "#2f7d34",
        "chance_fill": "#e6f3e6", "chance_ink": "#276a2b", "evidence": "#41505a", "expected": "#4c599f",
    },
    "dark": {
        "paper": "#12171c", "ink": "#eef2f4", "soft": "#aab7c0", "card": "#1f272e", "card_line": "#46545f",
        "column0": "#172026", "column1": "#1b1f22", "stage": "#0e8f86", "on_stage": "#06110f", "rule": "#2c363d",
        "zero": "#5d6b75", "bar_observed": "#2fb3a8", "bar_survey": "#2fb3a8", "bar_assumed": "#5d6b75",
        "curve": "#3cc4b8", "band": "#2fb3a8", "error": "#2d7d76", "gap": "#7c8894", "guess": "#f0935f",
        "pain": "#ef7073", "pain_fill": "#37211f", "pain_ink": "#ff9b9d", "chance": "#67c36c",
        "chance_fill": "#1c3020", "chance_ink": "#8fd893", "evidence": "#b9c6ce", "expected": "#98a5f0",
    },
}  # fmt: skip
_DASHES = {"gap": [2, 5], "guess": [7, 5], "curve": [1, 0]}
_WIDTHS = {"gap": 2.0, "guess": 2.5, "curve": 4.0}
_ROUND = {"card": 8, "stage": 8, "pain": 6, "chance": 6, "bar_observed": 3, "bar_survey": 3, "bar_assumed": 3}


def draw(picture: Any, *, theme: str = "light") -> alt.LayerChart:
    """Draw a laid-out map.

    Args:
        picture: The layout: width, height, and lists of rects, texts, lines, bands and marks.
        theme: 'light' or 'dark'.
    """
    colours = PALETTES[theme]
    unit = f"min(width / {picture.width:g}, height / {picture.height:g})"
    axes = _axes(picture)
    layers = [*_rects(picture, colours, axes), *_curves(picture, colours, axes, unit)]
    layers += [*_marks(picture, colours, axes, unit), *_texts(picture, colours, axes, unit)]
    return (
        alt.layer(*layers)
        .properties(width=picture.width, height=picture.height, background=colours["paper"], padding=0)
        .configure_view(stroke=None)
    )


def feelings(rows: pd.DataFrame) -> alt.LayerChart:
    """Draw emotion by touchpoint with its interval.

    Args:
        rows: touchpoint, value, lower, upper, n, text.
    """
    base = alt.Chart(rows).encode(x=alt.X("touchpoint:N", sort=None, title=None, axis=alt.Axis(labelAngle=-25)))
    scale = alt.Scale(domain=[-2, 2])
    span = base.mark_rule(color=theme.MAIN, strokeWidth=3).encode(
        y=alt.Y("lower:Q", title="emotion, -2 to 2", scale=scale), y2="upper:Q"
    )
    point = base.mark_point(color=theme.MAIN, filled=True, size=90, opacity=1).encode(
        y=alt.Y("value:Q", scale=scale),
        tooltip=["touchpoint:N", alt.Tooltip("value:Q", format="+.2f"), "n:Q", "text:N"],
    )
    return alt.layer(span, point).properties(height=280)


def differences(rows: pd.DataFrame) -> alt.LayerChart:
    """Draw emotion on two maps, touchpoint by touchpoint, with intervals.

    Args:
        rows: touchpoint, map (its name), value, lower, upper.
    """
    names = list(dict.fromkeys(rows["map"]))
    colour = alt.Color("map:N", title=None, scale=alt.Scale(domain=names, range=[theme.MAIN, theme.ACCENT]))
    base = alt.Chart(rows).encode(
        y=alt.Y("touchpoint:N", sort=None, title=None, axis=alt.Axis(labelLimit=240)),
        yOffset=alt.YOffset("map:N", sort=names),
        color=colour,
    )
    scale = alt.Scale(domain=[-2, 2])
    span = base.mark_rule(strokeWidth=3).encode(x=alt.X("lower:Q", title="emotion, -2 to 2", scale=scale), x2="upper:Q")
    shape = alt.Shape("map:N", title=None, scale=alt.Scale(domain=names, range=["circle", "diamond"]))
    point = base.mark_point(filled=True, size=110, opacity=1).encode(
        x=alt.X("value:Q", scale=scale),
        shape=shape,
        tooltip=["touchpoint:N", "map:N", alt.Tooltip("value:Q", format="+.2f")],
    )
    return alt.layer(span, point).properties(height=alt.Step(22))


def scores(rows: pd.DataFrame) -> alt.LayerChart:
    """Draw the team's scores against those of the evidence, the biggest disagreement first.

    Args:
        rows: label, team, evidence, lower, upper.
    """
    long = pd.concat(
        [
            pd.DataFrame({"label": rows["label"], "who": "team", "score": rows["team"]}),
            pd.DataFrame({"label": rows["label"], "who": "evidence", "score": rows["evidence"]}),
        ]
    ).dropna(subset=["score"])
    order = list(rows["label"])
    y = alt.Y("label:N", sort=order, title=None, axis=alt.Axis(labelLimit=320))
    scale = alt.Scale(domain=[0, 5])
    gap = (
        alt.Chart(rows)
        .mark_rule(color=theme.QUIET, strokeDash=[3, 3])
        .encode(y=y, x=alt.X("team:Q", scale=scale), x2="evidence:Q")
    )
    span = alt.Chart(rows).mark_rule(color=theme.MAIN, strokeWidth=3).encode(y=y, x="lower:Q", x2="upper:Q")
    who = alt.Scale(domain=["team", "evidence"], range=[theme.ACCENT, theme.MAIN])
    points = (
        alt.Chart(long)
        .mark_point(filled=True, size=110, opacity=1)
        .encode(
            y=y,
            x=alt.X("score:Q", title="score, 0 to 5", scale=scale),
            color=alt.Color("who:N", title=None, scale=who),
            shape=alt.Shape(
                "who:N", title=None, scale=alt.Scale(domain=["team", "evidence"], range=["diamond", "circle"])
            ),
            tooltip=["label:N", "who:N", alt.Tooltip("score:Q", format=".1f")],
        )
    )
    return alt.layer(gap, span, points).properties(height=alt.Step(24))


def _axes(picture: Any) -> dict[str, Any]:
    x = alt.Scale(domain=[0, picture.width], nice=False, zero=False)
    y = alt.Scale(domain=[picture.height, 0], nice=False, zero=False)
    return {"x": alt.X("x:Q", axis=None, scale=x), "y": alt.Y("y:Q", axis=None, scale=y)}


def _of(column: str) -> alt.ExprRef:
    """Take a property of a mark from a column of its rows: so one layer holds what differs in looks alone."""
    return alt.ExprRef(f"datum.{column}")


def _rects(picture: Any, colours: dict[str, str], axes: dict[str, Any]) -> list[alt.Chart]:
    rows = []
    roles = sorted(dict.fromkeys(r["role"] for r in picture.rects), key=lambda name: not name.startswith("column"))
    for rect in sorted(picture.rects, key=lambda one: roles.index(one["role"])):  # columns lie below all else
        role = rect["role"]
        filled = f"{role}_fill" in colours
        line = colours["card_line"] if role == "card" else colours.get(role) if filled else None
        fill = colours.get(f"{role}_fill", colours.get(role, colours["card"]))
        look = {"fill": fill, "line": line, "thick": 1.2 if line else 0, "round": _ROUND.get(role, 0)}
        rows.append({**rect, **look, "tip": rect["tip"] or None})
    mark = alt.Chart(pd.DataFrame(rows)).mark_rect(
        fill=_of("fill"), fillOpacity=1, stroke=_of("line"), strokeWidth=_of("thick"), cornerRadius=_of("round"),
        tooltip=_of("tip"),
    )  # fmt: skip
    return [mark.encode(**axes, x2=alt.X2("x2:Q"), y2=alt.Y2("y2:Q"))] if rows else []


def _curves(picture: Any, colours: dict[str, str], axes: dict[str, Any], unit: str) -> list[alt.Chart]:
    layers = []
    if picture.bands:
        layers.append(
            alt.Chart(pd.DataFrame(picture.bands))
            .mark_area(color=colours["band"], opacity=0.28, interpolate="monotone")
            .encode(**axes, y2=alt.Y2("y2:Q"), detail=alt.Detail("band:N"))
        )
    for role in ("gap", "guess", "curve"):
        rows = [point for point in picture.lines if point["role"] == role]
        if rows:
            layers.append(
                alt.Chart(pd.DataFrame(rows))
                .mark_line(
                    color=colours[role],
                    interpolate="monotone",
                    strokeDash=_DASHES[role],
                    strokeWidth=alt.ExprRef(f"{_WIDTHS[role]:g} * {unit}"),
                )
                .encode(**axes, detail=alt.Detail("line:N"))
            )
    return layers


def _marks(picture: Any, colours: dict[str, str], axes: dict[str, Any], unit: str) -> list[alt.Chart]:
    rows = []
    for mark in picture.marks:
        colour = colours[mark["role"]]
        look = {"fill": colours["paper"] if mark["hollow"] else colour, "line": colour, "tip": mark["tip"] or None}
        rows.append({**mark, **look})
    points = alt.Chart(pd.DataFrame(rows)).mark_point(
        shape=_of("shape"), filled=True, opacity=1, fill=_of("fill"), stroke=_of("line"), tooltip=_of("tip"),
        strokeWidth=alt.ExprRef(f"2 * {unit}"), size=alt.ExprRef(f"datum.size * pow({unit}, 2)"),
    )  # fmt: skip
    return [points.encode(**axes)] if rows else []


def _texts(picture: Any, colours: dict[str, str], axes: dict[str, Any], unit: str) -> list[alt.Chart]:
    rows = [
        {"text": t["text"], "x": t["x"], "y": t["y"], "colour": colours[t["role"]], "size": t["size"],
         "weight": "bold" if t["bold"] else "normal", "align": t["align"], "angle": 270 if t["upright"] else 0}
        for t in picture.texts
    ]  # fmt: skip
    words = alt.Chart(pd.DataFrame(rows)).mark_text(
        color=_of("colour"), fontSize=alt.ExprRef(f"datum.size * {unit}"), fontWeight=_of("weight"),
        align=_of("align"), baseline="middle", angle=_of("angle"),
    )  # fmt: skip
    return [words.encode(**axes, text=alt.Text("text:N"))] if rows else []


def guesses(rows: pd.DataFrame) -> alt.VConcatChart:
    """Draw the teams' guesses against the evidence and its interval, emotion and who leaves apart.

    Args:
        rows: As `Guesses.rows`.
    """
    parts = []
    for what, title, form in (("emotion", "emotion, -2 to 2", "+.1f"), ("drop_off", "leave here", ".0%")):
        mine = rows[rows["what"] == what]
        if mine.empty:
            continue
        base = alt.Chart(mine).encode(
            y=alt.Y(
                "touchpoint:N", sort=list(dict.fromkeys(mine["touchpoint"])), title=None, axis=alt.Axis(labelLimit=240)
            )
        )
        axis = alt.Axis(format=form)
        span = base.mark_rule(color=theme.MAIN, strokeWidth=10, opacity=0.45).encode(
            x=alt.X("lower:Q", title=title, axis=axis), x2="upper:Q"
        )
        truth = base.mark_tick(color=theme.MAIN, thickness=4, height=20).encode(x="evidence:Q")
        teams = list(dict.fromkeys(rows["team"]))
        colours = [theme.CATEGORIES[1 + i % (len(theme.CATEGORIES) - 1)] for i in range(len(teams))]
        shapes = ["diamond", "triangle-up", "square", "circle", "cross", "triangle-down"]
        guess = base.mark_point(filled=True, size=120, opacity=1).encode(
            x="guess:Q",
            color=alt.Color("team:N", title=None, scale=alt.Scale(domain=teams, range=colours)),
            shape=alt.Shape(
                "team:N", title=None, scale=alt.Scale(domain=teams, range=[shapes[i % 6] for i in range(len(teams))])
            ),
            tooltip=[
                "team:N",
                "touchpoint:N",
                alt.Tooltip("guess:Q", format=form),
                alt.Tooltip("points:Q", format=".0f"),
            ],
        )
        parts.append(alt.layer(span, truth, guess).properties(height=alt.Step(30), width=620))
    return alt.vconcat(*parts, spacing=10)
