"""Text into values: money, yes and no, ids and free text, as SQL expressions.

How a column writes its amounts is decided by the whole of it and said in the ledger: the shapes of its values (each
digit written as 9) tell a decimal comma from a decimal point.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from journeylab.data.engine import literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from journeylab.data.readers.desk import Desk

#: As the canonical DECIMAL(18,4), with room for a product; a larger amount is read as no amount.
DECIMAL = "DECIMAL(15,4)"
_CURRENCY = r"(?:[A-Z]{3}|[€$£¥₹]|kr\.?|zł|R\$)"
_AMOUNT = rf"^[-+(]?\s*{_CURRENCY}?\s*[-+]?\d[\d.,'’\s\x{{a0}}\x{{202f}}]*{_CURRENCY}?\s*[-)]?$"
EMAIL = r"[A-Za-z0-9._%+'-]+(?:@|%40)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
_PHONE = r"^(?:\+|00|\()[0-9][0-9 ()./-]{6,20}$"
_NATIONAL = r"^0[0-9][0-9 ()./-]{6,}$"
_YES = ("yes", "true", "t", "y", "1", "subscribed")
_NO = ("no", "false", "f", "n", "0", "unsubscribed", "not_subscribed")


@dataclass(frozen=True)
class Amount:
    """How a column of amounts is read: an expression (NULL where it is no amount), and what to say about it."""

    sql: str
    said: tuple[tuple[str, int], ...] = ()


def shapes(desk: Desk, table: str, column: str, unless: str = "false") -> list[tuple[str, int]]:
    """Return the most frequent shapes of a column with their counts, leaving out values for which `unless` holds."""
    return [
        (shape, n)
        for shape, n in desk.sql(
            f"SELECT translate(left({column}, 60), '012345678', '999999999') AS shape, count(*) AS n FROM {table} "
            f"WHERE {column} IS NOT NULL AND NOT ({unless}) GROUP BY 1 ORDER BY n DESC, shape LIMIT 400"
        )
    ]


def money(desk: Desk, table: str, column: str, *, comma: bool = False) -> Amount:
    """Decide how the amounts of a column are written, and return the expression that reads them.

    Args:
        desk: Where the column is.
        table: The table it is in.
        column: Its name.
        comma: Whether 1,234 is rather a decimal comma, where the column itself proves nothing.
    """
    plain = f"try_cast({column} AS {DECIMAL})"
    odd = shapes(desk, table, column, f"{plain} IS NOT NULL")
    if not odd:
        return Amount(plain)
    marks = decimal_marks(odd)
    if marks["comma"]:
        marks["point"] += decimal_marks(shapes(desk, table, column, f"{plain} IS NULL"))["point"]
    total = sum(marks.values())
    bare = f"regexp_replace({column}, '[^0-9.,]', '', 'g')"
    as_point, as_comma = f"replace({bare}, ',', '')", f"replace(replace({bare}, '.', ''), ',', '.')"
    text = as_point
    said: tuple[tuple[str, int], ...] = ()
    if marks["comma"] and marks["point"]:
        text = f"CASE WHEN strpos(reverse({bare}), ',') BETWEEN 1 AND 3 THEN {as_comma} ELSE {as_point} END"
        said = (("amounts written with a decimal comma and with a decimal point, each read as written", total),)
    elif marks["comma"] or (marks["either"] and not marks["point"] and comma):
        text, plain = as_comma, ""
        said = (("amounts written with a decimal comma", total),)
    elif marks["either"] and not marks["point"]:
        said = (("amounts such as 1,234 read as thousands, since nothing proves a decimal comma", marks["either"]),)
    sign = f"CASE WHEN contains({column}, '-') OR starts_with({column}, '(') THEN -1 ELSE 1 END"
    read = (
        f"CASE WHEN regexp_matches({column}, {literal(_AMOUNT)}) "
        f"THEN CAST({sign} * try_cast({text} AS {DECIMAL}) AS {DECIMAL}) END"
    )
    return Amount(f"coalesce({plain}, {read})" if plain else read, said)


def decimal_marks(found: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Count the values whose shape proves a decimal comma, a decimal point, or allows either.

    >>> decimal_marks([("9.999,99", 2), ("99.99", 1), ("9,999", 5)])
    {'comma': 2, 'point': 1, 'either': 5}
    """
    marks = {"comma": 0, "point": 0, "either": 0}
    names = {",": "comma", ".": "point"}
    for shape, n in found:
        body = re.sub(r"[^9.,]", "", shape).strip(",.")
        separators = re.sub("9", "", body)
        if not separators:
            continue
        last = separators[-1]
        other = "," if last == "." else "."
        if separators.count(last) > 1:
            marks[names[other]] += n  # repeated, so it groups thousands
        elif other in separators or len(body) - body.rindex(last) - 1 != 3:
            marks[names[last]] += n
        else:
            marks["either"] += n
    return marks


def yes_no(column: str) -> str:
    """Return the expression that reads yes and no as a boolean."""
    yes, no = (", ".join(map(literal, words)) for words in (_YES, _NO))
    return f"CASE WHEN lower({column}) IN ({yes}) THEN true WHEN lower({column}) IN ({no}) THEN false END"


def pseudonym(text: str, key: bytes) -> str:
    """Return the expression of a pseudonym: 16 hex digits of SHA-256 over the secret key and the value, folded."""
    return f"left(sha256({literal(key.hex())} || lower(trim({text}))), 16)"


def identifier(text: str, key: bytes) -> str:
    """Return the expression of an id as given, or of its pseudonym if it is an e-mail or a phone number.

    The cheap tests come first, each in a CASE of its own, because DuckDB evaluates both sides of an AND.
    """
    hidden = pseudonym(text, key)
    return (
        f"CASE WHEN contains({text}, '@') THEN {hidden} WHEN left({text}, 1) IN ('+', '(', '0') "
        f"THEN CASE WHEN regexp_matches({text}, {literal(_PHONE)}) THEN {hidden} ELSE {text} END ELSE {text} END"
    )


def person(text: str, key: bytes) -> str:
    """Return the expression of an id of a person: also a pseudonym if it may be a name or a national phone number.

    A name is what has a space within it; an id that has one too is as good an id as its pseudonym.
    """
    hidden = pseudonym(text, key)
    return (
        f"CASE WHEN regexp_matches(trim({text}), '\\s') THEN {hidden} WHEN starts_with({text}, '0') "
        f"THEN CASE WHEN regexp_matches({text}, {literal(_NATIONAL)}) THEN {hidden} "
        f"ELSE {identifier(text, key)} END ELSE {identifier(text, key)} END"
    )


def whole_number(text: str) -> str:
    """Return the expression of an id without the '.0' that a spreadsheet or a data frame gave it."""
    return (
        f"CASE WHEN ends_with({text}, '.0') THEN CASE WHEN regexp_full_match({text}, '[0-9]+[.]0') "
        f"THEN left({text}, length({text}) - 2) ELSE {text} END ELSE {text} END"
    )


def free_text(text: str) -> str:
    """Return the expression of text with every e-mail in it blanked; cheap where few have one."""
    return f"CASE WHEN contains({text}, '@') OR contains({text}, '%40') THEN {blanked(text)} ELSE {text} END"


def blanked(text: str) -> str:
    """Return the same, naming the text once: for an expression that is dear, or mostly empty."""
    return f"regexp_replace({text}, {literal(EMAIL)}, '(e-mail)', 'g')"


def path(page: str) -> str:
    """Return the expression of a page's path, without its host, question and fragment."""
    local = f"CASE WHEN contains({page}, '://') THEN regexp_replace({page}, '^[a-z]+://[^/?#]+', '') ELSE {page} END"
    return f"coalesce(nullif(split_part(split_part({local}, '?', 1), '#', 1), ''), if({page} IS NULL, NULL, '/'))"


def without_emails(text: str) -> str:
    """Blank e-mails in text.

    >>> without_emails("orders of ada@example.com.csv")
    'orders of (e-mail)'
    """
    return re.sub(EMAIL, "(e-mail)", text)


def scrub(text: str) -> str:
    """Blank e-mails and phone numbers in text that will be shown, and cut it to a readable length.

    >>> scrub("ask ada@example.com, +49 151 1234567")
    'ask (e-mail), (number)'
    """
    text = without_emails(text)
    text = re.sub(r"(?<![\w.])\+?\d[\d ()/-]{8,}\d(?![\w.])", "(number)", text)
    text = "".join(c if c.isprintable() else " " for c in text)
    return text if len(text) <= 60 else text[:59] + "…"
