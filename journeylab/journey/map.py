"""The journey map: a customer's way through the shop, stage by stage, with what is known and what is assumed.

A map is its JSON. It is read through `stages` and `touchpoints`; each verb returns a new map; what nobody here knows
in the JSON stays in it. Definitions: docs/methods/journey_map.md.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from journeylab import words
from journeylab.call import Call
from journeylab.checks import one_of
from journeylab.errors import BadParameter, SchemaError
from journeylab.journey import map_fill, map_table, map_template
from journeylab.journey.map_check import parse, write
from journeylab.journey.map_figures import margin
from journeylab.journey.map_model import OBSERVED, SURVEY, Stage, Touchpoint, touchpoint
from journeylab.journey.map_verbs import Verbs
from journeylab.result import Result

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import altair as alt

    from journeylab.customers.personas import Personas
    from journeylab.data.dataset import Dataset
    from journeylab.journey.map_difference import Difference
    from journeylab.journey.map_evidence import Evidence
    from journeylab.journey.scorecard import Scorecard

#: Where a shop keeps its maps, by persona; everyone's is kept under the empty name.
EDIT = "journey maps"


@dataclass(frozen=True, eq=False, kw_only=True)
class Map(Verbs, Result):
    """A journey map.

    Args:
        text: The map as JSON.
    """

    views: ClassVar[tuple[str, ...]] = ("map", "curve", "guess")

    text: str = field(repr=False)

    @classmethod
    def blank(cls, *, persona: str | None = None, stages: Sequence[str] = map_template.STAGES) -> Map:
        """Return a map of the usual touchpoints of a shop without any evidence; it needs no data.

        Example:
            >>> import journeylab as jl
            >>> jl.journey.Map.blank().headline()
            'A map of 13 touchpoints without evidence so far.'
        """
        if not stages or len(set(stages)) != len(stages):
            raise BadParameter("A map has one stage or more, each of another name.")
        return cls.of(map_template.draft(persona=persona, stages=list(stages)))

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Map:
        """Return the map that JSON data is; SchemaError if it is none."""
        return cls(text=write(data), caveats=_caveats(data))

    @classmethod
    def from_json(cls, text: str | bytes, *, name: str = "The map") -> Map:
        """Read a map from its JSON; keys that are not known stay in it.

        Raises:
            SchemaError: if it is no journey map, of a later version, or misshapen.
        """
        try:
            text = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        except UnicodeDecodeError:
            raise SchemaError(f"{name} is not text in UTF-8.") from None
        return cls.of(parse(text, name=name))

    @classmethod
    def from_data(
        cls,
        shop: Dataset,
        *,
        persona: str | None = None,
        personas: Personas | None = None,
        stages: Sequence[str] = map_template.STAGES,
        pains: bool = True,
        progress: Callable[[Map], None] | None = None,
    ) -> Map:
        """Draft a map and fill it from the shop: volumes, channels, drop-off, times, emotion, pains, money, cases.

        Args:
            shop: A Dataset with any of events, orders, surveys and tickets; what it lacks stays empty.
            persona: Whose map; everyone's if None.
            personas: What `jl.customers.personas` gave for the shop; found anew if not given.
            stages: Names of the stages.
            pains: Look for friction and read comments too, which takes longest.
            progress: Given the map of `pains=False`, before friction is looked for and comments are read.

        Raises:
            BadParameter: if there is no such persona.

        Example:
            >>> import journeylab as jl
            >>> from journeylab.data.examples import tiny_shop
            >>> m = jl.journey.Map.from_data(tiny_shop())
            >>> m.touchpoint("cart").cell("volume").n
            2
        """
        events = None
        if shop.has("events"):
            from journeylab.journey.steps import names

            events = names(shop)
        draft = cls.of(map_template.draft(persona=persona, stages=list(stages), events=events))
        made = draft.refresh(shop, personas=personas, pains=pains, progress=progress).without("moves")
        said: dict[str, Any] = {"persona": persona, "personas": personas}
        if tuple(stages) != map_template.STAGES:
            said["stages"] = list(stages)
        if not pains:
            said["pains"] = False
        call = Call("jl.journey.Map.from_data", tuple((k, v) for k, v in said.items() if v is not None), shop.calls)
        return replace(made, call=call)

    @classmethod
    def kept(cls, shop: Dataset, *, persona: str | None = None) -> Map:
        """Return the map that the shop keeps for a persona or for everyone, with what is written of the persona now.

        Raises:
            BadParameter: if it keeps none.
        """
        maps = shop.edits.get(EDIT, {})
        if (persona or "") not in maps:
            raise BadParameter(
                f"The shop keeps no map for {persona or 'everyone'}.", do="Use jl.journey.Map.from_data."
            )
        said = (("persona", persona),) if persona else ()
        found = cls.of(maps[persona or ""])
        written = shop.edits.get("personas", {}).get(persona or "", {})
        if any(found.about.get(key) != text for key, text in written.items()):
            found = found.with_(about={**found.about, **written})
        return replace(found, call=Call("jl.journey.Map.kept", said, shop.calls))

    def keep(self, shop: Dataset) -> Dataset:
        """Return the shop with this map kept in it, in the place of the one of the same persona."""
        return shop.with_edit(EDIT, {**shop.edits.get(EDIT, {}), self.persona or "": self.data()})

    def refresh(
        self,
        shop: Dataset,
        *,
        personas: Personas | None = None,
        pains: bool = True,
        progress: Callable[[Map], None] | None = None,
    ) -> Map:
        """Fill the map anew from the shop and note what moved; what the team wrote stays.

        `progress` is given the map of `pains=False`, before friction is looked for and comments are read.

        Raises:
            BadParameter: if the map's persona is not among the shop's personas any more.
        """
        from journeylab.journey.map_evidence import evidence

        about = shop.edits.get("personas", {}).get(self.persona or "", {})

        def fill(found: Evidence) -> Map:
            return type(self).of(json.loads(map_fill.filled(self, found, about)))

        return fill(
            evidence(
                shop, touchpoints=self.places(), persona=self.persona, personas=personas, pains=pains,
                progress=None if progress is None else lambda found: progress(fill(found)),
            )
        )  # fmt: skip

    def to_json(self) -> str:
        """Return the map as JSON; `from_json` gives the same map again, keys that are not known included."""
        return json.dumps(self._plain, ensure_ascii=False, indent=1, allow_nan=False)

    def data(self) -> dict[str, Any]:
        """Return a copy of the map's JSON as plain data."""
        return copy.deepcopy(self._plain)

    @cached_property
    def _plain(self) -> dict[str, Any]:
        return json.loads(self.text)

    @property
    def persona(self) -> str | None:
        """Whose map it is; None for everyone's."""
        return self._plain.get("persona")

    @property
    def about(self) -> dict[str, str]:
        """What the team wrote of the persona: name, goals, needs, barriers, quote."""
        return {key: text for key, text in self._plain.get("about", {}).items() if isinstance(text, str)}

    @property
    def title(self) -> str:
        """The map's name, or whose map it is."""
        whose = self.about.get("name") or self.persona or "Everyone"
        return self._plain.get("title") or f"{whose}: the journey"

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """The stages in order."""
        return tuple(Stage(stage["id"], stage.get("name") or stage["id"]) for stage in self._plain["stages"])

    @cached_property
    def touchpoints(self) -> tuple[Touchpoint, ...]:
        """The touchpoints in the order of the stages, and within a stage as they were put."""
        order = [stage.id for stage in self.stages]
        points = [touchpoint(point) for point in self._plain["touchpoints"]]
        return tuple(sorted(points, key=lambda point: order.index(point.stage)))

    def touchpoint(self, key: str) -> Touchpoint:
        """Return a touchpoint by its id; BadParameter if there is none."""
        found = {point.id: point for point in self.touchpoints}
        return found[one_of(key, "touchpoint", list(found))]

    @property
    def moves(self) -> tuple[dict[str, Any], ...]:
        """What the last refresh moved, as `map_moves.moves` says it: touchpoint, lane, change, was, now, clear."""
        return tuple(self._plain.get("moves", ()))

    @property
    def currency(self) -> str:
        """Of the money on the map."""
        return str(self._plain.get("currency", ""))

    def places(self) -> list[dict[str, Any]]:
        """Return the touchpoints as `jl.journey.evidence` takes them."""
        return [
            {"id": p.id, "name": p.name, "events": list(p.events), "about": list(p.about)} for p in self.touchpoints
        ]

    def pains(self) -> pd.DataFrame:
        """Return the pain points, those with clear evidence first, then by margin and by votes."""
        rows = [{"touchpoint": p.name, "at": p.id, **pain.__dict__} for p in self.touchpoints for pain in p.pains]
        columns = ["touchpoint", "at", "id", "text", "kind", "source", "n", "of", "lower", "upper", "margin"]
        frame = pd.DataFrame(rows, columns=[*columns, "margin_lower", "margin_upper", "clear", "date", "votes"])
        frame["weight"] = [map_fill.weight(row) for row in rows]
        order = ["weight", "votes"]
        return frame.sort_values(order, ascending=False, kind="stable", ignore_index=True).drop(columns="weight")

    def opportunities(self) -> pd.DataFrame:
        """Return the opportunities with owner, KPI and next step, those with most votes first."""
        rows = [{"touchpoint": p.name, "at": p.id, **o.__dict__} for p in self.touchpoints for o in p.opportunities]
        columns = ["touchpoint", "at", "id", "text", "owner", "kpi", "next_step", "votes", "source"]
        frame = pd.DataFrame(rows, columns=columns)
        return frame.sort_values("votes", ascending=False, kind="stable", ignore_index=True)

    def table(self) -> pd.DataFrame:
        """Return a row a cell, pain and opportunity, each with its evidence."""
        return map_table.long(self)

    def headline(self) -> str:
        """Say the worst pain, or how much of the map is known."""
        points = self.touchpoints
        known = Counter(cell.source for point in points for cell in point.cells.values())
        if not known[OBSERVED] and not known[SURVEY]:
            return f"A map of {words.count(len(points), 'touchpoint')} without evidence so far."
        whose = f"For {self.about.get('name') or self.persona}, " if self.persona else "For everyone, "
        pains = self.pains()
        if pains["clear"].any():
            top = pains.iloc[0]
            money = margin(top["margin"], top["margin_lower"], top["margin_upper"], self.currency)
            said = f"{top['text']}, {money}" if money else top["text"]
            return f"{whose}the worst pain is at “{top['touchpoint']}” ({top['kind']}): {said}."
        return f"{whose}no pain is beyond noise on {words.count(len(points), 'touchpoint')}."

    def draw(self, *, theme: str = "light", paper: str = "16:9", view: str = "map") -> alt.TopLevelMixin:
        """Return the map as one picture.

        Args:
            theme: 'light' or 'dark'.
            paper: '16:9' for a screen, 'A3', or 'strip', which is low.
            view: 'map' with all lanes, 'curve' with the emotion curve large, or 'guess' with what teams guess.
        """
        from journeylab.charts import journey_map
        from journeylab.journey.map_picture import HEIGHTS, picture

        one_of(theme, "theme", ("light", "dark"))
        one_of(view, "view", self.views)
        return journey_map.draw(picture(self, paper=one_of(paper, "paper", tuple(HEIGHTS)), view=view), theme=theme)

    def _draw(self, view: str) -> alt.TopLevelMixin:
        return self.draw(view=view)

    def difference(self, other: Map) -> Difference:
        """Return what differs from another map, cell by cell."""
        from journeylab.journey.map_difference import difference

        return difference(self, other)

    def scorecard(self) -> Scorecard:
        """Return the team's scores beside those the evidence gives, the biggest disagreement first."""
        from journeylab.journey.scorecard import scorecard

        return scorecard(self)

    def __eq__(self, other: object) -> bool:
        """Say whether two maps hold the same."""
        return isinstance(other, Map) and self._plain == other._plain

    def __hash__(self) -> int:
        return hash(self.title)


def _caveats(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what the map itself says would make a reader doubt it."""
    said = data.get("caveats")
    return tuple(text for text in said if isinstance(text, str)) if isinstance(said, list) else ()
