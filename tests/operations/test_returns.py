"""Returns: counted by lines, credit notes and refunds, with what stands out beyond noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import journeylab as jl
from journeylab.data.examples import shop_of, stocked_shop
from journeylab.errors import NotEnoughData

if TYPE_CHECKING:
    from journeylab.data.dataset import Dataset


def shop(lines: str, *, refunded: str = "0", status: str = "'completed'"):
    return shop_of(
        {
            "orders": f"""SELECT i::VARCHAR AS order_id, DATE '2026-01-01' + (i % 28)::INTEGER AS day,
                   {status} AS status, TIMESTAMP '2026-01-01' AS ordered_at, 30::DECIMAL(18,4) AS net,
                   {refunded}::DECIMAL(18,4) AS refunded FROM range(1000) t(i)""",
            "order_lines": lines,
        }
    )


def of(name: str, back: str) -> str:
    return f"""SELECT i::VARCHAR AS order_id, '{name}' AS product, 2::DECIMAL(18,4) AS quantity,
               15::DECIMAL(18,4) AS unit_price, ({back})::DECIMAL(18,4) AS returned FROM range(1000) t(i)"""


def test_units_that_lines_say_came_back_are_counted_and_what_is_unusual_stands_out():
    told = jl.operations.returns(shop(f"{of('Cup', 'if(i < 20, 1, 0)')} UNION ALL {of('Jug', 'if(i < 300, 1, 0)')}"))
    rows = told.rows.set_index("product")
    assert (rows.loc["Cup", "n"], rows.loc["Cup", "of"]) == (20, 2000)
    assert rows.loc["Jug", "rate"] == 0.15
    assert rows["unusual"].to_dict() == {"Jug": True, "Cup": False}
    assert told.rate == 320 / 4000
    assert told.headline().startswith("8.0 % of units come back; Jug stands out with 15.0 %")


def test_where_lines_say_nothing_the_refunded_share_of_an_order_is_taken():
    lines = """SELECT i::VARCHAR AS order_id, 'Cup' AS product, 2::DECIMAL(18,4) AS quantity,
               15::DECIMAL(18,4) AS unit_price FROM range(1000) t(i)"""
    told = jl.operations.returns(shop(lines, refunded="if(i < 100, 10, 0)"))
    assert told.rows["n"].sum() == pytest.approx(100 * 2 * 10 / 40)
    assert any("refund is shared" in text for text in told.caveats)


def test_lines_below_zero_are_returns_even_on_credit_notes():
    lines = """SELECT i::VARCHAR AS order_id, 'Cup' AS product, if(i >= 900, -1, 2)::DECIMAL(18,4) AS quantity,
               15::DECIMAL(18,4) AS unit_price FROM range(1000) t(i)"""
    told = jl.operations.returns(shop(lines, status="if(i >= 900, 'cancelled', 'completed')"))
    assert (told.rows["n"].sum(), told.rows["of"].sum()) == (100, 1800)


def test_sizes_are_read_from_the_ends_of_names():
    told = jl.operations.returns(
        shop(f"{of('Tee - M', 'if(i < 10, 1, 0)')} UNION ALL {of('Tee - XL', 'if(i < 200, 1, 0)')}"), by="size"
    )
    assert told.rows.set_index("size")["n"].to_dict() == {"M": 10, "XL": 200}


def test_in_the_demo_store_discounted_orders_come_back_more_often(demo: Dataset):
    told = jl.operations.returns(demo)
    groups = told.remorse.set_index("group")
    assert groups.loc["with a discount", "lower"] > groups.loc["without a discount", "upper"]
    assert told.remorse.groupby("what")["of"].sum().nunique() == 1
    for view in told.views:
        told.chart(view).to_dict()


def test_without_anything_back_there_is_nothing_to_say():
    with pytest.raises(NotEnoughData):
        jl.operations.returns(stocked_shop())
