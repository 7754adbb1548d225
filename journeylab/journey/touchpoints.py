"""Which events the shop has, and which of them make a likely funnel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ibis import _

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journeylab.data.dataset import Dataset

MOST = 12
MAX_NAMES = 500

#: Names that shops and trackers give to the stages of a purchase, in the order of the stages.
STAGES = (
    ("view_item_list", "catalog", "collection_viewed", "category_view"),
    ("view_item", "product_view", "product_viewed", "view", "viewed product"),
    ("add_to_cart", "product_added_to_cart", "cart", "added to cart"),
    ("begin_checkout", "checkout", "checkout_started", "started checkout", "payment_choice"),
    ("purchase", "checkout_completed", "placed order", "order_completed", "payment_done"),
)


def names(shop: Dataset) -> tuple[str, ...]:
    """Return the names of the shop's events, those done by most visitors first.

    Example:
        >>> from journeylab.data.examples import tiny_shop
        >>> names(tiny_shop())
        ('view', 'cart', 'purchase')
    """
    counted = shop.table("events").filter(_.event.notnull()).group_by("event").agg(n=_.visitor_id.nunique())
    return tuple(shop.run(counted.order_by(_.n.desc(), _.event).limit(MAX_NAMES))["event"])


def suggested(known: Sequence[str]) -> tuple[str, ...]:
    """Return a likely funnel: the events with well-known names in their order, else the four that most visitors do.

    >>> suggested(["page", "purchase", "add_to_cart", "view_item"])
    ('view_item', 'add_to_cart', 'purchase')
    >>> suggested(["a", "b"])
    ('a', 'b')
    """
    by_name = {name.lower(): name for name in reversed(known)}
    found = tuple(next((by_name[name] for name in stage if name in by_name), "") for stage in STAGES)
    stages = tuple(name for name in found if name)
    return stages if len(stages) > 1 else tuple(known[:4])
