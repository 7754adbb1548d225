"""One simulated shop: everything that happened in it, from a plan and a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from journeylab.data.demo import catalog, customers, events, experiments, feedback, messages, orders, stock, visits
from journeylab.data.demo.channels import removal_effects, spend
from journeylab.data.demo.clock import Clock
from journeylab.data.demo.plan import Plan
from journeylab.data.demo.visits import CART, PURCHASE


@dataclass(frozen=True)
class Store:
    """What happened, row by row, hidden parameters included; `exports.write` leaves those out.

    Rows refer to each other by number: `orders` and `visits` to `customers`, `lines` to `orders` and `products`.
    Events are not kept: `events.chunks(store)` expands the visits.
    """

    plan: Plan
    seed: int
    clock: Clock
    products: pd.DataFrame
    customers: pd.DataFrame
    orders: pd.DataFrame
    lines: pd.DataFrame
    failed_orders: pd.DataFrame
    failed_lines: pd.DataFrame
    lost_lines: pd.DataFrame
    visits: pd.DataFrame
    units: pd.DataFrame
    realised_tests: list[dict[str, float]]
    stock: pd.DataFrame
    sent: pd.DataFrame
    campaigns: pd.DataFrame
    surveys: pd.DataFrame
    latent_nps: np.ndarray
    tickets: pd.DataFrame
    spend: pd.DataFrame
    removal: dict[str, dict[str, float]]
    order_names: np.ndarray
    visitor_names: np.ndarray


def simulate(plan: Plan | None = None, seed: int = 20_260_630) -> Store:
    """Simulate a shop; the same plan and seed give the same shop.

    Each part draws from a stream of its own, so a change in one leaves the luck of the others alone.

    >>> shop = simulate(Plan(customers=50, days=90), seed=1)
    >>> len(shop.customers)
    50
    """
    plan = plan or Plan()
    streams = iter(range(1_000))

    def rng() -> np.random.Generator:
        return np.random.default_rng([seed, next(streams)])

    clock, products = Clock(plan), catalog.catalog()
    people = customers.draw(plan, clock, rng())
    journeys, owner = visits.prospects(plan, people, rng())
    people.loc[owner[owner >= 0], "device"] = journeys.device[owner >= 0].astype(int)
    people.loc[owner[owner >= 0], "country"] = journeys.country[owner >= 0].astype(int)
    bought = customers.purchases(plan, clock, people, rng())
    placed = orders.everything(plan, clock, bought, rng())
    persona = np.where(placed["customer"] >= 0, people["persona"].to_numpy()[placed["customer"]], -1)
    placed = orders.checkout(plan, placed, persona, rng())
    lines, lost = orders.lines(plan, clock, placed, products, rng())
    lines["cost"] = products["unit_cost"].to_numpy()[lines["sku"]]
    placed = orders.totals(plan, clock, placed, lines, rng())
    failed_orders, failed_lines = orders.failed(plan, placed, lines, rng())

    seen = pd.concat(
        [
            visits.strangers(plan, clock, journeys, owner, placed, rng()),
            visits.returning(plan, clock, people, placed, rng()),
        ],
        ignore_index=True,
    )
    seen = visits.number_visitors(seen, plan.customers)
    seen["recovered"] = seen["recovered"].eq(True)
    seen = events.details(seen, placed, _focus(plan, clock, seen, lines, products, rng()), rng())
    units, realised = experiments.run(plan, clock, seen, placed, rng())
    seen = _show_fee_early(plan, clock, seen, units)

    since = messages.first_seen(placed, plan.customers)
    letters = messages.newsletters(plan, clock, people, since, rng())
    sent = messages.contacts(
        clock, pd.concat([letters, messages.reminders(seen, people, rng())], ignore_index=True), seen
    )
    latent = feedback.latent_nps(plan, people, rng())
    units_sold = stock.daily_units(plan, clock, placed, lines, len(products))
    return Store(
        plan=plan,
        seed=seed,
        clock=clock,
        products=products,
        customers=people,
        orders=placed,
        lines=lines,
        failed_orders=failed_orders,
        failed_lines=failed_lines,
        lost_lines=lost,
        visits=seen,
        units=units,
        realised_tests=realised,
        stock=stock.history(plan, clock, units_sold, products, rng()),
        sent=sent,
        campaigns=messages.campaigns(clock, sent, placed, rng()),
        surveys=feedback.surveys(plan, clock, people, placed, latent, rng()),
        latent_nps=latent,
        tickets=feedback.tickets(plan, clock, people, placed, rng()),
        spend=spend(plan, clock, seen, rng()),
        removal=removal_effects(plan, journeys),
        order_names=_order_names(placed, failed_orders),
        visitor_names=_numbered("v", int(seen["visitor"].max()) + 1, 6),
    )


def _numbered(prefix: str, n: int, width: int) -> np.ndarray:
    return np.array([f"{prefix}{i:0{width}d}" for i in range(1, n + 1)], dtype=object)


def _order_names(placed: pd.DataFrame, failed: pd.DataFrame) -> np.ndarray:
    """The orders' numbers, in order of time over the orders that went through and those that failed."""
    t = np.concatenate([placed["t"], failed["t"]])
    rank = np.empty(len(t), dtype=int)
    rank[np.argsort(t, kind="stable")] = np.arange(len(t))
    return np.array([f"#{10_001 + i}" for i in rank], dtype=object)


def _focus(
    plan: Plan, clock: Clock, seen: pd.DataFrame, lines: pd.DataFrame, products: pd.DataFrame, rng: np.random.Generator
) -> np.ndarray:
    """The SKU each visit is about: the first of the order, or one that its persona likes and the shop has then."""
    first_line = lines.drop_duplicates("order").set_index("order")["sku"]
    sku = np.zeros(len(seen), dtype=int)
    persona = seen["persona"].to_numpy()
    for code, kind in enumerate(plan.personas):
        who = np.flatnonzero(persona == code)
        cumulated = np.cumsum(catalog.weights(products, kind.categories))
        sku[who] = np.searchsorted(cumulated / cumulated[-1], rng.random(len(who)), side="right")
    day, depth = clock.day(seen["t"].to_numpy()), seen["depth"].to_numpy()
    new, best = catalog.number_of(products, catalog.NEW_SKU), catalog.number_of(products, catalog.BEST_SELLER)
    sku[(sku == new) & (day < plan.day_ago(plan.new_sku_ago))] = new - 1
    gone = (sku == best) & (depth >= CART) & np.isin(day, orders.out_days(plan))
    sku[gone] = catalog.number_of(products, catalog.SUBSTITUTE)
    ordered = depth == PURCHASE
    sku[ordered] = first_line.reindex(seen["order"].to_numpy()[ordered]).to_numpy()
    return sku


def _show_fee_early(plan: Plan, clock: Clock, seen: pd.DataFrame, units: pd.DataFrame) -> pd.DataFrame:
    """Let visitors of variant B of the test on the shipping fee see it on the product page while the test runs."""
    for test in plan.tests:
        if test.name != "Shipping fee shown early":
            continue
        first = plan.day_ago(test.ago)
        shown = units[(units["experiment"] == test.name) & (units["variant"] == "B")]["visitor"]
        day = clock.day(seen["t"].to_numpy())
        inside = (day >= first) & (day < first + test.days)
        seen.loc[inside & seen["visitor"].isin(shown), "fee_shown"] = 1
    return seen
