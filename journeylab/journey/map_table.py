"""A map as a table: a row a cell, pain, opportunity and score, as figures to compute with or as words to read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from journeylab.journey.map_figures import ends, figure, said
from journeylab.journey.map_model import ASSUMED, LANES, Cell

if TYPE_CHECKING:
    from collections.abc import Mapping

    from journeylab.journey.map import Map

#: Columns of words, and what of a row stands in them.
_WORDS = {"Stage": "stage", "Touchpoint": "touchpoint", "Lane": "lane", "Counted": "unit", "In words": "text",
          "Known from": "source", "Last day": "date", "Owner": "owner"}  # fmt: skip


def long(chart: Map) -> pd.DataFrame:
    """Return a map as rows: stage, touchpoint, lane, text, kind, source, and the figures."""
    stages = {stage.id: stage.name for stage in chart.stages}
    rows = []
    for point in chart.touchpoints:
        where = {"stage": stages[point.stage], "touchpoint": point.name}
        for lane, cell in point.cells.items():
            rows.append({**where, "lane": LANES.get(lane, lane), **cell.__dict__})
        rows += [{**where, "lane": "Pain point", **pain.__dict__} for pain in point.pains]
        rows += [{**where, "lane": "Opportunity", **chance.__dict__} for chance in point.opportunities]
        for criterion, score in point.scores.items():
            rows.append({**where, "lane": f"Score: {criterion}", "value": score, "source": ASSUMED})
        if not point.cells and not point.pains and not point.opportunities and not point.scores:
            rows.append({**where, "lane": ""})
    columns = ["stage", "touchpoint", "lane", "text", "kind", "source", "value", "n", "of", "lower", "upper", "margin"]
    columns += ["margin_lower", "margin_upper", "clear", "unit", "date", "votes", "owner", "kpi", "next_step"]
    return pd.DataFrame(rows, columns=columns)


def readable(chart: Map) -> pd.DataFrame:
    """Return the same rows to be read: figures and their intervals in words, with n, of and the last day."""
    lanes = {name: lane for lane, name in LANES.items()}
    told: list[dict[str, Any]] = []
    for row in long(chart).to_dict("records"):
        known, interval = _evidence(row, lanes.get(row["lane"], ""), chart.currency)
        words_of = {name: _text(row[key]) for name, key in _WORDS.items()}
        counts = {"n": _whole(row["n"]), "of": _whole(row["of"]), "Dots": _whole(row["votes"]) or None}
        told.append({"Figure": known, "95 % interval": interval, **counts, **words_of})
    columns = ["Stage", "Touchpoint", "Lane", "Figure", "95 % interval", "n", "of", "Counted", "In words", "Known from"]
    frame = pd.DataFrame(told, columns=[*columns, "Last day", "Dots", "Owner"])
    return frame.astype(dict.fromkeys(("n", "of", "Dots"), "Int64"))


def course(chart: Map, marks: Mapping[str, str]) -> pd.DataFrame:
    """Return what is done, by which channels, how long it takes and what is at stake, in words with intervals.

    A row a touchpoint that has any of them; `marks` stand before the words, by source.
    """
    names = {"actions": "Actions", "channels": "Channels", "time": "Median time to the next", "stake": "At stake"}
    rows = []
    for point in chart.touchpoints:
        cells = {lane: point.cells[lane] for lane in names if lane in point.cells}
        told = {names[lane]: f"{marks[cell.source]} {said(lane, cell, chart.currency)}" for lane, cell in cells.items()}
        if told:
            rows.append({"Touchpoint": point.name, **told})
    return pd.DataFrame(rows, columns=["Touchpoint", *names.values()]).fillna("")


def _evidence(row: Mapping[str, Any], lane: str, currency: str) -> tuple[str, str]:
    """Return a row's figure and its interval in words; of a pain its margin, else its share."""
    if lane:
        cell = Cell(**{key: row[key] for key in ("text", "source", "value", "lower", "upper")},
                    n=_whole(row["n"]), of=_whole(row["of"]))  # fmt: skip
        return figure(lane, cell, currency), ends(lane, cell, currency)
    if math.isfinite(row["margin"]):
        money = Cell(value=row["margin"], lower=row["margin_lower"], upper=row["margin_upper"])
        return f"{figure('stake', money, currency)} of margin", ends("stake", money, currency)
    if _whole(row["of"]):
        share = Cell(n=_whole(row["n"]), of=_whole(row["of"]), value=row["n"] / row["of"], lower=row["lower"],
                     upper=row["upper"])  # fmt: skip
        return figure("drop_off", share), ends("drop_off", share)
    return f"{row['value']:g}" if math.isfinite(row["value"]) else "", ""


def _whole(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
