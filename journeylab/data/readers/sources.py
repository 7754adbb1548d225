"""The readers there are, and which of them a file belongs to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from journeylab.data.ledger import Note
from journeylab.data.mapping import load
from journeylab.data.readers import (
    ga4_events,
    ga4_report,
    invoice_lines,
    klaviyo,
    mapped,
    plain_events,
    plain_tables,
    shopify_inventory,
    shopify_orders,
    shopify_products,
    survey_files,
    woocommerce_orders,
    woocommerce_products,
)
from journeylab.data.readers.files import Limits, Opener, Raw
from journeylab.data.readers.values import scrub
from journeylab.data.workspace import passing_folder
from journeylab.errors import BadParameter, UnknownSource
from journeylab.words import listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from journeylab.data.mapping import ColumnMap
    from journeylab.data.readers.base import Reader
    from journeylab.data.readers.mapped import Mapped, Unknown

#: Where two sources know something of the same customer or product, the one further up is believed.
READERS: tuple[Reader, ...] = (
    shopify_products,
    shopify_inventory,
    woocommerce_products,
    klaviyo,
    ga4_report,
    *plain_tables.ALL,
    survey_files,
    shopify_orders,
    woocommerce_orders,
    invoice_lines,
    ga4_events,
    plain_events,
)
_SURE = 0.5


def reader_for(columns: Sequence[str]) -> Reader | None:
    """Return the reader that is surest of a header; None if none is."""
    best = max(READERS, key=lambda reader: reader.confidence(columns))
    return best if best.confidence(columns) >= _SURE else None


def of_events(reader: Reader) -> bool:
    """Say whether a reader reads events, and so nothing else."""
    if isinstance(reader, mapped.Mapped):
        return reader.how.table == "events"
    return reader in (ga4_events, plain_events)


def share_out(
    raws: Sequence[Raw], by_file: Mapping[str, ColumnMap], for_all: Sequence[ColumnMap]
) -> tuple[list[tuple[Reader, list[Raw]]], list[Raw]]:
    """Give each table to its reader, a mapping before any reader; return that, and the tables nobody knows.

    Raises:
        BadParameter: if a mapping fits no file.
    """
    readers = _mappings([*by_file.values(), *for_all])
    work: dict[int, tuple[Reader, list[Raw]]] = {}
    unknown: list[Raw] = []
    order: list[Reader] = [*readers.values(), *READERS]
    for raw in raws:
        chosen = _mapping_for(raw, by_file, for_all)
        reader = reader_for(raw.columns) if chosen is None else readers[id(chosen)]
        if reader is None:
            unknown.append(raw)
            continue
        place = next(place for place, known in enumerate(order) if known is reader)
        work.setdefault(place, (reader, []))[1].append(raw)
    used = {id(reader) for reader, _ in work.values()}
    for reader in readers.values():
        if id(reader) not in used and (by_file or len(for_all) == 1):
            _no_use(reader, raws)
    return [work[place] for place in sorted(work)], unknown


def _mappings(maps: Sequence[ColumnMap]) -> dict[int, Mapped]:
    counted: dict[str, int] = {}
    readers: dict[int, Mapped] = {}
    for how in maps:
        counted[how.table] = counted.get(how.table, 0) + 1
        readers[id(how)] = mapped.reader_of(how, counted[how.table])
    return readers


def _mapping_for(raw: Raw, by_file: Mapping[str, ColumnMap], for_all: Sequence[ColumnMap]) -> ColumnMap | None:
    for name in (raw.name, raw.given):
        if name in by_file:
            if by_file[name].fits(raw.columns):
                return by_file[name]
            if name == raw.name:
                _no_use(mapped.reader_of(by_file[name]), [raw])
    return next((how for how in for_all if how.fits(raw.columns)), None)


def _no_use(reader: Mapped, raws: Sequence[Raw]) -> None:
    lacking = min((reader.lacks(raw.columns) for raw in raws), key=len)
    raise BadParameter(
        f"{reader.TITLE} fits no file that was given"
        + (f": the nearest, {scrub(raws[0].name)}, lacks {listed(map(scrub, lacking))}." if lacking else "."),
        do="Give it with the file it was made for, or make it again on the Data page.",
    )


def left_over(raws: Sequence[Raw], unknown: Sequence[Raw]) -> dict[str, Note]:
    """Return what to say of files of which some tables are known and some not; raise UnknownSource for the others.

    Raises:
        UnknownSource: if nobody knows a file.
    """
    known = {raw.given for raw in raws} if raws else set()
    for raw in unknown:
        if raw.given not in known:
            raise _unknown(raw)
    names: dict[str, list[str]] = {}
    for raw in unknown:
        names.setdefault(raw.given, []).append(raw.name)
    words = "parts of the file not read, of no known source"
    return {given: Note(words, len(parts), tuple(parts[:3])) for given, parts in names.items()}


def unknown_files(
    *paths: str | Path, names: Mapping[str | Path, str] | None = None, mapping: object = None
) -> list[Unknown]:
    """Return the tables in some files that nobody knows, with their first rows, for the mapping step."""
    by_file, for_all = load(mapping)
    called = {Path(path): name for path, name in (names or {}).items()}
    found: list[Unknown] = []
    with passing_folder() as folder:
        opener = Opener(folder, Limits(), lambda _bytes: None)
        for path in map(Path, paths):
            raws = opener.open(path, Path(called.get(path, str(path))).name)[1]
            strange = [
                raw for raw in raws if reader_for(raw.columns) is None and _mapping_for(raw, by_file, for_all) is None
            ]
            if len(strange) == len(raws):
                found += [mapped.look(raw, folder) for raw in strange]
    return found


def _unknown(raw: Raw) -> UnknownSource:
    """Return the error for a header of no known source: what was found, and what the nearest source needs."""
    nearest = max(READERS, key=lambda reader: (reader.confidence(raw.columns), -len(reader.lacks(raw.columns))))
    found = [scrub(column) or "(no name)" for column in raw.columns]
    more = f" and {len(found) - 10:,} more" if len(found) > 10 else ""
    lacks = nearest.lacks(raw.columns)
    if raw.columns and all(re.fullmatch(r"[\s\d.,:/-]*", column) for column in raw.columns):
        return UnknownSource(
            f"The first line of {raw.name} holds numbers where the names of its columns should be.",
            why=f"Found: {', '.join(found[:10])}.",
            do="Write a line of names above it, such as customer_id, ordered_at, net; nothing else has to change.",
        )
    needs = f"which also needs {listed(lacks)}." if lacks else "of which too few columns are there."
    return UnknownSource(
        f"The columns of {raw.name} belong to no source journeylab knows.",
        why=f"Found: {', '.join(found[:10])}{more}. The nearest is {nearest.TITLE}, {needs}",
        do="Say what its columns are: on the Data page, or with jl.read(…, mapping=…).",
    )
