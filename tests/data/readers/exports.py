"""Exports written by hand for the tests, and short ways to look at what was read from them."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import TYPE_CHECKING

import duckdb

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


_PARTS = {
    "[Content_Types].xml": """<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
        <Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
        <Override PartName="/xl/workbook.xml"
            ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>
        <Override PartName="/xl/styles.xml"
            ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>
        <Override PartName="/xl/worksheets/sheet1.xml"
            ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>""",
    "_rels/.rels": """<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
        <Relationship Id="rId1" Target="xl/workbook.xml"
            Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/></Relationships>""",
    "xl/workbook.xml": """<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">
        <sheets><sheet name="Sheet" sheetId="1" r:id="rId1"/></sheets></workbook>""",
    "xl/_rels/workbook.xml.rels": """<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
        <Relationship Id="rId1" Target="worksheets/sheet1.xml"
            Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"/>
        <Relationship Id="rId2" Target="styles.xml"
            Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles"/></Relationships>""",
    "xl/styles.xml": """<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
        <numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>
        <fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders>
        <cellStyleXfs count="1"><xf/></cellStyleXfs>
        <cellXfs count="2"><xf numFmtId="0" xfId="0"/><xf numFmtId="164" xfId="0" applyNumberFormat="1"/></cellXfs>
        </styleSheet>""",
}


def workbook(source: Path, path: Path) -> None:
    """Write a Parquet file as a workbook of one sheet; the engine writes the cells, since there may be millions."""
    table = duckdb.sql(f"SELECT * FROM '{source}'")
    letters = [chr(ord("A") + place) for place in range(len(table.columns))]
    kinds = dict(zip(table.columns, map(str, table.types), strict=True))

    def rows(cells: list[str], of: str) -> str:
        return f"SELECT concat('<row r=\"', n, '\">', {', '.join(cells)}, '</row>') FROM ({of})"

    head = [_cell(f"'{name}'", "VARCHAR", letter) for name, letter in zip(kinds, letters, strict=True)]
    body = [_cell(f'"{name}"', kind, letter) for (name, kind), letter in zip(kinds.items(), letters, strict=True)]
    numbered = f"SELECT *, row_number() OVER () + 1 AS n FROM '{source}'"
    lines = f"{rows(head, 'SELECT 1 AS n')} UNION ALL {rows(body, numbered)}"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive, duckdb.connect() as engine:
        for name, text in _PARTS.items():
            archive.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>' + text)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>')
            engine.execute(lines)
            while batch := engine.fetchmany(20_000):
                sheet.write("".join(line for (line,) in batch).encode())
            sheet.write(b"</sheetData></worksheet>")


def _cell(value: str, kind: str, column: str) -> str:
    """The expression of a cell of row `n`; none where there is no value."""
    style, open_, text, close = "", "<v>", f"CAST({value} AS VARCHAR)", "</v>"
    if kind == "VARCHAR":
        style, open_, close = ' t="inlineStr"', '<is><t xml:space="preserve">', "</t></is>"
        text = f"replace(replace({value}, '&', '&amp;'), '<', '&lt;')"
    elif kind.startswith("TIMESTAMP"):
        style, text = ' s="1"', f"epoch_us({value}) / 86400000000.0 + 25569"
    return f"""if({value} IS NULL, '', concat('<c r="{column}', n, '"{style}>{open_}', {text}, '{close}</c>'))"""


def difference(one: Dataset, other: Dataset, table: str) -> list[tuple]:
    """A few rows that only one of two shops has in a table, each as often as it has it more."""
    with duckdb.connect() as engine:
        for name, shop in (("one", one), ("other", other)):
            with shop.engine.cursor() as cursor:
                engine.register(name, cursor.execute(f'SELECT * FROM "{table}"').to_arrow_table())
        both = "(FROM one EXCEPT ALL FROM other) UNION ALL (FROM other EXCEPT ALL FROM one)"
        return engine.execute(f"FROM ({both}) LIMIT 3").fetchall()


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
