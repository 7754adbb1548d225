"""The Journey map page: whose map, filled from the data at a click, drawn, presented, compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from journeylab.app import controls, map_keeper, map_tables, panels, persona_recipe
from journeylab.app.demo import demo_button, open_demo
from journeylab.app.presenter import presenting
from journeylab.app.shell import story
from journeylab.app.state import visitor
from journeylab.errors import JourneylabError, NotEnoughData, SchemaError
from journeylab.journey.map import Map
from journeylab.journey.map_picture import QUESTION
from journeylab.report.markdown import escape

if TYPE_CHECKING:
    from collections.abc import Callable

    from journeylab.customers.personas import Personas
    from journeylab.data.dataset import Dataset

EVERYONE, ONE = "Everyone", "One persona"
_FIELDS = ("events", "orders", "surveys", "tickets")
_HEIGHT, _WALL = 640, 740


def chosen(
    shop: Dataset,
    evidence: Callable[..., Any],
    personas: Callable[..., Any],
    *,
    preview: Callable[[Map], None] | None = None,
) -> Map:
    """Choose whose map it is, and return it: as kept, else drafted from the data, else blank.

    Args:
        shop: The shop.
        evidence: The analysis that knows what fills a map; the page names it so that it is known what the page needs.
        personas: The analysis that finds the personas.
        preview: Draws the figures while friction and comments are still looked at.
    """
    del evidence
    st.session_state["map_preview"] = st.empty()
    if presenting():
        return _map(shop, st.session_state.get("map_persona"), st.session_state.get("map_personas"))
    if visitor().shop is None and demo_button("map_demo"):
        open_demo()
    row = st.container(horizontal=True, vertical_alignment="bottom")
    st.session_state["map_preview"] = st.empty()
    with row:
        persona, found = _whose(shop, personas)
        st.session_state["map_persona"], st.session_state["map_personas"] = persona, found
        chart = _map(shop, persona, found, preview)
        chart = _refreshed(shop, chart, found)
        if st.button("Undo", icon=":material/undo:", key="map_undo", disabled=not map_keeper.can_undo(persona)):
            map_keeper.undo(persona)
            st.rerun()
    if persona and found is not None and persona not in set(found.cards["name"]):
        st.warning(
            f"{escape(persona)} is not among the personas any more. Its map stays as it is; no data can renew it.",
            icon=":material/person_off:",
        )
    filled = chart.data().get("period")
    if filled and shop.period and filled != [str(day) for day in shop.period]:
        st.caption(escape(f"Filled from data of {filled[0]} to {filled[1]}; the period is another now. Fill it again."))
    _said_of(chart)
    return chart


def _whose(shop: Dataset, personas: Callable[..., Any]) -> tuple[str | None, Personas | None]:
    """Choose everyone or a persona; a persona whose map is kept stays even if it is found no more."""
    whose = controls.choice("Whose journey", {EVERYONE: None, ONE: ONE}, key="whose")
    if whose is None:
        return None, None
    found = None
    if shop.has("orders.customer_id"):
        try:
            found = persona_recipe.found(shop, find=personas, named=False)
        except NotEnoughData as error:
            panels.problem(error)
    known = list(found.cards["name"]) if found is not None else []
    names = [*known, *(name for name in map_keeper.maps() if name and name not in known)]
    if not names:
        st.caption("There are no personas: they come from orders with customers.")
        return None, None
    kept = shop.edits.get("personas", {})
    shown: dict[str, str] = {}
    for name in names:
        own = kept.get(name, {}).get("name") or name
        shown[own if own not in shown else f"{own} ({name})"] = name
    return controls.choice("Persona", shown, key="persona"), found


def _map(
    shop: Dataset, persona: str | None, found: Personas | None, preview: Callable[[Map], None] | None = None
) -> Map:
    try:
        kept = map_keeper.kept(persona)
    except SchemaError as error:  # of a file that somebody changed: the page works all the same
        panels.problem(SchemaError("The map that is kept cannot be read, so another is drawn.", why=error.what))
        kept = None
    if kept is None and not _knows(shop):
        return Map.blank(persona=persona)
    chart = kept if kept is not None else _drafted(shop, persona, found, preview)
    if chart.call is not None and not any(getattr(step, "call", None) == chart.call for step in story().steps):
        story().steps.append(chart)
    return chart


def _knows(shop: Dataset) -> bool:
    return any(shop.has(table) for table in _FIELDS)


def _drafted(shop: Dataset, persona: str | None, found: Personas | None, preview: Callable[[Map], None] | None) -> Map:
    """Draft a map from the data, once for each state of it; its figures show while its pains are looked for."""

    def make() -> Map:
        place = st.session_state["map_preview"]
        with place.container():
            st.caption(":material/hourglass_top: Filling the map from the data")

        def show(quick: Map) -> None:
            if preview is not None:
                with place.container():
                    st.caption(":material/hourglass_top: Looking for friction, and reading comments")
                    preview(quick)

        chart = Map.from_data(shop, persona=persona, personas=found, progress=show)
        place.empty()
        return chart

    try:
        return visitor().remember((shop.fingerprint, "journey map", persona or ""), make)
    except JourneylabError as error:
        panels.problem(error)
        return Map.blank(persona=persona)


def _refreshed(shop: Dataset, chart: Map, found: Personas | None) -> Map:
    if not st.button(
        "Fill from the data", icon=":material/sync:", key="map_fill", disabled=not _knows(shop),
        help="Renews every figure from the data and says what moved. What the team wrote stays.",
    ):  # fmt: skip
        return chart
    try:
        with st.spinner("Filling the map from the data"):
            fresh = chart.refresh(shop, personas=found)
    except JourneylabError as error:
        panels.problem(error)
    else:
        map_keeper.keep(fresh)
        st.rerun()
    return chart


def _said_of(chart: Map) -> None:
    about = {key: text for key, text in chart.about.items() if key in {"goals", "needs", "barriers", "quote"}}
    if about:
        st.caption("  \n".join(f"**{key.capitalize()}**: {escape(text)}" for key, text in about.items()))


def picture(chart: Map, *, view: str = "map", paper: str = "16:9", height: int | None = None, key: str = "") -> None:
    """Draw the map as one picture in the colours of the page."""
    theme = st.context.theme.type or "light"
    spec = chart.draw(theme=theme, view=view, paper=paper).to_dict(validate=False)
    del spec["width"], spec["height"]
    tall = height or (_WALL if presenting() else _HEIGHT)
    alt = QUESTION if view == "guess" else chart.headline()
    st.vega_lite_chart(spec=spec, width="stretch", height=tall, theme=None, alt=alt, key=f"journey_map_{view}{key}")


def preview(chart: Map) -> None:
    """Draw the map while it is not whole yet."""
    picture(chart, key="_preview")


def compare(shop: Dataset, chart: Map) -> None:
    """Put another map beside this one: one that is kept, or a file."""
    others = {name or EVERYONE: name for name in map_keeper.maps() if (name or None) != chart.persona}
    if chart.persona is not None and EVERYONE not in others and _knows(shop):
        others = {EVERYONE: "", **others}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        picked = controls.choice("Beside", {**others, "a file": None}, key="beside")
        file = st.file_uploader("A map as JSON", type="json", key="beside_file") if picked is None else None
    if picked is None and file is None:
        st.caption("Choose a map that was saved as JSON; or choose one persona above, to put everyone's map beside it.")
        return
    try:
        other = Map.from_json(file.getvalue(), name=file.name) if file else _map(shop, picked or None, None)
    except JourneylabError as error:
        panels.problem(error)
        return
    found = chart.difference(other)
    with st.container(border=True):
        st.subheader(escape(found.headline()), anchor=False)
        picture(chart, view="curve", height=460)
        theme = st.context.theme.type or "light"
        spec = other.draw(theme=theme, view="curve").to_dict(validate=False)
        del spec["width"], spec["height"]
        st.vega_lite_chart(
            spec=spec, width="stretch", height=460, theme=None, alt=other.headline(), key="journey_map_other"
        )
        if not found.felt.empty:
            spec = found.chart().to_dict(validate=False)
            st.vega_lite_chart(spec=spec, alt=found.headline(), key="map_difference_chart")
        map_tables.differences(found)


def doubts(chart: Map) -> None:
    """Write what would make a careful reader doubt the map."""
    if chart.caveats and not presenting():
        st.caption("  \n".join(escape(caveat) for caveat in chart.caveats))
