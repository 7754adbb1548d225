"""The controls of the Touchpoints page: a funnel's steps closely, its rules, groups to compare, money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from journeylab.app import controls, links
from journeylab.app.state import visitor
from journeylab.errors import NotEnoughData

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journeylab.data.dataset import Dataset

ORDERS = {"in this order, others between": "ordered", "directly after each other": "strict", "in any order": "any"}
ENTRIES = {"everyone starts at step 1": "closed", "anyone may come in at any step": "open"}
UNITS = {"visitors": "visitor", "sessions": "session"}
GAPS = {
    "as the data says, or 30 minutes": None,
    "10 minutes": "10m",
    "30 minutes": "30m",
    "1 hour": "1h",
    "4 hours": "4h",
}
SHARES = {"from the costs": None} | {f"{n} %": n / 100 for n in range(10, 101, 10)}
LIMITS = {"5 min": "5m", "30 min": "30m", "1 h": "1h", "1 day": "1d", "7 days": "7d"}
_CONDITIONS = {"page": "page", "channel": "marketing_channel", "device": "device", "sku": "sku"}


def names(shop: Dataset) -> tuple[str, ...]:
    """Return the names of the shop's events."""
    from journeylab.journey.steps import names as known

    return visitor().remember((shop.fingerprint, "touchpoints"), lambda: known(shop))


def values(shop: Dataset, by: str) -> tuple[str, ...]:
    """Return the commonest values of a column to break down by."""
    from journeylab.journey.tally import values as known

    return visitor().remember((shop.fingerprint, "values", by), lambda: known(shop, by))


def steps(shop: Dataset) -> list[Any]:
    """Pick the steps of a funnel in order, and look at each closely."""
    return step_details(shop, controls.steps(shop))


def step_details(shop: Dataset, steps: Sequence[str]) -> list[Any]:
    """Let each step take further events, conditions, a limit of its own, or be left out."""
    if not steps:
        return []
    having = {name: column for name, column in _CONDITIONS.items() if shop.has(f"events.{column}")}
    with st.expander("Each step closely: further events, conditions, limits"):
        key = f"step_details_{'|'.join(steps)}"
        offered: dict[str, Sequence[str]] = {"or": names(shop), "within": tuple(LIMITS)}
        offered |= {name: values(shop, column) for name, column in having.items()}
        columns: dict[str, Any] = {
            "step": st.column_config.TextColumn("Step", disabled=True),
            "or": st.column_config.MultiselectColumn("or any of", options=list(offered["or"])),
            "optional": st.column_config.CheckboxColumn("may be left out"),
            "within": st.column_config.SelectboxColumn("within, of the step before", options=list(LIMITS)),
        }
        for name in having:
            columns[name] = st.column_config.SelectboxColumn(f"only {name}", options=list(offered[name]))
        # the editor keeps what is typed beside the frame it began with, so that frame must stay the same
        start = st.session_state.setdefault(f"{key}_start", _linked(steps, offered))
        rows = st.data_editor(start, column_config=columns, hide_index=True, key=key).to_dict("records")
    told = {row["step"]: {name: row[name] for name in (*offered, "optional") if _is_said(row[name])} for row in rows}
    links.write("details", {step: details for step, details in told.items() if details})
    return [_step(row, having) for row in rows]


def _linked(steps: Sequence[str], offered: dict[str, Sequence[str]]) -> pd.DataFrame:
    """Return the details of the steps as the link has them, without what is not offered here."""
    link = links.read("details")
    rows = []
    for step in steps:
        asked = link.get(step)
        told = asked if isinstance(asked, dict) else {}
        also = told.get("or")
        row = {name: told.get(name) if told.get(name) in list(values) else None for name, values in offered.items()}
        row["or"] = [name for name in (also if isinstance(also, list) else []) if name in list(offered["or"])]
        rows.append({"step": step, **row, "optional": told.get("optional") is True})
    return pd.DataFrame(rows)


def _is_said(value: Any) -> bool:
    """Say whether a cell of the editor holds more than its default."""
    return bool(value) if isinstance(value, bool | str | list) else False


def _step(row: dict[str, Any], conditions: Any) -> Any:
    """Write a row of the editor as a step: a name where nothing else was said."""
    said: dict[str, Any] = {"event": row["step"]}
    more = [name for name in (row["or"] if isinstance(row["or"], list) else []) if name != row["step"]]
    if more:
        said["event"] = [row["step"], *more]
    said |= {name: row[name] for name in conditions if isinstance(row[name], str)}
    if row["optional"]:
        said["optional"] = True
    if isinstance(row["within"], str):
        said["within"] = LIMITS[row["within"]]
    return said if len(said) > 1 else said["event"]


def rules(shop: Dataset) -> dict[str, Any]:
    """Choose how steps follow each other, who may enter, what ends an attempt, and what is added."""
    with st.popover("More rules", icon=":material/tune:"):
        chosen: dict[str, Any] = {
            "order": controls.choice("The steps come", ORDERS, key="order"),
            "entry": controls.choice("Entry", ENTRIES, key="entry"),
            "unit": controls.choice("Count", UNITS, key="unit"),
            "exclude": controls.several("Ended by", names(shop), (), key="exclude", most=5),
            "correct_open": controls.choice(
                "Open windows", {"counted apart": False, "corrected for": True}, key="open"
            ),
            "previous": controls.choice("Period before", {"not shown": False, "beside it": True}, key="before"),
        }
    usual = {"order": "ordered", "entry": "closed", "unit": "visitor", "exclude": []}
    return {name: value for name, value in chosen.items() if value and value != usual.get(name)}


def pair(shop: Dataset) -> dict[str, Any]:
    """Choose two groups to compare, or none."""
    by = controls.breakdown(shop)
    if by is None:
        return {}
    known = values(shop, by)
    chosen = controls.several("Compare", known, known[:2], key="pair", most=2)
    return {"by": by, "groups": chosen} if len(chosen) == 2 else {}


def gap() -> str | None:
    """Choose after how long a silence a visit ends."""
    return controls.choice("A visit ends after", GAPS, key="gap")


def margin() -> float | None:
    """Choose which share of an order is margin."""
    return controls.choice("Margin", SHARES, key="margin", help="Share of an order's value that is margin.")


def strata(shop: Dataset, by: str | None) -> list[str]:
    """Choose columns within which visitors are compared."""
    from journeylab.journey.tally import dimensions

    having = [name for name in dimensions(shop) if name != by]
    return controls.several("Compared within", having, (), key="within_same", most=3)


def alike(shop: Dataset, by: str | None) -> list[str]:
    """Choose columns within which sessions are compared; the device, where it is known, unless said otherwise."""
    from journeylab.journey.tally import dimensions

    having = [name for name in dimensions(shop) if name != by]
    usual = [name for name in having if name == "device"]
    return controls.several("Compared within", having, usual, key="alike", most=3)


def way(shop: Dataset) -> dict[str, Any]:
    """Choose where ways begin or end, and how far they are followed."""
    event = controls.choice("Event", {"any": None} | {name: name for name in names(shop)}, key="event")
    side = controls.choice("Ways", {"from it onwards": "start", "back from it": "end"}, key="way")
    depth = controls.slider("Steps", 2, 8, 4, key="depth")
    return {"depth": depth} | ({side: event} if event else {})


def transition(shop: Dataset) -> dict[str, Any]:
    """Choose a transition and the rate it shall have."""
    from journeylab.journey.steps import suggested

    known = {name: name for name in names(shop)}
    if len(known) < 2:
        raise NotEnoughData("There are fewer than two kinds of events in this period.", do="Choose a longer period.")
    way = suggested(list(known))
    # the last step is often not the next one but one further on, so a step in the middle is the better example
    usual, last = way[-3:-1] if len(way) > 3 else way[-2:]
    source = controls.choice("From", known, key="source", default=usual)
    target = controls.choice("more go to", known, key="target", default=last)
    rate = controls.slider("Per cent of what comes next", 0, 100, 75, key="rate")
    return {"source": source, "target": target, "rate": rate / 100}


def place(steps: Sequence[Any]) -> int:
    """Choose the step at which visitors were lost."""
    return controls.slider("Lost at step", 2, max(len(steps), 3), 2, key="at")
