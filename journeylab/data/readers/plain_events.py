"""Plain events: a file with a visitor, an event and a time on each line, whatever the columns are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from journeylab.data.ledger import Note
from journeylab.data.readers.base import match
from journeylab.data.readers.desk import FUTURE
from journeylab.data.readers.meanings import without_numbers
from journeylab.data.readers.times import moment
from journeylab.data.readers.traits import impersonal
from journeylab.data.readers.values import free_text, money, path, person_id, whole_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journeylab.data.readers.desk import Desk
    from journeylab.data.readers.files import Raw

TITLE = "Events"
VERSION = 2

_USERS = ("user id", "user", "uid", "client", "customer id", "member id", "person id", "distinct id")
_SYNONYMS = {
    "visitor_id": (
        "visitor id", "visitor", "anonymous id", "client id", "user pseudo id", "full visitor id", "cookie id",
        "cookie", "device id", *_USERS,
    ),
    "event": ("event", "event name", "event type", "action", "activity", "event action", "behavior", "behaviour"),
    "time": (
        "timestamp", "event time", "occurred at", "event timestamp", "time", "datetime", "date time", "ts",
        "created at", "event datetime", "date", "event date",
    ),
    "customer_id": (*_USERS, "email", "customer email"),
    "session_id": ("session id", "session", "visit id", "user session", "ga session id"),
    "page": ("page", "page url", "url", "page location", "path", "page path"),
    "marketing_channel": ("marketing channel", "channel", "source medium", "traffic source", "utm source", "source"),
    "device": ("device", "device category", "device type", "platform"),
    "country": ("country", "country code", "geo country"),
    "sku": ("sku", "product id", "item id", "product sku"),
    "order_id": ("order id", "transaction id", "order"),
    "value": ("value", "revenue", "price", "amount", "event value"),
    "query": ("query", "search term", "search query", "search"),
    "results": ("results", "search results", "result count"),
    "load_ms": ("load ms", "load time ms", "page load ms"),
    "properties": ("properties", "event properties", "params", "event params"),
}  # fmt: skip
_REQUIRED = {"visitor_id": "a visitor", "event": "an event", "time": "a time"}
_PEOPLE = ("visitor_id", "customer_id", "session_id")
_THINGS = ("order_id", "sku")
_TEXTS = ("event", "marketing_channel", "device", "country")


def confidence(columns: Sequence[str]) -> float:
    """Say how sure it is that a header is its own."""
    return 0.2 if lacks(columns) else 0.6


def lacks(columns: Sequence[str]) -> tuple[str, ...]:
    """Return what a header would need to be its own."""
    found = match(columns, _SYNONYMS)
    return tuple(words for role, words in _REQUIRED.items() if role not in found)


def read(raws: Sequence[Raw], desk: Desk) -> None:
    """Read events; a row without visitor, event or readable time is set aside."""
    parts: list[str] = []
    known: set[str] = set()
    said: dict[int, list[Note]] = {}
    for raw in raws:
        found = match(raw.columns, _SYNONYMS)
        known |= found.keys()
        changed = {role: person_id(role, desk.key) for role in _PEOPLE if role in found}
        changed |= {role: free_text(whole_number(role)) for role in _THINGS if role in found}
        changed |= {role: free_text(role) for role in _TEXTS if role in found}
        changed |= {role: without_numbers(free_text(role)) for role in found if role == "query"}
        changed |= {role: free_text(path(role)) for role in found if role == "page"}
        changed |= {role: free_text(impersonal(role)) for role in found if role == "properties"}
        table = desk.stage(raw, f"events {raw.number}", found, changed)
        time = moment(desk, table, "time")
        amount = money(desk, table, "value", comma=raw.decimal_comma) if "value" in found else None
        said[raw.number] = [
            *desk.notes(raw),
            *(Note(reason, n) for reason, n in time.said + (amount.said if amount else ())),
        ]
        columns = {
            "occurred_at": "placed",
            "day": "day",
            **{
                role: role
                for role in _SYNONYMS
                if role in found and role not in ("time", "value", "results", "load_ms")
            },
            **{role: f"try_cast({role} AS DOUBLE)" for role in ("results", "load_ms") if role in found},
            **({"value": amount.sql} if amount else {}),
            "source": str(raw.number),
            "aside": "CASE WHEN visitor_id IS NULL THEN 'without a visitor' WHEN event IS NULL THEN 'without an event' "
            f"WHEN {desk.future('placed')} THEN '{FUTURE}' ELSE unplaced END",
        }
        parts.append(f"SELECT {', '.join(f'{sql} AS {name}' for name, sql in columns.items())} FROM {time.rows}")
    rows = desk.keep("events", " UNION ALL BY NAME ".join(parts))
    kept = [role for role in _SYNONYMS if role in known and role != "time"]
    if len(raws) > 1 and not desk.add_all:
        rows = _without_overlap(desk, raws, rows, ["occurred_at", *kept])
    desk.add(
        "events", {"occurred_at": "occurred_at", "day": "day", **{c: c for c in kept}}, f"{rows} WHERE aside IS NULL"
    )
    desk.account(
        "events", TITLE, raws, rows, label="event", aside="aside", said=said,
    )  # fmt: skip


def _without_overlap(desk: Desk, raws: Sequence[Raw], rows: str, columns: Sequence[str]) -> str:
    """Return the rows where an event that several exports carry counts once; repeats within one file are kept."""
    digests = ", ".join(f"({raw.number}, '{raw.digest}')" for raw in raws)
    return desk.keep(
        "events once",
        f"""SELECT * EXCLUDE (event_, copy_, file_) REPLACE (
                   CASE WHEN aside IS NULL AND row_number() OVER (PARTITION BY event_, copy_ ORDER BY file_) > 1
                   THEN 'that another file has too' ELSE aside END AS aside)
            FROM (SELECT *, row_number() OVER (PARTITION BY event_, file_) AS copy_
                  FROM (SELECT r.*, file_, md5(CAST(row({", ".join(columns)}) AS VARCHAR)) AS event_
                        FROM {rows} r JOIN (VALUES {digests}) d(source, file_) USING (source)))""",
    )
