"""Simpson's paradox in scores: a whole that moves one way while its parts move the other.

It happens where the mix of the parts changes: more answers from a part that always scores low pull the whole down,
although every part got better. Source: Simpson (1951), "The Interpretation of Interaction in Contingency Tables",
JRSS B 13; the standardised difference is direct standardisation (Rothman, "Modern Epidemiology", chapter 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from journeylab.customers.score_interval import variance
from journeylab.intervals import z_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Paradox:
    """A whole against its parts.

    Args:
        whole: Difference of the second arm to the first over all answers.
        within: The same with the mix of the parts held still (their shares of both arms together).
        lower: Lower end of the interval of `within`.
        upper: Upper end.
        parts: Parts of which both arms have enough answers.
        against: How many of those move against the whole.
        reversed: Whether the whole moves one way and, by an interval that leaves zero out, its parts the other.
    """

    whole: float
    within: float
    lower: float
    upper: float
    parts: int
    against: int

    @property
    def reversed(self) -> bool:
        """Whether the parts, held still, clearly move against the whole."""
        return self.whole * self.within < 0 and (self.lower > 0 or self.upper < 0)


def look(rows: pd.DataFrame, *, level: float, smallest: int) -> Paradox | None:
    """Compare two arms over the parts that both have; None where fewer than two parts have enough answers.

    Args:
        rows: A row an arm (False, True) and part with arm, part, n, total and squares; with `less`, by how many times
            fewer answers of different customers would tell as much (1 if it is missing).
        level: Coverage of the interval.
        smallest: Answers that an arm must have in a part for the part to count.
    """
    if not {False, True} <= set(rows["arm"]):
        return None
    sums = ["n", "total", "squares"]
    rows = rows if "less" in rows.columns else rows.assign(less=1.0)
    how = {**dict.fromkeys(sums, "sum"), "less": "max"}
    wide = rows.pivot_table(index="part", columns="arm", values=[*sums, "less"], aggfunc=how, fill_value=0.0)
    enough = (wide["n"][False] >= smallest) & (wide["n"][True] >= smallest)
    wide = wide[enough]
    if len(wide) < 2:
        return None
    added = wide.sum()
    whole = added["total", True] / added["n", True] - added["total", False] / added["n", False]
    gaps = (wide["total"][True] / wide["n"][True] - wide["total"][False] / wide["n"][False]).to_numpy(float)
    weight = (wide["n"][True] + wide["n"][False]).to_numpy(float)
    weight /= weight.sum()
    noise = sum(
        variance(wide["n"][arm], wide["total"][arm], wide["squares"][arm]) * wide["less"][arm].to_numpy(float)
        for arm in (False, True)
    )
    within = float(weight @ gaps)
    half = z_of(level) * float(np.sqrt(weight**2 @ np.asarray(noise)))
    against = int((gaps * whole < 0).sum())
    return Paradox(float(whole), within, within - half, within + half, len(wide), against)
