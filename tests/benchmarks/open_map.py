"""How long the demo store takes from a click on a freshly started server to its journey map on the screen.

    python tests/benchmarks/open_map.py [--runs 3]

Each run starts a server, opens the page of the journey map in a new browser, clicks on "Open the demo store" there, and
stops the clock when the map is drawn whole, with its pains. The first run is on a machine that never opened the demo
store; the later ones are on new servers of the same machine. The aim is at most 10 s in each run, without any network
beyond this machine. Needs Chromium and playwright.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.open_demo import cold_clicks, report, runs

if TYPE_CHECKING:
    from playwright.sync_api import Page


def drawn(page: Page) -> None:
    """Wait for the map with figures and pains, below which the page says how to read them."""
    page.get_by_text("Friction goes with fewer orders").first.wait_for(timeout=120_000)
    page.locator(".stVegaLiteChart svg.marks").first.wait_for(timeout=120_000)


def main() -> None:
    """Measure, and print each run."""
    report("click to map", cold_clicks("map", drawn, runs(__doc__)))


if __name__ == "__main__":
    main()
