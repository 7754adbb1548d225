"""Many comparisons at once: p-values adjusted by Holm or by Benjamini and Hochberg, through tea-tasting."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from journeylab import checks

if TYPE_CHECKING:
    from collections.abc import Sequence

Correction = Literal["holm", "benjamini-hochberg", "none"]
CORRECTIONS = ("holm", "benjamini-hochberg", "none")


def adjust(pvalues: Sequence[float], *, method: Correction = "holm") -> list[float]:
    """Adjust p-values for how many were looked at, in the order given; NaN stays NaN and does not count.

    "holm" bounds the chance of any false claim (Holm 1979, Scandinavian Journal of Statistics 6); "benjamini-hochberg"
    bounds the expected share of false ones among the claims (Benjamini & Hochberg 1995, JRSS B 57).

    >>> [round(p, 3) for p in adjust([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    >>> [round(p, 3) for p in adjust([0.01, 0.04, 0.03], method="benjamini-hochberg")]
    [0.03, 0.04, 0.04]
    """
    checks.one_of(method, "method", CORRECTIONS)
    known = {i: float(p) for i, p in enumerate(pvalues) if not math.isnan(p)}
    if method == "none" or not known:
        return [float(p) for p in pvalues]
    from tea_tasting import adjust_fdr, adjust_fwer
    from tea_tasting.experiment import ExperimentResult

    found = ExperimentResult({str(i): {"pvalue": p} for i, p in known.items()})
    if method == "holm":
        results = adjust_fwer(found, arbitrary_dependence=True, method="bonferroni")
    else:
        results = adjust_fdr(found)
    adjusted = {int(name): row["pvalue_adj"] for result in results.values() for name, row in result.items()}
    return [float(adjusted.get(i, math.nan)) for i in range(len(pvalues))]
