"""From a moved slider to the cards: the Personas page of a year of a real shop, with other personas found each time.

    JOURNEYLAB_SHARED=… python tests/benchmarks/persona_slider.py [--sets 4]

Reads UCI Online Retail (541,909 invoice lines) as an upload and opens the part of the page that holds the personas. For
each set of features the number of personas then goes through all from 2 to 10, none of which was asked before, and the
whole script is timed: sidebar, controls, clusters, cards with lifetime value, map, rules, crosswalk, audience, and the
specification of every chart. Beside the clock stands the processor time of the process, which says what a quiet machine
would need at most. The aim is a median under 300 ms.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from streamlit.testing.v1 import AppTest

from journeylab.app.state import Source, Visitor
from journeylab.customers.features import BY_NAME

ROOT = Path(__file__).resolve().parents[2]
SETS = (
    ["frequency", "order_value", "recency_days"],
    ["frequency", "order_value", "basket_size"],
    ["recency_days", "monetary", "tenure_days"],
    ["frequency", "monetary", "gap_days", "basket_size"],
)


def main() -> None:
    """Measure, and print the median and the spread."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=len(SETS))
    sets = SETS[: parser.parse_args().sets]
    shared = Path(os.environ.get("JOURNEYLAB_SHARED", ROOT.parent / "shared"))
    path = shared / "data" / "retail" / "online_retail.parquet"
    if not path.is_file():
        sys.exit(f"the real data is not there: {path}")
    visitor = Visitor(session="benchmark")
    visitor.read([Source(path, path.name, ours=False)])
    app = AppTest.from_file(str(ROOT / "journeylab" / "app" / "entry.py"), default_timeout=120)
    app.session_state["journeylab_visitor"] = visitor
    app.run()
    app.switch_page("../../pages/customers/personas.py")
    app.query_params["part"] = "Personas"
    times, used = [], []
    for features in sets:
        begin = time.perf_counter()
        if app.get("multiselect"):
            app.multiselect(key="features").set_value([BY_NAME[name].label for name in features])
        app.run()
        print(f"first look  {time.perf_counter() - begin:.2f} s at {', '.join(features)}")
        asked = _now(app)
        for k in range(2, 11):
            if k == asked:
                continue
            _set(app, k)
            begin, worked = time.perf_counter(), time.process_time()
            app.run()
            times.append(1000 * (time.perf_counter() - begin))
            used.append(1000 * (time.process_time() - worked))
            assert not app.exception
            assert not app.error
            assert len(app.get("vega_lite_chart")) >= 4
    visitor.forget()
    for name, moved in (("page", times), ("processor", used)):
        low, middle, high = statistics.quantiles(moved, n=4)
        print(f"{name:11s} median {middle:.0f} ms, quartiles {low:.0f} to {high:.0f} ms, {len(moved)} moves")
    print("aim         median under 300 ms")


def _now(app: AppTest) -> int | None:
    """Return how many personas the page shows; None for slices by value."""
    if any(slider.key == "k" for slider in app.slider):
        return app.slider(key="k").value
    return None


def _set(app: AppTest, k: int) -> None:
    if any(slider.key == "k" for slider in app.slider):
        app.slider(key="k").set_value(k)
    else:
        app.selectbox(key="k").set_value(str(k))


if __name__ == "__main__":
    main()
