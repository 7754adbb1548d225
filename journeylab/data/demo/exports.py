"""Writes a simulated shop as the exports a real shop would have: byte for byte the same each time."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from journeylab.data.demo import customers, events, experiments, messages
from journeylab.data.demo.feedback import survey_table
from journeylab.data.demo.headers import SHOPIFY_INVENTORY, SHOPIFY_PRODUCTS
from journeylab.data.demo.readme import readme
from journeylab.data.demo.shopify import order_rows
from journeylab.data.demo.truths import truths

if TYPE_CHECKING:
    from collections.abc import Iterable

    from journeylab.data.demo.store import Store


def write(store: Store, folder: str | Path) -> dict[str, Path]:
    """Write every file of the shop into `folder`, and return their paths by name."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    clock = store.clock
    email = store.customers["email"].to_numpy()
    tables: dict[str, Iterable[pd.DataFrame]] = {
        "shopify_orders.csv": order_rows(store),
        "shopify_products.csv": [_products(store)],
        "shopify_inventory.csv": [_inventory(store)],
        "purchasing.csv": [_purchasing(store)],
        "stock_history.csv.gz": [store.stock],
        "customers.csv": [customers.table(store.plan, clock, store.customers, _known(store))],
        "exposures.csv.gz": [experiments.exposures(clock, store.units, store.visitor_names)],
        "outcomes.csv.gz": [experiments.outcomes(store.units, store.visitor_names)],
        "surveys.csv": [survey_table(clock, store.surveys)],
        "tickets.csv": [store.tickets],
        "spend.csv": [store.spend],
        "klaviyo_campaigns.csv": [store.campaigns],
        "contacts.csv.gz": messages.contact_rows(clock, store.sent, email),
        "promotions.csv": [_promotions(store)],
    }
    paths = {name: folder / name for name in (*tables, "events.parquet", "truths.json", "README.md")}
    for name, frames in tables.items():
        _write_csv(paths[name], frames)
    tally = _write_events(store, paths["events.parquet"])
    found = truths(store, tally)
    paths["truths.json"].write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    paths["README.md"].write_text(readme(store, found, folder), encoding="utf-8")
    return paths


def _write_csv(path: Path, frames: Iterable[pd.DataFrame]) -> None:
    """Write frames one under the other; money with two decimals, gzip without a time or a name in it."""
    with path.open("wb") as raw:
        packed = (
            gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=9, mtime=0)
            if path.suffix == ".gz"
            else None
        )
        text = io.TextIOWrapper(packed or raw, encoding="utf-8", newline="")
        for number, frame in enumerate(frames):
            frame.to_csv(
                text,
                index=False,
                header=number == 0,
                lineterminator="\n",
                float_format="%.2f",
                quoting=csv.QUOTE_MINIMAL,
            )
        text.close()


def _write_events(store: Store, path: Path) -> dict[str, int]:
    """Write the events as Parquet, a row group a chunk, and return how many there are of each."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema(
        [
            (name, getattr(pa, kind)() if kind != "time" else pa.timestamp("us", tz="UTC"))
            for name, kind in EVENT_COLUMNS
        ]
    )
    tally: dict[str, int] = {}
    plain = ["event_timestamp", "ga_session_id"]
    options = {
        "compression": "zstd",
        "compression_level": 12,
        "use_dictionary": [name for name, _ in EVENT_COLUMNS if name not in plain],
        "column_encoding": dict.fromkeys(plain, "DELTA_BINARY_PACKED"),
    }
    with pq.ParquetWriter(path, schema, **options) as writer:
        for frame in events.chunks(store):
            table = pa.table(
                {name: pa.array(frame[name]).cast(schema.field(name).type) for name in schema.names}, schema=schema
            )
            writer.write_table(table, row_group_size=1_000_000)
            for name, count in frame["event_name"].value_counts().items():
                tally[str(name)] = tally.get(str(name), 0) + int(count)
    return tally


#: The columns of the events file with their types, in order.
EVENT_COLUMNS = (
    ("event_timestamp", "time"),
    ("event_name", "string"),
    ("user_pseudo_id", "string"),
    ("user_id", "string"),
    ("ga_session_id", "int64"),
    ("page", "string"),
    ("marketing_channel", "string"),
    ("device", "string"),
    ("country", "string"),
    ("sku", "string"),
    ("transaction_id", "string"),
    ("value", "float64"),
    ("search_term", "string"),
    ("search_results", "int32"),
    ("load_ms", "int32"),
    ("payment_method", "string"),
    ("shipping_fee", "float32"),
    ("fee_first_shown", "string"),
)


def _known(store: Store) -> pd.DataFrame:
    return store.orders[store.orders["customer"] >= 0]


def _blank(header: tuple[str, ...], n: int) -> dict[str, object]:
    return {name: np.full(n, "", dtype=object) for name in header}


def _products(store: Store) -> pd.DataFrame:
    """The product export: one variant a product."""
    p = store.products
    rows = _blank(SHOPIFY_PRODUCTS, len(p))
    rows |= {
        "Handle": p["handle"], "Title": p["product"], "Vendor": p["vendor"], "Type": p["category"], "Published": "true",
        "Option1 Name": "Title", "Option1 Value": "Default Title", "Variant SKU": p["sku"],
        "Variant Inventory Tracker": "shopify", "Variant Inventory Policy": "deny",
        "Variant Fulfillment Service": "manual", "Variant Price": p["price"], "Variant Requires Shipping": "true",
        "Variant Taxable": "true", "Gift Card": "false", "Variant Weight Unit": "g", "Cost per item": p["unit_cost"],
        "Status": "active",
    }  # fmt: skip
    return pd.DataFrame(rows)[list(SHOPIFY_PRODUCTS)]


def _inventory(store: Store) -> pd.DataFrame:
    """The inventory export on the last day, at the shop and at a warehouse that stocks a few SKUs only."""
    last = store.stock.drop_duplicates("sku", keep="last").set_index("sku").reindex(store.products["sku"])
    known = last["on_hand"].notna().to_numpy()
    on_hand = last["on_hand"].fillna(0).to_numpy().astype(int)
    committed = np.minimum(on_hand, np.arange(len(on_hand)) % 4)
    incoming = last["on_order"].fillna(0).to_numpy().astype(int)
    frames = []
    for location, here in (("Berlin", known), ("Warehouse", np.zeros(len(known), dtype=bool))):
        rows = _blank(SHOPIFY_INVENTORY, len(on_hand))
        rows |= {
            "Handle": store.products["handle"], "Title": store.products["product"], "Option1 Name": "Title",
            "Option1 Value": "Default Title", "SKU": store.products["sku"], "Location": location,
            "Incoming (not editable)": np.where(here, incoming, 0), "Unavailable (not editable)": 0,
            "Committed (not editable)": np.where(here, committed, 0),
            "Available (not editable)": np.where(here, (on_hand - committed).astype(str), "not stocked"),
            "On hand (current)": np.where(here, on_hand.astype(str), ""),
        }  # fmt: skip
        frames.append(pd.DataFrame(rows)[list(SHOPIFY_INVENTORY)])
    return pd.concat(frames, ignore_index=True)


def _purchasing(store: Store) -> pd.DataFrame:
    """The list of products as the shop's buyer keeps it: with lead times, smallest orders and pack sizes."""
    return store.products[
        [
            "sku",
            "product",
            "category",
            "vendor",
            "price",
            "unit_cost",
            "lead_time_days",
            "lead_time_sd",
            "moq",
            "pack_size",
        ]
    ]


def _promotions(store: Store) -> pd.DataFrame:
    plan, clock = store.plan, store.clock
    rows = []
    for p in plan.promotions:
        first = plan.day_ago(p.ago)
        if first >= 0:
            rows.append([p.name, *clock.dates(np.array([first, first + p.days - 1])), p.category, p.discount])
    return pd.DataFrame(rows, columns=["name", "starts", "ends", "category", "discount"])
