"""Bundles: their sales become sales of what is inside, at any depth, and nonsense is refused."""

from __future__ import annotations

import pytest

import journeylab as jl
from journeylab.data.examples import stocked_shop
from journeylab.errors import BadParameter
from journeylab.operations.bundles import contents

PAIR = [{"bundle_sku": "POT", "sku": "CUP", "quantity": 2}, {"bundle_sku": "POT", "sku": "LID", "quantity": 1}]


def test_the_sales_of_a_bundle_are_those_of_what_is_inside():
    alone, packed = (jl.operations.demand(stocked_shop(), horizon=2, bundles=rows) for rows in (None, PAIR))
    sold = {name: told.series.groupby("sku")["sold"].sum() for name, told in (("alone", alone), ("packed", packed))}
    assert set(sold["packed"].index) == {"CUP", "LID"}
    assert sold["packed"]["CUP"] == sold["alone"]["CUP"] + 2 * sold["alone"]["POT"]
    assert sold["packed"]["LID"] == sold["alone"]["POT"]
    assert any("Bundles" in text for text in packed.caveats)


def test_a_bundle_in_a_bundle_is_opened():
    rows = [
        {"bundle_sku": "SET", "sku": "BOX", "quantity": 2},
        {"bundle_sku": "BOX", "sku": "CUP", "quantity": 3},
        {"bundle_sku": "SET", "sku": "CUP", "quantity": 1},
    ]
    assert contents(rows)["SET"] == {"CUP": 7.0}


@pytest.mark.parametrize(
    "rows",
    [
        [{"bundle_sku": "A", "sku": "B"}],
        [{"bundle_sku": "A", "sku": "B", "quantity": 0}],
        [{"bundle_sku": "A", "sku": "B", "quantity": "many"}],
        [{"bundle_sku": "A", "sku": "B", "quantity": 1}, {"bundle_sku": "B", "sku": "A", "quantity": 1}],
    ],
)
def test_a_bundle_that_cannot_be_is_refused(rows: list[dict[str, object]]):
    with pytest.raises(BadParameter):
        contents(rows)
