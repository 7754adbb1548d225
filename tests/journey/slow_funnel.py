"""The funnel by trying everything: slow, obvious, and written without looking at the engine's expression."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product


@dataclass(frozen=True)
class Plan:
    """A funnel over events that are (minute, name): step names, which may be left out, limits in minutes."""

    steps: tuple[frozenset[str], ...]
    optional: frozenset[int] = frozenset()
    within: tuple[int | None, ...] = ()
    window: int | None = None
    order: str = "ordered"
    entry: str = "closed"
    exclude: frozenset[str] = frozenset()
    end: int = 10**9

    def limit(self, k):
        return self.within[k] if self.within else None


def judge(log, plan):
    """Return, for one visitor: reached by step, came by step, fastest completion, whether an attempt is still open."""
    size = len(plan.steps)
    named = [(m, e) for m, e in log if plan.order == "strict" or any(e in s for s in plan.steps) or e in plan.exclude]
    events = sorted(named, key=lambda row: (row[0], [row[1] not in s for s in plan.steps]))
    out = [m for m, e in events if e in plan.exclude and not any(e in s for s in plan.steps)]
    if plan.order == "any":
        return _any(events, out, plan, size)
    return (_open if plan.entry == "open" else _closed)(events, out, plan, size)


def sources(k, plan):
    """The steps from which one may come to step k (from 0)."""
    found = [k - 1]
    while found[-1] in plan.optional:
        found.append(found[-1] - 1)
    return found


def _follows(i, j, k, events, out, plan):
    """Whether event j may be step k after event i."""
    a, b = events[i][0], events[j][0]
    if not (i < j and events[j][1] in plan.steps[k]) or any(a < x < b for x in out):
        return False
    if plan.order == "strict" and j != i + 1:
        return False
    return plan.limit(k) is None or b - a <= plan.limit(k)


def _closed(events, out, plan, size):
    reached, took, chance = [False] * size, None, False

    def go(first, at, k):
        nonlocal took, chance
        reached[k] = True
        if k == size - 1:
            span = events[at][0] - events[first][0]
            took = span if took is None else min(took, span)
        for then in range(k + 1, size):
            if k in sources(then, plan):
                chance |= _waits(first, at, then, events, out, plan)
                for j in range(at + 1, len(events)):
                    in_time = plan.window is None or events[j][0] - events[first][0] <= plan.window
                    if in_time and _follows(at, j, then, events, out, plan):
                        go(first, j, then)

    for i, (_m, name) in enumerate(events):
        if name in plan.steps[0]:
            go(i, i, 0)
    return reached, reached, took, chance and not reached[-1]


def _waits(first, at, then, events, out, plan):
    if plan.window is None and plan.limit(then) is None:
        return False
    if plan.window is not None and events[first][0] + plan.window < plan.end:
        return False
    if plan.limit(then) is not None and events[at][0] + plan.limit(then) < plan.end:
        return False
    if any(x > events[at][0] for x in out):
        return False
    return plan.order != "strict" or events[-1][0] == events[at][0]


def _open(events, out, plan, size):
    reached = [any(name in step for _m, name in events) for step in plan.steps]
    came = [reached[0]]
    for k in range(1, size):
        came.append(  # noqa: PERF401 - plain to read
            any(
                events[i][1] in plan.steps[p]
                and _follows(i, j, k, events, out, plan)
                and (plan.window is None or events[j][0] - events[i][0] <= plan.window)
                for p in sources(k, plan)
                for i in range(len(events))
                for j in range(len(events))
            )
        )
    return reached, came, None, None


def _any(events, out, plan, size):
    times = [[m for m, name in events if name in step] for step in plan.steps]
    reached, came, took = [bool(times[0])], [bool(times[0])], None
    for k in range(1, size):
        if plan.entry == "open":
            sets = [[p, k] for p in sources(k, plan)]
        else:
            sets = [[j for j in range(k) if j not in plan.optional] + [k]]
        spans = []
        for members in sets:
            for chosen in product(*(times[j] for j in members)):
                a, b = min(chosen), max(chosen)
                if (plan.window is None or b - a <= plan.window) and not any(a < x < b for x in out):
                    spans.append(b - a)
        came.append(bool(spans))
        reached.append(bool(times[k]) if plan.entry == "open" else bool(spans))
        if k == size - 1 and plan.entry == "closed":
            took = min(spans, default=None)
    return reached, came, took, None


def settled(log, plan):
    """Whether the whole time from the first entry lies in the data: the window, else the sum of the steps' limits."""
    entries = [
        m for m, name in log if any(name in step for step in plan.steps[: 1 if plan.entry == "closed" else None])
    ]
    limits = [plan.window] if plan.window is not None else [limit for limit in plan.within if limit is not None]
    return not limits or min(entries) + sum(limits) < plan.end


def still_open(log, plan):
    """Which steps of an open funnel in order, from the second on, one may still come to: done before, late enough."""
    out = [m for m, e in log if e in plan.exclude and not any(e in step for step in plan.steps)]
    waiting = []
    for k in range(1, len(plan.steps)):
        limits = [limit for limit in (plan.window, plan.limit(k)) if limit is not None]
        before = [m for m, e in log if any(e in plan.steps[p] for p in sources(k, plan))]
        last = max(before, default=None)
        alive = bool(limits) and last is not None and last + min(limits) >= plan.end
        waiting.append(alive and not any(x > last for x in out))
    return waiting
