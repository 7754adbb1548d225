"""Answers as survey tools export them: a line a respondent, a column a question, such as Typeform's results.

What a question asks for is told by its words: recommending (NPS, or the staff's when it is about working there),
satisfaction (CSAT), effort (CES), stars, or yes and no. Each question that has a score gives a row an answer; the
first open question is its comment.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from journeylab.data.engine import literal
from journeylab.data.ledger import Note
from journeylab.data.readers import meanings, sheet
from journeylab.data.readers.base import match
from journeylab.data.readers.desk import shown
from journeylab.data.readers.plain_tables import says_utc
from journeylab.data.readers.sheet import Sheet
from journeylab.data.readers.values import free_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journeylab.data.readers.desk import Desk
    from journeylab.data.readers.files import Raw

TITLE = "Survey answers"
VERSION = 2

#: Words that tell what a question asks for; the first that matches decides.
_KINDS = (
    ("enps", re.compile(r"\benps\b|recommend.*(work|employer|colleague.*job)|employee.*promoter", re.IGNORECASE)),
    ("nps", re.compile(r"\bnps\b|net promoter|recommend", re.IGNORECASE)),
    ("ces", re.compile(r"\bces\b|effort|how (easy|difficult)|easy was it|made it easy", re.IGNORECASE)),
    ("csat", re.compile(r"\bcsat\b|satisf", re.IGNORECASE)),
    ("stars", re.compile(r"\bstars?\b|^(your |overall |star )?rating$|\brate (us|your|this|the)\b", re.IGNORECASE)),
    (
        "yes_no",
        re.compile(
            r"yes ?/ ?no|\(y/n\)|^(did|was|were|is|are|do|does|have|has|will|would) (you|your|the|this|our)\b",
            re.IGNORECASE,
        ),
    ),
)
_COMMENT = re.compile(
    r"comment|feedback|reason|why\b|tell us|what could|anything else|in your own words|^body$|review text",
    re.IGNORECASE,
)
_COLUMNS = {
    "answered_at": (
        "Submit Date (UTC)", "Submitted At", "Submit Date", "Submission time", "Completed At", "End Date", "Timestamp",
        "Answered At", "Response Date", "Recorded Date", "Created At", "Date Submitted", "Date", "Submitted",
    ),
    "response_id": ("#", "Response ID", "Respondent ID", "ResponseId", "Submission ID", "Token", "Id", "Review ID"),
    "customer_id": (
        "Email", "E-mail", "Email Address", "Customer ID", "Customer Email", "Reviewer Email", "Recipient Email",
    ),
    "touchpoint": ("Touchpoint", "Stage", "Page"),
    "incentive": ("Incentive", "Reward", "Incentivized", "Incentivised"),
}  # fmt: skip
_WORDS = {
    "very dissatisfied": 1, "very unsatisfied": 1, "dissatisfied": 2, "unsatisfied": 2, "neutral": 3, "satisfied": 4,
    "very satisfied": 5, "very difficult": 1, "difficult": 2, "easy": 4, "very easy": 5,
}  # fmt: skip


def confidence(columns: Sequence[str]) -> float:
    """Say how sure it is that a header is its own."""
    if lacks(columns):
        return 0.2
    found = match(columns, _COLUMNS)
    asked = len(_questions(columns, found)) + len(found) + (1 if _comment(columns, found) is not None else 0)
    return 0.55 + 0.3 * min(1.0, asked / max(1, len([c for c in columns if c])))


def lacks(columns: Sequence[str]) -> tuple[str, ...]:
    """Return what a header would need to be its own."""
    found = match(columns, _COLUMNS)
    missing = [] if "answered_at" in found else ["a time of the answer"]
    return (*missing, *([] if _questions(columns, found) else ["a question with a score"]))


def read(raws: Sequence[Raw], desk: Desk) -> None:
    """Read answers, one for each question that has a score."""
    sheet.read(TITLE, raws, desk, _sheets)


def _questions(columns: Sequence[str], found: dict[str, int]) -> dict[int, str]:
    """Return the columns that hold a score, with its kind."""
    kinds: dict[int, str] = {}
    for place, column in enumerate(columns):
        if place in found.values() or _COMMENT.search(column):
            continue
        kind = next((kind for kind, words in _KINDS if words.search(column)), "")
        if kind:
            kinds[place] = kind
    return kinds


def _comment(columns: Sequence[str], found: dict[str, int]) -> int | None:
    places = (place for place, column in enumerate(columns) if place not in found.values() and _COMMENT.search(column))
    return next(places, None)


def _sheets(raw: Raw) -> list[Sheet]:
    found = match(raw.columns, _COLUMNS)
    questions = _questions(raw.columns, found)
    comment = _comment(raw.columns, found)
    if comment is not None:
        found["comment"] = comment
    utc = frozenset({"answered_at"} if says_utc(raw.columns[found["answered_at"]]) else ())
    names = shown(raw.columns[place] for place in questions)
    said = (Note("questions with a score, told by their words", len(questions), names[:3]),)
    return [_sheet(found, place, kind, number, utc, said) for number, (place, kind) in enumerate(questions.items())]


def _sheet(
    found: dict[str, int], place: int, kind: str, number: int, utc: frozenset[str], said: tuple[Note, ...]
) -> Sheet:
    """Return the sheet of one question."""
    words = " ".join(f"WHEN '{text}' THEN '{score}'" for text, score in _WORDS.items())
    lead = "nullif(regexp_extract(score, '^[0-9]+([.][0-9]+)?'), '')"
    score = f"CASE lower(score) {words} ELSE coalesce({lead}, {meanings.score('score')}) END"
    top = "max(try_cast(nullif(regexp_extract(score, '^[0-9]+'), '') AS INTEGER)) OVER ()"
    scales = {
        "nps": "'10'",
        "enps": "'10'",
        "yes_no": "'1'",
        "csat": f"CASE WHEN {top} > 10 THEN '100' WHEN {top} > 7 THEN '10' WHEN {top} > 5 THEN '7' ELSE '5' END",
        "ces": f"CASE WHEN {top} > 7 THEN '10' WHEN {top} > 5 THEN '7' ELSE '5' END",
        "stars": f"CASE WHEN {top} > 5 THEN '10' ELSE '5' END",
    }
    found = {**found, "score": place}
    derived = {"kind": literal(kind), "score": score, "scale": scales[kind]}
    suffix = "" if number == 0 else f" || '-{number + 1}'"
    own = "response_id" if "response_id" in found else meanings.own_id(found)
    derived["response_id"] = f"{own}{suffix}"
    if "comment" in found:
        derived["comment"] = meanings.without_numbers(free_text("comment"))
    asides = {"without an answer to this question": "score__text IS NULL"}
    return Sheet("surveys", found, derived=derived, utc=utc, asides=asides, said=said, label="response_id")
