"""A row a SKU with what an order needs: what is there, on which terms it is bought, what it earns, how it sells.

Method and limits: docs/methods/replenishment.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from journeylab.call import literal
from journeylab.growth.recall import recall
from journeylab.operations import stock_counts
from journeylab.operations.abc_xyz import abc, xyz
from journeylab.operations.earnings import earnings
from journeylab.operations.terms import listed, overrides, terms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from journeylab.data.dataset import Dataset
    from journeylab.operations.demand import Demand
    from journeylab.operations.shelf import Shelf

NO_VENDOR = "vendor not known"


def with_stock(
    told: Demand, there: Shelf, products: pd.DataFrame, earned: pd.DataFrame, typed: pd.DataFrame
) -> pd.DataFrame:
    """Return the SKUs that are forecast, and those that lie in stock and were never sold, with their stock."""
    rows = told.skus[["sku", "product", "category", "per_day"]].copy()
    known = set(rows["sku"]) | set(earned["sku"])
    still = there.counts[~there.counts["sku"].isin(known) & (there.counts["on_hand"] > 0)]
    names = products.drop_duplicates("sku").set_index("sku").reindex(still["sku"])
    lying = pd.DataFrame(
        {
            "sku": still["sku"].to_numpy(),
            "product": names["product"].fillna(pd.Series(still["sku"].to_numpy(), names.index)).to_numpy(),
            "category": names["category"].to_numpy(),
            "per_day": 0.0,
        }
    )
    rows = pd.concat([rows, lying], ignore_index=True) if len(lying) else rows
    counts = there.counts.set_index("sku").reindex(rows["sku"])
    rows["on_hand"] = counts["on_hand"].to_numpy(float)
    rows["committed"] = counts["committed"].fillna(0.0).to_numpy(float)
    rows["counted"] = counts["counted"].to_numpy()
    said = typed["on_hand"].reindex(rows["sku"]).to_numpy(float)
    rows["on_hand"] = np.where(np.isnan(said), rows["on_hand"], said)
    return rows


def known_rows(
    shop: Dataset, told: Demand, there: Shelf, assumptions: Sequence[Mapping[str, Any]] | None
) -> pd.DataFrame:
    """Return all that an order needs of each SKU and that no slider changes; asked once for the same question."""
    question = told.call.python() if told.call else "", literal(assumptions or ())

    def asked() -> pd.DataFrame:
        products = recall(shop, ("listed",), lambda: listed(shop))
        earned = recall(shop, ("earnings", told.as_of), lambda: earnings(shop, until=told.as_of))
        typed = overrides(assumptions)
        rows = with_stock(told, there, products, earned, typed)
        new = recall(shop, ("just came", told.as_of), lambda: stock_counts.just_came(shop, told.as_of))
        rows["just_in"] = rows["sku"].isin(new - set(earned["sku"]))
        rows = with_terms(rows, terms(products, list(rows["sku"]), typed), earned, told)
        return rows.assign(
            abc_xyz=classes(rows, told), stock_typed=rows["sku"].isin(typed.index[typed["on_hand"].notna()])
        )

    return recall(shop, ("order rows", *question), asked).copy()


def with_terms(rows: pd.DataFrame, bought: pd.DataFrame, earned: pd.DataFrame, told: Demand) -> pd.DataFrame:
    """Add vendor, lead time as far as it is known, smallest order, pack, cost, and net value a unit and of the year.

    What sells, and never by itself, as inside bundles, is worth the list's price (`priced_by_list`).
    """
    sold = earned.set_index("sku").reindex(rows["sku"])
    told_vendor = told.skus.set_index("sku")["vendor"].reindex(rows["sku"])
    vendor = bought["vendor"].where(bought["vendor"].notna(), told_vendor)
    units, net = sold["units"].to_numpy(float), sold["net"].to_numpy(float)
    cost = bought["unit_cost"].to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        price = np.where(units > 0, net / units, np.nan)
    listed = np.isnan(price) & (rows["per_day"] > 0).to_numpy() & bought["price"].notna().to_numpy()
    price = np.where(listed, bought["price"].to_numpy(float), price)
    net = np.where(listed, 365 * rows["per_day"].to_numpy(float) * price, net)
    return rows.assign(
        vendor=vendor.fillna(NO_VENDOR).to_numpy(),
        lead_time_days=bought["lead_time_days"].to_numpy(float),
        lead_time_sd=bought["lead_time_sd"].to_numpy(float),
        spread_typed=bought["spread_typed"].to_numpy(bool),
        moq=bought["moq"].to_numpy(float),
        pack_size=bought["pack_size"].to_numpy(float),
        unit_cost=np.where(np.isnan(cost), sold["unit_cost"].to_numpy(float), cost),
        price=price,
        net=np.nan_to_num(net),
        priced_by_list=listed,
    )


def over(told: Demand, skus: pd.Series, days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of demand over days of its own for each SKU; none for what never sold."""
    asked = pd.Series(days, index=skus.to_numpy()).reindex(told.skus["sku"]).fillna(0.0)
    ahead = told.over(asked).set_index("sku").reindex(skus)
    return ahead["mean"].fillna(0.0).to_numpy(float), ahead["sd"].fillna(0.0).to_numpy(float)


def economic_lots(rows: pd.DataFrame, order_cost: float | None, holding_cost: float | None) -> np.ndarray:
    """Return the economic order quantity of each SKU; none where a cost is not given or not known."""
    if not order_cost or not holding_cost:
        return np.zeros(len(rows))
    yearly, unit = 365 * rows["per_day"].to_numpy(float), holding_cost * rows["unit_cost"].to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        best = np.sqrt(2 * order_cost * yearly / unit)
    return np.where(np.isfinite(best), best, 0.0)


def classes(rows: pd.DataFrame, told: Demand) -> list[str]:
    """Return the classes of SKUs, such as 'AX'."""
    whole = told.series[~told.series["partial"]].groupby("sku")["demand"].agg(["mean", "std"]).reindex(rows["sku"])
    steady = xyz(whole["mean"].to_numpy(float), whole["std"].to_numpy(float))
    return [a + x for a, x in zip(abc(rows["net"].to_numpy(float)), steady, strict=True)]
