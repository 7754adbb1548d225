"""WooCommerce's export of products: products and variations, with their stock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from journeylab.data.readers import sheet
from journeylab.data.readers.base import match
from journeylab.data.readers.sheet import Sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journeylab.data.readers.desk import Desk
    from journeylab.data.readers.files import Raw

TITLE = "WooCommerce products"
VERSION = 1

_COLUMNS = {
    "id": ["ID"],
    "kind": ["Type"],
    "sku": ["SKU"],
    "product": ["Name"],
    "price": ["Sale price"],
    "regular": ["Regular price"],
    "category": ["Categories"],
    "on_hand": ["Stock"],
    "unit_cost": ["Cost of goods", "Cost of goods sold"],
}
_NEEDED = {"sku": "SKU", "product": "Name", "kind": "Type", "regular": "Regular price"}


def confidence(columns: Sequence[str]) -> float:
    """Say how sure it is that a header is its own."""
    return 0.95 if not lacks(columns) else 0.3 * (1 - len(lacks(columns)) / len(_NEEDED))


def lacks(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns a header would need to be its own."""
    found = match(columns, _COLUMNS)
    return tuple(header for role, header in _NEEDED.items() if role not in found)


def read(raws: Sequence[Raw], desk: Desk) -> None:
    """Read products, and the stock of those that count it."""
    sheet.read(TITLE, raws, desk, lambda raw: [_products(raw)])
    counted = [raw for raw in raws if "on_hand" in match(raw.columns, _COLUMNS)]
    if counted:
        sheet.read(TITLE, counted, desk, lambda raw: [_stock(raw)])


def _products(raw: Raw) -> Sheet:
    found = {role: place for role, place in match(raw.columns, _COLUMNS).items() if role != "on_hand"}
    derived = {"price": "coalesce(price, regular)" if "price" in found else "regular"}
    if "category" in found:
        derived["category"] = "nullif(trim(split_part(split_part(category, ',', 1), '>', 1)), '')"
    return Sheet("products", found, derived=derived, label="product")


def _stock(raw: Raw) -> Sheet:
    found = {role: place for role, place in match(raw.columns, _COLUMNS).items() if role in ("sku", "on_hand")}
    return Sheet("stock", found, asides={"whose stock is not counted": "on_hand__text IS NULL"}, label="sku")
