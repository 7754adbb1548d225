"""How evidence comes into a map, and how its pains are ranked."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from journeylab.journey.map_model import ASSUMED, LANES, plain, put, touchpoint
from journeylab.journey.map_moves import moves

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from journeylab.journey.map import Map
    from journeylab.journey.map_evidence import Evidence

#: What a pain or opportunity keeps when its evidence is renewed.
_TEAMS = ("votes", "owner", "kpi", "next_step")


def filled(before: Map, found: Evidence, about: Mapping[str, str]) -> str:
    """Return the map's JSON with its evidence renewed, and what that moved; what the team wrote stays."""
    data = before.data()
    rows = dict(list(found.rows.groupby("touchpoint", sort=False)))
    pains = dict(list(found.pains.groupby("touchpoint", sort=False)))
    for point in data["touchpoints"]:
        cells = {lane: cell for lane, cell in point.get("cells", {}).items() if cell.get("source", ASSUMED) == ASSUMED}
        extras = {lane: cell for lane, cell in point.get("cells", {}).items() if lane not in LANES}
        for row in rows[point["id"]].to_dict("records") if point["id"] in rows else ():
            lane = str(row["lane"])
            if lane in cells:
                continue
            kept = {k: v for k, v in point.get("cells", {}).get(lane, {}).items() if k not in _FIGURES}
            cells[lane] = {**kept, **plain(**{key: row[key] for key in _FIGURES})}
        point["cells"] = {lane: cells[lane] for lane in (*LANES, *extras) if lane in cells}
        _renew(point, pains.get(point["id"]))
    put(data, "moves", moves(before.touchpoints, [touchpoint(p) for p in data["touchpoints"]], found.currency) or None)
    put(data, "period", [str(day) for day in found.period] if found.period else None)
    put(data, "currency", found.currency or None)
    put(data, "caveats", list(found.caveats) or None)
    if about:
        data["about"] = {**data.get("about", {}), **about}
    return json.dumps(data, ensure_ascii=False, allow_nan=False)


#: What of a cell is renewed.
_FIGURES = ("text", "source", "value", "n", "of", "lower", "upper", "date", "unit", "days")


def _renew(point: dict[str, Any], frame: pd.DataFrame | None) -> None:
    """Put the pains that were found in the place of those found before; votes stay."""
    old = {pain["id"]: pain for pain in point.get("pains", ())}
    found = [] if frame is None else frame.drop(columns="touchpoint").to_dict("records")
    new = [{**{k: v for k, v in old.get(row["id"], {}).items() if k in _TEAMS}, **plain(**row)} for row in found]
    point["pains"] = [pain for pain in old.values() if pain.get("source", ASSUMED) == ASSUMED] + new


def weight(pain: Mapping[str, Any]) -> tuple[int, float]:
    """Rank a pain: customers below the middle on the whole first, then clear ones by margin, then by share."""
    money, share = pain["margin"], pain["lower"]
    share = share if math.isfinite(share) else 0.0
    if pain["clear"] and str(pain["id"]).startswith("answers-"):
        return 3, share
    if pain["clear"] and math.isfinite(money):
        return 2, money
    return int(pain["clear"]), share
