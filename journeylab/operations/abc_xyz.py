"""Which SKUs carry the money, and which of them sell steadily: ABC by net value, XYZ by the spread of demand.

Method, sources and limits: docs/methods/replenishment.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

#: A begins with the most; the SKU that crosses the limit still belongs to the class before it.
ABC_LIMITS = (0.8, 0.95)
#: Standard deviation over mean of a period's demand: at most for X, at most for Y.
XYZ_LIMITS = (0.5, 1.0)
UNKNOWN = "?"


def abc(net: Floats) -> list[str]:
    """Return A, B or C a SKU: A brings the first 80 % of net value, B the next 15 %, C the rest.

    Dickie (1951); Silver, Pyke & Peterson (1998), chapter 3. SKUs of equal value are in one class.

    >>> abc(np.array([70.0, 20, 6, 4, 0]))
    ['A', 'A', 'B', 'C', 'C']
    """
    worth = np.maximum(np.nan_to_num(net), 0.0)
    if not worth.sum():
        return ["C"] * len(worth)
    order = np.argsort(-worth, kind="stable")
    sorted_worth = worth[order]
    before = np.concatenate([[0.0], np.cumsum(sorted_worth)[:-1]]) / worth.sum()
    first_of_equals = np.searchsorted(-sorted_worth, -sorted_worth, side="left")
    place = np.searchsorted(ABC_LIMITS, before[first_of_equals] + 1e-12, side="left")
    place = np.where(sorted_worth > 0, place, 2)
    out = np.empty(len(worth), dtype=int)
    out[order] = place
    return ["ABC"[number] for number in out]


def xyz(mean: Floats, sd: Floats) -> list[str]:
    """Return X, Y or Z a SKU by sd / mean of its demand a period; '?' where there is none to tell from.

    >>> xyz(np.array([10.0, 10, 10, 0]), np.array([4.0, 8, 12, 0]))
    ['X', 'Y', 'Z', '?']
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.where(mean > 0, sd / mean, np.nan)
    place = np.searchsorted(XYZ_LIMITS, spread - 1e-12, side="left")
    return [UNKNOWN if np.isnan(value) else "XYZ"[number] for value, number in zip(spread, place, strict=True)]
