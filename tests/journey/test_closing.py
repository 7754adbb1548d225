"""The end of the data: who came late is counted, and neither compared nor part of a sentence."""

from __future__ import annotations

import random

import pytest

import journeylab as jl
from tests.journey.test_funnel import shop_with

DAY = 24 * 60
END = 60


def channels(seed, *, late=1.0, visitors=1200):
    """Three visitors in ten buy within 13 days; every fourth comes by a channel that opened for the last 20 days.

    Args:
        seed: Of the log.
        late: How many times as often those of the late channel buy.
        visitors: How many there are.
    """
    rng = random.Random(seed)
    log = [("z", END * DAY - 1, "other", "old")]
    for i in range(visitors):
        new = i % 4 == 0
        start = rng.randrange((END - 20) * DAY, END * DAY) if new else rng.randrange(END * DAY)
        name, channel = f"v{i}", "new" if new else "old"
        log.append((name, start, "view", channel))
        at = start + rng.randrange(13 * DAY)
        if rng.random() < 0.3 * (late if new else 1) and at < END * DAY:
            log.append((name, at, "purchase", channel))
    return log


def asked(log, **options):
    return jl.journey.funnel(shop_with(log), steps=["view", "purchase"], by="device", window="14d", **options)


def test_a_channel_that_opened_late_is_not_worse_for_it():
    looks = [asked(channels(seed)).rows.set_index(["group", "position"]).loc[("new", 2)] for seed in range(6)]
    so_far = sum(row["came"] for row in looks) / sum(row["of"] for row in looks)
    over = sum(row["settled_came"] for row in looks) / sum(row["settled_of"] for row in looks)
    assert so_far < 0.25, "of all who came late, few can have bought by now"
    assert over == pytest.approx(0.3, abs=0.04)
    assert sum(row["clear"] for row in looks) <= 1


def test_a_late_channel_that_is_better_is_found_and_by_how_much():
    result = asked(channels(3, late=2.5, visitors=4000))
    row = result.rows.set_index(["group", "position"]).loc[("new", 2)]
    assert row["clear"]
    assert row["difference_lower"] < 0.75 - 0.3 < row["difference_upper"]
    assert " points below the rest at purchase (" in result.headline()


def test_the_sentence_counts_those_whose_time_was_over_and_the_caveat_says_how_many_were_not():
    log = [(f"v{i}", 0, "view", "old") for i in range(40)] + [(f"v{i}", 5, "purchase", "old") for i in range(10)]
    log += [(f"w{i}", 20 * DAY, "view", "old") for i in range(25)] + [("w0", 20 * DAY + 1, "purchase", "old")]
    result = jl.journey.funnel(shop_with(log), steps=["view", "purchase"], window="14d")
    assert result.headline() == (
        "10 of the 40 visitors whose 14 days were over (25.0 %) went from view to purchase; most leave before "
        "purchase, which 25.0 % of 40 reach."
    )
    assert any(said.startswith("25 of the entrants came in the last 14 days") for said in result.caveats)
    row = result.table().iloc[1]
    assert row[["n", "of", "open", "settled_n", "settled_of"]].tolist() == [11, 65, 24, 10, 40]
    money = jl.journey.stake(shop_with(log), steps=["view", "purchase"], window="14d", value=1).rows.iloc[0]
    assert [money["of"] - money["lost"], money["of"]] == [10, 40], "the money is of the same visitors"
    drawn = [row for rows in result.chart("rates").to_dict()["datasets"].values() for row in rows]
    assert {(row["n"], row["of"], row["rate"]) for row in drawn} == {(10, 40, 0.25)}


def test_before_anybodys_time_is_over_the_sentence_says_so_far_and_nobody_is_compared():
    log = [(f"v{i}", i, "view", "old" if i % 2 else "new") for i in range(100)]
    log += [(f"v{i}", i + 1, "purchase", "old") for i in range(1, 100, 2)]
    result = asked(log)
    assert result.headline() == "50 of 100 visitors (50.0 %) went from view to purchase so far."
    assert result.rows["q"].isna().all()
    assert any("choose a longer period or a shorter window" in said for said in result.caveats)
    assert asked(log, order="strict").rows["q"].isna().all()


@pytest.mark.parametrize("options", [{"window": None}, {"window": "30min"}])
def test_where_all_time_is_over_nothing_is_said_twice(options):
    log = [("v", 0, "view", "old"), ("v", 5, "purchase", "old"), ("w", 8, "view", "new")]
    table = jl.journey.funnel(shop_with(log), steps=["view", "purchase"], **options).table()
    assert not [name for name in table.columns if name.startswith("settled")]


def test_limits_of_the_steps_settle_where_there_is_no_window():
    steps = ["view", {"event": "cart", "within": "2d"}, {"event": "purchase", "within": "1d"}]
    log = [(f"v{day}", day * DAY, "view", "old") for day in range(10)]
    rows = jl.journey.funnel(shop_with(log), steps=steps, window=None).rows
    assert rows["settled"].tolist() == [7] * 3
    assert rows["open"].tolist() == [0, 2, 0]
