"""Lifetime value and retention as pages: cards in order, sliders that move figures, and too little data said."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import ibis
import pytest

import journeylab as jl
from journeylab.data.examples import regulars_shop, shop_of
from tests.app.conftest import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from streamlit.testing.v1 import AppTest

    from journeylab.data.dataset import Dataset

    Open = Callable[..., AppTest]


@pytest.fixture(scope="module")
def regulars() -> Dataset:
    return regulars_shop()


def headlines(app: AppTest) -> list[str]:
    return [plain(item.value) for item in app.subheader]


def test_the_proof_comes_before_the_value_and_both_are_what_the_library_says(open_app: Open, regulars: Dataset):
    app = open_app("customers/lifetime_value", shop=regulars)
    assert not app.exception
    assert not app.error
    tested = jl.customers.holdout(regulars, weeks=17, by=None)
    said = headlines(app)
    assert said[0] == tested.headline()
    assert said[1] == jl.customers.lifetime_value(regulars, tested=tested, horizon=12, margin=0.4).headline()
    assert said[2] == jl.customers.quiet(regulars, tested=tested).headline()
    assert said[3] == jl.customers.model_fits(regulars, tested=tested).headline()
    assert "came back within" in said[4]
    assert len(app.get("vega_lite_chart")) == 5


def test_a_slider_of_money_moves_the_value_and_leaves_the_proof(open_app: Open, regulars: Dataset):
    app = open_app("customers/lifetime_value", shop=regulars)
    before = headlines(app)
    app.slider(key="margin").set_value(80).run()
    after = headlines(app)
    assert before[0] == after[0]
    assert before[1] != after[1]


def test_the_preset_of_more_retention_takes_the_place_of_the_levers(open_app: Open, regulars: Dataset):
    app = open_app("customers/lifetime_value", shop=regulars)
    assert {"order_value", "pace", "retention"} <= {slider.key for slider in app.slider}
    app.selectbox(key="preset").set_value("5 % more retention").run()
    assert not app.exception
    assert "retention" not in {slider.key for slider in app.slider}


@pytest.mark.slow
def test_customers_can_be_grouped_by_persona(open_app: Open, regulars: Dataset):
    app = open_app("customers/lifetime_value", shop=regulars)
    app.selectbox(key="value_by").set_value("persona").run()
    assert not app.exception
    assert not app.error
    app.segmented_control(key="lifetime_value_view").set_value("Table").run()
    names = set(jl.customers.personas(regulars).cards["name"])
    assert names | {"all"} == set(app.dataframe[0].value["group"])


def test_the_margin_starts_at_what_the_shops_costs_come_to(open_app: Open):
    orders = """SELECT 'o' || i AS order_id, 'c' || (i % 60) AS customer_id,
        DATE '2026-01-01' + CAST(i AS INTEGER) AS day,
        TIMESTAMP '2026-01-01' AS ordered_at, 'completed' AS status, 20::DECIMAL(18,4) AS net FROM range(200) t(i)"""
    lines = """SELECT 'o' || i AS order_id, 'mug' AS product, 2::DECIMAL(18,4) AS quantity,
        10::DECIMAL(18,4) AS unit_price, 3::DECIMAL(18,4) AS unit_cost FROM range(200) t(i)"""
    app = open_app("customers/retention", shop=shop_of({"orders": orders, "order_lines": lines}))
    assert not app.exception
    assert app.slider(key="margin").value == 70


def test_the_currency_of_a_file_is_a_word_and_never_markup(open_app: Open):
    orders = """SELECT 'o' || i AS order_id, 'c' || (i % 60) AS customer_id,
        DATE '2026-01-01' + CAST(i AS INTEGER) AS day,
        TIMESTAMP '2026-01-01' AS ordered_at, 'completed' AS status, 20::DECIMAL(18,4) AS net FROM range(200) t(i)"""
    hostile = "![x](http://x.example/a.png)"
    app = open_app("customers/retention", shop=shop_of({"orders": orders}, currency=hostile))
    assert not app.exception
    label = app.slider(key="cost").label
    assert "![x](" not in label
    assert plain(label) == f"Cost of winning a customer, {hostile}"


def test_a_link_with_sliders_opens_to_the_same_figures(open_app: Open, regulars: Dataset):
    app = open_app("customers/lifetime_value", shop=regulars, query={"weeks": "20", "margin": "25", "horizon": "6"})
    tested = jl.customers.holdout(regulars, weeks=20)
    expected = jl.customers.lifetime_value(regulars, tested=tested, margin=0.25, horizon=6)
    assert headlines(app)[1] == expected.headline()


def test_customers_who_never_came_back_are_too_little_for_a_value_and_the_page_says_so(open_app: Open, shop: Dataset):
    app = open_app("customers/lifetime_value", shop=shop.between("2026-01-01", "2026-02-20"))
    assert not app.exception
    said = " ".join(headlines(app))
    assert "will bring" not in said


def test_retention_shows_cohorts_and_the_second_order(open_app: Open, regulars: Dataset):
    app = open_app("customers/retention", shop=regulars)
    assert not app.exception
    assert not app.error
    assert headlines(app) == [
        jl.customers.cohorts(regulars, cost=None).headline(),
        jl.customers.second_order(regulars).headline(),
    ]
    app.slider(key="cost").set_value(40).run()
    assert "40 it costs to win one" in headlines(app)[0]


def test_the_cost_of_winning_a_customer_starts_at_the_shops_spend_on_both_pages(open_app: Open, regulars: Dataset):
    spend = ibis.memtable({"day": [regulars.period[0]], "cost": [1234.0]})
    shop = replace(regulars, tables={**regulars.tables, "spend": spend}, fingerprint="with spend")
    exact = jl.customers.cohorts(shop).cost
    assert exact > 0
    back = open_app("customers/retention", shop=shop)
    assert back.slider(key="cost").value == round(exact)
    assert headlines(back)[0] == jl.customers.cohorts(shop, cost=exact).headline()
    back.slider(key="cost").set_value(0).run()
    assert headlines(back)[0] == jl.customers.cohorts(shop, cost=0.0).headline()
    worth = open_app("customers/lifetime_value", shop=shop)
    assert worth.slider(key="cost").value == round(exact)
    assert any("log_likelihood" in frame.value for frame in worth.dataframe)


def odd_shop(who: str, day: str, net: str) -> Dataset:
    return shop_of(
        {
            "orders": f"""SELECT 'o' || i AS order_id, {who} AS customer_id, day, day::TIMESTAMP AS ordered_at,
                'completed' AS status, net::DECIMAL(18,4) AS net
                FROM (SELECT i, DATE '2025-07-01' + CAST({day} AS INTEGER) AS day, {net} AS net FROM range(500) t(i))"""
        },
        currency="EUR",
    )


ODD = {
    "everyone bought once": (odd_shop("'c' || i", "i % 300", "20"), "here 0 of 402 did"),
    "two customers": (odd_shop("'c' || (i % 2)", "i % 300", "20"), "here 2 of 2 did"),
    "all on one day": (odd_shop("'c' || (i % 200)", "0", "20"), "The history spans 0 weeks"),
    "only gifts": (odd_shop("'c' || (i % 80)", "(i * 7919) % 300", "0"), "here 0 of 0 did"),
    "some gifts": (
        odd_shop("'c' || (i % 80)", "(i * 7919) % 300", "CASE WHEN i % 3 = 0 THEN 0 ELSE 20 + i % 7 END"),
        "purchases than there were",
    ),
    "a wholesaler": (
        odd_shop(
            "CASE WHEN i >= 480 THEN 'big' ELSE 'c' || (i % 120) END",
            "CASE WHEN i >= 480 THEN (i - 480) * 14 ELSE (i * 7919) % 300 END",
            "CASE WHEN i >= 480 THEN 20000 ELSE 15 + i % 11 END",
        ),
        "or more of the value of all repeat purchases",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", ODD)
def test_odd_shops_get_their_value_or_are_told_why_not(open_app: Open, case: str):
    shop, said = ODD[case]
    retention, app = (open_app(f"customers/{page}", shop=shop) for page in ("retention", "lifetime_value"))
    assert not [*retention.exception, *retention.error, *app.exception, *app.error]
    told = [*headlines(app), *(item.proto.title for item in app.info), *(item.value for item in app.caption)]
    assert said in plain(" ".join(told))


@pytest.mark.slow
def test_every_view_of_a_shop_with_a_wholesaler_opens(open_app: Open):
    app = open_app("customers/lifetime_value", shop=ODD["a wholesaler"][0])
    for card in ("holdout", "lifetime_value", "quiet", "model_fits"):
        for view in app.segmented_control(key=f"{card}_view").options[1:-1]:
            app.segmented_control(key=f"{card}_view").set_value(view).run()
            assert not [*app.exception, *app.error]


@pytest.mark.parametrize("page", ["customers/lifetime_value", "customers/retention"])
def test_without_data_the_pages_say_what_they_need(open_app: Open, page: str):
    assert headlines(open_app(page))[0].startswith("This page needs ")
