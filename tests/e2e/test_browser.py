"""What a shop owner does, in a real browser."""

from __future__ import annotations

import csv
import io
import re
import time
import zipfile
from typing import TYPE_CHECKING

import pytest
import python_calamine

from tests.e2e import files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.e2e.conftest import Server

pytestmark = pytest.mark.browser

Visit = "Callable[..., Page]"


@pytest.fixture
def clickstream(shared: Path) -> bytes:
    """The click stream of the simulated shop, as a file."""
    return (shared / "data" / "clickstream" / "simple_shop.csv").read_bytes()


def open_page(page: Page, name: str) -> None:
    page.get_by_test_id("stSidebarNavLink").filter(has_text=name).click()
    page.get_by_role("heading", name=name, level=1).wait_for()


def choose_files(page: Page, named: dict[str, bytes]) -> None:
    payload = [{"name": name, "mimeType": "", "buffer": data} for name, data in named.items()]
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(payload)
    page.get_by_test_id("stFileChipDeleteBtn").nth(len(named) - 1).wait_for()


def add_files(page: Page, named: dict[str, bytes]) -> None:
    choose_files(page, named)
    page.get_by_test_id("stFormSubmitButton").get_by_role("button").click()


def sidebar(page: Page) -> str:
    return page.get_by_test_id("stSidebarUserContent").inner_text()


def with_events(visit: Visit, path: str = "/data") -> Page:
    page = visit(path)
    add_files(page, {"events.csv": files.events()})
    page.get_by_text("What was recognised").wait_for()
    return page


def wait_until(holds: Callable[[], bool], seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.1)


def test_a_deep_link_on_a_server_nobody_has_visited_opens_its_page_and_keeps_its_state(visit: Visit) -> None:
    page = visit("/touchpoints?steps=view&steps=purchase&within=7+days")
    assert page.get_by_role("heading", level=1).inner_text() == "Touchpoints"
    page.get_by_text("This page needs events").wait_for()
    assert not page.get_by_text("Page not found").count()
    page.get_by_role("button", name="Add files").click()
    page.get_by_role("heading", name="Data", level=1).wait_for()
    add_files(page, {"events.csv": files.events()})
    page.get_by_text("What was recognised").wait_for()
    open_page(page, "Touchpoints")
    page.get_by_text("10 of 60 visitors (16.7 %) went from view to purchase").wait_for()
    wait_until(lambda: page.url.endswith("?steps=view&steps=purchase&within=7+days"))


def test_several_files_are_added_and_every_page_answers(visit: Visit) -> None:
    page = visit("/data")
    add_files(page, {"events.csv": files.events(), "invoices.csv": files.invoices()})
    page.get_by_text("What was recognised").wait_for()
    assert "2 files" in sidebar(page)
    open_page(page, "Overview")
    page.get_by_test_id("stMetric").nth(5).wait_for()
    page.locator("[data-testid=stVegaLiteChart] svg, [data-testid=stVegaLiteChart] canvas").first.wait_for()
    open_page(page, "Touchpoints")
    page.get_by_text("10 of 60 visitors").first.wait_for()
    open_page(page, "Personas")
    page.get_by_text("customers").first.wait_for()
    assert not page.get_by_test_id("stAlert").count()


def test_files_dropped_in_give_the_order_with_a_sheet_a_vendor(visit: Visit) -> None:
    page = visit("/data")
    add_files(page, files.shelf())
    page.get_by_text("What was recognised").wait_for()
    open_page(page, "What to order")
    page.get_by_text("Order 1 SKU of 1 vendor today").wait_for(timeout=60_000)
    page.get_by_text("1 will run out").wait_for()
    page.get_by_text("Kiln / Graz: 1 SKU").wait_for()
    page.get_by_role("button", name="Download", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Table as XLSX").click()
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(download.value.path().read_bytes()))
    assert book.sheet_names == ["Table", "Kiln Graz", "About"]
    sku, product, units = book.get_sheet_by_name("Kiln Graz").to_python()[1][:3]
    assert (sku, product) == ("A1", "MUG")
    assert units >= 2 * 14 - 10
    assert units % 6 == 0
    with page.expect_download() as download:
        page.get_by_role("button", name="Table as CSV").click()
    row = next(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8-sig"))))
    assert (row["sku"], row["status"], float(row["order"])) == ("A1", "will run out", units)
    page.keyboard.press("Escape")
    page.get_by_text("Kiln / Graz: 1 SKU").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    row = next(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8-sig"))))
    assert (row["sku"], float(row["order"])) == ("A1", units)


def test_a_slider_moves_the_order_and_the_forecast_behind_it_has_an_interval(visit: Visit) -> None:
    page = visit("/data")
    add_files(page, files.shelf())
    page.get_by_text("What was recognised").wait_for()
    open_page(page, "What to order")
    finding = page.get_by_role("heading", name="Order 1 SKU of 1 vendor today")
    finding.wait_for(timeout=60_000)
    before = finding.inner_text()
    slider = page.get_by_role("slider", name="Days between orders")
    slider.focus()
    for _day in range(14):
        slider.press("ArrowRight")
    wait_until(lambda: finding.count() == 1 and finding.inner_text() != before)
    wait_until(lambda: "review=21" in page.url)
    open_page(page, "Demand")
    told = page.get_by_role("heading", name="1 SKU will sell about")
    told.wait_for(timeout=60_000)
    assert re.search(r"in the next 13 weeks \([\d,]+ to [\d,]+\)", told.inner_text())
    assert not page.get_by_test_id("stAlert").count()


def test_everything_offered_can_be_downloaded(visit: Visit) -> None:
    page = with_events(visit)
    with page.expect_download() as saved:
        page.get_by_test_id("stMain").get_by_role("button", name="Save this shop as one file").click()
    with zipfile.ZipFile(saved.value.path()) as archive:
        assert "manifest.json" in archive.namelist()
    open_page(page, "Touchpoints")
    page.get_by_text("10 of 60 visitors").first.wait_for()
    page.get_by_role("button", name="Download", exact=True).click()
    starts = {
        "Table as CSV": b"\xef\xbb\xbf",
        "Table as XLSX": b"PK",
        "Chart as PNG": b"\x89PNG",
        "Chart as SVG": b"<svg",
    }
    for name, start in starts.items():
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        assert download.value.suggested_filename.startswith("funnel-")
        assert download.value.path().read_bytes().startswith(start)
    page.keyboard.press("Escape")
    with page.expect_download() as notebook:
        page.get_by_role("button", name="Download this page as a notebook").click()
    with zipfile.ZipFile(io.BytesIO(notebook.value.path().read_bytes())) as archive:
        assert sorted(archive.namelist()) == ["shop.zip", "touchpoints.ipynb"]


def test_a_saved_shop_opens_again_to_the_same_figures(visit: Visit) -> None:
    page = with_events(visit)
    with page.expect_download() as saved:
        page.get_by_test_id("stMain").get_by_role("button", name="Save this shop as one file").click()
    again = visit("/data")
    add_files(again, {"shop.zip": saved.value.path().read_bytes()})
    again.get_by_text("What was recognised").wait_for()
    open_page(again, "Touchpoints")
    again.get_by_text("10 of 60 visitors (16.7 %) went from view to purchase").wait_for()


def test_table_and_python_are_one_click_away(visit: Visit) -> None:
    page = with_events(visit)
    open_page(page, "Touchpoints")
    page.get_by_role("radio", name="Python").click()
    page.get_by_text("jl.journey.funnel(").wait_for()
    assert "funnel_view=Python" in page.url
    page.get_by_role("radio", name="Table").click()
    page.get_by_test_id("stDataFrame").locator("visible=true").first.wait_for()


def test_the_simulated_shop_shows_its_published_counts_in_the_browser(visit: Visit, clickstream: bytes) -> None:
    page = visit("/touchpoints?steps=catalog&steps=cart&steps=payment_done&within=no+limit&funnel_view=Table")
    page.get_by_role("button", name="Add files").click()
    page.get_by_role("heading", name="Data", level=1).wait_for()
    add_files(page, {"simple_shop.csv": clickstream})
    page.get_by_text("What was recognised").wait_for()
    open_page(page, "Touchpoints")
    page.get_by_text("653 of 3,611 visitors").first.wait_for()
    page.get_by_role("button", name="Download", exact=True).click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Table as CSV").click()
    rows = list(csv.DictReader(saved.value.path().read_text("utf-8-sig").splitlines()))
    assert [int(float(row["n"])) for row in rows] == [3611, 1924, 653]


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
def test_light_and_dark_are_both_drawn_and_nothing_hangs_over_the_edge(visit: Visit, size: tuple[int, int]) -> None:
    grounds = {}
    for scheme in ("light", "dark"):
        page = visit("/data", color_scheme=scheme, viewport={"width": size[0], "height": size[1]})
        add_files(page, {"events.csv": files.events()})
        page.get_by_text("What was recognised").wait_for()
        page.evaluate("window.scrollTo(0, 0)")
        grounds[scheme] = page.get_by_test_id("stApp").evaluate("e => getComputedStyle(e).backgroundColor")
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert grounds == {"light": "rgb(255, 255, 255)", "dark": "rgb(18, 23, 28)"}


def test_bad_files_get_a_panel_and_what_was_loaded_before_is_still_there(visit: Visit) -> None:
    page = with_events(visit)
    for name, make in files.BAD.items():
        add_files(page, {name: make()})
        panel = page.get_by_test_id("stMain").get_by_test_id("stAlert")
        asks = page.get_by_role("heading", name="What are the columns of")
        if name in files.UNKNOWN:
            asks.wait_for()
            page.get_by_role("button", name="Leave this file out").click()
            asks.wait_for(state="detached")
        else:
            panel.wait_for()
            text = panel.inner_text()
            assert "bug" not in text, (name, text)
            page.get_by_text("What was loaded before is still there: events.csv.").wait_for()
        assert "events.csv" in sidebar(page)
        open_page(page, "Touchpoints")
        page.get_by_text("10 of 60 visitors").first.wait_for()
        open_page(page, "Data")
        panel.wait_for(state="detached")
    assert not page.locator("img[src=x]").count()


def test_a_file_over_the_limit_is_refused_before_it_is_sent(visit: Visit) -> None:
    page = visit("/data")
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        [{"name": "large.csv", "mimeType": "", "buffer": b"a,b\n" * 800_000}]
    )
    page.get_by_text("File must be 2.0MB or smaller").wait_for()


def test_a_file_too_large_to_upload_is_read_from_its_path(visit: Visit, tmp_path: Path) -> None:
    path = tmp_path / "on disk.csv"
    path.write_bytes(files.events())
    page = visit("/data")
    page.get_by_text("Files too large to upload").click()
    page.get_by_role("textbox", name="Paths on this machine").fill(str(path))
    page.get_by_role("button", name="Read files").click()
    page.get_by_text("What was recognised").wait_for()
    assert "on disk.csv" in sidebar(page)
    page.get_by_role("button", name="Forget everything").click()
    page.get_by_text("No data yet").wait_for()
    assert path.exists()


def test_two_visitors_never_see_each_others_data_and_after_a_session_no_file_is_left(
    visit: Visit, server: Server
) -> None:
    wait_until(lambda: not server.files())
    first = visit("/data")
    add_files(first, {"first.csv": files.events(60)})
    first.get_by_text("What was recognised").wait_for()
    second = visit("/touchpoints")
    second.get_by_text("This page needs events").wait_for()
    assert "No data yet" in sidebar(second)
    open_page(second, "Data")
    add_files(second, {"second.csv": files.events(30)})
    second.get_by_text("What was recognised").wait_for()
    for page, own, total in ((first, "first.csv", 60), (second, "second.csv", 30)):
        assert own in sidebar(page)
        open_page(page, "Touchpoints")
        page.get_by_text(f"of {total} visitors").first.wait_for()
        other = "second.csv" if own == "first.csv" else "first.csv"
        assert other not in page.content()
    assert server.files()
    first.context.close()
    second.get_by_text("of 30 visitors").first.wait_for()
    wait_until(lambda: len({name.split("/")[0] for name in server.files()}) == 1)
    second.context.close()
    wait_until(lambda: not server.files())


def test_forgetting_everything_deletes_every_file_at_once(visit: Visit, server: Server) -> None:
    wait_until(lambda: not server.files())
    page = with_events(visit)
    assert server.files()
    page.get_by_role("button", name="Forget everything").click()
    page.get_by_text("No data yet").wait_for()
    assert not server.files()
