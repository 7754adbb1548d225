"""The Personas page: each part on a shop with kinds of customers, edits that stay, and what is said without kinds."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest

import journeylab as jl
from journeylab.customers import group_rules
from journeylab.customers.persona_count import PersonaCount
from journeylab.customers.personas import Personas
from journeylab.customers.rfm import Rfm
from journeylab.customers.rfm_groups import RfmGroups
from journeylab.result import Result
from journeylab.words import percent
from tests.app.conftest import plain
from tests.customers.crowds import kinds, one_kind, shop_from

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

PAGE = "customers/personas"
Open = "Callable[..., AppTest]"


@pytest.fixture(scope="module")
def crowd():
    return kinds(31, each=60)[0]


def said(app: AppTest) -> str:
    return plain(" ".join(item.value for kind in ("subheader", "markdown", "caption") for item in app.get(kind)))


def results(app: AppTest) -> list[Result]:
    return [value for value in app.session_state["journeylab_visitor"].results.values() if isinstance(value, Result)]


def personas_of(app: AppTest) -> Personas:
    return next(result for result in results(app) if isinstance(result, Personas))


def groups_of(app: AppTest) -> RfmGroups:
    return next(result for result in reversed(results(app)) if isinstance(result, RfmGroups))


def scores_of(app: AppTest) -> Rfm:
    return next(result for result in reversed(results(app)) if isinstance(result, Rfm))


def test_the_scores_part_shows_scores_and_groups_and_takes_margin(open_app: Open, crowd):
    app = open_app(PAGE, shop=crowd)
    assert not app.exception
    assert "of net value" in said(app)
    app = open_app(PAGE, shop=crowd, query={"money": "margin", "bins": "3"})
    assert not app.exception
    assert not app.error


def test_cut_offs_are_set_by_sliders_and_reach_scores_and_groups(open_app: Open, crowd):
    app = open_app(PAGE, shop=crowd, query={"fixed": "orders", "bins": "3"})
    assert not app.error
    assert [slider.key for slider in app.slider][:-1] == ["bins", "cut_f_0", "cut_f_1"]
    assert len(app.get("vega_lite_chart")) == 2
    app.slider(key="cut_f_0").set_value(9).run()
    assert [dict(result.call.arguments)["cutoffs"] for result in (scores_of(app), groups_of(app))] == [
        {"f": [3, 9]}
    ] * 2
    assert "1: less; 2: from 3; 3: from 9" in said(app)
    assert scores_of(app).table()["f"].max() == 3


@pytest.mark.parametrize("bins", ["2", "7", "10"])
def test_cut_offs_are_different_and_in_order_for_any_number_of_scores(open_app: Open, crowd, bins):
    app = open_app(PAGE, shop=crowd, query={"fixed": ["days", "orders", "money"], "bins": bins})
    assert not app.error
    for limits in dict(groups_of(app).call.arguments)["cutoffs"].values():
        assert len(limits) == int(bins) - 1
        assert limits == sorted(set(limits))
    app.slider(key="cut_r_0").set_value(730).run()
    assert not app.error


def test_cut_offs_go_as_far_as_the_shop_does(open_app: Open):
    rows = pd.DataFrame({"customer_id": [f"c{i % 3}" for i in range(360)], "day": range(360), "net": 250.0})
    app = open_app(PAGE, shop=shop_from(rows), query={"fixed": ["orders", "money"]})
    assert app.slider(key="cut_f_0").max == 120
    assert app.slider(key="cut_m_0").max == 30_000


def test_the_personas_part_shows_count_sheets_and_value(open_app: Open, crowd):
    app = open_app(PAGE, shop=crowd, query={"part": "Personas"})
    assert not app.exception
    assert not app.error
    words = said(app)
    assert "stand out among 180 customers: silhouette" in words
    assert "steady" in words
    assert len(app.get("vega_lite_chart")) == 4


@pytest.mark.parametrize(
    ("see", "words"),
    [
        ("On a map", "180 of 180 customers"),
        ("As rules", "is right for"),
        ("Against RFM groups", "times as often"),
        ("As an audience", "held out at random"),
    ],
)
def test_personas_can_be_seen_on_a_map_as_rules_against_groups_and_as_an_audience(open_app: Open, crowd, see, words):
    app = open_app(PAGE, shop=crowd, query={"part": "Personas", "see": see})
    assert not app.exception
    assert not app.error
    assert words in said(app)


def test_each_sheet_says_how_steady_it_is_and_how_sure_its_customers_are(open_app: Open, crowd):
    app = open_app(PAGE, shop=crowd, query={"part": "Personas"})
    cards = personas_of(app).cards
    badges = [item for item in app.markdown if "badge[" in item.value]
    assert [re.search(r"steady ([\d.]+)\]", item.value)[1] for item in badges] == [f"{j:.2f}" for j in cards["jaccard"]]
    assert all("at least 0.85" in item.help and "at least 0.75" in item.help for item in badges)
    sure = re.findall(r"\*\*Belonging\*\* ([\d.]+ %) sure", said(app))
    assert sure == [percent(p) for p in cards["probability"]]


@pytest.mark.parametrize(
    ("query", "name", "column"),
    [({"part": "Personas"}, "personas", "probability"), ({"bins": "3"}, "rfm-scores", "group")],
)
def test_every_customer_can_be_looked_up_and_taken_away(open_app: Open, crowd, query, name, column):
    app = open_app(PAGE, shop=crowd, query=query)
    assert not any({"customer_id", column} <= set(frame.value) for frame in app.dataframe)
    app.session_state[f"{name}_roster"] = True
    app.run()
    page = next(frame.value for frame in app.dataframe if {"customer_id", column} <= set(frame.value))
    assert len(page) == 100
    app.number_input(key=f"{name}_page").set_value(2).run()
    rest = next(frame.value for frame in app.dataframe if {"customer_id", column} <= set(frame.value))
    assert len(set(page["customer_id"]) | set(rest["customer_id"])) == 180
    assert pd.concat([page, rest])[column].notna().all()


def test_an_audience_says_how_surely_each_customer_belongs(crowd):
    found = jl.customers.personas(crowd, k=3)
    made = jl.customers.audience(crowd, personas=found).roster.page(size=1000).set_index("customer_id")
    known = found.roster.page(size=1000).set_index("customer_id")
    assert made["probability"].between(1 / 3, 1).all()
    pd.testing.assert_series_equal(made["probability"], known["probability"])


def test_each_sheet_gives_the_lifetime_value_with_its_interval_and_its_hold_out_error(open_app: Open, crowd):
    app = open_app(PAGE, shop=crowd, query={"part": "Personas"})
    lines = [plain(item.value) for item in app.markdown if item.value.startswith("**Lifetime value")]
    assert len(lines) == 3
    for line in lines:
        assert re.match(
            r"\*\*Lifetime value\*\* €\S+( k)? of margin a customer within 12 months \(€.* to €.*, n = 60; all €", line
        )
        assert re.search(
            r"weeks it had not seen, the model's total was [+−][\d.]+ % off in purchases and [+−][\d.]+ % in mon", line
        )


def test_a_look_that_slices_do_not_have_gives_way_to_one_they_have(open_app: Open):
    app = open_app(PAGE, shop=one_kind(32), query={"part": "Personas", "k": "3", "see": "As rules"})
    assert not app.exception
    assert "is right for" in said(app)
    app.selectbox(key="k").set_value("slices by value").run()
    assert not app.exception
    assert not app.error
    assert "times as often" in said(app)


def test_features_and_segments_are_chosen_in_words(open_app: Open, crowd):
    app = open_app(PAGE, shop=crowd, query={"part": "Personas", "features": ["orders", "net value an order"]})
    assert not app.exception
    assert app.multiselect(key="features").value == ["orders", "net value an order"]
    made = app.session_state["journeylab_visitor"].results.values()
    assert {result.features for result in made if isinstance(result, PersonaCount)} == {("frequency", "order_value")}
    app = open_app(PAGE, shop=crowd, query={"part": "Segments", "by": "what goes before a purchase"})
    assert not app.exception
    assert "By what goes before a purchase" in said(app)


def test_the_groups_that_were_edited_are_those_the_personas_are_set_against(open_app: Open, crowd):
    halves = [{"group": "Better half", "fm": "4-5"}, {"group": "Other half"}]
    app = open_app(
        PAGE, shop=crowd.with_edit("rfm_groups", halves), query={"part": "Personas", "see": "Against RFM groups"}
    )
    assert not app.exception
    assert "as often Better half" in said(app) or "as often Other half" in said(app)


def test_customers_of_one_value_are_said_to_be_alike(open_app: Open):
    rng = np.random.default_rng(3)
    rows = pd.DataFrame({"customer_id": [f"c{i % 80}" for i in range(240)], "day": rng.integers(0, 300, 240),
                         "net": 20.0})  # fmt: skip
    app = open_app(PAGE, shop=shop_from(rows), query={"part": "Personas"})
    assert not app.exception
    assert "80 customers of one net value: nothing to slice" in said(app)


def test_a_history_too_short_for_a_lifetime_value_is_said(open_app: Open):
    rng = np.random.default_rng(1)
    who = np.repeat(np.arange(80), 2 + 6 * (np.arange(80) % 2))
    rows = pd.DataFrame({"customer_id": [f"c{w}" for w in who], "day": rng.integers(0, 30, len(who)),
                         "net": np.where(who % 2, 20.0, 400.0) * rng.lognormal(0, 0.1, len(who))})  # fmt: skip
    app = open_app(PAGE, shop=shop_from(rows), query={"part": "Personas"})
    assert not app.exception
    assert "**Lifetime value** not known; the card below says why." in said(app)
    assert "Add older orders, or choose a longer period." in [item.value for item in app.info]


def test_scores_can_be_looked_at_as_of_an_earlier_day(open_app: Open, crowd):
    late = open_app(PAGE, shop=crowd)
    early = open_app(PAGE, shop=crowd, query={"as_of": "2025-06-30"})
    assert not early.exception
    assert early.date_input(key="as_of").value.isoformat() == "2025-06-30"
    as_of = [
        {result.as_of.isoformat() for result in app.session_state["journeylab_visitor"].results.values()
         if hasattr(result, "bins")} for app in (late, early)
    ]  # fmt: skip
    assert as_of == [{"2025-12-31"}, {"2025-06-30"}]
    late.date_input(key="as_of").set_value(date(2025, 3, 31)).run()
    assert not late.exception
    assert "as_of='2025-03-31'" in late.session_state["journeylab_visitor"].results.popitem()[1].call.python()


def test_a_day_in_a_link_that_is_not_in_the_data_is_said(open_app: Open, crowd):
    app = open_app(PAGE, shop=crowd, query={"as_of": "1999-01-01"})
    assert not app.exception
    assert app.date_input(key="as_of").value.isoformat() == "2025-12-31"


def test_a_name_and_a_quote_written_on_a_sheet_stay_with_the_data(open_app: Open, crowd):
    app = open_app(PAGE, shop=crowd, query={"part": "Personas"})
    assert not app.text_area
    results = app.session_state["journeylab_visitor"].results.values()
    first = next(found for found in results if isinstance(found, Personas)).cards.iloc[0]
    app.session_state[f"sheet_{first['persona']}_{first['name']}_write"] = True
    app.run()
    name = next(item for item in app.text_input if item.key.endswith("_name"))
    name.set_value("Ina *the* regular").run()
    next(item for item in app.text_area if item.key.endswith("_quote")).set_value("As every week, please.").run()
    assert not app.exception
    kept = app.session_state["journeylab_visitor"].shop.edits["personas"]
    assert {"name": "Ina *the* regular", "quote": "As every week, please."} in kept.values()
    assert "Ina *the* regular" in said(app)


def test_customers_of_one_kind_are_offered_slices(open_app: Open):
    app = open_app(PAGE, shop=one_kind(32), query={"part": "Personas"})
    assert not app.exception
    assert not app.error
    assert "No real groups here" in said(app)
    assert "slice by value" in said(app)


def test_too_few_customers_are_told_so_in_the_card(open_app: Open, shop):
    app = open_app(PAGE, shop=shop, query={"part": "Personas"})
    assert not app.exception
    assert "Below 50 a handful of people decides" in plain(" ".join(item.value for item in app.info))


@pytest.mark.parametrize("part", ["Segments", "Moves"])
def test_segments_and_moves_show_their_card(open_app: Open, crowd, part):
    app = open_app(PAGE, shop=crowd, query={"part": part})
    assert not app.exception
    assert not app.error
    assert len(app.get("vega_lite_chart")) == 1


def test_personas_can_be_followed(open_app: Open, crowd):
    app = open_app(PAGE, shop=crowd, query={"part": "Moves", "follow": "personas"})
    assert not app.exception
    assert not app.error


def test_moves_follow_the_rules_that_were_edited_and_the_scores_that_were_chosen(open_app: Open, crowd):
    halves = [{"group": "Better half", "fm": "4-5"}, {"group": "Other half"}]
    shop = crowd.with_edit("rfm_groups", halves)
    app = open_app(PAGE, shop=shop, query={"part": "Moves", "bins": "3", "fixed": "orders", "money": "margin"})
    assert not app.error
    call = dict(results(app)[-1].call.arguments)
    assert (call["groups"], call["bins"], call["money"], set(call["cutoffs"])) == (halves, 3, "margin", {"f"})
    assert set(results(app)[-1].table()["after"]) == {"Better half", "Other half"}


def test_moves_under_a_period_know_who_had_ordered_before_it(open_app: Open, crowd):
    app = open_app(PAGE, shop=crowd, query={"part": "Moves", "period": "90 days"})
    assert not app.info
    assert len(app.get("vega_lite_chart")) == 1
    whole = jl.customers.migration(crowd, before="2025-10-02").table()
    pd.testing.assert_frame_equal(results(app)[-1].table(), whole)


def test_moves_are_counted_between_any_two_days(open_app: Open, crowd):
    app = open_app(PAGE, shop=crowd, query={"part": "Moves", "back": "two days of your own"})
    assert app.date_input(key="moved").value == (date(2025, 10, 2), date(2025, 12, 31))
    app.date_input(key="moved").set_value((date(2025, 4, 1), date(2025, 8, 31))).run()
    assert not app.error
    assert (results(app)[-1].first, results(app)[-1].last) == (date(2025, 4, 1), date(2025, 8, 31))


def test_a_rule_that_is_put_back_by_hand_is_the_usual_one_again(open_app: Open, crowd):
    usual = [dict(rule) for rule in group_rules.checked(group_rules.SHOPIFY)]
    stars = [{**usual[0], "group": "Stars"}, *usual[1:]]
    with patch("streamlit.data_editor", return_value=stars):
        app = open_app(PAGE, shop=crowd)
    assert app.session_state["journeylab_visitor"].shop.edits["rfm_groups"][0]["group"] == "Stars"
    assert "Stars" in set(groups_of(app).table()["group"])
    with patch("streamlit.data_editor", return_value=usual):
        app.run()
    assert "rfm_groups" not in app.session_state["journeylab_visitor"].shop.edits
    assert "Champions" in set(groups_of(app).table()["group"])


def test_a_group_can_be_written_to(open_app: Open, crowd):
    app = open_app(PAGE, shop=crowd)
    group = app.multiselect(key="group_audience").options[0]
    app.multiselect(key="group_audience").set_value([group]).run()
    made = results(app)[-1]
    named = jl.customers.rfm_groups(crowd).roster.page(size=1000).query("group == @group")
    assert set(made.roster.page(size=1000)["customer_id"]) == set(named["customer_id"])
    assert "held out at random" in said(app)
    with pytest.raises(jl.BadParameter, match="one of the two"):
        jl.customers.audience(crowd)
