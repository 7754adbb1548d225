"""How much to order at once: the economic order quantity, the plan for a season, and what a vendor accepts.

Method, sources and limits: docs/methods/replenishment.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from journeylab.checks import number
from journeylab.errors import BadParameter

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Lots:
    """Orders by period and what they cost.

    Args:
        orders: Units that must be there at the start of each period.
        stock: Units left at the end of each period.
        ordering: Cost of placing the orders.
        holding: Cost of keeping what is left at the end of each period.
    """

    orders: tuple[float, ...]
    stock: tuple[float, ...]
    ordering: float
    holding: float

    @property
    def cost(self) -> float:
        """Ordering and holding together."""
        return self.ordering + self.holding


def eoq(demand: float, *, order_cost: float, holding_cost: float) -> tuple[float, float]:
    """Return the economic order quantity and the cost of ordering and holding a period at it.

    Q = √(2 K D / h), cost √(2 K D h). Harris (1913); Snyder & Shen (2019), "Fundamentals of Supply Chain Theory",
    chapter 3.

    Args:
        demand: D, units a period.
        order_cost: K, cost of placing one order.
        holding_cost: h, cost of keeping one unit for a period.

    Example:
        >>> [round(value, 2) for value in eoq(1300, order_cost=8, holding_cost=0.225)]
        [304.05, 68.41]
    """
    number(demand, "demand", lowest=0)
    number(order_cost, "order_cost", lowest=0)
    if number(holding_cost, "holding_cost", lowest=0) == 0:
        raise BadParameter("holding_cost must be more than nothing, or the best order would be endless.")
    return float(np.sqrt(2 * order_cost * demand / holding_cost)), float(
        np.sqrt(2 * order_cost * demand * holding_cost)
    )


def wagner_whitin(demand: Sequence[float], *, order_cost: float, holding_cost: float) -> Lots:
    """Return the cheapest orders that meet a known demand by period, from an empty shelf.

    Dynamic programming over the period of the last order: an order covers whole periods, because any other plan could
    be made cheaper. Wagner & Whitin (1958); Snyder & Shen (2019), chapter 3. Of two plans at the same cost, the one
    with the later orders is returned.

    Args:
        demand: Units wanted in each period; none may be negative.
        order_cost: K, cost of placing one order.
        holding_cost: h, cost of keeping one unit from one period to the next.

    Example:
        >>> plan = wagner_whitin([90, 120, 80, 70], order_cost=500, holding_cost=2)
        >>> plan.orders, plan.cost
        ((210.0, 0.0, 150.0, 0.0), 1380.0)
    """
    wanted = _checked(demand)
    number(order_cost, "order_cost", lowest=0)
    number(holding_cost, "holding_cost", lowest=0)
    n = len(wanted)
    best, since = np.zeros(n + 1), np.zeros(n + 1, dtype=int)
    for end in range(1, n + 1):
        # the cost of an order in `start` for the periods start … end - 1, after the best plan before it
        covers = wanted[:end]
        units_after = np.cumsum((covers * np.arange(end))[::-1])[::-1]
        carried = units_after - np.arange(end) * np.cumsum(covers[::-1])[::-1]
        needed = np.cumsum(covers[::-1])[::-1] > 0
        total = best[:end] + order_cost * needed + holding_cost * carried
        since[end] = end - 1 - int(np.argmin(total[::-1]))
        best[end] = total[since[end]]
    orders = np.zeros(n)
    end = n
    while end > 0:
        start = since[end]
        orders[start] = wanted[start:end].sum()
        end = start
    return costed(orders, wanted, order_cost=order_cost, holding_cost=holding_cost)


def lot_for_lot(demand: Sequence[float], *, order_cost: float, holding_cost: float) -> Lots:
    """Return the plan that orders in each period what it needs."""
    wanted = _checked(demand)
    return costed(wanted, wanted, order_cost=order_cost, holding_cost=holding_cost)


def fixed_lots(demand: Sequence[float], quantity: float, *, order_cost: float, holding_cost: float) -> Lots:
    """Return the plan that orders whole multiples of `quantity` when a period would end short."""
    wanted = _checked(demand)
    if number(quantity, "quantity", lowest=0) == 0:
        raise BadParameter("quantity must be more than nothing.")
    orders, left = np.zeros(len(wanted)), 0.0
    for period, units in enumerate(wanted):
        orders[period] = np.ceil(max(units - left, 0) / quantity) * quantity
        left += orders[period] - units
    return costed(orders, wanted, order_cost=order_cost, holding_cost=holding_cost)


def costed(orders: Floats, demand: Floats, *, order_cost: float, holding_cost: float) -> Lots:
    """Return what orders by period cost against a demand that they meet."""
    stock = np.cumsum(orders) - np.cumsum(demand)
    stock = np.where(np.abs(stock) < 1e-9 * max(1.0, float(np.sum(demand))), 0.0, stock)
    return Lots(
        orders=tuple(orders.tolist()),
        stock=tuple(stock.tolist()),
        ordering=float(order_cost * np.count_nonzero(orders)),
        holding=float(holding_cost * stock.sum()),
    )


def rounded(quantity: Floats, *, moq: Floats, pack: Floats) -> Floats:
    """Return quantities that a vendor accepts: none, or at least `moq` and whole packs, never less than asked for.

    Args:
        quantity: Units wanted; what is not above zero becomes zero, what is not known stays so.
        moq: Smallest order in units; not known counts as none.
        pack: Units in a pack; not known, or not above zero, counts as single units.

    Example:
        >>> rounded(np.array([-3.0, 1, 25, 30]), moq=np.array([24.0] * 4), pack=np.array([6.0] * 4)).tolist()
        [0.0, 24.0, 30.0, 30.0]
    """
    packs = np.where(np.nan_to_num(pack) > 0, np.nan_to_num(pack), 1.0)
    least = np.maximum(quantity, np.nan_to_num(moq))
    # a hair less, so that a sum in floating point does not ask for one pack more
    wanted = np.ceil(least / packs - 1e-9) * packs
    return np.where(np.isnan(quantity), np.nan, np.where(quantity > 1e-9, wanted, 0.0)) + 0.0


def _checked(demand: Sequence[float]) -> Floats:
    wanted = np.asarray(demand, dtype=float)
    if wanted.ndim != 1 or not len(wanted) or not np.isfinite(wanted).all() or (wanted < 0).any():
        raise BadParameter("demand must be one or more numbers, none of them negative.")
    return wanted
