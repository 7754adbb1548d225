"""What the app says when something is missing or wrong."""

from __future__ import annotations

import logging
import secrets
import traceback
from typing import TYPE_CHECKING

import streamlit as st

from journeylab.app.places import DATA_PAGE
from journeylab.errors import JourneylabError, NotEnoughData
from journeylab.report.markdown import escape
from journeylab.words import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

logger = logging.getLogger("journeylab")

#: Why a table matters, for pages that cannot do without it.
WHY = {
    "orders": "Orders say who bought, when, and for how much: revenue, customers and repeat rate come from them.",
    "order_lines": "Order lines say which products sold, when, and together with which others.",
    "events": "Events say what visitors did before they bought or left: drop-off is counted on them.",
    "surveys": "Answers say how customers felt.",
    "tickets": "Support cases say what went wrong, and whether help came in time.",
    "stock": "Stock says what can be sold, and what must be ordered.",
    "exposures": "Exposures say which visitor saw which variant.",
    "spend": "Spend says what each channel costs.",
    "customers": "Customer records add what orders do not say.",
}
HOW = {
    "orders": "Export your orders (Shopify: Orders, Export, CSV), or any table of orders or invoice lines.",
    "events": "Add a table with a visitor, an event and a time in each row, as CSV or Parquet.",
}


def problem(error: JourneylabError) -> None:
    """Show an error that a user can act on: what happened, why, and what to do."""
    parts = [escape(part) for part in (error.why, error.do) if part]
    show = st.info if isinstance(error, NotEnoughData) else st.error
    icon = ":material/hourglass_empty:" if isinstance(error, NotEnoughData) else ":material/error:"
    show("\n\n".join(parts) or "Nothing else was changed.", title=escape(error.what), icon=icon)


def bug(error: Exception) -> None:
    """Say that this is our mistake, without a word of the data; the details go to the console."""
    number = secrets.token_hex(3)
    logger.error("bug %s\n%s", number, "".join(traceback.format_exception(error)))
    st.error(
        f"Your data is untouched. The console where the app was started holds the details under bug {number}.",
        title=f"This is a bug in journeylab, not in your data ({type(error).__name__})",
        icon=":material/bug_report:",
    )


def missing(needs: Sequence[str], what: str = "This page") -> None:
    """Say what a page, or a part of it, lacks, why that matters, and what to do."""
    from journeylab.app.demo import demo_button, open_demo  # which says by this module what goes wrong

    tables = list(dict.fromkeys(one.partition(".")[0] for need in needs for one in need.split(" or ")))
    nouns = [" with a ".join(need.replace("_", " ").split(".")) for need in needs]
    lines = [WHY[name] for name in tables if name in WHY]
    lines += [HOW[name] for name in tables if name in HOW]
    with st.container(border=True):
        st.subheader(f"{what} needs {escape(listed(nouns))}", anchor=False)
        for line in lines:
            st.markdown(line)
        with st.container(horizontal=True):
            if st.button("Add files", type="primary", icon=":material/add_circle:", key="add_files_here"):
                st.switch_page(DATA_PAGE)
            opened = demo_button("demo_here")
        st.caption("Files are read on this machine, and nothing leaves it.")
        if opened:
            open_demo()
