"""The data model: which tables there are, and what each column of them means.

The only home of the canonical tables. docs/data-model.md is written from it (a test compares them). Any subset of
the tables may be present; an optional column that is missing turns off what needs it, by name.

Identifiers are strings, kept as given. Money is DECIMAL(18,4) in the shop's currency. Each time is UTC without a
zone, and beside it stands the local `day` that the reader wrote; analyses bucket on `day` only.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from journeylab.errors import SchemaError

MONEY = "decimal(18, 4)"
TIME = "timestamp"

#: Orders with one of these statuses stay in the table and out of every figure.
UNCOUNTED_STATUSES = ("cancelled", "voided", "test")

#: Columns that may tell a person: ids of customers, browsers and visits, and a unit of an experiment, which is one.
PERSONAL_IDS = ("customer_id", "visitor_id", "browser_id", "session_id", "unit_id", "referred_by")


@dataclass(frozen=True)
class Column:
    """One column: its name, its Ibis type, whether it may be missing, and what it means."""

    name: str
    dtype: str
    doc: str
    optional: bool = False


@dataclass(frozen=True)
class Table:
    """One canonical table: what a row of it is, and its columns."""

    name: str
    row: str
    columns: tuple[Column, ...]
    open_ended: bool = False  # may carry further columns: traits of customers, metrics of outcomes

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Names of the columns a table cannot do without."""
        return tuple(c.name for c in self.columns if not c.optional)

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """The columns by their names."""
        return {c.name: c for c in self.columns}


def _table(name: str, row: str, *specs: tuple[str, str, str], open_ended: bool = False) -> Table:
    """Build a table from (name, type, meaning) triples; a name that ends in '?' may be missing."""
    columns = tuple(Column(n.rstrip("?"), dtype, doc, optional=n.endswith("?")) for n, dtype, doc in specs)
    return Table(name, row, columns, open_ended=open_ended)


TABLES: dict[str, Table] = {
    t.name: t
    for t in (
        _table(
            "orders",
            "an order",
            ("order_id", "string", "the order's number, as given"),
            ("customer_id?", "string", "the customer, as a pseudonym; empty for a guest"),
            ("ordered_at", TIME, "when it was placed, UTC"),
            ("day", "date", "the day it was placed, in the shop's own time"),
            ("status", "string", "completed, pending, refunded, partially_refunded, cancelled, voided or test"),
            ("net", MONEY, "what the shop keeps for the goods: after discounts and refunds, without tax and shipping"),
            ("gross?", MONEY, "the lines at their price, before discounts and refunds"),
            ("discount?", MONEY, "taken off by discounts"),
            ("shipping?", MONEY, "charged for shipping"),
            ("tax?", MONEY, "tax in or on the order"),
            ("refunded?", MONEY, "goods refunded, without tax: net + refunded is net before refunds"),
            ("currency?", "string", "three-letter code"),
            ("sales_channel?", "string", "web, till or marketplace"),
            ("marketing_channel?", "string", "what brought the order"),
            ("device?", "string", "desktop, mobile or tablet"),
            ("country?", "string", "where it goes, or where the customer is"),
            ("discount_code?", "string", "the code used"),
            ("payment_method?", "string", "how it was paid"),
            ("shipping_method?", "string", "how it was sent"),
            ("delivered_at?", TIME, "when it arrived, UTC"),
        ),
        _table(
            "order_lines",
            "a line of an order",
            ("order_id", "string", "the order it belongs to"),
            ("sku?", "string", "the variant, as given"),
            ("product", "string", "the product's name"),
            ("category?", "string", "the product's category"),
            ("quantity", MONEY, "units; negative for a return line"),
            ("unit_price", MONEY, "price of one unit, before discounts"),
            ("discount?", MONEY, "taken off this line"),
            ("returned?", MONEY, "units that came back"),
            ("unit_cost?", MONEY, "what one unit costs the shop"),
        ),
        _table(
            "customers",
            "a customer",
            ("customer_id", "string", "a pseudonym"),
            ("acquired_at?", TIME, "first known contact, UTC"),
            ("marketing_channel?", "string", "what brought the customer"),
            ("country?", "string", "where the customer is"),
            ("accepts_marketing?", "boolean", "may be written to"),
            ("loyalty_member?", "boolean", "belongs to the loyalty programme"),
            ("referred_by?", "string", "the customer who brought this one, as a pseudonym"),
            ("birth_year?", "int64", "year of birth"),
            open_ended=True,
        ),
        _table(
            "products",
            "a product or variant",
            ("sku", "string", "the variant, as given"),
            ("product", "string", "its name"),
            ("category?", "string", "its category"),
            ("vendor?", "string", "who supplies it"),
            ("price?", MONEY, "its price today"),
            ("unit_cost?", MONEY, "what one unit costs the shop"),
            ("lead_time_days?", "float64", "days from order to shelf"),
            ("lead_time_sd?", "float64", "spread of that, in days"),
            ("moq?", MONEY, "smallest quantity the vendor sells"),
            ("pack_size?", MONEY, "units come in multiples of this"),
        ),
        _table(
            "stock",
            "stock of a SKU at a place and time",
            ("sku", "string", "the variant"),
            ("location?", "string", "where it lies"),
            ("as_of", "date", "the day it was counted"),
            ("on_hand", MONEY, "units there"),
            ("on_order?", MONEY, "units ordered and not yet there"),
            ("committed?", MONEY, "units sold and not yet sent"),
            ("arrives_at?", "date", "when the units on order arrive"),
        ),
        _table(
            "promotions",
            "a promotion",
            ("name", "string", "its name"),
            ("starts", "date", "first day"),
            ("ends", "date", "last day"),
            ("sku?", "string", "the variant it is for"),
            ("category?", "string", "the category it is for"),
            ("discount?", "float64", "share taken off, 0 to 1"),
        ),
        _table(
            "events",
            "something a visitor did",
            ("visitor_id", "string", "the browser or device, as given or as a pseudonym"),
            ("customer_id?", "string", "the customer, when known, as a pseudonym"),
            ("session_id?", "string", "the visit, as given"),
            ("occurred_at", TIME, "when, UTC"),
            ("day", "date", "the day, in the shop's own time"),
            ("event", "string", "what happened"),
            ("page?", "string", "on which page"),
            ("marketing_channel?", "string", "what brought the visit"),
            ("device?", "string", "desktop, mobile or tablet"),
            ("country?", "string", "from where"),
            ("sku?", "string", "the variant it was about"),
            ("order_id?", "string", "the order it led to"),
            ("value?", MONEY, "money it stands for"),
            ("query?", "string", "what was searched for"),
            ("results?", "int64", "how many results the search gave"),
            ("load_ms?", "float64", "how long the page took to load, in milliseconds"),
            ("properties?", "string", "anything else, as JSON"),
        ),
        _table(
            "traffic",
            "sessions already counted",
            ("day?", "date", "the day; missing in a report over a whole period"),
            ("marketing_channel?", "string", "what brought them"),
            ("sessions", "int64", "visits"),
            ("engaged_sessions?", "int64", "visits that lasted or did something"),
            ("key_events?", "float64", "conversions, as the source counts them"),
            ("revenue?", MONEY, "revenue, as the source counts it"),
        ),
        _table(
            "exposures",
            "a unit put into a variant",
            ("experiment", "string", "the test"),
            ("unit", "string", "visitor, session or customer"),
            ("unit_id", "string", "which one"),
            ("variant", "string", "the variant it saw"),
            ("exposed_at", TIME, "when it first saw it, UTC"),
        ),
        _table(
            "outcomes",
            "a unit's measured result",
            ("experiment", "string", "the test"),
            ("unit_id", "string", "the unit"),
            ("variant?", "string", "its variant, if there are no exposures"),
            open_ended=True,
        ),
        _table(
            "surveys",
            "an answer",
            ("response_id", "string", "the answer"),
            ("customer_id?", "string", "who gave it, as a pseudonym"),
            ("answered_at", TIME, "when, UTC"),
            ("day", "date", "the day, in the shop's own time"),
            ("kind", "string", "nps, csat, ces, stars, yes_no or enps"),
            ("score", "float64", "the answer on its scale"),
            ("scale?", "float64", "the highest possible score"),
            ("comment?", "string", "what was written"),
            ("touchpoint?", "string", "what it is about"),
            ("incentive?", "boolean", "given for a reward"),
        ),
        _table(
            "spend",
            "what a channel or campaign cost and did",
            ("day", "date", "the day"),
            ("marketing_channel", "string", "the channel"),
            ("campaign?", "string", "the campaign"),
            ("cost?", MONEY, "what it cost"),
            ("impressions?", "int64", "times shown"),
            ("clicks?", "int64", "times clicked"),
            ("sends?", "int64", "messages sent"),
            ("opens?", "int64", "messages opened"),
            ("orders?", "float64", "orders, as the source counts them"),
            ("revenue?", MONEY, "revenue, as the source counts it"),
        ),
        _table(
            "contacts",
            "a message sent to a customer",
            ("customer_id", "string", "to whom, as a pseudonym"),
            ("sent_at", TIME, "when, UTC"),
            ("campaign?", "string", "as part of what"),
            ("opened_at?", TIME, "when it was opened, UTC"),
            ("clicked_at?", TIME, "when it was clicked, UTC"),
        ),
        _table(
            "tickets",
            "a support case",
            ("ticket_id", "string", "the case"),
            ("customer_id?", "string", "whose, as a pseudonym"),
            ("opened_at", TIME, "when it was opened, UTC"),
            ("sales_channel?", "string", "where it came from"),
            ("topic?", "string", "what it is about"),
            ("contacts?", "int64", "how often the customer had to write or call"),
            ("first_reply_minutes?", "float64", "until the first reply"),
            ("resolved_minutes?", "float64", "until it was resolved"),
            ("satisfied?", "boolean", "whether the customer was"),
        ),
    )
}


#: Columns that a table must have, and a file may leave out, because they follow from others.
FOLLOWS = {
    "orders": ("day", "status"),
    "order_lines": ("product",),
    "products": ("product",),
    "events": ("day",),
    "stock": ("as_of",),
    "exposures": ("unit",),
    "surveys": ("day", "response_id"),
}


def table(name: str) -> Table:
    """Return the canonical table called `name`; raise SchemaError if there is none."""
    try:
        return TABLES[name]
    except KeyError:
        raise SchemaError(f"There is no table called {name!r}.", do=f"The tables are {', '.join(TABLES)}.") from None


_PREFACE = f"""# The data model

Written from `journeylab/data/schema.py` by `python -m journeylab.data.schema > docs/data-model.md`; do not edit.

Any subset of the tables may be present. A column in *italics* may be missing: that turns off what needs it, by name.
Identifiers are strings, kept as given; customers of files are pseudonyms. Money and quantities are {MONEY},
money in the shop's currency. Each time is UTC, and beside it stands the local `day`, by which analyses count.

Orders that are {", ".join(UNCOUNTED_STATUSES[:-1])} or {UNCOUNTED_STATUSES[-1]} stay in the table and out of every
figure. Guests (orders without a customer) count in money and orders, not in figures by customer."""


def markdown() -> str:
    """Return the data model as a page: a section a table, a line a column. docs/data-model.md is this text."""
    kinds = {MONEY: "money or quantity", TIME: "time", "int64": "whole number", "float64": "number"}
    lines = [_PREFACE]
    for spec in TABLES.values():
        lines += [
            "",
            f"## {spec.name}",
            "",
            f"One row is {spec.row}.",
            "",
            "| column | type | meaning |",
            "|---|---|---|",
        ]
        for column in spec.columns:
            name = f"*{column.name}*" if column.optional else column.name
            lines.append(f"| {name} | {kinds.get(column.dtype, column.dtype)} | {column.doc} |")
        if spec.open_ended:
            lines += ["", "It may have further columns, which are kept as they are."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(markdown())
