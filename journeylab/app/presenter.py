"""Showing a page to a room: without menu, titles and downloads, until the presenter comes back."""

from __future__ import annotations

import streamlit as st

_KEY = "presenting"
_HELP = "Shows the page to a room, without menu and titles. The browser's own zoom fits it to the wall."


def presenting() -> bool:
    """Say whether the page is shown to a room."""
    return bool(st.session_state.get(_KEY))


def present_button() -> None:
    """Offer to show the page to a room, or to come back."""
    label, icon = ("Back", ":material/close_fullscreen:") if presenting() else ("Present", ":material/slideshow:")
    if st.button(label, icon=icon, key="present", help=_HELP):
        st.session_state[_KEY] = not presenting()
        st.rerun()
