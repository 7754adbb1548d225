"""How long the demo store takes from a click on a freshly started server to the key figures on the screen.

    python tests/benchmarks/open_demo.py [--runs 3]

Each run starts a server, opens its start page in a new browser, clicks on "Open the demo store", and stops the clock
when all key figures of the overview stand there. The aim is at most 10 s in each run. Needs Chromium and playwright.
"""

from __future__ import annotations

import argparse
import statistics
import sys
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


def cold_click(path: str, *waits: Callable[[Page], None]) -> list[float]:
    """Return the seconds from the click on a page to the end of each wait, on a server that nobody has visited."""
    from playwright.sync_api import sync_playwright

    with serve(ROOT / "app.py", ROOT) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGS)
        page = browser.new_page()
        page.goto(f"{url}/{path}")
        button = page.get_by_role("button", name="Open the demo store").first
        button.wait_for()
        begin = time.perf_counter()
        button.click()
        took = []
        for wait in waits:
            wait(page)
            took.append(time.perf_counter() - begin)
        browser.close()
    return took


def figures(page: Page) -> None:
    """Wait for the key figures of the overview."""
    from playwright.sync_api import expect

    expect(page.get_by_test_id("stMetricValue")).to_have_count(FIGURES, timeout=120_000)


def tell(what: str, took: list[float]) -> None:
    """Print the median and each run."""
    print(f"{what:<17} median {statistics.median(took):.1f} s, {[round(each, 1) for each in took]}")


def judge(took: list[float]) -> None:
    """Print whether each run held the aim."""
    print(f"{'aim':<17} at most {AIM:.0f} s: {'held' if max(took) <= AIM else 'MISSED'}")


def runs(doc: str | None) -> range:
    """Read from the command line how often to measure."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--runs", type=int, default=3)
    return range(parser.parse_args().runs)


def main() -> None:
    """Measure, and print each run."""
    took = [cold_click("", figures)[0] for _ in runs(__doc__)]
    tell("click to figures", took)
    judge(took)


if __name__ == "__main__":
    main()
