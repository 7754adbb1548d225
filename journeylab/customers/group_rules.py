"""RFM groups: a table of rules anyone can read and edit; the first rule that fits names the group.

A rule is a dictionary. `r`, `f`, `m` and `fm` hold a score or a range of scores such as "4-5"; one that is missing
or empty allows every score. `fm` is the mean of the frequency and the monetary score, rounded half up. The rules
speak in fifths, 5 being the best; where scores run to another number, a score is read as the fifth in which its
middle lies. `"r": "none"` stands for customers without an order.

The default set has the names, the meanings and the axes (R against the mean of F and M) that Shopify documents
(CustomerRfmGroup in its Admin API; "RFM customer analysis" in its help centre). The ranges are the usual 5 × 5 grid
that fits those meanings; docs/methods/rfm.md says what is published and what is our reading.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import ibis

from journeylab.errors import BadParameter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis.expr.types as ir

Rule = dict[str, str]

SCORES = ("r", "f", "m", "fm")
NO_ORDERS = "none"
NO_GROUP = "No rule fits"

SHOPIFY: tuple[Rule, ...] = (
    {"group": "Champions", "r": "5", "fm": "4-5", "meaning": "bought very lately, often, and for the most"},
    {"group": "Loyal", "r": "3-4", "fm": "4-5", "meaning": "bought lately, often, and for the most"},
    {"group": "Active", "r": "4-5", "fm": "2-3", "meaning": "bought lately, some orders, a moderate sum"},
    {"group": "New", "r": "5", "fm": "1", "meaning": "bought very lately, few orders, a small sum"},
    {"group": "Promising", "r": "4", "fm": "1", "meaning": "bought lately, few orders, a small sum"},
    {"group": "Needs attention", "r": "3", "fm": "3", "meaning": "bought a while ago, some orders, a moderate sum"},
    {"group": "Almost lost", "r": "3", "fm": "1-2", "meaning": "bought a while ago, fewer orders, a smaller sum"},
    {"group": "Previously loyal", "r": "1-2", "fm": "5", "meaning": "a very strong history, and nothing lately"},
    {"group": "At risk", "r": "1-2", "fm": "3-4", "meaning": "a strong history, and nothing lately"},
    {"group": "Dormant", "r": "1-2", "fm": "1-2", "meaning": "few orders, a small sum, and nothing lately"},
    {"group": "Prospects", "r": NO_ORDERS, "meaning": "no order yet"},
)


def checked(rules: Sequence[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """Return the rules with every range read and written out; BadParameter names the rule that makes no sense.

    >>> checked([{"group": "Best", "r": "5", "fm": " 4 - 5 "}])
    ({'group': 'Best', 'r': '5', 'f': '', 'm': '', 'fm': '4-5', 'meaning': ''},)
    """
    if not rules:
        raise BadParameter("There is no rule for a group.", do="Keep at least one.")
    out = []
    for rule in rules:
        name = str(rule.get("group") or "").strip()
        if not name:
            raise BadParameter("A rule has no name for its group.", do="Give every rule a group.")
        strange = set(rule) - {"group", "meaning", *SCORES}
        if strange:
            raise BadParameter(f"The rule of {name} has {', '.join(sorted(strange))}, which is no score.")
        texts = {score: _normal(rule.get(score), score, name) for score in SCORES}
        out.append({"group": name, **texts, "meaning": str(rule.get("meaning") or "").strip()})
    return tuple(out)


def names(rules: Sequence[Rule]) -> list[str]:
    """Return the names of the groups in the order of the rules, each once, and the name of what no rule fits."""
    return [*dict.fromkeys(rule["group"] for rule in rules), NO_GROUP]


def prospects(rules: Sequence[Rule]) -> str | None:
    """Return the name of the group of customers without an order, or None if no rule speaks of them."""
    return next((rule["group"] for rule in rules if rule["r"] == NO_ORDERS), None)


def fifth(score: Any, bins: int) -> Any:
    """Return the fifth, 1 to 5, in which the middle of a score out of `bins` lies; a number or an expression.

    >>> [fifth(score, 3) for score in (1, 2, 3)], [fifth(score, 5) for score in (1, 2, 3, 4, 5)]
    ([1, 3, 5], [1, 2, 3, 4, 5])
    """
    return (5 * (2 * score - 1)) // (2 * bins) + 1


def group(scored: ir.Table, rules: Sequence[Rule], bins: int) -> ir.StringValue:
    """Return the group of each row of a table with r, f and m from 1 to `bins`."""
    r, f, m = (fifth(scored[name], bins) for name in ("r", "f", "m"))
    values = {"r": r, "f": f, "m": m, "fm": (f + m + 1) // 2}
    branches = []
    for rule in rules:
        if rule["r"] == NO_ORDERS:
            continue
        holds = ibis.literal(True)
        for score in SCORES:
            if rule[score]:
                lowest, highest = _range(rule[score])
                holds &= (values[score] >= lowest) & (values[score] <= highest)
        branches.append((holds, ibis.literal(rule["group"])))
    return ibis.cases(*branches, else_=NO_GROUP) if branches else ibis.literal(NO_GROUP)


def _normal(value: object, score: str, name: str) -> str:
    text = re.sub(r"\s+", "", str(value)).replace("–", "-") if value not in {None, ""} else ""
    if text in {"", "1-5"} or text != text.strip():
        return ""
    if score == "r" and text.lower() == NO_ORDERS:
        return NO_ORDERS
    if not re.fullmatch(r"[1-5](-[1-5])?", text) or _range(text)[0] > _range(text)[1]:
        raise BadParameter(
            f"The rule of {name} has {value!r} for {score}.", do="Write a fifth such as 5, or a range such as 4-5."
        )
    return text


def _range(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    return int(first), int(last or first)
