"""Bars of SKUs: how one is named on an axis, and a bar made of parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

if TYPE_CHECKING:
    import pandas as pd

#: More SKUs are not drawn, for they could not be read.
MOST = 25


def labels(rows: pd.DataFrame) -> pd.Series:
    """Name a SKU by product and number, and by its number alone where that is all there is."""
    product, sku = rows["product"].fillna("").astype(str), rows["sku"].astype(str)
    return (product.str.slice(0, 32) + " · " + sku).where((product != "") & (product != sku), sku)


def by_sku(names: pd.Series) -> alt.Y:
    """Return the axis of SKUs, in the order given."""
    return alt.Y("label:N", sort=list(dict.fromkeys(names)), title=None, axis=alt.Axis(labelLimit=320))


def stacked(bars: pd.DataFrame, parts: dict[str, str], x: alt.X, tooltip: list[alt.Tooltip]) -> alt.Chart:
    """Draw a bar a SKU, put together from its parts from left to right.

    Args:
        bars: A row a SKU and part: label, part, and what `x` and `tooltip` read.
        parts: Each part's colour, the leftmost first.
        x: What the parts' lengths are.
        tooltip: What to say of a part, after its SKU and name.
    """
    place = {part: number for number, part in enumerate(parts)}
    colours = alt.Scale(domain=list(parts), range=list(parts.values()))
    return (
        alt.Chart(bars.assign(place=bars["part"].map(place)))
        .mark_bar()
        .encode(
            y=by_sku(bars["label"]),
            x=x,
            color=alt.Color("part:N", title=None, scale=colours, sort=list(parts)),
            order=alt.Order("place:Q"),
            tooltip=[alt.Tooltip("label:N", title="SKU"), alt.Tooltip("part:N"), *tooltip],
        )
    )
