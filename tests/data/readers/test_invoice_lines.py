"""Invoice lines, held to what is published about UCI Online Retail (GOLDEN: Chen, Sain & Guo 2012, dataset 352)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import duckdb
import pytest

import journeylab as jl
from tests.data.readers.exports import column, difference, ledger, note, rows, workbook, write_csv

TABLES = ("orders", "order_lines", "customers")


@pytest.fixture(scope="module")
def retail(shared):
    shop = jl.read(shared / "data" / "retail" / "online_retail.parquet")
    yield shop
    shop.close()


def _some(path, **changes):
    row = {
        "InvoiceNo": "536365", "StockCode": "85123A", "Description": "HEART", "Quantity": "6",
        "InvoiceDate": "2010-12-01 08:26:00", "UnitPrice": "2.55", "CustomerID": "17850", "Country": "United Kingdom",
    }  # fmt: skip
    return write_csv(path, [row | {k: v} for k, values in (changes or {"Quantity": ["6"]}).items() for v in values])


def test_the_ledger_shows_the_published_numbers(retail):
    assert ledger(retail, "order_lines").read == 541_909
    assert ledger(retail, "orders").sentence() == (
        "online_retail.parquet: 25,900 orders read, 22,064 kept, 3,836 set aside (3,836 cancelled)."
    )
    assert ledger(retail, "customers").read == 4_372
    counts = {note.reason: note.count for note in ledger(retail, "order_lines").notes}
    assert counts["without a customer"] == 135_080
    assert counts["without a description"] == 1_454
    assert counts["exact duplicates of another line, kept"] == 5_268
    assert counts["different SKUs"] == 4_070


def test_the_money_is_the_published_money(retail):
    ((whole,),) = retail.engine.sql("SELECT sum(net) FROM orders")
    assert whole == Decimal("9747747.934")
    ((lines,),) = retail.engine.sql("SELECT sum(quantity * unit_price) FROM order_lines")
    assert lines == Decimal("9747747.934")
    ((n, invoices, customers, money),) = retail.engine.sql(
        "SELECT count(*), count(DISTINCT order_id), count(DISTINCT customer_id), sum(quantity * unit_price) "
        "FROM order_lines JOIN orders USING (order_id) WHERE status <> 'cancelled' AND customer_id IS NOT NULL"
    )
    assert (n, invoices, customers, money) == (397_924, 18_536, 4_339, Decimal("8911407.904"))


def test_the_overview_counts_the_invoices_that_are_no_cancellations(retail):
    assert "22,064 orders" in jl.overview(retail).headline()


def test_skus_in_two_spellings_are_reported_and_kept_apart(retail):
    found = note(retail, "order_lines", "two spellings")
    assert found.examples[0] == "15056BL / 15056bl"
    assert found.count == 4_070 - 3_958


def test_csv_gives_the_same_tables_as_parquet(shared, tmp_path, retail):
    source = shared / "data" / "retail" / "online_retail.parquet"
    path = tmp_path / "retail.csv"
    duckdb.sql(f"COPY (SELECT * FROM '{source}') TO '{path}' (HEADER, DELIMITER ';')")
    _same(retail, jl.read(path))


@pytest.mark.slow
def test_xlsx_gives_the_same_tables_as_parquet(shared, tmp_path, retail):
    path = tmp_path / "retail.xlsx"
    workbook(shared / "data" / "retail" / "online_retail.parquet", path)
    _same(retail, jl.read(path))


def test_a_workbook_of_some_rows_gives_the_same_tables_as_parquet(shared, tmp_path):
    source = tmp_path / "some.parquet"
    whole = shared / "data" / "retail" / "online_retail.parquet"
    duckdb.sql(f"COPY (SELECT * FROM '{whole}' WHERE hash(InvoiceNo) % 100 = 7) TO '{source}'")
    _write_xlsx(source, tmp_path / "some.xlsx")
    workbook(source, tmp_path / "by_hand.xlsx")
    _same(jl.read(source), jl.read(tmp_path / "some.xlsx"))
    _same(jl.read(source), jl.read(tmp_path / "by_hand.xlsx"))


def test_customer_numbers_that_a_data_frame_made_decimal_are_numbers_again(tmp_path):
    shop = jl.read(_some(tmp_path / "lines.csv", CustomerID=["17850.0", "12.50"]))
    assert column(shop, "customers", "customer_id") == ["12.50", "17850"]


def test_other_words_for_the_same_columns_are_understood(tmp_path):
    path = write_csv(
        tmp_path / "sales.csv",
        [{"Order ID": "1", "Item Name": "Mug", "Qty": "2", "Order Date": "2026-03-01", "Unit Price": "4.5"}],
    )
    shop = jl.read(path)
    assert rows(shop, "order_lines") == [("1", "Mug", Decimal(2), Decimal("4.5"))]
    assert set(shop.tables) == {"orders", "order_lines"}


def test_a_line_without_number_quantity_or_time_is_set_aside_with_its_reason(tmp_path):
    shop = jl.read(_some(tmp_path / "x.csv", InvoiceNo=["", "1"], Quantity=["few"], InvoiceDate=["", "some day"]))
    book = ledger(shop, "order_lines")
    assert (book.read, book.kept) == (5, 1)
    assert {n.reason for n in book.notes if n.set_aside} == {
        "without an invoice number",
        "without a readable quantity or price",
        "without a time",
        "with a time that could not be read",
    }


def test_a_decimal_comma_is_read_and_said(tmp_path):
    shop = jl.read(_some(tmp_path / "x.csv", UnitPrice=["2,55", "1.234,50", "3"]))
    assert column(shop, "order_lines", "unit_price") == sorted(map(Decimal, ("2.55", "1234.5", "3")), key=repr)
    assert note(shop, "order_lines", "decimal comma").count == 2


def _write_xlsx(source, path):
    import xlsxwriter

    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "default_date_format": "yyyy-mm-dd hh:mm:ss"})
    sheet = book.add_worksheet("Online Retail")
    found = duckdb.sql(f"SELECT * FROM '{source}'")
    sheet.write_row(0, 0, found.columns)
    for number, row in enumerate(found.fetchall(), start=1):
        for place, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(number, place, value)
            elif value is not None:
                sheet.write(number, place, value)
    book.close()


def _same(one, other):
    for table in TABLES:
        assert one.tables[table].schema() == other.tables[table].schema()
        assert not difference(one, other, table)
    counts = [{(b.table, n.reason): n.count for b in shop.ledgers for n in b.notes} for shop in (one, other)]
    assert counts[0] == counts[1]


def test_an_invoice_number_that_starts_with_zeros_is_kept_and_no_cancellation(tmp_path):
    numbers = [f"00900{n:05d}" for n in range(60)]
    shop = jl.read(_some(tmp_path / "i.csv", InvoiceNo=numbers), key=b"k" * 16)
    assert column(shop, "orders", "order_id") == numbers
    assert set(column(shop, "orders", "status")) == {"completed"}


def test_a_number_with_c_is_a_cancellation_only_where_goods_come_back(tmp_path):
    sold = _some(tmp_path / "sold.csv", InvoiceNo=["CH-1000", "CH-1001"])
    assert set(column(jl.read(sold), "orders", "status")) == {"completed"}
    back = _some(tmp_path / "back.csv", Quantity=["-1"])
    back.write_text(back.read_text().replace("536365", "C536365"))
    assert column(jl.read(back), "orders", "status") == ["cancelled"]


def test_an_invoice_in_the_future_is_set_aside_and_a_single_line_of_one_does_not_take_the_rest(tmp_path):
    lines = [
        {"InvoiceNo": number, "StockCode": "A", "Description": "MUG", "Quantity": "1", "UnitPrice": "2.50",
         "InvoiceDate": time, "CustomerID": "1", "Country": "DE"}
        for number, time in [("1", "2026-01-05 10:00"), ("1", "2062-01-05 10:00"), ("2", "2062-01-06 10:00")]
    ]  # fmt: skip
    shop = jl.read(write_csv(tmp_path / "i.csv", lines))
    assert column(shop, "orders", "order_id") == ["1"]
    assert column(shop, "orders", "net") == [Decimal("2.50")]
    assert note(shop, "orders", "in the future").examples == ("2",)
    assert note(shop, "order_lines", "in the future").count == 2
    assert shop.observed == (date(2026, 1, 5), date(2026, 1, 5))
