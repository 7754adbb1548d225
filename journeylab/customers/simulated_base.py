"""Customers whose truth is known: drawn from a model, watched to one day, and then followed further.

For self-checks and tests: a method that cannot find the parameters it was given should not be trusted with a shop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from journeylab.customers.customer_base import CustomerBase

if TYPE_CHECKING:
    from journeylab.customers.gamma_gamma import GammaGamma
    from journeylab.customers.purchase_model import PurchaseModel


@dataclass(frozen=True, eq=False)
class SimulatedBase:
    """Simulated customers.

    Args:
        seen: What is known of them when observation ends, one row a customer.
        later: Purchases in the time that follows. Shape (n,).
    """

    seen: CustomerBase
    later: np.ndarray


def simulate_base(
    model: PurchaseModel, *, age: np.ndarray, follow: float = 0.0, unit: float = 0.0, seed: int = 0
) -> SimulatedBase:
    """Draw customers from a model.

    Args:
        model: The truth.
        age: Time each customer is watched. Shape (n,).
        follow: Time they are followed after that.
        unit: Where above zero, times are rounded up to it and purchases within one unit are one, as in a shop that is
            looked at by day or by week.
        seed: Of the draws.
    """
    rng = np.random.default_rng(seed)
    age = np.asarray(age, dtype=float)
    n = len(age)
    rate, until_time, until_purchase = model.sample_lifetimes(n, rng)
    window = np.minimum(until_time, age + follow)
    events = rng.poisson(rate * window)
    owner = np.repeat(np.arange(n), events)
    times = rng.random(len(owner)) * window[owner]
    order = np.lexsort((times, owner))
    owner, times = owner[order], times[order]
    rank = np.arange(len(owner)) - (np.cumsum(events) - events)[owner]
    kept = rank < until_purchase[owner]
    owner, times = owner[kept], times[kept]
    if unit > 0:
        times = np.ceil(times / unit) * unit
        fresh = np.r_[True, (owner[1:] != owner[:-1]) | (times[1:] != times[:-1])] if len(owner) else np.empty(0, bool)
        owner, times = owner[fresh], times[fresh]
    early = times <= age[owner]
    recency = np.zeros(n)
    np.maximum.at(recency, owner[early], times[early])
    frequency = np.bincount(owner[early], minlength=n)
    later = np.bincount(owner[~early & (times <= (age + follow)[owner])], minlength=n)
    return SimulatedBase(CustomerBase(frequency, recency, age), later)


def simulate_spend(model: GammaGamma, purchases: np.ndarray, seed: int = 0) -> np.ndarray:
    """Draw each customer's average over so many purchases; NaN where there were none. Shape (n,), money."""
    rng = np.random.default_rng(seed)
    x = np.asarray(purchases, dtype=float)
    scale = rng.gamma(model.q, 1 / model.gamma, len(x))
    total = rng.gamma(np.maximum(model.p * x, 1e-12)) / scale
    return np.where(x > 0, total / np.where(x > 0, x, 1.0), np.nan)
