"""One test as the engine sends it back: moments by variant, day and segment, and what is odd about its units."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from ibis import _

from journeylab import words
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.growth import measures, ranked
from journeylab.growth.known import Known, as_known
from journeylab.growth.metrics import Metric, asked_for, parse, with_before
from journeylab.growth.moments import Moments
from journeylab.growth.recall import recall

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, timedelta

    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset
    from journeylab.growth.measures import Source
    from journeylab.growth.moments import Floats
    from journeylab.growth.trimmed import Middle

MAX_VARIANTS = 100
_CONTROLS = ("control", "a", "original", "baseline", "0", "off", "default")


@dataclass(frozen=True, eq=False)
class Trial:
    """A test's sufficient statistics.

    Args:
        name: The test.
        unit: 'visitor', 'session', 'customer', or 'unit' where that is not known.
        variants: The control first, then the others in the order of their names.
        days: Days of first exposure, oldest first; empty if they are not known.
        parts: The segments; ('all',) without any.
        metrics: What is compared, the first one first; each one's kind is settled by its values.
        n: Units, of shape (variants, days, parts).
        moments: Of each metric, the moments of shape (variants, days, parts).
        largest: Of each metric, the largest value of a unit, of shape (variants, days).
        quantiles: Of each quantile metric, a row a variant: the quantile and its bounding values.
        middles: Of each trimmed metric, what is left of each variant.
        known: Of the first metric, if it comes from orders and events: its moments as known at the end of each day.
        several: Units that saw several variants, left out.
        before: Units first exposed before the start, left out.
        after: Units first exposed after the end, left out.
        unmatched: Units with an exposure and no row of outcomes, read as zero.
        doubled: Units with several rows of outcomes.
        undated: Units whose day is not known, where others' is; then no unit is read by day.
        outcomes: Whether measures come from a file of outcomes; else from orders and events.
        caps: Of each capped metric, the value above which a unit counts as that value.
    """

    name: str
    unit: str
    variants: tuple[str, ...]
    days: tuple[date, ...]
    parts: tuple[str, ...]
    metrics: tuple[Metric, ...]
    n: Floats
    moments: Mapping[str, Moments]
    largest: Mapping[str, Floats]
    quantiles: Mapping[str, Floats]
    several: int = 0
    before: int = 0
    after: int = 0
    unmatched: int = 0
    doubled: int = 0
    undated: int = 0
    outcomes: bool = True
    caps: Mapping[str, float] | None = None
    middles: Mapping[str, tuple[Middle, ...]] = field(default_factory=dict)
    known: Known | None = None

    def arms(self, metric: Metric) -> Moments:
        """The moments of a metric by variant, all days and segments together."""
        return self.moments[metric.name].total(axis=2).total(axis=1)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked of a test: the arguments of `experiment`, checked."""

    name: str | None = None
    metrics: tuple[str, ...] | None = None
    control: str | None = None
    start: date | None = None
    end: date | None = None
    window: timedelta | None = None
    measured_by: str | None = None
    by: str | None = None
    cap: float | None = None
    trim: float | None = None
    level: float = 0.95
    cuped: bool = True


def read_trial(shop: Dataset, asked: Asked) -> Trial:
    """Read a test in the engine and bring back its moments.

    The level matters to quantiles alone, whose bounding values depend on it.
    """
    ranked = any(" of " in text for text in asked.metrics or ())
    question = asked if ranked else replace(asked, level=0.95)
    return recall(shop, ("trial", question), lambda: _read(shop, question))


def _read(shop: Dataset, asked: Asked) -> Trial:
    source = measures.find(shop, asked.name, asked.measured_by)
    wanted = [parse(text, source.columns) for text in asked_for(source, asked.metrics)]
    if asked.cuped:
        wanted = [with_before(m, source) for m in wanted]
    columns = list(dict.fromkeys(c for m in wanted for c in m.columns))
    table = measures.units(shop, source, columns, window=asked.window, by=asked.by)
    table = table if asked.by is None else measures.largest_parts(shop, table)
    caps = _caps(shop, table, wanted, asked.cap) if asked.cap is not None else {}
    if caps:
        table = table.mutate(**{c: _[c].clip(upper=top) for c, top in caps.items()})
    cells = shop.run(_cells(table, wanted))
    trial = _assemble(shop, source, table, wanted, cells, asked=asked, caps=caps)
    first = trial.metrics[0]
    if source.outcomes or not source.exposed or not trial.days or not first.by_moments:
        return trial
    dated = as_known(
        shop, source, first, trial.variants, window=asked.window, start=asked.start, end=asked.end, caps=caps
    )
    return replace(trial, known=dated)


def from_counts(counts: Mapping[str, Sequence[float]], control: str | None, metric: str = "conversion") -> Trial:
    """A test of which only counts are known: units and conversions by variant."""
    rows = {}
    for variant, pair in counts.items():
        if len(pair) != 2 or not all(isinstance(v, int | float) and math.isfinite(v) for v in pair):
            raise BadParameter(f"{variant} needs two numbers: how many units, and how many of them converted.")
        units, converted = (float(v) for v in pair)
        if not (0 <= converted <= units and units.is_integer() and converted.is_integer()):
            raise BadParameter(
                f"{variant} has {units:g} units and {converted:g} conversions.",
                do="Give whole numbers, and no more conversions than units.",
            )
        rows[str(variant)] = (units, converted)
    if not rows:
        raise BadParameter("No counts were given.", do='Give units and conversions by variant: {"A": [1000, 49], …}.')
    variants = order_of(rows, control)
    n, x = (np.array([[[rows[v][i]]] for v in variants]) for i in (0, 1))
    found = Metric(metric, "proportion", metric)
    return Trial(
        name="counts",
        unit="unit",
        variants=variants,
        days=(),
        parts=("all",),
        metrics=(found,),
        n=n,
        moments={metric: Moments.counts(metric, n, x)},
        largest={metric: np.minimum(x[:, :, 0], 1)},
        quantiles={},
    )


def _caps(shop: Dataset, table: ir.Table, metrics: Sequence[Metric], cap: float) -> dict[str, float]:
    """The value of each metric's column that a share `cap` of all units stays below; columns of 0 and 1 have none."""
    columns = sorted({m.column for m in metrics if m.kind in {"mean", "ratio"}})
    found = shop.run(table.agg(**{f"q{i}": _[c].quantile(cap) for i, c in enumerate(columns)})).iloc[0]
    return {c: float(found[f"q{i}"]) for i, c in enumerate(columns) if found[f"q{i}"] > 1}


def _cells(table: ir.Table, metrics: Sequence[Metric]) -> ir.Table:
    """A row a variant, day and segment: units and, for each metric, count, sums and sums of products."""
    sums: dict[str, Any] = {
        "units": _.count(),
        "unmatched": _.rows.isnull().sum(),
        "doubled": (_.rows > 1).sum(),
    }
    for i, metric in enumerate(metrics):
        columns = metric.columns
        seen = _[metric.column].notnull()
        if metric.denom is not None:
            seen &= _[metric.denom].notnull()
        # what was not observed before the test counts as nothing before it: any covariate known at exposure will do
        value = {c: _[c].fill_null(0.0) if c in {metric.before, metric.denom_before} else _[c] for c in columns}
        sums[f"n{i}"] = seen.sum()
        sums[f"top{i}"] = _[metric.column].max()
        sums[f"low{i}"] = _[metric.column].min()
        for a, left in enumerate(columns):
            sums[f"s{i}_{a}"] = value[left].sum(where=seen)
            for b, right in enumerate(columns[: a + 1]):
                sums[f"p{i}_{b}_{a}"] = (value[left] * value[right]).sum(where=seen)
    return table.group_by("variant", "day", "part").agg(**sums)


def _assemble(
    shop: Dataset,
    source: Source,
    table: ir.Table,
    metrics: Sequence[Metric],
    cells: pd.DataFrame,
    *,
    asked: Asked,
    caps: Mapping[str, float],
) -> Trial:
    start, end = asked.start, asked.end
    cells["day"] = pd.to_datetime(cells["day"])
    early = cells["day"] < pd.Timestamp(start) if start else pd.Series(data=False, index=cells.index)
    late = cells["day"] > pd.Timestamp(end) if end else pd.Series(data=False, index=cells.index)
    torn = cells["variant"].isna()
    before, after = int(cells.loc[early, "units"].sum()), int(cells.loc[late, "units"].sum())
    several = int(cells.loc[torn & ~early & ~late, "units"].sum())
    cells = cells[~torn & ~early & ~late]
    if cells.empty:
        raise NotEnoughData(f"No unit of the test {source.name!r} is left to compare.", do="Check the test's days.")
    variants = order_of(cells["variant"].unique(), asked.control)
    dated = cells["day"].notna().all()
    days = sorted(cells["day"].unique()) if dated else [pd.NaT]
    parts = sorted(cells["part"].unique())
    shape = (len(variants), len(days), len(parts))
    at = (
        cells["variant"].map({v: i for i, v in enumerate(variants)}).to_numpy(),
        cells["day"].map({d: i for i, d in enumerate(days)}).to_numpy() if dated else np.zeros(len(cells), dtype=int),
        cells["part"].map({p: i for i, p in enumerate(parts)}).to_numpy(),
    )

    def spread(column: str, *, largest: bool = False) -> Floats:
        # several cells fall into one where days are not known: they are added, and of the largest the largest stays
        empty, put = (-np.inf, np.maximum) if largest else (0.0, np.add)
        out = np.full(shape, empty)
        put.at(out, at, cells[column].astype(float).fillna(empty).to_numpy())
        return out

    found = tuple(_settled(m, cells, i, asked.trim) for i, m in enumerate(metrics))
    moments, largest = {}, {}
    for i, metric in enumerate(found):
        columns = metrics[i].columns  # as they were asked for
        sums = np.stack([spread(f"s{i}_{a}") for a in range(len(columns))], axis=-1)
        products = np.zeros((*shape, len(columns), len(columns)))
        for a in range(len(columns)):
            for b in range(a + 1):
                products[..., a, b] = products[..., b, a] = spread(f"p{i}_{b}_{a}")
        moments[metric.name] = Moments.from_sums(columns, spread(f"n{i}"), sums, products)
        largest[metric.name] = spread(f"top{i}", largest=True).max(axis=2)
    inside = _between(table, start, end)
    return Trial(
        name=source.name,
        unit=source.unit,
        variants=variants,
        days=tuple(pd.Timestamp(d).date() for d in days) if dated else (),
        parts=tuple(parts),
        metrics=found,
        n=spread("units"),
        moments=moments,
        largest=largest,
        quantiles=ranked.quantiles(shop, inside, found, variants, moments, asked.level),
        middles=ranked.middles(shop, inside, found, variants, moments),
        several=several,
        before=before,
        after=after,
        unmatched=int(cells["unmatched"].sum()),
        doubled=int(cells["doubled"].sum()),
        undated=int(cells.loc[cells["day"].isna(), "units"].sum()) if cells["day"].notna().any() else 0,
        outcomes=source.outcomes,
        caps=dict(caps),
    )


def _settled(metric: Metric, cells: pd.DataFrame, i: int, trim: float | None) -> Metric:
    """Call a mean a proportion if all its values are 0 or 1: between them, and equal in sum to their squares.

    Other means are trimmed if that is asked for, and then have no covariate.
    """
    if metric.kind != "mean" or not cells[f"n{i}"].sum():
        return metric
    within = cells[f"low{i}"].min() >= 0 and cells[f"top{i}"].max() <= 1
    return (
        replace(metric, kind="proportion")
        if within and np.isclose(cells[f"s{i}_0"].sum(), cells[f"p{i}_0_0"].sum(), rtol=1e-12, atol=0)
        else metric
        if trim is None
        else replace(metric, kind="trimmed", trim=trim, before=None)
    )


def _between(table: ir.Table, start: date | None, end: date | None) -> ir.Table:
    """Keep the units first exposed from `start` to `end`, and those whose day is not known."""
    if start:
        table = table.filter(_.day.isnull() | (_.day >= str(start)))
    return table.filter(_.day.isnull() | (_.day <= str(end))) if end else table


def order_of(variants: Any, control: str | None) -> tuple[str, ...]:
    """The control first, then the others by name; without a choice the control is the variant called so, or A."""
    named = sorted(str(v) for v in variants)
    if len(named) > MAX_VARIANTS:
        raise BadParameter(f"The test has {len(named):,} variants, and at most {MAX_VARIANTS} can be compared.")
    if control is None:
        usual = [v for word in _CONTROLS for v in named if v.strip().lower() == word]
        control = usual[0] if usual else named[0]
    if control not in named:
        raise BadParameter(f"There is no variant {control!r}.", do=f"The variants are {words.listed(named[:20])}.")
    return (control, *(v for v in named if v != control))
