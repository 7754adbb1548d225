"""The account of what was read: a ledger a file, what was set aside and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from journeylab.report.markdown import escape

if TYPE_CHECKING:
    from journeylab.data.dataset import Dataset
    from journeylab.data.ledger import Ledger


def account(shop: Dataset) -> None:
    """Show what was recognised, row by row, and the notes with their examples."""
    st.subheader("What was recognised", anchor=False)
    st.dataframe(
        {
            "File": [ledger.source for ledger in shop.ledgers],
            "Read as": [ledger.reader for ledger in shop.ledgers],
            "Table": [ledger.table.replace("_", " ") for ledger in shop.ledgers],
            "Read": [ledger.read for ledger in shop.ledgers],
            "Kept": [ledger.kept for ledger in shop.ledgers],
            "Set aside": [ledger.set_aside for ledger in shop.ledgers],
        },
        hide_index=True,
        alt="Rows read, kept and set aside, for each file and table",
        column_config={
            name: st.column_config.NumberColumn(format="localized") for name in ("Read", "Kept", "Set aside")
        },
    )
    for ledger in shop.ledgers:
        if ledger.notes:
            _notes(ledger)


def _notes(ledger: Ledger) -> None:
    with st.expander(escape(ledger.sentence()), icon=":material/fact_check:"):
        st.dataframe(
            {
                "Rows": [note.count for note in ledger.notes],
                "What and why": [note.reason for note in ledger.notes],
                "In the figures": ["no" if note.set_aside else "yes" for note in ledger.notes],
                "Examples": ["; ".join(note.examples) for note in ledger.notes],
            },
            hide_index=True,
            alt=f"Notes on {ledger.source}",
            column_config={
                "Rows": st.column_config.NumberColumn(format="localized", width="small"),
                "What and why": st.column_config.TextColumn(width="large"),
                "In the figures": st.column_config.TextColumn(width="small"),
                "Examples": st.column_config.TextColumn(width="large"),
            },
        )
