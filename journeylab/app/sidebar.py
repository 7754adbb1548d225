"""The sidebar below the navigation: what data is loaded, and the period every page looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from journeylab.app import controls
from journeylab.app.lab import keep_up, reopen, save_button
from journeylab.app.places import DATA_PAGE
from journeylab.app.presenter import presenting
from journeylab.app.state import visitor
from journeylab.report.markdown import escape
from journeylab.words import span

if TYPE_CHECKING:
    from journeylab.data.dataset import Dataset


def sidebar() -> None:
    """Draw the data card and the date window, and note the chosen window."""
    who = visitor()
    who.stop_reading()  # whoever clicks while files are read means to stop that
    reopen()
    keep_up()
    if presenting():
        return
    with st.sidebar:
        if who.shop is None:
            with st.container(border=True):
                st.markdown("**No data yet**")
                st.caption("Add your shop's exports. They stay on this machine.")
                st.page_link(DATA_PAGE, label="Add files", icon=":material/add_circle:")
            return
        _card(who.shop, ["Demo store, simulated"] if who.demo else [source.name for source in who.sources])
        who.window = controls.date_window(who.shop.observed)
        if who.window:
            st.caption(escape(span(*who.window)))


def counted(table: str, n: int) -> str:
    """Say how many rows a table has: '1 customer', '2 order lines', '3 rows of stock'."""
    noun = table.replace("_", " ")
    singular, plural = (noun[:-1], noun) if noun.endswith("s") else (f"row of {noun}", f"rows of {noun}")
    return f"{n:,} {singular if n == 1 else plural}"


def _card(shop: Dataset, files: list[str]) -> None:
    from journeylab.data.schema import TABLES

    with st.container(border=True):
        title = files[0] if len(files) == 1 else f"{len(files)} files" if files else f"{shop.engine.name} connection"
        st.markdown(f"**{escape(title)}**")
        kept: dict[str, int] = {}
        for ledger in shop.ledgers:
            kept[ledger.table] = kept.get(ledger.table, 0) + ledger.kept
        lines = [counted(table, kept[table]) for table in TABLES if table in kept]
        if shop.observed:
            lines.append(span(*shop.observed))
        lines.append(" · ".join(filter(None, (shop.currency, shop.time_zone))))
        st.caption("  \n".join(escape(line) for line in lines))
        save_button(shop, key="save_shop_here")
