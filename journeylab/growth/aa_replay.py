"""How often would our method claim an effect on this shop's own numbers, where there is none?

Method, sources and limits: docs/methods/aa-replay.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import ibis
import numpy as np
import pandas as pd
from ibis import _

from journeylab import words
from journeylab.checks import duration, number, whole
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.growth import links, measures
from journeylab.growth.aa import Replay, replay_peeking, replay_splits
from journeylab.growth.metrics import parse
from journeylab.growth.moments import Moments
from journeylab.growth.trial import order_of
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    import altair as alt
    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset
    from journeylab.growth.metrics import Metric

_HEX = 3  # hexadecimal digits of the hash: 4,096 buckets for tests looked at once
_DAILY_HEX = 2  # and 256 a day for those looked at daily
LOOKS = 28


@dataclass(frozen=True, eq=False, kw_only=True)
class AAReplay(Result):
    """Tests in which nothing was changed.

    Args:
        rows: A row a tenth of the p-values: from, to, n, of, rate.
        peeking: A row a day of the last four weeks: day, fixed and always_valid (the share of tests that claimed an
            effect by then, had one looked every day), of (how many tests).
        replay: How many tests claimed an effect, of how many, with the interval, and the inflation of the variance.
        metric: What was compared.
        units: Units that were split.
        origin: Whose they are, in words.
        level: A test claims an effect if its interval at this level excludes zero.
    """

    views: ClassVar[tuple[str, ...]] = ("p-values", "peeking")

    rows: pd.DataFrame
    peeking: pd.DataFrame
    replay: Replay
    metric: str
    units: int
    origin: str
    level: float

    def table(self) -> pd.DataFrame:
        """Return a row a tenth of the p-values."""
        return self.rows

    def headline(self) -> str:
        """Say how often an effect was claimed, and whether that is as it should be."""
        r, right = self.replay, 1 - self.level
        said = (
            f"{words.count(r.claims)} of {words.count(r.of)} tests in which nothing was changed claimed an effect on "
            f"{self.metric} ({words.percent(r.rate)}; {words.percent(right, digits=0)} is right)"
        )
        if r.lower > right:
            return f"{said}: on this metric the method claims too often."
        if r.upper < right:
            return f"{said}: on this metric the method claims too rarely."
        return f"{said}: the method can be trusted here."

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import pvalues

        if view == "peeking":
            return pvalues.peeking(self.peeking, right=1 - self.level)
        return pvalues.histogram(self.rows)


@analysis(name="jl.growth.aa_replay")
def aa_replay(
    shop: Dataset,
    *,
    metric: str = "conversion",
    name: str | None = None,
    window: str | timedelta | None = "14d",
    measured_by: Literal["outcomes", "orders"] | None = None,
    tests: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> AAReplay:
    """Split units that all saw the same into two halves by chance, many times, and count the claims.

    With a test's `name`, its control's units are split; without one, the visitors of the period, each taken as exposed
    at its first event. The engine deals units into 4,096 buckets by the MD5 of their identifier and the seed; halves
    of the buckets are compared.

    Args:
        shop: A Dataset with a test or with events.
        metric: What to compare, as in `experiment`; no quantiles.
        name: The test whose control to split; None for the visitors of the period.
        window: How long after its exposure a unit's orders and events count; units whose window was still open when the
            data ended are left out.
        measured_by: As in `experiment`.
        tests: How many splits.
        level: A test claims an effect if its interval at this level excludes zero.
        seed: Another one deals otherwise.
    """
    number(level, "level", lowest=0.5, highest=0.9999)
    whole(seed, "seed", lowest=0, highest=2**31)
    length = None if window is None else duration(window, "window")
    table, found, origin = _units(shop, metric, name, length, measured_by)
    buckets = shop.run(_buckets(table, found, seed, daily=False))
    if buckets.empty:
        raise NotEnoughData("There are no units to split.", do="Choose a longer period, or another test.")
    moments = _moments(buckets.sort_values("bucket", ignore_index=True), found.columns)
    replay = replay_splits(moments, found, tests=tests, level=level, seed=seed)
    counted, edges = np.histogram(replay.pvalues[np.isfinite(replay.pvalues)], bins=20, range=(0, 1))
    rows = pd.DataFrame({"from": edges[:-1].round(2), "to": edges[1:].round(2), "n": counted, "of": replay.of})
    rows["rate"] = rows["n"] / rows["of"]
    return AAReplay(
        rows=rows,
        peeking=_peeking(shop, table, found, tests=min(tests, 1000), level=level, seed=seed),
        replay=replay,
        metric=metric,
        units=int(moments.n.sum()),
        origin=origin,
        level=level,
        caveats=(_caveat(replay, int(moments.n.sum()), origin),),
    )


def _caveat(replay: Replay, units: int, origin: str) -> str:
    return (
        f"{words.count(units, 'unit')} {origin}, split {words.count(replay.of, 'time')}. The rate's interval is "
        f"{words.percent(replay.lower)} to {words.percent(replay.upper)}; the variance of an effect is "
        f"{replay.inflation:.2f} times what the method reckons with."
    )


def _units(
    shop: Dataset, metric: str, name: str | None, window: timedelta | None, measured_by: str | None
) -> tuple[ir.Table, Metric, str]:
    """The units to split, the metric, and whose units they are."""
    if name is not None:
        source = measures.find(shop, name, measured_by)
        found = _checked(parse(metric, source.columns))
        table = measures.units(shop, source, found.columns, window=window, by=None)
        seen = shop.run(table.filter(_.variant.notnull()).select("variant").distinct())
        control = order_of(seen["variant"], None)[0]
        mine = table.filter(_.variant == control)
        mine = mine if source.outcomes else measures.settled(shop, mine, window)
        return mine, found, f"of {control}"
    if not shop.has("events"):
        raise NotEnoughData("The shop has no events, so there are no visitors to split.", do="Name a test instead.")
    columns = measures.ORDER_MEASURES if links.linked(shop, "visitor") else ()
    found = _checked(parse(metric, columns))
    visitors = measures.past(shop, found.columns, window=window)
    return measures.settled(shop, visitors, window), found, "of the period"


def _checked(metric: Metric) -> Metric:
    if not metric.by_moments:
        raise BadParameter("Quantiles are not replayed.", do="Choose a mean, a ratio or a proportion.")
    return metric


@ibis.udf.scalar.builtin
def md5(text: str) -> str:  # type: ignore[empty-body]
    """The engine's own MD5: the same digits on each of them."""


def _buckets(table: ir.Table, metric: Metric, seed: int, *, daily: bool) -> ir.Table:
    """Return a row a bucket, and day if asked for: n, sums and sums of products of the metric's columns."""
    columns = metric.columns
    sums: dict[str, Any] = {"n": _.count()}
    for a, left in enumerate(columns):
        sums[f"s{a}"] = _[left].sum()
        for b, right in enumerate(columns[: a + 1]):
            sums[f"p{b}_{a}"] = (_[left] * _[right]).sum()
    for column in columns:
        table = table.filter(_[column].notnull())
    dealt = table.mutate(bucket=md5(_.unit_id + f"|{seed}").substr(0, _DAILY_HEX if daily else _HEX))
    if not daily:
        return dealt.group_by("bucket").agg(**sums)
    last = dealt.agg(last=_.day.max()).last.as_scalar()
    late = dealt.filter(_.day.notnull(), _.day > last - ibis.interval(days=LOOKS))
    return late.group_by("bucket", "day").agg(**sums)


def _moments(cells: pd.DataFrame, columns: Sequence[str]) -> Moments:
    """Moments of each row of sums."""
    k = len(columns)
    products = np.empty((len(cells), k, k))
    for a in range(k):
        for b in range(k):
            products[:, a, b] = cells[f"p{min(a, b)}_{max(a, b)}"]
    return Moments.from_sums(columns, cells["n"].to_numpy(float), cells[[f"s{a}" for a in range(k)]], products)


def _peeking(shop: Dataset, table: ir.Table, metric: Metric, *, tests: int, level: float, seed: int) -> pd.DataFrame:
    """The last four weeks' units as tests that are looked at every day; empty where their days are not known."""
    cells = shop.run(_buckets(table, metric, seed, daily=True))
    if cells.empty or cells["n"].sum() < 200:
        return pd.DataFrame(columns=["day", "fixed", "always_valid", "of"])
    days, buckets = (sorted(cells[c].unique()) for c in ("day", "bucket"))
    grid = pd.MultiIndex.from_product([buckets, days], names=["bucket", "day"])
    cells = cells.set_index(["bucket", "day"]).reindex(grid, fill_value=0)
    flat = _moments(cells, metric.columns)
    shape, k = (len(buckets), len(days)), len(metric.columns)
    shaped = Moments(
        flat.names, flat.n.reshape(shape), flat.mean.reshape(*shape, k), flat.scatter.reshape(*shape, k, k)
    )
    found = replay_peeking(shaped, metric, tuning=float(flat.n.sum()), tests=tests, level=level, seed=seed)
    looked = range(1, len(days) + 1)
    return pd.DataFrame({"day": looked, "fixed": found.fixed, "always_valid": found.always_valid, "of": found.of})
