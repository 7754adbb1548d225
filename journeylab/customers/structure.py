"""Are there groups at all? The customers' own separation against that of shops in which there are none.

Such a shop has customers of one kind (`one_kind.py`), drawn with one of two humps, and both must be beaten. Separation
is the mean silhouette (Rousseeuw 1987) of Ward's clustering, for each number of groups.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from journeylab.customers.feature_parts import plain
from journeylab.customers.one_kind import OneKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from journeylab.customers.feature_parts import Parts

    Matrix = NDArray[np.float64]

COUNTS = tuple(range(2, 11))
LARGEST_SAMPLE = 400
DRAWS = 16
#: Standard deviations above the reference: with 9 numbers of groups looked at, and 16 draws for the spread.
LEAST_Z = 4.0


@dataclass(frozen=True, eq=False)
class Structure:
    """Separation by number of groups.

    Args:
        silhouette: Of the data, by number of groups.
        reference: Of the reference that comes closest, its mean.
        spread: And its standard deviation over the draws.
        z: The smaller of the two distances to a reference, in its standard deviations.
        n: Customers looked at.
    """

    silhouette: Matrix
    reference: Matrix
    spread: Matrix
    z: Matrix
    n: int


def examine(data: Matrix, *, seed: int, parts: Parts | None = None) -> Structure:
    """Compare the data's separation with that of the two references, for 2 to 10 groups.

    Args:
        data: A row a customer and a column a scaled feature; the first 400 rows are looked at, so that they must be
            in an order that means nothing.
        seed: Of the references.
        parts: What the features are made of (`feature_parts.take`); without it they are free of each other.
    """
    rows = standardised(data)
    found = separations(rows)
    parts = plain(data) if parts is None else parts
    means, spreads = (
        np.array(part) for part in zip(*(against(parts, seed, flat=flat) for flat in (False, True)), strict=True)
    )
    z = (found - means) / spreads
    closer = (z.argmin(axis=0), np.arange(len(COUNTS)))
    return Structure(found, means[closer], spreads[closer], z[closer], n=len(rows))


def standardised(data: Matrix) -> Matrix:
    """Return the first 400 rows, every feature with mean 0 and standard deviation 1."""
    rows = data[:LARGEST_SAMPLE]
    spread = rows.std(axis=0)
    return np.asarray((rows - rows.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def against(parts: Parts, seed: int, *, flat: bool) -> tuple[Matrix, Matrix]:
    """Return mean and standard deviation of the separation that shops of one kind like this one reach, over draws."""
    rng = np.random.default_rng([seed, 20, flat])
    crowd, n = OneKind(parts, rng, flat=flat), min(len(parts.values), LARGEST_SAMPLE)
    drawn = np.array([separations(standardised(crowd.draw(n, rng))) for _ in range(DRAWS)])
    return drawn.mean(axis=0), np.maximum(drawn.std(axis=0, ddof=1), 1e-3)


def separations(rows: Matrix) -> Matrix:
    """Return the mean silhouette of Ward's clustering into 2 to 10 groups."""
    from scipy.cluster.hierarchy import ward
    from scipy.spatial.distance import pdist, squareform

    distances = pdist(rows)
    merges = ward(distances)[:, :2].astype(int)
    n, most = len(rows), COUNTS[-1]
    # Each node points to what it is merged into, up to ten groups; following the pointers twice as far each time.
    above = np.arange(2 * n - 1)
    above[merges[: n - most].ravel()] = np.repeat(np.arange(n, 2 * n - most), 2)
    while not np.array_equal(above[above], above):
        above = above[above]
    node = above[:n]
    nodes, labels = np.unique(node, return_inverse=True)
    member = np.eye(len(nodes))[labels]
    total, size = squareform(distances) @ member, member.sum(axis=0)
    score = {len(nodes): silhouette(total, size, labels)}
    # Each merge joins two columns of what is already summed, so that one product serves all numbers of groups.
    for step, (one, other) in enumerate(merges[n - most : n - 2], start=n - most):
        kept, gone = np.flatnonzero(nodes == one)[0], np.flatnonzero(nodes == other)[0]
        total[:, kept] += total[:, gone]
        size[kept] += size[gone]
        labels[labels == gone] = kept
        labels[labels > gone] -= 1
        total, size = np.delete(total, gone, axis=1), np.delete(size, gone)
        nodes = np.delete(np.where(nodes == one, n + step, nodes), gone)
        score[len(nodes)] = silhouette(total, size, labels)
    return np.array([score[k] for k in COUNTS])


def of_labels(data: Matrix, labels: NDArray[np.int64]) -> float:
    """Return the mean silhouette of given labels of all rows, of the rows and features that `examine` looks at."""
    from scipy.spatial.distance import pdist, squareform

    rows = standardised(data)
    _, labels = np.unique(labels[: len(rows)], return_inverse=True)
    member = np.eye(labels.max() + 1)[labels]
    return silhouette(squareform(pdist(rows)) @ member, member.sum(axis=0), labels)


def silhouette(total: Matrix, size: Matrix, labels: NDArray[np.int64]) -> float:
    """Return the mean silhouette of labels; a group of one counts 0 (Rousseeuw 1987).

    Args:
        total: The sum of each row's distances to each group's members.
        size: Members of each group.
        labels: The group of each row.
    """
    rows = np.arange(len(labels))
    own = size[labels]
    within = total[rows, labels] / np.maximum(own - 1, 1)
    mean = total / size
    mean[rows, labels] = np.inf
    nearest = mean.min(axis=1)
    score = (nearest - within) / np.maximum(np.maximum(nearest, within), 1e-12)
    return float(np.where(own > 1, score, 0.0).mean())
