"""One visitor's shop: where its files lie, how it is read, and how it is forgotten.

Each browser session has a `Visitor` of its own, with a folder of its own. Nothing is shared between visitors. When a
session has ended, the janitor closes its engine and deletes its folder.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
import weakref
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.runtime import exists as runtime_exists
from streamlit.runtime import get_instance
from streamlit.runtime.scriptrunner import get_script_run_ctx

from journeylab.app import warm
from journeylab.app.janitor import Janitor
from journeylab.data import workspace
from journeylab.errors import SchemaError, UnknownSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from journeylab.data.dataset import Dataset
    from journeylab.data.mapping import ColumnMap
    from journeylab.data.readers.mapped import Unknown
    from journeylab.errors import JourneylabError

#: Seconds a session may be away before its data is deleted; Streamlit lets a visitor come back for 120.
GRACE = float(os.environ.get("JOURNEYLAB_GRACE", "120"))
MAX_RESULTS = 128
_KEY = "journeylab_visitor"


@dataclass(eq=False)
class Source:
    """A file of the shop: where it lies, the name its owner knows it by, and whether it is our copy."""

    path: Path
    name: str
    ours: bool


@dataclass(eq=False)
class Visitor:
    """What the app keeps for one browser session.

    Args:
        session: Streamlit's id of the session.
        shop: The shop as last read; None before the first file.
        sources: The files it was read from.
        window: First and last day chosen in the sidebar; None for all of it.
        results: Results by what made them, the least recently used first.
        link: What the URL asked for when the session began, by control.
        notices: Sentences about values in a link that could not be used, by control.
        time_zone: In which the shop was read.
        currency: What the user said the money is in, if anything.
        overlap: What becomes of rows that several files have: 'replace' or 'add'.
        maps: Mappings made in this session, used again for files of the same columns.
        waiting: Files that were added and wait until it is said what their columns are.
        unknown: Their tables that no reader knows, with their first rows.
        demo: Whether the shop is the demo store.
        aside: A second shop beside it, as the store of a game, which no other page sees.
        key: Secret of the pseudonyms, so that files added later give a customer the same one.
        drawn: Journey maps made before there was a shop, by persona.
        steps_back: What the journey maps were before each step, by persona.
        last_seen: When the session was last known to be there.
        kept: The shop as the folder that remembers has it; None if it was not written or read in this visit.
        reopened: Whether this visit has looked into that folder.
        unopened: Why what was kept there could not be opened, if so.
    """

    session: str
    shop: Dataset | None = None
    sources: list[Source] = field(default_factory=list)
    window: tuple[date, date] | None = None
    results: OrderedDict[tuple[str, ...], Any] = field(default_factory=OrderedDict)
    link: dict[str, list[str]] = field(default_factory=dict)
    notices: dict[str, str] = field(default_factory=dict)
    time_zone: str | None = None
    currency: str | None = None
    overlap: str = "replace"
    maps: list[ColumnMap] = field(default_factory=list)
    waiting: list[Source] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)
    demo: bool = False
    aside: Dataset | None = None
    key: bytes = field(default_factory=partial(secrets.token_bytes, 16), repr=False)
    drawn: dict[str, Any] = field(default_factory=dict)
    steps_back: dict[str, list[Any]] = field(default_factory=dict)
    last_seen: float = field(default_factory=time.monotonic)
    kept: Dataset | None = None
    reopened: bool = False
    unopened: JourneylabError | None = None
    _folder: Path | None = None
    _count: int = 0
    _reading: object = None

    def folder(self) -> Path:
        """The session's own folder, made when first needed."""
        if self._folder is None or not self._folder.is_dir():
            self._folder = workspace.new_folder()
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        return self._folder

    def spool(self, name: str, data: Any) -> Source:
        """Copy an upload into the session's folder under a name of our own; `data` is a binary file."""
        self._count += 1
        path = self.folder() / f"upload-{self._count}{_ending(name)}"
        data.seek(0)
        with path.open("wb") as target:
            shutil.copyfileobj(data, target, 2**20)
        return Source(path, name, ours=True)

    def read(
        self,
        added: Iterable[Source] = (),
        *,
        time_zone: str = "UTC",
        currency: str | None = None,
        overlap: str = "replace",
        progress: Callable[[float, str], None] | None = None,
    ) -> None:
        """Read all files of the shop together with the `added` ones; if that fails or is stopped, nothing changes.

        Files whose columns nobody knows wait, together with those added beside them, for the mapping step.
        """
        warm.wait()
        import journeylab as jl

        ticket = self._reading = object()
        added = list(added)
        sources = [*self.sources, *added]
        if len(sources) > 1 and any(jl_is_lab_file(source.path) for source in sources):
            _delete(added)
            raise SchemaError(
                "A saved shop cannot be read together with other files.",
                why="Its customers are pseudonyms of another key, so they would count twice.",
                do="Forget everything, then open it alone; or add the original exports.",
            )
        if not sources:
            raise SchemaError("There is no file to read yet.", do="Choose one or more files.")
        try:
            if len(sources) == 1 and jl_is_lab_file(sources[0].path):
                shop = jl.open(sources[0].path, root=self.folder(), name=sources[0].name)
                self.key = lab_key(sources[0].path) or self.key
            else:
                shop = jl.read(
                    *(source.path for source in sources),
                    names={source.path: source.name for source in sources},
                    time_zone=time_zone,
                    currency=currency,
                    overlap=overlap,
                    mapping=list(self.maps) or None,
                    key=self.key,
                    progress=progress,
                    root=self.folder(),
                )
        except UnknownSource:
            self._wait(added, time_zone, currency, overlap)
            raise
        except BaseException:
            _delete(source for source in added if source not in self.waiting)
            raise
        if self._reading is not ticket:
            shop.close()
            _delete(added)
            return
        if self.shop is not None and not self.demo:
            shop = replace(
                shop.choose(**{**self.shop.choices, **shop.choices}), edits={**self.shop.edits, **shop.edits}
            )
        self.adopt(shop, sources)
        self.time_zone, self.currency, self.overlap = time_zone, currency, overlap
        self.waiting, self.unknown = [], []

    def _wait(self, added: list[Source], time_zone: str, currency: str | None, overlap: str) -> None:
        """Keep added files for the mapping step."""
        from journeylab.data.readers.sources import unknown_files

        names: dict[str | Path, str] = {source.path: source.name for source in added}
        self.waiting = added
        self.unknown = unknown_files(*names, names=names, mapping=list(self.maps) or None)
        self.time_zone, self.currency, self.overlap = time_zone, currency, overlap

    def leave_out(self, given: str) -> None:
        """Forget a file that waits for the mapping step, by its name."""
        gone = [source for source in self.waiting if source.name == given]
        self.waiting = [source for source in self.waiting if source.name != given]
        self.unknown = [table for table in self.unknown if table.given != given] if self.waiting else []
        _delete(gone)

    def open_demo(self, progress: Callable[[float, str], None] | None = None) -> None:
        """Put the demo store in the place of the shop there was; what this machine remembers stays as it is."""
        warm.wait()
        import journeylab as jl

        ticket = self._reading = object()
        shop = jl.demo(root=self.folder(), progress=progress)
        if self._reading is not ticket:
            shop.close()
            return
        self.adopt(shop, [])
        self.demo, self.kept = True, None

    def reopen(self, path: Path) -> None:
        """Open a lab file of the user's own as the shop, with the key it may hold."""
        warm.wait()
        from journeylab.data import lab_file

        key = lab_key(path)
        self.adopt(lab_file.open(path, root=self.folder()), [Source(path, path.name, ours=False)])
        self.key = key or self.key
        self.kept = self.shop

    def drop(self, what: str) -> None:
        """Forget kept results of one name, whatever the shop, as when something that they depend on was edited."""
        for key in [key for key in self.results if what in key[1:2]]:
            del self.results[key]

    def stop_reading(self) -> None:
        """Let a reading that an earlier run of the script began come to nothing, even if it still ends well."""
        self._reading = None

    def adopt(self, shop: Dataset, sources: list[Source]) -> None:
        """Put a shop that was read in the place of the one before, and delete copies of files it does not need."""
        _delete(source for source in self.sources if source not in sources)
        before, self.shop, self.sources = self.shop, shop, sources
        self.window, self.demo = None, False
        self.results.clear()
        self.steps_back.clear()
        if before is not None:
            before.close()

    def put_aside(self, shop: Dataset | None) -> None:
        """Keep a second shop beside the visitor's own, which stays as it is; the one there was before is closed."""
        before, self.aside = self.aside, shop
        if before is not None:
            for key in [key for key in self.results if key[0] == before.fingerprint]:
                del self.results[key]
            before.close()

    @property
    def owns(self) -> bool:
        """Whether there is a shop, or work on one, that opening another would put out of sight."""
        return bool(self.drawn) or (self.shop is not None and (not self.demo or bool(self.shop.edits)))

    def change(self, shop: Dataset) -> None:
        """Put another view of the same shop in its place, as after a choice; the engine stays."""
        self.shop = shop

    def forget(self) -> None:
        """Close the engine and delete every file of this session."""
        self.put_aside(None)
        if self.shop is not None:
            self.shop.close()
        folder, self._folder = self._folder, None
        self.shop, self.window, self.sources, self.kept, self.demo = None, None, [], None, False
        self.waiting, self.unknown, self.maps = [], [], []
        self.results.clear()
        self.key = secrets.token_bytes(16)
        for memory in (self.link, self.notices, self.drawn, self.steps_back):
            memory.clear()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def remember(self, key: tuple[str, ...], make: Callable[[], Any]) -> Any:
        """Return the result kept under `key`, or make and keep it; the oldest go when there are too many."""
        if key in self.results:
            self.results.move_to_end(key)
            return self.results[key]
        result = make()
        self.results[key] = result
        while len(self.results) > MAX_RESULTS:
            self.results.popitem(last=False)
        return result


def visitor() -> Visitor:
    """Return this session's visitor."""
    found = st.session_state.get(_KEY)
    if found is None:
        context = get_script_run_ctx()
        link = {key: st.query_params.get_all(key) for key in st.query_params}
        found = Visitor(session=context.session_id if context else "", link=link)
        st.session_state[_KEY] = found
    _janitor.watch(found)
    found.last_seen = time.monotonic()
    return found


def jl_is_lab_file(path: Path) -> bool:
    """Say whether a file is a lab file, without loading the engine for those that cannot be."""
    if path.suffix.lower() != ".zip":
        return False
    from journeylab.data import lab_file

    return lab_file.is_lab_file(path)


def lab_key(path: Path) -> bytes | None:
    """Return the key of the pseudonyms that a lab file keeps, if it does."""
    from journeylab.data import lab_file

    return lab_file.key_in(path)


def _is_active(session: str) -> bool:
    return not runtime_exists() or get_instance().is_active_session(session)


def _ending(name: str) -> str:
    """Return the endings of a file name that say what it is, such as '.csv.gz', if they are plain."""
    endings = [part for part in Path(name).suffixes[-2:] if part[1:].isascii() and part[1:].isalnum() and len(part) < 9]
    return "".join(endings).lower()


def _delete(sources: Iterable[Source]) -> None:
    for source in sources:
        if source.ours:
            source.path.unlink(missing_ok=True)


_janitor = Janitor(GRACE, _is_active)
