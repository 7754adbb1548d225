"""The engine's part of the funnel: from a log of events to a row a visitor with what the best attempt reached.

Every event carries, for each step it fits, the latest possible start of an attempt that ends there: one running
maximum a step over one order. Later starts never lose to earlier ones, so the latest decides; and the event that
carries it is also the latest event of its step, so limits since the step before and excluded events are checked
against the same attempt. Semantics and proof: docs/methods/funnel.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Any

import ibis
from ibis import _

from journeylab.journey import closing
from journeylab.journey.closing import microseconds
from journeylab.journey.steps import any_fits

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, timedelta

    import ibis.expr.types as ir

    from journeylab.journey.steps import Step

ORDERS = ("ordered", "strict", "any")
ENTRIES = ("closed", "open")
_EPOCH = "1970-01-01"


@dataclass(frozen=True)
class Rules:
    """How attempts are read from a log.

    Args:
        steps: The steps in order.
        order: 'ordered' (others may lie between), 'strict' (none may), or 'any'.
        entry: 'closed' (all start at step 1) or 'open' (anyone may come in at any step).
        window: Longest time of an attempt; None for no limit.
        exclude: Events that end an attempt if they lie between two of its steps.
        keys: Columns that name whose attempts these are.
        splits: Columns to split by, taken at the first entry.
        end: Last day of the data; None if not known.
        spans: Whether the time from step to step is wanted.
        only: Values of the first split that are wanted; all if empty.
        named: Whether the keys are wanted in the rows.
        value: Column of events whose mean at the last step is wanted; None for none.
    """

    steps: tuple[Step, ...]
    order: str = "ordered"
    entry: str = "closed"
    window: timedelta | None = None
    exclude: tuple[Step, ...] = ()
    keys: tuple[str, ...] = ("visitor_id",)
    splits: tuple[str, ...] = ()
    end: date | None = None
    spans: bool = False
    only: tuple[str, ...] = ()
    named: bool = False
    value: str | None = None

    @property
    def count(self) -> int:
        """The number of steps."""
        return len(self.steps)

    def before(self, k: int) -> list[int]:
        """Return the steps an attempt may come from to step k: the one before, and past optional ones."""
        found = [k - 1]
        while self.steps[found[-1] - 1].optional:
            found.append(found[-1] - 1)
        return found

    def required(self, k: int) -> int:
        """Return the last step before k that cannot be left out."""
        return self.before(k)[-1]

    def limit(self, k: int) -> int | None:
        """Return the longest time from the step before to step k, in microseconds."""
        own = microseconds(self.steps[k - 1].within)
        whole = microseconds(self.window) if self.entry == "open" else None
        return min((x for x in (own, whole) if x is not None), default=None)

    @property
    def needs_last(self) -> bool:
        """Whether the time of the step before matters, beside the time of the start."""
        own = any(step.within for step in self.steps)
        return own or bool(self.exclude) or self.spans or self.order == "strict" or self.entry == "open"


def visitors(events: ir.Table, rules: Rules) -> ir.Table:
    """Return a row a visitor (or session) who entered.

    Columns: entrants (1); the splits; open (not finished, and still has time); settled (the whole time from the first
    entry lies in the data); day (of the first entry); took
    (microseconds of the fastest completed attempt); for each step reached_k and came_k (came on from a step before);
    from step 2 tried_k (reached a step before) and open_k (tried, did not come on, and still has time). With `spans`
    also span_k and wait_k (microseconds since the last event of the step before, if open).
    """
    log = _log(events, rules)
    log = {"ordered": _chained, "strict": _chained, "any": _gathered}[rules.order](log, rules)
    people = log.group_by(list(rules.keys)).agg(**_sums(rules))
    entered = [people[f"latest_{k}"].notnull() for k in _entries(rules)]
    people = people.filter(reduce(or_, entered))
    if rules.only:
        people = people.filter(people[rules.splits[0]].isin(rules.only))
    return _judged(people, rules)


def _log(events: ir.Table, rules: Rules) -> ir.Table:
    """Keep the events that matter, each with its time, its flags and its place in a tie."""
    log = events.filter(events.visitor_id.notnull(), events.occurred_at.notnull())
    if rules.order == "strict":
        log = log.filter(log.event.notnull())
    else:
        log = log.filter(any_fits([*rules.steps, *rules.exclude], log))
    flags = {f"is_{k}": step.fits(log) for k, step in enumerate(rules.steps, start=1)}
    columns: dict[str, Any] = {key: log[key] for key in rules.keys}
    columns |= {name: log[name] for name in rules.splits}
    columns |= {"day": log.day, "at": log.occurred_at.delta(ibis.timestamp(_EPOCH), unit="microsecond")}
    if rules.value:
        columns["value"] = log[rules.value].cast("float64")
    # lexicographic: events at one instant are taken in the order of the steps, others last
    rank = reduce(
        lambda a, b: a + b,
        (ibis.ifelse(flag, 2 ** (rules.count - k), 0) for k, flag in enumerate(flags.values(), start=1)),
    )
    columns |= flags | {"rank": rank.cast("int64")}
    if rules.exclude:
        columns["is_out"] = any_fits(rules.exclude, log) & ~reduce(or_, flags.values())
    return log.select(**columns)


def _window(rules: Rules, *, inclusive: bool) -> Any:
    return ibis.window(
        group_by=list(rules.keys), order_by=[_.at, _["rank"].desc()], preceding=(None, 0 if inclusive else 1)
    )


def _first_entry(log: ir.Table, rules: Rules) -> dict[str, Any]:
    """Return the splits at the first entry, unknown elsewhere; entries at one instant agree on the least value."""
    if not rules.splits:
        return {}
    is_entry = reduce(or_, (log[f"is_{k}"] for k in _entries(rules)))
    first = ibis.ifelse(is_entry, log.at, ibis.null("int64")).min().over(_window(rules, inclusive=True))
    return {name: ibis.ifelse(is_entry & (log.at == first), log[name], ibis.null("string")) for name in rules.splits}


def _chained(log: ir.Table, rules: Rules) -> ir.Table:
    """Add start_k, last_k (the time of the event, if an attempt ends there) and came_k for steps in order."""
    strict, is_open = rules.order == "strict", rules.entry == "open"
    over = _window(rules, inclusive=False)
    row = ibis.window(group_by=list(rules.keys), order_by=[_.at, _["rank"].desc()])

    def carried(column: Any) -> Any:
        return column.lag().over(row) if strict else column.max().over(over)

    nothing = ibis.null("int64")
    added = _first_entry(log, rules)
    if rules.exclude:
        added["out"] = ibis.ifelse(log.is_out, log.at, nothing).max().over(over)
    added["start_1"] = ibis.ifelse(log.is_1, log.at, nothing)
    if is_open:
        added |= {f"start_{k}": ibis.ifelse(log[f"is_{k}"], log.at, nothing) for k in range(2, rules.count + 1)}
    log = log.mutate(**added)
    for k in range(2, rules.count + 1):
        starts = [log[f"start_{p}"] for p in rules.before(k)]
        best = ibis.greatest(*starts) if len(starts) > 1 else starts[0]
        start = carried(best)
        last = carried(ibis.ifelse(best.notnull(), log.at, nothing)) if rules.needs_last and not is_open else start
        log = log.mutate(**_coming(log, k, start, last, rules))
    return log


def _coming(log: ir.Table, k: int, start: Any, last: Any, rules: Rules) -> dict[str, Any]:
    """Say which events come on to step k, and what they carry."""
    nothing = ibis.null("int64")
    tests = [log[f"is_{k}"]]
    if rules.window is not None:
        tests.append(log.at - start <= microseconds(rules.window))
    if rules.limit(k) is not None:
        tests.append(log.at - last <= rules.limit(k))
    if rules.exclude:
        tests.append(log.out.isnull() | (log.out <= last))
    comes = reduce(and_, tests)
    made: dict[str, Any] = {}
    if rules.entry == "closed":
        made[f"start_{k}"] = ibis.ifelse(comes, start, nothing)
    else:
        made[f"came_{k}"] = (comes & start.notnull()).fill_null(False)
    if rules.spans:
        made[f"step_{k}"] = ibis.ifelse(comes, log.at - last, nothing)
    return made


def _gathered(log: ir.Table, rules: Rules) -> ir.Table:
    """Add start_k and came_k for steps in any order: all of them within one span of time."""
    nothing = ibis.null("int64")
    upto, over = _window(rules, inclusive=True), _window(rules, inclusive=False)
    added = _first_entry(log, rules)
    if rules.exclude:
        added["out"] = ibis.ifelse(log.is_out, log.at, nothing).max().over(over)
    added |= {
        f"seen_{k}": ibis.ifelse(log[f"is_{k}"], log.at, nothing).max().over(upto) for k in range(1, rules.count + 1)
    }
    log = log.mutate(**added, is_step=reduce(or_, (log[f"is_{k}"] for k in range(1, rules.count + 1))))
    made: dict[str, Any] = {"start_1": ibis.ifelse(_.is_1, _.at, nothing)}
    for k in range(2, rules.count + 1):
        if rules.entry == "open":
            made[f"start_{k}"] = ibis.ifelse(_[f"is_{k}"], _.at, nothing)
            sets = [[p, k] for p in rules.before(k)]
        else:
            sets = [[j for j in range(1, k) if not rules.steps[j - 1].optional] + [k]]
        begins = [ibis.least(*(_[f"seen_{j}"] for j in members)) for members in sets]
        tests = [_met(begin, members, rules) for begin, members in zip(begins, sets, strict=True)]
        made[f"came_{k}"] = reduce(or_, tests).fill_null(False)
        if rules.entry == "closed":
            made[f"start_{k}"] = ibis.ifelse(made[f"came_{k}"], begins[0], nothing)
        if rules.spans:
            since = ibis.greatest(*(_[f"seen_{p}"] for p in rules.before(k)), ibis.literal(-1, "int64"))
            made[f"step_{k}"] = ibis.ifelse(made[f"came_{k}"], _.at - since, nothing)
    return log.mutate(**made)


def _met(begin: Any, members: Sequence[int], rules: Rules) -> Any:
    """Say whether every one of the steps was seen, the last now, in time and with nothing excluded between."""
    test = reduce(and_, (_[f"seen_{j}"].notnull() for j in members))
    test &= reduce(or_, (_[f"is_{j}"] for j in members))
    if rules.window is not None:
        test &= _.at - begin <= microseconds(rules.window)
    if rules.exclude:
        test &= _.out.isnull() | (_.out <= begin)
    return test


def _entries(rules: Rules) -> range:
    return range(1, 2) if rules.entry == "closed" else range(1, rules.count + 1)


def _sums(rules: Rules) -> dict[str, Any]:
    """What is kept of a visitor."""
    nothing = ibis.null("int64")
    steps = range(1, rules.count + 1)
    is_entry = reduce(or_, (_[f"is_{k}"] for k in _entries(rules)))
    sums: dict[str, Any] = {name: _[name].min() for name in rules.splits}
    sums["day"] = ibis.ifelse(is_entry, _.day, ibis.null("date")).min()
    sums["first"] = ibis.ifelse(is_entry, _.at, nothing).min()
    sums |= {f"latest_{k}": _[f"start_{k}"].max() for k in steps}
    if rules.entry == "open":
        sums |= {f"came_{k}": _[f"came_{k}"].any() for k in steps if k > 1}
    else:
        last = _[f"start_{rules.count}"]
        sums["took"] = (_.at - last).min()
        if rules.value:
            sums["value"] = ibis.ifelse(last.notnull(), _.value, ibis.null("float64")).mean()
    if rules.needs_last and rules.order != "any" and rules.entry == "closed":
        sums |= {f"last_{k}": ibis.ifelse(_[f"start_{k}"].notnull(), _.at, nothing).max() for k in steps}
    if rules.order == "any":
        sums |= {f"last_{k}": ibis.ifelse(_[f"is_{k}"], _.at, nothing).max() for k in steps}
    if rules.exclude:
        sums["out"] = ibis.ifelse(_.is_out, _.at, nothing).max()
    if rules.order == "strict":
        sums["final"] = _.at.max()
    if rules.spans:
        sums |= {f"span_{k}": _[f"step_{k}"].min() for k in steps if k > 1}
    return sums


def _judged(people: ir.Table, rules: Rules) -> ir.Table:
    """Turn latest starts into what was reached, and what could still be."""
    steps = range(1, rules.count + 1)
    made: dict[str, Any] = {f"reached_{k}": people[f"latest_{k}"].notnull() for k in steps}
    made["came_1"] = made["reached_1"]
    for k in range(2, rules.count + 1):
        made[f"came_{k}"] = people[f"came_{k}"] if rules.entry == "open" else made[f"reached_{k}"]
    alive = {k: closing.alive(people, k, rules) for k in range(2, rules.count + 1)}
    for k in range(2, rules.count + 1):
        tried = reduce(or_, (made[f"reached_{p}"] for p in rules.before(k)))
        chance = reduce(or_, alive.values()) if rules.entry == "closed" else alive[k]
        made[f"tried_{k}"] = tried
        made[f"open_{k}"] = tried & ~made[f"came_{k}"] & chance
        if rules.spans:
            made[f"span_{k}"] = people[f"span_{k}"]
            waited = closing.last(people, k, rules)
            end = closing.moment(rules.end) if rules.end else ibis.null("int64")
            made[f"wait_{k}"] = ibis.ifelse(made[f"open_{k}"], end - waited, ibis.null("int64"))
    kept = {name: people[name] for name in (*rules.splits, "day")} | {"entrants": ibis.literal(1)}
    kept["settled"] = closing.settled(people, rules)
    if rules.named:
        kept |= {key: people[key] for key in rules.keys}
    if rules.entry == "closed":
        kept["open"] = ~made[f"reached_{rules.count}"] & reduce(or_, alive.values())
    else:
        kept["open"] = reduce(or_, (made[f"open_{k}"] for k in range(2, rules.count + 1)))
    kept["took"] = people.took if rules.entry == "closed" else ibis.null("int64")
    if rules.value:
        kept["value"] = people["value"] if rules.entry == "closed" else ibis.null("float64")
    return people.select(**kept, **made)
