"""Support cases: times and shares against pandas, what follows a case, and a landmark nobody reaches by staying."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import journeylab as jl
from journeylab.customers import cases
from journeylab.data.examples import shop_of


def test_medians_and_shares_agree_with_pandas(spoken):
    tickets = spoken.run(spoken.table("tickets"))
    rows = jl.customers.support(spoken, by="topic").rows.set_index("group")
    for topic, mine in tickets.groupby("topic"):
        assert rows.loc[topic, "n"] == len(mine)
        assert rows.loc[topic, "first_reply"] == pytest.approx(mine["first_reply_minutes"].median() / 60, rel=0.03)
        assert rows.loc[topic, "resolved"] == pytest.approx(mine["resolved_minutes"].median() / 60, rel=0.03)
        assert rows.loc[topic, "again"] == pytest.approx((mine["contacts"] > 1).mean())
        assert rows.loc[topic, "satisfied"] == pytest.approx(mine["satisfied"].mean())
    assert rows["share"].sum() == pytest.approx(1)


@pytest.mark.slow
def test_the_interval_of_a_median_covers_it_about_as_often_as_it_says():
    rng = np.random.default_rng(6)
    for n in (20, 100):
        drawn = np.round(rng.lognormal(5, 1, (400, n)), 6)
        hits = 0
        for minutes in drawn:
            found = cases.median(pd.DataFrame({"slot": minutes, "n": 1, "minutes": minutes}), level=0.95)
            hits += found[1] <= np.exp(5) <= found[2]
        assert 0.92 <= hits / 400 <= 0.985


def test_delivery_cases_of_the_demo_store_wait_longest_and_write_again_as_planted(demo_customers):
    shop = demo_customers
    found = jl.customers.support(shop, by="topic")
    worst = found.rows.iloc[0]
    assert worst["group"] == "delivery"
    others = found.rows.iloc[1:]
    assert (worst["first_reply_lower"] > others["first_reply_upper"]).all()
    assert (worst["again_lower"] > others["again_upper"]).all()
    assert "must write again" in found.headline()


def test_topics_are_put_at_touchpoints_and_the_user_can_move_them(spoken):
    rows = jl.customers.support(spoken, by="touchpoint").rows
    assert set(rows["group"]) == {"delivery", "returns", "product"}
    moved = jl.customers.support(spoken, by="touchpoint", stages={"Return": "delivery"}).rows
    assert set(moved["group"]) == {"delivery", "product"}
    assert moved["n"].sum() == rows["n"].sum()


def test_what_follows_is_counted_from_the_landmark():
    # Five customers: first order on 1 January. a, b, c have a case; a orders before the landmark only, b after it.
    orders = "('a', '2026-01-01'), ('a', '2026-01-10'), ('b', '2026-01-01'), ('b', '2026-02-15'), ('c', '2026-01-01'), "
    orders += "('d', '2026-01-01'), ('d', '2026-03-01'), ('e', '2026-01-01'), ('e', '2026-06-30')"
    shop = shop_of(
        {
            "orders": f"""SELECT c || day AS order_id, c AS customer_id, day::TIMESTAMP AS ordered_at, day::DATE AS day,
                'completed' AS status, 10::DECIMAL(18,4) AS net FROM (VALUES {orders}) t(c, day)""",
            "tickets": """SELECT c AS ticket_id, c AS customer_id, day::TIMESTAMP AS opened_at,
                minutes::DOUBLE AS first_reply_minutes
                FROM (VALUES ('a', '2026-01-05', 10), ('b', '2026-01-31', 500), ('c', '2026-01-02', 20),
                             ('d', '2026-02-01', 900)) t(c, day, minutes)""",
        }
    )
    after = jl.customers.support(shop, days=90).after
    found = {row["group"]: (row["n"], row["of"]) for row in after.to_dict("records")}
    # d's case comes after the landmark, so d counts as without; e orders too late to count.
    assert found == {"case, quick reply": (0, 2), "case, slow reply": (1, 1), "no case": (1, 2)}


def test_scores_after_a_case_are_those_of_answers_within_the_days(spoken):
    after = jl.customers.support(spoken, days=30).after
    scores = after[after["outcome"] == "NPS after"]
    answers, tickets = (spoken.run(spoken.table(name)) for name in ("surveys", "tickets"))
    nps = answers[(answers["kind"] == "nps") & (answers["score"] <= 10)].dropna(subset=["customer_id"])
    pairs = nps.merge(tickets, on="customer_id")
    gap = pairs["answered_at"] - pairs["opened_at"]
    had = pairs[(gap >= pd.Timedelta(0)) & (gap <= pd.Timedelta(days=30))]["response_id"].nunique()
    assert scores.loc[scores["group"] != "no case", "n"].sum() == had
    assert scores["n"].sum() == len(nps)


def test_cases_alone_are_enough_and_none_is_said(spoken):
    alone = shop_of({"tickets": "SELECT 't' AS ticket_id, TIMESTAMP '2026-01-01' AS opened_at"})
    found = jl.customers.support(alone)
    assert found.headline() == "1 support case."
    assert found.after.empty
    with pytest.raises(jl.NotEnoughData, match="no support case"):
        jl.customers.support(spoken.between("2024-01-01", "2024-01-02"))
    with pytest.raises(jl.BadParameter, match="cannot be broken down by 'moon'"):
        jl.customers.support(spoken, by="moon")
    personas = jl.customers.personas(spoken, k=2, features=["frequency", "order_value"])
    assert set(jl.customers.support(spoken, personas=personas).rows["group"]) <= {*personas.cards["name"], "not known"}
    assert [found.chart(view).to_dict() for view in found.views]
