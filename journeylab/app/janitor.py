"""The janitor: forgets visitors who have gone, and sweeps away the folders that a dead process left behind."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from journeylab.data import workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from journeylab.app.state import Visitor

logger = logging.getLogger("journeylab")


class Janitor:
    """Forgets visitors whose session has ended for longer than the grace.

    Args:
        grace: Seconds a session may be away.
        is_active: Says whether a session is connected.
    """

    def __init__(self, grace: float, is_active: Callable[[str], bool]) -> None:
        self.grace, self.is_active = grace, is_active
        self._visitors: dict[str, Visitor] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def watch(self, visitor: Visitor) -> None:
        """Look after a visitor; the first one starts the janitor's thread and a sweep of what was left behind."""
        with self._lock:
            self._visitors[visitor.session] = visitor
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="journeylab-janitor", daemon=True)
                self._thread.start()

    def round(self) -> None:
        """Forget whoever has been away for too long; an error with one is logged, and tried again the next time."""
        with self._lock:
            watched = list(self._visitors.items())
        for session, visitor in watched:
            try:
                self._look_at(session, visitor)
            except Exception:
                logger.exception("forgetting a visitor failed")

    def _look_at(self, session: str, visitor: Visitor) -> None:
        now = time.monotonic()
        if self.is_active(session):
            visitor.last_seen = now
        elif now - visitor.last_seen > self.grace:
            visitor.forget()
            with self._lock:
                del self._visitors[session]

    def _run(self) -> None:
        workspace.sweep()
        while True:
            time.sleep(min(10.0, max(0.2, self.grace / 4)))
            self.round()
