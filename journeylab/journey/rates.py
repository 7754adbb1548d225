"""From counts of a funnel to its rates: by step and group, corrected for open windows, against before, over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from journeylab.intervals import wilson
from journeylab.journey import differences, tally
from journeylab.journey.differences import SMALL
from journeylab.journey.tally import ALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from journeylab.data.dataset import Dataset
    from journeylab.journey.attempts import Rules

#: Bins of the histogram in each doubling of time.
PER_OCTAVE = 2


def rows_of(counts: pd.DataFrame, rules: Rules, names: Sequence[str], level: float) -> pd.DataFrame:
    """Return a row a step and group with rates and intervals; large groups first, small ones last."""
    sums = counts.drop(columns="bucket").groupby("group", sort=True).sum()
    sums = sums.sort_values("entrants", ascending=False, kind="stable")
    parts = []
    for k, name in enumerate(names, start=1):
        reached, came = sums[f"reached_{k}"], sums[f"came_{k}"]
        of = sums[f"tried_{k}"] if k > 1 else reached
        optional = rules.steps[k - 1].optional
        still = sums[f"open_{k}"] if k > 1 and not optional else reached * 0
        lost = reached * 0 if optional else of - came - still
        part = {"group": sums.index, "position": k, "step": name, "n": reached, "of": of, "came": came}
        part |= {"open": still, "lost": lost, "of_entrants": sums["entrants"], "optional": optional}
        parts.append(pd.DataFrame(part))
    rows = pd.concat(parts, ignore_index=True)
    rank = {group: place for place, group in enumerate(sums.index)}
    rows = rows.sort_values(["group", "position"], key=lambda c: c.map(rank) if c.name == "group" else c)
    with np.errstate(invalid="ignore", divide="ignore"):
        rows["rate"] = rows["came"].to_numpy(float) / rows["of"].to_numpy(float)
        rows["rate_of_entrants"] = rows["n"].to_numpy(float) / rows["of_entrants"].to_numpy(float)
    rows["lower"], rows["upper"] = wilson(rows["came"], rows["of"], level=level)
    rows["entrants_lower"], rows["entrants_upper"] = wilson(rows["n"], rows["of_entrants"], level=level)
    rows["small"] = rows["of"] < SMALL
    columns = ["group", "position", "step", "n", "of", "came", "open", "lost", "rate", "lower", "upper", "of_entrants"]
    columns += ["rate_of_entrants", "entrants_lower", "entrants_upper", "optional", "small"]
    return rows[columns].reset_index(drop=True)


def corrected(rows: pd.DataFrame, waits: pd.DataFrame, level: float) -> pd.DataFrame:
    """Add the rates corrected for open windows."""
    later = rows[rows["position"] > 1]
    of = {(r.group, r.position): int(r.of) for r in later.itertuples()}
    found = tally.corrected(waits, list(dict.fromkeys(rows["group"])), of)
    rows = rows.merge(found, on=["group", "position"], how="left")
    number_of = rows["corrected_of"]
    rows["corrected_lower"], rows["corrected_upper"] = wilson(rows["corrected"] * number_of, number_of, level=level)
    return rows


def with_before(rows: pd.DataFrame, before: pd.DataFrame, level: float) -> pd.DataFrame:
    """Add the period before and the change since."""
    named = before[["group", "position", "n", "of", "came", "rate"]]
    named = named.rename(columns={"n": "n_before", "of": "of_before", "came": "came_before", "rate": "rate_before"})
    rows = rows.merge(named, on=["group", "position"], how="left")
    rows["change"] = (rows["rate"] - rows["rate_before"]).where(rows["position"] > 1)
    lower, upper = differences.newcombe(rows["came"], rows["of"], rows["came_before"], rows["of_before"], level=level)
    first = rows["position"] == 1
    rows["change_lower"], rows["change_upper"] = np.where(first, np.nan, lower), np.where(first, np.nan, upper)
    return rows.drop(columns="came_before")


def histogram(times: pd.DataFrame) -> pd.DataFrame:
    """Return the times to convert in `PER_OCTAVE` bins for each doubling, with their ends in seconds."""
    coarse = np.floor(times["slot"].to_numpy(float) * PER_OCTAVE / tally.FINE)
    bins = times.assign(coarse=coarse).groupby(["group", "coarse"], as_index=False)["n"].sum()
    slot = bins["coarse"].to_numpy(float)
    return pd.DataFrame(
        {
            "group": bins["group"],
            "from_seconds": 2 ** (slot / PER_OCTAVE) - 1,
            "to_seconds": 2 ** ((slot + 1) / PER_OCTAVE) - 1,
            "n": bins["n"].to_numpy("int64"),
        }
    )


def quartiles(times: pd.DataFrame) -> pd.DataFrame:
    """Return group, n, q1, q2, q3 in seconds, for all first; within a slot all times count as its mean.

    >>> times = pd.DataFrame({"group": "a", "slot": [1, 2], "n": [1, 2], "seconds": [10.0, 20.0]})
    >>> quartiles(times)[["n", "q1", "q2", "q3"]].values.tolist()
    [[3.0, 15.0, 20.0, 20.0], [3.0, 15.0, 20.0, 20.0]]
    """
    parts = [(ALL, times)]
    if not times["group"].eq(ALL).all():
        parts += list(times.groupby("group", sort=True))
    rows = []
    for group, of_group in parts:
        mine = of_group.sort_values("seconds")
        ends = np.cumsum(mine["n"].to_numpy("int64"))
        row: dict[str, object] = {"group": group, "n": int(ends[-1]) if len(ends) else 0}
        for i in (1, 2, 3):
            row[f"q{i}"] = quantile(mine["seconds"].to_numpy(float), ends, i / 4)
        rows.append(row)
    return pd.DataFrame(rows)


def quantile(values: NDArray[np.float64], ends: NDArray[np.int64], share: float) -> float:
    """Return a quantile of sorted values that end at these counts, by linear interpolation between neighbours."""
    if not len(ends):
        return float("nan")
    place = share * (ends[-1] - 1)
    low, high = np.searchsorted(ends, [np.floor(place), np.ceil(place)], side="right")
    return float(values[low] + (values[high] - values[low]) * (place - np.floor(place)))


def trend(counts: pd.DataFrame, rules: Rules, shop: Dataset, grain: str, level: float) -> pd.DataFrame:
    """Return entrants and those who finished by time of entry."""
    rows = counts[["group", "bucket", "entrants", f"reached_{rules.count}", "open"]].copy()
    rows.columns = pd.Index(["group", "bucket", "of", "n", "open"])
    rows["bucket"] = pd.to_datetime(rows["bucket"])
    rows["rate"] = rows["n"] / rows["of"]
    rows["lower"], rows["upper"] = wilson(rows["n"], rows["of"], level=level)
    rows["partial"] = tally.is_partial(rows["bucket"], shop, grain, rules.window)
    return rows.sort_values(["group", "bucket"], ignore_index=True)
