"""Tables to take away, as CSV and XLSX. A cell from the data never becomes a formula."""

from __future__ import annotations

import io
from csv import QUOTE_NONNUMERIC
from typing import TYPE_CHECKING, Any

from journeylab.cells import harmless
from journeylab.report import privacy

if TYPE_CHECKING:
    import pandas as pd

    from journeylab.result import Result

SHARES = frozenset({"rate", "share", "change"})


def csv(result: Result, *, suppress: bool = False) -> bytes:
    """Return the table as CSV in UTF-8 with a byte-order mark, which spreadsheets want to see.

    Args:
        result: Whose table.
        suppress: Whether to blank the figures of small groups; else they are only named.
    """
    table = _guarded(result, suppress=suppress).rename(columns=harmless)
    return table.map(harmless).to_csv(index=False, quoting=QUOTE_NONNUMERIC).encode("utf-8-sig")


def _guarded(result: Result, *, suppress: bool) -> pd.DataFrame:
    return privacy.without_small(result.table()) if suppress else privacy.marked(result.table())


def xlsx(result: Result, *, suppress: bool = False) -> bytes:
    """Return a workbook: the table on one sheet; the finding, its caveats and its Python on another.

    Args:
        result: Whose table.
        suppress: Whether to blank the figures of small groups; else they are only named.
    """
    import xlsxwriter

    target = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(target, options) as book:
        taken = {"table", "about"}
        _table_sheet(book, "Table", _guarded(result, suppress=suppress))
        for name, table in result.sheets().items():
            _table_sheet(book, sheet_name(name, taken), table)
        _about_sheet(book, result)
    return target.getvalue()


def sheet_name(name: str, taken: set[str]) -> str:
    """Return a name that a workbook allows for a sheet, and that no other has; `taken` grows by it.

    >>> taken = {"table"}
    >>> sheet_name("Tea / import: [A]*?", taken), sheet_name("Table", taken), sheet_name("'=cmd'", taken)
    ('Tea   import   A', 'Table 2', '=cmd')
    """
    plain = "".join(" " if sign in "[]:*?/\\" or ord(sign) < 32 else sign for sign in name)
    plain = plain.strip(" '")[:31].strip(" '") or "Sheet"
    if plain.casefold() == "history":  # which spreadsheets keep for themselves
        plain = "History 1"
    number, found = 1, plain
    while found.casefold() in taken:
        number += 1
        found = f"{plain[: 30 - len(str(number))]} {number}"
    taken.add(found.casefold())
    return found


def _table_sheet(book: Any, name: str, table: pd.DataFrame) -> None:
    sheet = book.add_worksheet(name)
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    formats = {
        "share": book.add_format({"num_format": "0.0 %"}),
        "number": book.add_format({"num_format": "#,##0.00"}),
        "count": book.add_format({"num_format": "#,##0"}),
        "day": book.add_format({"num_format": "yyyy-mm-dd"}),
    }
    for place, column in enumerate(table.columns):
        sheet.write_string(0, place, str(column), head)
        kind = _kind(table[column], str(column))
        for row, value in enumerate(table[column], start=1):
            _write(sheet, row, place, value, formats.get(kind))
    sheet.freeze_panes(1, 0)
    sheet.autofit()


def _about_sheet(book: Any, result: Result) -> None:
    sheet = book.add_worksheet("About")
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    bold = book.add_format({"bold": True, "valign": "top"})
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, 1, 100)
    said = [("Finding", result.headline()), *(("Caveat", caveat) for caveat in result.caveats)]
    if few := privacy.warning(result.table()):
        said.append(("Privacy", few))
    if result.call is not None:
        said.append(("Python", result.call.python()))
    for row, (what, text) in enumerate(said):
        sheet.write_string(row, 0, what, bold)
        sheet.write_string(row, 1, text, wrapped)


def _kind(column: pd.Series, name: str) -> str:
    if column.dtype.kind == "M":
        return "day"
    if column.dtype.kind in "iu":
        return "count"
    return "share" if name in SHARES else "number"


def _write(sheet: Any, row: int, place: int, value: Any, form: Any) -> None:
    if value is None or value != value or str(value) in {"NaT", "<NA>"}:  # noqa: PLR0124 - NaN differs from itself
        sheet.write_blank(row, place, None)
    elif isinstance(value, bool):
        sheet.write_boolean(row, place, value)
    elif hasattr(value, "isoformat"):
        sheet.write_datetime(row, place, value.to_pydatetime() if hasattr(value, "to_pydatetime") else value, form)
    elif isinstance(value, str):
        sheet.write_string(row, place, value)
    elif hasattr(value, "__float__"):
        number = float(value)
        if number in {float("inf"), float("-inf")}:
            sheet.write_string(row, place, str(number))
        else:
            sheet.write_number(row, place, number, form)
    else:
        sheet.write_string(row, place, str(value))
