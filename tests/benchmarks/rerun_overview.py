"""How long the overview takes to answer a change of the date window, on a year of a real shop.

    JOURNEYLAB_SHARED=… python tests/benchmarks/rerun_overview.py [--runs 40]

Reads UCI Online Retail (541,909 invoice lines), then moves the window by a day for each run, so that no run finds
its result in a cache, and times the whole script of the page: sidebar, analysis, key figures, card, chart. The aim is
a median under 150 ms.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from streamlit.testing.v1 import AppTest

from journeylab.app.state import Source, Visitor

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Measure, and print the median and the spread."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=40)
    runs = parser.parse_args().runs
    shared = Path(os.environ.get("JOURNEYLAB_SHARED", ROOT.parent / "shared"))
    path = shared / "data" / "retail" / "online_retail.parquet"
    if not path.is_file():
        sys.exit(f"the real data is not there: {path}")
    visitor = Visitor(session="benchmark")
    begin = time.perf_counter()
    visitor.read([Source(path, path.name, ours=False)])
    print(f"read        {time.perf_counter() - begin:.2f} s")
    first, last = visitor.shop.observed
    app = AppTest.from_file(str(ROOT / "journeylab" / "app" / "entry.py"), default_timeout=60)
    app.session_state["journeylab_visitor"] = visitor
    app.query_params["period"] = "Custom"
    app.run()
    times = []
    for step in range(runs):
        app.date_input(key="days").set_value((first + timedelta(days=30 + step), last - timedelta(days=step)))
        begin = time.perf_counter()
        app.run()
        times.append(time.perf_counter() - begin)
        assert not app.exception
        assert not app.error
        assert len(app.metric) == 8
    visitor.forget()
    low, middle, high = statistics.quantiles(times, n=4)
    print(f"rerun       median {1000 * middle:.0f} ms, quartiles {1000 * low:.0f} to {1000 * high:.0f} ms, {runs} runs")
    print("aim         median under 150 ms")


if __name__ == "__main__":
    main()
