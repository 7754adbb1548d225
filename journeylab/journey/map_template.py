"""The touchpoints of a shop as a first draft of its map, and the events and words by which data speaks of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from journeylab.journey.map_model import FORMAT, VERSION, new_id
from journeylab.journey.steps import STAGES as STEPS

if TYPE_CHECKING:
    from collections.abc import Sequence

STAGES = ("Awareness", "Consideration", "Purchase", "Retention", "Advocacy")
#: Events of unknown names that become touchpoints of their own, the commonest.
_OWN = 8
#: What customers do who come again, and who recommend: known from orders and surveys, not from events.
AGAIN, RECOMMEND, SUPPORT = "again", "recommend", "support"

_VIEWS = ("page_view", "session_start", "first_visit", "page_viewed", "pageview", "page", *STEPS[0])
_SEARCH = ("view_search_results", "search", "searched", "search_submitted")
_SHIPPING = ("add_shipping_info", "delivery_choice", "checkout_shipping_info_submitted")
_PAYMENT = ("add_payment_info", "payment_choice", "payment_info_submitted")

#: Id, name, stage, events, and words of survey touchpoints and topics of support cases.
TOUCHPOINTS: tuple[tuple[str, str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("arrive", "Arrives at the shop", "Awareness", _VIEWS, ("website", "site", "app")),
    ("look", "Looks at a product", "Consideration", STEPS[1], ("product page", "catalogue", "catalog")),
    ("search", "Searches", "Consideration", _SEARCH, ("search",)),
    ("cart", "Fills the cart", "Consideration", STEPS[2], ("cart", "price")),
    ("checkout", "Begins the checkout", "Purchase", STEPS[3][:-1], ("checkout", "account")),
    ("shipping", "Chooses shipping", "Purchase", _SHIPPING, ("shipping fee",)),
    ("payment", "Pays", "Purchase", _PAYMENT, ("payment", "billing", "invoice")),
    ("order", "Orders", "Purchase", STEPS[4], ("order",)),
    ("delivery", "Gets the parcel", "Retention", (), ("delivery", "shipping", "dispatch", "parcel", "packaging")),
    ("product", "Uses the product", "Retention", (), ("product", "quality", "return", "returns", "exchange")),
    (SUPPORT, "Asks for help", "Retention", (), ("support", "service", "help", "contact")),
    (AGAIN, "Orders again", "Retention", (), ("loyalty",)),
    (RECOMMEND, "Recommends the shop", "Advocacy", (), ("referral", "recommendation")),
)


def draft(
    *, persona: str | None = None, stages: Sequence[str] = STAGES, events: Sequence[str] | None = None
) -> dict[str, Any]:
    """Return the data of a map without evidence.

    Args:
        persona: Whose map it is; None for everyone's.
        stages: Names of the stages.
        events: Names of the shop's events, to leave out touchpoints of the web shop that it does not record; None if
            it records none. Names that are not known become touchpoints of their own if too few are.
    """
    ids: dict[str, str] = {}
    for name in stages:
        ids[name] = new_id(name, ids.values())
    first, last = stages[0], stages[-1]
    points = []
    lower = {event.lower() for event in events or ()}
    for key, name, stage, known, about in TOUCHPOINTS:
        if events is not None and known and not lower.intersection(known):
            continue
        points.append((key, name, stage, known, about))
    if events and sum(1 for point in points if lower.intersection(point[3])) < 2:
        rest = [point for point in points if not point[3]]
        taken = [point[0] for point in TOUCHPOINTS]
        own = []
        for event in list(events)[:_OWN]:
            taken.append(new_id(event, taken))
            own.append((taken[-1], event, "Consideration", (event,), ()))
        points = [*own, *rest]
    return {
        "format": FORMAT,
        "version": VERSION,
        "persona": persona,
        "stages": [{"id": ids[name], "name": name} for name in stages],
        "touchpoints": [
            {
                "id": key,
                "name": name,
                "stage": ids.get(stage) or ids[_near(stage, stages, first, last)],
                "events": list(known),
                "about": list(about),
                "cells": {},
                "pains": [],
                "opportunities": [],
                "scores": {},
            }
            for key, name, stage, known, about in points
        ],
    }


def _near(stage: str, stages: Sequence[str], first: str, last: str) -> str:
    """Return the stage that takes the touchpoints of a usual one that is not among `stages`."""
    place = STAGES.index(stage)
    before = [name for name in STAGES[:place] if name in stages]
    return before[-1] if before else first if place < 2 else last
