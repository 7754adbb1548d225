"""What to keep above the demand that is expected: for a cycle service level, or for a fill rate.

Method, sources and limits: docs/methods/replenishment.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from journeylab.checks import number, one_of
from journeylab.operations.lead_time_demand import MOST_SPREAD, spread
from journeylab.operations.lot_sizing import eoq

if TYPE_CHECKING:
    import numpy.typing as npt

    from journeylab.operations.lead_time_demand import Spread

    Floats = npt.NDArray[np.float64]

#: Cycle: the chance that no sale is lost until the next delivery. Fill: the share of units served from the shelf.
MEASURES = ("cycle", "fill")
_STEPS = 60
#: Shapes of gamma distributions, from a spread of 0.05 means to one of 100.
_SHAPES = 1 / np.geomspace(0.05, 100, 800) ** 2


def safety_stock(
    demand: Spread,
    *,
    service: float,
    measure: str = "cycle",
    cycle: Floats | float = 1.0,
    rank: Floats | float | None = None,
) -> Floats:
    """Return units to keep above the expected demand: never below zero, nor less for a demand that is less sure.

    Cycle service level p: F⁻¹(p) - mean, for a normal demand z σ. Where a wider spread with the same mean would ask for
    less, as a gamma distribution's does once almost all of it lies at zero, the most that any narrower one asks for is
    kept. Fill rate β: the stock r at which the loss function
    E[(D - r)⁺] is (1 - β) times the units of a cycle; what was lacking already when the cycle began is not taken off,
    which keeps a little too much. Silver, Pyke & Peterson (1998), chapter 7; Chopra & Meindl (2016),
    chapter 12.

    Args:
        demand: Demand over lead time and review period.
        service: The service level, 0.5 to 0.9999.
        measure: 'cycle' or 'fill'.
        cycle: Units that an order cycle sells, for a fill rate; more than none.
        rank: The p at which F is read for a cycle service level, where past forecasts say that it takes another to
            reach `service`; a number a SKU, and `service` itself if None.

    Example:
        >>> week = spread(100.0, 20.0)
        >>> safety_stock(week, service=0.95).round(1).tolist()
        [32.9]
        >>> safety_stock(week, service=0.95, measure="fill", cycle=100.0).round(1).tolist()
        [6.9]
    """
    number(service, "service", lowest=0.5, highest=0.9999)
    if one_of(measure, "measure", MEASURES) == "cycle":
        return _most(demand, service if rank is None else rank)
    allowed = (1 - service) * np.broadcast_to(np.asarray(cycle, dtype=float), demand.mean.shape)
    low, high = demand.mean.copy(), demand.mean + 4 * demand.sd
    while (short := demand.loss(high) > allowed).any():
        high = np.where(short, 2 * high + 1, high)
    for _step in range(_STEPS):
        middle = (low + high) / 2
        lacks = demand.loss(middle) > allowed
        low, high = np.where(lacks, middle, low), np.where(lacks, high, middle)
    enough = demand.loss(demand.mean) <= allowed
    return np.where(enough, 0.0, np.maximum(high - demand.mean, 0.0))


def _most(demand: Spread, rank: Floats | float) -> Floats:
    """Return the most that a demand with the same mean and up to the same spread asks for."""
    at = np.broadcast_to(np.asarray(rank, dtype=float), demand.mean.shape)
    narrow = spread(demand.mean, np.minimum(demand.sd, MOST_SPREAD * demand.mean), shape="normal")
    skewed = spread(demand.mean, np.minimum(demand.sd, _furthest(at) * demand.mean), shape="gamma")
    told = np.maximum(narrow.quantile(at), np.where(demand.gamma, skewed.quantile(at), 0.0))
    told = np.where(demand.gamma, told, demand.quantile(at))
    return np.maximum(told - demand.mean, 0.0)


def _furthest(rank: Floats) -> Floats:
    """Return the spread over the mean at which that quantile of a gamma distribution lies furthest out."""
    from scipy.special import gammaincinv

    at, place = np.unique(rank, return_inverse=True)
    found = gammaincinv(_SHAPES[None, :], at[:, None]) / _SHAPES
    return (1 / np.sqrt(_SHAPES))[found.argmax(axis=1)][place].reshape(rank.shape)


def fill_rate(demand: Spread, stock: Floats | float, *, cycle: Floats | float) -> Floats:
    """Return the share of a cycle's units that a stock at its start serves, by the loss function."""
    served = 1 - demand.loss(stock) / np.asarray(cycle, dtype=float)
    return np.clip(served, 0.0, 1.0)


def eoq_with_safety_stock(
    mean: float, sd: float, *, lead_time: float, order_cost: float, holding_cost: float, stockout_cost: float
) -> tuple[float, float]:
    """Return reorder point and quantity where a lost unit has a price: EOQ, and the quantile p / (p + h).

    Snyder & Shen (2019), chapter 5, "EOQ with safety stock".

    Args:
        mean: Demand a period, normal.
        sd: Its standard deviation a period.
        lead_time: Periods until an order arrives.
        order_cost: K, of one order.
        holding_cost: h, of a unit kept for a period.
        stockout_cost: p, of a unit owed for a period.

    Example:
        >>> costs = {"order_cost": 8, "holding_cost": 0.225, "stockout_cost": 7.5}
        >>> point, quantity = eoq_with_safety_stock(1300, 150, lead_time=1 / 12, **costs)
        >>> round(point, 1), round(quantity, 1)
        (190.3, 304.0)
    """
    quantity, _cost = eoq(mean, order_cost=order_cost, holding_cost=holding_cost)
    number(lead_time, "lead_time", lowest=0)
    number(stockout_cost, "stockout_cost", lowest=0)
    waiting = spread(mean * lead_time, sd * np.sqrt(lead_time), shape="normal")
    return float(waiting.quantile(stockout_cost / (stockout_cost + holding_cost))[0]), quantity
