"""Funnels: how many reach each step, and the rate from step to step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import pandas as pd

from journeylab.charts import theme

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_GROUPS = 8
#: What became of those at the step before, and how strong its bar is.
PARTS = {"reached": 1.0, "open": 0.45, "lost": 0.15}
_SAID = {"reached": "did the step", "open": "still had time", "lost": "lost before it"}
SEEN, CORRECTED, BEFORE = "as counted", "corrected for open windows", "period before"
_SHAPES = {SEEN: "circle", CORRECTED: "diamond"}
#: Marks beside the bars, by the column that places them: their shape and colour.
_MARKS = {"n_corrected": ("diamond", theme.QUIET), "n_before": ("triangle-down", theme.ACCENT)}


def bars(rows: pd.DataFrame, *, grouped: bool, unit: str = "visitor") -> alt.TopLevelMixin:
    """Draw at each step those who did it, and paler those of the step before who still had time or were lost.

    Each bar is labelled with its count and its share of the entrants; a mark stands where the bar
    ended in the period before, or would end once corrected for open windows.

    Args:
        rows: As `Funnel.rows`.
        grouped: Whether to draw the groups beside each other; the eight largest are drawn.
        unit: What is counted.
    """
    shown = _largest(rows)
    pairs = zip(shown["n"], shown["rate_of_entrants"], strict=True)
    shown = shown.assign(
        label=[f"{n:,} · {rate:.1%}" for n, rate in pairs], stack=shown["n"] + shown["open"] + shown["lost"]
    )
    if "corrected" in shown:
        # those who came in at this step are no part of the rate
        shown["n_corrected"] = shown["n"] - shown["came"] + shown["corrected"] * shown["of"]
    parts = _parts(shown)
    sides = _sides(shown, grouped=grouped)
    axis = alt.Axis(format="~s", tickMinStep=1, tickCount=7)
    bar = (
        alt.Chart(parts)
        .mark_bar(**({} if grouped else {"color": theme.MAIN, "height": {"band": 0.72}}))
        .encode(
            **sides,
            x=alt.X("start:Q", title=f"{unit}s{_note(parts, rows)}", axis=axis),
            x2="end:Q",
            opacity=alt.Opacity("strength:Q", scale=None),
            tooltip=[alt.Tooltip("what:N", title="bar"), *_tooltip(rows, grouped=grouped, unit=unit)],
        )
    )
    tips = _tooltip(rows, grouped=grouped, unit=unit)
    layers = [bar, *(_mark(shown, column, sides, tips, grouped=grouped) for column in _MARKS if column in shown)]
    if not grouped:
        text = alt.Chart(shown).mark_text(align="left", dx=6, color=theme.QUIET)
        layers.append(text.encode(**sides, x="stack:Q", text="label:N"))
    return alt.layer(*layers).properties(height=alt.Step(18 if grouped else 46))


def rates(rows: pd.DataFrame, *, grouped: bool) -> alt.TopLevelMixin:
    """Draw the rate from each step to the next with its interval; where asked for, corrected and before beside it.

    Args:
        rows: As `Funnel.rows`.
        grouped: Whether to draw the groups beside each other; the eight largest are drawn.
    """
    shown = _largest(rows[rows["position"] > 1])
    long = _versions(shown)
    several = len(set(long["version"])) > 1
    sides = _sides(long, grouped=grouped)
    if several and not grouped:
        sides["yOffset"] = alt.YOffset("version:N", sort=[SEEN, CORRECTED, BEFORE])
    fixed = {} if grouped else {"color": theme.MAIN}
    small = {"opacity": alt.condition("datum.small", alt.value(0.4), alt.value(1.0))} if grouped else {}
    base = alt.Chart(long).encode(**sides, **small, tooltip=_tooltip(rows, grouped=grouped, unit="", several=several))
    title = "share of the step before" + ("; line: the period before" if BEFORE in set(long["version"]) else "")
    span = base.mark_rule(strokeWidth=2, **fixed).encode(
        x=alt.X("low:Q", title=title, axis=alt.Axis(format=".0%", tickCount=7)), x2="high:Q"
    )
    point = base.transform_filter(f"datum.version != '{BEFORE}'")
    point = point.mark_point(filled=True, size=70, opacity=1, **fixed).encode(x="value:Q")
    if CORRECTED in set(long["version"]):
        legend = alt.Legend(orient="top", symbolFillColor=theme.QUIET, symbolStrokeColor=theme.QUIET, labelLimit=240)
        shapes = alt.Scale(domain=list(_SHAPES), range=list(_SHAPES.values()))
        point = point.encode(shape=alt.Shape("version:N", title=None, scale=shapes, legend=legend))
    layers = [span, point]
    if BEFORE in set(long["version"]):
        then = base.transform_filter(f"datum.version == '{BEFORE}'")
        layers.append(then.mark_tick(thickness=3, opacity=1, **fixed).encode(x="value:Q"))
    return alt.layer(*layers).properties(height=alt.Step(18 if grouped or several else 46))


def _largest(rows: pd.DataFrame) -> pd.DataFrame:
    groups = list(dict.fromkeys(rows["group"]))[:_MOST_GROUPS]
    names = [column for column in _DRAWN if column in rows]
    return rows.loc[rows["group"].isin(groups), names].reset_index(drop=True)


#: Columns of a funnel that a chart may show, where it has them.
_DRAWN = (
    "group", "step", "position", "n", "of", "came", "open", "lost", "rate", "lower", "upper", "rate_of_entrants",
    "small", "corrected", "corrected_of", "corrected_lower", "corrected_upper", "n_before", "of_before", "rate_before",
    "change", "change_lower", "change_upper",
)  # fmt: skip


def _mark(
    shown: pd.DataFrame, column: str, sides: dict[str, alt.SchemaBase], tips: list[alt.Tooltip], *, grouped: bool
) -> alt.Chart:
    """Mark beside the bars where they ended before, or would end once corrected."""
    shape, colour = _MARKS[column]
    here = alt.Chart(shown[shown[column].notna()]).encode(**_place(sides), x=f"{column}:Q", tooltip=tips)
    above = 0 if grouped else -20
    return here.mark_point(shape=shape, filled=True, size=60, yOffset=above, opacity=1, color=colour)


def _parts(shown: pd.DataFrame) -> pd.DataFrame:
    """Return a row a piece of a bar: where it starts and ends, and what it is of."""
    pieces, start = [], pd.Series(0, index=shown.index)
    for part, strength in PARTS.items():
        length = shown["n"] if part == "reached" else shown[part]
        faded = shown["small"].map({True: 0.4, False: 1.0})
        piece = shown.assign(part=part, what=_SAID[part], start=start, end=start + length, strength=strength * faded)
        pieces.append(piece[length > 0] if part != "reached" else piece)
        start = start + length
    return pd.concat(pieces, ignore_index=True).drop(columns=["label", "stack"])


def _note(parts: pd.DataFrame, rows: pd.DataFrame) -> str:
    """Say what the pale parts of the bars are, and the marks beside them."""
    pale = {"open": "pale: still had time", "lost": "palest: lost before the step"}
    said = [text for part, text in pale.items() if part in set(parts["part"])]
    said += ["diamond: corrected for open windows"] if "corrected" in rows else []
    said += ["triangle: the period before"] if "n_before" in rows else []
    return f" ({'; '.join(said)})" if said else ""


def _versions(shown: pd.DataFrame) -> pd.DataFrame:
    """Return a row a version of a rate: as counted, corrected, of the period before; those there are."""
    from_to = {SEEN: ("rate", "lower", "upper"), CORRECTED: ("corrected", "corrected_lower", "corrected_upper")}
    parts = [
        shown.assign(version=version, value=shown[value], low=shown[low], high=shown[high])
        for version, (value, low, high) in from_to.items()
        if value in shown
    ]
    if "rate_before" in shown:
        then = shown["rate_before"]
        parts.append(shown.assign(version=BEFORE, value=then, low=then, high=then))
    long = pd.concat(parts, ignore_index=True)
    return long[(long["version"] == SEEN) | long["value"].notna()]


def _sides(rows: pd.DataFrame, *, grouped: bool) -> dict[str, alt.SchemaBase]:
    y = alt.Y("step:N", sort=list(dict.fromkeys(rows["step"])), title=None, axis=alt.Axis(labelLimit=220))
    if not grouped:
        return {"y": y}
    groups = list(dict.fromkeys(rows["group"]))
    return {"y": y, "yOffset": alt.YOffset("group:N", sort=groups), "color": _colour(groups)}


def _place(sides: dict[str, alt.SchemaBase]) -> dict[str, alt.SchemaBase]:
    return {name: side for name, side in sides.items() if name != "color"}


def _colour(groups: Sequence[str]) -> alt.Color:
    scale = alt.Scale(domain=list(groups), range=list(theme.CATEGORIES[: len(groups)]))
    return alt.Color("group:N", title=None, scale=scale)


def _tooltip(rows: pd.DataFrame, *, grouped: bool, unit: str, several: bool = False) -> list[alt.Tooltip]:
    """Say every figure of a step: what was counted, what is open and lost, corrected, and before."""
    said = [alt.Tooltip("group:N")] if grouped else []
    said += [alt.Tooltip("step:N"), *([alt.Tooltip("version:N", title="point")] if several else [])]
    counts = {"n": f"{unit}s" if unit else "did the step", "came": "came on", "of": "of", "open": "still had time"}
    said += [alt.Tooltip(f"{name}:Q", title=title, format=",") for name, title in (counts | {"lost": "lost"}).items()]
    shares = {
        "rate": "rate", "lower": "lower", "upper": "upper", "corrected": "corrected",
        "corrected_lower": "corrected, lower", "corrected_upper": "corrected, upper", "rate_before": "before",
        "change": "change since", "change_lower": "change, lower", "change_upper": "change, upper",
    }  # fmt: skip
    here = {name: title for name, title in shares.items() if name in rows}
    return said + [alt.Tooltip(f"{name}:Q", title=title, format=".1%") for name, title in here.items()]
