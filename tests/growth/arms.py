"""Small helpers of the tests of experiments: raw units turned into the moments that the engine would send."""

from __future__ import annotations

import numpy as np

from journeylab.growth.metrics import Metric
from journeylab.growth.moments import Moments

ORDERS = Metric("orders", "mean", "orders")
CONVERSION = Metric("conversion", "proportion", "ordered")
PER_SESSION = Metric("orders a session", "ratio", "orders", denom="sessions")


def arm(**columns):
    """Moments of one arm, or of many simulated ones, from arrays of shape (..., units)."""
    return Moments.of(np.stack([np.asarray(c, dtype=float) for c in columns.values()], axis=-1), tuple(columns))


def users():
    """tea-tasting's 4,000 simulated users, by variant, with their covariates."""
    from tea_tasting import make_users_data

    table = make_users_data(rng=42, covariates=True).to_pandas()
    return [table[table["variant"] == v].drop(columns=["user", "variant"]) for v in (0, 1)]


def user_moments():
    """Moments of those users, by variant."""
    return [Moments.of(t.to_numpy(), t.columns) for t in users()]
