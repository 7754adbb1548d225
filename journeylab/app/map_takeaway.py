"""What a journey map leaves the app as: pictures, slides, tables, and formats that other tools read."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from journeylab.app import map_keeper, panels
from journeylab.app.presenter import presenting
from journeylab.errors import JourneylabError
from journeylab.journey.map import Map
from journeylab.report import map_files, slides

if TYPE_CHECKING:
    from collections.abc import Callable

_PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


def downloads(chart: Map) -> None:
    """Offer the map in every form, and take one in that was saved as JSON; not before a room."""
    if presenting():
        return
    theme = st.context.theme.type or "light"
    with st.popover("Download", icon=":material/download:"):
        paper = st.segmented_control("Paper", ["16:9", "A3"], default="16:9", key="map_paper", required=True)
        paper = paper or "16:9"
        offers: list[tuple[str, str, str, Callable[[], Any]]] = [
            ("Slides, to edit (PPTX)", "pptx", _PPTX, partial(slides.pptx, chart)),
            ("Picture (PNG)", "png", "image/png", partial(map_files.png, chart, theme=theme, paper=paper)),
            ("Picture (SVG)", "svg", "image/svg+xml", partial(map_files.svg, chart, theme=theme, paper=paper)),
            ("Sheet (PDF)", "pdf", "application/pdf", partial(map_files.pdf, chart, paper=paper)),
            ("Table (CSV)", "csv", "text/csv", partial(map_files.csv, chart)),
            ("The map itself (JSON)", "json", "application/json", chart.to_json),
            ("Mermaid journey", "mmd", "text/plain", partial(map_files.mermaid, chart)),
            ("CJML", "xml", "application/xml", partial(map_files.cjml, chart)),
        ]
        for label, ending, mime, make in offers:
            st.download_button(
                label, make, file_name=f"journey-map.{ending}", mime=mime, key=f"map_{ending}", on_click="ignore",
                width="stretch",
            )  # fmt: skip
    with st.popover("Open a map", icon=":material/upload_file:"):
        file = st.file_uploader("A map as JSON", type="json", key=f"map_file_{map_keeper.mount()}")
        if file is not None and st.button("Put it in the place of this one", key="map_open"):
            _take_in(file, chart)


def _take_in(file: Any, chart: Map) -> None:
    try:
        new = Map.from_json(file.getvalue(), name=file.name).with_(persona=chart.persona)
    except JourneylabError as error:
        panels.problem(error)
        return
    map_keeper.keep(new)
    st.rerun()
