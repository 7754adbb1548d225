"""Score intervals for two proportions: the values that the pooled z-test would not reject.

They agree with that test's p-value by construction, stay inside what a proportion can be, and exist at zero
conversions, where the usual (Wald) interval collapses to a point.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from journeylab.intervals import z_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from journeylab.growth.moments import Floats

_HALVINGS = 44  # bisection to 2⁻⁴⁴ of the bracket


def score_interval(
    control: ArrayLike, n_control: ArrayLike, successes: ArrayLike, n: ArrayLike, *, level: float = 0.95
) -> tuple[Floats, Floats]:
    """Interval for the difference of two proportions, variant minus control.

    All δ whose score statistic (p̂ₜ − p̂_c − δ) / √(p̃_c(1−p̃_c)/n_c + p̃ₜ(1−p̃ₜ)/n_t) lies within ±z, where p̃ are the
    maximum-likelihood proportions under p_t − p_c = δ (Mee 1984, Biometrics 40; the closed form of p̃ is Miettinen &
    Nurminen's, 1985, Statistics in Medicine 4, appendix I, without their factor N/(N−1)).

    Args:
        control: Successes of the control.
        n_control: Units of the control.
        successes: Successes of the variant.
        n: Units of the variant.
        level: Confidence level.

    Returns:
        Lower and upper bounds, of the arguments' common shape.

    >>> [round(float(b), 4) for b in score_interval(0, 50, 5, 50)]
    [0.0251, 0.2136]
    """
    xc, nc, xt, nt = np.broadcast_arrays(*(np.asarray(a, dtype=float) for a in (control, n_control, successes, n)))
    z = z_of(level)
    estimate = xt / nt - xc / nc

    def outside(delta: Floats) -> Any:
        pc = _restricted_difference(xc, nc, xt, nt, delta)
        pt = np.clip(pc + delta, 0, 1)
        variance = pc * (1 - pc) / nc + pt * (1 - pt) / nt
        return (estimate - delta) ** 2 > z**2 * variance

    return _bisect(outside, estimate, np.full_like(estimate, -1.0)), _bisect(outside, estimate, np.ones_like(estimate))


def relative_score_interval(
    control: ArrayLike, n_control: ArrayLike, successes: ArrayLike, n: ArrayLike, *, level: float = 0.95
) -> tuple[Floats, Floats]:
    """Interval for the relative difference of two proportions, p_t / p_c − 1.

    All ratios φ whose score statistic (p̂ₜ − φ·p̂_c) / √(p̃ₜ(1−p̃ₜ)/n_t + φ²·p̃_c(1−p̃_c)/n_c) lies within ±z (Koopman
    1984, Biometrics 40; closed form of p̃ as in Miettinen & Nurminen 1985). Without successes in the control there is
    no upper bound (infinity); without any at all there is nothing to divide (NaN).

    >>> [round(float(b), 3) for b in relative_score_interval(100, 1000, 130, 1000)]
    [0.018, 0.661]
    """
    xc, nc, xt, nt = np.broadcast_arrays(*(np.asarray(a, dtype=float) for a in (control, n_control, successes, n)))
    z = z_of(level)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (xt / nt) / (xc / nc)

    def outside(log_ratio: Floats) -> Any:
        phi = np.exp(log_ratio)
        a, b, c = (nc + nt) * phi, nt * phi + xt + nc + xc * phi, xc + xt
        pc = (b - np.sqrt(np.maximum(b**2 - 4 * a * c, 0))) / (2 * a)
        pc = np.clip(pc, 0, np.minimum(1, 1 / phi))
        pt = np.clip(phi * pc, 0, 1)
        variance = pt * (1 - pt) / nt + phi**2 * pc * (1 - pc) / nc
        return (xt / nt - phi * xc / nc) ** 2 > z**2 * variance

    far = np.full_like(ratio, 25.0)
    start = np.log(np.where(np.isfinite(ratio) & (ratio > 0), ratio, 1.0))
    # without successes on one side, every ratio far enough towards that side is inside: search from there
    lower = _bisect(outside, np.where(xc == 0, far, start), -far)
    upper = _bisect(outside, np.where(xt == 0, -far, start), far)
    lower = np.where(xt == 0, -1.0, np.expm1(lower))
    upper = np.where(xc == 0, np.inf, np.expm1(upper))
    nothing = (xc == 0) & (xt == 0)
    return np.where(nothing, np.nan, lower), np.where(nothing, np.nan, upper)


def _restricted_difference(xc: Floats, nc: Floats, xt: Floats, nt: Floats, delta: Floats) -> Floats:
    """Maximum-likelihood p_c under p_t − p_c = delta: the middle root of a cubic, in Cardano's trigonometric form."""
    total = nc + nt
    a = total
    b = -(total + xc + xt - delta * (total + nc))
    c = delta**2 * nc - delta * (total + 2 * xc) + xc + xt
    d = xc * delta * (1 - delta)
    v = b**3 / (27 * a**3) - b * c / (6 * a**2) + d / (2 * a)
    u = np.where(v >= 0, 1.0, -1.0) * np.sqrt(np.maximum(b**2 / (9 * a**2) - c / (3 * a), 0))
    cube = np.where(u == 0, 1.0, u**3)
    w = (np.pi + np.arccos(np.clip(np.where(u == 0, 0.0, v / cube), -1, 1))) / 3
    return np.clip(2 * u * np.cos(w) - b / (3 * a), np.maximum(0, -delta), np.minimum(1, 1 - delta))


def _bisect(outside: Callable[[Floats], Any], inner: Floats, outer: Floats) -> Floats:
    """The border between `inner`, which is inside, and `outer`; `outer` itself where that is inside too."""
    inside, beyond = np.array(inner, dtype=float), np.array(outer, dtype=float)
    whole = ~np.asarray(outside(beyond))
    for _ in range(_HALVINGS):
        middle = (inside + beyond) / 2
        is_out = np.asarray(outside(middle))
        inside, beyond = np.where(is_out, inside, middle), np.where(is_out, middle, beyond)
    return np.where(whole, outer, inside)
