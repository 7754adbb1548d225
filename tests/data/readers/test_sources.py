"""Each source on its sample and its traps: what is read, what is set aside, and what is said."""

from __future__ import annotations

import csv
import datetime as dt
import json
from decimal import Decimal

import duckdb
import pytest

import journeylab as jl
from journeylab.data.readers.sources import reader_for
from journeylab.data.schema import TABLES
from journeylab.errors import UnknownSource
from tests.data.readers.exports import column, ledger, note, rows, shopify_line, write_csv

KEY = b"k" * 16


def table(path, text, **options):
    """Write a CSV of these lines and read it."""
    path.write_text(text)
    return jl.read(path, key=KEY, **options)


def values(shop, name, columns):
    return sorted(shop.engine.sql(f'SELECT {columns} FROM "{name}"'), key=repr)


def test_every_sample_export_goes_to_its_own_reader(shared):
    folder = shared / "data" / "exports"
    titles = {
        "ga4_bigquery_events_header": "GA4 events",
        "ga4_traffic_acquisition_sample": "GA4 report",
        "klaviyo_campaigns_export_header": "Klaviyo campaigns",
        "shopify_inventory_export_sample": "Shopify inventory",
        "shopify_orders_export_sample": "Shopify orders",
        "shopify_products_export_header": "Shopify products",
        "typeform_nps_export_sample": "Survey answers",
        "woocommerce_analytics_orders_export_sample": "WooCommerce orders",
    }
    for name, title in titles.items():
        lines = (folder / f"{name}.csv").read_text(encoding="utf-8-sig").splitlines()
        header = next(line for line in lines if not line.startswith("#") or line.startswith("#,"))
        reader = reader_for(next(csv.reader([header])))
        assert reader is not None
        assert title == reader.TITLE


def test_shopify_inventory_keeps_what_is_stocked_and_says_what_is_not(shared):
    shop = jl.read(shared / "data" / "exports" / "shopify_inventory_export_sample.csv")
    assert values(shop, "stock", "sku, on_hand, committed, on_order") == [
        ("BOWL", Decimal(40), Decimal(0), Decimal(0)),
        ("MUG-L", Decimal(7), Decimal(2), Decimal(10)),
    ]
    assert note(shop, "stock", "not stocked").examples == ("PLATE",)


@pytest.mark.parametrize("counted", [",On hand (current)", ""])
def test_what_shopify_calls_unavailable_is_no_stock_to_sell(tmp_path, counted):
    header = (
        f"SKU,Location,Incoming (not editable),Unavailable (not editable),Committed (not editable),Available{counted}\n"
    )
    rows = [("MUG", "Berlin", 0, 5, 2, 10, 17), ("BOWL", "Berlin", 0, 0, 1, 3, 4)]
    text = "".join(",".join(map(str, row if counted else row[:-1])) + "\n" for row in rows)
    shop = table(tmp_path / "i.csv", header + text)
    assert values(shop, "stock", "sku, on_hand, committed") == [
        ("BOWL", Decimal(4), Decimal(1)),
        ("MUG", Decimal(12), Decimal(2)),
    ]
    assert note(shop, "stock", "unavailable").examples == ("MUG",)


def test_stock_without_a_date_is_of_the_last_day_the_other_files_know(tmp_path, shared):
    orders = write_csv(tmp_path / "o.csv", [shopify_line()])
    shop = jl.read(shared / "data" / "exports" / "shopify_inventory_export_sample.csv", orders)
    assert set(column(shop, "stock", "as_of")) == {dt.date(2026, 3, 1)}


def test_the_date_in_the_name_of_an_inventory_is_its_date(tmp_path, shared):
    sample = (shared / "data" / "exports" / "shopify_inventory_export_sample.csv").read_bytes()
    path = tmp_path / "inventory_2026-02-29_2026-02-28.csv"
    path.write_bytes(sample)
    assert set(column(jl.read(path), "stock", "as_of")) <= {dt.date(2026, 2, 28), dt.datetime.now(dt.UTC).date()}


PRODUCTS = "Handle,Title,Vendor,Type,Option1 Name,Option1 Value,Variant SKU,Variant Price,Cost per item,Image Src\n"


def test_shopify_products_fill_down_what_only_the_first_line_carries(tmp_path):
    shop = table(
        tmp_path / "p.csv",
        PRODUCTS + "mug,Mug,Pottery,Ceramics,Colour,Blue,MUG-B,15.00,6.00,a.png\nmug,,,,,Red,MUG-R,16.00,,b.png\n"
        "mug,,,,,,,,,c.png\nbowl,Bowl,Pottery,Ceramics,Title,Default Title,,24.00,9.00,\n",
    )
    assert values(shop, "products", "sku, product, vendor, category, price, unit_cost") == [
        ("MUG-B", "Mug - Blue", "Pottery", "Ceramics", Decimal(15), Decimal(6)),
        ("MUG-R", "Mug - Red", "Pottery", "Ceramics", Decimal(16), None),
    ]
    assert note(shop, "products", "picture").count == 1
    assert note(shop, "products", "without sku").examples == ("Bowl",)


def test_products_of_a_shop_and_its_purchasing_list_become_one_row_a_sku(tmp_path):
    (tmp_path / "p.csv").write_text(PRODUCTS + "mug,Mug,Pottery,Ceramics,Title,Default Title,MUG,15.00,6.00,\n")
    (tmp_path / "b.csv").write_text("sku,product,supplier,lead time,moq\nMUG,Mug blue,Kiln,9,24\nJAR,Jar,Kiln,5,10\n")
    first = jl.read(tmp_path / "p.csv", tmp_path / "b.csv")
    assert values(first, "products", "sku, product, vendor, price, lead_time_days") == [
        ("JAR", "Jar", "Kiln", None, 5.0),
        ("MUG", "Mug", "Pottery", Decimal(15), 9.0),
    ]
    assert sum(book.kept for book in first.ledgers) == 2
    assert rows(first, "products") == rows(jl.read(tmp_path / "b.csv", tmp_path / "p.csv"), "products")


def test_woocommerce_orders_split_their_products_and_keep_no_name(shared):
    shop = jl.read(shared / "data" / "exports" / "woocommerce_analytics_orders_export_sample.csv", key=KEY)
    assert values(shop, "orders", "order_id, status, net, marketing_channel, discount_code") == [
        ("1001", "completed", Decimal(118), "Google", "WELCOME10")
    ]
    assert values(shop, "order_lines", "product, quantity, unit_price") == [
        ("Brass Candle Holder", Decimal(2), None),
        ("Cashmere Throw", Decimal(1), None),
    ]
    assert "Jane" not in repr(shop.engine.sql("SELECT * FROM orders")) + repr(shop.ledgers)


def test_woocommerce_money_is_read_with_its_sign_and_one_product_has_its_price(tmp_path):
    shop = table(
        tmp_path / "w.csv",
        "Date,Order #,N. Revenue (formatted),Status,Customer,Product(s),Items sold\n"
        '2026-04-12 08:02:00,7,"€1.118,50",refunded,A B,"2x Rug, 2 x 3 m",2\n'
        '2026-04-13 08:02:00,8,"€18,50",cancelled,A B,1× Mug,1\n',
    )
    assert values(shop, "orders", "order_id, net, status") == [
        ("7", Decimal("1118.5"), "refunded"),
        ("8", Decimal("18.5"), "cancelled"),
    ]
    assert ("Mug", Decimal("18.5")) in values(shop, "order_lines", "product, unit_price")
    assert note(shop, "orders", "cancelled").set_aside


def test_woocommerce_products_give_products_and_their_counted_stock(tmp_path):
    shop = table(
        tmp_path / "w.csv",
        "ID,Type,SKU,Name,Published,Stock,Sale price,Regular price,Categories\n"
        '1,simple,MUG,Mug,1,12,,15,"Home > Cups, Gifts"\n2,simple,JAR,Jar,1,,9,10,Home\n',
    )
    assert values(shop, "products", "sku, price, category") == [
        ("JAR", Decimal(9), "Home"),
        ("MUG", Decimal(15), "Home"),
    ]
    assert values(shop, "stock", "sku, on_hand") == [("MUG", Decimal(12))]


GA4 = {
    "event_timestamp": "1772359200000000",
    "event_name": "purchase",
    "user_pseudo_id": "1.2",
    "user_id": "ada@example.com",
    "event_params": [
        {"key": "page_location", "value": {"string_value": "https://s.example/thanks?mail=ada@example.com"}},
        {"key": "ga_session_id", "value": {"int_value": "77"}},
    ],
    "device": {"category": "mobile"},
    "geo": {"country": "Germany"},
    "traffic_source": {"source": "google", "medium": "cpc"},
    "items": [{"item_id": "MUG"}, {"item_id": "JAR"}],
    "ecommerce": {"transaction_id": "#1", "purchase_revenue": 58.9},
}


def ga4_file(tmp_path, form):
    """Write the event in one of the forms in which the export comes."""
    path = tmp_path / f"events.{form}"
    if form == "csv":
        line = {k: json.dumps(v) if isinstance(v, list | dict) else v for k, v in GA4.items()}
        return write_csv(path, [line])
    lines = tmp_path / "lines.json"
    lines.write_text(json.dumps(GA4) + "\n")
    if form == "jsonl":
        return lines
    if form == "json":
        path.write_text(json.dumps([GA4]))
        return path
    duckdb.sql(f"COPY (FROM read_json('{lines}', convert_strings_to_integers = true)) TO '{path}' (FORMAT parquet)")
    return path


@pytest.mark.parametrize("form", ["jsonl", "json", "parquet", "csv"])
def test_ga4_events_come_out_of_their_nested_fields(tmp_path, form):
    shop = jl.read(ga4_file(tmp_path, form), time_zone="Europe/Berlin", key=KEY)
    names = "session_id, event, page, marketing_channel, device, country, sku, order_id, value, occurred_at"
    assert values(shop, "events", names) == [
        ("1.2.77", "purchase", "/thanks", "Paid Search", "mobile", "Germany", "MUG", "#1", Decimal("58.9"),
         dt.datetime(2026, 3, 1, 10, 0)),
    ]  # fmt: skip
    assert "ada" not in repr(rows(shop, "events"))


def test_a_session_number_of_ga4_belongs_to_its_visitor(tmp_path):
    shop = table(
        tmp_path / "e.csv",
        "event_timestamp,event_name,user_pseudo_id,ga_session_id,fee\n"
        "2026-03-01 23:30:00,view,a,1,4.9\n2026-03-01 23:31:00,view,b,1,\n",
        time_zone="Europe/Berlin",
    )
    assert column(shop, "events", "session_id") == ["a.1", "b.1"]
    assert set(column(shop, "events", "day")) == {dt.date(2026, 3, 2)}  # the export's times are UTC
    assert json.loads(next(v for v in column(shop, "events", "properties") if v)) == {"fee": "4.9"}


def test_no_field_of_ga4_brings_an_email_into_the_events(tmp_path):
    params = [
        {"key": "ga_session_id", "value": {"int_value": "77"}},
        {"key": "search_term", "value": {"string_value": "+49 151 2345678, ada@example.com"}},
        {"key": "transaction_id", "value": {"string_value": "ada@example.com-1"}},
    ]
    mail = "ada@example.com"
    event = GA4 | {"user_pseudo_id": mail, "event_params": params, "ecommerce": {}, "items": [{"item_id": mail}]}
    path = tmp_path / "e.jsonl"
    path.write_text(json.dumps(event | {"traffic_source": {"source": mail, "medium": "letter"}}) + "\n")
    shop = jl.read(path, key=KEY)
    assert "ada" not in repr(rows(shop, "events"))
    ((visitor, session),) = values(shop, "events", "visitor_id, session_id")
    assert session == f"{visitor}.77"
    assert column(shop, "events", "query") == ["(number), (e-mail)"]
    assert len(visitor) == 16


def test_lines_that_are_no_json_are_set_aside(tmp_path):
    path = tmp_path / "e.jsonl"
    path.write_text(json.dumps(GA4) + "\nno json\n")
    assert note(jl.read(path), "events", "no JSON").count == 1


def test_ga4_report_is_read_below_its_preamble(shared):
    shop = jl.read(shared / "data" / "exports" / "ga4_traffic_acquisition_sample.csv")
    assert values(shop, "traffic", "marketing_channel, sessions, engaged_sessions, key_events, revenue") == [
        ("Direct", 400, 200, 10.0, Decimal("500.5")),
        ("Organic Search", 600, 400, 20.0, Decimal(1000)),
    ]
    assert note(shop, "traffic", "whole period").examples == ("from 20260701 to 20260928",)


def test_klaviyo_campaigns_become_spend_by_day(shared):
    shop = jl.read(shared / "data" / "exports" / "klaviyo_campaigns_export_header.csv", time_zone="America/New_York")
    names = "day, marketing_channel, campaign, sends, opens, clicks, orders, revenue"
    assert values(shop, "spend", names) == [
        (dt.date(2025, 4, 6), "Email", "Free shipping", 121401, 58647, 770, 23.0, Decimal("1222.91"))
    ]


def test_a_typeform_export_becomes_answers(shared):
    shop = jl.read(shared / "data" / "exports" / "typeform_nps_export_sample.csv")
    assert values(shop, "surveys", "kind, score, scale, comment, answered_at") == [
        ("nps", 9.0, 10.0, "Fast delivery, great packaging", dt.datetime(2026, 4, 3, 9, 5, 40))
    ]


@pytest.mark.parametrize(
    ("question", "answers", "kind", "scale"),
    [
        ("Would you recommend us?", "9,3", "nps", 10),
        ("How likely are you to recommend us as a place to work?", "9,3", "enps", 10),
        ("How satisfied are you?", "5,Very dissatisfied", "csat", 5),
        ("How easy was it to order?", "7,2", "ces", 7),
        ("Rating", "5,1", "stars", 5),
        ("Did you find what you wanted?", "Yes,no", "yes_no", 1),
    ],
)
def test_the_words_of_a_question_tell_its_kind_and_scale(tmp_path, question, answers, kind, scale):
    one, two = answers.split(",")
    shop = table(tmp_path / "s.csv", f'Submitted At,Email,"{question}"\n2026-01-01,a@x.de,{one}\n2026-01-02,,{two}\n')
    found = values(shop, "surveys", "kind, scale, score")
    assert {(k, s) for k, s, _ in found} == {(kind, scale)}
    assert sorted(score for _, _, score in found)[1] >= scale * 0.9 if kind != "nps" else True


def test_two_questions_of_one_answer_are_two_rows_and_blanks_are_said(tmp_path):
    shop = table(
        tmp_path / "s.csv",
        "Response ID,Submitted At,NPS,CSAT,Comment\nr1,2026-01-01,9,5,call +49 151 2345678 or a@b.de\n"
        "r2,2026-01-02,3,,\n",
    )
    assert values(shop, "surveys", "response_id, kind, score") == [
        ("r1", "nps", 9.0),
        ("r1-2", "csat", 5.0),
        ("r2", "nps", 3.0),
    ]
    assert set(column(shop, "surveys", "comment")) == {None, "call (number) or (e-mail)"}
    assert note(shop, "surveys", "without an answer").count == 1


def test_a_customer_is_the_same_in_every_file(tmp_path):
    texts = {
        "customers": "email,acquired_at,country\nAda@example.com,2026-01-01,DE\n",
        "surveys": "response_id,email,answered_at,kind,score\nr,ada@example.com,2026-01-01,nps,9\n",
        "tickets": "ticket_id,opened_at,email,topic\nt, 2026-01-01,ada@example.com ,x\n",
        "contacts": "email,sent_at,campaign\nada@example.com,2026-01-01,n\n",
        "events": "event_timestamp,event_name,user_pseudo_id,user_id\n2026-01-01,view,v,ADA@example.com\n",
    }
    paths = [tmp_path / f"{name}.csv" for name in texts]
    for path, text in zip(paths, texts.values(), strict=True):
        path.write_text(text)
    shop = jl.read(write_csv(tmp_path / "orders.csv", [shopify_line()]), *paths)
    found = {name: set(column(shop, name, "customer_id")) for name in (*texts, "orders")}
    assert len(set.union(*found.values())) == 1
    assert len(rows(shop, "customers")) == 1


def test_a_trait_keeps_its_type_and_what_names_a_person_is_left_out(tmp_path):
    shop = table(
        tmp_path / "c.csv",
        "email,country,First Name,Phone,visits,vip,colour\na@x.de,DE,Ada,+49 151 2345678,3,yes,red\n"
        "b@x.de,DE,Bo,,4.5,no,\n",
    )
    assert values(shop, "customers", "visits, vip, colour") == [(3.0, True, "red"), (4.5, False, None)]
    assert set(shop.tables["customers"].columns) == {"customer_id", "country", "visits", "vip", "colour"}
    assert "First Name" in note(shop, "customers", "who somebody is").examples


def test_own_column_names_mean_what_the_data_model_says_so_times_are_utc(tmp_path):
    text = "ticket_id,opened_at,satisfied\nt,2026-03-01 12:00:00,yes\n"
    own = table(tmp_path / "a.csv", text, time_zone="Europe/Berlin")
    theirs = table(tmp_path / "b.csv", text.replace("opened_at", "Created at"), time_zone="Europe/Berlin")
    assert column(own, "tickets", "opened_at") == [dt.datetime(2026, 3, 1, 12)]
    assert column(theirs, "tickets", "opened_at") == [dt.datetime(2026, 3, 1, 11)]


def test_what_cannot_be_read_is_left_empty_and_counted_or_set_aside(tmp_path):
    shop = table(
        tmp_path / "s.csv", "day,channel,cost,clicks\n2026-01-01,Ads,5.50,x\n2026-01-02,Ads,free,1.5\nsoon,Ads,1,1\n"
    )
    assert len(rows(shop, "spend")) == 2
    assert note(shop, "spend", "values of clicks").count == 2
    assert note(shop, "spend", "values of cost").examples == ("free",)
    assert ledger(shop, "spend").set_aside == 1


def test_orders_in_a_plain_table_know_states_refunds_and_several_rows(tmp_path):
    shop = table(
        tmp_path / "o.csv",
        "order number,order date,total,refunds,order status,currency\n1,2026-01-01,20,5,Shipped,eur\n"
        "2,2026-01-02,10,,canceled,eur\n3,2026-01-03,7,,paid,eur\n3,2026-01-03,8,,paid,eur\n",
    )
    assert values(shop, "orders", "order_id, net, status, currency") == [
        ("1", Decimal(15), "completed", "EUR"),
        ("2", Decimal(10), "cancelled", "EUR"),
        ("3", Decimal(15), "completed", "EUR"),
    ]
    assert note(shop, "orders", "added up").count == 1


def test_every_canonical_table_is_read_back_by_its_own_column_names(tmp_path):
    samples = {"string": "x1", "timestamp": "2026-01-02 03:04:05", "date": "2026-01-02", "boolean": "yes"}
    for name, spec in TABLES.items():
        cells = {c.name: samples.get(c.dtype, "3") for c in spec.columns}
        cells |= {"kind": "nps"} if name == "surveys" else {"status": "paid"} if name == "orders" else {}
        shop = jl.read(write_csv(tmp_path / f"{name}.csv", [cells]))
        assert list(shop.tables) == [name]
        assert set(shop.tables[name].columns) == set(spec.by_name)
        assert ledger(shop, name).kept == 1


def test_the_same_period_again_replaces_or_adds_as_the_user_says(tmp_path):
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    head = "order_id,ordered_at,day,status,net\n"
    old.write_text(head + "1,2026-01-01,2026-01-01,completed,10\n2,2026-01-05,2026-01-05,completed,1\n")
    new.write_text(head + "1,2026-01-01,2026-01-01,completed,12\n2,2026-01-05,2026-01-05,completed,1\n")
    assert values(jl.read(old, new), "orders", "order_id, net") == [("1", Decimal(12)), ("2", Decimal(1))]
    assert values(jl.read(new, old), "orders", "order_id, net") == [("1", Decimal(10)), ("2", Decimal(1))]
    added = jl.read(old, new, overlap="add")
    assert set(column(added, "orders", "order_id")) == {"1", "1 · 2", "2", "2 · 2"}
    assert 'overlap="add"' in added.calls[0]
    assert len({jl.read(old, new).fingerprint, jl.read(new, old).fingerprint, added.fingerprint}) == 3
    with pytest.raises(jl.BadParameter):
        jl.read(old, overlap="merge")


def test_a_day_may_be_written_in_any_way(tmp_path):
    shop = table(tmp_path / "s.csv", "Date,Channel,Cost\n31/12/2025,Ads,1\n20260101,Ads,2\nsoon,Ads,3\n,Ads,4\n")
    assert column(shop, "spend", "day") == [dt.date(2025, 12, 31), dt.date(2026, 1, 1)]
    assert {note.reason for note in ledger(shop, "spend").notes if note.set_aside} == {
        "with a day that could not be read",
        "without a day",
    }


def test_the_day_of_a_file_that_cannot_be_read_comes_from_its_time(tmp_path):
    text = "response_id,answered_at,day,kind,score\nr,2026-03-01 23:30:00,no,nps,9\n"
    text += "s,2026-03-01 23:30:00,2026-03-01,nps,9\n"
    shop = table(tmp_path / "s.csv", text, time_zone="Europe/Berlin")
    assert values(shop, "surveys", "response_id, day") == [("r", dt.date(2026, 3, 2)), ("s", dt.date(2026, 3, 1))]


def test_the_same_shopify_orders_again_replace_what_was_there(tmp_path):
    old = write_csv(tmp_path / "old.csv", [shopify_line()])
    new = write_csv(tmp_path / "new.csv", [shopify_line(Refunded_Amount="25.00", Financial_Status="refunded")])
    assert column(jl.read(old, new), "orders", "status") == ["refunded"]
    assert column(jl.read(new, old), "orders", "status") == ["completed"]
    assert jl.read(old, new).fingerprint != jl.read(new, old).fingerprint


def test_spend_of_a_day_given_again_counts_once(tmp_path):
    text = "day,channel,campaign,cost\n2026-01-01,Ads,a,5\n2026-01-02,Ads,a,6\n"
    (tmp_path / "a.csv").write_text(text)
    (tmp_path / "b.csv").write_text(text.replace(",6", ",7") + "2026-01-03,Ads,a,8\n")
    assert column(jl.read(tmp_path / "b.csv", tmp_path / "a.csv"), "spend", "cost") == [
        Decimal(5),
        Decimal(7),
        Decimal(8),
    ]


def test_lines_of_an_invoice_in_two_exports_count_once(tmp_path):
    line = {"Invoice": "1", "StockCode": "A", "Quantity": "2", "Price": "3", "InvoiceDate": "2026-01-01"}
    more = {**line, "Invoice": "2", "InvoiceDate": "2026-01-02"}
    one, two = write_csv(tmp_path / "a.csv", [line]), write_csv(tmp_path / "b.csv", [line, more])
    assert column(jl.read(one, two), "orders", "net") == [Decimal(6), Decimal(6)]


def test_a_leap_day_and_the_nights_when_the_clocks_change_are_read_and_said(tmp_path):
    text = (
        "order number,order date,total,order status\n1,2024-02-29 12:00,1,paid\n2,2026-03-29 02:30,1,paid\n"
        "3,2026-10-25 02:30,1,paid\n4,2026-02-29 12:00,1,paid\n"
    )
    shop = table(tmp_path / "o.csv", text, time_zone="Europe/Berlin")
    assert dt.date(2024, 2, 29) in column(shop, "orders", "day")
    assert note(shop, "orders", "clock skipped").count == 1
    assert note(shop, "orders", "showed twice").count == 1
    assert note(shop, "orders", "could not be read").count == 1


def test_a_shop_with_only_guests_has_orders_and_no_customer(tmp_path):
    shop = jl.read(write_csv(tmp_path / "o.csv", [shopify_line(Email="", Name=f"#{n}", Id=n) for n in range(5)]))
    assert jl.overview(shop).headline()
    assert set(column(shop, "orders", "customer_id")) == {None}
    assert rows(shop, "customers") == []


def test_skus_order_ids_and_customers_are_the_same_whatever_file_they_stand_in(tmp_path):
    order, sku, customer = "0090001234", "0012345678", "17850"
    lines = write_csv(
        tmp_path / "invoices.csv",
        [{"InvoiceNo": order, "StockCode": sku, "Description": "Mug", "Quantity": "1", "UnitPrice": "2.50",
          "InvoiceDate": "2026-03-01 10:00", "CustomerID": customer + ".0"}],
    )  # fmt: skip
    products = write_csv(tmp_path / "products.csv", [{"sku": sku, "product": "Mug", "price": "2.50"}])
    clicks = write_csv(
        tmp_path / "events.csv",
        [{"visitor_id": "v.x", "event": "purchase", "timestamp": "2026-03-01 10:00:00", "order_id": order,
          "sku": sku, "user_id": customer + ".0"}],
    )  # fmt: skip
    shop = jl.read(lines, products, clicks, key=b"k" * 16)
    for table in ("order_lines", "products", "events"):
        assert column(shop, table, "sku") == [sku]
    for table in ("orders", "order_lines", "events"):
        assert column(shop, table, "order_id") == [order]
    for table in ("orders", "customers", "events"):
        assert column(shop, table, "customer_id") == [customer]


@pytest.mark.parametrize(
    ("table", "columns", "time"),
    [
        ("orders", {"order_id": "{n}", "net": "1.00"}, "ordered_at"),
        ("events", {"visitor_id": "{n}", "event": "view"}, "timestamp"),
        ("surveys", {"response_id": "{n}", "kind": "nps", "score": "9"}, "answered_at"),
    ],
)
def test_a_row_in_the_future_is_set_aside_and_tomorrow_is_not_the_future(tmp_path, table, columns, time):
    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(hours=20)
    moments = ["2026-01-05 10:00:00", f"{tomorrow:%Y-%m-%d %H:%M:%S}", "2062-01-05 10:00:00"]
    lines = [{name: text.format(n=n) for name, text in columns.items()} | {time: at} for n, at in enumerate(moments)]
    shop = jl.read(write_csv(tmp_path / "file.csv", lines))
    assert (ledger(shop, table).read, ledger(shop, table).kept) == (3, 2)
    assert note(shop, table, "in the future").set_aside
    assert shop.observed[1] == tomorrow.date()


def test_orders_with_a_state_nobody_knows_are_said_and_cancelled_ones_are_known_in_other_words(tmp_path):
    lines = [
        {"order_id": str(n), "Date": "2026-03-01 10:00", "status": status, "net": "1.00"}
        for n, status in enumerate(["paid", "Storniert", "annulé", "Cancelled by customer", "limbo"])
    ]
    shop = jl.read(write_csv(tmp_path / "orders.csv", lines))
    assert column(shop, "orders", "status") == ["cancelled", "cancelled", "cancelled", "completed", "completed"]
    assert note(shop, "orders", "a state nobody knows").count == 1
    assert note(shop, "orders", "a state nobody knows").examples == ("4",)


def test_only_a_three_letter_code_is_the_currency_of_a_shop(tmp_path):
    lines = [
        {"order_id": str(n), "ordered_at": "2026-03-01 10:00:00", "net": "1.00", "currency": currency}
        for n, currency in enumerate(["eur", "Euro (mostly)", "Euro (mostly)"])
    ]
    assert jl.read(write_csv(tmp_path / "orders.csv", lines)).currency == "EUR"


def test_files_whose_order_decides_a_value_have_a_fingerprint_for_each_order(tmp_path):
    a, b = (
        write_csv(tmp_path / f"{country}.csv", [{"customer_id": "c1", "country": country, "accepts_marketing": "yes"}])
        for country in ("DE", "FR")
    )
    one, other = jl.read(a, b), jl.read(b, a)
    assert column(one, "customers", "country") != column(other, "customers", "country")
    assert one.fingerprint != other.fingerprint


def test_what_one_line_of_an_order_says_is_known_whatever_line_comes_first(tmp_path):
    first = {"Order Number": "1", "Date": "2026-03-01 10:00", "Total": "1.00", "Customer": "ada", "Country": ""}
    second = first | {"Total": "2.00", "Customer": "", "Country": "DE"}
    for name, lines in [("a", [first, second]), ("b", [second, first])]:
        shop = jl.read(write_csv(tmp_path / f"{name}.csv", lines))
        assert values(shop, "orders", "customer_id, country, net") == [("ada", "DE", Decimal("3.00"))]


@pytest.mark.parametrize(
    ("header", "title"),
    [
        (["visitor_id", "event", "timestamp", "order_id", "sku", "customer_id"], "Events"),
        (["order_id", "ordered_at", "net", "customer_id", "country"], "Orders"),
        (["customer_id", "acquired_at", "country"], "Customers"),
    ],
)
def test_a_customer_id_alone_does_not_make_a_file_one_of_customers(header, title):
    assert title == reader_for(header).TITLE


def test_a_file_without_names_is_told_that_its_first_line_is_data(tmp_path):
    path = tmp_path / "purchases.csv"
    path.write_text("00004,0001,19970101,2,29.33\n00004,0001,19970118,2,29.73\n")
    with pytest.raises(UnknownSource, match="holds numbers where the names of its columns should be"):
        jl.read(path)
