"""The Demand page: every look works, says what the library says, keeps bundles with the data, and can be stopped."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import streamlit as st

import journeylab as jl
from journeylab.data.examples import stocked_shop
from journeylab.operations import stock_outs
from tests.app.conftest import plain

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

    from journeylab.data.dataset import Dataset

PAGE = "operations/demand"
Open = "Callable[..., AppTest]"


@pytest.fixture(scope="module")
def stocked() -> Dataset:
    return replace(stocked_shop(), fingerprint="stocked")


def headlines(app: AppTest) -> list[str]:
    return [plain(item.value) for item in app.subheader]


def test_the_page_forecasts_every_sku_and_shows_one_closely(open_app: Open, stocked: Dataset) -> None:
    app = open_app(PAGE, shop=stocked)
    assert not app.exception
    told = jl.operations.demand(stocked)
    one = jl.operations.outlook(stocked, demand=told, sku="CUP")
    assert headlines(app) == [told.headline(), one.headline()]


def test_the_other_looks_work_or_say_what_is_missing(open_app: Open, stocked: Dataset) -> None:
    why = open_app(PAGE, shop=stocked, query={"look": "Why", "explained": "Cup (CUP)"})
    assert not why.exception
    assert headlines(why) == [jl.operations.explain(stocked, sku="CUP", promotions=False).headline()]
    wanted = open_app(PAGE, shop=stocked, query={"look": "Wanted, not bought"})
    assert "name the SKU" in wanted.info[0].value
    back = open_app(PAGE, shop=stocked, query={"look": "Returns"})
    assert "Add refunds" in back.info[0].value


def test_bundles_kept_with_the_data_are_opened(open_app: Open, stocked: Dataset) -> None:
    rows = [{"bundle_sku": "POT", "sku": "CUP", "quantity": 2}]
    app = open_app(PAGE, shop=stocked.with_edit("bundles", rows))
    assert not app.exception
    assert headlines(app)[0] == jl.operations.demand(stocked, bundles=rows).headline()


def test_what_counts_as_demand_is_kept_and_counts_for_orders_too(open_app: Open, stocked: Dataset) -> None:
    app = open_app(PAGE, shop=stocked)
    app.selectbox(key="made_up").set_value("as sold").run()
    kept = app.session_state["journeylab_visitor"].shop
    assert kept.edits["demand counted"] == {"corrected": False}
    assert headlines(app)[0] == jl.operations.demand(stocked, corrected=False).headline()
    again = open_app(PAGE, shop=kept)
    assert again.selectbox(key="made_up").value == "as sold"
    orders = open_app("operations/replenishment", shop=kept)
    assert "As chosen on the Demand page, days out of stock count as sold." in [item.value for item in orders.caption]
    asked = [key for key in orders.session_state["journeylab_visitor"].results if key[1] == "jl.operations.demand"]
    assert any("corrected=False" in str(key) for key in asked)
    app.selectbox(key="made_up").set_value("made up for").run()
    assert "demand counted" not in app.session_state["journeylab_visitor"].shop.edits


def test_a_click_on_stop_ends_the_work_until_it_is_asked_for_again(
    open_app: Open, stocked: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as halfway:
        halfway.setattr(stock_outs, "out_days", lambda *_asked: st.stop())  # a run that has told its progress once
        app = open_app(PAGE, shop=stocked)
    assert not headlines(app)
    app.button(key="demand_stop").click().run()
    assert "Stopped" in app.info[0].value
    assert not headlines(app)
    app.run()
    assert not headlines(app)
    app.button(key="demand_again").click().run()
    assert headlines(app)[0] == jl.operations.demand(stocked).headline()
