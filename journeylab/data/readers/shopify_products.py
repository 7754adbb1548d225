"""Shopify's export of products: a line a variant, where only the first line of a product carries what is the product's.

Further lines of a product may carry nothing but a picture. A variant is called as in the export of orders: the title,
and the values of its options behind a dash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from journeylab.data.readers import sheet
from journeylab.data.readers.base import match
from journeylab.data.readers.desk import Remark
from journeylab.data.readers.sheet import Sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journeylab.data.readers.desk import Desk
    from journeylab.data.readers.files import Raw

TITLE = "Shopify products"
VERSION = 1

_COLUMNS = {
    "handle": ["Handle", "URL handle"],
    "title": ["Title"],
    "sku": ["Variant SKU", "SKU"],
    "price": ["Variant Price", "Price"],
    "vendor": ["Vendor"],
    "kind": ["Type"],
    "standard": ["Product Category"],
    "unit_cost": ["Cost per item"],
    "first": ["Option1 Value"],
    "second": ["Option2 Value"],
    "third": ["Option3 Value"],
}
_NEEDED = {"handle": "Handle", "title": "Title", "sku": "Variant SKU", "price": "Variant Price"}


def confidence(columns: Sequence[str]) -> float:
    """Say how sure it is that a header is its own."""
    return 0.97 if not lacks(columns) else 0.3 * (1 - len(lacks(columns)) / len(_NEEDED))


def lacks(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns a header would need to be its own."""
    found = match(columns, _COLUMNS)
    variant = "Variant SKU" if "Variant SKU" in columns else "URL handle"
    missing = [header for role, header in _NEEDED.items() if role not in found]
    return tuple(missing or ([] if variant in columns else ["Variant SKU"]))


def read(raws: Sequence[Raw], desk: Desk) -> None:
    """Read variants as products."""
    sheet.read(TITLE, raws, desk, lambda raw: [_sheet(raw)])


def _sheet(raw: Raw) -> Sheet:
    found = match(raw.columns, _COLUMNS)

    def of_product(role: str) -> str:
        return f"coalesce({role}, max({role}) OVER (PARTITION BY handle))" if role in found else "NULL"

    options = [f"nullif({role}, 'Default Title')" for role in ("first", "second", "third") if role in found]
    variant = f"nullif(concat_ws(' / ', {', '.join(options)}), '')" if options else "NULL"
    return Sheet(
        "products",
        found,
        derived={
            "product": f"concat_ws(' - ', {of_product('title')}, {variant})",
            "vendor": of_product("vendor"),
            "category": f"coalesce({of_product('kind')}, {of_product('standard')})",
        },
        asides={"that only carry a picture": "sku__text IS NULL AND price__text IS NULL"},
        remarks=(Remark("without a cost per item", "unit_cost IS NULL"),) if "unit_cost" in found else (),
        label="product",
    )
