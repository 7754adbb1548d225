"""A map as tables to edit, and the map that edited tables make: stages, touchpoints, pains, opportunities."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from journeylab.journey.map_model import ASSUMED, CRITERIA, KINDS, NUMBERS, WRITTEN, add, new_id, plain, put

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from journeylab.journey.map import Map
    from journeylab.journey.map_model import Stage, Touchpoint

PARTS = ("touchpoints", "pains", "opportunities", "stages", "scores", "names")
#: Characters a cell may have, and names a touchpoint may be known by.
_MOST, _NAMES = 2000, 100
#: Characters of a name by which a table calls a stage or touchpoint.
_LABEL = 300


def rows(chart: Map, part: str) -> pd.DataFrame:
    """Return a part of a map as a table, its ids in the first column; `part` is one of `PARTS`."""
    stages, points = labels(chart.stages), labels(chart.touchpoints)
    if part == "stages":
        return _frame([(stage.id, {"name": stage.name}) for stage in chart.stages], ["name"])
    if part == "touchpoints":
        found = []
        for place, point in enumerate(chart.touchpoints, start=1):
            cells = {lane: _shown(point.cells.get(lane), lane) for lane in WRITTEN}
            found.append((point.id, {"place": place, "stage": stages[point.stage], "name": point.name, **cells}))
        return _frame(found, ["place", "stage", "name", *WRITTEN])
    if part == "scores":
        found = [(p.id, {"name": p.name, **{c: p.scores.get(c) for c in CRITERIA}}) for p in chart.touchpoints]
        frame = _frame(found, ["name", *CRITERIA])
        return frame.astype(dict.fromkeys(CRITERIA, float))
    if part == "names":
        found = [(p.id, {"name": p.name, "events": list(p.events), "about": list(p.about)}) for p in chart.touchpoints]
        return _frame(found, ["name", "events", "about"])
    if part == "pains":
        found = [
            (
                f"{p.id}/{x.id}",
                {"touchpoint": points[p.id], "kind": x.kind, "text": x.text, "source": x.source, "votes": x.votes},
            )
            for p in chart.touchpoints
            for x in p.pains
        ]
        return _frame(found, ["touchpoint", "kind", "text", "source", "votes"])
    found = [
        (
            f"{p.id}/{x.id}",
            {
                "touchpoint": points[p.id],
                "text": x.text,
                "owner": x.owner,
                "kpi": x.kpi,
                "next_step": x.next_step,
                "votes": x.votes,
            },
        )
        for p in chart.touchpoints
        for x in p.opportunities
    ]
    return _frame(found, ["touchpoint", "text", "owner", "kpi", "next_step", "votes"])


def labels(named: Iterable[Stage | Touchpoint]) -> dict[str, str]:
    """Return by id how stages or touchpoints are called in a table: by name, the later of one name with a number.

    >>> from journeylab.journey.map_model import Stage
    >>> labels([Stage("a", "Buys"), Stage("b", "Buys"), Stage("c", "Buys (2)")])
    {'a': 'Buys', 'b': 'Buys (3)', 'c': 'Buys (2)'}
    """
    names = {one.id: _text(one.name)[:_LABEL] or one.id for one in named}
    found: dict[str, str] = {}
    for key, name in names.items():
        label, number = name, 1
        while label in found.values() or (number > 1 and label in names.values()):
            number += 1
            label = f"{name} ({number})"
        found[key] = label
    return found


def with_rows(chart: Map, part: str, edited: pd.DataFrame) -> Map:
    """Return the map that an edited table of `rows` makes: changed, added and missing rows are taken over.

    What the team writes over a figure of the data counts as assumed. A row that says too little is left out until it
    says more: a touchpoint without name, a pain or opportunity without words or touchpoint.
    """
    if part == "stages":
        return _stages(chart, edited)
    if part == "touchpoints":
        return _touchpoints(chart, edited)
    if part == "scores":
        return _scores(chart, edited)
    if part == "names":
        return _known_by(chart, edited)
    return _items(chart, part, edited)


def _stages(chart: Map, edited: pd.DataFrame) -> Map:
    named = [(key, _text(row["name"])) for key, row in _records(edited)]
    kept = {key for key, name in named if name and key in {stage.id for stage in chart.stages}}
    if not any(name for _key, name in named):
        return chart
    taken = [stage.id for stage in chart.stages]
    stages = chart.data()["stages"]
    known, order = _by_id(stages), []
    for key, name in named:
        if name and key not in kept:
            order.append(new_id(name, taken))
            taken.append(order[-1])
            stages.append({"id": order[-1], "name": name})
        elif name:
            known[key]["name"] = name
            order.append(key)
    out = chart.with_(stages=stages)
    for stage in chart.stages:
        if stage.id not in kept:
            out = out.without_stage(stage.id)
    return out.with_(stages=sorted(out.data()["stages"], key=lambda stage: order.index(stage["id"])))


def _touchpoints(chart: Map, edited: pd.DataFrame) -> Map:
    stages = {label: key for key, label in labels(chart.stages).items()}
    before = rows(chart, "touchpoints").set_index("id")
    known = set(before.index)
    out, places = chart, {}
    for key, row in _records(edited):
        name = _text(row["name"])
        stage = stages.get(_text(row.get("stage")) or "", chart.stages[-1].id)
        if not name:
            places[key] = _number(row.get("place"))
            continue
        if key not in known:
            out = out.with_touchpoint(name, stage)
            key = out.data()["touchpoints"][-1]["id"]  # noqa: PLW2901 - the row has an id from here on
        else:
            out = _named(out, key, name, stage)
        places[key] = _number(row.get("place"))
        for lane in WRITTEN:
            was = before[lane].get(key) if key in known else None
            out = _written(out, key, lane, was, row.get(lane))
    for key in known - set(places):
        out = out.without_touchpoint(key)
    order = {key: (place if math.isfinite(place) else math.inf) for key, place in places.items()}
    return out.changed(lambda data: data["touchpoints"].sort(key=lambda point: order[point["id"]]))


def _named(chart: Map, key: str, name: str, stage: str) -> Map:
    points = chart.data()["touchpoints"]
    _by_id(points)[key].update(name=name, stage=stage)
    return chart.with_(touchpoints=points)


def _written(chart: Map, key: str, lane: str, was: Any, new: Any) -> Map:
    if lane in NUMBERS:
        low, high = NUMBERS[lane]
        value, old = _number(new), _number(was)
        if value == old or (math.isnan(value) and math.isnan(old)):
            return chart
        return chart.with_cell(key, lane, value=None if math.isnan(value) else min(max(value, low), high))
    text = _text(new)
    return chart if text == (_text(was)) else chart.with_cell(key, lane, text)


def _scores(chart: Map, edited: pd.DataFrame) -> Map:
    out, known = chart, {point.id: point for point in chart.touchpoints}
    for key, row in _records(edited):
        for criterion in CRITERIA:
            value = _number(row.get(criterion))
            score = None if math.isnan(value) else round(min(max(value, 0), 5))
            if key in known and known[key].scores.get(criterion) != score:
                out = out.with_score(key, criterion, score)
    return out


def _known_by(chart: Map, edited: pd.DataFrame) -> Map:
    points = chart.data()["touchpoints"]
    known = _by_id(points)
    for key, row in _records(edited):
        for what in ("events", "about"):
            listed = _listed(row.get(what))
            if key in known and listed != known[key].get(what, []):
                known[key][what] = [name for name in dict.fromkeys(map(_text, listed)) if name][:_NAMES]
    return chart.with_(touchpoints=points)


def _items(chart: Map, part: str, edited: pd.DataFrame) -> Map:
    called = labels(chart.touchpoints)
    home = {label: key for key, label in called.items()}
    data = chart.data()
    points = _by_id(data["touchpoints"])
    old = {f"{at}/{item['id']}": item for at, point in points.items() for item in point.get(part, ())}
    names = {f"{p.id}/{item.id}": called[p.id] for p in chart.touchpoints for item in p.items}
    seen: dict[str, list[dict[str, Any]]] = {at: [] for at in points}
    new = []
    for key, row in _records(edited):
        text, place = _text(row.get("text")), _text(row.get("touchpoint"))
        at = key.partition("/")[0] if names.get(key) == place else home.get(place)
        if not text or at is None:
            continue
        said = _item(part, text, row)
        if key not in old:
            new.append((at, said))
            continue
        item = dict(old[key])
        changed = item["text"] != text or (part == "pains" and item.get("kind") != said.get("kind"))
        for name, value in said.items():
            put(item, name, value)
        if changed:
            item = {k: v for k, v in item.items() if k not in {"n", "of", "lower", "upper", "margin", "clear", "date"}}
            item["source"] = ASSUMED
        seen[at].append(item)
    for at, point in points.items():
        point[part] = _own_ids(seen[at], [x["id"] for x in point.get(_other(part), ())])
    for at, said in new:
        add(points[at], part, {**plain(**said), "source": ASSUMED})
    return chart.changed(lambda kept: kept.update(touchpoints=data["touchpoints"]))


def _item(part: str, text: str, row: Mapping[str, Any]) -> dict[str, Any]:
    votes = _number(row.get("votes"))
    said: dict[str, Any] = {"text": text, "votes": int(votes) if votes > 0 else None}
    if part == "pains":
        kind = _text(row.get("kind"))
        return {**said, "kind": kind if kind in KINDS else KINDS[1]}
    return {**said, **{name: _text(row.get(name)) or None for name in ("owner", "kpi", "next_step")}}


def _own_ids(items: list[dict[str, Any]], taken: list[str]) -> list[dict[str, Any]]:
    """Give an item that moved here another id where its own is taken."""
    out, used = [], list(taken)
    for item in items:
        key = item["id"] if item["id"] not in used else new_id(item["text"], used)
        used.append(key)
        out.append({**item, "id": key})
    return out


def _other(part: str) -> str:
    return "opportunities" if part == "pains" else "pains"


def _by_id(items: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {item["id"]: item for item in items}


def _records(frame: pd.DataFrame) -> list[tuple[str, dict[str, Any]]]:
    """Return the rows with their ids; rows that were added have none of their own."""
    return [
        (row["id"] if isinstance(row.get("id"), str) else f"\x00{place}", row)
        for place, row in enumerate(frame.to_dict("records"))
    ]


def _shown(cell: Any, lane: str) -> Any:
    if lane in NUMBERS:
        return cell.value if cell is not None else math.nan
    return cell.text if cell is not None else ""


def _frame(found: list[tuple[str, dict[str, Any]]], columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame([{"id": key, **row} for key, row in found], columns=["id", *columns])


def _text(value: Any) -> str:
    return " ".join(value.split())[:_MOST] if isinstance(value, str) else ""


def _listed(value: Any) -> list[Any]:
    """Return what a cell lists; a table may give it back as an array."""
    found = value.tolist() if hasattr(value, "tolist") else value
    return list(found) if isinstance(found, list | tuple) else []


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan
