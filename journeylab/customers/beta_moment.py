"""E[(1 + p·x)^−k] with p ~ Beta(a, b): what dropout leaves of a purchase rate, whatever the parameters.

It is ₂F₁(k, a; a+b; −x) (Abramowitz & Stegun 1964, 15.3.1). Of the two Pfaff transformations the one is taken that
stays bounded at the far end. Where a shop is so even that k or a + b runs away, the function overflows, and its limit
serves: a power that high is an exponential, whose mean is ₁F₁(a; a+b; −k·x) (13.2.1); and a Beta that narrow is summed
over its quantiles.
"""

from __future__ import annotations

import numpy as np

from journeylab.customers.purchase_model import NODES, quadrature

#: From this power on, (1 + p·x)^−k is taken for e^(−k·p·x).
_HIGH = 1e3


def beta_moment(power: np.ndarray, a: float, b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return E[(1 + p·x)^−power] with p ~ Beta(a, b), for x from zero. All of one shape, or broadcast to it.

    >>> round(float(beta_moment(np.array(1.0), 1.0, np.array(1.0), np.array(np.e - 1))), 6)
    0.581977
    """
    from scipy.special import hyp2f1

    total, z = a + b, x / (1 + x)
    late = a > power
    steep = np.where(late, power, a)
    other = np.where(late, total - a, total - power)
    with np.errstate(over="ignore", invalid="ignore"):
        moment = np.asarray((1 - z) ** steep * hyp2f1(steep, other, total, z))
    lost = ~np.isfinite(moment)
    if lost.any():
        power, b, x = (np.broadcast_to(values, moment.shape) for values in (power, b, x))
        for rows, limit in ((lost & (power >= _HIGH), _exponential), (lost & (power < _HIGH), _narrow)):
            if rows.any():
                moment[rows] = limit(power[rows], a, b[rows], x[rows])
    return moment


def _exponential(power: np.ndarray, a: float, b: np.ndarray, x: np.ndarray) -> np.ndarray:
    from scipy.special import hyp1f1

    return np.asarray(hyp1f1(a, a + b, -power * x))


def _narrow(power: np.ndarray, a: float, b: np.ndarray, x: np.ndarray) -> np.ndarray:
    from scipy.special import betaincinv

    nodes, weights = np.array(list(quadrature(2 * NODES))).T[:, :, None]
    return np.asarray((weights * (1 + betaincinv(a, b, nodes) * x) ** -power).sum(axis=0))
