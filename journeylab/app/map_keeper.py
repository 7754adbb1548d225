"""Where the app keeps journey maps: with the shop, or in the visit where there is none; and how to take steps back."""

from __future__ import annotations

from typing import Any

import streamlit as st

from journeylab.app.state import visitor
from journeylab.journey.map import EDIT, Map

_MOUNT, _HIDDEN = "map_mount", "map_hidden"
_MOST_STEPS = 100


def maps() -> dict[str, Any]:
    """Return the maps that are kept, by persona; those drawn before there was a shop go with it once there is one."""
    who = visitor()
    if who.shop is None:
        return who.drawn
    if who.drawn and not who.demo:
        who.shop = who.shop.with_edit(EDIT, {**who.drawn, **who.shop.edits.get(EDIT, {})})
        who.drawn = {}
    return dict(who.shop.edits.get(EDIT, {}))


def kept(persona: str | None) -> Map | None:
    """Return the map that is kept for a persona or everyone; None if there is none."""
    data = maps().get(persona or "")
    if data is None:
        return None
    shop = visitor().shop
    return Map.of(data) if shop is None else Map.kept(shop, persona=persona)


def keep(chart: Map, *, anew: bool = True) -> bool:
    """Keep a map, remember what was kept before, and say whether it is new; `anew` has the editors begin from it."""
    before = maps().get(chart.persona or "")
    if before == chart.data():
        return False
    past = visitor().steps_back.setdefault(chart.persona or "", [])
    past.append(before)
    del past[:-_MOST_STEPS]
    _put(chart.persona, chart.data())
    if anew:
        remount()
    return True


def undo(persona: str | None) -> None:
    """Take the last step back."""
    past = visitor().steps_back.get(persona or "", [])
    if past:
        _put(persona, past.pop())
        remount()


def can_undo(persona: str | None) -> bool:
    """Say whether there is a step to take back."""
    return bool(visitor().steps_back.get(persona or ""))


def hide(whether: bool) -> None:
    """Have the Journey map hide what the data knows, while teams guess it, or show it again."""
    st.session_state[_HIDDEN] = whether


def hidden() -> bool:
    """Say whether the Journey map hides what the data knows."""
    return bool(st.session_state.get(_HIDDEN))


def mount() -> int:
    """Return a number that changes whenever editors must begin anew."""
    return int(st.session_state.get(_MOUNT, 0))


def remount() -> None:
    """Have the editors begin from the map as it is kept now."""
    st.session_state[_MOUNT] = mount() + 1


def _put(persona: str | None, data: dict[str, Any] | None) -> None:
    who = visitor()
    if who.shop is None:
        rest = {key: kept for key, kept in who.drawn.items() if key != (persona or "")}
        who.drawn = {**rest, **({persona or "": data} if data else {})}
        return
    rest = {key: kept for key, kept in who.shop.edits.get(EDIT, {}).items() if key != (persona or "")}
    who.shop = who.shop.with_edit(EDIT, {**rest, **({persona or "": data} if data else {})} or None)
