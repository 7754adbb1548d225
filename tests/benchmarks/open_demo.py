"""How long the demo store takes from a click on a freshly started server to the key figures on the screen.

    python tests/benchmarks/open_demo.py [--runs 3]

Each run starts a server, opens its start page in a new browser, clicks on "Open the demo store", and stops the clock
when all key figures of the overview stand there. The first run is on a machine that never opened the demo store; the
later ones are on new servers of the same machine. The aim is at most 10 s in each run. Needs Chromium and playwright.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.conftest import find_chromium
from tests.e2e.server import CHROMIUM_ARGS, ROOT, serve

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

FIGURES = 8
AIM = 10.0


def cold_clicks(path: str, wait: Callable[[Page], None], times: range) -> list[float]:
    """Return the seconds from each click on a page to the end of a wait, each on a server that nobody has visited."""
    with tempfile.TemporaryDirectory() as folder:  # what a server leaves for the next one lies in there
        return [_click(path, wait, folder) for _time in times]


def _click(path: str, wait: Callable[[Page], None], folder: str) -> float:
    from playwright.sync_api import sync_playwright

    with serve(ROOT / "app.py", ROOT, TMPDIR=folder) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGS)
        page = browser.new_page()
        page.goto(f"{url}/{path}")
        button = page.get_by_role("button", name="Open the demo store").first
        button.wait_for()
        begin = time.perf_counter()
        button.click()
        wait(page)
        took = time.perf_counter() - begin
        browser.close()
    return took


def figures(page: Page) -> None:
    """Wait for the key figures of the overview."""
    from playwright.sync_api import expect

    expect(page.get_by_test_id("stMetricValue")).to_have_count(FIGURES, timeout=120_000)


def report(what: str, took: list[float]) -> None:
    """Print the first run, the median of the later ones, and whether each held the aim."""
    later = f", later {statistics.median(took[1:]):.1f} s {[round(each, 1) for each in took[1:]]}" if took[1:] else ""
    print(f"{what:<17} first on this machine {took[0]:.1f} s{later}")
    print(f"{'aim':<17} at most {AIM:.0f} s: {'held' if max(took) <= AIM else 'MISSED'}")


def runs(doc: str | None) -> range:
    """Read from the command line how often to measure."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--runs", type=int, default=3)
    return range(parser.parse_args().runs)


def main() -> None:
    """Measure, and print each run."""
    report("click to figures", cold_clicks("", figures, runs(__doc__)))


if __name__ == "__main__":
    main()
