"""SKUs with too short a history for a model: they borrow from their category.

Gamma-Poisson empirical Bayes (Casella 1985, The American Statistician 39, 83-87): the rates of the category's
established SKUs are a gamma distribution by their moments; a new SKU's rate is its mean given what it sold so far,
(shape + units) / (1 / scale + exposure), where exposure is its periods, weighted with the calendar's factors.
"""

from __future__ import annotations

import numpy as np

#: How strongly the category speaks at least, in units sold: its SKUs may look more alike than they are.
_LEAST_SHAPE = 0.3


def prior(rates: np.ndarray) -> tuple[float, float]:
    """Return shape and scale of the gamma distribution with the mean and variance of the rates.

    >>> prior(np.array([1.0, 2.0, 3.0]))
    (6.0, 0.33333333333333337)
    """
    rates = rates[np.isfinite(rates) & (rates > 0)]
    if not len(rates):
        return 0.0, np.inf
    mean = float(rates.mean())
    variance = float(rates.var()) if len(rates) > 2 else mean**2
    shape = max(mean**2 / max(variance, 1e-12), _LEAST_SHAPE) if variance > 0 else 100.0
    shape = min(shape, 100.0)
    return shape, mean / shape


def posterior(units: float, exposure: float, rates: np.ndarray) -> tuple[float, float]:
    """Return the expected rate of a new SKU and the shape of what is not known about it.

    Args:
        units: What it sold so far.
        exposure: Over how many periods, calendar factors added up.
        rates: Units a period of the established SKUs of its category, free of the calendar.
    """
    shape, scale = prior(rates)
    if not shape:
        return (units / exposure if exposure > 0 else 0.0), max(units, 0.5)
    return (shape + units) / (1 / scale + exposure), shape + units
