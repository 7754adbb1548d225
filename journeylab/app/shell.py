"""The frame of every page: its title and question, the shop it looks at, its errors, and its notebook."""

from __future__ import annotations

import io
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

import streamlit as st

from journeylab.app import panels, persona_column
from journeylab.app.presenter import presenting
from journeylab.app.state import visitor
from journeylab.errors import JourneylabError
from journeylab.report import privacy
from journeylab.report.markdown import escape
from journeylab.report.notebook import Story, bundle

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from journeylab.data.dataset import Dataset

_story: ContextVar[Story] = ContextVar("story")


@contextmanager
def page(title: str, question: str, *, needs: Sequence[str] = ()) -> Iterator[Dataset]:
    """Frame a page and yield the shop, cut to the window chosen in the sidebar.

    Args:
        title: The page's title.
        question: One sentence that says what the page answers.
        needs: Tables and columns without which the page shows what is missing instead ('surveys or tickets': one of
            them is enough); a page without needs opens on an empty shop too.
    """
    if not presenting():
        heading(title, question)
    story = Story(title, question)
    _story.set(story)
    whole = visitor().shop
    if whole is None and not needs:
        from journeylab.data.examples import empty_shop

        whole = visitor().remember(("empty shop",), empty_shop)
    whole = persona_column.applied(whole) if whole is not None else None
    lacking = tuple(needs) if whole is None else whole.missing(needs)
    if whole is None or lacking:
        panels.missing(lacking or needs)
        st.stop()
    window = visitor().window
    try:
        yield whole.between(*window) if window else whole
    except JourneylabError as error:
        panels.problem(error)
    except Exception as error:  # noqa: BLE001 - the last line of defence: shown as a bug, logged in full
        panels.bug(error)
    if story.steps and not presenting():
        _offer_notebook(story, story.shop or whole)


def heading(title: str, question: str) -> None:
    """Write a page's title and the sentence that says what it answers."""
    st.title(title, anchor=False)
    st.markdown(f":gray[{escape(question)}]")


def story() -> Story:
    """Return what the page has said and shown so far."""
    return _story.get()


def say(words: str) -> None:
    """Write a sentence on the page and into its notebook."""
    story().steps.append(words)
    st.markdown(escape(words))


def _offer_notebook(story: Story, whole: Dataset) -> None:
    def make() -> bytes:
        target = io.BytesIO()
        bundle(story, whole, target)
        return target.getvalue()

    st.download_button(
        "Download this page as a notebook",
        make,
        file_name=f"{story.slug}-notebook.zip",
        mime="application/zip",
        icon=":material/menu_book:",
        on_click="ignore",
        key="page_notebook",
        help=f"A zip with a Jupyter notebook of this page and the data it reads. {privacy.IDS}",
    )
