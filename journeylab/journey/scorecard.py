"""The scorecard of touchpoints: appropriateness, relevance, simplicity, appeal; the team's view against the evidence.

How a score is derived from evidence: docs/methods/journey_map.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pandas as pd

from journeylab import words
from journeylab.errors import NotEnoughData
from journeylab.journey.map_model import ASSUMED, CRITERIA
from journeylab.result import Result

if TYPE_CHECKING:
    import altair as alt

    from journeylab.journey.map import Map
    from journeylab.journey.map_model import Cell, Touchpoint

#: Criterion: the lanes that speak of it, the first that is there wins; whether less is better; least and greatest.
_FROM: dict[str, tuple[tuple[str, bool, float, float], ...]] = {
    "appropriateness": (("drop_off", True, 0.0, 1.0), ("repeat_contacts", True, 0.0, 1.0)),
    "relevance": (("met_by_buyers", False, 0.0, 1.0),),
    "simplicity": (("ease", False, -2.0, 2.0),),
    "appeal": (("emotion", False, -2.0, 2.0),),
}
#: What a whole number leaves open: a team that means 4.4 scores 4.
_HALF = 0.5
#: Shown in the chart at most.
_SHOWN = 24


@dataclass(frozen=True, eq=False, kw_only=True)
class Scorecard(Result):
    """Scores from 0 to 5 by touchpoint and criterion.

    Args:
        rows: touchpoint, criterion, team, evidence, lower, upper, n, gap (team - evidence), clear (the interval lies
            further than half a point from the team's score, which is a whole number), from_lane; the biggest clear
            disagreement first, then scores with one side only.
    """

    views: ClassVar[tuple[str, ...]] = ("scores",)

    rows: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """Return the scores."""
        return self.rows

    def headline(self) -> str:
        """Say the biggest disagreement."""
        apart = self.rows[self.rows["clear"]]
        if apart.empty:
            scored = int(self.rows["team"].notna().sum())
            if not scored:
                return "The team has not scored any touchpoint yet."
            both = int((self.rows["team"].notna() & self.rows["evidence"].notna()).sum())
            if not both:
                return f"Nothing is known yet to put beside the team's {words.count(scored, 'score')}."
            beside = f"{words.count(both, 'score')} with evidence"
            return f"No score of the team is clearly more than half a point from what the evidence says ({beside})."
        top = apart.iloc[0]
        way = "better" if top["gap"] > 0 else "worse"
        return (
            f"The team sees “{top['touchpoint']}” {way} than customers do: {top['criterion']} {top['team']:.0f} of 5 "
            f"against {top['evidence']:.1f} ({top['lower']:.1f} to {top['upper']:.1f})."
        )

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import journey_map

        del view
        if self.rows.empty:
            raise NotEnoughData("There is nothing to score yet.", do="Score a touchpoint, or fill the map from data.")
        shown = self.rows.head(_SHOWN)
        return journey_map.scores(shown.assign(label=shown["touchpoint"] + ": " + shown["criterion"]))


def scorecard(chart: Map) -> Scorecard:
    """Return the team's scores of a map beside those its evidence gives."""
    rows = []
    for point in chart.touchpoints:
        for criterion in CRITERIA:
            team = point.scores.get(criterion)
            found = _evidence(point, criterion)
            if team is None and found is None:
                continue
            row = {"touchpoint": point.name, "criterion": criterion, "team": math.nan if team is None else float(team)}
            rows.append({**row, **(found or {})})
    columns = ["touchpoint", "criterion", "team", "evidence", "lower", "upper", "n", "from_lane"]
    frame = pd.DataFrame(rows, columns=columns)
    frame = frame.astype(dict.fromkeys(("team", "evidence", "lower", "upper", "n"), float))
    frame["gap"] = frame["team"] - frame["evidence"]
    frame["clear"] = (frame["team"] + _HALF < frame["lower"]) | (frame["team"] - _HALF > frame["upper"])
    size = frame["gap"].abs()
    frame = frame.assign(size=size).sort_values(
        ["clear", "size"], ascending=False, kind="stable", na_position="last", ignore_index=True
    )
    caveat = (
        "Evidence: who goes on (appropriateness), buyers who come by (relevance), ease as customers rate it "
        "(simplicity), emotion (appeal), each put on 0 to 5. What has no evidence stays empty."
    )
    return Scorecard(rows=frame.drop(columns="size"), caveats=(caveat,))


def _evidence(point: Touchpoint, criterion: str) -> dict[str, float | str] | None:
    for lane, inverted, low, high in _FROM[criterion]:
        cell = point.cells.get(lane)
        if cell is None or cell.source == ASSUMED or not math.isfinite(cell.value):
            continue
        ends = [_on_five(value, low, high, inverted=inverted) for value in (cell.value, cell.lower, cell.upper)]
        return {"evidence": ends[0], "lower": min(ends[1:]), "upper": max(ends[1:]), "n": _n(cell), "from_lane": lane}
    return None


def _on_five(value: float, low: float, high: float, *, inverted: bool) -> float:
    share = (value - low) / (high - low)
    return 5 * (1 - share if inverted else share)


def _n(cell: Cell) -> float:
    known = cell.of if cell.of is not None else cell.n
    return math.nan if known is None else float(known)
