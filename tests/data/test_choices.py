"""Choices are views of the tables as read: each does what it says, all can be undone, and figures know them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import journeylab as jl
from journeylab.data.examples import shop_of, tiny_shop
from journeylab.errors import BadParameter

if TYPE_CHECKING:
    from pathlib import Path

    from journeylab.data.dataset import Dataset


def odd_shop() -> Dataset:
    """Six orders: one twice in its lines, one free, one of a guest, one refunded, one below zero, one in the future."""
    return shop_of({
        "orders": """
            SELECT order_id, customer_id, day::TIMESTAMP AS ordered_at, day::DATE AS day, 'completed' AS status,
                   net::DECIMAL(18,4) AS net, refunded::DECIMAL(18,4) AS refunded, currency
            FROM (VALUES ('1', 'a', '2026-01-01', 30, 0, 'EUR'), ('2', 'b', '2026-01-02', 0, 0, 'EUR'),
                         ('3', NULL, '2026-01-03', 20, 0, 'EUR'), ('4', 'a', '2026-01-04', 0, 50, 'EUR'),
                         ('5', 'b', '2026-01-05', -7, 0, 'EUR'), ('6', 'c', '2031-01-01', 11, 0, 'EUR'),
                         ('7', 'c', '2026-01-06', 99, 0, 'CHF')) t(order_id, customer_id, day, net, refunded, currency)
        """,
        "order_lines": """
            SELECT order_id, sku, 'Mug' AS product, quantity::DECIMAL(18,4) AS quantity,
                   price::DECIMAL(18,4) AS unit_price
            FROM (VALUES ('1', 'mug 1', 1, 15), ('1', 'mug 1', 1, 15), ('3', 'MUG1', 1, 20), ('4', 'MUG1', 1, 25),
                         ('4', 'MUG1', 1, 25), ('6', 'cup', 1, 11), ('7', 'MUG1', 1, 90), ('7', 'MUG1', 1, 90),
                         ('5', 'cup', -1, 7)) t(order_id, sku, quantity, price)""",
        "products": "SELECT * FROM (VALUES ('mug 1', 'Mug'), ('MUG1', 'Mug'), ('cup', 'Cup')) t(sku, product)",
    })  # fmt: skip


def revenue(shop: Dataset) -> tuple[float, int]:
    orders = shop.sales()
    row = shop.run(orders.agg(net=orders.net.sum().cast("float64"), n=orders.count())).iloc[0]
    return float(row["net"]), int(row["n"])


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({}, (54, 6)),
        ({"zero_orders": "leave_out"}, (54, 5)),
        ({"negative_orders": "leave_out"}, (61, 5)),
        ({"guests": "leave_out"}, (34, 5)),
        ({"refunds": "ignore"}, (104, 6)),
        ({"future": "2026-11-01"}, (43, 5)),
        ({"duplicates": "drop"}, (14, 6)),
        ({"currency": "CHF"}, (99, 1)),
        ({"zero_orders": "leave_out", "refunds": "ignore"}, (104, 5)),
    ],
)
def test_a_choice_changes_orders_and_money_as_counted_by_hand(
    choice: dict[str, str], expected: tuple[float, int]
) -> None:
    assert revenue(odd_shop().choose(**choice)) == expected


def test_dropping_duplicates_leaves_an_order_alone_whose_total_does_not_hold_the_copy() -> None:
    shop = odd_shop()
    orders = shop.choose(duplicates="drop").tables["orders"]
    net = shop.run(orders.order_by("order_id")).set_index("order_id")["net"].astype(float)
    assert net["1"] == 15  # two mugs of 15 made 30
    assert net["7"] == 99  # two lines of 90 never made 99


def test_joined_skus_are_spelt_as_most_rows_do_and_products_stay_one_each() -> None:
    shop = odd_shop().choose(skus="join")
    lines = shop.run(shop.tables["order_lines"].group_by("sku").agg(n=shop.tables["order_lines"].count()))
    assert dict(zip(lines["sku"], lines["n"], strict=True)) == {"MUG1": 7, "cup": 2}
    assert sorted(shop.run(shop.tables["products"])["sku"]) == ["MUG1", "cup"]


def test_lines_below_zero_can_be_left_out() -> None:
    shop = odd_shop().choose(negative_lines="leave_out")
    assert shop.run(shop.tables["order_lines"].agg(n=shop.tables["order_lines"].count())).iloc[0, 0] == 8


def test_every_choice_can_be_undone_and_the_default_is_no_choice() -> None:
    shop = odd_shop()
    chosen = shop.choose(zero_orders="leave_out", skus="join").choose(guests="leave_out")
    assert dict(chosen.choices) == {"guests": "leave_out", "skus": "join", "zero_orders": "leave_out"}
    back = chosen.choose(zero_orders="count", skus="apart", guests="count")
    assert back.fingerprint == shop.fingerprint
    assert back.calls == shop.calls
    assert revenue(back) == revenue(shop)


def test_the_order_in_which_choices_are_made_does_not_matter() -> None:
    one = odd_shop().choose(zero_orders="leave_out").choose(guests="leave_out")
    other = odd_shop().choose(guests="leave_out").choose(zero_orders="leave_out")
    assert one.fingerprint == other.fingerprint
    assert one.calls == other.calls
    assert revenue(one) == revenue(other)


def test_every_choice_changes_the_fingerprint_and_stands_in_the_python() -> None:
    shop = odd_shop()
    marks = {shop.choose(**{name: "leave_out"}).fingerprint for name in ("zero_orders", "guests", "negative_orders")}
    assert len({*marks, shop.fingerprint}) == 4
    chosen = shop.choose(guests="leave_out")
    assert "shop = shop.choose(guests='leave_out')" in jl.overview(chosen).call.python()


def test_the_window_and_the_edits_outlive_a_choice() -> None:
    shop = odd_shop().between("2026-01-02", "2026-01-04").with_edit("personas.names", {"1": "Ann"})
    chosen = shop.choose(guests="leave_out")
    assert chosen.window == shop.window
    assert chosen.edits["personas.names"] == {"1": "Ann"}
    assert revenue(chosen) == (0, 2)
    assert chosen.calls[-1].startswith("shop = shop.between(")


@pytest.mark.parametrize(
    "bad", [{"colour": "red"}, {"guests": "drop"}, {"currency": "euro"}, {"future": "tomorrow"}, {"refunds": "count"}]
)
def test_a_choice_there_is_not_is_said(bad: dict[str, str]) -> None:
    with pytest.raises(BadParameter):
        tiny_shop().choose(**bad)


def test_reading_takes_choices_and_gives_what_choosing_gives(tmp_path: Path) -> None:
    path = tmp_path / "invoices.csv"
    path.write_text(
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID\n"
        "1,A,Mug,1,2026-01-01 10:00,5,7\n1,A,Mug,1,2026-01-01 10:00,5,7\n2,A,Mug,1,2026-01-02 10:00,0,7\n"
    )
    choices = {"duplicates": "drop", "zero_orders": "leave_out"}
    read, chosen = jl.read(path, choices=choices), jl.read(path).choose(**choices)
    assert revenue(read) == revenue(chosen) == (5, 1)
    assert read.fingerprint == chosen.fingerprint
    with pytest.raises(BadParameter, match="guests"):
        jl.read(path, choices={"guests": "maybe"})


def test_an_edit_holds_what_json_holds_and_none_takes_it_away() -> None:
    shop = tiny_shop().with_edit("map", {"lanes": ("a",)})
    assert shop.edits["map"] == {"lanes": ["a"]}
    assert "map" not in shop.with_edit("map", None).edits
    assert shop.fingerprint == tiny_shop().fingerprint
    with pytest.raises(BadParameter, match="JSON"):
        shop.with_edit("map", object())
