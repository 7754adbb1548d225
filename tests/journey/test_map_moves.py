"""What moved on a map filled anew: not that the period is longer, but what comes, goes, or differs beyond noise."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from journeylab.data.examples import shop_of
from journeylab.journey import map_traffic
from journeylab.journey.map import Map
from journeylab.journey.tally import FINE

if TYPE_CHECKING:
    from journeylab.data.dataset import Dataset


def test_the_interval_of_a_median_time_holds_it_as_often_as_it_says():
    rng, held = np.random.default_rng(3), 0
    for _ in range(400):
        took = rng.exponential(60.0, 80)
        slot = np.floor(np.log2(took + 1) * FINE)
        times = pd.DataFrame({"slot": slot, "seconds": took}).groupby("slot")["seconds"].agg(["size", "mean"])
        lower, upper = map_traffic._median_ends(times.set_axis(["n", "seconds"], axis=1), 0.95)
        held += lower <= 60 * math.log(2) <= upper
    assert 0.925 <= held / 400 <= 0.985
    assert math.isnan(map_traffic._median_ends(pd.DataFrame({"n": [3], "seconds": [9.0]}), 0.95)[0])


@pytest.fixture(scope="module")
def steady() -> Dataset:
    """A shop in which every day is like every other, for half a year; parcels are answered for in its last month."""
    return shop_of(
        {
            "orders": """SELECT 'o' || i AS order_id, 'c' || i AS customer_id,
                DATE '2026-01-01' + i::INTEGER // 3 AS day,
                (DATE '2026-01-01' + i::INTEGER // 3)::TIMESTAMP AS ordered_at, 'completed' AS status,
                30::DECIMAL(18,4) AS net FROM range(540) t(i)""",
            "events": """SELECT 'v' || v AS visitor_id, DATE '2026-01-01' + v::INTEGER // 9 AS "day",
                (DATE '2026-01-01' + v::INTEGER // 9)::TIMESTAMP + INTERVAL 1 MINUTE * k * (1 + v % 9) AS occurred_at,
                ['view_item', 'add_to_cart', 'purchase'][k] AS event
                FROM range(1620) a(v), range(1, 4) b(k) WHERE k = 1 OR (k = 2 AND v % 9 < 6) OR v % 9 < 3""",
            "surveys": """SELECT 'r' || i AS response_id, 'c' || i AS customer_id, DATE '2026-06-10' AS day,
                TIMESTAMP '2026-06-10' AS answered_at, 'csat' AS kind, (1 + (i % 2))::DOUBLE AS score,
                5::DOUBLE AS scale, 'delivery' AS touchpoint FROM range(60) t(i)""",
        }
    )


def test_a_longer_period_moves_nothing_and_the_margin_at_stake_is_said_by_the_day(steady: Dataset):
    short = Map.from_data(steady.between("2026-01-01", "2026-02-28"), pains=False)
    long = short.refresh(steady.between("2026-01-01", "2026-05-31"), pains=False)
    totals = [chart.touchpoint("look").value("stake") for chart in (short, long)]
    assert totals[1] > 2 * totals[0]  # what used to be called beyond noise
    assert [move for move in long.moves if move["clear"]] == []
    assert {move["change"] for move in long.moves} <= {"moved"}
    for move in long.moves:
        assert move["before"] == pytest.approx(move["after"], rel=0.05)
        if move["lane"] == "stake":
            assert "a day (€" in move["was"] or "a day (" in move["was"]


def test_what_comes_and_what_goes_is_said_in_words(steady: Dataset):
    spring = Map.from_data(steady.between("2026-01-01", "2026-05-31"), pains=False)
    summer = spring.refresh(steady, pains=False)
    new = {(move["touchpoint"], move["lane"]): move for move in summer.moves if move["change"] == "new"}
    assert {("delivery", "emotion"), ("delivery", "pain")} <= set(new)
    assert new["delivery", "emotion"]["now"] == "−1.5 (−1.6 to −1.4, n = 60)"
    back = summer.refresh(steady.between("2026-01-01", "2026-05-31"), pains=False)
    gone = {(move["touchpoint"], move["lane"]): move for move in back.moves if move["change"] == "gone"}
    assert set(gone) == set(new)
    assert gone["delivery", "emotion"]["was"] == "−1.5 (−1.6 to −1.4, n = 60)"
    assert gone["delivery", "pain"]["was"] == "100 % of 60 answers are unhappy"


def test_a_figure_that_did_move_is_clear_and_a_map_that_knew_nothing_has_not_moved(steady: Dataset):
    spring = Map.from_data(steady.between("2026-01-01", "2026-05-31"), pains=False)
    assert Map.blank().refresh(steady, pains=False).moves == ()

    def half(data):
        cell = next(point for point in data["touchpoints"] if point["id"] == "look")["cells"]["drop_off"]
        cell.update(value=0.6, lower=0.57, upper=0.63, n=round(cell["of"] * 0.6))

    moved = spring.changed(half).refresh(steady.between("2026-01-01", "2026-05-31"), pains=False)
    (move,) = moved.moves
    assert (move["touchpoint"], move["lane"], move["clear"]) == ("look", "drop_off", True)
    assert move["was"].startswith("60.0 % (57.0 % to 63.0 %, n = ")
