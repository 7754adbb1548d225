"""Small groups in what is taken away: a figure over fewer than five people may tell who they are.

k-anonymity asks that nobody be told apart among fewer than k (Sweeney 2002); docs/methods/privacy.md says what is done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from journeylab import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

#: Who the customers are in what is taken away.
IDS = "Customers are pseudonyms in it, or the ids of the warehouse they come from."
LEAST = 5
NOTE = "small_group"
#: Columns that say how many people, or what they did, a row is about.
_COUNTS = ("n", "customers", "visitors", "people")
#: Columns that make each row one person.
_PERSONS = ("customer_id", "visitor_id", "person_id", "unit_id")


def small(table: pd.DataFrame, *, least: int = LEAST) -> pd.Series:
    """Say which rows are about at least one and fewer than `least`.

    >>> import pandas as pd
    >>> small(pd.DataFrame({"group": ["a", "b", "c"], "n": [0, 4, 5]})).tolist()
    [False, True, False]
    """
    counts = table[_counts(table)]
    return ((counts >= 1) & (counts < least)).any(axis=1)


def warning(table: pd.DataFrame, *, least: int = LEAST) -> str:
    """Say what a reader of the table could learn about few or single people; an empty text if nothing.

    >>> import pandas as pd
    >>> warning(pd.DataFrame({"group": ["a", "b"], "n": [4, 50]}))
    '1 row is about fewer than 5 people, who may be recognised by it.'
    """
    if any(name in table.columns for name in _PERSONS):
        return "Each row is one person, known by a pseudonym. Whoever has the key, or your exports, can tell who it is."
    rows = int(small(table, least=least).sum())
    if not rows:
        return ""
    verb = "is" if rows == 1 else "are"
    return f"{words.count(rows, 'row')} {verb} about fewer than {least} people, who may be recognised by it."


def marked(table: pd.DataFrame, *, least: int = LEAST) -> pd.DataFrame:
    """Return the table with a column that names its small rows, if it has any."""
    few = small(table, least=least)
    if not few.any():
        return table
    return table.assign(**{NOTE: few.map({True: f"fewer than {least}", False: ""})})


def without_small(table: pd.DataFrame, *, least: int = LEAST) -> pd.DataFrame:
    """Return the table with the figures of its small rows blanked.

    A single blanked row could be had by taking the others from the whole, so the next smallest is blanked with it.
    """
    few = small(table, least=least)
    if not few.any():
        return table
    blank = few.copy()
    if few.sum() == 1 and len(table) > 1:
        size = table[_counts(table)[0]].where(~few & (table[_counts(table)[0]] > 0))
        if size.notna().any():
            blank[size.idxmin()] = True
    figures = table.select_dtypes("number").columns
    kept = table.astype(dict.fromkeys(figures, "float64"))
    kept.loc[blank, figures] = float("nan")
    return kept.assign(**{NOTE: blank.map({True: f"left out, to protect groups of fewer than {least}", False: ""})})


def _counts(table: pd.DataFrame) -> Sequence[str]:
    return [name for name in _COUNTS if name in table.columns and table[name].dtype.kind in "iuf"]
