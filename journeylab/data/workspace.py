"""Folders that hold a shop's files while someone looks at them, and that are deleted afterwards.

A folder's name carries the process that made it, so that folders whose process has ended can be recognised and swept
away. Light to import: the app sweeps before anything heavy is loaded.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

FOLDER_PREFIX = "journeylab-"


def new_folder(root: Path | None = None) -> Path:
    """Make a folder of this process, in `root` or the system's temporary folder, that only this user can read."""
    return Path(tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}{os.getpid()}-", dir=root))


def sweep(root: Path | None = None) -> int:
    """Delete folders whose process has ended without tidying up; return how many."""
    gone = 0
    for folder in Path(root or tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*-*"):
        owner = folder.name.removeprefix(FOLDER_PREFIX).split("-")[0]
        if owner.isdigit() and not _alive(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)
            gone += 1
    return gone


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


atexit.register(sweep)
