"""Shopify's export of orders: one line an item, where only the first line of an order carries the order's columns.

What belongs together is told by name and time of creation, since names repeat where shops were merged, and the order
of the lines does not matter (shopify_lines). Prices include tax if total = subtotal + shipping. Rules:
docs/methods/orders.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from journeylab.data.ledger import Note
from journeylab.data.readers import shopify_lines
from journeylab.data.readers.base import fold, match
from journeylab.data.readers.desk import FUTURE, Remark
from journeylab.data.readers.times import moment
from journeylab.data.readers.values import free_text, money, pseudonym, yes_no

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journeylab.data.readers.desk import Desk
    from journeylab.data.readers.files import Raw

TITLE = "Shopify orders"
VERSION = 3

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
#: Condition: no amount says how much of an order was refunded.
_UNSAID_REFUND = "coalesce(refund, 0) = 0"
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
    rows = shopify_lines.with_their_orders(desk, desk.keep("shopify rows", " UNION ALL ".join(parts)))
    rows = shopify_lines.without_overlap(desk, raws, rows)
    orders = _orders(desk, rows)
    _add_orders(desk, orders)
    _add_lines(desk, rows, orders)
    _add_customers(desk, raws, orders)
    _account(desk, raws, rows, orders, said)


def _typed(raw: Raw, desk: Desk) -> tuple[str, list[Note]]:
    """Stage one file without anything personal; return the query of its typed rows, and what to say about it."""
    found = match(raw.columns, _COLUMNS)
    changed = {role: "CAST(NULL AS VARCHAR)" for role in _COLUMNS if role not in found}
    given = {role: changed.get(role, role) for role in _COLUMNS}
    head = f"coalesce({given['total']}, {given['subtotal']}, {given['financial']}) IS NOT NULL"
    changed |= {
        "customer": f"CASE WHEN {head} THEN {pseudonym(given['email'], desk.key)} END",
        "email": "NULL",
        "tags": f"CASE WHEN regexp_matches(lower({given['tags']}), '(^|,) *test([ _-]?order)? *(,|$)') "
        f"OR lower({given['channel']}) = 'test' OR contains(lower({given['payment']}), 'bogus') THEN 'test' END",
        "cancelled": f"CASE WHEN {given['cancelled']} IS NOT NULL THEN 'cancelled' END",
        "country": f"coalesce({given['country']}, {given['billing_country']})",
        **{role: free_text(given[role]) for role in ("name", "product", "sku", "code")},
    }
    table = desk.stage(raw, f"shopify {raw.number}", found, changed)
    time = moment(desk, table, "created")
    amounts = {role: money(desk, table, role, comma=raw.decimal_comma) for role in _AMOUNTS}
    typed = {
        **{role: role for role in ("name", "product", "sku", "tags", "cancelled", *_ORDER_WORDS)},
        **{role: amount.sql for role, amount in amounts.items()},
        "accepts": yes_no("accepts"),
        "placed": "placed",
        "day": "day",
        "source": str(raw.number),
        "joined": "false",
        "head": "coalesce(total, subtotal, financial) IS NOT NULL",
        "misread": f"total IS NOT NULL AND {amounts['total'].sql} IS NULL "
        f"OR subtotal IS NOT NULL AND {amounts['subtotal'].sql} IS NULL",
        "aside": "CASE WHEN name IS NULL THEN 'without an order name' ELSE unplaced END",
    }
    said = [*time.said, *(pair for amount in amounts.values() for pair in amount.said)]
    return (
        f"SELECT {', '.join(f'{sql} AS {name}' for name, sql in sorted(typed.items()))} FROM {time.rows}",
        [*desk.notes(raw), *(Note(reason, n) for reason, n in dict(said).items())],
    )


def _orders(desk: Desk, rows: str) -> str:
    """Gather the lines of each order into one row, with its status, its net and an order_id of its own.

    goods = subtotal less its share of the tax, if prices include tax; refunded = the refund without its share of
    the tax, at most the goods, and all of them where an order is refunded and no amount is given; net = goods -
    refunded.
    """
    words = ", ".join(f"max({role}) AS {role}" for role in (*_ORDER_WORDS, *_ORDER_MONEY))
    gathered = desk.keep(
        "shopify gathered",
        f"""SELECT name, placed, min(day) AS day, min(source) AS source, {words}, max(tags) AS tags,
                   max(cancelled) AS cancelled, bool_or(misread) AS misread, bool_or(head) AS head,
                   try_cast(sum(quantity * price) AS DECIMAL(18,4)) AS gross
            FROM {rows} WHERE aside IS NULL GROUP BY name, placed""",
    )
    repeated = desk.keep("shopify repeated", shopify_lines.repeated(gathered))
    statuses = " ".join(f"WHEN '{theirs}' THEN '{ours}'" for theirs, ours in _STATUSES.items())
    return desk.keep(
        "shopify orders",
        f"""WITH named AS (
                SELECT g.* REPLACE (lower(financial) AS financial, coalesce(shipping, 0) AS shipping,
                                    coalesce(subtotal, total - coalesce(shipping, 0)) AS subtotal),
                       coalesce(r.order_id, name) AS order_id, r.order_id IS NOT NULL AS repeated
                FROM {gathered} g LEFT JOIN {repeated} r USING (name, placed)),
            judged AS (
                SELECT *, coalesce(abs(total - subtotal - shipping) <= 0.01, false) AS included,
                       CASE WHEN tags IS NOT NULL THEN 'test' WHEN financial = 'voided' THEN 'voided'
                            WHEN cancelled IS NOT NULL THEN 'cancelled'
                            ELSE CASE financial {statuses} ELSE 'pending' END END AS status,
                       CASE WHEN NOT head THEN 'without the line that carries the order'
                            WHEN misread THEN 'with a total that could not be read'
                            WHEN subtotal IS NULL THEN 'without a total'
                            WHEN {desk.future("placed")} THEN '{FUTURE}' END AS broken
                FROM named),
            taxed AS (
                SELECT *, CASE WHEN tax > 0 AND subtotal > 0
                          THEN {_rounded("tax * (subtotal / (subtotal + shipping))")} ELSE 0 END AS goods_tax
                FROM judged),
            goods AS (
                SELECT *, subtotal - if(included, goods_tax, 0) AS goods, subtotal + if(included, 0, goods_tax) AS paid
                FROM taxed),
            refunds AS (
                SELECT *, CASE WHEN paid > 0 AND refund > 0
                          THEN {_rounded("goods * (least(refund, paid) / paid)")}
                          WHEN {_UNSAID_REFUND} AND financial = 'refunded' THEN goods ELSE 0 END AS refunded
                FROM goods)
            SELECT *, goods - refunded AS net FROM refunds""",
    )


def _rounded(text: str) -> str:
    return f"CAST(round({text}, 4) AS DECIMAL(18,4))"


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
    repeated = f"(SELECT name, placed, order_id FROM {orders} WHERE repeated) o"
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
        f"(SELECT * FROM {rows} WHERE aside IS NULL AND quantity IS NOT NULL AND price IS NOT NULL "
        f"AND NOT ({desk.future('placed')})) r "
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
    columns["source"] = "source"
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
            Remark(
                "refunded without an amount, taken as refunded in full",
                f"financial = 'refunded' AND {_UNSAID_REFUND} AND goods > 0",
            ),
            Remark(
                "refunded in part without an amount, so that their net is too high",
                f"financial = 'partially_refunded' AND {_UNSAID_REFUND} AND goods > 0",
            ),
            Remark("whose name another order has too, told apart by their id", "repeated"),
            Remark(
                "whose total is neither goods and shipping nor these with tax on top, as with tips and duties",
                "NOT included AND abs(total - subtotal - shipping - coalesce(tax, 0)) > 0.01",
            ),
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
        aside="CASE WHEN aside IS NULL AND (quantity IS NULL OR price IS NULL) "
        f"THEN 'without a readable quantity or price' WHEN {desk.future('placed')} THEN '{FUTURE}' ELSE aside END",
        remarks=[
            Remark("without a SKU", "sku IS NULL"),
            Remark("without a time, taken for lines of the order of their name", "joined"),
            Remark("exact duplicates of another line, kept", "copy > 1"),
        ],
        said=said,
    )
