"""Loads what the first files will need while a visitor still comes and reads the empty page.

Importing engine, charts and readers takes two seconds. It begins when the server starts, and whoever is quicker waits
for it. Nobody waits for what comes after: the demo store, read once a machine, and scikit-learn.
"""

from __future__ import annotations

import importlib
import threading
from contextlib import asynccontextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING

import streamlit as st

from journeylab.errors import JourneylabError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

#: What files are read with.
_READING = (
    "journeylab.data.readers",
    "journeylab.data.demo.opening",
    "journeylab.data.dataset",
    "ibis.backends.duckdb",
)
_MODULES = (
    "journeylab.start",
    "journeylab.journey",
    "journeylab.charts.trend",
    "journeylab.report.notebook",
)
#: What themes and personas will need; nobody waits for it here.
_LATER = ("sklearn.feature_extraction.text", "sklearn.decomposition")
_done = threading.Event()


@asynccontextmanager
async def beside(_app: st.App) -> AsyncIterator[None]:
    """Begin to load when a server starts, as `st.App` asks for it."""
    begin()
    yield


def begin() -> None:
    """Begin to load in the background, once a server; nothing where no server runs, as in tests of pages."""
    if st.runtime.exists():
        _start()


def wait() -> None:
    """Wait until what was begun is loaded."""
    if st.runtime.exists() and _start.cache_info().currsize:
        _done.wait()


@cache
def _start() -> None:
    threading.Thread(target=_load, daemon=True).start()


def _load() -> None:
    try:
        for name in _READING:
            importlib.import_module(name)
        threading.Thread(target=_prepare, daemon=True).start()
        for name in _MODULES:
            importlib.import_module(name)
    finally:
        _done.set()
    for name in _LATER:
        importlib.import_module(name)


def _prepare() -> None:
    from journeylab.data.demo import opening

    with suppress(JourneylabError, OSError):  # who asks for the demo store is told
        opening.prepare()
