"""What customers say is hard: unhappy answers by what they are about, and support cases by topic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pandas as pd
from ibis import _

from journeylab.journey import tally
from journeylab.journey.aftermath import NOBODY, compared, counted
from journeylab.journey.differences import FALSE_SHARE, benjamini_hochberg
from journeylab.journey.judgement import matched
from journeylab.journey.worth import money_of_orders

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

#: Words that make a topic one of money.
MONEY_WORDS = ("pay", "price", "refund", "invoice", "billing", "discount", "voucher", "fee")
#: Up to this score of an NPS answer somebody is a detractor (Reichheld 2003, Harvard Business Review 81).
DETRACTOR = 6
MOST = 20
#: The words of a finding and its type, by sign.
_WORDS = {"answer": ("unhappy answers about {place}", "emotional"), "case": ("support cases about {place}", "support")}


def voices(shop: Dataset) -> list[dict[str, Any]]:
    """Return a row a topic of support cases and a touchpoint of answers: how many are unhappy, and of how many.

    An answer is unhappy below the middle of its scale (of an NPS: up to 6; of yes or no: no); the staff's answers are
    left out, and answers of one kind are compared with answers of that kind. A case is unhappy if the customer was not
    satisfied; where no case says so, it is only counted.
    """
    rows = []
    for sign, told in _told(shop).items():
        rows += _rows(shop.run(_summed(told)), sign, *_WORDS[sign])
    return rows


def aftermath(shop: Dataset, margin: float | None, level: float) -> pd.DataFrame:
    """Return what unhappy customers left less than content ones afterwards: sign, as `aftermath.compared`, q and clear.

    Only where customers and orders are known; empty otherwise. Benjamini-Hochberg over all rows.
    """
    found = [compared(NOBODY, level).assign(sign="")]
    for sign, told in _told(shop).items():
        if shop.has("orders.customer_id") and "customer_id" in told.columns:
            counts = counted(shop, told, money_of_orders(shop, margin))
            found.append(compared(counts, level).assign(sign=sign))
    rows = pd.concat([one for one in found if len(one)] or found, ignore_index=True)
    q = benjamini_hochberg(rows["p"].astype(float))
    return rows.assign(q=q, clear=(q < FALSE_SHARE) & (rows["lower"].astype(float) > 0))


def _told(shop: Dataset) -> dict[str, ir.Table]:
    """Return what customers said by sign: place, part, unhappy, told and, where known, customer_id and day."""
    told = {}
    if shop.has("surveys.touchpoint"):
        told["answer"] = _answers(shop.table("surveys"))
    if shop.has("tickets.topic"):
        told["case"] = _cases(shop.table("tickets"))
    return told


def _answers(surveys: ir.Table) -> ir.Table:
    scale = surveys["scale"] if "scale" in surveys.columns else ibis.null("float64")
    unhappy = ibis.cases(
        (surveys.kind == "nps", surveys.score <= DETRACTOR),
        (surveys.kind == "yes_no", surveys.score == 0),
        # a scale from 1: its middle lies half-way between 1 and the highest score
        else_=surveys.score < (scale.fill_null(5.0) + 1) / 2,
    )
    told = surveys.filter(surveys.score.notnull(), surveys.kind != "enps")
    who = {"customer_id": told.customer_id} if "customer_id" in told.columns else {}
    return told.select(
        place=told.touchpoint, part=told.kind, unhappy=unhappy, told=ibis.literal(value=True), day=told.day, **who
    )


def _cases(tickets: ir.Table) -> ir.Table:
    said = tickets.satisfied if "satisfied" in tickets.columns else ibis.null("boolean")
    part = ibis.literal(tally.ALL)
    who = {"customer_id": tickets.customer_id} if "customer_id" in tickets.columns else {}
    day = tickets.opened_at.cast("date")
    return tickets.select(place=tickets.topic, part=part, unhappy=~said, told=said.notnull(), day=day, **who)


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
