"""What features are made of: parts that can differ freely, and how the features follow from them.

Features are not free of each other: the net value is orders times value an order, the first order lies before the last
one by the gaps between them, and a share of two orders is none, a half or all. A part is what is left when that is
taken out, such as the value an order, or how much of the time since the first order lies before the last one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from journeylab.customers import scaling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

#: What parts are made from, whichever features are chosen.
BASE = ("frequency", "monetary", "recency_days", "tenure_days")
#: Customers of this many orders or more share their rates.
MANY = 4
_TIMES = {"recency_days", "tenure_days", "gap_days"}
_MADE = {"frequency", "monetary", "order_value", *_TIMES}


@dataclass(frozen=True, eq=False)
class Block:
    """Shares of the same tries, such as the categories of the lines.

    Args:
        places: Their columns among the parts.
        ids: Their names.
        tries: The column of tries an order among the parts.
        rates: The pooled share of each, by number of orders (1 to 4 or more).
        alpha: How much customers are alike: of the Dirichlet distribution of their true shares.
    """

    places: tuple[int, ...]
    ids: tuple[str, ...]
    tries: int
    rates: Matrix
    alpha: float

    def count(self, drawn: Matrix, orders: Matrix, rng: np.random.Generator) -> dict[str, Matrix]:
        """Return how often each occurs and of how many tries, given where each customer stands in it (0 to 1)."""
        from scipy.special import gammaincinv

        tries = np.rint(np.nan_to_num(np.expm1(drawn[:, self.tries])) * orders).astype(int)
        shapes = self.alpha * self.rates[_few(orders) - 1]
        weight = gammaincinv(shapes, np.nan_to_num(drawn[:, self.places], nan=0.5))
        rest = rng.gamma(np.maximum(self.alpha - shapes.sum(axis=1), 1e-3))
        weight = np.column_stack([weight, np.maximum(rest, 1e-9)])
        counted = rng.multinomial(tries, weight / weight.sum(axis=1, keepdims=True))
        made = {f"{name}_x": counted[:, j].astype(float) for j, name in enumerate(self.ids)}
        return made | {f"{name}_n": tries.astype(float) for name in self.ids}


@dataclass(frozen=True, eq=False)
class Parts:
    """The parts of customers.

    Args:
        values: A row a customer and a column a part; NaN where it cannot be observed.
        strata: Customers of whom the same parts can be observed have the same number.
        names: Of the parts.
        hidden: Which parts are seen only by their order among customers, such as true shares.
        scales: How features are scaled; empty where the parts are the features.
        blocks: The shares among the features.
    """

    values: Matrix
    strata: NDArray[np.int64]
    names: tuple[str, ...]
    hidden: NDArray[np.bool_]
    scales: Sequence[scaling.Scale] = ()
    blocks: tuple[Block, ...] = ()

    def features(self, drawn: Matrix, rng: np.random.Generator) -> Matrix:
        """Return the scaled features of customers of these parts, a row each."""
        return scaling.matrix(self.scales, self.made(drawn, rng)) if self.scales else drawn

    def made(self, drawn: Matrix, rng: np.random.Generator) -> pd.DataFrame:
        """Return the features of customers of these parts in their own units; shares as counts of their tries."""
        part = dict(zip(self.names, drawn.T, strict=True))
        orders = np.maximum(np.rint(part["orders"]), 1.0)
        made = {name: np.expm1(values) for name, values in part.items() if name not in {"orders", "active"}}
        made["frequency"] = orders
        if "recency_days" in made:
            made["recency_days"] = np.rint(made["recency_days"])
        if "gap_spread" in made:
            made["gap_spread"] = made["gap_spread"] * np.sqrt(orders)
        if "basket_size" in made:
            made["basket_size"] = np.rint(made["basket_size"] * orders) / orders
        if "order_value" in made:
            made["monetary"] = made["order_value"] * orders
        if "active" in part:
            tenure = np.rint(made["tenure_days"])
            between = np.where(orders > 1, np.rint(np.nan_to_num(part["active"]) * tenure), 0.0)
            made |= {"tenure_days": tenure, "recency_days": tenure - between}
            made["gap_days"] = np.where(orders > 1, between / np.maximum(orders - 1, 1), np.nan)
        for block in self.blocks:
            made |= block.count(drawn, orders, rng)
        return pd.DataFrame(made)


def plain(data: Matrix) -> Parts:
    """Return the parts of features that are free of each other: themselves, in one stratum."""
    width = data.shape[1]
    return Parts(data, np.zeros(len(data), dtype=np.int64), ("",) * width, np.zeros(width, dtype=bool))


def _few(orders: Matrix) -> NDArray[np.int64]:
    """Return numbers of orders with 4 for that many and more."""
    return np.clip(orders, 1, MANY).astype(np.int64)


def take(scales: Sequence[scaling.Scale], sample: pd.DataFrame) -> Parts:
    """Take the scaled features of a sample apart.

    Args:
        scales: How the features are scaled.
        sample: A row a customer with the features' columns, frequency, monetary, recency_days and tenure_days.
    """
    orders = np.maximum(sample["frequency"].to_numpy(dtype=float), 1.0)
    wanted = {scale.column.feature for scale in scales}
    parts = {"orders": orders}
    if wanted & {"monetary", "order_value"}:
        parts["order_value"] = _log(sample["monetary"].to_numpy(dtype=float) / orders)
    parts |= _times(wanted & _TIMES, sample, orders)
    for scale in scales:
        if scale.column.kind == "amount" and scale.column.id not in _MADE:
            raw = sample[scale.column.id].to_numpy(dtype=float)
            # Of n gaps the coefficient of variation is at most √n.
            parts[scale.column.id] = _log(raw / np.sqrt(orders) if scale.column.id == "gap_spread" else raw)
    shares, blocks = _shares(scales, sample, orders, len(parts))
    hidden = [False] * len(parts) + [name in {id_ for b in blocks for id_ in b.ids} for name in shares]
    values = np.column_stack([*parts.values(), *shares.values()])
    _, strata = np.unique(np.isnan(values), axis=0, return_inverse=True)
    return Parts(values, strata.ravel(), (*parts, *shares), np.array(hidden), tuple(scales), tuple(blocks))


def _log(values: Matrix) -> Matrix:
    return np.log1p(np.maximum(values, 0))


def _times(wanted: set[str], sample: pd.DataFrame, orders: Matrix) -> dict[str, Matrix]:
    """Return one time as it is; of several, the time since the first order and how much of it lies before the last."""
    if not wanted:
        return {}
    if len(wanted) == 1 and "gap_days" not in wanted:
        (only,) = wanted
        return {only: _log(sample[only].to_numpy(dtype=float))}
    first, last = (sample[name].to_numpy(dtype=float) for name in ("tenure_days", "recency_days"))
    active = np.where(orders > 1, (first - last) / np.maximum(first, 1), np.nan)
    return {"tenure_days": _log(first), "active": active}


def _shares(
    scales: Sequence[scaling.Scale], sample: pd.DataFrame, orders: Matrix, before: int
) -> tuple[dict[str, Matrix], list[Block]]:
    """Return the parts of shares (tries an order, and each share itself) and how to make shares of them."""
    parts: dict[str, Matrix] = {}
    blocks = []
    for feature in dict.fromkeys(scale.column.feature for scale in scales if scale.column.kind == "share"):
        members = [scale for scale in scales if scale.column.feature == feature]
        tries = sample[members[0].column.parts[1]].fillna(0).to_numpy(dtype=float)
        place = before + len(parts)
        parts[f"{feature} tries"] = _log(tries / orders)
        counted = [sample[scale.column.parts[0]].fillna(0).to_numpy(dtype=float) for scale in members]
        for scale, x in zip(members, counted, strict=True):
            parts[scale.column.id] = np.where(tries > 0, x / np.maximum(tries, 1), np.nan)
        rates = _rates(counted, tries, orders, [scale.pi for scale in members])
        # A customer's true share has one hump as well: with less, it would be all or nothing, which is two kinds.
        most = max(*(scale.pi for scale in members), 1 - sum(scale.pi for scale in members))
        alpha = max(float(np.mean([scale.alpha for scale in members])), 1 / most)
        ids = tuple(scale.column.id for scale in members)
        blocks.append(Block(tuple(range(place + 1, place + 1 + len(ids))), ids, place, rates, alpha))
    return parts, blocks


def _rates(counted: Sequence[Matrix], tries: Matrix, orders: Matrix, pi: Sequence[float]) -> Matrix:
    """Return the pooled share of each column (a column) in each stratum of orders (a row), a little towards `pi`."""
    rows = []
    for number in range(1, MANY + 1):
        here = _few(orders) == number
        rows.append([(x[here].sum() + 2 * p) / (tries[here].sum() + 2) for x, p in zip(counted, pi, strict=True)])
    return np.clip(np.array(rows), 1e-3, 1 - 1e-3)
