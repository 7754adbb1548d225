"""The demo store in one click; in two where it would take the place of something of the visitor's own."""

from __future__ import annotations

import streamlit as st

from journeylab.app.progress import with_progress
from journeylab.app.state import visitor
from journeylab.report.markdown import escape
from journeylab.words import listed

WHAT = "A simulated shop of two years, with known truths planted in it."


def demo_button(key: str) -> bool:
    """Draw the button that opens the demo store; say whether it is to be opened.

    Where a shop or a map is open, a click first asks, and offers the shop as one file that brings everything back.
    """
    asked = f"{key}_asked"
    clicked = st.button("Open the demo store", icon=":material/storefront:", key=key, help=WHAT)
    if not visitor().owns:
        st.session_state.pop(asked, None)
        return clicked
    if clicked:
        st.session_state[asked] = True
    return bool(st.session_state.get(asked)) and _agreed(key, asked)


def open_demo() -> None:
    """Open the demo store, with progress, and start the page anew."""
    with_progress(visitor().open_demo)


def _agreed(key: str, asked: str) -> bool:
    """Say what the demo store would take the place of, offer to save it, and ask."""
    from journeylab.app.lab import save_button  # which reaches this module over the page that adds files

    who = visitor()
    with st.container(border=True):
        if who.shop is None:
            st.markdown(
                "**The map you drew would be out of sight** while the demo store is open. It is kept in this visit, "
                "and goes with the files that you add later."
            )
        else:
            names = [source.name for source in who.sources] or ["the shop that is open"]
            names = names if len(names) < 4 else [f"your {len(names)} files"]
            st.markdown(
                f"**The demo store would take the place of {escape(listed(names))}**, and of what you wrote: map, "
                "votes, owners. Save it first: the file opens again on the Data page, with everything in it."
            )
        with st.container(horizontal=True):
            if who.shop is not None:
                save_button(who.shop, key=f"{key}_save")
            agreed = st.button("Open the demo store anyway", key=f"{key}_anyway")
            st.button("Keep what is open", key=f"{key}_keep", type="primary", on_click=_forget, args=(asked,))
    if agreed:
        _forget(asked)
    return agreed


def _forget(asked: str) -> None:
    st.session_state.pop(asked, None)
