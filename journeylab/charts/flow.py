"""Moves from group to group between two dates, and the money that moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import pandas as pd

from journeylab.charts import theme

if TYPE_CHECKING:
    from collections.abc import Sequence

_GAP = 0.02
#: From the top of one group to the next, so that the labels of small groups stay apart.
_LEAST = 0.055


def moves(rows: pd.DataFrame, *, first: str, last: str) -> alt.LayerChart:
    """Draw the customers of each group on two dates as two columns, and bands between them for who moved.

    Args:
        rows: A row a pair with before, after, n, rate.
        first: The words under the left column.
        last: The words under the right column.
    """
    order = _order(rows)
    left, right = _stack(rows, "before", order), _stack(rows, "after", order)
    bands, total = [], float(rows["n"].sum())
    at = {("before", k): v[0] for k, v in left.items()} | {("after", k): v[0] for k, v in right.items()}
    place = {name: number for number, name in enumerate(order)}
    ordered = sorted(rows.itertuples(), key=lambda row: (place[row.before], place[row.after]))
    for number, row in enumerate(ordered):
        height = row.n / total
        start, end = at["before", row.before], at["after", row.after]
        at["before", row.before] += height
        at["after", row.after] += height
        for x, y in _curve(start, end):
            bands.append(
                {
                    "band": number, "x": x, "low": y, "high": y + height, "before": row.before, "after": row.after,
                    "n": row.n, "rate": row.rate, "stayed": "stayed" if row.before == row.after else "moved",
                }
            )  # fmt: skip
    nodes = [
        {"side": side, "x": x, "x2": x2, "low": low, "high": high, "middle": (low + high) / 2, "group": name,
         "label": f"{name} ({round((high - low) * total):,})"}
        for side, (x, x2), stack in (("left", (-0.03, 0.0), left), ("right", (1.0, 1.03), right))
        for name, (low, high) in stack.items()
    ]  # fmt: skip
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[-0.75, 1.75], nice=False))
    y = alt.Y("low:Q", axis=None, scale=alt.Scale(reverse=True, nice=False))
    colours = alt.Scale(domain=["stayed", "moved"], range=[theme.QUIET, theme.ACCENT])
    area = (
        alt.Chart(pd.DataFrame(bands))
        .mark_area(opacity=0.45, interpolate="monotone")
        .encode(
            x=x, y=y, y2="high:Q", detail="band:N",
            color=alt.Color("stayed:N", title=None, scale=colours),
            tooltip=[
                "before:N", "after:N", alt.Tooltip("n:Q", title="customers", format=","),
                alt.Tooltip("rate:Q", format=".1%"),
            ],
        )
    )  # fmt: skip
    frame = pd.DataFrame(nodes)
    box = alt.Chart(frame).mark_rect(color=theme.MAIN).encode(x=x, x2="x2:Q", y=y, y2="high:Q")
    base = alt.Chart(frame).encode(y=alt.Y("middle:Q", axis=None, scale=alt.Scale(reverse=True, nice=False)))
    before = base.transform_filter("datum.side == 'left'").mark_text(align="right", dx=-6, color=theme.QUIET)
    after = base.transform_filter("datum.side == 'right'").mark_text(align="left", dx=6, color=theme.QUIET)
    texts = [before.encode(x=x, text="label:N"), after.encode(x=alt.X("x2:Q", axis=None), text="label:N")]
    title = alt.TitleParams(f"{first} → {last}", anchor="middle", fontSize=12, fontWeight="normal", color=theme.QUIET)
    return alt.layer(area, box, *texts).properties(height=max(280, 38 * len(order)), title=title)


def changes(rows: pd.DataFrame, *, currency: str, most: int = 12) -> alt.LayerChart:
    """Draw the change of net value of the moves that changed most, each with its interval.

    Args:
        rows: A row a pair with before, after, n, moved_net, moved_net_lower, moved_net_upper.
        currency: Of the change.
        most: How many moves to draw.
    """
    shown = rows.reindex(rows["moved_net"].abs().sort_values(ascending=False).index).head(most)
    shown = shown.assign(
        move=[f"{r.before} → {r.after} (n = {r.n:,})" for r in shown.itertuples()],
        direction=["more" if c > 0 else "less" for c in shown["moved_net"]],
    )
    title = f"change of net value ({currency})" if currency else "change of net value"
    base = alt.Chart(shown).encode(
        y=alt.Y("move:N", sort=list(shown["move"]), title=None, axis=alt.Axis(labelLimit=340)),
        tooltip=["move:N", alt.Tooltip("moved_net:Q", format=",.0f"), alt.Tooltip("moved_net_lower:Q", format=",.0f"),
                 alt.Tooltip("moved_net_upper:Q", format=",.0f")],
    )  # fmt: skip
    colour = alt.Color(
        "direction:N", title=None, scale=alt.Scale(domain=["more", "less"], range=[theme.MAIN, theme.ACCENT])
    )
    bar = base.mark_bar(height={"band": 0.66}).encode(
        x=alt.X("moved_net:Q", title=title, axis=alt.Axis(format="~s")), color=colour
    )
    span = base.mark_rule(strokeWidth=2, color=theme.QUIET).encode(x="moved_net_lower:Q", x2="moved_net_upper:Q")
    return alt.layer(bar, span).properties(height=alt.Step(28))


def _order(rows: pd.DataFrame) -> list[str]:
    """Return the groups, those with most customers on the later date first, those of the earlier date only after."""
    after = rows.groupby("after")["n"].sum().sort_values(ascending=False, kind="stable")
    return [*after.index, *sorted(set(rows["before"]) - set(after.index))]


def _stack(rows: pd.DataFrame, side: str, order: Sequence[str]) -> dict[str, tuple[float, float]]:
    sizes, total = rows.groupby(side)["n"].sum(), float(rows["n"].sum())
    out, at = {}, 0.0
    for name in order:
        if name in sizes.index:
            height = float(sizes[name]) / total
            out[name] = (at, at + height)
            at += max(height + _GAP, _LEAST)
    return out


def _curve(start: float, end: float) -> list[tuple[float, float]]:
    """Return points of a smooth step from one height to another."""
    steps = [place / 12 for place in range(13)]
    return [(x, start + (end - start) * (3 * x**2 - 2 * x**3)) for x in steps]
