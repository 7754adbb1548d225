"""What a new customer brings within a horizon, by three methods: the model, the formula, and history.

All three look over the same horizon, are discounted at the same rate, and feel the same levers, so that they can be
compared. Method and limits: docs/methods/lifetime_value.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from journeylab import words
from journeylab.customers.customer_base import CustomerBase
from journeylab.customers.value_curve import WEEKS_A_YEAR
from journeylab.intervals import z_of

if TYPE_CHECKING:
    from journeylab.customers.holdout import Holdout

MODEL, FORMULA, HISTORY = "model", "formula", "history"
#: Customers who must have been seen at an age for history to speak of it.
FEWEST_SEEN = 10
#: Share kept over a year beyond which the levers do not go.
MOST_KEPT = 0.999


def methods(
    tested: Holdout,
    *,
    weeks: float,
    margin: float,
    order_value: float,
    retention: float,
    options: dict[str, float],
    cost: float,
    level: float,
) -> pd.DataFrame:
    """Return a row a method: method, margin, lower, upper, n, profit, ratio (margin to cost), means (in words).

    Args:
        tested: The model and the histories.
        weeks: The horizon.
        margin: Share of net value that is margin.
        order_value: How many times as much a purchase is worth.
        retention: How many times the share kept over a year.
        options: discount (continuous, a week), pace, and the model's dropout.
        cost: Of winning a customer.
        level: Of the model's interval.
    """
    worth, half = _model(tested, weeks, options)
    formula, _plain = formulas(tested, weeks, retention, options)
    history, n = _history(tested, weeks, retention, options)
    money = np.array([worth, formula, history]) * margin * order_value
    half *= z_of(level) * margin * order_value
    unknown = float("nan")
    within = f"within {words.count(round(weeks * 12 / WEEKS_A_YEAR), 'month')}"
    customers = float(tested.rows["n"].sum())
    return pd.DataFrame(
        {
            "method": [MODEL, FORMULA, HISTORY],
            "margin": money,
            "lower": [max(money[0] - half, 0.0), unknown, unknown],
            "upper": [money[0] + half, unknown, unknown],
            "n": [customers, customers, n],
            "profit": money - cost,
            "ratio": money / cost if cost else unknown,
            "means": [
                f"a first purchase and what {tested.model.NAME} expects after it {within}",
                f"order value × orders a year × years as a customer {within}, if all leave at one rate",
                f"what customers brought {within} of their first purchase, of those seen that long",
            ],
        }
    )


def formulas(tested: Holdout, weeks: float, retention: float, options: dict[str, float]) -> tuple[float, float]:
    """Return net value by the formula within the horizon, and as it is usually taught: without end and discount.

    Order value × orders a week × ∫ e^(−(λ + δ) t) dt over the horizon, with the rate of leaving λ from the share of
    customers who bought again in the weeks held out; without end and discount the integral is the lifespan 1 / λ.
    """
    rows = tested.rows
    seen = float(tested.customers.base.count @ tested.customers.base.age)
    past = float((rows["spend"] + rows["first_net"]).sum())
    a_week = past / seen * options["pace"] if seen else float("nan")
    plain, rate = _leaving(tested, retention)
    faster = rate + options["discount"]
    return a_week * -float(np.expm1(-faster * weeks)) / faster, a_week / plain


def _leaving(tested: Holdout, retention: float) -> tuple[float, float]:
    """Return the rate of leaving a week, and what the lever makes of it; at least 0.1 % a year leave."""
    plain = -np.log(np.clip(tested.kept, 1e-9, MOST_KEPT)) / tested.weeks
    return plain, max(plain - np.log(retention) / WEEKS_A_YEAR, -np.log(MOST_KEPT) / WEEKS_A_YEAR)


def _model(tested: Holdout, weeks: float, options: dict[str, float]) -> tuple[float, float]:
    """Return net value of a new customer within the horizon, and its standard error from the parameters."""
    spend = tested.spend
    mean = tested.average if spend is None or not spend.q > 1 else spend.mean
    newcomer = CustomerBase(*np.zeros((3, 1)))

    def repeats(values: np.ndarray) -> np.ndarray:
        return tested.model.with_parameters(values).expected_purchases(newcomer, weeks, **options)

    expected = float(repeats(tested.model.parameters)[0])
    variance = 0.0
    if tested.model.estimate is not None:
        variance += (mean * float(tested.model.estimate.delta(repeats)[0])) ** 2
    if spend is not None and spend.q > 1 and spend.estimate is not None:
        error = float(spend.estimate.delta(lambda values: np.array(spend.with_parameters(values).mean)))
        variance += ((1 + expected) * error) ** 2
    return mean * (1 + expected), float(np.sqrt(variance))


def _history(tested: Holdout, weeks: float, retention: float, options: dict[str, float]) -> tuple[float, float]:
    """Return the net value customers brought by age, over the horizon, and how many were seen to its end.

    Each week of age has a mean of its own, over the customers who have been seen through it; NaN where fewer than ten
    were. The levers act as if they had held then: on repeat purchases the pace, and the lever on those kept as it acts
    in the formula, whose rate of leaving it changes.
    """
    needed = int(np.ceil(weeks))
    by_age = tested.by_age.head(needed)
    if len(by_age) < needed or by_age["n"].iloc[-1] < FEWEST_SEEN:
        return float("nan"), 0.0
    part = np.minimum(weeks - np.arange(needed), 1.0)
    age = np.arange(needed) + part / 2
    plain, rate = _leaving(tested, retention)
    lever = options["pace"] * np.exp((plain - rate - options["discount"]) * age)
    repeats = float((by_age["net"] / by_age["n"]).to_numpy() @ (lever * part))
    first = float(tested.rows["first_net"].sum() / tested.rows["n"].sum())
    return first + repeats, float(by_age["n"].iloc[-1])
