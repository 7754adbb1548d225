"""Shopify's export of orders: the traps of the real one, and the rules of money."""

from __future__ import annotations

import random
from datetime import date, datetime
from decimal import Decimal

import pytest

import journeylab as jl
from tests.data.readers.exports import column, ledger, note, rows, shopify_line, write_csv

BERLIN = {"time_zone": "Europe/Berlin"}


@pytest.fixture(scope="module")
def sample(shared):
    shop = jl.read(shared / "data" / "exports" / "shopify_orders_export_sample.csv", **BERLIN)
    yield shop
    shop.close()


def read(tmp_path, *lines, name="orders.csv", **options):
    return jl.read(write_csv(tmp_path / name, list(lines)), **BERLIN | options)


def order(shop, order_id="#1"):
    names = shop.tables["orders"].columns
    (row,) = shop.engine.sql(f"SELECT * FROM orders WHERE order_id = '{order_id}'")
    return dict(zip(names, row, strict=True))


def test_the_sample_has_five_orders_and_each_is_kept_or_set_aside_with_its_reason(sample):
    assert ledger(sample, "orders").sentence() == (
        "shopify_orders_export_sample.csv: 5 orders read, 4 kept, 1 set aside (1 voided)."
    )
    assert note(sample, "orders", "voided").examples == ("#1003",)
    assert note(sample, "orders", "free").examples == ("#1004",)
    assert note(sample, "orders", "guests").examples == ("#1004",)
    assert note(sample, "orders", "pending").examples == ("#1005",)
    assert sample.engine.sql("SELECT status, count(*) FROM orders GROUP BY ALL ORDER BY ALL") == [
        ("completed", 2),
        ("partially_refunded", 1),
        ("pending", 1),
        ("voided", 1),
    ]


def test_two_spellings_of_one_email_are_one_customer(sample):
    (first,), (second,) = sample.engine.sql("SELECT customer_id FROM orders WHERE order_id IN ('#1001', '#1002')")
    assert first == second
    assert len(first) == 16
    assert len(column(sample, "customers", "customer_id")) == 3


def test_times_are_in_utc_beside_the_day_as_written(sample):
    assert sample.engine.sql("SELECT ordered_at, day FROM orders WHERE order_id IN ('#1001', '#1002') ORDER BY 1") == [
        (datetime(2026, 3, 1, 8, 12, 40), date(2026, 3, 1)),
        (datetime(2026, 4, 11, 18, 0), date(2026, 4, 11)),
    ]


def test_money_of_the_sample_checked_by_hand(sample):
    first = order(sample, "#1001")
    assert first["gross"] == Decimal("54.0000")
    # 9.40 tax in 58.90; the goods' share is 9.40 * 54 / 58.90 = 8.6180
    assert first["net"] == Decimal("45.3820")
    second = order(sample, "#1002")
    # goods 48.00 - 7.66 = 40.34; of 48.00 paid 15.00 went back: 40.34 * 15 / 48 = 12.6063
    assert (second["net"], second["refunded"]) == (Decimal("27.7337"), Decimal("12.6063"))
    assert second["net"] + second["refunded"] == Decimal("40.3400")
    assert second["discount_code"] == "SPRING20"


def test_lines_and_channels_of_the_sample(sample):
    assert ('=Gift "wrap", large',) in sample.engine.sql("SELECT product FROM order_lines WHERE order_id = '#1004'")
    assert sample.engine.sql("SELECT order_id FROM order_lines WHERE sku IS NULL") == [("#1004",)]
    assert order(sample, "#1004")["sales_channel"] == "till"
    assert order(sample, "#1001")["sales_channel"] == "web"


def test_the_order_of_lines_changes_nothing(shared, tmp_path, sample):
    header, *lines = (shared / "data" / "exports" / "shopify_orders_export_sample.csv").read_text().splitlines()
    random.Random(3).shuffle(lines)
    path = tmp_path / "shuffled.csv"
    path.write_text("\n".join([header, *lines]))
    key = b"k" * 16
    again = jl.read(path, key=key, **BERLIN)
    first = jl.read(shared / "data" / "exports" / "shopify_orders_export_sample.csv", key=key, **BERLIN)
    for table in ("orders", "order_lines", "customers"):
        assert rows(again, table) == rows(first, table)


def test_tax_on_top_is_not_taken_off_the_goods(tmp_path):
    shop = read(tmp_path, shopify_line(Taxes="4.00", Total="29.00", Refunded_Amount="12.00"))
    # paid for the goods: 20.00 + 4.00 * 20 / 25 = 23.20; of these 12.00 went back
    assert order(shop)["refunded"] == Decimal("10.3448")
    assert order(shop)["net"] == Decimal("9.6552")


def test_a_refund_is_capped_at_the_goods(tmp_path):
    shop = read(tmp_path, shopify_line(Financial_Status="refunded", Refunded_Amount="25.00"))
    assert order(shop)["net"] == 0
    assert order(shop)["refunded"] == Decimal("16.8080")
    assert order(shop)["status"] == "refunded"


@pytest.mark.parametrize(
    ("cells", "status"),
    [
        ({"Cancelled_at": "2026-03-02 09:00:00 +0100"}, "cancelled"),
        ({"Cancelled_at": "2026-03-02 09:00:00 +0100", "Financial_Status": "voided"}, "voided"),
        ({"Tags": "vip, Test"}, "test"),
        ({"Tags": "latest, contest"}, "completed"),
        ({"Financial_Status": "authorized"}, "pending"),
        ({"Payment_Method": "(for testing) Bogus Gateway"}, "test"),
    ],
)
def test_the_status_of_an_order(tmp_path, cells, status):
    shop = read(tmp_path, shopify_line(**cells))
    assert order(shop)["status"] == status
    assert ledger(shop, "orders").kept == (0 if status in ("cancelled", "voided", "test") else 1)


def test_orders_of_merged_stores_with_the_same_name_are_told_apart(tmp_path):
    blank = dict.fromkeys(("Financial Status", "Currency", "Subtotal", "Shipping", "Taxes", "Total", "Id"), "")
    other = shopify_line(Created_at="2026-03-02 09:00:00 +0100", Id=78, Lineitem_name="Bowl")
    shop = read(tmp_path, shopify_line(), other, other | blank | {"Lineitem name": "Plate"})
    assert column(shop, "orders", "order_id") == ["#1 · 77", "#1 · 78"]
    assert shop.engine.sql("SELECT product FROM order_lines WHERE order_id = '#1 · 78' ORDER BY 1") == [
        ("Bowl",),
        ("Plate",),
    ]
    assert note(shop, "orders", "whose name").count == 2


def test_an_order_that_two_exports_carry_counts_once_and_as_in_the_newer_one(tmp_path):
    old = write_csv(tmp_path / "old.csv", [shopify_line(Financial_Status="pending")])
    later = shopify_line(Name="#2", Id=78, Created_at="2026-04-01 09:00:00 +0200")
    new = write_csv(tmp_path / "new.csv", [shopify_line(), later])
    for paths in ((old, new), (new, old)):
        shop = jl.read(*paths, **BERLIN)
        assert order(shop)["status"] == "completed"
        assert len(rows(shop, "order_lines")) == 2
        (book,) = [b for b in shop.ledgers if (b.table, b.source) == ("order_lines", "old.csv")]
        assert book.set_aside == 1


def test_two_currencies_count_in_the_more_frequent_one(tmp_path):
    lines = [shopify_line(Name=f"#{n}", Id=n, Currency="USD" if n == 3 else "EUR") for n in (1, 2, 3)]
    shop = read(tmp_path, *lines)
    assert shop.currency == "EUR"
    assert note(shop, "orders", "another currency").examples == ("#3 (USD)",)
    assert ledger(shop, "orders").kept == 2
    assert len(rows(shop, "orders")) == 3
    assert int(shop.run(shop.sales().count().as_table()).iloc[0, 0]) == 2


def test_the_shops_currency_can_be_named(tmp_path):
    lines = [shopify_line(Name=f"#{n}", Id=n, Currency="USD" if n == 3 else "EUR") for n in (1, 2, 3)]
    assert read(tmp_path, *lines, currency="USD").currency == "USD"


def test_a_customers_latest_known_consent_and_country_count(tmp_path):
    shop = read(
        tmp_path,
        shopify_line(Name="#1", Accepts_Marketing="yes"),
        shopify_line(Name="#3", Accepts_Marketing="", Shipping_Country="", Created_at="2026-05-01 09:00:00 +0200"),
        shopify_line(Name="#2", Accepts_Marketing="no", Shipping_Country="AT", Created_at="2026-04-01 09:00:00 +0200"),
    )
    ((_, acquired, country, accepts),) = rows(shop, "customers")
    assert (acquired, country, accepts) == (datetime(2026, 3, 1, 8, 0), "AT", False)


def test_an_order_in_the_future_is_set_aside_with_its_lines_and_moves_no_day(tmp_path):
    late = shopify_line(Name="#2", Created_at="2090-03-01 09:00:00 +0100")
    shop = read(tmp_path, shopify_line(), late)
    assert note(shop, "orders", "in the future").set_aside
    assert (ledger(shop, "orders").read, ledger(shop, "orders").kept) == (2, 1)
    assert column(shop, "order_lines", "order_id") == ["#1"]
    assert note(shop, "order_lines", "in the future").set_aside
    assert shop.observed == (date(2026, 3, 1), date(2026, 3, 1))


def test_an_order_without_a_readable_total_or_time_is_set_aside(tmp_path):
    shop = read(
        tmp_path,
        shopify_line(Name="#1"),
        shopify_line(Name="#2", Total="a lot"),
        shopify_line(Name="#3", Created_at="yesterday"),
    )
    assert column(shop, "orders", "order_id") == ["#1"]
    assert note(shop, "orders", "a total that could not be read").examples == ("#2",)
    assert note(shop, "order_lines", "a time that could not be read").examples == ("#3",)


def test_doubling_all_prices_doubles_the_money(tmp_path):
    money = {"Subtotal": 20, "Shipping": 5, "Taxes": 3.99, "Total": 25, "Refunded Amount": 7, "Lineitem price": 10}
    once = read(tmp_path, shopify_line(**money), name="once.csv")
    twice = read(tmp_path, shopify_line(**{name: 2 * value for name, value in money.items()}), name="twice.csv")
    for name in ("net", "gross", "refunded", "shipping", "tax"):
        assert float(order(twice)[name]) == pytest.approx(2 * float(order(once)[name]), abs=1e-4)


def further(**cells):
    """A further line of an order, as the export writes it: without the order's own columns."""
    head = dict.fromkeys(("Financial Status", "Currency", "Subtotal", "Shipping", "Taxes", "Total", "Id"), "")
    return shopify_line() | head | {name.replace("_", " "): str(value) for name, value in cells.items()}


def test_a_further_line_without_a_time_belongs_to_the_order_of_its_name(tmp_path):
    shop = read(tmp_path, further(Created_at="", Lineitem_name="Plate", Lineitem_price=5), shopify_line())
    assert shop.engine.sql("SELECT order_id, product FROM order_lines ORDER BY product") == [
        ("#1", "Mug"),
        ("#1", "Plate"),
    ]
    assert order(shop)["gross"] == Decimal("30.0000")
    assert ledger(shop, "order_lines").sentence().endswith("2 order lines read, 2 kept.")
    assert note(shop, "order_lines", "taken for lines of the order of their name").examples == ("#1",)


def test_a_further_line_without_a_time_is_set_aside_where_two_orders_have_its_name_or_none(tmp_path):
    other = shopify_line(Created_at="2026-03-02 09:00:00 +0100", Id=78)
    stray = further(Name="#9", Created_at="")
    shop = read(tmp_path, shopify_line(), other, further(Created_at=""), stray)
    assert ledger(shop, "order_lines").kept == 2
    assert note(shop, "order_lines", "under a name that several orders have").count == 1
    (alone,) = [n for n in ledger(shop, "order_lines").notes if n.reason == "without a time"]
    assert (alone.count, alone.examples) == (1, ("#9",))


def test_an_order_itself_without_a_time_is_set_aside(tmp_path):
    shop = read(tmp_path, shopify_line(), shopify_line(Name="#2", Created_at=""))
    assert column(shop, "orders", "order_id") == ["#1"]
    assert ledger(shop, "order_lines").kept == 1


@pytest.mark.parametrize("amount", ["", "0.00", None])
def test_a_refunded_order_without_an_amount_was_refunded_in_full(tmp_path, amount):
    line = shopify_line(Financial_Status="refunded", Refunded_Amount=amount or "")
    if amount is None:
        del line["Refunded Amount"]
    shop = read(tmp_path, line)
    assert order(shop)["net"] == 0
    assert order(shop)["refunded"] == Decimal("16.8080")
    assert note(shop, "orders", "taken as refunded in full").examples == ("#1",)


def test_an_order_refunded_in_part_without_an_amount_keeps_its_net_and_is_said(tmp_path):
    shop = read(tmp_path, shopify_line(Financial_Status="partially_refunded", Refunded_Amount=""))
    assert order(shop)["net"] == Decimal("16.8080")
    assert note(shop, "orders", "their net is too high").count == 1


def test_rows_with_nothing_in_any_column_that_is_read_are_counted(tmp_path):
    empty = dict.fromkeys(shopify_line(), "")
    stray = empty | {"Notes": "only a note, which is not read"}
    shop = read(tmp_path, shopify_line() | {"Notes": ""}, empty | {"Notes": ""}, stray)
    assert note(shop, "order_lines", "empty in every column that is read").count == 2
    book = ledger(shop, "order_lines")
    assert (book.read, book.kept, book.set_aside) == (3, 1, 2)
