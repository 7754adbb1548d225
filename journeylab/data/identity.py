"""One person over devices and sales channels: which browser belongs to which customer, told by login and by order.

Rules and limits: docs/methods/identity.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import ibis
from ibis import _

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

LOGIN, ORDER = "login", "order"


def can_join(shop: Dataset) -> bool:
    """Say whether any event may tell its customer."""
    return shop.has("events.customer_id") or shop.has("events.order_id", "orders.customer_id")


def sightings(shop: Dataset) -> ir.Table:
    """Return the events that tell their customer: visitor_id, customer, how ('login' or 'order'), occurred_at.

    An order tells it even if it was cancelled later: somebody placed it on that browser.
    """
    events = shop.table("events", whole=True)
    found = []
    if "customer_id" in events.columns:
        logged = events.filter(events.customer_id.notnull())
        found.append(logged.select("visitor_id", "occurred_at", customer=_.customer_id, how=ibis.literal(LOGIN)))
    if shop.has("events.order_id", "orders.customer_id"):
        orders = shop.table("orders", whole=True)
        orders = orders.filter(orders.customer_id.notnull()).select(of_order=_.order_id, customer=_.customer_id)
        named = events.filter(events.order_id.notnull()).select("visitor_id", "occurred_at", "order_id")
        bought = named.join(orders, named.order_id == orders.of_order)
        found.append(bought.select("visitor_id", "occurred_at", "customer", how=ibis.literal(ORDER)))
    return ibis.union(*found) if len(found) > 1 else found[0]


def browsers(shop: Dataset) -> ir.Table:
    """Return a row a browser that could be joined: visitor_id, customer (the first seen on it), people, login, order.

    Args:
        shop: A shop for which `can_join` holds.
    """
    seen = sightings(shop)
    first = ibis.window(group_by="visitor_id", order_by=["occurred_at", "customer"])
    ranked = seen.mutate(place=ibis.row_number().over(first))
    return ranked.group_by("visitor_id").agg(
        customer=ranked.customer.max(where=ranked.place == 0),
        people=ranked.customer.nunique(),
        login=ranked.count(where=ranked.how == LOGIN),
        order=ranked.count(where=ranked.how == ORDER),
    )


def identify(shop: Dataset) -> Dataset:
    """Return the shop with persons for visitors in its events; one that has them already stays as it is."""
    line = "shop = shop.identified()"
    if line in shop.calls:
        return shop
    head, *view = shop.fingerprint.split("|")
    return replace(
        shop,
        tables={**shop.tables, "events": identified(shop)},
        as_read=identify(shop.as_read) if shop.as_read else None,
        calls=(*shop.calls, line),
        fingerprint="|".join([f"{head}+identified", *view]),
    )


def identified(shop: Dataset) -> ir.Table:
    """Return the events with persons for visitors.

    `visitor_id` becomes the customer of the event if it tells one, else the customer of its browser, else stays the
    browser. `browser_id` keeps the browser, `session_id` is told apart by it, and `first_device` is the device of the
    person's first event, if events know devices.
    """
    events = shop.tables["events"]
    joined = events
    if can_join(shop):
        known = browsers(shop).select(of_browser=_.visitor_id, browser_customer=_.customer)
        joined = events.left_join(known, events.visitor_id == known.of_browser)
        own = [joined.customer_id] if "customer_id" in events.columns else []
        person = ibis.coalesce(*own, joined.browser_customer, joined.visitor_id)
    else:
        person = events.visitor_id
    changed = {"browser_id": joined.visitor_id, "visitor_id": person}
    if "session_id" in events.columns:
        changed["session_id"] = joined.visitor_id.concat("/", joined.session_id)
    columns = [*events.columns, "browser_id"]
    result = joined.mutate(**changed).select(*columns)
    if "device" not in events.columns:
        return result
    order = ibis.window(group_by="visitor_id", order_by=["occurred_at", "browser_id", "event"])
    return result.mutate(first_device=result.device.first().over(order))
