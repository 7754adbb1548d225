"""Shops with tests in them: made row by row from tuples, or simulated with a planted effect."""

from __future__ import annotations

import numpy as np
import pandas as pd

from journeylab.data.dataset import Dataset, observe
from journeylab.data.engine import EmbeddedEngine, literal
from journeylab.data.examples import shop_of

DAY = pd.Timestamp("2026-03-01")


def exposures(rows, experiment="fee", unit="visitor"):
    """SQL of exposures from (unit_id, variant, day counted from 0) tuples."""
    values = ", ".join(
        f"({literal(experiment)}, '{unit}', {literal(u)}, {literal(v)}, TIMESTAMP '{DAY + pd.Timedelta(days=d)}')"
        for u, v, d in rows
    )
    return f"SELECT * FROM (VALUES {values}) t(experiment, unit, unit_id, variant, exposed_at)"


def outcomes(rows, columns, experiment="fee"):
    """SQL of outcomes from (unit_id, value, …) tuples; None is a blank."""
    values = ", ".join(
        f"({literal(experiment)}, {literal(r[0])}, {', '.join('NULL' if x is None else _sql(x) for x in r[1:])})"
        for r in rows
    )
    return f"SELECT * FROM (VALUES {values}) t(experiment, unit_id, {', '.join(columns)})"


def _sql(value):
    return literal(value) if isinstance(value, str) else repr(value)


def small(exposed, measured=None, columns=("converted",)):
    """A shop with one test, from tuples."""
    tables = {"exposures": exposures(exposed)}
    if measured is not None:
        tables["outcomes"] = outcomes(measured, columns)
    return shop_of(tables)


def frames_shop(folder, frames, currency="EUR"):
    """A shop whose tables are pandas frames, put into the engine through Parquet."""
    engine = EmbeddedEngine(threads=1)
    for name, frame in frames.items():
        path = folder / f"{name}.parquet"
        frame.to_parquet(path, coerce_timestamps="us", allow_truncated_timestamps=True)
        engine.sql(f'CREATE TABLE "{name}" AS SELECT * FROM read_parquet({literal(str(path))})')
    engine.seal()
    tables = {name: engine.table(name) for name in frames}
    return Dataset(engine, tables, currency=currency, fingerprint=str(folder), observed=observe(engine, tables))


def simulated(seed=0, *, units=6000, days=20, effect=0.0, worth=(60.0, 60.0), history=600, second=0.5):
    """Frames of a shop with a test on visitors who arrive over `days`, and the orders and events around it.

    Visitors convert at 10 %, in B at 10 % times one plus `effect`. Half of A's buyers and a share of B's come with a
    discount; buyers with a discount order again with chance `second` times 0.2, others with chance `second`. `worth`
    is the net of an order without and with a discount. Before the test lie 700 days with `history` customers alike.
    """
    rng = np.random.default_rng(seed)
    variant = np.where(rng.random(units) < 0.5, "B", "A")
    exposed = DAY + pd.to_timedelta(np.sort(rng.random(units) * days), unit="D").floor("s")
    ids = np.array([f"v{i}" for i in range(units)])
    bought = rng.random(units) < 0.1 * np.where(variant == "B", 1 + effect, 1.0)
    at = exposed + pd.to_timedelta(rng.random(units) * 5, unit="D").floor("s")
    cheap = rng.random(units) < np.where(variant == "B", 0.8, 0.2)
    orders = [_orders(ids[bought], at[bought], cheap[bought], worth, "t")]
    past_at = DAY - pd.to_timedelta(rng.random(history) * 320 + 370, unit="D").floor("s")
    past_cheap = rng.random(history) < 0.5
    past = [f"p{i}" for i in range(history)]
    orders.append(_orders(np.array(past), past_at, past_cheap, worth, "p"))
    again = rng.random(history) < np.where(past_cheap, 0.2 * second, second)
    later = past_at[again] + pd.Timedelta(days=60)
    orders.append(_orders(np.array(past)[again], later, past_cheap[again], worth, "q"))
    placed = pd.concat(orders, ignore_index=True)
    placed["net"] = (placed["net"] * rng.gamma(4, 0.25, len(placed))).round(2)
    seen = pd.DataFrame({"visitor_id": ids, "occurred_at": exposed, "event": "view", "order_id": None})
    device = np.where(rng.random(units) < 0.4, "mobile", "desktop")
    done = placed[placed["order_id"].str.startswith("t")]
    ordered = pd.DataFrame(
        {
            "visitor_id": done["customer_id"],
            "occurred_at": done["ordered_at"],
            "event": "purchase",
            "order_id": done["order_id"],
        }
    )
    events = pd.concat([seen, ordered], ignore_index=True)
    events["device"] = events["visitor_id"].map(dict(zip(ids, device, strict=True)))
    for frame, column in ((events, "occurred_at"), (placed, "ordered_at")):
        frame["day"] = frame[column].dt.date
    tested = pd.DataFrame(
        {"experiment": "fee", "unit": "visitor", "unit_id": ids, "variant": variant, "exposed_at": exposed}
    )
    return {"exposures": tested, "events": events, "orders": placed}


def _orders(buyers, at, cheap, worth, prefix):
    return pd.DataFrame(
        {
            "order_id": [f"{prefix}{i}" for i in range(len(buyers))],
            "customer_id": buyers,
            "ordered_at": at,
            "status": "completed",
            "net": np.where(cheap, worth[1], worth[0]),
            "discount_code": np.where(cheap, "SALE", None),
        }
    )


def demo_store(root, folder):
    """The demo store with its four tests: orders as the reader reads them, the rest straight from its files."""
    import journeylab as jl

    read = jl.read(root / "shopify_orders.csv")
    frames = {name: read.run(read.table(name)) for name in ("orders", "order_lines")}
    read.close()
    products = pd.read_csv(root / "shopify_products.csv").drop_duplicates("Variant SKU").set_index("Variant SKU")
    lines = frames["order_lines"]
    frames["orders"]["day"] = pd.to_datetime(frames["orders"]["day"]).dt.date
    frames["order_lines"] = lines.assign(category=lines["sku"].map(products["Type"]))
    exposed = pd.read_csv(root / "exposures.csv.gz", parse_dates=["exposed_at"])
    log = pd.read_parquet(root / "events.parquet")
    at = pd.to_datetime(log["event_timestamp"], utc=True).dt.tz_localize(None)
    frames |= {
        "exposures": exposed,
        "outcomes": pd.read_csv(root / "outcomes.csv.gz"),
        "events": pd.DataFrame(
            {
                "visitor_id": log["user_pseudo_id"],
                "occurred_at": at,
                "day": at.dt.date,
                "event": log["event_name"],
                "order_id": log["transaction_id"],
                "device": log["device"],
                "marketing_channel": log["marketing_channel"],
                "country": log["country"],
            }
        ),
    }
    return frames_shop(folder, frames)
