"""The form for a shop whose tables stay in a warehouse: where it is, what its tables and columns are called."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import streamlit as st

from journeylab.app import panels
from journeylab.app.state import visitor
from journeylab.app.upload import is_local
from journeylab.data.schema import TABLES
from journeylab.errors import BadParameter, JourneylabError, SchemaError
from journeylab.report.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger("journeylab")
BY_ADDRESS = "by address"


def connections() -> dict[str, dict[str, Any]]:
    """Return the named connections of .streamlit/secrets.toml that have an address: [connections.<name>] url = "…"."""
    try:
        found = st.secrets.get("connections", {})
    except (FileNotFoundError, OSError):
        return {}
    return {str(name): dict(of) for name, of in found.items() if "url" in of}


def columns_from(text: str) -> dict[str, dict[str, str]]:
    """Read lines such as 'orders.net = total_net' as what `jl.connect` takes.

    >>> columns_from("orders.net = total_net")
    {'orders': {'net': 'total_net'}}
    """
    found: dict[str, dict[str, str]] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        ours, equals, theirs = line.partition("=")
        table, dot, column = ours.strip().partition(".")
        if not (equals and dot and table and column.strip() and theirs.strip()):
            raise BadParameter(f"{line!r} names no column.", do="Write a line as in: orders.net = total_net")
        found.setdefault(table.strip(), {})[column.strip()] = theirs.strip()
    return found


def warehouse() -> None:
    """Offer the form where the app runs on the user's own machine."""
    if not is_local():
        return
    with st.expander("Connect a warehouse instead of files", icon=":material/database:"):
        st.caption(
            "Tables stay where they are and are only read. An address with a password is better kept in "
            "`.streamlit/secrets.toml`, under `[connections.<name>]` as `url`; it is then chosen by its name."
        )
        with st.form("warehouse", enter_to_submit=False, border=False):
            named = connections()
            chosen = st.selectbox("Connection", [*named, BY_ADDRESS], key="warehouse_name", format_func=escape)
            address = st.text_input(
                "Address",
                key="warehouse_url",
                type="password",
                placeholder="duckdb:///data/shop.duckdb",
                help="Such as duckdb:///data/shop.duckdb, spark://host:7077 or sc://host:15002. Never shown again.",
            )
            st.markdown("Tables, as the warehouse calls them; leave empty what it does not have.")
            with st.grid(3, min_column_width=180):
                tables = {
                    name: st.text_input(name.replace("_", " "), key=f"warehouse_{name}", placeholder=f"shop.{name}")
                    for name in TABLES
                }
            renamed = st.text_area(
                "Columns that are called otherwise, one a line",
                key="warehouse_columns",
                placeholder="orders.net = total_net",
            )
            with st.container(horizontal=True):
                zone = st.text_input("Time zone of the shop", "UTC", key="warehouse_zone")
                as_of = st.text_input("Last day to read (optional)", key="warehouse_as_of", placeholder="2026-03-31")
            asked = st.form_submit_button("Connect", type="primary", icon=":material/power:")
    if asked:
        _connect(chosen, address, named, {n: t.strip() for n, t in tables.items() if t.strip()}, renamed, zone, as_of)


def _connect(
    chosen: str,
    address: str,
    named: Mapping[str, Mapping[str, Any]],
    tables: dict[str, str],
    renamed: str,
    zone: str,
    as_of: str,
) -> None:
    import journeylab as jl

    url = str(named[chosen]["url"]) if chosen in named else address.strip()
    if not url:
        panels.problem(SchemaError("There is no address to connect to.", do="Give one, or name it in secrets.toml."))
        return
    try:
        with st.spinner("Connecting and counting"):
            columns = columns_from(renamed)
            shop = jl.connect(
                url, as_of=as_of.strip() or None, time_zone=zone.strip() or "UTC", columns=columns, **tables
            )
    except JourneylabError as error:
        panels.problem(_without(error, url))
    except Exception as error:  # noqa: BLE001 - a driver's own error, whose text may hold the address; only its kind is told
        logger.error("connecting failed: %s", type(error).__name__)  # noqa: TRY400 - a trace may hold the address
        panels.problem(
            SchemaError(
                f"The warehouse could not be read ({type(error).__name__}).",
                do="Check the address, the names of the tables, and the permission to read them.",
            )
        )
    else:
        visitor().adopt(shop, [])
        st.rerun()


def _without(error: JourneylabError, url: str) -> JourneylabError:
    """Return the error without the secrets of an address."""
    from journeylab.data.urls import secrets_in

    texts = [error.what, error.why, error.do]
    for secret in secrets_in(url):
        texts = [text.replace(secret, "***") for text in texts]
    return SchemaError(texts[0], why=texts[1], do=texts[2])
