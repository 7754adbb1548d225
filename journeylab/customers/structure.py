"""Are there groups at all? The customers' own separation against that of shops in which there are none.

A reference shop has one population: the ranks of its features hang together as the data's do (a Gaussian copula), and
each feature has one hump. Two kinds of hump are tried, and both must be beaten: the data's own distribution, smoothed
with the least bandwidth that leaves it one mode (Silverman 1981, JRSS B 43), and the flat one, which of all single
humps looks most like groups (Tibshirani, Walther and Hastie 2001, JRSS B 63). A feature with atoms, as a count of
orders is, keeps its distribution: its gaps come from counting. Separation is the mean silhouette (Rousseeuw 1987) of
Ward's clustering, for each number of groups.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

COUNTS = tuple(range(2, 11))
LARGEST_SAMPLE = 400
DRAWS = 16
#: Standard deviations above the reference: with 9 numbers of groups looked at, and 16 draws for the spread.
LEAST_Z = 4.0
_GRID = 512


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


def examine(data: Matrix, *, seed: int) -> Structure:
    """Compare the data's separation with that of the two references, for 2 to 10 groups.

    Args:
        data: A row a customer and a column a scaled feature; the first 400 rows are looked at, so that they must be
            in an order that means nothing.
        seed: Of the references.
    """
    rows = standardised(data)
    found = separations(rows)
    means, spreads = (
        np.array(part) for part in zip(*(against(data, seed, flat=flat) for flat in (False, True)), strict=True)
    )
    z = (found - means) / spreads
    closer = (z.argmin(axis=0), np.arange(len(COUNTS)))
    return Structure(found, means[closer], spreads[closer], z[closer], n=len(rows))


def standardised(data: Matrix) -> Matrix:
    """Return the first 400 rows, every feature with mean 0 and standard deviation 1."""
    rows = data[:LARGEST_SAMPLE]
    spread = rows.std(axis=0)
    return np.asarray((rows - rows.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def against(data: Matrix, seed: int, *, flat: bool) -> tuple[Matrix, Matrix]:
    """Return mean and standard deviation of the separation that shops of one kind like this one reach, over draws."""
    rng = np.random.default_rng([seed, 20, flat])
    reference, n = Reference(data, rng, flat=flat), min(len(data), LARGEST_SAMPLE)
    drawn = np.array([separations(reference.draw(n, rng)) for _ in range(DRAWS)])
    return drawn.mean(axis=0), np.maximum(drawn.std(axis=0, ddof=1), 1e-3)


class Reference:
    """One population with the data's rank correlations, each feature with one hump.

    Args:
        data: A row a customer and a column a feature.
        rng: Breaks ties among equal values.
        flat: Give each feature the flat hump instead of the data's own, smoothed; atoms stay in both.
    """

    def __init__(self, data: Matrix, rng: np.random.Generator, *, flat: bool) -> None:
        n, width = data.shape
        ranks = np.empty_like(data)
        for j in range(width):
            ranks[np.lexsort(np.vstack([rng.random(n), data[:, j]])), j] = np.arange(n)
        self._root = np.linalg.cholesky(_correlation(ranks) + 1e-6 * np.eye(width))
        self._columns = [np.sort(_one_hump(data[:, j], rng, flat=flat)) for j in range(width)]

    def draw(self, n: int, rng: np.random.Generator) -> Matrix:
        """Draw `n` customers, every feature with mean 0 and standard deviation 1."""
        from scipy.special import ndtr

        places = ndtr(rng.standard_normal((n, len(self._columns))) @ self._root.T)
        drawn = np.column_stack(
            [np.quantile(column, places[:, j]) if _smooth(column) else _at(column, places[:, j])
             for j, column in enumerate(self._columns)]
        )  # fmt: skip
        spread = drawn.std(axis=0)
        return np.asarray((drawn - drawn.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


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


def _correlation(ranks: Matrix) -> Matrix:
    from scipy.special import ndtri

    scores = ndtri((ranks + 0.5) / len(ranks))
    return np.corrcoef(scores.T).reshape(ranks.shape[1], ranks.shape[1])


def _smooth(values: Matrix) -> bool:
    """Say whether a sorted column has no atoms: no value that a tenth of the customers share, and not few values."""
    _, counts = np.unique(values, return_counts=True)
    return bool(counts.max() <= 0.1 * len(values) and len(counts) >= 20)


def _at(column: Matrix, places: Matrix) -> Matrix:
    return column[np.minimum((places * len(column)).astype(int), len(column) - 1)]


def _one_hump(values: Matrix, rng: np.random.Generator, *, flat: bool) -> Matrix:
    ordered = np.sort(values)
    if not _smooth(ordered):
        return ordered
    if flat:
        return np.linspace(-1.0, 1.0, len(values))
    noise = least_bandwidth(ordered) * rng.standard_normal(len(values))
    return ordered + noise


def least_bandwidth(values: Matrix) -> float:
    """Return the least bandwidth at which a Gaussian kernel estimate of the density has one mode."""
    from scipy.ndimage import gaussian_filter1d

    low, high = float(values.min()), float(values.max())
    pad = (high - low) / 2
    counts, edges = np.histogram(values, bins=_GRID, range=(low - pad, high + pad))
    step = edges[1] - edges[0]
    few, many = step, high - low
    for _ in range(12):
        middle = float(np.sqrt(few * many))
        density = gaussian_filter1d(counts.astype(float), middle / step, mode="constant", truncate=5.0)
        slope = np.diff(density)
        sign = np.sign(slope[np.abs(slope) > 1e-9 * density.max()])
        if (np.diff(sign) < 0).sum() > 1:
            few = middle
        else:
            many = middle
    return many
