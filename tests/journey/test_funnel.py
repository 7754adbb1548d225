"""The funnel against published counts, a slow reference in plain Python, and its own rules case by case."""

from __future__ import annotations

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
        result = jl.journey.funnel(shop_with(log), steps=["a", "b"], by=by)
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
