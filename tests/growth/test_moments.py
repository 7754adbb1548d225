import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeylab.growth.moments import Moments


def test_moments_are_what_numpy_says():
    x = np.random.default_rng(1).normal(size=(50, 2))
    m = Moments.of(x, ["a", "b"])
    assert m.n == 50
    assert m.mean == pytest.approx(x.mean(axis=0))
    assert float(m.covariance("a", "b")) == pytest.approx(np.cov(x.T)[0, 1])
    assert float(m.covariance("b", "b")) == pytest.approx(x[:, 1].var(ddof=1))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=6), st.integers(0, 10_000))
def test_days_add_up_to_the_whole_whichever_way_they_are_cut(sizes, seed):
    rng = np.random.default_rng(seed)
    days = [rng.normal(5, 2, size=(n, 2)) for n in sizes]
    cells = Moments.from_sums(["a", "b"], sizes, [d.sum(axis=0) for d in days], [d.T @ d for d in days])
    whole = Moments.of(np.concatenate(days), ["a", "b"]) if sum(sizes) else None
    total, last = cells.total(), cells.cumulative()[-1]
    assert total.n == last.n == sum(sizes)
    if whole is not None:
        for found in (total, last):
            assert found.mean == pytest.approx(whole.mean)
            assert found.scatter == pytest.approx(whole.scatter, abs=1e-8)


def test_a_large_mean_does_not_eat_the_variance():
    x = 1e9 + np.array([[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]])
    cells = Moments.of(x.reshape(3, 2, 1), ["a"])
    assert float(cells.total().covariance("a", "a")) == pytest.approx(3.5, rel=1e-9)


def test_a_ratio_by_the_delta_method_has_the_variance_of_its_linear_part():
    rng = np.random.default_rng(2)
    sessions = rng.poisson(2, size=400) + 1
    orders = rng.binomial(sessions, 0.3)
    m = Moments.of(np.column_stack([orders, sessions]), ["orders", "sessions"])
    ratio = orders.sum() / sessions.sum()
    linear = (orders - ratio * sessions) / sessions.mean()
    assert float(m.ratio("orders", "sessions")) == pytest.approx(ratio)
    assert float(m.ratio_covariance("orders", "sessions")) == pytest.approx(linear.var(ddof=1))


def test_tea_tasting_reads_the_same_variance_of_a_ratio():
    rng = np.random.default_rng(3)
    x = rng.gamma(2, size=(300, 4))
    m = Moments.of(x, ["y", "x", "yb", "xb"])
    peer = m.aggregates()
    assert float(m.ratio_covariance("y", "x")) == pytest.approx(peer.ratio_var("y", "x"))
    assert float(m.ratio_covariance("y", "x", "yb", "xb")) == pytest.approx(peer.ratio_cov("y", "x", "yb", "xb"))


def test_nothing_seen_is_not_zero():
    empty = Moments.counts("ordered", [0, 1], [0, 1])
    assert np.isnan(empty.ratio("ordered")[0])
    assert np.isnan(empty.covariance("ordered", "ordered")).all()
