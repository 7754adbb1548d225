"""The quality report on the Data page: a card a choice, with what it concerns, and what is chosen about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

import journeylab as jl
from journeylab.app import panels
from journeylab.app.state import visitor
from journeylab.errors import JourneylabError
from journeylab.report.markdown import escape

if TYPE_CHECKING:
    from journeylab.data.dataset import Dataset
    from journeylab.start.quality import Finding, Quality

TITLES = {
    "duplicates": "Rows that repeat another",
    "future": "Rows in the future",
    "currency": "Several currencies",
    "negative_lines": "Lines below zero",
    "negative_orders": "Orders below zero",
    "zero_orders": "Free orders",
    "guests": "Guests",
    "refunds": "Refunds",
    "skus": "SKUs in several spellings",
    "": "Worth knowing",
}


def quality(shop: Dataset) -> None:
    """Show what is odd about the data, and let the user decide."""
    st.subheader("How good is the data", anchor=False)
    try:
        report = visitor().remember((shop.fingerprint, "quality"), lambda: jl.quality(shop))
    except JourneylabError as error:
        panels.problem(error)
        return
    st.markdown(f":gray[{escape(report.headline())}]")
    groups: dict[str, list[Finding]] = {}
    for finding in report.findings:
        groups.setdefault(finding.choice, []).append(finding)
    with st.grid(2, min_column_width=340):
        for choice in sorted(groups, key=list(TITLES).index):
            _card(choice, groups[choice])
    _said(report)


def _card(choice: str, findings: list[Finding]) -> None:
    with st.container(border=True, height="stretch"):
        st.markdown(f"**{escape(TITLES[choice])}**")
        for finding in findings:
            st.markdown(escape(finding.sentence()))
            if finding.examples:
                st.caption(escape(f"Such as {'; '.join(finding.examples)}"))
        options = dict(findings[0].options)
        if not options:
            return
        key = f"choice_{choice}"
        st.session_state[key] = findings[0].chosen  # what the shop says, also after a lab file was opened
        st.selectbox(
            "What to do",
            list(options),
            format_func=lambda value: options.get(value, value),
            key=key,
            on_change=_choose,
            args=(choice, key),
        )


def _choose(choice: str, key: str) -> None:
    who = visitor()
    if who.shop is not None:
        who.change(who.shop.choose(**{choice: st.session_state[key]}))


def _said(report: Quality) -> None:
    for caveat in report.caveats:
        st.caption(escape(caveat))
    if report.findings:
        with st.expander("In Python", icon=":material/code:"):
            st.code(report.call.python() if report.call else "", language="python")
