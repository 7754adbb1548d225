"""Shops with tests in them: made row by row from tuples, or simulated with a planted effect."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from journeylab.data.dataset import Dataset, observe
from journeylab.data.engine import EmbeddedEngine, literal

DAY = pd.Timestamp("2026-03-01")


def small(exposed, measured=None, columns=("converted",)):
    """A shop with one test: exposures as (unit_id, variant, day from 0), outcomes as (unit_id, value, …)."""
    tested = pd.DataFrame(exposed, columns=["unit_id", "variant", "exposed_at"])
    tested["exposed_at"] = DAY + pd.to_timedelta(tested["exposed_at"], unit="D")
    frames = {"exposures": tested.assign(experiment="fee", unit="visitor")}
    if measured is not None:
        frames["outcomes"] = pd.DataFrame(measured, columns=["unit_id", *columns]).assign(experiment="fee")
    with tempfile.TemporaryDirectory() as folder:
        return frames_shop(Path(folder), frames)


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
