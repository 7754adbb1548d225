"""Transitions and step matrix over a million events: journeylab beside retentioneering 5.

    python tests/benchmarks/paths.py PYTHON_OF_RETENTIONEERING

The peer runs in an environment of its own, on the same Parquet file, in a process of its own; each is timed without
loading the file, three times, and the median is printed with whether the transitions agree.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import journeylab as jl
from journeylab.data.dataset import Dataset, observe
from journeylab.data.engine import EmbeddedEngine, literal

EVENTS, VISITORS, NAMES, DEPTH = 1_000_000, 50_000, 12, 10
PEER = """
import json, sys, time
import pandas as pd
from retentioneering.eventstream.eventstream import Eventstream
frame = pd.read_parquet(sys.argv[1])
stream = Eventstream(frame, schema={"path_cols": ["visitor_id"], "event_col": "event", "timestamp_col": "occurred_at"})
times = []
for _ in range(3):
    start = time.perf_counter(), time.process_time()
    found = stream.transition_graph_data(edge_weight="count")
    stream.step_matrix_data(max_steps=int(sys.argv[2]))
    times.append((time.perf_counter() - start[0], time.process_time() - start[1]))
print(json.dumps({"times": times, "total": float(found.loc["e1", "e2"])}))
"""


def main() -> None:
    """Make the events, time both, print."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.parquet"
        engine = EmbeddedEngine()
        engine.sql(
            f"""CREATE TABLE events AS SELECT (hash(i) % {VISITORS})::VARCHAR AS visitor_id, DATE '2026-01-01' AS day,
            TIMESTAMP '2026-01-01' + to_microseconds((i * 7919 % {EVENTS} * 86400)::BIGINT) AS occurred_at,
            'e' || (hash(i * 3 + 1) % {NAMES}) AS event FROM range({EVENTS}) t(i)"""
        )
        engine.sql(f"COPY events TO {literal(str(path))} (FORMAT parquet)")
        tables = {"events": engine.table("events")}
        shop = Dataset(engine, tables, observed=observe(engine, tables))
        ours = []
        for _round in range(3):
            start = time.perf_counter(), time.process_time()
            result = jl.journey.paths(shop, depth=DEPTH, most=NAMES)
            ours.append((time.perf_counter() - start[0], time.process_time() - start[1]))
        rows = result.transitions.set_index(["source", "target"])["n"]
        command = [sys.argv[1], "-c", PEER, str(path), str(DEPTH)]
        environment = {**os.environ, "RETENTIONEERING_NO_TRACK": "1"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    peer = json.loads(done.stdout.splitlines()[-1])
    for i, what in enumerate(("clock", "processor")):
        mine, other = (statistics.median(run[i] for run in runs) for runs in (ours, peer["times"]))
        print(f"median by the {what}: journeylab {mine:.2f} s, retentioneering {other:.2f} s: {mine / other:.2f} x")
    print(f"the same count from e1 to e2: {rows['e1', 'e2'] == peer['total']} ({rows['e1', 'e2']:,})")


if __name__ == "__main__":
    main()
