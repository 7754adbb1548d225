"""The figures of visits: each with its definition, denominator and interval, and groups against each other."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from journeylab import words
from journeylab.intervals import of_mean, wilson
from journeylab.journey.differences import SMALL, with_others
from journeylab.journey.tally import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable

SHARE, SECONDS, NUMBER = "share", "seconds", "number"
DEFINITIONS = {
    "conversion rate": "sessions with a conversion, of all sessions",
    "bounce rate": "sessions of one event only, of all sessions",
    "share of new visitors": "sessions that are the first ever seen of their visitor, of all sessions",
    "session length": "mean seconds from the first to the last event, over sessions of two events or more",
    "median session length": "half of the sessions of two events or more are no longer than this, in seconds",
    "events a session": "mean number of events",
    "pages a session": "mean number of different pages",
    "sessions a visitor": "sessions divided by visitors",
}
SHARES = {"conversion rate": "converted", "bounce rate": "bounced", "share of new visitors": "new"}
_NONE = (math.nan, math.nan)
_WRITE: dict[str, Callable[[float], str]] = {SHARE: words.percent, SECONDS: words.length, NUMBER: words.decimal}


def measured(counts: pd.DataFrame, medians: pd.Series, level: float, *, paged: bool, goal: bool) -> pd.DataFrame:
    """Return a row a group and measure.

    Args:
        counts: Sums of sessions by group and bucket of time.
        medians: The median length by group, in seconds.
        level: Coverage of the intervals (Wilson for shares, normal for means).
        paged: Whether the events name pages.
        goal: Whether a conversion is known.

    Returns:
        group, measure, written (value and interval as a person writes them), value, lower, upper, n (what is counted),
        of, unit ('share', 'seconds' or 'number') and definition.
    """
    rows: list[dict[str, Any]] = []
    for group, mine in counts.groupby("group", sort=True):
        sums = mine.drop(columns=["group", "bucket", "visitors"]).sum()
        n, visitors = int(sums["sessions"]), int(mine["visitors"].iloc[0])
        for measure, column in SHARES.items():
            if measure == "conversion rate" and not goal:
                continue
            lower, upper = wilson(sums[column], n, level=level)
            rows.append(_row(group, measure, SHARE, sums[column] / n, (float(lower), float(upper)), sums[column], n))
        means = {"session length": ("seconds", int(sums["longer"]), SECONDS), "events a session": ("events", n, NUMBER)}
        means |= {"pages a session": ("pages", n, NUMBER)} if paged else {}
        for measure, (column, of, unit) in means.items():
            mean = sums[column] / of if of else np.nan
            bounds = of_mean(sums[column], sums[f"{column}2"], of, level=level)
            rows.append(_row(group, measure, unit, mean, bounds, sums[column], of))
        median = float(medians.get(group, np.nan))
        longer = int(sums["longer"])
        rows.append(_row(group, "median session length", SECONDS, median, _NONE, np.nan, longer))
        rows.append(_row(group, "sessions a visitor", NUMBER, n / visitors, _NONE, n, visitors))
    return pd.DataFrame(rows)


def compared(rows: pd.DataFrame, level: float) -> pd.DataFrame:
    """Add to the shares of each group their difference to the other groups, and whether a row rests on too few.

    Adds difference, difference_lower, difference_upper, p, q, clear (as `differences.with_others`) and small (fewer
    than 30 in `of`). Means and medians are not compared; nor is a group that is not known.
    """
    counts = (rows["unit"] == SHARE) & (rows["group"] != UNKNOWN)
    return with_others(rows, "measure", counts=counts, level=level).assign(small=rows["of"] < SMALL)


def _row(
    group: Any, measure: str, unit: str, value: float, bounds: tuple[float, float], n: float, of: int
) -> dict[str, Any]:
    write, (lower, upper) = _WRITE[unit], bounds
    written = "not known" if math.isnan(value) else write(value)
    if not math.isnan(lower):
        written += f" ({write(lower)} to {write(upper)})"
    told = {"group": group, "measure": measure, "written": written, "value": value, "lower": lower, "upper": upper}
    return told | {"n": n, "of": of, "unit": unit, "definition": DEFINITIONS[measure]}
