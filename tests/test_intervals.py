import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeylab.errors import BadParameter
from journeylab.intervals import of_mean, wilson, z_of


def test_wilson_gives_the_figures_printed_by_newcombe_1998():
    # Newcombe (1998), Statistics in Medicine 17, table I, method 3 (score, no continuity correction).
    printed = {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0.0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }
    for (n, of), (low, high) in printed.items():
        lower, upper = wilson(n, of)
        assert float(lower) == pytest.approx(low, abs=5e-5)
        assert float(upper) == pytest.approx(high, abs=5e-5)


@given(st.integers(1, 5000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_wilson_holds_the_share_and_mirrors_when_successes_become_failures(pair):
    n, of = pair
    lower, upper = wilson(n, of)
    assert -1e-12 <= lower <= n / of + 1e-12
    assert n / of - 1e-12 <= upper <= 1 + 1e-12
    mirrored = wilson(of - n, of)
    assert float(lower) == pytest.approx(1 - float(mirrored[1]), abs=1e-12)


def test_wilson_covers_shares_of_all_sizes_about_as_often_as_it_says():
    rng = np.random.default_rng(7)
    share = rng.uniform(0.02, 0.98, size=40_000)
    n = rng.binomial(200, share)
    lower, upper = wilson(n, np.full_like(n, 200))
    assert 0.945 <= np.mean((lower <= share) & (upper >= share)) <= 0.955


def test_the_share_of_nothing_is_not_known():
    lower, upper = wilson(0, 0)
    assert np.isnan(lower)
    assert np.isnan(upper)


def test_the_interval_of_a_mean_agrees_with_scipy():
    from scipy import stats

    x = np.random.default_rng(3).gamma(2.0, 20.0, size=500)
    lower, upper = of_mean(x.sum(), (x**2).sum(), len(x), level=0.9)
    expected = stats.norm.interval(0.9, loc=x.mean(), scale=stats.sem(x))
    assert (lower, upper) == pytest.approx(expected)


def test_one_value_has_no_interval():
    assert np.isnan(of_mean(5.0, 25.0, 1)).all()


def test_a_level_outside_its_range_is_refused():
    with pytest.raises(BadParameter, match="level must lie"):
        z_of(1.5)
