"""From features to numbers that can be compared: log and robust scaling, shrunken shares, outliers held back.

An amount x becomes (ln(1 + x) - median) / (IQR / 1.349), held to ±3.5 (the standard deviation stands in where the
quartiles are equal). A share x of n becomes (x + απ) / (n + α), its expectation if customers' true shares follow a
beta distribution whose α and π fit the sample (empirical Bayes; Casella 1985, The American Statistician 39), and is
then centred and divided by its standard deviation. What cannot be observed is put in the middle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir
    import pandas as pd
    from numpy.typing import NDArray

    from journeylab.customers.features import Column

FARTHEST = 3.5
#: Intraclass correlation below which customers' shares differ no more than chance makes them.
LEAST_CORRELATION = 0.05


@dataclass(frozen=True)
class Scale:
    """How one column is scaled: middle and spread, and for a share its prior α and π."""

    column: Column
    middle: float
    spread: float
    alpha: float = 0.0
    pi: float = 0.0

    def value(self, table: ir.Table) -> ir.FloatingValue:
        """Return the scaled column as an expression; 0 where it cannot be observed."""
        if self.column.kind == "amount":
            raw = ibis.greatest(table[self.column.id].cast("float64"), 0.0)
            z = ((raw + 1).ln() - self.middle) / self.spread
            z = ibis.greatest(ibis.least(z, FARTHEST), -FARTHEST)
            return ibis.ifelse(table[self.column.id].isnull(), 0.0, z)
        x, n = (table[part].cast("float64").fill_null(0) for part in self.column.parts)
        return ((x + self.alpha * self.pi) / (n + self.alpha) - self.middle) / self.spread

    def values(self, sample: pd.DataFrame) -> NDArray[np.float64]:
        """Return the scaled column of a sample; the same figures as `value` gives in the engine."""
        if self.column.kind == "amount":
            return np.nan_to_num(np.clip(self.raw(sample), -FARTHEST, FARTHEST), nan=0.0)
        x, n = (sample[part].fillna(0).to_numpy(dtype=float) for part in self.column.parts)
        return np.asarray(((x + self.alpha * self.pi) / (n + self.alpha) - self.middle) / self.spread)

    def raw(self, sample: pd.DataFrame) -> NDArray[np.float64]:
        """Return an amount of a sample scaled and not yet held back; NaN where it cannot be observed."""
        given = np.maximum(sample[self.column.id].to_numpy(dtype=float), 0)
        return np.asarray((np.log1p(given) - self.middle) / self.spread)

    def natural(self, sample: pd.DataFrame) -> NDArray[np.float64]:
        """Return the column of a sample in its own units; in the middle where it cannot be observed."""
        if self.column.kind == "amount":
            raw = sample[self.column.id].to_numpy(dtype=float)
            return np.where(np.isnan(raw), np.expm1(self.middle), raw)
        x, n = (sample[part].fillna(0).to_numpy(dtype=float) for part in self.column.parts)
        return np.where(n > 0, x / np.maximum(n, 1), self.pi)


def fit(columns: Sequence[Column], sample: pd.DataFrame) -> tuple[tuple[Scale, ...], tuple[Column, ...]]:
    """Return how each column is scaled, and the columns in which the customers of the sample do not differ."""
    scales, alike = [], []
    for column in columns:
        scale = _amount(column, sample) if column.kind == "amount" else _share(column, sample)
        if scale is None:
            alike.append(column)
        else:
            scales.append(scale)
    return tuple(scales), tuple(alike)


def _amount(column: Column, sample: pd.DataFrame) -> Scale | None:
    raw = sample[column.id].to_numpy(dtype=float)
    values = np.log1p(np.maximum(raw[~np.isnan(raw)], 0))
    if len(values) < 2:
        return None
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    spread = (high - low) / 1.349
    if spread <= 1e-9 * max(1.0, abs(middle)):
        spread = float(values.std())
    return None if spread <= 1e-9 else Scale(column, float(middle), float(spread))


def _share(column: Column, sample: pd.DataFrame) -> Scale | None:
    x, n = (sample[part].fillna(0).to_numpy(dtype=float) for part in column.parts)
    prior = beta_prior(x, n)
    if prior is None:
        return None
    alpha, pi = prior
    shrunk = (x + alpha * pi) / (n + alpha)
    spread = float(shrunk.std())
    return None if spread <= 1e-6 else Scale(column, float(shrunk.mean()), spread, alpha, pi)


def held_back(scales: Sequence[Scale], sample: pd.DataFrame) -> tuple[int, dict[str, int]]:
    """Return how many customers of a sample were held to ±3.5, in any amount and in each by its label."""
    beyond = {}
    for scale in scales:
        if scale.column.kind == "amount":
            z = scale.raw(sample)
            beyond[scale.column.label] = np.abs(z) > FARTHEST
    some = {label: int(rows.sum()) for label, rows in beyond.items() if rows.any()}
    return int(np.any(list(beyond.values()), axis=0).sum()) if beyond else 0, some


def beta_prior(x: NDArray[np.float64], n: NDArray[np.float64]) -> tuple[float, float] | None:
    """Return α and π of the beta distribution of the true shares, by moments; None if they differ no more than chance.

    With pairs of tries of one customer as weights, π = Σ x (n - 1) / Σ n (n - 1) and E[p²] = Σ x (x - 1) / Σ n (n - 1);
    the intraclass correlation is ρ = (E[p²] - π²) / (π (1 - π)), and α = (1 - ρ) / ρ.

    >>> beta_prior(np.array([0.0, 4.0, 0.0, 4.0]), np.array([4.0, 4.0, 4.0, 4.0]))
    (0.01, 0.5)
    >>> beta_prior(np.array([2.0, 2.0, 2.0, 2.0]), np.array([4.0, 4.0, 4.0, 4.0])) is None
    True
    """
    pairs = float((n * (n - 1)).sum())
    if pairs <= 0:
        return None
    pi = float((x * (n - 1)).sum() / pairs)
    if not 0 < pi < 1:
        return None
    rho = (float((x * (x - 1)).sum() / pairs) - pi**2) / (pi * (1 - pi))
    if rho < LEAST_CORRELATION:
        return None
    return max((1 - rho) / rho, 0.01), pi


def matrix(scales: Sequence[Scale], sample: pd.DataFrame) -> NDArray[np.float64]:
    """Return the scaled sample, a row a customer and a column a scale."""
    return np.column_stack([scale.values(sample) for scale in scales])


def scaled(scales: Sequence[Scale], table: ir.Table) -> ir.Table:
    """Return customer_id and the scaled columns z0, z1, … of every row of a table of features."""
    return table.select("customer_id", **{f"z{place}": scale.value(table) for place, scale in enumerate(scales)})
