"""The part of a map's evidence that says where it hurts: friction, leaks, customers who must write again, and money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from ibis import _

from journeylab import words
from journeylab.checks import duration
from journeylab.errors import NotEnoughData
from journeylab.intervals import wilson
from journeylab.journey.friction import friction
from journeylab.journey.map_model import LEVEL, OBSERVED, new_id
from journeylab.journey.map_template import SUPPORT
from journeylab.journey.map_traffic import as_steps
from journeylab.journey.stake import stake

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journeylab.data.dataset import Dataset

_WHOLE = {"many": "search", "empty": "search", "help": SUPPORT, "checkout": "checkout"}
#: Draws of the bootstrap: enough for two digits of an interval, and quick in front of a room.
_DRAWS = 1000


def repeated(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the pain of cases in which customers write again; clear where it is above that of all cases together."""
    mine = [row for row in rows if row["lane"] == "repeat_contacts"]
    of = sum(row["of"] for row in mine)
    usual = sum(row["n"] for row in mine) / of if of else 0.0
    return [
        {
            "touchpoint": row["touchpoint"], "id": f"cases-{row['touchpoint']}",
            "text": f"{row['text']}: not solved at once",
            "kind": "support", "source": OBSERVED, "n": row["n"], "of": row["of"], "lower": row["lower"],
            "upper": row["upper"], "margin": np.nan, "clear": bool(row["lower"] > max(usual, 0.5)),
        }
        for row in mine
        if row["lower"] > usual or len(mine) == 1
    ]  # fmt: skip


def leaks(
    shop: Dataset, path: Sequence[dict[str, Any]], *, window: str, unit: str, level: float
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[str]]:
    """Return leaks by device as pains, who leaves at each step with the margin at stake, and caveats.

    The figures are those of `jl.journey.stake`.
    """
    steps = [(step, point) for step, point in zip(as_steps(path), path, strict=False) if not step.get("optional")]
    if len(steps) < 2:
        return [], [], []
    asked: dict[str, Any] = {"steps": [step for step, _point in steps], "window": window, "unit": unit, "level": level,
                             "draws": _DRAWS}  # fmt: skip
    asked["by"] = "device" if shop.has("events.device") else None
    valued = True
    try:
        found = stake(shop, **asked)
    except NotEnoughData:
        valued = False
        try:
            found = stake(shop, **asked, value=1.0)  # no value of an order is known: who leaves is, the money is not
        except NotEnoughData:
            return [], [], []
    rows, pains = [], []
    for row in found.rows.iloc[:-1].to_dict("records"):
        here, there = (steps[int(row["position"]) - back][1] for back in (2, 1))
        rows += _left(here, there, row, unit, level)
        if valued:
            low, high = (words.money(row[end], shop.currency) for end in ("lower", "upper"))
            rows.append({"touchpoint": here["id"], "lane": "stake", "source": OBSERVED, "value": row["margin"],
                         "text": f"{words.money(row['margin'], shop.currency)} ({low} to {high})", "n": row["lost"],
                         "of": row["of"], "lower": row["lower"], "upper": row["upper"],
                         "days": found.days})  # fmt: skip
    for leak in found.found().to_dict("records"):
        here, there = (steps[int(leak["position"]) - back][1] for back in (2, 1))
        mine, others = (words.percent(leak[rate], digits=0) for rate in ("rate", "expected_rate"))
        gone = int(leak["of"]) - int(leak["n"])
        lower, upper = wilson(gone, leak["of"], level=level)
        pains.append(
            {
                "touchpoint": here["id"], "id": new_id(f"leak {leak['group']}", ()), "kind": "usability",
                "text": f"{leak['group']}: {mine} go on to “{there['name']}”, others {others}",
                "source": OBSERVED, "n": gone, "of": int(leak["of"]), "lower": float(lower), "upper": float(upper),
                "clear": True, **(_money(leak) if valued else {"margin": np.nan}),
            }
        )  # fmt: skip
    if not rows:
        return pains, rows, []
    noun = "visit" if unit == "session" else "visitor"
    rows = [{**row, "unit": noun} for row in rows]
    long = words.length(duration(window, "window").total_seconds())
    said = [
        f"Who leaves: {noun}s who go no further within {long}, in order; those who came in its last days do not count."
    ]
    if valued:
        said.append("Margin at stake is what those lost would bring if they did as those who went on: a ceiling.")
    return pains, rows, said


def _money(row: dict[str, Any]) -> dict[str, float]:
    """Return the margin that goes with a finding of an analysis, with the ends of its interval."""
    return {"margin": row["margin"], "margin_lower": row["lower"], "margin_upper": row["upper"]}


def _left(
    here: dict[str, Any], there: dict[str, Any], row: dict[str, Any], unit: str, level: float
) -> list[dict[str, Any]]:
    lost, of = int(row["lost"]), int(row["of"])
    if not of:
        return []
    noun = "visit" if unit == "session" else "visitor"
    out = []
    for lane, n, said in (("drop_off", lost, f"leave before “{there['name']}”"), ("kpi", of - lost, "go on")):
        lower, upper = wilson(n, of, level=level)
        text = f"{words.percent(n / of)} {said} (n = {words.count(of, noun)})"
        out.append({"touchpoint": here["id"], "lane": lane, "text": text, "source": OBSERVED, "value": n / of, "n": n,
                    "of": of, "lower": float(lower), "upper": float(upper)})  # fmt: skip
    return out


def signs(
    shop: Dataset, path: Sequence[dict[str, Any]], *, level: float = LEVEL
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the clear signs of friction where they show, and caveats; that visits end is the drop-off's matter."""
    if not path:
        return [], []
    try:
        found = friction(shop, goal=path[-1]["events"], level=level, draws=_DRAWS)
    except NotEnoughData:
        return [], []
    clear = found.found()
    clear = clear[clear["sign"] != "ended"]
    home = _homes(shop, path) | {sign: at for sign, at in _WHOLE.items() if any(p["id"] == at for p in path)}
    pains: list[dict[str, Any]] = []
    for row in clear.to_dict("records"):
        at = home.get(str(row["place"])) if row["place"] else home.get(row["sign"])
        if at is None:
            continue
        text = f"{row['finding']}: {words.percent(row['share'])} of {words.count(row['of'])} visits"
        lower, upper = wilson(row["n"], row["of"], level=level)
        pains.append(
            {
                "touchpoint": at, "id": new_id(f"friction {row['sign']} {row['place']}", [p["id"] for p in pains]),
                "text": text, "kind": row["type"], "source": OBSERVED, "n": int(row["n"]), "of": int(row["of"]),
                "lower": float(lower), "upper": float(upper), "clear": True, **_money(row),
            }
        )  # fmt: skip
    return pains, ["Friction goes with fewer orders; that it causes them is for a test to show."] if pains else []


def _homes(shop: Dataset, path: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Return at which touchpoint each page is: the one whose events happen there most, arrival last."""
    events = shop.table("events")
    if "page" not in events.columns:
        return {event: point["id"] for point in path for event in point["events"]}
    flags = {f"is_{i}": events.event.isin(p["events"]).fill_null(False).cast("int64").sum() for i, p in enumerate(path)}
    table = shop.run(events.group_by("page").agg(**flags).filter(_.page.notnull()))
    homes = {}
    for row in table.to_dict("records"):
        most = max(range(len(path)), key=lambda i: (i > 0 and row[f"is_{i}"], row[f"is_{i}"]))
        if row[f"is_{most}"]:
            homes[str(row["page"])] = path[most]["id"]
    return homes
