"""Maximum likelihood for positive parameters: the estimate, its standard errors, and what follows from them.

Fitted on the logarithm of the parameters with the exact gradient (BFGS, then Newton steps to the very top); a parameter
that runs away is held near e^±12 of its scale by a slope too slight to move any other. The
covariance is the inverse of the observed information (Efron & Hinkley 1978), whose matrix is the central difference of
the exact gradient.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from journeylab.errors import NotEnoughData

if TYPE_CHECKING:
    from collections.abc import Callable

_LOG_BOUND = 12.0
_STEP = 1e-5
_WIDE_STEP = 1e-4
_WIDEST_LOG_SD = 2.0


@dataclass(frozen=True, eq=False)
class Estimate:
    """A maximum-likelihood estimate of positive parameters.

    Args:
        names: Name of each parameter.
        values: The estimates. Shape (k,).
        information: Observed information of the **logarithms** of the parameters. Shape (k, k).
        log_likelihood: At the estimate.
        n: Units the likelihood was summed over.
    """

    names: tuple[str, ...]
    values: np.ndarray
    information: np.ndarray
    log_likelihood: float
    n: float

    @property
    def identified(self) -> bool:
        """Whether the data settle every parameter: the likelihood curves down in all directions."""
        return bool(np.linalg.eigvalsh(self.information)[0] > 1 / _WIDEST_LOG_SD**2)

    @property
    def log_covariance(self) -> np.ndarray:
        """Covariance of the logarithms; NaN where the data do not settle the parameters."""
        if not self.identified:
            return np.full_like(self.information, np.nan)
        return np.linalg.inv(self.information)

    @property
    def covariance(self) -> np.ndarray:
        """Covariance of the parameters. Shape (k, k)."""
        return self.log_covariance * np.outer(self.values, self.values)

    @property
    def standard_errors(self) -> np.ndarray:
        """Standard error of each parameter; NaN where the data do not settle them. Shape (k,)."""
        return np.sqrt(np.diag(self.covariance))

    def interval(self, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper end of each parameter, normal on the logarithm and so never below zero."""
        from scipy.special import ndtri

        reach = ndtri(0.5 + level / 2) * np.sqrt(np.diag(self.log_covariance))
        return self.values * np.exp(-reach), self.values * np.exp(reach)

    @property
    def bounded_log_covariance(self) -> np.ndarray:
        """Covariance of the logarithms in which flat directions are held to a standard deviation of 2. Shape (k, k).

        A parameter that runs away (dropout that never happens) then has a wide spread, and not an endless one; what is
        computed from it hardly depends on it, or its interval says so.
        """
        curvature, directions = np.linalg.eigh(self.information)
        return (directions / np.maximum(curvature, 1 / _WIDEST_LOG_SD**2)) @ directions.T

    def draws(self, n: int, seed: int = 0) -> np.ndarray:
        """Parameters drawn from the normal approximation of their logarithms, flat directions bounded. Shape (n, k)."""
        curvature, directions = np.linalg.eigh(self.information)
        spread = 1 / np.sqrt(np.maximum(curvature, 1 / _WIDEST_LOG_SD**2))
        normal = np.random.default_rng(seed).standard_normal((n, len(self.values)))
        logs = np.log(self.values) + (normal * spread) @ directions.T
        return np.exp(np.clip(logs, -_LOG_BOUND - 8, _LOG_BOUND + 8))

    def delta(self, function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Standard error of a function of the parameters, by the delta method. Same shape as the function's value."""
        logs = np.log(self.values)
        moves = _WIDE_STEP * np.eye(len(logs))
        slopes = np.stack(
            [
                (np.asarray(function(np.exp(logs + move))) - np.asarray(function(np.exp(logs - move))))
                / (2 * _WIDE_STEP)
                for move in moves
            ]
        )
        return np.sqrt(np.einsum("k...,kl,l...->...", slopes, self.bounded_log_covariance, slopes))


def maximise(
    log_likelihood: Callable[[np.ndarray], tuple[float, np.ndarray]],
    *,
    names: tuple[str, ...],
    starts: list[np.ndarray],
    n: float,
) -> Estimate:
    """Find the parameters of the highest likelihood.

    Args:
        log_likelihood: Positive parameters (k,) to the log-likelihood and its gradient (k,).
        names: Name of each parameter.
        starts: Parameters to start from; the next is tried where one does not end on a proper top.
        n: Units the likelihood sums over, which sets the scale of the tolerances.

    Raises:
        NotEnoughData: The likelihood is not finite anywhere it was looked at.
    """
    from scipy.optimize import minimize

    def descent(logs: np.ndarray) -> tuple[float, np.ndarray]:
        values = np.exp(np.clip(logs, -2 * _LOG_BOUND, 2 * _LOG_BOUND))
        height, slope = log_likelihood(values)
        beyond = np.sign(logs) * np.maximum(np.abs(logs) - _LOG_BOUND, 0)
        return -height / n + 1e-3 * float(beyond @ beyond), -slope * values / n + 2e-3 * beyond

    tops = []
    for start in starts:
        end = minimize(
            descent,
            np.log(start),
            jac=True,
            method="BFGS",
            options={"maxiter": 500, "gtol": 1e-7},
        )
        if np.isfinite(end.fun):
            logs, hessian = _newton(descent, end.x)
            values = np.exp(logs)
            top = Estimate(names, values, hessian * n, float(log_likelihood(values)[0]), n)
            tops.append(top)
            if top.identified:
                break
    if not tops:
        raise NotEnoughData("The likelihood of this model is not finite on this data.")
    return max(tops, key=lambda top: top.log_likelihood)


def _newton(
    descent: Callable[[np.ndarray], tuple[float, np.ndarray]], logs: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Climb the last bit with Newton steps while they flatten the slope and stay near: the top and its Hessian."""
    hessian, slope = _hessian(descent, logs), descent(logs)[1]
    began = logs
    while np.linalg.eigvalsh(hessian)[0] > 0:
        move = np.linalg.solve(hessian, slope)
        nearer = logs - move
        if np.abs(nearer - began).max() > 0.5 or np.abs(nearer).max() > _LOG_BOUND + 8:
            break
        flatter = descent(nearer)[1]
        if not np.abs(flatter).max() < np.abs(slope).max() / 2:
            break
        logs, slope = nearer, flatter
    moved = np.abs(logs - began).max() > 1e-3
    return logs, _hessian(descent, logs) if moved else hessian


def _hessian(descent: Callable[[np.ndarray], tuple[float, np.ndarray]], logs: np.ndarray) -> np.ndarray:
    """Second derivatives: central differences of the exact gradient, made symmetric."""
    rows = [(descent(logs + move)[1] - descent(logs - move)[1]) / (2 * _STEP) for move in _STEP * np.eye(len(logs))]
    return (np.array(rows) + np.array(rows).T) / 2
