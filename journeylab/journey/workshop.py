"""A workshop on a journey map: teams guess before the data shows, the guesses are scored, the room votes.

Points of a guess: 100 inside the interval of the evidence; outside, 100 less the distance to it as a share of the
tolerance (half the scale), not below 0. What a team leaves out counts 0, so that nobody wins by one lucky guess.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from journeylab import words
from journeylab.checks import number, one_of, whole
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.journey.map_model import ASSUMED, LANES, NUMBERS, put
from journeylab.result import Result

if TYPE_CHECKING:
    import altair as alt

    from journeylab.journey.map import Map
    from journeylab.journey.map_model import Cell

#: What is guessed, and the distance at which a guess is worth nothing.
GUESSED = {"emotion": 2.0, "drop_off": 0.5}
#: Lanes that would give the answers away.
_HIDDEN = ("volume", "emotion", "experience", "ease", "drop_off", "kpi", "stake", "support", "repeat_contacts",
           "thoughts", "met_by_buyers", "time")  # fmt: skip
#: What stands in a cell that can be guessed while its answer is hidden.
ASKED = "?"
MOST_TEAMS = 20


@dataclass(frozen=True, eq=False, kw_only=True)
class Guesses(Result):
    """How well the teams knew their customers.

    Args:
        teams: A row a team, the best first: place, team, points (mean over all that could be guessed), n (guessed), of,
            inside (guesses in the interval).
        rows: A row a guess: team, touchpoint, what, guess, evidence, lower, upper, n, points.
    """

    views: ClassVar[tuple[str, ...]] = ("points",)

    teams: pd.DataFrame
    rows: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return the teams, the best first."""
        return self.teams

    def headline(self) -> str:
        """Name the team that knew best, and what nobody knew."""
        if self.teams.empty:
            return "No team has guessed yet."
        best = self.teams.iloc[0]
        said = f"{best['team']} knew best: {best['points']:.0f} of 100 points, {best['inside']} of {best['of']} right"
        far = self.rows.groupby(["touchpoint", "what"], sort=False)["points"].mean()
        worst = far.idxmin()
        return f"{said}; furthest off was {LANES[worst[1]].lower()} at “{worst[0]}”."

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import journey_map

        del view
        if self.rows.empty:
            raise NotEnoughData("No team has guessed yet.", do="Enter the guesses first.")
        return journey_map.guesses(self.rows)


def with_guess(chart: Map, team: str, key: str, *, emotion: float | None = None, drop_off: float | None = None) -> Map:
    """Return the map with what a team guesses at a touchpoint; both None take its guess away.

    The map's own guess, drawn over the curve, is the mean of the teams.

    Raises:
        BadParameter: for a value outside its scale, a team without a name, or more teams than fit a room.
    """
    chart.touchpoint(key)
    team = " ".join(team.split())
    if not team:
        raise BadParameter("A team needs a name.")
    said = {"emotion": emotion, "drop_off": drop_off}
    for what, value in said.items():
        if value is not None:
            number(value, what, lowest=NUMBERS[what][0], highest=NUMBERS[what][1])

    def edit(data: dict[str, Any]) -> None:
        teams = data.setdefault("teams", {})
        if team not in teams and len(teams) >= MOST_TEAMS:
            raise BadParameter(f"There are {MOST_TEAMS} teams already.")
        mine = teams.setdefault(team, {})
        kept = {what: value for what, value in said.items() if value is not None}
        put(mine, key, kept or None)
        if not mine:
            del teams[team]
        point = next(p for p in data["touchpoints"] if p["id"] == key)
        for what in GUESSED:
            values = [guess[key][what] for guess in teams.values() if what in guess.get(key, {})]
            cell = {"value": sum(values) / len(values), "source": ASSUMED, "n": len(values)} if values else None
            put(point.setdefault("cells", {}), f"guess_{what}", cell)

    return chart.changed(edit)


def guesses_of(chart: Map, team: str) -> pd.DataFrame:
    """Return what a team guessed: a row a touchpoint that can be guessed, with name, emotion and drop_off."""
    mine = chart.data().get("teams", {}).get(team, {})
    able = guessable(chart)
    points = [point for point in chart.touchpoints if any(at == point.id for at, _what in able)]
    rows = [{"name": p.name, **{what: mine.get(p.id, {}).get(what, math.nan) for what in GUESSED}} for p in points]
    ids = [point.id for point in points]
    return pd.DataFrame(rows, columns=["name", *GUESSED], index=pd.Index(ids, dtype=object)).astype(
        {what: float for what in GUESSED}  # noqa: C420 - the same for each
    )


def with_guesses(chart: Map, team: str, edited: pd.DataFrame) -> Map:
    """Return the map with a team's guesses as an edited table of `guesses_of` has them."""
    before = guesses_of(chart, team)
    out = chart
    for key, row in zip(edited.index, edited.to_dict("records"), strict=True):
        if key not in before.index:
            continue
        said = {what: None if _nan(row.get(what)) else float(row[what]) for what in GUESSED}
        was = {what: None if _nan(before.loc[key, what]) else float(before.loc[key, what]) for what in GUESSED}
        if said != was:
            out = with_guess(out, team, str(key), **said)
    return out


def teams_of(chart: Map) -> list[str]:
    """Return the teams that have guessed."""
    return list(chart.data().get("teams", {}))


def guessable(chart: Map) -> dict[tuple[str, str], Cell]:
    """Return what the data knows and teams can guess: touchpoint and what, with the evidence."""
    found = {}
    for point in chart.touchpoints:
        for what in GUESSED:
            cell = point.cells.get(what)
            if cell is not None and cell.source != ASSUMED and math.isfinite(cell.value):
                found[point.id, what] = cell
    return found


def hidden(chart: Map) -> Map:
    """Return the map without what the data answers, to guess from: names, channels and guesses stay.

    What can be guessed is asked for. Visitors go too: how many come to the next touchpoint gives away who leaves.
    """
    asked = guessable(chart)

    def edit(data: dict[str, Any]) -> None:
        data.pop("moves", None)
        for point in data["touchpoints"]:
            cells = point.get("cells", {})
            point["cells"] = {k: c for k, c in cells.items() if k not in _HIDDEN or c.get("source", ASSUMED) == ASSUMED}
            point["cells"] |= {
                what: {"text": ASKED, "source": cell.source}
                for (key, what), cell in asked.items()
                if key == point["id"]
            }
            point["pains"] = [pain for pain in point.get("pains", ()) if pain.get("source", ASSUMED) == ASSUMED]

    return chart.changed(edit)


def guesses(chart: Map) -> Guesses:
    """Return the points of every guess and team."""
    able = guessable(chart)
    names = {point.id: point.name for point in chart.touchpoints}
    rows = []
    for team, mine in chart.data().get("teams", {}).items():
        for (key, what), cell in able.items():
            value = mine.get(key, {}).get(what)
            if value is None:
                continue
            low, high = (cell.lower, cell.upper) if math.isfinite(cell.lower) else (cell.value, cell.value)
            off = max(low - value, value - high, 0.0)
            rows.append(
                {
                    "team": team, "touchpoint": names[key], "what": what, "guess": float(value), "evidence": cell.value,
                    "lower": low, "upper": high, "n": cell.of or cell.n,
                    "points": max(0.0, 100 * (1 - off / GUESSED[what])),
                }
            )  # fmt: skip
    frame = pd.DataFrame(
        rows, columns=["team", "touchpoint", "what", "guess", "evidence", "lower", "upper", "n", "points"]
    )
    of = len(able)
    teams = [
        {
            "team": team,
            "points": part["points"].sum() / of,
            "n": len(part),
            "of": of,
            "inside": int((part["points"] >= 100).sum()),
        }
        for team, part in frame.groupby("team", sort=True)
    ]
    table = pd.DataFrame(teams, columns=["team", "points", "n", "of", "inside"])
    table = table.sort_values("points", ascending=False, kind="stable", ignore_index=True)
    table.insert(0, "place", table["points"].rank(method="min", ascending=False).astype(int))
    left = f"{words.count(of, 'figure')} could be guessed; what a team leaves out counts 0."
    return Guesses(teams=table, rows=frame, caveats=(left,))


def dots_left(chart: Map, *, people: int, each: int) -> int:
    """Return how many dots of the room are not put down yet; below 0 if there are too many."""
    whole(people, "people", lowest=1, highest=500)
    whole(each, "each", lowest=1, highest=50)
    return people * each - sum(item.votes for point in chart.touchpoints for item in point.items)


def leak_points(answer: Any, *, step: str, groups: dict[str, str]) -> int:
    """Return the points of a guess where a store leaks: 50 for the step, 50 for who, shared over what tells them apart.

    Args:
        answer: What `leak_store` gave.
        step: The step named.
        groups: Device, channel and country named; those not named are all.
    """
    told = {name: getattr(answer, name) for name in ("device", "channel", "country")}
    for name in groups:
        one_of(name, "group", tuple(told))
    right = sum(1 for name, value in told.items() if value is not None and groups.get(name) == value)
    wrong = sum(1 for name, value in groups.items() if value and told[name] is None)
    wanted = sum(1 for value in told.values() if value is not None)
    who = max(0, right - wrong) / wanted if wanted else 1.0
    return round(50 * (step == answer.step) + 50 * who)


def _nan(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value)) or value is pd.NA
