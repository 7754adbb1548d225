"""What a step of a funnel is: events by name, optionally only on some page, channel, device or product."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

import ibis
from ibis import _

from journeylab.checks import duration
from journeylab.errors import BadParameter, NotEnoughData

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import timedelta

    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

MAX_STEPS = 20
#: Conditions a step may carry, and the column of events each looks at.
CONDITIONS = {"page": "page", "channel": "marketing_channel", "device": "device", "sku": "sku"}

#: Names that shops and trackers give to the stages of a purchase, in the order of the stages.
STAGES = (
    ("view_item_list", "catalog", "collection_viewed", "category_view"),
    ("view_item", "product_view", "product_viewed", "view", "viewed product"),
    ("add_to_cart", "product_added_to_cart", "cart", "added to cart"),
    ("begin_checkout", "checkout", "checkout_started", "started checkout", "payment_choice"),
    ("purchase", "checkout_completed", "placed order", "order_completed", "payment_done"),
)


@dataclass(frozen=True)
class Step:
    """One step: an event fits if its name is among `events` (any name if empty) and it meets every condition.

    Args:
        events: Names of which any will do.
        where: Pairs of a column of events and the values it may have.
        optional: Whether a visitor may go on without it.
        within: Longest time since the step before; None for no limit of its own.
    """

    events: tuple[str, ...]
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    optional: bool = False
    within: timedelta | None = None

    @property
    def words(self) -> str:
        """The step in words: 'view_item or search (device mobile)'."""
        names = " or ".join(self.events) or "any event"
        said = ", ".join(f"{column.replace('_', ' ')} {' or '.join(values)}" for column, values in self.where)
        return f"{names} ({said})" if said else names

    def fits(self, events: ir.Table) -> ir.BooleanValue:
        """Return whether each event fits; unknown values do not."""
        tests = [events.event.isin(self.events)] if self.events else []
        tests += [events[column].isin(values) for column, values in self.where]
        return reduce(lambda a, b: a & b, tests).fill_null(False)


def read(steps: Sequence[Any], columns: Iterable[str]) -> tuple[Step, ...]:
    """Read the steps of a funnel: each a name, several names, or a dict with conditions.

    A dict may have 'event' (a name or several), the conditions 'page', 'channel', 'device' and 'sku' (a value or
    several), 'optional' and 'within' (such as '1h').

    Args:
        steps: Two to twenty steps.
        columns: The columns the events have.

    Raises:
        BadParameter: for steps that make no funnel, or a condition on a column that is not there.

    >>> [step.words for step in read(["view", {"event": ["cart", "buy"], "device": "mobile"}], ["event", "device"])]
    ['view', 'cart or buy (device mobile)']
    """
    if isinstance(steps, str) or not 2 <= len(steps) <= MAX_STEPS:
        raise BadParameter(
            f"A funnel has two to {MAX_STEPS} steps.", do="Choose two events or more, in the order in which they come."
        )
    known = set(columns)
    found = tuple(read_one(step, known) for step in steps)
    if found[0].optional or found[-1].optional:
        raise BadParameter("The first and the last step of a funnel cannot be optional.")
    if found[0].within is not None:
        raise BadParameter("The first step has no step before it, so 'within' says nothing there.")
    return found


def read_one(step: Any, columns: Iterable[str]) -> Step:
    """Read one step, or one excluded event."""
    if not isinstance(step, dict):
        return Step(_names(step, "event"))
    unknown = sorted(set(step) - {"event", "optional", "within", *CONDITIONS})
    if unknown:
        raise BadParameter(
            f"A step has no {unknown[0]!r}.", do=f"It may have event, {', '.join(CONDITIONS)}, optional and within."
        )
    where = tuple((CONDITIONS[key], _names(step[key], key)) for key in CONDITIONS if key in step)
    for column, _values in where:
        if column not in columns:
            raise BadParameter(f"A step asks for the {column.replace('_', ' ')}, which the events do not have.")
    if "event" not in step and not where:
        raise BadParameter("A step needs an event or a condition.")
    return Step(
        _names(step["event"], "event") if "event" in step else (),
        where,
        optional=bool(step.get("optional", False)),
        within=duration(step["within"], "within") if step.get("within") is not None else None,
    )


def labels(steps: Sequence[Step]) -> tuple[str, ...]:
    """Return the steps in words, each different from the others.

    >>> labels((Step(("a",)), Step(("b",)), Step(("a",))))
    ('a', 'b', 'a (2)')
    """
    seen: dict[str, int] = {}
    said = []
    for step in steps:
        seen[step.words] = seen.get(step.words, 0) + 1
        said.append(step.words if seen[step.words] == 1 else f"{step.words} ({seen[step.words]})")
    return tuple(said)


def any_fits(steps: Sequence[Step], events: ir.Table) -> ir.BooleanValue:
    """Return whether each event fits any of the steps, by one list of names where that will do."""
    plain = sorted({name for step in steps if not step.where for name in step.events})
    tests = [events.event.isin(plain).fill_null(False)] if plain else []
    tests += [step.fits(events) for step in steps if step.where]
    return reduce(or_, tests) if tests else ibis.literal(value=False)


def names(shop: Dataset, *, most: int = 500) -> tuple[str, ...]:
    """Return the names of the shop's events, those done by most visitors first.

    Example:
        >>> from journeylab.data.examples import tiny_shop
        >>> names(tiny_shop())
        ('view', 'cart', 'purchase')
    """
    counted = shop.table("events").filter(_.event.notnull()).group_by("event").agg(n=_.visitor_id.nunique())
    return tuple(shop.run(counted.order_by(_.n.desc(), _.event).limit(most))["event"])


def condition_values(shop: Dataset, column: str, *, most: int = 2000) -> tuple[str, ...]:
    """Return the values of a column of events that a step may ask for, those of most visitors first.

    Unlike the groups of a breakdown they are all values of the data: none is put together as 'other' or 'not known'.

    Example:
        >>> from journeylab.data.examples import tiny_shop
        >>> condition_values(tiny_shop(), "event", most=2)
        ('view', 'cart')
    """
    events = shop.table("events")
    counted = events.filter(events[column].notnull()).group_by(told=events[column]).agg(n=_.visitor_id.nunique())
    return tuple(shop.run(counted.order_by(_.n.desc(), _.told).limit(most))["told"])


def suggested(known: Sequence[str], preceding: Mapping[str, float] | None = None) -> tuple[str, ...]:
    """Return a likely funnel: the events with well-known names in their order, else the commonest in order of time.

    Args:
        known: Names of events, those done by most visitors first.
        preceding: How late in a visitor's log each name first comes, 0 to 1; the order of `known` if not given.

    >>> suggested(["page", "purchase", "add_to_cart", "view_item"])
    ('view_item', 'add_to_cart', 'purchase')
    >>> suggested(["a", "b"], {"a": 0.9, "b": 0.1})
    ('b', 'a')
    """
    by_name = {name.lower(): name for name in reversed(known)}
    found = tuple(next((by_name[name] for name in stage if name in by_name), "") for stage in STAGES)
    stages = tuple(name for name in found if name)
    if len(stages) > 1:
        return stages
    place = preceding or {}
    return tuple(sorted(known[:4], key=lambda name: place.get(name, 0.0)))


def suggest(shop: Dataset) -> tuple[str, ...]:
    """Return a likely funnel from the data: well-known names, else the four commonest events in their usual order.

    The usual order is by the mean place, among the first times a visitor does each event, at which it comes.

    Raises:
        NotEnoughData: if there are fewer than two kinds of event.
    """
    known = names(shop)
    if len(known) < 2:
        raise NotEnoughData("There are fewer than two kinds of event, so there is no funnel to suggest.")
    events = shop.table("events").filter(_.event.isin(known[:4]), _.occurred_at.notnull(), _.visitor_id.notnull())
    firsts = events.group_by("visitor_id", "event").agg(at=_.occurred_at.min())
    window = ibis.window(group_by="visitor_id", order_by=[_.at, _.event])
    placed = firsts.mutate(place=ibis.row_number().over(window)).group_by("event").agg(place=_.place.mean())
    rows = shop.run(placed)
    return suggested(known, dict(zip(rows["event"], rows["place"], strict=True)))


def _names(value: Any, name: str) -> tuple[str, ...]:
    values = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list | tuple) else ()
    if not values or not all(isinstance(one, str) and one for one in values):
        raise BadParameter(f"The {name} of a step is a name, or a list of names of which any will do.")
    return values
