"""Sessions: as the data gives them, or cut where a visitor was silent for longer than a gap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
from ibis import _

from journeylab.checks import duration
from journeylab.journey.closing import microseconds

if TYPE_CHECKING:
    from datetime import timedelta

    import ibis.expr.types as ir

#: A visit ends after this long without an event, where the data does not say (as GA4 and Matomo have it).
USUAL_GAP = "30m"


def gives_sessions(events: ir.Table, gap: str | timedelta | None) -> bool:
    """Say whether sessions are taken as the data gives them."""
    return gap is None and "session_id" in events.columns


def with_sessions(events: ir.Table, gap: str | timedelta | None) -> ir.Table:
    """Return the events of known visitors and times, with `session`, which names a visit of its visitor.

    A new session starts where an event comes more than `gap` after the one before. Sessions as given are kept apart
    by visitor; events without one are a session of their own, named ''.

    Args:
        events: The events.
        gap: Longest silence; None takes `session_id` where the events have it, and 30 minutes where not.
    """
    events = events.filter(events.visitor_id.notnull(), events.occurred_at.notnull())
    if gives_sessions(events, gap):
        return events.mutate(session=events.session_id.fill_null(""))
    longest = microseconds(duration(gap or USUAL_GAP, "gap"))
    over = ibis.window(group_by="visitor_id", order_by="occurred_at")
    silence = events.occurred_at.delta(events.occurred_at.lag().over(over), unit="microsecond")
    marked = events.mutate(fresh=ibis.ifelse(silence.fill_null(0) > longest, 1, 0))
    # equal times share a session, so a running sum over ranges of equal time does not depend on the order of rows
    upto = ibis.range_window(group_by="visitor_id", order_by="occurred_at", preceding=None, following=0)
    return marked.mutate(session=_.fresh.sum().over(upto).cast("string")).drop("fresh")
