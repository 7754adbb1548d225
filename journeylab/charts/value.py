"""Customer value: over time, by group, by lever, and customer by customer."""

from __future__ import annotations

import altair as alt
import pandas as pd

from journeylab.charts import theme

_MOST_GROUPS = 15


def months(rows: pd.DataFrame, *, currency: str) -> alt.LayerChart:
    """Draw the margin cumulated by month with its band.

    Args:
        rows: As `LifetimeValue.months`.
        currency: Of the margin.
    """
    base = alt.Chart().encode(
        x=alt.X("month:Q", title="months from now", axis=alt.Axis(tickMinStep=1, format="d")),
        tooltip=["month:Q", *[alt.Tooltip(f"{name}:Q", format=",.0f") for name in ("margin", "lower", "upper")]],
    )
    y = alt.Y("margin:Q", title=title("margin so far", currency), axis=alt.Axis(format="~s"))
    return alt.layer(
        base.mark_area(color=theme.MAIN, opacity=0.2).encode(y=alt.Y("lower:Q"), y2="upper:Q"),
        base.mark_line(color=theme.MAIN, point={"color": theme.MAIN, "size": 24}).encode(y=y),
        data=rows,
    ).properties(height=320)


def groups(rows: pd.DataFrame, *, currency: str) -> alt.LayerChart:
    """Draw the margin of each group with its interval, the most valuable first; at most fifteen.

    Args:
        rows: As `LifetimeValue.groups`.
        currency: Of the margin.
    """
    parts = rows[rows["group"] != "all"]
    shown = (parts if len(parts) else rows).head(_MOST_GROUPS)
    base = alt.Chart(shown).encode(
        y=alt.Y("group:N", sort=list(shown["group"]), title=None, axis=alt.Axis(labelLimit=220)),
        tooltip=[
            "group:N",
            alt.Tooltip("customers:Q", format=","),
            *[alt.Tooltip(f"{name}:Q", format=",.0f") for name in ("margin", "lower", "upper", "per_customer")],
            alt.Tooltip("share:Q", format=".1%"),
        ],
    )
    x = alt.X("margin:Q", title=title("expected margin", currency), axis=alt.Axis(format="~s"))
    return alt.layer(
        base.mark_bar(color=theme.MAIN, opacity=0.75).encode(x=x),
        base.mark_rule(color=theme.QUIET, strokeWidth=2).encode(x=alt.X("lower:Q"), x2="upper:Q"),
    ).properties(height=alt.Step(30))


def per_customer(rows: pd.DataFrame, *, currency: str, what: str) -> alt.LayerChart:
    """Draw what the mean customer of each group will bring, with its interval, beside that of all customers.

    Args:
        rows: As `PersonaValue.groups`; the last row is all customers.
        currency: Of the money.
        what: What it is: margin or net value.
    """
    parts, whole = rows[rows["group"] != "all"].head(_MOST_GROUPS), rows[rows["group"] == "all"]
    base = alt.Chart().encode(
        y=alt.Y("group:N", sort=list(parts["group"]), title=None, axis=alt.Axis(labelLimit=260)),
        tooltip=[
            alt.Tooltip("group:N"),
            alt.Tooltip("customers:Q", format=","),
            *[
                alt.Tooltip(f"{name}:Q", format=",.2f")
                for name in ("per_customer", "per_customer_lower", "per_customer_upper")
            ],
        ],
    )
    x = alt.X("per_customer:Q", title=title(f"expected {what} a customer; the line is all customers", currency))
    return alt.layer(
        base.mark_bar(color=theme.MAIN, opacity=0.75).encode(x=x),
        base.mark_rule(color=theme.QUIET, strokeWidth=2).encode(
            x=alt.X("per_customer_lower:Q"), x2=alt.X2("per_customer_upper:Q")
        ),
        alt.Chart(theme.rows(whole, "per_customer"))
        .mark_rule(color=theme.ACCENT, strokeDash=[4, 3])
        .encode(x=alt.X("per_customer:Q")),
        data=theme.rows(parts),
        height=alt.Step(30),
    )


def levers(rows: pd.DataFrame, *, currency: str) -> alt.LayerChart:
    """Draw what 5 % more of each lever adds to the margin.

    Args:
        rows: As `LifetimeValue.levers`.
        currency: Of the margin.
    """
    base = alt.Chart(rows).encode(
        y=alt.Y("lever:N", sort="-x", title=None),
        x=alt.X(
            "gain:Q",
            title=title("margin added by 5 % more", currency),
            scale=with_room(rows["gain"]),
            axis=alt.Axis(format="~s", tickCount=8),
        ),
        tooltip=["lever:N", alt.Tooltip("gain:Q", format=",.0f"), alt.Tooltip("gain_share:Q", format="+.1%")],
    )
    return alt.layer(
        base.mark_bar(color=theme.MAIN),
        base.mark_text(align="left", dx=6, color=theme.QUIET).encode(text=alt.Text("gain_share:Q", format="+.1%")),
    ).properties(height=alt.Step(46))


def concentration(rows: pd.DataFrame) -> alt.LayerChart:
    """Draw the share of expected value by tenth of the customers.

    Args:
        rows: As `LifetimeValue.concentration`.
    """
    base = alt.Chart(rows).encode(
        x=alt.X("tenth:O", title="tenths of the customers, the most valuable first", axis=alt.Axis(labelAngle=0)),
        tooltip=["tenth:O", alt.Tooltip("share:Q", format=".1%"), alt.Tooltip("cumulative:Q", format=".1%")],
    )
    y = alt.Y("share:Q", title="share of expected value", axis=alt.Axis(format=".0%"))
    return alt.layer(
        base.mark_bar(color=theme.MAIN).encode(y=y),
        base.mark_text(dy=-8, color=theme.QUIET).encode(y=y, text=alt.Text("share:Q", format=".1%")),
    ).properties(height=300)


def alive(cells: pd.DataFrame) -> alt.LayerChart:
    """Draw the mean chance of being alive by repeat purchases and silence; grey where the model cannot say.

    Args:
        cells: As `Quiet.cells`.
    """
    base = alt.Chart(cells.assign(strong=cells["p_alive"] > 0.5)).encode(
        x=alt.X("silence:O", title="weeks since the last purchase", sort=_SILENCE, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("frequency:O", title="repeat purchases", sort=_FREQUENCY),
        tooltip=[
            alt.Tooltip("frequency:O", title="repeat purchases"),
            alt.Tooltip("silence:O", title="weeks of silence"),
            alt.Tooltip("p_alive:Q", title="chance alive", format=".0%"),
            alt.Tooltip("n:Q", title="customers", format=","),
        ],
    )
    colour = alt.Color(
        "p_alive:Q",
        title="chance alive",
        scale=alt.Scale(domain=[0, 1], range=list(theme.SCALE)),
        legend=alt.Legend(format=".0%", values=[0, 0.25, 0.5, 0.75, 1]),
    )
    known, unknown = (base.transform_filter(f"{sign}isValid(datum.p_alive)") for sign in ("", "!"))
    ink = alt.condition("datum.strong", alt.value("#ffffff"), alt.value("#0b2a28"))
    return alt.layer(
        known.mark_rect(cornerRadius=3).encode(color=colour),
        known.mark_text(fontSize=12).encode(text=alt.Text("p_alive:Q", format=".0%"), color=ink),
        unknown.mark_rect(cornerRadius=3, color=theme.QUIET, opacity=0.2),
        unknown.mark_text(fontSize=12, color=theme.QUIET, text="–"),
    ).properties(height=300)


_FREQUENCY = ["10+", "5–9", "3–4", "2", "1", "0"]
_SILENCE = ["under 4", "4–8", "8–13", "13–26", "26–52", "over 52"]


def past_and_expected(rows: pd.DataFrame, *, currency: str) -> alt.Chart:
    """Draw expected margin against margin so far, a point a listed customer; size is the loss, shape the verdict.

    Args:
        rows: As `Quiet.customers`.
        currency: Of the margins.
    """
    # Roots, because one large customer would press all others into a corner.
    wide, axis = alt.Scale(type="sqrt"), alt.Axis(format="~s", tickCount=8)
    return (
        alt.Chart(rows)
        .mark_point(filled=True, opacity=0.75)
        .encode(
            x=alt.X("past:Q", title=title("margin so far", currency), axis=axis, scale=wide),
            y=alt.Y("expected:Q", title=title("expected margin", currency), axis=axis, scale=wide),
            size=alt.Size("loss:Q", title="loss", legend=None, scale=alt.Scale(range=[40, 400])),
            shape=alt.Shape(
                "verdict:N", title=None, scale=alt.Scale(domain=_VERDICTS, range=["circle", "square", "triangle-up"])
            ),
            color=alt.Color("verdict:N", title=None, scale=alt.Scale(domain=_VERDICTS, range=_VERDICT_COLOURS)),
            tooltip=[
                "customer_id:N",
                "verdict:N",
                alt.Tooltip("p_alive:Q", title="chance alive", format=".0%"),
                alt.Tooltip("quiet_days:Q", title="days of silence"),
                *[alt.Tooltip(f"{name}:Q", format=",.2f") for name in ("past", "expected", "lower", "upper", "loss")],
            ],
        )
        .properties(height=320)
    )


_VERDICTS = ["gone", "in doubt", "just quiet"]
_VERDICT_COLOURS = [theme.QUIET, theme.ACCENT, theme.MAIN]


def parameters(rows: pd.DataFrame) -> alt.FacetChart:
    """Draw each parameter found, with its interval, relative to the published one.

    Args:
        rows: As `SelfCheck.rows`.
    """
    shown = rows.assign(
        name=rows["model"] + " " + rows["parameter"],
        **{name: rows[name] / rows["published"] for name in ("found", "lower", "upper")},
    )
    base = alt.Chart(shown).encode(
        y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=220)),
        tooltip=[
            "name:N",
            "on:N",
            alt.Tooltip("published:Q", format=".3f"),
            alt.Tooltip("found:Q", title="found / published", format=".3f"),
            "inside:N",
        ],
    )
    x = alt.X("found:Q", title="found, as a multiple of the published value", scale=alt.Scale(type="log"))
    return (
        alt.layer(
            base.mark_rule(strokeWidth=2, color=theme.MAIN).encode(x=alt.X("lower:Q"), x2="upper:Q"),
            base.mark_point(filled=True, size=60, opacity=1, color=theme.MAIN).encode(x=x),
            alt.Chart(shown).mark_rule(color=theme.QUIET, strokeDash=[4, 4]).encode(x=alt.datum(1)),
        )
        .properties(height=alt.Step(20), width=420)
        .facet(column=alt.Column("on:N", title=None, sort="descending"))
    )


def fits(rows: pd.DataFrame) -> alt.HConcatChart:
    """Draw purchases a year while alive and the share kept over a year, by group, with their intervals.

    Args:
        rows: As `ModelFits.groups`; the fifteen largest are drawn.
    """
    shown = pd.concat([rows[rows["group"] != "all"].head(_MOST_GROUPS), rows[rows["group"] == "all"]])
    y = alt.Y("group:N", title=None, sort=list(shown["group"]), axis=alt.Axis(labelLimit=200))

    def half(name: str, title: str, form: str) -> alt.LayerChart:
        base = alt.Chart(shown).encode(
            y=y,
            tooltip=[
                "group:N",
                alt.Tooltip("customers:Q", format=","),
                *[alt.Tooltip(f"{name}{end}:Q", format=form) for end in ("", "_lower", "_upper")],
            ],
        )
        point = base.mark_point(filled=True, size=70, opacity=1, color=theme.MAIN)
        return alt.layer(
            base.mark_rule(strokeWidth=2, color=theme.MAIN).encode(x=alt.X(f"{name}_lower:Q"), x2=f"{name}_upper:Q"),
            point.encode(x=alt.X(f"{name}:Q", title=title, axis=alt.Axis(format=form))),
        ).properties(width=300, height=alt.Step(26))

    return half("a_year", "purchases a year while alive", ".1f") | half("kept", "share kept over a year", ".0%")


def independence(rows: pd.DataFrame, *, currency: str) -> alt.LayerChart:
    """Draw mean spend a purchase by repeat purchases; a level line is independence.

    Args:
        rows: As `ModelFits.spend`.
        currency: Of the spend.
    """
    base = alt.Chart(rows).encode(
        x=alt.X("frequency:O", title="repeat purchases", sort=list(rows["frequency"]), axis=alt.Axis(labelAngle=0)),
        tooltip=[
            alt.Tooltip("frequency:O", title="repeat purchases"),
            alt.Tooltip("n:Q", title="customers", format=","),
            *[alt.Tooltip(f"{name}:Q", format=",.2f") for name in ("average", "lower", "upper")],
        ],
    )
    y = alt.Y("average:Q", title=title("mean spend a purchase", currency))
    return alt.layer(
        base.mark_rule(strokeWidth=2, color=theme.MAIN).encode(y=alt.Y("lower:Q"), y2="upper:Q"),
        base.mark_point(filled=True, size=70, opacity=1, color=theme.MAIN).encode(y=y),
    ).properties(height=300)


def with_room(*ends: pd.Series, room: float = 0.12) -> alt.Scale:
    """Leave room, a share of the scale, at the right for what is written there; money below zero keeps its place."""
    values = pd.concat(ends).dropna()
    low, high = (min(values.min(), 0.0), max(values.max(), 0.0)) if len(values) else (0.0, 1.0)
    return alt.Scale(domain=[low, high + room * (high - low)], nice=False)


def title(what: str, currency: str) -> str:
    """Write what an axis shows, with its currency."""
    return f"{what} ({currency})" if currency else what
