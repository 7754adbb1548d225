"""When to order what a season will ask for: the cheapest plan of orders, beside simpler ones.

Method, sources and limits: docs/methods/replenishment.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from journeylab import words
from journeylab.checks import number
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.growth.recall import recall
from journeylab.operations.daily import ahead
from journeylab.operations.demand import demand as demanded
from journeylab.operations.lot_sizing import eoq, fixed_lots, lot_for_lot, wagner_whitin
from journeylab.operations.sales_series import DAYS
from journeylab.operations.shelf import arrivals, shelf
from journeylab.operations.sku_rows import known_rows
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import altair as alt

    from journeylab.data.dataset import Dataset
    from journeylab.operations.demand import Demand
    from journeylab.operations.lot_sizing import Lots
    from journeylab.operations.shelf import Coming

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
            f"{self.product}: {words.count(best['orders'], 'order')} in {words.count(len(self.rows), self.every)}, "
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
    assumptions: Sequence[Mapping[str, Any]] | None = None,
) -> SeasonalPlan:
    """Plan the orders of a SKU over the forecast's horizon at the least cost of ordering and holding (Wagner-Whitin).

    What is there serves the first periods, and what is on its way those after it comes; the plan covers the expected
    demand that is left (its net requirements), without safety stock, which
    `replenishment` adds. The plan is compared with an order each period and with economic order quantities.

    Args:
        shop: A Dataset with orders and their lines.
        sku: The SKU; the one with most net value by default.
        demand: From `jl.operations.demand`; worked out with its defaults if None.
        order_cost: Cost of placing one order.
        holding_cost: Cost of holding a year, as a share of the unit cost.
        unit_cost: Cost of a unit; as typed, by the shop's list or by its order lines if not given.
        assumptions: What is typed over the shop's own list, as `replenishment` takes it.

    Raises:
        NotEnoughData: if the cost of the SKU is not known.
        BadParameter: if an assumption makes no sense.

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
    own = known_terms(shop, told, str(chosen["sku"]), assumptions)
    price = unit_cost if unit_cost is not None else cost_of(own)
    number(price, "unit_cost", lowest=0.0001)
    season = ahead(told, str(chosen["sku"]))
    there = recall(shop, ("shelf", _until(shop, told)), lambda: shelf(shop, until=_until(shop, told)))
    coming = arrivals(there, [str(chosen["sku"])], as_of=told.as_of, wait=np.nan_to_num(own[["lead_time_days"]]))
    needed = net_requirements(
        season["mean"].to_numpy(float),
        float(np.nan_to_num(own["on_hand"] - own["committed"])),
        _by_period(coming, season["period"], told),
    )
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
            *(() if own["on_hand"] == own["on_hand"] else ("No stock of it is known: the plan begins with none.",)),
            *(("Its smallest order and pack are left aside.",) if own["moq"] > 1 or own["pack_size"] > 1 else ()),
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


def known_terms(shop: Dataset, told: Demand, sku: str, assumptions: Sequence[Mapping[str, Any]] | None) -> pd.Series:
    """Return what is known of one SKU: what is there, on which terms it is bought, and what it earns."""
    until = _until(shop, told)
    there = recall(shop, ("shelf", until), lambda: shelf(shop, until=until))
    rows = known_rows(shop, told, there, assumptions)
    return rows[rows["sku"] == sku].iloc[0]


def cost_of(own: pd.Series) -> float:
    """Return what a unit costs: as typed, by the shop's list, or by its order lines.

    Raises:
        NotEnoughData: if nothing says.
    """
    cost = float(own["unit_cost"])
    if not cost >= 0:
        raise NotEnoughData(
            f"Nothing says what a unit of {own['sku']} costs.", do="Type its cost, or add it to the file of products."
        )
    return cost


def net_requirements(wanted: np.ndarray, there: float, arriving: np.ndarray) -> np.ndarray:
    """Return what neither the shelf nor what is on its way will serve, by period; what is owed comes first.

    >>> net_requirements(np.array([4.0, 4.0, 4.0]), 6.0, np.array([0.0, 0.0, 5.0])).tolist()
    [0.0, 2.0, 0.0]
    """
    needed = np.zeros(len(wanted))
    left = there
    for period, units in enumerate(wanted):
        left += arriving[period] - units
        needed[period], left = max(-left, 0.0), max(left, 0.0)
    return needed


def _until(shop: Dataset, told: Demand) -> date | None:
    return told.as_of if shop.window else None


def _by_period(coming: Coming, periods: pd.Series, told: Demand) -> np.ndarray:
    """Return units that arrive, by the period they come in; what comes later is in none."""
    starts = (pd.to_datetime(periods) - pd.Timestamp(told.as_of)).dt.days.to_numpy()
    place = np.maximum(np.searchsorted(starts, coming.days, side="right") - 1, 0)
    inside = coming.days < starts[-1] + DAYS[told.every]
    return np.bincount(place[inside], coming.units[inside], minlength=len(starts))


def _line(name: str, plan: Lots) -> dict[str, object]:
    return {
        "plan": name,
        "orders": int(np.count_nonzero(plan.orders)),
        "ordering": plan.ordering,
        "holding": plan.holding,
        "cost": plan.cost,
    }
