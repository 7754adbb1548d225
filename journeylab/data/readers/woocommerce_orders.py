"""WooCommerce's analytics export of orders: a line an order, its products as text such as '1× Mug, 2× Bowl'.

'N. Revenue' is net of discounts, refunds, taxes and shipping, as `net` is. The customer is only named: the name
becomes a pseudonym, so two people of one name count as one, and the same person in another file does not join.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from journeylab.data.engine import literal
from journeylab.data.ledger import Note
from journeylab.data.readers import meanings, sheet
from journeylab.data.readers.base import match
from journeylab.data.readers.desk import Remark
from journeylab.data.readers.sheet import Sheet
from journeylab.data.readers.values import free_text, pseudonym, whole_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journeylab.data.readers.desk import Desk
    from journeylab.data.readers.files import Raw

TITLE = "WooCommerce orders"
VERSION = 2

_COLUMNS = {
    "ordered_at": ["Date"],
    "order_id": ["Order #", "Order Number"],
    "net": ["N. Revenue", "Net Revenue", "Net Sales", "N. Revenue (formatted)"],
    "status": ["Status"],
    "customer": ["Customer"],
    "products": ["Product(s)", "Products"],
    "items": ["Items sold"],
    "discount_code": ["Coupon(s)", "Coupons"],
    "marketing_channel": ["Attribution", "Origin"],
}
_NEEDED = {
    "ordered_at": "Date",
    "order_id": "Order #",
    "net": "N. Revenue",
    "products": "Product(s)",
    "items": "Items sold",
}
_SOURCE = r"^(Source|Organic|Referral|Campaign|Utm): *"


def confidence(columns: Sequence[str]) -> float:
    """Say how sure it is that a header is its own."""
    return 0.97 if not lacks(columns) else 0.3 * (1 - len(lacks(columns)) / len(_NEEDED))


def lacks(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns a header would need to be its own."""
    found = match(columns, _COLUMNS)
    return tuple(header for role, header in _NEEDED.items() if role not in found)


def read(raws: Sequence[Raw], desk: Desk) -> None:
    """Read orders, and the products in them."""
    sheet.read(TITLE, raws, desk, lambda raw: [_orders(raw, desk)])
    parts = [_lines(raw, desk) for raw in raws]
    lines = desk.keep("woocommerce lines", " UNION ALL ".join(parts))
    columns = ("order_id", "product", "quantity", "unit_price")
    desk.add("order_lines", {name: name for name in columns}, f"{lines} WHERE aside IS NULL")
    desk.account(
        "order_lines", TITLE, raws, lines, label="product", aside="aside",
        remarks=[Remark("without a price, which the export does not give where products differ", "unit_price IS NULL")],
    )  # fmt: skip


def _orders(raw: Raw, desk: Desk) -> Sheet:
    found = {role: place for role, place in match(raw.columns, _COLUMNS).items() if role not in ("products", "items")}
    derived = {"status": meanings.status("status") if "status" in found else "'completed'"}
    remarks = (meanings.unknown_status("status__text"),) if "status" in found else ()
    said = []
    if "customer" in found:
        derived["customer_id"] = pseudonym("nullif(trim(customer), '')", desk.key)
        said.append(Note("customers told apart by their name only, which is not kept", 1))
    if "marketing_channel" in found:
        derived["marketing_channel"] = f"regexp_replace(marketing_channel, {literal(_SOURCE)}, '')"
    return Sheet("orders", found, derived=derived, label="order_id", said=tuple(said), remarks=remarks)


def _lines(raw: Raw, desk: Desk) -> str:
    """Return the query of the products in each order; the price of one is known where the order has no other."""
    found = match(raw.columns, _COLUMNS)
    found = {role: found[role] for role in ("order_id", "products")}
    mark = r"regexp_replace(',' || products, ', *([0-9]+) *[×x] +', chr(1) || '\1× ', 'g')"
    table = desk.stage(
        raw,
        f"woocommerce products {raw.number}",
        found,
        {"order_id": free_text(whole_number("order_id")), "products": free_text(mark)},
    )
    return f"""
        SELECT order_id, product, quantity, {raw.number} AS source,
               if(count(*) OVER (PARTITION BY order_id) = 1 AND quantity > 0, net / quantity, NULL) AS unit_price,
               CASE WHEN NOT counts THEN 'of an order that is set aside'
                    WHEN quantity IS NULL OR product = '' THEN 'without a readable product' END AS aside
        FROM (SELECT order_id, trim(split_part(part, '×', 2)) AS product, o.order_id_ IS NOT NULL AS counts, o.net,
                     try_cast(split_part(part, '×', 1) AS DECIMAL(15,4)) AS quantity
              FROM (SELECT order_id, unnest(string_split(ltrim(products, chr(1)), chr(1))) AS part FROM {table}
                    WHERE products IS NOT NULL)
              LEFT JOIN (SELECT order_id AS order_id_, min(net) AS net FROM orders
                         WHERE source = {raw.number} GROUP BY order_id) o ON order_id = o.order_id_)"""
