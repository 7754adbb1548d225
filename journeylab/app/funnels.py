"""The controls of the Touchpoints page: groups to compare, ways, signs, money, and where visitors were lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from journeylab.app import controls, funnel_rules
from journeylab.app.funnel_steps import names
from journeylab.app.state import visitor
from journeylab.errors import NotEnoughData
from journeylab.report.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journeylab.data.dataset import Dataset

SHARES = {"from the costs": None} | {f"{n} %": n / 100 for n in range(10, 101, 10)}


def values(shop: Dataset, by: str) -> tuple[str, ...]:
    """Return the commonest values of a column to break down by."""
    from journeylab.journey.tally import values as known

    return visitor().remember((shop.fingerprint, "values", by), lambda: known(shop, by))


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


def margin() -> float | None:
    """Choose which share of an order is margin."""
    return controls.choice("Margin", SHARES, key="margin", help="Share of an order's value that is margin.")


def worth(shop: Dataset) -> dict[str, Any]:
    """Choose what an order is worth, its margin, and whether visitors or visits are counted."""
    share = margin()
    with st.popover("More", icon=":material/tune:", key="more_of_money"):
        value = controls.amount(
            f"Value of an order, {escape(shop.currency)}".rstrip(", "),
            key="value",
            help="Left empty, the value is that of the orders, or of the events of the last step.",
        )
        counted = funnel_rules.unit()
    return {"margin": share, **({"value": value} if value else {}), **counted}


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
    """Choose where ways begin or end, how far they are followed, and of what they are."""
    with st.popover("More", icon=":material/tune:", key="more_of_ways"):
        paged = shop.has("events.page")
        of = controls.choice("A node is", {"an event": "event", "a page": "page"}, key="node") if paged else "event"
        counted = funnel_rules.unit()
        most = controls.slider("Nodes with a name", 2, 30, 8, key="nodes", help="The rarer ones are “other”.")
        runs = controls.choice("The same node again", {"counts": True, "counts once": False}, key="runs")
    known = places(shop) if of == "page" else names(shop)
    node = controls.choice(
        of.capitalize(), {"any": None} | {name: name for name in known}, key="event" if of == "event" else "way_page"
    )
    side = controls.choice("Ways", {"from it onwards": "start", "back from it": "end"}, key="way")
    depth = controls.slider("Steps", 2, 8, 4, key="depth")
    asked: dict[str, Any] = {"depth": depth, **counted} | ({side: node} if node else {})
    said = {"of": (of, "event"), "most": (most, 8), "repeats": (runs, True)}
    return asked | {name: value for name, (value, usual) in said.items() if value != usual}


def places(shop: Dataset) -> tuple[str, ...]:
    """Return the shop's pages, those of most visitors first."""
    from journeylab.journey.steps import condition_values

    key = (shop.fingerprint, "condition", "page")
    return visitor().remember(key, lambda: condition_values(shop, "page"))


def signs(shop: Dataset) -> dict[str, Any]:
    """Choose from when on something is a sign of friction, and what a place is."""
    with st.popover("Signs", icon=":material/tune:", key="more_of_friction"):
        place = "page" if shop.has("events.page") else "event"
        if place == "page":
            place = controls.choice("A place is", {"a page": "page", "an event": "event"}, key="place")
        said = {
            "loop": (controls.slider("Times at one place that are a loop", 2, 20, 4, key="loop"), 4),
            "searches": (controls.slider("Searches in a visit that are many", 2, 20, 3, key="searches"), 3),
            "slow": (controls.slider("Seconds from which a page is slow", 1, 30, 3, key="slow"), 3),
            "place": (place, "page" if shop.has("events.page") else "event"),
        }
    return {name: value for name, (value, usual) in said.items() if value != usual}


def reminders(shop: Dataset) -> dict[str, Any]:
    """Choose the campaigns that remind of a cart; at first those whose names say so."""
    from journeylab.journey.cart_ends import campaigns, reminds

    known = visitor().remember((shop.fingerprint, "campaigns"), lambda: campaigns(shop))
    if not known:
        return {}
    usual = [name for name in known if reminds(name)]
    chosen = controls.several("Campaigns that remind", known, usual, key="reminders", most=max(10, len(usual)))
    return {"campaign": chosen} if chosen and chosen != usual else {}


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
    """Choose the step at which visitors were lost, by its name; steps that may be left out lose nobody."""
    from journeylab.journey.steps import CONDITIONS, labels, read_one

    read = [read_one(step, set(CONDITIONS.values())) for step in steps]
    known = {name: n for n, name in enumerate(labels(read), start=1) if n > 1 and not read[n - 1].optional}
    return controls.choice("Lost at step", known, key="at") if known else 2
