"""The engine's part of carts: how each ended, and who was written to while it was still left.

Who comes back quickly is gone before a message goes out, so carts with a message before their end are the slow ones. So
all carts are looked at that are still left at one moment after they were filled, the landmark: with a message by then,
and without; and what comes back is counted from there on. Method: docs/methods/friction.md.
"""

from __future__ import annotations

import math
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

import ibis
from ibis import _

from journeylab.data.dataset import ibis_date
from journeylab.errors import BadParameter
from journeylab.journey import tally
from journeylab.journey.differences import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir
    import pandas as pd

    from journeylab.data.dataset import Dataset

#: Words in the name of a campaign that reminds of a cart.
REMIND = ("cart", "basket", "checkout", "abandon", "remind")
#: The landmark is the hour by which this share of the messages had gone out, if nothing else is asked for.
USUAL_SHARE = 0.75
MOST_HOURS = 48
_CART = ("visitor_id", "day", "at", "group", "money", "customer", "bought_at", "kind")


def ended(shop: Dataset, cart: Sequence[str], goals: Sequence[str], days: int, by: str | None) -> ir.Table:
    """Return a row a cart, a visitor's first cart event of a day: its customer if its event names one, value and end.

    It ends 'bought' (the goal on that day), 'recovered' (later, within `days`), 'abandoned', or 'open' (the days are
    not over).
    """
    events = shop.table("events")
    events = events.filter(events.visitor_id.notnull(), events.occurred_at.notnull())
    events = tally.with_split(shop, events, by) if by else events.mutate(group=ibis.literal(tally.ALL))
    have = set(events.columns)
    name = events.event.lower()
    is_cart, is_goal = name.isin([x.lower() for x in cart]), name.isin([x.lower() for x in goals])
    log = events.select(
        "visitor_id",
        "day",
        "group",
        at=events.occurred_at,
        cart=is_cart.fill_null(False),
        goal=is_goal.fill_null(False),
        money=events["value"].cast("float64") if "value" in have else ibis.null("float64"),
        customer=events.customer_id if "customer_id" in have else ibis.null("string"),
    )
    filled = log.filter(_.cart).mutate(first=_.at.min().over(ibis.window(group_by=["visitor_id", "day"])))
    firsts = {
        column: ibis.ifelse(_.at == _["first"], _[column], ibis.null("string")).min()
        for column in ("group", "customer")
    }
    begun = filled.group_by("visitor_id", "day").agg(at=_.at.min(), money=_.money.sum(), **firsts)
    bought = log.filter(_.goal).select(buyer=_.visitor_id, then=_.at, on=_.day)
    length = ibis.interval(days=days)
    both = begun.left_join(
        bought, [begun.visitor_id == bought.buyer, bought.then >= begun.at, bought.then <= begun.at + length]
    )
    carts = both.group_by("visitor_id", "day", "at", "group", "money", "customer")
    carts = carts.agg(bought_at=_.then.min(), bought_day=_.on.min())
    close = shop.period[1] if shop.period else None
    still = _.day >= ibis_date(close) - length if close else ibis.literal(value=False)
    kind = ibis.cases(
        # Carts of the last days are all open, the bought ones as well: counting only those that have ended well
        # would make the rest look better than it is.
        (still, "open"),
        (_.bought_day == _.day, "bought"),
        (_.bought_at.notnull(), "recovered"),
        else_="abandoned",
    )
    return carts.mutate(kind=kind)


def counted(shop: Dataset, carts: ir.Table) -> pd.DataFrame:
    """Return a row a group and kind of end: n, and the sum of the carts' values."""
    rows = carts.group_by("group", "kind").agg(n=_.count(), money=_.money.sum())
    return shop.run(rows).sort_values(["group", "kind"], ignore_index=True)


def campaigns(shop: Dataset) -> tuple[str, ...]:
    """Return the names of the campaigns messages were part of: those that seem to remind of carts first, then by size.

    >>> from journeylab.data.examples import tiny_shop
    >>> campaigns(tiny_shop())
    ()
    """
    if not shop.has("contacts.campaign"):
        return ()
    sent = shop.table("contacts", whole=True).filter(_.campaign.notnull())
    rows = shop.run(sent.group_by("campaign").agg(n=_.count()).order_by(_.n.desc(), _.campaign).limit(500))
    return tuple(sorted(rows["campaign"], key=lambda name: not reminds(name)))


def reminds(name: str) -> bool:
    """Say whether a campaign seems to remind of carts, by its name.

    >>> reminds("Abandoned basket 1"), reminds("Newsletter May")
    (True, False)
    """
    return any(word in name.lower() for word in REMIND)


def messages(shop: Dataset, campaign: Sequence[str] | None) -> ir.Table:
    """Return customer (to) and time (sent_at) of the messages of campaigns; of those that seem to remind if not given.

    Raises:
        BadParameter: for a campaign that sent nothing.
    """
    sent = shop.table("contacts", whole=True).filter(_.customer_id.notnull(), _.sent_at.notnull())
    if "campaign" in sent.columns and campaign is None:
        name = sent.campaign.lower()
        sent = sent.filter(reduce(or_, (name.contains(word) for word in REMIND)))
    elif campaign is not None:
        known = campaigns(shop)
        for name in campaign:
            if name not in known:
                raise BadParameter(
                    f"No message was part of a campaign {name!r}.", do=f"There are {', '.join(known[:10])}."
                )
        sent = sent.filter(sent.campaign.isin(list(campaign)))
    return sent.select(to="customer_id", sent_at="sent_at")


def usual_hours(shop: Dataset, carts: ir.Table, sent: ir.Table, days: int) -> int | None:
    """Return by which hour after a cart three in four of the first messages were sent; None if none was."""
    written = _written(carts, sent, days).filter(_.written_at.notnull())
    hour = (written.written_at.delta(written["at"], unit="microsecond") / 3.6e9).ceil().cast("int64")
    rows = shop.run(written.group_by(hour=hour).agg(n=_.count())).sort_values("hour")
    if rows.empty:
        return None
    enough = rows["n"].cumsum() >= math.ceil(USUAL_SHARE * rows["n"].sum())
    return int(min(max(rows.loc[enough, "hour"].iloc[0], 1), MOST_HOURS, 24 * days - 1))


def reminded(shop: Dataset, carts: ir.Table, sent: ir.Table, days: int, hours: int) -> pd.DataFrame:
    """Return a row a group and kind of customer of the carts that were still left at the landmark, and are not open.

    Columns: group, told ('yes': written to by the landmark; 'no'; 'not known': the cart names no customer), of, n
    (bought after it, within `days`), and later (written to after the landmark).
    """
    mark = ibis.interval(hours=hours)
    left = carts.filter(carts.kind != "open", carts.bought_at.isnull() | (carts.bought_at > carts["at"] + mark))
    written = _written(left, sent, days).mutate(by_then=(_.written_at <= _["at"] + mark).fill_null(False))
    told = ibis.cases((_.customer.isnull(), UNKNOWN), (_.by_then, "yes"), else_="no")
    later = (_.written_at.notnull() & ~_.by_then).cast("int64")
    rows = written.group_by("group", told=told).agg(of=_.count(), n=_.bought_at.count(), later=later.sum())
    return shop.run(rows).sort_values(["group", "told"], ignore_index=True)


def _written(carts: ir.Table, sent: ir.Table, days: int) -> ir.Table:
    """Add the first message to the customer after each cart, within `days`."""
    within = ibis.interval(days=days)
    both = carts.left_join(
        sent, [carts.customer == sent.to, sent.sent_at > carts["at"], sent.sent_at <= carts["at"] + within]
    )
    return both.group_by(*_CART).agg(written_at=_.sent_at.min())
