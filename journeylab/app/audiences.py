"""An audience to take away: its customers as CSV, a random part held out, with the shop's own ids if that is asked."""

from __future__ import annotations

import io
import shutil
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from journeylab.app import controls, panels
from journeylab.app.cards import run
from journeylab.app.state import jl_is_lab_file, lab_key, visitor
from journeylab.customers import own_ids
from journeylab.customers.audience import audience
from journeylab.data import workspace
from journeylab.errors import JourneylabError
from journeylab.report import privacy
from journeylab.report.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from journeylab.customers.audience import Audience
    from journeylab.customers.own_ids import Told
    from journeylab.customers.personas import Personas
    from journeylab.customers.roster import Roster
    from journeylab.data.dataset import Dataset

INVENTED = "The customers of the demo store are invented, so they have no ids and e-mails of their own."
ELSEWHERE = "The customers come from a warehouse and carry its ids; their e-mails stay there."
NO_KEY = (
    "Own ids and e-mails are not to be had here: this shop was opened from a saved file that does not keep the key of "
    "its pseudonyms. Add the exports themselves, or save the shop once with its key."
)
ASK_FILES = (
    "The saved file keeps the key but no e-mails. Add the export that has them; it is read for this download only."
)
PERSONAL = (
    "This file then names people. Ids and e-mails are looked up in your files on the machine the app runs on, only for "
    "this download; no table, chart, notebook or saved shop gets them."
)


def take_away(shop: Dataset, found: Personas) -> None:
    """Offer the customers of chosen personas as CSV, a seeded random part of them held out."""
    with st.container(border=True):
        st.subheader("An audience to write to", anchor=False)
        names = controls.several("Personas in it", list(found.cards["name"]), [], key="audience", most=10)
        share = controls.slider(
            "Held out, per cent", 0, 50, 10, key="holdout", help="Without it nobody knows what the message did."
        )
        consented = shop.has("customers.accepts_marketing") and st.checkbox("Only who accepts marketing", value=True)
        try:
            made = run(audience, shop, personas=found, names=names or None, holdout=share / 100, consented=consented)
        except JourneylabError as error:
            panels.problem(error)
            return
        st.markdown(escape(made.headline()))
        _offer(shop, made)


def _offer(shop: Dataset, made: Audience) -> None:
    named = _named(shop, made)
    st.download_button(
        "Download as CSV, with own ids and e-mails" if named else "Download as CSV",
        named or partial(as_csv, made.roster),
        file_name="audience-with-emails.csv" if named else "audience.csv",
        mime="text/csv",
        icon=":material/download:",
        key="audience_csv",
        on_click="ignore",
    )
    st.caption(PERSONAL if named else privacy.IDS)


def _named(shop: Dataset, made: Audience) -> Callable[[], bytes] | None:
    """Ask whether own ids and e-mails shall be in the file; return what makes such a file, or None."""
    why_not = unavailable()
    wanted = st.checkbox(
        "With your own ids and e-mails",
        value=False,
        key="audience_named",
        disabled=bool(why_not),
        help="For the tool that sends the message. Off, customers are pseudonyms.",
    )
    if why_not:
        st.caption(f":material/lock: {escape(why_not)}")
    if why_not or not wanted:
        return None
    who = visitor()
    uploads: list[Any] = []
    if jl_is_lab_file(who.sources[0].path):
        uploads = st.file_uploader(ASK_FILES, accept_multiple_files=True, key="audience_files")
        if not uploads:
            return None
    paths, key = [] if uploads else [source.path for source in who.sources], who.key
    columns = sorted({header for m in who.maps for header, role in m.columns.items() if role == "customer_id"})
    look_up = partial(_look_up, made.roster, paths, uploads, key, columns)
    try:
        cache = (shop.fingerprint, "own ids", made.call.python() if made.call else "", *(u.file_id for u in uploads))
        told: Told = who.remember(cache, lambda: look_up(None))
    except JourneylabError as error:
        panels.problem(error)
        return None
    st.markdown(escape(told.sentence()))
    return partial(_named_csv, look_up)


def unavailable() -> str:
    """Say why own ids and e-mails cannot be looked up; an empty text if they can."""
    who = visitor()
    if who.demo:
        return INVENTED
    if not who.sources:
        return ELSEWHERE
    first = who.sources[0].path
    return NO_KEY if jl_is_lab_file(first) and lab_key(first) is None else ""


def _look_up(
    roster: Roster, paths: list[Path], uploads: list[Any], key: bytes, columns: list[str], target: io.StringIO | None
) -> Told:
    with workspace.passing_folder() as folder:
        copies = []
        for number, upload in enumerate(uploads):
            copies.append(folder / f"upload-{number}")
            upload.seek(0)
            with copies[-1].open("wb") as copy:
                shutil.copyfileobj(upload, copy)
        return own_ids.write(roster, target, files=[*paths, *copies], key=key, columns=columns)


def _named_csv(look_up: Callable[[io.StringIO | None], Told]) -> bytes:
    target = io.StringIO(newline="")
    look_up(target)
    return target.getvalue().encode("utf-8-sig")


def as_csv(roster: Roster) -> bytes:
    """Return a roster as a CSV file that spreadsheets read as UTF-8."""
    target = io.StringIO(newline="")
    roster.write(target)
    return target.getvalue().encode("utf-8-sig")
