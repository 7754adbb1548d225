"""The steps of a funnel as the page lets one pick them: every value of the data, several, again, any event."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import journeylab as jl
from journeylab.data.examples import shop_of
from journeylab.journey.steps import condition_values
from tests.app.conftest import plain

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

    from journeylab.data.dataset import Dataset

PAGE = "journey/touchpoints"
Open = "Callable[..., AppTest]"


@pytest.fixture(scope="module")
def wide() -> Dataset:
    """A shop with forty products and one that most visitors look at without one."""
    return shop_of(
        {
            "events": """
                SELECT 'v' || v AS visitor_id, TIMESTAMP '2026-03-01' + INTERVAL 1 HOUR * v + INTERVAL 1 MINUTE * k
                       AS occurred_at, (TIMESTAMP '2026-03-01' + INTERVAL 1 HOUR * v)::DATE AS "day",
                       ['view', 'cart', 'view', 'purchase'][k] AS event,
                       if(v % 3 = 0, NULL, 'sku ' || (v % 40)) AS sku
                FROM range(240) a(v), range(1, 5) b(k) WHERE k < 3 OR v % k = 0"""
        }
    )


def opened(open_app: Open, shop: Dataset, steps: list[str], details: object) -> AppTest:
    app = open_app(PAGE, shop=shop, query={"steps": steps, "details": json.dumps(details)})
    assert not app.exception
    assert not app.error
    return app


def headlines(app: AppTest) -> list[str]:
    return [plain(item.value) for item in app.subheader]


def test_every_value_of_the_data_can_be_a_condition_and_nothing_else(wide: Dataset) -> None:
    values = condition_values(wide, "sku")
    assert len(values) == 40
    assert not {"other", "not known"} & set(values)
    for value in values[-3:]:
        assert jl.journey.funnel(wide, steps=[{"event": "view", "sku": value}, "cart"]).rows["n"].iloc[0] > 0


def test_a_condition_takes_several_values(open_app: Open, wide: Dataset) -> None:
    skus = list(condition_values(wide, "sku")[-2:])
    app = opened(open_app, wide, ["view", "cart"], {"view": {"sku": skus}})
    told = jl.journey.funnel(wide, steps=[{"event": "view", "sku": skus}, "cart"])
    assert told.headline() in headlines(app)
    link = app.query_params["details"]
    assert json.loads(link if isinstance(link, str) else link[0]) == {"view": {"sku": skus}}


def test_an_event_can_be_a_second_step(open_app: Open, wide: Dataset) -> None:
    app = opened(open_app, wide, ["view", "cart", "view, again"], {})
    assert jl.journey.funnel(wide, steps=["view", "cart", "view"]).headline() in headlines(app)


def test_a_step_can_be_a_condition_alone(open_app: Open, wide: Dataset) -> None:
    sku = condition_values(wide, "sku")[0]
    app = opened(open_app, wide, ["any event", "purchase"], {"any event": {"sku": sku}})
    assert jl.journey.funnel(wide, steps=[{"sku": sku}, "purchase"]).headline() in headlines(app)


def test_groups_to_compare_are_first_those_that_say_what_they_are(open_app: Open, wide: Dataset) -> None:
    app = open_app(PAGE, shop=wide, query={"look": "Paths", "by": "sku"})
    assert not {"not known", "other"} & set(app.multiselect(key="pair").value)
