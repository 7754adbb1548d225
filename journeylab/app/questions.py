"""What the shop's files can answer, and what to add for the rest.

The pages themselves are the registry: each names its question and what it needs in `page(…)`, and its analyses by their
public names. They are read here, not run, so nothing is written twice.
"""

from __future__ import annotations

import ast
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

import journeylab as jl
from journeylab.app.panels import HOW
from journeylab.app.places import PAGES
from journeylab.data.dataset import describe
from journeylab.data.schema import TABLES
from journeylab.report.markdown import escape
from journeylab.result import needs_of
from journeylab.words import listed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from journeylab.data.dataset import Dataset

YES, PARTLY, NOT_YET = "yes", "partly", "not yet"


@dataclass(frozen=True)
class Question:
    """What a page answers.

    Args:
        page: Its script.
        title: Its title.
        question: The sentence under it.
        needs: Without these it answers nothing.
        analyses: What each of its analyses needs, by public name.
    """

    page: Path
    title: str
    question: str
    needs: tuple[str, ...]
    analyses: tuple[tuple[str, tuple[str, ...]], ...]

    def missing(self, shop: Dataset) -> tuple[str, ...]:
        """Return what the shop lacks for the page as a whole."""
        return shop.missing(self.needs)

    def more(self, shop: Dataset) -> tuple[str, ...]:
        """Return what the shop lacks for some analysis of the page that works otherwise."""
        asked = dict.fromkeys(need for _, needs in self.analyses for need in needs)
        return tuple(need for need in shop.missing(asked) if need not in self.needs)

    def answer(self, shop: Dataset) -> str:
        """Say whether the shop's files answer it: 'yes', 'partly' or 'not yet'."""
        return NOT_YET if self.missing(shop) else PARTLY if self.more(shop) else YES


@functools.cache
def questions() -> tuple[Question, ...]:
    """Return the question of every page that has one, in the order of the files."""
    return tuple(found for path in sorted(PAGES.glob("*/*.py")) for found in _read(path))


def _read(path: Path) -> Iterator[Question]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in calls:
        if isinstance(call.func, ast.Name) and call.func.id == "page":
            title, question = (ast.literal_eval(argument) for argument in call.args[:2])
            needs = [need for word in call.keywords if word.arg == "needs" for need in ast.literal_eval(word.value)]
            yield Question(path, title, question, tuple(needs), tuple(_analyses(tree)))


def _analyses(tree: ast.AST) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Find the analyses a page names, such as jl.journey.funnel."""
    short = {  # such as journey = jl.journey
        target.id: ast.unparse(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    names = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    spelt = {".".join([short.get(name.split(".")[0], name.split(".")[0]), *name.split(".")[1:]]) for name in names}
    for name in sorted(spelt):
        root, *path = name.split(".")
        if root != "jl":
            continue
        found: Any = jl
        for part in path:
            found = getattr(found, part, None)
        if hasattr(found, "needs"):
            yield name, needs_of(found)


def what_can_be_answered(shop: Dataset) -> None:
    """Show what the files answer, what they do not answer yet, and what to add."""
    can = [question for question in questions() if question.answer(shop) != NOT_YET]
    cannot = [question for question in questions() if question.answer(shop) == NOT_YET]
    left, right = st.columns(2)
    with left, st.container(border=True, height="stretch"):
        st.subheader("With these files you can answer", anchor=False)
        for question in can:
            st.page_link(question.page, label=escape(question.title), icon=":material/check_circle:")
            more = question.more(shop)
            also = f" Add {listed(map(describe, more))} to see more there." if more else ""
            st.caption(escape(question.question + also))
    with right, st.container(border=True, height="stretch"):
        st.subheader("You cannot yet answer", anchor=False)
        if not cannot:
            st.markdown("Nothing is missing: every page has what it needs.")
        for question in cannot:
            gone = question.missing(shop)
            st.markdown(f":material/radio_button_unchecked: **{escape(question.title)}**")
            how = " ".join(dict.fromkeys(HOW[name] for name in (n.partition(".")[0] for n in gone) if name in HOW))
            st.caption(escape(f"{question.question} Add {listed(map(describe, gone))}. {how}".strip()))
    with st.expander("Pages by tables", icon=":material/table:"):
        _matrix(shop)


def _matrix(shop: Dataset) -> None:
    """Show pages by tables: what each needs, and what is there."""
    asked = {q.title: {*q.needs, *(need for _, needs in q.analyses for need in needs)} for q in questions()}
    tables = [name for name in TABLES if any(n.partition(".")[0] == name for of in asked.values() for n in of)]

    def cell(title: str, table: str) -> str:
        needs = [need for need in asked[title] if need.partition(".")[0] == table]
        return "–" if not needs else "there" if shop.has(*needs) else "missing"

    st.dataframe(
        {
            "Page": [question.title for question in questions()],
            "Answered": [question.answer(shop) for question in questions()],
            **{table.replace("_", " "): [cell(title, table) for title in asked] for table in tables},
        },
        hide_index=True,
        alt="For each page, the tables it needs, and whether they are there",
    )
