"""On which terms each SKU is bought: the shop's own list, what the user typed over it, and assumptions for the rest.

Method and limits: docs/methods/replenishment.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pandas as pd

from journeylab.checks import number
from journeylab.errors import BadParameter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from journeylab.data.dataset import Dataset

#: What can be typed over a SKU, with the lowest value that makes sense.
NUMBERS = {"lead_time_days": 0.0, "lead_time_sd": 0.0, "moq": 0.0, "pack_size": 0.0, "unit_cost": 0.0, "on_hand": None}
TEXTS = ("vendor",)
LISTED = ("product", "category", "vendor", "price", "unit_cost", "lead_time_days", "lead_time_sd", "moq", "pack_size")
_WORDS = ("product", "category", "vendor")
LONGEST = 730


def listed(shop: Dataset) -> pd.DataFrame:
    """Return what the list of products says, a row a SKU; columns it lacks are missing values."""
    if not shop.has("products"):
        empty = {name: pd.Series(dtype=object if name in _WORDS else float) for name in LISTED}
        return pd.DataFrame({"sku": pd.Series(dtype=object), **empty})
    products = shop.table("products").filter(shop.table("products").sku.notnull())

    def first(name: str) -> ibis.Value:
        if name not in products.columns:
            return ibis.null("string" if name in _WORDS else "float64")
        return products[name].min() if name in _WORDS else products[name].cast("float64").min()

    return shop.run(products.group_by("sku").agg(**{name: first(name) for name in LISTED}))


def overrides(assumptions: Sequence[Mapping[str, Any]] | None) -> pd.DataFrame:
    """Return what was typed, checked: a row a SKU with the columns of `NUMBERS` and `TEXTS`; empty cells are missing.

    Raises:
        BadParameter: if a SKU has two rows, a column is not known, or a number makes no sense.
    """
    rows: dict[str, dict[str, Any]] = {}
    for given in assumptions or ():
        sku = str(given.get("sku") or "")
        if not sku:
            raise BadParameter("Each row of the assumptions needs its SKU.")
        if sku in rows:
            raise BadParameter(f"The assumptions name {sku} twice.")
        unknown = set(given) - {"sku", *NUMBERS, *TEXTS}
        if unknown:
            raise BadParameter(
                f"The assumptions have a column {min(unknown)!r}.", do=f"Use {', '.join([*NUMBERS, *TEXTS])}."
            )
        rows[sku] = {name: _number(given, name, sku) for name in NUMBERS} | {
            name: str(given[name]) if given.get(name) else None for name in TEXTS
        }
    made = pd.DataFrame.from_dict(rows, orient="index", columns=[*NUMBERS, *TEXTS])
    return made.astype(dict.fromkeys(NUMBERS, float)).astype(dict.fromkeys(TEXTS, object))


def terms(products: pd.DataFrame, skus: Sequence[str], typed: pd.DataFrame) -> pd.DataFrame:
    """Return what is known of the terms of SKUs, a row each in their order, indexed by SKU.

    What was typed goes before what the list says; what neither says is missing. `spread_typed` says whose spread of the
    lead time was typed.

    Args:
        products: As from `listed`.
        skus: The rows.
        typed: As from `overrides`.
    """
    own = products.drop_duplicates("sku").set_index("sku").reindex(skus)
    told = typed.reindex(skus)
    out = own.copy()
    for name in [*NUMBERS, *TEXTS]:
        if name == "on_hand":
            continue
        before = out[name] if name in out.columns else pd.Series(index=out.index, dtype=object)
        out[name] = told[name].where(told[name].notna(), before)
    return out.assign(spread_typed=told["lead_time_sd"].notna())


def with_lead_times(rows: pd.DataFrame, *, lead_time: float, lead_time_sd: float) -> pd.DataFrame:
    """Return rows with a lead time each, assumed where it is not known; `assumed` says whose is.

    A lead time of zero has no spread, unless that was typed.

    Args:
        rows: With lead_time_days, lead_time_sd and spread_typed.
        lead_time: Days, where nothing says.
        lead_time_sd: Its spread in days, where nothing says.
    """
    days, spread = rows["lead_time_days"].to_numpy(float), rows["lead_time_sd"].to_numpy(float)
    known = days >= 0
    days = np.clip(np.where(known, days, lead_time), 0, LONGEST)
    spread = np.clip(np.where(spread >= 0, spread, lead_time_sd), 0, LONGEST)
    spread = np.where((days == 0) & ~rows["spread_typed"].to_numpy(bool), 0.0, spread)
    return rows.assign(lead_time_days=days, lead_time_sd=spread, assumed=~known)


def _number(given: Mapping[str, Any], name: str, sku: str) -> float:
    value = given.get(name)
    if value is None or value != value:  # noqa: PLR0124 - an empty cell
        return float("nan")
    lowest = NUMBERS[name]
    return float(number(value, f"{name} of {sku}", lowest=-1e12 if lowest is None else lowest, highest=1e12))
