"""Which customer a visitor of a test was known to be before it: what a test on visitors may be split by.

Who becomes known only after the exposure stays a stranger: buying makes known, so their trait would be chosen by the
outcome. Method: docs/methods/experiment.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from journeylab.data.identity import can_join, sightings

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

#: How a trait of customers is named where units are visitors, and the segment of those who were not known.
PREFIX, STRANGERS = "customers.", "not known before"


def traits(shop: Dataset) -> list[str]:
    """Return the traits of customers that visitors can be split by: none if no event tells its customer.

    >>> from journeylab.data.examples import tiny_shop
    >>> traits(tiny_shop())
    []
    """
    if not (shop.has("customers") and can_join(shop)):
        return []
    schema = shop.table("customers").schema()
    no = {"customer_id", "referred_by"}
    return [PREFIX + c for c, t in schema.items() if (t.is_string() or t.is_boolean()) and c not in no]


def trait_before(shop: Dataset, exposed: ir.Table, by: str) -> ir.Table:
    """Return unit_id and trait of the visitors whom a login or order joined to a customer before their exposure.

    Of several customers, the first seen on the browser counts (the least id at one instant), as in `shop.identified()`.

    Args:
        shop: A shop with `by` among its `traits`.
        exposed: The units: unit_id, exposed_at.
        by: The trait, as 'customers.…'.
    """
    seen = sightings(shop).select("occurred_at", "customer", unit_id=_.visitor_id)
    seen = exposed.select("unit_id", "exposed_at").join(seen, "unit_id")
    seen = seen.filter(seen.occurred_at < seen.exposed_at)
    seen = seen.mutate(earliest=seen.occurred_at.min().over(ibis.window(group_by="unit_id")))
    first = seen.filter(seen.occurred_at == seen.earliest).group_by("unit_id").agg(whose=_.customer.min())
    people = shop.table("customers", whole=True).group_by("customer_id")
    told = people.agg(trait=_[by.removeprefix(PREFIX)].cast("string").min())
    joined = first.left_join(told, first.whose == told.customer_id)
    return joined.select("unit_id", trait=joined.trait.fill_null("not known"))
