"""The course of a score: its buckets of time, its line in words, and what protects colleagues who answered.

Method and limits: docs/methods/feedback.md.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from ibis import _

from journeylab.customers import answers, respondents, score_trend
from journeylab.data.dataset import ibis_date

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from numpy.typing import NDArray

    from journeylab.data.dataset import Dataset


def buckets(shop: Dataset, asked: ir.Table, days: pd.DataFrame) -> pd.DataFrame:
    """Add the answers up by bucket: days, weeks or months, by how long it is from the first to the last."""
    rows = answers.counted(shop, asked.mutate(bucket=_.day.truncate(_grain(days))), "bucket")
    return rows.assign(bucket=pd.to_datetime(rows["bucket"]))


def marked(shop: Dataset, rows: pd.DataFrame, days: pd.DataFrame, *, together: bool) -> pd.DataFrame:
    """Return the scored buckets that have answers: bucket, partial, n, score, lower, upper.

    Args:
        shop: The shop.
        rows: A row a bucket, scored.
        days: A row a day, from which the buckets come.
        together: Whether they are spans of `guarded`, of which none is partial.
    """
    from journeylab.journey.tally import is_partial

    rows = rows[["bucket", "n", "score", "lower", "upper"]]
    rows.insert(1, "partial", False if together else is_partial(rows["bucket"], shop, _grain(days)))
    return rows[rows["n"] > 0].reset_index(drop=True)


def slope(
    shop: Dataset, asked: ir.Table, days: pd.DataFrame, everyone: pd.DataFrame, *, level: float
) -> score_trend.Slope:
    """Fit a line through the answers; where customers answered several times, its interval goes by customers."""

    def among(centre: float, mean: float, steep: float) -> tuple[float, int]:
        x = _.day.delta(ibis_date(date(1970, 1, 1)), unit="day").cast("float64") - centre
        told = asked.filter(_.points.notnull()).mutate(_x=x)
        told = told.mutate(_pull=_["_x"] * (_.points - mean - steep * _["_x"]))
        each = told.group_by(**respondents.whose(told)).agg(pull=_["_pull"].sum())
        found = shop.run(each.agg(squares=(_.pull * _.pull).sum(), people=_.count())).iloc[0]
        return float(found["squares"]), int(found["people"])

    several = int(everyone["people"].iloc[0]) < int(everyone["n"].iloc[0])
    return score_trend.slope(days, level=level, among=among if several else None)


def written(line: score_trend.Slope, *, level: float) -> str:
    """Write a line in words, with its interval.

    >>> from journeylab.customers.score_trend import Slope
    >>> written(Slope(-15.2, -23.1, -6.4, 0.001), level=0.95)
    'going down by 15 points a month (−23 to −6.4)'
    >>> written(Slope(0.3, -1.1, 1.7, 0.6), level=0.95)
    'it shows no clear trend (−1.1 to +1.7 points a month)'
    """
    if np.isnan(line.p):
        return "it shows no clear trend"
    lower, upper = (_signed(end) for end in (line.lower, line.upper))
    if line.p < 1 - level:
        direction = "up" if line.a_month > 0 else "down"
        return f"going {direction} by {abs(line.a_month):.2g} points a month ({lower} to {upper})"
    return f"it shows no clear trend ({lower} to {upper} points a month)"


def _signed(value: float) -> str:
    return "0" if value == 0 else f"{'+' if value > 0 else '−'}{abs(value):.2g}"


def guarded(days: pd.DataFrame, smallest: int) -> pd.DataFrame:
    """Put days together, in order, into spans of at least `smallest` answers; the last takes what is left.

    So no span tells of a few people, and none does that lies between two others. Where there are fewer answers in all,
    there is one span.

    >>> days = pd.DataFrame({"day": pd.date_range("2026-01-01", periods=5), "n": [2, 3, 5, 4, 2], "total": 1.0})
    >>> guarded(days, 5)["n"].tolist()
    [5, 5, 6]
    """
    span, held, place = [], 0, 0
    for n in days["n"]:
        span.append(place)
        held += int(n)
        if held >= smallest:
            held, place = 0, place + 1
    last = np.array(span)
    if held and place:
        last[last == place] = place - 1
    how = {name: "first" if name == "day" else "sum" for name in days.columns}
    found = days.groupby(last, as_index=False).agg(how)
    return found.assign(day=pd.to_datetime(found["day"]))


def shown(rows: pd.DataFrame, smallest: int) -> NDArray[np.bool_]:
    """Say which groups of colleagues are shown: those that are large enough, less the smallest of them where needed.

    What the shown groups leave of the whole can be had by subtraction, so it must be nothing or at least `smallest`.

    >>> rows = pd.DataFrame({"n": [100, 50, 3], "enough": [True, True, False]})
    >>> shown(rows, 30).tolist()
    [True, False, False]
    """
    kept = rows["enough"].to_numpy(bool).copy()
    n = rows["n"].to_numpy(int)
    while not kept.all() and kept.any() and n[~kept].sum() < smallest:
        kept[np.flatnonzero(kept)[np.argmin(n[kept])]] = False
    return kept


def _grain(days: pd.DataFrame) -> str:
    from journeylab.journey.tally import grain_of

    at = pd.to_datetime(days["day"])
    return grain_of((at.max() - at.min()).days + 1)
