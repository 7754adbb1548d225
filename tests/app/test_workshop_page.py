"""The workshop loses nothing: the leak stores stand beside the own shop, and the demo store asks first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import journeylab as jl
from journeylab.app import shell
from journeylab.app.state import Source, Visitor
from journeylab.data.demo import leak_stores
from journeylab.data.demo.leak_stores import Answer
from journeylab.data.examples import shop_of, tiny_shop
from journeylab.journey.map import EDIT, Map
from journeylab.journey.workshop import with_guess
from tests.app.conftest import make_shop, plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from streamlit.testing.v1 import AppTest

    from journeylab.data.dataset import Dataset

    Open = Callable[..., AppTest]

WORKSHOP, FEEDBACK = "journey/workshop", "customers/feedback"
STEPS = ("add_to_cart", "begin_checkout", "add_shipping_info", "add_payment_info", "purchase")


def leaking() -> Dataset:
    """Return 400 visits that go through the steps, of which few on mobile pass the last."""
    return shop_of(
        {
            "events": f"""
                SELECT 'v' || v AS visitor_id, DATE '2026-01-01' + CAST(v % 60 AS INTEGER) AS day,
                       's' || v AS session_id,
                       (DATE '2026-01-01' + CAST(v % 60 AS INTEGER))::TIMESTAMP + INTERVAL 1 MINUTE * k AS occurred_at,
                       {list(STEPS)}[k] AS event, ['mobile', 'desktop'][1 + v % 2] AS device
                FROM range(400) a(v), range(1, 6) b(k) WHERE k < 5 OR v % 2 = 1 OR v % 5 = 0""",
            "orders": """
                SELECT 'o' || v AS order_id, DATE '2026-01-01' + CAST(v % 60 AS INTEGER) AS day,
                       (DATE '2026-01-01' + CAST(v % 60 AS INTEGER))::TIMESTAMP AS ordered_at, 'completed' AS status,
                       40::DECIMAL(18,4) AS net FROM range(200) t(v)""",
        }
    )


@pytest.fixture
def mine() -> Dataset:
    """A shop with a map that the team guessed, voted and agreed on."""
    shop = make_shop()
    chart = Map.from_data(shop).with_pain("cart", "OUR PAIN").with_opportunity("cart", "do it", owner="Mia")
    pain = next(pain.id for pain in chart.touchpoint("cart").pains if pain.text == "OUR PAIN")
    return with_guess(chart.with_votes("cart", pain, 5), "Red", "look", emotion=1).keep(shop)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A leak store that is there at once."""
    answer = Answer(1, "purchase", "mobile", None, None, 0.2, 1.0, 1000.0)
    monkeypatch.setattr(leak_stores, "leak_store", lambda _level, **_options: (leaking(), answer))


def said(app: AppTest) -> str:
    return plain(" ".join(item.value for kind in ("subheader", "markdown", "caption") for item in app.get(kind)))


@pytest.mark.usefixtures("quick")
def test_a_leak_store_leaves_files_map_votes_owners_and_steps_back_as_they_are(open_app: Open, mine: Dataset):
    app = open_app(WORKSHOP, shop=mine, query={"step": "Find the leak"})
    visitor = app.session_state["journeylab_visitor"]
    visitor.steps_back[""] = [None]
    before = visitor.shop.edits[EDIT]
    app.button(key="leak_open").click().run()
    assert not app.exception
    assert not app.error
    assert visitor.shop is mine
    assert visitor.shop.edits[EDIT] == before
    assert visitor.sources
    assert visitor.steps_back[""] == [None]
    assert "where does it leak?" in said(app)
    assert len(app.get("vega_lite_chart")) == 1
    app.segmented_control(key="step").set_value("Agree").run()
    assert not app.exception
    kept = Map.kept(visitor.shop)
    assert kept.opportunities()["owner"].tolist() == ["Mia"]
    assert kept.pains().set_index("text").loc["OUR PAIN", "votes"] == 5
    visitor.forget()
    assert visitor.aside is None


@pytest.mark.usefixtures("quick")
def test_a_leak_store_needs_no_shop_and_leaves_none_behind(open_app: Open):
    app = open_app(WORKSHOP, query={"step": "Find the leak"})
    app.button(key="leak_open").click().run()
    assert not app.exception
    visitor = app.session_state["journeylab_visitor"]
    assert visitor.shop is None
    assert visitor.aside is not None
    assert "No data yet" in said(app)


@pytest.mark.usefixtures("quick")
def test_the_notebook_beside_a_leak_store_holds_that_store(
    open_app: Open, mine: Dataset, monkeypatch: pytest.MonkeyPatch
):
    offered = []
    monkeypatch.setattr(shell, "_offer_notebook", lambda _story, shop: offered.append(shop))
    app = open_app(WORKSHOP, shop=mine, query={"step": "Find the leak"})
    app.button(key="leak_open").click().run()
    assert offered[-1] is app.session_state["journeylab_visitor"].aside
    app.segmented_control(key="step").set_value("Reveal").run()
    assert offered[-1] is not app.session_state["journeylab_visitor"].aside


def test_opening_another_store_beside_closes_the_one_before_and_what_was_found_in_it():
    visitor = Visitor(session="a")
    first, second = leaking(), leaking()
    visitor.put_aside(first)
    visitor.remember((first.fingerprint, "stake"), lambda: 1)
    visitor.remember(("own", "stake"), lambda: 2)
    visitor.put_aside(second)
    assert list(visitor.results) == [("own", "stake")]
    with pytest.raises(Exception, match=r"(?i)clos"):
        first.run(first.table("events"))
    visitor.forget()


def test_the_demo_store_asks_before_it_takes_the_place_of_a_shop(
    open_app: Open, mine: Dataset, monkeypatch: pytest.MonkeyPatch
):
    opened = []
    monkeypatch.setattr(Visitor, "open_demo", lambda _self, _progress=None: opened.append(1))
    app = open_app(FEEDBACK, shop=mine)
    app.button(key="demo_here").click().run()
    assert not app.exception
    assert not opened
    assert "take the place of" in said(app)
    assert any(button.key == "demo_here_save" for button in app.get("download_button"))
    app.button(key="demo_here_keep").click().run()
    assert "take the place of" not in said(app)
    app.button(key="demo_here").click().run()
    app.button(key="demo_here_anyway").click().run()
    assert opened == [1]
    assert not app.exception


def test_without_a_shop_the_demo_store_opens_at_the_first_click_and_a_drawn_map_asks(
    open_app: Open, monkeypatch: pytest.MonkeyPatch
):
    opened = []
    monkeypatch.setattr(Visitor, "open_demo", lambda _self, _progress=None: opened.append(1))
    app = open_app(WORKSHOP)
    app.session_state["journeylab_visitor"].drawn = {"": Map.blank().with_pain("look", "ours").data()}
    app.run()
    app.button(key="workshop_demo").click().run()
    assert not opened
    assert "The map you drew would be out of sight" in said(app)
    app.session_state["journeylab_visitor"].drawn = {}
    app.run()
    app.button(key="workshop_demo").click().run()
    assert opened == [1]


def test_the_demo_store_does_not_overwrite_what_this_machine_remembers(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(jl, "demo", lambda **_options: tiny_shop())
    visitor = Visitor(session="a")
    visitor.adopt(tiny_shop(), [Source(Path("x"), "x.csv", ours=False)])
    visitor.kept = visitor.shop
    visitor.open_demo()
    assert visitor.kept is None
    visitor.forget()
