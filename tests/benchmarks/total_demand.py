"""How often the interval of a whole shop's demand holds, on simulated shops whose SKUs miss together or each alone.

    python -m tests.benchmarks.total_demand [--shops 60]

Each shop has 20 SKUs over 80 weeks, Poisson around a rate that moves by a quarter a week, and eight weeks after them.
What moves the rate is shared by none of it, by half of it from week to week, or by half of it for many weeks. The
forecasts are those of `jl.operations.demand`. Beside it: an interval that takes the SKUs for independent.
"""

from __future__ import annotations

import argparse

import numpy as np

from journeylab.operations.forecasting import forecast

SKUS, WEEKS, AHEAD = 20, 80, 8
#: Log of a usual rate a week, share of its moves that all SKUs share, and how long those last.
KINDS = {
    "each SKU alone": (2.5, 0.0, 0.0),
    "together, week by week": (2.5, 0.5, 0.0),
    "together, for long": (2.5, 0.5, 0.9),
    "now and then, together": (-0.5, 0.3, 0.5),
}


def simulated(rng: np.random.Generator, rate: float, share: float, lasting: float) -> np.ndarray:
    """Return units by SKU and week."""
    weeks = WEEKS + AHEAD
    common = np.zeros(weeks)
    for week in range(1, weeks):
        common[week] = lasting * common[week - 1] + np.sqrt(1 - lasting**2) * rng.standard_normal()
    moves = np.sqrt(share) * common + np.sqrt(1 - share) * rng.standard_normal((SKUS, weeks))
    return rng.poisson(rng.lognormal(rate, 0.8, SKUS)[:, None] * np.exp(0.25 * moves)).astype(float)


def main() -> None:
    """Print how often each interval held."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--shops", type=int, default=60)
    shops = words.parse_args().shops
    for kind, (rate, share, lasting) in KINDS.items():
        rng, held = np.random.default_rng(5), []
        for _ in range(shops):
            units = simulated(rng, rate, share, lasting)
            known, came = units[:, :WEEKS], units[:, WEEKS:].sum()
            told = forecast(
                known, np.zeros_like(known), np.full(SKUS, "all", dtype=object),
                lambda weeks: np.ones((SKUS, weeks + AHEAD + 64)),
                every="week", horizon=AHEAD, whole=True, level=0.8, step=7,
            ).paths  # fmt: skip
            ends = [told.total(7 * AHEAD, level)[1:] for level in (0.8, 0.95)]
            mean, sd = told.over(np.full(SKUS, 7.0 * AHEAD))
            alone = abs(came - mean.sum()) <= 1.2816 * np.sqrt((sd**2).sum())
            held.append([*(lower <= came <= upper for lower, upper in ends), alone])
        both = np.mean(held, axis=0)
        print(f"{kind:<24} 80 %: {both[0]:.0%}   95 %: {both[1]:.0%}   80 % if independent: {both[2]:.0%}", flush=True)


if __name__ == "__main__":
    main()
