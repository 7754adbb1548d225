"""The difference between two variants: of proportions, of means, and of ratios, with or without a "before".

Means and ratios go through tea-tasting (Welch's t, the delta method, CUPED), from moments alone. Proportions use the
pooled z-test and the score intervals of `proportion.py`, which stay honest at few or no conversions. The vectorised
difference below serves what needs thousands of estimates at once: the day-by-day replay, sequential intervals and
simulations.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from journeylab import checks
from journeylab.errors import BadParameter
from journeylab.growth.proportion import relative_score_interval, score_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journeylab.growth.metrics import Metric
    from journeylab.growth.moments import Floats, Moments

Alternative = Literal["two-sided", "greater", "less"]
ALTERNATIVES = ("two-sided", "greater", "less")
#: Bounds that could not be found.
UNKNOWN = (math.nan,) * 4


class Effect(NamedTuple):
    """One comparison of a variant with the control; NaN where it could not be observed.

    `value_control` and `value` are the two proportions, means, ratios or quantiles; `effect` is their difference and
    `relative` is it as a share of the control's; `lower` and `upper` bound each at `level`. `se` and `relative_se`
    are standard errors (the relative one by the delta method).
    """

    n_control: float
    n: float
    value_control: float
    value: float
    effect: float
    lower: float
    upper: float
    relative: float
    relative_lower: float
    relative_upper: float
    se: float
    relative_se: float
    pvalue: float
    level: float
    method: str

    @classmethod
    def between(
        cls,
        control: tuple[float, float],
        variant: tuple[float, float],
        *,
        bounds: Sequence[float] = UNKNOWN,
        errors: Sequence[float] = UNKNOWN[:2],
        pvalue: float = math.nan,
        level: float,
        method: str,
    ) -> Effect:
        """Put an effect together; what is left out could not be observed.

        Args:
            control: Units and value of the control.
            variant: Units and value of the variant.
            bounds: lower, upper, relative_lower, relative_upper.
            errors: se, relative_se.
            pvalue: Of no difference.
            level: Coverage of the bounds.
            method: How they were found, in words.
        """
        (n_control, before), (n, after) = control, variant
        lower, upper, relative_lower, relative_upper = bounds
        se, relative_se = errors
        return cls(
            n_control=n_control,
            n=n,
            value_control=before,
            value=after,
            effect=after - before,
            lower=lower,
            upper=upper,
            relative=(after - before) / before if before > 0 else math.nan,
            relative_lower=relative_lower,
            relative_upper=relative_upper,
            se=se,
            relative_se=relative_se,
            pvalue=pvalue,
            level=level,
            method=method,
        )


class Difference(NamedTuple):
    """A vectorised difference: values, their difference, and its standard error, of the moments' leading shape."""

    value_control: Floats
    value: Floats
    effect: Floats
    se: Floats
    relative: Floats
    relative_se: Floats
    df: Floats
    n: Floats


def difference(control: Moments, variant: Moments, metric: Metric, *, cuped: bool = True) -> Difference:
    """Difference of a metric between two sets of moments, elementwise over their leading axes.

    The variance of a mean is s²/n, of a ratio by the delta method; with a `before` column both arms are adjusted by
    θ·(before − pooled mean of before), θ = cov(y, before) / var(before) over both arms (Deng, Xu, Kohavi & Walker
    2013, WSDM, eq. 4). `df` are Welch's degrees of freedom. The relative effect's standard error is the delta
    method's: var_t/m_c² + var_c·m_t²/m_c⁴. NaN where the control's value is zero or below.

    Args:
        control: Moments of the control.
        variant: Moments of the variant, of the same shape.
        metric: A proportion, mean or ratio.
        cuped: Whether to use the metric's `before`, if it has one.
    """
    if not metric.by_moments:
        raise BadParameter("A quantile or a trimmed mean is no function of moments.")
    y, x = metric.column, metric.denom
    b, bx = (metric.before, metric.denom_before) if cuped else (None, None)
    values, variances = [], []
    theta, centre = np.zeros(np.shape(control.n)), np.zeros(np.shape(control.n))
    if b is not None:
        both = pooled(control, variant)
        spread = both.ratio_covariance(b, bx)
        theta = np.divide(both.ratio_covariance(y, x, b, bx), spread, out=np.zeros_like(spread), where=spread > 0)
        centre = both.ratio(b, bx)
    for arm in (control, variant):
        value, variance = arm.ratio(y, x), arm.ratio_covariance(y, x)
        if b is not None:
            value = value - theta * (arm.ratio(b, bx) - centre)
            variance = variance + theta**2 * arm.ratio_covariance(b, bx) - 2 * theta * arm.ratio_covariance(y, x, b, bx)
        values.append(value)
        variances.append(np.maximum(variance, 0) / np.where(arm.n > 0, arm.n, np.nan))
    return _difference(values[0], values[1], variances[0], variances[1], control.n, variant.n)


def _difference(mc: Floats, mt: Floats, vc: Floats, vt: Floats, nc: Floats, nt: Floats) -> Difference:
    """Put two values and their variances together."""
    with np.errstate(divide="ignore", invalid="ignore"):
        base = np.where(mc > 0, mc, np.nan)
        df = (vc + vt) ** 2 / (vc**2 / (nc - 1) + vt**2 / (nt - 1))
        relative_se = np.sqrt(vt / base**2 + vc * mt**2 / base**4)
    return Difference(mc, mt, mt - mc, np.sqrt(vc + vt), (mt - mc) / base, relative_se, df, nc + nt)


def pooled(control: Moments, variant: Moments) -> Moments:
    """Moments of two arms taken together."""
    stacked = type(control)(
        control.names,
        np.stack([control.n, variant.n]),
        np.stack([control.mean, variant.mean]),
        np.stack([control.scatter, variant.scatter]),
    )
    return stacked.total(axis=0)


def compare(
    control: Moments,
    variant: Moments,
    metric: Metric,
    *,
    level: float = 0.95,
    alternative: Alternative = "two-sided",
    cuped: bool = True,
) -> Effect:
    """Compare one variant with the control.

    Args:
        control: Moments of the control, without leading axes.
        variant: Moments of the variant, without leading axes.
        metric: A proportion, mean or ratio.
        level: Confidence level of the intervals.
        alternative: "two-sided", or "greater" or "less" for a one-sided interval and p-value.
        cuped: Whether to use the metric's `before`, if it has one. A proportion with a `before` is read as a mean.

    Returns:
        The effect. Values without spread in both arms (all identical) give no interval and no p-value: NaN.

    >>> from journeylab.growth.metrics import Metric
    >>> from journeylab.growth.moments import Moments
    >>> arms = Moments.counts("ordered", [1000, 1000], [100, 130])
    >>> e = compare(arms[0], arms[1], Metric("conversion", "proportion", "ordered"))
    >>> f"{e.effect:.3f} [{e.lower:.4f}, {e.upper:.4f}] p {e.pvalue:.3f}"
    '0.030 [0.0020, 0.0582] p 0.035'
    """
    level = checks.number(level, "level", lowest=0.5, highest=0.9999)
    checks.one_of(alternative, "alternative", ALTERNATIVES)
    d = difference(control, variant, metric, cuped=cuped)
    adjusted = cuped and metric.before is not None
    seen = min(float(control.n), float(variant.n))
    if metric.kind == "proportion" and not adjusted:
        if seen < 1:
            return _effect(control, variant, d, level, "score")
        return _proportion(control, variant, d, metric, level, alternative)
    name = {"mean": "Welch", "proportion": "Welch", "ratio": "Welch on the delta method"}[metric.kind]
    name += " with CUPED" if adjusted else ""
    if seen < 2 or not float(d.se) > 0:
        return _effect(control, variant, d, level, name)
    from tea_tasting.metrics import RatioOfMeans

    test = RatioOfMeans(
        metric.column,
        metric.denom,
        metric.before if adjusted else None,
        metric.denom_before if adjusted else None,
        alternative=alternative,
        confidence_level=level,
        equal_var=False,
        use_t=True,
    )
    r = test.analyze_aggregates(control.aggregates(), variant.aggregates())
    bounds = [r.effect_size_ci_lower, r.effect_size_ci_upper]
    both_positive = r.control > 0 and r.treatment > 0  # the relative interval is one of logarithms
    bounds += [r.rel_effect_size_ci_lower, r.rel_effect_size_ci_upper] if both_positive else [math.nan, math.nan]
    return _effect(control, variant, d, level, name, [float(b) for b in bounds], r.pvalue)


def _proportion(
    control: Moments, variant: Moments, d: Difference, metric: Metric, level: float, alternative: Alternative
) -> Effect:
    """Compare two proportions: pooled z, and the intervals that invert it."""
    column = metric.column
    outside = float(np.minimum(control.column(column), variant.column(column))) < 0
    if outside or float(np.maximum(control.column(column), variant.column(column))) > 1:
        raise BadParameter(f"{column} is read as a proportion, and has values beyond 0 and 1.", do="Read it as a mean.")
    two = alternative == "two-sided"
    inner = level if two else 2 * level - 1
    xc, xt = control.n * control.column(column), variant.n * variant.column(column)
    absolute = [float(b) for b in score_interval(xc, control.n, xt, variant.n, level=inner)]
    relative = [float(b) for b in relative_score_interval(xc, control.n, xt, variant.n, level=inner)]
    if alternative == "greater":
        absolute[1], relative[1] = 1.0, math.inf
    elif alternative == "less":
        absolute[0], relative[0] = -1.0, -1.0
    pvalue = _pooled_z(float(xc), float(control.n), float(xt), float(variant.n), alternative)
    return _effect(control, variant, d, level, "pooled z, score interval", (*absolute, *relative), pvalue)


def _pooled_z(xc: float, nc: float, xt: float, nt: float, alternative: Alternative) -> float:
    """The p-value of the pooled z-test without continuity correction; 1 where all units did alike.

    Not tea-tasting's, which overflows where one arm has hardly any success; a test compares the two elsewhere.
    """
    from scipy.special import ndtr

    pooled = (xc + xt) / (nc + nt)
    se = math.sqrt(pooled * (1 - pooled) * (1 / nc + 1 / nt))
    if se == 0:
        return 1.0
    z = (xt / nt - xc / nc) / se
    if alternative == "two-sided":
        return float(2 * ndtr(-abs(z)))
    return float(ndtr(-z if alternative == "greater" else z))


def _effect(
    control: Moments,
    variant: Moments,
    d: Difference,
    level: float,
    method: str,
    bounds: Sequence[float] = UNKNOWN,
    pvalue: float = math.nan,
) -> Effect:
    """Put the parts of an effect together."""
    return Effect.between(
        (float(control.n), float(d.value_control)),
        (float(variant.n), float(d.value)),
        bounds=bounds,
        errors=(float(d.se), float(d.relative_se)),
        pvalue=float(pvalue),
        level=level,
        method=method,
    )


def variance_saved(control: Moments, variant: Moments, metric: Metric) -> float:
    """Share of the effect's variance that CUPED takes away: 1 − (se with)² / (se without)²; NaN without a before."""
    if metric.before is None:
        return math.nan
    plain = float(difference(control, variant, metric, cuped=False).se)
    return 1 - (float(difference(control, variant, metric).se) / plain) ** 2 if plain > 0 else math.nan
