"""From a moved slider to the chart on the Experiments page, on the demo store's tests.

    python tests/benchmarks/experiment_slider.py [--runs 40]

Opens the demo store and one of its tests. Each run moves the confidence level or the belief before the test to a pair
that was not asked before, so that no run finds its result in a cache, and times the whole script: sidebar, controls,
health, figures, card and chart. The aim is a median under 150 ms.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from streamlit.testing.v1 import AppTest

import journeylab as jl
from journeylab.app.experiments import PRIORS
from journeylab.app.state import Source, Visitor

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Measure, and print the median and the spread."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=40)
    runs = parser.parse_args().runs
    visitor = Visitor(session="benchmark", shop=jl.demo(), sources=[Source(Path("demo"), "demo", ours=True)])
    app = AppTest.from_file(str(ROOT / "journeylab" / "app" / "entry.py"), default_timeout=60)
    app.session_state["journeylab_visitor"] = visitor
    app.run()
    app.switch_page("../../pages/growth/experiments.py")
    app.run()
    times = []
    for level, prior in list(itertools.product(range(80, 100), PRIORS))[: runs + 1]:
        app.slider(key="level").set_value(level)
        app.selectbox(key="prior").set_value(prior)
        begin = time.perf_counter()
        app.run()
        times.append(1000 * (time.perf_counter() - begin))
        assert not app.exception
        assert not app.error
        assert app.get("vega_lite_chart")
    low, middle, high = statistics.quantiles(times[1:], n=4)
    print(f"page        median {middle:.0f} ms, quartiles {low:.0f} to {high:.0f} ms, {runs} runs")
    print("aim         median under 150 ms")


if __name__ == "__main__":
    main()
