"""What a customer of each history will bring, worked out once: any grouping of the customers is then a sum.

Expected value, its slopes in the parameters and its variance by chance are, for customers of one history (repeat
purchases, recency, age), linear in how many they are, in what they spent and in its squares. So three weights a history
stand for the models, and no model is asked again when customers are grouped otherwise. The values are those of the
curve of value_curve.py at one horizon and discount.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from journeylab.customers import purchases
from journeylab.customers.value_curve import STEP, TIMES, Spenders, covariance, nodes
from journeylab.errors import BadParameter
from journeylab.intervals import z_of

if TYPE_CHECKING:
    from journeylab.customers.gamma_gamma import GammaGamma
    from journeylab.customers.purchase_model import PurchaseModel

HISTORY = ["frequency", "recency", "age"]
AMOUNTS = ["n", "spend", "squares"]


@dataclass(frozen=True, eq=False)
class Value:
    """Net value of groups of customers within a horizon.

    Args:
        total: Expected, by group. Shape (groups,).
        errors: Standard error of each from the parameters. Shape (groups,).
        error: Standard error of their sum; the groups share their parameters.
        chance: Variance of each that is chance, parameters taken as known; discount scales it as it scales the money.
    """

    total: np.ndarray
    errors: np.ndarray
    error: float
    chance: np.ndarray


@dataclass(frozen=True, eq=False)
class Worth:
    """Weights of the histories of a shop.

    Args:
        histories: Frequency, recency and age of each.
        value: Weights of expected value and then of its slope in each parameter's logarithm, each for customers, spend
            and squares. Shape (1 + parameters, 3, histories).
        plain: Weights of expected value without discount. Shape (3, histories).
        chance: Weights of the variance by chance, without discount. Shape (3, histories).
        covariance: Of the parameters' logarithms.
    """

    histories: pd.MultiIndex
    value: np.ndarray
    plain: np.ndarray
    chance: np.ndarray
    covariance: np.ndarray

    def of(self, rows: pd.DataFrame, group: np.ndarray, groups: int) -> Value:
        """Return the value of groups of customers.

        Args:
            rows: A row a group and history, as `purchases.statistics`.
            group: The group of each row, from 0.
            groups: How many there are.

        Raises:
            BadParameter: if there is a history that the models were not asked about.
        """
        place = self.histories.get_indexer(pd.MultiIndex.from_frame(rows[HISTORY]))
        if (place < 0).any():
            raise BadParameter("tested looks at other purchases: give one of the same shop and period.")
        amounts = rows[AMOUNTS].to_numpy(float).T
        weights = np.concatenate([self.value, self.plain[None], self.chance[None]])[:, :, place]
        each = (weights * amounts).sum(axis=1)
        sums = np.array([np.bincount(group, weights=part, minlength=groups) for part in each])
        total, slopes, plain, chance = sums[0], sums[1:-2], sums[-2], sums[-1]
        scale = np.divide(total, plain, out=np.ones_like(total), where=plain > 0)
        errors = np.sqrt(np.einsum("kg,kl,lg->g", slopes, self.covariance, slopes))
        together = slopes.sum(axis=1)
        return Value(total, errors, float(np.sqrt(together @ self.covariance @ together)), chance * scale**2)


def worth(
    model: PurchaseModel, spend: GammaGamma | None, average: float, rows: pd.DataFrame, *, weekly: bool,
    horizon: float, discount: float,
) -> Worth:  # fmt: skip
    """Weigh the histories of a shop.

    Args:
        model: Fitted purchase model, in weeks.
        spend: Fitted model of spend; None where all spend the same `average`.
        average: Mean spend a purchase.
        rows: Histories as `purchases.statistics`; a history of several groups counts once.
        weekly: Whether their times are weeks.
        horizon: Weeks from now.
        discount: Continuous rate a week.
    """
    rows = rows.groupby(HISTORY)[AMOUNTS].sum().reset_index()
    place = np.zeros(len(rows), dtype=int)
    base = purchases.base_of(rows, weekly=weekly)
    customers = Spenders(base, rows["spend"].to_numpy(float), rows["squares"].to_numpy(float), place, 1)
    money = _money(customers, spend, average)
    plain = _purchases(model, customers, horizon, discount)
    weights = [plain * money]
    for move in STEP * np.eye(len(model.parameters)):
        up, down = (
            _purchases(model.with_parameters(model.parameters * np.exp(sign * move)), customers, horizon, discount)
            for sign in (1, -1)
        )
        weights.append((up - down) / (2 * STEP) * money)
    if spend is not None:
        for move in STEP * np.eye(3):
            up, down = (
                _money(customers, spend.with_parameters(spend.parameters * np.exp(sign * move)), average)
                for sign in (1, -1)
            )
            weights.append(plain * (up - down) / (2 * STEP))
    return Worth(
        pd.MultiIndex.from_frame(rows[HISTORY]),
        np.array(weights),
        _purchases(model, customers, horizon, 0.0) * money,
        _chance(model, spend, average, customers, horizon),
        covariance(model, spend),
    )


def total_ends(
    model: PurchaseModel, spend: GammaGamma | None, average: float, rows: pd.DataFrame, *, weekly: bool,
    horizon: float, level: float,
) -> tuple[float, float]:  # fmt: skip
    """Return the interval of the net value of all customers within the horizon, by chance and parameters.

    Args:
        model: Fitted purchase model, in weeks.
        spend: Fitted model of spend; None where all spend the same `average`.
        average: Mean spend a purchase.
        rows: Histories as `purchases.statistics`.
        weekly: Whether their times are weeks.
        horizon: Weeks from now.
        level: Coverage of the interval.
    """
    weights = worth(model, spend, average, rows, weekly=weekly, horizon=horizon, discount=0.0)
    value = weights.of(rows, np.zeros(len(rows), dtype=int), 1)
    half = z_of(level) * float(np.sqrt(value.error**2 + np.nan_to_num(value.chance.sum())))
    return max(float(value.total[0]) - half, 0.0), float(value.total[0]) + half


def _purchases(model: PurchaseModel, customers: Spenders, horizon: float, discount: float) -> np.ndarray:
    """Expected purchases of each history's customer within the horizon, discounted, by the grid of the curve."""
    from scipy.interpolate import CubicSpline

    futures, place = customers.base.futures
    one = np.ones(len(futures.age))
    rates = np.array([model.rate(futures, time * one) for time in TIMES]).T
    at, parts = nodes(horizon, discount)
    added = CubicSpline(np.log1p(TIMES), rates, axis=-1)(np.log1p(np.minimum(at, TIMES[-1]))) @ parts
    return np.asarray(model.p_alive(customers.base) * added[place])


def _money(customers: Spenders, spend: GammaGamma | None, average: float) -> np.ndarray:
    """Weights of the expected spend a purchase: p (nγ + Σ spend) / (p x + q - 1). Shape (3, histories)."""
    one, nothing = np.ones(len(customers.spend)), np.zeros(len(customers.spend))
    if spend is None:
        return np.array([average * one, nothing, nothing])
    left = spend.p * customers.base.frequency + spend.q - 1
    each = np.where(left > 0, spend.p / np.where(left > 0, left, 1.0), 0.0)
    return np.array([np.where(left > 0, spend.gamma * each, average), each, nothing])


def _chance(
    model: PurchaseModel, spend: GammaGamma | None, average: float, customers: Spenders, horizon: float
) -> np.ndarray:
    """Weights of the variance by chance, as in `value_curve.chance_variance`. Shape (3, histories)."""
    base = customers.base
    mean = model.expected_purchases(base, horizon)
    squares = model.purchase_variance(base, horizon) + mean**2
    flat = np.zeros((3, len(mean)))
    flat[0] = average**2
    if spend is None:
        return squares * flat - mean**2 * flat
    parts = spend.p**2 * np.array([[spend.gamma**2], [2 * spend.gamma], [1.0]])
    shape = spend.p * base.frequency + spend.q
    known = (shape > 3) & (base.frequency > 0)
    if not known.any():
        return np.zeros((3, len(mean)))
    usual = np.zeros((3, len(mean)))
    usual[0] = (customers.squared_money(spend, average) / base.count)[~known].mean() if not known.all() else 0.0
    money = np.where(known, parts / np.where(known, (shape - 1) * (shape - 2), 1.0), usual)
    left = shape - 1
    spread = np.where(left > 0, parts / np.where(left > 0, left, 1.0) ** 2, flat)
    return np.asarray((mean / spend.p + squares) * money - mean**2 * spread)
