"""What to order, when and why: stock, what arrives in time, and demand until the next delivery, a row a SKU.

Method, sources and limits: docs/methods/replenishment.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from journeylab import words
from journeylab.checks import number, one_of
from journeylab.growth.recall import recall
from journeylab.operations import measured_service, sku_rows
from journeylab.operations.daily import OUTLOOK, daily_path, whole_units
from journeylab.operations.demand import demand as demanded
from journeylab.operations.history import of_single_skus
from journeylab.operations.lead_time_demand import with_lead_time_spread
from journeylab.operations.lot_sizing import rounded
from journeylab.operations.safety_stock import MEASURES, safety_stock
from journeylab.operations.shelf import arrivals, shelf
from journeylab.operations.stock_outlook import ORDERED, stock_outlook
from journeylab.operations.terms import with_lead_times
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import altair as alt

    from journeylab.data.dataset import Dataset
    from journeylab.operations.demand import Demand
    from journeylab.operations.lead_time_demand import Spread
    from journeylab.operations.measured_service import Held
    from journeylab.operations.shelf import Shelf

_TABLE = (
    "sku", "product", "vendor", "status", "order", "cost", "order_by", "runs_out", "days_of_cover", "on_hand",
    "committed", "arriving", "expected", "safety_stock", "reorder_point", "lead_time_days", "moq", "pack_size",
    "overstock", "overstock_cost", "abc_xyz",
)  # fmt: skip


@dataclass(frozen=True, eq=False, kw_only=True)
class Replenishment(Result):
    """What to order.

    Args:
        rows: A row a SKU, the most urgent first: sku, product, category, vendor, status, order (units), cost (of the
            order), order_by and runs_out (days; missing where nothing runs out within a year), days_of_cover (of what
            is there), on_hand, committed, arriving (in time), position (what is there and arrives, less what is
            committed), expected (demand over lead time and review period), sd (of it), safety_stock, reorder_point,
            cycle (units an order cycle sells), per_day, lead_time_days, lead_time_sd, moq, pack_size, unit_cost, price
            (net a unit), net (of the last year), overstock (units), overstock_cost, abc_xyz, assumed (whether the lead
            time is).
        spread: The demand over lead time and review period, in the order of the rows.
        as_of: The day the order would be placed.
        review: Days between two orders.
        service: The service level.
        measure: 'cycle' or 'fill'.
        held: How often past demand stayed within what the service level asks for.
        currency: Of all money.
    """

    views: ClassVar[tuple[str, ...]] = ("stock", "cover", "overstock", "classes")

    rows: pd.DataFrame
    spread: Spread
    as_of: date
    review: float
    service: float
    measure: str
    held: Held
    currency: str

    @property
    def orders(self) -> pd.DataFrame:
        """The rows with something to order."""
        return self.rows[self.rows["order"] > 0]

    def table(self) -> pd.DataFrame:
        """Return a row a SKU: its state, the order, and the figures the order follows from."""
        return self.rows[list(_TABLE)]

    def sheets(self) -> dict[str, pd.DataFrame]:
        """Return a purchase list a vendor: SKU, product, units, cost a unit, cost."""
        columns = ["sku", "product", "order", "unit_cost", "cost", "order_by"]
        return {str(vendor): part[columns] for vendor, part in self.orders.groupby("vendor", sort=True)}

    def headline(self) -> str:
        """Say what to order today, of how many vendors and for how much, and how much money lies too long."""
        wanted = self.orders
        if wanted.empty:
            unknown = int(self.rows["on_hand"].isna().sum())
            if unknown == len(self.rows):
                return "Stock is not known, so the table says what should be there, not what to order."
            said = f"Nothing has to be ordered today ({words.day(self.as_of)})"
        else:
            known = wanted.loc[wanted["vendor"] != sku_rows.NO_VENDOR, "vendor"].nunique()
            vendors = f" of {words.count(known, 'vendor')}" if known else ""
            today = f"today ({words.day(self.as_of)})"
            said = f"Order {words.count(len(wanted), 'SKU')}{vendors} {today}{self._for(wanted['cost'])}"
        late = int(self.rows["status"].isin(["out of stock", "will run out"]).sum())
        if late:
            said += f"; {words.count(late)} will lose sales before goods can come"
        over = float(np.nansum(self.rows["overstock_cost"]))
        return f"{said}; {words.money(over, self.currency)} lie in overstock." if over > 0 else f"{said}."

    def _for(self, cost: pd.Series) -> str:
        if cost.isna().all():
            return ""
        return f", for {words.money(float(cost.sum()), self.currency)}"

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import stock

        if view == "cover":
            return stock.cover(self.rows, as_of=self.as_of)
        if view == "overstock":
            return stock.overstock(self.rows, currency=self.currency)
        if view == "classes":
            return stock.classes(self.rows, currency=self.currency)
        return stock.levels(self.rows)


@analysis("orders", "order_lines")
def replenishment(
    shop: Dataset,
    *,
    demand: Demand | None = None,
    lead_time: float = 14.0,
    lead_time_sd: float = 3.0,
    review: float = 7.0,
    service: float = 0.95,
    measure: str = "cycle",
    assumptions: Sequence[Mapping[str, Any]] | None = None,
    order_cost: float | None = None,
    holding_cost: float | None = None,
    overstock_days: float = 120.0,
) -> Replenishment:
    """Work out what to order today, SKU by SKU.

    position = on hand - committed + what arrives within lead time and review period
    reorder point = expected demand over lead time and review period + safety stock
    order = reorder point - position if above zero; at least the economic order quantity where both costs are given;
    then at least the vendor's smallest order and whole packs

    This is the periodic review (R, S) policy: Silver, Pyke & Peterson (1998), "Inventory Management and Production
    Planning and Scheduling", chapter 7; safety stock as in `journeylab.operations.safety_stock`.

    Args:
        shop: A Dataset with orders and their lines; stock and products add what they know.
        demand: From `jl.operations.demand`; worked out with its defaults if None.
        lead_time: Days from order to shelf, for SKUs whose lead time neither the shop's list nor `assumptions` say.
        lead_time_sd: Standard deviation of it in days, where nothing says.
        review: Days between two looks at the stock; 0 for whoever looks all the time.
        service: The service level, 0.5 to 0.9999.
        measure: What it means: 'cycle', the chance that nothing runs out until the next delivery; 'fill', the share of
            units served from the shelf.
        assumptions: What is typed over the shop's own list: rows with a sku and any of lead_time_days, lead_time_sd,
            moq, pack_size, unit_cost, on_hand, vendor.
        order_cost: Cost of placing one order of one SKU; with `holding_cost`, orders are at least the economic order
            quantity.
        holding_cost: Cost of holding a year, as a share of the unit cost.
        overstock_days: What would last longer than this is overstock, if it lies above the reorder point too.

    Raises:
        NotEnoughData: if nothing was sold.
        BadParameter: if an assumption makes no sense.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import stocked_shop
        >>> terms = [{"sku": "CUP", "on_hand": 20, "lead_time_days": 7}, {"sku": "POT", "on_hand": 90}]
        >>> made = jl.operations.replenishment(stocked_shop(), assumptions=terms)
        >>> made.rows[["sku", "status"]].values.tolist()
        [['CUP', 'will run out'], ['POT', 'overstock']]
    """
    for name, value, highest in (("lead_time", lead_time, 730), ("lead_time_sd", lead_time_sd, 730)):
        number(value, name, lowest=0, highest=highest)
    number(review, "review", lowest=0, highest=365)
    number(service, "service", lowest=0.5, highest=0.9999)
    number(overstock_days, "overstock_days", lowest=1, highest=3650)
    one_of(measure, "measure", MEASURES)
    for name, cost in (("order_cost", order_cost), ("holding_cost", holding_cost)):
        if cost is not None:
            number(cost, name, lowest=0)
    told = demand if demand is not None else demanded(shop)
    until = told.as_of if shop.window else None
    there = recall(shop, ("shelf", until), lambda: shelf(shop, until=until))
    rows = sku_rows.known_rows(shop, told, there, assumptions)
    rows = with_lead_times(rows, lead_time=lead_time, lead_time_sd=lead_time_sd)
    lead = rows["lead_time_days"].to_numpy(float)
    protected = lead + review
    mean, sd = sku_rows.over(told, rows["sku"], protected)
    spread = with_lead_time_spread(
        mean, sd, per_day=rows["per_day"].to_numpy(float), lead_time_sd=rows["lead_time_sd"].to_numpy(float)
    )
    rows["expected"], rows["sd"] = spread.mean, spread.sd
    least = sku_rows.economic_lots(rows, order_cost, holding_cost)
    moq = rows["moq"].fillna(0).to_numpy(float)
    rows["cycle"] = np.maximum.reduce([rows["per_day"].to_numpy(float) * review, least, moq, np.ones(len(rows))])
    rank = measured_service.chances(told, rows["sku"], service)
    kept = safety_stock(spread, service=service, measure=measure, cycle=rows["cycle"].to_numpy(float), rank=rank)
    rows["safety_stock"] = np.where(spread.mean > 0, kept, 0.0)
    rows["reorder_point"] = rows["expected"] + rows["safety_stock"]
    coming = arrivals(there, list(rows["sku"]), as_of=told.as_of, wait=lead)
    rows["arriving"] = coming.within(np.minimum(np.floor(protected), OUTLOOK - 1))
    rows["position"] = rows["on_hand"] - rows["committed"] + rows["arriving"]
    short = (rows["reorder_point"] - rows["position"]).to_numpy(float)
    wanted = np.where(short > 1e-9, np.maximum(short, least), np.where(np.isnan(short), np.nan, 0.0))
    rows["order"] = rounded(wanted, moq=moq, pack=rows["pack_size"].to_numpy(float))
    if whole_units(told):
        rows["order"] = np.ceil(rows["order"] - 1e-9) + 0.0
    rows["cost"] = rows["order"] * rows["unit_cost"]
    held = measured_service.held(told, service)
    path = daily_path(told, list(rows["sku"]), OUTLOOK)
    rows = stock_outlook(rows, path=path, coming=coming, as_of=told.as_of, overstock_days=overstock_days)
    place = _urgency(rows)
    rows = rows.iloc[place].reset_index(drop=True)
    return Replenishment(
        rows=rows.drop(columns=["stock_typed", "spread_typed", "priced_by_list"]),
        spread=spread.take(place),
        as_of=told.as_of,
        review=review,
        service=service,
        measure=measure,
        held=held,
        currency=shop.currency,
        caveats=(
            *_caveats(shop, rows, there, told, lead_time, lead_time_sd),
            measured_service.said(held, service, measure),
        ),
    )


def _planned(shop: Dataset) -> str:
    """Say which of the shop's promotions the forecast knows."""
    if not shop.has("promotions"):
        return ""
    single = recall(shop, ("promotions of single SKUs",), lambda: of_single_skus(shop))["sku"].nunique()
    said = " Planned promotions of a category or of the whole shop count with what earlier ones did"
    return f"{said}; those of {words.count(single, 'single SKU')} do not." if single else f"{said}."


def _urgency(rows: pd.DataFrame) -> np.ndarray:
    rank = rows["status"].map({status: place for place, status in enumerate(ORDERED)})
    keys = pd.DataFrame({"rank": rank, "by": rows["order_by"], "net": -rows["net"].round(4), "sku": rows["sku"]})
    return keys.sort_values(["rank", "by", "net", "sku"], na_position="last").index.to_numpy()


def _caveats(
    shop: Dataset,
    rows: pd.DataFrame,
    there: Shelf,
    told: Demand,
    lead_time: float,
    lead_time_sd: float,
) -> tuple[str, ...]:
    said = [f"Orders follow the forecast and its past errors; a change of price ahead is not in them.{_planned(shop)}"]
    said.append(f"Today is {words.day(told.as_of)}, the day after the last one that the orders know.")
    said += told.caveats
    n = words.count(len(rows), "SKU")
    if not shop.has("stock"):
        said.append("There is no file of stock: type what is on hand into the table of assumptions, or add a file.")
    elif unknown := int(rows["on_hand"].isna().sum()):
        said.append(
            f"The stock of {words.count(unknown)} of {n} is not known or not kept: nothing is ordered for them."
        )
    if assumed := int(rows["assumed"].sum()):
        spread = f"{lead_time:g} ± {lead_time_sd:g} days" if lead_time else "no days"
        said.append(f"{words.count(assumed)} of {n} have no lead time of their own: {spread} are assumed.")
    if below := int((rows["on_hand"] < 0).sum()):
        said.append(f"{words.count(below)} of {n} have stock below zero, taken as units that are owed.")
    if inside := int(rows["priced_by_list"].sum()):
        said.append(f"{words.count(inside)} of {n} sold only inside bundles, and are worth the list's price.")
    if costless := int(rows["unit_cost"].isna().sum()):
        said.append(f"{words.count(costless)} of {n} have no cost, and are missing in sums of money.")
    if vendorless := int((rows["vendor"] == sku_rows.NO_VENDOR).sum()):
        said.append(f"{words.count(vendorless)} of {n} have no vendor.")
    counted = rows.loc[~rows["stock_typed"], "counted"]
    if counted.notna().any() and counted.min() < pd.Timestamp(told.as_of - timedelta(days=3)):
        said.append(f"Stock was counted as early as {counted.min().date()}; sales since then are not taken off.")
    said += _deliveries(there, told)
    folded = rows["sku"].str.strip().str.casefold()
    if twice := int((folded.duplicated(keep=False)).sum()):
        said.append(f"{words.count(twice)} SKUs differ only in spelling; they can be joined on the Data page.")
    return tuple(said)


def _deliveries(there: Shelf, told: Demand) -> list[str]:
    """Say of which deliveries the day is not known, or past."""
    said = []
    if undated := int(there.incoming["arrives_at"].isna().sum()):
        without = words.count(undated, "delivery", "deliveries")
        said.append(f"{without} on the way without a date, as in Shopify's export: taken to come after a lead time.")
    late = there.incoming[there.incoming["arrives_at"] < pd.Timestamp(told.as_of)]
    if len(late):
        said.append(f"{words.count(len(late), 'delivery', 'deliveries')} should have come already; counted as today's.")
    return said
