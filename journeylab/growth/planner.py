"""One metric's plan: units, power and smallest effect, each from the other two, in the formula that suits it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from journeylab.growth import sample_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journeylab.growth.metrics import Metric
    from journeylab.growth.moments import Moments


@dataclass(frozen=True)
class Planner:
    """Units, power and smallest effect of one metric, in the formula that suits it.

    Args:
        history: The metric's moments in the past.
        metric: What will be compared.
        alpha: Chance of claiming an effect where there is none, two-sided.
        power: Chance of seeing the effect.
        proportion: The formula for proportions.
        left: Share of the variance that is left by what is known before the test.
    """

    history: Moments
    metric: Metric
    alpha: float
    power: float
    proportion: Literal["pooled", "unpooled", "base rate"]
    left: float = 1.0

    @property
    def formula(self) -> str:
        """The formula, by name."""
        return sample_size.FORMULAS[self.proportion] if self.metric.kind == "proportion" else sample_size.WELCH

    @property
    def base(self) -> float:
        """The metric's value today."""
        return float(self.history.ratio(self.metric.column, self.metric.denom))

    def units(self, relative: float) -> float:
        """Units in each of two variants; NaN where a proportion would leave its scale."""
        if self.metric.kind == "proportion":
            if self.base * (1 + relative) > 1:
                return math.nan
            return self.left * sample_size.sample_size_proportion(
                self.base, self.base * relative, alpha=self.alpha, power=self.power, formula=self.proportion
            )
        n = sample_size.plan_mean(
            self.history, self.metric, solve="n", relative=relative, alpha=self.alpha, power=self.power
        )[0]
        return self.left * n / 2

    def units_for(self, effects: Sequence[float], asked: float) -> list[float]:
        """Units in each of two variants for several effects; a mean's go with 1/effect² from the one asked for."""
        if self.metric.kind == "proportion":
            return [self.units(relative) for relative in effects]
        each = self.units(asked)
        return [each * (asked / relative) ** 2 for relative in effects]

    def reached(self, relative: float, each: float) -> float:
        """Power with `each` units in each of two variants."""
        from scipy.special import ndtr, ndtri

        n, z = each / self.left, float(ndtri(1 - self.alpha / 2))
        if n < 2:
            return math.nan
        if self.metric.kind == "proportion":
            return sample_size.power_proportion(
                self.base, self.base * relative, n, alpha=self.alpha, formula=self.proportion
            )
        return float(ndtr(relative / self._se(n) - z) + ndtr(-relative / self._se(n) - z))

    def smallest(self, each: float) -> float:
        """Smallest relative effect that `each` units in each of two variants can see."""
        from scipy.special import ndtri

        n = each / self.left
        if n < 2:
            return math.nan
        if self.metric.kind == "proportion":
            return (
                sample_size.smallest_effect_proportion(
                    self.base, n, alpha=self.alpha, power=self.power, formula=self.proportion
                )
                / self.base
            )
        return (float(ndtri(1 - self.alpha / 2)) + float(ndtri(self.power))) * self._se(n)

    def _se(self, each: float) -> float:
        """Standard error of a mean's relative difference: √(2·variance / n) over the mean."""
        variance = float(self.history.ratio_covariance(self.metric.column, self.metric.denom))
        return math.sqrt(2 * variance / each) / self.base
