"""The end of the data: which attempts still have time when it comes, and which visitors had the whole of theirs."""

from __future__ import annotations

from datetime import date, timedelta
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Any

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from journeylab.journey.attempts import Rules

_EPOCH = date(1970, 1, 1)


def microseconds(length: timedelta | None) -> int | None:
    """Return a length of time in microseconds."""
    return None if length is None else round(length.total_seconds() * 1e6)


def moment(end: date) -> ir.IntegerScalar:
    """Return the end of a day in microseconds since 1970."""
    return ibis.literal(((end - _EPOCH).days + 1) * 86_400_000_000, "int64")


def spans(rules: Rules) -> list[timedelta]:
    """Return the lengths of time that add up to the longest an attempt may take; none if it may take any time."""
    return [rules.window] if rules.window is not None else [step.within for step in rules.steps if step.within]


def settled(people: ir.Table, rules: Rules) -> Any:
    """Say of each visitor whether the whole time from the first entry lies in the data.

    Of the others only those who were quick are seen to come on, so a share among them would be too small, and a share
    without those who still have time too large.
    """
    lengths = [microseconds(length) for length in spans(rules)]
    if rules.end is None or not lengths:
        return ibis.literal(value=True)
    return people["first"] < reduce(lambda at, length: at - length, lengths, moment(rules.end))


def needed(rules: Rules) -> timedelta | None:
    """Return the time from a first entry to the end of the data that settles a visitor; None if all are settled.

    >>> from journeylab.journey.attempts import Rules
    >>> from journeylab.journey.steps import read
    >>> needed(Rules(steps=read(["a", "b"], []), window=timedelta(days=14), end=date(2026, 6, 30)))
    datetime.timedelta(days=14)
    """
    lengths = spans(rules)
    return None if rules.end is None or not lengths else reduce(lambda one, other: one + other, lengths)


def last(people: ir.Table, k: int, rules: Rules) -> Any:
    """Return when the step before k was last done."""
    name = "latest" if rules.entry == "open" and rules.order != "any" else "last"
    times = [people[f"{name}_{p}"] for p in rules.before(k)]
    return ibis.greatest(*times) if len(times) > 1 else times[0]


def alive(people: ir.Table, k: int, rules: Rules) -> Any:
    """Say whether an attempt that waits for step k still has time when the data ends."""
    limit, window = rules.limit(k), microseconds(rules.window)
    if rules.end is None or (limit is None and window is None):
        return ibis.literal(value=False)
    end = moment(rules.end)
    if rules.order == "any":
        steps = rules.before(k) if rules.entry == "open" else range(1, rules.count + 1)
        latest = ibis.greatest(*(people[f"last_{j}"] for j in steps), ibis.literal(-1, "int64"))
        tests = [latest >= end - (limit if window is None else window)]
    else:
        starts = [people[f"latest_{p}"] for p in rules.before(k)]
        tests = [] if window is None else [reduce(or_, (s.fill_null(-1) >= end - window for s in starts))]
        latest = last(people, k, rules) if rules.needs_last else None
        if limit is not None and latest is not None:
            tests.append(latest.fill_null(-1) >= end - limit)
        if rules.order == "strict":
            tests.append(latest == people.final)
    if rules.exclude:
        tests.append(people["out"].isnull() | (people["out"] <= latest))
    return reduce(and_, tests).fill_null(False)
