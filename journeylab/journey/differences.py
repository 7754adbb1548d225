"""Groups against the rest: differences of shares with intervals, tests, and the correction for many looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from journeylab.intervals import wilson

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

#: Shares of fewer than this are shown, greyed, and neither tested nor ranked.
SMALL = 30
#: Looks are called clear if the share of false ones among them is at most this.
FALSE_SHARE = 0.05
#: The group of those of whom a value is not known. It is shown, and neither compared nor part of any rest: who is known
#: may depend on how the visit ended.
UNKNOWN = "not known"


def newcombe(
    n1: ArrayLike, of1: ArrayLike, n2: ArrayLike, of2: ArrayLike, *, level: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the interval of n1/of1 - n2/of2 from the Wilson intervals of both.

    Source: Newcombe (1998), "Interval estimation for the difference between independent proportions", Statistics in
    Medicine 17, method 10.

    >>> lower, upper = newcombe(56, 70, 48, 80)
    >>> print(round(float(lower), 4), round(float(upper), 4))
    0.0524 0.3339
    """
    n1, of1, n2, of2 = (np.asarray(x, dtype=float) for x in (n1, of1, n2, of2))
    lower1, upper1 = wilson(n1, of1, level=level)
    lower2, upper2 = wilson(n2, of2, level=level)
    with np.errstate(invalid="ignore", divide="ignore"):
        p1, p2 = n1 / of1, n2 / of2
    lower = p1 - p2 - np.sqrt((p1 - lower1) ** 2 + (upper2 - p2) ** 2)
    upper = p1 - p2 + np.sqrt((upper1 - p1) ** 2 + (p2 - lower2) ** 2)
    return lower, upper


def p_value(n1: int, of1: int, n2: int, of2: int) -> float:
    """Return the two-sided p-value of equal shares: the score test, or Fisher's where an expected count is below 5.

    >>> round(p_value(56, 70, 48, 80), 4), round(p_value(3, 40, 0, 40), 4), p_value(0, 40, 0, 50)
    (0.008, 0.2405, 1.0)
    """
    if of1 == 0 or of2 == 0:
        return float("nan")
    pooled = (n1 + n2) / (of1 + of2)
    if pooled in {0, 1}:
        return 1.0
    if min(of1, of2) * min(pooled, 1 - pooled) < 5:
        from scipy.stats import fisher_exact

        return float(fisher_exact([[n1, of1 - n1], [n2, of2 - n2]])[1])
    from scipy.special import ndtr

    z = (n1 / of1 - n2 / of2) / np.sqrt(pooled * (1 - pooled) * (1 / of1 + 1 / of2))
    return float(2 * ndtr(-abs(z)))


def benjamini_hochberg(p: ArrayLike) -> NDArray[np.float64]:
    """Return the p-values adjusted so that calling those below q clear keeps false calls to a share of q.

    Source: Benjamini & Hochberg (1995), JRSS B 57; NaN stays NaN and does not count as a look.

    >>> benjamini_hochberg([0.01, 0.04, float("nan"), 0.03]).round(4).tolist()
    [0.03, 0.04, nan, 0.04]
    """
    p = np.asarray(p, dtype=float)
    q = np.full(p.shape, np.nan)
    looks = np.flatnonzero(~np.isnan(p))
    order = looks[np.argsort(p[looks], kind="stable")]
    scaled = p[order] * len(order) / np.arange(1, len(order) + 1)
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q


def with_others(
    rows: pd.DataFrame, key: str, *, n: str = "n", of: str = "of", counts: pd.Series | None = None, level: float
) -> pd.DataFrame:
    """Add each row's difference to the other rows of the same `key`: difference and its interval, p, q, clear.

    All with at least 30 on both sides are looked at, and corrected together. The group 'not known' is neither compared
    nor among the others.

    Args:
        rows: A row a group, with `key`, `n` and `of`.
        key: What rows have in common that are compared with each other.
        n: Column of how many did.
        of: Column of how many could.
        counts: Which rows count and are compared; all if None.
        level: Coverage of the intervals.
    """
    counts = pd.Series(data=True, index=rows.index) if counts is None else counts
    if "group" in rows:
        counts = counts & (rows["group"] != UNKNOWN)
    mine = rows[[n, of]].astype(float)
    others = mine.where(counts, 0.0).groupby(rows[key]).transform("sum") - mine
    others = others.where(counts, 0.0)
    looked = counts & (mine[of] >= SMALL) & (others[of] >= SMALL)
    lower, upper = newcombe(mine[n], mine[of], others[n], others[of], level=level)
    four = zip(mine[n], mine[of], others[n], others[of], looked, strict=True)
    p = [p_value(int(a), int(b), int(c), int(d)) if look else np.nan for a, b, c, d, look in four]
    q = benjamini_hochberg(p)
    return rows.assign(
        difference=(mine[n] / mine[of] - others[n] / others[of].where(others[of] > 0)).where(looked),
        difference_lower=pd.Series(lower, index=rows.index).where(looked),
        difference_upper=pd.Series(upper, index=rows.index).where(looked),
        p=p,
        q=q,
        clear=np.nan_to_num(q, nan=1.0) < FALSE_SHARE,
    )


def against_rest(rows: pd.DataFrame, *, level: float) -> pd.DataFrame:
    """Add each group's difference to the rest: difference, difference_lower, difference_upper, p, q, clear.

    All rows of step 2 on with at least 30 settled visitors in the group and in the rest are looked at, and corrected
    together: with those who still have time, a group that came late would seem to be worse. The group 'not known' is
    neither compared nor part of the rest.

    Args:
        rows: A row a group and step with group, position, settled_came, settled_of.
        level: Coverage of the intervals.
    """
    return with_others(rows, "position", n="settled_came", of="settled_of", counts=rows["position"] > 1, level=level)
