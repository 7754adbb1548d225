"""Further columns of customers and outcomes: what they may be called, what they hold, and which may not be kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from journeylab.data import schema
from journeylab.data.engine import quote
from journeylab.data.readers.base import fold
from journeylab.data.readers.values import money, yes_no

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from journeylab.data.readers.desk import Desk

#: Parts of headers that name a person or where one lives; such columns never reach a table.
_PERSONAL = (
    "name", "phone", "mobile", "tel", "mail", "address", "street", "zip", "postcode", "postal", "city", "company",
    "note", "birthday", "dateofbirth", "iban", "card", "ssn", "vatid", "taxid", "latitude", "longitude", "instagram",
    "comment", "url", "ipaddress", "handle",
)  # fmt: skip
_TAKEN = {"source", "aside"}
MOST = 60


@dataclass(frozen=True)
class Trait:
    """A further column: its expression and its SQL type."""

    sql: str
    kind: str


def keepable(columns: Sequence[str], taken: Collection[int], table: str) -> tuple[dict[str, int], list[str]]:
    """Return the further columns that may be kept, by what they will be called, and those left out as personal.

    >>> keepable(["Email", "Favourite colour", "Phone"], [0], "customers")
    ({'favourite_colour': 1}, ['Phone'])
    """
    kept: dict[str, int] = {}
    left: list[str] = []
    for place, header in enumerate(columns):
        if place in taken:
            continue
        name = re.sub(r"\W+", "_", header.lower()).strip("_")[:60]
        if any(word in fold(header) for word in _PERSONAL):
            left.append(header)
        elif name and name not in kept and name not in schema.TABLES[table].by_name and name not in _TAKEN:
            kept[name] = place
    return dict(list(kept.items())[:MOST]), left


def column(name: str) -> str:
    """Return the name of a trait's column among staged rows."""
    return quote(f"trait {name}")


def typed(desk: Desk, rows: str, names: Sequence[str]) -> dict[str, Trait]:
    """Decide what each trait holds: numbers, yes and no, or words."""
    found: dict[str, Trait] = {}
    for name in names:
        text = column(name)
        number, truth = f"try_cast({text} AS DOUBLE)", yes_no(text)
        ((n, numbers, truths, digits),) = desk.sql(
            f"SELECT count({text}), count({number}), count({truth}), "
            f"count(*) FILTER ({text} IN ('0', '1')) FROM {rows} WHERE aside IS NULL"
        )
        if n and numbers == n:
            found[name] = Trait(number, "DOUBLE")
        elif n and truths == n and digits == 0:
            found[name] = Trait(truth, "BOOLEAN")
        else:
            amount = money(desk, rows, text).sql
            ((amounts,),) = desk.sql(f"SELECT count({amount}) FROM {rows} WHERE aside IS NULL")
            found[name] = Trait(f"CAST({amount} AS DOUBLE)", "DOUBLE") if n == amounts > 0 else Trait(text, "VARCHAR")
    return found
