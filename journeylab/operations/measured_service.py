"""What a service level has to be read at so that it holds, by what past forecasts missed, and how well it then held.

Method and limits: docs/methods/replenishment.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from journeylab import words
from journeylab.operations.distribution import ENOUGH, Correction

if TYPE_CHECKING:
    import pandas as pd

    from journeylab.operations.demand import Demand


@dataclass(frozen=True)
class Held:
    """How often past demand stayed within what a service level asked for.

    Args:
        plain: Share of past sums within that rank of their forecasts as they were; NaN where none could be tried.
        rate: That share with the corrected rank, at each past day by what the others taught; NaN likewise.
        n: Sums, each of the first one, two … periods of a SKU after a past day; they overlap.
        origins: Past days.
    """

    plain: float
    rate: float
    n: int
    origins: int


def chances(told: Demand, skus: pd.Series, service: float) -> np.ndarray:
    """Return the rank at which the demand of each SKU must be read to stay within with chance `service`.

    Ranks are those of past sums of periods, for demand with gaps and without apart, as intervals use them. Never less
    than asked: forecasts that ran high may have done so by chance.

    Args:
        told: The forecast.
        skus: Of which SKUs; one that is not in it keeps `service`.
        service: The chance, 0.5 to 0.9999.
    """
    sums = told.told.paths.spread.sums
    ranks = {often: max(float(sums[often].chance(service)), service) for often in (True, False)}
    often = dict(zip(told.skus["sku"], told.told.paths.often, strict=True))
    return np.array([ranks[bool(often[sku])] if sku in often else service for sku in skus])


def held(told: Demand, service: float) -> Held:
    """Return how well a service level held on past demand, without and with correction.

    Args:
        told: The forecast.
        service: The chance asked for.
    """
    from scipy.special import ndtri

    past = told.told.paths.spread.past_sums
    plain = within = n = 0
    origins = max((len(scores) for scores in past.values()), default=0)
    for scores in past.values():
        for origin, mine in enumerate(scores):
            others = [other for at, other in enumerate(scores) if at != origin]
            taught = Correction(np.sort(np.concatenate(others)) if others else np.zeros(0))
            rank = max(float(taught.chance(service)), service)
            plain += int((mine <= ndtri(service)).sum())
            within += int((mine <= ndtri(rank)).sum())
            n += len(mine)
    if n < ENOUGH:
        return Held(float("nan"), float("nan"), n, origins)
    return Held(plain / n, within / n if origins > 1 else float("nan"), n, origins)


def said(held: Held, service: float, measure: str) -> str:
    """Say how well the service level would have held."""
    if measure != "cycle":
        return "A fill rate follows the spread of the forecasts alone, not how often past demand went beyond it."
    if np.isnan(held.plain):
        return "How well the service level would have held could not be tried: there is too little history."
    share = held.plain if np.isnan(held.rate) else held.rate
    before = f" ({words.percent(held.plain)} by the forecast's spread alone)" if not np.isnan(held.rate) else ""
    return (
        f"{words.percent(service, digits=0)} asked for held {words.percent(share)} of {words.count(held.n)} past sums "
        f"of demand not seen{before}; they overlap, from {words.count(held.origins, 'past day')}."
    )
