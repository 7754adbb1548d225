"""What to buy once for a season: the quantity at which one unit more costs as much as it saves.

Method, sources and limits: docs/methods/replenishment.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from journeylab import words
from journeylab.checks import number, whole
from journeylab.errors import NotEnoughData
from journeylab.operations.daily import whole_units
from journeylab.operations.demand import demand as demanded
from journeylab.operations.lead_time_demand import spread
from journeylab.operations.newsvendor import judged, newsvendor
from journeylab.operations.seasonal_plan import cost_of, known_terms, picked
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import altair as alt

    from journeylab.data.dataset import Dataset
    from journeylab.operations.demand import Demand
    from journeylab.operations.lead_time_demand import Spread

_POINTS = 80


@dataclass(frozen=True, eq=False, kw_only=True)
class OneOff(Result):
    """A quantity to buy once.

    Args:
        rows: A row a quantity: quantity, profit (expected), sold, left, sold_out (chance).
        sku: The SKU.
        product: Its name.
        quantity: The best one, in whole units where the SKU sells so.
        ratio: The critical ratio: the chance with which demand is met in full.
        mean: Demand expected over the days.
        sd: Its standard deviation.
        profit: Expected at the best quantity.
        days: How long it sells.
        currency: Of all money.
    """

    views: ClassVar[tuple[str, ...]] = ("profit", "left over")

    rows: pd.DataFrame
    sku: str
    product: str
    quantity: float
    ratio: float
    mean: float
    sd: float
    profit: float
    days: int
    currency: str

    def table(self) -> pd.DataFrame:
        """Return a row a quantity: its expected profit, sales and leftovers."""
        return self.rows

    def headline(self) -> str:
        """Say how much to buy, and what it brings."""
        here = self.rows.iloc[(self.rows["quantity"] - self.quantity).abs().argmin()]
        return (
            f"{self.product}: buy {words.count(self.quantity, 'unit')} for {words.count(self.days, 'day')} "
            f"({words.money(self.profit, self.currency)} expected); they sell out with a chance of "
            f"{words.percent(here['sold_out'], digits=0)}."
        )

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import lots

        return lots.one_off(self.rows, best=self.quantity, what=view, currency=self.currency)


@analysis("orders", "order_lines")
def one_off(
    shop: Dataset,
    *,
    sku: str | None = None,
    days: int = 60,
    demand: Demand | None = None,
    uplift: float = 1.0,
    price: float | None = None,
    unit_cost: float | None = None,
    salvage: float = 0.0,
    assumptions: Sequence[Mapping[str, Any]] | None = None,
) -> OneOff:
    """Work out how much to buy once, for what cannot be bought again (the newsvendor).

    F(Q) = (price - cost) / (price - salvage). Source: Arrow, Harris & Marschak (1951); Snyder & Shen (2019), chapter 4.

    Args:
        shop: A Dataset with orders and their lines.
        sku: A SKU to learn from; the one with most net value by default.
        days: How long it will be on sale.
        demand: From `jl.operations.demand`; worked out with its defaults if None.
        uplift: Demand as a multiple of that SKU's forecast: 1.3 for a season expected to be 30 % stronger.
        price: Net value a unit; what the SKU brought over the last year by default.
        unit_cost: Cost of a unit; as typed, by the shop's list or by its order lines if not given.
        salvage: What a unit left over still brings.
        assumptions: What is typed over the shop's own list, as `replenishment` takes it.

    Raises:
        NotEnoughData: if price or cost are not known, or selling at a loss.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import stocked_shop
        >>> made = jl.operations.one_off(stocked_shop(), sku="CUP", days=30, unit_cost=2)
        >>> made.mean < made.quantity
        True
    """
    whole(days, "days", lowest=1, highest=365)
    number(uplift, "uplift", lowest=0.05, highest=20)
    told = demand if demand is not None else demanded(shop)
    chosen = picked(told, sku)
    own = known_terms(shop, told, str(chosen["sku"]), assumptions)
    cost = unit_cost if unit_cost is not None else cost_of(own)
    earned = _price(own) if price is None else price
    number(cost, "unit_cost", lowest=0)
    number(earned, "price", lowest=0)
    number(salvage, "salvage", lowest=0)
    if earned <= cost or salvage >= cost:
        raise NotEnoughData(
            f"At a price of {earned:,.2f}, a cost of {cost:,.2f} and {salvage:,.2f} for leftovers, there is no choice.",
            why="A one-off buy weighs the margin of a sale against the loss on what is left over.",
            do="Choose a price above the cost, and less than the cost for what is left.",
        )
    ahead = told.over(float(days)).set_index("sku").loc[chosen["sku"]]
    asked = spread(float(ahead["mean"]) * uplift, float(ahead["sd"]) * uplift)
    if not asked.mean[0] > 0:
        raise NotEnoughData(f"{chosen['product']} is not expected to sell.", do="Choose another SKU.")
    sides = {"overage": cost - salvage, "underage": earned - cost}
    best = newsvendor(asked, **sides)
    quantity = _whole_unit(asked, best.quantity, sides) if whole_units(told) else best.quantity
    most = max(float(asked.quantile(0.999)[0]), quantity * 1.2, 4.0)
    step = max(math.ceil(most / _POINTS), 1) if whole_units(told) else most / _POINTS
    grid = np.unique(np.append(np.arange(0, most + step, step), quantity))
    return OneOff(
        rows=_rows(asked, grid, cost=cost, price=earned, salvage=salvage),
        sku=str(chosen["sku"]),
        product=str(chosen["product"]),
        quantity=quantity,
        ratio=best.ratio,
        mean=float(asked.mean[0]),
        sd=float(asked.sd[0]),
        profit=float(_profit(asked, np.array([quantity]), cost=cost, price=earned, salvage=salvage)[0]),
        days=days,
        currency=shop.currency,
        caveats=(
            f"Demand is that forecast for {chosen['sku']}: {asked.mean[0]:,.0f} ± {asked.sd[0]:,.0f} units.",
            "A new product may sell differently; the spread is one standard deviation.",
            "A sale that is missed costs its margin; that the customer may not come back is not counted.",
        ),
    )


def _whole_unit(asked: Spread, quantity: float, sides: dict[str, float]) -> float:
    """The better of the two whole quantities around the best one."""
    around = (math.floor(quantity), math.ceil(quantity))
    return float(min(around, key=lambda q: judged(asked, float(q), **sides).cost))


def _price(own: pd.Series) -> float:
    price = float(own["price"])
    if not price >= 0:
        raise NotEnoughData(
            f"{own['sku']} was not sold by itself in the last year, so its price is not known.", do="Type a price."
        )
    return price


def _profit(asked: Spread, grid: np.ndarray, *, cost: float, price: float, salvage: float) -> np.ndarray:
    sold = np.array([float(asked.sold(q)[0]) for q in grid])
    return price * sold + salvage * (grid - sold) - cost * grid


def _rows(asked: Spread, grid: np.ndarray, *, cost: float, price: float, salvage: float) -> pd.DataFrame:
    sold = np.array([float(asked.sold(q)[0]) for q in grid])
    return pd.DataFrame(
        {
            "quantity": grid,
            "profit": _profit(asked, grid, cost=cost, price=price, salvage=salvage),
            "sold": sold,
            "left": grid - sold,
            "sold_out": [float(1 - asked.chance_below(q)[0]) for q in grid],
        }
    )
