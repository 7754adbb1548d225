"""How much to buy once, for what cannot be bought again: too little loses sales, too much is left over.

Method, sources and limits: docs/methods/replenishment.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from journeylab.checks import number
from journeylab.errors import BadParameter

if TYPE_CHECKING:
    from journeylab.operations.lead_time_demand import Spread


@dataclass(frozen=True)
class Buy:
    """A one-off buy.

    Args:
        quantity: Units to buy.
        ratio: The critical ratio: the chance with which demand shall be met in full.
        cost: Expected cost of units left over and sales lost.
        sold: Units expected to be sold.
        left: Units expected to be left over.
    """

    quantity: float
    ratio: float
    cost: float
    sold: float
    left: float


def newsvendor(demand: Spread, *, overage: float, underage: float) -> Buy:
    """Return the quantity at which one unit more costs as much as it saves.

    F(Q) = underage / (underage + overage); expected cost = overage · E[(Q - D)⁺] + underage · E[(D - Q)⁺].
    Arrow, Harris & Marschak (1951); Snyder & Shen (2019), chapter 4.

    Args:
        demand: The demand of the whole season, one SKU.
        overage: Cost of a unit that is left over: what it cost less what it still brings.
        underage: Cost of a unit that is lacking: the margin of a sale.

    Example:
        >>> from journeylab.operations.lead_time_demand import spread
        >>> bought = newsvendor(spread(50, 8, shape="normal"), overage=0.18, underage=0.70)
        >>> round(bought.quantity, 2), round(bought.cost, 3)
        (56.6, 1.998)
    """
    number(overage, "overage", lowest=0)
    number(underage, "underage", lowest=0)
    if overage + underage == 0:
        raise BadParameter("Either a unit left over or a unit lacking must cost something.")
    if overage == 0:
        raise BadParameter(
            "A unit left over costs nothing, so no quantity would be too much.", do="Say what a unit costs."
        )
    ratio = underage / (underage + overage)
    return judged(demand, float(demand.quantile(ratio)[0]), overage=overage, underage=underage)


def judged(demand: Spread, quantity: float, *, overage: float, underage: float) -> Buy:
    """Return what buying just `quantity` comes to."""
    lacking = float(demand.loss(quantity)[0])
    mean = float(demand.mean[0])
    left = max(quantity - mean + lacking, 0.0)
    return Buy(
        quantity=quantity,
        ratio=underage / (underage + overage),
        cost=overage * left + underage * lacking,
        sold=mean - lacking,
        left=left,
    )
