"""The demo store in one click."""

from __future__ import annotations

import streamlit as st

from journeylab.app.progress import with_progress
from journeylab.app.state import visitor

WHAT = "A simulated shop of two years, with known truths planted in it. It takes the place of the files that are open."


def demo_button(key: str) -> bool:
    """Draw the button that opens the demo store; say whether it was clicked."""
    return st.button("Open the demo store", icon=":material/storefront:", key=key, help=WHAT)


def open_demo() -> None:
    """Open the demo store, with progress, and start the page anew."""
    with_progress(visitor().open_demo)
