"""Was it worth it: the margin that each variant's buyers bring in twelve months, by who they are.

Method, sources and limits: docs/methods/experiment-value.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd
from ibis import _

from journeylab import words
from journeylab.checks import duration, number, one_of
from journeylab.errors import NotEnoughData, SchemaError
from journeylab.growth import buyers, health, links, measures
from journeylab.growth.effects import compare
from journeylab.growth.metrics import Metric
from journeylab.growth.moments import Moments
from journeylab.growth.trial import order_of
from journeylab.growth.value import Buyers, in_conflict, value_by_mix
from journeylab.intervals import z_of
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

    import altair as alt

    from journeylab.data.dataset import Dataset


@dataclass(frozen=True, eq=False, kw_only=True)
class ValueVerdict(Result):
    """What each variant's buyers are worth.

    Args:
        rows: A row a variant: variant, n_control, n, buyers_control, buyers, value_control and value (margin a unit
            over the horizon), effect with lower and upper, se_mix, se_past, conversion (relative change of buyers)
            with conversion_lower and conversion_upper, conflict.
        kinds: A row a kind of buyer: kind, later (margin within the horizon after the order) with lower and upper,
            n_past (past buyers that says so), and the share of the buyers of each variant.
        control: The control.
        by: What kinds are told apart by.
        horizon: Over how long worth is counted.
        margin: Share of net value that is margin.
        fit: Whether the split is as planned; without that there is no verdict.
    """

    views: ClassVar[tuple[str, ...]] = ("value", "who came")

    rows: pd.DataFrame
    kinds: pd.DataFrame
    control: str
    unit: str
    by: tuple[str, ...]
    horizon: timedelta
    margin: float
    fit: bool
    currency: str
    level: float

    def table(self) -> pd.DataFrame:
        """Return a row a variant: value a unit beside the control's, their difference and its interval."""
        return self.rows

    def headline(self) -> str:
        """Say what the variant of the largest difference brings, and whether orders and value disagree."""
        if not self.fit:
            return f"No verdict: {self.caveats[0][0].lower()}{self.caveats[0][1:]}"
        torn = self.rows[self.rows["conflict"]]
        row = (torn if len(torn) else self.rows).sort_values("effect", key=abs, ascending=False).iloc[0]
        low, high = (words.money(abs(row[b]), self.currency) for b in ("lower", "upper"))
        span = (
            f"{self.horizon.days // 30} months"
            if self.horizon.days % 365
            else f"{self.horizon.days // 365 * 12} months"
        )
        if row["lower"] > 0:
            said = f"{row['variant']} brings between {low} and {high} more margin per {self.unit} over {span}"
        elif row["upper"] < 0:
            said = f"{row['variant']} brings between {high} and {low} less margin per {self.unit} over {span}"
        else:
            said = f"Per {self.unit}, {row['variant']} brings between {low} less and {high} more margin over {span}"
        if row["conflict"]:
            way = ("more", "less") if row["conversion"] > 0 else ("fewer", "more")
            return f"Conflict: {row['variant']} brings {way[0]} buyers and {way[1]} value. {said}."
        return f"{said}."

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import worth

        if view == "who came":
            return worth.kinds(self.kinds, currency=self.currency)
        return worth.difference(self.rows, currency=self.currency)


@analysis("orders.customer_id", name="jl.growth.experiment_value")
def experiment_value(
    shop: Dataset,
    *,
    name: str | None = None,
    by: Sequence[str] | None = None,
    control: str | None = None,
    window: str | timedelta | None = "14d",
    horizon: str | timedelta = "365d",
    split: Mapping[str, float] | None = None,
    margin: float = 1.0,
    level: float = 0.95,
) -> ValueVerdict:
    """Value each unit of a test by its first order, and by what buyers of its kind spent later, in the shop's own past.

    A buyer's kind is told by the first order within `window` after the exposure: whether it was that customer's first
    order or a later one, and `by`. What a kind spends later is the mean net value, times `margin`, of further orders
    within `horizon` from such an order, over customers whose horizon is over: at their first order for new buyers, at
    their second for returning ones; guests spend nothing later. Formula: `journeylab.growth.value.value_by_mix`.

    Args:
        shop: A Dataset with exposures and orders that can be told from the units.
        name: Which test; the one with the most units by default.
        by: What tells kinds apart, together: 'category' (of the order's largest line), 'discount' (with or without),
            'marketing_channel', 'device', 'country' of the order; category and discount by default, where the shop
            has them. An empty list tells apart new and returning buyers alone.
        control: The variant to compare with.
        window: How long after its exposure a unit's orders count.
        horizon: Over how long worth is counted.
        split: The planned share of each variant, in any scale; equal by default.
        margin: Share of net value that is margin, 0 to 1; with 1 the values are net sales.
        level: Confidence level.

    Raises:
        BadParameter: if the split does not name the test's variants.
        SchemaError: if the orders cannot be told from the test's units.
        NotEnoughData: if the shop's past is shorter than the horizon, or no unit bought.
    """
    number(level, "level", lowest=0.5, highest=0.9999)
    number(margin, "margin", lowest=0.001, highest=1)
    length = None if window is None else duration(window, "window")
    ahead = duration(horizon, "horizon")
    source = measures.find(shop, name, "orders")
    if not source.exposed or not links.linked(shop, source.unit):
        raise SchemaError(
            f"The orders cannot be told from the {source.unit}s of this test.",
            do="Add exposures, and events that name the order they led to.",
        )
    possible = [k for k in buyers.KINDS if buyers.has_kind(shop, k)]
    chosen = [k for k in ("category", "discount") if k in possible] if by is None else list(dict.fromkeys(by))
    for kind in chosen:
        one_of(kind, "by", possible)
    numbered = buyers.numbered(shop, chosen)
    past = buyers.later(shop, numbered, ahead)
    units = measures.units(shop, source, ["orders"], window=length, by=None).filter(_.variant.notnull())
    counted = shop.run(units.group_by("variant").agg(n=_.count()))
    came = buyers.bought(shop, source, numbered, units, length)
    if came.empty or past.empty:
        what = f"No unit of {source.name} bought anything" if came.empty else "No customer's horizon is over yet"
        raise NotEnoughData(f"{what}.", do="Choose a longer window, or a shorter horizon.")
    past, came = buyers.grouped(past, came)
    variants = order_of(counted["variant"], control)
    if len(variants) < 2:
        raise NotEnoughData(f"There is only the variant {variants[0]}.")
    weights = health.planned_weights(split, variants)
    units_of = {str(v): float(k) for v, k in zip(counted["variant"], counted["n"], strict=True)}
    arms = {v: _arm(units_of[v], came[came["variant"] == v], past, margin) for v in variants}
    worth = past["mean"].to_numpy(float) * margin
    variance = past["variance"].to_numpy(float) / past["n"].to_numpy(float) * margin**2
    rows = [_row(v, arms[variants[0]], arms[v], worth, variance, level) for v in variants[1:]]
    ratio = health.check_sample_ratio([units_of[v] for v in variants], weights)
    return ValueVerdict(
        rows=pd.DataFrame(rows),
        kinds=_kinds(past, arms, worth, z_of(level) * np.sqrt(variance)),
        control=variants[0],
        unit=source.unit,
        by=tuple(chosen),
        horizon=ahead,
        margin=margin,
        fit=ratio.status != "fail",
        currency=shop.currency,
        level=level,
        caveats=_caveats(ratio, tuple(chosen), margin, ahead),
    )


def _arm(units: float, came: pd.DataFrame, past: pd.DataFrame, margin: float) -> Buyers:
    """One arm's buyers in the order of the past's kinds, in margin."""
    sums = came.groupby("kind")[["n", "spent", "squares"]].sum().reindex(past["kind"], fill_value=0).astype(float)
    return Buyers(
        units, sums["n"].to_numpy(), sums["spent"].to_numpy() * margin, sums["squares"].to_numpy() * margin**2
    )


def _kinds(past: pd.DataFrame, arms: Mapping[str, Buyers], worth: np.ndarray, half: np.ndarray) -> pd.DataFrame:
    """A row a kind: what its buyers spend later, and its share among the buyers of each variant."""
    known = past["kind"] != buyers.GUEST
    kinds = pd.DataFrame(
        {
            "kind": past["kind"],
            "later": worth,
            "lower": worth - half,
            "upper": worth + half,
            "n_past": past["n"].where(known, 0).astype("int64"),
        }
    )
    for v, arm in arms.items():
        n = np.asarray(arm.n)
        kinds[f"share_{v}"] = n / max(float(n.sum()), 1.0)
    return kinds.sort_values(["later", "kind"], ascending=[False, True], ignore_index=True)


def _row(
    variant: str, control: Buyers, other: Buyers, worth: np.ndarray, variance: np.ndarray, level: float
) -> dict[str, object]:
    """One variant against the control: buyers, value, and whether the two disagree."""
    value = value_by_mix(control, other, worth, variance, level=level)
    bought = [float(np.sum(arm.n)) for arm in (control, other)]
    arms = Moments.counts("buyers", [control.units, other.units], bought)
    found = compare(arms[0], arms[1], Metric("buyers", "proportion", "buyers"), level=level)
    return {
        "variant": variant,
        "n_control": int(control.units),
        "n": int(other.units),
        "buyers_control": int(bought[0]),
        "buyers": int(bought[1]),
        "value_control": value.value_control,
        "value": value.value,
        "effect": value.effect,
        "lower": value.lower,
        "upper": value.upper,
        "se_mix": value.se_mix,
        "se_past": value.se_past,
        "conversion": found.relative,
        "conversion_lower": found.relative_lower,
        "conversion_upper": found.relative_upper,
        "conflict": in_conflict(found, value),
    }


def _caveats(ratio: health.Check, by: tuple[str, ...], margin: float, horizon: timedelta) -> tuple[str, ...]:
    kinds = words.listed([*(k.replace("_", " ") for k in by), "new or returning"])
    said = [ratio.sentence] if ratio.status == "fail" else []
    said += [
        (
            f"Nobody has waited {horizon.days} days after this test: a buyer counts with the first order, and with "
            f"what buyers of the same kind ({kinds}) spent later in the past. That holds if the variant changes who "
            "buys, and not what the same kind of buyer does later."
        ),
        "The first order in the data counts as a customer's first, also where an earlier one was not exported.",
    ]
    if math.isclose(margin, 1):
        said.append("No margin was given, so values are net sales.")
    return tuple(said)
