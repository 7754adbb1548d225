"""A test of ten million units with three metrics, against the same work in hand-written DuckDB queries.

    python -m tests.benchmarks.read_experiment [--units 10000000] [--runs 5] [--spark]

Both sides check for units in several variants, join exposures to outcomes, and bring back the moments of three metrics,
one with a covariate, by variant; ours by day too, for the replay. Times are medians after one run to warm up.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import journeylab as jl
from journeylab.data.dataset import Dataset
from journeylab.data.engine import EmbeddedEngine
from journeylab.growth import recall

METRICS = ["converted", "net", "orders / sessions"]

EXPOSURES = """
SELECT 'fee' AS experiment, 'visitor' AS unit, 'v' || i AS unit_id,
       CASE WHEN hash(i) % 2 = 0 THEN 'A' ELSE 'B' END AS variant,
       TIMESTAMP '2026-03-01' + INTERVAL (hash(i + 1) % 28) DAY AS exposed_at
FROM range({units}) t(i)"""

OUTCOMES = """
SELECT 'fee' AS experiment, 'v' || i AS unit_id, (hash(i + 2) % 20 = 0)::INTEGER AS converted,
       ((hash(i + 2) % 20 = 0)::INTEGER * (hash(i + 3) % 9000) / 100)::DECIMAL(18, 4) AS net,
       (hash(i + 2) % 20 = 0)::INTEGER AS orders, 1 + (hash(i + 4) % 4)::INTEGER AS sessions,
       ((hash(i + 5) % 9000) / 100)::DECIMAL(18, 4) AS pre_net
FROM range({units}) t(i)"""

BY_HAND = """
WITH units AS (
    SELECT unit_id, min(variant) AS variant, max(variant) AS other
    FROM exposures WHERE experiment = 'fee' GROUP BY unit_id
), measured AS (
    SELECT unit_id, max(converted) AS converted, max(net)::DOUBLE AS net, max(orders) AS orders,
           max(sessions) AS sessions, max(pre_net)::DOUBLE AS pre_net
    FROM outcomes WHERE experiment = 'fee' GROUP BY unit_id
)
SELECT CASE WHEN variant = other THEN variant END AS variant, count(*), avg(converted), var_samp(converted), avg(net),
       var_samp(net), avg(pre_net), var_samp(pre_net), covar_samp(net, pre_net), avg(orders), var_samp(orders),
       avg(sessions), var_samp(sessions), covar_samp(orders, sessions)
FROM units LEFT JOIN measured USING (unit_id) GROUP BY 1"""


def median_of(runs: int, work) -> float:
    """Return the median seconds of several runs, after one to warm up."""
    work()
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def main() -> None:
    """Run the comparison and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--spark", action="store_true")
    options = parser.parse_args()
    units, runs = options.units, options.runs
    engine = EmbeddedEngine(memory_limit="6GB")
    engine.sql(f"CREATE TABLE exposures AS {EXPOSURES.format(units=units)}")
    engine.sql(f"CREATE TABLE outcomes AS {OUTCOMES.format(units=units)}")
    shop = Dataset(engine, {name: engine.table(name) for name in ("exposures", "outcomes")}, fingerprint="bench")

    def ours() -> None:
        recall.forget(shop)
        jl.growth.experiment(shop, metrics=METRICS)

    by_hand = median_of(runs, lambda: engine.sql(BY_HAND))
    through = median_of(runs, ours)
    print(f"{units:,} units, duckdb: by hand {by_hand:.2f} s, journeylab {through:.2f} s, {through / by_hand:.2f} x")
    slider = median_of(20, lambda: jl.growth.experiment(shop, metrics=METRICS, prior_sd=0.05 + time.perf_counter() % 1))
    chart = median_of(
        20, lambda: jl.growth.experiment(shop, metrics=METRICS, tuning=5000).chart("day by day").to_dict()
    )
    print(f"a slider over the statistics: {1000 * slider:.0f} ms; with its chart: {1000 * chart:.0f} ms")
    if options.spark:
        on_spark(engine, units, runs)
    engine.close()


def on_spark(engine: EmbeddedEngine, units: int, runs: int) -> None:
    """The same on a Spark cluster of this machine, against the same SQL there."""
    import ibis
    from pyspark.sql import SparkSession

    from tests.engines.cluster import cluster

    with tempfile.TemporaryDirectory() as name, cluster(Path(name)) as url:
        session = (
            SparkSession.builder.master(url)
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.sql.shuffle.partitions", 8)
            .config("spark.ui.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false")
            .getOrCreate()
        )
        for table in ("exposures", "outcomes"):
            path = Path(name) / f"{table}.parquet"
            engine.sql(f"COPY {table} TO '{path}' (FORMAT parquet)")
            session.read.parquet(str(path)).createOrReplaceTempView(table)
        further = {c: c for c in ("converted", "net", "orders", "sessions", "pre_net")}
        shop = jl.connect(
            ibis.pyspark.connect(session),
            as_of="2026-03-28",
            exposures="exposures",
            outcomes="outcomes",
            columns={"outcomes": further},
        )

        def ours() -> None:
            recall.forget(shop)
            jl.growth.experiment(shop, metrics=METRICS)

        by_hand = median_of(runs, lambda: session.sql(BY_HAND).collect())
        through = median_of(runs, ours)
        print(f"{units:,} units, spark: by hand {by_hand:.2f} s, journeylab {through:.2f} s, {through / by_hand:.2f} x")
        session.stop()


if __name__ == "__main__":
    main()
