"""Typing into tables that are edited in place: they are drawn on a canvas, and tell their cells to screen readers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from playwright.sync_api import TimeoutError as TookTooLong

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

#: Height of a line of the table and of its head.
_LINE = 33
#: Seconds between typing and leaving a cell: the table takes letters in as they are drawn.
_BREATH = 0.3


def idle(page: Page) -> None:
    """Wait until the page has been worked out."""
    time.sleep(0.2)
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    time.sleep(0.2)


def table(page: Page) -> Locator:
    """The first table on the page that can be seen."""
    found = page.get_by_test_id("stDataFrame").locator("visible=true").first
    found.locator("[role=columnheader]").last.wait_for(state="attached")
    return found


def columns(page: Page) -> list[str]:
    """Names of the columns, from the left."""
    return [head.text_content() or "" for head in table(page).locator("[role=columnheader]").all()]


def cell(page: Page, row: int, column: str) -> str:
    """What stands in a cell."""
    place = _place(page, column)
    line = table(page).locator(f"tr[aria-rowindex='{row + 2}']")
    return line.locator("[role=gridcell]").nth(place).text_content() or ""


def write(page: Page, row: int, column: str, text: str) -> None:
    """Type into a cell as a person does: go to it, press Enter, type, and press Enter."""
    _open(page, row, column)
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.insert_text(text)
    time.sleep(_BREATH)
    page.keyboard.press("Enter")
    idle(page)


def choose(page: Page, row: int, column: str, option: str) -> None:
    """Choose one of the options of a cell, by the beginning of its name."""
    _open(page, row, column)
    page.keyboard.insert_text(option)
    time.sleep(_BREATH)
    page.keyboard.press("Enter")
    time.sleep(_BREATH)
    page.keyboard.press("Tab")
    idle(page)


def add(page: Page, row: int, text: str) -> None:
    """Begin a new row below the others with its first cell, which opens at a click."""
    idle(page)
    _click(page, row)
    _field(page).wait_for()
    page.keyboard.insert_text(text)
    time.sleep(_BREATH)
    page.keyboard.press("Tab")
    idle(page)


def _place(page: Page, column: str) -> int:
    """Where a column is, from the left, once the table tells it: it tells its columns one after the other."""
    table(page).locator("[role=columnheader]").get_by_text(column, exact=True).wait_for(state="attached")
    return columns(page).index(column)


def _click(page: Page, row: int) -> None:
    table(page).scroll_into_view_if_needed()
    table(page).locator(".dvn-scroller").click(position={"x": 90, "y": _LINE * (row + 1) + _LINE // 2})
    time.sleep(_BREATH)


def _field(page: Page) -> Locator:
    """What a cell is typed into once it is open."""
    return page.locator("#portal").locator("input, textarea").first


def _open(page: Page, row: int, column: str) -> None:
    """Open a cell; the page may still move while charts above the table are drawn."""
    for _attempt in range(5):
        idle(page)
        place = _place(page, column)
        _click(page, row)
        if _field(page).count():  # a second click on a cell opens it
            page.keyboard.press("Escape")
        page.keyboard.press("Home")
        for _step in range(place):
            page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        try:
            _field(page).wait_for(timeout=2000)
        except TookTooLong:
            continue
        return
    raise AssertionError(f"the cell of row {row} in {column} does not open")
