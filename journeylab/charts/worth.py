"""What a test's buyers are worth: the difference in value a unit, and who came in."""

from __future__ import annotations

import altair as alt
import pandas as pd

from journeylab.charts import theme

_MOST = 20


def difference(rows: pd.DataFrame, *, currency: str) -> alt.TopLevelMixin:
    """Draw each variant's difference in value a unit with its interval.

    Args:
        rows: As `ValueVerdict.rows`.
        currency: Of the money.
    """
    data = rows.head(_MOST).assign(
        reading=["orders and value disagree" if c else "they agree" for c in rows["conflict"].head(_MOST)]
    )
    domain = ["orders and value disagree", "they agree"]
    base = alt.Chart(data).encode(
        y=alt.Y("variant:N", sort=list(data["variant"]), title=None),
        color=alt.Color("reading:N", title=None, scale=alt.Scale(domain=domain, range=[theme.BAD, theme.MAIN])),
        tooltip=[
            alt.Tooltip("variant:N"),
            alt.Tooltip("effect:Q", title="difference", format="+,.2f"),
            alt.Tooltip("lower:Q", format="+,.2f"),
            alt.Tooltip("upper:Q", format="+,.2f"),
            alt.Tooltip("conversion:Q", title="change in buyers", format="+.1%"),
        ],
    )
    axis = alt.Axis(
        format="+,.2f", title=f"difference in margin a unit ({currency})" if currency else "difference in margin a unit"
    )
    shape = alt.Shape("reading:N", title=None, scale=alt.Scale(domain=domain, range=["cross", "circle"]))
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=theme.QUIET, strokeDash=[4, 4]).encode(x="zero:Q")
    return alt.layer(
        zero,
        base.mark_rule(strokeWidth=3).encode(x=alt.X("lower:Q", axis=axis), x2="upper:Q"),
        base.mark_point(filled=True, size=90, opacity=1).encode(x="effect:Q", shape=shape),
    ).properties(height=alt.Step(50))


def kinds(rows: pd.DataFrame, *, currency: str) -> alt.TopLevelMixin:
    """Draw the share of each kind among the buyers of each variant, the kinds worth most first.

    Args:
        rows: As `ValueVerdict.kinds`; the twenty worth most are drawn.
        currency: Of the money.
    """
    shares = [c for c in rows.columns if c.startswith("share_")]
    shown = rows.head(_MOST)
    label = [
        f"{k} ({currency} {w:,.0f})".replace("( ", "(") for k, w in zip(shown["kind"], shown["later"], strict=True)
    ]
    data = pd.concat(
        [pd.DataFrame({"kind": label, "variant": c.removeprefix("share_"), "share": shown[c]}) for c in shares],
        ignore_index=True,
    )
    variants = [c.removeprefix("share_") for c in shares]
    return (
        alt.Chart(data)
        .mark_bar()
        .encode(
            y=alt.Y("kind:N", sort=label, title=None, axis=alt.Axis(labelLimit=260)),
            yOffset=alt.YOffset("variant:N", sort=variants),
            x=alt.X("share:Q", title="share of the variant's buyers", axis=alt.Axis(format=".0%")),
            color=alt.Color(
                "variant:N",
                title=None,
                scale=alt.Scale(domain=variants, range=list(theme.CATEGORIES)[: len(variants)] or [theme.MAIN]),
            ),
            tooltip=[alt.Tooltip("kind:N"), alt.Tooltip("variant:N"), alt.Tooltip("share:Q", format=".1%")],
        )
        .properties(height=alt.Step(18))
    )
