"""The folder that remembers: the shop's lab file on the user's own machine, there only if they said so.

The folder is `.journeylab` in the user's home, or where JOURNEYLAB_HOME points to; only this user can read it. That the
file is there is what says that remembering is wanted.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from journeylab.data.dataset import Dataset

FILE = "shop.zip"


def folder() -> Path:
    """Return where the folder is, or would be."""
    given = os.environ.get("JOURNEYLAB_HOME")
    return Path(given) if given else Path.home() / ".journeylab"


def found() -> Path | None:
    """Return the lab file that is kept, if there is one."""
    path = folder() / FILE
    return path if path.is_file() else None


def keep(shop: Dataset, *, key: bytes | None = None, secret: bytes | None = None) -> Path:
    """Keep the shop, in place of the one kept before; return its file.

    Args:
        shop: The shop, with its choices and edits.
        key: The secret of the pseudonyms, if it shall be kept too.
        secret: The same, to make a warehouse's ids pseudonyms without keeping it.
    """
    from journeylab.data import lab_file

    place = folder()
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    place.chmod(0o700)
    return lab_file.save(shop, place / FILE, key=key, secret=secret)


def forget() -> None:
    """Delete what is kept, and the folder if nothing else is in it."""
    place = folder()
    (place / FILE).unlink(missing_ok=True)
    if place.is_dir() and not any(place.iterdir()):
        place.rmdir()
