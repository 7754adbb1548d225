"""A small shop for the engines: the canonical tables the suite reads, from a seed, with what shops really have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from journeylab.data import schema
from journeylab.data.dataset import Dataset, observe
from journeylab.data.engine import EmbeddedEngine

if TYPE_CHECKING:
    from pathlib import Path

ZONE = "Europe/Berlin"
STATUSES = ("completed", "refunded", "cancelled", "voided", "test")
EVENTS = ("product_view", "add_to_cart", "checkout", "purchase")


def small_shop(folder: Path) -> Dataset:
    """Return a shop of four months, with guests, cancellations, two currencies, returns, and orders near midnight."""
    rng = np.random.default_rng(20)
    return embed(folder, {**_orders(rng), **_events(rng)}, currency="EUR")


def embed(folder: Path, frames: dict[str, pd.DataFrame], *, currency: str = "", time_zone: str = ZONE) -> Dataset:
    """Return a shop on the embedded engine from a frame for each canonical table, through Parquet files in `folder`."""
    engine, tables = EmbeddedEngine(folder), {}
    for name, frame in frames.items():
        path = folder / f"{name}.parquet"
        pq.write_table(pa.Table.from_pandas(frame, schema=_arrow(name, frame), preserve_index=False), path)
        engine.sql(f"CREATE TABLE {name} AS SELECT * FROM read_parquet(?)", [str(path)])
        tables[name] = engine.table(name)
    engine.seal()
    return Dataset(
        engine,
        tables,
        currency=currency,
        time_zone=time_zone,
        fingerprint=f"shop-{id(engine)}",
        observed=observe(engine, tables),
    )


def _arrow(name: str, frame: pd.DataFrame) -> pa.Schema:
    """Return the Arrow schema of a canonical table; further columns of an open-ended one keep the frame's types."""
    kinds = {
        "string": pa.string(),
        schema.MONEY: pa.decimal128(18, 4),
        schema.TIME: pa.timestamp("us"),
        "date": pa.date32(),
        "int64": pa.int64(),
        "float64": pa.float64(),
        "boolean": pa.bool_(),
    }
    known = schema.table(name).by_name
    guessed = pa.Schema.from_pandas(frame, preserve_index=False)
    return pa.schema(
        [(column, kinds[known[column].dtype] if column in known else guessed.field(column).type) for column in frame]
    )


def _times(rng: np.random.Generator, n: int) -> tuple[pd.Series, pd.Series]:
    """Return UTC times from December to March, many near midnight and over the change of clocks, and days in Berlin."""
    start = pd.Timestamp("2025-12-01")
    hours = 24 * rng.integers(0, 121, n) + np.where(rng.random(n) < 0.3, 23.4, rng.integers(0, 24, n))
    utc = pd.Series(start + pd.to_timedelta(np.round(hours * 3600), unit="s")).dt.floor("s")
    return utc, utc.dt.tz_localize("UTC").dt.tz_convert(ZONE).dt.date


def _money(values: np.ndarray) -> list[str]:
    from decimal import Decimal

    return [Decimal(f"{value:.2f}") for value in values]


def _orders(rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    n = 400
    utc, day = _times(rng, n)
    customers = rng.integers(0, 90, n)
    net = np.round(rng.lognormal(3.4, 0.8, n), 2)
    net[rng.random(n) < 0.03] = 0
    orders = pd.DataFrame({
        "order_id": [f"#{1000 + i}" for i in range(n)],
        "customer_id": [None if rng.random() < 0.1 else f"c{c:03d}" for c in customers],
        "ordered_at": utc,
        "day": day,
        "status": rng.choice(STATUSES, n, p=[0.85, 0.05, 0.05, 0.03, 0.02]),
        "net": _money(net),
        "refunded": _money(np.where(rng.random(n) < 0.05, np.round(net / 2, 2), 0)),
        "currency": rng.choice(["EUR", "CHF"], n, p=[0.97, 0.03]),
        "marketing_channel": rng.choice(["email", "search", "social"], n),
        "country": rng.choice(["DE", "AT"], n),
    })  # fmt: skip
    lines = orders.loc[orders.index.repeat(rng.integers(1, 4, n)), ["order_id"]].reset_index(drop=True)
    sku = rng.integers(0, 25, len(lines))
    lines = lines.assign(
        sku=[f"SKU-{s:02d}" for s in sku],
        product=[f"Product {s}" for s in sku],
        quantity=_money(rng.choice([1, 2, 3, -1], len(lines), p=[0.7, 0.2, 0.05, 0.05])),
        unit_price=_money(5 + sku * 1.5),
    )
    known = sorted(orders.customer_id.dropna().unique())
    people = pd.DataFrame({"customer_id": known, "country": rng.choice(["DE", "AT", None], len(known))})
    return {
        "orders": orders,
        "order_lines": lines,
        "customers": people.assign(accepts_marketing=rng.random(len(known)) < 0.5),
    }


def _events(rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    n = 3000
    utc, day = _times(rng, n)
    visitors = rng.integers(0, 250, n)
    device = rng.choice(["desktop", "mobile"], 250)
    events = pd.DataFrame(
        {
            "visitor_id": [f"v{v:03d}" for v in visitors],
            "occurred_at": utc,
            "day": day,
            "event": rng.choice(EVENTS, n, p=[0.6, 0.2, 0.12, 0.08]),
            "device": device[visitors],
            "marketing_channel": rng.choice(["email", "search", "social"], n),
        }
    )
    return {"events": events}


def visits_that_ask() -> dict[str, pd.DataFrame]:
    """Return events of visits with searches, loads, a checkout with properties; answers and support cases."""
    rng = np.random.default_rng(31)
    rows = []
    for visit in range(400):
        begin, who = pd.Timestamp("2026-01-01") + pd.Timedelta(hours=int(visit)), f"v{visit % 300}"
        told = {"visitor_id": who, "device": ("mobile", "desktop")[visit % 2], "customer_id": None}
        told |= {"customer_id": f"c{visit}"} if visit % 3 == 0 else {}
        names = ["view", "search", "view", "cart", "begin_checkout", "add_payment_info", "purchase"]
        for step, name in enumerate(names[: rng.integers(1, 8)]):
            page = f"/products/p{rng.integers(7)}" if name == "view" else f"/{name}"
            row = {**told, "occurred_at": begin + pd.Timedelta(minutes=int(step // 2)), "event": name, "page": page}
            if name == "search":
                row |= {"query": (" Mug", "jug")[rng.integers(2)], "results": int(rng.integers(2))}
            if name == "begin_checkout":
                row |= {"properties": f'{{"shipping_fee":"{rng.integers(3)}"}}'}
            if name == "add_payment_info":
                row |= {"properties": '{"payment_method":"card"}'}
            rows.append(row | {"load_ms": float(rng.integers(1, 50) * 100)})
    events = pd.DataFrame(rows)
    events["day"] = events["occurred_at"].dt.date
    events["results"] = events["results"].astype("Int64")
    at = pd.Timestamp("2026-01-05")
    surveys = pd.DataFrame({"response_id": [f"r{i}" for i in range(200)], "answered_at": at, "day": at.date()})
    surveys = surveys.assign(kind=["csat", "nps"] * 100, scale=[5.0, 10.0] * 100, score=rng.integers(0, 6, 200) * 1.0)
    surveys["touchpoint"] = np.where(surveys.index % 4 < 2, "delivery", "website")
    tickets = pd.DataFrame({"ticket_id": [f"t{i}" for i in range(120)], "opened_at": at})
    tickets = tickets.assign(topic=["delivery", "payment", "return"] * 40, satisfied=rng.random(120) < 0.6)
    return {"events": events, "surveys": surveys, "tickets": tickets}
