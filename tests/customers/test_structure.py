from __future__ import annotations

import numpy as np
import pytest

from journeylab.customers import structure
from journeylab.customers.structure import LEAST_Z, examine

SEEDS = 100


def correlated(rng, n, width):
    root = rng.standard_normal((width, width))
    covariance = root @ root.T
    scale = np.sqrt(np.diag(covariance))
    mixed = 0.5 * covariance / np.outer(scale, scale) + 0.5 * np.eye(width)
    return rng.standard_normal((n, width)) @ np.linalg.cholesky(mixed).T


def uniform(rng):
    return rng.random((500, 3))


def one_gaussian(rng):
    return correlated(rng, 500, 4)


def lognormal(rng):
    # As the features reach the test: scaled by ln(1 + x), which a lognormal of spend almost undoes.
    return np.log1p(np.exp(3 + correlated(rng, 500, 3)))


@pytest.mark.slow
@pytest.mark.parametrize("crowd", [uniform, one_gaussian, lognormal])
def test_structureless_data_gives_no_real_groups_in_95_of_100_seeds(crowd):
    found = sum(examine(crowd(np.random.default_rng(seed)), seed=seed).z.max() >= LEAST_Z for seed in range(SEEDS))
    assert found <= 5


@pytest.mark.parametrize("crowd", [uniform, one_gaussian, lognormal])
def test_structureless_data_gives_no_real_groups_for_a_few_seeds(crowd):
    found = [examine(crowd(np.random.default_rng(500 + seed)), seed=seed).z.max() >= LEAST_Z for seed in range(4)]
    assert not any(found)


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


def test_the_least_bandwidth_leaves_one_mode_and_grows_with_the_gap():
    rng = np.random.default_rng(7)
    near, far = (np.sort(np.concatenate([rng.normal(0, 1, 500), rng.normal(d, 1, 500)])) for d in (3, 8))
    assert structure.least_bandwidth(near) < structure.least_bandwidth(far)


def test_the_reference_keeps_the_rank_correlation():
    rng = np.random.default_rng(8)
    data = rng.multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]], 2000)
    drawn = structure.Reference(data, rng, flat=False).draw(2000, rng)
    assert np.corrcoef(drawn.T)[0, 1] == pytest.approx(0.7, abs=0.06)
