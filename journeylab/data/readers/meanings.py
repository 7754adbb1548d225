"""What a value means where files say it differently: the state of an order, the kind of a question, a share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from journeylab.data.engine import literal
from journeylab.data.ledger import Note
from journeylab.data.readers.base import fold
from journeylab.data.readers.desk import Remark
from journeylab.data.readers.values import free_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from journeylab.data.readers.files import Raw

_STATUSES = {
    "completed": ("completed", "complete", "paid", "succeeded", "success", "shipped", "delivered", "fulfilled",
                  "closed", "processing", "done", "captured", "settled", "shipped - delivered to buyer"),
    "pending": ("pending", "on-hold", "on hold", "authorized", "authorised", "open", "unpaid", "unshipped",
                "awaiting payment", "requires_capture", "partially_paid", "checkout-draft"),
    "refunded": ("refunded", "returned", "refund"),
    "partially_refunded": ("partially_refunded", "partially refunded", "partial refund"),
    "cancelled": ("cancelled", "canceled", "cancel", "failed", "declined", "expired", "trash"),
    "voided": ("voided", "void"),
    "test": ("test",),
}  # fmt: skip
#: How words for a cancellation begin: cancelado, storniert, annullato, annulé.
_CANCELLED = "^(cancel|storn|annul)"
_KINDS = {
    "nps": ("nps", "net promoter score", "recommend"),
    "csat": ("csat", "satisfaction", "customer satisfaction"),
    "ces": ("ces", "effort", "customer effort", "customer effort score"),
    "stars": ("stars", "star", "rating", "review"),
    "yes_no": ("yes_no", "yes/no", "yes no", "boolean", "thumbs"),
    "enps": ("enps", "employee nps", "employee net promoter score"),
}
_CHANNELS = {
    "web": ("web", "online", "online store", "e-commerce", "ecommerce", "website", "shop"),
    "till": ("till", "pos", "store", "retail", "in store", "in-store", "offline", "shop floor"),
    "marketplace": ("marketplace", "amazon", "ebay", "etsy", "amazon.com", "amazon.de"),
}
_TOTALS = {"total", "ordertotal", "amount", "grandtotal", "revenue"}


def status(text: str) -> str:
    """Return the expression of an order's state in the words of the data model; unknown words are completed orders."""
    return f"coalesce({_known(text)}, 'completed')"


def unknown_status(text: str) -> Remark:
    """Return what to say about orders whose state has no word in the data model."""
    return Remark("with a state nobody knows, taken for a sale", f"{text} IS NOT NULL AND {_known(text)} IS NULL")


def _known(text: str) -> str:
    cancelled = f"CASE WHEN regexp_matches(lower({text}), {literal(_CANCELLED)}) THEN 'cancelled' END"
    return f"coalesce({_words(text, _STATUSES)}, {cancelled})"


def kind(text: str) -> str:
    """Return the expression of the kind of a question; NULL for a word that is none."""
    return _words(text, _KINDS)


def sales_channel(text: str) -> str:
    """Return the expression of a sales channel; other words stay as they are."""
    return f"coalesce({_words(text, _CHANNELS)}, {text})"


def share(text: str) -> str:
    """Return the expression of a share from 0 to 1, where 20 and 20% are 0.2; as text."""
    bare = f"replace(rtrim({text}, ' %'), ',', '.')"
    number = f"try_cast({bare} AS DOUBLE)"
    return (
        f"CASE WHEN ends_with({text}, '%') OR {number} > 1 THEN CAST({number} / 100 AS VARCHAR) "
        f"ELSE coalesce(CAST({number} AS VARCHAR), {text}) END"
    )


def completed(table: str, found: Mapping[str, int], raw: Raw) -> tuple[dict[str, str], list[Note]]:
    """Return expressions for columns whose words are ours to choose, and for those that a file may leave out."""
    derived: dict[str, str] = {}
    if table in ("orders", "tickets") and "sales_channel" in found:
        derived["sales_channel"] = sales_channel("sales_channel")
    if table in ("order_lines", "products") and "product" not in found:
        derived["product"] = "sku" if "sku" in found else "'(no name)'"
    if table == "promotions" and "discount" in found:
        derived["discount"] = share("discount")
    if table == "exposures":
        header = fold(raw.columns[found["unit_id"]]) if "unit_id" in found else ""
        unit = "session" if "session" in header else "customer" if "customer" in header else "visitor"
        derived["unit"] = f"coalesce(lower(unit), {literal(unit)})" if "unit" in found else literal(unit)
    if table == "surveys":
        return derived | _survey(found), []
    return (derived | _order(found), _taken_on_trust(found, raw)) if table == "orders" else (derived, [])


def _order(found: Mapping[str, int]) -> dict[str, str]:
    currency = {"currency": "upper(currency)"} if "currency" in found else {}
    return {"status": status("status") if "status" in found else "'completed'"} | currency


def after_refunds(found: Mapping[str, int], raw: Raw) -> dict[str, str]:
    """Return how an order's amount becomes what is kept after refunds, unless the file itself calls it net."""
    if "net" not in found or "net" in fold(raw.columns[found["net"]]):
        return {}
    if "refunded" in found:
        return {"net": "CAST(net__v - coalesce(abs(refunded__v), 0) AS DECIMAL(18,4))"}
    return {"net": "CASE WHEN status__v = 'refunded' THEN 0 ELSE net__v END"}


def _taken_on_trust(found: Mapping[str, int], raw: Raw) -> list[Note]:
    said = []
    if "status" not in found:
        said.append(Note("file without a state of the order, so every order counts as completed", 1))
    if "net" in found and fold(raw.columns[found["net"]]) in _TOTALS:
        header = raw.columns[found["net"]]
        said.append(Note("column taken as net that may include tax and shipping", 1, (header,)))
    return said


def _survey(found: Mapping[str, int]) -> dict[str, str]:
    derived = {"kind": kind("kind")} if "kind" in found else {}
    if "score" in found:
        derived["score"] = score("score")
    if "response_id" not in found:
        derived["response_id"] = own_id(found)
    if "comment" in found:
        derived["comment"] = without_numbers(free_text("comment"))
    return derived


def own_id(found: Mapping[str, int]) -> str:
    """Return the expression of an id for rows that have none: from their cells, without the customer's."""
    cells = ", ".join(f"coalesce({name}, '')" for name in sorted(found) if name != "customer_id")
    return f"left(md5(concat_ws('|', {cells})), 16) || '-' || row_number() OVER (PARTITION BY {cells})"


def score(text: str) -> str:
    """Return the expression of a score in which yes is 1 and no is 0; as text."""
    return (
        f"CASE WHEN lower({text}) IN ('yes', 'true', 'y', 'ja', 'oui', 'thumbs up') THEN '1' "
        f"WHEN lower({text}) IN ('no', 'false', 'n', 'nein', 'non', 'thumbs down') THEN '0' ELSE {text} END"
    )


def _words(text: str, words: Mapping[str, tuple[str, ...]]) -> str:
    cases = " ".join(
        f"WHEN lower({text}) IN ({', '.join(map(literal, theirs))}) THEN {literal(ours)}"
        for ours, theirs in words.items()
    )
    return f"CASE {cases} END"


def without_numbers(text: str) -> str:
    """Return the expression of a text in which what may be a phone number is blanked."""
    blanked = f"regexp_replace({text}, '[+]?[0-9][0-9 ()/-]{{8,}}[0-9]', '(number)', 'g')"
    return f"CASE WHEN regexp_matches({text}, '[0-9][0-9 ()/-]{{8}}') THEN {blanked} ELSE {text} END"
