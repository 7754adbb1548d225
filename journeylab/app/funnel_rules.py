"""The rules of a funnel on the page: chosen once, carried to looks that can follow them, said where one cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from journeylab.app import controls
from journeylab.app.funnel_steps import names
from journeylab.app.state import visitor
from journeylab.report.markdown import escape
from journeylab.words import listed

if TYPE_CHECKING:
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
WINDOWS = {
    "30 minutes": "30m",
    "1 day": "1d",
    "7 days": "7d",
    "14 days": "14d",
    "30 days": "30d",
    "90 days": "90d",
    "no limit": None,
}
_USUAL = {"order": next(iter(ORDERS)), "entry": next(iter(ENTRIES)), "unit": next(iter(UNITS)), "exclude": []}
_KEPT = "funnel_rules"


def of_funnel(shop: Dataset) -> dict[str, Any]:
    """Choose how steps follow each other, who may enter, what ends an attempt, what is counted, and what is added."""
    with st.popover("More rules", icon=":material/tune:", key="rules_of_funnel"):
        said = _attempts(shop) | unit()
        said["correct_open"] = controls.choice(
            "Open windows", {"counted apart": False, "corrected for": True}, key="open"
        )
        said["previous"] = controls.choice("Period before", {"not shown": False, "beside it": True}, key="before")
    return {name: value for name, value in said.items() if value}


def conversion_window() -> str | None:
    """Choose the longest time from the first step to the last."""
    return controls.choice("Within", WINDOWS, key="within", default="14 days")


def of_dropped(shop: Dataset) -> dict[str, Any]:
    """Choose how steps follow each other, who may enter and what ends an attempt, as the funnel has it."""
    with st.popover("More rules", icon=":material/tune:", key="rules_of_dropped"):
        return _attempts(shop)


def unit() -> dict[str, Any]:
    """Choose whether visitors or visits are counted, and after how long a silence a visit ends."""
    _recall("unit")
    chosen = controls.choice("Count", UNITS, key="unit")
    _keep("unit")
    if chosen == "visitor":
        return {}
    between = gap()
    return {"unit": chosen} | ({"gap": between} if between else {})


def gap() -> str | None:
    """Choose after how long a silence a visit ends."""
    return controls.scale(
        "A visit ends after",
        GAPS,
        key="gap",
        help="“As given” takes the visits that the data names; where it names none, a visit ends after 30 minutes.",
    )


def money_apart() -> None:
    """Say which of the funnel's rules do not hold for money."""
    told = _told("order", "entry", "exclude")
    if told:
        st.caption(
            f"The funnel's rules {told} do not hold here: money is put on steps that everyone does in order from the "
            "first, so its counts are not the Funnel's."
        )


def dropped_apart() -> None:
    """Say which of the funnel's rules do not hold for who left."""
    if _told("unit"):
        st.caption("The funnel counts sessions; who left is a list of visitors, so its counts are not the Funnel's.")


def _attempts(shop: Dataset) -> dict[str, Any]:
    for key in ("order", "entry", "exclude"):
        _recall(key)
    order = controls.choice("The steps come", ORDERS, key="order")
    entry = controls.choice("Entry", ENTRIES, key="entry")
    exclude = controls.several("Ended by", names(shop), (), key="exclude", most=5)
    for key in ("order", "entry", "exclude"):
        _keep(key)
    said = {"order": order if order != "ordered" else "", "entry": entry if entry != "closed" else ""}
    return {name: value for name, value in (said | {"exclude": exclude}).items() if value}


def _recall(key: str) -> None:
    """Give a control that was out of sight the value it had on another look, unless a link says otherwise."""
    value = st.session_state.get(_KEPT, {}).get(key)
    if value and key not in st.session_state and key not in st.query_params and key not in visitor().link:
        st.query_params[key] = value
        st.session_state[key] = value


def _keep(key: str) -> None:
    """Remember what a control says while it is out of sight, where that is not the usual."""
    value = st.session_state.get(key)
    kept = {name: said for name, said in st.session_state.get(_KEPT, {}).items() if name != key}
    st.session_state[_KEPT] = kept if value is None or value == _USUAL[key] else {**kept, key: value}


def _told(*keys: str) -> str:
    """Return in words which of these rules were chosen, or an empty text."""
    kept = st.session_state.get(_KEPT, {})
    said = [f"“ended by {listed(kept[key])}”" if key == "exclude" else f"“{kept[key]}”" for key in keys if key in kept]
    return escape(listed(said)) if said else ""
