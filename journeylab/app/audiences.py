"""An audience to take away: its customers as CSV, a random part held out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from journeylab.app import controls, named_list, panels
from journeylab.app.cards import run
from journeylab.customers.audience import audience
from journeylab.customers.personas import Personas
from journeylab.errors import JourneylabError
from journeylab.report.markdown import escape

if TYPE_CHECKING:
    from journeylab.customers.rfm_groups import RfmGroups
    from journeylab.data.dataset import Dataset


def take_away(shop: Dataset, found: Personas | RfmGroups) -> None:
    """Offer the customers of chosen personas or groups as CSV, a seeded random part of them held out."""
    if isinstance(found, Personas):
        source: dict[str, Any] = {"personas": found}
        what, key, known = "Personas", "audience", list(found.cards["name"])
    else:
        some = found.groups[found.groups["n"] > 0]
        source = {"groups": found}
        what, key, known = "Groups", "group_audience", list(some["group"])
    with st.container(border=True):
        st.subheader("An audience to write to", anchor=False)
        names = controls.several(f"{what} in it", known, [], key=key, most=len(known), help="All, if none.")
        share = controls.slider(
            "Held out, per cent", 0, 50, 10, key="holdout", help="Without it nobody knows what the message did."
        )
        consented = shop.has("customers.accepts_marketing") and st.checkbox("Only who accepts marketing", value=True)
        try:
            made = run(audience, shop, **source, names=names or None, holdout=share / 100, consented=consented)
        except JourneylabError as error:
            panels.problem(error)
            return
        st.markdown(escape(made.headline()))
        named_list.offer(shop, made, made.roster, name="audience")
