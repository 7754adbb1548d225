"""What a journey map is made of: stages, touchpoints, cells with their evidence, pains, opportunities.

These are read from a map's JSON, which is the map: keys that nobody here knows stay in it untouched.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FORMAT, VERSION = "journeylab journey map", 1
#: Coverage of every interval on a map.
LEVEL = 0.95

#: Where a cell's content comes from: counted, answered by customers, or written by the team.
OBSERVED, SURVEY, ASSUMED = "observed", "survey", "assumed"
SOURCES = (OBSERVED, SURVEY, ASSUMED)
KINDS = ("navigational", "usability", "emotional", "financial", "support", "performance")
CRITERIA = ("appropriateness", "relevance", "simplicity", "appeal")

#: The lanes of a map in the order in which they are read, by key.
LANES = {
    "actions": "Actions",
    "channels": "Channels",
    "volume": "Visitors",
    "met_by_buyers": "Met by buyers",
    "drop_off": "Leave here",
    "time": "Time to the next",
    "thoughts": "Thoughts",
    "expectation": "Expectation",
    "experience": "Experience",
    "emotion": "Emotion",
    "ease": "Ease",
    "guess_emotion": "The team's guess of emotion",
    "guess_drop_off": "The team's guess of who leaves",
    "stake": "Margin at stake",
    "support": "Support cases",
    "repeat_contacts": "Repeat contacts",
    "kpi": "KPI",
    "owner": "Owner",
}
#: Lanes that hold a number, with the least and the greatest it may be.
NUMBERS = {
    "emotion": (-2.0, 2.0),
    "ease": (-2.0, 2.0),
    "guess_emotion": (-2.0, 2.0),
    "expectation": (-2.0, 2.0),
    "experience": (-2.0, 2.0),
    "drop_off": (0.0, 1.0),
    "guess_drop_off": (0.0, 1.0),
}
#: Lanes for the team to write.
WRITTEN = ("actions", "channels", "thoughts", "expectation", "kpi", "owner")


@dataclass(frozen=True)
class Cell:
    """What stands in one lane at one touchpoint, and how it is known.

    Args:
        text: In words.
        source: 'observed', 'survey' or 'assumed'.
        value: The figure, if it is one: emotion from -2 to 2, shares from 0 to 1, time in seconds, money.
        n: How many it rests on, or did it.
        of: Of how many.
        lower: Lower end of its interval.
        upper: Upper end.
        date: Last day of the evidence.
        unit: What is counted, where touchpoints are counted by different things: 'visitor', 'known visitor', 'visit'
            or 'buyer'; figures of different units are not compared.
        days: Days a total adds up over.
    """

    text: str = ""
    source: str = ASSUMED
    value: float = math.nan
    n: int | None = None
    of: int | None = None
    lower: float = math.nan
    upper: float = math.nan
    date: str = ""
    unit: str = ""
    days: int | None = None


@dataclass(frozen=True)
class Pain:
    """A pain point: its kind, its words, and its evidence.

    `lower` and `upper` are the ends of the interval of n / of, `clear` says whether it is beyond noise, `margin` is the
    money that goes with it and `margin_lower` and `margin_upper` the ends of its interval.
    """

    id: str
    text: str
    kind: str = "usability"
    source: str = ASSUMED
    n: int | None = None
    of: int | None = None
    lower: float = math.nan
    upper: float = math.nan
    margin: float = math.nan
    margin_lower: float = math.nan
    margin_upper: float = math.nan
    clear: bool = False
    date: str = ""
    votes: int = 0


@dataclass(frozen=True)
class Opportunity:
    """What could be done: who owns it, by which KPI it is judged, and what comes next."""

    id: str
    text: str
    owner: str = ""
    kpi: str = ""
    next_step: str = ""
    votes: int = 0
    source: str = ASSUMED


@dataclass(frozen=True)
class Stage:
    """A stage of the journey."""

    id: str
    name: str


@dataclass(frozen=True)
class Touchpoint:
    """A touchpoint: its stage, the events and words by which data speaks of it, and what stands at it."""

    id: str
    name: str
    stage: str
    events: tuple[str, ...]
    about: tuple[str, ...]
    cells: Mapping[str, Cell]
    pains: tuple[Pain, ...]
    opportunities: tuple[Opportunity, ...]
    scores: Mapping[str, int]

    def cell(self, lane: str) -> Cell | None:
        """Return what stands in a lane; None if nothing does."""
        return self.cells.get(lane)

    @property
    def items(self) -> tuple[Pain | Opportunity, ...]:
        """Pains and opportunities: what a room can vote on."""
        return (*self.pains, *self.opportunities)

    def value(self, lane: str) -> float:
        """Return the figure of a lane; NaN if there is none."""
        cell = self.cells.get(lane)
        return cell.value if cell else math.nan


def touchpoint(data: Mapping[str, Any]) -> Touchpoint:
    """Read one touchpoint of a checked map."""
    return Touchpoint(
        id=data["id"],
        name=data.get("name") or data["id"],
        stage=data["stage"],
        events=tuple(data.get("events", ())),
        about=tuple(data.get("about", ())),
        cells={lane: _as(Cell, cell) for lane, cell in data.get("cells", {}).items()},
        pains=tuple(_as(Pain, pain) for pain in data.get("pains", ())),
        opportunities=tuple(_as(Opportunity, chance) for chance in data.get("opportunities", ())),
        scores={k: v for k, v in data.get("scores", {}).items() if k in CRITERIA and v is not None},
    )


def new_id(words: str, taken: Iterable[str]) -> str:
    """Return a short name for something called `words` that is not taken.

    >>> new_id("Gets the parcel", []), new_id("Pays", ["pays"]), new_id("支払い", [])
    ('gets-the-parcel', 'pays-2', 'x')
    """
    base = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:40] or "x"
    used, number, found = set(taken), 1, base
    while found in used:
        number += 1
        found = f"{base}-{number}"
    return found


def plain(**parts: Any) -> dict[str, Any]:
    """Return the parts that say something, as JSON can hold them: no NaN, no empty text."""
    kept = {}
    for key, value in parts.items():
        if value is None or value == "" or (isinstance(value, float) and not math.isfinite(value)):
            continue
        value = value.item() if hasattr(value, "item") else value  # noqa: PLW2901 - numpy's kinds are no JSON
        kept[key] = int(value) if key in {"n", "of", "votes", "days"} else value
    return kept


def put(where: dict[str, Any], key: str, value: Any) -> None:
    """Set a key, or take it away if the value is None."""
    if value is None:
        where.pop(key, None)
    else:
        where[key] = value


def add(point: dict[str, Any], what: str, item: dict[str, Any]) -> None:
    """Add a pain or opportunity to a touchpoint's data, with an id of its own."""
    items = point.setdefault(what, [])
    taken = [one["id"] for part in ("pains", "opportunities") for one in point.get(part, ())]
    items.append({"id": new_id(item["text"], taken), **item})


def _as(kind: type, data: Mapping[str, Any]) -> Any:
    known = {key: data[key] for key in kind.__dataclass_fields__ if data.get(key) is not None}  # type: ignore[attr-defined]
    return kind(**{"text": "", **known}) if "text" in kind.__dataclass_fields__ else kind(**known)  # type: ignore[attr-defined]
