"""What customers say is hard: unhappy answers by what they are about, and support cases by topic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
from ibis import _

from journeylab.journey import tally
from journeylab.journey.judgement import matched

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from journeylab.data.dataset import Dataset

#: Words that make a topic one of money.
MONEY_WORDS = ("pay", "price", "refund", "invoice", "billing", "discount", "voucher", "fee")
#: Up to this score of an NPS answer somebody is a detractor (Reichheld 2003, Harvard Business Review 81).
DETRACTOR = 6
MOST = 20


def voices(shop: Dataset) -> list[dict[str, Any]]:
    """Return a row a topic of support cases and a touchpoint of answers: how many are unhappy, and of how many.

    An answer is unhappy below the middle of its scale (of an NPS: up to 6; of yes or no: no); the staff's answers are
    left out, and answers of one kind are compared with answers of that kind. A case is unhappy if the customer was not
    satisfied; where no case says so, it is only counted.
    """
    rows = []
    if shop.has("surveys.touchpoint"):
        rows += _rows(shop.run(_answers(shop.table("surveys"))), "answer", "unhappy answers about {place}", "emotional")
    if shop.has("tickets.topic"):
        rows += _rows(shop.run(_cases(shop.table("tickets"))), "case", "support cases about {place}", "support")
    return rows


def _answers(surveys: ir.Table) -> ir.Table:
    scale = surveys["scale"] if "scale" in surveys.columns else ibis.null("float64")
    unhappy = ibis.cases(
        (surveys.kind == "nps", surveys.score <= DETRACTOR),
        (surveys.kind == "yes_no", surveys.score == 0),
        # a scale from 1: its middle lies half-way between 1 and the highest score
        else_=surveys.score < (scale.fill_null(5.0) + 1) / 2,
    )
    told = surveys.filter(surveys.score.notnull(), surveys.kind != "enps")
    return _summed(told.select(place=told.touchpoint, part=told.kind, unhappy=unhappy, told=ibis.literal(value=True)))


def _cases(tickets: ir.Table) -> ir.Table:
    said = tickets.satisfied if "satisfied" in tickets.columns else ibis.null("boolean")
    part = ibis.literal(tally.ALL)
    return _summed(tickets.select(place=tickets.topic, part=part, unhappy=~said, told=said.notnull()))


def _summed(told: ir.Table) -> ir.Table:
    """Return place, part, n (all), told (that say) and unhappy, of the commonest places."""
    known = told.filter(told.place.notnull())
    top = known.group_by("place").agg(n=_.count()).order_by(_.n.desc(), _.place).limit(MOST)
    unhappy = ibis.ifelse(_.unhappy.fill_null(False), 1, 0).sum().cast("int64")
    rows = known.semi_join(top, "place").group_by("place", "part")
    return rows.agg(n=_.count(), told=ibis.ifelse(_.told, 1, 0).sum().cast("int64"), unhappy=unhappy)


def _rows(found: pd.DataFrame, sign: str, text: str, kind: str) -> list[dict[str, Any]]:
    """Return rows as friction judges them: how many are content there and, asked in the same way, everywhere else."""
    whole = found.groupby("part")[["told", "unhappy"]].sum()
    rows: list[dict[str, Any]] = []
    for place, mine in found.groupby("place", sort=True):
        here = mine.set_index("part")[["n", "told", "unhappy"]].reindex(whole.index, fill_value=0).astype(float)
        n, told, unhappy = (int(here[name].sum()) for name in ("n", "told", "unhappy"))
        row = {"finding": text.format(place=place), "sign": sign, "place": place, "won": told - unhappy}
        row["type"] = "financial" if any(word in str(place).lower() for word in MONEY_WORDS) else kind
        if told:
            content, everywhere = here["told"] - here["unhappy"], whole["told"] - whole["unhappy"]
            row |= {"n": unhappy, "of": told, **matched(here["told"], content, whole["told"], everywhere)}
        else:  # nobody says whether they were content: counted only
            row |= {"n": n, "of": int(found["n"].sum()), "hits": 0, "tries": 0, "others": 0, "other_of": 0, "rest": 0}
        rows.append(row | {"worth": np.nan})
    return rows
