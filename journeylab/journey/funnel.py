"""How many visitors get from step to step, and where they leave.

An ordered, closed funnel with a conversion window. Any time a visitor does the first step may start an attempt, and
the visitor's best attempt counts. Method and worked examples: docs/methods/funnel.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import ibis
import numpy as np
import pandas as pd
from ibis import _

from journeylab import words
from journeylab.checks import duration, number
from journeylab.data.dataset import ibis_date
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.intervals import wilson
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    import altair as alt
    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

#: Columns of events a funnel can be broken down by.
DIMENSIONS = ("marketing_channel", "device", "country")
MAX_STEPS = 20
#: Groups with fewer entrants than this are shown, greyed, and never ranked.
SMALL = 30


@dataclass(frozen=True, eq=False, kw_only=True)
class Funnel(Result):
    """Visitors by step.

    Args:
        rows: A row a step and group: group, step (its words), position (from 1), n (visitors who reached it), of
            (visitors at the step before), rate, lower, upper, of_entrants, rate_of_entrants, small (fewer than 30
            entrants).
        steps: The steps' words in order.
        by: The dimension the groups come from, or None.
        window: Longest time from the first step to the last.
        open_attempts: Entrants who have not finished and whose window was still open when the data ended.
        level: Coverage of the Wilson intervals.
    """

    views: ClassVar[tuple[str, ...]] = ("steps", "rates")

    rows: pd.DataFrame
    steps: tuple[str, ...]
    by: str | None
    window: timedelta | None
    open_attempts: int
    level: float

    def table(self) -> pd.DataFrame:
        """Return the rows: every rate beside its denominator and Wilson interval."""
        return self.rows if self.by else self.rows.drop(columns=["group"])

    def headline(self) -> str:
        """Say how many of the entrants finish, and at which step most leave."""
        whole = self._whole()
        first, last = whole.iloc[0], whole.iloc[-1]
        said = (
            f"{words.count(last['n'])} of {words.count(first['n'])} visitors "
            f"({words.percent(last['rate_of_entrants'])}) went from {first['step']} to {last['step']}"
        )
        lost = (whole["of"] - whole["n"]).iloc[1:]
        worst = whole.loc[lost.idxmax()]
        if worst["of"] == worst["n"]:
            return f"{said}."
        return (
            f"{said}; most leave before {worst['step']}, which {words.percent(worst['rate'])} "
            f"of {words.count(worst['of'])} reach."
        )

    def _whole(self) -> pd.DataFrame:
        """Return the steps over all groups together."""
        if self.by is None:
            return self.rows
        sums = self.rows.groupby(["position", "step"], sort=True, as_index=False)["n"].sum()
        return _with_rates(sums.assign(group="all"), self.level)

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import steps

        if view == "rates":
            return steps.rates(self.rows, grouped=self.by is not None)
        return steps.bars(self.rows, grouped=self.by is not None)


@analysis("events")
def funnel(
    shop: Dataset,
    *,
    steps: Sequence[str | Sequence[str]],
    window: str | timedelta | None = "14d",
    by: str | None = None,
    level: float = 0.95,
) -> Funnel:
    """Count the visitors who reach each step in order, within a window from the first step.

    A visitor reaches step k if there are events for steps 1 … k, each at or after the one before, none used twice,
    the last at most `window` after the first. Any event of step 1 may start an attempt; the best attempt counts.
    Events at the same instant are taken in the order of the steps. In a breakdown a visitor belongs to the value
    seen at the first event of step 1.

    Args:
        shop: A Dataset with events, or a table of events.
        steps: Two to twenty steps; each an event's name, or several of which any will do.
        window: Longest time from the first step to the last, such as '30m' or '14d'; None for no limit.
        by: Break down by 'marketing_channel', 'device' or 'country', where the events have it.
        level: Coverage of the intervals (Wilson).

    Raises:
        BadParameter: for fewer than two steps, an empty step, or a dimension the events do not have.
        NotEnoughData: if nobody did the first step.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import tiny_shop
        >>> result = jl.journey.funnel(tiny_shop(), steps=["view", "cart", "purchase"], window="1d")
        >>> result.table()["n"].tolist()
        [3, 2, 1]
    """
    sets = _step_sets(steps)
    names = tuple(" or ".join(names) for names in sets)
    length = None if window is None else duration(window, "window")
    number(level, "level", lowest=0.5, highest=0.9999)
    events = shop.table("events")
    if by is not None and (by not in DIMENSIONS or by not in events.columns):
        having = [d for d in DIMENSIONS if d in events.columns]
        raise BadParameter(
            f"The events cannot be broken down by {by!r}.",
            do=f"They have {words.listed(having)}." if having else "They have no column to break down by.",
        )

    end = shop.period[1] if shop.period else None
    counts = shop.run(_counts(events, sets, length, by, end))
    if counts.empty or not counts["reached_1"].sum():
        raise NotEnoughData(f"No visitor did the first step, {names[0]}, in this period.", do="Choose another step.")
    counts = counts.sort_values(["reached_1", "group"], ascending=[False, True], ignore_index=True)
    long = pd.concat(
        [
            pd.DataFrame({"group": counts["group"], "position": k, "step": name, "n": counts[f"reached_{k}"]})
            for k, name in enumerate(names, start=1)
        ],
        ignore_index=True,
    )
    rows = _with_rates(long, level)
    open_attempts = int(counts["open"].sum())
    return Funnel(
        rows=rows,
        steps=names,
        by=by,
        window=length,
        open_attempts=open_attempts,
        level=level,
        caveats=_caveats(counts, rows, length, open_attempts, by),
    )


def _step_sets(steps: Sequence[str | Sequence[str]]) -> list[tuple[str, ...]]:
    if isinstance(steps, str) or not 2 <= len(steps) <= MAX_STEPS:
        raise BadParameter(f"A funnel has two to {MAX_STEPS} steps.", do="Give a list of event names.")
    sets = [(step,) if isinstance(step, str) else tuple(step) for step in steps]
    if not all(step and all(isinstance(name, str) and name for name in step) for step in sets):
        raise BadParameter("Each step is an event's name, or a list of names of which any will do.")
    return sets


def _counts(
    events: ir.Table, sets: list[tuple[str, ...]], length: timedelta | None, by: str | None, end: Any
) -> ir.Table:
    """Return a row a group: group, reached_1 … reached_k, open.

    Every event carries, for each step it fits, the latest possible start of an attempt that brings a visitor there:
    for step 1 its own time, for step k the latest start of step k - 1 among the events before it. Nothing later can
    beat the latest start, so one running maximum a step over one order decides.
    """
    wanted = sorted({name for names in sets for name in names})
    log = events.filter(_.event.isin(wanted), _.visitor_id.notnull(), _.occurred_at.notnull())
    log = log.select(
        "visitor_id",
        at=_.occurred_at,
        group=_[by].fill_null("not known") if by else ibis.literal("all"),
        **{f"is_{k}": _.event.isin(names) for k, names in enumerate(sets, start=1)},
    )
    order = [_.at, *[_[f"is_{k}"].desc() for k in range(1, len(sets) + 1)]]
    earlier = ibis.window(group_by="visitor_id", order_by=order, preceding=(None, 1))
    log = log.mutate(start_1=ibis.ifelse(_.is_1, _.at, ibis.null("timestamp")))
    for k in range(2, len(sets) + 1):
        start = _[f"start_{k - 1}"].max().over(earlier)
        reached = _[f"is_{k}"]
        if length is not None:
            reached &= start >= _.at - ibis.interval(microseconds=round(length.total_seconds() * 1e6))
        log = log.mutate(**{f"start_{k}": ibis.ifelse(reached, start, ibis.null("timestamp"))})
    if by:
        first = _.start_1.min().over(ibis.window(group_by="visitor_id"))
        log = log.mutate(group=ibis.ifelse(_.start_1 == first, _.group, ibis.null("string")))
    visitors = log.group_by("visitor_id").agg(
        group=_.group.min(),
        latest=_.start_1.max(),
        **{f"reached_{k}": _[f"start_{k}"].notnull().any() for k in range(1, len(sets) + 1)},
    )
    last = _[f"reached_{len(sets)}"]
    is_open = ibis.literal(value=False)
    if length is not None and end is not None:
        closes = ibis_date(end).cast("timestamp") + ibis.interval(days=1)
        is_open = ~last & (_.latest > closes - ibis.interval(microseconds=round(length.total_seconds() * 1e6)))
    return (
        visitors.filter(_.reached_1)
        .mutate(open=is_open)
        .group_by("group")
        .agg(
            open=_.open.sum(),
            **{f"reached_{k}": _[f"reached_{k}"].sum() for k in range(1, len(sets) + 1)},
        )
    )


def _with_rates(rows: pd.DataFrame, level: float) -> pd.DataFrame:
    """Add denominators, rates and intervals to rows of group, position, step and n; groups keep their order."""
    rows = rows.assign(n=rows["n"].astype("int64"))
    by_group = rows.sort_values("position").groupby("group", sort=False)["n"]
    of = by_group.shift(1)
    rows["of_entrants"] = by_group.transform("first")
    rows["of"] = of.fillna(rows["n"]).astype("int64")
    with np.errstate(invalid="ignore", divide="ignore"):
        rows["rate"] = rows["n"].to_numpy(float) / rows["of"].to_numpy(float)
        rows["rate_of_entrants"] = rows["n"].to_numpy(float) / rows["of_entrants"].to_numpy(float)
    rows["lower"], rows["upper"] = wilson(rows["n"], rows["of"], level=level)
    rows["small"] = rows["of_entrants"] < SMALL
    columns = ["group", "position", "step", "n", "of", "rate", "lower", "upper"]
    columns += ["of_entrants", "rate_of_entrants", "small"]
    return rows[columns].reset_index(drop=True)


def _caveats(
    counts: pd.DataFrame, rows: pd.DataFrame, length: timedelta | None, open_attempts: int, by: str | None
) -> tuple[str, ...]:
    said = ["A visitor is a browser or device as the events name it; one person on two devices counts twice."]
    entrants = int(counts["reached_1"].sum())
    if open_attempts:
        said.append(
            f"{words.count(open_attempts)} of {words.count(entrants)} entrants had not finished and still had time "
            f"when the data ended; they count as not converted, so the last rates are a little low."
        )
    if length is None:
        said.append("There is no limit of time, so earlier visitors had longer to convert than later ones.")
    if by and rows["small"].any():
        few = rows.loc[rows["small"], "group"].nunique()
        said.append(f"{words.count(few, 'group')} with fewer than {SMALL} entrants: too few to compare.")
    return tuple(said)
