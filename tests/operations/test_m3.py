"""The default forecast on series of the M3 competition; all 1,428 are in tests/benchmarks/m3.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from journeylab.operations.forecasters import seasonal_naive
from tests.benchmarks import m3

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_on_some_series_of_m3_the_default_beats_the_seasonal_naive_and_its_intervals_hold(shared: Path):
    known, later, category = m3.read(shared, 15)
    told = m3.ours(known, category)
    naive = [seasonal_naive(row[~np.isnan(row)], m3.AHEAD, m3.SEASON).mean for row in known]
    assert m3.smape(later, told.paths.mean) < 0.9 * m3.smape(later, naive)
    for level, around in ((0.8, 0.15), (0.95, 0.09)):
        lower, upper = told.paths.intervals(level)
        assert ((later >= lower) & (later <= upper)).mean() == pytest.approx(level, abs=around)
