"""Chance to win and expected loss, from an effect and its standard error.

The likelihood of an effect is normal around its estimate, by the central limit theorem; with a normal prior the
posterior is normal too, and everything is closed form. This is GrowthBook's model too (its "Statistical details"),
and its published figure is one of our tests.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from journeylab import checks


class Posterior(NamedTuple):
    """What is believed of an effect after the test.

    `chance_to_win` is the posterior chance that the effect is better than none; `loss` is what is lost on average,
    in the effect's unit, by taking the variant when it is worse, and `loss_control` by keeping the control when the
    variant is better. `lower` and `upper` bound a credible interval at `level`.
    """

    mean: float
    sd: float
    lower: float
    upper: float
    level: float
    chance_to_win: float
    loss: float
    loss_control: float


def posterior(
    effect: float,
    se: float,
    *,
    prior_mean: float = 0.0,
    prior_sd: float = math.inf,
    level: float = 0.95,
    lower_is_better: bool = False,
) -> Posterior:
    """Posterior of an effect under a normal prior; flat if `prior_sd` is infinite.

    The posterior's precision is 1/se² + 1/prior_sd², its mean the precision-weighted mean of both (Gelman et al.,
    Bayesian Data Analysis, 3rd ed., section 2.5). Expected loss: E[max(−θ, 0)] = sd·φ(m/sd) − m·Φ(−m/sd).

    Args:
        effect: The estimated effect, absolute or relative; the prior is on the same scale.
        se: Its standard error, above zero.
        prior_mean: Centre of the prior.
        prior_sd: Spread of the prior: 0.1 on relative effects says that most changes move little more than 10 %.
        level: Level of the credible interval.
        lower_is_better: Whether a negative effect wins.

    >>> round(posterior(2.0, 1.0).chance_to_win, 4)
    0.9772
    """
    from scipy.special import ndtr, ndtri

    level = checks.number(level, "level", lowest=0.5, highest=0.9999)
    nan = math.nan
    if not (se > 0 and math.isfinite(effect) and math.isfinite(se)):
        return Posterior(nan, nan, nan, nan, level, nan, nan, nan)
    if not prior_sd > 0:
        checks.number(prior_sd, "prior_sd", lowest=1e-9)
    data, prior = 1 / se**2, 0.0 if math.isinf(prior_sd) else 1 / prior_sd**2
    mean = (effect * data + prior_mean * prior) / (data + prior)
    sd = 1 / math.sqrt(data + prior)
    z, t = float(ndtri((1 + level) / 2)), (-mean if lower_is_better else mean) / sd
    density = math.exp(-(t**2) / 2) / math.sqrt(2 * math.pi)
    chance = float(ndtr(t))
    loss = max(sd * (density - t * float(ndtr(-t))), 0.0)
    gain = max(sd * (density + t * chance), 0.0)
    return Posterior(mean, sd, mean - z * sd, mean + z * sd, level, chance, loss, gain)


def chance_to_be_best(
    values: list[float], variances: list[float], *, lower_is_better: bool = False, points: int = 4001
) -> list[float]:
    """Chance of each variant to be the best of all, under flat priors, from values and their squared standard errors.

    P(i best) = ∫ φᵢ(x) Πⱼ≠ᵢ Φⱼ(x) dx, on a grid, since the variants' means are independent. The chances add up to 1.

    >>> [round(p, 3) for p in chance_to_be_best([1.0, 1.0, 1.0], [0.1, 0.1, 0.1])]
    [0.333, 0.333, 0.333]
    """
    from scipy.special import log_ndtr

    mean = np.asarray(values, dtype=float) * (-1 if lower_is_better else 1)
    sd = np.sqrt(np.asarray(variances, dtype=float))
    known = np.isfinite(mean) & (sd > 0)
    if not known.all():
        return [math.nan] * len(values)
    best = []
    for i in range(len(mean)):
        x = np.linspace(mean[i] - 8 * sd[i], mean[i] + 8 * sd[i], points)
        z = (x[:, None] - mean) / sd
        log = log_ndtr(z).sum(axis=1) - log_ndtr(z[:, i]) - z[:, i] ** 2 / 2
        best.append(float(np.exp(log).sum() * (x[1] - x[0]) / (sd[i] * math.sqrt(2 * math.pi))))
    return best
