"""A/A replay: how often would our method claim an effect on this shop's own numbers, when there is none?

The engine deals the units into a thousand buckets by a hash of their identifier and sends back the moments of
each. Any half of the buckets against the rest is a test in which nothing was changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from journeylab import checks
from journeylab.errors import NotEnoughData
from journeylab.growth.effects import difference
from journeylab.growth.sequential import always_valid

if TYPE_CHECKING:
    from journeylab.growth.metrics import Metric
    from journeylab.growth.moments import Floats, Moments


class Replay(NamedTuple):
    """How often tests without an effect claimed one: `claims` `of` tests, the rate with its interval, all p-values.

    `inflation` is the true variance of an effect over the one the method reckons with; 1 is right, and above 1 the
    method claims too often.
    """

    claims: int
    of: int
    rate: float
    lower: float
    upper: float
    inflation: float
    pvalues: Floats


def replay_splits(buckets: Moments, metric: Metric, *, tests: int = 1000, level: float = 0.95, seed: int = 0) -> Replay:
    """Split buckets of units at random into halves, many times, and count the claims at `level`.

    Args:
        buckets: Moments of each bucket (one leading axis), dealt by a hash that knows nothing of the outcomes.
        metric: A proportion, mean or ratio.
        tests: How many splits.
        level: A test claims an effect if its interval at this level excludes zero.
        seed: Of the random splits.

    Returns:
        The replay. The rate should be near 1 − level. All splits deal the same B buckets, so more splits alone do not
        make it exact: its interval is that of the inflation, inflation·f/χ²_f with 1/f = 1/(B − 1) + 1/tests, read as
        a rate 2·Φ(−z/√inflation).
    """
    from scipy.special import ndtr, ndtri
    from scipy.stats import chi2
    from scipy.stats import t as student

    checks.whole(tests, "tests", lowest=1, highest=100_000)
    many = len(buckets.n)
    if many < 20 or buckets.n.sum() < 200:
        raise NotEnoughData(
            f"An A/A replay needs 200 units in 20 buckets, and there are {buckets.n.sum():,.0f} in {many}.",
            do="Choose a longer stretch of the past.",
        )
    half = _halves(tests, many, seed)
    arms = [buckets.chosen(half), buckets.chosen(~half)]
    found = difference(arms[0], arms[1], metric)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistics = found.effect / found.se
        pvalues = 2 * student.sf(np.abs(statistics), df=found.df)
    seen = pvalues[np.isfinite(pvalues)]
    claims = int((seen < 1 - level).sum())
    if not len(seen):
        raise NotEnoughData(f"{metric.name} is the same for all units, so there is nothing to replay.")
    inflation = float(np.mean(statistics[np.isfinite(pvalues)] ** 2))
    z = float(ndtri((1 + level) / 2))
    free = 1 / (1 / (many - 1) + 1 / len(seen))
    bounds = [inflation * free / float(chi2.ppf(share, free)) for share in (0.975, 0.025)]
    lower, upper = (2 * float(ndtr(-z / np.sqrt(bound))) for bound in bounds)
    return Replay(claims, len(seen), claims / len(seen), lower, upper, inflation, pvalues)


class Peeking(NamedTuple):
    """Of tests without an effect, the share that claimed one by each day, looked at daily: fixed and always valid."""

    fixed: Floats
    always_valid: Floats
    of: int


def replay_peeking(
    cells: Moments, metric: Metric, *, tuning: float, tests: int = 1000, level: float = 0.95, seed: int = 0
) -> Peeking:
    """Split buckets at random many times, and look at each test at the end of each of its days.

    Args:
        cells: Moments of each bucket and day, of shape (buckets, days).
        metric: A proportion, mean or ratio.
        tuning: Units at which the always-valid interval is tightest.
        tests: How many splits.
        level: A look claims an effect if its interval at this level excludes zero.
        seed: Of the random splits.
    """
    from scipy.stats import t as student

    checks.whole(tests, "tests", lowest=1, highest=10_000)
    half = _halves(tests, len(cells.n), seed)
    arms = [cells.chosen(members).cumulative(axis=1) for members in (half, ~half)]
    found = difference(arms[0], arms[1], metric)
    with np.errstate(divide="ignore", invalid="ignore"):
        fixed = np.abs(found.effect) > student.ppf((1 + level) / 2, found.df) * found.se
    lower, upper = always_valid(found.effect, found.se, found.n, tuning=tuning, level=level)
    ever = [np.logical_or.accumulate(claims, axis=1).mean(axis=0) for claims in (fixed, (lower > 0) | (upper < 0))]
    return Peeking(ever[0], ever[1], tests)


def _halves(tests: int, many: int, seed: int) -> np.ndarray:
    """For each test, which half of the buckets is in the first arm."""
    half = np.zeros((tests, many), dtype=bool)
    order = np.random.default_rng(seed).random((tests, many)).argsort(axis=1)
    np.put_along_axis(half, order[:, : many // 2], values=True, axis=1)
    return half
