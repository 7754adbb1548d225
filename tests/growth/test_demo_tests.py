"""The demo store's four tests read as they were planted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import journeylab as jl

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2] / "sample_data"
WORKS, NOTHING, BROKEN, CONFLICT = (
    "Shipping fee shown early",
    "Larger product photos",
    "Shorter checkout form",
    "Welcome discount",
)


@pytest.fixture(scope="module")
def demo():
    shop = jl.demo()
    yield shop
    shop.close()


@pytest.fixture(scope="module")
def truths():
    return {t["name"]: t for t in json.loads((ROOT / "truths.json").read_text())["tests"]}


def test_counts_are_those_of_the_truths(demo, truths):
    for name, truth in truths.items():
        rows = jl.growth.experiment(demo, name=name, metrics=["converted", "net"], cuped=False).table()
        row, realised = rows.set_index("metric"), truth["realised"]
        assert row.loc["converted", ["n_control", "n"]].tolist() == [realised["units_a"], realised["units_b"]]
        assert row.loc["converted", "value"] == pytest.approx(realised["converted_b"] / realised["units_b"])
        assert row.loc["net", "value_control"] == pytest.approx(realised["net_a"] / realised["units_a"], abs=0.01)


def test_the_true_effect_lies_inside_and_is_claimed(demo, truths):
    result = jl.growth.experiment(demo, name=WORKS)
    row = result.table().iloc[0]
    assert row["relative_lower"] <= truths[WORKS]["effect_on_conversion"] <= row["relative_upper"]
    assert result.fit
    assert result.headline().endswith("more orders per 100 visitors; keep it.")
    value = jl.growth.experiment_value(demo, name=WORKS).table().iloc[0]
    assert value["lower"] > 0
    assert not value["conflict"]


def test_no_effect_is_not_claimed(demo):
    result = jl.growth.experiment(demo, name=NOTHING)
    assert result.fit
    assert result.headline().startswith("We cannot tell yet")
    assert (result.table()["pvalue_adjusted"] > 0.05).all()


def test_the_broken_split_is_refused(demo):
    result = jl.growth.experiment(demo, name=BROKEN)
    assert not result.fit
    assert result.headline().startswith("No verdict: the split is broken")
    assert jl.growth.experiment_value(demo, name=BROKEN).headline().startswith("No verdict")


def test_the_conflict_of_orders_and_value_is_flagged(demo, truths):
    result = jl.growth.experiment_value(demo, name=CONFLICT)
    row = result.table().iloc[0]
    assert row["conflict"]
    assert result.headline().startswith("Conflict: B brings more buyers and less value.")
    relative = [row[b] / row["value_control"] for b in ("lower", "upper")]
    assert relative[0] <= truths[CONFLICT]["effect_on_first_year_net"] <= relative[1]
