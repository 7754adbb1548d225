"""Klaviyo's export of campaigns, into spend: what was sent, opened and clicked, and what it is said to have sold.

Rates are not read, since they follow from the counts. 'Send Time' is the account's own time. A campaign that was
never sent has none, and is set aside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from journeylab.data.readers import sheet
from journeylab.data.readers.base import match
from journeylab.data.readers.sheet import Sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journeylab.data.readers.desk import Desk
    from journeylab.data.readers.files import Raw

TITLE = "Klaviyo campaigns"
VERSION = 2

_COLUMNS = {
    "campaign": ["Campaign Name"],
    "day": ["Send Time", "Send Date"],
    "sends": ["Total Recipients"],
    "opens": ["Unique Opens"],
    "clicks": ["Unique Clicks"],
    "orders": ["Unique Placed Order"],
    "revenue": ["Revenue", "Placed Order Value"],
    "channel": ["Campaign Channel", "Message Channel"],
}
_NEEDED = {"campaign": "Campaign Name", "day": "Send Time", "sends": "Total Recipients"}


def confidence(columns: Sequence[str]) -> float:
    """Say how sure it is that a header is its own."""
    return 0.97 if not lacks(columns) else 0.3 * (1 - len(lacks(columns)) / len(_NEEDED))


def lacks(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns a header would need to be its own."""
    found = match(columns, _COLUMNS)
    return tuple(header for role, header in _NEEDED.items() if role not in found)


def read(raws: Sequence[Raw], desk: Desk) -> None:
    """Read campaigns, each as a day's spend of its channel."""
    sheet.read(TITLE, raws, desk, lambda raw: [_sheet(raw)])


def _sheet(raw: Raw) -> Sheet:
    found = match(raw.columns, _COLUMNS)
    channel = "coalesce(channel, 'Email')" if "channel" in found else "'Email'"
    return Sheet("spend", found, derived={"marketing_channel": channel}, label="campaign")
