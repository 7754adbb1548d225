"""How long the demo store takes from a click on a freshly started server to its journey map on the screen.

    python tests/benchmarks/open_map.py [--runs 3]

Each run starts a server, opens the page of the journey map in a new browser, clicks on "Open the demo store" there, and
stops the clock twice: when the map with its figures is drawn, and when it is drawn whole, with its pains. The aim is at
most 10 s to the whole map in each run, without any network beyond this machine. Needs Chromium and playwright.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.open_demo import cold_click, judge, runs, tell

if TYPE_CHECKING:
    from playwright.sync_api import Page

_DRAWN = ".stVegaLiteChart svg.marks"


def first(page: Page) -> None:
    """Wait for the map with its figures, while its pains are still looked for."""
    _drawn(page, "Looking for friction")


def whole(page: Page) -> None:
    """Wait for the map with figures and pains, below which the page says how to read them."""
    _drawn(page, "Friction goes with fewer orders")


def _drawn(page: Page, said: str) -> None:
    page.get_by_text(said).first.wait_for(timeout=120_000)
    page.locator(_DRAWN).first.wait_for(timeout=120_000)


def main() -> None:
    """Measure, and print each run."""
    took = [cold_click("map", first, whole) for _ in runs(__doc__)]
    tell("click to figures", [one for one, _two in took])
    tell("click to pains", [two for _one, two in took])
    judge([two for _one, two in took])


if __name__ == "__main__":
    main()
