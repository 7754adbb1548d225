"""How long demand takes on simulated shops, from order lines in the engine to the forecast of every SKU.

    python -m tests.benchmarks.demand [--skus 500 5000] [--weeks 104]

Half of the SKUs sell in most weeks, half now and then. Exit code 1 if 500 SKUs take 60 s or more, or 5,000 ten minutes.
"""

from __future__ import annotations

import argparse
import sys
import time

import journeylab as jl
from journeylab.data.examples import shop_of

LIMITS = {500: 60.0, 5000: 600.0}


def simulated(skus: int, weeks: int):
    """Return a shop with an order a day and a line a SKU sold on it, by a fixed arithmetic."""
    days = 7 * weeks
    drawn = f"""SELECT i, s, hash(i * 100003 + s) % 1000 AS u, if(s % 2 = 0, 250 + s % 200, 15 + s % 60) AS chance
                FROM range({days}) t(i), range({skus}) v(s)"""
    day = "DATE '2024-07-01' + CAST(i AS INTEGER)"
    return shop_of(
        {
            "orders": f"""SELECT 'o' || i AS order_id, {day} AS day, ({day})::TIMESTAMP AS ordered_at,
                          'completed' AS status, 100.0::DECIMAL(18,4) AS net FROM range({days}) t(i)""",
            "order_lines": f"""SELECT 'o' || i AS order_id, 'SKU-' || s AS sku, 'Product ' || s AS product,
                               'category ' || (s % 12) AS category, (1 + u % 3)::DECIMAL(18,4) AS quantity,
                               (5 + s % 40)::DECIMAL(18,4) AS unit_price
                               FROM ({drawn}) WHERE u < chance""",
        }
    )


def main() -> int:
    """Print a line a shop."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--skus", type=int, nargs="+", default=[500, 5000])
    words.add_argument("--weeks", type=int, default=104)
    asked = words.parse_args()
    good = True
    for skus in asked.skus:
        shop = simulated(skus, asked.weeks)
        heard: list[float] = []
        began = time.perf_counter()
        told = jl.operations.demand(shop, progress=lambda share, _words, heard=heard: heard.append(share))
        took = time.perf_counter() - began
        shop.close()
        classes = dict(told.skus["demand_class"].value_counts())
        print(f"{skus} SKUs x {asked.weeks} weeks: {took:.1f} s, told {len(heard)} times; {classes}; {told.headline()}")
        good &= took < LIMITS.get(skus, float("inf"))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
