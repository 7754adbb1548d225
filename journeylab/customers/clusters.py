"""Clusters: k-means or a Gaussian mixture fitted on a bounded sample; anyone is assigned by arithmetic alone.

Both methods end in the same form: a customer with scaled features z has for each cluster the score
ln w - |P'(z - μ)|² / 2 + ln |P|, where P is a root of the cluster's precision. For k-means it is the same multiple of
the identity everywhere and the weights are equal, so that the highest score is the nearest centre, and the scores
read as those of a mixture of equal round clusters. The memberships are the softmax of the scores.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import ibis.expr.types as ir
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

METHODS = ("kmeans", "mixture")
#: Kept in every variance of a mixture, so that a cluster of equal customers has one.
_LEAST_VARIANCE = 0.01


@dataclass(frozen=True, eq=False)
class Model:
    """Fitted clusters, the largest first.

    Args:
        method: 'kmeans' or 'mixture'.
        centres: A row a cluster and a column a feature, in scaled units.
        roots: A square matrix a cluster: the root P of its precision.
        offsets: ln w + ln |P| of each cluster.
        bic: Bayesian information criterion on the sample, the lower the better.
    """

    method: str
    centres: Matrix
    roots: Matrix
    offsets: Matrix
    bic: float

    @property
    def k(self) -> int:
        """How many clusters there are."""
        return len(self.centres)

    def scores(self, data: Matrix) -> Matrix:
        """Return the score of each row for each cluster."""
        forms = np.einsum("nkd,kde->nke", data[:, None, :] - self.centres, self.roots)
        return np.asarray(self.offsets - (forms**2).sum(axis=2) / 2)

    def labels(self, data: Matrix) -> NDArray[np.int64]:
        """Return the cluster of each row, from 0."""
        return np.asarray(self.scores(data).argmax(axis=1))

    def assign(self, z: ir.Table) -> ir.Table:
        """Return customer_id, persona (from 1) and probability of every row of `scaling.scaled`, in the engine."""
        scored = z.select("customer_id", **{f"s{j}": self._score(z, j) for j in range(self.k)})
        names = [f"s{j}" for j in range(self.k)]
        best = scored.mutate(best=ibis.greatest(*(scored[name] for name in names)))
        parts = [(best[name] - best.best).exp() for name in names]
        return best.select(
            "customer_id",
            persona=ibis.cases(*((best[name] == best.best, j + 1) for j, name in enumerate(names)), else_=0),
            probability=1.0 / sum(parts[1:], parts[0]),
        )

    def _score(self, z: ir.Table, j: int) -> ir.FloatingValue:
        if self.method == "kmeans":
            return self._linear(z, j)
        forms = []
        for column in self.roots[j].T:
            terms = [
                (z[f"z{i}"] - float(self.centres[j, i])) * float(weight) for i, weight in enumerate(column) if weight
            ]
            form = sum(terms[1:], terms[0])
            forms.append(form * form)
        return ibis.literal(float(self.offsets[j])) - sum(forms[1:], forms[0]) / 2

    def _linear(self, z: ir.Table, j: int) -> ir.FloatingValue:
        """Return the score of a k-means cluster without |z|², which all clusters share: short, and no squares."""
        precision = self.roots[j, 0, 0] ** 2
        terms = [z[f"z{i}"] * float(precision * centre) for i, centre in enumerate(self.centres[j])]
        return sum(terms, ibis.literal(float(-precision * (self.centres[j] ** 2).sum() / 2)))


def fit(data: Matrix, k: int, *, method: str, seed: int, starts: int = 4) -> Model:
    """Fit `k` clusters to a scaled sample."""
    model = _mixture(data, k, seed, starts) if method == "mixture" else _kmeans(data, k, seed, starts)
    size = np.bincount(model.labels(data), minlength=k)
    order = np.lexsort((*model.centres.T, -size))
    return Model(method, model.centres[order], model.roots[order], model.offsets[order], model.bic)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Keep scikit-learn to one thread: on small samples more only wait for each other."""
    # A limit holds for the libraries that are loaded already, so scikit-learn's own have to be.
    import sklearn.cluster
    import sklearn.mixture  # noqa: F401
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(limits=1):
        yield


def _kmeans(data: Matrix, k: int, seed: int, starts: int) -> Model:
    from sklearn.cluster import KMeans

    fitted = KMeans(k, n_init=starts, random_state=seed, max_iter=100).fit(data)
    n, width = data.shape
    variance = max(float(fitted.inertia_) / max((n - k) * width, 1), 1e-9)
    size = np.bincount(fitted.labels_, minlength=k)
    # Pelleg and Moore (2000), "X-means": equal round clusters, each point in its own.
    likelihood = (
        float((size[size > 0] * np.log(size[size > 0] / n)).sum())
        - n * width / 2 * np.log(2 * np.pi * variance)
        - (n - k) * width / 2
    )
    bic = -2 * likelihood + (k * width + k) * np.log(n)
    roots = np.repeat(np.eye(width)[None] / np.sqrt(variance), k, axis=0)
    return Model("kmeans", np.asarray(fitted.cluster_centers_), roots, np.zeros(k), float(bic))


def _mixture(data: Matrix, k: int, seed: int, starts: int) -> Model:
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    with warnings.catch_warnings():
        # A fit that stops at the last iteration is still a fit; the bootstrap shows what it is worth.
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = GaussianMixture(
            k, covariance_type="full", reg_covar=_LEAST_VARIANCE, n_init=min(starts, 2), random_state=seed, max_iter=60
        ).fit(data)
    roots = np.asarray(fitted.precisions_cholesky_)
    log_determinants = np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
    offsets = np.log(fitted.weights_) + log_determinants
    return Model("mixture", np.asarray(fitted.means_), roots, offsets, float(fitted.bic(data)))
