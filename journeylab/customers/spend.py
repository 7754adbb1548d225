"""What a shop's repeat customers spend a purchase: the model of it, or the plain average where all spend alike."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from ibis import _

from journeylab.customers import purchases

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from journeylab.customers.gamma_gamma import GammaGamma
    from journeylab.data.dataset import Dataset

#: Up to this many repeaters, each one's average spend is fitted as it is; beyond, to 1 %.
EXACT_SPENDERS = 100_000


def fit_spend(shop: Dataset, customers: ir.Table) -> tuple[GammaGamma | None, float, float]:
    """Fit the spend of repeaters: the model (None where all spend alike), the mean, the correlation with frequency.

    The mean is that of all repeat purchases. A Gamma has no zero, so the model is fitted to those who spent; customers
    who gave all of their repeat purchases back, or were given them, then lower what is expected of all.
    """
    from journeylab.customers.gamma_gamma import GammaGamma

    repeaters = customers.filter(customers.frequency > 0)
    sums = repeaters.agg(customers=_.count(), n=(_.spend > 0).sum(), spend=_.spend.sum(), purchases=_.frequency.sum())
    sums = purchases.settled(shop.run(sums), "customers").iloc[0]
    many = sums["n"] > EXACT_SPENDERS
    rows = purchases.settled(shop.run(purchases.averages(customers, rounded=many)), "purchases", "average")
    x, z, n = (rows[name].to_numpy(float) for name in ("purchases", "average", "n"))
    if not len(rows):
        return None, float("nan"), float("nan")
    mean = float(sums["spend"]) / float(sums["purchases"])
    if n.sum() < 10 or np.ptp(z) <= 1e-9 * mean:
        return None, mean, float("nan")
    spread = np.cov(np.vstack([x, z]), fweights=n.astype(int))
    flat = spread[0, 0] <= 0 or spread[1, 1] <= 0
    correlation = float("nan") if flat else float(spread[0, 1] / np.sqrt(spread[0, 0] * spread[1, 1]))
    model = GammaGamma.fit(x, z, n)
    if sums["n"] < sums["customers"]:
        without = repeaters.filter(_.spend <= 0).group_by("frequency").agg(n=_.count())
        rest = purchases.settled(shop.run(without), "frequency")
        model = _lowered(model, (x, n), (rest["frequency"].to_numpy(float), rest["n"].to_numpy(float)))
    return model, mean, correlation


def _lowered(model: GammaGamma, spent: tuple[np.ndarray, ...], others: tuple[np.ndarray, ...]) -> GammaGamma:
    """Lower γ until the customers who spent nothing, to whom the model gives something, no longer raise the total.

    A customer's expected spend is p(γ + x z̄) / (px + q − 1); over x purchases γ enters with the weight
    x / (px + q − 1), so γ shrinks by the share of that weight which those have who spent.
    """

    def weight(x: np.ndarray, n: np.ndarray) -> float:
        left = model.p * x + model.q - 1
        return float(n @ np.where(left > 0, x / np.where(left > 0, left, 1.0), 0.0))

    some, rest = weight(*spent), weight(*others)
    if not rest or not some:
        return model
    values = model.parameters * np.array([1.0, 1.0, some / (some + rest)])
    estimate = None if model.estimate is None else replace(model.estimate, values=values)
    return type(model)(*values, estimate=estimate)


def expected_spend(spend: GammaGamma | None, average: float, rows: pd.DataFrame) -> np.ndarray:
    """Return the mean expected spend a purchase of each row's customers; it is linear in what they spent.

    Where the model has no mean for a customer without repeat purchases, it is the average of those with.
    """
    if spend is None:
        return np.full(len(rows), average)
    x, n = rows["frequency"].to_numpy(float), rows["n"].to_numpy(float)
    each = np.divide(rows["spend"].to_numpy(float), n * x, out=np.zeros(len(rows)), where=x > 0)
    expected = spend.expected_spend(x, each)
    return np.where(np.isnan(expected), average, expected)
