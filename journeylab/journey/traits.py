"""Whose traits a visitor has: those of the customer whom a login or order had told by then, never of one told later.

Buying makes known. A trait looked up from what came later would be known of buyers mostly, and so whoever has one would
seem to buy more. Method: docs/methods/funnel.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

#: How a breakdown by a trait begins.
PREFIX = "customers."
SAID = (
    "A trait is known of those who had told who they are by then; all others are 'not known', and not compared. It is "
    "the customer's trait today, so one that is made from orders, such as a persona, holds what was bought since."
)


def known(shop: Dataset) -> ir.Table:
    """Return a row a visitor that any event names a customer of: visitor_id, whose, known_at (the first such event).

    Of several customers the first counts, of several at one instant the least id. All of the data is looked at, since
    a login before the period tells too.
    """
    events = shop.table("events", whole=True)
    told = events.filter(_.customer_id.notnull(), _.visitor_id.notnull(), _.occurred_at.notnull())
    each = told.group_by("visitor_id", "customer_id").agg(at=_.occurred_at.min())
    each = each.mutate(known_at=_.at.min().over(ibis.window(group_by="visitor_id")))
    return each.filter(_.at == _.known_at).group_by("visitor_id").agg(whose=_.customer_id.min(), known_at=_.at.min())


def with_trait(shop: Dataset, events: ir.Table, column: str) -> ir.Table:
    """Add `trait` to each event: a column of the customer as text, null for those who were not known by then."""
    people = shop.table("customers", whole=True)
    traits = people.group_by("customer_id").agg(trait=people[column].cast("string").min())
    found = known(shop)
    found = found.join(traits, found.whose == traits.customer_id).select(
        seen="visitor_id", since="known_at", of="trait"
    )
    joined = events.left_join(found, events.visitor_id == found.seen)
    by_then = (joined.occurred_at >= joined.since).fill_null(False)
    return joined.mutate(trait=ibis.ifelse(by_then, joined.of, ibis.null("string"))).drop("seen", "since", "of")


def said(*columns: str | None) -> tuple[str, ...]:
    """Return the caveat of traits if any of the columns is one.

    >>> said("device", None)
    ()
    """
    return (SAID,) if any(column and column.startswith(PREFIX) for column in columns) else ()
