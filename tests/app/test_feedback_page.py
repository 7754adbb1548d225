"""The Feedback page: every look on shops with and without orders, edits that stay, hostile comments, a list to take."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import journeylab as jl
from journeylab.data.examples import answers_shop, shop_of
from tests.app.conftest import plain
from tests.customers.test_closed_loop import acted
from tests.customers.voices import voices

if TYPE_CHECKING:
    from collections.abc import Callable

    from streamlit.testing.v1 import AppTest

    Open = Callable[..., AppTest]

PAGE = "customers/feedback"
LOOKS = ("Scores", "Comments", "Support", "Who answers", "Win back")


@pytest.fixture(scope="module")
def spoken():
    return voices()


def said(app: AppTest) -> str:
    return plain(" ".join(item.value for kind in ("subheader", "markdown", "caption") for item in app.get(kind)))


@pytest.mark.parametrize("look", LOOKS)
def test_every_look_draws_its_card(open_app: Open, spoken, look):
    app = open_app(PAGE, shop=spoken, query={"look": look})
    assert not app.exception
    assert not app.error
    assert len(app.get("vega_lite_chart")) == 1


def test_the_scores_are_those_of_the_library(open_app: Open, spoken):
    app = open_app(PAGE, shop=spoken, query={"by": "touchpoint", "smallest": "5"})
    want = jl.customers.feedback(spoken, by="touchpoint", smallest=5)
    assert want.headline() in said(app)
    assert len(app.metric) == 6


def test_with_nothing_to_break_down_by_the_scores_open_on_their_course(open_app: Open, spoken):
    app = open_app(PAGE, shop=spoken, query={"kind": "NPS"})
    assert app.segmented_control(key="feedback_view").options == ["Trend", "Table", "Python"]
    app.selectbox(key="by").set_value("touchpoint").run()
    assert app.segmented_control(key="feedback_view").options == ["Groups", "Trend", "Table", "Python"]
    assert app.segmented_control(key="feedback_view").value == "Groups"
    assert not app.exception


def test_answers_of_the_staff_alone_open_the_page(open_app: Open):
    answers = """SELECT 'r' || i AS response_id, TIMESTAMP '2026-01-01' + INTERVAL 1 DAY * i AS answered_at,
        DATE '2026-01-01' + i::INTEGER AS "day", 'enps' AS kind, (i * 7 % 11)::DOUBLE AS score, 10.0 AS scale,
        'Too many meetings, too late' AS comment FROM range(60) t(i)"""
    app = open_app(PAGE, shop=shop_of({"surveys": answers}))
    assert not app.exception
    assert not app.error
    assert [metric.label for metric in app.metric] == ["Employees' NPS"]
    for look in LOOKS[1:]:
        app.segmented_control(key="look").set_value(look).run()
        assert not app.exception
        assert "bug" not in " ".join(item.value for item in app.error).lower()


@pytest.mark.parametrize("look", LOOKS)
def test_a_survey_file_alone_is_never_a_bug(open_app: Open, look):
    app = open_app(PAGE, shop=answers_shop(), query={"look": look})
    assert not app.exception
    assert "bug" not in " ".join(item.value for item in app.error).lower()
    if look in {"Scores", "Comments"}:
        assert len(app.get("vega_lite_chart")) == 1


def test_support_cases_alone_open_the_page_and_the_rest_says_what_to_add(open_app: Open, spoken):
    cases = replace(spoken, tables={"tickets": spoken.tables["tickets"]}, fingerprint="cases alone")
    app = open_app(PAGE, shop=cases)
    assert not app.exception
    assert not app.error
    assert jl.customers.support(cases, by="topic").headline() in said(app)
    assert "“Scores”, “Comments”, “Who answers” and “Win back” cannot be shown" in said(app)
    app.segmented_control(key="look").set_value("Scores").run()
    assert not app.exception
    assert not app.error
    assert "This look needs surveys" in said(app)
    assert "Answers say how customers felt." in said(app)


def test_support_cases_and_orders_are_enough_to_win_back(open_app: Open, spoken):
    tables = {name: spoken.tables[name] for name in ("orders", "tickets")}
    app = open_app(PAGE, shop=replace(spoken, tables=tables, fingerprint="cases"), query={"look": "Win back"})
    assert not app.exception
    assert not app.error
    assert len(app.get("vega_lite_chart")) == 1


def test_without_answers_and_cases_the_page_asks_for_either(open_app: Open, spoken):
    orders = replace(spoken, tables={"orders": spoken.tables["orders"]}, fingerprint="orders alone")
    app = open_app(PAGE, shop=orders)
    assert not app.exception
    assert "This page needs surveys or tickets" in said(app)
    assert "Support cases say" in said(app)


def test_personas_are_worked_out_when_asked_for(open_app: Open, spoken):
    app = open_app(PAGE, shop=spoken, query={"by": "persona", "smallest": "5"})
    assert not app.exception
    assert "personas=personas" in " ".join(
        item.value for item in app.segmented_control(key="feedback_view").set_value("Python").run().code
    )


def test_words_of_a_pain_stay_with_the_data_and_change_the_themes(open_app: Open, spoken):
    own = spoken.with_edit("pain_words", {"performance": [], "emotional": ["late", "delivery"]})
    app = open_app(PAGE, shop=own, query={"look": "Comments", "themes": "3"})
    assert not app.exception
    assert "emotional" in said(app)
    app.button(key="pain_words_usual").click().run()
    assert not app.exception
    assert "pain_words" not in app.session_state["journeylab_visitor"].shop.edits
    assert "performance" in said(app)


def test_hostile_comments_are_shown_as_they_are(open_app: Open):
    evil = "<script>alert(1)</script> **slow** ![x](http://y.example/a.png) delivery :red[late]"
    shop = shop_of(
        {
            "surveys": f"""SELECT 'r' || i AS response_id, TIMESTAMP '2026-01-01' AS answered_at,
                DATE '2026-01-01' + CAST(i AS INTEGER) AS day, 'nps' AS kind,
                CASE WHEN i % 2 = 0 THEN 1 ELSE 10 END::DOUBLE AS score, '=cmd|x ' || chr(10) || 'shop' AS touchpoint,
                CASE WHEN i % 2 = 0 THEN '{evil}' ELSE 'fine coffee and beans' END AS comment FROM range(120) t(i)"""
        }
    )
    app = open_app(PAGE, shop=shop, query={"look": "Comments"})
    assert not app.exception
    for item in app.markdown:
        assert "<script>" not in item.value
        assert "![x](" not in item.value
    assert "y.example" not in said(app)


def test_topics_are_put_at_touchpoints_in_place(open_app: Open, spoken):
    own = spoken.with_edit("ticket_stages", {"return": "delivery"})
    app = open_app(PAGE, shop=own, query={"look": "Support", "cases_by": "touchpoint"})
    assert not app.exception
    want = jl.customers.support(spoken, by="touchpoint", stages={"return": "delivery"})
    assert want.headline() in said(app)


def test_what_is_edited_here_is_seen_by_the_next_draft_of_the_journey_map(open_app: Open, spoken):
    app = open_app(PAGE, shop=spoken, query={"look": "Comments", "themes": "3"})
    visitor = app.session_state["journeylab_visitor"]
    visitor.remember((spoken.fingerprint, "journey map", ""), lambda: "a draft")
    visitor.shop = spoken.with_edit("pain_words", {"emotional": ["late"]})
    app.run()
    app.button(key="pain_words_usual").click().run()
    assert not app.exception
    assert (spoken.fingerprint, "journey map", "") not in visitor.results


def test_a_tighter_budget_contacts_fewer(open_app: Open, spoken):
    app = open_app(PAGE, shop=spoken, query={"look": "Win back", "since": "400", "contact": "1"})
    before = said(app)
    app.slider(key="budget").set_value(5).run()
    assert not app.exception
    assert said(app) != before
    assert any(button.key == "closed-loop_csv" for button in app.get("download_button"))


def test_what_the_last_contact_did_is_shown_where_the_list_came_back(open_app: Open):
    shop = replace(acted(8), fingerprint="acted")
    app = open_app(PAGE, shop=shop, query={"look": "Win back", "measured": "60", "since": "400"})
    assert not app.exception
    want = jl.customers.closed_loop_effect(shop, days=60, margin=0.4, cost=5.0)
    assert want.headline() in said(app)
    taken = round(100 * want.saved)
    app.button(key="take_saved").click().run()
    assert not app.exception
    assert app.slider(key="saved").value == taken


def test_margin_and_horizon_change_who_is_worth_a_contact(open_app: Open, spoken):
    asked = {"look": "Win back", "since": "400", "contact": "1", "margin": "55", "horizon": "24"}
    app = open_app(PAGE, shop=spoken, query=asked)
    assert not app.exception
    tested = jl.customers.holdout(spoken)
    want = jl.customers.closed_loop(spoken, tested=tested, since=400, cost=1.0, margin=0.55, horizon=24)
    assert want.headline() in said(app)
    app.slider(key="horizon").set_value(6).run()
    assert want.headline() not in said(app)


@pytest.mark.parametrize("part", [90, 75, 50])
def test_the_budget_is_a_share_of_what_all_who_are_worth_it_cost(open_app: Open, spoken, part: int):
    asked = {"look": "Win back", "since": "400", "contact": "1"}
    whole = open_app(PAGE, shop=spoken, query=asked)
    app = open_app(PAGE, shop=spoken, query={**asked, "budget": str(part)})
    assert not app.exception
    contacts = [int(re.search(r"Contact (\d+) of", said(seen)).group(1)) for seen in (whole, app)]
    assert contacts[1] == part * contacts[0] // 100


def test_what_follows_a_case_is_of_the_scores_that_were_chosen(open_app: Open, spoken):
    app = open_app(PAGE, shop=spoken, query={"look": "Support", "scores_of": "CSAT", "after": "60"})
    assert not app.exception
    want = jl.customers.support(spoken, by="topic", days=60, kind="csat")
    app.segmented_control(key="support_view").set_value("Python").run()
    assert 'kind="csat"' in " ".join(item.value for item in app.code).replace("'", '"')
    assert want.kind == "csat"
