"""Long work on a page: a bar that tells how far it is, a way to stop it, and a sentence where it goes wrong."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import streamlit as st

from journeylab.app import panels
from journeylab.app.state import visitor
from journeylab.errors import JourneylabError, UnknownSource
from journeylab.report.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def with_progress(work: Callable[[Callable[[float, str], None]], None]) -> None:
    """Do long work that tells its progress and can be stopped, and start the page anew; what goes wrong is said."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        bar = st.progress(0.0, "Taking the files in")
        stop = st.empty()
        stop.button("Stop", icon=":material/stop_circle:", key="stop")  # any click ends the run at its next step
    try:
        work(_progress(bar))
    except UnknownSource:
        st.rerun()  # the page goes on with the mapping step
    except JourneylabError as error:
        bar.empty()
        stop.empty()
        panels.problem(error)
        _say_what_stays()
        return
    except Exception as error:  # noqa: BLE001 - shown as a bug, logged in full; the earlier shop stays
        bar.empty()
        stop.empty()
        panels.bug(error)
        _say_what_stays()
        return
    st.rerun()


def _progress(bar: Any) -> Callable[[float, str], None]:
    def progress(share: float, words: str) -> None:
        bar.progress(min(max(share, 0.0), 1.0), escape(words))

    return progress


def _say_what_stays() -> None:
    who = visitor()
    if who.shop is not None:
        names = ", ".join(source.name for source in who.sources)
        st.caption(f"What was loaded before is still there: {escape(names)}.")


@contextmanager
def told(key: str) -> Iterator[Callable[[float, str], None]]:
    """Give an analysis a way to tell its progress: a bar and a way to stop appear once it tells any, and go at the end.

    Args:
        key: Names what can be stopped, for `stopped`.
    """
    place = st.empty()
    bars: list[Any] = []

    def progress(share: float, words: str) -> None:
        if not bars:
            with place.container(horizontal=True, vertical_alignment="bottom"):
                bars.append(st.progress(0.0, escape(words)))
                st.button("Stop", icon=":material/stop_circle:", key=f"{key}_stop", on_click=_stop, args=(key,))
        bars[0].progress(min(max(share, 0.0), 1.0), escape(words))

    yield progress
    place.empty()


def stopped(key: str) -> bool:
    """Say whether the user stopped this work, and offer to begin it again."""
    if not st.session_state.get(f"{key}_stopped"):
        return False
    st.info("Stopped: nothing was worked out.", icon=":material/stop_circle:")
    st.button("Work it out", key=f"{key}_again", on_click=_start, args=(key,))
    return True


def _stop(key: str) -> None:
    st.session_state[f"{key}_stopped"] = True


def _start(key: str) -> None:
    st.session_state[f"{key}_stopped"] = False
