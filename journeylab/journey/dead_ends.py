"""Whether visits end at a place more often than at places of its kind, beyond chance and beyond their usual spread."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from journeylab.journey.differences import SMALL

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

#: A place is compared if there are at least so many others of its kind; fewer do not show how much they differ.
MIN_ALIKE = 5


def kind_of(place: str) -> str:
    """Return what kind of place it is: the folder of a page, or a name without its number; '' if of no kind.

    >>> kind_of("/products/mug?v=2"), kind_of("product12"), kind_of("/cart"), kind_of("add_to_cart")
    ('/products', 'product', '', '')
    """
    page = re.sub(r"^[a-z]+://[^/]+", "", re.split(r"[?#]", place)[0]).rstrip("/")
    if "/" in page:
        return page.rpartition("/")[0]
    return re.sub(r"[ _-]?\d+$", "", page) if re.search(r"\d$", page) else ""


def usual(places: ArrayLike, went_on: ArrayLike, sessions: ArrayLike) -> pd.DataFrame:
    """Return for each place at which share of sessions go on at the others of its kind, and how sure that is.

    The others' shares are taken as draws around their mean with the variance tau² of DerSimonian & Laird (1986),
    Controlled Clinical Trials 7; a further place then lies around that mean with the variance tau² + se², on k - 2
    degrees of freedom (Higgins, Thompson & Spiegelhalter 2009, JRSS A 172, section 4.2).

    Args:
        places: Names of places.
        went_on: Sessions that went on from each.
        sessions: Sessions at each.

    Returns:
        A row a place: rate (of the others), error (standard deviation of a further place around it), freedom, alike
        (how many others there are); NaN where there are fewer than `MIN_ALIKE` with at least 30 sessions.
    """
    kinds = np.array([kind_of(str(place)) for place in np.asarray(places)])
    x, n = np.asarray(went_on, dtype=float), np.asarray(sessions, dtype=float)
    rate = (x + 0.5) / (n + 1)
    variance = rate * (1 - rate) / np.maximum(n, 1)
    rows = []
    for place, kind in enumerate(kinds):
        others = (kinds == kind) & (kind != "") & (n >= SMALL)
        others[place] = False
        enough = int(others.sum()) >= MIN_ALIKE
        rows.append(_around(x[others] / n[others], variance[others]) if enough else (np.nan, np.nan, np.nan, 0))
    return pd.DataFrame(rows, columns=["rate", "error", "freedom", "alike"])


def _around(rates: NDArray[np.float64], variances: NDArray[np.float64]) -> tuple[float, float, float, int]:
    """Return mean, standard deviation of a further one, degrees of freedom, and how many there are."""
    weights = 1 / variances
    mean = float((weights * rates).sum() / weights.sum())
    spread = float((weights * (rates - mean) ** 2).sum()) - (len(rates) - 1)
    between = max(0.0, spread / float(weights.sum() - (weights**2).sum() / weights.sum()))
    weights = 1 / (variances + between)
    mean = float((weights * rates).sum() / weights.sum())
    return mean, float(np.sqrt(between + 1 / weights.sum())), len(rates) - 2, len(rates)
