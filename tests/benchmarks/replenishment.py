"""How long it takes from files to the order table, and how long a slider then takes: simulated shops.

    python -m tests.benchmarks.replenishment [SKUs] [weeks]

Prints seconds for reading the files, forecasting, the first order table, a slider, and the best basket. The files are
orders of two lines, products with terms, and a count of stock, as CSV.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

import journeylab as jl

REPEATS = 9


def files(folder: Path, skus: int, weeks: int, seed: int = 7) -> list[Path]:
    """Write a shop whose SKUs sell from several a day to one a month, with a yearly season."""
    rng = np.random.default_rng(seed)
    days = pd.date_range("2024-07-01", periods=7 * weeks)
    rate = np.exp(rng.normal(-1.2, 1.3, skus))
    season = 1 + 0.3 * np.sin(2 * np.pi * np.arange(len(days)) / 365.25)[None, :]
    units = rng.poisson(rate[:, None] * season)
    sku, day = np.nonzero(units)
    lines = pd.DataFrame({"sku": [f"SKU-{s:05d}" for s in sku], "quantity": units[sku, day], "day": days[day]})
    lines["order_id"] = np.arange(len(lines)) // 2  # two lines an order, sorted by day below
    lines = lines.sort_values("day", ignore_index=True)
    lines["order_id"] = np.arange(len(lines)) // 2
    price = np.round(rng.uniform(5, 60, skus), 2)
    lines["unit_price"] = price[lines["sku"].str[4:].astype(int)]
    lines["product"] = "Product " + lines["sku"].str[4:]
    day_of = lines.groupby("order_id")["day"].transform("first")
    lines["ordered_at"] = day_of.dt.strftime("%Y-%m-%d 12:00:00")
    worth = (lines["quantity"] * lines["unit_price"]).groupby(lines["order_id"]).sum()
    first = lines.drop_duplicates("order_id").set_index("order_id")
    orders = pd.DataFrame(
        {
            "order_id": first.index,
            "customer_id": [f"c{c}" for c in rng.integers(0, max(len(first) // 4, 1), len(first))],
            "ordered_at": first["ordered_at"].to_numpy(),
            "status": "completed",
            "net": worth.round(2).to_numpy(),
        }
    )
    names = [f"SKU-{s:05d}" for s in range(skus)]
    products = pd.DataFrame(
        {
            "sku": names,
            "product": [f"Product {s:05d}" for s in range(skus)],
            "category": [f"Category {s % 12}" for s in range(skus)],
            "vendor": [f"Vendor {s % 20}" for s in range(skus)],
            "unit_cost": np.round(price * 0.45, 2),
            "lead_time_days": rng.integers(5, 45, skus),
            "lead_time_sd": rng.integers(0, 8, skus),
            "moq": rng.integers(1, 24, skus),
            "pack_size": rng.integers(1, 7, skus),
        }
    )
    stock = pd.DataFrame(
        {
            "sku": names,
            "as_of": days[-1].strftime("%Y-%m-%d"),
            "on_hand": rng.integers(0, 60, skus),
            "on_order": 0,
            "committed": 0,
        }
    )
    paths = []
    written = {
        "orders": orders,
        "order_lines": lines[["order_id", "sku", "product", "quantity", "unit_price"]],
        "products": products,
        "stock": stock,
    }
    for name, frame in written.items():
        paths.append(folder / f"{name}.csv")
        frame.to_csv(paths[-1], index=False)
    return paths


def main(skus: int = 500, weeks: int = 104) -> None:
    """Print what each step takes."""
    with tempfile.TemporaryDirectory() as folder:
        paths = files(Path(folder), skus, weeks)
        began = time.perf_counter()
        shop = jl.read(*paths)
        read = time.perf_counter()
        demand = jl.operations.demand(shop)
        forecast = time.perf_counter()
        orders = jl.operations.replenishment(shop, demand=demand)
        done = time.perf_counter()
        print(f"{skus} SKUs, {weeks} weeks, {shop.ledgers[0].read:,} rows: {orders.headline()}")
        print(f"read {read - began:.1f} s, forecast {forecast - read:.1f} s, first table {done - forecast:.2f} s")
        print(f"from files to the order table {done - began:.1f} s")
        took = []
        for repeat in range(REPEATS):
            began = time.perf_counter()
            orders = jl.operations.replenishment(shop, demand=demand, service=0.9 + repeat / 100)
            took.append(time.perf_counter() - began)
        print(f"a slider {1000 * sorted(took)[REPEATS // 2]:.0f} ms (median of {REPEATS})")
        needed = float(np.nansum(orders.rows["cost"]))
        for share in (0.1, 0.5, 0.9):
            began = time.perf_counter()
            made = jl.operations.basket(shop, orders=orders, budget=share * needed)
            ms = 1000 * (time.perf_counter() - began)
            print(f"best basket for {share:.0%} of the money: {ms:.0f} ms, exact: {made.exact}")
        shop.close()


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:3]))
