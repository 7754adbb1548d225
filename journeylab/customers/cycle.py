"""Where a customer stands in the buying cycle: how long it has been, against the customer's own rhythm.

The rhythm is the customer's mean gap between orders, and for a customer of one order the shop's typical gap (the mean
over customers with two or more). Within one rhythm after the last order a customer is on time, within two due, and
after that late; a customer whose only order is younger than the rhythm is new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

PHASES = {
    "new": "new: first order within one rhythm",
    "on time": "on time: within one rhythm of the last order",
    "due": "due: one to two rhythms since the last order",
    "late": "late: more than two rhythms since the last order",
}


def typical_gap(shop: Dataset, customers: ir.Table) -> float:
    """Return the mean over customers of the days between their orders, `gap_days`; 30 where nobody ordered twice."""
    mean = shop.run(customers.agg(gap=customers.gap_days.mean()))["gap"].iloc[0]
    return float(mean) if mean is not None and mean > 0 else 30.0


def with_phase(customers: ir.Table, typical: float) -> ir.Table:
    """Add the phase to a table with frequency, recency_days and gap_days."""
    rhythm = ibis.greatest(ibis.coalesce(_.gap_days, ibis.literal(typical)), 1.0)
    late = _.recency_days / rhythm
    return customers.mutate(
        phase=ibis.cases(
            ((_.frequency <= 1) & (late <= 1), "new"), (late <= 1, "on time"), (late <= 2, "due"), else_="late"
        )
    )
