"""Shops of simulated customers: of kinds that are planted, of one kind, and of a size that is wanted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.special import bdtr

from journeylab.data.dataset import Dataset, observe
from journeylab.data.engine import EmbeddedEngine

START = np.datetime64("2025-01-01")
DAYS = 365


def shop_from(orders: pd.DataFrame, **tables: pd.DataFrame) -> Dataset:
    """Return a shop of these orders (customer_id, day as a number, net) and further tables."""
    n = len(orders)
    frame = orders.assign(
        order_id=orders.get("order_id", pd.Series([f"o{i:07d}" for i in range(n)], index=orders.index)),
        day=START + orders["day"].to_numpy().astype("timedelta64[D]"),
        status="completed",
    )
    engine, made = EmbeddedEngine(threads=1), {}
    for name, table in {"orders": frame, **tables}.items():
        arrow = pa.Table.from_pandas(table, preserve_index=False)
        cursor = engine._base.cursor()
        cursor.register("given", arrow)
        amounts = [c for c in ("net", "quantity", "unit_cost", "unit_price") if c in table]
        money = ", ".join(f"{c}::DECIMAL(18,4) AS {c}" for c in amounts)
        day = ", day::DATE AS day" if "day" in table else ""
        day += ", day::TIMESTAMP AS ordered_at" if name == "orders" else ""
        drop = ", ".join([*amounts, "day"] if "day" in table else amounts)
        exclude = f"* EXCLUDE ({drop})" if drop else "*"
        cursor.execute(f"CREATE TABLE {name} AS SELECT {exclude}{', ' + money if money else ''}{day} FROM given")
        made[name] = engine.table(name)
    engine.seal()
    return Dataset(engine, made, currency="EUR", fingerprint="crowd", observed=observe(engine, made))


def kinds(seed: int = 0, each: int = 150) -> tuple[Dataset, dict[str, int]]:
    """Return a shop of three kinds of customers that lie well apart, and the kind of each.

    Many small orders; few large ones, of a category of their own; and mid-sized ones bought on discount.
    """
    rng = np.random.default_rng(seed)
    orders, lines, truth = [], [], {}
    plan = ((12, 3.0, "tea", 0.02), (3, 6.0, "pots", 0.02), (5, 4.5, "linen", 0.95))
    for kind, (rate, size, category, discounted) in enumerate(plan):
        for place in range(each):
            customer = f"k{rng.integers(10**9):09d}x{kind}{place}"
            truth[customer] = kind
            spend = size + rng.normal(0, 0.25)
            for _ in range(2 + rng.poisson(rate)):
                number = f"o{len(orders):06d}"
                orders.append(
                    {
                        "order_id": number,
                        "customer_id": customer,
                        "day": rng.integers(DAYS),
                        "net": round(float(np.exp(spend + rng.normal(0, 0.2))), 2),
                        "discount_code": "CODE" if rng.random() < discounted else None,
                    }
                )
                chosen = category if rng.random() < 0.9 else rng.choice(["tea", "pots", "linen"])
                lines.append({"order_id": number, "product": f"{chosen} {rng.integers(4)}", "category": chosen,
                              "quantity": 1 + rng.poisson(1), "unit_cost": 1.0, "unit_price": 2.0})  # fmt: skip
    return shop_from(pd.DataFrame(orders), order_lines=pd.DataFrame(lines)), truth


def one_kind(seed: int = 0, customers: int = 400) -> Dataset:
    """Return a shop of one kind of customer: rates and spend lognormal and correlated, as real spend is."""
    rng = np.random.default_rng(seed)
    z = rng.multivariate_normal([0, 0], [[1, 0.4], [0.4, 1]], customers)
    counts = 1 + rng.poisson(np.exp(0.6 + 0.6 * z[:, 0]))
    who = np.repeat(np.arange(customers), counts)
    net = np.exp(3.5 + 0.6 * z[who, 1] + rng.normal(0, 0.4, len(who)))
    frame = pd.DataFrame(
        {"customer_id": [f"c{w:05d}" for w in who], "day": rng.integers(0, DAYS, len(who)), "net": net.round(2)}
    )
    return shop_from(frame)


def one_kind_in_full(seed: int = 0, customers: int = 500) -> Dataset:
    """Return a shop of one kind of customer with every table that features read.

    Each customer's true shares of discounts, refunds, devices and categories have one hump; a fifth answered a survey.
    """
    rng = np.random.default_rng([seed, 7])
    z = rng.multivariate_normal([0, 0], [[1, 0.4], [0.4, 1]], customers)
    names = np.array([f"c{number:05d}" for number in range(customers)])
    who = np.repeat(np.arange(customers), 1 + rng.poisson(np.exp(0.6 + 0.6 * z[:, 0])))
    n = len(who)
    discount, refund, phone = (rng.beta(a, b, customers)[who] for a, b in ((2, 4), (1, 9), (2, 2)))
    orders = pd.DataFrame(
        {
            "order_id": [f"o{number:06d}" for number in range(n)],
            "customer_id": names[who],
            "day": rng.integers(0, DAYS, n),
            "net": np.exp(3.5 + 0.6 * z[who, 1] + rng.normal(0, 0.4, n)).round(2),
            "discount_code": np.where(rng.random(n) < discount, "CODE", None),
            "refunded": np.where(rng.random(n) < refund, 5.0, 0.0),
            "device": np.where(rng.random(n) < phone, "phone", "desktop"),
        }
    )
    order = np.repeat(np.arange(n), 1 + rng.poisson(0.8, n))
    upto = rng.dirichlet([2, 2, 2], customers).cumsum(axis=1)[who[order], :2]
    category = np.array(["tea", "pots", "linen"])[(rng.random((len(order), 1)) > upto).sum(axis=1)]
    lines = pd.DataFrame(
        {
            "order_id": orders["order_id"].to_numpy()[order], "product": category, "category": category,
            "quantity": 1.0 + rng.poisson(0.7, len(order)), "unit_cost": 1.0, "unit_price": 2.0,
        }
    )  # fmt: skip
    answered = np.flatnonzero(rng.random(customers) < 0.2)
    score = np.clip(np.rint(8 + 1.5 * rng.standard_normal(len(answered))), 0, 10)
    surveys = pd.DataFrame({"customer_id": names[answered], "kind": "nps", "score": score, "day": START + 150})
    visit = np.repeat(np.arange(customers), rng.poisson(np.exp(0.5 + 0.8 * z[:, 0])))
    events = pd.DataFrame({"customer_id": names[visit], "day": START + rng.integers(0, DAYS, len(visit))})
    return shop_from(orders, order_lines=lines, surveys=surveys, events=events.assign(visitor_id=names[visit]))


def with_lapses(seed: int = 0, customers: int = 500) -> Dataset:
    """Return a shop of one kind of customer who buy at a rate of their own and may stop after any order (BG/NBD)."""
    rng = np.random.default_rng([seed, 8])
    rate, stops = rng.gamma(1, 1 / 6, customers), rng.beta(1, 3, customers)
    scale = rng.gamma(4, 1 / 15, customers)
    rows = []
    for customer in range(customers):
        day = int(rng.integers(0, 210))
        while day < DAYS:
            rows.append((f"c{customer:05d}", day, rng.gamma(6) / scale[customer]))
            if rng.random() < stops[customer]:
                break
            day += int(np.ceil(7 * rng.exponential(1 / max(rate[customer], 1e-9))))
    return shop_from(pd.DataFrame(rows, columns=["customer_id", "day", "net"]).round({"net": 2}))


def buyers(truth, spend, *, customers: int, weeks: int, seed: int) -> pd.DataFrame:
    """Return the orders (customer_id, day, net) of customers who buy as the models say, who start in 30 weeks.

    The last day has an order, so that the days after a customer's last one are known.
    """
    rng = np.random.default_rng(seed)
    rate, time, purchases = truth.sample_lifetimes(customers, rng)
    scale = rng.gamma(spend.q, 1 / spend.gamma, customers)
    rows = []
    for customer in range(customers):
        start = int(rng.integers(0, 7 * 30))
        gaps = rng.exponential(1 / max(rate[customer], 1e-9), 300).cumsum()
        gaps = gaps[: int(min(purchases[customer], 300))]
        gaps = gaps[gaps <= time[customer]]
        days = {start, *(start + int(np.ceil(7 * gap)) for gap in gaps)}
        net = rng.gamma(spend.p, 1 / scale[customer], len(days))
        rows += [(f"c{customer}", day, money) for day, money in zip(sorted(days), net, strict=True) if day < 7 * weeks]
    rows.append(("c0", 7 * weeks, 20.0))
    return pd.DataFrame(rows, columns=["customer_id", "day", "net"])


def demo_store() -> tuple[Dataset, dict[str, int]]:
    """Return the demo store as tables, straight from its simulator, and the persona each customer was drawn from."""
    from journeylab.data.demo import simulate
    from journeylab.data.demo.plan import DEVICES

    store = simulate()
    orders, clock = store.orders, store.clock
    email = store.customers["email"].to_numpy()
    names = store.order_names[: len(orders)]
    frame = pd.DataFrame(
        {
            "order_id": names,
            "customer_id": np.where(orders["customer"] >= 0, email[np.maximum(orders["customer"], 0)], None),
            "day": clock.day(orders["t"].to_numpy()),
            "net": orders["net"],
            "discount_code": np.where(orders["code"] >= 0, "CODE", None),
            "device": np.where(orders["till"], None, np.array(DEVICES)[orders["device"]]),
        }
    )
    products, lines = store.products, store.lines
    bought = pd.DataFrame(
        {
            "order_id": names[lines["order"]],
            "product": products["product"].to_numpy()[lines["sku"]],
            "category": products["category"].to_numpy()[lines["sku"]],
            "quantity": lines["quantity"].astype(float),
            "unit_price": lines["price"].astype(float),
            "unit_cost": lines["cost"].astype(float),
        }
    )
    return shop_from(frame, order_lines=bought), dict(zip(email, store.customers["persona"], strict=True))


def binomial_bounds(n, p):
    """Counts between which a Binomial(n, p) lies but for one time in a thousand at either end."""
    counts = np.arange(n + 1)
    below = bdtr(counts, n, p)
    return counts[below > 0.001][0], counts[below < 0.999][-1] + 1
