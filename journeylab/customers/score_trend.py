"""Whether a score moves over time: its line, whether that could be chance, and the days where its level changed.

Method and limits: docs/methods/feedback.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

#: Spread of a line's steepness over customers, and how many they are, for a middle, a mean and a steepness.
Among = Callable[[float, float, float], tuple[float, int]]

#: Parts of equal time into which the period is cut for the search of changes.
PARTS = 120
MOST_CHANGES = 3
_DRAWS = 1999
_MONTH = 365.25 / 12


@dataclass(frozen=True)
class Slope:
    """A straight line through the answers.

    Args:
        a_month: Points a month.
        lower: Lower end of its interval.
        upper: Upper end.
        p: Two-sided p-value of no slope; NaN where there are too few days or answers.
    """

    a_month: float
    lower: float
    upper: float
    p: float


def slope(days: pd.DataFrame, *, level: float, among: Among | None = None) -> Slope:
    """Fit points against days by least squares on all answers, from each day's sums.

    The standard error is the usual one, from the spread of the single answers around the line (Gelman & Hill 2007,
    "Data Analysis Using Regression", chapter 3); Student's t with n - 2 degrees of freedom. Where customers answered
    several times it is the one of customers as clusters, Σ_c (Σ (x - x̄) e)² K / (K - 1) (Liang & Zeger 1986,
    Biometrika 73), with K - 1 degrees of freedom, K the customers.

    Args:
        days: A row a day with day, n, total and squares.
        level: Coverage of the interval.
        among: Gives Σ_c (Σ (x - x̄) e)² and K for a middle x̄ (days since 1970), mean and steepness a day; None where
            each answer is of another customer.

    >>> import pandas as pd
    >>> days = pd.DataFrame({"day": pd.date_range("2026-01-01", periods=4), "n": 2, "total": [2, 4, 6, 8],
    ...                      "squares": [4, 10, 20, 34]})
    >>> found = slope(days, level=0.95)
    >>> print(round(found.a_month, 2), round(found.p, 4))
    30.44 0.0338
    """
    from scipy.special import stdtr, stdtrit

    n, total = days["n"].to_numpy(float), days["total"].to_numpy(float)
    x = (pd.to_datetime(days["day"]) - pd.Timestamp("1970-01-01")).dt.days.to_numpy(float)
    size = n.sum()
    if size < 3:
        return Slope(*[float("nan")] * 4)
    centre = float(n @ x) / size
    x = x - centre
    wide = float(n @ x**2)
    if wide == 0:
        return Slope(*[float("nan")] * 4)
    steep = float(x @ total) / wide
    left = days["squares"].sum() - total.sum() ** 2 / size - steep**2 * wide
    error = float(np.sqrt(max(left, 0.0) / (size - 2) / wide))
    free = size - 2
    if among is not None:
        pulled, people = among(centre, float(total.sum() / size), steep)
        if people < 2:
            return Slope(*[float("nan")] * 4)
        free, error = people - 1, float(np.sqrt(pulled * people / (people - 1))) / wide
    half = float(stdtrit(free, 0.5 + level / 2)) * error
    p = float(2 * stdtr(free, -abs(steep) / error)) if error > 0 else float(steep == 0)
    return Slope(steep * _MONTH, (steep - half) * _MONTH, (steep + half) * _MONTH, p)


def changes(
    days: pd.DataFrame, *, smallest: int, seed: int = 1, false_share: float = 0.01, less: float = 1.0
) -> pd.DataFrame:
    """Find the days on which the level of a score changed, the clearest first, at most three.

    The split with the largest |difference| / standard error is taken if it is larger than in all but a share of
    `false_share` of simulated series without a change, of the same numbers of answers; then each side is searched in
    turn (binary segmentation: Vostrikova 1981, Soviet Mathematics Doklady 24).

    Args:
        days: A row a day with day, n, total and squares.
        smallest: Answers that either side must have.
        seed: Of the simulated series.
        false_share: How often a series without a change may show one.
        less: By how many times fewer answers of different customers would tell as much (`respondents.design`).

    Returns:
        A row a change with day (the first of the new level), before, after, n_before, n_after and p.
    """
    parts = _parts(days)
    found: list[dict[str, object]] = []
    open_spans = [(0, len(parts))]
    rng = np.random.default_rng(seed)
    while open_spans and len(found) < MOST_CHANGES:
        first, last = open_spans.pop(0)
        place, p = _split(parts.iloc[first:last], smallest, rng, less)
        if place is None or p > false_share:
            continue
        cut = first + place
        old, new = parts.iloc[first:cut][["n", "total"]].sum(), parts.iloc[cut:last][["n", "total"]].sum()
        found.append(
            {
                "day": parts["day"].iloc[cut],
                "before": old["total"] / old["n"],
                "after": new["total"] / new["n"],
                "n_before": int(old["n"]),
                "n_after": int(new["n"]),
                "p": p,
            }
        )
        open_spans += [(first, cut), (cut, last)]
    return pd.DataFrame(found, columns=["day", "before", "after", "n_before", "n_after", "p"])


def _parts(days: pd.DataFrame) -> pd.DataFrame:
    """Put days together into at most `PARTS` parts of equal time."""
    at = pd.to_datetime(days["day"])
    since = (at - at.min()).dt.days
    width = max(1, int(np.ceil((since.max() + 1) / PARTS)))
    parts = days.assign(day=at, part=since // width).groupby("part", as_index=False)
    return parts.agg(day=("day", "min"), n=("n", "sum"), total=("total", "sum"), squares=("squares", "sum"))


def _split(parts: pd.DataFrame, smallest: int, rng: np.random.Generator, less: float) -> tuple[int | None, float]:
    """Return the best place to split at, and the chance of one as good in a series without a change."""
    n, total = parts["n"].to_numpy(float), parts["total"].to_numpy(float)
    before = np.cumsum(n)[:-1]
    after = n.sum() - before
    allowed = (before >= smallest) & (after >= smallest)
    spread = parts["squares"].sum() / n.sum() - (total.sum() / n.sum()) ** 2 if len(parts) else 0.0
    if not allowed.any() or spread <= 1e-12:
        return None, float("nan")
    error = np.sqrt(spread * (1 / before[allowed] + 1 / after[allowed]))

    def strength(sums: np.ndarray) -> np.ndarray:
        left = np.cumsum(sums, axis=-1)[..., :-1]
        gap = left / before - (sums.sum(axis=-1, keepdims=True) - left) / after
        return np.abs(gap[..., allowed]) / error

    seen = strength(total)
    simulated = rng.normal(size=(_DRAWS, len(n))) * np.sqrt(n * spread * less)
    best = strength(simulated).max(axis=1)
    place = int(np.flatnonzero(allowed)[int(np.argmax(seen))]) + 1
    return place, float((1 + (best >= seen.max()).sum()) / (1 + _DRAWS))
