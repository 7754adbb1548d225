"""The Touchpoints page: every look at it works, says what the library says, and survives bad links."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import journeylab as jl
from journeylab.app import controls
from journeylab.data.examples import shop_of
from journeylab.errors import NotEnoughData
from tests.app.conftest import plain

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

    from journeylab.data.dataset import Dataset

PAGE = "journey/touchpoints"
Open = "Callable[..., AppTest]"
LOOKS = {
    "Funnel": ("funnel", {"steps": ["view", "cart", "purchase"], "window": "14d", "by": None}),
    "Money": ("stake", {"steps": ["view", "cart", "purchase"]}),
    "Paths": ("paths", {"depth": 4}),
    "Visits": ("sessions", {}),
    "Friction": ("friction", {}),
    "Carts and search": ("carts", {}),
    "What if": ("what_if", {"source": "cart", "target": "purchase", "rate": 0.5}),
    "Who left": ("dropped", {"steps": ["view", "cart", "purchase"], "at": 2}),
}


@pytest.fixture(scope="module")
def busy() -> Dataset:
    """A shop with pages, devices, orders and searches."""
    return shop_of(
        {
            "orders": """SELECT 'o' || i AS order_id, TIMESTAMP '2026-03-01' AS ordered_at, DATE '2026-03-01' AS day,
                'completed' AS status, 30::DECIMAL(18,4) AS net FROM range(9) t(i)""",
            "events": """
                SELECT 'v' || v AS visitor_id, TIMESTAMP '2026-03-01' + INTERVAL 6 HOUR * v + INTERVAL 1 MINUTE * k
                       AS occurred_at, (TIMESTAMP '2026-03-01' + INTERVAL 6 HOUR * v)::DATE AS "day",
                       ['view', 'cart', 'purchase'][k] AS event, ['/', '/cart', '/thanks'][k] AS page,
                       ['mobile', 'desktop'][1 + v % 2] AS device, if(v % 5 = 0, 'mug', NULL) AS query
                FROM range(240) a(v), range(1, 4) b(k) WHERE v % (k * k) = 0 OR k = 1""",
        }
    )


def headlines(app: AppTest) -> list[str]:
    return [plain(item.value) for item in app.subheader]


@pytest.mark.parametrize("look", LOOKS)
def test_each_look_shows_what_the_library_says(open_app: Open, busy: Dataset, look: str) -> None:
    app = open_app(PAGE, shop=busy, query={"look": look})
    assert not app.exception
    assert not app.error
    name, options = LOOKS[look]
    assert getattr(jl.journey, name)(busy, **options).headline() in headlines(app)
    assert len(app.get("vega_lite_chart")) >= 1


def test_the_rules_of_the_funnel_are_in_the_link_and_in_the_python(open_app: Open, busy: Dataset) -> None:
    query = {
        "order": "in any order",
        "entry": "anyone may come in at any step",
        "count": "sessions",
        "exclude": ["view"],
    }
    app = open_app(PAGE, shop=busy, query=query | {"steps": ["cart", "purchase"], "funnel_view": "Python"})
    for said in ("order='any'", "entry='open'", "exclude=['view']"):
        assert said in app.code[0].value


def test_two_groups_are_compared_in_the_paths(open_app: Open, busy: Dataset) -> None:
    app = open_app(PAGE, shop=busy, query={"look": "Paths", "by": "device", "paths_view": "Python"})
    assert "groups=" in app.code[0].value
    assert not app.error


def test_too_few_steps_are_said_on_every_look_that_has_steps(open_app: Open, busy: Dataset) -> None:
    for look in ("Funnel", "Money", "Who left"):
        app = open_app(PAGE, shop=busy, query={"look": look, "steps": ["view"]})
        assert not app.exception
        assert "two to" in app.error[0].proto.title


@pytest.mark.parametrize("look", LOOKS)
def test_a_period_with_one_kind_of_event_is_too_little_and_no_bug(open_app: Open, look: str) -> None:
    views = """SELECT 'v' || v AS visitor_id, TIMESTAMP '2026-03-01' AS occurred_at, DATE '2026-03-01' AS "day",
        'view' AS event FROM range(9) t(v)"""
    app = open_app(PAGE, shop=shop_of({"events": views}), query={"look": look})
    assert not app.exception
    assert not [item.proto.title for item in app.error if "bug in journeylab" in item.proto.title]
    if look == "What if":
        assert "fewer than two kinds of events" in app.info[0].proto.title


def test_a_choice_among_nothing_is_too_little_data_and_no_bug() -> None:
    with pytest.raises(NotEnoughData, match="nothing to choose for Test"):
        controls.choice("Test", {}, key="test")


def test_the_simulated_shop_shows_its_published_counts(open_app: Open, simple_shop: Dataset) -> None:
    query = {"steps": ["catalog", "cart", "payment_done"], "within": "no limit", "funnel_view": "Table"}
    app = open_app(PAGE, shop=simple_shop, query=query)
    assert app.dataframe[-1].value["n"].tolist() == [3611, 1924, 653]
    app = open_app(PAGE, shop=simple_shop, query={"look": "Visits", "gap": "30 minutes"})
    assert any(line.startswith("6,454 sessions") for line in headlines(app))
