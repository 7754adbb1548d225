"""The controls of RFM: cut-offs by slider, and the rules of the groups as a table edited in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from journeylab.app import controls
from journeylab.app.state import visitor
from journeylab.customers import group_rules
from journeylab.customers.margin import has_costs

if TYPE_CHECKING:
    from journeylab.data.dataset import Dataset

EDIT = "rfm_groups"
_A_ROW = 5
_SCALES = {
    "days": ("r", "Days since the last order, at most", 730, (30, 90, 180, 365)),
    "orders": ("f", "Orders, at least", 50, (2, 3, 5, 10)),
    "money": ("m", "Money, at least", 10_000, (50, 100, 250, 1000)),
}


def money(shop: Dataset) -> str:
    """Choose what monetary value is; margin is offered where goods have a cost."""
    if not has_costs(shop):
        return "net"
    return controls.choice("Monetary value is", {"net value": "net", "margin": "margin"}, key="money")


def fixed() -> list[str]:
    """Choose which scores follow fixed cut-offs instead of equal parts."""
    return controls.several(
        "Fixed cut-offs for", list(_SCALES), [], key="fixed", most=3, help="The others are cut into equal parts."
    )


def cutoffs(fixed: list[str], bins: int) -> dict[str, list[int]] | None:
    """Set the cut-offs of those scores by sliders, some in a row."""
    out = {}
    for name in fixed:
        score, label, highest, usual = _SCALES[name]
        st.caption(label)
        values = []
        for place in range(bins - 1):
            if place % _A_ROW == 0:
                columns = st.columns(_A_ROW)
            start = usual[place] if place < len(usual) else usual[-1] * (place - len(usual) + 2)
            words = f"for {bins - place if score == 'r' else place + 2}"
            with columns[place % _A_ROW]:
                value = controls.slider(words, 1, highest, min(start, highest), key=f"cut_{score}_{place}")
            values.append(value)
        out[score] = values
    return out or None


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
    if now == same:
        return list(kept) if kept else None
    _keep(now)
    return now


def kept(shop: Dataset) -> dict[str, Any]:
    """Return the rules that were edited, as the analyses take them; nothing for the usual ones."""
    edited = shop.edits.get(EDIT)
    return {"groups": list(edited)} if edited else {}


def _keep(value: Any) -> None:
    who = visitor()
    if who.shop is not None and who.shop.edits.get(EDIT) != value:
        who.shop = who.shop.with_edit(EDIT, value)
