"""The engines of the suite: DuckDB in a read-only file, and Spark on a cluster of this machine."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb
import ibis
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import journeylab as jl
from journeylab.data import schema
from journeylab.data.examples import shop_of
from tests.customers.test_closed_loop import acted
from tests.customers.test_timeline import lives
from tests.customers.voices import voices
from tests.engines.cluster import JAVA_OPTIONS, WORKERS, cluster
from tests.engines.small_shop import embed, small_shop, visits_that_ask
from tests.growth.shops import frames_shop, simulated
from tests.journey.test_friction import after_shop
from tests.operations import stocked as shelves
from tests.operations.stocked import count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from journeylab.data.dataset import Dataset


class Engine(NamedTuple):
    """An engine of the suite, and how a shop's tables get into it."""

    name: str
    put: Callable[[Dataset], tuple[Any, dict[str, str]]]


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Spark session on a master and two workers, which also answers to Spark Connect."""
    from pyspark.sql import SparkSession

    folder = tmp_path_factory.mktemp("spark")
    with cluster(folder) as url:
        builder = SparkSession.builder.master(url).appName("journeylab tests")
        for key, value in _settings(folder).items():
            builder = builder.config(key, value)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)  # Spark leaves folders where it starts
            patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
            session = builder.getOrCreate()
        session.sparkContext.setLogLevel("ERROR")
        yield session
        session.stop()


def _settings(folder: Path) -> dict[str, Any]:
    return {
        "spark.cores.max": WORKERS,
        "spark.executor.cores": 1,
        "spark.executor.memory": "512m",
        "spark.executor.extraJavaOptions": JAVA_OPTIONS,
        "spark.driver.memory": "1g",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraJavaOptions": JAVA_OPTIONS,
        "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": _free_port(),
        "spark.local.dir": str(folder / "local"),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "true",
        # A few hundred rows are read faster than code for them is written.
        "spark.sql.shuffle.partitions": 2,
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }


@pytest.fixture(scope="session", params=["duckdb", pytest.param("spark", marks=pytest.mark.spark)])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Each engine of the suite in turn; `put` gives what jl.connect takes, and the tables' names there."""

    def put_in_duckdb(shop: Dataset) -> tuple[str, dict[str, str]]:
        folder = tmp_path_factory.mktemp("duckdb")
        with duckdb.connect(str(folder / "shop.duckdb")) as made:
            for name, file in _files(shop, folder).items():
                made.execute(f"CREATE TABLE {name} AS SELECT * FROM read_parquet(?)", [str(file)])
        return f"duckdb://{folder / 'shop.duckdb'}", {name: name for name in shop.tables}

    def put_in_spark(shop: Dataset) -> tuple[Any, dict[str, str]]:
        session, folder = request.getfixturevalue("spark"), tmp_path_factory.mktemp("parquet")
        names = {name: f"{folder.name}_{name}" for name in shop.tables}
        for name, file in _files(shop, folder).items():
            session.read.parquet(str(file)).createOrReplaceTempView(names[name])
        return ibis.pyspark.connect(session), names

    return Engine(request.param, put_in_duckdb if request.param == "duckdb" else put_in_spark)


@pytest.fixture(scope="session")
def shop_on(engine: Engine) -> Iterator[Callable[[Dataset], Dataset]]:
    """A function that puts a shop's tables into the engine, and returns the shop connected to it."""
    opened: dict[str, Dataset] = {}

    def connected(shop: Dataset) -> Dataset:
        if shop.fingerprint not in opened:
            address, names = engine.put(shop)
            further = {
                name: {column: column for column in table.columns if column not in schema.TABLES[name].by_name}
                for name, table in shop.tables.items()
                if schema.TABLES[name].open_ended
            }
            opened[shop.fingerprint] = jl.connect(
                address,
                currency=shop.currency,
                time_zone=shop.time_zone,
                as_of=shop.observed[1],
                columns=further,
                **names,
            )
        return opened[shop.fingerprint]

    yield connected
    for dataset in opened.values():
        dataset.close()


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dataset]:
    """The small shop on the embedded engine."""
    made = small_shop(tmp_path_factory.mktemp("small_shop"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def people() -> Iterator[Dataset]:
    """Two people over three browsers and two sales channels, and what else is known of one of them."""
    made = replace(lives(), fingerprint="people")
    yield made
    made.close()


@pytest.fixture(scope="session")
def spoken() -> Iterator[Dataset]:
    """A shop with orders that arrive, answers with comments, and support cases."""
    made = replace(voices(), fingerprint="spoken")
    yield made
    made.close()


@pytest.fixture(scope="session")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dataset]:
    """Visits with searches, pages that load slowly, a checkout with properties, answers and support cases."""
    made = embed(tmp_path_factory.mktemp("asked"), visits_that_ask())
    yield made
    made.close()


@pytest.fixture(scope="session")
def followed() -> Iterator[Dataset]:
    """A shop whose events name orders, and whose customers order before and after a support case."""
    made = replace(after_shop(less=10), fingerprint="followed")
    yield made
    made.close()


@pytest.fixture(scope="session")
def contacted() -> Iterator[Dataset]:
    """A shop with a list of customers to contact or hold out, and what they did afterwards."""
    made = replace(acted(8), fingerprint="contacted")
    yield made
    made.close()


@pytest.fixture(scope="session")
def shelf() -> Iterator[Dataset]:
    """A shop with stock at two counts, units on order, and terms that are partly missing."""
    made = shelves.stocked(
        {"mug": 4, "bowl": 1, "lid": 0.25, "tea, loose": 2},
        stock=[
            count("mug", 30, committed=6, on_order=12, arrives="2026-06-01"),
            count("mug", 60, at="2026-04-26"),
            count("bowl", 400),
            count("lid", -2, on_order=20),
            count("vase", 15),
        ],
        products=[
            ("mug", "Pottery", 4, 10, 2, 24, 6),
            ("bowl", "Pottery", 5, None, None, 6, 1),
            ("vase", None, 8, 1, 1, 1, 1),
        ],
    )
    yield replace(made, fingerprint="shelf")
    made.close()


@pytest.fixture(scope="session")
def tested(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dataset]:
    """A shop with two tests: one measured by its own orders and events, one by a file of outcomes."""
    frames = simulated(seed=90, units=1500, effect=0.3)
    other = frames["exposures"].assign(experiment="plan")
    frames["exposures"] = pd.concat([frames["exposures"], other], ignore_index=True)
    number = np.arange(len(other))
    frames["outcomes"] = pd.DataFrame(
        {
            "experiment": "plan",
            "unit_id": other["unit_id"],
            "converted": number % 7 == 0,
            "net": np.where(number % 11 == 0, np.nan, number * 7919 % 1000 / 10.0),
            "pre_net": number * 104729 % 500 / 10.0,
            "part": np.where(number % 3 == 0, "few", "many"),
        }
    ).iloc[::2]
    before = frames["exposures"][frames["exposures"]["experiment"] == "fee"].iloc[::3]
    login = {"visitor_id": before["unit_id"], "occurred_at": before["exposed_at"] - pd.Timedelta(hours=1)}
    login = pd.DataFrame(login).assign(event="login", customer_id=before["unit_id"])
    login["day"] = login["occurred_at"].dt.date
    frames["events"] = pd.concat([frames["events"], login], ignore_index=True)
    people = pd.DataFrame({"customer_id": login["customer_id"]})
    frames["customers"] = people.assign(kind=np.where(np.arange(len(people)) % 2 == 0, "new", "old"))
    made = frames_shop(tmp_path_factory.mktemp("tested"), frames)
    yield made
    made.close()


@pytest.fixture(scope="session")
def stocked() -> Iterator[Dataset]:
    """Seven months of order lines with returns, a promotion, days without stock and events that name SKUs."""
    day = "DATE '2025-09-01' + CAST(i AS INTEGER)"
    shop = shop_of(
        {
            "orders": f"""SELECT 'o' || i AS order_id, 'c' || (i % 40) AS customer_id, {day} AS "day",
                ({day})::TIMESTAMP AS ordered_at, if(i % 31 = 7, 'cancelled', 'completed') AS status,
                (40 + i % 9)::DECIMAL(18,4) AS net, if(i % 17 = 3, 10, 0)::DECIMAL(18,4) AS refunded
                FROM range(210) t(i)""",
            "order_lines": """SELECT 'o' || i AS order_id, 'SKU-' || s AS sku, 'Product ' || s AS product,
                (1 + (i * (s + 3)) % 4)::DECIMAL(18,4) AS quantity, (5 + s + i // 100)::DECIMAL(18,4) AS unit_price
                FROM range(210) t(i), range(8) u(s)
                WHERE (i * (s + 2)) % (s + 1) = 0 AND NOT (s = 1 AND i BETWEEN 90 AND 97)""",
            "products": """SELECT 'SKU-' || s AS sku, 'Product ' || s AS product, if(s < 4, 'tea', 'cups') AS category,
                'maker' AS vendor FROM range(8) u(s)""",
            "stock": f"""SELECT 'SKU-1' AS sku, {day} AS as_of,
                if(i BETWEEN 90 AND 97, 0, 20)::DECIMAL(18,4) AS on_hand FROM range(210) t(i)""",
            "promotions": """SELECT 'week' AS name, DATE '2025-11-03' AS starts, DATE '2025-11-12' AS ends,
                'tea' AS category""",
            "events": f"""SELECT 'v' || (i % 60) AS visitor_id, ({day})::TIMESTAMP AS occurred_at, {day} AS "day",
                if(i % 3 = 0, 'purchase', 'view_item') AS event, if(i % 3 = 0, NULL, 'SKU-' || (i % 8)) AS sku,
                if(i % 3 = 0, 'o' || i, NULL) AS order_id FROM range(210) t(i)""",
        }
    )
    yield shop
    shop.close()


def _files(shop: Dataset, folder: Path) -> dict[str, Path]:
    """Write each table to a Parquet file."""
    paths = {name: folder / f"{name}.parquet" for name in shop.tables}
    for name, path in paths.items():
        with shop.engine.batches(shop.tables[name]) as rows, pq.ParquetWriter(path, rows.schema) as file:
            for batch in rows:
                file.write_batch(batch)
    return paths


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]
