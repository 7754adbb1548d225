"""Text from outside, made harmless in Markdown: file names, column names, event names, sentences built from them."""

from __future__ import annotations

import re

#: What Markdown, Streamlit's dialect of it, or HTML gives a meaning anywhere in a line.
_ANYWHERE = re.compile(r"([\\`*_\[\]<>#|~$&])")
#: What starts a list or a rule at the start of a line.
_AT_START = re.compile(r"^([-+=]|\d+(?=[.)]))")
#: Places where a shortcode, an icon, a colour, a link or an address would begin.
_TRIGGERS = re.compile(r"(?<=[:@])(?=\S)|(?<=www)(?=\.)", re.IGNORECASE)
_JOINER = "\u2060"  # takes no room and breaks none of the words


def escape(text: object) -> str:
    r"""Return `text` on one line so that it is shown as it is wherever Markdown is rendered.

    >>> print(escape("*sale* <script>"), escape("two\nlines"), escape("- 3 mugs"), escape("7. mug"))
    \*sale\* \<script\> two lines \- 3 mugs 7\. mug
    """
    line = _ANYWHERE.sub(r"\\\1", _TRIGGERS.sub(_JOINER, " ".join(str(text).split())))
    return _AT_START.sub(lambda m: m[1] + "\\" if m[1][0].isdigit() else "\\" + m[1], line)
