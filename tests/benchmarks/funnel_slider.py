"""From a moved slider to the chart, on the simulated shop: the page's script, with the funnel counted anew each time.

    JOURNEYLAB_SHARED=… python tests/benchmarks/funnel_slider.py [--runs 40]

Reads simple_shop (32,283 events of 3,751 visitors) and opens Touchpoints. Each run picks steps and a window that were
not asked before, so that no run finds its result in a cache, and times the whole script: sidebar, controls, funnel,
card and chart. The same is then timed for moves of the window alone, with what cards have kept forgotten before each,
and for the function and the chart's specification alone. The aim is a median under 200 ms.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from streamlit.testing.v1 import AppTest

import journeylab as jl
from journeylab.app.funnel_rules import WINDOWS
from journeylab.app.state import Source, Visitor
from journeylab.result import Result

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).resolve().parents[2]
STEPS = ["catalog", "cart", "delivery_choice", "payment_choice", "payment_done"]


def main() -> None:
    """Measure, and print the median and the spread."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=40)
    runs = parser.parse_args().runs
    shared = Path(os.environ.get("JOURNEYLAB_SHARED", ROOT.parent / "shared"))
    path = shared / "data" / "clickstream" / "simple_shop.csv"
    if not path.is_file():
        sys.exit(f"the real data is not there: {path}")
    visitor = Visitor(session="benchmark")
    visitor.read([Source(path, path.name, ours=False)])
    app = AppTest.from_file(str(ROOT / "journeylab" / "app" / "entry.py"), default_timeout=60)
    app.session_state["journeylab_visitor"] = visitor
    app.run()
    app.switch_page("../../pages/journey/touchpoints.py")
    app.run()
    # every subset of the steps with every window is another funnel
    some = [list(chosen) for size in (5, 4, 3, 2) for chosen in itertools.combinations(STEPS, size)]
    asked = [(steps, window) for steps in some for window in WINDOWS][: runs + 1]
    steps_of = {"last": None}

    def moved(case: tuple[Sequence[str], str]) -> None:
        if steps_of["last"] != case[0]:
            app.multiselect(key="steps").set_value(list(case[0]))
            steps_of["last"] = case[0]
        app.selectbox(key="within").set_value(case[1])
        app.run()
        assert not app.exception
        assert not app.error
        assert app.get("vega_lite_chart")

    def window_moved(case: tuple[Sequence[str], str]) -> None:
        for key in [key for key, kept in visitor.results.items() if isinstance(kept, Result)]:
            del visitor.results[key]
        moved(case)

    def called(case: tuple[Sequence[str], str]) -> None:
        jl.journey.funnel(visitor.shop, steps=case[0], window=WINDOWS[case[1]]).chart().to_dict()

    _report("page", moved, asked)
    _report("window only", window_moved, [(STEPS, list(WINDOWS)[run % len(WINDOWS)]) for run in range(runs + 1)])
    _report("function", called, asked)
    visitor.forget()
    print("aim         median under 200 ms")


def _report(what: str, run: Callable[..., None], cases: Sequence[tuple[list[str], str]]) -> None:
    run(cases[0])
    times = []
    for case in cases[1:]:
        begin = time.perf_counter()
        run(case)
        times.append(1000 * (time.perf_counter() - begin))
    low, middle, high = statistics.quantiles(times, n=4)
    print(f"{what:11s} median {middle:.0f} ms, quartiles {low:.0f} to {high:.0f} ms, {len(times)} runs")


if __name__ == "__main__":
    main()
