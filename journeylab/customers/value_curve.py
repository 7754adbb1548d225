"""The money a customer base will bring over time, as one curve that every slider reads.

The expected net value of a base t weeks from now is a sum over customers of P(alive) · expected spend · purchase rate
at t. It is computed once, on a grid, with its slopes in every parameter. A horizon, a discount rate, a purchase pace or
a weaker dropout are then integrals over this one curve: no customer is touched again when a slider moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from journeylab.customers.pareto_nbd import ParetoNbd
from journeylab.customers.purchase_model import quadrature

if TYPE_CHECKING:
    from scipy.interpolate import CubicSpline

    from journeylab.customers.customer_base import CustomerBase
    from journeylab.customers.gamma_gamma import GammaGamma
    from journeylab.customers.purchase_model import PurchaseModel

WEEKS_A_YEAR = 365.25 / 7
_POINTS = 48
_FURTHEST = 30 * WEEKS_A_YEAR
#: Weeks from now at which rates are computed.
TIMES = np.expm1(np.linspace(0, np.log1p(_FURTHEST), _POINTS))
STEP = 1e-4


@dataclass(frozen=True, eq=False)
class Spenders:
    """Customers with what they spent, in distinct rows.

    Args:
        base: Their histories, in weeks.
        spend: Net value of the repeat purchases, summed over each row's customers. Shape (n,).
        squares: Its squares, summed likewise. Shape (n,).
        group: The group of each row, from 0. Shape (n,).
        groups: How many groups there are.
    """

    base: CustomerBase
    spend: np.ndarray
    squares: np.ndarray
    group: np.ndarray
    groups: int

    def money(self, spend: GammaGamma | None, average: float) -> np.ndarray:
        """Expected spend a purchase, summed over each row's customers: p (nγ + Σ spend) / (p x + q − 1). Shape (n,).

        Where customers differ so much that a newcomer's mean does not exist (q at most 1), those who have not bought
        again are taken to spend the `average` of those who have.
        """
        if spend is None:
            return average * self.base.count
        left = spend.p * self.base.frequency + spend.q - 1
        total = spend.p * (self.base.count * spend.gamma + self.spend)
        return np.where(left > 0, total / np.where(left > 0, left, 1.0), average * self.base.count)

    def squared_money(self, spend: GammaGamma | None, average: float) -> np.ndarray:
        """Expected square of a customer's own mean spend, summed over each row's customers.

        Where few purchases are known the model's own answer hangs on its farthest tail, and may be infinite; there it
        is the mean over the customers of whom more is known, which has the same expectation and is seen, not guessed.
        """
        if spend is None:
            return average**2 * self.base.count
        shape = spend.p * self.base.frequency + spend.q
        sums = self.base.count * spend.gamma**2 + 2 * spend.gamma * self.spend + self.squares
        known = (shape > 3) & (self.base.frequency > 0)
        squares = spend.p**2 * sums / np.where(known, (shape - 1) * (shape - 2), 1.0)
        if not known.any():
            return np.full(len(shape), np.nan)
        usual = squares[known].sum() / self.base.count[known].sum()
        return np.where(known, squares, usual * self.base.count)


@dataclass(frozen=True, eq=False)
class ValueCurve:
    """Net value by week from now, for each group, with its slopes.

    Args:
        times: Weeks from now, from 0. Shape (m,).
        money: Expected net value a week. Shape (groups, m).
        slopes: Its derivative in each parameter's logarithm. Shape (k, groups, m).
        alive: Customers expected to be alive at each time. Shape (groups, m).
        covariance: Of the parameters' logarithms. Shape (k, k).
        per_purchase: Whether dropout follows purchases, so that pace speeds it up.
    """

    times: np.ndarray
    money: np.ndarray
    slopes: np.ndarray
    alive: np.ndarray
    covariance: np.ndarray
    per_purchase: bool

    def value(
        self, horizon: float, *, discount: float = 0.0, pace: float = 1.0, dropout: float = 1.0
    ) -> tuple[np.ndarray, np.ndarray, float]:
        """Net value within the horizon, and its standard errors from the parameters, by group and of the sum.

        The groups share their parameters, so the error of the sum is not that of independent parts.

        Args:
            horizon: Weeks.
            discount: Continuous rate a week.
            pace: How many times as often customers buy from now on.
            dropout: How many times as strong dropout is from now on.
        """
        clock = dropout * pace if self.per_purchase else dropout
        at, parts = nodes(horizon, discount)
        heights = self._spline(np.log1p(np.minimum(clock * at, self.times[-1]))) @ (pace * parts)
        total, slopes = heights[0], heights[1:]
        errors = np.sqrt(np.einsum("kg,kl,lg->g", slopes, self.covariance, slopes))
        together = slopes.sum(axis=1)
        return total, errors, float(np.sqrt(together @ self.covariance @ together))

    @cached_property
    def _spline(self) -> CubicSpline:
        from scipy.interpolate import CubicSpline

        return CubicSpline(np.log1p(self.times), np.concatenate([self.money[None], self.slopes]), axis=-1)

    def kept(self, weeks: float) -> float:
        """Share of the customers alive now who are expected to be alive after so many weeks."""
        alive = self.alive.sum(axis=0)
        return float(np.interp(np.log1p(weeks), np.log1p(self.times), alive) / alive[0])

    def dropout_for(self, retention: float, weeks: float = WEEKS_A_YEAR) -> float:
        """Return the dropout lever that multiplies the share kept over so many weeks by `retention`.

        The share cannot pass 99.9 %; where dropout hardly happens there is little to win.
        """
        alive = self.alive.sum(axis=0) / self.alive.sum(axis=0)[0]
        aim = min(retention * self.kept(weeks), 0.999)
        if self.kept(weeks) >= 0.999:
            return 1.0
        falling = np.minimum.accumulate(alive)[::-1]
        when = np.expm1(np.interp(aim, falling, np.log1p(self.times)[::-1]))
        return float(when / weeks)


def nodes(horizon: float, discount: float) -> tuple[np.ndarray, np.ndarray]:
    """Return weeks from now, and what a rate at each adds to its discounted sum within the horizon.

    Args:
        horizon: Weeks.
        discount: Continuous rate a week.
    """
    places, weights = np.array(list(quadrature(32))).T
    at = np.expm1(np.log1p(horizon) * places)
    return at, weights * np.log1p(horizon) * (1 + at) * np.exp(-discount * at)


def value_curve(model: PurchaseModel, spend: GammaGamma | None, average: float, customers: Spenders) -> ValueCurve:
    """Compute the curve and its slopes.

    Args:
        model: Fitted purchase model, in weeks.
        spend: Fitted model of spend; None where all spend the same `average`.
        average: Mean spend a purchase.
        customers: The base.
    """
    times = TIMES
    plain = customers.money(spend, average)
    money = _rates(model, customers, times, plain)
    slopes = []
    for move in STEP * np.eye(len(model.parameters)):
        up, down = (
            _rates(model.with_parameters(model.parameters * np.exp(sign * move)), customers, times, plain)
            for sign in (1, -1)
        )
        slopes.append((up - down) / (2 * STEP))
    if spend is not None:
        for move in STEP * np.eye(3):
            up, down = (
                customers.money(spend.with_parameters(spend.parameters * np.exp(sign * move)), average)
                for sign in (1, -1)
            )
            slopes.append(_rates(model, customers, times, (up - down) / (2 * STEP)))
    return ValueCurve(
        times,
        money,
        np.array(slopes),
        _alive(model, customers, times),
        covariance(model, spend),
        not isinstance(model, ParetoNbd),
    )


def chance_variance(
    model: PurchaseModel, spend: GammaGamma | None, average: float, customers: Spenders, horizon: float
) -> np.ndarray:
    """Variance of the net value within the horizon that is chance, parameters taken as known. Shape (groups,).

    Var(S) = E[N] E[M²] / p + E[N²] E[M²] − (E[N] E[M])² with N purchases at a mean of M; infinite squares count as NaN.
    """
    base = customers.base
    mean = model.expected_purchases(base, horizon)
    squares = model.purchase_variance(base, horizon) + mean**2
    money = customers.squared_money(spend, average)
    within = 0.0 if spend is None else 1 / spend.p
    each = customers.money(spend, average) / base.count
    # The spread of spend within a row is part of E[M²] and taken off by the squares of the single means.
    spread = _squared_means(spend, average, customers, each)
    variance = mean * money * within + squares * money - mean**2 * spread
    return np.bincount(customers.group, weights=variance, minlength=customers.groups)


def _squared_means(spend: GammaGamma | None, average: float, customers: Spenders, each: np.ndarray) -> np.ndarray:
    """Sum over each row's customers of the square of their expected mean spend."""
    if spend is None:
        return average**2 * customers.base.count
    left = spend.p * customers.base.frequency + spend.q - 1
    sums = customers.base.count * spend.gamma**2 + 2 * spend.gamma * customers.spend + customers.squares
    return np.where(left > 0, spend.p**2 * sums / np.where(left > 0, left, 1.0) ** 2, each**2 * customers.base.count)


def _rates(model: PurchaseModel, customers: Spenders, times: np.ndarray, money: np.ndarray) -> np.ndarray:
    """Sum P(alive) · money · rate over customers, by group and time. Shape (groups, m)."""
    return _by_future(customers, model.p_alive(customers.base) * money) @ _over(model.rate, customers, times)


def _alive(model: PurchaseModel, customers: Spenders, times: np.ndarray) -> np.ndarray:
    weights = _by_future(customers, model.p_alive(customers.base) * customers.base.count)
    futures, _ = customers.base.futures
    return weights @ np.array([model.survival_if_alive(futures, float(time)) for time in times]).T


def _over(rate: object, customers: Spenders, times: np.ndarray) -> np.ndarray:
    futures, _ = customers.base.futures
    one = np.ones(len(futures.age))
    return np.array([rate(futures, time * one) for time in times]).T  # type: ignore[operator]


def _by_future(customers: Spenders, weights: np.ndarray) -> np.ndarray:
    """Add weights up by group and by what decides the future of those alive: frequency and age."""
    futures, place = customers.base.futures
    size = len(futures.age)
    flat = np.bincount(customers.group * size + place, weights=weights, minlength=customers.groups * size)
    return flat.reshape(customers.groups, size)


def covariance(model: PurchaseModel, spend: GammaGamma | None) -> np.ndarray:
    """Covariance of all parameters' logarithms; the two models are fitted apart, so their blocks do not mix.

    Parameters that were given and not fitted are taken as known.
    """
    from scipy.linalg import block_diag

    return block_diag(
        *(
            np.zeros((len(part.parameters),) * 2) if part.estimate is None else part.estimate.bounded_log_covariance
            for part in (model, spend)
            if part is not None
        )
    )
