"""How many different visitors a shop sees in a stretch of days: fewer each day are new, so tests fill up ever slower.

Read off the shop's own history without a model. A visitor's active day counts as its first within all stretches that
begin after its previous active day; so a table of gaps by day, which the engine counts, gives the mean number of
distinct visitors over all stretches of each length at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from journeylab.growth.moments import Floats


def distinct_visitors(day: ArrayLike, gap: ArrayLike, visitors: ArrayLike, *, days: int) -> Floats:
    """Mean number of distinct visitors in stretches of 0, 1, …, `days` days within the history.

    U(d) = Σ visitors(s, g) · |{starts t : s − min(g, d) < t ≤ s, 0 ≤ t ≤ days − d}| / (days − d + 1).

    Args:
        day: Active day of visitors, counted from 0, of each row of the table of gaps.
        gap: Days since the same visitors' previous active day; NaN for their first one.
        visitors: How many.
        days: Days of history.

    Returns:
        days + 1 means; never falling.

    >>> distinct_visitors([0, 1, 1], [np.nan, 1, np.nan], [5, 2, 3], days=2).tolist()
    [0.0, 5.0, 8.0]
    """
    s, g, n = (np.asarray(a, dtype=float) for a in (day, gap, visitors))
    g = np.where(np.isnan(g), s + 1, g)  # first active day: no earlier one since the history began
    lengths = np.arange(1, days + 1, dtype=float)[:, None]
    first = np.maximum(s - np.minimum(g, lengths) + 1, 0)
    last = np.minimum(s, days - lengths)
    starts = np.maximum(last - first + 1, 0)
    means = (starts * n).sum(axis=1) / (days - lengths[:, 0] + 1)
    return np.concatenate([[0.0], np.maximum.accumulate(means)])


def extend(distinct: Floats, days: int) -> Floats:
    """Carry the curve on to `days` at the pace of its last week: new visitors a day, no longer falling.

    A stretch longer than half the history rests on few and overlapping starts, so the curve is read up to there.

    >>> extend(np.array([0.0, 10, 15, 18, 20, 21, 21.5]), 5).tolist()
    [0.0, 10.0, 15.0, 18.0, 22.0, 26.0]
    """
    solid = max((len(distinct) - 1) // 2, 1)
    curve = distinct[: solid + 1]
    if days <= solid:
        return curve[: days + 1]
    back = min(7, solid, 2) if solid < 7 else 7
    pace = (curve[solid] - curve[solid - back]) / back
    return np.concatenate([curve, curve[solid] + pace * np.arange(1, days - solid + 1)])
