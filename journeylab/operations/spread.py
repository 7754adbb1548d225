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

from journeylab.operations import total
from journeylab.operations.contest import mean_of
from journeylab.operations.distribution import Correction, quantile, scores

if TYPE_CHECKING:
    from journeylab.operations.contest import Outcome

#: Demand with gaps, or without, is corrected by its own ranks from this many series on; fewer by those of all.
FEWEST_SERIES = 30
#: Where the growth is read, and where that lies for a normal distribution: far errors of a few series do not set it.
_SHARE, _NORMAL = 0.8, 1.2816


@dataclass(frozen=True)
class Law:
    """Taylor's power law, log sd = start + slope × log mean, and how far series lie from it.

    Args:
        start: Log of the spread at a mean of one.
        slope: The power.
        between: Variance of log spreads around the law, beyond what short histories explain.
    """

    start: float = 0.0
    slope: float = 0.5
    between: float = 0.0

    def expected(self, level: np.ndarray) -> np.ndarray:
        """Return the spread the law gives at a mean."""
        return np.exp(self.start) * np.maximum(level, 1e-9) ** self.slope


@dataclass(frozen=True)
class Spread:
    """How far demand may lie from its forecast.

    Args:
        sd: Spread of one period ahead of each series, free of the calendar.
        law: Taylor's power law of all series.
        by_period: Its growth for the first, second … period ahead.
        by_sum: Its growth for the sum of the first k periods, beyond the square root of k.
        periods: Corrections of single periods, and `sums` of sums, by whether demand comes in most periods.
        past_sums: The scores behind `sums`, by that too and by origin.
        coverage: Of each series: share of past actuals inside the corrected interval, learned without them.
        before: That share over all series without correction, and `after` with it.
        judged: How many past actuals that was measured on.
        together: Mean correlation of what the series missed, and `origins` how many past days it was read from.
    """

    sd: np.ndarray
    law: Law
    by_period: np.ndarray
    by_sum: np.ndarray
    periods: dict[bool, Correction]
    sums: dict[bool, Correction]
    past_sums: dict[bool, list[np.ndarray]]
    coverage: np.ndarray
    before: float
    after: float
    judged: int
    together: float = 0.0
    origins: int = 0


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
    law = taylor(now, out.sd, n)
    sd = shrunk(out.sd, now, n, law)
    count, origins, judged = out.actual.shape
    if not np.isfinite(out.actual).any():
        return replace(unmeasured(out.mean.shape[1]), sd=sd, law=law, coverage=np.full(count, np.nan))
    mean, base = out.of_chosen(out.past), np.empty_like(out.past_factor)
    past_sd = out.of_chosen(out.past_sd)
    for o in range(origins):
        level_then = _free_level(mean[:, o], out.past_factor[:, o])
        then = shrunk(past_sd[:, o], level_then, n, taylor(level_then, past_sd[:, o], n))
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
            rows, taught = often == kind, _teachers(often, kind)
            for part in _parts(count, origins):
                judged_here = rows & part
                learned = z[taught & ~part, o] if origins == 1 else np.delete(z[taught], o, axis=1)
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
        periods={kind: Correction(_sorted(z[_teachers(often, kind)])) for kind in (True, False)},
        sums={kind: Correction(_sorted(z_sum[_teachers(often, kind)])) for kind in (True, False)},
        past_sums={kind: [_sorted(z_sum[often == kind, o]) for o in range(origins)] for kind in (True, False)},
        coverage=mean_of(inside, axis=(1, 2)),
        before=float(np.nanmean(plain)),
        after=float(np.nanmean(inside)),
        judged=int(usable.sum()),
        together=_together(
            np.where(usable, out.actual - mean, np.nan), sd_then, sum_actual - sum_mean, sum_base * by_sum
        ),
        origins=int(usable.any(axis=(0, 2)).sum()),
    )


def _together(error: np.ndarray, sd: np.ndarray, sum_error: np.ndarray, sum_sd: np.ndarray) -> float:
    """Return how far series miss together: over single periods, or over all of them where that is more."""
    count = len(error)
    single = total.shared(error.reshape(count, -1), sd.reshape(count, -1))
    return max(single, total.shared(sum_error[:, :, -1], sum_sd[:, :, -1]))


def unmeasured(horizon: int) -> Spread:
    """Return what is taken where no forecast could be tried: Poisson's law, no growth, no correction."""
    flat, none = np.ones(horizon), Correction(np.zeros(0))
    corrections = {True: none, False: none}
    past: dict[bool, list[np.ndarray]] = {True: [], False: []}
    return Spread(np.zeros(0), Law(), flat, flat, corrections, corrections, past, np.zeros(0), np.nan, np.nan, 0)


def taylor(level: np.ndarray, sd: np.ndarray, n: np.ndarray) -> Law:
    """Return the law of all series; the Poisson's power, 0.5, where there are too few to learn it."""
    good = (level > 0) & (sd > 0) & np.isfinite(level) & np.isfinite(sd)
    if not good.any():
        return Law()
    x, y = np.log(level[good]), np.log(sd[good])
    slope = float(np.clip(np.polyfit(x, y, 1)[0], 0.3, 1.2)) if good.sum() >= 8 and np.ptp(x) >= 0.5 else 0.5
    start = float(np.mean(y - slope * x))
    around = float(np.mean((y - start - slope * x) ** 2)) if good.sum() >= 8 else 0.25
    return Law(start, slope, max(around - float(np.mean(1 / (2 * n[good]))), 0.01))


def shrunk(sd: np.ndarray, level: np.ndarray, n: np.ndarray, law: Law) -> np.ndarray:
    """Return spreads drawn towards the law, in logs, by how sure each is (its variance is 1/2n) and the law is."""
    expected = law.expected(level)
    own = np.where(np.isfinite(sd) & (sd > 0.05 * expected), sd, 0.05 * expected)
    weight = law.between / (law.between + 1 / (2 * np.maximum(n, 1)))
    return np.exp(weight * np.log(own) + (1 - weight) * np.log(expected))


def _free_level(mean: np.ndarray, factor: np.ndarray) -> np.ndarray:
    return (mean / np.maximum(factor, 1e-9)).mean(axis=-1)


def _growth(ratio: np.ndarray) -> np.ndarray:
    """Return how wide errors lie in their spreads by period ahead, read where 80 % of them end; it does not fall."""
    wide = np.ones(ratio.shape[2])
    for h in range(ratio.shape[2]):
        off = np.abs(ratio[:, :, h])
        off = off[np.isfinite(off)]
        wide[h] = max(float(np.quantile(off, _SHARE)) / _NORMAL, 0.1) if len(off) else wide[h - 1]
    return _rising(wide)


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


def _teachers(often: np.ndarray, kind: bool) -> np.ndarray:
    """Return whose ranks correct a kind of demand: that kind's where there is enough of it, else everybody's."""
    same = often == kind
    return same if same.sum() >= FEWEST_SERIES else np.ones(len(often), dtype=bool)


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
