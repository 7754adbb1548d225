"""Was it worth it: the margin that each variant's customers will bring in twelve months, by who they are.

Method, sources and limits: docs/methods/experiment-value.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import ibis
import numpy as np
import pandas as pd
from ibis import _

from journeylab import words
from journeylab.checks import duration, number, one_of
from journeylab.data.dataset import ibis_date
from journeylab.errors import NotEnoughData, SchemaError
from journeylab.growth import measures
from journeylab.growth.effects import compare
from journeylab.growth.metrics import Metric
from journeylab.growth.moments import Moments
from journeylab.growth.trial import order_of
from journeylab.growth.value import in_conflict, value_by_mix
from journeylab.intervals import z_of
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from datetime import timedelta

    import altair as alt
    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

KINDS = ("category", "discount", "marketing_channel", "device", "country", "nothing")
SMALLEST = 20  # past customers of a kind, below which it is read as "other"
GUEST = "guest"


@dataclass(frozen=True, eq=False, kw_only=True)
class ValueVerdict(Result):
    """What each variant's buyers are worth.

    Args:
        rows: A row a variant: variant, n_control, n, buyers_control, buyers, value_control and value (margin a unit
            over the horizon), effect with lower and upper, se_mix, se_past, conversion (relative change of buyers)
            with conversion_lower and conversion_upper, conflict.
        kinds: A row a kind of buyer: kind, worth (margin over the horizon) with lower and upper, n_past, and the
            share of buyers of each variant.
        control: The control.
        by: What kinds are told apart by.
        horizon: Over how long worth is counted.
        margin: Share of net value that is margin.
    """

    views: ClassVar[tuple[str, ...]] = ("value", "who came")

    rows: pd.DataFrame
    kinds: pd.DataFrame
    control: str
    unit: str
    by: str
    horizon: timedelta
    margin: float
    currency: str
    level: float

    def table(self) -> pd.DataFrame:
        """Return a row a variant: value a unit beside the control's, their difference and its interval."""
        return self.rows

    def headline(self) -> str:
        """Say what the variant of the largest difference brings, and whether orders and value disagree."""
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
    by: str | None = None,
    control: str | None = None,
    window: str | timedelta | None = "14d",
    horizon: str | timedelta = "365d",
    margin: float = 1.0,
    level: float = 0.95,
) -> ValueVerdict:
    """Value each unit of a test by what buyers of its kind brought in, in the shop's own past.

    A unit's kind is told by its first order within `window` after the exposure: whether it was that customer's first
    order or a later one, and `by`. A kind's worth is the mean net value, times `margin`, of all orders within `horizon`
    from such an order on, over customers whose horizon is over: those with a first order for new buyers, with a second
    one for returning ones, and the order itself for guests. Formula: `journeylab.growth.value.value_by_mix`.

    Args:
        shop: A Dataset with exposures and orders that can be told from the units.
        name: Which test; the one with the most units by default.
        by: 'category' (of the order's largest line), 'discount' (with or without), 'marketing_channel', 'device',
            'country', or 'nothing'; the first of these that the shop has by default.
        control: The variant to compare with.
        window: How long after its exposure a unit's orders count.
        horizon: Over how long worth is counted.
        margin: Share of net value that is margin, 0 to 1; with 1 the values are net sales.
        level: Confidence level.

    Raises:
        SchemaError: if the orders cannot be told from the test's units.
        NotEnoughData: if the shop's past is shorter than the horizon, or no unit bought.
    """
    number(level, "level", lowest=0.5, highest=0.9999)
    number(margin, "margin", lowest=0.001, highest=1)
    length = None if window is None else duration(window, "window")
    ahead = duration(horizon, "horizon")
    source = measures.find(shop, name, "orders")
    if not source.exposed or not measures.linked(shop, source.unit):
        raise SchemaError(
            f"The orders cannot be told from the {source.unit}s of this test.",
            do="Add exposures, and events that name the order they led to.",
        )
    possible = [k for k in KINDS if _has(shop, k)]
    chosen = one_of(by or possible[0], "by", possible)
    numbered = _numbered(shop, chosen)
    past = _worths(shop, numbered, ahead)
    units = measures.units(shop, source, ["orders"], window=length, by=None).filter(_.variant.notnull())
    counted = shop.run(units.group_by("variant").agg(n=_.count()))
    bought = shop.run(_bought(shop, source, numbered, units, length))
    if bought.empty or past.empty:
        what = f"No unit of {source.name} bought anything" if bought.empty else "No customer's horizon is over yet"
        raise NotEnoughData(f"{what}.", do="Choose a longer window, or a shorter horizon.")
    past, bought = _grouped(past, bought)
    variants = order_of(counted["variant"], control)
    n = {str(v): float(k) for v, k in zip(counted["variant"], counted["n"], strict=True)}
    mix = bought.pivot_table(index="kind", columns="variant", values="n", aggfunc="sum", fill_value=0)
    mix = mix.reindex(index=past["kind"], columns=list(variants), fill_value=0)
    worth = past["mean"].to_numpy(float) * margin
    variance = past["variance"].to_numpy(float) / past["n"].to_numpy(float) * margin**2
    rows = [
        _row(variants[0], v, n, mix[variants[0]].to_numpy(), mix[v].to_numpy(), worth, variance, level)
        for v in variants[1:]
    ]
    if not rows:
        raise NotEnoughData(f"There is only the variant {variants[0]}.")
    half = z_of(level) * np.sqrt(variance)
    kinds = pd.DataFrame(
        {
            "kind": past["kind"],
            "worth": worth,
            "lower": worth - half,
            "upper": worth + half,
            "n_past": past["n"].astype("int64"),
        }
    )
    for v in variants:
        kinds[f"share_{v}"] = mix[v].to_numpy() / max(float(mix[v].sum()), 1.0)
    return ValueVerdict(
        rows=pd.DataFrame(rows),
        kinds=kinds.sort_values("worth", ascending=False, ignore_index=True),
        control=variants[0],
        unit=source.unit,
        by=chosen,
        horizon=ahead,
        margin=margin,
        currency=shop.currency,
        level=level,
        caveats=_caveats(chosen, margin, ahead),
    )


def _row(
    control: str,
    variant: str,
    n: dict[str, float],
    bought_control: np.ndarray,
    bought: np.ndarray,
    worth: np.ndarray,
    variance: np.ndarray,
    level: float,
) -> dict[str, object]:
    """One variant against the control: buyers, value, and whether the two disagree."""
    value = value_by_mix(n[control], bought_control, n[variant], bought, worth, variance, level=level)
    arms = Moments.counts("buyers", [n[control], n[variant]], [bought_control.sum(), bought.sum()])
    buyers = compare(arms[0], arms[1], Metric("buyers", "proportion", "buyers"), level=level)
    return {
        "variant": variant,
        "n_control": int(n[control]),
        "n": int(n[variant]),
        "buyers_control": int(bought_control.sum()),
        "buyers": int(bought.sum()),
        "value_control": value.value_control,
        "value": value.value,
        "effect": value.effect,
        "lower": value.lower,
        "upper": value.upper,
        "se_mix": value.se_mix,
        "se_past": value.se_past,
        "conversion": buyers.relative,
        "conversion_lower": buyers.relative_lower,
        "conversion_upper": buyers.relative_upper,
        "conflict": in_conflict(buyers, value),
    }


def _has(shop: Dataset, kind: str) -> bool:
    if kind == "nothing":
        return True
    if kind == "category":
        return shop.has("order_lines.category")
    if kind == "discount":
        return shop.has("orders.discount_code") or shop.has("orders.discount")
    return shop.has(f"orders.{kind}")


def _numbered(shop: Dataset, by: str) -> ir.Table:
    """Return the counted orders with `kind`: new or returning and `by`, or guest; and `turn`, 1 for the first."""
    orders = shop.sales(whole=True)
    if by == "category":
        lines = shop.table("order_lines", whole=True).mutate(
            size=_.quantity.cast("float64") * _.unit_price.cast("float64")
        )
        main = lines.filter(_.category.notnull()).group_by(line_of=_.order_id).agg(trait=_.category.argmax(_.size))
        orders = orders.left_join(main, orders.order_id == main.line_of).drop("line_of")
    elif by == "discount":
        used = ibis.literal(value=False)
        if "discount_code" in orders.columns:
            used |= orders.discount_code.notnull() & (orders.discount_code != "")
        if "discount" in orders.columns:
            used |= orders.discount.fill_null(0) > 0
        orders = orders.mutate(trait=ibis.ifelse(used, "with discount", "without discount"))
    else:
        orders = orders.mutate(trait=ibis.literal("any") if by == "nothing" else orders[by])
    orders = orders.select(
        "order_id", "customer_id", "ordered_at", net=_.net.cast("float64"), trait=_.trait.fill_null("not known")
    )
    turn = ibis.row_number().over(ibis.window(group_by="customer_id", order_by=["ordered_at", "order_id"])) + 1
    orders = orders.mutate(turn=turn)
    named = ibis.ifelse(_.turn == 1, "new, ", "returning, ") + _.trait
    return orders.mutate(kind=ibis.ifelse(_.customer_id.isnull(), GUEST, named))


def _worths(shop: Dataset, orders: ir.Table, horizon: timedelta) -> pd.DataFrame:
    """Return a row a kind: n, mean and variance of net value from such an order on, over customers seen for long."""
    if shop.observed is None:
        return pd.DataFrame(columns=["kind", "n", "mean", "variance"])
    closes = ibis_date(shop.observed[1]).cast("timestamp") + ibis.interval(days=1)
    stretch = ibis.interval(seconds=round(horizon.total_seconds()))
    starts = orders.filter(_.customer_id.notnull(), _.turn <= 2, _.ordered_at + stretch <= closes)
    starts = starts.select("customer_id", "kind", "turn", began=_.ordered_at, place=_.order_id)
    later = orders.filter(_.customer_id.notnull()).select("net", buyer=_.customer_id, at=_.ordered_at, nth=_.turn)
    joined = starts.join(later, starts.customer_id == later.buyer)
    joined = joined.filter(_.nth >= _.turn, _.at < _.began + stretch)
    worth = joined.group_by("kind", "place").agg(worth=_.net.sum())
    guests = orders.filter(_.customer_id.isnull()).select("kind", place=_.order_id, worth=_.net)
    return shop.run(
        worth.union(guests).group_by("kind").agg(n=_.count(), mean=_.worth.mean(), variance=_.worth.var(how="sample"))
    )


def _bought(
    shop: Dataset, source: measures.Source, orders: ir.Table, units: ir.Table, window: timedelta | None
) -> ir.Table:
    """Return how many units of each variant bought first, within the window, as which kind."""
    linked = measures.links(shop, source.unit).join(orders.select("order_id", "ordered_at", "kind"), "order_id")
    joined = (
        units.select("unit_id", "variant", "exposed_at").join(linked, "unit_id").filter(_.ordered_at >= _.exposed_at)
    )
    if window is not None:
        joined = joined.filter(_.ordered_at < _.exposed_at + ibis.interval(seconds=round(window.total_seconds())))
    first = joined.group_by("unit_id", "variant").agg(kind=_.kind.argmin(_.ordered_at))
    return first.group_by("variant", "kind").agg(n=_.count())


def _grouped(past: pd.DataFrame, bought: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read kinds with too few past customers as 'other', worth what all known ones are on average."""
    enough = past[(past["n"] >= SMALLEST) & past["variance"].notna()]
    known = set(enough["kind"])
    every = past[past["n"] > 0]
    n = float(every["n"].sum())
    mean = float((every["n"] * every["mean"]).sum() / n)
    within = ((every["n"] - 1) * every["variance"].fillna(0) + every["n"] * (every["mean"] - mean) ** 2).sum()
    bought = bought.assign(kind=[k if k in known else "other" for k in bought["kind"]])
    if "other" in set(bought["kind"]):
        other = pd.DataFrame([{"kind": "other", "n": n, "mean": mean, "variance": float(within) / max(n - 1, 1)}])
        enough = pd.concat([enough, other], ignore_index=True)
    enough = enough[enough["kind"].isin(set(bought["kind"]))]
    return enough.sort_values("kind", ignore_index=True), bought


def _caveats(by: str, margin: float, horizon: timedelta) -> tuple[str, ...]:
    said = [
        (
            f"Nobody has waited {horizon.days} days after this test: buyers are valued by what their kind "
            f"({by.replace('_', ' ')}, new or returning) brought in the past. That holds if the variant changes who "
            "buys, and not what the same kind of buyer does later."
        ),
        "The first order in the data counts as a customer's first, also where an earlier one was not exported.",
    ]
    if math.isclose(margin, 1):
        said.append("No margin was given, so values are net sales.")
    return tuple(said)
