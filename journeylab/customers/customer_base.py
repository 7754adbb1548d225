"""What a purchase model needs to know of a shop: frequency, recency and age, and how many customers share them.

A customer is three numbers (Schmittlein, Morrison & Colombo 1987; Fader, Hardie & Lee 2005): the **frequency** of
repeat purchases, the **recency** (time from first to last purchase) and the **age** (time from first purchase to the
end of observation). Customers who agree in all three are one row with a count, so millions are some thousand rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from journeylab.errors import BadParameter, NotEnoughData

FEWEST_CUSTOMERS = 30
FEWEST_REPEATERS = 10


@dataclass(frozen=True, eq=False)
class CustomerBase:
    """Customers by frequency, recency and age.

    Args:
        frequency: Repeat purchases of each row, whole numbers from 0. Shape (n,).
        recency: Time from first to last purchase, 0 where frequency is 0. Shape (n,), in any unit of time.
        age: Time from first purchase to the end of observation, in the same unit. Shape (n,).
        count: Customers that share the row, 1 each when left out. Shape (n,).

    Raises:
        BadParameter: A row cannot be a customer (a recency beyond the age, a repeat purchase at time zero).

    >>> base = CustomerBase([2, 0], [30.43, 0], [38.86, 38.86], [1, 3])
    >>> base.customers, base.repeaters, base.repeat_purchases
    (4.0, 1.0, 2.0)
    """

    frequency: np.ndarray
    recency: np.ndarray
    age: np.ndarray
    count: np.ndarray = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        """Turn what was given into arrays of floats of one length, and check each row."""
        columns = {name: np.atleast_1d(np.asarray(getattr(self, name), dtype=float)) for name in _COLUMNS}
        if not columns["count"].size:
            columns["count"] = np.ones_like(columns["frequency"])
        if len({column.shape for column in columns.values()}) != 1 or columns["age"].ndim != 1:
            raise BadParameter("Frequency, recency, age and count must be as long as each other.")
        for name, column in columns.items():
            if not np.all(np.isfinite(column)) or np.any(column < 0):
                raise BadParameter(f"{name} must be finite and never below zero.")
            column.setflags(write=False)
            object.__setattr__(self, name, column)
        if np.any(self.frequency != np.floor(self.frequency)):
            raise BadParameter("frequency must be whole: it counts repeat purchases.")
        if np.any(self.recency > self.age):
            raise BadParameter("recency must not exceed age: the last purchase lies within the observation.")
        if np.any((self.frequency > 0) != (self.recency > 0)):
            raise BadParameter(
                "recency must be above zero exactly where frequency is.",
                why="Several orders within one unit of time are one purchase.",
            )

    @property
    def customers(self) -> float:
        """All customers."""
        return float(self.count.sum())

    @property
    def repeaters(self) -> float:
        """Customers with at least one repeat purchase."""
        return float(self.count[self.frequency > 0].sum())

    @property
    def repeat_purchases(self) -> float:
        """All repeat purchases."""
        return float(self.count @ self.frequency)

    @cached_property
    def levels(self) -> tuple[np.ndarray, np.ndarray]:
        """Distinct frequencies and the customers at each: what depends on frequency alone is computed on these."""
        levels, place = np.unique(self.frequency, return_inverse=True)
        return levels, np.bincount(place, weights=self.count, minlength=len(levels))

    @cached_property
    def futures(self) -> tuple[CustomerBase, np.ndarray]:
        """Distinct frequencies and ages, and each row's place in them: the future of the living needs no more."""
        pairs, place = np.unique(self.frequency + 1j * self.age, return_inverse=True)
        recency = np.where(pairs.real > 0, pairs.imag, 0.0)
        return CustomerBase(pairs.real, recency, pairs.imag, np.bincount(place, weights=self.count)), place

    def distinct(self) -> CustomerBase:
        """Return the distinct rows in sorted order, counts added up: the same base, and the same in any row order."""
        rows = np.column_stack([self.frequency, self.recency, self.age])
        if not len(rows):
            return self
        order = np.lexsort(rows.T[::-1])
        rows = rows[order]
        first = np.flatnonzero(np.r_[True, np.any(rows[1:] != rows[:-1], axis=1)])
        frequency, recency, age = rows[first].T
        return CustomerBase(frequency, recency, age, np.add.reduceat(self.count[order], first))

    def scaled(self, factor: float) -> CustomerBase:
        """Return the base with time in another unit: `factor` new units are one old unit."""
        return CustomerBase(self.frequency, self.recency * factor, self.age * factor, self.count)

    def take(self, rows: np.ndarray | slice) -> CustomerBase:
        """Return the rows named by a mask, by positions or by a slice."""
        return CustomerBase(self.frequency[rows], self.recency[rows], self.age[rows], self.count[rows])

    def require_enough(self) -> CustomerBase:
        """Return the base, or raise NotEnoughData where no model could tell slow customers from lost ones."""
        if self.customers < FEWEST_CUSTOMERS or self.repeaters < FEWEST_REPEATERS:
            raise NotEnoughData(
                f"A purchase model needs {FEWEST_CUSTOMERS} customers of whom {FEWEST_REPEATERS} bought again; "
                f"here {self.repeaters:,.0f} of {self.customers:,.0f} did.",
                why="Without repeat purchases nothing tells a slow customer from a lost one.",
                do="Give a longer history, or a customer identifier that joins a person's orders.",
            )
        return self


_COLUMNS = ("frequency", "recency", "age", "count")
