"""How long a first visit to a freshly started server takes, beside an empty Streamlit app.

    python tests/benchmarks/first_paint.py [--runs 5]

Each run starts a server, opens its start page in a new browser, and stops the clock when the page's title stands there.
The aim is a ratio of at most 2 of the medians. Needs Chromium and playwright.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.conftest import find_chromium
from tests.e2e.server import CHROMIUM_ARGS, ROOT, serve

EMPTY = 'import streamlit as st\nst.title("Overview")\n'


def first_paint(app: Path, cwd: Path) -> float:
    """Return the seconds from the request to the title on the screen, on a server that nobody has visited."""
    from playwright.sync_api import sync_playwright

    with serve(app, cwd) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGS)
        page = browser.new_page()
        page.goto("about:blank")
        begin = time.perf_counter()
        page.goto(url)
        page.get_by_role("heading", name="Overview").wait_for()
        took = time.perf_counter() - begin
        browser.close()
    return took


def main() -> None:
    """Measure both, in turns, and print medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    ours, empty = [], []
    with tempfile.TemporaryDirectory() as folder:
        blank = Path(folder) / "empty.py"
        blank.write_text(EMPTY)
        for _ in range(runs):
            empty.append(first_paint(blank, Path(folder)))
            ours.append(first_paint(ROOT / "app.py", ROOT))
    ratio = statistics.median(ours) / statistics.median(empty)
    print(f"journeylab  {statistics.median(ours):.2f} s  {[round(x, 2) for x in ours]}")
    print(f"empty app   {statistics.median(empty):.2f} s  {[round(x, 2) for x in empty]}")
    print(f"ratio       {ratio:.2f}  (aim: at most 2)")


if __name__ == "__main__":
    main()
