"""A roster: a row a customer, kept in the engine; what comes to Python is one page of it, or a stream into a file."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

import ibis

from journeylab.cells import harmless
from journeylab.checks import one_of, whole
from journeylab.errors import BadParameter

if TYPE_CHECKING:
    from collections.abc import Iterator

    import ibis.expr.types as ir
    import pandas as pd

    from journeylab.data.dataset import Dataset
    from journeylab.data.engine import Engine

MOST_A_PAGE = 10_000


@dataclass(frozen=True, eq=False)
class Roster:
    """Customers as an expression on an engine.

    Args:
        rows: A row a customer, with `customer_id`.
        engine: Runs it.
    """

    rows: ir.Table = field(repr=False)
    engine: Engine = field(repr=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self.rows.columns)

    def of(self, shop: Dataset) -> ir.Table:
        """Return the rows, to be read beside a shop's tables.

        Raises:
            BadParameter: if they are those of another shop.
        """
        if not shop.engine.reaches(self.engine):
            raise BadParameter("What was given was found in another shop.", do="Find it in this shop first.")
        return self.rows

    def count(self) -> int:
        """Return how many customers there are."""
        return int(self.engine.run(self.rows.agg(n=self.rows.count()))["n"].iloc[0])

    def page(
        self, number: int = 1, *, size: int = 100, by: str = "customer_id", descending: bool = False
    ) -> pd.DataFrame:
        """Return one page of customers, sorted by a column and then by customer, so that pages never overlap.

        Args:
            number: The page, from 1.
            size: Customers a page, at most 10,000.
            by: The column to sort by.
            descending: From large to small.
        """
        whole(number, "number", lowest=1)
        whole(size, "size", lowest=1, highest=MOST_A_PAGE)
        first = ibis.desc(one_of(by, "by", self.columns)) if descending else ibis.asc(one_of(by, "by", self.columns))
        ordered = self.rows.order_by([first] if by == "customer_id" else [first, ibis.asc("customer_id")])
        return self.engine.run(ordered.limit(size, offset=(number - 1) * size))

    def chunks(self) -> Iterator[pd.DataFrame]:
        """Stream all customers by customer, some thousands at a time."""
        with self.engine.batches(self.rows.order_by("customer_id")) as batches:
            for batch in batches:
                yield batch.to_pandas()

    def write(self, target: TextIO) -> int:
        """Write all customers as CSV into an open text file and return how many; no cell becomes a formula."""
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(self.columns)
        rows = 0
        for chunk in self.chunks():
            writer.writerows(map(harmless, row) for row in chunk.itertuples(index=False, name=None))
            rows += len(chunk)
        return rows
