from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from journeylab.customers import scaling, structure
from journeylab.customers.feature_parts import plain
from journeylab.customers.features import Column
from journeylab.customers.structure import LEAST_Z, examine

SEEDS = 100


def correlated(rng, n, width):
    root = rng.standard_normal((width, width))
    covariance = root @ root.T
    scale = np.sqrt(np.diag(covariance))
    mixed = 0.5 * covariance / np.outer(scale, scale) + 0.5 * np.eye(width)
    return rng.standard_normal((n, width)) @ np.linalg.cholesky(mixed).T


def uniform(rng, n):
    return rng.random((n, 3))


def one_gaussian(rng, n):
    return correlated(rng, n, 4)


def lognormal(rng, n):
    # As money reaches the test: correlated, lognormal, and then through the scaling of every feature.
    raw = pd.DataFrame(np.exp(3 + correlated(rng, n, 3)), columns=list("abc"))
    columns = [Column(name, name, name, "amount", "", "") for name in raw]
    scales, alike = scaling.fit(columns, raw)
    assert not alike
    return scaling.matrix(scales, raw)


crowds = pytest.mark.parametrize("crowd", [uniform, one_gaussian, lognormal])


def finds_groups(data, seed, *, flat=False):
    """Say whether `examine` gives a z above the limit; one of its two references alone may rule it out."""
    mean, spread = structure.against(plain(data), seed, flat=flat)
    beaten = ((structure.separations(structure.standardised(data)) - mean) / spread).max() >= LEAST_Z
    return bool(beaten and examine(data, seed=seed).z.max() >= LEAST_Z)


@pytest.mark.slow
@crowds
def test_structureless_data_gives_no_real_groups_in_95_of_100_seeds(crowd):
    shops = [crowd(np.random.default_rng(seed), (150, 250, 500)[seed % 3]) for seed in range(SEEDS)]
    found = sum(finds_groups(data, seed, flat=crowd is uniform) for seed, data in enumerate(shops))
    assert found <= 5


@crowds
def test_structureless_data_gives_no_real_groups_for_a_few_seeds(crowd):
    data = [crowd(np.random.default_rng(500 + seed), 500) for seed in range(3)]
    full = [examine(rows, seed=seed).z.max() >= LEAST_Z for seed, rows in enumerate(data)]
    assert full == [False] * 3


def test_a_count_with_atoms_is_not_taken_for_groups():
    rng = np.random.default_rng(3)
    orders = np.log1p(1 + rng.poisson(0.8, 600))
    assert examine(np.column_stack([orders, rng.standard_normal(600)]), seed=1).z.max() < LEAST_Z


def test_groups_that_lie_apart_along_one_feature_alone_are_found():
    rng = np.random.default_rng(4)
    rows = rng.standard_normal((600, 3))
    rows[:, 0] += 7 * (np.arange(600) % 2)
    assert examine(rows, seed=1).z.max() >= LEAST_Z


def test_groups_that_only_show_in_two_features_together_are_found():
    rng = np.random.default_rng(5)
    corner = rng.integers(0, 3, 600)
    rows = np.array([[0, 0], [5, 0], [0, 5]])[corner] + rng.standard_normal((600, 2))
    found = examine(rows, seed=1)
    assert structure.COUNTS[int((found.silhouette - found.reference).argmax())] == 3
    assert found.z.max() >= LEAST_Z


def test_the_silhouettes_agree_with_scikit_learn():
    from scipy.cluster.hierarchy import fcluster, ward
    from sklearn.metrics import silhouette_score

    rows = np.random.default_rng(6).standard_normal((200, 3))
    tree = ward(rows)
    expected = [silhouette_score(rows, fcluster(tree, k, "maxclust")) for k in structure.COUNTS]
    assert structure.separations(rows) == pytest.approx(expected)
