"""The stock of the simulated shop, day by day, as its sales and its deliveries leave it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from journeylab.data.demo import catalog
from journeylab.data.demo.orders import out_days

if TYPE_CHECKING:
    from journeylab.data.demo.clock import Clock
    from journeylab.data.demo.plan import Plan

LOCATION = "Berlin"
_CYCLE = 35
#: Units that turn out to be broken when the best-seller runs out.
_BROKEN = 2


def daily_units(plan: Plan, clock: Clock, orders: pd.DataFrame, lines: pd.DataFrame, n_products: int) -> np.ndarray:
    """Units sold: one row a product, one column a day."""
    day = clock.day(orders["t"].to_numpy())[lines["order"]]
    flat = lines["sku"].to_numpy() * plan.days + np.clip(day, 0, plan.days - 1)
    units = np.bincount(flat, lines["quantity"], minlength=n_products * plan.days)
    return units.reshape(n_products, plan.days).astype(int)


def history(
    plan: Plan, clock: Clock, units: np.ndarray, products: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """On hand at the end of each day, on order and its day of arrival: one row a SKU and day it was in the range."""
    frames = []
    launch = max(plan.day_ago(plan.new_sku_ago), 0)
    for number, product in enumerate(products.itertuples()):
        first = launch if product.sku == catalog.NEW_SKU else 0
        lost = out_days(plan) if product.sku == catalog.BEST_SELLER else np.array([], dtype=int)
        spare = 6.0 if product.sku == catalog.OVERSTOCKED_SKU else float(rng.uniform(0.15, 0.5))
        on_hand, on_order, arrives = _levels(units[number], first, lost, product, spare, rng)
        frames.append(
            pd.DataFrame(
                {
                    "sku": product.sku,
                    "location": LOCATION,
                    "as_of": clock.dates(np.arange(first, plan.days)),
                    "on_hand": on_hand,
                    "on_order": on_order,
                    "arrives_at": np.where(on_order > 0, clock.dates(arrives), ""),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _levels(
    sold: np.ndarray, first: int, lost: np.ndarray, product: object, spare: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Deliveries that cover each cycle's sales with something to spare, and none to spare before a stock-out."""
    pack, lead = int(product.pack_size), int(product.lead_time_days)  # type: ignore[attr-defined]
    days = len(sold)
    starts = _cycle_starts(first, days, lost, rng)
    runs = list(zip(starts, [*starts[1:], days], strict=True))
    level, on_hand = 0, np.zeros(days, dtype=int)
    on_order, arrives = np.zeros(days, dtype=int), np.zeros(days, dtype=int)
    for i, (start, end) in enumerate(runs):
        needed = int(sold[start:end].sum())
        if start in lost:
            wanted, level = 0, 0
        elif end in lost or (i + 1 < len(runs) and runs[i + 1][1] in lost):
            wanted = max(needed + _BROKEN - level, 0)  # what is left is written off when the lost days start
        else:
            # the last cycle is only part of one: buy for all of it
            whole = needed * _CYCLE / max(end - start, 1) if end == days else needed
            wanted = max(int(np.ceil((max(whole, needed) * (1 + spare) + 2 - level) / pack)) * pack, 0)
        level += wanted
        ordered = max(start - lead, first)
        on_order[ordered:start] += wanted
        arrives[ordered:start] = np.where(arrives[ordered:start] == 0, start, arrives[ordered:start])
        on_hand[start:end] = level - np.cumsum(sold[start:end])
        level = int(on_hand[end - 1])
    coming = int(np.ceil(max(sold[-_CYCLE:].sum() * 0.5, 1) / pack)) * pack
    since = max(days - lead // 2, first)
    if spare < 0.35:  # about half of the SKUs have a delivery on its way at the end
        on_order[since:] += coming
        arrives[since:] = np.where(arrives[since:] == 0, since + lead, arrives[since:])
    return on_hand[first:], on_order[first:], arrives[first:]


def _cycle_starts(first: int, days: int, lost: np.ndarray, rng: np.random.Generator) -> list[int]:
    """Days on which deliveries arrive; the start and the end of each stock-out are two of them."""
    starts = {first}
    at = first + int(rng.integers(8, _CYCLE))
    while at < days:
        starts.add(at)
        at += _CYCLE
    out = set(lost.tolist())
    edges = {d for d in out if d - 1 not in out} | {d + 1 for d in out if d + 1 not in out}
    return sorted(d for d in (starts - out) | edges if first <= d < days)
