"""Invoice lines: one table with a line of an invoice on each row, and no table of orders, such as UCI Online Retail.

An invoice is an order. An invoice whose number starts with C and which only takes goods back is a cancellation: an
order of its own, with the status 'cancelled', as in the source's own description (Chen, Sain & Guo 2012,
archive.ics.uci.edu/dataset/352).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from journeylab.data.ledger import Note
from journeylab.data.readers import overlap
from journeylab.data.readers.base import fold, match
from journeylab.data.readers.desk import FUTURE, Remark, shown
from journeylab.data.readers.times import moment
from journeylab.data.readers.values import free_text, money, person, whole_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journeylab.data.readers.desk import Desk
    from journeylab.data.readers.files import Raw

TITLE = "Invoice lines"
VERSION = 2

_SYNONYMS = {
    "invoice": (
        "InvoiceNo", "Invoice", "Invoice Number", "Invoice ID", "Bill No", "Order ID", "Order No", "Order Number",
        "Transaction ID", "Transaction No", "Receipt No", "Receipt Number",
    ),
    "sku": ("StockCode", "SKU", "Product ID", "Product Code", "Item Code", "Article No", "Article Number", "Item ID"),
    "product": ("Description", "Product Name", "Product", "Item Name", "Itemname", "Item", "Product Description"),
    "quantity": ("Quantity", "Qty", "Units"),
    "time": ("InvoiceDate", "Invoice Date", "Order Date", "Date", "Transaction Date", "Created At", "Timestamp"),
    "price": ("UnitPrice", "Unit Price", "Price", "Item Price", "Sales Price"),
    "customer": ("CustomerID", "Customer Number", "Customer No", "Client ID", "Customer Email", "Email"),
    "country": ("Country", "Customer Country", "Shipping Country"),
    "currency": ("Currency", "Currency Code"),
    "category": ("Category", "Product Category"),
}  # fmt: skip
_REQUIRED = {
    "invoice": "an invoice number",
    "quantity": "a quantity",
    "time": "an invoice date",
    "price": "a unit price",
}
_TEXTS = ("product", "category", "country")
_HOME = {"invoiceno", "invoice", "stockcode", "invoicedate"}


def confidence(columns: Sequence[str]) -> float:
    """Say how sure it is that a header is its own."""
    if lacks(columns):
        return 0.1 * (len(_REQUIRED) - len(lacks(columns)))
    return 0.95 if len(_HOME & {fold(c) for c in columns}) >= 3 else 0.9  # above plain lines, which know no date


def lacks(columns: Sequence[str]) -> tuple[str, ...]:
    """Return what a header would need to be its own."""
    found = match(columns, _SYNONYMS)
    missing = [words for role, words in _REQUIRED.items() if role not in found]
    return (*missing, *([] if {"sku", "product"} & found.keys() else ["a stock code or a description"]))


def read(raws: Sequence[Raw], desk: Desk) -> None:
    """Read invoices as orders, and their lines; exact duplicates are kept and counted."""
    parts: list[str] = []
    known: set[str] = set()
    said: dict[int, list[Note]] = {}
    for raw in raws:
        found = match(raw.columns, _SYNONYMS)
        known |= found.keys()
        part, said[raw.number] = _typed(raw, desk)
        parts.append(part)
    rows = desk.keep("invoice lines", " UNION ALL BY NAME ".join(parts))
    if len(raws) > 1:
        rows = overlap.newest(desk, "invoice lines once", raws, rows, ("invoice",), "placed")
    if "sku" in known:
        said = {number: [*notes, *_spellings(desk, rows, number)] for number, notes in said.items()}
    customer = "customer" in known
    optional = [name for name in ("country", "currency") if name in known]
    grouped = desk.keep(
        "invoices",
        f"""SELECT invoice, min(source) AS source, min(placed) AS placed, min(day) AS day, min(aside) AS aside,
            bool_and(aside IS NOT NULL) AS future,
            {"min(customer) AS customer," if customer else ""} {"".join(f"min({c}) AS {c}," for c in optional)}
            try_cast(sum(quantity * price) FILTER (aside IS NULL) AS DECIMAL(18,4)) AS net,
            if(starts_with(upper(invoice), 'C') AND max(quantity) <= 0, 'cancelled', 'completed') AS status
            FROM (SELECT * FROM {rows} WHERE aside IS NULL OR aside = '{FUTURE}') GROUP BY invoice""",
    )
    desk.add(
        "orders",
        {
            "order_id": "invoice",
            **({"customer_id": "customer"} if customer else {}),
            "ordered_at": "placed",
            "day": "day",
            "status": "status",
            "net": "net",
            "gross": "net",
            **{name: name for name in optional},
            "source": "source",
        },
        f"{grouped} WHERE net IS NOT NULL AND NOT future",
    )
    lines = {"order_id": "invoice", "sku": "sku", "product": "product", "category": "category"}
    lines |= {"quantity": "quantity", "unit_price": "price"}
    have = {name: sql for name, sql in lines.items() if sql in known or name in ("order_id", "quantity", "unit_price")}
    have.setdefault("product", "sku")
    desk.add("order_lines", have, f"{rows} WHERE aside IS NULL")
    remarks = [Remark("without a customer, kept as guests", "customer IS NULL")] if customer else []
    desk.account(
        "orders", TITLE, raws, grouped, label="invoice",
        aside=f"CASE WHEN future THEN '{FUTURE}' WHEN net IS NULL THEN 'with a total too large to be one' "
        "WHEN status = 'cancelled' THEN status END",
        remarks=[*remarks, Remark("free (nothing to pay)", "net = 0"), Remark("below zero", "net < 0")],
    )  # fmt: skip
    remarks = [Remark("without a customer", "customer IS NULL")] if customer else []
    remarks += [Remark("without a description", "product IS NULL")] if "product" in known else []
    remarks += [Remark("exact duplicates of another line, kept", "copy > 1")]
    columns = ", ".join(sorted(known - {"time"} | {"written"}))
    counted = (
        f"(SELECT *, row_number() OVER (PARTITION BY source, {columns.replace('time', 'written')}) AS copy FROM {rows})"
    )
    desk.account("order_lines", TITLE, raws, counted, label="invoice", aside="aside", remarks=remarks, said=said)
    if customer:
        _customers(desk, raws, rows, "country" in known)


def _typed(raw: Raw, desk: Desk) -> tuple[str, list[Note]]:
    """Stage one file; return the query of its typed rows, and what to say about the decisions."""
    found = match(raw.columns, _SYNONYMS)
    changed = {role: free_text(role) for role in _TEXTS if role in found}
    changed |= {role: free_text(whole_number(role)) for role in ("invoice", "sku") if role in found}
    changed |= {role: person(whole_number(role), desk.key) for role in found if role == "customer"}
    table = desk.stage(raw, f"invoice lines {raw.number}", found, changed)
    time = moment(desk, table, "time")
    quantity = money(desk, table, "quantity", comma=raw.decimal_comma)
    price = money(desk, table, "price", comma=raw.decimal_comma)
    typed = {
        **{role: role for role in found if role not in ("time", "quantity", "price")},
        "placed": "placed",
        "day": "day",
        "unplaced": "unplaced",
        "written": "time",
        "quantity": quantity.sql,
        "price": price.sql,
        "source": str(raw.number),
    }
    reason = (
        "CASE WHEN invoice IS NULL THEN 'without an invoice number' WHEN quantity IS NULL OR price IS NULL "
        f"THEN 'without a readable quantity or price' WHEN {desk.future('placed')} THEN '{FUTURE}' "
        "ELSE unplaced END AS aside"
    )
    chosen = ", ".join(f"{sql} AS {name}" for name, sql in typed.items())
    part = f"SELECT * EXCLUDE (unplaced), {reason} FROM (SELECT {chosen} FROM {time.rows})"
    said = time.said + quantity.said + price.said
    return part, [*desk.notes(raw), *(Note(text, n) for text, n in said)]


def _spellings(desk: Desk, rows: str, number: int) -> list[Note]:
    """Say how many SKUs there are, and which of them differ only by case or spaces."""
    ((different,),) = desk.sql(f"SELECT count(DISTINCT sku) FROM {rows} WHERE source = {number}")
    twice = desk.sql(
        f"SELECT array_to_string(list_sort(list(DISTINCT sku)), ' / ') FROM {rows} WHERE source = {number} "
        "AND sku IS NOT NULL GROUP BY upper(replace(sku, ' ', '')) HAVING count(DISTINCT sku) > 1 ORDER BY 1"
    )
    notes = [Note("different SKUs", different)]
    if twice:
        notes.append(Note("SKUs in two spellings, kept apart", len(twice), shown(label for (label,) in twice[:3])))
    return notes


def _customers(desk: Desk, raws: Sequence[Raw], rows: str, country: bool) -> None:
    """Add a row for each customer: first invoice, latest country."""
    latest = ", arg_max(country, (placed, country)) AS country" if country else ""
    grouped = desk.keep(
        "invoice customers",
        f"SELECT customer, min(source) AS source, min(placed) AS placed{latest} FROM {rows} "
        "WHERE customer IS NOT NULL AND aside IS NULL GROUP BY customer",
    )
    columns = {"customer_id": "customer", "acquired_at": "placed", **({"country": "country"} if country else {})}
    columns["source"] = "source"
    desk.add("customers", columns, grouped)
    desk.account("customers", TITLE, raws, grouped, label="customer")
