"""What is looked at beside what is bought: products, categories, searches."""

from __future__ import annotations

import altair as alt
import pandas as pd

from journeylab.charts import theme

_MOST_NAMES = 6
_ODD = {True: "fewer buy than usual", False: "as usual"}


def products(rows: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw each SKU by its viewers and how many of them buy.

    Args:
        rows: product, category, n, of, rate, lower, upper, usual, passive, unusual.
    """
    rows = rows.assign(kind=rows["unusual"].map(_ODD), named=_named(rows))
    domain = list(_ODD.values())
    base = alt.Chart(rows).encode(
        x=alt.X("of:Q", title="visitors who looked at it", axis=alt.Axis(format="~s")),
        color=alt.Color("kind:N", title=None, scale=alt.Scale(domain=domain, range=[theme.ACCENT, theme.MAIN])),
        tooltip=[
            alt.Tooltip("product:N"),
            alt.Tooltip("category:N"),
            alt.Tooltip("rate:Q", title="bought it", format=".1%"),
            alt.Tooltip("lower:Q", format=".1%"),
            alt.Tooltip("upper:Q", format=".1%"),
            alt.Tooltip("usual:Q", title="usual in its category", format=".1%"),
            alt.Tooltip("passive:Q", title="buyers missing", format=",.0f"),
        ],
    )
    shape = alt.Shape("kind:N", title=None, scale=alt.Scale(domain=domain, range=["diamond", "circle"]))
    y = alt.Y("rate:Q", title="of them bought it", axis=alt.Axis(format=".0%"))
    named = base.transform_filter("datum.named").mark_text(dy=-12, fontSize=11).encode(y=y, text="product:N")
    return alt.layer(
        base.mark_rule(opacity=0.5).encode(y=alt.Y("lower:Q", title="of them bought it"), y2="upper:Q"),
        base.mark_point(filled=True, size=70, opacity=1).encode(y=y, shape=shape),
        named,
    ).properties(height=340)


def _named(rows: pd.DataFrame) -> pd.Series:
    """Say which products are named: those that miss most buyers, and none whose name would cover another's."""
    wide, high = rows["of"].max() / 6, rows["upper"].max() / 14
    taken: list[tuple[float, float]] = []
    named = pd.Series(data=False, index=rows.index)
    for place, row in rows[rows["unusual"]].nlargest(_MOST_NAMES, "passive").iterrows():
        at = float(row["of"]), float(row["rate"])
        if all(abs(at[0] - x) > wide or abs(at[1] - y) > high for x, y in taken):
            taken.append(at)
            named[place] = True
    return named


def niches(rows: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw each category by how many look at one of its products and how many of them buy.

    Args:
        rows: category, skus, viewers_per_sku, rate, lower, upper, takes_more.
    """
    said = {True: "would take more products", False: "has enough, or sells too little"}
    rows = rows.assign(kind=rows["takes_more"].map(said))
    base = alt.Chart(rows).encode(
        x=alt.X(
            "viewers_per_sku:Q", title="visitors a product", scale=alt.Scale(zero=False), axis=alt.Axis(format="~s")
        ),
        color=alt.Color(
            "kind:N", title=None, scale=alt.Scale(domain=list(said.values()), range=[theme.ACCENT, theme.MAIN])
        ),
        tooltip=[
            alt.Tooltip("category:N"),
            alt.Tooltip("skus:Q", title="products"),
            alt.Tooltip("viewers_per_sku:Q", title="visitors a product", format=",.0f"),
            alt.Tooltip("units_per_sku:Q", title="units a product", format=",.0f"),
            alt.Tooltip("rate:Q", title="bought", format=".1%"),
        ],
    )
    y = alt.Y("rate:Q", title="of them bought it", axis=alt.Axis(format=".1%"), scale=alt.Scale(zero=False))
    return alt.layer(
        base.mark_rule(strokeWidth=3, opacity=0.4).encode(
            y=alt.Y("lower:Q", title="of them bought it", scale=alt.Scale(zero=False)), y2="upper:Q"
        ),
        base.mark_point(filled=True, size=110, opacity=1).encode(y=y),
        base.mark_text(align="left", dx=10).encode(y=y, text="category:N"),
    ).properties(height=320)


def searched(rows: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw search terms by sessions, those that found nothing apart.

    Args:
        rows: term, n, empty.
    """
    rows = rows.assign(found=rows["n"] - rows["empty"])
    long = rows.rename(columns={"empty": "found nothing", "found": "found something"}).melt(
        ["term"], ["found nothing", "found something"], var_name="what", value_name="sessions"
    )
    domain = ["found nothing", "found something"]
    return (
        alt.Chart(long)
        .mark_bar()
        .encode(
            x=alt.X("sessions:Q", title="sessions that searched for it", axis=alt.Axis(format="~s")),
            y=alt.Y("term:N", sort=list(rows["term"]), title=None),
            color=alt.Color("what:N", title=None, scale=alt.Scale(domain=domain, range=[theme.ACCENT, theme.QUIET])),
            tooltip=["term:N", "what:N", alt.Tooltip("sessions:Q", format=",")],
        )
        .properties(height=alt.Step(20))
    )
