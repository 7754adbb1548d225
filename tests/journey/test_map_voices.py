"""What customers say on the map is what Feedback says: the same answers left out, the same words, the same places."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import journeylab as jl
from journeylab.customers import cases, pain_words
from journeylab.data.examples import shop_of
from journeylab.journey.map import Map
from tests.customers.voices import voices


def answered(kind: str, scores: list[float], scale: float | None, touchpoint: str) -> jl.Dataset:
    """Return a shop of answers about one touchpoint."""
    return shop_of(
        {
            "surveys": f"""SELECT 'r' || i AS response_id, 'c' || i AS customer_id, DATE '2026-03-20' AS day,
                TIMESTAMP '2026-03-20' AS answered_at, '{kind}' AS kind, {scores}[i + 1]::DOUBLE AS score,
                {"NULL" if scale is None else scale}::DOUBLE AS scale, '{touchpoint}' AS touchpoint
                FROM range({len(scores)}) t(i)"""
        }
    )


def test_answers_outside_their_scale_are_left_out_and_said_as_in_feedback():
    shop = answered("nps", [12.0] * 40 + [5.0] * 40, 10, "")
    chart = Map.from_data(shop, pains=False)
    felt = chart.touchpoint("recommend").cell("emotion")
    assert (felt.n, felt.value, felt.text) == (40, -2.0, "NPS −100 (n = 40)")
    assert "40 answers outside their own scale left out." in chart.caveats
    assert jl.customers.feedback(shop).whole.iloc[0][["n", "score"]].tolist() == [40, -100]


def test_an_answer_beyond_the_usual_scale_that_says_no_scale_is_left_out_too():
    shop = answered("csat", [90.0] * 40 + [3.0] * 40, None, "delivery")
    felt = Map.from_data(shop, pains=False).touchpoint("delivery").cell("emotion")
    assert (felt.n, felt.value, felt.text) == (40, 0.0, "CSAT 3.0 of 5 (n = 40)")


def test_only_impossible_answers_leave_the_touchpoint_empty():
    chart = Map.from_data(answered("nps", [12.0] * 40, 10, ""), pains=False)
    assert chart.touchpoint("recommend").cell("emotion") is None
    assert "40 answers outside their own scale left out." in chart.caveats


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", ["nps", "stars", "ces", "yes_no"])
def test_the_map_and_feedback_say_the_same_of_any_answers(kind: str, seed: int):
    rng = np.random.default_rng(seed)
    low, usual = {"nps": (0, 10), "stars": (1, 5), "ces": (1, 7), "yes_no": (0, 1)}[kind]
    scale = None if seed % 2 else int(rng.integers(usual, 3 * usual))
    top = usual if scale is None else scale
    shop = answered(kind, rng.integers(low - 1, top + 3, 60).tolist(), scale, "delivery")
    felt = Map.from_data(shop, pains=False).touchpoint("delivery").cell("emotion")
    found = jl.customers.feedback(shop, kind=kind).whole.iloc[0]
    assert felt.n == found["n"]
    if kind == "nps":
        assert 50 * felt.value == pytest.approx(found["score"])
    else:
        assert (felt.value + 2) / 4 == pytest.approx(found["place"])


def test_customers_who_answer_several_times_are_said_on_the_map():
    shop = answered("nps", [9.0, 3.0] * 20, 10, "")
    assert not any("of its own" in said for said in Map.from_data(shop, pains=False).caveats)
    surveys = shop.table("surveys")
    twice = replace(shop, tables={"surveys": surveys.mutate(customer_id=surveys.customer_id.substr(0, 2))})
    (said,) = (said for said in Map.from_data(twice, pains=False).caveats if "of its own" in said)
    assert said.startswith("40 answers of 10 customers: ")


def topics(shop: jl.Dataset) -> dict[str, int]:
    chart = Map.from_data(shop, pains=False)
    return {point.id: cell.n for point in chart.touchpoints if (cell := point.cell("support")) is not None}


def with_cases(**edits: object) -> jl.Dataset:
    shop = shop_of(
        {
            "tickets": """SELECT 't' || i AS ticket_id, TIMESTAMP '2026-03-21' AS opened_at,
                ['Tracking', 'damage', 'sizing', 'login', 'oddity'][1 + i % 5] AS topic FROM range(50) t(i)"""
        }
    )
    return replace(shop, edits=edits)


def test_cases_stand_where_feedback_puts_their_topics_and_the_rest_at_the_help():
    assert topics(with_cases()) == {"delivery": 20, "product": 10, "checkout": 10, "support": 10}


def test_a_topic_that_the_user_put_elsewhere_stands_there_on_the_map_too():
    moved = with_cases(**{cases.EDIT: {"Tracking": "product", "oddity": "Gets the parcel", "login": "the moon"}})
    assert topics(moved) == {"delivery": 20, "product": 20, "support": 10}


@pytest.mark.parametrize("odd", [5, ["x"], {"tracking": 3}, {3: "product"}, None])
def test_edits_of_another_form_change_nothing(odd: object):
    assert topics(with_cases(**{cases.EDIT: odd})) == topics(with_cases())
    assert pain_words.kept(with_cases(**{pain_words.EDIT: odd})) == {}


def test_the_users_words_of_a_pain_type_the_pains_of_the_map():
    shop = voices()
    own = replace(
        shop, edits={pain_words.EDIT: {"performance": ["nothing.like"], "support": ["late", "parcel", "took"]}}
    )
    before, after = (Map.from_data(x).pains().set_index("text") for x in (shop, own))
    late = [text for text in after.index if "late" in text or "took" in text]
    assert late
    assert set(before.loc[late, "kind"]) == {"performance"}
    assert set(after.loc[late, "kind"]) == {"support"}
    pd.testing.assert_index_equal(before.index.sort_values(), after.index.sort_values())
    shop.close()
