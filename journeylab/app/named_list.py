"""A list of customers to take away as CSV, with the shop's own ids and e-mails if that is asked for."""

from __future__ import annotations

import io
import shutil
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from journeylab.app import panels
from journeylab.app.state import jl_is_lab_file, lab_key, visitor
from journeylab.cells import harmless
from journeylab.customers import own_ids
from journeylab.customers.roster import Roster
from journeylab.data import workspace
from journeylab.errors import JourneylabError
from journeylab.report import privacy
from journeylab.report.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

    from journeylab.customers.own_ids import Told
    from journeylab.data.dataset import Dataset
    from journeylab.result import Result

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


def offer(
    shop: Dataset, made: Result, people: Roster | pd.DataFrame, *, name: str, customer: str = "customer_id"
) -> None:
    """Offer a list as CSV: customers are pseudonyms in it, and own ids and e-mails stand beside them if ticked.

    Args:
        shop: The shop the customers are of.
        made: The Result the list comes from.
        people: The list, a row a customer.
        name: What the file is called, such as "audience".
        customer: The column that holds the customer.
    """
    named = _named(shop, made, people, name, customer)
    st.download_button(
        "Download as CSV, with own ids and e-mails" if named else "Download as CSV",
        named or partial(as_csv, people),
        file_name=f"{name}-with-emails.csv" if named else f"{name}.csv",
        mime="text/csv",
        icon=":material/download:",
        key=f"{name}_csv",
        on_click="ignore",
    )
    st.caption(PERSONAL if named else privacy.IDS)


def _named(
    shop: Dataset, made: Result, people: Roster | pd.DataFrame, name: str, customer: str
) -> Callable[[], bytes] | None:
    """Ask whether own ids and e-mails shall be in the file; return what makes such a file, or None."""
    why_not = unavailable()
    wanted = st.checkbox(
        "With your own ids and e-mails",
        value=False,
        key=f"{name}_named",
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
        uploads = st.file_uploader(ASK_FILES, accept_multiple_files=True, key=f"{name}_files")
        if not uploads:
            return None
    paths = [] if uploads else [source.path for source in who.sources]
    columns = sorted({header for m in who.maps for header, role in m.columns.items() if role == "customer_id"})
    look_up = partial(_look_up, paths, uploads, people=people, key=who.key, columns=columns, customer=customer)
    try:
        cache = (shop.fingerprint, "own ids", made.call.python() if made.call else "", *(u.file_id for u in uploads))
        with st.spinner("Looking them up in your files"):
            told: Told = who.remember(cache, lambda: look_up(target=None))
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


def _look_up(paths: list[Path], uploads: list[Any], **asked: Any) -> Told:
    with workspace.passing_folder() as folder:
        copies = []
        for number, upload in enumerate(uploads):
            copies.append(folder / f"upload-{number}")
            upload.seek(0)
            with copies[-1].open("wb") as copy:
                shutil.copyfileobj(upload, copy)
        return own_ids.write(files=[*paths, *copies], **asked)


def _named_csv(look_up: Callable[..., Told]) -> bytes:
    target = io.StringIO(newline="")
    look_up(target=target)
    return target.getvalue().encode("utf-8-sig")


def as_csv(people: Roster | pd.DataFrame) -> bytes:
    """Return a list as a CSV file that spreadsheets read as UTF-8; no cell becomes a formula."""
    target = io.StringIO(newline="")
    if isinstance(people, Roster):
        people.write(target)
    else:
        people.map(harmless).to_csv(target, index=False, lineterminator="\n")
    return target.getvalue().encode("utf-8-sig")
