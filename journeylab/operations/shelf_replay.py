"""A shelf, day by day: orders come, customers buy what is there, and the rest is lost.

Method and limits: docs/methods/policy_replay.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from journeylab.operations.lot_sizing import rounded

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Course:
    """What happened in each draw of lead times: draws × SKUs × days.

    Args:
        stock: Units left at the end of each day.
        lost: Units that were asked for and not there.
        ordered: Units ordered on each day.
    """

    stock: Floats
    lost: Floats
    ordered: Floats


def replay(
    demand: Floats,
    *,
    start: Floats,
    coming: Floats,
    leads: npt.NDArray[np.int64],
    review: int,
    target: Callable[[int, Floats], tuple[Floats, Floats]],
    moq: Floats,
    pack: Floats,
) -> Course:
    """Run one policy over the days. At each review, after deliveries, it orders up to a level when below a point.

    Args:
        demand: Units asked for: SKUs × days.
        start: Units there at the start.
        coming: Units on their way at the start, by day of arrival: SKUs × days.
        leads: Days from order to delivery for an order of each day: draws × SKUs × days. An order placed on a day is
            there at the start of the day so many days later.
        review: Days between reviews; the first day is one.
        target: Given the day and what was sold so far (draws × SKUs × days), the point and the level (each draws × SKUs
            or SKUs).
        moq: Smallest order by SKU.
        pack: Units in a pack by SKU.
    """
    draws, n, days = leads.shape
    there = np.broadcast_to(start, (draws, n)).astype(float).copy()
    arriving = np.broadcast_to(coming, (draws, n, days)).astype(float).copy()
    waiting = np.broadcast_to(coming.sum(axis=1), (draws, n)).astype(float).copy()
    stock, lost, ordered, sold = (np.zeros((draws, n, days)) for _name in range(4))
    draw, item = np.indices((draws, n))
    for day in range(days):
        there += arriving[:, :, day]
        waiting -= arriving[:, :, day]
        if day % review == 0:
            point, level = target(day, sold)
            position = there + waiting
            wanted = np.where(position <= point, np.maximum(level - position, 0.0), 0.0)
            order = rounded(wanted, moq=moq, pack=pack)
            due = day + leads[:, :, day]
            at_once = due == day
            there += np.where(at_once, order, 0.0)
            waiting += np.where(at_once, 0.0, order)
            later = (due < days) & ~at_once
            np.add.at(arriving, (draw[later], item[later], due[later]), order[later])
            ordered[:, :, day] = order
        sold[:, :, day] = np.minimum(there, demand[:, day])
        lost[:, :, day] = demand[:, day] - sold[:, :, day]
        there -= sold[:, :, day]
        stock[:, :, day] = there
    return Course(stock, lost, ordered)
