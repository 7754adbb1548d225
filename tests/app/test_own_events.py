"""A shop that names its events in its own words says once which are a purchase, a cart, the checkout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import journeylab as jl
from journeylab.app.own_events import EDIT
from journeylab.data.examples import shop_of
from tests.app.conftest import plain

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

    from journeylab.data.dataset import Dataset

PAGE = "journey/touchpoints"
Open = "Callable[..., AppTest]"
SAID = {"is_purchase": ["bestellung"], "is_cart": ["warenkorb"], "is_checkout": ["kasse"]}
GOAL = {"goal": ["bestellung"]}
LOOKS = {
    "Visits": ("sessions", {"conversion": ["bestellung"]}),
    "Friction": ("friction", GOAL),
    "Checkout": ("checkout", {"begin": ["kasse"], **GOAL}),
    "Carts and search": ("carts", {"cart": ["warenkorb"], **GOAL}),
    "What if": ("what_if", {"source": "kasse", "target": "bestellung", "rate": 0.75, **GOAL}),
}


@pytest.fixture(scope="module")
def german() -> Dataset:
    """A shop whose events have names of its own."""
    return shop_of(
        {
            "events": """
                SELECT 'v' || v AS visitor_id, TIMESTAMP '2026-03-01' + INTERVAL 6 HOUR * v + INTERVAL 1 MINUTE * k
                       AS occurred_at, (TIMESTAMP '2026-03-01' + INTERVAL 6 HOUR * v)::DATE AS "day",
                       ['ansicht', 'warenkorb', 'kasse', 'bestellung'][k] AS event,
                       ['mobile', 'desktop'][1 + v % 2] AS device
                FROM range(240) a(v), range(1, 5) b(k) WHERE v % k = 0""",
            "orders": """SELECT 'o' || i AS order_id, TIMESTAMP '2026-03-01' AS ordered_at, DATE '2026-03-01' AS day,
                'completed' AS status, 30::DECIMAL(18,4) AS net FROM range(9) t(i)""",
        }
    )


def headlines(app: AppTest) -> list[str]:
    return [plain(item.value) for item in app.subheader]


@pytest.mark.parametrize("look", LOOKS)
def test_each_look_takes_the_events_as_named(open_app: Open, german: Dataset, look: str) -> None:
    query = {"look": look, "source": "kasse", "target": "bestellung"} | SAID
    app = open_app(PAGE, shop=german, query=query)
    assert not app.exception
    assert not app.error
    name, options = LOOKS[look]
    assert getattr(jl.journey, name)(german, **options).headline() in headlines(app)


def test_what_was_named_on_one_look_holds_on_the_others_and_in_the_saved_shop(open_app: Open, german: Dataset) -> None:
    app = open_app(PAGE, shop=german, query={"look": "Friction"})
    assert "Name the events that are the goal" in app.info[0].value
    app.multiselect(key="is_purchase").set_value(["bestellung"]).run()
    assert jl.journey.friction(german, goal=["bestellung"]).headline() in headlines(app)
    assert app.session_state["journeylab_visitor"].shop.edits[EDIT] == {"a purchase": ["bestellung"]}
    app.segmented_control(key="look").set_value("Visits").run()
    assert jl.journey.sessions(german, conversion=["bestellung"]).headline() in headlines(app)
    again = open_app(PAGE, shop=app.session_state["journeylab_visitor"].shop, query={"look": "Visits"})
    assert jl.journey.sessions(german, conversion=["bestellung"]).headline() in headlines(again)


def test_names_taken_back_are_forgotten(open_app: Open, german: Dataset) -> None:
    app = open_app(PAGE, shop=german.with_edit(EDIT, {"a purchase": ["bestellung"]}), query={"look": "Visits"})
    app.multiselect(key="is_purchase").set_value([]).run()
    assert EDIT not in app.session_state["journeylab_visitor"].shop.edits
    assert jl.journey.sessions(german).headline() in headlines(app)


@pytest.mark.parametrize("kept", ["x", {"a purchase": [5, "gone"], "a filled cart": "x", "other": ["view"]}])
def test_a_saved_shop_with_odd_names_opens(open_app: Open, german: Dataset, kept: object) -> None:
    app = open_app(PAGE, shop=german.with_edit(EDIT, kept), query={"look": "Visits"})
    assert not app.exception
    assert jl.journey.sessions(german).headline() in headlines(app)
