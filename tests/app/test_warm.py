"""What is loaded ahead is there, once, and only where a server runs."""

from __future__ import annotations

import asyncio
import importlib
import threading

import pytest
import streamlit as st

from journeylab.app import warm
from journeylab.data.demo import opening
from journeylab.errors import SchemaError


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch):
    """A server that runs, on which nothing was loaded yet."""
    monkeypatch.setattr(st.runtime, "exists", lambda: True)
    monkeypatch.setattr(warm, "_prepare", lambda: None)
    monkeypatch.setattr(warm, "_done", threading.Event())
    warm._start.cache_clear()
    yield
    warm._start.cache_clear()


def test_all_that_is_loaded_ahead_exists():
    for name in (*warm._READING, *warm._MODULES, *warm._LATER):
        importlib.import_module(name)


@pytest.mark.usefixtures("server")
def test_who_is_quicker_waits_until_all_is_loaded(monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []
    monkeypatch.setattr(warm.importlib, "import_module", asked.append)
    warm.begin()
    warm.begin()
    warm.wait()
    waited_for = [*warm._READING, *warm._MODULES]
    assert asked[: len(waited_for)] == waited_for
    assert set(asked) <= {*waited_for, *warm._LATER}


@pytest.mark.usefixtures("server")
def test_nobody_waits_for_what_was_not_begun_or_failed(monkeypatch: pytest.MonkeyPatch):
    warm.wait()

    def broken(_name: str) -> None:
        raise ImportError

    monkeypatch.setattr(warm.importlib, "import_module", broken)
    monkeypatch.setattr(threading, "excepthook", lambda _args: None)
    warm.begin()
    warm.wait()


def test_without_a_server_nothing_is_begun(monkeypatch: pytest.MonkeyPatch):
    warm._start.cache_clear()
    monkeypatch.setattr(threading, "Thread", None)
    warm.begin()
    assert warm._start.cache_info().currsize == 0


@pytest.mark.usefixtures("server")
def test_a_server_begins_as_it_starts():
    async def life() -> None:
        async with warm.beside(None):
            assert warm._start.cache_info().currsize == 1

    asyncio.run(life())
    warm.wait()


def test_a_demo_store_that_cannot_be_read_ahead_is_told_to_who_asks_for_it(monkeypatch: pytest.MonkeyPatch):
    def broken() -> None:
        raise SchemaError("events.parquet is damaged.")

    monkeypatch.setattr(opening, "prepare", broken)
    warm._prepare()
