"""Visitors of a funnel in cells of group and stratum, by how far they came: counts, draws, stakes and leaks.

A cell is the sufficient statistic of its visitors: how many got to each depth, and the sum of their values. Drawing
visitors again with replacement is drawing those counts from a multinomial, so the bootstrap (Efron 1979, Annals of
Statistics 7) needs no row of a visitor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from ibis import _

from journeylab.journey.attempts import visitors
from journeylab.journey.differences import FALSE_SHARE, SMALL, UNKNOWN, benjamini_hochberg
from journeylab.journey.tally import ALL

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir
    from numpy.typing import NDArray

    from journeylab.data.dataset import Dataset
    from journeylab.journey.attempts import Rules
    from journeylab.journey.worth import Worth

_LEAKS = ("group", "step", "position", "n", "of", "rate", "expected_rate", "missed", "p", "q", "clear")


@dataclass(frozen=True)
class Late:
    """Entrants who had not the whole window before the data ended, and how many of them had bought."""

    n: int
    bought: int


def count(shop: Dataset, events: ir.Table, rules: Rules) -> tuple[pd.DataFrame, Late]:
    """Return a row a cell, and who is left out of them because they came late.

    A cell has the splits, reached_k, open_k, and n_value, value, value2 of those who converted. Whoever entered when
    there was not yet time for the whole window is left out, converted or not: to count only those who had already
    converted would make the rest look better than it is.
    """
    people = visitors(events, rules)
    steps = range(1, rules.count + 1)
    sums: dict[str, Any] = {f"reached_{k}": _[f"reached_{k}"].sum() for k in steps}
    sums |= {f"open_{k}": _[f"open_{k}"].sum() for k in steps if k > 1}
    if rules.value:
        sums |= {"n_value": _["value"].count(), "value": _["value"].sum(), "value2": (_["value"] * _["value"]).sum()}
    rows = shop.run(people.group_by([*rules.splits, "settled"]).agg(**sums))
    rows = rows[rows["reached_1"].fillna(0) > 0].fillna(dict.fromkeys(("n_value", "value", "value2"), 0.0))
    settled = rows["settled"].astype(bool)
    late = rows[~settled]
    kept = rows[settled].drop(columns="settled").sort_values([*rules.splits, "reached_1"], ignore_index=True)
    return kept, Late(int(late["reached_1"].sum()), int(late[f"reached_{rules.count}"].sum()))


@dataclass(frozen=True)
class Drawn:
    """Cells drawn again: depths (draws, cells, depth) and values (draws, cells)."""

    depths: NDArray[np.float64]
    value: NDArray[np.float64]


@dataclass(frozen=True)
class Grid:
    """Cells by depth; only steps that must be done count.

    Args:
        names: The steps.
        group: The group of each cell.
        stratum: The stratum of each cell, as a number.
        depths: Settled visitors of each cell whose last step was the j-th (cells, steps).
        value: Margin of one conversion in each cell.
        error: Its standard error.
        still_open: Visitors who were left out, because they still had time.
        position: The place of each step in the funnel, from 1.
    """

    names: tuple[str, ...]
    group: NDArray[Any]
    stratum: NDArray[np.int64]
    depths: NDArray[np.float64]
    value: NDArray[np.float64]
    error: NDArray[np.float64]
    still_open: int
    position: tuple[int, ...]

    @classmethod
    def of(cls, counted: pd.DataFrame, rules: Rules, names: Sequence[str], worth: Worth) -> Grid:
        """Build the grid from counted cells; those still open are left out at every step they reached."""
        kept = [k for k in range(1, rules.count + 1) if not rules.steps[k - 1].optional]
        reached = counted[[f"reached_{k}" for k in kept]].to_numpy(float)
        still = counted[[f"open_{k}" for k in kept[1:]]].to_numpy(float)
        depths = reached - np.pad(reached[:, 1:], ((0, 0), (0, 1)))
        depths[:, :-1] -= still
        strata = [name for name in rules.splits if name != "group"]
        number = counted.groupby(strata, sort=True).ngroup() if strata else pd.Series(0, index=counted.index)
        group = counted["group"] if "group" in counted else pd.Series(ALL, index=counted.index)
        value, error = _values(counted, group, worth)
        place = tuple(kept)
        return cls(
            tuple(names[k - 1] for k in kept), group.to_numpy(), number.to_numpy("int64"), depths,
            value * worth.margin, error * worth.margin, int(still.sum()), place,
        )  # fmt: skip

    def draw(self, rng: np.random.Generator, draws: int) -> Drawn:
        """Draw the visitors of every cell again, and the mean value of its conversions."""
        depths = np.empty((draws, *self.depths.shape))
        for i, row in enumerate(self.depths):
            n = int(row.sum())
            depths[:, i] = rng.multinomial(n, row / n, size=draws) if n else 0.0
        # Cells with one and the same value share its error, whatever they are broken down by.
        known, where = np.unique(np.stack([self.value, self.error]), axis=1, return_inverse=True)
        noise = rng.standard_normal((draws, known.shape[1]))[:, where.ravel()]
        return Drawn(depths, np.maximum(self.value + noise * self.error, 0.0))

    def reached(self, depths: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how many reached each step."""
        return np.flip(np.cumsum(np.flip(depths, -1), -1), -1)

    def at_stake(self, depths: NDArray[np.float64], value: NDArray[np.float64]) -> tuple[Any, Any, Any]:
        """Return lost, conversions missed and margin at each step, summed over cells: (draws, steps) each."""
        reached = self.reached(depths)
        pooled = np.einsum("dck,cs->dsk", reached, self._in_stratum())
        with np.errstate(invalid="ignore", divide="ignore"):
            converts = np.nan_to_num(pooled[..., -1:] / pooled)[:, self.stratum]
        lost = np.concatenate([np.zeros_like(depths[..., :1]), depths[..., :-1]], axis=-1)
        missed = lost * converts
        return lost.sum(axis=1), missed.sum(axis=1), (missed * value[..., None]).sum(axis=1)

    def _in_stratum(self) -> NDArray[np.float64]:
        return np.eye(int(self.stratum.max()) + 1)[self.stratum]

    def ceiling(self) -> float:
        """Return the margin if nobody who entered, and is settled, were lost."""
        return float((self.depths.sum(axis=1) * self.value).sum())

    def realised(self) -> float:
        """Return the margin of those who converted."""
        return float((self.depths[:, -1] * self.value).sum())

    def missed_by(self, name: Any, k: int, depths: NDArray[np.float64]) -> tuple[Any, ...]:
        """Return came, of, expected and converts of a group at step k, for each draw, in strata with others."""
        reached, mine = self.reached(depths), self.group == name
        others = ~mine & (self.group != UNKNOWN)
        strata = self._in_stratum()
        sums = np.array(  # mine or others; came or of
            [[reached[:, which, column] @ strata[which] for column in (k, k - 1)] for which in (mine, others)]
        )
        (came, of), (others_came, others_of) = sums
        both = others_of > 0
        with np.errstate(invalid="ignore", divide="ignore"):
            rate = np.where(both, others_came / others_of, 0.0)
            converts = np.nan_to_num(reached[:, mine, -1].sum(axis=1) / reached[:, mine, k].sum(axis=1))
        expected = (of * rate).sum(axis=1)
        return (came * both).sum(axis=1), (of * both).sum(axis=1), expected, converts, sums


def _values(counted: pd.DataFrame, group: pd.Series, worth: Worth) -> tuple[Any, Any]:
    """Return the value of a conversion in each cell and its error: the group's own if at least 30 are known."""
    value, error = np.full(len(counted), worth.value), np.full(len(counted), worth.error)
    if not worth.by_cell:
        return value, error
    sums = counted.groupby(group)[["n_value", "value", "value2"]].transform("sum")
    n = sums["n_value"].to_numpy(float)
    enough = n >= SMALL
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = sums["value"].to_numpy(float) / n
        spread = np.sqrt(np.maximum(sums["value2"].to_numpy(float) - n * mean**2, 0) / (n - 1) / n)
    return np.where(enough, mean, value), np.where(enough, spread, error)


def mantel_haenszel(came: Any, of: Any, others_came: Any, others_of: Any) -> float:
    """Return the two-sided p-value of equal shares within strata.

    Source: Mantel & Haenszel (1959), Journal of the National Cancer Institute 22, without continuity correction. With
    one stratum and an expected count below 5, Fisher's exact test.

    >>> one, other = np.array([20.0, 30.0]), np.array([40.0, 20.0])
    >>> round(mantel_haenszel(one, np.array([50.0, 60.0]), other, np.array([60.0, 40.0])), 4)
    0.0428
    """
    from scipy.special import ndtr

    total, hits = of + others_of, came + others_came
    used = (of > 0) & (others_of > 0)
    if not used.any():
        return float("nan")
    came, of, others_of, total, hits = (x[used] for x in (came, of, others_of, total, hits))
    expected = of * hits / total
    fewest = [expected, of - expected, hits - expected, total - of - hits + expected]
    if used.sum() == 1 and min(float(cell[0]) for cell in fewest) < 5:
        from journeylab.journey.differences import p_value

        return p_value(int(came[0]), int(of[0]), int(hits[0] - came[0]), int(others_of[0]))
    variance = float((of * others_of * hits * (total - hits) / (total**2 * np.maximum(total - 1, 1))).sum())
    if variance == 0:
        return 1.0
    return float(2 * ndtr(-abs(float((came - expected).sum())) / np.sqrt(variance)))


def leaks(grid: Grid, drawn: Drawn, tail: float, days: float) -> pd.DataFrame:
    """Return a row a group and step with what is missed against the other groups; not of those 'not known'."""
    rows = []
    for name in dict.fromkeys(grid.group):
        if name == UNKNOWN:
            continue
        value = float(grid.value[grid.group == name][0])
        again_value = drawn.value[:, grid.group == name][:, 0]
        for k in range(1, len(grid.names)):
            came, of, expected, converts, sums = grid.missed_by(name, k, grid.depths[None])
            others = float(sums[1, 1].sum())
            if not of[0] or not others:
                continue
            looked = min(float(of[0]), others) >= SMALL
            p = mantel_haenszel(sums[0, 0, 0], sums[0, 1, 0], sums[1, 0, 0], sums[1, 1, 0]) if looked else np.nan
            again_came, _again_of, again_expected, again_converts, _sums = grid.missed_by(name, k, drawn.depths)
            lower, upper = np.quantile((again_expected - again_came) * again_converts * again_value, [tail, 1 - tail])
            missed = float(expected[0] - came[0])
            row = {"group": name, "step": grid.names[k], "position": grid.position[k], "n": int(came[0])}
            row |= {"of": int(of[0]), "rate": float(came[0] / of[0]), "expected_rate": float(expected[0] / of[0])}
            row |= {"missed": missed, "p": p, "margin": missed * float(converts[0]) * value}
            rows.append(row | {"lower": float(lower), "upper": float(upper)})
    if not rows:
        return no_leaks()
    found = pd.DataFrame(rows)
    found["q"] = benjamini_hochberg(found["p"])
    found["clear"] = (np.nan_to_num(found["q"], nan=1.0) < FALSE_SHARE) & (found["lower"] > 0)
    found["margin_a_year"] = found["margin"] * 365 / days
    order = ["clear", "margin", "group", "position"]
    found = found.sort_values(order, ascending=[False, False, True, True], ignore_index=True)
    return found[[*_LEAKS, "margin", "lower", "upper", "margin_a_year"]]


def no_leaks() -> pd.DataFrame:
    """Return the table of leaks without a row."""
    empty = pd.DataFrame(columns=[*_LEAKS, "margin", "lower", "upper", "margin_a_year"])
    return empty.astype({"clear": bool, "q": float, "margin": float})
