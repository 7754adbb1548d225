"""Events of Google Analytics 4: the BigQuery export with its nested fields, and flat tables made from it.

Nested fields come as JSON text (Parquet and newline JSON are turned into that; a CSV of the export has it already).
`ga_session_id` numbers a visit within its visitor only, so a session is the visitor and that number. Times are UTC.
An event about several items is about the first of them. Field names: support.google.com/analytics/answer/7029846.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from journeylab.data.engine import literal
from journeylab.data.readers import overlap, sheet
from journeylab.data.readers.base import fold, match
from journeylab.data.readers.meanings import without_numbers
from journeylab.data.readers.sheet import Sheet
from journeylab.data.readers.traits import personal
from journeylab.data.readers.values import blanked, free_text, path, person, whole_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from journeylab.data.readers.desk import Desk
    from journeylab.data.readers.files import Raw

TITLE = "GA4 events"
VERSION = 3

_COLUMNS = {
    "occurred_at": ["event_timestamp"],
    "event": ["event_name"],
    "visitor_id": ["user_pseudo_id"],
    "customer_id": ["user_id"],
    "session_id": ["ga_session_id", "session_id"],
    "page": ["page_location", "page", "page_path"],
    "marketing_channel": ["marketing_channel", "session_default_channel_group", "default_channel_group"],
    "device": ["device", "device_category"],
    "country": ["country", "geo_country"],
    "sku": ["sku", "item_id"],
    "order_id": ["transaction_id"],
    "value": ["value", "purchase_revenue", "event_value"],
    "query": ["search_term"],
    "results": ["search_results"],
    "load_ms": ["load_ms", "page_load_ms"],
    "params": ["event_params"],
    "geo": ["geo"],
    "traffic": ["traffic_source"],
    "items": ["items"],
    "ecommerce": ["ecommerce"],
}
_NEEDED = {"occurred_at": "event_timestamp", "event": "event_name", "visitor_id": "user_pseudo_id"}
#: What else the export has, and no analysis needs.
_LEFT = {
    "eventdate", "eventprevioustimestamp", "eventbundlesequenceid", "eventservertimestampoffset", "privacyinfo",
    "userfirsttouchtimestamp", "userltv", "appinfo", "streamid", "platform", "eventdimensions", "eventvalueinusd",
    "userproperties", "isactiveuser", "batcheventindex", "batchpageid", "batchorderingid", "collectedtrafficsource",
    "sessiontrafficsourcelastclick", "publisher",
}  # fmt: skip
_PARAMS = (
    '[{"key": "VARCHAR", "value": {"string_value": "VARCHAR", "int_value": "VARCHAR", "float_value": "VARCHAR", '
    '"double_value": "VARCHAR"}}]'
)
_ITEMS = '[{"item_id": "VARCHAR"}]'
_CHANNELS = {
    "Direct": ("(none)", "(not set)"),
    "Organic Search": ("organic",),
    "Paid Search": ("cpc", "ppc", "paidsearch", "sem"),
    "Paid Social": ("paid_social", "paid-social", "paidsocial", "cpc_social"),
    "Organic Social": ("social", "social-network", "sm"),
    "Email": ("email", "e-mail", "newsletter"),
    "Referral": ("referral",),
    "Affiliates": ("affiliate", "affiliates"),
    "Display": ("display", "banner", "cpm"),
}


def confidence(columns: Sequence[str]) -> float:
    """Say how sure it is that a header is its own."""
    return 0.98 if not lacks(columns) else 0.3 * (1 - len(lacks(columns)) / len(_NEEDED))


def lacks(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns a header would need to be its own."""
    found = match(columns, _COLUMNS)
    return tuple(header for role, header in _NEEDED.items() if role not in found)


def read(raws: Sequence[Raw], desk: Desk) -> None:
    """Read events; an event that several files carry counts once."""
    sheet.read(TITLE, raws, desk, lambda raw: [_sheet(raw, desk.key)], once=overlap.copies)


def _sheet(raw: Raw, key: bytes) -> Sheet:
    found = match(raw.columns, _COLUMNS)
    further = _further(raw.columns, found)
    found |= {f"extra_{number}": place for number, place in enumerate(further.values())}
    derived = _nested(found) if {"params", "items", "ecommerce", "traffic", "geo"} & found.keys() else {}
    if "session_id" in found or "session_id" in derived:
        visitor = person(whole_number("visitor_id"), key)
        derived["session_id"] = f"{visitor} || '.' || {blanked(derived.get('session_id', 'session_id'))}"
    if "query" in found or "query" in derived:
        derived["query"] = without_numbers(blanked(derived.get("query", "query")))
    if "page" in found or "page" in derived:
        derived["page"] = free_text(path(derived.get("page", "page")))
    if further:
        pairs = ", ".join(f"{literal(name)}, extra_{number}" for number, name in enumerate(further))
        some = ", ".join(f"extra_{number}" for number in range(len(further)))
        packed = free_text(f"CAST(json_merge_patch('{{}}', json_object({pairs})) AS VARCHAR)")
        derived["properties"] = f"CASE WHEN coalesce({some}) IS NOT NULL THEN {packed} END"
    return Sheet("events", found, derived=derived, utc=frozenset({"occurred_at"}), label="event")


def _further(columns: Sequence[str], found: Mapping[str, int]) -> dict[str, int]:
    """Return further columns of a flat table, which are kept as properties."""
    left = [place for place in range(len(columns)) if place not in found.values()]
    return {columns[place]: place for place in left if _kept(columns[place])}


def _kept(header: str) -> bool:
    return bool(header) and fold(header) not in _LEFT and not personal(header)


def _nested(found: Mapping[str, int]) -> dict[str, str]:
    """Return the expressions that take columns out of the nested fields; a flat column of the same comes first."""
    taken: dict[str, list[str]] = {}

    def take(role: str, text: str) -> None:
        taken.setdefault(role, [role] if role in found else []).append(text)

    if "params" in found:
        take("session_id", _param("ga_session_id"))
        take("page", _param("page_location"))
        take("value", _param("value"))
        take("query", _param("search_term"))
        take("order_id", _param("transaction_id"))
    if "ecommerce" in found:
        take("order_id", "nullif(json_extract_string(ecommerce, '$.transaction_id'), '(not set)')")
        take("value", "nullif(json_extract_string(ecommerce, '$.purchase_revenue'), '0.0')")
    if "items" in found:
        take("sku", f"try(from_json(items, {literal(_ITEMS)}))[1].item_id")
    if "geo" in found:
        take("country", "json_extract_string(geo, '$.country')")
    if "traffic" in found:
        source, medium = (f"json_extract_string(traffic, '$.{part}')" for part in ("source", "medium"))
        cases = " ".join(
            f"WHEN lower({medium}) IN ({', '.join(map(literal, words))}) THEN {literal(channel)}"
            for channel, words in _CHANNELS.items()
        )
        take("marketing_channel", f"CASE {cases} ELSE concat_ws(' / ', {source}, {medium}) END")
    derived = {role: f"coalesce({', '.join(texts)})" for role, texts in taken.items()}
    derived |= {role: blanked(derived[role]) for role in ("order_id", "sku", "marketing_channel") if role in derived}
    if "device" in found:
        derived["device"] = (
            "CASE WHEN starts_with(device, '{') THEN json_extract_string(device, '$.category') ELSE device END"
        )
    return derived


def _param(key: str) -> str:
    """Return the expression of an event parameter."""
    value = f"list_filter(try(from_json(params, {literal(_PARAMS)})), lambda p: p.key = {literal(key)})[1].value"
    return f"coalesce({value}.string_value, {value}.int_value, {value}.double_value, {value}.float_value)"
