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

#: What is counted of settled visitors only.
SETTLED = ["settled", "settled_n", "settled_of", "settled_came", "settled_rate", "settled_lower", "settled_upper"]
#: Bins of the histogram in each doubling of time.
PER_OCTAVE = 2


def rows_of(counts: pd.DataFrame, rules: Rules, names: Sequence[str], level: float) -> pd.DataFrame:
    """Return a row a step and group with rates and intervals; large groups first, small ones last.

    What begins with `settled` counts only visitors whose whole time lies in the data.
    """
    whole = counts.drop(columns="bucket").groupby(["group", "settled"], sort=True).sum()
    sums = whole.groupby(level="group").sum().sort_values("entrants", ascending=False, kind="stable")
    over = whole.xs(True, level="settled") if True in whole.index.get_level_values("settled") else sums * 0
    over = over.reindex(sums.index, fill_value=0)
    steps = range(1, rules.count + 1)
    of_each = ["reached_1", *(f"tried_{k}" for k in steps[1:])]
    optional = np.array([step.optional for step in rules.steps])

    def each(frame: pd.DataFrame, columns: list[str]) -> NDArray[np.int64]:
        return frame[columns].to_numpy("int64")

    came, of = each(sums, [f"came_{k}" for k in steps]), each(sums, of_each)
    still = np.where(optional, 0, np.pad(each(sums, [f"open_{k}" for k in steps[1:]]), ((0, 0), (1, 0))))
    parts = {"n": each(sums, [f"reached_{k}" for k in steps]), "of": of, "came": came, "open": still}
    parts |= {"lost": np.where(optional, 0, of - came - still), "optional": np.tile(optional, (len(sums), 1))}
    parts |= {"settled_n": each(over, [f"reached_{k}" for k in steps]), "settled_of": each(over, of_each)}
    parts |= {"settled_came": each(over, [f"came_{k}" for k in steps])}
    rows = pd.DataFrame({name: values.ravel() for name, values in parts.items()})
    rows["group"] = np.repeat(sums.index.to_numpy(), len(steps))
    rows["position"], rows["step"] = np.tile(steps, len(sums)), np.tile(np.array(names, dtype=object), len(sums))
    rows["of_entrants"], rows["settled"] = (np.repeat(each(x, ["entrants"]), len(steps)) for x in (sums, over))
    done = np.concatenate([rows[name].to_numpy(float) for name in ("came", "settled_came", "n")])
    could = np.concatenate([rows[name].to_numpy(float) for name in ("of", "settled_of", "of_entrants")])
    with np.errstate(invalid="ignore", divide="ignore"):
        share = done / could
    ends = wilson(done, could, level=level)
    rows["rate"], rows["settled_rate"], rows["rate_of_entrants"] = np.split(share, 3)
    for end, values in zip(("lower", "upper"), ends, strict=True):
        rows[end], rows[f"settled_{end}"], rows[f"entrants_{end}"] = np.split(values, 3)
    rows["small"] = rows["of"] < SMALL
    columns = ["group", "position", "step", "n", "of", "came", "open", "lost", "rate", "lower", "upper", "of_entrants"]
    columns += ["rate_of_entrants", "entrants_lower", "entrants_upper", "optional", "small"]
    columns += SETTLED
    return rows[columns].reset_index(drop=True)


def corrected(rows: pd.DataFrame, waits: pd.DataFrame, level: float) -> pd.DataFrame:
    """Add the rates corrected for open windows; where one cannot be known, NaN between what was seen and 1."""
    later = rows[rows["position"] > 1]
    of = {(r.group, r.position): int(r.of) for r in later.itertuples()}
    found = tally.corrected(waits, list(dict.fromkeys(rows["group"])), of)
    rows = rows.merge(found, on=["group", "position"], how="left")
    number_of = rows["corrected_of"]
    lower, upper = wilson(rows["seen"] * number_of, number_of, level=level)
    unknown = rows["corrected"].isna() & rows["seen"].notna()
    rows["corrected_lower"], rows["corrected_upper"] = lower, np.where(unknown, 1.0, upper)
    return rows.drop(columns="seen")


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
    wanted = ["entrants", f"reached_{rules.count}", "open"]
    rows = counts.groupby(["group", "bucket"], as_index=False)[wanted].sum()
    rows.columns = pd.Index(["group", "bucket", "of", "n", "open"])
    rows["bucket"] = pd.to_datetime(rows["bucket"])
    rows["rate"] = rows["n"] / rows["of"]
    rows["lower"], rows["upper"] = wilson(rows["n"], rows["of"], level=level)
    rows["partial"] = tally.is_partial(rows["bucket"], shop, grain, rules.window)
    return rows.sort_values(["group", "bucket"], ignore_index=True)
