"""Carts with a reminder and without, from a landmark on: nothing where nothing is, and what is planted in the demo."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import journeylab as jl
from journeylab.data.examples import shop_of
from journeylab.journey import cart_ends

DAY = 24 * 60
DEMO = Path(__file__).resolve().parents[2] / "sample_data"


def store(seed, *, helps=0.0, carts=1000, within=7 * DAY, campaign="'Cart reminder'"):
    """Carts that come back at some time or never; half get a message at a random moment, bought or not.

    Args:
        seed: Of the shop.
        helps: Share of those written to while their cart was left who come back for it, half a day later.
        carts: How many there are, a customer each; as many again name nobody and come back half as often.
        within: Minutes from the cart within which the messages are sent.
        campaign: What the messages are part of, as SQL.
    """
    rng = np.random.default_rng(seed)
    events, sent = [f"('z', NULL, {40 * DAY}, 'page_view')"], []
    for i in range(carts):
        back = 360 + rng.exponential(2000) if rng.random() < 0.3 else np.inf
        if rng.random() < 0.5:
            at = rng.random() * within
            sent.append(f"('c{i}', {int(at)})")
            back = min(back, at + 720) if at < back and rng.random() < helps else back
        events.append(f"('v{i}', 'c{i}', 0, 'add_to_cart')")
        events.append(f"('w{i}', NULL, 0, 'add_to_cart')")
        if back < 7 * DAY:
            events.append(f"('v{i}', 'c{i}', {int(back)}, 'purchase')")
            if i % 2:
                events.append(f"('w{i}', 'c{i}', {int(back)}, 'purchase')")
    moment = "TIMESTAMP '2026-01-01' + to_minutes(m)"
    return shop_of(
        {
            "events": "SELECT v AS visitor_id, c AS customer_id, event, "
            f"{moment} AS occurred_at, ({moment})::DATE AS day FROM (VALUES {', '.join(events)}) t(v, c, m, event)",
            "contacts": f"SELECT c AS customer_id, {moment} AS sent_at, {campaign} AS campaign "
            f"FROM (VALUES {', '.join(sent)}) t(c, m)",
        }
    )


def test_messages_at_random_moments_that_do_nothing_bring_nothing_and_take_nothing():
    held = 0
    for seed in range(6):
        row = jl.journey.carts(store(seed), hours=48).reminder.iloc[0]
        held += row["lower"] <= 0 <= row["upper"]
        assert abs(row["difference"]) < 0.1
    assert held >= 5


def test_what_a_message_brings_is_seen_from_the_landmark_on():
    result = jl.journey.carts(store(1, helps=0.4, within=360), campaign=["Cart reminder"])
    row = result.reminder.iloc[0]
    assert result.hours == 5, "three in four of messages in the first six hours"
    assert row["lower"] < 0.4 * (1 - row["rate_without"]) < row["upper"]


def test_carts_that_name_nobody_stand_beside_and_never_count_as_without():
    result = jl.journey.carts(store(2, carts=400))
    rows = result.table().set_index("measure")
    assert result.hours == 48
    assert rows.loc["came back, customer not known", "of"] > 300
    assert rows.loc[["came back with a reminder", "came back without a reminder"], "of"].sum() < 400
    assert any("name no customer" in said for said in result.caveats)
    assert "with a reminder and" in result.headline()
    assert result.chart("reminder").to_dict()["$schema"]


def test_only_campaigns_that_remind_count_unless_one_is_named():
    shop = store(3, carts=200, campaign="'Newsletter May'")
    result = jl.journey.carts(shop)
    assert (result.hours, len(result.reminder)) == (None, 0)
    assert any("name the campaign that does" in said for said in result.caveats)
    with pytest.raises(jl.NotEnoughData, match="remind"):
        result.chart("reminder")
    assert cart_ends.campaigns(shop) == ("Newsletter May",)
    assert len(jl.journey.carts(shop, campaign=["Newsletter May"]).reminder) == 1
    with pytest.raises(jl.BadParameter, match="part of a campaign"):
        jl.journey.carts(shop, campaign=["Newsletter June"])
    with pytest.raises(jl.BadParameter):
        jl.journey.carts(shop, hours=7 * 24)


@pytest.mark.slow
def test_the_reminders_of_the_demo_store_bring_what_is_planted():
    truth = json.loads((DEMO / "truths.json").read_text())["reminders"]
    planted = truth["recovered_with"] - truth["recovered_without"]
    result = jl.journey.carts(jl.demo(), days=3)
    row = result.reminder.iloc[0]
    assert result.hours == truth["hours_after"]
    assert row["lower"] < planted < row["upper"]
    rows = result.table().set_index("measure")
    for measure, chance in (("with", "recovered_with"), ("without", "recovered_without")):
        found = rows.loc[f"came back {measure} a reminder"]
        assert found["lower"] < truth[chance] < found["upper"]
