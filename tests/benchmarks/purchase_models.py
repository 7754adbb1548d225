"""How long purchase models take, and whether a peer library agrees: run by hand.

    python tests/benchmarks/purchase_models.py                        # ours
    python tests/benchmarks/purchase_models.py --peer VENV/bin/python # beside clvkit, in its own environment

1. 23,570 customers simulated with the published CDNOW estimates by day: fit and predict, median of five runs.
2. 5,000,000 customers by week, reduced to distinct rows: fit and score, with the peak of memory.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

PEER = """
import json, sys, time, warnings
import numpy as np, pandas as pd
warnings.simplefilter("ignore")
from clvkit import BGNBD, MBGNBD, CustomerBase
kept = np.load(sys.argv[1])
frame = pd.DataFrame({"customer_id": np.arange(len(kept["age"])), "frequency": kept["frequency"],
                      "recency": kept["recency"], "T": kept["age"]}).set_index("customer_id")
base = CustomerBase(frame, time_unit="W", observation_period_end=pd.Timestamp("1997-09-30"), has_monetary=False,
                    on_negative="net")
answer = {}
for name, model in (("BG/NBD", BGNBD), ("MBG/NBD", MBGNBD)):
    times = []
    for _ in range(3):
        start = time.perf_counter()
        fitted = model().fit(base)
        predicted = fitted.predict(39.0).to_pandas()
        times.append(time.perf_counter() - start)
    values = predicted if isinstance(predicted, pd.Series) else predicted.iloc[:, -1]
    answer[name] = {"seconds": sorted(times)[1], "parameters": list(map(float, fitted.params_)),
                    "total": float(values.sum())}
print(json.dumps(answer))
"""


def cdnow_sized() -> None:
    """Fit and predict 23,570 customers, and the same with the peer when it is given."""
    from journeylab.customers.bg_nbd import BgNbd, MbgNbd
    from journeylab.customers.pareto_nbd import ParetoNbd
    from journeylab.customers.simulated_base import simulate_base

    truth = BgNbd(0.243, 4.414, 0.793, 2.426)
    age = np.random.default_rng(0).integers(27 * 7, 39 * 7, 23_570) / 7
    seen = simulate_base(truth, age=age, unit=1 / 7, seed=1).seen
    print(f"23,570 customers, {len(seen.distinct().age):,} distinct rows")
    peer = {}
    if ARGUMENTS.peer:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "base.npz"
            np.savez(path, frequency=seen.frequency, recency=seen.recency, age=seen.age)
            run = subprocess.run([ARGUMENTS.peer, "-c", PEER, path], capture_output=True, text=True, check=True)
            peer = json.loads(run.stdout)
    for model in (BgNbd, MbgNbd, ParetoNbd):
        times = []
        for _ in range(5):
            start = time.perf_counter()
            fitted = model.fit(seen)
            total = float(fitted.expected_purchases(seen, 39.0).sum())
            times.append(time.perf_counter() - start)
        ours = statistics.median(times)
        print(f"{model.NAME:11s} {ours:7.3f} s   {fitted.parameters.round(5)}   39 weeks: {total:,.3f}")
        if model.NAME in peer:
            other = peer[model.NAME]
            print(
                f"{'  peer':11s} {other['seconds']:7.3f} s   {np.round(other['parameters'], 5)}   39 weeks: "
                f"{other['total']:,.3f}   we are {other['seconds'] / ours:.1f} x as fast"
            )


def five_million() -> None:
    """Fit and score 5,000,000 customers by week."""
    from journeylab.customers.bg_nbd import BgNbd, MbgNbd
    from journeylab.customers.customer_base import CustomerBase
    from journeylab.customers.pareto_nbd import ParetoNbd
    from journeylab.customers.simulated_base import simulate_base

    truth = BgNbd(0.243, 4.414, 0.793, 2.426)
    parts = []
    for part in range(20):
        age = np.random.default_rng(part).integers(1, 105, 250_000)
        parts.append(simulate_base(truth, age=age, unit=1, seed=part).seen.distinct())
    columns = ("frequency", "recency", "age", "count")
    base = CustomerBase(*(np.concatenate([getattr(part, name) for part in parts]) for name in columns)).distinct()
    print(f"{base.customers:,.0f} customers by week, {len(base.age):,} distinct rows")
    for model in (BgNbd, MbgNbd, ParetoNbd):
        start = time.perf_counter()
        fitted = model.fit(base)
        fit = time.perf_counter() - start
        total = float(base.count @ fitted.expected_purchases(base, 52.0, discount=0.002))
        alive = float(base.count @ fitted.p_alive(base))
        seconds = time.perf_counter() - start
        print(
            f"{model.NAME:11s} fit {fit:6.2f} s, fit and score {seconds:6.2f} s   {fitted.parameters.round(4)}"
            f"   52 weeks: {total:,.0f}, alive: {alive:,.0f}"
        )
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", help="the python of an environment with clvkit")
    ARGUMENTS = parser.parse_args(sys.argv[1:])
    cdnow_sized()
    five_million()
