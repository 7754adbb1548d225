"""A journey map to take away: PNG, SVG, PDF, CSV, Mermaid and CJML. Slides are in `slides`; JSON is the map itself.

Mermaid's journey has sections and tasks with a score from 1 to 5 and actors (https://mermaid.js.org/syntax/userJourney).
CJML 2.0 is the Customer Journey Modelling Language of SINTEF (https://cjml.no): a planned journey of phases, actors
and touchpoints. What these formats have no place for stays out of them; the JSON has all of it.
"""

from __future__ import annotations

import re
from csv import QUOTE_NONNUMERIC
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from journeylab.cells import harmless
from journeylab.journey.map_lettering import clean

if TYPE_CHECKING:
    from journeylab.journey.map import Map

#: What ends or changes a line of a Mermaid journey, and what may stand there instead.
_MERMAID = str.maketrans({":": "∶", ";": ",", '"': "”", **dict.fromkeys("#%{}<>`", " ")})
#: A line of a Mermaid journey that begins with one of these words is no task.
_KEYWORDS = re.compile(r"(journey|title|section|acctitle|accdescr)\b", re.IGNORECASE)
#: What XML 1.0 cannot hold.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def png(chart: Map, *, theme: str = "light", paper: str = "16:9", view: str = "map") -> bytes:
    """Return the picture at twice the size of its sheet."""
    import vl_convert

    return vl_convert.vegalite_to_png(_spec(chart, theme, paper, view), scale=2.0, allowed_base_urls=[])


def svg(chart: Map, *, theme: str = "light", paper: str = "16:9", view: str = "map") -> str:
    """Return the picture as SVG, its words as text."""
    import vl_convert

    return vl_convert.vegalite_to_svg(_spec(chart, theme, paper, view), allowed_base_urls=[])


def pdf(chart: Map, *, theme: str = "light", paper: str = "A3", view: str = "map") -> bytes:
    """Return the picture as one sheet of PDF."""
    import vl_convert

    return vl_convert.vegalite_to_pdf(_spec(chart, theme, paper, view), allowed_base_urls=[])


def csv(chart: Map) -> bytes:
    """Return every cell, pain and opportunity as a row of CSV in UTF-8 with a byte-order mark; no cell is a formula."""
    return chart.table().map(harmless).to_csv(index=False, quoting=QUOTE_NONNUMERIC).encode("utf-8-sig")


def mermaid(chart: Map) -> str:
    r"""Return the map as a Mermaid journey: stages as sections, touchpoints as tasks, emotion as a score from 1 to 5.

    Touchpoints whose emotion is not known get the middle, and say so.

    >>> from journeylab.journey import Map
    >>> print("\n".join(mermaid(Map.blank()).splitlines()[:4]))
    journey
        title Everyone: the journey
        section Awareness
          Arrives at the shop (emotion not known): 3: Everyone
    """
    actor = _mermaid_text(chart.about.get("name") or chart.persona or "Everyone").replace(",", "")
    lines = ["journey", f"    title {_mermaid_text(chart.title).replace('∶', ':')}"]  # a title may have colons
    for stage in chart.stages:
        lines.append(f"    section {_mermaid_text(stage.name)}")
        for point in chart.touchpoints:
            if point.stage != stage.id:
                continue
            value, said = point.value("emotion"), ""
            if value != value:  # noqa: PLR0124 - not a number
                value, said = point.value("guess_emotion"), " (a guess)"
            if value != value:  # noqa: PLR0124 - not a number
                value, said = 0.0, " (emotion not known)"
            score = min(5, max(1, round(value + 3)))
            name = _mermaid_text(point.name)
            name = f"“{name}”" if _KEYWORDS.match(name) else name
            lines.append(f"      {name}{said}: {score}: {actor}")
    return "\n".join(lines) + "\n"


def cjml(chart: Map) -> str:
    """Return the map as a planned journey in CJML 2.0: phases, actors, and a touchpoint for each of the map's.

    Experience belongs to single, actual journeys in CJML, so figures of many customers stand in comments.
    """
    root = ET.Element("CJML", version="2.0")
    journey = ET.SubElement(root, "plannedJourney")
    _child(journey, "journeyID", "PJ1")
    _child(journey, "journeyTitle", chart.title)
    phases = ET.SubElement(journey, "journeyPhases")
    for stage in chart.stages:
        phase = ET.SubElement(phases, "journeyPhase", phaseID=_xml(stage.id))
        _child(phase, "phaseName", stage.name)
        _child(phase, "phaseDescription", "")
    _child(journey, "journeyShortSummary", chart.headline())
    actors = ET.SubElement(journey, "actors")
    customer = ET.SubElement(actors, "endUser", actorID="customer")
    _child(customer, "actorName", chart.about.get("name") or chart.persona or "Customer")
    _child(ET.SubElement(actors, "serviceProvider", actorID="shop"), "companyName", "The shop")
    points = ET.SubElement(journey, "touchpoints")
    for number, point in enumerate(chart.touchpoints, start=1):
        spot = ET.SubElement(points, "plannedCommunicationPoint")
        _child(spot, "touchpointID", f"T{number}")
        ET.SubElement(spot, "belongsTo", phaseIDref=_xml(point.stage))
        _party(spot, "initiator", "customer", "initiatorLabel", point.name)
        _party(spot, "receiver", "shop", "receiverLabel", point.name)
        channels = point.cells.get("channels")
        _child(ET.SubElement(spot, "channel"), "channelName", channels.text if channels else "")
        said = [
            f"{cell.text} ({cell.source})" for lane, cell in point.cells.items() if cell.text and lane != "channels"
        ]
        said += [f"Pain, {pain.kind}: {pain.text}" for pain in point.pains]
        said += [f"Opportunity: {chance.text}" for chance in point.opportunities]
        _child(spot, "comment", "; ".join(said))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _spec(chart: Map, theme: str, paper: str, view: str) -> dict[str, Any]:
    return chart.draw(theme=theme, paper=paper, view=view).to_dict()


def _party(spot: ET.Element, role: str, actor: str, label: str, text: str) -> None:
    party = ET.SubElement(spot, role)
    ET.SubElement(party, "refersTo", actorIDref=actor)
    _child(party, label, text)


def _child(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = _xml(text)


def _xml(text: str) -> str:
    return _NOT_XML.sub("", text)


def _mermaid_text(text: str) -> str:
    """Return text without what Mermaid would read as more than text."""
    return " ".join(clean(text).translate(_MERMAID).split()) or "-"
