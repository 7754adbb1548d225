"""From a moved slider to the order table, on UCI Online Retail: the page's script, with the orders worked out anew.

    JOURNEYLAB_SHARED=… python tests/benchmarks/order_slider.py [--runs 30]

Reads the invoices (541,909 lines) beside a list of purchasing and a count of stock that are simulated, since the
invoices have none, and opens What to order. Each run moves the service level, the days between orders or the lead time
to a value that was not asked before, and times the whole script: sidebar, sliders, orders, card, chart and the list of
each vendor. The same is then timed for the function and the chart's specification alone. Times are those of the
processor, and of the clock beside them. The aim is a median under 150 ms.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import pandas as pd
from streamlit.testing.v1 import AppTest

import journeylab as jl
from journeylab.app.state import Source, Visitor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).resolve().parents[2]
VENDORS = 12
SLIDERS = {"service": 51, "review": 1, "lead": 15}
USUAL = {"service": 95, "review": 7, "lead": 14}


def main() -> None:
    """Measure, and print the median and the spread."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=30)
    runs = parser.parse_args().runs
    shared = Path(os.environ.get("JOURNEYLAB_SHARED", ROOT.parent / "shared"))
    path = shared / "data" / "retail" / "online_retail.parquet"
    if not path.is_file():
        sys.exit(f"the real data is not there: {path}")
    with tempfile.TemporaryDirectory() as folder:
        visitor = Visitor(session="benchmark")
        visitor.read([Source(file, file.name, ours=False) for file in (path, *_terms(path, Path(folder)))])
        app = AppTest.from_file(str(ROOT / "journeylab" / "app" / "entry.py"), default_timeout=600)
        app.session_state["journeylab_visitor"] = visitor
        app.run()
        app.switch_page("../../pages/operations/replenishment.py")
        app.run()
        demand = next(result for key, result in visitor.results.items() if key[1] == "jl.operations.demand")
        print(f"{len(demand.skus):,} SKUs; {app.subheader[0].value}")
        # one slider after the other, each to a value that it has not had
        cases = [(list(SLIDERS)[n % 3], SLIDERS[list(SLIDERS)[n % 3]] + n // 3) for n in range(runs + 3)]

        def moved(case: tuple[str, int]) -> None:
            app.slider(key=case[0]).set_value(case[1])
            app.run()
            assert not app.exception
            assert not app.error
            assert app.get("vega_lite_chart")

        stand = dict(USUAL)

        def called(case: tuple[str, int]) -> None:
            stand[case[0]] = case[1]
            policy = {"service": stand["service"] / 100, "review": stand["review"], "lead_time": stand["lead"]}
            jl.operations.replenishment(visitor.shop, demand=demand, **policy).chart().to_dict(validate=False)

        _report("page", moved, cases)
        _report("function", called, cases)
        visitor.forget()
    print("aim         median under 150 ms")


def _terms(path: Path, folder: Path, seed: int = 3) -> list[Path]:
    """Write a list of purchasing and a count of stock for every SKU that was invoiced."""
    rng = np.random.default_rng(seed)
    codes = pd.read_parquet(path).filter(regex="(?i)stock").iloc[:, 0].astype(str)
    skus = np.array(sorted(codes.unique()))
    count = len(skus)
    products = pd.DataFrame(
        {
            "sku": skus,
            "product": skus,
            "vendor": [f"Vendor {n % VENDORS}" for n in range(count)],
            "unit_cost": np.round(rng.uniform(0.5, 8, count), 2),
            "lead_time_days": np.where(rng.random(count) < 0.5, rng.integers(5, 45, count), np.nan),
            "lead_time_sd": rng.integers(0, 8, count),
            "moq": rng.integers(1, 24, count),
            "pack_size": rng.integers(1, 7, count),
        }
    )
    stock = pd.DataFrame({"sku": skus, "as_of": "2011-12-09", "on_hand": rng.integers(0, 200, count)})
    paths = [folder / "purchasing.csv", folder / "stock.csv"]
    products.to_csv(paths[0], index=False)
    stock.to_csv(paths[1], index=False)
    return paths


def _report(what: str, run: Callable[..., None], cases: Sequence[tuple[str, int]]) -> None:
    for case in cases[:3]:
        run(case)
    processor, clock = [], []
    for case in cases[3:]:
        begin, began = time.process_time(), time.perf_counter()
        run(case)
        processor.append(1000 * (time.process_time() - begin))
        clock.append(1000 * (time.perf_counter() - began))
    low, middle, high = statistics.quantiles(processor, n=4)
    print(
        f"{what:11s} median {middle:.0f} ms of the processor, quartiles {low:.0f} to {high:.0f}; "
        f"{statistics.median(clock):.0f} ms by the clock, {len(cases) - 3} runs"
    )


if __name__ == "__main__":
    main()
