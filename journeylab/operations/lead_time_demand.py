"""Demand until an order arrives, as a distribution: its mean, its spread, its quantiles, and what it lacks of a stock.

Method, sources and limits: docs/methods/replenishment.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from journeylab.checks import one_of

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

#: Above this share of the mean, a normal distribution would put 1 in 44 below zero.
MOST_SPREAD = 0.5
SHAPES = ("normal", "gamma", "auto")


@dataclass(frozen=True, eq=False)
class Spread:
    """The demand of some SKUs over some time each.

    Args:
        mean: Units expected.
        sd: Their standard deviation.
        gamma: Where demand follows a gamma distribution instead of a normal one.
    """

    mean: Floats
    sd: Floats
    gamma: npt.NDArray[np.bool_]

    def quantile(self, p: float | Floats) -> Floats:
        """Return the quantity that demand stays below with chance `p`, never negative."""
        from scipy.special import gammaincinv, ndtri

        chance = np.broadcast_to(np.asarray(p, dtype=float), self.mean.shape)
        normal = self.mean + self.sd * np.where(self.sd > 0, ndtri(chance), 0.0)
        shape, scale = self._gamma()
        with np.errstate(invalid="ignore"):
            skewed = gammaincinv(shape, chance) * scale
        return np.maximum(np.where(self.gamma, skewed, normal), 0.0)

    def chance_below(self, quantity: float | Floats) -> Floats:
        """Return the chance that demand does not exceed `quantity`."""
        from scipy.special import gammainc, ndtr

        x = np.broadcast_to(np.asarray(quantity, dtype=float), self.mean.shape)
        sure = self.sd <= 0
        with np.errstate(invalid="ignore", divide="ignore"):
            normal = np.where(sure, (x >= self.mean).astype(float), ndtr((x - self.mean) / np.where(sure, 1, self.sd)))
            shape, scale = self._gamma()
            skewed = gammainc(shape, np.maximum(x, 0) / scale)
        return np.where(self.gamma, skewed, normal)

    def loss(self, quantity: float | Floats) -> Floats:
        """Return the units expected to be lacking of `quantity`: E[(D - quantity)⁺], the loss function.

        Normal: σ (φ(z) - z (1 - Φ(z))). Gamma with shape k and scale θ: k θ (1 - F(x; k + 1)) - x (1 - F(x; k)).
        """
        from scipy.special import gammaincc, ndtr

        x = np.broadcast_to(np.asarray(quantity, dtype=float), self.mean.shape)
        sure = self.sd <= 0
        sd = np.where(sure, 1.0, self.sd)
        with np.errstate(invalid="ignore", over="ignore"):
            z = (x - self.mean) / sd
            density = np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)
            normal = np.where(sure, np.maximum(self.mean - x, 0), sd * (density - z * ndtr(-z)))
            shape, scale = self._gamma()
            there = np.maximum(x, 0)
            skewed = shape * scale * gammaincc(shape + 1, there / scale) - there * gammaincc(shape, there / scale)
            skewed += np.maximum(-x, 0)  # what is owed already is lacking whatever comes
        return np.maximum(np.where(self.gamma, skewed, normal), 0.0)

    def sold(self, quantity: float | Floats) -> Floats:
        """Return the units expected to be sold from `quantity`: E[min(D, quantity)]."""
        return self.mean - self.loss(quantity)

    def take(self, places: npt.NDArray[np.int64]) -> Spread:
        """Return the SKUs at these places, one as often as it is named."""
        return Spread(self.mean[places], self.sd[places], self.gamma[places])

    def _gamma(self) -> tuple[Floats, Floats]:
        """Shape and scale by moments; one and one where the distribution is not used."""
        used = self.gamma
        mean, sd = np.where(used, self.mean, 1.0), np.where(used, self.sd, 1.0)
        return (mean / sd) ** 2, sd**2 / mean


def spread(mean: float | Floats, sd: float | Floats, *, shape: str = "auto") -> Spread:
    """Return the distribution with this mean and standard deviation.

    Args:
        mean: Units expected; below zero counts as none.
        sd: Standard deviation.
        shape: 'normal', 'gamma', or 'auto': gamma where the standard deviation is more than half of the mean (Burgin
            1975; Silver, Pyke & Peterson 1998, chapter 7), since a normal one would put much below zero.
    """
    one_of(shape, "shape", SHAPES)
    means = np.maximum(np.atleast_1d(np.asarray(mean, dtype=float)), 0.0)
    sds = np.broadcast_to(np.asarray(sd, dtype=float), means.shape)
    able = (means > 0) & (sds > 0)
    gamma = able & ((sds > MOST_SPREAD * means) if shape == "auto" else np.bool_(shape == "gamma"))
    return Spread(means, np.array(sds), gamma)


def with_lead_time_spread(mean: Floats, sd: Floats, *, per_day: Floats, lead_time_sd: Floats) -> Spread:
    """Return demand over a lead time that varies itself.

    σ = √(σ_D² + d² σ_L²), where σ_D is the spread of demand over the mean time, d the demand a day and σ_L the spread
    of the lead time in days. Chopra & Meindl (2016), "Supply Chain Management", chapter 12; Silver, Pyke & Peterson
    (1998), chapter 7.
    """
    return spread(mean, np.sqrt(np.square(sd) + np.square(per_day * lead_time_sd)))
