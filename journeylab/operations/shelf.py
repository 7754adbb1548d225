"""What is there: the latest count of each SKU at each place, what is promised, and what is on its way.

Method and limits: docs/methods/replenishment.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import numpy as np
import pandas as pd
from ibis import _

from journeylab.data.dataset import ibis_date

if TYPE_CHECKING:
    from datetime import date

    from journeylab.data.dataset import Dataset


@dataclass(frozen=True, eq=False)
class Shelf:
    """The stock of a shop.

    Args:
        counts: A row a SKU: sku, on_hand, committed, counted (the oldest of its latest counts).
        incoming: A row a SKU and day of arrival: sku, arrives_at (missing if not known), units.
    """

    counts: pd.DataFrame
    incoming: pd.DataFrame


def shelf(shop: Dataset, *, until: date | None = None) -> Shelf:
    """Return the latest stock, added up over places; empty if the shop has none.

    Args:
        shop: A Dataset.
        until: Counts after this day are left out; None takes the latest there is.
    """
    if not shop.has("stock"):
        sku, day, units = (pd.Series(dtype=kind) for kind in (object, "datetime64[ns]", float))
        counts = pd.DataFrame({"sku": sku, "on_hand": units, "committed": units, "counted": day})
        return Shelf(counts, pd.DataFrame({"sku": sku, "arrives_at": day, "units": units}))
    stock = shop.table("stock", whole=True).filter(_.sku.notnull())
    if until is not None:
        stock = stock.filter(_.as_of <= ibis_date(until))
    place = stock.location.fill_null("") if "location" in stock.columns else ibis.literal("")
    on_order = _units(stock, "on_order")
    arrives = stock.arrives_at if "arrives_at" in stock.columns else ibis.null("date")
    stock = stock.select(
        "sku",
        "as_of",
        place=place,
        on_hand=stock.on_hand.cast("float64"),
        committed=_units(stock, "committed"),
        on_order=on_order,
        arrives_at=ibis.ifelse(on_order > 0, arrives, ibis.null("date")),
    )
    last = stock.group_by(of="sku", at="place").agg(last=_.as_of.max())
    latest = stock.inner_join(
        last, [stock.sku == last.of, stock.place == last.at, stock.as_of == last["last"]]
    ).group_by("sku", "arrives_at")
    rows = shop.run(
        latest.agg(on_hand=_.on_hand.sum(), committed=_.committed.sum(), units=_.on_order.sum(), counted=_.as_of.min())
    )
    for name in ("arrives_at", "counted"):
        rows[name] = pd.to_datetime(rows[name])
    rows = rows.sort_values(["sku", "arrives_at"], ignore_index=True)
    counts = rows.groupby("sku", as_index=False).agg(
        on_hand=("on_hand", "sum"), committed=("committed", "sum"), counted=("counted", "min")
    )
    return Shelf(counts, rows.loc[rows["units"] > 0, ["sku", "arrives_at", "units"]].reset_index(drop=True))


@dataclass(frozen=True, eq=False)
class Coming:
    """What arrives of some SKUs: three arrays alike, the row of the SKU, the day after the first one, the units."""

    rows: np.ndarray
    days: np.ndarray
    units: np.ndarray

    def within(self, days: np.ndarray) -> np.ndarray:
        """Return units that arrive on the first day and so many days after it, a number a SKU each."""
        return np.bincount(self.rows, self.units * (self.days <= days[self.rows]), minlength=len(days))

    def by_day(self, rows: np.ndarray, days: int) -> np.ndarray:
        """Return units that arrive by day: a row for each of `rows`, in rising order, and so many columns."""
        out = np.zeros((len(rows), days))
        mine = np.isin(self.rows, rows) & (self.days < days)
        np.add.at(out, (np.searchsorted(rows, self.rows[mine]), self.days[mine]), self.units[mine])
        return out


def arrivals(shelf: Shelf, skus: list[str], *, as_of: date, wait: np.ndarray) -> Coming:
    """Return what arrives from `as_of` on.

    What should have come before counts for the first day; what has no date for the end of its SKU's lead time.

    Args:
        shelf: The stock.
        skus: The rows.
        as_of: The first day.
        wait: Days of lead time by SKU.
    """
    place = pd.Index(skus).get_indexer(shelf.incoming["sku"])
    known, rows = shelf.incoming[place >= 0], place[place >= 0]
    after = (known["arrives_at"] - pd.Timestamp(as_of)).dt.days.to_numpy(float)
    after = np.where(np.isnan(after), np.ceil(wait[rows]), np.maximum(after, 0))
    return Coming(rows, after.astype(int), known["units"].to_numpy(float))


def _units(stock: ibis.Table, name: str) -> ibis.Value:
    return stock[name].cast("float64").fill_null(0.0) if name in stock.columns else ibis.literal(0.0)
