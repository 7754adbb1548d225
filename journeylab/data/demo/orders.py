"""What the simulated customers buy: baskets that meet their target spend, promotions, stock-outs and refunds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from journeylab.data.demo import catalog
from journeylab.data.demo.catalog import TAX
from journeylab.data.demo.customers import pick

if TYPE_CHECKING:
    from journeylab.data.demo.clock import Clock
    from journeylab.data.demo.plan import Plan

PAYMENTS = ("Shopify Payments", "PayPal Express Checkout", "Klarna", "Cash on Delivery (COD)", "Cash")
_WEB_PAYMENTS = (0.50, 0.29, 0.15, 0.06, 0.0)
_TILL_PAYMENTS = (0.60, 0.0, 0.0, 0.0, 0.40)
DISCOUNTS = (0.10, 0.15, 0.20)
CODES = ("HELLO10", "SAVE15", "SAVE20")
FREE_SHIPPING_FROM = 60.0
FEE, EXPRESS_FEE = 4.90, 9.90
_CANDIDATES, _SLOTS = 10, 3


def everything(plan: Plan, clock: Clock, purchases: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """All orders in order of time: those of customers, of strangers at the till, and on-request ones (`bulk` units)."""
    n = round(len(purchases) * plan.guest_share)
    walk_in = pd.DataFrame(
        {"t": clock.opening_hours(clock.to_calendar(rng.random(n) * clock.seconds)), "target": rng.gamma(4.0, 5.5, n)}
    )
    days = np.flatnonzero(rng.random(plan.days) < plan.intermittent_rate)
    bulk = pd.DataFrame(
        {
            "t": clock.opening_hours(days * 86_400.0 + rng.random(len(days)) * 86_400.0),
            "bulk": 1 + rng.poisson(plan.intermittent_size - 1, len(days)),
        }
    )
    orders = pd.concat([purchases, walk_in, bulk], ignore_index=True)
    for column, value in (("customer", -1), ("nth", -1), ("bulk", 0), ("device", 0), ("target", 0.0)):
        orders[column] = orders[column].fillna(value)
    orders["till"] = orders["till"].isna() | orders["till"].eq(True)
    orders = orders.astype({"customer": int, "nth": int, "bulk": int, "device": int})
    return orders.sort_values("t", kind="stable", ignore_index=True)


def checkout(plan: Plan, orders: pd.DataFrame, persona: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """The orders with discount, payment and shipping choice added; `persona` is -1 for strangers."""
    n = len(orders)
    chance = np.append([p.discounted for p in plan.personas], 0.0)
    discounted = (rng.random(n) < chance[persona]) & (orders["bulk"].to_numpy() == 0)
    code = pick(rng, np.tile((0.2, 0.4, 0.4), (n, 1)))
    payments = np.where(orders["till"].to_numpy()[:, None], _TILL_PAYMENTS, _WEB_PAYMENTS)
    return orders.assign(
        persona=persona,
        code=np.where(discounted, code, -1),
        payment=pick(rng, payments),
        express=(rng.random(n) < 0.06) & ~orders["till"].to_numpy(),
    )


def lines(
    plan: Plan, clock: Clock, orders: pd.DataFrame, products: pd.DataFrame, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The order lines, and the lines that were lost because the best-seller was out of stock."""
    day = clock.day(orders["t"].to_numpy())
    share = np.where(orders["code"] >= 0, np.array(DISCOUNTS)[np.maximum(orders["code"], 0)], 0.0)
    target = orders["target"].to_numpy() * (1 + TAX) / (1 - share)
    tables = [catalog.weights(products, p.categories) for p in plan.personas]
    tables.append(np.mean(tables, axis=0))  # strangers
    new = catalog.number_of(products, catalog.NEW_SKU)
    launched = day >= plan.day_ago(plan.new_sku_ago)
    parts: list[pd.DataFrame] = []
    for code, table in enumerate(tables):
        for on_sale in (False, True):
            who = np.flatnonzero(
                (orders["persona"] % len(tables) == code) & (launched == on_sale) & (orders["bulk"] == 0)
            )
            chances = table.copy()
            if not on_sale:
                chances[new] = 0.0
            parts.extend(_baskets(part, target[part], chances, products, rng) for part in _chunks(who))
    bulk = np.flatnonzero(orders["bulk"])
    hamper = catalog.number_of(products, catalog.INTERMITTENT_SKU)
    parts.append(pd.DataFrame({"order": bulk, "sku": hamper, "quantity": orders["bulk"].to_numpy()[bulk]}))
    frame = pd.concat(parts, ignore_index=True).sort_values(["order", "sku"], kind="stable", ignore_index=True)
    frame["price"] = products["price"].to_numpy()[frame["sku"]]
    frame["list_price"] = frame["price"]
    frame, lost = _stock_outs(plan, frame, day, products)
    return _promotions(plan, frame, day, products, rng), lost


def _chunks(rows: np.ndarray, size: int = 20_000) -> list[np.ndarray]:
    return [rows[i : i + size] for i in range(0, len(rows), size)]


def _baskets(
    orders: np.ndarray, target: np.ndarray, chances: np.ndarray, products: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """One basket an order: of ten proposals of up to three SKUs, the one whose value is nearest to the target."""
    n, price = len(orders), products["price"].to_numpy()
    shape = (n, _CANDIDATES, _SLOTS)
    sku = np.searchsorted(np.cumsum(chances) / chances.sum(), rng.random(shape), side="right")
    used = np.arange(_SLOTS) < rng.integers(1, _SLOTS + 1, (n, _CANDIDATES, 1))
    used[..., 1] &= sku[..., 1] != sku[..., 0]
    used[..., 2] &= (sku[..., 2] != sku[..., 0]) & (sku[..., 2] != sku[..., 1])
    part = rng.uniform(0.5, 1.0, shape) * used
    part /= part.sum(axis=2, keepdims=True)
    quantity = np.maximum(np.floor(target[:, None, None] * part / price[sku] + rng.random(shape)), 1) * used
    value = (quantity * price[sku]).sum(axis=2)
    best = np.abs(value - target[:, None]).argmin(axis=1)
    row = np.arange(n)
    chosen = quantity[row, best]
    keep = chosen > 0
    return pd.DataFrame(
        {
            "order": np.repeat(orders, _SLOTS).reshape(n, _SLOTS)[keep],
            "sku": sku[row, best][keep],
            "quantity": chosen[keep].astype(int),
        }
    )


def out_days(plan: Plan) -> np.ndarray:
    """The numbers of the days on which the best-seller is out of stock."""
    days = [np.arange(plan.day_ago(s.ago), plan.day_ago(s.ago) + s.days) for s in plan.stock_outs]
    every = np.concatenate([np.array([], dtype=int), *days])
    return every[(every >= 0) & (every < plan.days)]


def _stock_outs(
    plan: Plan, lines_: pd.DataFrame, day: np.ndarray, products: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Take the best-seller out of orders on its lost days: another takes its place where nothing else is left."""
    best, other = (catalog.number_of(products, s) for s in (catalog.BEST_SELLER, catalog.SUBSTITUTE))
    gone = (lines_["sku"] == best).to_numpy() & np.isin(day[lines_["order"]], out_days(plan))
    lost = lines_[gone].assign(day=day[lines_["order"][gone]])
    alone = lines_.groupby("order")["sku"].transform("size").eq(1).to_numpy()
    kept = lines_[~gone | alone].copy()
    swapped = (gone & alone)[~gone | alone]
    kept.loc[swapped, "sku"] = other
    kept.loc[swapped, ["price", "list_price"]] = products["price"].iloc[other]
    return kept.reset_index(drop=True), lost


def _promotions(
    plan: Plan, lines_: pd.DataFrame, day: np.ndarray, products: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Lower prices and more units in a promotion: a Poisson number more, `lift` times as many in the mean."""
    category, of_line = products["category"].to_numpy()[lines_["sku"]], day[lines_["order"]]
    for promotion in plan.promotions:
        first = plan.day_ago(promotion.ago)
        hit = (category == promotion.category) & (of_line >= first) & (of_line < first + promotion.days)
        more = rng.poisson(lines_["quantity"].to_numpy()[hit] * (promotion.lift - 1))
        lines_.loc[hit, "quantity"] += more
        lines_.loc[hit, "price"] = (lines_["list_price"][hit] * (1 - promotion.discount)).round(2)
    return lines_


def totals(
    plan: Plan, clock: Clock, orders: pd.DataFrame, lines_: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """The orders with their money: goods, discount, shipping, total, refund and status."""
    value = (lines_["price"] * lines_["quantity"]).to_numpy()
    goods = np.bincount(lines_["order"], value, minlength=len(orders)).round(2)
    share = np.where(orders["code"] >= 0, np.array(DISCOUNTS)[np.maximum(orders["code"], 0)], 0.0)
    discount = (goods * share).round(2)
    subtotal = (goods - discount).round(2)
    fee = np.where(orders["express"], EXPRESS_FEE, np.where(subtotal >= FREE_SHIPPING_FROM, 0.0, FEE))
    shipping = np.where(orders["till"], 0.0, fee)
    chance = np.append([p.returned for p in plan.personas], 0.01)[orders["persona"]]
    returned = rng.random(len(orders)) < chance
    first_line = lines_.drop_duplicates("order").set_index("order")["price"].reindex(range(len(orders))).to_numpy()
    partial = (first_line * (1 - share)).round(2)
    whole = (rng.random(len(orders)) < 0.4) | (partial >= subtotal)
    refunded = np.where(returned, np.where(whole, subtotal, partial), 0.0)
    unpaid = (orders["payment"] == PAYMENTS.index("Cash on Delivery (COD)")) & (
        orders["t"] > clock.seconds - 10 * 86_400
    )
    status = np.select(
        [returned & whole, returned, unpaid.to_numpy()], ["refunded", "partially_refunded", "pending"], "paid"
    )
    refunded = np.where(status == "pending", 0.0, refunded)
    return orders.assign(
        goods=goods, discount=discount, subtotal=subtotal, shipping=shipping, refunded=refunded, status=status,
        total=(subtotal + shipping).round(2),
        net=((subtotal - refunded) / (1 + TAX)).round(4),
        net_before_refunds=(subtotal / (1 + TAX)).round(4),
        cost=np.bincount(lines_["order"], lines_["cost"] * lines_["quantity"], minlength=len(orders)),
    )  # fmt: skip


def failed(
    plan: Plan, orders: pd.DataFrame, lines_: pd.DataFrame, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Orders that failed minutes before the same basket went through: voided or cancelled, out of every figure."""
    web = np.flatnonzero(~orders["till"].to_numpy())
    chosen = np.sort(rng.choice(web, round(len(web) * plan.failed_order_share), replace=False))
    copies = orders.iloc[chosen].copy()
    copies["t"] = np.maximum(copies["t"] - rng.uniform(180, 2400, len(chosen)), 0.0)
    copies["status"] = np.where(rng.random(len(chosen)) < 0.6, "voided", "cancelled")
    copies["refunded"] = np.where(copies["status"] == "cancelled", copies["total"], 0.0)
    again = lines_[lines_["order"].isin(chosen)].copy()
    again["order"] = len(orders) + np.searchsorted(chosen, again["order"])
    return copies.reset_index(drop=True), again
