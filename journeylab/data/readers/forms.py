"""What the columns of plain tables are called: for each canonical table, synonyms of its columns and what tells it.

A plain table has one row of a canonical table in each row. Columns called exactly as in the data model come first;
the mapping step guesses by the same words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from journeylab.data import schema
from journeylab.data.readers.base import fold, match

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Form:
    """How a plain table is recognised.

    Args:
        table: The canonical table.
        synonyms: What else its columns are called; earlier columns choose first.
        key: The columns that make two rows the same row, so that a file given again replaces it.
        required: The columns it cannot do without, with their words; those of the data model that cannot be derived.
        against: Headers that belong to other tables.
    """

    table: str
    synonyms: Mapping[str, tuple[str, ...]]
    key: tuple[str, ...]
    required: Mapping[str, str]
    against: tuple[str, ...] = ()

    @property
    def words(self) -> dict[str, tuple[str, ...]]:
        """All columns of the table, each with its own name first."""
        own = {name: (name,) for name in schema.TABLES[self.table].by_name}
        return own | {name: (name, *more) for name, more in self.synonyms.items()}

    def find(self, columns: Sequence[str]) -> dict[str, int]:
        """Return the place of each canonical column that is there; those called exactly so come first."""
        exact = match(columns, {name: (name,) for name in schema.TABLES[self.table].by_name})
        left = ["" if place in exact.values() else column for place, column in enumerate(columns)]
        more = match(left, {name: words for name, words in self.words.items() if name not in exact})
        return exact | more

    def speaks_against(self, columns: Sequence[str]) -> bool:
        """Say whether a header has columns of another table."""
        return bool({fold(name) for name in self.against} & {fold(column) for column in columns})


_CUSTOMER = (
    "email",
    "e-mail",
    "customer email",
    "email address",
    "customer",
    "user id",
    "customer number",
    "client id",
)
_CHANNEL = ("channel", "channel group", "default channel group", "source medium", "source / medium", "utm source")
_COUNTRY = ("country code", "shipping country", "billing country")

FORMS: dict[str, Form] = {
    form.table: form
    for form in (
        Form(
            "orders",
            {
                "order_id": ("order id", "order number", "order no", "order", "order name", "transaction id"),
                "customer_id": _CUSTOMER,
                "ordered_at": ("order date", "ordered at", "created at", "order time", "purchase date", "date",
                    "placed at"),
                "status": ("order status", "state"),
                "net": ("net sales", "net revenue", "net amount", "subtotal", "revenue", "order total",
                    "total", "amount"),
                "gross": ("gross sales",),
                "discount": ("discounts", "discount amount", "discount total"),
                "shipping": ("shipping total", "shipping amount", "shipping fee"),
                "tax": ("taxes", "tax total", "vat"),
                "refunded": ("refunds", "refunded amount", "refund"),
                "currency": ("currency code",),
                "sales_channel": ("sales channel",),
                "marketing_channel": _CHANNEL,
                "device": ("device type", "device category"),
                "country": _COUNTRY,
                "discount_code": ("coupon", "coupon code", "voucher"),
                "payment_method": ("payment",),
                "shipping_method": ("delivery method",),
                "delivered_at": ("delivery date",),
            },
            ("order_id",),
            {"order_id": "an order number", "ordered_at": "a time of the order", "net": "an amount"},
            against=("quantity", "qty", "unit price", "lineitem quantity", "event", "ticket id", "campaign"),
        ),
        Form(
            "order_lines",
            {
                "order_id": ("order id", "order number", "order", "invoice"),
                "sku": ("product sku", "item sku", "variant sku", "product id"),
                "product": ("product name", "item", "item name", "title", "description"),
                "category": ("product category", "type"),
                "quantity": ("qty", "units"),
                "unit_price": ("price", "item price"),
                "discount": ("line discount",),
                "returned": ("returned quantity", "returns"),
                "unit_cost": ("cost", "cost per item"),
            },
            ("order_id",),
            {"order_id": "an order number", "quantity": "a quantity", "unit_price": "a unit price"},
            against=("order date", "invoice date", "date", "transaction date", "created at", "timestamp"),
        ),
        Form(
            "customers",
            {
                "customer_id": _CUSTOMER,
                "acquired_at": ("created at", "signup date", "sign up date", "registered", "customer since",
                    "first seen"),
                "marketing_channel": _CHANNEL,
                "country": (*_COUNTRY, "default address country code"),
                "accepts_marketing": ("accepts email marketing", "email consent", "newsletter", "opted in", "consent"),
                "loyalty_member": ("loyalty", "member"),
                "referred_by": ("referrer", "referred by email"),
                "birth_year": ("year of birth", "born"),
            },
            ("customer_id",),
            {"customer_id": "a customer"},
            against=(
                "order id", "order_id", "event", "ticket id", "ticket_id", "sent at", "sent_at", "score", "variant",
                "quantity", "answered_at", "response_id", "order number", "total price", "amount",
            ),
        ),
        Form(
            "products",
            {
                "sku": ("variant sku", "product sku", "item sku", "article number", "product code"),
                "product": ("product name", "name", "title", "item", "item name"),
                "category": ("product category", "type", "product type"),
                "vendor": ("supplier", "brand"),
                "price": ("retail price", "sales price", "selling price", "regular price"),
                "unit_cost": ("cost", "cost per item", "cost price", "purchase price"),
                "lead_time_days": ("lead time", "lead time (days)", "delivery days"),
                "lead_time_sd": ("lead time spread", "lead time standard deviation"),
                "moq": ("minimum order quantity", "min order qty", "minimum order"),
                "pack_size": ("case pack", "pack", "order multiple"),
            },
            ("sku",),
            {"sku": "a SKU"},
            against=("quantity", "qty", "order id", "order_id", "on hand", "on_hand", "event", "as_of", "starts"),
        ),
        Form(
            "stock",
            {
                "sku": ("variant sku", "product sku", "item sku"),
                "location": ("warehouse", "store", "location name"),
                "as_of": ("date", "day", "snapshot date", "stock date", "counted at"),
                "on_hand": ("stock", "quantity on hand", "on hand quantity", "inventory", "stock level",
                    "in stock", "qty"),
                "on_order": ("incoming", "quantity on order", "ordered"),
                "committed": ("reserved", "allocated"),
                "arrives_at": ("arrival date", "expected", "eta"),
            },
            ("sku", "location", "as_of"),
            {"sku": "a SKU", "on_hand": "units on hand"},
            against=("order id", "order_id", "unit price", "unit_price", "event"),
        ),
        Form(
            "promotions",
            {
                "name": ("promotion", "promotion name", "campaign", "title"),
                "starts": ("start", "start date", "starts at", "from", "valid from"),
                "ends": ("end", "end date", "ends at", "until", "to", "valid to", "valid until"),
                "sku": ("product sku",),
                "category": ("product category",),
                "discount": ("discount percent", "percent off", "discount %"),
            },
            ("name", "starts"),
            {"name": "a name", "starts": "a first day", "ends": "a last day"},
        ),
        Form("events", {}, (), {"visitor_id": "a visitor", "event": "an event", "occurred_at": "a time"}),
        Form(
            "traffic",
            {
                "day": ("date",),
                "marketing_channel": (*_CHANNEL, "source"),
                "sessions": ("visits",),
                "engaged_sessions": ("engaged sessions",),
                "key_events": ("conversions", "key events"),
                "revenue": ("total revenue",),
            },
            ("day", "marketing_channel"),
            {"sessions": "sessions"},
            against=("unit id", "unit_id", "experiment", "visitor_id", "event"),
        ),
        Form(
            "exposures",
            {
                "experiment": ("experiment id", "experiment name", "test", "test name", "ab test"),
                "unit_id": ("visitor id", "user id", "client id", "user pseudo id", "anonymous id",
                    "session id", "customer id"),
                "unit": ("unit type",),
                "variant": ("variation", "variation id", "group", "bucket", "arm"),
                "exposed_at": ("timestamp", "exposure time", "assigned at", "first exposure", "time", "date"),
            },
            ("experiment", "unit_id", "variant"),
            {"experiment": "a test", "unit_id": "a unit", "variant": "a variant", "exposed_at": "a time"},
            against=("event", "event name"),
        ),
        Form(
            "outcomes",
            {
                "experiment": ("experiment id", "experiment name", "test", "test name", "ab test"),
                "unit_id": ("visitor id", "user id", "client id", "user pseudo id", "anonymous id",
                    "session id", "customer id"),
                "variant": ("variation", "variation id", "group", "bucket", "arm"),
            },
            ("experiment", "unit_id"),
            {"experiment": "a test", "unit_id": "a unit"},
            against=("exposed_at", "timestamp", "exposure time", "assigned at", "event"),
        ),
        Form(
            "surveys",
            {
                "response_id": ("response", "answer id", "submission id", "token"),
                "customer_id": _CUSTOMER,
                "answered_at": ("submitted at", "submit date", "submitted", "created at", "timestamp", "date",
                    "answered"),
                "kind": ("type", "survey type", "metric", "question type"),
                "score": ("rating", "answer", "value"),
                "scale": ("max score", "scale max"),
                "comment": ("feedback", "comments", "text", "reason", "why"),
                "touchpoint": ("about", "stage", "touch point"),
                "incentive": ("rewarded", "reward", "incentivised", "incentivized"),
            },
            ("response_id",),
            {"answered_at": "a time", "kind": "a kind of question", "score": "a score"},
        ),
        Form(
            "spend",
            {
                "day": ("date", "reporting date"),
                "marketing_channel": (*_CHANNEL, "platform", "source"),
                "campaign": ("campaign name",),
                "cost": ("spend", "amount spent", "ad spend", "cost (eur)", "amount spent (eur)", "amount spent (usd)"),
                "impressions": ("impr.", "impr"),
                "clicks": ("link clicks",),
                "sends": ("sent", "recipients"),
                "opens": ("opened",),
                "orders": ("purchases", "conversions"),
                "revenue": ("conversion value", "purchase value"),
            },
            ("day", "marketing_channel", "campaign"),
            {"day": "a day", "marketing_channel": "a channel", "cost": "a cost"},
            against=("sessions", "visitor_id", "order id", "order_id"),
        ),
        Form(
            "contacts",
            {
                "customer_id": (*_CUSTOMER, "recipient", "to"),
                "sent_at": ("sent", "send time", "date", "timestamp"),
                "campaign": ("campaign name", "message", "subject"),
                "opened_at": ("opened", "open time"),
                "clicked_at": ("clicked", "click time"),
            },
            ("customer_id", "sent_at", "campaign"),
            {"customer_id": "a customer", "sent_at": "a time of sending"},
            against=("event", "order id", "order_id", "ticket id", "score"),
        ),
        Form(
            "tickets",
            {
                "ticket_id": ("ticket", "case id", "ticket number", "case number", "conversation id"),
                "customer_id": (*_CUSTOMER, "requester", "requester email"),
                "opened_at": ("created at", "created", "opened", "date"),
                "sales_channel": ("sales channel",),
                "topic": ("category", "reason", "type", "tag"),
                "contacts": ("replies", "customer messages"),
                "first_reply_minutes": ("first reply time in minutes", "first response minutes",
                    "first reply time (min)"),
                "resolved_minutes": ("resolution time in minutes", "full resolution time in minutes",
                    "resolution minutes"),
                "satisfied": ("satisfaction", "csat"),
            },
            ("ticket_id",),
            {"ticket_id": "a case number", "opened_at": "a time of opening"},
        ),
    )
}  # fmt: skip
