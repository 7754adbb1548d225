"""Nothing personal reaches a table, a file, a ledger or an error."""

from __future__ import annotations

import pytest

import journeylab as jl
from tests.data.readers.exports import column, note, shopify_line, write_csv

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


def test_a_page_is_its_path_and_an_email_in_it_is_blanked(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text(
        "visitor_id,event,timestamp,page\n"
        "v,view,2026-03-01 10:00:00,/thanks?mail=ada@example.com&x=1\n"
        "v,view,2026-03-01 10:00:01,/thanks?mail=ada%40example.com\n"
        "v,view,2026-03-01 10:00:02,https://shop.example/u/ada@example.com?name=Ada+Lovelace\n"
    )
    assert column(jl.read(path), "events", "page") == ["/thanks", "/thanks", "/u/(e-mail)"]


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


def test_what_an_event_knows_of_a_person_is_left_out(tmp_path):
    known = '{"fee": 4.9, "customer_name": "Ada Lovelace", "Prénom": "Ada", "ship_to": {"who": "Ada Lovelace"}}'
    line = {"visitor_id": "v", "event": "view", "timestamp": "2026-03-01 10:00:00"}
    plain = {"query": "call +49 151 2345678", "properties": known}
    shop = jl.read(write_csv(tmp_path / "events.csv", [line | plain, line | {"properties": "Ada Lovelace"}]))
    assert column(shop, "events", "properties") == ['{"fee":4.9}', None]
    assert "call (number)" in column(shop, "events", "query")


def test_what_a_flat_table_of_ga4_knows_of_a_person_is_left_out(tmp_path):
    line = {"event_timestamp": "1767225600000000", "event_name": "view", "user_pseudo_id": "v"}
    further = {"user_name": "Ada Lovelace", "Téléphone": "+49 151 2345678", "fee": "4.9"}
    shop = jl.read(write_csv(tmp_path / "events.csv", [line | further]))
    assert column(shop, "events", "properties") == ['{"fee":"4.9"}']


def test_addresses_and_birthdays_in_other_languages_are_no_traits(tmp_path):
    personal = ("Straße", "PLZ", "Ort", "Geburtsdatum", "Prénom", "Nom", "Date de naissance", "Anschrift", "Ville")
    line = {"customer_id": "c1", "country": "DE", "colour": "red"} | dict.fromkeys(personal, "x")
    shop = jl.read(write_csv(tmp_path / "customers.csv", [line]))
    assert set(shop.tables["customers"].columns) == {"customer_id", "country", "colour"}


def test_words_that_hardly_repeat_are_no_trait_and_that_is_said(tmp_path):
    lines = [
        {
            "customer_id": f"c{n}",
            "country": "DE",
            "colour": "red" if n % 2 else "blue",
            "ansprache": f"Liebe Person {n}x",
        }
        for n in range(30)
    ]
    shop = jl.read(write_csv(tmp_path / "customers.csv", lines))
    assert set(shop.tables["customers"].columns) == {"customer_id", "country", "colour"}
    assert "ansprache" in note(shop, "customers", "may tell a person").examples


def test_an_email_in_the_name_of_a_file_is_not_in_the_line_that_reads_it(tmp_path):
    shop = jl.read(write_csv(tmp_path / "orders of ada@example.com (1).csv", [shopify_line()]), key=KEY)
    assert "ada@" not in _spoken(shop)
    assert shop.calls[0].endswith('/orders of (e-mail) (1).csv")')
