"""How models and rules of thumb did on weeks they had not seen: arithmetic on predictions and what came.

All of it on distinct histories with their counts, none of it on single customers.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from journeylab.customers.holdout_rules import Forecast, naive_purchases, own_purchases, rules
from journeylab.intervals import wilson

if TYPE_CHECKING:
    from journeylab.customers.customer_base import CustomerBase
    from journeylab.customers.purchase_model import PurchaseModel

CLASSES = 8


def _classes(base: CustomerBase) -> np.ndarray:
    return np.minimum(base.frequency, CLASSES - 1).astype(int)


def _sums(base: CustomerBase, values: np.ndarray) -> np.ndarray:
    return np.bincount(_classes(base), weights=values, minlength=CLASSES)


def errors(
    fitted: dict[str, PurchaseModel],
    base: CustomerBase,
    later: np.ndarray,
    weeks: float,
    *,
    seen: pd.DataFrame | None = None,
    each: np.ndarray | None = None,
    average: float = float("nan"),
) -> pd.DataFrame:
    """Return a row a method with its total, its errors and its money; the chosen model has the smallest error.

    Args:
        fitted: Models by name.
        base: Histories at the split.
        later: Purchases in the hold-out, summed over each row's customers. Shape (n,).
        weeks: Length of the hold-out.
        seen: The histories as `purchases.statistics`, for money; without them it is NaN.
        each: Mean expected spend a purchase of each row's customers, for the models. Shape (n,).
        average: Mean spend a repeat purchase, for the rule that takes all customers as alike.
    """
    known, came = _sums(base, later), float("nan") if seen is None else float(seen["later_net"].sum())
    forecasts = {}
    for name, model in fitted.items():
        expected = base.count * model.expected_purchases(base, weeks)
        forecasts[name] = Forecast(expected, expected * (np.nan if each is None else each))
    forecasts |= rules(base, weeks, seen, average)
    rows = [
        {
            "method": name,
            "predicted": float(forecast.purchases.sum()),
            "actual": float(known.sum()),
            "total_error": _relative(float(forecast.purchases.sum()), float(known.sum())),
            "error": _share(np.abs(_sums(base, forecast.purchases) - known).sum(), float(known.sum())),
            "money": float(forecast.money.sum()),
            "money_error": _relative(float(forecast.money.sum()), came),
            "log_likelihood": _log_likelihood(fitted.get(name)),
        }
        for name, forecast in forecasts.items()
    ]
    table = pd.DataFrame(rows)
    best = table.loc[table["method"].isin(list(fitted)), "error"].fillna(np.inf).idxmin()
    return table.assign(chosen=table.index == best)


def _share(part: float, of: float) -> float:
    return float(part / of) if of else float("nan")


def _relative(expected: float, came: float) -> float:
    return _share(expected, came) - 1


def _log_likelihood(model: PurchaseModel | None) -> float:
    return model.estimate.log_likelihood if model is not None and model.estimate is not None else float("nan")


def by_frequency(model: PurchaseModel, base: CustomerBase, later: np.ndarray, weeks: float) -> pd.DataFrame:
    """Return mean purchases in the hold-out by calibration frequency: actual, the model's, and two rules'.

    `naive` takes all customers as alike, `own` each at their own pace so far.
    """
    n = _sums(base, base.count)
    predicted = _sums(base, base.count * model.expected_purchases(base, weeks))
    with np.errstate(invalid="ignore", divide="ignore"):
        rows = pd.DataFrame(
            {
                "frequency": [str(k) if k < CLASSES - 1 else f"{k}+" for k in range(CLASSES)],
                "n": n.astype(int),
                "actual": _sums(base, later) / n,
                "predicted": predicted / n,
                "naive": naive_purchases(base, weeks),
                "own": _sums(base, base.count * own_purchases(base, weeks)) / n,
            }
        )
    return rows[rows["n"] > 0].reset_index(drop=True)


def calibration(
    model: PurchaseModel, base: CustomerBase, later_any: np.ndarray, weeks: float, level: float
) -> pd.DataFrame:
    """Compare the predicted chance to buy in the hold-out with the share who did, by tenths of customers.

    Being alive cannot be seen; buying again can, and its chance is that of being alive times that of buying if so.
    Customers with the same prediction stay in one group, so there may be fewer than ten.
    """
    predicted = 1 - model.p_no_purchase(base, weeks)
    order = np.argsort(predicted, kind="stable")
    middle = np.cumsum(base.count[order]) - base.count[order] / 2
    tenth = np.empty(len(order), dtype=int)
    tenth[order] = np.minimum((10 * middle / base.customers).astype(int), 9)
    n = np.bincount(tenth, weights=later_any, minlength=10)
    of = np.bincount(tenth, weights=base.count, minlength=10)
    mean = np.bincount(tenth, weights=base.count * predicted, minlength=10)
    some = of > 0
    lower, upper = wilson(n[some], of[some], level=level)
    return pd.DataFrame(
        {
            "predicted": mean[some] / of[some],
            "rate": n[some] / of[some],
            "n": n[some].astype(int),
            "of": of[some].astype(int),
            "lower": lower,
            "upper": upper,
        }
    )


def tracking(
    model: PurchaseModel, births: pd.DataFrame, bought: pd.DataFrame, *, start: date, split: date, until: date
) -> pd.DataFrame:
    """Return repeat purchases by week of those who bought by the split: actual, the model's, and the naive rule's.

    Args:
        model: Fitted up to the split.
        births: Customers by day of first purchase: first, n.
        bought: Repeat purchases by week from the start: week, purchases.
        start: First day of week 0.
        split: Last day the model saw.
        until: Last day of the data; the week it cuts short is partial.
    """
    length = (until - start).days + 1
    weeks = -(-length // 7)
    ends = np.minimum(7 * np.arange(1, weeks + 1), length)
    first = np.array([(_day(day) - start).days for day in births["first"]])
    born = np.bincount(first, weights=births["n"].to_numpy(float), minlength=length)
    ages = np.clip(ends[:, None] - 1 - np.arange(len(born))[None], 0, None)
    known, place = np.unique(ages, return_inverse=True)
    expected = model.new_customer(known / 7)[place.reshape(ages.shape)] @ born
    actual = np.zeros(weeks)
    actual[bought["week"].to_numpy(int)] = bought["purchases"].to_numpy(float)
    at_split = (split - start).days
    seen = np.clip(at_split - np.arange(len(born)), 0, None) @ born
    repeats = float(actual[: (at_split + 1) // 7].sum())
    customer_days = ages @ born
    series = {"actual": np.cumsum(actual), "model": expected, "naive": customer_days * (repeats / seen if seen else 0)}
    frame = pd.concat(
        [
            pd.DataFrame(
                {
                    "week": np.arange(weeks),
                    "starts": [pd.Timestamp(start + timedelta(days=7 * week)) for week in range(weeks)],
                    "series": name,
                    "purchases": np.diff(values, prepend=0.0),
                    "cumulative": values,
                    "partial": ends < 7 * np.arange(1, weeks + 1),
                }
            )
            for name, values in series.items()
        ],
        ignore_index=True,
    )
    return frame.assign(held_out=[starts.date() > split for starts in frame["starts"]])


def _day(value: object) -> date:
    return pd.Timestamp(value).date()
