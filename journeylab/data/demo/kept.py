"""The demo store as it was last read, kept in the system's temporary folder: so it opens at once the next time.

Only the demo store is kept so, which is public. What is kept counts for exactly these files, this code of the readers
and this engine; whatever is odd about it is as if it were not there.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from ibis.common.exceptions import IbisError

from journeylab.data import lab_file
from journeylab.data.engine import EmbeddedEngine
from journeylab.data.workspace import passing_folder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from journeylab.data.dataset import Dataset

_CODE = Path(__file__).resolve().parents[1]
_STORE, _MANIFEST = "shop.duckdb", "manifest.json"


def version(files: Iterable[Path]) -> str:
    """Return what changes with whatever the reading rests on: the files, the code of the readers, the engine."""
    mark = hashlib.sha256(duckdb.__version__.encode())
    for path in [*files, *sorted(_CODE.rglob("*.py"))]:
        mark.update(hashlib.sha256(path.read_bytes()).digest())
    return mark.hexdigest()[:32]


def keep(shop: Dataset, version: str) -> None:
    """Keep a shop that was read, in the place of earlier ones; where there is no room or no right, nothing is kept."""
    if not isinstance(shop.engine, EmbeddedEngine) or not _ours():
        return
    try:
        with passing_folder() as passing:
            made = passing / version
            made.mkdir()
            shop.engine.sql("CHECKPOINT")
            shutil.copyfile(shop.engine.file, made / _STORE)
            told = lab_file.manifest(shop, {name: {} for name in sorted(shop.tables)})
            (made / _MANIFEST).write_text(json.dumps(told, default=str), encoding="utf-8")
            for earlier in _folder().iterdir():
                if earlier.name != version:
                    shutil.rmtree(earlier, ignore_errors=True)
            made.rename(_folder() / version)  # fails where another process was quicker
    except OSError:
        return


def lacks(version: str) -> bool:
    """Say whether nothing is kept for this version where it could be."""
    return _ours() and not (_folder() / version / _MANIFEST).is_file()


def reopen(version: str, root: Path | None = None) -> Dataset | None:
    """Return the shop that is kept for this version, in a copy of its own; None if there is none.

    Args:
        version: As `version` gives it.
        root: Where the engine keeps its folder; the system's temporary folder if not given.
    """
    kept = _folder() / version
    if not (_ours() and (kept / _MANIFEST).is_file()):
        return None
    engine = None
    try:
        manifest = json.loads((kept / _MANIFEST).read_text(encoding="utf-8"))
        engine = EmbeddedEngine(root, begin=kept / _STORE)
        engine.seal()
        return lab_file.restored(engine, manifest, _STORE)
    except (OSError, ValueError, LookupError, TypeError, duckdb.Error, IbisError):
        if engine is not None:
            engine.close()
        shutil.rmtree(kept, ignore_errors=True)
        return None


def _folder() -> Path:
    user = os.getuid() if hasattr(os, "getuid") else "own"
    return Path(tempfile.gettempdir()) / f"journeylab-demo-{user}"


def _ours() -> bool:
    """Make the folder if it is not there; say whether it is this user's and nobody else's."""
    folder = _folder()
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return False
    if not hasattr(os, "getuid"):  # Windows gives each user a temporary folder of their own
        return folder.is_dir()
    return folder.is_dir() and not folder.is_symlink() and found.st_uid == os.getuid() and not found.st_mode & 0o077
