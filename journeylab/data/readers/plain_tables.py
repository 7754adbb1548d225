"""Plain tables: files whose rows are rows of a canonical table, by its own column names or their synonyms.

A column called exactly as in the data model means what the data model says, so its times are UTC. Under any other
name, times without an offset are the shop's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from journeylab.data import schema
from journeylab.data.ledger import Note
from journeylab.data.readers import sheet, traits
from journeylab.data.readers.base import fold
from journeylab.data.readers.desk import shown
from journeylab.data.readers.forms import FORMS
from journeylab.data.readers.meanings import after_refunds, completed, unknown_status
from journeylab.data.readers.sheet import Sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journeylab.data.readers.desk import Desk
    from journeylab.data.readers.files import Raw

#: Of the columns of a file, how many must be known; a table may have any further ones if it is open-ended.
_SHARE, _OPEN_SHARE = 0.5, 0.25


@dataclass(eq=False)
class PlainTable:
    """Reads plain files of one canonical table."""

    table: str
    TITLE: str
    VERSION: int = 2

    def confidence(self, columns: Sequence[str]) -> float:
        """Say how sure it is that a header is its own: by the share of the columns it knows."""
        form, spec = FORMS[self.table], schema.TABLES[self.table]
        found = form.find(columns)
        share = len(found) / max(1, sum(1 for column in columns if column))
        if set(spec.required) <= set(columns):
            # One column alone, such as customer_id, stands in files of many kinds.
            return 0.8 + 0.19 * share if len(spec.required) > 1 or share > 0.5 else 0.55
        lacking = self.lacks(columns)
        if lacking:
            return 0.3 * (1 - len(lacking) / len(form.required))
        optional = len(found) - len(form.required)
        enough = share >= (_OPEN_SHARE if spec.open_ended else _SHARE) and (optional > 0 or len(form.required) > 1)
        if not enough or form.speaks_against(columns):
            return 0.3
        return 0.5 + 0.35 * share

    def lacks(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Return what a header would need to be its own."""
        form = FORMS[self.table]
        found = form.find(columns)
        return tuple(words for name, words in form.required.items() if name not in found)

    def read(self, raws: Sequence[Raw], desk: Desk) -> None:
        """Read all files of this table."""
        form = FORMS[self.table]
        sheet.read(self.TITLE, raws, desk, lambda raw: [sheet_of(self.table, raw, form.find(raw.columns))])


ALL: tuple[PlainTable, ...] = tuple(PlainTable(table, table.replace("_", " ").capitalize()) for table in FORMS)


def sheet_of(table: str, raw: Raw, found: dict[str, int]) -> Sheet:
    """Return the sheet of a file whose columns were found, with what can be completed."""
    spec = schema.TABLES[table]
    times = [name for name in found if spec.by_name[name].dtype == schema.TIME]
    utc = {name for name in times if raw.columns[found[name]] == name or says_utc(raw.columns[found[name]])}
    further, left = traits.keepable(raw.columns, found.values(), table) if spec.open_ended else ({}, [])
    said = []
    if utc:
        said.append(
            Note("columns whose times are UTC where they have no offset, by their name", len(utc), tuple(sorted(utc)))
        )
    if left:
        said.append(Note("columns left out, since they may say who somebody is", len(left), shown(left[:3])))
    taken = {raw.columns[place] for place in found.values()} | set(further)
    other = [column for column in raw.columns if column and column not in taken and not _known(column, further, left)]
    if other:
        said.append(Note("columns that no table knows, left out", len(other), shown(other[:3])))
    derived, more = completed(table, found, raw)
    settled = after_refunds(found, raw) if table == "orders" else {}
    return Sheet(
        table,
        found,
        derived=derived,
        settled=settled,
        traits=further,
        utc=frozenset(utc),
        said=(*said, *more),
        remarks=(unknown_status("status__text"),) if table == "orders" and "status" in found else (),
        label=_label(table, found),
    )


def says_utc(header: str) -> bool:
    """Say whether a header names the zone of its times.

    >>> says_utc("Submit Date (UTC)"), says_utc("Date")
    (True, False)
    """
    return fold(header).endswith(("utc", "gmt"))


def _known(column: str, further: dict[str, int], left: list[str]) -> bool:
    return column in left or fold(column) in {fold(name) for name in further}


def _label(table: str, found: dict[str, int]) -> str:
    return next((name for name in schema.TABLES[table].by_name if name in found), "")
