"""Further columns of customers and outcomes: what they may be called, what they hold, and which may not be kept."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from journeylab.data import schema
from journeylab.data.engine import literal, quote
from journeylab.data.readers.base import fold
from journeylab.data.readers.values import money, yes_no

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from journeylab.data.readers.desk import Desk

#: Parts of headers that name a person or where one lives; such columns never reach a table.
_PERSONAL = (
    "name", "phone", "mobile", "tel", "mail", "address", "street", "zip", "postcode", "postal", "city", "company",
    "note", "birthday", "dateofbirth", "iban", "card", "ssn", "vatid", "taxid", "latitude", "longitude", "instagram",
    "comment", "url", "ipaddress", "handle", "birthdate", "adres", "anschrift", "strass", "plz", "stadt", "geburtstag",
    "geburtsdatum", "geburtsort", "handy", "firma", "prenom", "nomde", "naissance", "ville", "entreprise",
    "apellido", "nombre", "direccion", "ciudad", "nacimiento", "cognome", "indirizzo", "nascita", "achternaam",
    "straat", "woonplaats", "geboorte",
)  # fmt: skip
#: Headers that do so only as a whole, since other words have them within.
_PERSONAL_WHOLE = ("ort", "wohnort", "nom", "rue", "via", "dob", "naam", "cap")
#: The two as an expression over a folded header.
_PATTERN = f"{'|'.join(_PERSONAL)}|^(?:{'|'.join(_PERSONAL_WHOLE)})$"
#: Words of which more than this, and more than a tenth of the rows, differ may be a text about each person.
_MOST_WORDS = 20
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
        if personal(header):
            left.append(header)
        elif name and name not in kept and name not in schema.TABLES[table].by_name and name not in _TAKEN:
            kept[name] = place
    return dict(list(kept.items())[:MOST]), left


def personal(header: str) -> bool:
    """Say whether a header names a person or where one lives, with or without its accents.

    >>> [header for header in ("Prénom", "Straße", "Ort", "Sort", "Colour") if personal(header)]
    ['Prénom', 'Straße', 'Ort']
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", header) if not unicodedata.combining(c))
    return re.search(_PATTERN, fold(plain)) is not None


def impersonal(properties: str) -> str:
    """Return the expression of a JSON object without what its keys call personal, and without what is nested in it."""
    key = "regexp_replace(lower(strip_accents(e.key)), '[^a-z0-9]+', '', 'g')"
    entries = f"map_entries(try(CAST(CAST({properties} AS JSON) AS MAP(VARCHAR, JSON))))"
    kept = (
        f"list_filter({entries}, lambda e: NOT regexp_matches({key}, {literal(_PATTERN)}) "
        "AND json_type(e.value) NOT IN ('OBJECT', 'ARRAY'))"
    )
    return f"nullif(CAST(to_json(map_from_entries({kept})) AS VARCHAR), '{{}}')"


def column(name: str) -> str:
    """Return the name of a trait's column among staged rows."""
    return quote(f"trait {name}")


def typed(desk: Desk, rows: str, names: Sequence[str]) -> dict[str, Trait]:
    """Decide what each trait holds: numbers, yes and no, or words; words that hardly repeat may not be kept."""
    found: dict[str, Trait] = {}
    for name in names:
        text = column(name)
        number, truth = f"try_cast({text} AS DOUBLE)", yes_no(text)
        ((n, numbers, truths, digits, different),) = desk.sql(
            f"SELECT count({text}), count({number}), count({truth}), "
            f"count(*) FILTER ({text} IN ('0', '1')), count(DISTINCT {text}) FROM {rows} WHERE aside IS NULL"
        )
        if n and numbers == n:
            found[name] = Trait(number, "DOUBLE")
        elif n and truths == n and digits == 0:
            found[name] = Trait(truth, "BOOLEAN")
        else:
            amount = money(desk, rows, text).sql
            ((amounts,),) = desk.sql(f"SELECT count({amount}) FROM {rows} WHERE aside IS NULL")
            if n == amounts > 0:
                found[name] = Trait(f"CAST({amount} AS DOUBLE)", "DOUBLE")
            elif different <= max(_MOST_WORDS, n // 10):
                found[name] = Trait(text, "VARCHAR")
    return found
