"""The lab file: one zip that opens to the same shop, with the same figures and the same fingerprint.

It holds `manifest.json` and a Parquet file for each canonical table as it was read. Choices and the user's edits stand
in the manifest, and so does the key of the pseudonyms if the user wants to keep it. A shop of files is saved as it is,
with the pseudonyms it has; a warehouse's own ids of persons become pseudonyms on the way (`hiding`). Opening trusts
nothing: names, sizes, checksums and columns are checked before a figure is made.

The number of the format goes up with whatever an earlier reader would misread, and never within a minor version of
journeylab; what a reader does not know in a manifest, it leaves aside.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
import zipfile
import zlib
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from journeylab.data import schema
from journeylab.data.dataset import Dataset, check_columns
from journeylab.data.engine import ConnectedEngine, EmbeddedEngine, literal, new_key, quote
from journeylab.data.hiding import hidden
from journeylab.data.ledger import Ledger, Note
from journeylab.errors import BadParameter, SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = "journeylab lab file"
VERSION = 1
#: What the fingerprint of a shop ends in whose ids became pseudonyms when it was saved: samples by id are drawn anew.
HIDDEN = "+pseudonyms"
MANIFEST = "manifest.json"
MAX_MANIFEST = 16 * 2**20
MAX_BYTES = 32 * 2**30
MAX_ROWS = 500_000_000
_CHUNK = 2**20
#: What a zip or a manifest that is not as journeylab writes it makes of its reading.
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    duckdb.Error,
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
)


def save(shop: Dataset, path: Path | str, *, key: bytes | None = None, secret: bytes | None = None) -> Path:
    """Write the shop with its date window, choices and edits into one zip; return its path.

    Args:
        shop: What to save; the tables are saved as they were read, so that a choice can be undone later.
        path: Where to; a file that is there is replaced once the new one is whole.
        key: The secret of the pseudonyms, to give a customer the same one when files are added later. Whoever has it
            can tell whether an e-mail address is among the customers, so it is left out unless given.
        secret: For a shop of a warehouse: the key of its pseudonyms that is not to be kept in the file. Saved again
            with the same secret, a customer has the same pseudonym; if neither is given, a fresh one that nobody keeps.
    """
    path, origin = Path(path), shop.as_read or shop
    hide = (key or secret or new_key()) if isinstance(origin.engine, ConnectedEngine) else None
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        part = Path(folder) / path.name
        with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            tables = {}
            for name in sorted(origin.tables):
                parquet = Path(folder) / f"{name}.parquet"
                rows = _write_parquet(origin, name, parquet, hide)
                tables[name] = {"rows": rows, "sha256": _digest(parquet)}
                archive.write(parquet, _member(name))
                parquet.unlink()
            archive.writestr(MANIFEST, json.dumps(manifest(shop, tables, key), indent=1, default=str))
        part.chmod(0o600)
        part.replace(path)
    return path


def open(path: Path | str, *, root: Path | None = None, name: str | None = None) -> Dataset:  # noqa: A001 - the public name is jl.open
    """Open a lab file.

    Args:
        path: The zip that `save` wrote.
        root: Where the engine keeps its folder; the system's temporary folder if not given.
        name: What to call the file, if not by itself.

    Raises:
        SchemaError: if it is no lab file, of a later version, damaged, or too large.
    """
    path = Path(path)
    name = name or path.name
    try:
        with zipfile.ZipFile(path) as archive:
            told = _read_manifest(archive, name)
            engine = EmbeddedEngine(root)
            try:
                for table, about in told["tables"].items():
                    _load(engine, archive, table, about, name)
                engine.seal()
                return restored(engine, told, name)
            except BaseException:
                engine.close()
                raise
    except FileNotFoundError:
        raise SchemaError(f"There is no file {name}.", do="Check the path.") from None
    except _UNREADABLE as error:
        raise _damaged(name, type(error).__name__) from None


def is_lab_file(path: Path | str) -> bool:
    """Say whether the file is a zip with a manifest and a table, without reading further."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            return MANIFEST in names and not names.isdisjoint(map(_member, schema.TABLES))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        return False


def key_in(path: Path | str) -> bytes | None:
    """Return the key of the pseudonyms if a lab file keeps it.

    Raises:
        SchemaError: as `open` does.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            kept = _read_manifest(archive, path.name).get("key")
            return bytes.fromhex(kept) if kept else None
    except _UNREADABLE as error:
        raise _damaged(path.name, type(error).__name__) from None


def manifest(shop: Dataset, tables: Mapping[str, Any], key: bytes | None = None) -> dict[str, Any]:
    """Return what is known of a shop beside its rows, with what is said of each table."""
    origin = shop.as_read or shop
    return {
        "format": FORMAT,
        "version": VERSION,
        "currency": origin.currency,
        "time_zone": origin.time_zone,
        "fingerprint": origin.fingerprint.split("|")[0]
        + (HIDDEN if isinstance(origin.engine, ConnectedEngine) else ""),
        "observed": origin.observed,
        "window": shop.window,
        "choices": dict(shop.choices),
        **({"key": key.hex()} if key else {}),
        "made_by": [line for line in shop.calls if not line.startswith("shop = shop.between(")],
        "edits": dict(shop.edits),
        "ledgers": [asdict(ledger) for ledger in origin.ledgers],
        "tables": tables,
    }


def _read_manifest(archive: zipfile.ZipFile, file: str) -> dict[str, Any]:
    members = {info.filename: info for info in archive.infolist()}
    allowed = {MANIFEST, *map(_member, schema.TABLES)}
    if MANIFEST not in members:
        raise SchemaError(f"{file} is not a lab file.", do="Choose a file that journeylab saved, or use jl.read.")
    strange = sorted(set(members) - allowed)
    if strange or len(members) != len(archive.infolist()):
        raise _damaged(file, "it holds files that do not belong there")
    if members[MANIFEST].file_size > MAX_MANIFEST or sum(m.file_size for m in members.values()) > MAX_BYTES:
        raise SchemaError(f"{file} unpacks to more than this app opens.", do="Save a smaller shop.")
    if any(m.compress_type != zipfile.ZIP_STORED for name, m in members.items() if name != MANIFEST):
        raise _damaged(file, "its tables are packed in another way than journeylab packs them")
    manifest = json.loads(archive.read(MANIFEST))
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise _damaged(file, "its manifest is not one of a lab file")
    if manifest["version"] > VERSION:
        raise SchemaError(f"{file} was saved by a later version of journeylab.", do="Update journeylab, then open it.")
    if set(map(_member, manifest["tables"])) | {MANIFEST} != set(members):
        raise _damaged(file, "its manifest names other tables than it holds")
    return manifest


def _load(engine: EmbeddedEngine, archive: zipfile.ZipFile, name: str, about: Mapping[str, Any], file: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    parquet = engine.folder / f"{name}.parquet"
    with archive.open(_member(name)) as source, parquet.open("wb") as target:
        shutil.copyfileobj(source, target, _CHUNK)
    if _digest(parquet) != about["sha256"]:
        raise _damaged(file, f"the table of {name.replace('_', ' ')} has changed since it was saved")
    try:
        rows = pq.ParquetFile(parquet).metadata.num_rows
    except (pa.ArrowInvalid, OSError) as error:
        raise _damaged(file, f"the table of {name.replace('_', ' ')} cannot be read") from error
    if rows != about["rows"] or rows > MAX_ROWS:
        raise _damaged(file, f"the table of {name.replace('_', ' ')} holds {rows:,} rows")
    engine.sql(f"CREATE TABLE {quote(name)} AS SELECT * FROM read_parquet({literal(str(parquet))})")
    parquet.unlink()
    table = engine.table(name)
    check_columns(name, table.columns)
    for column, dtype in table.schema().items():
        known = schema.TABLES[name].by_name.get(column)
        if known is not None and not _agrees(str(dtype), known.dtype):
            raise _damaged(file, f"the column {column} of {name.replace('_', ' ')} is of another kind")


def restored(engine: EmbeddedEngine, manifest: Mapping[str, Any], file: str) -> Dataset:
    """Return the shop of which an engine has the rows and a manifest says the rest."""
    shop = Dataset(
        engine,
        {name: engine.table(name) for name in manifest["tables"]},
        currency=_currency(manifest["currency"]),
        time_zone=str(manifest["time_zone"]),
        ledgers=tuple(
            Ledger(**{**row, "notes": tuple(Note(**{**n, "examples": tuple(n["examples"])}) for n in row["notes"])})
            for row in manifest["ledgers"]
        ),
        fingerprint=str(manifest["fingerprint"]),
        calls=(f"shop = jl.open({json.dumps(file, ensure_ascii=not file.isprintable())})",),
        observed=_days(manifest["observed"]),
        edits=_edits(manifest.get("edits", {})),
    )
    choices = manifest.get("choices", {})
    try:
        shop = shop.choose(**choices) if choices else shop
    except BadParameter as error:
        raise _damaged(file, "it was saved with a choice that there is not") from error
    window = _days(manifest["window"])
    # A window says what to look at, not how the file is opened: the line that opens it already brings the choices.
    shop = replace(shop, calls=shop.as_read.calls if shop.as_read else shop.calls)
    return shop.between(*window) if window else shop


def _currency(code: Any) -> str:
    if code != "" and not re.fullmatch("[A-Z]{3}", code):
        raise ValueError("the currency is none")
    return str(code)


def _edits(edits: Any) -> dict[str, Any]:
    if not isinstance(edits, dict):
        raise TypeError("the edits are no mapping")
    return edits


def _write_parquet(shop: Dataset, name: str, path: Path, hide: bytes | None) -> int:
    """Write a table, with pseudonyms by `hide` for persons if it is given; return how many rows it has."""
    import pyarrow.parquet as pq

    rows = 0
    with shop.engine.batches(shop.tables[name]) as reader, pq.ParquetWriter(path, reader.schema) as writer:
        for batch in reader:
            writer.write_batch(batch if hide is None else hidden(batch, hide))
            rows += batch.num_rows
    return rows


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _member(name: str) -> str:
    return f"tables/{name}.parquet"


def _days(pair: list[str] | None) -> tuple[date, date] | None:
    return None if pair is None else (date.fromisoformat(pair[0]), date.fromisoformat(pair[1]))


def _agrees(dtype: str, expected: str) -> bool:
    return dtype.lstrip("!").partition("(")[0] == expected.partition("(")[0]


def _damaged(file: str, why: str) -> SchemaError:
    return SchemaError(f"{file} is damaged and was not opened.", why=f"The reason: {why}.", do="Save it again.")
