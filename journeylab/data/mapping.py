"""The mapping of a file that no reader knows: which of its columns is which column of which canonical table.

A mapping is a small JSON, and can be used again for every file with the same columns:

    {"version": 1, "table": "orders", "columns": {"Order": "order_id", "When": "ordered_at", "Sum": "net"},
     "values": {"sales_channel": "marketplace"}, "time": {"utc": true, "day_first": false}, "decimal": ","}

`values` holds what is the same in every row. `time` and `decimal` may be left out: the file itself then decides.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from journeylab.data import schema
from journeylab.errors import BadParameter
from journeylab.words import listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VERSION = 1
_PARTS = {"version", "table", "columns", "values", "time", "decimal"}


@dataclass(frozen=True)
class ColumnMap:
    """Which column of a file is which column of a canonical table.

    Args:
        table: The canonical table.
        columns: Canonical names by the file's headers.
        values: What is the same in every row, by canonical name.
        utc: Whether times without an offset are UTC; else the shop's own.
        day_first: Whether 1/2/2026 is the first of February; as the file proves, or the shop says, if None.
        decimal: ',' or '.', where the amounts themselves do not tell; None leaves it to the file.

    >>> ColumnMap("spend", {"Date": "day", "Sum": "cost"}).lacks
    ('marketing_channel',)
    """

    table: str
    columns: Mapping[str, str]
    values: Mapping[str, str] = field(default_factory=dict)
    utc: bool = False
    day_first: bool | None = None
    decimal: str | None = None

    def __post_init__(self) -> None:
        if self.table not in schema.TABLES:
            raise BadParameter(
                f"A mapping names the table {self.table!r}, which there is not.",
                do=f"The tables are {', '.join(schema.TABLES)}.",
            )
        known = schema.TABLES[self.table].by_name
        for name in [*self.columns.values(), *self.values]:
            if name not in known:
                raise BadParameter(
                    f"A mapping to {self.table} names the column {name!r}, which it does not have.",
                    do=f"It has {', '.join(known)}.",
                )
        twice = sorted({name for name in self.columns.values() if list(self.columns.values()).count(name) > 1})
        if twice:
            raise BadParameter(f"A mapping gives {listed(twice)} to two columns.", do="Choose one of them.")
        if self.decimal not in (None, ",", "."):
            raise BadParameter(f"decimal of a mapping is ',' or '.', and not {self.decimal!r}.")

    @property
    def lacks(self) -> tuple[str, ...]:
        """The canonical columns that the table cannot do without, and that neither are mapped nor follow."""
        there = {*self.columns.values(), *self.values, *schema.FOLLOWS.get(self.table, ())}
        lacking = [name for name in schema.TABLES[self.table].required if name not in there]
        named = {"order_lines", "products"} & {self.table}
        if named and not {"sku", "product"} & there.difference(schema.FOLLOWS[self.table]) and "sku" not in lacking:
            lacking.append("product")
        return tuple(lacking)

    def checked(self) -> ColumnMap:
        """Return it; raise BadParameter if its table cannot do without a column that it lacks."""
        if self.lacks:
            raise BadParameter(
                f"The mapping to {self.table.replace('_', ' ')} lacks {listed(self.lacks)}.",
                why=f"One row of it is {schema.TABLES[self.table].row}.",
                do="Choose the columns that hold them, or give a value that is the same in every row.",
            )
        return self

    def fits(self, columns: Sequence[str]) -> bool:
        """Say whether a header has all the mapped columns."""
        return set(self.columns) <= set(columns)

    def to_dict(self) -> dict[str, Any]:
        """Return it as what the JSON holds."""
        made: dict[str, Any] = {"version": VERSION, "table": self.table, "columns": dict(self.columns)}
        if self.values:
            made["values"] = dict(self.values)
        if self.utc or self.day_first is not None:
            made["time"] = {"utc": self.utc, "day_first": self.day_first}
        if self.decimal:
            made["decimal"] = self.decimal
        return made

    def to_json(self) -> str:
        """Return it as JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2)

    @classmethod
    def from_dict(cls, made: Mapping[str, Any]) -> ColumnMap:
        """Read what the JSON holds; raise BadParameter for anything that is no mapping."""
        if made.get("version", VERSION) != VERSION:
            raise BadParameter(
                f"The mapping has version {made.get('version')!r}, and this journeylab reads {VERSION}.",
                do="Make it again on the Data page.",
            )
        columns, values, time = (made.get(part, {}) for part in ("columns", "values", "time"))
        strange = sorted(set(map(str, made)) - _PARTS)
        words = [text for part in (columns, values) if isinstance(part, dict) for text in (*part, *part.values())]
        sound = all(isinstance(part, dict) for part in (columns, values, time)) and all(
            isinstance(text, str) for text in words
        )
        if strange or not sound or not columns or not isinstance(made.get("table"), str):
            raise BadParameter(
                "This is no mapping of columns." if not strange else f"A mapping has no part called {listed(strange)}.",
                do='It looks like {"version": 1, "table": "orders", "columns": {"Order": "order_id", …}}.',
            )
        day_first = time.get("day_first")
        if day_first not in (None, True, False):
            raise BadParameter(f"day_first of a mapping is true, false or null, and not {day_first!r}.")
        return cls(made["table"], columns, values, bool(time.get("utc")), day_first, made.get("decimal"))

    @classmethod
    def from_json(cls, text: str | bytes) -> ColumnMap:
        """Read JSON; raise BadParameter for anything that is no mapping."""
        try:
            made = json.loads(text)
        except (ValueError, RecursionError):
            raise BadParameter("The mapping is no JSON.", do="Download it again from the Data page.") from None
        if not isinstance(made, dict):
            raise BadParameter("The mapping is no JSON object.", do="Download it again from the Data page.")
        return cls.from_dict(made)


def load(given: object) -> tuple[dict[str, ColumnMap], list[ColumnMap]]:
    """Read what `jl.read(mapping=…)` was given: mappings by file, and mappings for every file they fit.

    Args:
        given: A mapping as a dict, a ColumnMap, the path of a JSON, a list of those, or a dict of those by file name.
    """
    if given is None:
        return {}, []
    if isinstance(given, list | tuple):
        return {}, [_one(item) for item in given]
    if isinstance(given, dict) and "table" not in given:
        return {Path(str(name)).name: _one(item) for name, item in given.items()}, []
    return {}, [_one(given)]


def said(given: object) -> object:
    """Return what `load` was given as Python would write it: dicts and lists of what the JSON holds."""
    by_file, for_all = load(given)
    if by_file:
        return {name: how.to_dict() for name, how in by_file.items()}
    if not for_all:
        return None
    return for_all[0].to_dict() if len(for_all) == 1 else [how.to_dict() for how in for_all]


def _one(given: object) -> ColumnMap:
    if isinstance(given, ColumnMap):
        return given.checked()
    if isinstance(given, dict):
        return ColumnMap.from_dict(given).checked()
    if not isinstance(given, str | Path):
        raise BadParameter(f"mapping is a dict or the path of a JSON, and not {type(given).__name__}.")
    try:
        text = Path(given).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise BadParameter(f"There is no mapping to read at {str(given)!r}.", do="Check the path.") from None
    return ColumnMap.from_json(text).checked()
