"""How long a Shopify orders CSV of a million lines takes, against DuckDB's own read_csv into a table.

Run `python tests/benchmarks/read_shopify.py [lines]`. Each side runs in a process of its own, in turn, on the same
file; what is printed is the ratio of the medians and the peak of the reader's memory.
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HEADER = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,"
    "Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,"
    "Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,"
    "Lineitem fulfillment status,Billing Name,Billing Street,Billing Address1,Billing Address2,Billing Company,"
    "Billing City,Billing Zip,Billing Province,Billing Country,Billing Phone,Shipping Name,Shipping Street,"
    "Shipping Address1,Shipping Address2,Shipping Company,Shipping City,Shipping Zip,Shipping Province,"
    "Shipping Country,Shipping Phone,Notes,Note Attributes,Cancelled at,Payment Method,Payment Reference,"
    "Refunded Amount,Vendor,Outstanding Balance,Employee,Location,Device ID,Id,Tags,Risk Level,Source,"
    "Lineitem discount,Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,Tax 3 Name,Tax 3 Value,Tax 4 Name,Tax 4 Value,"
    "Tax 5 Name,Tax 5 Value,Phone,Receipt Number,Duties,Billing Province Name,Shipping Province Name,Payment ID,"
    "Payment Terms Name,Next Payment Due At,Payment References"
)

DUCKDB = """
import duckdb, json, resource, sys, tempfile, time
with tempfile.TemporaryDirectory() as folder:
    start = time.perf_counter()
    with duckdb.connect(folder + "/t.duckdb") as con:
        con.execute("SET enable_progress_bar = false")
        con.execute("CREATE TABLE t AS SELECT * FROM read_csv(?)", [sys.argv[1]])
        rows = con.execute("SELECT count(*) FROM t").fetchone()[0]
    seconds = time.perf_counter() - start
print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, rows]))
"""
READER = """
import json, resource, sys, time
import journeylab as jl
jl.read(sys.argv[2], time_zone="Europe/Berlin").close()
start = time.perf_counter()
shop = jl.read(sys.argv[1], time_zone="Europe/Berlin")
seconds = time.perf_counter() - start
rows = int(shop.run(shop.table("order_lines").count().as_table()).iloc[0, 0])
shop.close()
print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, rows]))
"""


def write(path: Path, lines: int, seed: int = 7) -> None:
    """Write an export with the columns of the real one: two lines an order on average, as in a small shop."""
    chance = random.Random(seed)
    columns = HEADER.split(",")
    place = {name: index for index, name in enumerate(columns)}
    written = order = 0
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER + "\n")
        while written < lines:
            order += 1
            day = f"{2024 + order % 2}-{1 + order % 12:02d}-{1 + order % 28:02d}"
            when = f"{day} {order % 24:02d}:{order % 60:02d}:{order * 7 % 60:02d} +0{1 + order % 2}00"
            items = [(chance.randrange(1, 4), chance.randrange(300)) for _ in range(chance.choice((1, 1, 2, 4)))]
            subtotal = sum(n * (5 + item % 40) for n, item in items)
            customer = chance.randrange(1, 200_000)
            for number, (n, item) in enumerate(items[: lines - written]):
                cells = [""] * len(columns)
                values = {
                    "Name": f"#{1000 + order}",
                    "Email": f"person{customer}@example.com",
                    "Created at": when,
                    "Lineitem quantity": str(n),
                    "Lineitem name": f'"Thing {item}, large"',
                    "Lineitem price": f"{5 + item % 40}.00",
                    "Lineitem sku": f"SKU-{item:04d}",
                    "Lineitem requires shipping": "true",
                    "Lineitem taxable": "true",
                    "Lineitem fulfillment status": "fulfilled",
                    "Vendor": "Example",
                    "Lineitem discount": "0.00",
                }
                if number == 0:
                    values |= {
                        "Financial Status": "paid" if order % 50 else "refunded",
                        "Paid at": when,
                        "Fulfillment Status": "fulfilled",
                        "Fulfilled at": when,
                        "Accepts Marketing": "yes" if order % 3 else "no",
                        "Currency": "EUR",
                        "Subtotal": f"{subtotal}.00",
                        "Shipping": "4.90",
                        "Taxes": f"{(subtotal + 4.9) * 19 / 119:.2f}",
                        "Total": f"{subtotal + 4.9:.2f}",
                        "Discount Amount": "0.00",
                        "Shipping Method": "Standard",
                        "Billing Name": f"Person {customer}",
                        "Billing Street": f"Example Street {customer}",
                        "Billing City": "Berlin",
                        "Billing Zip": "10115",
                        "Billing Country": "DE",
                        "Billing Phone": "+49 30 000000",
                        "Shipping Name": f"Person {customer}",
                        "Shipping Street": f"Example Street {customer}",
                        "Shipping City": "Berlin",
                        "Shipping Zip": "10115",
                        "Shipping Country": "DE",
                        "Payment Method": "Shopify Payments",
                        "Payment Reference": f"c{order}.1",
                        "Refunded Amount": "0.00" if order % 50 else f"{subtotal}.00",
                        "Outstanding Balance": "0.00",
                        "Id": str(6_000_000_000_000 + order),
                        "Risk Level": "Low",
                        "Source": "web",
                        "Tax 1 Name": "VAT 19%",
                        "Tax 1 Value": f"{(subtotal + 4.9) * 19 / 119:.2f}",
                    }
                for name, value in values.items():
                    cells[place[name]] = value
                file.write(",".join(cells) + "\n")
                written += 1


def run(script: str, *arguments: str) -> list[float]:
    """Run a script in a process of its own and return what it printed."""
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def main(lines: int = 1_000_000, rounds: int = 3) -> None:
    """Write the file, measure both sides in turn, and print the ratio."""
    with tempfile.TemporaryDirectory() as folder:
        path, small = Path(folder) / "orders.csv", Path(folder) / "small.csv"
        write(path, lines)
        write(small, 10)
        print(f"{lines:,} lines, {path.stat().st_size / 2**20:,.0f} MB, {len(HEADER.split(','))} columns")
        ours, theirs = [], []
        for _ in range(rounds):
            theirs.append(run(DUCKDB, str(path)))
            ours.append(run(READER, str(path), str(small)))
        assert all(row[2] == lines for row in ours + theirs)
        seconds = [statistics.median(row[0] for row in side) for side in (ours, theirs)]
        print(f"reader {seconds[0]:.2f} s, read_csv into a table {seconds[1]:.2f} s")
        print(f"ratio {seconds[0] / seconds[1]:.2f} (at most 3)")
        print(f"peak memory of the reader {max(row[1] for row in ours):.2f} GiB (at most 1.2 GB)")


if __name__ == "__main__":
    main(*(int(argument.replace("_", "")) for argument in sys.argv[1:]))
