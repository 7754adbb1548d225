"""Opening the demo store: its files are read as any shop's are; they are written first where they are missing."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from journeylab.data.demo import kept
from journeylab.data.readers import read
from journeylab.data.workspace import passing_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from journeylab.data.dataset import Dataset

FOLDER = Path(__file__).resolve().parents[3] / "sample_data"
TIME_ZONE = "Europe/Berlin"
#: What is read; truths.json is for tests to compare with, and no analysis sees it.
FILES = (
    "shopify_orders.csv", "shopify_products.csv", "shopify_inventory.csv", "purchasing.csv", "stock_history.csv.gz",
    "events.parquet", "customers.csv", "exposures.csv.gz", "outcomes.csv.gz", "surveys.csv", "tickets.csv", "spend.csv",
    "klaviyo_campaigns.csv", "contacts.csv.gz", "promotions.csv",
)  # fmt: skip
#: The store is public, so its pseudonyms need no secret, and two openings give the same ones.
_KEY = b"demo store"
_CALLS = ("shop = jl.demo()",)
#: Seconds after which who waits is told again, and may stop waiting.
_WAIT = 0.3


class _Turn:
    """Lets one thread at a time read the demo store; who waits is told how far that is."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = (0.0, "Opening the demo store")

    @contextmanager
    def taken(self, progress: Callable[[float, str], None] | None) -> Iterator[Callable[[float, str], None]]:
        """Wait for the turn, and give the way to tell what is being done while it lasts."""
        tell = progress or (lambda _share, _words: None)
        while not self._lock.acquire(timeout=_WAIT):
            tell(*self._last)

        def heard(share: float, words: str) -> None:
            self._last = (share, words)
            tell(share, words)

        try:
            yield heard
        finally:
            self._lock.release()


_turn = _Turn()


def demo(*, root: Path | None = None, progress: Callable[[float, str], None] | None = None) -> Dataset:
    """Open the demo store: two years of a simulated shop, read from its exports, or as they were read before.

    Args:
        root: Where the engine keeps its folder; the system's temporary folder if not given.
        progress: Called with the share that is done and what is being done, in words.
    """
    if _written():
        version = kept.version(FOLDER / name for name in FILES)
        with _turn.taken(progress) as tell:
            shop = kept.reopen(version, root)
            if shop is None:
                shop = _read(FOLDER, root, tell)
                kept.keep(shop, version)
        return replace(shop, calls=_CALLS)
    from journeylab.data.demo import simulate, write

    with passing_folder(root) as folder:
        if progress:
            progress(0.0, "Simulating the demo store")
        write(simulate(), folder)
        return _read(folder, root, progress)


def prepare() -> None:
    """Read the demo store ahead, so that it opens at once; nothing where that was done before or cannot be kept."""
    if not _written():
        return
    version = kept.version(FOLDER / name for name in FILES)
    with _turn.taken(None) as tell:
        if kept.lacks(version):
            shop = _read(FOLDER, None, tell)
            kept.keep(shop, version)
            shop.close()


def _written() -> bool:
    return all((FOLDER / name).is_file() for name in FILES)


def _read(folder: Path, root: Path | None, progress: Callable[[float, str], None] | None) -> Dataset:
    paths = [folder / name for name in FILES]
    names: dict[str | Path, str] = {path: path.name for path in paths}
    shop = read(*paths, names=names, time_zone=TIME_ZONE, currency="EUR", key=_KEY, root=root, progress=progress)
    return replace(shop, calls=_CALLS)
