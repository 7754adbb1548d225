"""Cells on their way into a spreadsheet: text from the data never becomes a formula."""

from __future__ import annotations

from typing import Any

#: What a spreadsheet takes for the start of a formula, half or full width.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def harmless(cell: Any) -> Any:
    """Put an apostrophe before text that a spreadsheet would run as a formula; leave the rest as it is.

    >>> print(harmless('=HYPERLINK("…")'), harmless("mug"), harmless(-3))
    '=HYPERLINK("…") mug -3
    """
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell
