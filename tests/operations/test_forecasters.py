"""The candidates of the contest that other tests do not meet."""

from __future__ import annotations

import numpy as np

from journeylab.operations import forecasters


def test_ets_with_a_season_of_52_finds_the_year_again_and_wants_two_of_them():
    weeks = np.arange(156)
    y = 50 + 20 * np.cos(2 * np.pi * weeks / 52) + np.random.default_rng(5).normal(0, 1, 156)
    told = forecasters.yearly(y[:130], 26)
    assert told is not None
    assert np.abs(told.mean - y[130:]).mean() < 0.25 * np.abs(np.median(y) - y[130:]).mean()
    assert forecasters.yearly(y[:103], 26) is None
