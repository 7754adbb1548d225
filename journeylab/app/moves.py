"""The controls of moves: between which days, and of which groups or personas."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import streamlit as st

from journeylab.app import controls, persona_recipe, rfm_controls

if TYPE_CHECKING:
    from journeylab.data.dataset import Dataset

BEFORE = {"90 days before": 90, "180 days before": 180, "a year before": 365, "two days of your own": None}


def chosen(shop: Dataset) -> dict[str, Any]:
    """Choose what `migration` compares and follows: two days, and the groups as edited or the personas as chosen."""
    whole = shop.between(*shop.observed) if shop.window and shop.observed else shop
    with st.container(horizontal=True):
        days = controls.choice("Compared with", BEFORE, key="back")
        personas = controls.choice("Follow", {"RFM groups": False, "personas": True}, key="follow")
        between = _own(whole) if days is None else {"before": _last(shop) - timedelta(days=days)}
    if personas:
        return {**between, "personas": persona_recipe.found(whole)}
    return {**between, **rfm_controls.options(shop, as_of=False), **rfm_controls.kept(shop)}


def _own(whole: Dataset) -> dict[str, Any]:
    """Choose two days of all that was observed, at first the last 90 days."""
    first, last = whole.period or (date.min, date.max)
    usual = max(first, last - timedelta(days=90)), last
    begin, finish = controls.days_between("From and to", (first, last), key="moved", usual=usual)
    return {"before": begin or first, **({"after": finish} if finish else {})}


def _last(shop: Dataset) -> date:
    return shop.period[1] if shop.period else date.max
