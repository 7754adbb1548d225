"""Who left at a step: the pseudonyms of those who dropped off, to take elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ibis import _

from journeylab import words
from journeylab.checks import duration, whole
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.journey.attempts import Rules, visitors
from journeylab.journey.steps import labels, read
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    import altair as alt
    import pandas as pd

    from journeylab.data.dataset import Dataset

MOST = 100_000


@dataclass(frozen=True, eq=False, kw_only=True)
class Dropped(Result):
    """Visitors who reached the step before and were lost at one.

    Args:
        rows: visitor_id (as in the shop's tables: a pseudonym where the reader made one) and day (of the first entry),
            in their order.
        trend: How many entered on which day: bucket, n.
        step: The step they did not do.
        lost: How many there are; the table may hold fewer.
    """

    views: ClassVar[tuple[str, ...]] = ("days",)

    rows: pd.DataFrame
    trend: pd.DataFrame
    step: str
    lost: int

    def table(self) -> pd.DataFrame:
        """Return a row a visitor."""
        return self.rows

    def headline(self) -> str:
        """Say how many were lost at the step."""
        return f"{words.count(self.lost, 'visitor')} were lost at {self.step}."

    def _draw(self, view: str) -> alt.TopLevelMixin:
        import altair as alt

        from journeylab.charts import theme

        return (
            alt.Chart(self.trend)
            .mark_bar(color=theme.MAIN)
            .encode(
                x=alt.X("bucket:T", title="week of entry"),
                y=alt.Y("n:Q", title="visitors lost"),
                tooltip=["bucket:T", "n:Q"],
            )
            .properties(height=240, title=view)
        )


@analysis("events")
def dropped(
    shop: Dataset,
    *,
    steps: Sequence[Any],
    at: int,
    window: str | timedelta | None = "14d",
    most: int = 10_000,
) -> Dropped:
    """List the visitors who reached the step before the `at`-th and were lost there, in an ordered, closed funnel.

    Those who still had time when the data ended are not lost. The counts are those of `funnel`.

    Args:
        shop: A Dataset with events, or a table of events.
        steps: Steps as in `funnel`.
        at: Place of the step, from 2; one that must be done.
        window: Longest time from the first step to the last; None for no limit.
        most: How many visitors to list at most.

    Raises:
        BadParameter: for steps that make no funnel, or a place that is none.
        NotEnoughData: if nobody was lost there.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import tiny_shop
        >>> jl.journey.dropped(tiny_shop(), steps=["view", "cart"], at=2, window="1d").table()["visitor_id"].tolist()
        ['x']
    """
    chosen = read(steps, shop.table("events").columns)
    whole(at, "at", lowest=2, highest=len(chosen))
    whole(most, "most", lowest=1, highest=MOST)
    if chosen[at - 1].optional:
        raise BadParameter("Nobody is lost at a step that may be left out.", do="Choose the step after it.")
    end = shop.period[1] if shop.period else None
    length = None if window is None else duration(window, "window")
    people = visitors(shop.table("events"), Rules(steps=chosen, window=length, end=end, named=True))
    lost = people.filter(people[f"tried_{at}"], ~people[f"came_{at}"], ~people[f"open_{at}"])
    trend = shop.run(lost.group_by(bucket=_.day.truncate("W")).agg(n=_.count())).sort_values(
        "bucket", ignore_index=True
    )
    name = labels(chosen)[at - 1]
    if trend.empty:
        raise NotEnoughData(f"Nobody was lost at {name}.")
    rows = shop.run(lost.select("visitor_id", "day").order_by("visitor_id").limit(most))
    number = int(trend["n"].sum())
    said = ["A visitor is listed as in the shop's tables; where ids were replaced by pseudonyms, by pseudonym."]
    if number > most:
        said.append(f"The first {words.count(most)} of {words.count(number)} are listed.")
    return Dropped(rows=rows, trend=trend, step=name, lost=number, caveats=tuple(said))
