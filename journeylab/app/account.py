"""The account of what was read: a ledger a file, what was set aside and why, what can be answered, and forgetting."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from journeylab.app.state import visitor
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


def keep_and_forget(shop: Dataset) -> None:
    """Offer the shop as one file that opens again, and to forget everything."""
    with st.container(horizontal=True):
        st.download_button(
            "Save this shop as one file",
            partial(_saved, shop),
            file_name="shop.zip",
            mime="application/zip",
            icon=":material/save:",
            on_click="ignore",
            key="save_shop",
            help="Opens here, or with jl.open, to the same figures. Customers are pseudonyms in it.",
        )
        if st.button("Forget everything", icon=":material/delete_forever:", key="forget"):
            visitor().forget()
            st.rerun()


def _saved(shop: Dataset) -> bytes:
    from journeylab.data import lab_file

    with tempfile.TemporaryDirectory() as folder:
        return lab_file.save(shop, Path(folder) / "shop.zip").read_bytes()
