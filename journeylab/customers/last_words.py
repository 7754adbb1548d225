"""The last word of each customer: the latest answer, or the latest support case that tells whether it went well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from journeylab.customers import answers
from journeylab.customers.answers import KINDS
from journeylab.customers.comments import UNHAPPY
from journeylab.data.dataset import ibis_date
from journeylab.errors import SchemaError

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

_CASE = "case"


def unhappy(shop: Dataset, since: int) -> int:
    """Return how many customers' last word in these days was unhappy, whether they have an order or not."""
    said = last_words(shop, since)
    return int(shop.run(said.filter(said.place <= UNHAPPY).agg(n=_.count()))["n"].iloc[0])


def last_words(shop: Dataset, since: int) -> ir.Table:
    """Return a row a customer with the latest answer or case of some days.

    Its columns are customer_id, day, kind, score, top (of the scale), place (on it, 0 to 1) and touchpoint.

    Args:
        shop: A Dataset with answers or cases by customer.
        since: Days back from the end of the period.

    Raises:
        SchemaError: if neither answers nor cases say whose they are.
    """
    parts = []
    columns = ["customer_id", "at", "day", "kind", "score", "top", "place", "touchpoint", "key"]
    if shop.has("surveys.customer_id"):
        for name, kind in KINDS.items():
            if name == "enps":
                continue
            asked = answers.asked(shop, name).filter(_.customer_id.notnull(), _.place.notnull())
            touchpoint = _.touchpoint if "touchpoint" in asked.columns else ibis.null("string")
            top = _.scale.fill_null(kind.usual) if "scale" in asked.columns else ibis.literal(kind.usual)
            asked = asked.mutate(at=_.answered_at, top=top.cast("float64"), touchpoint=touchpoint, key=_.response_id)
            parts.append(asked.select(*columns))
    if shop.has("tickets.customer_id", "tickets.satisfied"):
        cases = shop.table("tickets").filter(_.customer_id.notnull(), _.satisfied.notnull())
        place = _.satisfied.cast("float64")
        topic = _.topic if "topic" in cases.columns else ibis.null("string")
        cases = cases.mutate(at=_.opened_at, day=_.opened_at.cast("date"), kind=ibis.literal(_CASE), score=place)
        cases = cases.mutate(top=ibis.literal(1.0), place=place, touchpoint=topic, key=_.ticket_id)
        parts.append(cases.select(*columns))
    if not parts:
        raise SchemaError("Neither answers nor support cases say whose they are.", do="Add a file that has it.")
    together = ibis.union(*parts) if len(parts) > 1 else parts[0]
    if shop.period:
        start = ibis_date(shop.period[1]) - ibis.interval(days=since)
        together = together.filter(_.day > start.cast("date"))
    latest = ibis.window(group_by="customer_id", order_by=[_["at"].desc(), _.key.desc(), _.kind.desc()])
    return together.mutate(_turn=ibis.row_number().over(latest)).filter(_["_turn"] == 0).drop("_turn", "at", "key")


def written(kind: str, score: float, top: float) -> str:
    """Write a last word as a person would.

    >>> written("nps", 3.0, 10.0), written("case", 0.0, 1.0)
    ('NPS 3 of 10', 'support case, not satisfied')
    """
    if kind == _CASE:
        return "support case, not satisfied"
    if kind == "yes_no":
        return "no"
    return f"{KINDS[kind].title} {score:g} of {top:g}"
