"""Every option of the funnel, alone and combined, visitor by visitor against trying everything."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pandas as pd
import pytest

from journeylab.data.examples import shop_of
from journeylab.journey.attempts import Rules, visitors
from journeylab.journey.steps import Step
from tests.journey.slow_funnel import Plan, judge, settled, sources, still_open

START = datetime(2026, 1, 1)
LENGTH = 40
END = START + timedelta(days=1)


def logs(rng, visitors=40):
    """Events in the last forty minutes of a day, many at the same minute."""
    return {
        f"v{i}": [(rng.randrange(LENGTH), rng.choice("abcdex")) for _ in range(rng.randrange(1, 9))]
        for i in range(visitors)
    }


def shop_with(by_visitor, rng):
    first = END - timedelta(minutes=LENGTH)
    rows = [
        f"('{v}', TIMESTAMP '{first + timedelta(minutes=m)}', '{e}')" for v, log in by_visitor.items() for m, e in log
    ]
    rng.shuffle(rows)
    return shop_of(
        {
            "events": "SELECT visitor_id, visitor_id AS who, moment AS occurred_at, moment::DATE AS day, event "
            f"FROM (VALUES {', '.join(rows)}) t(visitor_id, moment, event)"
        }
    )


def random_plan(rng, order, entry):
    size = rng.randrange(2, 5)
    steps = tuple(frozenset(rng.sample("abcde", rng.choice([1, 1, 1, 2]))) for _ in range(size))
    middle = range(1, size - 1)
    within = tuple(rng.choice([None, None, 3, 8]) if k and order != "any" else None for k in range(size))
    return Plan(
        steps=steps,
        optional=frozenset(k for k in middle if rng.random() < 0.4),
        within=within,
        window=rng.choice([None, 5, 12, 30]),
        order=order,
        entry=entry,
        exclude=frozenset(rng.choice(["", "x", "xe"])),
        end=LENGTH,
    )


def rules_of(plan):
    minutes = [None if w is None else timedelta(minutes=w) for w in plan.within]
    return Rules(
        steps=tuple(
            Step(tuple(sorted(names)), optional=k in plan.optional, within=minutes[k])
            for k, names in enumerate(plan.steps)
        ),
        order=plan.order,
        entry=plan.entry,
        window=None if plan.window is None else timedelta(minutes=plan.window),
        exclude=(Step(tuple(sorted(plan.exclude))),) if plan.exclude else (),
        splits=("who",),
        end=START.date(),
    )


@pytest.mark.parametrize("entry", ["closed", "open"])
@pytest.mark.parametrize("order", ["ordered", "strict", "any"])
@pytest.mark.parametrize("seed", range(5))
def test_every_visitor_is_judged_as_by_trying_everything(order, entry, seed):
    rng = random.Random(f"{order} {entry} {seed}")
    by_visitor = logs(rng)
    shop = shop_with(by_visitor, rng)
    for _ in range(2):
        plan = random_plan(rng, order, entry)
        got = shop.run(visitors(shop.table("events"), rules_of(plan))).set_index("who")
        size = len(plan.steps)
        for who, log in by_visitor.items():
            reached, came, took, chance = judge(log, plan)
            entered = reached[0] if entry == "closed" else any(reached)
            assert (who in got.index) == entered, (who, log, plan)
            if not entered:
                continue
            row = got.loc[who]
            assert [row[f"reached_{k}"] for k in range(1, size + 1)] == reached, (log, plan)
            assert [row[f"came_{k}"] for k in range(1, size + 1)] == came, (log, plan)
            assert (None if pd.isna(row["took"]) else row["took"] / 6e7) == took, (log, plan)
            assert row["settled"] == settled(log, plan), (log, plan)
            tried = [any(reached[p] for p in sources(k, plan)) for k in range(1, size)]
            assert [row[f"tried_{k}"] for k in range(2, size + 1)] == tried, (log, plan)
            if chance is not None:
                assert row["open"] == chance, (log, plan)
            if (order, entry) == ("ordered", "open"):
                waits = zip(tried, came[1:], still_open(log, plan), strict=True)
                waiting = [there and not done and alive for there, done, alive in waits]
                assert [row[f"open_{k}"] for k in range(2, size + 1)] == waiting, (log, plan)
                assert row["open"] == any(waiting), (log, plan)
