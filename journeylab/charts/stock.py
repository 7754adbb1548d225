"""Stock: what is there and comes beside what should be there, how long it lasts, and what lies too long."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import pandas as pd

from journeylab.charts import sku_bars, theme

if TYPE_CHECKING:
    from datetime import date

#: Each state with its colour and its shape, so that neither alone tells them apart.
STATES = {
    "out of stock": (theme.BAD, "cross"),
    "will run out": (theme.ACCENT, "triangle-down"),
    "order now": ("#b0832a", "diamond"),
    "fine": (theme.GOOD, "circle"),
    "overstock": ("#5c79d8", "square"),
    "just in": (theme.GOOD, "triangle-up"),
    "not selling": (theme.QUIET, "triangle-right"),
    "stock not known": (theme.QUIET, "stroke"),
}
_PARTS = {"there": theme.MAIN, "arriving in time": "#5c79d8", "to order": theme.ACCENT}


def levels(rows: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw for each SKU what is there, what arrives in time and what to order, beside its reorder point.

    Args:
        rows: As `Replenishment.rows`; the most urgent are drawn.
    """
    shown = rows.head(sku_bars.MOST)
    label = sku_bars.labels(shown)
    there = (shown["on_hand"] - shown["committed"]).clip(lower=0).fillna(0)
    parts = {"there": there, "arriving in time": shown["arriving"], "to order": shown["order"].fillna(0)}
    point = shown["reorder_point"].where(shown["reorder_point"] > 0)
    bars = pd.concat(
        [
            pd.DataFrame({"label": label, "part": part, "units": units, "share": units / point})
            for part, units in parts.items()
        ]
    ).dropna(subset=["share"])
    known = shown.assign(label=label, whole=1.0).loc[
        point.notna().to_numpy(), ["label", "whole", "reorder_point", "expected", "safety_stock"]
    ]
    x = alt.X("share:Q", title="share of the reorder point", axis=alt.Axis(format="%"), scale=_clamped(bars))
    tooltip = [
        alt.Tooltip("units:Q", format=",.0f"),
        alt.Tooltip("share:Q", title="of the reorder point", format=".0%"),
    ]
    stack = sku_bars.stacked(bars, _PARTS, x, tooltip)
    mark = (
        alt.Chart(known)
        .mark_tick(color=theme.QUIET, thickness=3, size=18)
        .encode(
            y=sku_bars.by_sku(known["label"]),
            x="whole:Q",
            tooltip=[
                alt.Tooltip("label:N", title="SKU"),
                alt.Tooltip("reorder_point:Q", title="reorder point", format=",.0f"),
                alt.Tooltip("expected:Q", title="expected demand", format=",.0f"),
                alt.Tooltip("safety_stock:Q", title="safety stock", format=",.0f"),
            ],
        )
    )
    return alt.layer(stack, mark).properties(height=alt.Step(22))


def _clamped(bars: pd.DataFrame) -> alt.Scale:
    """Cut an axis that one SKU would stretch so that nothing else could be read."""
    most = bars.groupby("label")["share"].sum().max() if len(bars) else 1.0
    return alt.Scale(domain=[0, min(max(float(most), 1.2), 4.0)], clamp=True)


def cover(rows: pd.DataFrame, *, as_of: date) -> alt.TopLevelMixin:
    """Draw for each SKU how long what is there and comes will last, beside its lead time.

    Args:
        rows: As `Replenishment.rows`; the most urgent are drawn.
        as_of: The day the order would be placed.
    """
    shown = rows[rows["runs_out"].notna()].head(sku_bars.MOST)
    data = shown.assign(
        label=sku_bars.labels(shown),
        start=pd.Timestamp(as_of),
        earliest=pd.Timestamp(as_of) + pd.to_timedelta(shown["lead_time_days"].round(), unit="D"),
    )[["label", "status", "start", "earliest", "runs_out", "order_by", "days_of_cover"]]
    used = [state for state in STATES if state in set(data["status"])]
    y = sku_bars.by_sku(data["label"])
    tooltip = [
        alt.Tooltip("label:N", title="SKU"),
        alt.Tooltip("status:N"),
        alt.Tooltip("runs_out:T", title="runs out", format="%d %b %Y"),
        alt.Tooltip("order_by:T", title="order by", format="%d %b %Y"),
        alt.Tooltip("earliest:T", title="an order placed now comes", format="%d %b %Y"),
        alt.Tooltip("days_of_cover:Q", title="days of cover, without deliveries", format=",.0f"),
    ]
    wait = (
        alt.Chart(data)
        .mark_bar(color=theme.QUIET, opacity=0.35, height=9)
        .encode(y=y, x=alt.X("start:T", title="lead time (bar), and when it runs out"), x2="earliest:T")
    )
    ends = (
        alt.Chart(data)
        .mark_point(filled=True, size=110, opacity=1)
        .encode(
            y=y,
            x="runs_out:T",
            color=alt.Color("status:N", title=None, sort=used, scale=_scale(used, 0)),
            shape=alt.Shape("status:N", title=None, sort=used, scale=_scale(used, 1)),
            tooltip=tooltip,
        )
    )
    return alt.layer(wait, ends).properties(height=alt.Step(22))


def overstock(rows: pd.DataFrame, *, currency: str) -> alt.TopLevelMixin:
    """Draw what lies too long, in money; in units where nothing has a cost.

    Args:
        rows: As `Replenishment.rows`.
        currency: Of the money.
    """
    money = bool(rows["overstock_cost"].notna().any())
    value = "overstock_cost" if money else "overstock"
    title = f"overstock ({currency})".replace(" ()", "") if money else "overstock, units"
    shown = rows[rows[value] > 0].nlargest(sku_bars.MOST, value)
    data = shown.assign(label=sku_bars.labels(shown))[["label", "overstock", "overstock_cost", "days_of_cover"]]
    return (
        alt.Chart(data)
        .mark_bar(color="#5c79d8")
        .encode(
            y=sku_bars.by_sku(data["label"]),
            x=alt.X(f"{value}:Q", title=title, axis=alt.Axis(format="~s")),
            tooltip=[
                alt.Tooltip("label:N", title="SKU"),
                alt.Tooltip("overstock:Q", title="units too many", format=",.0f"),
                alt.Tooltip("overstock_cost:Q", title="money", format=",.2f"),
                alt.Tooltip("days_of_cover:Q", title="days of cover", format=",.0f"),
            ],
        )
        .properties(height=alt.Step(26))
    )


def classes(rows: pd.DataFrame, *, currency: str) -> alt.TopLevelMixin:
    """Draw how many SKUs are in each class of value and steadiness, and what they bring.

    Args:
        rows: As `Replenishment.rows`.
        currency: Of the money.
    """
    data = rows.assign(value=rows["abc_xyz"].str[0], steady=rows["abc_xyz"].str[1])
    cells = data.groupby(["value", "steady"], as_index=False).agg(skus=("sku", "count"), net=("net", "sum"))
    steady = [name for name in ("X", "Y", "Z", "?") if name in set(cells["steady"])]
    words = {"X": "X steady", "Y": "Y varying", "Z": "Z sporadic", "?": "? not known"}
    value = {"A": "A: first 80 % of net", "B": "B: next 15 %", "C": "C: the rest"}
    cells = cells.assign(value=cells["value"].map(value), steady=cells["steady"].map(words))
    base = alt.Chart(cells).encode(
        x=alt.X("steady:N", sort=[words[name] for name in steady], title=None, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("value:N", sort=list(value.values()), title=None, axis=alt.Axis(labelLimit=200)),
        tooltip=[
            alt.Tooltip("value:N"),
            alt.Tooltip("steady:N"),
            alt.Tooltip("skus:Q"),
            alt.Tooltip("net:Q", title=f"net of a year ({currency})".replace(" ()", ""), format=",.0f"),
        ],
    )
    most = float(cells["net"].max()) if len(cells) else 1.0
    heat = base.mark_rect(cornerRadius=2).encode(
        color=alt.Color("net:Q", title=None, legend=None, scale=alt.Scale(range=list(theme.SCALE), domain=[0, most]))
    )
    text = base.mark_text(fontSize=15, fontWeight="bold").encode(
        text=alt.Text("skus:Q", format="d"),
        color=alt.condition(f"datum.net > {most * 0.4}", alt.value("white"), alt.value("#12171c")),
    )
    return alt.layer(heat, text).properties(height=alt.Step(70), width=alt.Step(150))


def _scale(used: list[str], which: int) -> alt.Scale:
    return alt.Scale(domain=used, range=[STATES[state][which] for state in used])
