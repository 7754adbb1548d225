"""Reading a shop's exports: `read` finds out what each file is and makes one Dataset of all of them."""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
import json
import shutil
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from journeylab.checks import one_of
from journeylab.data import schema
from journeylab.data.choices import checked
from journeylab.data.dataset import Dataset, observe
from journeylab.data.engine import EmbeddedEngine, literal, new_key
from journeylab.data.ledger import Note
from journeylab.data.mapping import load, said
from journeylab.data.readers import overlap as overlaps
from journeylab.data.readers import sources
from journeylab.data.readers.desk import Desk
from journeylab.data.readers.files import Limits, Opener, Raw
from journeylab.data.readers.values import scrub, without_emails
from journeylab.errors import BadParameter, SchemaError
from journeylab.words import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from journeylab.data.readers.base import Reader

    _Work = Sequence[tuple[Reader, Sequence[Raw]]]

_OPENING = 0.3
_TELL = 0.2


def read(
    *paths: str | Path,
    time_zone: str = "UTC",
    currency: str | None = None,
    day_first: bool | None = None,
    mapping: object = None,
    overlap: str = "replace",
    key: bytes | None = None,
    root: Path | None = None,
    names: Mapping[str | Path, str] | None = None,
    limits: Limits | None = None,
    choices: Mapping[str, str] | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> Dataset:
    r"""Read exports into one shop; each file is recognised by its header.

    Args:
        paths: CSV, TSV, XLSX or Parquet files, or .gz or .zip of those, in any order.
        time_zone: The shop's own time zone, such as 'Europe/Berlin'; times without an offset are in it.
        currency: Three-letter code of the shop's money; the most frequent one if not given.
        day_first: Whether 1/2/2026 is the first of February, where a column itself does not tell.
        mapping: What the columns of files are that no source is known for: a dict as in journeylab.data.mapping, or the
            path of its JSON; a list of those, each for the files that have its columns; or a dict of them by file name.
        overlap: What becomes of rows that several files have: 'replace' keeps those of the file that reaches further
            or was given later; 'add' keeps all, as of two stores that number their orders alike.
        key: Secret of the pseudonyms, to get the same ones again; a fresh one if not given.
        root: Where the engine keeps its folder; the system's temporary folder if not given.
        names: What to call a path, if not by itself.
        limits: How much is read.
        choices: What to do about odd rows, as `Dataset.choose` takes it; `jl.quality` shows what there is to choose.
        progress: Called with the share that is done and what is being done, in words.

    Raises:
        SchemaError: if a file is missing, empty, too large, damaged, or of no known source.
        BadParameter: if an option makes no sense, or a mapping fits no file.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / "clicks.csv"
    >>> _ = path.write_text("visitor,event,time\nv1,view,2026-03-01 10:00\nv1,cart,soon\n")
    >>> shop = read(path)
    >>> print(shop.ledgers[0].sentence())
    clicks.csv: 2 events read, 1 kept, 1 set aside (1 with a time that could not be read).
    """
    one_of(overlap, "overlap", ("replace", "add"))
    if not paths:
        raise BadParameter("There is no file to read.", do="Give at least one path.")
    if currency is not None and not (len(currency) == 3 and currency.isalpha() and currency.isupper()):
        raise BadParameter(f"currency must be a three-letter code such as 'EUR', and is {currency!r}.")
    checked(choices or {})
    _check_zone(time_zone)
    called = {Path(path): name for path, name in (names or {}).items()}
    given = [(Path(path), called.get(Path(path), str(path))) for path in paths]
    tell = progress or (lambda _share, _words: None)
    engine = EmbeddedEngine(root)
    try:
        now = f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M:%S}"
        desk = Desk(engine, time_zone, day_first, key or new_key(), now, tell, add_all=overlap == "add")
        copies = engine.folder / "copies"
        copies.mkdir()
        digests, raws = _open(given, copies, limits or Limits(), tell)
        readers = _read(raws, desk, mapping)
        desk.tell_orders_apart()
        money = _settle_currency(desk, currency)
        desk.close()
        shutil.rmtree(copies)
        engine.sql("CHECKPOINT")
        engine.seal()
        tell(1.0, "Done")
        tables = {name: engine.table(name) for name in sorted(desk.tables)}
        options: dict[str, object] = {
            "time_zone": time_zone,
            "currency": currency,
            "day_first": day_first,
            "overlap": overlap,
        }
        options["mapping"] = said(mapping)
        shop = Dataset(
            engine,
            tables,
            currency=money,
            time_zone=time_zone,
            ledgers=tuple(desk.ledgers),
            fingerprint=_fingerprint(digests if desk.by_order else sorted(set(digests)), readers, options),
            calls=(_call([name for _, name in given], options),),
            observed=observe(engine, tables),
        )
        return shop.choose(**choices) if choices else shop
    except BaseException:
        engine.close()
        raise


def _open(
    given: Sequence[tuple[Path, str]], copies: Path, limits: Limits, tell: Callable[[float, str], None]
) -> tuple[list[str], list[Raw]]:
    """Open all files; what was given twice is kept once, with a note."""
    digests: list[str] = []
    raws: dict[str, Raw] = {}
    size = sum(path.stat().st_size for path, _ in given if path.is_file()) or 1
    gone, shown = 0, ""

    def heard(count: int) -> None:
        nonlocal gone
        gone += count
        tell(_OPENING * min(gone / size, 1.0), f"Opening {shown}")

    opener = Opener(copies, limits, heard)
    for path, name in given:
        shown = scrub(Path(name).name)
        heard(0)
        whole, tables = opener.open(path, shown)
        digests.append(whole)
        for raw in tables:
            first = raws.get(raw.digest)
            if first is None:
                raws[raw.digest] = raw
            else:
                again = Note("file given twice, read once", 1, (raw.name,))
                raws[raw.digest] = replace(first, said=(*first.said, again))
    return digests, [replace(raw, number=number) for number, raw in enumerate(raws.values())]


def _read(raws: Sequence[Raw], desk: Desk, mapping: object) -> list[Reader]:
    """Hand each file to its reader; return the readers at work."""
    by_file, for_all = load(mapping)
    work, unknown = sources.share_out(raws, by_file, for_all)
    left = sources.left_over([raw for _, group in work for raw in group], unknown)
    work = [
        (reader, [replace(raw, said=(*raw.said, left.pop(raw.given))) if raw.given in left else raw for raw in group])
        for reader, group in work
    ]
    with _events_beside(work, desk) as (shared, finish):
        for done, (reader, group) in enumerate(shared):
            desk.progress(_OPENING + (1 - _OPENING) * done / len(work), f"Reading {reader.TITLE}")
            _hand(reader, group, desk)
        finish()
    places = [(number, -raw.number) for number, (_, group) in enumerate(work) for raw in group]
    overlaps.merge(desk, {-minus: place for place, (_, minus) in enumerate(sorted(places))})
    return [reader for reader, _ in work]


def _hand(reader: Reader, group: Sequence[Raw], desk: Desk) -> None:
    try:
        reader.read(group, desk)
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise SchemaError(
            f"{listed(raw.name for raw in group)} did not fit on this machine ({type(error).__name__}).",
            do="Free some memory and disk, or export a shorter period.",
        ) from None


@contextmanager
def _events_beside(work: _Work, desk: Desk) -> Iterator[tuple[_Work, Callable[[], None]]]:
    """Read events in a thread of their own if one reader reads all of them: they are the most, and stand alone.

    Yields:
        The work that is left, and what to call when that is done.
    """
    found = [(reader, group) for reader, group in work if sources.of_events(reader)]
    if len(found) != 1 or len(work) == 1:
        yield work, lambda: None
        return
    ((reader, group),) = found
    own = desk.beside()
    with ThreadPoolExecutor(max_workers=1) as pool:
        reading = pool.submit(_hand, reader, group, own)

        def finish() -> None:
            while not reading.done():
                desk.progress(1 - (1 - _OPENING) / len(work), f"Reading {reader.TITLE}")
                wait([reading], timeout=_TELL)
            reading.result()
            desk.by_order = desk.by_order or own.by_order

        try:
            yield [each for each in work if each[0] is not reader], finish
        except BaseException:
            own.stop()
            raise
    own.leave()


def _settle_currency(desk: Desk, currency: str | None) -> str:
    """Return the shop's currency, and account for orders in another; end the canonical tables' own bookkeeping."""
    if "orders" not in desk.tables:
        return currency or ""
    money = currency or ""
    if "currency" in desk.tables["orders"]:
        desk.sql("UPDATE orders SET currency = upper(trim(currency)) WHERE currency <> upper(trim(currency))")
        counted = f"status NOT IN ({', '.join(map(literal, schema.UNCOUNTED_STATUSES))})"
        rows = desk.sql(
            f"SELECT currency FROM orders WHERE regexp_full_match(currency, '[A-Z]{{3}}') GROUP BY currency "
            f"ORDER BY count(*) FILTER (WHERE {counted}) DESC, currency LIMIT 1"
        )
        money = money or (rows[0][0] if rows else "")
        other = {
            source: (n, labels)
            for source, n, labels in desk.sql(
                f"SELECT source, count(*), min(order_id || ' (' || currency || ')', 3) FROM orders "
                f"WHERE {counted} AND currency <> {literal(money)} GROUP BY source"
            )
        }
        if money:
            desk.set_aside("orders", other, f"in another currency than {money}")
    desk.sql("ALTER TABLE orders DROP COLUMN source")
    return money


def _check_zone(time_zone: str) -> None:
    """Raise BadParameter if the engine knows no such time zone."""
    if time_zone not in _zones():
        near = difflib.get_close_matches(str(time_zone), _zones(), n=3, cutoff=0.4)
        raise BadParameter(
            f"There is no time zone called {time_zone!r}.",
            do=f"Did you mean {listed(near)}?" if near else "Give one such as 'Europe/Berlin' or 'UTC'.",
        )


@cache
def _zones() -> list[str]:
    with duckdb.connect() as probe:
        return [name for (name,) in probe.execute("SELECT name FROM pg_timezone_names()").fetchall()]


def _fingerprint(digests: Sequence[str], readers: Sequence[Reader], options: Mapping[str, object]) -> str:
    """Return what changes whenever any figure could: files, readers, options."""
    parts = [*digests, *(f"{r.TITLE} {r.VERSION}" for r in readers), json.dumps(options, sort_keys=True)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _call(names: Sequence[str], options: Mapping[str, object]) -> str:
    """Return the line of Python that reads the same files again."""
    said = [_quoted(without_emails(name)) for name in names]
    said += [
        f"{option}={_quoted(value) if isinstance(value, str) else repr(value)}"
        for option, value in options.items()
        if value is not None and (option, value) not in (("time_zone", "UTC"), ("overlap", "replace"))
    ]
    return f"shop = jl.read({', '.join(said)})"


def _quoted(text: str) -> str:
    """Write text as a Python string in double quotes, whatever it contains."""
    return json.dumps(text, ensure_ascii=not text.isprintable())
