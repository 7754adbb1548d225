"""Unhappy customers worth a contact: what a budget recovers, and who stands where."""

from __future__ import annotations

import altair as alt
import pandas as pd

from journeylab.charts import theme

_MOST = 500


def budget(curve: pd.DataFrame, *, contacts: int, currency: str) -> alt.LayerChart:
    """Draw what is recovered by the number of contacts, with the chosen number marked.

    Args:
        curve: A row a number of contacts with contacts, cost and recoverable.
        contacts: The chosen number.
        currency: Of the money.
    """
    money = f"recoverable margin after cost ({currency})" if currency else "recoverable margin after cost"
    base = alt.Chart(curve).encode(
        x=alt.X("contacts:Q", title="customers contacted"),
        y=alt.Y("recoverable:Q", title=money, axis=alt.Axis(format="~s")),
        tooltip=[
            alt.Tooltip("contacts:Q", format=","),
            alt.Tooltip("cost:Q", format=",.0f"),
            alt.Tooltip("recoverable:Q", format=",.0f"),
        ],
    )
    mark = alt.Chart(pd.DataFrame({"contacts": [contacts], "said": [f"{contacts:,} to contact"]})).encode(
        x="contacts:Q"
    )
    return alt.layer(
        base.mark_area(color=theme.MAIN, opacity=0.15),
        base.mark_line(color=theme.MAIN),
        mark.mark_rule(color=theme.ACCENT, strokeDash=[4, 4], strokeWidth=2),
        mark.mark_text(color=theme.ACCENT, align="left", dx=6, dy=-6, baseline="bottom").encode(
            y=alt.datum(0), text="said:N"
        ),
    ).properties(height=280)


def customers(rows: pd.DataFrame, *, currency: str) -> alt.Chart:
    """Draw each unhappy customer by the chance to be alive and the value if alive, by what to do.

    Args:
        rows: As `ClosedLoop.customers`; those with most to recover are drawn.
        currency: Of the money.
    """
    domain = ["contact", "hold-out", "beyond the budget", "not worth it"]
    value = f"margin within the horizon, if alive ({currency})" if currency else "margin within the horizon, if alive"
    data = rows.head(_MOST)[["said", "touchpoint", "p_alive", "value", "recoverable", "plan"]]
    return (
        alt.Chart(data)
        .mark_point(filled=True, size=60, opacity=0.75)
        .encode(
            x=alt.X("p_alive:Q", title="chance to be alive", axis=alt.Axis(format=".0%")),
            y=alt.Y("value:Q", title=value, axis=alt.Axis(format="~s")),
            color=alt.Color(
                "plan:N",
                title=None,
                scale=alt.Scale(domain=domain, range=[theme.ACCENT, theme.MAIN, theme.CATEGORIES[2], theme.QUIET]),
            ),
            shape=alt.Shape(
                "plan:N",
                title=None,
                scale=alt.Scale(domain=domain, range=["circle", "square", "triangle-up", "diamond"]),
            ),
            tooltip=[
                "said:N",
                "touchpoint:N",
                alt.Tooltip("p_alive:Q", format=".0%"),
                alt.Tooltip("value:Q", format=",.0f"),
                alt.Tooltip("recoverable:Q", format=",.2f"),
                "plan:N",
            ],
        )
        .properties(height=320)
    )


def effect(rows: pd.DataFrame) -> alt.LayerChart:
    """Draw the differences of contacted to held-out customers, each relative to its own uncertainty.

    Args:
        rows: A row an outcome with outcome, difference, lower, upper.
    """
    data = rows.dropna(subset=["lower"]).assign(
        said=[
            f"{name}: {gap:+.3g} ({low:+.3g} to {high:+.3g})"
            for name, gap, low, high in zip(
                rows["outcome"], rows["difference"], rows["lower"], rows["upper"], strict=True
            )
        ]
    )
    half = (data["upper"] - data["lower"]) / 2
    scaled = data[["said"]].assign(gap=data["difference"] / half, low=data["lower"] / half, high=data["upper"] / half)
    base = alt.Chart(scaled).encode(
        y=alt.Y("said:N", sort=list(scaled["said"]), title=None, axis=alt.Axis(labelLimit=420))
    )
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=theme.QUIET, strokeDash=[4, 4]).encode(x="zero:Q")
    return alt.layer(
        zero,
        base.mark_rule(strokeWidth=3, color=theme.MAIN).encode(
            x=alt.X(
                "low:Q", title="contacted less held out, in half intervals", axis=alt.Axis(labels=False, ticks=False)
            ),
            x2="high:Q",
        ),
        base.mark_point(filled=True, size=90, color=theme.MAIN, opacity=1).encode(x="gap:Q"),
    ).properties(height=alt.Step(36))
