"""Keeping the shop: the lab file to download, the folder that remembers, forgetting everything."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from journeylab.app import panels
from journeylab.app.state import lab_key, visitor
from journeylab.app.upload import is_local
from journeylab.data import remembered, workspace
from journeylab.errors import JourneylabError
from journeylab.report import privacy

if TYPE_CHECKING:
    from journeylab.data.dataset import Dataset


def keep_and_forget(shop: Dataset) -> None:
    """Offer the shop as one file that opens again, to remember it on this machine, and to forget everything."""
    st.subheader("Keep it", anchor=False)
    st.caption(
        "A reload of the page is a new visit, which begins empty. The file holds the tables, your choices and your "
        "edits, and opens to the same figures."
    )
    with_key = st.checkbox(
        "Keep the key of the pseudonyms with it",
        key="keep_key",
        help="Needed only to read files later that must give the same customers the same pseudonyms. Whoever has the "
        "key can tell whether an e-mail address is among your customers.",
    )
    with st.container(horizontal=True):
        save_button(shop, key="save_shop", with_key=with_key)
        if st.button("Forget everything", icon=":material/delete_forever:", key="forget"):
            visitor().forget()
            remembered.forget()
            st.rerun()
    if is_local():
        _remembering(with_key=with_key)


def save_button(shop: Dataset, *, key: str, with_key: bool = False) -> None:
    """Offer the lab file to download."""
    st.download_button(
        "Save this shop as one file",
        partial(_saved, shop, visitor().key, with_key=with_key),
        file_name="shop.zip",
        mime="application/zip",
        icon=":material/save:",
        on_click="ignore",
        key=key,
        help=f"Opens here, or with jl.open, to the same figures. {privacy.IDS}",
    )


def _saved(shop: Dataset, key: bytes, *, with_key: bool) -> bytes:
    from journeylab.data import lab_file

    with workspace.passing_folder() as folder:
        return lab_file.save(shop, folder / "shop.zip", key=key if with_key else None, secret=key).read_bytes()


def _remembering(*, with_key: bool) -> None:
    st.session_state["remember"] = remembered.found() is not None
    st.toggle(
        "Remember this shop on this machine",
        key="remember",
        on_change=_remember,
        args=(with_key,),
        help=f"Keeps the file in {remembered.folder()}, which only you can read, and opens it at your next visit. "
        "Switching this off, or forgetting everything, deletes it.",
    )


def _remember(with_key: bool) -> None:
    who = visitor()
    if not st.session_state["remember"] or who.shop is None:
        remembered.forget()
        return
    remembered.keep(who.shop, key=who.key if with_key else None, secret=who.key)
    who.kept = who.shop


def keep_up() -> None:
    """Write the kept file again if the shop has changed since, and it is kept."""
    who = visitor()
    path = remembered.found() if who.kept is not None and who.shop is not None and is_local() else None
    if path is None or who.shop is None or who.shop is who.kept:
        return
    remembered.keep(who.shop, key=lab_key(path), secret=who.key)
    who.kept = who.shop


def reopen() -> None:
    """Open the kept shop at the start of a visit, if there is one and the app runs on the user's own machine."""
    who = visitor()
    if who.shop is not None or not is_local():
        return
    path = None if who.reopened else remembered.found()
    who.reopened = True
    try:
        if path is not None:
            with st.spinner("Opening the shop this machine remembers"):
                who.reopen(path)
    except JourneylabError as error:
        who.unopened = error
    if who.unopened is not None:
        panels.problem(who.unopened)
