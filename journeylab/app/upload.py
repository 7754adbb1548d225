"""Adding files: uploads, or paths on one's own machine; the zone and currency they are read in; progress."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

import streamlit as st

from journeylab.app.demo import demo_button, open_demo
from journeylab.app.progress import with_progress
from journeylab.app.state import Source, visitor
from journeylab.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable

FROM_FILES = "as the files say"
CURRENCIES = ("EUR", "GBP", "USD", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "CAD", "AUD", "NZD", "JPY", "INR", "BRL")
OVERLAPS = {"replace": "count once, as the newer file has them", "add": "count each, as of several stores"}
TYPES = ("csv", "tsv", "txt", "xlsx", "xls", "parquet", "gz", "zip", "json", "jsonl", "ndjson")


def add_files() -> None:
    """Let the user add files, and read them together with those that are there, or open the demo store."""
    who = visitor()
    if who.shop is None and not who.waiting and demo_button("demo_on_data"):
        open_demo()
    with st.form("add_files", clear_on_submit=True, enter_to_submit=False):
        uploads = st.file_uploader(
            "Files: CSV, TSV, XLSX, Parquet or newline JSON, also as .gz or .zip; several at once",
            type=TYPES,
            accept_multiple_files=True,
            key="uploads",
        )
        typed = ""
        if is_local():
            with st.expander("Files too large to upload", icon=":material/hard_drive:"):
                typed = st.text_area(
                    "Paths on this machine, one a line",
                    key="paths",
                    height=90,
                    placeholder="/home/me/exports/orders.parquet",
                    help="Read where they lie, without a copy. Offered only where the app runs on your own machine.",
                )
        left, right, last = st.columns([1, 1, 2])
        zones = _zones()
        zone = left.selectbox(
            "Time zone of the shop",
            zones,
            index=zones.index(who.time_zone or _guess(zones)),
            key="time_zone",
            help="Orders and events are counted on the shop's own days.",
        )
        currencies = [FROM_FILES, *CURRENCIES]
        currency = right.selectbox(
            "Currency",
            currencies,
            index=currencies.index(who.currency or FROM_FILES),
            key="currency",
            help="Orders in another currency are kept and counted apart.",
        )
        overlap = last.selectbox(
            "Rows that two files have",
            list(OVERLAPS),
            index=list(OVERLAPS).index(who.overlap),
            format_func=OVERLAPS.__getitem__,
            key="overlap",
            help="The same period exported again replaces what was there; several stores may number orders alike.",
        )
        label = "Read files" if who.shop is None else "Add, or read again"
        asked = st.form_submit_button(label, type="primary", icon=":material/play_arrow:")
    if asked:
        who = visitor()
        read(
            lambda: [
                *(who.spool(upload.name, upload) for upload in uploads),
                *(_on_disk(line.strip()) for line in typed.splitlines() if line.strip()),
            ],
            {"time_zone": zone, "currency": None if currency == FROM_FILES else currency, "overlap": overlap},
        )


def read(added: Callable[[], list[Source]], options: dict[str, Any]) -> None:
    """Read files into the shop, with progress, and start the page anew; what cannot be read is said."""
    who = visitor()
    with_progress(lambda progress: who.read(added(), **options, progress=progress))


def is_local() -> bool:
    """Say whether the app serves only the machine it runs on, so that paths typed in are the user's own."""
    if st.get_option("server.address") not in {"127.0.0.1", "localhost", "::1"}:
        return False
    headers = st.context.headers
    host = headers.get("Host", "").rpartition(":")[0] or headers.get("Host", "")
    if headers.get("X-Forwarded-For") or headers.get("Forwarded"):
        return False
    if host.strip("[]") == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _on_disk(text: str) -> Source:
    path = Path(text.strip("\"'")).expanduser()
    if not path.is_file():
        raise SchemaError(f"There is no file {text}.", do="Check the path; it must lead to a file on this machine.")
    return Source(path, path.name, ours=False)


def _zones() -> list[str]:
    common = [zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/"))]
    return ["UTC", *sorted(common)]


def _guess(zones: list[str]) -> str:
    browser = st.context.timezone
    return browser if browser in zones else "UTC"
