"""The funnel against published counts, a slow reference in plain Python, and its own rules case by case."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta

import pytest

import journeylab as jl
from journeylab.data.examples import shop_of

START = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)


def shop_with(log):
    """Return a shop whose events are (visitor, minutes from the start, event[, device]) tuples."""
    rows = ", ".join(
        f"('{v}', TIMESTAMP '{START + timedelta(minutes=m)}', '{e}', {repr(d[0]) if d else 'NULL'})"
        for v, m, e, *d in log
    )
    return shop_of(
        {
            "events": f"SELECT visitor_id, moment AS occurred_at, moment::DATE AS day, event, device "
            f"FROM (VALUES {rows}) t(visitor_id, moment, event, device)"
        }
    )


def counts(log, steps, **options):
    return jl.journey.funnel(shop_with(log), steps=steps, **options).table()["n"].tolist()


def reference(log, steps, window_minutes):
    """Try every start of every visitor and walk on greedily: the best depth of any attempt, counted by step."""
    sets = [{s} if isinstance(s, str) else set(s) for s in steps]
    reached = [0] * len(sets)
    for visitor in {row[0] for row in log}:
        mine = [(m, e) for v, m, e in log if v == visitor and any(e in s for s in sets)]
        mine.sort(key=lambda row: (row[0], [row[1] not in s for s in sets]))
        best = 0
        for i, (start, event) in enumerate(mine):
            if event not in sets[0]:
                continue
            depth = 1
            for at, then in mine[i + 1 :]:
                if (
                    depth < len(sets)
                    and then in sets[depth]
                    and (window_minutes is None or at - start <= window_minutes)
                ):
                    depth += 1
            best = max(best, depth)
        for k in range(best):
            reached[k] += 1
    return reached


def test_the_simulated_shop_of_retentioneering_gives_its_published_counts(simple_shop):
    result = jl.journey.funnel(simple_shop, steps=["catalog", "cart", "payment_done"], window=None)
    assert result.table()["n"].tolist() == [3611, 1924, 653]
    assert result.table()["rate"].tolist()[1:] == pytest.approx([0.5328, 0.3394], abs=5e-5)


def test_either_product_will_do_and_the_counts_are_the_published_ones(simple_shop):
    steps = ["catalog", ["product1", "product2"], "cart", "payment_done"]
    assert jl.journey.funnel(simple_shop, steps=steps, window=None).table()["n"].tolist() == [3611, 2010, 1257, 429]


def test_any_entry_may_start_so_a_late_second_visit_still_converts(simple_shop):
    result = jl.journey.funnel(simple_shop, steps=["catalog", "cart", "payment_done"], window="14d")
    assert result.table()["n"].tolist()[-1] == 653


@pytest.mark.parametrize("seed", range(25))
def test_random_logs_agree_with_the_slow_reference(seed):
    rng = random.Random(seed)
    log = [(f"v{rng.randrange(6)}", rng.randrange(40), rng.choice("abcd")) for _ in range(rng.randrange(5, 80))]
    steps = rng.choice([["a", "b"], ["a", "b", "c"], ["a", ["b", "c"], "d"], ["a", "a", "b"], [["a", "b"], ["b", "c"]]])
    window = rng.choice([None, 5, 15])
    if not any(e in (steps[0] if isinstance(steps[0], list) else [steps[0]]) for _, _, e in log):
        pytest.skip("this log has no entrant")
    got = counts(log, steps, window=None if window is None else f"{window}min")
    assert got == reference(log, steps, window)


def test_a_loop_back_to_the_start_gives_a_fresh_attempt():
    assert counts([("v", 0, "a"), ("v", 100, "a"), ("v", 105, "b")], ["a", "b"], window="10min") == [1, 1]


def test_a_conversion_after_the_window_does_not_count():
    assert counts([("v", 0, "a"), ("v", 11, "b")], ["a", "b"], window="10min") == [1, 0]


def test_a_conversion_at_the_very_end_of_the_window_counts():
    assert counts([("v", 0, "a"), ("v", 10, "b")], ["a", "b"], window="10min") == [1, 1]


def test_a_repeated_step_needs_two_events():
    assert counts([("v", 0, "a")], ["a", "a"]) == [1, 0]
    assert counts([("v", 0, "a"), ("v", 0, "a")], ["a", "a"]) == [1, 1]


def test_events_at_the_same_instant_are_taken_in_the_order_of_the_steps():
    assert counts([("v", 0, "b"), ("v", 0, "a")], ["a", "b"]) == [1, 1]


def test_steps_in_the_wrong_order_do_not_count():
    assert counts([("v", 0, "b"), ("v", 5, "a")], ["a", "b"]) == [1, 0]


def test_shuffled_rows_change_nothing():
    rng = random.Random(1)
    log = [(f"v{i % 7}", rng.randrange(50), rng.choice("abc"), rng.choice(["mobile", "desktop"])) for i in range(90)]
    first = jl.journey.funnel(shop_with(log), steps=["a", "b", "c"], by="device").table()
    rng.shuffle(log)
    assert first.equals(jl.journey.funnel(shop_with(log), steps=["a", "b", "c"], by="device").table())


def test_a_funnel_only_narrows_and_its_groups_add_up_to_the_whole():
    rng = random.Random(2)
    log = [(f"v{i % 40}", rng.randrange(500), rng.choice("abc"), rng.choice(["mobile", "tablet"])) for i in range(400)]
    whole = jl.journey.funnel(shop_with(log), steps=["a", "b", "c"]).table()
    split = jl.journey.funnel(shop_with(log), steps=["a", "b", "c"], by="device").table()
    assert whole["n"].is_monotonic_decreasing
    assert split.groupby("position")["n"].sum().tolist() == whole["n"].tolist()


def test_a_visitor_belongs_to_the_device_of_the_first_entry():
    log = [("v", 0, "a", "mobile"), ("v", 5, "a", "desktop"), ("v", 6, "b", "desktop")]
    rows = jl.journey.funnel(shop_with(log), steps=["a", "b"], by="device").table()
    assert rows[["group", "n"]].values.tolist() == [["mobile", 1], ["mobile", 1]]


def test_entrants_with_time_left_at_the_end_of_the_data_are_counted_apart():
    log = [("old", 0, "a"), ("late", 60 * 24 * 20, "a"), ("done", 60 * 24 * 20, "a"), ("done", 60 * 24 * 20 + 5, "b")]
    result = jl.journey.funnel(shop_with(log), steps=["a", "b"], window="7d")
    assert result.open_attempts == 1
    assert "1 of 3 entrants had not finished" in " ".join(result.caveats)


def test_nobody_at_the_first_step_is_said_in_a_sentence():
    with pytest.raises(jl.NotEnoughData, match="No visitor did the first step, x or y"):
        counts([("v", 0, "a")], [["x", "y"], "a"])


@pytest.mark.parametrize("steps", ["ab", ["a"], [], ["a", ""], ["a", []], ["a"] * 21])
def test_steps_that_make_no_funnel_are_refused(steps):
    with pytest.raises(jl.BadParameter):
        counts([("v", 0, "a")], steps)


def test_a_dimension_the_events_lack_is_refused_by_name():
    with pytest.raises(jl.BadParameter, match="country"):
        counts([("v", 0, "a")], ["a", "b"], by="country")


def test_hostile_event_names_are_only_data():
    evil = '"; drop table events; --'
    shop = shop_of(
        {
            "events": "SELECT 'v' AS visitor_id, TIMESTAMP '2026-01-01' AS occurred_at, DATE '2026-01-01' AS day, "
            "unnest(['a', '\"; drop table events; --', '''x''']) AS event"
        }
    )
    assert jl.journey.funnel(shop, steps=["a", evil]).table()["n"].tolist() == [1, 1]
    assert jl.journey.funnel(shop, steps=["a", "'x'"]).table()["n"].tolist() == [1, 1]


def test_every_view_draws_and_the_sentence_names_the_worst_step():
    log = [(f"v{i}", 0, "a", "mobile") for i in range(10)] + [(f"v{i}", 1, "b", "mobile") for i in range(4)]
    for by in (None, "device"):
        result = jl.journey.funnel(shop_with(log), steps=["a", "b"], by=by, window="1h")
        assert result.headline() == (
            "4 of 10 visitors (40.0 %) went from a to b; most leave before b, which 40.0 % of 10 reach."
        )
        for view in result.views:
            assert result.chart(view).to_dict()["$schema"]


def test_the_call_it_carries_makes_the_same_figures_again():
    shop = shop_with([("v", 0, "a"), ("v", 1, "b")])
    result = jl.journey.funnel(shop, steps=["a", ("b", "c")], window=timedelta(days=14))
    scope = {"jl": jl, "shop": shop}
    exec("\n".join(result.call.lines()), scope)
    assert scope["funnel"].table().equals(result.table())
    assert "window=" in result.call.python()


def test_the_worked_examples_of_the_method_page_hold():
    ab, loose = ["a", "b"], ["a", {"event": "b", "optional": True}, "c"]
    late = ["a", "b", {"event": "c", "within": "7min"}]
    for events, steps, options, expected in [
        ("b0 a5", ab, {"order": "any"}, [1, 1]),
        ("a0 x1 b2", ab, {"order": "strict"}, [1, 0]),
        ("a0 x1 b2", ab, {"exclude": ["x"]}, [1, 0]),
        ("a0 x1 a2 b3", ab, {"exclude": ["x"]}, [1, 1]),
        ("a0 x2 b2", ab, {"exclude": ["x"]}, [1, 1]),
        ("a0 c1", loose, {}, [1, 0, 1]),
        ("a0 c1 b2", loose, {}, [1, 1, 1]),
        ("b5", ab, {"entry": "open"}, [0, 1]),
        ("a0 b6 c12", late, {}, [1, 1, 0]),
    ]:
        log = [("v", int(word[1:]), word[0]) for word in events.split()]
        assert counts(log, steps, window="10min", **options) == expected, (events, options)


def test_twelve_steps_and_more_are_no_trouble():
    names = [f"s{i}" for i in range(15)]
    assert counts([("v", i, name) for i, name in enumerate(names)], names) == [1] * 15


def test_a_step_may_ask_for_a_device_and_an_unknown_one_does_not_fit():
    log = [
        ("v", 0, "a", "mobile"),
        ("v", 1, "b", "desktop"),
        ("w", 0, "a", "mobile"),
        ("w", 1, "b", "mobile"),
        ("u", 0, "a"),
    ]
    assert counts(log, [{"event": "a", "device": "mobile"}, {"event": "b", "device": ["mobile"]}]) == [2, 1]


@pytest.mark.parametrize(
    "steps",
    [
        [{"event": "a", "optional": True}, "b"],
        ["a", {"event": "b", "optional": True}],
        [{"event": "a", "within": "1h"}, "b"],
        ["a", {"event": "b", "colour": "red"}],
        ["a", {"event": "b", "page": "/x"}],
        ["a", {"optional": True}, "b"],
    ],
)
def test_steps_that_say_nothing_sensible_are_refused(steps):
    with pytest.raises(jl.BadParameter):
        counts([("v", 0, "a")], steps)


def test_a_session_is_a_unit_of_its_own():
    log = [("v", 0, "a"), ("v", 100, "b"), ("v", 101, "a"), ("v", 102, "b")]
    assert counts(log, ["a", "b"], unit="session", gap="30min") == [2, 1]
    assert counts(log, ["a", "b"], unit="session", gap="2h") == [1, 1]


def test_those_at_a_step_came_on_are_open_or_are_lost():
    rng = random.Random(5)
    log = [(f"v{rng.randrange(80)}", rng.randrange(60 * 24 * 20), rng.choice("abcd")) for _ in range(600)]
    for options in ({}, {"order": "any"}, {"order": "strict"}, {"entry": "open"}):
        rows = jl.journey.funnel(shop_with(log), steps=["a", "b", "c"], window="7d", **options).table()
        assert (rows["of"] == rows["came"] + rows["open"] + rows["lost"]).all()
        assert (rows["lost"] >= 0).all()
        assert rows["open"].sum() > 0


def test_the_corrected_rate_is_the_plain_one_where_nothing_is_open():
    log = (
        [(f"v{i}", i % 7, "a") for i in range(50)]
        + [(f"v{i}", 30 + i, "b") for i in range(20)]
        + [("z", 60 * 24 * 30, "c")]
    )
    rows = jl.journey.funnel(shop_with(log), steps=["a", "b"], window="7d", correct_open=True).table()
    assert rows["corrected"].iloc[1] == pytest.approx(20 / 50)
    assert rows["corrected_lower"].iloc[1] == pytest.approx(rows["lower"].iloc[1])


def test_the_corrected_rate_finds_the_rate_that_open_windows_hide():
    rng = random.Random(1)
    log = []
    for i in range(3000):
        start = rng.randrange(60 * 24 * 20)
        log.append((f"v{i}", start, "a"))
        wait = rng.randrange(60 * 24 * 10)
        if rng.random() < 0.5 and start + wait < 60 * 24 * 20:
            log.append((f"v{i}", start + wait, "b"))
    row = jl.journey.funnel(shop_with(log), steps=["a", "b"], window="10d", correct_open=True).table().iloc[1]
    assert row["upper"] < 0.45
    assert row["corrected_lower"] < 0.5 < row["corrected_upper"]


def test_what_nobody_was_followed_long_enough_to_see_is_not_corrected_but_bounded():
    rng, log = random.Random(1), []
    for i in range(2000):
        start = rng.randrange(60 * 24 * 22, 60 * 24 * 30)
        log.append((f"v{i}", start, "a"))
        wait = rng.randrange(60 * 24 * 9)
        if rng.random() < 0.6 and start + wait < 60 * 24 * 30:
            log.append((f"v{i}", start + wait, "b"))
    log.append(("z", 60 * 24 * 30 - 1, "c"))
    result = jl.journey.funnel(shop_with(log), steps=["a", "b"], window="14d", correct_open=True)
    row = result.table().iloc[1]
    assert math.isnan(row["corrected"])
    assert row["came"] / row["of"] < row["corrected_lower"] < 0.6 < row["corrected_upper"] == 1
    assert any("so nobody has seen how many come on late" in said for said in result.caveats)


def test_time_to_convert_is_that_of_the_fastest_attempt():
    log = [("v", 0, "a"), ("v", 50, "a"), ("v", 60, "b"), ("w", 0, "a"), ("w", 30, "b"), ("u", 0, "a"), ("u", 20, "b")]
    result = jl.journey.funnel(shop_with(log), steps=["a", "b"])
    assert result.times[["n", "q1", "q2", "q3"]].values.tolist() == [[3, 900, 1200, 1500]]
    assert result.histogram["n"].sum() == 3
    assert ((result.histogram["from_seconds"] <= 1800) & (result.histogram["to_seconds"] > 600)).all()


def test_the_trend_adds_up_to_the_funnel_and_open_times_are_partial():
    log = [(f"v{i}", 60 * 24 * i, "a") for i in range(30)] + [(f"v{i}", 60 * 24 * i + 5, "b") for i in range(15)]
    result = jl.journey.funnel(shop_with(log), steps=["a", "b"], window="3d")
    assert [result.trend["of"].sum(), result.trend["n"].sum()] == result.table()["n"].tolist()
    assert result.trend["partial"].tolist() == [False] * 27 + [True] * 3


def test_the_period_before_stands_beside_with_the_change():
    log = [(f"v{i}", 60 * i, "a") for i in range(480)] + [
        (f"v{i}", 60 * i + 1, "b") for i in range(480) if i % (3 if i < 240 else 2) == 0
    ]
    shop = shop_with(log).between("2026-01-11", "2026-01-20")
    row = jl.journey.funnel(shop, steps=["a", "b"], previous=True).table().iloc[1]
    assert (row["n_before"], row["of_before"]) == (80, 240)
    assert row["change"] == pytest.approx(1 / 2 - 1 / 3)
    assert row["change_lower"] > 0


def test_a_group_that_differs_is_named_and_small_cells_are_not_compared():
    log = []
    for i in range(600):
        device = "tablet" if i < 10 else ("mobile" if i % 2 else "desktop")
        log.append((f"v{i}", i, "a", device))
        if device == "tablet" or i % 10 < (2 if device == "mobile" else 7):
            log.append((f"v{i}", i + 1, "b", device))
    result = jl.journey.funnel(shop_with(log), steps=["a", "b"], by="device", window="1h")
    rows = result.table().set_index(["group", "position"])
    assert rows.loc[("tablet", 2), "small"]
    assert not rows.loc[("tablet", 2), "clear"]
    assert rows["q"].isna()["tablet"].all()
    assert rows.loc[("mobile", 2), "clear"]
    assert rows.loc[("mobile", 2), "difference_upper"] < 0
    assert "tablet" not in result.headline()
    two = jl.journey.funnel(shop_with(log), steps=["a", "b"], by="device", groups=["mobile", "desktop"], window="1h")
    assert set(two.table()["group"]) == {"mobile", "desktop"}
    assert two.whole["n"].iloc[0] == 590


def test_a_likely_funnel_comes_from_the_data():
    log = [("v", 0, "landing"), ("v", 5, "browse"), ("v", 9, "order"), ("w", 0, "landing"), ("w", 5, "browse")]
    assert jl.journey.funnel(shop_with(log)).steps == ("landing", "browse", "order")
    assert jl.journey.funnel(shop_with([("v", 0, "cart"), ("v", 1, "view"), ("v", 2, "z")])).steps == ("view", "cart")


def test_events_without_name_visitor_or_time_do_not_disturb():
    shop = shop_of(
        {
            "events": """SELECT visitor_id, moment::TIMESTAMP AS occurred_at, DATE '2026-01-01' AS day, event
            FROM (VALUES ('v', '2026-01-01 10:00', 'a'), ('v', '2026-01-01 10:01', NULL),
                         ('v', '2026-01-01 10:02', 'b'),
                         (NULL, '2026-01-01 10:00', 'a'), ('w', NULL, 'a')) t(visitor_id, moment, event)"""
        }
    )
    for order in ("ordered", "strict", "any"):
        assert jl.journey.funnel(shop, steps=["a", "b"], order=order).table()["n"].tolist() == [1, 1]


@pytest.mark.slow
def test_a_million_event_names_are_only_names():
    shop = shop_of(
        {
            "events": """SELECT 'v' || (i % 1000) AS visitor_id, TIMESTAMP '2026-01-01' + to_seconds(i) AS occurred_at,
            DATE '2026-01-01' AS day, 'e' || i AS event FROM range(1000000) t(i)"""
        }
    )
    assert jl.journey.funnel(shop, steps=["e5", "e1005"]).table()["n"].tolist() == [1, 1]
    assert len(jl.journey.funnel(shop).steps) == 4
