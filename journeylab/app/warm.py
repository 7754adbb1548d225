"""Loads what the first files will need while the visitor still reads the empty page.

Importing engine, charts and readers takes two seconds. It begins half a second after the first empty page of a server
is asked for, so that it does not hold that page up, and whoever is quicker waits for it. For scikit-learn, which comes
after that, nobody waits.
"""

from __future__ import annotations

import importlib
import threading
from functools import cache

import streamlit as st

_MODULES = (
    "journeylab.data.readers",
    "journeylab.data.demo.opening",
    "journeylab.data.dataset",
    "ibis.backends.duckdb",
    "journeylab.start",
    "journeylab.journey",
    "journeylab.charts.trend",
    "journeylab.report.notebook",
)
#: What themes and personas will need; nobody waits for it here.
_LATER = ("sklearn.feature_extraction.text", "sklearn.decomposition")
_PATIENCE = 0.5
_done = threading.Event()


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
    timer = threading.Timer(_PATIENCE, _load)
    timer.daemon = True
    timer.start()


def _load() -> None:
    try:
        for name in _MODULES:
            importlib.import_module(name)
    finally:
        _done.set()
    for name in _LATER:
        importlib.import_module(name)
