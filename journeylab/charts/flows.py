"""Ways through the shop: Sankey diagrams, transition graphs, step matrices, and where visits end."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import altair as alt
import pandas as pd

from journeylab.charts import theme

if TYPE_CHECKING:
    from collections.abc import Sequence

_POINTS = 12
_BAR = 0.06
#: Names that stand for no event are drawn quiet.
QUIET = ("exit", "entry", "other")


def exits(rows: pd.DataFrame, *, title: str, most: int = 15) -> alt.LayerChart:
    """Draw the exit rate of each page with its interval, the most seen first.

    Args:
        rows: page, n, of, rate, lower, upper.
        title: What the rate is.
        most: How many pages to draw.
    """
    base = alt.Chart(rows.head(most)).encode(
        y=alt.Y("page:N", sort=None, title=None, axis=alt.Axis(labelLimit=260)),
        tooltip=[
            alt.Tooltip("page:N"),
            alt.Tooltip("n:Q", title="ended there", format=","),
            alt.Tooltip("of:Q", title="of", format=","),
            alt.Tooltip("rate:Q", format=".1%"),
            alt.Tooltip("lower:Q", format=".1%"),
            alt.Tooltip("upper:Q", format=".1%"),
        ],
    )
    x = alt.X("lower:Q", title=title, axis=alt.Axis(format=".0%", tickCount=7))
    return alt.layer(
        base.mark_rule(strokeWidth=2, color=theme.MAIN).encode(x=x, x2="upper:Q"),
        base.mark_point(filled=True, size=70, color=theme.MAIN).encode(x="rate:Q"),
    ).properties(height=alt.Step(26))


def sankey(flows: pd.DataFrame, *, labels: Sequence[str], proof: str) -> alt.LayerChart:
    """Draw flows from layer to layer as bands whose width is their number; every node's in equals its out.

    Args:
        flows: layer (from 0), source, target, n.
        labels: A name a layer.
        proof: The line that says that in equals out.
    """
    order = _order(flows)
    colours = _colours(order)
    sides = pd.concat([flows.groupby(["layer", "source"])["n"].sum(), _last_targets(flows)])
    total = float(flows.loc[flows["layer"] == 0, "n"].sum())
    gap = 0.02 * total
    tops: dict[tuple[int, str], float] = {}
    nodes = []
    for layer in range(int(flows["layer"].max()) + 2):
        here = [(name, float(sides[layer, name])) for name in order if (layer, name) in sides.index]
        y = 0.0
        for name, n in here:
            tops[layer, name] = y
            nodes.append({"x": float(layer), "x2": layer + _BAR, "y": y, "y2": y + n, "name": name, "n": n})
            y += n + gap
    nodes_frame = pd.DataFrame(nodes)
    nodes_frame["share"] = nodes_frame["n"] / total
    nodes_frame["middle"] = (nodes_frame["y"] + nodes_frame["y2"]) / 2
    nodes_frame["said"] = [f"{r.name} {r.share:.0%}" for r in nodes_frame.itertuples(index=False)]
    bands = _bands(flows, tops, order)
    deepest = float(nodes_frame["y2"].max())
    y_scale = alt.Scale(domain=[0, deepest], reverse=True, nice=False)
    x_scale = alt.Scale(domain=[0, int(flows["layer"].max()) + 1.5], nice=False)
    words = "{" + ", ".join(f"'{i}': {_quoted(label)}" for i, label in enumerate(labels)) + "}"
    axis = alt.Axis(
        values=list(range(len(labels))),
        labelExpr=f"{words}[datum.value]",
        grid=False,
        orient="top",
        domain=False,
        ticks=False,
    )
    colour = alt.Color("name:N", scale=alt.Scale(domain=list(colours), range=list(colours.values())), legend=None)
    drawn = (
        alt.Chart(bands)
        .mark_area(opacity=0.35, interpolate="monotone")
        .encode(
            x=alt.X("x:Q", title=None, scale=x_scale, axis=axis),
            y=alt.Y("top:Q", title=None, scale=y_scale, axis=None),
            y2="bottom:Q",
            detail="flow:N",
            color=colour,
            tooltip=[alt.Tooltip("flow:N"), alt.Tooltip("n:Q", format=",")],
        )
    )
    base = alt.Chart(nodes_frame).encode(
        tooltip=["name:N", alt.Tooltip("n:Q", format=","), alt.Tooltip("share:Q", format=".1%")]
    )
    rects = base.mark_rect().encode(
        x=alt.X("x:Q", scale=x_scale), x2="x2:Q", y=alt.Y("y:Q", scale=y_scale), y2="y2:Q", color=colour
    )
    texts = (
        base.transform_filter(f"datum.n >= {0.02 * total}")
        .mark_text(align="left", dx=4, color=theme.QUIET, fontWeight="bold")
        .encode(x=alt.X("x2:Q", scale=x_scale), y=alt.Y("middle:Q", scale=y_scale), text="said:N")
    )
    return alt.layer(drawn, rects, texts).properties(width=720, height=420, title=_subtitle(proof))


def matrix(cells: pd.DataFrame, *, order: Sequence[str], proof: str, signed: bool = False) -> alt.LayerChart:
    """Draw the share of units at each node by step; each column adds up to all.

    Args:
        cells: node, step, share, n.
        order: Nodes from top to bottom.
        proof: The line that says that each step adds up.
        signed: Whether `share` is a difference of two groups.
    """
    biggest = max(float(cells["share"].abs().max()), 1e-9)
    scale = alt.Scale(range=list(theme.SCALE), domain=[0, biggest])
    if signed:
        scale = alt.Scale(range=[theme.BAD, "#ffffff", theme.MAIN], domain=[-biggest, 0, biggest])
    strong = cells["share"].abs() > biggest / 2
    base = alt.Chart(cells.assign(strong=strong)).encode(
        x=alt.X("step:O", title="step", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("node:N", sort=list(order), title=None, axis=alt.Axis(labelLimit=220)),
        tooltip=["node:N", "step:O", alt.Tooltip("share:Q", format=".1%"), alt.Tooltip("n:Q", format=",")],
    )
    return alt.layer(
        base.mark_rect(cornerRadius=2).encode(color=alt.Color("share:Q", scale=scale, legend=None)),
        base.transform_filter("abs(datum.share) >= 0.0005")
        .mark_text(fontSize=11)
        .encode(
            text=alt.Text("share:Q", format="+.1%" if signed else ".1%"),
            color=alt.condition("datum.strong", alt.value("#ffffff"), alt.value("#0b2a28")),
        ),
    ).properties(width=alt.Step(64), height=alt.Step(26), title=_subtitle(proof))


def graph(rows: pd.DataFrame, *, proof: str, most: int = 40) -> alt.LayerChart:
    """Draw transitions as arrows between nodes on a circle; wider arrows are more frequent.

    Args:
        rows: source, target, n, share (of all that leave the source).
        proof: The line that says that in equals out.
        most: How many arrows to draw.
    """
    shown = rows[rows["source"] != rows["target"]].nlargest(most, "n", keep="first")
    names = list(dict.fromkeys([*rows["source"], *rows["target"]]))
    place = {name: 2 * math.pi * i / len(names) - math.pi / 2 for i, name in enumerate(names)}
    edges = []
    for row in shown.itertuples(index=False):
        x, y, x2, y2 = *_spot(place[row.source]), *_spot(place[row.target])
        dx, dy = x2 - x, y2 - y
        size = math.hypot(dx, dy)
        side = (-dy / size * 0.02, dx / size * 0.02)  # beside each other, there and back
        edges.append(
            {
                "x": x + 0.08 * dx / size + side[0], "y": y + 0.08 * dy / size + side[1],
                "x2": x2 - 0.1 * dx / size + side[0], "y2": y2 - 0.1 * dy / size + side[1],
                "angle": math.degrees(math.atan2(dx, dy)), "way": f"{row.source} to {row.target}",
                "n": row.n, "share": row.share,
            }
        )  # fmt: skip
    spots = pd.DataFrame([{"name": n, "x": _spot(a)[0], "y": _spot(a)[1]} for n, a in place.items()])
    spots["n"] = [
        float(max(rows.loc[rows["source"] == n, "n"].sum(), rows.loc[rows["target"] == n, "n"].sum()))
        for n in spots["name"]
    ]
    scale = alt.Scale(domain=[-1.35, 1.35])
    tips = [alt.Tooltip("way:N"), alt.Tooltip("n:Q", format=","), alt.Tooltip("share:Q", format=".1%")]
    lines = alt.Chart(pd.DataFrame(edges)).encode(
        x=alt.X("x:Q", scale=scale, axis=None), y=alt.Y("y:Q", scale=scale, axis=None), tooltip=tips
    )
    width = alt.Size("n:Q", scale=alt.Scale(range=[0.6, 9]), legend=None)
    heads = lines.mark_point(shape="triangle", filled=True, size=70, color=theme.MAIN, opacity=0.9)
    base = alt.Chart(spots).encode(x=alt.X("x:Q", scale=scale), y=alt.Y("y:Q", scale=scale))
    dots = base.mark_circle(color=theme.MAIN, opacity=1).encode(
        size=alt.Size("n:Q", scale=alt.Scale(range=[60, 900]), legend=None),
        tooltip=["name:N", alt.Tooltip("n:Q", format=",")],
    )
    return (
        alt.layer(
            lines.mark_rule(opacity=0.45, color=theme.MAIN, strokeCap="round").encode(x2="x2:Q", y2="y2:Q", size=width),
            heads.encode(
                x=alt.X("x2:Q", scale=scale), y=alt.Y("y2:Q", scale=scale), angle=alt.Angle("angle:Q", scale=None)
            ),
            dots,
            base.mark_text(dy=-20, color=theme.QUIET, fontWeight="bold", fontSize=12).encode(text="name:N"),
        )
        .resolve_scale(size="independent", angle="independent")
        .properties(width=640, height=520, title=_subtitle(proof))
    )


def _order(flows: pd.DataFrame) -> list[str]:
    sizes = pd.concat([flows.groupby("source")["n"].sum(), flows.groupby("target")["n"].sum()]).groupby(level=0).max()
    names = sorted(
        sizes.index, key=lambda name: (name in QUIET, QUIET.index(name) if name in QUIET else 0, -sizes[name], name)
    )
    return [*(n for n in names if n not in QUIET), *(n for n in ("other", "entry", "exit") if n in names)]


def _last_targets(flows: pd.DataFrame) -> pd.Series:
    last = int(flows["layer"].max())
    ends = flows[flows["layer"] == last].groupby("target")["n"].sum()
    ends.index = pd.MultiIndex.from_tuples([(last + 1, name) for name in ends.index], names=["layer", "source"])
    return ends


def _bands(flows: pd.DataFrame, tops: dict[tuple[int, str], float], order: Sequence[str]) -> pd.DataFrame:
    place = {name: i for i, name in enumerate(order)}
    left, right = dict(tops), dict(tops)
    sorted_flows = flows.sort_values(
        ["layer", "source", "target"], key=lambda c: c.map(place) if c.name != "layer" else c
    )
    t = pd.Series(range(_POINTS), dtype=float) / (_POINTS - 1)
    curve = t * t * (3 - 2 * t)
    parts = []
    for row in sorted_flows.itertuples(index=False):
        start, end = left[row.layer, row.source], right[row.layer + 1, row.target]
        left[row.layer, row.source] += row.n
        right[row.layer + 1, row.target] += row.n
        top = start + (end - start) * curve
        x = row.layer + _BAR + (1 - _BAR) * t
        said = f"{row.source} to {row.target}, step {row.layer + 1}"
        parts.append(
            pd.DataFrame({"x": x, "top": top, "bottom": top + row.n, "flow": said, "name": row.source, "n": row.n})
        )
    return pd.concat(parts, ignore_index=True)


def _colours(order: Sequence[str]) -> dict[str, str]:
    bright = [c for c in theme.CATEGORIES if c != theme.QUIET]
    plain = [name for name in order if name not in QUIET]
    return {name: bright[i % len(bright)] for i, name in enumerate(plain)} | dict.fromkeys(
        (name for name in order if name in QUIET), theme.QUIET
    )


def _spot(angle: float) -> tuple[float, float]:
    return math.cos(angle), -math.sin(angle)


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _subtitle(proof: str) -> alt.TitleParams:
    return alt.TitleParams(text=proof, color=theme.QUIET, anchor="start", fontSize=12, fontWeight="normal")
