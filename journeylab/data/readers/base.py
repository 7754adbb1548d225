"""What a reader is, and which one a header belongs to.

To add a source: write a module with one Reader in it, and name it in READERS. Nothing else knows the sources.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from journeylab.data.readers.desk import Desk
    from journeylab.data.readers.files import Raw


class Reader(Protocol):
    """Reads the exports of one source into canonical tables with their ledgers."""

    TITLE: str
    VERSION: int

    def confidence(self, columns: Sequence[str]) -> float:
        """Say how sure it is that a header is its own, from 0 to 1; it reads from 0.5 on."""

    def lacks(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Return what a header would need to be its own, in words."""

    def read(self, raws: Sequence[Raw], desk: Desk) -> None:
        """Read all files of this source into canonical tables at the desk."""


@lru_cache(maxsize=10_000)
def fold(header: str) -> str:
    """Return a header without case, spaces and punctuation, to compare it.

    >>> fold("Invoice No."), fold("InvoiceNo")
    ('invoiceno', 'invoiceno')
    """
    return re.sub(r"[\W_]+", "", header.casefold())


def match(columns: Sequence[str], synonyms: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """Find columns by their synonyms, earlier synonyms first; each column serves once.

    >>> match(["user_id", "ts"], {"visitor": ["visitor id", "user id"], "time": ["time", "ts"]})
    {'visitor': 0, 'time': 1}
    """
    places: dict[str, int] = {}
    for index, column in reversed(list(enumerate(columns))):
        places[fold(column)] = index
    found: dict[str, int] = {}
    for role, names in synonyms.items():
        for name in names:
            index = places.get(fold(name), -1)
            if index >= 0 and index not in found.values():
                found[role] = index
                break
    return found
