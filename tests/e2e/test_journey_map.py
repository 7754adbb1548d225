"""A journey map as a facilitator makes it, in a real browser: typed into, kept, guessed, voted on, presented."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e import files, grid
from tests.e2e.server import ROOT, serve
from tests.e2e.test_browser import add_files, open_page, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    Visit = Callable[..., Page]

pytestmark = pytest.mark.browser

#: So wide that no column of a table is out of sight, for then it is not told either.
WIDE = {"width": 2000, "height": 1000}
EMOJI, RIGHT_TO_LEFT, HTML = "finally 🎉👩‍👩‍👧", "איפה החבילה שלי?", "<img src=x onerror=alert(1)> <b>late</b>"


@pytest.fixture
def page(visit: Visit) -> Page:
    """The Journey map of a shop that has events."""
    return with_events(visit("/data", viewport=WIDE))


def with_events(page: Page) -> Page:
    add_files(page, {"events.csv": files.events(600)})
    page.get_by_text("What was recognised").wait_for()
    open_page(page, "Journey map")
    page.get_by_role("button", name="Fill from the data").wait_for()
    return page


def choose(page: Page, name: str, *, last: bool = False) -> None:
    """Turn to one of a few looks side by side; a page that is still being worked out may not hear it."""
    grid.idle(page)
    found = page.get_by_test_id("stMain").get_by_role("radio", name=name, exact=True)
    (found.last if last else found.first).click()
    grid.idle(page)


def edit(page: Page, part: str) -> None:
    choose(page, "Edit")
    page.get_by_text("Write into any cell").or_(page.get_by_text("What hurts")).or_(
        page.get_by_text("By which")
    ).wait_for()
    choose(page, part, last=True)
    grid.table(page)


def taken_away(page: Page) -> dict[str, Any]:
    """The map as it is downloaded."""
    choose(page, "Map")
    page.get_by_role("button", name="Download", exact=True).click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="The map itself (JSON)").click()
    page.keyboard.press("Escape")
    return json.loads(saved.value.path().read_text("utf-8"))


def at(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(point for point in found["touchpoints"] if point["name"] == name)


def test_what_is_typed_into_the_map_is_undone_kept_and_the_same_after_the_server_started_again(visit: Visit):
    with serve(ROOT / "app.py", ROOT) as first:
        page = with_events(visit("/data", at=first, viewport=WIDE))
        edit(page, "Touchpoints")
        grid.write(page, 0, "Thoughts", EMOJI)
        grid.write(page, 1, "Thoughts", RIGHT_TO_LEFT)
        grid.write(page, 1, "Owner", HTML)
        grid.write(page, 1, "Expected, -2 to 2", "1.5")
        grid.write(page, 2, "KPI", "a slip of the hand")
        wait_until(lambda: grid.cell(page, 2, "KPI") == "a slip of the hand")
        page.get_by_role("button", name="Undo").click()
        wait_until(lambda: grid.cell(page, 2, "KPI") == "")
        grid.add(page, 8, "Opens the box 📦")
        grid.choose(page, 8, "Stage", "Retention")
        choose(page, "Map")
        edit(page, "Touchpoints")  # as it was left, though the table was out of sight
        wait_until(lambda: grid.cell(page, 1, "Thoughts") == RIGHT_TO_LEFT)
        edit(page, "Pain points")
        grid.choose(page, 0, "Touchpoint", "Opens the box 📦")
        grid.write(page, 0, "Pain point", HTML)
        saved = taken_away(page)
        with page.expect_download() as lab:
            page.get_by_test_id("stSidebar").get_by_role("button", name="Save this shop as one file").click()
        shop = lab.value.path().read_bytes()
        assert not page.locator("img[src=x]").count()
        page.context.close()

    assert at(saved, "Looks at a product")["cells"]["thoughts"] == {"text": EMOJI, "source": "assumed"}
    cart = at(saved, "Fills the cart")["cells"]
    assert (cart["thoughts"]["text"], cart["owner"]["text"], cart["expectation"]["value"]) == (RIGHT_TO_LEFT, HTML, 1.5)
    assert "kpi" not in at(saved, "Orders")["cells"] or at(saved, "Orders")["cells"]["kpi"]["source"] == "observed"
    box = at(saved, "Opens the box 📦")
    assert (box["stage"], box["pains"][0]["text"]) == ("retention", HTML)

    with serve(ROOT / "app.py", ROOT) as second:
        again = visit("/data", at=second, viewport=WIDE)
        add_files(again, {"shop.zip": shop})
        again.get_by_text("What was recognised").wait_for()
        open_page(again, "Journey map")
        assert taken_away(again) == saved
        edit(again, "Touchpoints")
        assert grid.cell(again, 1, "Thoughts") == RIGHT_TO_LEFT
        assert not again.locator("img[src=x]").count()


def test_the_events_of_a_touchpoint_are_changed_in_the_editor_and_counted_anew(page: Page):
    edit(page, "Events and words")
    grid.choose(page, 3, "Events", "purchase")
    choose(page, "Map")
    grid.idle(page)
    page.get_by_role("button", name="Fill from the data").click()
    grid.idle(page)
    parcel = at(taken_away(page), "Gets the parcel")
    assert parcel["events"] == ["purchase"]
    assert parcel["cells"]["volume"]["n"] == 100


def test_teams_guess_the_data_hides_and_shows_the_room_votes_and_the_clock_runs(page: Page):
    open_page(page, "Workshop")
    page.get_by_text("0 teams so far").wait_for()
    grid.write(page, 0, "Leave here, %", "50")
    page.get_by_text("1 team so far").wait_for()
    open_page(page, "Journey map")
    page.get_by_text("Teams are guessing in the workshop").wait_for()
    assert not page.get_by_role("button", name="Download", exact=True).count()
    open_page(page, "Workshop")
    choose(page, "Reveal")
    page.get_by_text("Team 1 knew best").wait_for()
    open_page(page, "Journey map")
    page.get_by_role("button", name="Download", exact=True).wait_for()
    assert not page.get_by_text("Teams are guessing in the workshop").count()

    open_page(page, "Workshop")
    choose(page, "Vote")
    page.get_by_text("30 dots left").wait_for()
    grid.choose(page, 0, "Touchpoint", "Fills the cart")
    grid.write(page, 0, "Pain point", "no total until the end")
    grid.write(page, 0, "Dots", "7")
    page.get_by_text("23 dots left").wait_for()

    page.get_by_role("button", name="Timer").click()
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_role("heading", name="4:5").wait_for()


def test_presenting_leaves_the_picture_alone_on_the_page_until_the_presenter_comes_back(page: Page):
    page.get_by_role("button", name="Present").click()
    page.get_by_role("heading", name="Journey map", level=1).wait_for(state="detached")
    back = page.get_by_role("button", name="Back", exact=True)
    back.wait_for()
    chart = page.get_by_test_id("stVegaLiteChart").first
    wait_until(lambda: (chart.bounding_box() or {"width": 0})["width"] > 1200)
    assert not page.get_by_role("button", name="Download", exact=True).locator("visible=true").count()
    assert not page.get_by_test_id("stSidebarNavLink").locator("visible=true").count()
    back.click()
    page.get_by_role("heading", name="Journey map", level=1).wait_for()
