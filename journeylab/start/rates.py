"""The overview's figures that do not come from orders: conversion from the events, NPS from the surveys.

Definitions: docs/methods/overview.md. Both agree with the pages that look at them closely (sessions, feedback).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pandas as pd
from ibis import _

from journeylab.customers import answers, respondents, score_interval
from journeylab.data.dataset import ibis_date
from journeylab.intervals import wilson
from journeylab.journey.steps import STAGES
from journeylab.journey.visits import with_sessions
from journeylab.start.counting import GRAINS

if TYPE_CHECKING:
    from datetime import date

    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

    Period = tuple[date, date]

#: So few answers move the NPS by many points each.
FEW_ANSWERS = 30


@dataclass(frozen=True)
class Rate:
    """A figure of the period, of the one before, and of each bucket.

    Args:
        value: The figure; NaN if it could not be observed.
        previous: The same in the period before; NaN if that was not wholly observed.
        interval: Lower and upper end.
        n: Over how many it was taken.
        buckets: The figure by first day of each bucket that has any.
        caveats: What would make a careful reader doubt it.
        lacks: What is missing to know it, in a sentence; empty if it is known.
    """

    value: float
    previous: float
    interval: tuple[float, float]
    n: int
    buckets: pd.Series
    caveats: tuple[str, ...] = ()
    lacks: str = ""


def unknown(lacks: str) -> Rate:
    """Return a figure that cannot be known, and why."""
    return Rate(math.nan, math.nan, (math.nan, math.nan), 0, pd.Series(dtype="float64"), lacks=lacks)


def conversion(shop: Dataset, grain: str, now: Period, before: Period | None, *, level: float) -> Rate:
    """Return the share of sessions with a purchase, of the sessions that began in the period."""
    if not shop.has("events"):
        return unknown("A file with one event a row, such as GA4's, would tell it.")
    events = with_sessions(shop.table("events", whole=True), None)
    marked = events.mutate(bought=events.event.lower().isin(STAGES[-1]).fill_null(False))
    visits = marked.group_by("visitor_id", "session").agg(day=_.day.min(), bought=_.bought.any())
    sums = {"n": _.count(), "bought": _.bought.sum(), "first": _.day.min(), "last": _.day.max()}
    rows = _counted(shop, visits, sums, grain, now, before)
    if not rows["bought"].sum():
        return unknown("No event has a known name of a purchase, such as 'purchase'.")
    totals = rows.groupby("part")[["n", "bought"]].sum()
    n, bought = _of(totals, "now", "n"), _of(totals, "now", "bought")
    seen = pd.to_datetime(rows["first"]).min(), pd.to_datetime(rows["last"]).max()
    whole = before is not None and seen[0] <= pd.Timestamp(before[0])
    lower, upper = wilson(bought, n, level=level)
    buckets = _by_bucket(rows)
    return Rate(
        value=_share(bought, n),
        previous=_share(_of(totals, "before", "bought"), _of(totals, "before", "n")) if whole else math.nan,
        interval=(float(lower), float(upper)),
        n=int(n),
        buckets=buckets["bought"] / buckets["n"],
        caveats=_covered(seen, now) if n else (),
        lacks="" if n else "No visit began in this period.",
    )


def nps(shop: Dataset, grain: str, now: Period, before: Period | None, *, level: float) -> Rate:
    """Return the net promoter score of the answers given in the period."""
    if not shop.has("surveys"):
        return unknown("A file with one answer a row, to 'how likely are you to recommend us', would tell it.")
    asked = answers.asked(shop.unchosen(), "nps").filter(_.points.notnull())
    sums = {name: answers.SUMS[name] for name in ("n", "total")}
    rows = _counted(shop, asked, sums, grain, now, before)
    totals = rows.groupby("part")[["n", "total"]].sum()
    n, total = (_of(totals, "now", name) for name in ("n", "total"))
    if not n:
        return unknown("Nobody said in this period how likely they are to recommend the shop.")
    told = asked.filter(_.day >= ibis_date(now[0]), _.day <= ibis_date(now[1]))
    whole = respondents.effective(answers.counted(shop.unchosen(), told, "kind"), level=level)
    lower, upper = (end[0] for end in score_interval.interval(*whole, answers.KINDS["nps"], level=level))
    few = f"The NPS is of {int(n)} answers only: each moves it by {100 / n:.0f} points or more."
    buckets = _by_bucket(rows)
    return Rate(
        value=total / n,
        previous=_share(_of(totals, "before", "total"), _of(totals, "before", "n")),
        interval=(float(lower), float(upper)),
        n=int(n),
        buckets=buckets["total"] / buckets["n"],
        caveats=(few,) if n < FEW_ANSWERS else (),
    )


def _counted(
    shop: Dataset, rows: ir.Table, sums: dict[str, Any], grain: str, now: Period, before: Period | None
) -> pd.DataFrame:
    """Add rows with a `day` up by part ('now', 'before' or 'other') and, in the present period, by bucket."""

    def within(period: Period) -> ir.BooleanValue:
        return (rows.day >= ibis_date(period[0])) & (rows.day <= ibis_date(period[1]))

    earlier = [] if before is None else [(within(before), "before")]
    bucket = ibis.ifelse(within(now), rows.day.truncate(GRAINS[grain]), ibis.null("date"))
    marked = rows.mutate(part=ibis.cases((within(now), "now"), *earlier, else_="other"), bucket=bucket)
    counted = shop.run(marked.group_by("part", "bucket").agg(**sums))
    numbers = [name for name in sums if name not in {"first", "last"}]
    return counted.astype(dict.fromkeys(numbers, "float64"))


def _of(totals: pd.DataFrame, part: str, name: str) -> float:
    return float(totals[name].get(part, 0.0))


def _share(n: float, of: float) -> float:
    return n / of if of else math.nan


def _by_bucket(rows: pd.DataFrame) -> pd.DataFrame:
    mine = rows[rows["part"] == "now"]
    return mine.set_index(pd.to_datetime(mine["bucket"])).select_dtypes(np.number)


def _covered(seen: tuple[pd.Timestamp, pd.Timestamp], now: Period) -> tuple[str, ...]:
    """Say if the events begin after the period does, or end before it, by more than a day."""
    day, said = pd.Timedelta(days=1), []
    if seen[0] > pd.Timestamp(now[0]) + day:
        said.append(f"begin on {seen[0]:%Y-%m-%d}")
    if seen[1] < pd.Timestamp(now[1]) - day:
        said.append(f"end on {seen[1]:%Y-%m-%d}")
    return (f"The events {' and '.join(said)}: conversion is of the visits they hold.",) if said else ()
