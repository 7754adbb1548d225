"""Text from outside, made harmless in Markdown: file names, column names, event names, sentences built from them."""

from __future__ import annotations

import re

#: Every character that Markdown, Streamlit's dialect of it, or HTML gives a meaning.
_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$&^=\"'/@:])")
_JOINER = "\u2060"  # takes no room; keeps ':' and '@' from being read as a shortcode, an icon, or an address
_TRIGGERS = re.compile(r"(?<=[:@])(?=\S)|(?<=www)(?=\.)", re.IGNORECASE)


def escape(text: object) -> str:
    r"""Return `text` so that it is shown as it is wherever Markdown is rendered, on one line.

    >>> escape("*sale*")
    '\\*sale\\*'
    >>> escape("<script>")
    '\\<script\\>'
    >>> escape("two\nlines")
    'two lines'
    """
    line = " ".join(str(text).split())
    return _SPECIAL.sub(r"\\\1", line) if not _TRIGGERS.search(line) else _guarded(line)


def _guarded(line: str) -> str:
    return _SPECIAL.sub(r"\\\1", _TRIGGERS.sub(_JOINER, line))
