"""The shop's own ids and e-mails: found in its files with the key, with no other key, and never by accident."""

from __future__ import annotations

import csv
import io

import ibis
import pytest

import journeylab as jl
from journeylab.customers import own_ids
from journeylab.customers.roster import Roster
from journeylab.errors import SchemaError
from tests.data.readers.exports import shopify_line, write_csv

KEY = b"a secret of sixteen"
PEOPLE = [f"person{i}@example.com" for i in range(6)]


def listed(shop):
    orders = shop.table("orders")
    return Roster(
        orders.filter(orders.customer_id.notnull()).select("customer_id").distinct().mutate(name=ibis.literal("all")),
        shop.engine,
    )


def told(shop, *files, key=KEY, **options):
    target = io.StringIO()
    found = own_ids.write(listed(shop), target, files=files, key=key, **options)
    return found, list(csv.DictReader(io.StringIO(target.getvalue())))


@pytest.fixture
def shopify(tmp_path):
    lines = [shopify_line(Name=f"#{i}", Email=email, Id=i) for i, email in enumerate(PEOPLE)]
    lines.append(shopify_line(Name="#9", Email="  Person0@Example.COM", Id=9))
    return write_csv(tmp_path / "orders_export.csv", lines)


def test_the_e_mails_of_a_shopify_export_are_found_with_its_key(shopify):
    found, rows = told(jl.read(shopify, key=KEY), shopify)
    assert found == own_ids.Told(of=6, ids=0, emails=6)
    assert sorted(row["email"] for row in rows) == PEOPLE
    assert list(rows[0]) == ["customer_id", "own_id", "email", "name"]


def test_each_pseudonym_gets_the_e_mail_it_was_made_of(shopify, tmp_path):
    shop = jl.read(shopify, key=KEY)
    alone = write_csv(tmp_path / "one.csv", [shopify_line(Name="#1", Email=PEOPLE[3], Id=1)])
    (expected,) = jl.read(alone, key=KEY).run(jl.read(alone, key=KEY).table("orders"))["customer_id"]
    _found, rows = told(shop, shopify)
    assert {row["customer_id"]: row["email"] for row in rows}[expected] == PEOPLE[3]


def test_another_key_tells_nobody(shopify):
    with pytest.raises(SchemaError, match="name none of these customers"):
        told(jl.read(shopify, key=KEY), shopify, key=b"another secret here")


def numbered(tmp_path, header="Customer ID"):
    """Orders 1 to 30 of customers 1 to 10: both are plain numbers."""
    rows = [
        {"Order ID": str(i + 1), header: str(1 + (7 * i) % 10), "Contact e-mail": f"c{1 + (7 * i) % 10}@example.com",
         "Order date": f"2026-01-{1 + i % 28:02d}", "Total": "10.00"} for i in range(30)
    ]  # fmt: skip
    return write_csv(tmp_path / "orders.csv", rows)


def test_numbered_customers_are_told_by_their_own_column_and_not_by_that_of_the_orders(tmp_path):
    path = numbered(tmp_path)
    shop = jl.read(path, key=KEY)
    found, rows = told(shop, path)
    assert found == own_ids.Told(of=10, ids=10, emails=10)
    assert all(row["own_id"] == row["customer_id"] for row in rows)
    assert all(row["email"] == f"c{row['customer_id']}@example.com" for row in rows)


def test_a_column_whose_header_says_nothing_is_used_only_where_it_was_named(tmp_path):
    path = numbered(tmp_path, header="Whose")
    shop = jl.read(path, key=KEY, mapping={"version": 1, "table": "orders", "columns": {
        "Order ID": "order_id", "Whose": "customer_id", "Order date": "ordered_at", "Total": "net"}})  # fmt: skip
    with pytest.raises(SchemaError):
        told(shop, path)
    found, rows = told(shop, path, columns=["Whose"])
    assert found.emails == 10
    assert all(row["email"] == f"c{row['customer_id']}@example.com" for row in rows)


def test_a_file_of_customers_beside_the_orders_gives_what_the_orders_lack(tmp_path):
    orders = write_csv(tmp_path / "orders.csv", [
        {"Order ID": str(i), "Customer ID": f"K{i % 4}", "Order date": "2026-01-05", "Total": "9.00"} for i in range(12)
    ])  # fmt: skip
    customers = write_csv(tmp_path / "customers.csv", [
        {"Customer ID": f"K{i}", "Email": f"k{i}@example.com", "Country": "DE"} for i in range(3)
    ])  # fmt: skip
    shop = jl.read(orders, customers, key=KEY)
    assert own_ids.write(listed(shop), None, files=[orders], key=KEY) == own_ids.Told(4, ids=4, emails=0)
    found, rows = told(shop, orders, customers)
    assert found == own_ids.Told(of=4, ids=4, emails=3)
    assert {row["own_id"]: row["email"] for row in rows}["K1"] == "k1@example.com"


def test_an_own_id_that_looks_like_a_formula_stays_text(tmp_path):
    orders = write_csv(tmp_path / "orders.csv", [
        {"Order ID": str(i), "Customer ID": "=1+1", "Order date": "2026-01-05", "Total": "9.00"} for i in range(3)
    ])  # fmt: skip
    _found, rows = told(jl.read(orders, key=KEY), orders)
    assert rows[0]["own_id"] == "'=1+1"


def test_nothing_of_the_search_stays_on_disk(shopify, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "there"))
    (tmp_path / "there").mkdir()
    shop = jl.read(shopify, key=KEY)
    before = sorted(path.name for path in (tmp_path / "there").iterdir())
    told(shop, shopify)
    assert sorted(path.name for path in (tmp_path / "there").iterdir()) == before
