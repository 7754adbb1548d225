"""Why don't my numbers match: the way of revenue and orders from all rows to the figure that is shown.

What each preset counts, with its source: docs/methods/matching.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

import ibis
import pandas as pd
from ibis import _

from journeylab import words
from journeylab.checks import number, one_of
from journeylab.data.choices import before_refunds
from journeylab.data.dataset import ibis_date
from journeylab.data.schema import MONEY
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from datetime import date

    import altair as alt
    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

SWITCHES = {
    "cancelled": ("leave_out", "count", "take_back"),
    "zero_orders": ("count", "leave_out"),
    "guests": ("count", "leave_out"),
    "channels": ("all", "web"),
    "refunds": ("take_off", "ignore"),
    "shipping": ("leave_out", "add"),
    "tax": ("leave_out", "add"),
}
#: What each preset switches, beside the defaults above.
PRESETS: dict[str, dict[str, str]] = {
    "journeylab": {},
    "shopify_net_sales": {"cancelled": "take_back"},
    "shopify_total_sales": {"cancelled": "take_back", "shipping": "add", "tax": "add"},
    "ga4": {"cancelled": "count", "channels": "web", "refunds": "ignore"},
}
TITLES = {
    "journeylab": "journeylab",
    "shopify_net_sales": "Shopify's net sales",
    "shopify_total_sales": "Shopify's total sales",
    "ga4": "GA4's purchase revenue",
}
#: Why an order is not counted, in the order in which it is asked; each order goes for its first reason only.
REASONS = {
    "currency": "orders in another currency",
    "test": "test orders",
    "cancelled": "cancelled and voided orders",
    "zero": "free orders",
    "guest": "orders of guests",
    "channel": "orders outside the web shop",
}
_ADDED = {"refunds": "refunds", "shipping": "shipping", "tax": "tax"}


@dataclass(frozen=True, eq=False, kw_only=True)
class Matching(Result):
    """The steps from all rows to the shown figure; each order is in one step only, and the steps add up exactly.

    Args:
        steps: A row a step: step, kind ('total', 'less' or 'more'), orders and revenue (what the step changes),
            orders_so_far and revenue_so_far (after it); revenue as exact decimals.
        preset: Whose way of counting.
        seen: The figure the user sees elsewhere, or None.
        currency: Of the money.
    """

    views: ClassVar[tuple[str, ...]] = ("revenue", "orders")

    steps: pd.DataFrame
    preset: str
    seen: float | None
    currency: str

    @property
    def revenue(self) -> Decimal:
        """Revenue as it is shown."""
        return self.steps["revenue_so_far"].iloc[-1]

    @property
    def orders(self) -> int:
        """Orders as they are shown."""
        return int(self.steps["orders_so_far"].iloc[-1])

    def table(self) -> pd.DataFrame:
        """Return a row a step, money as float: step, orders, orders_so_far, revenue, revenue_so_far."""
        money = {name: self.steps[name].astype("float64") for name in ("revenue", "revenue_so_far")}
        return self.steps.assign(**money)[["step", "orders", "orders_so_far", "revenue", "revenue_so_far"]]

    def headline(self) -> str:
        """Say the shown figure, where it comes from, and what is left unexplained."""
        first = self.steps.iloc[0]
        said = (
            f"Counted as {TITLES[self.preset]}: {words.money(float(self.revenue), self.currency)} from "
            f"{words.count(self.orders, 'order')}, of {words.money(float(first['revenue']), self.currency)} in "
            f"{words.count(first['orders'], 'order')} in the files."
        )
        if self.seen is None:
            return said
        left = self.seen - float(self.revenue)
        if abs(left) < 0.005:
            return f"{said} That is what you see."
        way = "more" if left > 0 else "less"
        return f"{said} You see {words.money(abs(left), self.currency)} {way} than that."

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import waterfall

        title = f"revenue ({self.currency})" if view == "revenue" else "orders"
        steps = self.steps.assign(change=self.steps[view].astype("float64"))
        return waterfall.bars(steps, after=f"{view}_so_far", title=title)


@analysis("orders", name="jl.matching")
def matching(
    shop: Dataset,
    *,
    preset: str = "journeylab",
    zone: str | None = None,
    cancelled: str | None = None,
    zero_orders: str | None = None,
    guests: str | None = None,
    channels: str | None = None,
    refunds: str | None = None,
    shipping: str | None = None,
    tax: str | None = None,
    seen: float | None = None,
) -> Matching:
    """Lead revenue and orders of a period step by step from all rows to the figure that a report shows.

    An order leaves at the first reason that holds for it (currency, test, cancelled, free, guest, channel); what
    stays is its goods before refunds, from which refunds are taken and to which shipping and tax are added. Of
    cancelled orders that are taken back the goods go again, and nothing of theirs is added. All sums are exact
    decimals, so that the first row plus all changes is the last.

    Args:
        shop: A Dataset with orders.
        preset: 'journeylab', 'shopify_net_sales', 'shopify_total_sales' or 'ga4'; the switches below change it.
        zone: The time zone in which the other report counts its days, such as 'America/New_York'; the shop's own if not
            given. It matters at the ends of the period.
        cancelled: 'leave_out' cancelled and voided orders, 'count' them as any other, or 'take_back': count the order,
            and take all its money off.
        zero_orders: 'count' or 'leave_out' free orders.
        guests: 'count' or 'leave_out' orders without a customer.
        channels: 'all', or 'web' to leave out those known to be from elsewhere.
        refunds: 'take_off' or 'ignore'.
        shipping: 'leave_out' or 'add'.
        tax: 'leave_out' or 'add'.
        seen: The revenue that the other report shows, to see what is left.

    Raises:
        NotEnoughData: if no order lies in the period.
        BadParameter: if a switch cannot be that, or there is no such time zone.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import tiny_shop
        >>> jl.matching(tiny_shop(), preset="ga4").headline()
        "Counted as GA4's purchase revenue: €120 from 4 orders, of €120 in 4 orders in the files."
    """
    one_of(preset, "preset", tuple(PRESETS))
    asked = dict(cancelled=cancelled, zero_orders=zero_orders, guests=guests, channels=channels)  # noqa: C408
    asked |= {"refunds": refunds, "shipping": shipping, "tax": tax}
    defaults = {name: options[0] for name, options in SWITCHES.items()} | PRESETS[preset]
    switched = {name: defaults[name] if value is None else value for name, value in asked.items()}
    for name, value in switched.items():
        one_of(value, name, SWITCHES[name])
    if seen is not None:
        number(seen, "seen")
    if shop.period is None:
        raise NotEnoughData("The orders carry no days, so there is no period to look at.")
    lacking = tuple(name for name in ("shipping", "tax") if switched[name] == "add" and not shop.has(f"orders.{name}"))
    sums = shop.run(_sums(shop, shop.period, zone, switched))
    steps = _steps(sums, switched, zone or shop.time_zone)
    if not steps[0][2]:
        raise NotEnoughData("No order lies in this period.", do="Choose a longer period in the sidebar.")
    frame = pd.DataFrame(steps, columns=pd.Index(["step", "kind", "orders", "revenue"]))
    so_far = {f"{name}_so_far": frame[name].cumsum() for name in ("orders", "revenue")}
    frame = frame.assign(**so_far)
    last = (TITLES[preset] if switched == defaults else "as switched", "total", 0, Decimal(0))
    frame.loc[len(frame)] = [*last, frame["orders_so_far"].iloc[-1], frame["revenue_so_far"].iloc[-1]]
    caveats = _caveats(shop, preset, sums, lacking)
    return Matching(steps=frame, preset=preset, seen=seen, currency=shop.currency, caveats=caveats)


def _sums(shop: Dataset, period: tuple[date, date], zone: str | None, switched: dict[str, str]) -> ir.Table:
    """Return a row for each (own, other, reason, undone): in the period by either zone, why not counted, taken back."""
    orders = shop.table("orders", whole=True)
    own = (orders.day >= ibis_date(period[0])) & (orders.day <= ibis_date(period[1]))
    other = own
    if zone is not None and zone != shop.time_zone:
        start, end = (ibis.timestamp(moment.isoformat()) for moment in _instants(period, zone))
        other = (orders.ordered_at >= start) & (orders.ordered_at < end)
    known = ibis.literal(value=True)
    if shop.currency and "currency" in orders.columns:
        known = orders.currency.isnull() | (orders.currency == shop.currency)
    zero = ibis.literal(0).cast(MONEY)

    def money(name: str) -> ir.Value:
        return orders[name].fill_null(0).cast(MONEY) if name in orders.columns else zero

    undone = orders.status.isin(("cancelled", "voided")) & (switched["cancelled"] == "take_back")
    marked = orders.mutate(
        undone=undone,
        own=own,
        other=other,
        reason=_reason(orders, known, switched),
        goods_=before_refunds(orders).cast(MONEY),
        refunds_=money("refunded"),
        shipping_=money("shipping"),
        tax_=money("tax"),
        known=known,
    ).filter(_.own | _.other)
    sums = {name: marked[f"{name}_"].sum(where=marked.known) for name in ("goods", "refunds", "shipping", "tax")}
    return marked.group_by("own", "other", "reason", "undone").agg(orders=_.count(), **sums)


def _instants(period: tuple[date, date], zone: str) -> tuple[datetime, datetime]:
    """Return the UTC times at which a period begins and ends by the clocks of a zone."""
    try:
        place = ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise BadParameter(f"There is no time zone called {zone!r}.", do="Name one such as 'Europe/Berlin'.") from None
    ends = (period[0], period[1] + timedelta(days=1))
    start, end = (datetime.combine(day, time(), place).astimezone(UTC).replace(tzinfo=None) for day in ends)
    return start, end


def _reason(orders: ir.Table, known: ir.BooleanValue, switched: dict[str, str]) -> ir.StringValue:
    """Return the first reason why an order is not counted; an empty text if it is."""
    asked: list[tuple[ir.BooleanValue, str]] = [(~known, "currency"), (orders.status == "test", "test")]
    if switched["cancelled"] == "leave_out":
        asked.append((orders.status.isin(("cancelled", "voided")), "cancelled"))
    if switched["zero_orders"] == "leave_out":
        asked.append((before_refunds(orders) == 0, "zero"))
    if switched["guests"] == "leave_out" and "customer_id" in orders.columns:
        asked.append((orders.customer_id.isnull(), "guest"))
    if switched["channels"] == "web" and "sales_channel" in orders.columns:
        asked.append((orders.sales_channel.fill_null("web") != "web", "channel"))
    return ibis.cases(*asked, else_="")


def _steps(sums: pd.DataFrame, switched: dict[str, str], zone: str) -> list[tuple[str, str, int, Decimal]]:
    """Return (step, kind, orders, revenue) from all orders of the period to the counted ones."""

    def both(rows: pd.DataFrame) -> tuple[int, Decimal]:
        return _total(rows, "orders"), _total(rows, "goods")

    own, other = sums["own"].astype(bool), sums["other"].astype(bool)
    steps = [("all orders in the files", "total", *both(sums[own]))]
    out, into = both(sums[own & ~other]), both(sums[other & ~own])
    if out[0]:
        steps.append((f"orders outside the period in {zone}", "less", -out[0], -out[1]))
    if into[0]:
        steps.append((f"orders in the period only in {zone}", "more", *into))
    for key, words_ in REASONS.items():
        orders, goods = both(sums[other & (sums["reason"] == key)])
        if orders:
            steps.append((words_, "less", -orders, -goods))
    counted = sums[other & (sums["reason"] == "")]
    return steps + _changes(counted, switched)


def _changes(counted: pd.DataFrame, switched: dict[str, str]) -> list[tuple[str, str, int, Decimal]]:
    """Return what is taken off the goods of counted orders, and added to them."""
    steps: list[tuple[str, str, int, Decimal]] = []
    undone = counted["undone"].astype(bool)
    if undone.any():
        steps.append(("goods of cancelled and voided orders, taken back", "less", 0, -_total(counted[undone], "goods")))
    counted = counted[~undone]
    for key, words_ in _ADDED.items():
        amount = _total(counted, key)
        if key == "refunds" and switched[key] == "take_off" and amount:
            steps.append((words_, "less", 0, -amount))
        elif switched[key] == "add" and amount:
            steps.append((words_, "more", 0, amount))
    return steps


def _total(rows: pd.DataFrame, name: str) -> Any:
    values = rows[name].dropna()
    return int(values.sum()) if name == "orders" else sum((Decimal(str(v)) for v in values), Decimal(0))


def _caveats(shop: Dataset, preset: str, sums: pd.DataFrame, lacking: tuple[str, ...]) -> tuple[str, ...]:
    said = []
    if lacking:
        said.append(f"The orders do not say their {words.listed(lacking)}, so none could be added.")
    if (sums["reason"] == "currency").any():
        said.append("Orders in another currency are counted in the first row, and their money is nowhere in it.")
    if preset.startswith("shopify"):
        said.append(
            "Shopify takes a return or a cancellation off the day it was made; the export has no day for that, so both "
            "are off the order's day."
        )
    if preset == "ga4":
        said.append(
            "GA4 misses who declines cookies or blocks it, which no export shows. Google asks for a purchase's value "
            "without tax and shipping; many shops' tags send the total: add them to see that case."
        )
    if shop.choices:
        said.append("The choices on the Data page are in the first row already.")
    return tuple(said)
