"""Nothing personal reaches a table, a file, a ledger or an error."""

from __future__ import annotations

import pytest

import journeylab as jl
from tests.data.readers.exports import column, shopify_line, write_csv

PERSONAL = ("ada@", "ADA@", "example.com", "Lovelace", "Analytical Row", "151 2345678", "bo@", "cy@")
KEY = b"0123456789abcdef"


def _tell_tales(folder):
    """Everything of a person that is found in the bytes of a folder's files."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            found += [
                (path.name, word) for word in PERSONAL if word.encode() in data or word.encode("utf-16-le") in data
            ]
    return found


def _spoken(shop):
    return " ".join([repr(shop.ledgers), repr(shop.calls), shop.fingerprint])


def _cells(shop):
    return " ".join(repr(shop.engine.sql(f'SELECT * FROM "{table}"')) for table in shop.tables)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_shopify_export_leaves_no_email_name_phone_or_address(tmp_path, encoding):
    lines = [shopify_line(Name=f"#{n}", Id=n, Discount_Code="FRIEND-ada@example.com") for n in range(2000)]
    shop = jl.read(write_csv(tmp_path / "orders.csv", lines, encoding=encoding), root=tmp_path, key=KEY)
    for text in (_cells(shop), _spoken(shop)):
        assert not [word for word in PERSONAL if word in text]
    assert [path.name for path in shop.engine.folder.iterdir()] == ["shop.duckdb"]
    assert _tell_tales(shop.engine.folder) == []
    assert KEY.hex().encode() not in (shop.engine.folder / "shop.duckdb").read_bytes()


def test_the_sample_leaves_nothing_personal(shared, tmp_path):
    shop = jl.read(shared / "data" / "exports" / "shopify_orders_export_sample.csv", root=tmp_path)
    assert not [word for word in PERSONAL if word in _cells(shop) + _spoken(shop)]
    assert _tell_tales(shop.engine.folder) == []


def test_after_an_error_no_file_is_left(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    good = write_csv(tmp_path / "orders.csv", [shopify_line()])
    bad = tmp_path / "bad.csv"
    bad.write_text("ada@example.com,Lovelace\n1,2\n")
    with pytest.raises(jl.SchemaError) as error:
        jl.read(good, bad, root=root)
    assert "ada@" not in str(error.value)
    assert list(root.iterdir()) == []


def test_ids_that_are_emails_or_phones_become_pseudonyms_and_others_stay(tmp_path):
    path = tmp_path / "events.csv"
    visitors = ["ada@example.com", " ADA@example.com", "+49 151 2345678", "219483890", "0a1b-22"]
    body = "\n".join(f"{v},view,2026-03-01 10:00:0{n}" for n, v in enumerate(visitors))
    path.write_text(f"visitor_id,event,timestamp\n{body}\n")
    found = column(jl.read(path, key=KEY), "events", "visitor_id")
    assert {"219483890", "0a1b-22"} <= set(found)
    assert len(set(found)) == 4
    assert not [v for v in found if "@" in v or "151" in v]


def test_an_email_in_a_page_address_is_blanked(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text(
        "visitor_id,event,timestamp,page\n"
        "v,view,2026-03-01 10:00:00,/thanks?mail=ada@example.com&x=1\n"
        "v,view,2026-03-01 10:00:01,/thanks?mail=ada%40example.com\n"
    )
    found = column(jl.read(path), "events", "page")
    assert sorted(found) == ["/thanks?mail=(e-mail)", "/thanks?mail=(e-mail)&x=1"]


def test_the_same_key_gives_the_same_pseudonym_and_another_key_another(tmp_path):
    path = write_csv(tmp_path / "orders.csv", [shopify_line()])
    first, again, other = (column(jl.read(path, key=key), "orders", "customer_id") for key in (KEY, KEY, b"other"))
    assert first == again != other


def test_without_a_key_every_reading_has_pseudonyms_of_its_own(tmp_path):
    path = write_csv(tmp_path / "orders.csv", [shopify_line()])
    assert column(jl.read(path), "orders", "customer_id") != column(jl.read(path), "orders", "customer_id")


def test_names_and_national_numbers_as_customers_become_pseudonyms(tmp_path):
    customers = ["Ada Meyer", "0151 23456789", "015123456789", "C-17", "4711"]
    lines = [
        {"Order Number": str(n), "Date": "2026-03-01 10:00", "Customer": customer, "Total": "10.00"}
        for n, customer in enumerate(customers)
    ]
    found = column(jl.read(write_csv(tmp_path / "orders.csv", lines), key=KEY), "orders", "customer_id")
    assert {"C-17", "4711"} <= set(found)
    assert len(set(found)) == 5
    assert not [v for v in found if "Ada" in v or "23456789" in v]
