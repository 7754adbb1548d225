"""Mappings: guessed, said, checked, written as JSON and read through."""

from __future__ import annotations

import csv
import json
from decimal import Decimal

import pytest

import journeylab as jl
from journeylab.data.guess import guess
from journeylab.data.mapping import ColumnMap
from journeylab.data.readers import mapped
from journeylab.data.readers.sources import unknown_files
from tests.data.readers.exports import column, note

AMAZON = (
    "amazon-order-id\tpurchase-date\torder-status\tsku\tcurrency\titem-price\tship-country\tbuyer-email\n"
    "302-1\t2026-03-01T10:00:00+00:00\tShipped\tMUG\tEUR\t15.00\tDE\tx1@marketplace.example\n"
    "302-1\t2026-03-01T10:00:00+00:00\tShipped\tJAR\tEUR\t9.00\tDE\tx1@marketplace.example\n"
    "302-2\t2026-03-02T10:00:00+00:00\tCancelled\tMUG\tEUR\t15.00\tDE\tx2@marketplace.example\n"
)
BOOKS = "Vorgang;Wann;Betrag;Wer\n1;01.03.2026 10:00;1.234,50;ada@example.com\n2;02.03.2026 11:00;x;bo@example.com\n"
HOW = {
    "table": "orders",
    "columns": {"Vorgang": "order_id", "Wann": "ordered_at", "Betrag": "net", "Wer": "customer_id"},
}


@pytest.fixture
def books(tmp_path):
    path = tmp_path / "books.csv"
    path.write_text(BOOKS)
    return path


def test_an_amazon_report_is_guessed_and_read(tmp_path):
    path = tmp_path / "amazon.txt"
    path.write_text(AMAZON)
    (unknown,) = unknown_files(path)
    how = guess(unknown.columns, unknown.rows)
    assert how.table == "orders"
    assert how.lacks == ()
    shop = jl.read(path, mapping=how)
    found = shop.engine.sql("SELECT order_id, net, status FROM orders ORDER BY order_id")
    assert found == [("302-1", Decimal(24), "completed"), ("302-2", Decimal(15), "cancelled")]
    assert "marketplace.example" not in repr(shop.engine.sql("SELECT * FROM orders"))


def test_a_mapping_may_be_a_dict_a_path_a_list_or_by_file(books, tmp_path):
    saved = tmp_path / "mapping.json"
    saved.write_text(ColumnMap.from_dict(HOW).to_json())
    read = [jl.read(books, mapping=how) for how in (HOW, saved, str(saved), [HOW], {"books.csv": HOW})]
    assert {tuple(column(shop, "orders", "net")) for shop in read} == {(Decimal("1234.5"),)}


def test_a_mapping_survives_json_and_is_in_the_call(books):
    how = ColumnMap("orders", HOW["columns"], {"sales_channel": "till"}, utc=True, day_first=True, decimal=",")
    assert ColumnMap.from_json(how.to_json()) == how
    shop = jl.read(books, mapping=how)
    assert column(shop, "orders", "sales_channel") == ["till"]
    again = eval(shop.calls[0].removeprefix("shop = "), {"jl": jl})
    assert column(again, "orders", "net") == column(shop, "orders", "net")
    assert jl.read(books, mapping=HOW).fingerprint != shop.fingerprint


def test_a_cell_that_cannot_be_read_is_named_by_row_column_and_value(books):
    found = note(jl.read(books, mapping=HOW), "orders", "cells of Betrag")
    assert found.examples == ("row 3: x",)
    (unknown,) = unknown_files(books)
    assert mapped.check(unknown, ColumnMap.from_dict(HOW)) == {(1, "Betrag"): "not a number"}


def test_if_no_row_can_be_read_the_first_cell_is_named(books):
    how = {"table": "orders", "columns": {"Vorgang": "order_id", "Wer": "ordered_at", "Betrag": "net"}}
    with pytest.raises(jl.SchemaError, match=r"No row of books.csv.*column Wer, row 2: \(e-mail\) is not a time"):
        jl.read(books, mapping=how)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ({"table": "sales", "columns": {"a": "b"}}, "which there is not"),
        ({"table": "orders", "columns": {"a": "b"}}, "does not have"),
        ({"table": "orders", "columns": {"a": "net", "b": "net"}}, "two columns"),
        ({"table": "orders", "columns": {"Vorgang": "order_id"}}, "lacks ordered_at and net"),
        ({"table": "orders", "columns": {}}, "no mapping"),
        ({"table": "orders", "columns": {"a": 3}}, "no mapping"),
        ({"table": "orders", "columns": {"a": "net"}, "extra": 1}, "no part called extra"),
        ({"version": 9, "table": "orders", "columns": {"a": "net"}}, "version 9"),
        ({"table": "orders", "columns": {"a": "net"}, "time": {"day_first": "x"}}, "day_first"),
        ({"table": "orders", "columns": {"a": "net"}, "decimal": "x"}, "decimal"),
        (dict(HOW, columns=dict(HOW["columns"], Missing="status")), "fits no file"),
        (7, "a dict or the path"),
        ("nowhere.json", "no mapping to read"),
    ],
)
def test_a_bad_mapping_is_a_sentence(books, made, words):
    with pytest.raises(jl.BadParameter) as error:
        jl.read(books, mapping=made)
    assert words in str(error.value)


@pytest.mark.parametrize(
    "text", ["", "[", "[]", "null", '{"table": 1}', "[" * 100_000, '{"columns": {"a": ["b"]}, "table": "orders"}']
)
def test_json_that_is_no_mapping_is_a_sentence(text):
    with pytest.raises(jl.BadParameter):
        ColumnMap.from_json(text)


def test_hostile_headers_and_cells_are_only_data(tmp_path):
    names = ['a"; DROP TABLE orders; --', "=cmd|' /C calc'!A0", "<script>alert(1)</script>", "x" * 5000]
    path = tmp_path / "h.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([names, ["1'; DROP TABLE x; --", "2026-01-01", "5", "ok"]])
    (unknown,) = unknown_files(path)
    guess(unknown.columns, unknown.rows)
    how = ColumnMap("orders", dict(zip(names[:3], ("order_id", "ordered_at", "net"), strict=True)))
    shop = jl.read(path, mapping=json.loads(how.to_json()))
    assert column(shop, "orders", "order_id") == ["1'; DROP TABLE x; --"]


def test_a_file_that_nobody_knows_is_an_error_of_its_own_kind(books):
    with pytest.raises(jl.UnknownSource, match="mapping"):
        jl.read(books)
