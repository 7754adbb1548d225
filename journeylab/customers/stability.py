"""Would the same groups come back from other customers of the same shop? Agreement over bootstrap samples.

Overall: the adjusted Rand index (Hubert and Arabie 1985) between the groups of the sample and those that a refit on a
bootstrap sample gives the same customers. For each group: the mean of its largest Jaccard similarity to any refitted
group (Hennig 2007, Computational Statistics and Data Analysis 52); by his rule of thumb 0.85 is highly stable, 0.75
valid, 0.6 a pattern, and less should not be trusted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from journeylab.customers import clusters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from journeylab.customers.clusters import Model

    Matrix = NDArray[np.float64]

LARGEST_SAMPLE = 1000
STEADY, FAIR, WEAK = "steady", "fair", "shaky"
#: Mean Jaccard similarity from which a group is steady, and fair.
LIMITS = {0.85: STEADY, 0.75: FAIR}


@dataclass(frozen=True, eq=False)
class Stability:
    """Agreement over bootstrap samples.

    Args:
        rand: Adjusted Rand index of each bootstrap sample.
        jaccard: Largest Jaccard similarity, a row a bootstrap sample and a column a group.
    """

    rand: Matrix
    jaccard: Matrix


def bootstrap(data: Matrix, model: Model, *, rounds: int, seed: int) -> Stability:
    """Refit the model on bootstrap samples of the first 1,000 rows, which must be in an order that means nothing."""
    rng = np.random.default_rng([seed, 30, model.k])
    rows = data[:LARGEST_SAMPLE]
    labels = model.labels(rows)
    rand, jaccard = [], []
    for _ in range(rounds):
        again = rows[rng.integers(0, len(rows), len(rows))]
        refit = clusters.fit(again, model.k, method=model.method, seed=int(rng.integers(2**31)), starts=1)
        both = contingency(labels, refit.labels(rows), model.k)
        rand.append(adjusted_rand(both))
        union = both.sum(axis=1)[:, None] + both.sum(axis=0)[None, :] - both
        jaccard.append((both / np.maximum(union, 1)).max(axis=1))
    return Stability(np.array(rand), np.array(jaccard))


def badge(jaccard: float) -> str:
    """Return the word for a group's mean Jaccard similarity: steady, fair or shaky."""
    return next((word for least, word in LIMITS.items() if jaccard >= least), WEAK)


def contingency(one: NDArray[np.int64], other: NDArray[np.int64], k: int) -> Matrix:
    """Return how many rows carry each pair of labels."""
    return np.bincount(one * k + other, minlength=k * k).reshape(k, k).astype(float)


def adjusted_rand(both: Matrix) -> float:
    """Return the adjusted Rand index of a table of pairs of labels; 1 if both put everyone into one group.

    >>> tables = np.array([[5.0, 0.0], [0.0, 5.0]]), np.array([[2.0, 3.0], [3.0, 2.0]])
    >>> [round(float(adjusted_rand(table)), 4) for table in tables]
    [1.0, -0.08]
    """

    def pairs(counts: Matrix) -> float:
        return float((counts * (counts - 1) / 2).sum())

    n = both.sum()
    together, one, other = pairs(both), pairs(both.sum(axis=1)), pairs(both.sum(axis=0))
    expected = one * other / (n * (n - 1) / 2) if n > 1 else 0.0
    most = (one + other) / 2
    return 1.0 if most == expected else (together - expected) / (most - expected)
