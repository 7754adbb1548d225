import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeylab.growth.arrivals import distinct_visitors, extend


def gaps(visits, days):
    """The table of gaps that the engine would count, from (visitor, day) pairs."""
    table = pd.DataFrame(sorted(set(visits)), columns=["visitor", "day"])
    table["gap"] = table.groupby("visitor")["day"].diff()
    counted = table.groupby(["day", "gap"], dropna=False).size().reset_index(name="visitors")
    return distinct_visitors(counted["day"], counted["gap"], counted["visitors"], days=days)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 11)), min_size=1, max_size=60))
def test_the_curve_is_the_mean_over_all_stretches_counted_one_by_one(visits):
    curve = gaps(visits, 12)
    brute = [np.mean([len({v for v, s in visits if t <= s < t + d}) for t in range(12 - d + 1)]) for d in range(1, 13)]
    assert curve[1:] == pytest.approx(np.maximum.accumulate(brute))


def test_visitors_who_return_make_the_curve_saturate():
    rng = np.random.default_rng(13)
    visits = [(v, int(d)) for v in range(200) for d in np.flatnonzero(rng.random(60) < 0.1)]
    curve = gaps(visits, 60)
    expected = 200 * (1 - 0.9 ** np.arange(61))
    assert curve[:31] == pytest.approx(expected[:31], rel=0.05, abs=1)


def test_beyond_the_history_the_curve_goes_on_at_its_last_pace():
    curve = np.arange(0.0, 41.0) ** 0.5
    longer = extend(curve, 60)
    assert len(longer) == 61
    assert longer[:21] == pytest.approx(curve[:21])
    assert np.diff(longer)[-1] == pytest.approx((curve[20] - curve[13]) / 7)
    assert extend(curve, 5) == pytest.approx(curve[:6])
