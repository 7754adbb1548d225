"""How far demand may lie from its forecast, learned from what forecasts missed, and whether intervals hold.

The spread of a SKU is that of its model's one-step errors, drawn towards what SKUs of its size have (Taylor's power
law, sd = a × mean^b: Taylor 1961, Nature 189, 732-735) where its history is short. How it grows with periods ahead, for
one period and for a sum of periods, is measured on the past forecasts of all SKUs together, so that errors that persist
widen a lead time's interval. Then ranks are corrected (distribution.py), demand with gaps apart from demand without.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from journeylab.operations.contest import mean_of
from journeylab.operations.distribution import Correction, quantile, scores

if TYPE_CHECKING:
    from journeylab.operations.contest import Outcome

#: Periods of history that weigh as much as the law of all SKUs.
PRIOR = 13.0
_CLIP = 4.0


@dataclass(frozen=True)
class Spread:
    """How far demand may lie from its forecast.

    Args:
        sd: Spread of one period ahead of each series, free of the calendar.
        law: Log of a, and b, of Taylor's power law.
        by_period: Its growth for the first, second … period ahead.
        by_sum: Its growth for the sum of the first k periods, beyond the square root of k.
        periods: Corrections of single periods, and `sums` of sums, by whether demand comes in most periods.
        coverage: Of each series: share of past actuals inside the corrected interval, learned without them.
        before: That share over all series without correction, and `after` with it.
        judged: How many past actuals that was measured on.
    """

    sd: np.ndarray
    law: tuple[float, float]
    by_period: np.ndarray
    by_sum: np.ndarray
    periods: dict[bool, Correction]
    sums: dict[bool, Correction]
    coverage: np.ndarray
    before: float
    after: float
    judged: int


def measure(out: Outcome, often: np.ndarray, n: np.ndarray, *, whole: bool, level: float) -> Spread:
    """Learn the spread from a contest's past forecasts.

    Args:
        out: What came out of the contest.
        often: Whether demand comes in most periods, a series each.
        n: Periods of history, a series each.
        whole: Whether everything sells in whole units.
        level: Coverage of the intervals that are measured.
    """
    now = _free_level(out.mean, out.factor)
    law = taylor(now, out.sd)
    sd = shrunk(out.sd, now, n, law)
    count, origins, judged = out.actual.shape
    if not np.isfinite(out.actual).any():
        return replace(unmeasured(out.mean.shape[1]), sd=sd, law=law, coverage=np.full(count, np.nan))
    mean, base = out.of_chosen(out.past), np.empty_like(out.past_factor)
    past_sd = out.of_chosen(out.past_sd)
    for o in range(origins):
        level_then = _free_level(mean[:, o], out.past_factor[:, o])
        then = shrunk(past_sd[:, o], level_then, n, taylor(level_then, past_sd[:, o]))
        base[:, o] = then[:, None] * out.past_factor[:, o]
    by_period = _growth((out.actual - mean) / base)
    k = np.arange(1, judged + 1)
    sum_base = base.cumsum(axis=2) / np.sqrt(k)
    sum_actual, sum_mean = out.actual.cumsum(axis=2), mean.cumsum(axis=2)
    by_sum = _growth((sum_actual - sum_mean) / sum_base)
    sd_then = base * by_period
    z = scores(out.actual, mean, sd_then, whole=whole)
    z_sum = scores(sum_actual, sum_mean, sum_base * by_sum, whole=whole)
    usable = np.isfinite(out.actual) & np.isfinite(base) & np.isfinite(mean)
    z, z_sum = np.where(usable, z, np.nan), np.where(np.isfinite(sum_actual), z_sum, np.nan)
    chances = np.array([(1 - level) / 2, (1 + level) / 2])
    inside, plain = np.full(out.actual.shape, np.nan), np.full(out.actual.shape, np.nan)
    for o in range(origins):
        for kind in (True, False):
            rows = often == kind
            for part in _parts(count, origins):
                judged_here = rows & part
                learned = z[rows & ~part, o] if origins == 1 else np.delete(z[rows], o, axis=1)
                corrected = Correction(_sorted(learned)).chance(chances)
                at = (out.actual[judged_here, o], mean[judged_here, o], sd_then[judged_here, o])
                inside[judged_here, o] = _inside(*at, corrected, whole=whole)
                plain[judged_here, o] = _inside(*at, chances, whole=whole)
    inside, plain = np.where(usable, inside, np.nan), np.where(usable, plain, np.nan)
    return Spread(
        sd=sd,
        law=law,
        by_period=_longer(by_period, out.mean.shape[1]),
        by_sum=_longer(by_sum, out.mean.shape[1]),
        periods={kind: Correction(_sorted(z[often == kind])) for kind in (True, False)},
        sums={kind: Correction(_sorted(z_sum[often == kind])) for kind in (True, False)},
        coverage=mean_of(inside, axis=(1, 2)),
        before=float(np.nanmean(plain)),
        after=float(np.nanmean(inside)),
        judged=int(usable.sum()),
    )


def unmeasured(horizon: int) -> Spread:
    """Return what is taken where no forecast could be tried: Poisson's law, no growth, no correction."""
    flat, none = np.ones(horizon), Correction(np.zeros(0))
    corrections = {True: none, False: none}
    return Spread(np.zeros(0), (0.0, 0.5), flat, flat, corrections, corrections, np.zeros(0), np.nan, np.nan, 0)


def taylor(level: np.ndarray, sd: np.ndarray) -> tuple[float, float]:
    """Return log a and b of sd = a × level^b over all series; the Poisson's own (0, 0.5) where there are too few."""
    good = (level > 0) & (sd > 0) & np.isfinite(level) & np.isfinite(sd)
    if good.sum() < 8 or np.ptp(np.log(level[good])) < 0.5:
        over = float(np.mean(np.log(sd[good]) - 0.5 * np.log(level[good]))) if good.any() else 0.0
        return over, 0.5
    slope, start = np.polyfit(np.log(level[good]), np.log(sd[good]), 1)
    return float(start), float(np.clip(slope, 0.3, 1.2))


def shrunk(sd: np.ndarray, level: np.ndarray, n: np.ndarray, law: tuple[float, float]) -> np.ndarray:
    """Return spreads drawn towards the law: variances weighted by periods of history, the law as `PRIOR` of them."""
    expected = np.exp(law[0]) * np.maximum(level, 1e-9) ** law[1]
    own = np.where(np.isfinite(sd), sd, expected)
    return np.sqrt((n * own**2 + PRIOR * expected**2) / (n + PRIOR))


def _free_level(mean: np.ndarray, factor: np.ndarray) -> np.ndarray:
    return (mean / np.maximum(factor, 1e-9)).mean(axis=-1)


def _growth(ratio: np.ndarray) -> np.ndarray:
    """Return the root mean square of errors over their spread, by period ahead; it does not fall."""
    squares = mean_of(np.clip(ratio, -_CLIP, _CLIP) ** 2, axis=(0, 1))
    return np.sqrt(_rising(np.where(np.isfinite(squares) & (squares > 0), squares, 1.0)))


def _rising(values: np.ndarray) -> np.ndarray:
    """Return the nearest values that do not fall (pooling adjacent violators)."""
    blocks: list[list[float]] = []
    for value in values:
        blocks.append([float(value), 1.0])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            (left, n), (right, m) = blocks[-2:]
            blocks[-2:] = [[(left * n + right * m) / (n + m), n + m]]
    return np.concatenate([np.full(int(n), level) for level, n in blocks])


def _longer(growth: np.ndarray, periods: int) -> np.ndarray:
    return np.append(growth, np.full(max(periods - len(growth), 0), growth[-1]))


def _parts(count: int, origins: int) -> list[np.ndarray]:
    """Return whom to judge together: with one origin each half of the series by what the other half teaches."""
    if origins > 1:
        return [np.ones(count, dtype=bool)]
    even = np.arange(count) % 2 == 0
    return [even, ~even]


def _inside(actual: np.ndarray, mean: np.ndarray, sd: np.ndarray, chances: np.ndarray, *, whole: bool) -> np.ndarray:
    known = np.nan_to_num(mean, nan=0.0), np.nan_to_num(sd, nan=1.0)
    lower, upper = (quantile(p, *known, whole=whole) for p in chances)
    seen = np.round(actual) if whole else actual
    return ((seen >= lower) & (seen <= upper)).astype(float)


def _sorted(values: np.ndarray) -> np.ndarray:
    return np.sort(values[np.isfinite(values)])
