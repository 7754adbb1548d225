"""Which of the shop's events are a purchase, fill a cart, and are the checkout: said once, and kept with the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from journeylab.app import controls
from journeylab.app.funnel_steps import names
from journeylab.app.state import visitor

if TYPE_CHECKING:
    from journeylab.data.dataset import Dataset

EDIT = "event_names"
PURCHASE, CART, CHECKOUT = "a purchase", "a filled cart", "the checkout"
_KEYS = {PURCHASE: "is_purchase", CART: "is_cart", CHECKOUT: "is_checkout"}
_MOST = 20


@dataclass(frozen=True)
class Own:
    """The events the user named, by what they are; without those that well-known names tell already."""

    named: dict[str, list[str]]

    @property
    def goal(self) -> dict[str, Any]:
        """The events that are the goal, as an option."""
        return self._as("goal", PURCHASE)

    @property
    def conversion(self) -> dict[str, Any]:
        """The events that make a visit a conversion, as an option."""
        return self._as("conversion", PURCHASE)

    @property
    def cart(self) -> dict[str, Any]:
        """The events that fill a cart, as an option."""
        return self._as("cart", CART)

    @property
    def begin(self) -> dict[str, Any]:
        """The events of the checkout, as an option."""
        return self._as("begin", CHECKOUT)

    def _as(self, option: str, kind: str) -> dict[str, Any]:
        return {option: self.named[kind]} if self.named.get(kind) else {}


def said(shop: Dataset, *kinds: str) -> Own:
    """Let the user say which events are of these kinds; what they say is kept with the data and in the link."""
    known = names(shop)
    usual = {kind: _usual(kind, known) for kind in kinds}
    kept = _kept(shop)
    unknown = [kind for kind in kinds if not usual[kind] and not kept.get(kind)]
    label = f"Say what is {' and '.join(unknown)}" if unknown else "Your events"
    with st.popover(label, icon=":material/label:", type="primary" if unknown else "secondary", key="own_events"):
        st.caption(
            "Shops name their events in their own words. What you say here holds on every look of this page, and is "
            "kept when the shop is saved."
        )
        chosen = {kind: _choose(kind, known, usual[kind], kept.get(kind, [])) for kind in kinds}
    named = {kind: events if events != usual[kind] else [] for kind, events in chosen.items()}
    _keep({**kept, **named})
    return Own(named)


def _choose(kind: str, known: tuple[str, ...], usual: list[str], kept: list[str]) -> list[str]:
    key = _KEYS[kind]
    there = [name for name in kept if name in known]
    if there and key not in st.session_state and key not in st.query_params and key not in visitor().link:
        st.query_params[key] = there
        st.session_state[key] = there
    return controls.several(f"Events that are {kind}", known, usual, key=key, most=_MOST)


def _usual(kind: str, known: tuple[str, ...]) -> list[str]:
    """Return the shop's events whose names are known for this kind."""
    from journeylab.journey.signs import CHECKOUT as IN_CHECKOUT
    from journeylab.journey.steps import STAGES

    stages = {PURCHASE: STAGES[-1], CART: STAGES[2], CHECKOUT: IN_CHECKOUT}[kind]
    return [name for name in known if name.lower() in stages][:_MOST]


def _kept(shop: Dataset) -> dict[str, list[str]]:
    """Return what was said before; a saved shop may hold anything there."""
    told = shop.edits.get(EDIT)
    pairs = told.items() if isinstance(told, dict) else ()
    lists = {kind: said for kind, said in pairs if kind in _KEYS and isinstance(said, list)}
    return {kind: [name for name in said if isinstance(name, str)] for kind, said in lists.items()}


def _keep(named: dict[str, list[str]]) -> None:
    who, told = visitor(), {kind: events for kind, events in named.items() if events}
    if who.shop is not None and (who.shop.edits.get(EDIT) or {}) != told:
        who.shop = who.shop.with_edit(EDIT, told or None)
