"""Lifetime value end to end: five million customers in the engine, and a slider on a real shop. Run by hand.

    python tests/benchmarks/lifetime_value.py            # both
    python tests/benchmarks/lifetime_value.py --slider   # only the slider, on Online Retail (JOURNEYLAB_SHARED)
    python tests/benchmarks/lifetime_value.py --spark    # the five million on DuckDB and on Spark, side by side

1. 5,000,000 simulated customers as some 9 million order rows in Parquet: read, reduced to weekly histories, fitted,
   scored; seconds for each, and the peak of memory of this process from the reduction on.
   With --spark a Spark session of this machine (local[2], 6 GiB) then reads the same file and must come to the same.
2. UCI Online Retail: from a moved slider to the chart's specification, median of 41 values, figures not remembered.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import ibis
import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

import journeylab as jl
from journeylab.customers import purchases
from journeylab.customers.bg_nbd import BgNbd
from journeylab.data.dataset import Dataset, observe
from journeylab.data.engine import EmbeddedEngine

if TYPE_CHECKING:
    from collections.abc import Iterator

TRUTH = BgNbd(0.243, 4.414, 0.793, 2.426)
WEEKS, PARTS, PART = 39, 20, 250_000


def write_orders(path: Path) -> None:
    """Write the orders of all customers, by week, in parts."""
    writer = None
    for part in range(PARTS):
        rng = np.random.default_rng(part)
        age = rng.integers(27, WEEKS + 1, PART)
        rate, _, until = TRUTH.sample_lifetimes(PART, rng)
        bought = rng.poisson(rate * age)
        owner = np.repeat(np.arange(PART), bought)
        time_of = rng.random(len(owner)) * age[owner]
        order = np.lexsort((time_of, owner))
        rank = np.arange(len(owner)) - (np.cumsum(bought) - bought)[owner]
        owner, time_of = owner[rank < until[owner]], time_of[order][rank < until[owner]]
        week = np.ceil(time_of).astype(int) + WEEKS - age[owner]
        who = np.concatenate([np.arange(PART), owner]) + part * PART
        when = np.concatenate([WEEKS - age, week]) * 7
        day = (np.datetime64("2025-01-01") + when.astype("timedelta64[D]")).astype("datetime64[D]")
        table = pa.table(
            {
                "order_id": pa.array(np.arange(len(who)) + part * 10**8).cast(pa.string()),
                "customer_id": pa.array(who).cast(pa.string()),
                "ordered_at": pa.array(day.astype("datetime64[us]")),
                "day": pa.array(day).cast(pa.date32()),
                "status": pa.array(["completed"] * len(who)),
                "net": pa.array(np.round(rng.gamma(6, 6, len(who)), 2)).cast(pa.decimal128(18, 4), safe=False),
            }
        )
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


class Peak:
    """The highest memory of this process while the block runs."""

    def __enter__(self) -> Self:
        self.most, self._on = 0, True
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self) -> None:
        process = psutil.Process(os.getpid())
        while self._on:
            self.most = max(self.most, process.memory_info().rss)
            time.sleep(0.02)

    def __exit__(self, *_: object) -> None:
        self._on = False
        self._thread.join()


def five_million(*, spark: bool) -> None:
    """Reduce, fit and score five million customers, on Spark too where asked."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.parquet"
        write_orders(path)
        engine = EmbeddedEngine(Path(folder))
        engine.sql("CREATE TABLE orders AS SELECT * FROM read_parquet(?)", [str(path)])
        tables = {"orders": engine.table("orders")}
        shop = Dataset(engine, tables, fingerprint="five million", observed=observe(engine, tables))
        here = fit_and_score(shop, "DuckDB")
        engine.close()
        if spark:
            with spark_session(Path(folder)) as session:
                session.read.parquet(str(path)).createOrReplaceTempView("orders")
                there = fit_and_score(jl.connect(ibis.pyspark.connect(session), orders="orders"), "Spark")
            print(
                f"parameters differ by {np.abs(there.parameters / here.parameters - 1).max():.1e} of their size at most"
            )


def fit_and_score(shop: Dataset, name: str) -> BgNbd:
    """Reduce a shop's orders to weekly histories, fit BG/NBD, score all customers, and print what it took."""
    with Peak() as peak:
        start = time.perf_counter()
        until = shop.observed[0] + timedelta(weeks=WEEKS)
        days = purchases.purchase_days(shop, until)
        customers = purchases.grouped(shop, purchases.histories(days, until), None)
        rows = purchases.settled(shop.run(purchases.statistics(customers, weekly=True)), "frequency", "recency", "age")
        reduced = time.perf_counter()
        base = purchases.base_of(rows, weekly=True)
        model = BgNbd.fit(base)
        fitted = time.perf_counter()
        total = float(base.count @ model.expected_purchases(base, 52.0, discount=0.002))
        alive = float(base.count @ model.p_alive(base))
        scored = time.perf_counter()
    print(
        f"{name}: {base.customers:,.0f} customers, {len(rows):,} distinct rows: reduced {reduced - start:.2f} s, "
        f"fitted {fitted - reduced:.2f} s, scored {scored - fitted:.2f} s, in all {scored - start:.2f} s, "
        f"peak of this process {peak.most / 2**30:.2f} GiB"
    )
    print(f"  {model.parameters.round(6)}, 52 weeks: {total:,.1f} purchases; alive: {alive:,.1f}", flush=True)
    return model


@contextmanager
def spark_session(folder: Path) -> Iterator[Any]:
    """Start Spark on two cores of this machine, with its files in `folder`."""
    from pyspark.sql import SparkSession

    settings = {
        "spark.driver.memory": "6g",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.local.dir": str(folder / "local"),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.shuffle.partitions": 16,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    builder = SparkSession.builder.master("local[2]").appName("journeylab benchmark")
    for key, value in settings.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    try:
        yield session
    finally:
        session.stop()


def slider() -> None:
    """Time a slider on Online Retail, from the option to the chart's specification."""
    from tests.shops import online_retail

    shop = online_retail(Path(os.environ.get("JOURNEYLAB_SHARED", "../shared")))
    start = time.perf_counter()
    tested = jl.customers.holdout(shop)
    first = time.perf_counter()
    jl.customers.lifetime_value(shop, tested=tested).chart().to_json()
    print(f"hold-out {first - start:.2f} s, first value {time.perf_counter() - first:.2f} s")
    times = []
    for step in range(41):
        start = time.perf_counter()
        result = jl.customers.lifetime_value(shop, tested=tested, margin=0.2 + step / 100, horizon=6 + step)
        result.chart().to_json()
        times.append(time.perf_counter() - start)
    print(f"slider to chart: median {1000 * statistics.median(times):.0f} ms, highest {1000 * max(times):.0f} ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slider", action="store_true", help="only the slider")
    parser.add_argument("--spark", action="store_true", help="only the five million, on Spark too")
    ARGUMENTS = parser.parse_args()
    if not ARGUMENTS.slider:
        five_million(spark=ARGUMENTS.spark)
    if not ARGUMENTS.spark:
        slider()
