"""A sheet: a file of which each row is a row of one canonical table, read cell by cell by the types of the data model.

What a cell must not be, is said: a value that could not be read is left empty and counted, with its examples; a row
that lacks what its table cannot do without is set aside.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from journeylab.data import schema
from journeylab.data.engine import literal
from journeylab.data.ledger import Note
from journeylab.data.readers import overlap, traits
from journeylab.data.readers.desk import FUTURE, Remark, shown
from journeylab.data.readers.times import moment
from journeylab.data.readers.values import free_text, identifier, money, person, whole_number, yes_no

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from journeylab.data.readers.desk import Desk
    from journeylab.data.readers.files import Raw

_EMPTY = ("null", "none", "nan", "n/a", "#n/a", "na", "-", "—", "(not set)")
#: Ids of things; those of persons are in the data model.
_THINGS = ("order_id", "sku")
#: Tables that tell which day is the last that is known.
_MOVING = ("orders", "events", "surveys")
_LEFT = "columns left out, since each row says something else in them and they may tell a person"
_DAYS = {"as_of": "day of counting", "starts": "first day", "ends": "last day", "day": "day"}
_NUMBERS = {
    schema.MONEY: "CAST({0} AS DECIMAL(18,4))",
    "float64": "CAST({0} AS DOUBLE)",
    "int64": "CASE WHEN {0} = round({0}) THEN CAST({0} AS BIGINT) END",
}


@dataclass(frozen=True)
class Sheet:
    """How the columns of a file become those of a canonical table.

    Args:
        table: The canonical table.
        found: Places of columns by canonical name; other names may be used in `derived`, and are not kept.
        derived: Expressions over these, as text, that take the place of some of them, or come in addition.
        traits: Places of further columns, by what they will be called, for tables that may have such.
        settled: Expressions over typed columns `<name>__v` that take the place of what was read.
        utc: Columns whose times are UTC where they have no offset.
        asides: Reasons why a row is out of the figures, each with its condition over text columns `<name>__text`.
        remarks: What else to say about rows.
        label: The column by which a row is called in the ledger; the first of the table if not given.
        said: What there is to say about how the file is read.
        comma: Whether 1,234 is rather a decimal comma; by what separates the columns if None.
    """

    table: str
    found: Mapping[str, int]
    derived: Mapping[str, str] = field(default_factory=dict)
    traits: Mapping[str, int] = field(default_factory=dict)
    settled: Mapping[str, str] = field(default_factory=dict)
    utc: frozenset[str] = frozenset()
    asides: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()
    label: str = ""
    said: tuple[Note, ...] = ()
    comma: bool | None = None

    @property
    def conditions(self) -> list[str]:
        """All conditions over text columns."""
        return [*self.asides.values(), *(remark.condition for remark in self.remarks)]

    @property
    def columns(self) -> list[str]:
        """The canonical columns that will be there."""
        there = {*self.found, *self.derived}
        return [name for name in schema.TABLES[self.table].by_name if name in there]


def read(
    title: str,
    raws: Sequence[Raw],
    desk: Desk,
    sheets_of: Callable[[Raw], Sequence[Sheet]],
    *,
    once: Callable[[Desk, str, Sequence[Raw], str], str] = overlap.once,
) -> None:
    """Read files of one source into one canonical table.

    Args:
        title: What the ledger calls the source.
        raws: The files.
        desk: Where they are read.
        sheets_of: How a file becomes rows; a file of several sheets gives a row in each of them.
        once: What is done with rows that several files carry.
    """
    pairs = [(raw, sheet) for raw in raws for sheet in sheets_of(raw)]
    sheets = [sheet for _, sheet in pairs]
    table = sheets[0].table
    parts: list[str] = []
    said: dict[int, list[Note]] = {raw.number: [] for raw in raws}
    for number, (raw, sheet) in enumerate(pairs):
        part, notes = typed(raw, desk, sheet, f"{table} of {title} {number}")
        parts.append(part)
        said[raw.number] += [note for note in notes if note not in said[raw.number]]
    rows = desk.keep(f"{table} of {title}", " UNION ALL BY NAME ".join(parts))
    rows = once(desk, table, raws, rows)
    if table == "orders":
        rows = overlap.added_up(desk, rows, raws[0].number)
    known = [name for name in schema.TABLES[table].by_name if _there(name, sheets)]
    for raw, sheet in pairs:
        said[raw.number] += [note for note in _unread(desk, rows, raw, sheet) if note not in said[raw.number]]
    further = traits.typed(desk, rows, sorted({name for sheet in sheets for name in sheet.traits}))
    for raw, sheet in pairs:
        if left := [name for name in sheet.traits if name not in further]:
            said[raw.number].append(Note(_LEFT, len(left), shown(left[:3])))
    desk.add(
        table,
        {name: name for name in known}
        | ({"as_of": "CAST(NULL AS DATE)"} if table == "stock" and "as_of" not in known else {})
        | {name: trait.sql for name, trait in further.items()}
        | ({"source": "source"} if table in overlap.SOURCED else {}),
        f"{rows} WHERE aside IS NULL",
        {name: trait.kind for name, trait in further.items()},
    )
    label = next((sheet.label for sheet in sheets if sheet.label), known[0])
    remarks = list({remark.reason: remark for sheet in sheets for remark in sheet.remarks}.values())
    clock = _clock(table)
    if clock in known and table not in _MOVING:
        remarks.append(Remark(FUTURE, f"{clock} > TIMESTAMP '{desk.now}'"))
    uncounted = ", ".join(map(literal, schema.UNCOUNTED_STATUSES))
    out = f"coalesce(aside, CASE WHEN status IN ({uncounted}) THEN status END)" if table == "orders" else "aside"
    desk.account(table, title, raws, rows, label=f"CAST({label} AS VARCHAR)", aside=out, remarks=remarks, said=said)


def _there(name: str, sheets: Iterable[Sheet]) -> bool:
    return any(name in sheet.columns or name == _day(sheet) for sheet in sheets)


def typed(raw: Raw, desk: Desk, sheet: Sheet, name: str) -> tuple[str, list[Note]]:
    """Stage one file under a name; return the query of its typed rows, and what to say about it.

    The rows have the canonical columns, a column `<name>__bad` with what could not be read, `aside` and `source`.
    """
    spec = schema.TABLES[sheet.table].by_name
    columns = sheet.columns
    places = {**sheet.found, **{name: place for place, name in _numbered(sheet.traits)}}
    changed = {name: _clean(name, spec[name].dtype if name in spec else "trait", desk.key) for name in places}
    changed = {name: text if name in columns or _is_trait(name) else "NULL" for name, text in changed.items()}
    changed |= {name: _clean_text(text, spec[name].dtype) for name, text in sheet.derived.items()}
    changed |= {f"{name}__text": f"left({name}, 60)" for name in sheet.found if _wanted(name, sheet.conditions)}
    table = desk.stage(raw, name, places, changed)
    if "day" in columns:  # the reader of times calls what it finds `day`
        desk.sql(f"ALTER TABLE {table} RENAME COLUMN day TO {_staged('day')}")
    kept = [
        *map(_staged, columns),
        *(name for name in changed if name.endswith("__text")),
        *(n for _, n in _numbered(sheet.traits)),
    ]
    values, notes, rows = _values(raw, desk, sheet, table, kept)
    day = _day(sheet)
    if day:
        clock = _clock(sheet.table)
        values[day] = f"{clock}__day" if day not in columns else f"coalesce({day}__day, {clock}__day)"
    bad = {
        name: f"CASE WHEN {_staged(name)} IS NOT NULL AND {name}__v IS NULL THEN {_staged(name)} END"
        for name in columns
        if spec[name].dtype != "string"
    }
    chosen = [f"{sheet.settled.get(name, f'{name}__v')} AS {name}" for name in values]
    chosen += [f"{text} AS {name}__bad" for name, text in bad.items()]
    chosen += [f"{name}__text" for name in sheet.found if _wanted(name, [r.condition for r in sheet.remarks])]
    chosen += [f"{name} AS {literal_name}" for name, literal_name in _trait_names(sheet)]
    inner = ", ".join(f"{text} AS {name}__v" for name, text in values.items())
    part = (
        f"SELECT {', '.join(chosen)}, {_aside(sheet, columns, desk)} AS aside, {raw.number} AS source "
        f"FROM (SELECT *, {inner} FROM {rows})"
    )
    return part, [*desk.notes(raw), *sheet.said, *notes]


def _values(raw: Raw, desk: Desk, sheet: Sheet, table: str, kept: list[str]) -> tuple[dict[str, str], list[Note], str]:
    """Return the expression of each canonical column, what to say about it, and the relation they are over."""
    spec = schema.TABLES[sheet.table].by_name
    comma = raw.decimal_comma if sheet.comma is None else sheet.comma
    said: list[tuple[str, int]] = []
    values: dict[str, str] = {}
    rows = table
    for name in sheet.columns:
        kind = spec[name].dtype
        if kind in (schema.TIME, "date"):
            how = moment(desk, table, _staged(name), utc=name in sheet.utc, dates=kind == "date", over=rows)
            new = (f"placed AS {name}__at", f"day AS {name}__day", f"unplaced AS {name}__un")
            rows = f"(SELECT {', '.join([*kept, *new])} FROM {how.rows})"
            kept = [*kept, *(text.partition(" AS ")[2] for text in new)]
            values[name] = f"CASE WHEN {name}__un IS NULL THEN {name}__{'at' if kind == schema.TIME else 'day'} END"
            said += how.said
        elif kind == "boolean":
            values[name] = yes_no(name)
        elif kind in _NUMBERS:
            amount = money(desk, table, name, comma=comma)
            values[name] = _NUMBERS[kind].format(f"({amount.sql})")
            said += amount.said
        else:
            values[name] = name
    return values, [Note(reason, n) for reason, n in dict(said).items()], rows


def _staged(name: str) -> str:
    """Return what a canonical column is called while it is staged."""
    return "day_written" if name == "day" else name


def _clean(name: str, kind: str, key: bytes) -> str:
    if name in schema.PERSONAL_IDS:
        return person(whole_number(name), key)
    if name in _THINGS:
        return free_text(whole_number(name))
    if kind == "string" and name.endswith("_id"):
        return identifier(whole_number(name), key)
    if kind == "string":
        return free_text(name)
    if kind == "trait":
        return identifier(name, key)
    return _clean_text(name, kind)


def _clean_text(text: str, kind: str) -> str:
    """Return text in which what stands for an empty cell is empty, unless the column is text itself."""
    if kind == "string":
        return text
    return f"CASE WHEN lower({text}) IN ({', '.join(map(literal, _EMPTY))}) THEN NULL ELSE {text} END"


def _aside(sheet: Sheet, columns: list[str], desk: Desk) -> str:
    """Return the expression of the reason why a row is out of the figures."""
    spec = schema.TABLES[sheet.table]
    cases = [f"WHEN {condition} THEN {literal(reason)}" for reason, condition in sheet.asides.items()]
    for name in spec.required:
        if name not in columns or (name == "day" and name == _day(sheet)):
            continue
        word, kind = name.replace("_", " "), spec.by_name[name].dtype
        if kind in (schema.TIME, "date"):
            word = _DAYS.get(name, "time")
            cases.append(f"WHEN {name}__un IS NOT NULL THEN replace({name}__un, 'a time', {literal(f'a {word}')})")
            continue
        cases.append(f"WHEN {name} IS NULL THEN {literal(f'without {word}')}")
        if kind != "string":
            cases.append(f"WHEN {name}__v IS NULL THEN {literal(f'with {word} that could not be read')}")
    clock = _clock(sheet.table)
    if sheet.table in _MOVING and clock in columns:
        cases.append(f"WHEN {desk.future(f'{clock}__v')} THEN {literal(FUTURE)}")
    return f"CASE {' '.join(cases)} END" if cases else "CAST(NULL AS VARCHAR)"


def _unread(desk: Desk, rows: str, raw: Raw, sheet: Sheet) -> list[Note]:
    """Say which cells of columns that may be empty could not be read."""
    spec = schema.TABLES[sheet.table]
    names = [c for c in sheet.columns if spec.by_name[c].dtype != "string" and spec.by_name[c].optional]
    if not names:
        return []
    counts = ", ".join(f"count({name}__bad), min({name}__bad, 3)" for name in names)
    ((*found,),) = desk.sql(f"SELECT {counts} FROM {rows} WHERE source = {raw.number} AND aside IS NULL")
    return [
        Note(f"values of {name.replace('_', ' ')} that could not be read, left empty", n, shown(labels))
        for name, n, labels in zip(names, found[::2], found[1::2], strict=True)
        if n
    ]


def _clock(table: str) -> str:
    """Return the time from which the day of a table is written; empty if it has none."""
    spec = schema.TABLES[table]
    clocks = [c.name for c in spec.columns if c.dtype == schema.TIME and not c.optional]
    return clocks[0] if clocks else ""


def _day(sheet: Sheet) -> str:
    """Return 'day' if the table must have one and a time to write it from."""
    return "day" if "day" in schema.TABLES[sheet.table].required and _clock(sheet.table) in sheet.columns else ""


def _numbered(further: Mapping[str, int]) -> list[tuple[int, str]]:
    return [(place, f"trait_{number}") for number, place in enumerate(further.values())]


def _trait_names(sheet: Sheet) -> list[tuple[str, str]]:
    return [(f"trait_{number}", traits.column(name)) for number, name in enumerate(sheet.traits)]


def _is_trait(name: str) -> bool:
    return name.startswith("trait_")


def _wanted(name: str, conditions: Iterable[str]) -> bool:
    return any(f"{name}__text" in condition for condition in conditions)
