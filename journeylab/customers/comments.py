"""Comments on their way to Python: a bounded sample of the text column, personal data masked before it is read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
from ibis import _

from journeylab.customers import answers, lots
from journeylab.customers.answers import KINDS
from journeylab.errors import NotEnoughData

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from journeylab.customers.personas import Personas
    from journeylab.data.dataset import Dataset

#: At most this many comments come to Python, and this many characters of each.
MOST, LONGEST = 100_000, 1000
#: Answers up to this place on their scale, from 0 to 1, are unhappy: six of ten, three of five.
UNHAPPY = 0.6

_MASKS = (
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[e-mail]"),
    (re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE), "[link]"),
    (re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b"), "[account]"),
    (re.compile(r"(?<![\w])\+?\(?\d(?:[ ./()-]{0,2}\d){5,}"), "[number]"),
    (re.compile(r"#\s?\d{3,}"), "[number]"),
    (re.compile(r"(?<!\w)@\w{2,}"), "[name]"),
)


@dataclass(frozen=True, eq=False)
class Comments:
    """Comments with the scores they came with.

    Args:
        rows: A row a comment, by response: comment (masked), kind, place (0 to 1), touchpoint (may be missing), group,
            and half (whether it is in the half on which effects are measured).
        of: How many the shop has in the period.
        grouped: Whether `group` says anything.
    """

    rows: pd.DataFrame
    of: int
    grouped: bool

    @property
    def unhappy(self) -> np.ndarray:
        """Which came with an unhappy answer."""
        return self.rows["place"].to_numpy(float) <= UNHAPPY


def masked(text: str) -> str:
    """Return a comment on one line without e-mail addresses, links, account and long numbers, and names after an @.

    >>> masked("Call me: +49 (0)30 123456 or ann@example.com, order #10423, 2 mugs @shop")
    'Call me: [number] or [e-mail], order [number], 2 mugs [name]'
    """
    line = " ".join(text.split())
    for pattern, word in _MASKS:
        line = pattern.sub(word, line)
    return line


def read(
    shop: Dataset,
    *,
    kind: str | None = None,
    by: str | None = None,
    personas: Personas | None = None,
    most: int = MOST,
    seed: int = 1,
) -> Comments:
    """Return the comments of customers' answers, at most `most` of them, drawn by lot (MD5 of the response).

    Args:
        shop: A Dataset whose surveys have comments.
        kind: Only those of this kind of answer; all but the staff's if not given.
        by: As in `feedback`.
        personas: As in `feedback`.
        most: How many at most.
        seed: Of the lots.

    Raises:
        NotEnoughData: if there is none.
    """
    kinds = [name for name in KINDS if name != "enps"] if kind is None else [kind]
    parts = []
    for name in kinds:
        asked = answers.asked(shop, name).filter(_.place.notnull(), _.comment.notnull())
        asked = asked.filter(_.comment.length() > 1)
        asked = asked if "touchpoint" in asked.columns else asked.mutate(touchpoint=ibis.null("string"))
        parts.append(asked)
    together = answers.with_group(shop, ibis.union(*parts) if len(parts) > 1 else parts[0], by, personas)
    of = int(shop.run(together.agg(n=_.count()))["n"].iloc[0])
    if not of:
        raise NotEnoughData("No answer in this period has a comment.", do="Add a survey file with an open question.")
    together = together.mutate(_lot=lots.lot(_.response_id, seed, "comments"))
    if of > most:
        together = together.order_by("_lot", "response_id").limit(most)
    rows = shop.run(
        together.select(
            "response_id", "kind", "place", "touchpoint", "group", "_lot", comment=_.comment.substr(0, LONGEST)
        )
    )
    # In one order on every engine, and without what tells the respondent.
    rows = rows.sort_values(["_lot", "response_id", "kind", "comment"], ignore_index=True)
    half = rows["_lot"].str[8].map(lambda digit: int(digit, 16) % 2 == 0).astype(bool)
    rows = rows.assign(half=half, comment=[masked(text) for text in rows["comment"]])
    rows = rows.drop(columns=["_lot", "response_id"])
    rows["touchpoint"] = rows["touchpoint"].replace("", None)
    return Comments(rows[rows["comment"].str.len() > 1].reset_index(drop=True), of, by is not None or bool(personas))
