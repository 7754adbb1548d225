"""How long personas take: on UCI Online Retail as the page does it, and for a million simulated customers.

python tests/benchmarks/personas.py retail          # first time, then slider moves; needs the real data
python tests/benchmarks/personas.py million         # find and assign; peak memory of the process
python tests/benchmarks/personas.py million spark   # the same assignment on Spark, compared customer by customer
python tests/benchmarks/personas.py million spark 100000
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

CUSTOMERS = 1_000_000
#: Four kinds: orders, log of the order value, share of discounted orders.
SIMULATED = """
    SELECT 'o' || (c * 128 + k) AS order_id, 'c' || c AS customer_id,
           DATE '2025-01-01' + (hash(c, k) % 365)::INTEGER AS day,
           (DATE '2025-01-01' + (hash(c, k) % 365)::INTEGER)::TIMESTAMP AS ordered_at, 'completed' AS status,
           round(exp([3.0, 5.2, 4.0, 7.0][1 + c % 4] + 0.25 * z + 0.15 * e), 2)::DECIMAL(18, 4) AS net,
           CASE WHEN (hash(c, k, 3) % 1000) / 1000.0 < [0.02, 0.05, 0.9, 0.02][1 + c % 4] THEN 'CODE' END
               AS discount_code
    FROM (SELECT c, k, sqrt(-2 * ln((1 + hash(c, 1) % 999983) / 999984.0))
                     * cos(6.2831853 * (hash(c, 2) % 999983) / 999983.0) AS z,
                 (hash(c, k, 5) % 2000) / 1000.0 - 1 AS e
          FROM (SELECT c,
                       unnest(range(1 + floor(-ln((1 + hash(c, 7) % 9973) / 9974.0)
                                              * [5, 1, 2, 1][1 + c % 4])::BIGINT)) AS k
                FROM range({n}) t(c)))
"""  # fmt: skip


CPU = "cpu" in sys.argv


def timed(function, *args, **options):
    """Return what a function gives and the seconds it took; of processor time if the last word of the command is cpu.

    On a machine that does other work, processor time says what a quiet one would need at most.
    """
    clock = time.process_time if CPU else time.perf_counter
    start = clock()
    result = function(*args, **options)
    return result, clock() - start


def retail() -> None:
    """The first look and the sliders on UCI Online Retail."""
    import journeylab as jl
    from tests.shops import online_retail

    root = os.environ.get("JOURNEYLAB_SHARED", str(Path(__file__).resolve().parents[3] / "shared"))
    shop = online_retail(Path(root))
    scores, first_rfm = timed(jl.customers.rfm, shop)
    count, first_count = timed(jl.customers.persona_count, shop)
    _found, first_personas = timed(jl.customers.personas, shop, count=count)
    total = first_rfm + first_count + first_personas
    print(f"{scores.n} customers; first time {total:.2f} s: RFM {first_rfm:.2f}, count {first_count:.2f}, "
          f"personas {first_personas:.2f}")  # fmt: skip
    moves = {
        "scores slider": [timed(jl.customers.rfm, shop, bins=bins)[1] for bins in (4, 6, 3, 7, 10, 5, 8)],
        "groups slider": [timed(jl.customers.rfm_groups, shop, bins=bins)[1] for bins in (4, 6, 3, 7, 10, 5, 8)],
        "k slider": [timed(jl.customers.personas, shop, count=count, k=k)[1] for k in (2, 5, 3, 6, 4, 8, 7)],
    }
    for name, seconds in moves.items():
        print(f"{name}: median {1000 * statistics.median(seconds):.0f} ms, worst {1000 * max(seconds):.0f} ms")


def million(engine: str = "", customers: str = str(CUSTOMERS)) -> None:
    """A million customers, or as many as asked for: found, all assigned; on request the same on Spark."""
    import journeylab as jl
    from journeylab.data.examples import shop_of

    shop = shop_of({"orders": SIMULATED.format(n=int(customers))})
    shop.engine.sql(f"SET threads = {os.cpu_count()}")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    features = ["frequency", "order_value", "discount_share"]
    count, counted = timed(jl.customers.persona_count, shop, features=features)
    found, described = timed(jl.customers.personas, shop, count=count)
    _rows, assigned = timed(lambda: shop.run(found.assignments.group_by("persona").agg(n=found.assignments.count())))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{count.of:,} customers: count {counted:.1f} s, personas with all figures {described:.1f} s, assignment "
          f"alone {assigned:.1f} s; peak {peak:.2f} GB ({before:.2f} with the data in)")  # fmt: skip
    print(found.headline())
    right = shop.run(
        found.assignments.mutate(kind=found.assignments.customer_id.substr(1).cast("int64") % 4)
        .group_by("kind", "persona").agg(n=lambda t: t.count())
    )  # fmt: skip
    print(right.pivot_table(index="kind", columns="persona", values="n", fill_value=0).astype(int).to_string())
    if engine == "spark":
        on_spark(shop, found)


def on_spark(shop, found) -> None:
    """Assign everyone by the same model on Spark, from files, and compare customer by customer."""
    import tempfile

    import duckdb
    import ibis
    import pyarrow.parquet as pq
    from pyspark.sql import SparkSession

    import journeylab as jl
    from journeylab.customers import features, scaling

    def write(expr, path) -> None:
        with shop.engine.batches(expr) as rows, pq.ParquetWriter(path, rows.schema) as file:
            for batch in rows:
                file.write_batch(batch)

    with tempfile.TemporaryDirectory() as folder:
        write(shop.table("orders"), f"{folder}/orders.parquet")
        write(found.assignments, f"{folder}/here.parquet")
        session = (
            SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
            .config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.memory", "2g").config("spark.sql.session.timeZone", "UTC")
            .config("spark.sql.shuffle.partitions", 4).getOrCreate()
        )  # fmt: skip
        session.sparkContext.setLogLevel("ERROR")
        session.read.parquet(f"{folder}/orders.parquet").createOrReplaceTempView("orders_million")
        backend = ibis.pyspark.connect(session)
        there = jl.connect(backend, currency="EUR", as_of="2030-01-01", orders="orders_million")
        space, _columns = features.build(
            there, found.count.features, found.count.as_of, columns=[s.column for s in found.count.scales]
        )
        query = backend.compile(found.model.assign(scaling.scaled(found.count.scales, space)))
        _done, seconds = timed(session.sql(query).write.parquet, f"{folder}/there")
        session.stop()
        rows = f"'{folder}/here.parquet' h FULL JOIN '{folder}/there/*.parquet' t USING (customer_id)"
        n, apart, farthest = duckdb.sql(
            f"""SELECT count(*), count(*) FILTER (h.persona IS DISTINCT FROM t.persona),
                       max(abs(h.probability - t.probability)) FROM {rows}"""
        ).fetchone()
        print(f"Spark: {n:,} assigned in {seconds:.1f} s; {apart} in another persona than by DuckDB, probabilities "
              f"{farthest:.1e} apart at most")  # fmt: skip


if __name__ == "__main__":
    {"retail": retail, "million": million}[sys.argv[1]](*(word for word in sys.argv[2:] if word != "cpu"))
