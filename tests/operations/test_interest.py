"""Wanted and not bought: planted in the demo store, and worked out by hand on a small one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import journeylab as jl
from journeylab.data.examples import shop_of
from journeylab.errors import NotEnoughData

if TYPE_CHECKING:
    from journeylab.data.dataset import Dataset


def test_searches_that_find_nothing_are_named_in_the_demo_store(demo: Dataset):
    told = jl.operations.interest(demo)
    empty = told.searches[told.searches["empty_rate"] > 0.5]
    assert set(empty["term"]) == {"decaf", "matcha"}
    assert "decaf and matcha find nothing" in told.headline()
    assert (told.skus["n"] <= told.skus["of"]).all()
    assert told.niches["of"].sum() >= told.skus["of"].sum()
    for view in told.views:
        told.chart(view).to_dict()


def test_viewers_and_buyers_are_counted_once_and_compared_with_their_category():
    views = """SELECT 'v' || i AS visitor_id, TIMESTAMP '2026-01-01' AS occurred_at, DATE '2026-01-01' AS day,
               'view_item' AS event, {sku} AS sku, NULL AS order_id FROM range({n}) t(i), range(2) twice"""
    shop = shop_of(
        {
            "orders": """SELECT 'o' || i AS order_id, DATE '2026-01-01' AS day, TIMESTAMP '2026-01-01' AS ordered_at,
                         'completed' AS status, 9::DECIMAL(18,4) AS net FROM range(130) t(i)""",
            "order_lines": """SELECT 'o' || i AS order_id, if(i < 120, 'LOVED', 'SHY') AS sku, 'x' AS product,
                              'cups' AS category, 1::DECIMAL(18,4) AS quantity, 9::DECIMAL(18,4) AS unit_price
                              FROM range(130) t(i)""",
            "events": f"""{views.format(sku="'LOVED'", n=400)} UNION ALL {views.format(sku="'SHY'", n=400)} UNION ALL
                          SELECT 'v' || i, TIMESTAMP '2026-01-02', DATE '2026-01-02', 'purchase', NULL, 'o' || i
                          FROM range(130) t(i)""",
        }
    )
    told = jl.operations.interest(shop)
    rows = told.skus.set_index("sku")
    assert rows.loc["SHY", ["n", "of"]].tolist() == [10, 400]
    assert rows.loc["SHY", "passive"] == pytest.approx(400 * 130 / 800 - 10)
    assert rows["unusual"].to_dict() == {"SHY": True, "LOVED": False}
    with pytest.raises(NotEnoughData):
        jl.operations.interest(shop, fewest=1000)
