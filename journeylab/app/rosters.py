"""Every customer of a finding, page by page, and all of them as CSV."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from journeylab.app.named_list import as_csv
from journeylab.report import privacy
from journeylab.report.markdown import escape

if TYPE_CHECKING:
    from journeylab.customers.roster import Roster

A_PAGE = 100


def offer(title: str, roster: Roster, *, name: str) -> None:
    """Show the customers of a roster page by page when it is opened, and offer them all as CSV.

    Args:
        title: What the expander says.
        roster: The customers; shares stand in columns named probability.
        name: What the file is called, such as "rfm-scores".
    """
    place = st.expander(title, icon=":material/group:", key=f"{name}_roster", on_change="rerun")
    if not place.open:  # a page of customers is asked of the engine, and most are never looked at
        return
    with place:
        number = int(st.number_input("Page", 1, value=1, key=f"{name}_page", help=f"{A_PAGE} customers a page."))
        st.dataframe(
            roster.page(number, size=A_PAGE),
            hide_index=True,
            alt=f"Page {number}: {title}",
            placeholder="–",
            column_config={
                "probability": st.column_config.NumberColumn(
                    "probability", format="percent", help="How surely the customer belongs to this persona."
                )
            },
        )
        st.download_button(
            "All of them as CSV", partial(as_csv, roster), file_name=f"{name}.csv", mime="text/csv",
            icon=":material/download:", key=f"{name}_roster_csv", on_click="ignore",
        )  # fmt: skip
        st.caption(escape(privacy.IDS))
