from __future__ import annotations

import threading
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import duckdb
import ibis
import pytest

import journeylab as jl
from journeylab.data.warehouse import connect
from journeylab.errors import BadParameter, SchemaError

ORDERS = """CREATE TABLE orders AS SELECT * FROM (VALUES
    (1, 'a', TIMESTAMP '2026-03-01 23:30:00', DATE '2026-03-01', 'completed', 10.25, 'EUR'),
    (2, 'b', TIMESTAMP '2026-03-02 10:00:00', DATE '2026-03-02', 'Canceled', 20.0, 'EUR'),
    (3, NULL, TIMESTAMP '2026-03-03 10:00:00', DATE '2026-03-03', 'paid', 30.0, NULL),
    (4, 'a', TIMESTAMP '2026-03-04 10:00:00', DATE '2026-03-04', 'completed', NULL, 'EUR')
) t(order_id, customer_id, ordered_at, day, status, net, currency)"""


def _engine(*statements: str):
    backend = ibis.duckdb.connect()
    for statement in statements:
        backend.con.execute(statement)
    return backend


def _only(shop, table="orders"):
    expr = shop.tables[table]
    return shop.run(expr.order_by(expr.columns[0]))


def test_rows_without_a_required_value_are_set_aside_and_counted():
    shop = connect(_engine(ORDERS), orders="orders")
    [ledger] = shop.ledgers
    assert list(_only(shop).order_id) == ["1", "2", "3"]
    assert (ledger.read, ledger.kept) == (4, 2)
    assert {note.reason: note.count for note in ledger.notes} == {
        "without one of order_id, ordered_at, day, status, net": 1,
        "cancelled": 1,
        "with the status 'paid', taken for a sale": 1,
    }


def test_an_american_spelling_of_cancelled_keeps_the_order_out_of_the_figures():
    shop = connect(_engine(ORDERS), orders="orders")
    sales = shop.sales()
    assert list(shop.run(sales.order_by("order_id")).order_id) == ["1", "3"]


def test_an_order_id_that_comes_twice_is_said():
    backend = _engine(ORDERS, "INSERT INTO orders SELECT * FROM orders WHERE order_id = 1")
    [ledger] = connect(backend, orders="orders").ledgers
    assert [note.count for note in ledger.notes if "came before" in note.reason] == [1]


def test_orders_in_two_currencies_are_refused_until_one_is_named():
    backend = _engine(ORDERS, "UPDATE orders SET currency = 'CHF' WHERE order_id = 3")
    with pytest.raises(BadParameter, match="CHF, EUR"):
        connect(backend, orders="orders")
    shop = connect(backend, orders="orders", currency="EUR")
    assert [note.reason for note in shop.ledgers[0].notes if note.set_aside][-1] == "not in EUR"
    assert shop.ledgers[0].kept == 1


def test_a_test_order_in_another_currency_does_not_matter():
    backend = _engine(ORDERS, "UPDATE orders SET currency = 'CHF' WHERE order_id = 2")
    assert connect(backend, orders="orders").currency == "EUR"


def test_the_only_currency_of_the_orders_is_the_shops():
    assert connect(_engine(ORDERS), orders="orders").currency == "EUR"


def test_a_missing_required_column_is_named_with_its_table():
    backend = _engine(ORDERS, "ALTER TABLE orders RENAME net TO total")
    with pytest.raises(SchemaError, match=r"The table of orders lacks net\."):
        connect(backend, orders="orders")
    shop = connect(backend, orders="orders", columns={"orders": {"net": "total"}})
    assert _only(shop).net[0] == Decimal("10.25")


def test_upper_case_columns_are_found():
    backend = _engine("CREATE TABLE t AS SELECT 'x' AS \"CUSTOMER_ID\", 'DE' AS \"Country\"")
    shop = connect(backend, customers="t")
    assert list(shop.tables["customers"].columns) == ["customer_id", "country"]


def test_what_is_not_named_stays_where_it_is():
    backend = _engine(
        "CREATE TABLE t AS SELECT 'x' AS customer_id, 'Ann' AS name, 'ann@shop.test' AS email, 'gold' AS tier"
    )
    plain = connect(backend, customers="t")
    with_tier = connect(backend, customers="t", columns={"customers": {"level": "tier"}})
    assert plain.tables["customers"].columns == ("customer_id",)
    assert with_tier.tables["customers"].columns == ("customer_id", "level")


def test_customers_known_by_their_address_are_pointed_out():
    backend = _engine(ORDERS, "UPDATE orders SET customer_id = 'ann@shop.test' WHERE order_id = 1")
    [note] = [note for note in connect(backend, orders="orders").ledgers[0].notes if "e-mail" in note.reason]
    assert note.count == 1
    assert "ann" not in repr(note)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("ALTER COLUMN ordered_at TYPE VARCHAR", "ordered_at of orders is string, and must be timestamp"),
        ("ALTER COLUMN net TYPE VARCHAR", "net of orders is string, and must be decimal"),
        ("ALTER COLUMN day TYPE TIMESTAMP", "day of orders is timestamp"),
        ("ALTER COLUMN order_id TYPE DOUBLE", "order_id of orders is float64, and must be string"),
    ],
)
def test_a_type_that_would_have_to_be_guessed_is_refused(change: str, said: str):
    with pytest.raises(SchemaError, match=said):
        connect(_engine(ORDERS, f"ALTER TABLE orders {change}"), orders="orders")


def test_not_a_number_is_a_missing_value():
    backend = _engine(
        ORDERS, "ALTER TABLE orders ALTER COLUMN net TYPE DOUBLE", "UPDATE orders SET net = 'nan' WHERE order_id = 1"
    )
    shop = connect(backend, orders="orders")
    assert list(_only(shop).order_id) == ["2", "3"]


def test_a_time_with_a_zone_becomes_utc_whatever_the_zone_of_the_session():
    backend = _engine(
        "CREATE TABLE e AS SELECT 'v' visitor_id, TIMESTAMPTZ '2026-03-01 23:30:00+00' occurred_at, 'view' AS event"
    )
    shop = connect(backend, events="e", time_zone="Europe/Berlin")
    backend.con.execute("SET TimeZone = 'America/New_York'")
    [row] = _only(shop, "events").itertuples()
    assert (row.occurred_at, row.day.date()) == (datetime.fromisoformat("2026-03-01T23:30"), date(2026, 3, 2))


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "UTC"])
def test_days_are_those_of_the_zone_through_both_changes_of_clocks(zone: str):
    start = datetime.fromisoformat("2025-01-01")
    times = [start + timedelta(minutes=37 * step) for step in range(365 * 24 * 60 // 37)]
    backend = _engine(
        "CREATE TABLE e AS SELECT 'v' visitor_id, TIMESTAMP '2025-01-01' + to_minutes(37 * i::INT) occurred_at,"
        f" 'x' AS event FROM range({len(times)}) r(i)"
    )
    shop = connect(backend, events="e", time_zone=zone)
    found = shop.run(shop.tables["events"].order_by("occurred_at"))
    utc = ZoneInfo("UTC")
    expected = [time.replace(tzinfo=utc).astimezone(ZoneInfo(zone)).date() for time in times]
    assert list(found.day.dt.date) == expected


def test_a_day_the_engine_has_is_kept_as_it_is():
    shop = connect(_engine(ORDERS), orders="orders", time_zone="Asia/Tokyo")
    assert _only(shop).day[0].date() == date(2026, 3, 1)
    assert "day written" not in shop.ledgers[0].notes[0].reason


def test_rows_after_the_last_day_are_not_read():
    shop = connect(_engine(ORDERS), orders="orders", as_of="2026-03-02")
    assert shop.ledgers[0].read == 2
    assert shop.observed == (date(2026, 3, 1), date(2026, 3, 2))


def test_the_fingerprint_stays_with_a_last_day_and_changes_without():
    backend = _engine(ORDERS)
    fixed = [connect(backend, orders="orders", as_of="2026-03-02").fingerprint for _ in range(2)]
    open_ended = [connect(backend, orders="orders").fingerprint for _ in range(2)]
    assert fixed[0] == fixed[1]
    assert open_ended[0] != open_ended[1]
    assert connect(backend, orders="orders", as_of="2026-03-02", refresh=1).fingerprint != fixed[0]
    backend.con.execute("ALTER TABLE orders ADD COLUMN device VARCHAR")
    assert connect(backend, orders="orders", as_of="2026-03-02").fingerprint != fixed[0]


def test_the_written_call_makes_the_same_shop_again(tmp_path):
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as made:
        made.execute("CREATE SCHEMA sales")
        made.execute(ORDERS.replace("TABLE orders", "TABLE sales.orders"))
    shop = connect(
        f"duckdb://{path}",
        orders="sales.orders",
        as_of=date(2026, 3, 3),
        time_zone="Europe/Berlin",
        columns={"orders": {"country": "currency"}},
    )
    space: dict = {"jl": jl}
    exec("\n".join(shop.calls), space)
    assert space["shop"].fingerprint == shop.fingerprint
    assert _only(space["shop"]).equals(_only(shop))
    shop.close()
    space["shop"].close()


def test_what_cannot_be_written_is_a_named_variable():
    backend = _engine(ORDERS)
    shop = connect(
        backend,
        orders=backend.table("orders").filter(ibis._.net > 5),
        events=backend.sql("SELECT 'v' visitor_id, ordered_at occurred_at, 'x' AS event FROM orders"),
    )
    assert shop.calls[:3] == (
        "# backend: your Ibis connection to duckdb",
        "# orders: your Ibis table of them",
        "# events: your Ibis table of them",
    )
    assert shop.calls[3] == "shop = jl.connect(backend, orders=orders, events=events)"


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({}, BadParameter, "No table was named"),
        ({"sales": "orders"}, SchemaError, "There is no table called 'sales'"),
        ({"orders": "absent"}, SchemaError, "The table absent, named for orders, cannot be read"),
        ({"orders": "absent.orders"}, SchemaError, "The table absent.orders, named for orders, cannot be read"),
        ({"orders": "orders", "time_zone": "Mars/Olympus"}, BadParameter, "no time zone called 'Mars/Olympus'"),
        ({"orders": "orders", "as_of": "soon"}, BadParameter, "as_of must be a day"),
        ({"orders": "orders", "columns": {"orders": {"nett": "net"}}}, SchemaError, "no column called nett"),
        ({"orders": "orders", "columns": {"orders": {"net": "total"}}}, SchemaError, "no column called total"),
        ({"orders": "orders", "columns": {"events": {}}}, BadParameter, "which was not connected"),
    ],
)
def test_a_wrong_argument_is_answered_with_what_to_do(arguments, error, said):
    with pytest.raises(error, match=said):
        connect(_engine(ORDERS), **arguments)


def test_an_ibis_table_of_another_connection_is_refused():
    with pytest.raises(BadParameter, match="another connection"):
        connect(_engine(ORDERS), orders=_engine(ORDERS).table("orders"))


def test_many_threads_may_ask_one_connection_at_once():
    backend = _engine(ORDERS)
    shops = [connect(backend, orders="orders") for _ in range(2)]
    totals, failed = [], []

    def ask(shop):
        try:
            for _ in range(8):
                sales = shop.sales()
                totals.append(shop.run(sales.aggregate(net=sales.net.sum())).net[0])
        except Exception as error:  # noqa: BLE001 - a failed assertion in a thread would go unseen
            failed.append(error)

    threads = [threading.Thread(target=ask, args=(shops[n % 2],)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert set(totals) == {Decimal("40.25")}


def test_a_file_is_let_go_when_its_tables_are_not_as_expected(tmp_path):
    path = tmp_path / "shop.duckdb"
    duckdb.connect(str(path)).close()
    with pytest.raises(SchemaError, match="cannot be read"):
        connect(f"duckdb://{path}", orders="absent")
    with duckdb.connect(str(path)) as again:
        again.execute("CREATE TABLE writable AS SELECT 1")


def test_a_connection_of_ones_own_outlives_the_shop():
    backend = _engine(ORDERS)
    connect(backend, orders="orders").close()
    assert backend.table("orders").count().execute() == 4
