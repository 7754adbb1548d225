"""The verbs of a journey map: each returns a new map, and what the team writes counts as assumed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from journeylab.checks import number, one_of, whole
from journeylab.errors import BadParameter
from journeylab.journey.map_check import write
from journeylab.journey.map_model import ASSUMED, CRITERIA, KINDS, LANES, NUMBERS, add, new_id, plain, put

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from journeylab.journey.map_model import Stage, Touchpoint


class Verbs:
    """What can be done to a map."""

    if TYPE_CHECKING:
        caveats: tuple[str, ...]

        def data(self) -> dict[str, Any]:
            """See `Map`."""

        def touchpoint(self, key: str) -> Touchpoint:
            """See `Map`."""

        @property
        def stages(self) -> tuple[Stage, ...]:
            """See `Map`."""

        @property
        def touchpoints(self) -> tuple[Touchpoint, ...]:
            """See `Map`."""

    def changed(self, edit: Callable[[dict[str, Any]], Any]) -> Self:
        """Return the map after a change of its data, checked."""
        data = self.data()
        edit(data)
        return replace(self, text=write(data))  # type: ignore[type-var]

    def with_(self, **parts: Any) -> Self:
        """Return the map with other parts of its own, such as `title` or `about`."""
        return self.changed(lambda data: data.update(parts))

    def without(self, *keys: str) -> Self:
        """Return the map without some parts, such as 'moves'."""
        return self.changed(lambda data: [data.pop(key, None) for key in keys])

    def with_stage(self, name: str, *, after: str | None = None) -> Self:
        """Return the map with one more stage, at the end or after another."""
        stages = self.data()["stages"]
        ids = [stage["id"] for stage in stages]
        place = len(ids) if after is None else ids.index(one_of(after, "stage", ids)) + 1
        stages.insert(place, {"id": new_id(name, ids), "name": name})
        return self.with_(stages=stages)

    def without_stage(self, key: str) -> Self:
        """Return the map without a stage; its touchpoints go to the stage before, or to the next."""
        ids = [stage.id for stage in self.stages]
        place = ids.index(one_of(key, "stage", ids))
        if len(ids) == 1:
            raise BadParameter("A map keeps one stage at least.")
        heir = ids[place - 1] if place else ids[1]

        def edit(data: dict[str, Any]) -> None:
            data["stages"] = [stage for stage in data["stages"] if stage["id"] != key]
            for point in data["touchpoints"]:
                point["stage"] = heir if point["stage"] == key else point["stage"]

        return self.changed(edit)

    def with_touchpoint(self, name: str, stage: str, *, events: Sequence[str] = (), about: Sequence[str] = ()) -> Self:
        """Return the map with one more touchpoint at the end of a stage, and the events and words it is known by."""
        one_of(stage, "stage", [one.id for one in self.stages])
        key = new_id(name, [point.id for point in self.touchpoints])
        point = {"id": key, "name": name, "stage": stage, "events": list(events), "about": list(about)}
        empty: dict[str, Any] = {"cells": {}, "pains": [], "opportunities": [], "scores": {}}
        return self.changed(lambda data: data["touchpoints"].append({**point, **empty}))

    def without_touchpoint(self, key: str) -> Self:
        """Return the map without a touchpoint."""
        self.touchpoint(key)
        return self.changed(lambda data: data.update(touchpoints=[p for p in data["touchpoints"] if p["id"] != key]))

    def with_cell(self, key: str, lane: str, text: str = "", value: float | None = None) -> Self:
        """Return the map with what the team writes into a cell; nothing clears it. It counts as assumed."""
        one_of(lane, "lane", list(LANES))
        if value is not None and lane in NUMBERS:
            number(value, lane, lowest=NUMBERS[lane][0], highest=NUMBERS[lane][1])
        said = plain(text=text, value=value)
        cell = {**said, "source": ASSUMED} if said else None
        return self._at(key, lambda p: put(p.setdefault("cells", {}), lane, cell))

    def with_pain(self, key: str, text: str, kind: str = "usability") -> Self:
        """Return the map with one more pain point, as the team sees it."""
        pain = {"text": text, "kind": one_of(kind, "kind", KINDS), "source": ASSUMED}
        return self._at(key, lambda p: add(p, "pains", pain))

    def with_opportunity(self, key: str, text: str, *, owner: str = "", kpi: str = "", next_step: str = "") -> Self:
        """Return the map with one more opportunity."""
        said = {"text": text, **plain(owner=owner, kpi=kpi, next_step=next_step), "source": ASSUMED}
        return self._at(key, lambda p: add(p, "opportunities", said))

    def with_votes(self, key: str, item: str, votes: int) -> Self:
        """Return the map with the dots that a pain or opportunity has."""
        whole(votes, "votes", lowest=0, highest=10_000)
        one_of(item, "item", [one.id for one in self.touchpoint(key).items])

        def edit(point: dict[str, Any]) -> None:
            for one in (*point.get("pains", ()), *point.get("opportunities", ())):
                if one["id"] == item:
                    put(one, "votes", votes or None)

        return self._at(key, edit)

    def with_score(self, key: str, criterion: str, score: int | None) -> Self:
        """Return the map with the team's score of a touchpoint, 0 to 5; None takes it away."""
        one_of(criterion, "criterion", CRITERIA)
        if score is not None:
            whole(score, "score", lowest=0, highest=5)
        return self._at(key, lambda p: put(p.setdefault("scores", {}), criterion, score))

    def _at(self, key: str, edit: Callable[[dict[str, Any]], Any]) -> Self:
        self.touchpoint(key)
        return self.changed(lambda data: edit(next(p for p in data["touchpoints"] if p["id"] == key)))
