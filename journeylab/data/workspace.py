"""Folders that hold a shop's files while someone looks at them, and that are deleted afterwards.

A folder's name carries the process that made it, so that folders whose process has ended can be recognised and swept
away. Light to import: the app sweeps before anything heavy is loaded.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER_PREFIX = "journeylab-"


def new_folder(root: Path | None = None) -> Path:
    """Make a folder of this process, in `root` or the system's temporary folder, that only this user can read."""
    return Path(tempfile.mkdtemp(prefix=_prefix(), dir=root))


@contextmanager
def passing_folder(root: Path | None = None) -> Iterator[Path]:
    """Make such a folder for as long as the block lasts; what a killed process leaves of it is swept too."""
    with tempfile.TemporaryDirectory(prefix=_prefix(), dir=root) as folder:
        yield Path(folder)


def sweep(root: Path | None = None) -> int:
    """Delete folders whose process has ended without tidying up; return how many."""
    gone = 0
    for folder in Path(root or tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*-*"):
        owner = folder.name.removeprefix(FOLDER_PREFIX).split("-")[0]
        if owner.isdigit() and not _alive(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)
            gone += 1
    return gone


def _prefix() -> str:
    return f"{FOLDER_PREFIX}{os.getpid()}-"


def _alive(pid: int) -> bool:
    """Say whether a process may still run. On Windows it is not asked, since signal 0 there is Ctrl+C."""
    if os.name == "nt":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


atexit.register(sweep)
