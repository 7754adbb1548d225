"""Rules of thumb that a purchase model must beat: what each expects of the weeks held out, in purchases and money.

None of them sees anything after the split. Method and limits: docs/methods/lifetime_value.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from journeylab.customers.customer_base import CustomerBase

NAIVE = "carry on as before"
OWN = "each at their own pace"
FORMULA = "order value × frequency × lifespan"
RULES = (NAIVE, OWN, FORMULA)
#: Share kept that the formula's lifespan is not taken beyond, as in `value_methods`.
_MOST_KEPT = 0.999


@dataclass(frozen=True, eq=False)
class Forecast:
    """What a method expects of the weeks held out.

    Args:
        purchases: Summed over each row's customers. Shape (n,).
        money: Their net value, likewise; NaN where spend is not known. Shape (n,).
    """

    purchases: np.ndarray
    money: np.ndarray


def naive_purchases(base: CustomerBase, weeks: float) -> float:
    """Return purchases a customer if all buy on at the average rate so far: repeat purchases over time observed."""
    time = float(base.count @ base.age)
    return base.repeat_purchases / time * weeks if time else float("nan")


def own_purchases(base: CustomerBase, weeks: float) -> np.ndarray:
    """Return purchases a customer of each row who buys on at their own rate so far; none for one seen for no time."""
    return np.divide(base.frequency, base.age, out=np.zeros_like(base.age), where=base.age > 0) * weeks


def formula_purchases(base: CustomerBase, weeks: float) -> float:
    """Return purchases a customer by the formula: orders a week × ∫ e^(−λt) dt over the weeks held out.

    λ is the rate of leaving that the last weeks before the split give, as many as are held out, or half of the history
    if that is less: of the customers who had bought before them, the share who bought in them.
    """
    time, last = float(base.count @ base.age), min(weeks, float(base.age.max(initial=0.0)) / 2)
    known = base.age > last
    if not time or not last:
        return float("nan")
    again = known & (base.frequency > 0) & (base.age - base.recency < last)
    kept = float(base.count[again].sum() / base.count[known].sum())
    leaving = -float(np.log(np.clip(kept, 1e-9, _MOST_KEPT))) / last
    a_week = (base.repeat_purchases + base.customers) / time
    return a_week * -float(np.expm1(-leaving * weeks)) / leaving


def rules(base: CustomerBase, weeks: float, seen: pd.DataFrame | None, average: float) -> dict[str, Forecast]:
    """Return the forecast of each rule.

    Args:
        base: Histories at the split.
        weeks: Weeks held out.
        seen: The same as `purchases.statistics`, for money; None leaves money aside.
        average: Mean spend a repeat purchase so far.
    """
    alike, formula = naive_purchases(base, weeks) * base.count, formula_purchases(base, weeks) * base.count
    own = own_purchases(base, weeks)
    if seen is None:
        unknown = np.full(len(base.count), np.nan)
        return {
            NAIVE: Forecast(alike, unknown),
            OWN: Forecast(own * base.count, unknown),
            FORMULA: Forecast(formula, unknown),
        }
    spend, first = (seen[name].to_numpy(float) for name in ("spend", "first_net"))
    value = float(spend.sum() + first.sum()) / (base.repeat_purchases + base.customers)
    each = np.divide(spend, base.frequency, out=np.zeros_like(spend), where=base.frequency > 0)
    return {
        NAIVE: Forecast(alike, alike * average),
        OWN: Forecast(own * base.count, own * each),
        FORMULA: Forecast(formula, formula * value),
    }
