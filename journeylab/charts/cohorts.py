"""Cohorts: the retention triangle, curves, cumulated margin against cost, and time to the second purchase."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import pandas as pd

from journeylab.charts import theme

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_COHORTS = 60


def triangle(cells: pd.DataFrame, *, unit: str) -> alt.LayerChart:
    """Draw the share of each cohort that bought in each period since; a partial period is pale and starred.

    Args:
        cells: As `Cohorts.cells`; the first period, always whole, is left out of the colours.
        unit: 'week' or 'month'.
    """
    shown = _named(cells, unit)
    last = sorted(shown["cohort"].unique())[-_MOST_COHORTS:]
    shown = shown[shown["cohort"].isin(last) & (shown["period"] > 0)]
    most = float(shown["rate"].max()) if len(shown) else 1.0
    shown = shown.assign(
        strong=(shown["rate"] > most / 2) & ~shown["partial"],
        label=[
            f"{rate:.0%}{'*' if partial else ''}" for rate, partial in zip(shown["rate"], shown["partial"], strict=True)
        ],
    )
    base = alt.Chart(shown).encode(
        x=alt.X("period:O", title=f"{unit}s since the first purchase (* not over yet)", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("name:O", title=None, sort=_order(shown)),
        tooltip=[
            alt.Tooltip("name:O", title="cohort"),
            alt.Tooltip("period:O", title=f"{unit}s since"),
            alt.Tooltip("n:Q", format=","),
            alt.Tooltip("of:Q", format=","),
            *[alt.Tooltip(f"{name}:Q", format=".1%") for name in ("rate", "lower", "upper")],
            alt.Tooltip("partial:N"),
        ],
    )
    many = shown["period"].max() > 26 if len(shown) else False
    layers = [
        base.mark_rect(cornerRadius=2).encode(
            color=alt.Color(
                "rate:Q",
                title="bought again",
                scale=alt.Scale(range=list(theme.SCALE), domain=[0, most]),
                legend=alt.Legend(format=".0%"),
            ),
            opacity=alt.condition("datum.partial", alt.value(0.15), alt.value(1.0)),
        )
    ]
    if not many:
        ink = alt.condition("datum.strong", alt.value("#ffffff"), alt.value("#0b2a28"))
        solid = base.transform_filter("!datum.partial").mark_text(fontSize=11).encode(text="label:N", color=ink)
        pale = base.transform_filter("datum.partial").mark_text(fontSize=11, color=theme.QUIET).encode(text="label:N")
        layers += [solid, pale]
    return alt.layer(*layers).properties(height=alt.Step(16 if many else 24))


def curves(cells: pd.DataFrame, *, unit: str) -> alt.LayerChart:
    """Draw each cohort's share by period since, pale, and that of all together, strong; partial periods left out.

    Args:
        cells: As `Cohorts.cells`.
        unit: 'week' or 'month'.
    """
    shown = _named(cells[~cells["partial"] & (cells["period"] > 0)], unit)
    together = shown.groupby("period", as_index=False)[["n", "of"]].sum()
    together = together.assign(rate=together["n"] / together["of"])
    x = _since(unit)
    y = alt.Y("rate:Q", title="share who bought", axis=alt.Axis(format=".0%"))
    tooltip = [alt.Tooltip("n:Q", format=","), alt.Tooltip("of:Q", format=","), alt.Tooltip("rate:Q", format=".1%")]
    return alt.layer(
        alt.Chart(shown)
        .mark_line(color=theme.QUIET, opacity=0.45, strokeWidth=1)
        .encode(x=x, y=y, detail="name:N", tooltip=["name:N", *tooltip]),
        alt.Chart(together)
        .mark_line(color=theme.MAIN, strokeWidth=3, point={"color": theme.MAIN})
        .encode(x=x, y=y, tooltip=["period:Q", *tooltip]),
    ).properties(height=300)


def cumulated(cells: pd.DataFrame, figure: str, *, unit: str, cost: float, currency: str) -> alt.LayerChart:
    """Draw revenue or margin a customer cumulated, a line a cohort, lighter the younger, with the cost of winning one.

    Args:
        cells: As `Cohorts.cells`.
        figure: 'revenue' or 'margin'.
        unit: 'week' or 'month'.
        cost: Cost of winning a customer; 0 draws no line.
        currency: Of the money.
    """
    shown = _named(cells[~cells["partial"]], unit)
    lines = (
        alt.Chart(shown)
        .mark_line()
        .encode(
            x=_since(unit),
            y=alt.Y(f"{figure}:Q", title=_title(f"{figure} a customer so far", currency)),
            detail="name:N",
            color=alt.Color(
                "cohort:T",
                title="first purchase",
                scale=alt.Scale(range=[theme.SCALE[4], theme.SCALE[1]]),
                legend=alt.Legend(format="%b %Y", gradientLength=320, tickCount=4),
            ),
            tooltip=[
                alt.Tooltip("name:O", title="cohort"),
                alt.Tooltip("period:Q", title=f"{unit}s since"),
                alt.Tooltip(f"{figure}:Q", format=",.2f"),
                alt.Tooltip("of:Q", title="customers", format=","),
            ],
        )
    )
    return alt.layer(lines, *_cost(cost, currency)).properties(height=320)


def payback(rows: pd.DataFrame, *, unit: str, cost: float, currency: str) -> alt.LayerChart:
    """Draw mean margin a customer cumulated with its band, and the cost of winning one.

    Args:
        rows: As `Cohorts.payback`.
        unit: 'week' or 'month'.
        cost: Cost of winning a customer; 0 draws no line.
        currency: Of the margin.
    """
    base = alt.Chart(rows).encode(
        x=_since(unit),
        tooltip=[
            "period:Q",
            *[alt.Tooltip(f"{name}:Q", format=",.2f") for name in ("margin", "lower", "upper")],
            alt.Tooltip("n:Q", title="customers", format=","),
        ],
    )
    y = alt.Y("margin:Q", title=_title("mean margin a customer so far", currency))
    return alt.layer(
        base.mark_area(color=theme.MAIN, opacity=0.2).encode(y=alt.Y("lower:Q"), y2="upper:Q"),
        base.mark_line(color=theme.MAIN, point={"color": theme.MAIN}).encode(y=y),
        *_cost(cost, currency),
    ).properties(height=320)


def survival(curve: pd.DataFrame, *, grouped: bool) -> alt.LayerChart:
    """Draw the share who have bought a second time by day, as steps with their band.

    Args:
        curve: As `SecondOrder.curve`.
        grouped: Whether there is more than one group.
    """
    base = alt.Chart(_thinned(curve)).encode(
        x=alt.X("day:Q", title="days since the first purchase"),
        tooltip=[
            "group:N",
            "day:Q",
            *[alt.Tooltip(f"{name}:Q", format=".1%") for name in ("rate", "lower", "upper")],
            alt.Tooltip("at_risk:Q", title="still waiting", format=","),
        ],
    )
    y = alt.Y("rate:Q", title="have bought again", axis=alt.Axis(format=".0%"))
    if grouped:
        names = list(dict.fromkeys(curve["group"]))
        scale = alt.Scale(domain=names, range=list(theme.CATEGORIES[: len(names)]))
        colour = alt.Color("group:N", title=None, scale=scale, legend=alt.Legend(symbolOpacity=1))
        return alt.layer(
            base.mark_area(opacity=0.15, interpolate="step-after").encode(
                y=alt.Y("lower:Q"), y2="upper:Q", color=colour
            ),
            base.mark_line(interpolate="step-after").encode(y=y, color=colour),
        ).properties(height=320)
    return alt.layer(
        base.mark_area(color=theme.MAIN, opacity=0.2, interpolate="step-after").encode(
            y=alt.Y("lower:Q"), y2="upper:Q"
        ),
        base.mark_line(color=theme.MAIN, interpolate="step-after").encode(y=y),
    ).properties(height=320)


def _thinned(curve: pd.DataFrame, most: int = 400) -> pd.DataFrame:
    """Keep at most so many days a group, the first and last among them, so that a chart stays small."""
    parts = [
        part.iloc[sorted({*range(0, len(part), len(part) // most + 1), len(part) - 1})]
        for _, part in curve.groupby("group", sort=False)
    ]
    return pd.concat(parts, ignore_index=True)


def _named(cells: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Name cohorts in words that sort: '2026-03', or the Monday of a week."""
    return cells.assign(name=cells["cohort"].dt.strftime("%Y-%m" if unit == "month" else "%Y-%m-%d"))


def _since(unit: str) -> alt.X:
    return alt.X("period:Q", title=f"{unit}s since the first purchase", axis=alt.Axis(tickMinStep=1, format="d"))


def _order(cells: pd.DataFrame) -> Sequence[str]:
    return sorted(cells["name"].unique())


def _cost(cost: float, currency: str) -> list[alt.Chart]:
    if not cost:
        return []
    at = pd.DataFrame({"cost": [cost], "said": [f"cost of winning a customer: {_plain(cost)} {currency}".strip()]})
    rule = alt.Chart(at).mark_rule(color=theme.ACCENT, strokeDash=[6, 4]).encode(y="cost:Q")
    label = (
        alt.Chart(at)
        .mark_text(align="right", dx=-4, dy=-7, color=theme.ACCENT)
        .encode(y="cost:Q", x=alt.value("width"), text="said:N")
    )
    return [rule, label]


def _plain(money: float) -> str:
    return f"{money:,.2f}".removesuffix(".00")


def _title(what: str, currency: str) -> str:
    return f"{what} ({currency})" if currency else what
