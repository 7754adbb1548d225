"""Funnels of one shape share a statement, and those of another never do."""

from __future__ import annotations

import random
from datetime import timedelta

import ibis
import pytest

import journeylab as jl
from journeylab.data.dataset import Dataset
from journeylab.data.engine import ConnectedEngine
from journeylab.journey import shape
from journeylab.journey.attempts import ENTRIES, ORDERS, Rules
from journeylab.journey.steps import read
from tests.journey.test_funnel import shop_with


@pytest.fixture(scope="module")
def log():
    rng = random.Random(3)
    return [
        (f"v{rng.randrange(40)}", rng.randrange(600), rng.choice("abcde"), rng.choice(["mobile", "desktop"]))
        for _ in range(500)
    ]


@pytest.fixture(scope="module")
def shop(log):
    return shop_with(log)


@pytest.fixture(scope="module")
def fresh(shop):
    """Return the same shop on a connection that keeps no statement."""
    rows = shop.engine.run(shop.table("events"))
    engine = ConnectedEngine(ibis.duckdb.connect())
    engine.backend.create_table("events", rows)
    return Dataset(engine, {"events": engine.backend.table("events")}, observed=shop.observed)


def plan(rng):
    steps = [rng.choice(["a", "b", "c", "it's", ["a", "d"], {"event": "e", "device": "mobile"}]) for _ in range(3)]
    if rng.random() < 0.4:
        steps.insert(1, {"event": rng.choice("abc"), "optional": True})
    options = {"order": rng.choice(ORDERS), "entry": rng.choice(ENTRIES), "window": rng.choice([None, "20min", "3h"])}
    if options["order"] != "any" and rng.random() < 0.4:
        steps[-1] = {"event": rng.choice("cde"), "within": rng.choice(["20min", "45min"])}
    if rng.random() < 0.4:
        options["exclude"] = [rng.choice("de")]
    return {"steps": ["abc"[rng.randrange(3)], *steps], "by": rng.choice([None, "device"]), **options}


@pytest.mark.parametrize("seed", range(4))
def test_funnels_asked_one_after_another_give_what_each_gives_alone(shop, fresh, seed):
    rng = random.Random(seed)
    for _ in range(6):
        asked = plan(rng)
        one, other = jl.journey.funnel(shop, **asked), jl.journey.funnel(fresh, **asked)
        assert one.rows.equals(other.rows)
        assert one.times.equals(other.times)
        assert one.trend.equals(other.trend)


def test_a_moved_window_and_renamed_steps_are_the_same_shape(shop):
    kept = shop.engine._statements._kept
    jl.journey.funnel(shop, steps=["a", "b", "c", "d"], window="1h")
    before = len(kept)
    assert jl.journey.funnel(shop, steps=["e", "b", "d", "a"], window="2h").steps == ("e", "b", "d", "a")
    assert len(kept) == before
    jl.journey.funnel(shop, steps=["a", "b", "a", "d"], window="1h")  # an event that comes twice is another shape
    jl.journey.funnel(shop, steps=["a", "b", "c", "d"], window=None)
    jl.journey.funnel(shop.between("2026-01-01", "2026-01-01"), steps=["a", "b", "c", "d"], window="1h")
    assert len(kept) == before + 3


def test_limits_keep_their_order_and_their_equality():
    steps = read(["a", {"event": "b", "within": "1h"}, {"event": "c", "within": "1d"}], ["event"])
    rules = Rules(steps=steps, window=timedelta(hours=1))
    texts, lengths = shape.values(rules)
    assert (texts, lengths) == (("a", "b", "c"), (timedelta(hours=1), timedelta(days=1)))
    moved = shape.holding(rules, dict(zip(texts, "xyz", strict=True)), {length: 2 * length for length in lengths})
    assert moved.window == moved.steps[1].within == timedelta(hours=2)
    assert [step.words for step in moved.steps] == ["x", "y", "z"]
