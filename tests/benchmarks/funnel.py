"""A five-step funnel over ten million events: journeylab beside a DuckDB query written by hand for the same meaning.

    python tests/benchmarks/funnel.py [folder]

Makes 10,000,000 events of 500,000 visitors (once, in `folder`), then times both in one process, alternating, and
prints medians and their ratio in seconds of the clock and of the processor (which a busy machine disturbs less),
whether the counts agree, and the peak memory of the process.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from pathlib import Path

import duckdb
import ibis

import journeylab as jl
from journeylab.data.dataset import Dataset, observe

STEPS = ["home", "catalog", "product", "cart", "checkout"]
WINDOW_DAYS = 30
ROUNDS = 3

MAKE = """
CREATE TABLE events AS
WITH drawn AS (
    SELECT i, TIMESTAMP '2026-01-01' + to_microseconds((hash(i * 13 + 5) % 10368000000000)::BIGINT) AS moment
    FROM range(10000000) t(i))
SELECT (hash(i * 7 + 1) % 500000)::VARCHAR AS visitor_id, moment AS occurred_at, moment::DATE AS day,
       (['home', 'catalog', 'product', 'cart', 'checkout', 'payment', 'purchase', 'search', 'account', 'help'])
           [(1 + least(hash(i * 17 + 3) % 10, hash(i * 19 + 3) % 10))::INT] AS event
FROM drawn"""


def by_hand() -> str:
    """Write the same funnel as one would by hand: a running latest start a step, ties in the order of the steps."""
    names = ", ".join(f"'{step}'" for step in STEPS)
    rank = " ".join(f"WHEN '{step}' THEN {i}" for i, step in enumerate(STEPS))
    first = f"CASE WHEN event = '{STEPS[0]}' THEN occurred_at END AS t1"
    place = f"CASE event {rank} END AS place"
    chosen = f"SELECT visitor_id, occurred_at AS moment, event, {place}, {first} FROM events WHERE event IN ({names})"
    levels = [f"s1 AS ({chosen})"]
    for k, step in enumerate(STEPS[1:], start=2):
        start = f"max(t{k - 1}) OVER w"
        levels.append(
            f"s{k} AS (SELECT *, CASE WHEN event = '{step}' AND {start} >= moment - INTERVAL {WINDOW_DAYS} DAY "
            f"THEN {start} END AS t{k} FROM s{k - 1} WINDOW w AS (PARTITION BY visitor_id ORDER BY moment, place "
            f"ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))"
        )
    flags = ", ".join(f"bool_or(t{k} IS NOT NULL) AS r{k}" for k in range(1, len(STEPS) + 1))
    sums = ", ".join(f"count(*) FILTER (r{k})" for k in range(1, len(STEPS) + 1))
    return (
        f"WITH {', '.join(levels)}, p AS (SELECT {flags} FROM s{len(STEPS)} GROUP BY visitor_id) SELECT {sums} FROM p"
    )


def main() -> None:
    """Make the data if needed, run both, print."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    path = folder / "ten_million_events.duckdb"
    fresh = not path.exists()
    connection = duckdb.connect(str(path), config={"memory_limit": "1500MB", "preserve_insertion_order": "false"})
    if fresh:
        connection.execute(MAKE)
    backend = ibis.duckdb.from_connection(connection)
    engine_tables = {"events": backend.table("events")}
    from journeylab.data.engine import ConnectedEngine

    engine = ConnectedEngine(backend)
    shop = Dataset(engine, engine_tables, observed=observe(engine, engine_tables))
    query = by_hand()
    ours, hand = [], []
    for _round in range(ROUNDS):
        start = time.perf_counter(), time.process_time()
        theirs = list(connection.execute(query).fetchone())
        hand.append((time.perf_counter() - start[0], time.process_time() - start[1]))
        start = time.perf_counter(), time.process_time()
        result = jl.journey.funnel(shop, steps=STEPS, window=f"{WINDOW_DAYS}d")
        ours.append((time.perf_counter() - start[0], time.process_time() - start[1]))
        same = result.table()["n"].tolist() == theirs
        print(f"by hand {hand[-1]}, journeylab {ours[-1]}, the same counts: {same} {theirs}", flush=True)
    for i, what in enumerate(("clock", "processor")):
        mine, other = (statistics.median(run[i] for run in runs) for runs in (ours, hand))
        print(f"median by the {what}: {mine:.2f} s against {other:.2f} s: {mine / other:.2f} x")
    print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GB")


if __name__ == "__main__":
    main()
