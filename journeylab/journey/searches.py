"""Site search: what people look for, what finds nothing, and what searching goes with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from journeylab import words
from journeylab.checks import number, whole
from journeylab.errors import NotEnoughData
from journeylab.intervals import wilson
from journeylab.journey import signs, traits
from journeylab.journey.differences import with_others
from journeylab.journey.steps import STAGES
from journeylab.journey.worth import worth_of
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    import altair as alt
    import pandas as pd

    from journeylab.data.dataset import Dataset


@dataclass(frozen=True, eq=False, kw_only=True)
class Searches(Result):
    """Search terms.

    Args:
        rows: A row a group and term: group, term, n (sessions that searched it), won (of which converted), rate, lower,
            upper, empty (sessions in which it found nothing), told (sessions that say how much it found), empty_rate,
            empty_lower, empty_upper, net (value of the conversions of those sessions; NaN if no value is known), and
            with groups difference (in empty_rate, to the other groups), difference_lower, difference_upper, p, q,
            clear.
        by: What the groups come from, or None.
    """

    views: ClassVar[tuple[str, ...]] = ("terms", "nothing")

    rows: pd.DataFrame
    by: str | None

    def table(self) -> pd.DataFrame:
        """Return the terms, the most searched first."""
        return self.rows if self.by else self.rows.drop(columns=["group"])

    def headline(self) -> str:
        """Say what is searched most, and what most often finds nothing; of groups, where one clearly finds less."""
        top = self.rows.iloc[0]
        if self.by and self.rows["clear"].any():
            far = self.rows[self.rows["clear"]].sort_values("difference").iloc[-1]
            return (
                f"“{far['term']}” finds nothing in {words.percent(far['empty_rate'])} of {words.count(far['told'])} "
                f"sessions of {far['group']}, clearly {'more' if far['difference'] > 0 else 'less'} often than "
                "elsewhere."
            )
        said = f"“{top['term']}” is searched most ({words.count(top['n'], 'session')})"
        worst = self.rows.loc[self.rows["empty"].idxmax()]
        if worst["empty"]:
            said += (
                f"; “{worst['term']}” found nothing in {words.count(worst['empty'])} of {words.count(worst['told'])} "
                f"sessions ({words.percent(worst['empty_rate'])})"
            )
        return f"{said}."

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import flows

        rows = self.rows
        if self.by:
            rows = rows.assign(
                term=[f"{term} ({group})" for term, group in zip(rows["term"], rows["group"], strict=True)]
            )
            rows = rows.drop(columns=["difference", "difference_lower", "difference_upper", "p", "q", "clear"])
        if view == "nothing":
            shown = rows[rows["told"] > 0].sort_values(["empty", "term"], ascending=[False, True])
            shown = shown.drop(columns=["n", "rate", "lower", "upper"]).rename(
                columns={
                    "empty": "n",
                    "told": "of",
                    "empty_rate": "rate",
                    "empty_lower": "lower",
                    "empty_upper": "upper",
                }
            )
            return flows.exits(shown.rename(columns={"term": "page"}), title="share of sessions that found nothing")
        shown = rows.rename(columns={"term": "page", "n": "of", "won": "n"})
        return flows.exits(shown, title="share of sessions that converted")


@analysis("events.query")
def searches(
    shop: Dataset,
    *,
    goal: Sequence[str] | None = None,
    gap: str | timedelta | None = None,
    most: int = 100,
    value: float | None = None,
    by: str | None = None,
    groups: Sequence[str] = (),
    level: float = 0.95,
) -> Searches:
    """Count what is searched, what finds nothing, and how those sessions end.

    Terms are compared in lower case without blanks around them. A session counts once a term, up to its first goal.

    Args:
        shop: A Dataset whose events say what was searched.
        goal: Events that are the goal; well-known names of a purchase if not given.
        gap: A session ends after this long without an event; None takes those of the data, or 30 minutes.
        most: How many terms to return.
        value: Value of a conversion; from the orders if not given.
        by: Break down by a column of events or a trait of customers.
        groups: Only these values of `by`.
        level: Coverage of the intervals (Wilson; Newcombe for differences, Benjamini-Hochberg over all).

    Raises:
        NotEnoughData: if nothing was searched.
    """
    number(level, "level", lowest=0.5, highest=0.9999)
    whole(most, "most", lowest=1, highest=1000)
    goals = STAGES[-1] if goal is None else tuple(goal)
    log = signs.log_of(shop, "event", gap, goals, by)
    rows = signs.queries(shop, log.filter(log.group.isin(list(groups))) if by and groups else log, most=most)
    if rows.empty:
        raise NotEnoughData("Nothing was searched in this period.", do="Choose a longer period.")
    rows = rows.astype({"n": "int64", "won": "int64", "empty": "int64", "told": "int64"})
    rows["rate"], rows["empty_rate"] = rows["won"] / rows["n"], rows["empty"] / rows["told"].where(rows["told"] > 0)
    rows["lower"], rows["upper"] = wilson(rows["won"], rows["n"], level=level)
    rows["empty_lower"], rows["empty_upper"] = wilson(rows["empty"], rows["told"], level=level)
    said = ["Those who search know what they want, so they convert more often; that is not what the search brings."]
    rows["net"] = float("nan")
    if value is not None or shop.has("orders"):
        worth = worth_of(shop, None, value=value, margin=1.0)
        rows["net"] = rows["won"] * worth.value
        said.append(f"{worth.value_said}.")
    order = [
        "group",
        "term",
        "n",
        "won",
        "rate",
        "lower",
        "upper",
        "empty",
        "told",
        "empty_rate",
        "empty_lower",
        "empty_upper",
    ]
    rows = rows[[*order, "net"]]
    if by:
        rows = with_others(rows, "term", n="empty", of="told", level=level)
    return Searches(rows=rows, by=by, caveats=(*said, *traits.said(by)))
