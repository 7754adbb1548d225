"""The steps of a funnel on the page: picked in order, once or again, and looked at closely."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from journeylab.app import controls, links
from journeylab.app.state import visitor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journeylab.data.dataset import Dataset

LIMITS = {"5 min": "5m", "30 min": "30m", "1 h": "1h", "1 day": "1d", "7 days": "7d"}
ANY, AGAIN = "any event", ", again"
#: So many of the commonest events can be picked a second time.
_AGAIN_OF = 30


def names(shop: Dataset) -> tuple[str, ...]:
    """Return the names of the shop's events."""
    from journeylab.journey.steps import names as known

    return visitor().remember((shop.fingerprint, "touchpoints"), lambda: known(shop))


def offered(known: Sequence[str]) -> dict[str, str | None]:
    """Return what may be picked as a step, and the event it stands for; None for any event.

    >>> offered(["view", "buy"])
    {'view': 'view', 'buy': 'buy', 'view, again': 'view', 'buy, again': 'buy', 'any event': None}
    """
    again: dict[str, str | None] = {f"{name}{AGAIN}": name for name in known[:_AGAIN_OF]}
    return {name: name for name in known} | {k: v for k, v in {**again, ANY: None}.items() if k not in known}


def steps(shop: Dataset) -> list[Any]:
    """Pick the steps of a funnel in order, and look at each closely."""
    from journeylab.journey.steps import MAX_STEPS, suggested

    known = names(shop)
    events = offered(known)
    picked = controls.several(
        "Steps, in order",
        list(events),
        suggested(known),
        key="steps",
        most=MAX_STEPS,
        help=(
            "A visitor must do them in this order; other events may lie between. An event can be a second step as "
            f"“…{AGAIN}”, and “{ANY}” takes all that meet the conditions said below."
        ),
    )
    return _closely(shop, {name: events[name] for name in picked})


def words(step: Any) -> str:
    """Return a step in words, as the library names it."""
    from journeylab.journey.steps import CONDITIONS, read_one

    return read_one(step, set(CONDITIONS.values())).words


def _closely(shop: Dataset, picked: dict[str, str | None]) -> list[Any]:
    """Let each step take further events, conditions, a limit of its own, or be left out."""
    if not picked:
        return []
    having = _conditions(shop)
    with st.expander("Each step closely: further events, conditions, limits"):
        key = f"step_details_{'|'.join(picked)}"
        columns: dict[str, Any] = {
            "step": st.column_config.TextColumn("Step", disabled=True),
            "or": st.column_config.MultiselectColumn("or any of", options=list(names(shop))),
            "optional": st.column_config.CheckboxColumn("may be left out"),
            "within": st.column_config.SelectboxColumn("within, of the step before", options=list(LIMITS)),
        }
        for name, values in having.items():
            columns[name] = st.column_config.MultiselectColumn(
                f"only {name}", options=list(values), help=f"Any of these; the {len(values):,} commonest are offered."
            )
        # the editor keeps what is typed beside the frame it began with, so that frame must stay the same
        several = {"or": names(shop), **having}
        start = st.session_state.setdefault(f"{key}_start", _linked(picked, several))
        rows = st.data_editor(start, column_config=columns, hide_index=True, key=key).to_dict("records")
    told = {row["step"]: _told(row, having) for row in rows}
    links.write("details", {step: details for step, details in told.items() if details})
    return [_step(row, picked[row["step"]], having) for row in rows]


def _conditions(shop: Dataset) -> dict[str, tuple[str, ...]]:
    """Return the conditions a step may carry here, each with the values there are."""
    from journeylab.journey.steps import CONDITIONS, condition_values

    having = {name: column for name, column in CONDITIONS.items() if shop.has(f"events.{column}")}

    def of(column: str) -> tuple[str, ...]:
        return visitor().remember((shop.fingerprint, "condition", column), lambda: condition_values(shop, column))

    return {name: of(column) for name, column in having.items()}


def _linked(picked: dict[str, str | None], several: dict[str, tuple[str, ...]]) -> pd.DataFrame:
    """Return the details of the steps as the link has them, without what is not offered here."""
    link = links.read("details")
    rows = []
    for step in picked:
        asked = link.get(step)
        told = asked if isinstance(asked, dict) else {}
        within = told.get("within")
        row: dict[str, Any] = {name: _among(told.get(name), values, name) for name, values in several.items()}
        row["within"] = within if isinstance(within, str) and within in LIMITS else None
        rows.append({"step": step, **row, "optional": told.get("optional") is True})
    return pd.DataFrame(rows)


def _among(asked: Any, values: tuple[str, ...], name: str) -> list[str]:
    """Return those of the values a link asks for that there are; a condition may be one value alone."""
    found = [asked] if isinstance(asked, str) and name != "or" else asked
    return [value for value in found if value in values] if isinstance(found, list) else []


def _told(row: dict[str, Any], conditions: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    """Return what a row says beyond its defaults, as the link keeps it."""
    said: dict[str, Any] = {"or": _list(row["or"])} if _list(row["or"]) else {}
    said |= {name: _one_or_more(row[name]) for name in conditions if _list(row[name])}
    if isinstance(row["within"], str):
        said["within"] = row["within"]
    return said | ({"optional": True} if row["optional"] is True else {})


def _step(row: dict[str, Any], event: str | None, conditions: dict[str, tuple[str, ...]]) -> Any:
    """Write a row of the editor as a step: a name where nothing else was said."""
    more = [name for name in _list(row["or"]) if name != event]
    events = [*([event] if event else []), *more]
    said: dict[str, Any] = {"event": events if more else event} if events else {}
    said |= {name: _one_or_more(row[name]) for name in conditions if _list(row[name])}
    if row["optional"] is True:
        said["optional"] = True
    if isinstance(row["within"], str):
        said["within"] = LIMITS[row["within"]]
    return event if said == {"event": event} else said


def _list(cell: Any) -> list[str]:
    return list(cell) if isinstance(cell, list | tuple) else []


def _one_or_more(cell: Any) -> Any:
    values = _list(cell)
    return values[0] if len(values) == 1 else values
