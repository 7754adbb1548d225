"""What the link says that no single control holds, as JSON in the URL."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from journeylab.app.controls import say_notice
from journeylab.app.state import visitor


def read(key: str) -> dict[str, Any]:
    """Return what the link says, as JSON, about something that no single control holds; {} if nothing usable."""
    who = visitor()
    in_url, in_link = st.query_params.get_all(key), who.link.pop(key, [])
    asked = in_url or in_link
    if not asked:
        return {}
    try:
        told = json.loads(asked[-1])
    except ValueError:
        told = None
    if not isinstance(told, dict):
        who.notices[key] = "The link's details cannot be read; they are left out here."
        return {}
    return told


def write(key: str, told: dict[str, Any]) -> None:
    """Keep in the link, as JSON, what no single control holds; and say what was wrong with what it asked for."""
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"), sort_keys=True) if told else ""
    if text and st.query_params.get(key) != text:
        st.query_params[key] = text
    elif not text and key in st.query_params:
        del st.query_params[key]
    say_notice(key)
