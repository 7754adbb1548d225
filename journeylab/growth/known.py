"""A test as it was known at the end of each day: each unit with what it had done by then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import ibis
import numpy as np
import pandas as pd
from ibis import _

from journeylab.growth import measures
from journeylab.growth.moments import Moments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, timedelta

    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset
    from journeylab.growth.measures import Source
    from journeylab.growth.metrics import Metric


class Known(NamedTuple):
    """The moments of a metric by variant and day, each day with all that was known at its end."""

    days: tuple[date, ...]
    moments: Moments


def as_known(
    shop: Dataset,
    source: Source,
    metric: Metric,
    variants: Sequence[str],
    *,
    window: timedelta | None,
    start: date | None,
    end: date | None,
    caps: Mapping[str, float],
) -> Known:
    """Return a metric's moments day by day, from orders and events on the days on which they came.

    When a unit's values go from x to y on a day, its variant's sums of products grow by y y' - x x'. So one running sum
    a unit gives the moments of every day in one query. What lay before the exposure is known from the exposure on.
    """
    columns = metric.columns
    exposed = measures.exposed(shop, source)
    if start:
        exposed = exposed.filter(exposed.day >= ibis.date(start.isoformat()))
    if end:
        exposed = exposed.filter(exposed.day <= ibis.date(end.isoformat()))
    exposed = exposed.filter(exposed.variant.notnull())
    moves = _moves(shop, source, exposed, columns, window)
    over = ibis.window(group_by="unit_id", order_by="day")
    upto = ibis.window(group_by="unit_id", order_by="day", preceding=None, following=0)
    flags = {"conversion", "pre_conversion"}
    now: dict[str, Any] = {f"now{i}": _[c].sum().over(upto) for i, c in enumerate(columns)}
    moves = moves.mutate(**now)
    for i, column in enumerate(columns):
        top = 1.0 if column in flags or column.startswith(measures.EVENT) else caps.get(column)
        if top is not None:
            moves = moves.mutate(**{f"now{i}": ibis.least(_[f"now{i}"], ibis.literal(float(top)))})
    moves = moves.mutate(**{f"was{i}": _[f"now{i}"].lag().over(over).fill_null(0.0) for i in range(len(columns))})
    sums: dict[str, Any] = {"n": _.fresh.sum()}
    for a in range(len(columns)):
        sums[f"s{a}"] = (_[f"now{a}"] - _[f"was{a}"]).sum()
        for b in range(a + 1):
            sums[f"p{b}_{a}"] = (_[f"now{a}"] * _[f"now{b}"] - _[f"was{a}"] * _[f"was{b}"]).sum()
    return _cumulated(shop.run(moves.group_by("variant", "day").agg(**sums)), columns, variants)


def _moves(
    shop: Dataset, source: Source, exposed: ir.Table, columns: Sequence[str], window: timedelta | None
) -> ir.Table:
    """Return a row a unit and day on which something of it became known: fresh (1 at its exposure), and the columns."""
    dated = measures.since_exposure(shop, source, exposed, columns, window)
    known = exposed.select("unit_id", "variant", "day", fresh=ibis.literal(1))
    nothing = dict.fromkeys(columns, ibis.literal(0.0))
    parts = [known.mutate(**nothing)]
    for table in dated:
        joined = table.rename(done_on="day").join(exposed.select("unit_id", "variant", exposed_on="day"), "unit_id")
        # what lay before is known at the exposure; a day that a file writes too early does not come before it either
        day = ibis.greatest(joined.done_on, joined.exposed_on)
        given = {c: joined[c] if c in table.columns else ibis.literal(0.0) for c in columns}
        parts.append(joined.select("unit_id", "variant", day=day, fresh=ibis.literal(0), **given))
    rows = ibis.union(*[part.select("unit_id", "variant", "day", "fresh", *columns) for part in parts])
    told = {c: _[c].max() if c.startswith(measures.EVENT) else _[c].sum() for c in columns}
    return rows.group_by("unit_id", "variant", "day").agg(fresh=_.fresh.sum(), **told)


def _cumulated(cells: pd.DataFrame, columns: Sequence[str], variants: Sequence[str]) -> Known:
    """Add up the days."""
    cells["day"] = pd.to_datetime(cells["day"])
    days = sorted(cells["day"].unique())
    grid = pd.MultiIndex.from_product([variants, days], names=["variant", "day"])
    filled = cells.set_index(["variant", "day"]).reindex(grid).fillna(0.0).astype(float)
    shape, k = (len(variants), len(days)), len(columns)
    total = {name: filled[name].to_numpy().reshape(shape).cumsum(axis=1) for name in filled.columns}
    products = np.empty((*shape, k, k))
    for a in range(k):
        for b in range(a + 1):
            products[..., a, b] = products[..., b, a] = total[f"p{b}_{a}"]
    sums = np.stack([total[f"s{a}"] for a in range(k)], axis=-1)
    return Known(tuple(pd.Timestamp(d).date() for d in days), Moments.from_sums(columns, total["n"], sums, products))
