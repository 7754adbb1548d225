"""Connecting: the same rows, days and ledger on each engine, and nothing but reading."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import ibis
import pandas as pd
import pytest
import sqlglot

import journeylab as jl
from journeylab.data import lab_file
from journeylab.errors import BadParameter
from tests.engines.comparison import same

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from journeylab.data.dataset import Dataset
    from tests.engines.conftest import Engine


def _backend(engine: Engine, address: Any) -> Any:
    return (
        ibis.duckdb.connect(address.removeprefix("duckdb://"), read_only=True) if engine.name == "duckdb" else address
    )


def test_every_row_and_value_arrives_with_its_canonical_type(shop_on: Callable[[Dataset], Dataset], shop: Dataset):
    there = shop_on(shop)
    for name in shop.tables:
        columns = list(shop.tables[name].columns)
        expected, got = (of.run(of.tables[name].select(columns).order_by(columns)) for of in (shop, there))
        assert {c: str(t).split("(6")[0] for c, t in there.tables[name].schema().items()} == {
            c: str(t).split("(6")[0] for c, t in shop.tables[name].schema().items()
        }
        pd.testing.assert_frame_equal(got, expected, obj=name, check_dtype=False)


def test_a_day_that_is_missing_is_the_day_on_the_shops_own_calendar(engine: Engine, shop: Dataset):
    address, names = engine.put(shop)
    backend = _backend(engine, address)
    bare = backend.table(names["orders"]).drop("day")
    there = jl.connect(backend, orders=bare, time_zone=shop.time_zone, currency="EUR")

    pairs = [of.run(of.tables["orders"].select("order_id", "day").order_by("order_id")) for of in (there, shop)]

    assert pairs[0].equals(pairs[1])
    orders = shop.tables["orders"]
    moved = shop.run(orders.aggregate(n=orders.count(where=orders.ordered_at.date() != orders.day)))
    assert moved["n"][0] > 20, "the shop should have orders whose day in UTC is another"
    assert there.ledgers[0].notes[0].reason == "day written from ordered_at in Europe/Berlin"


def test_the_ledger_counts_what_is_out_of_the_figures(shop_on: Callable[[Dataset], Dataset], shop: Dataset):
    there = shop_on(shop)
    orders = next(ledger for ledger in there.ledgers if ledger.table == "orders")
    counted = shop.sales()
    assert orders.read == 400
    assert orders.kept == shop.run(counted.aggregate(n=counted.count()))["n"][0]
    assert {note.reason for note in orders.notes} == {"cancelled", "voided", "test", "not in EUR"}


def test_only_statements_that_read_are_sent(engine: Engine, shop: Dataset, monkeypatch: pytest.MonkeyPatch):
    address, names = engine.put(shop)
    backend = _backend(engine, address)
    sent: list[str] = []
    holder = "con" if engine.name == "duckdb" else "_session"
    monkeypatch.setattr(backend, holder, _Recorder(getattr(backend, holder), sent))

    there = jl.connect(backend, as_of="2026-02-28", currency="EUR", time_zone=shop.time_zone, **names)
    jl.overview(there)

    kinds = {type(sqlglot.parse_one(line, read=backend.dialect)).__name__ for line in sent}
    assert len(sent) > 6
    assert kinds <= {"Select", "Describe", "Use", "Union"}, sent


def test_a_connected_shop_can_be_saved_and_opened_without_its_engine(
    shop_on: Callable[[Dataset], Dataset], shop: Dataset, tmp_path: Path
):
    there = shop_on(shop)
    opened = jl.open(lab_file.save(there, tmp_path / "shop.zip"))
    assert opened.fingerprint == f"{there.fingerprint}+pseudonyms"
    same(jl.overview(opened).table(), jl.overview(there).table())
    opened.close()


class _Recorder:
    """A connection that notes each statement before it passes it on."""

    def __init__(self, inner: Any, sent: list[str]) -> None:
        self._inner, self._sent = inner, sent

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in {"sql", "execute", "query"}:
            return found

        def noted(statement: Any, *args: Any, **options: Any) -> Any:
            self._sent.append(str(statement))
            return found(statement, *args, **options)

        return noted


@pytest.mark.spark
def test_a_spark_url_joins_the_cluster(spark: Any, shop: Dataset, tmp_path_factory: pytest.TempPathFactory):
    spark.range(5).selectExpr(
        "id AS order_id", "timestamp '2026-03-01 23:30:00' AS ordered_at", "'paid' AS status", "10.5 AS net"
    ).createOrReplaceTempView("by_url")
    url = spark.conf.get("spark.master")

    there = jl.connect(url, orders="by_url", time_zone="Europe/Berlin", as_of="2026-12-31")

    assert "".join(there.calls).split() == (
        f"shop = jl.connect( '{url}', orders='by_url', as_of='2026-12-31', time_zone='Europe/Berlin', )".split()
    )
    assert str(there.observed[0]) == "2026-03-02"
    assert there.ledgers[0].notes[-1].reason == "with the status 'paid', taken for a sale"
    there.close()
    assert spark.range(1).count() == 1, "closing a shop must leave the session of the program alone"
    with pytest.raises(BadParameter, match="already has a Spark session"):
        jl.connect("spark://127.0.0.1:1", orders="by_url")


@pytest.mark.spark
def test_spark_connect_gives_the_same_rows_to_a_program_without_java(spark: Any):
    spark.sql("CREATE SCHEMA sales")
    spark.range(7).selectExpr(
        "id AS order_id", "timestamp '2026-03-01 23:30:00' AS ordered_at", "'completed' AS status", "0.5 AS net"
    ).write.saveAsTable("sales.sold")
    program = f"""
import journeylab as jl
shop = jl.connect("sc://127.0.0.1:{spark.conf.get("spark.connect.grpc.binding.port")}",
                  orders="sales.sold", time_zone="Europe/Berlin")
orders = shop.sales()
found = shop.run(orders.aggregate(n=orders.count(), net=orders.net.sum()))
print(shop.observed[0], found["n"][0], found["net"][0], shop.ledgers[0].source)
"""
    import journeylab

    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=journeylab.__path__[0] + "/..",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["2026-03-02", "7", "3.5000", "sales.sold"]
