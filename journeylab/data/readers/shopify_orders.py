"""Shopify's export of orders: one line an item, where only the first line of an order carries the order's columns.

What belongs together is told by name and time of creation, since names repeat where shops were merged, and the order
of the lines does not matter. Prices include tax if total = subtotal + shipping. Rules: docs/methods/orders.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from journeylab.data.ledger import Note
from journeylab.data.readers.base import fold, match
from journeylab.data.readers.desk import CLEAN, Remark
from journeylab.data.readers.times import moment
from journeylab.data.readers.values import free_text, money, pseudonym, yes_no

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journeylab.data.readers.desk import Desk
    from journeylab.data.readers.files import Raw

TITLE = "Shopify orders"
VERSION = 1

_COLUMNS = {
    "name": ["Name"],
    "created": ["Created at"],
    "email": ["Email"],
    "financial": ["Financial Status"],
    "accepts": ["Accepts Marketing"],
    "currency": ["Currency"],
    "subtotal": ["Subtotal"],
    "shipping": ["Shipping"],
    "tax": ["Taxes"],
    "total": ["Total"],
    "code": ["Discount Code"],
    "discount": ["Discount Amount"],
    "shipping_method": ["Shipping Method"],
    "quantity": ["Lineitem quantity"],
    "product": ["Lineitem name"],
    "price": ["Lineitem price"],
    "sku": ["Lineitem sku"],
    "line_discount": ["Lineitem discount"],
    "country": ["Shipping Country"],
    "billing_country": ["Billing Country"],
    "cancelled": ["Cancelled at"],
    "payment": ["Payment Method"],
    "refund": ["Refunded Amount"],
    "id": ["Id"],
    "tags": ["Tags"],
    "channel": ["Source"],
}
_NEEDED = ("name", "created", "financial", "subtotal", "total", "quantity", "product", "price")
_AMOUNTS = ("subtotal", "shipping", "tax", "total", "discount", "quantity", "price", "line_discount", "refund")
_ORDER_WORDS = (
    "customer",
    "financial",
    "accepts",
    "currency",
    "code",
    "shipping_method",
    "country",
    "payment",
    "id",
    "channel",
)
_ORDER_MONEY = ("subtotal", "shipping", "tax", "total", "discount", "refund")

#: Shopify's words for the state of the money, and ours.
_STATUSES = {
    "paid": "completed",
    "pending": "pending",
    "authorized": "pending",
    "partially_paid": "pending",
    "unpaid": "pending",
    "refunded": "refunded",
    "partially_refunded": "partially_refunded",
    "voided": "voided",
    "expired": "voided",
}
#: Where an order was placed; anything else is a marketplace or another app, and a draft was placed by hand.
_CHANNELS = {"web": "web", "pos": "till", "iphone": "till", "android": "till", "shopify_draft_order": None}


def confidence(columns: Sequence[str]) -> float:
    """Say how sure it is that a header is its own: the share of the columns it needs that are there."""
    return (
        1 - len(lacks(columns)) / len(_NEEDED) if not lacks(columns) else 0.4 * (1 - len(lacks(columns)) / len(_NEEDED))
    )


def lacks(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns a header would need to be its own."""
    have = {fold(column) for column in columns}
    return tuple(_COLUMNS[role][0] for role in _NEEDED if fold(_COLUMNS[role][0]) not in have)


def read(raws: Sequence[Raw], desk: Desk) -> None:
    """Read orders, their lines, and customers."""
    parts, said = [], {}
    for raw in raws:
        part, said[raw.number] = _typed(raw, desk)
        parts.append(part)
    rows = desk.keep("shopify rows", " UNION ALL ".join(parts))
    orders = _orders(desk, rows)
    _add_orders(desk, orders)
    _add_lines(desk, rows, orders)
    _add_customers(desk, raws, orders)
    _account(desk, raws, rows, orders, said)


def _typed(raw: Raw, desk: Desk) -> tuple[str, list[Note]]:
    """Stage one file without anything personal; return the query of its typed rows, and what to say about it."""
    found = match(raw.columns, _COLUMNS)
    text = {role: CLEAN.format(raw.at(found[role])) if role in found else "CAST(NULL AS VARCHAR)" for role in _COLUMNS}
    head = f"coalesce({text['total']}, {text['subtotal']}, {text['financial']}) IS NOT NULL"
    text["customer"] = f"CASE WHEN {head} THEN {pseudonym(text.pop('email'), desk.key)} END"
    text["tags"] = (
        f"CASE WHEN regexp_matches(lower({text['tags']}), '(^|,) *test([ _-]?order)? *(,|$)') "
        f"OR lower({text['channel']}) = 'test' OR contains(lower({text['payment']}), 'bogus') THEN 'test' END"
    )
    text["cancelled"] = f"CASE WHEN {text['cancelled']} IS NOT NULL THEN 'cancelled' END"
    text["country"] = f"coalesce({text['country']}, {text.pop('billing_country')})"
    for role in ("name", "product", "sku", "code"):
        text[role] = free_text(text[role])
    table = desk.stage(raw, f"shopify {raw.number}", text)
    time = moment(desk, table, "created")
    amounts = {role: money(desk, table, role, comma=raw.decimal_comma) for role in _AMOUNTS}
    typed = {
        **{role: role for role in ("name", "product", "sku", "tags", "cancelled", *_ORDER_WORDS)},
        **{role: amount.sql for role, amount in amounts.items()},
        "accepts": yes_no("accepts"),
        "placed": time.utc,
        "day": time.day,
        "source": str(raw.number),
        "head": "coalesce(total, subtotal, financial) IS NOT NULL",
        "misread": f"total IS NOT NULL AND {amounts['total'].sql} IS NULL "
        f"OR subtotal IS NOT NULL AND {amounts['subtotal'].sql} IS NULL",
        "aside": f"CASE WHEN name IS NULL THEN 'without an order name' ELSE {time.aside} END",
    }
    said = [pair for decided in (time, *amounts.values()) for pair in decided.said]
    return (
        f"SELECT {', '.join(f'{sql} AS {name}' for name, sql in sorted(typed.items()))} FROM {table}",
        [*desk.notes(raw), *(Note(reason, n) for reason, n in dict(said).items())],
    )


def _orders(desk: Desk, rows: str) -> str:
    """Gather the lines of each order into one row, with its status, its net and an order_id of its own."""
    words = ", ".join(f"max({role}) AS {role}" for role in (*_ORDER_WORDS, *_ORDER_MONEY))
    statuses = " ".join(f"WHEN '{theirs}' THEN '{ours}'" for theirs, ours in _STATUSES.items())
    gathered = desk.keep(
        "shopify gathered",
        f"""SELECT name, placed, min(day) AS day, min(source) AS source, {words}, max(tags) AS tags,
                   max(cancelled) AS cancelled, bool_or(misread) AS misread, bool_or(head) AS head,
                   sum(quantity * price) AS gross
            FROM {rows} WHERE aside IS NULL GROUP BY name, placed""",
    )
    return desk.keep(
        "shopify orders",
        f"""SELECT * EXCLUDE (goods), goods - refunded AS net,
                   CASE WHEN twice > 1 THEN name || ' · ' || coalesce(id, strftime(placed, '%Y-%m-%d %H:%M:%S')) ELSE name END
                   AS order_id
            FROM (SELECT *, CASE WHEN paid_goods > 0
                            THEN CAST(round(goods * least(coalesce(refund, 0), paid_goods) / paid_goods, 4) AS DECIMAL(18,4))
                            ELSE 0 END AS refunded
            FROM (SELECT *, subtotal - CASE WHEN included THEN goods_tax ELSE 0 END AS goods,
                         subtotal + CASE WHEN included THEN 0 ELSE goods_tax END AS paid_goods
            FROM (SELECT *, CASE WHEN tax > 0 AND subtotal + coalesce(shipping, 0) > 0
                            THEN CAST(round(tax * subtotal / (subtotal + coalesce(shipping, 0)), 4) AS DECIMAL(18,4))
                            ELSE 0 END AS goods_tax
            FROM (SELECT * EXCLUDE (subtotal), coalesce(subtotal, total - coalesce(shipping, 0)) AS subtotal,
                         abs(total - subtotal - coalesce(shipping, 0)) <= 0.01 AS included,
                         count(*) OVER (PARTITION BY name) AS twice,
                         CASE WHEN tags IS NOT NULL THEN 'test'
                              WHEN financial = 'voided' THEN 'voided'
                              WHEN cancelled IS NOT NULL THEN 'cancelled'
                              ELSE CASE lower(financial) {statuses} ELSE 'pending' END END AS status,
                         CASE WHEN NOT head THEN 'without the line that carries the order'
                              WHEN misread THEN 'with a total that could not be read'
                              WHEN coalesce(subtotal, total) IS NULL THEN 'without a total' END AS broken
                  FROM {gathered}))))""",
    )


def _add_orders(desk: Desk, orders: str) -> None:
    channels = " ".join(f"WHEN '{theirs}' THEN {f'{ours!r}' if ours else 'NULL'}" for theirs, ours in _CHANNELS.items())
    desk.add(
        "orders",
        {
            "order_id": "order_id",
            "customer_id": "customer",
            "ordered_at": "placed",
            "day": "day",
            "status": "status",
            "net": "net",
            "gross": "gross",
            "discount": "discount",
            "shipping": "shipping",
            "tax": "tax",
            "refunded": "refunded",
            "currency": "currency",
            "sales_channel": f"CASE lower(channel) {channels} ELSE if(channel IS NULL, NULL, 'marketplace') END",
            "country": "country",
            "discount_code": "code",
            "payment_method": "payment",
            "shipping_method": "shipping_method",
            "source": "source",
        },
        f"{orders} WHERE broken IS NULL",
    )


def _add_lines(desk: Desk, rows: str, orders: str) -> None:
    repeated = f"(SELECT name, placed, order_id FROM {orders} WHERE twice > 1) o"
    desk.add(
        "order_lines",
        {
            "order_id": "coalesce(o.order_id, r.name)",
            "sku": "sku",
            "product": "product",
            "quantity": "quantity",
            "unit_price": "price",
            "discount": "line_discount",
        },
        f"(SELECT * FROM {rows} WHERE aside IS NULL AND quantity IS NOT NULL AND price IS NOT NULL) r "
        f"LEFT JOIN {repeated} USING (name, placed)",
    )


def _add_customers(desk: Desk, raws: Sequence[Raw], orders: str) -> None:
    customers = desk.keep(
        "shopify customers",
        f"""SELECT customer, min(source) AS source, min(placed) AS placed, arg_max(country, (placed, name)) AS country,
                   arg_max(accepts, (placed, name)) AS accepts
            FROM {orders} WHERE broken IS NULL AND customer IS NOT NULL GROUP BY customer""",
    )
    columns = {"customer_id": "customer", "acquired_at": "placed", "country": "country", "accepts_marketing": "accepts"}
    desk.add("customers", columns, customers)
    desk.account("customers", TITLE, raws, customers, label="customer")


def _account(desk: Desk, raws: Sequence[Raw], rows: str, orders: str, said: dict[int, list[Note]]) -> None:
    uncounted = "CASE WHEN status IN ('cancelled', 'voided', 'test') THEN status END"
    desk.account(
        "orders",
        TITLE,
        raws,
        orders,
        label="order_id",
        aside=f"coalesce(broken, {uncounted})",
        remarks=[
            Remark("pending: ordered and not yet paid, such as cash on delivery, kept", "status = 'pending'"),
            Remark("free (nothing to pay), kept", "total = 0"),
            Remark("guests, without an e-mail, kept", "customer IS NULL"),
            Remark("whose name another order has too, told apart by their id", "twice > 1"),
            Remark("in the future", f"placed > TIMESTAMP '{desk.now}'"),
        ],
    )
    columns = "name, placed, product, sku, quantity, price, line_discount, total, id"
    lines = f"(SELECT *, row_number() OVER (PARTITION BY source, {columns}) AS copy FROM {rows})"
    desk.account(
        "order_lines",
        TITLE,
        raws,
        lines,
        label="name",
        aside="coalesce(aside, CASE WHEN quantity IS NULL OR price IS NULL THEN 'without a readable quantity or price' END)",
        remarks=[
            Remark("without a SKU", "sku IS NULL"),
            Remark("exact duplicates of another line, kept", "copy > 1"),
        ],
        said=said,
    )
