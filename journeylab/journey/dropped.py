"""Who left at a step: the pseudonyms of those who dropped off, to take elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import ibis
from ibis import _

from journeylab import words
from journeylab.checks import duration, number, one_of, whole
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.intervals import wilson
from journeylab.journey import tally, traits
from journeylab.journey.attempts import ENTRIES, ORDERS, Rules, visitors
from journeylab.journey.differences import with_others
from journeylab.journey.steps import labels, read, read_one
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
        rows: visitor_id (as in the shop's tables: a pseudonym where the reader made one), group and day (of the first
            entry), in the order of the visitors.
        shares: A row a group: group, n (lost), of (who reached the step before), rate, lower, upper, and with groups
            difference (to the others), difference_lower, difference_upper, p, q, clear.
        trend: How many of each group entered in which week: group, bucket, n.
        step: The step they did not do.
        lost: How many there are; the table may hold fewer.
        by: What the groups come from, or None.
    """

    views: ClassVar[tuple[str, ...]] = ("days", "shares")

    rows: pd.DataFrame
    shares: pd.DataFrame
    trend: pd.DataFrame
    step: str
    lost: int
    by: str | None

    def table(self) -> pd.DataFrame:
        """Return a row a visitor."""
        return self.rows if self.by else self.rows.drop(columns=["group"])

    def headline(self) -> str:
        """Say how many were lost at the step, and of which group clearly more."""
        said = f"{words.count(self.lost, 'visitor')} were lost at {self.step}"
        if not self.by:
            return f"{said}."
        more = self.shares[self.shares["clear"] & (self.shares["difference"] > 0)]
        if more.empty:
            return f"{said}; no group clearly loses more than the others."
        far = more.loc[more["difference"].idxmax()]
        return (
            f"{said}; clearly more of {far['group']}: {words.percent(far['rate'])} of {words.count(far['of'])}, "
            f"{100 * far['difference']:.1f} points above the other groups."
        )

    def _draw(self, view: str) -> alt.TopLevelMixin:
        import altair as alt

        from journeylab.charts import flows, theme

        if view == "shares":
            shown = self.shares.drop(columns=["difference", "difference_lower", "difference_upper", "p", "q", "clear"])
            return flows.exits(shown.rename(columns={"group": "page"}), title=f"share lost at {self.step}")
        tint = {"color": alt.Color("group:N", title=None)} if self.by else {"color": alt.value(theme.MAIN)}
        return (
            alt.Chart(self.trend)
            .mark_bar()
            .encode(
                **tint,
                x=alt.X("bucket:T", title="week of entry"),
                y=alt.Y("n:Q", title="visitors lost"),
                tooltip=[*(["group:N"] if self.by else []), "bucket:T", "n:Q"],
            )
            .properties(height=240)
        )


@analysis("events")
def dropped(
    shop: Dataset,
    *,
    steps: Sequence[Any],
    at: int,
    window: str | timedelta | None = "14d",
    order: str = "ordered",
    entry: str = "closed",
    exclude: Sequence[Any] = (),
    most: int = 10_000,
    by: str | None = None,
    groups: Sequence[str] = (),
    level: float = 0.95,
) -> Dropped:
    """List the visitors who reached the step before the `at`-th and were lost there.

    Those who still had time when the data ended are not lost. The counts are those of `funnel`.

    Args:
        shop: A Dataset with events, or a table of events.
        steps: Steps as in `funnel`.
        at: Place of the step, from 2; one that must be done.
        window: Longest time from the first step to the last; None for no limit.
        order: 'ordered', 'strict' or 'any', as in `funnel`.
        entry: 'closed' or 'open', as in `funnel`.
        exclude: Events that end an attempt, as in `funnel`.
        most: How many visitors to list at most.
        by: Break down by a column of events or a trait of customers, at the first entry.
        groups: Only these values of `by`.
        level: Coverage of the intervals (Wilson; Newcombe for differences, Benjamini-Hochberg over all).

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
    number(level, "level", lowest=0.5, highest=0.9999)
    whole(at, "at", lowest=2, highest=len(chosen))
    whole(most, "most", lowest=1, highest=MOST)
    if chosen[at - 1].optional:
        raise BadParameter("Nobody is lost at a step that may be left out.", do="Choose the step after it.")
    events = tally.with_split(shop, shop.table("events"), by) if by else shop.table("events")
    end = shop.period[1] if shop.period else None
    length = None if window is None else duration(window, "window")
    split: dict[str, Any] = {"splits": ("group",), "only": tuple(groups)} if by else {}
    rules = Rules(
        steps=chosen,
        order=one_of(order, "order", ORDERS),
        entry=one_of(entry, "entry", ENTRIES),
        window=length,
        exclude=tuple(read_one(event, set(events.columns)) for event in exclude),
        end=end,
        named=True,
        **split,
    )
    if rules.order == "any" and any(step.within for step in chosen):
        raise BadParameter("In any order there is no step before, so a step has no limit of its own.")
    people = visitors(events, rules)
    if not by:
        people = people.mutate(group=ibis.literal(tally.ALL))
    people = people.filter(people[f"tried_{at}"])
    still = people[f"open_{at}"]
    gone = ~people[f"came_{at}"] & ~still
    sums = {"of": _.count(), "n": gone.sum().cast("int64"), "open": still.sum().cast("int64")}
    counts = shop.run(people.group_by("group", bucket=_.day.truncate("W")).agg(**sums))
    name = labels(chosen)[at - 1]
    number_lost, waiting = int(counts["n"].sum()), int(counts["open"].sum())
    if not number_lost:
        raise NotEnoughData(f"Nobody was lost at {name}.")
    listed = people.filter(gone).select("visitor_id", "group", "day").order_by("visitor_id").limit(most)
    said = ["A visitor is listed as in the shop's tables; where ids were replaced by pseudonyms, by pseudonym."]
    if number_lost > most:
        said.append(f"The first {words.count(most)} of {words.count(number_lost)} are listed.")
    if waiting:
        said.append(
            f"{words.count(waiting)} who reached the step before still had time when the data ended: they are part of "
            "the shares' denominators, and not lost."
        )
    if by:
        said.append("Groups differ in more than what they are named by: a difference is no effect; a test shows one.")
    trend = counts[counts["n"] > 0].sort_values(["bucket", "group"], ignore_index=True)
    return Dropped(
        rows=shop.run(listed),
        shares=_shares(counts, level),
        trend=trend[["group", "bucket", "n"]],
        step=name,
        lost=number_lost,
        by=by,
        caveats=(*said, *traits.said(by)),
    )


def _shares(counts: pd.DataFrame, level: float) -> pd.DataFrame:
    """Return each group's share that was lost, compared with the other groups."""
    rows = counts.groupby("group", as_index=False)[["n", "of"]].sum().astype({"n": "int64", "of": "int64"})
    rows["rate"] = rows["n"] / rows["of"]
    rows["lower"], rows["upper"] = wilson(rows["n"], rows["of"], level=level)
    return with_others(rows.assign(step=tally.ALL), "step", level=level).drop(columns="step")
