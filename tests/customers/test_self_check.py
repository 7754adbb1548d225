"""The models' own check, and what it says of the CDNOW file."""

from __future__ import annotations

import numpy as np
import pytest

import journeylab as jl
from journeylab.data.examples import tiny_shop


def test_most_published_parameters_come_back_within_their_intervals():
    inside = [jl.customers.self_check(tiny_shop(), seed=seed, customers=1000).rows["inside"] for seed in range(4)]
    assert np.mean(inside) > 0.85


def test_the_same_seed_gives_the_same_check_and_another_one_another():
    one, same, other = (jl.customers.self_check(tiny_shop(), seed=seed, customers=500).rows for seed in (1, 1, 2))
    assert one.equals(same)
    assert not one["found"].equals(other["found"])


def test_on_the_cdnow_file_the_papers_table_stands_beside_ours(cdnow_shop):
    result = jl.customers.self_check(cdnow_shop, customers=500)
    real = result.rows[result.rows["on"] == "CDNOW"]
    assert len(real) == 12
    assert real["found"].to_numpy() == pytest.approx(real["published"].to_numpy(), abs=5e-4)
    assert result.chart().to_dict()["config"]


def test_another_shop_has_no_such_table():
    assert set(jl.customers.self_check(tiny_shop(), customers=500).rows["on"]) == {"simulated"}
