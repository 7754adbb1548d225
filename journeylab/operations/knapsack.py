"""The best choice of one quantity a SKU for a sum of money, exactly: the multiple-choice knapsack.

Method, sources and limits: docs/methods/basket.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

#: Partial choices kept at most; beyond it the most promising go on, and the answer is no longer proven.
MOST = 200_000
_HAIR, _STEEPER = 1e-9, 1 + 1e-11


@dataclass(frozen=True, eq=False)
class Choice:
    """One level an item.

    Args:
        levels: For each item the place of its level, -1 for none.
        cost: Money it takes.
        value: What it is worth.
        bound: What no choice can exceed.
        exact: Whether it is proven to be the best.
    """

    levels: tuple[int, ...]
    cost: float
    value: float
    bound: float
    exact: bool


def best(costs: Sequence[Floats], values: Sequence[Floats], budget: float, *, most: int = MOST) -> Choice:
    """Return the levels of highest value within a budget; among equals the cheapest.

    Dynamic programming over non-dominated partial choices (Nemhauser & Ullmann 1969). A partial choice is dropped when
    even its linear relaxation (Sinha & Zoltners 1979) is worth less than a whole choice already at hand, so that few
    are left: docs/methods/basket.md.

    Args:
        costs: For each item the cost of each of its levels, none negative; taking none costs nothing.
        values: Their values, none negative.
        budget: Money there is.
        most: Partial choices kept at most.

    Example:
        >>> chosen = best([np.array([4.0, 7]), np.array([5.0])], [np.array([6.0, 8]), np.array([5.0])], 9)
        >>> chosen.levels, chosen.value
        ((0, 0), 11.0)
    """
    items = [_Item.of(c, v, budget) for c, v in zip(costs, values, strict=True)]
    order = _order(items, budget)
    rest = [_Rest.of([items[place] for place in order[start:]]) for start in range(len(order) + 1)]
    top = rest[0].most(np.array([budget]))[0]
    at_hand = rest[0].whole(np.array([budget]))[0]
    cost, value = np.zeros(1), np.zeros(1)
    trail: list[tuple[np.ndarray, np.ndarray]] = []
    exact = True
    for step, place in enumerate(order, start=1):
        item = items[place]
        new_cost = (cost[:, None] + item.cost[None, :]).ravel()
        new_value = (value[:, None] + item.value[None, :]).ravel()
        origin = np.repeat(np.arange(len(cost)), len(item.cost))
        level = np.tile(item.level, len(cost))
        left = budget - new_cost
        fits = left >= -_HAIR * max(budget, 1.0)
        new_cost, new_value, left = new_cost[fits], new_value[fits], np.maximum(left[fits], 0.0)
        origin, level = origin[fits], level[fits]
        at_hand = max(at_hand, float((new_value + rest[step].whole(left)).max()))
        hope = new_value + rest[step].most(left)
        good = hope >= at_hand - _HAIR * max(at_hand, 1.0)
        new_cost, new_value, hope = new_cost[good], new_value[good], hope[good]
        origin, level = origin[good], level[good]
        kept = _undominated(new_cost, new_value)
        if len(kept) > most:
            exact = False
            kept = np.sort(kept[np.argsort(-hope[kept], kind="stable")[:most]])
        cost, value = new_cost[kept], new_value[kept]
        trail.append((origin[kept], level[kept]))
    winner = int(np.argmax(value))
    levels, place_of = [-1] * len(items), winner
    for (origin, level), place in zip(reversed(trail), reversed(order), strict=True):
        levels[place] = int(level[place_of])
        place_of = int(origin[place_of])
    return Choice(tuple(levels), float(cost[winner]), float(value[winner]), float(top), exact)


@dataclass(frozen=True, eq=False)
class _Item:
    """An item's levels worth looking at, none first; and the steps of their concave hull."""

    cost: Floats
    value: Floats
    level: npt.NDArray[np.int64]
    step_cost: Floats
    step_value: Floats

    @classmethod
    def of(cls, costs: Floats, values: Floats, budget: float) -> _Item:
        cost = np.concatenate([[0.0], np.asarray(costs, dtype=float)])
        value = np.concatenate([[0.0], np.asarray(values, dtype=float)])
        level = np.arange(-1, len(cost) - 1)
        can = cost <= budget * (1 + _HAIR)
        cost, value, level = cost[can], value[can], level[can]
        kept = _undominated(cost, value)
        cost, value, level = cost[kept], value[kept], level[kept]
        hull = [0]
        for point in range(1, len(cost)):
            # by a hair, so that rounding never puts a later step before an earlier one
            while len(hull) > 1 and _slope(cost, value, hull[-2], hull[-1]) <= _STEEPER * _slope(
                cost, value, hull[-2], point
            ):
                hull.pop()
            hull.append(point)
        return cls(cost, value, level, np.diff(cost[hull]), np.diff(value[hull]))


@dataclass(frozen=True, eq=False)
class _Rest:
    """What items not yet decided can add, by the money left: hull steps by value for money, added up."""

    cost: Floats
    value: Floats

    @classmethod
    def of(cls, items: Sequence[_Item]) -> _Rest:
        cost = np.concatenate([[], *(item.step_cost for item in items)])
        value = np.concatenate([[], *(item.step_value for item in items)])
        # within an item the slopes fall, so that a stable order never takes a later step first
        order = np.argsort(-value / np.maximum(cost, 1e-300), kind="stable")
        start = sum(float(item.value[0]) for item in items)
        return cls(
            np.concatenate([[0.0], np.cumsum(cost[order])]), start + np.concatenate([[0.0], np.cumsum(value[order])])
        )

    def most(self, left: Floats) -> Floats:
        """No choice adds more than this."""
        return np.interp(left, self.cost, self.value)

    def whole(self, left: Floats) -> Floats:
        """Whole steps that fit add this."""
        return self.value[np.searchsorted(self.cost, left, side="right") - 1]


def _order(items: Sequence[_Item], budget: float) -> list[int]:
    """Decide first what is clear: items whose steps lie far from the slope at which the money ends."""
    everything = _Rest.of(items)
    end = min(int(np.searchsorted(everything.cost, budget, side="right")), len(everything.cost) - 1)
    if end < 1 or everything.cost[end] == everything.cost[end - 1]:
        return list(range(len(items)))
    slope = (everything.value[end] - everything.value[end - 1]) / (everything.cost[end] - everything.cost[end - 1])
    far = []
    for item in items:
        with np.errstate(divide="ignore"):
            logs = np.log(np.maximum(item.step_value, 1e-300)) - np.log(np.maximum(item.step_cost, 1e-300))
        far.append(np.abs(logs - np.log(max(slope, 1e-300))).min() if len(logs) else np.inf)
    return [int(place) for place in np.argsort(-np.array(far), kind="stable")]


def _undominated(cost: Floats, value: Floats) -> npt.NDArray[np.int64]:
    """The places, by rising cost, of what is worth more than anything that costs no more."""
    order = np.lexsort((-value, cost))
    best_before = np.concatenate([[-np.inf], np.maximum.accumulate(value[order])[:-1]])
    return order[value[order] > best_before]


def _slope(cost: Floats, value: Floats, a: int, b: int) -> float:
    return float((value[b] - value[a]) / max(cost[b] - cost[a], 1e-300))


def frontier(costs: Sequence[Floats], values: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Return money and the value that no choice for it can exceed, as corners of a concave line."""
    everything = _Rest.of([_Item.of(c, v, np.inf) for c, v in zip(costs, values, strict=True)])
    return everything.cost, everything.value
