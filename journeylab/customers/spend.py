"""What a shop's repeat customers spend a purchase: the model of it, or the plain average where all spend alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from journeylab.customers import purchases

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from journeylab.customers.gamma_gamma import GammaGamma
    from journeylab.data.dataset import Dataset

#: Up to this many repeaters, each one's average spend is fitted as it is; beyond, to 1 %.
EXACT_SPENDERS = 100_000


def fit_spend(shop: Dataset, customers: ir.Table) -> tuple[GammaGamma | None, float, float]:
    """Fit the spend of repeaters: the model (None where all spend alike), the mean, the correlation with frequency."""
    from journeylab.customers.gamma_gamma import GammaGamma

    repeaters = customers.filter(customers.frequency > 0, customers.spend > 0)
    many = int(shop.run(repeaters.agg(n=repeaters.count()))["n"].iloc[0]) > EXACT_SPENDERS
    rows = purchases.settled(shop.run(purchases.averages(customers, rounded=many)), "purchases", "average")
    x, z, n = (rows[name].to_numpy(float) for name in ("purchases", "average", "n"))
    if not len(rows):
        return None, float("nan"), float("nan")
    mean = float(np.average(z, weights=n * x))
    if n.sum() < 10 or np.ptp(z) <= 1e-9 * mean:
        return None, mean, float("nan")
    spread = np.cov(np.vstack([x, z]), fweights=n.astype(int))
    flat = spread[0, 0] <= 0 or spread[1, 1] <= 0
    correlation = float("nan") if flat else float(spread[0, 1] / np.sqrt(spread[0, 0] * spread[1, 1]))
    return GammaGamma.fit(x, z, n), mean, correlation


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
