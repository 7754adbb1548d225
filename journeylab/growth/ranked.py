"""What of a test needs the order of its units: quantiles with their bounding values, and trimmed means."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from ibis import _

from journeylab.growth import trimmed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset
    from journeylab.growth.metrics import Metric
    from journeylab.growth.moments import Floats, Moments
    from journeylab.growth.trimmed import Middle


def quantiles(
    shop: Dataset,
    table: ir.Table,
    metrics: Sequence[Metric],
    variants: Sequence[str],
    moments: Mapping[str, Moments],
    level: float,
) -> dict[str, Floats]:
    """Ask the engine for each quantile and for the values at its bounding ranks, in one go."""
    from journeylab.growth.quantile_effect import bounding_ranks

    asked: dict[str, Any] = {}
    for i, metric in enumerate(metrics):
        if metric.q is None:
            continue
        n = moments[metric.name].n.sum(axis=(1, 2))
        for v, variant in enumerate(variants):
            low, high = (float(r) for r in bounding_ranks(max(n[v], 1), metric.q, level=level))
            for k, share in enumerate((metric.q, low, high)):
                asked[f"q{i}_{v}_{k}"] = _[metric.column].quantile(share, where=_.variant == variant)
    if not asked:
        return {}
    row = shop.run(table.agg(**asked)).iloc[0]
    return {
        metric.name: np.array([[row[f"q{i}_{v}_{k}"] for k in range(3)] for v in range(len(variants))], dtype=float)
        for i, metric in enumerate(metrics)
        if metric.q is not None
    }


def middles(
    shop: Dataset, table: ir.Table, metrics: Sequence[Metric], variants: Sequence[str], moments: Mapping[str, Moments]
) -> dict[str, tuple[Middle, ...]]:
    """Ask the engine for what is left of each variant when its smallest and largest units are left out."""
    found = {}
    for metric in metrics:
        if metric.trim is None:
            continue
        n = moments[metric.name].n.sum(axis=(1, 2)).tolist()
        left_out = trimmed.cuts(n, metric.trim)
        rows = shop.run(trimmed.middles(table, metric.column, variants, n, metric.trim)).set_index("variant")
        nothing = pd.Series({"total": 0.0, "squares": 0.0, "low": math.nan, "high": math.nan})
        found[metric.name] = tuple(
            trimmed.Middle(
                many, cut, *(rows.loc[v] if v in rows.index else nothing)[["total", "squares", "low", "high"]]
            )
            for v, many, cut in zip(variants, n, left_out, strict=True)
        )
    return found
