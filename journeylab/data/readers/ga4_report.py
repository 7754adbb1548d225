"""A report of Google Analytics 4 saved as CSV, into traffic: sessions by channel, below a preamble of '#' lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from journeylab.data.ledger import Note
from journeylab.data.readers import sheet
from journeylab.data.readers.base import fold, match
from journeylab.data.readers.sheet import Sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journeylab.data.readers.desk import Desk
    from journeylab.data.readers.files import Raw

TITLE = "GA4 report"
VERSION = 1

_COLUMNS = {
    "day": ["Date"],
    "sessions": ["Sessions"],
    "engaged_sessions": ["Engaged sessions"],
    "key_events": ["Key events", "Conversions"],
    "revenue": ["Total revenue", "Revenue"],
}
_DIMENSION = re.compile(
    r"^(session|firstuser|firstuserprimary|sessionprimary)?.*(channelgroup|sourcemedium|source|medium)"
)
_PERIOD = re.compile(r"^# (Start|End) date: ([0-9]{8})", re.MULTILINE)


def confidence(columns: Sequence[str]) -> float:
    """Say how sure it is that a header is its own."""
    return 0.2 if lacks(columns) else 0.9


def lacks(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns a header would need to be its own."""
    found = match(columns, _COLUMNS)
    missing = [header for role, header in (("sessions", "Sessions"),) if role not in found]
    if "engaged_sessions" not in found:
        missing.append("Engaged sessions")
    return (*missing, *([] if _dimension(columns) is not None else ["a channel group or a source"]))


def read(raws: Sequence[Raw], desk: Desk) -> None:
    """Read sessions by channel, and by day where the report has it."""
    sheet.read(TITLE, raws, desk, lambda raw: [_sheet(raw)])


def _dimension(columns: Sequence[str]) -> int | None:
    return next((place for place, column in enumerate(columns) if _DIMENSION.match(fold(column))), None)


def _sheet(raw: Raw) -> Sheet:
    found = match(raw.columns, _COLUMNS)
    place = _dimension(raw.columns)
    if place is not None:
        found["marketing_channel"] = place
    said = []
    if "day" not in found:
        words = "sessions of a whole period, since the report has no column Date"
        said.append(Note(words, 1, (_period(raw),) if _period(raw) else ()))
    return Sheet(
        "traffic",
        found,
        asides={
            "that is a total, or the header again": "marketing_channel__text IS NULL OR lower(marketing_channel__text) "
            "IN ('grand total', 'total', 'totals') OR sessions__text = 'Sessions'",
        },
        said=tuple(said),
        label="marketing_channel",
    )


def _period(raw: Raw) -> str:
    """Return the period that the preamble of a report names."""
    with raw.path.open(encoding="utf-8-sig", errors="replace") as file:
        head = "".join(line for line, _ in zip(file, range(raw.skip), strict=False))
    days = [day for _, day in _PERIOD.findall(head)]
    return f"from {days[0]} to {days[-1]}" if days else ""
