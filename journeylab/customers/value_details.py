"""What stands behind a lifetime value: the models' parameters, and what they expect of a new customer by month."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from journeylab.customers.customer_base import CustomerBase
from journeylab.customers.value_curve import WEEKS_A_YEAR

if TYPE_CHECKING:
    from journeylab.customers.gamma_gamma import GammaGamma
    from journeylab.customers.holdout import Holdout
    from journeylab.customers.purchase_model import PurchaseModel


def parameters(tested: Holdout, level: float) -> pd.DataFrame:
    """Return a row a parameter: model, parameter, value, standard_error, lower, upper, log_likelihood, n (customers).

    Times are in weeks. The interval is normal on the logarithm; standard errors and intervals are missing where the
    data do not settle a parameter.
    """
    rows = [*_rows(tested.model.NAME, tested.model, level)]
    if tested.spend is not None:
        rows += _rows("Gamma-Gamma", tested.spend, level)
    names = ["model", "parameter", "value", "standard_error", "lower", "upper", "log_likelihood", "n"]
    return pd.DataFrame(rows, columns=names)


def _rows(name: str, model: PurchaseModel | GammaGamma, level: float) -> list[tuple[object, ...]]:
    estimate = model.estimate
    values = [float(getattr(model, parameter)) for parameter in model.NAMES]
    if estimate is None:
        return [(name, p, v, *[float("nan")] * 5) for p, v in zip(model.NAMES, values, strict=True)]
    return [
        (name, *row, estimate.log_likelihood, estimate.n)
        for row in zip(model.NAMES, values, estimate.standard_errors, *estimate.interval(level), strict=True)
    ]


def newcomer(tested: Holdout, horizon: int) -> pd.DataFrame:
    """Return a row a month after the first purchase: month, purchases (repeat, expected), none (chance of none)."""
    months = np.arange(horizon + 1)
    weeks = months * WEEKS_A_YEAR / 12
    begun = CustomerBase(*np.zeros((3, 1)))
    none = [1.0, *(float(tested.model.p_no_purchase(begun, time)[0]) for time in weeks[1:])]
    return pd.DataFrame({"month": months, "purchases": tested.model.new_customer(weeks), "none": none})
