"""Exports written by hand for the tests, and short ways to look at what was read from them."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from journeylab.data.dataset import Dataset
    from journeylab.data.ledger import Ledger, Note

SHOPIFY = (
    "Name", "Email", "Financial Status", "Accepts Marketing", "Currency", "Subtotal", "Shipping", "Taxes", "Total",
    "Discount Code", "Discount Amount", "Created at", "Lineitem quantity", "Lineitem name", "Lineitem price",
    "Lineitem sku", "Shipping Name", "Shipping Street", "Shipping Country", "Shipping Phone", "Cancelled at",
    "Payment Method", "Refunded Amount", "Id", "Tags", "Source", "Phone",
)  # fmt: skip


def shopify_line(**cells: object) -> dict[str, str]:
    """One line of a Shopify export of one mug, in which the given cells are changed ('Created_at' is 'Created at')."""
    line = {
        "Name": "#1", "Email": "ada@example.com", "Financial Status": "paid", "Accepts Marketing": "yes",
        "Currency": "EUR", "Subtotal": "20.00", "Shipping": "5.00", "Taxes": "3.99", "Total": "25.00",
        "Discount Amount": "0.00", "Created at": "2026-03-01 09:00:00 +0100", "Lineitem quantity": "2",
        "Lineitem name": "Mug", "Lineitem price": "10.00", "Lineitem sku": "MUG", "Shipping Name": "Ada Lovelace",
        "Shipping Street": "12 Analytical Row", "Shipping Country": "DE", "Shipping Phone": "+49 151 2345678",
        "Refunded Amount": "0.00", "Id": "77", "Source": "web", "Phone": "+49 151 2345678",
    }  # fmt: skip
    return line | {name.replace("_", " "): str(value) for name, value in cells.items()}


def write_csv(path: Path, rows: list[dict[str, str]], *, delimiter: str = ",", encoding: str = "utf-8") -> Path:
    """Write rows of the same columns as a CSV."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, delimiter=delimiter, restval="")
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def events(path: Path, times: list[str], *, visitors: list[str] | None = None) -> Path:
    """Write an event a time, each of its own visitor unless they are given."""
    visitors = visitors or [f"v{number}" for number in range(len(times))]
    lines = [f'{visitor},view,"{time}"' for visitor, time in zip(visitors, times, strict=True)]
    path.write_text("\n".join(["visitor_id,event,timestamp", *lines]) + "\n")
    return path


def rows(shop: Dataset, table: str) -> list[tuple]:
    """All rows of a table, in an order of their own."""
    return sorted(shop.engine.sql(f'SELECT * FROM "{table}"'), key=repr)


def column(shop: Dataset, table: str, name: str) -> list:
    """The values of a column, sorted."""
    return sorted((value for (value,) in shop.engine.sql(f'SELECT "{name}" FROM "{table}"')), key=repr)


def ledger(shop: Dataset, table: str) -> Ledger:
    """The ledger of a table that one file gave."""
    (found,) = [book for book in shop.ledgers if book.table == table]
    return found


def note(shop: Dataset, table: str, words: str) -> Note:
    """The note of a ledger whose reason has these words in it."""
    (found,) = [note for note in ledger(shop, table).notes if words in note.reason]
    return found
