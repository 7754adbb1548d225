"""Sheets of their own: names that a workbook allows, and cells that never become formulas."""

from __future__ import annotations

import io
import zipfile

import python_calamine

import journeylab as jl
from journeylab.report import workbook
from tests.operations.stocked import count, stocked


def test_each_vendor_has_a_sheet_whatever_its_name():
    names = {
        "a": "=cmd|' /C calc'!A0",
        "b": "Table",
        "c": "x" * 40,
        "d": "x" * 40 + "y",
        "e": "[a]:*?/\\",
        "f": "history",
    }
    shop = stocked(
        dict.fromkeys(names, 2.0),
        stock=[count(sku, 0) for sku in names],
        products=[(sku, vendor.replace("'", "''"), 3, 5, 1, 1, 1) for sku, vendor in names.items()],
    )
    made = jl.operations.replenishment(shop)
    data = workbook.xlsx(made)
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    assert book.sheet_names[0] == "Table"
    assert book.sheet_names[-1] == "About"
    assert len(book.sheet_names) == 2 + len(names)
    assert len({name.casefold() for name in book.sheet_names}) == len(book.sheet_names)
    assert all(len(name) <= 31 for name in book.sheet_names)
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        sheets = [parts.read(name) for name in parts.namelist() if name.startswith("xl/worksheets/")]
    assert not any(b"<f>" in sheet for sheet in sheets)
    assert b"'=cmd" in workbook.csv(made)
