"""Editing a journey map in place: stages, touchpoints, pains and opportunities as tables, the team's scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from journeylab.app import controls, map_keeper, panels
from journeylab.app.state import visitor
from journeylab.errors import JourneylabError
from journeylab.journey.map_model import CRITERIA, KINDS, LANES, WRITTEN
from journeylab.journey.map_names import Names, names
from journeylab.journey.map_rows import labels, rows, with_rows
from journeylab.report.markdown import escape

if TYPE_CHECKING:
    import pandas as pd

    from journeylab.journey.map import Map

_PARTS = {
    "Touchpoints": "touchpoints",
    "Pain points": "pains",
    "Opportunities": "opportunities",
    "Stages": "stages",
    "Events and words": "names",
}
_HELP = {
    "touchpoints": "Write into any cell; it counts as assumed. The last row is a new touchpoint.",
    "pains": "What hurts, and of which kind. Dots are the votes of the room.",
    "opportunities": "What could be done, whose it is, by which figure it is judged, and what comes next.",
    "stages": "Touchpoints of a stage that is deleted go to the one before.",
    "names": "By which events, and by which words of answers and support cases, data knows a touchpoint. Choose from "
    "the shop's own or type others; “Fill from the data” then counts anew.",
}


def editor(chart: Map) -> None:
    """Edit one part of the map as a table; every change is kept at once and can be undone."""
    part = _PARTS[controls.segments("Edit", list(_PARTS), key="edit_part")]
    st.caption(_HELP[part])
    edit(chart, part)


def edit(chart: Map, part: str, *, key: str = "edit") -> Map:
    """Show one part as a table to edit, and keep what it makes; return the map."""
    name = f"{key}_{part}_{chart.persona or ''}"
    base = _base(chart, name)
    frame = rows(base, part)
    edited = st.data_editor(
        frame,
        column_config={"id": None, **_columns(base, part)},
        num_rows="fixed" if part in {"scores", "names"} else "dynamic",
        hide_index=True,
        placeholder="–",
        key=f"{name}_{map_keeper.mount()}",
        width="stretch",
        height="content",
    )
    return _kept(base, part, edited, chart)


def _base(chart: Map, name: str) -> Map:
    """Return the map that a table began from: a table must not change under the hands of who edits it.

    A table that was out of sight has forgotten what was typed, so it begins from what was kept.
    """
    mount = (map_keeper.mount(), name)
    if st.session_state.get("map_base_of") != mount or f"{name}_{map_keeper.mount()}" not in st.session_state:
        st.session_state["map_base_of"], st.session_state["map_base"] = mount, chart
        map_keeper.remount()
        st.session_state["map_base_of"] = (map_keeper.mount(), name)
    return st.session_state["map_base"]


def _kept(base: Map, part: str, edited: pd.DataFrame, chart: Map) -> Map:
    try:
        new = with_rows(base, part, edited)
    except JourneylabError as error:
        panels.problem(error)
        return chart
    if (new != base or chart != base) and map_keeper.keep(new, anew=False):
        st.rerun()  # what was drawn before the table shows what the table made
    return new


def _columns(chart: Map, part: str) -> dict[str, Any]:
    column = st.column_config
    votes = column.NumberColumn("Dots", min_value=0, max_value=10_000, step=1, width="small")
    points = column.SelectboxColumn("Touchpoint", options=list(labels(chart.touchpoints).values()), required=True)
    if part == "stages":
        return {"name": column.TextColumn("Stage", required=True)}
    if part == "pains":
        return {
            "touchpoint": points,
            "kind": column.SelectboxColumn("Kind", options=list(KINDS), default=KINDS[1]),
            "text": column.TextColumn("Pain point", width="large"),
            "source": column.TextColumn("Known from", disabled=True, width="small"),
            "votes": votes,
        }
    if part == "opportunities":
        return {
            "touchpoint": points,
            "text": column.TextColumn("Opportunity", width="large"),
            "owner": column.TextColumn("Owner"),
            "kpi": column.TextColumn("KPI"),
            "next_step": column.TextColumn("Next step"),
            "votes": votes,
        }
    if part == "scores":
        score = {
            name: column.NumberColumn(name.capitalize(), min_value=0, max_value=5, step=1, width=40 + 7 * len(name))
            for name in CRITERIA
        }
        return {"name": column.TextColumn("Touchpoint", disabled=True, pinned=True), **score}
    if part == "names":
        known = _names()
        return {
            "name": column.TextColumn("Touchpoint", disabled=True, pinned=True),
            "events": column.MultiselectColumn("Events", options=known.events, accept_new_options=True, width="large"),
            "about": column.MultiselectColumn(
                "Words of answers and cases", options=known.words, accept_new_options=True, width="large"
            ),
        }
    expected = column.NumberColumn("Expected, -2 to 2", min_value=-2.0, max_value=2.0, step=0.5)
    texts = {lane: column.TextColumn(lane.upper() if lane == "kpi" else lane.capitalize()) for lane in WRITTEN}
    return {
        "place": column.NumberColumn("Place", width="small", help="Touchpoints stand in the order of these numbers."),
        "stage": column.SelectboxColumn("Stage", options=list(labels(chart.stages).values())),
        "name": column.TextColumn("Touchpoint", required=True, pinned=True),
        **texts,
        "expectation": expected,
    }


def _names() -> Names:
    """Return the names that the shop's data has, to choose from."""
    shop = visitor().shop
    if shop is None:
        return Names((), ())
    return visitor().remember((shop.fingerprint, "names of touchpoints"), lambda: names(shop))


def scores(chart: Map) -> None:
    """Score touchpoints from 0 to 5, and show where the team and the evidence disagree."""
    left, right = st.columns([3, 2])
    with left:
        st.caption("The team's scores, 0 to 5. Leave empty what you cannot say.")
        chart = edit(chart, "scores")
    found = chart.scorecard()
    with right, st.container(border=True):
        st.subheader(escape(found.headline()), anchor=False)
        if found.rows.empty:
            st.caption("Score a touchpoint, or fill the map from data.")
            return
        st.vega_lite_chart(spec=found.chart().to_dict(validate=False), alt=found.headline(), key="scorecard_chart")
        st.caption("  \n".join(escape(caveat) for caveat in found.caveats))
    column = st.column_config
    st.dataframe(
        found.rows.assign(from_lane=[LANES.get(lane, "") for lane in found.rows["from_lane"]]),
        hide_index=True,
        alt=found.headline(),
        placeholder="–",
        column_config={
            "touchpoint": column.TextColumn("Touchpoint", pinned=True),
            "criterion": column.TextColumn("Criterion"),
            "team": column.NumberColumn("Team", format="%.0f"),
            "evidence": column.NumberColumn("Evidence", format="%.1f"),
            "lower": column.NumberColumn("From", format="%.1f", help="Lower end of the evidence's interval."),
            "upper": column.NumberColumn("To", format="%.1f", help="Upper end of the evidence's interval."),
            "n": column.NumberColumn("n", format="localized"),
            "gap": column.NumberColumn("Team less evidence", format="%.1f"),
            "clear": column.CheckboxColumn(
                "Disagree", help="The interval lies more than half a point from the team's score."
            ),
            "from_lane": column.TextColumn("Evidence from"),
        },
    )
