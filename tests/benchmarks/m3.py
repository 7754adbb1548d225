"""The default forecast on all 1,428 monthly series of the M3 competition, beside what others reached on them.

    python -m tests.benchmarks.m3 [--series 200] [--prophet 100]

It runs what `jl.operations.demand(every="month")` runs on a shop's SKUs: contest, choice, forecast, corrected
intervals. sMAPE is the competition's, averaged over the 18 months of each series and over series (Makridakis & Hibon
2000, International Journal of Forecasting 16, 451-476). Exit code 1 if the default misses 13.7, or the intervals of
80 % and 95 % do not hold 75 to 85 % and 92 to 98 % of the months not seen.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from journeylab.operations.forecasters import COMBINED, ETS, OFTEN_DEFAULT, THETA, forecasts, naive, seasonal_naive
from journeylab.operations.forecasting import forecast

AHEAD, SEASON, MOST = 18, 12, 13.7
#: Entrants' stored forecasts, by this sMAPE.
ENTRANTS = {"Theta (best entrant)": 13.89, "ForecastPro": 13.90, "Comb": 14.47, "Damped": 14.58, "Naive2": 16.89}


def read(shared: Path, most: int | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the series to learn from (right-aligned, NaN before they begin), the 18 months after, and categories."""
    rows = pd.read_csv(shared / "data" / "forecast" / "M3_monthly_long.csv.gz").sort_values(["unique_id", "t"])
    names = np.array(sorted(rows["unique_id"].unique()))
    if most is not None:
        names = np.sort(np.random.default_rng(1).choice(names, most, replace=False))
    rows = rows[rows["unique_id"].isin(names)]
    train = rows[rows["split"] == "train"]
    longest = int(train.groupby("unique_id").size().max())
    known = np.full((len(names), longest), np.nan)
    for i, (_, mine) in enumerate(train.groupby("unique_id")):
        known[i, longest - len(mine) :] = mine["y"]
    later = rows[rows["split"] == "test"]["y"].to_numpy(float).reshape(len(names), AHEAD)
    return known, later, rows.groupby("unique_id")["category"].first().to_numpy(object)


def smape(actual: np.ndarray, said: np.ndarray) -> float:
    """Return the mean sMAPE in per cent."""
    return float(100 * (2 * np.abs(actual - said) / (np.abs(actual) + np.abs(said))).mean(axis=1).mean())


def ours(known: np.ndarray, category: np.ndarray, progress=None):
    """Return the forecasts a user gets by default."""
    n = known.shape[1]
    return forecast(
        known, np.zeros_like(known), category, lambda _known: np.ones((len(known), n + AHEAD)),
        every="month", horizon=AHEAD, whole=False, level=0.8, progress=progress,
    )  # fmt: skip


def prophet(known: np.ndarray, some: np.ndarray) -> np.ndarray:
    """Return Prophet's forecasts of some of the series."""
    from journeylab.operations.prophet_model import monthly

    return np.stack([monthly(known[i][~np.isnan(known[i])], AHEAD) for i in some])


def _progress(share: float, words: str) -> None:
    print(f"\r{100 * share:5.1f} %  {words:<40}", end="", file=sys.stderr, flush=True)


def _counted(names: np.ndarray) -> str:
    return ", ".join(f"{name}: {n}" for name, n in pd.Series(names).value_counts().items())


def main() -> int:
    """Print the table."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--series", type=int)
    words.add_argument("--prophet", type=int, default=100)
    asked = words.parse_args()
    shared = Path(os.environ.get("JOURNEYLAB_SHARED", Path(__file__).resolve().parents[3] / "shared"))
    known, later, category = read(shared, asked.series)
    began = time.perf_counter()
    told = ours(known, category, _progress)
    took = time.perf_counter() - began
    mine = smape(later, told.paths.mean)
    print(f"{len(known)} series in {took:.0f} s")
    print(f"default, as a user gets it      {mine:6.2f}   {_counted(told.outcome.chosen)}")
    single = {name: [] for name in (*COMBINED[OFTEN_DEFAULT], OFTEN_DEFAULT, "naive", "seasonal naive")}
    for row in known:
        y = row[~np.isnan(row)]
        said = forecasts(y, AHEAD, SEASON, (ETS, THETA, OFTEN_DEFAULT))
        said |= {"naive": naive(y, AHEAD), "seasonal naive": seasonal_naive(y, AHEAD, SEASON)}
        for name, path in single.items():
            path.append(said[name].mean)
    for name, paths in single.items():
        print(f"{name:<30}  {smape(later, np.stack(paths)):6.2f}")
    for name, published in ENTRANTS.items():
        print(f"{name:<30}  {published:6.2f}   published, all 1,428 series")
    if asked.prophet:
        n = min(asked.prophet, len(known))
        some = np.sort(np.random.default_rng(2).choice(len(known), n, replace=False))
        print(f"{'Prophet':<30}  {smape(later[some], prophet(known, some)):6.2f}   on {n} series drawn with a seed")
        print(f"{'default, on the same series':<30}  {smape(later[some], told.paths.mean[some]):6.2f}")
    good = mine <= MOST
    for level, least, most in ((0.8, 0.75, 0.85), (0.95, 0.92, 0.98)):
        lower, upper = told.paths.intervals(level)
        inside = float(((later >= lower) & (later <= upper)).mean())
        good &= least <= inside <= most
        print(f"{100 * level:.0f} % intervals hold {100 * inside:.1f} % of {later.size} months not seen")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
