"""When to order what a season will ask for: the cheapest plan of orders, beside simpler ones.

Method, sources and limits: docs/methods/replenishment.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from journeylab import words
from journeylab.checks import number
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.growth.recall import recall
from journeylab.operations.daily import ahead
from journeylab.operations.demand import demand as demanded
from journeylab.operations.lot_sizing import eoq, fixed_lots, lot_for_lot, wagner_whitin
from journeylab.operations.shelf import shelf
from journeylab.operations.terms import listed
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    import altair as alt

    from journeylab.data.dataset import Dataset
    from journeylab.operations.demand import Demand
    from journeylab.operations.lot_sizing import Lots

BEST, EACH, FIXED = "Wagner-Whitin", "an order each period", "economic order quantity"
_PERIODS = {"day": 365.0, "week": 365 / 7, "month": 12.0}


@dataclass(frozen=True, eq=False, kw_only=True)
class SeasonalPlan(Result):
    """Orders of one SKU by period.

    Args:
        rows: A row a period: period, demand (expected, less what is there), order (units that must be there by its
            start), stock (left at its end).
        plans: A row a plan: plan, orders, ordering, holding, cost.
        sku: The SKU.
        product: Its name.
        every: 'day', 'week' or 'month'.
        currency: Of all money.
    """

    views: ClassVar[tuple[str, ...]] = ("plan", "costs")

    rows: pd.DataFrame
    plans: pd.DataFrame
    sku: str
    product: str
    every: str
    currency: str

    def table(self) -> pd.DataFrame:
        """Return a row a period: what it needs, what must be there, and what is left."""
        return self.rows

    def headline(self) -> str:
        """Say how many orders, and what they cost beside one each period."""
        costs = self.plans.set_index("plan")
        best, each = costs.loc[BEST], costs.loc[EACH]
        if not best["orders"]:
            return f"{self.product} needs no order: what is there lasts."
        saved = words.money(each["cost"] - best["cost"], self.currency)
        return (
            f"{self.product}: {words.count(best['orders'], 'order')} in {words.count(len(self.rows), self.every)} cost "
            f"{words.money(best['cost'], self.currency)} to place and hold, {saved} less than one each {self.every}."
        )

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import lots

        if view == "costs":
            return lots.costs(self.plans, currency=self.currency)
        return lots.plan(self.rows)


@analysis("orders", "order_lines")
def seasonal_plan(
    shop: Dataset,
    *,
    sku: str | None = None,
    demand: Demand | None = None,
    order_cost: float = 50.0,
    holding_cost: float = 0.25,
    unit_cost: float | None = None,
) -> SeasonalPlan:
    """Plan the orders of a SKU over the forecast's horizon at the least cost of ordering and holding (Wagner-Whitin).

    What is there serves the first periods; the plan covers the expected demand after it, without safety stock, which
    `replenishment` adds. The plan is compared with an order each period and with economic order quantities.

    Args:
        shop: A Dataset with orders and their lines.
        sku: The SKU; the one with most net value by default.
        demand: From `jl.operations.demand`; worked out with its defaults if None.
        order_cost: Cost of placing one order.
        holding_cost: Cost of holding a year, as a share of the unit cost.
        unit_cost: Cost of a unit; the shop's own by default.

    Raises:
        NotEnoughData: if the cost of the SKU is not known.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import stocked_shop
        >>> made = jl.operations.seasonal_plan(stocked_shop(), sku="CUP", unit_cost=4, order_cost=10)
        >>> made.plans["plan"].tolist()
        ['Wagner-Whitin', 'economic order quantity', 'an order each period']
    """
    number(order_cost, "order_cost", lowest=0)
    number(holding_cost, "holding_cost", lowest=0.0001, highest=10)
    told = demand if demand is not None else demanded(shop)
    chosen = picked(told, sku)
    price = unit_cost if unit_cost is not None else cost_of(shop, chosen["sku"])
    number(price, "unit_cost", lowest=0.0001)
    season = ahead(told, str(chosen["sku"]))
    wanted = season["mean"].to_numpy(float)
    there = _there(shop, told, chosen["sku"])
    needed = np.diff(np.maximum(np.cumsum(wanted) - there, 0.0), prepend=0.0)
    holding = holding_cost * price / _PERIODS[told.every]
    lot, _cost = eoq(float(needed.mean()), order_cost=order_cost, holding_cost=holding)
    costs = {"order_cost": order_cost, "holding_cost": holding}
    best = wagner_whitin(needed.tolist(), **costs)
    plans = {BEST: best}
    if lot > 0:
        plans[FIXED] = fixed_lots(needed.tolist(), lot, **costs)
    plans[EACH] = lot_for_lot(needed.tolist(), **costs)
    return SeasonalPlan(
        rows=pd.DataFrame(
            {"period": season["period"].to_numpy(), "demand": needed, "order": best.orders, "stock": best.stock}
        ),
        plans=pd.DataFrame([_line(name, plan) for name, plan in plans.items()]),
        sku=str(chosen["sku"]),
        product=str(chosen["product"]),
        every=told.every,
        currency=shop.currency,
        caveats=(
            "The plan takes the forecast for certain; safety stock comes on top.",
            "Every order must be placed its lead time before the period it is for.",
            *(() if shop.has("stock") else ("No stock is known, so the plan begins with an empty shelf.",)),
        ),
    )


def picked(told: Demand, sku: str | None) -> pd.Series:
    """Return the row of a SKU among those forecast; the first if none is named."""
    if sku is None:
        return told.skus.iloc[0]
    found = told.skus[told.skus["sku"] == sku]
    if found.empty:
        raise BadParameter(f"There is no forecast for {sku!r}.", do="Choose one of the SKUs that sold.")
    return found.iloc[0]


def cost_of(shop: Dataset, sku: str) -> float:
    """Return what a unit costs by the shop's list.

    Raises:
        NotEnoughData: if the list does not say.
    """
    products = recall(shop, ("listed",), lambda: listed(shop))
    cost = products.loc[products["sku"] == sku, "unit_cost"].astype(float).dropna()
    if cost.empty:
        raise NotEnoughData(f"No file says what a unit of {sku} costs.", do="Add the cost to the products, or type it.")
    return float(cost.iloc[0])


def _there(shop: Dataset, told: Demand, sku: str) -> float:
    until = told.as_of if shop.window else None
    there = recall(shop, ("shelf", until), lambda: shelf(shop, until=until))
    count = there.counts[there.counts["sku"] == sku]
    coming = there.incoming.loc[there.incoming["sku"] == sku, "units"].sum()
    return max(float((count["on_hand"] - count["committed"]).sum() + coming), 0.0)


def _line(name: str, plan: Lots) -> dict[str, object]:
    return {
        "plan": name,
        "orders": int(np.count_nonzero(plan.orders)),
        "ordering": plan.ordering,
        "holding": plan.holding,
        "cost": plan.cost,
    }
