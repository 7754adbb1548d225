"""Shopify's export of inventory: a line a variant and location, with what is there, promised and on its way.

The export does not say when it was made: its date is the one in the file's name, or the last day that the other files
know. A variant that a location does not stock is no stock of zero, and gives no row.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from journeylab.data.engine import literal
from journeylab.data.readers import sheet
from journeylab.data.readers.base import match
from journeylab.data.readers.desk import Remark
from journeylab.data.readers.sheet import Sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journeylab.data.readers.desk import Desk
    from journeylab.data.readers.files import Raw

TITLE = "Shopify inventory"
VERSION = 2

_COLUMNS = {
    "sku": ["SKU"],
    "location": ["Location"],
    "on_hand": ["On hand (current)", "On hand"],
    "on_order": ["Incoming (not editable)", "Incoming"],
    "committed": ["Committed (not editable)", "Committed"],
    "available": ["Available (not editable)", "Available"],
    "unavailable": ["Unavailable (not editable)", "Unavailable"],
}
_NEEDED = {"sku": "SKU", "location": "Location", "available": "Available", "committed": "Committed"}
_KEPT_BACK = "with unavailable units, which are left out of what is on hand"
_DAY = re.compile(r"(20[0-9]{2})-?([01][0-9])-?([0-3][0-9])(?![0-9])")


def confidence(columns: Sequence[str]) -> float:
    """Say how sure it is that a header is its own."""
    return 0.97 if not lacks(columns) else 0.3 * (1 - len(lacks(columns)) / len(_NEEDED))


def lacks(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns a header would need to be its own."""
    found = match(columns, _COLUMNS)
    return tuple(header for role, header in _NEEDED.items() if role not in found)


def read(raws: Sequence[Raw], desk: Desk) -> None:
    """Read stock; what a location does not stock is set aside."""
    sheet.read(TITLE, raws, desk, lambda raw: [_sheet(raw)])


def _sheet(raw: Raw) -> Sheet:
    found = match(raw.columns, _COLUMNS)
    kept_back = "coalesce(try_cast(unavailable AS BIGINT), 0)" if "unavailable" in found else "0"
    sellable = "CAST(try_cast(available AS BIGINT) + coalesce(try_cast(committed AS BIGINT), 0) AS VARCHAR)"
    if "on_hand" in found:
        sellable = f"coalesce(CAST(try_cast(on_hand AS BIGINT) - {kept_back} AS VARCHAR), on_hand, {sellable})"
    counted = "lower(available__text) = 'not stocked'"
    if "on_hand" in found:
        counted += " OR lower(on_hand__text) = 'not stocked'"
    day = _DAY.search(raw.name)
    dated = {"as_of": literal("-".join(day.groups()))} if day else {}
    return Sheet(
        "stock",
        found,
        derived={"on_hand": sellable, **dated},
        asides={"not stocked at that location": counted},
        remarks=(Remark(_KEPT_BACK, "try_cast(unavailable__text AS BIGINT) > 0"),) if "unavailable" in found else (),
        label="sku",
    )
