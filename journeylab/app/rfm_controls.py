"""The controls of RFM: cut-offs by slider, and the rules of the groups as a table edited in place."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import streamlit as st

from journeylab.app import controls
from journeylab.app.state import visitor
from journeylab.customers import group_rules
from journeylab.customers.margin import has_costs
from journeylab.customers.rfm import scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journeylab.data.dataset import Dataset

EDIT = "rfm_groups"
_A_ROW = 5
_USUAL = {"r": (30, 90, 180, 365), "f": (2, 3, 5, 10), "m": (50, 100, 250, 1000)}
_SCORES = {"days": "r", "orders": "f", "money": "m"}
_LABELS = {"r": "Days since the last order, at most", "f": "Orders, at least", "m": "Money, at least"}


def options(shop: Dataset, *, as_of: bool = True) -> dict[str, Any]:
    """Choose how customers are scored, in a row of controls, as the analyses take it; what is usual is left out.

    Args:
        shop: The shop.
        as_of: Whether the day customers are looked at from is chosen too.
    """
    with st.container(horizontal=True):
        bins = controls.slider(
            "Scores from 1 to",
            2,
            10,
            5,
            key="bins",
            help="Each customer is scored against the shop's own customers; 5 gives fifths.",
        )
        worth = money(shop)
        day = controls.as_of(shop) if as_of else None
        fixed = controls.several(
            "Fixed cut-offs for", list(_SCORES), [], key="fixed", most=3, help="The others are cut into equal parts."
        )
    chosen: dict[str, Any] = {"bins": bins}
    if worth != "net":
        chosen["money"] = worth
    if fixed:
        chosen["cutoffs"] = {_SCORES[name]: _cutoffs(shop, _SCORES[name], bins) for name in fixed}
    if day is not None:
        chosen["as_of"] = day
    return chosen


def money(shop: Dataset) -> str:
    """Choose what monetary value is; margin is offered where goods have a cost."""
    if not has_costs(shop):
        return "net"
    return controls.choice("Monetary value is", {"net value": "net", "margin": "margin"}, key="money")


def _cutoffs(shop: Dataset, score: str, bins: int) -> list[int]:
    """Set the cut-offs of a score by sliders, some in a row, and say what each score then means."""
    highest = visitor().remember((shop.fingerprint, str(shop.window), "most"), lambda: _most(shop))[score]
    st.caption(_LABELS[score])
    chosen = []
    for place, start in enumerate(starts(_USUAL[score], highest, bins - 1)):
        if place % _A_ROW == 0:
            columns = st.columns(_A_ROW)
        with columns[place % _A_ROW]:
            chosen.append(controls.slider(f"Cut-off {place + 1}", 1, highest, start, key=f"cut_{score}_{place}"))
    used = in_order(chosen)
    st.caption(_meaning(score, used))
    return used


def _most(shop: Dataset) -> dict[str, int]:
    """Return how far the cut-offs of each score can go: to the largest figure of the shop, in two digits."""
    scored, _until = scores(shop)
    farthest = scored.agg(r=scored.recency_days.max(), f=scored.frequency.max(), m=scored.monetary.max())
    largest = shop.run(farthest).iloc[0]
    return {score: _rounded_up(max(float(largest[score] or 0), 2.0 * usual[-1])) for score, usual in _USUAL.items()}


def _rounded_up(value: float) -> int:
    if not math.isfinite(value):
        return 10_000
    unit = 10 ** max(len(str(int(value))) - 2, 0)
    return math.ceil(value / unit) * unit


def starts(usual: Sequence[int], highest: int, count: int) -> list[int]:
    """Return where so many sliders start, rising: at the usual cut-offs, then in equal steps up to the highest.

    >>> starts((2, 3, 5, 10), 50, 3), starts((2, 3, 5, 10), 50, 6)
    ([2, 3, 5], [2, 3, 5, 10, 23, 37])
    """
    more = max(count - len(usual), 0)
    step = (highest - usual[-1]) / (more + 1)
    return [*usual[:count], *(round(usual[-1] + step * (place + 1)) for place in range(more))]


def in_order(values: Sequence[int]) -> list[int]:
    """Return cut-offs in rising order, equal ones set one apart, whatever the sliders say.

    >>> in_order([90, 30, 30])
    [30, 31, 90]
    """
    out: list[int] = []
    for value in sorted(values):
        out.append(max(value, out[-1] + 1) if out else value)
    return out


def _meaning(score: str, used: Sequence[int]) -> str:
    if score == "r":
        parts = [f"{len(used) + 1 - place}: up to {day:,}" for place, day in enumerate(used)]
        return f"Scores of recency. {'; '.join(parts)}; 1: longer ago."
    parts = [f"{place + 2}: from {value:,}" for place, value in enumerate(used)]
    return f"Scores of {'frequency' if score == 'f' else 'monetary value'}. 1: less; {'; '.join(parts)}."


def rules(shop: Dataset) -> list[dict[str, Any]] | None:
    """Edit the rules of the groups in place; what was edited is kept with the data. None for the usual ones."""
    kept = shop.edits.get(EDIT)
    with st.expander("The rule of each group", icon=":material/rule:"):
        st.caption(
            "The first rule that fits counts. R, F and M are fifths, 5 the best; FM is the mean of F and M. Write 5, "
            "or 4-5, or nothing for any. The usual groups are the eleven that Shopify names."
        )
        usual = [dict(rule) for rule in group_rules.checked(group_rules.SHOPIFY)]
        edited = st.data_editor(
            list(kept) if kept else usual,
            num_rows="dynamic",
            hide_index=True,
            key="rfm_rules",
            column_config={
                "group": st.column_config.TextColumn("Group", required=True),
                **{score: st.column_config.TextColumn(score.upper(), width="small") for score in group_rules.SCORES},
                "meaning": st.column_config.TextColumn("Meaning"),
            },
        )
        if kept and st.button("Back to the usual groups", key="rfm_rules_usual"):
            _keep(None)
            del st.session_state["rfm_rules"]
            st.rerun()
    now = [{key: str(value) for key, value in row.items() if value} for row in edited if row.get("group")]
    same = [{key: value for key, value in row.items() if value} for row in usual]
    edited_now = None if now == same else now  # also where an edit was put back by hand
    _keep(edited_now)
    return edited_now


def kept(shop: Dataset) -> dict[str, Any]:
    """Return the rules that were edited, as the analyses take them; nothing for the usual ones."""
    edited = shop.edits.get(EDIT)
    return {"groups": list(edited)} if edited else {}


def _keep(value: Any) -> None:
    who = visitor()
    if who.shop is not None and who.shop.edits.get(EDIT) != value:
        who.shop = who.shop.with_edit(EDIT, value)
