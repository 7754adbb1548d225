"""Guardrails: measures that a test may not worsen by more than a margin agreed beforehand.

"No significant harm" is no proof of no harm. Non-inferiority turns the burden round: the interval must exclude a harm
as large as the margin.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, NamedTuple

from journeylab import checks

if TYPE_CHECKING:
    from journeylab.growth.effects import Effect

Reading = Literal["safe", "harmed", "open", "unknown"]


class Guardrail(NamedTuple):
    """How a guardrail reads: "safe", "harmed", "open" (cannot tell yet), or "unknown" (not observed)."""

    metric: str
    reading: Reading
    margin: float
    relative: float
    lower: float
    upper: float
    sentence: str


def non_inferiority(effect: Effect, *, metric: str, margin: float, lower_is_better: bool = False) -> Guardrail:
    """Read a guardrail against a margin, as a share of the control's value.

    Safe if the whole interval lies on the good side of the margin, harmed if the whole of it lies beyond (Piaggio et
    al. 2012, CONSORT for non-inferiority, JAMA 308). A two-sided interval of 95 % gives each answer 2.5 % of error.

    Args:
        effect: The variant against the control.
        metric: As the owner calls it.
        margin: The harm that would just be borne, e.g. 0.02 for 2 % of the control's value; above zero.
        lower_is_better: Whether a rise is the harm, as with refunds or loading time.
    """
    margin = checks.number(margin, "margin", lowest=1e-6, highest=10)
    lower, upper = effect.relative_lower, effect.relative_upper
    if math.isnan(lower) or math.isnan(upper):
        sentence = f"{metric}: the relative effect could not be observed, so the margin cannot be read."
        return Guardrail(metric, "unknown", margin, effect.relative, lower, upper, sentence)
    worst, best = (-upper, -lower) if lower_is_better else (lower, upper)
    reading: Reading = "safe" if worst > -margin else "harmed" if best < -margin else "open"
    said = {
        "safe": f"not worse by {margin:.1%} or more",
        "harmed": f"worse by more than the {margin:.1%} agreed",
        "open": f"a harm of {margin:.1%} cannot be excluded yet",
    }[reading]
    sentence = f"{metric}: {said} ({effect.relative:+.1%}, {lower:+.1%} to {upper:+.1%})."
    return Guardrail(metric, reading, margin, effect.relative, lower, upper, sentence)
