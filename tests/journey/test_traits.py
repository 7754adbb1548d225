"""Traits of customers: known of those who had told who they are by then, so that buying makes nobody anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import journeylab as jl
from journeylab.data.examples import shop_of
from journeylab.journey import tally
from journeylab.journey.differences import UNKNOWN

STEPS = ["view", "cart", "purchase"]
COINS = 12
DEMO = Path(__file__).resolve().parents[2] / "sample_data"


@pytest.fixture(scope="module")
def noise():
    """All visitors are alike, every third logs in as they come, buying makes known, and every trait is a coin."""
    coins = ", ".join(f"hash(v * {COINS} + {i}) % 2 = 0 AS coin{i}" for i in range(COINS))
    return shop_of(
        {
            "events": """SELECT 'v' || v AS visitor_id, if(k = 3 OR v % 3 = 0, 'c' || v, NULL) AS customer_id,
                DATE '2026-03-01' AS day, TIMESTAMP '2026-03-01' + to_minutes(k::INT) AS occurred_at,
                ['view', 'cart', 'purchase'][k] AS event FROM range(3000) a(v), range(1, 4) b(k)
                WHERE k = 1 OR (k = 2 AND hash(v) % 10 < 4) OR (k = 3 AND hash(v) % 10 < 2)""",
            "customers": f"SELECT 'c' || v AS customer_id, {coins} FROM range(3000) t(v)",
        }
    )


def test_no_coin_divides_visitors_of_whom_only_the_buyers_and_a_few_others_are_known(noise):
    told = [
        (
            jl.journey.funnel(noise, steps=STEPS, by=f"customers.coin{i}", window=None),
            jl.journey.stake(noise, steps=STEPS, by=f"customers.coin{i}", window=None, value=30, draws=200),
        )
        for i in range(COINS)
    ]
    # at most one coin in twenty by chance in the mean
    assert sum(funnel.rows["clear"].any() for funnel, _stake in told) <= 3
    assert sum(not stake.found().empty for _funnel, stake in told) <= 3
    funnel, stake = told[0]
    entrants = funnel.rows[funnel.rows["position"] == 1].set_index("group")["n"]
    assert entrants[UNKNOWN] == 2000
    assert entrants.sum() == 3000
    assert UNKNOWN not in set(stake.leaks["group"])
    assert funnel.rows.loc[funnel.rows["group"] == UNKNOWN, ["difference", "q"]].isna().all(axis=None)
    assert any("had told who they are by then" in said for said in (*funnel.caveats, *stake.caveats))


def test_a_trait_is_that_of_who_had_logged_in_by_the_first_step_or_before_the_period():
    events = """SELECT visitor_id, customer_id, moment::TIMESTAMP AS occurred_at, moment::DATE AS day, event
        FROM (VALUES ('before', 'a', '2026-01-01 10:00', 'login'), ('before', NULL, '2026-01-05 10:00', 'view'),
                     ('then', 'a', '2026-01-05 10:00', 'view'),
                     ('after', NULL, '2026-01-05 10:00', 'view'), ('after', 'a', '2026-01-05 10:01', 'purchase'),
                     ('two', 'b', '2026-01-02 10:00', 'login'), ('two', 'a', '2026-01-03 10:00', 'login'),
                     ('two', NULL, '2026-01-05 10:00', 'view'))
        t(visitor_id, customer_id, moment, event)"""
    customers = "SELECT unnest(['a', 'b']) AS customer_id, unnest(['gold', 'iron']) AS kind"
    shop = shop_of({"events": events, "customers": customers}).between("2026-01-04", "2026-01-06")
    rows = jl.journey.funnel(shop, steps=["view", "purchase"], by="customers.kind", window="1h").table()
    counted = rows[rows["position"] == 1].set_index("group")["n"]
    assert counted.to_dict() == {"gold": 2, "iron": 1, UNKNOWN: 1}


def test_what_is_not_known_is_offered_last(noise):
    assert tally.values(noise, "customers.coin0")[-1] == UNKNOWN


@pytest.mark.slow
@pytest.mark.parametrize("trait", ["loyalty_member", "country"])
def test_nothing_is_found_in_the_demo_store_where_nothing_is_planted(demo, trait):
    assert trait in json.loads((DEMO / "truths.json").read_text())["nothing_planted"]
    found = jl.journey.stake(demo, by=f"customers.{trait}", value=50, draws=200).found()
    assert found.empty, found[["group", "step", "rate", "expected_rate", "q"]]


@pytest.fixture(scope="module")
def demo():
    return jl.demo()
