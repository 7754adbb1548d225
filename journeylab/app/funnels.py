"""The controls of the Touchpoints page: a funnel's rules, groups to compare, ways, visits, money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from journeylab.app import controls
from journeylab.app.funnel_steps import names
from journeylab.app.state import visitor
from journeylab.errors import NotEnoughData

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journeylab.data.dataset import Dataset

ORDERS = {"in this order, others between": "ordered", "directly after each other": "strict", "in any order": "any"}
ENTRIES = {"everyone starts at step 1": "closed", "anyone may come in at any step": "open"}
UNITS = {"visitors": "visitor", "sessions": "session"}
_MINUTES = (1, 2, 3, 5, 10, 15, 20, 30, 45)
_HOURS = (1, 2, 3, 4, 6, 8, 12, 24)
GAPS: dict[str, str | None] = {
    "as given": None,
    **{f"{n} minute{'s' if n > 1 else ''}": f"{n}m" for n in _MINUTES},
    **{f"{n} hour{'s' if n > 1 else ''}": f"{n}h" for n in _HOURS},
}
SHARES = {"from the costs": None} | {f"{n} %": n / 100 for n in range(10, 101, 10)}


def values(shop: Dataset, by: str) -> tuple[str, ...]:
    """Return the commonest values of a column to break down by."""
    from journeylab.journey.tally import values as known

    return visitor().remember((shop.fingerprint, "values", by), lambda: known(shop, by))


def rules(shop: Dataset) -> dict[str, Any]:
    """Choose how steps follow each other, who may enter, what ends an attempt, and what is added."""
    with st.popover("More rules", icon=":material/tune:"):
        chosen: dict[str, Any] = {
            "order": controls.choice("The steps come", ORDERS, key="order"),
            "entry": controls.choice("Entry", ENTRIES, key="entry"),
            "unit": controls.choice("Count", UNITS, key="unit"),
            "exclude": controls.several("Ended by", names(shop), (), key="exclude", most=5),
            "correct_open": controls.choice(
                "Open windows", {"counted apart": False, "corrected for": True}, key="open"
            ),
            "previous": controls.choice("Period before", {"not shown": False, "beside it": True}, key="before"),
        }
    usual = {"order": "ordered", "entry": "closed", "unit": "visitor", "exclude": []}
    return {name: value for name, value in chosen.items() if value and value != usual.get(name)}


def pair(shop: Dataset) -> dict[str, Any]:
    """Choose two groups to compare, or none."""
    by = controls.breakdown(shop)
    if by is None:
        return {}
    known = values(shop, by)
    chosen = controls.several("Compare", known, _first_two(known), key="pair", most=2)
    return {"by": by, "groups": chosen} if len(chosen) == 2 else {}


def _first_two(known: Sequence[str]) -> Sequence[str]:
    """Return the two commonest values that say what they are; 'other' and 'not known' only where there are no others.

    >>> _first_two(["not known", "mug", "other", "cup"]), _first_two(["not known", "mug"])
    (['mug', 'cup'], ['mug', 'not known'])
    """
    from journeylab.journey.tally import OTHER, UNKNOWN

    return sorted(known, key=lambda name: name in {OTHER, UNKNOWN})[:2]


def groups(shop: Dataset) -> dict[str, Any]:
    """Choose what to break down by, and which of its values to compare; all unless two or more are named."""
    by = controls.breakdown(shop)
    if by is None:
        return {"by": None}
    chosen = controls.several("Compare only", values(shop, by), (), key="only", most=8, help="Two or more; else all.")
    return {"by": by} | ({"groups": chosen} if len(chosen) > 1 else {})


def gap() -> str | None:
    """Choose after how long a silence a visit ends."""
    return controls.scale(
        "A visit ends after",
        GAPS,
        key="gap",
        help="“As given” takes the visits that the data names; where it names none, a visit ends after 30 minutes.",
    )


def margin() -> float | None:
    """Choose which share of an order is margin."""
    return controls.choice("Margin", SHARES, key="margin", help="Share of an order's value that is margin.")


def strata(shop: Dataset, by: str | None) -> list[str]:
    """Choose columns within which visitors are compared."""
    from journeylab.journey.tally import dimensions

    having = [name for name in dimensions(shop) if name != by]
    return controls.several("Compared within", having, (), key="within_same", most=3)


def alike(shop: Dataset, by: str | None) -> list[str]:
    """Choose columns within which sessions are compared; the device, where it is known, unless said otherwise."""
    from journeylab.journey.tally import dimensions

    having = [name for name in dimensions(shop) if name != by]
    usual = [name for name in having if name == "device"]
    return controls.several("Compared within", having, usual, key="alike", most=3)


def way(shop: Dataset) -> dict[str, Any]:
    """Choose where ways begin or end, and how far they are followed."""
    event = controls.choice("Event", {"any": None} | {name: name for name in names(shop)}, key="event")
    side = controls.choice("Ways", {"from it onwards": "start", "back from it": "end"}, key="way")
    depth = controls.slider("Steps", 2, 8, 4, key="depth")
    return {"depth": depth} | ({side: event} if event else {})


def transition(shop: Dataset) -> dict[str, Any]:
    """Choose a transition and the rate it shall have."""
    from journeylab.journey.steps import suggested

    known = {name: name for name in names(shop)}
    if len(known) < 2:
        raise NotEnoughData("There are fewer than two kinds of events in this period.", do="Choose a longer period.")
    way = suggested(list(known))
    # the last step is often not the next one but one further on, so a step in the middle is the better example
    usual, last = way[-3:-1] if len(way) > 3 else way[-2:]
    source = controls.choice("From", known, key="source", default=usual)
    target = controls.choice("more go to", known, key="target", default=last)
    rate = controls.slider("Per cent of what comes next", 0, 100, 75, key="rate")
    return {"source": source, "target": target, "rate": rate / 100}


def place(steps: Sequence[Any]) -> int:
    """Choose the step at which visitors were lost."""
    return controls.slider("Lost at step", 2, max(len(steps), 3), 2, key="at")
