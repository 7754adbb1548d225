"""Bundles: what is sold as one SKU and lies on the shelf as several; its sales are demand of what is inside."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from journeylab.errors import BadParameter
from journeylab.operations.sales_series import NO_CATEGORY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from journeylab.operations.sales_series import SalesSeries

COLUMNS = ("bundle_sku", "sku", "quantity")


def contents(rows: Sequence[Mapping[str, object]] | None) -> dict[str, dict[str, float]]:
    """Return what each bundle holds, bundles within bundles opened too.

    Raises:
        BadParameter: if a row lacks something, a quantity is not above zero, or a bundle holds itself.

    >>> contents([{"bundle_sku": "BOX", "sku": "CUP", "quantity": 2}])
    {'BOX': {'CUP': 2.0}}
    """
    direct: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for row in rows or ():
        if any(row.get(name) in {None, ""} for name in COLUMNS):
            raise BadParameter(f"A row of the bundles lacks one of {', '.join(COLUMNS)}.")
        try:
            quantity = float(str(row["quantity"]))
        except ValueError:
            quantity = 0.0
        if not 0 < quantity < 1e6:
            raise BadParameter(f"The quantity of {row['sku']} in {row['bundle_sku']} must be a number above zero.")
        direct[str(row["bundle_sku"])][str(row["sku"])] += quantity

    def opened(sku: str, above: tuple[str, ...]) -> dict[str, float]:
        if sku in above:
            raise BadParameter(f"The bundle {sku} holds itself.")
        found: dict[str, float] = defaultdict(float)
        for inner, quantity in direct[sku].items():
            within = opened(inner, (*above, sku)) if inner in direct else {inner: 1.0}
            for name, each in within.items():
                found[name] += quantity * each
        return dict(found)

    return {sku: opened(sku, ()) for sku in list(direct)}


def opened(sales: SalesSeries, bundles: Mapping[str, Mapping[str, float]], listed: pd.DataFrame) -> SalesSeries:
    """Return sales with those of bundles counted as sales of what is inside; the bundles themselves go.

    Args:
        sales: As sold.
        bundles: What each holds, from `contents`.
        listed: The list of products, for the names of SKUs that only sell in bundles: sku, product, vendor.
    """
    sold_as = [sku for sku in sales.skus["sku"] if sku in bundles]
    if not sold_as:
        return sales
    inside = sorted({sku for bundle in sold_as for sku in bundles[bundle]} - set(sales.skus["sku"]))
    skus = pd.concat([sales.skus, _only_inside(inside, listed, sales)], ignore_index=True) if inside else sales.skus
    skus = skus.copy()
    place = {sku: i for i, sku in enumerate(skus["sku"])}
    added = np.zeros((len(inside), len(sales.periods)))
    moved = {name: np.vstack([getattr(sales, name), added]) for name in ("sold", "returned")}
    for bundle in sold_as:
        source = place[bundle]
        for sku, quantity in bundles[bundle].items():
            target = place[sku]
            for name, cells in moved.items():
                cells[target] += quantity * getattr(sales, name)[source]
                skus.loc[target, name] += quantity * sales.skus[name].iloc[source]
            days = [skus.loc[row, "first"] for row in (target, source)]
            skus.loc[target, "first"] = min(day for day in days if not pd.isna(day))
    keep = ~skus["sku"].isin(sold_as).to_numpy()
    return replace(sales, skus=skus[keep].reset_index(drop=True), **{k: v[keep] for k, v in moved.items()})


def _only_inside(inside: list[str], listed: pd.DataFrame, sales: SalesSeries) -> pd.DataFrame:
    known = listed.set_index("sku")
    rows = pd.DataFrame({"sku": inside})
    rows["category"] = NO_CATEGORY
    rows["product"] = [known["product"].get(sku, sku) for sku in inside]
    rows["vendor"] = [known["vendor"].get(sku) for sku in inside]
    zeros = dict.fromkeys(("net", "sold", "returned", "sale_days"), 0.0)
    return rows.assign(**zeros, first=None, last=None, unnamed=False).reindex(columns=sales.skus.columns)
