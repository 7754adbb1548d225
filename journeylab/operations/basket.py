"""The best orders for the money there is: which SKUs, and how many of each, save most margin.

Method, sources and limits: docs/methods/basket.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from journeylab import words
from journeylab.checks import number
from journeylab.customers.margin import share_of_net
from journeylab.errors import NotEnoughData
from journeylab.growth.recall import recall
from journeylab.operations import knapsack
from journeylab.operations.earnings import bringers
from journeylab.operations.lead_time_demand import spread as spread_of
from journeylab.operations.lot_sizing import rounded
from journeylab.operations.replenishment import replenishment
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    import altair as alt

    from journeylab.data.dataset import Dataset
    from journeylab.operations.lead_time_demand import Spread
    from journeylab.operations.replenishment import Replenishment

#: Quantities of a SKU that are weighed against each other; more packs than that go in steps of several.
LEVELS = 40
#: First units at which a SKU's own later sales count half, those of all SKUs the other half.
SHRINK = 20.0
_POINTS = 60


@dataclass(frozen=True, eq=False, kw_only=True)
class Basket(Result):
    """Orders within a budget.

    Args:
        rows: A row a SKU with something to order: sku, product, vendor, quantity (to buy now), wanted (without the
            limit), cost, margin_saved (expected, of the quantity), later_value (of first-time buyers), value (both),
            value_wanted (of the whole order), unit_margin, unit_later.
        curve: Expected value by money spent: budget, value; no basket can lie above it.
        budget: Money there is.
        needed: Money all orders would take.
        cost: Money the basket takes.
        value: Expected margin saved and later value.
        exact: Whether it is proven to be the best.
        bound: What no basket for the money can exceed.
        currency: Of all money.
    """

    views: ClassVar[tuple[str, ...]] = ("basket", "money")

    rows: pd.DataFrame
    curve: pd.DataFrame
    budget: float
    needed: float
    cost: float
    value: float
    exact: bool
    bound: float
    currency: str

    def table(self) -> pd.DataFrame:
        """Return a row a SKU: what to buy now, what it would take without the limit, and what each is worth."""
        return self.rows

    def sheets(self) -> dict[str, pd.DataFrame]:
        """Return a purchase list a vendor."""
        bought = self.rows[self.rows["quantity"] > 0]
        columns = ["sku", "product", "quantity", "cost"]
        return {str(vendor): part[columns] for vendor, part in bought.groupby("vendor", sort=True)}

    def headline(self) -> str:
        """Say what the money saves, beside what all orders would."""
        whole = float(self.rows["value_wanted"].sum())
        bought = int((self.rows["quantity"] > 0).sum())
        if not bought:
            return f"{words.money(self.budget, self.currency)} buy nothing that a vendor would sell."
        return (
            f"{words.money(self.cost, self.currency)} on {words.count(bought)} of {words.count(len(self.rows), 'SKU')} "
            f"are expected to save {words.money(self.value, self.currency)}, {words.percent(self.value / whole)} of "
            f"what all orders for {words.money(self.needed, self.currency)} would."
        )

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import basket as charts

        if view == "money":
            return charts.curve(
                self.curve, budget=self.budget, cost=self.cost, value=self.value, currency=self.currency
            )
        return charts.bars(self.rows, currency=self.currency)


@analysis("orders", "order_lines")
def basket(
    shop: Dataset,
    *,
    orders: Replenishment | None = None,
    budget: float,
    customer_value: bool = True,
) -> Basket:
    """Choose the quantities that are worth most for a sum of money; never more than it.

    A quantity q of a SKU with stock position x saves, in expectation, (E[min(D, x + q)] - E[min(D, x)]) × margin a unit
    over lead time and review period, and no more than what is owed and asked for once it has come: what is asked for
    on an empty shelf before that is lost. Where orders name their customers, each unit sold also counts what first-time
    buyers of the SKU bought in the 180 days after, by its share of units in first orders and the shop's margin: an
    observation about them, not an effect of the SKU. Quantities are whole packs of at least the smallest order. The
    choice is exact (docs/methods/basket.md).

    Args:
        shop: A Dataset with orders and their lines.
        orders: From `jl.operations.replenishment`; worked out with its defaults if None.
        budget: Money there is.
        customer_value: Whether what first-time buyers bring later counts.

    Raises:
        NotEnoughData: if nothing has to be ordered, or nothing to order has a cost.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import stocked_shop
        >>> shop = stocked_shop()
        >>> terms = [{"sku": "CUP", "on_hand": 10, "unit_cost": 4}, {"sku": "POT", "on_hand": 0, "unit_cost": 8}]
        >>> orders = jl.operations.replenishment(shop, assumptions=terms)
        >>> made = jl.operations.basket(shop, orders=orders, budget=100)
        >>> made.cost <= 100
        True
    """
    number(budget, "budget", lowest=0)
    found = orders if orders is not None else replenishment(shop)
    places = np.flatnonzero((found.rows["order"] > 0) & (found.rows["unit_cost"] > 0))
    if not len(places):
        raise NotEnoughData(
            "There is no order to choose from.",
            why="Nothing has to be ordered today, or what must be has no cost.",
            do="Add costs and stock, or ask for more service.",
        )
    rows = found.rows.iloc[places].reset_index(drop=True)
    until = found.as_of
    rows["unit_margin"] = np.maximum((rows["price"] - rows["unit_cost"]).fillna(0.0), 0.0)
    rows["unit_later"] = _later(shop, rows, until) if customer_value else 0.0
    spread, position = found.spread.take(places), rows["position"].to_numpy(float)
    quantities = [_levels(row) for row in rows.itertuples()]
    counts = [len(levels) for levels in quantities]
    each = np.repeat(np.arange(len(rows)), counts)
    flat = np.concatenate(quantities)
    base = spread.sold(position)
    more = np.maximum(spread.take(each).sold(position[each] + flat) - base[each], 0.0)
    more = np.minimum(more, _served(found, rows, spread, each, flat))
    worth = more * (rows["unit_margin"] + rows["unit_later"]).to_numpy(float)[each]
    price = flat * rows["unit_cost"].to_numpy(float)[each]
    ends = np.cumsum(counts)[:-1]
    costs, values, gains = np.split(price, ends), np.split(worth, ends), np.split(more, ends)
    chosen = knapsack.best(costs, values, budget)
    needed = float(sum(cost[-1] for cost in costs))
    points = knapsack.frontier(costs, values)
    return Basket(
        rows=_rows(rows, chosen, quantities, costs, gains, values),
        curve=_thinned(points, needed),
        budget=float(budget),
        needed=needed,
        cost=chosen.cost,
        value=chosen.value,
        exact=chosen.exact,
        bound=chosen.bound,
        currency=shop.currency,
        caveats=_caveats(found, rows, chosen, customer_value=customer_value),
    )


def _served(
    found: Replenishment, rows: pd.DataFrame, spread: Spread, each: np.ndarray, units: np.ndarray
) -> np.ndarray:
    """Return how many of ordered units, once they have come, are expected to be asked for before the next order comes.

    What is owed is served first. The days after the lead time have their share of demand over all of them, and that
    share of its variance.
    """
    after = max(found.review, 1.0)
    share = np.minimum(after / np.maximum(rows["lead_time_days"].to_numpy(float) + found.review, after), 1.0)
    demand = spread_of(spread.mean * share, spread.sd * np.sqrt(share)).take(each)
    owed = np.maximum(-rows["position"].to_numpy(float), 0.0)[each]
    return np.minimum(units, owed) + demand.sold(np.maximum(units - owed, 0.0)) - demand.sold(0.0)


def _levels(row: object) -> np.ndarray:
    """Quantities to weigh: the smallest a vendor sells, whole packs up to the order, and the order itself."""
    pack = float(np.nan_to_num(row.pack_size)) or 1.0  # type: ignore[attr-defined]
    moq = np.nan_to_num(float(row.moq))  # type: ignore[attr-defined]
    order = float(row.order)  # type: ignore[attr-defined]
    first = float(rounded(np.array([pack]), moq=np.array([moq]), pack=np.array([pack]))[0])
    packs = max(math.floor((order - first) / pack + 1e-9), 0)
    step = max(math.ceil(packs / (LEVELS - 1)), 1)
    return np.unique(np.append(first + pack * np.arange(0, packs + 1, step), order))


def _later(shop: Dataset, rows: pd.DataFrame, until: object) -> np.ndarray:
    """What a unit's first-time buyers bring later: its share of first units × margin of later orders a first unit."""
    if not shop.has("orders.customer_id"):
        return np.zeros(len(rows))
    found = recall(shop, ("bringers", until), lambda: bringers(shop, until=until))  # type: ignore[arg-type]
    margin = recall(shop, ("margin share",), lambda: share_of_net(shop))
    total = found["first_units"].sum()
    if not total or not margin > 0:
        return np.zeros(len(rows))
    own = found.set_index("sku").reindex(rows["sku"])
    first = own["first_units"].fillna(0.0).to_numpy(float)
    typical = float(found["later"].sum() / total)
    a_unit = (own["later"].fillna(0.0).to_numpy(float) + SHRINK * typical) / (first + SHRINK)
    sold = own["units"].fillna(0.0).to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(sold > 0, np.minimum(first / sold, 1.0), 0.0)
    return np.maximum(a_unit * share * margin, 0.0)


def _rows(
    rows: pd.DataFrame,
    chosen: knapsack.Choice,
    quantities: list[np.ndarray],
    costs: list[np.ndarray],
    gains: list[np.ndarray],
    values: list[np.ndarray],
) -> pd.DataFrame:
    def picked(of: list[np.ndarray]) -> np.ndarray:
        return np.array([part[level] if level >= 0 else 0.0 for part, level in zip(of, chosen.levels, strict=True)])

    units = picked(gains)
    out = rows[["sku", "product", "vendor", "status"]].assign(
        quantity=picked(quantities),
        wanted=rows["order"],
        cost=picked(costs),
        cost_wanted=[part[-1] for part in costs],
        margin_saved=units * rows["unit_margin"],
        later_value=units * rows["unit_later"],
        value=picked(values),
        value_wanted=[part[-1] for part in values],
        unit_margin=rows["unit_margin"],
        unit_later=rows["unit_later"],
    )
    return out.sort_values(["value", "value_wanted", "sku"], ascending=[False, False, True], ignore_index=True)


def _thinned(points: tuple[np.ndarray, np.ndarray], needed: float) -> pd.DataFrame:
    at = np.linspace(0, needed, _POINTS)
    return pd.DataFrame({"budget": at, "value": np.interp(at, *points)})


def _caveats(
    found: Replenishment, rows: pd.DataFrame, chosen: knapsack.Choice, *, customer_value: bool
) -> tuple[str, ...]:
    said = ["Value is what is expected to be sold more once these orders have come, until the next one can."]
    if customer_value and (rows["unit_later"] > 0).any():
        said.append(
            "Customers who began with a SKU and came back are counted with it; that the SKU made them come back is "
            "not known, and others might have begun with something else."
        )
    costless = int(((found.rows["order"] > 0) & ~(found.rows["unit_cost"] > 0)).sum())
    if costless:
        said.append(f"{words.count(costless, 'SKU')} to order have no cost, and are not in the choice.")
    unpriced = int((rows["unit_margin"] <= 0).sum())
    if unpriced:
        said.append(f"{words.count(unpriced, 'SKU')} earn no margin that is known, and are bought last or not at all.")
    if not chosen.exact:
        said.append(
            f"The choice was cut short: a better one could be worth up to "
            f"{words.percent(chosen.bound / chosen.value - 1)} more."
        )
    return tuple(said)
