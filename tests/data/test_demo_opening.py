"""The demo store as it is opened: from its exports, through the readers, without a person in it."""

from __future__ import annotations

import pytest

import journeylab as jl
from journeylab.data.demo import Plan, opening, simulate
from journeylab.data.schema import TABLES


@pytest.fixture(scope="module")
def demo():
    shop = jl.demo()
    yield shop
    shop.close()


def count(shop, table, column="*"):
    return shop.engine.sql(f'SELECT count({column}) FROM "{table}"')[0][0]


@pytest.mark.slow
def test_the_demo_store_has_what_its_files_hold(demo):
    assert set(TABLES) - set(demo.tables) == {"traffic"}
    found = {name: count(demo, name) for name in ("orders", "customers", "events", "products", "surveys")}
    assert found == {"orders": 18_262, "customers": 6_000, "events": 555_046, "products": 38, "surveys": 8_673}
    assert (demo.currency, demo.time_zone, demo.calls) == ("EUR", "Europe/Berlin", ("shop = jl.demo()",))


@pytest.mark.slow
def test_what_the_ledgers_keep_adds_up_to_the_tables(demo):
    for name in demo.tables:
        kept = sum(book.kept for book in demo.ledgers if book.table == name)
        away = count(demo, name) - kept
        uncounted = demo.engine.sql("SELECT count(*) FROM orders WHERE status IN ('cancelled', 'voided', 'test')")[0][0]
        assert away == (uncounted if name == "orders" else 0), name


@pytest.mark.slow
def test_customers_join_across_all_files_of_the_demo_store(demo):
    for name in ("orders", "surveys", "tickets", "contacts", "events"):
        ((strangers,),) = demo.engine.sql(
            f"SELECT count(DISTINCT customer_id) FROM {name} ANTI JOIN customers USING (customer_id) "
            "WHERE customer_id IS NOT NULL"
        )
        assert strangers == 0, name
    ((lines,),) = demo.engine.sql("SELECT count(*) FROM order_lines ANTI JOIN orders USING (order_id)")
    ((sold,),) = demo.engine.sql(
        "SELECT count(*) FROM events ANTI JOIN orders USING (order_id) WHERE order_id IS NOT NULL"
    )
    assert (lines, sold) == (0, 0)


@pytest.mark.slow
def test_no_email_is_in_any_table_of_the_demo_store(demo):
    for name, table in demo.tables.items():
        for column, kind in table.schema().items():
            if kind.is_string():
                ((n,),) = demo.engine.sql(f"""SELECT count(*) FROM "{name}" WHERE contains("{column}", '@')""")
                assert n == 0, (name, column)


def test_where_the_files_are_missing_they_are_written_first(tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "FOLDER", tmp_path / "nowhere")
    monkeypatch.setattr("journeylab.data.demo.simulate", lambda: simulate(Plan(customers=40, days=120), seed=3))
    root = tmp_path / "root"
    root.mkdir()
    heard = []
    shop = jl.demo(root=root, progress=lambda _share, words: heard.append(words))
    assert heard[0] == "Simulating the demo store"
    assert count(shop, "customers") > 0
    assert [path.name for path in root.iterdir()] == [shop.engine.folder.name]
    shop.close()
