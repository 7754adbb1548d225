"""The CDNOW customers of the papers, where the file is given; the demo store's customers, and a shop that speaks."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import journeylab as jl
from journeylab.customers.customer_base import CustomerBase
from journeylab.data.dataset import Dataset, observe
from journeylab.data.engine import EmbeddedEngine
from tests.customers.voices import voices

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data"
WEEK = 7
SPLIT, END = pd.Timestamp("1997-09-30"), pd.Timestamp("1998-06-30")


@pytest.fixture(scope="session")
def cdnow(shared: Path) -> SimpleNamespace:
    """The 1/10 sample, reduced with pandas alone, so that it checks the engine's reduction too.

    `base` in weeks to 1997-09-30, `later` purchases in the 39 weeks after, and for the 946 repeaters the mean of their
    repeat purchases in calibration.
    """
    path = shared / "data" / "clv" / "CDNOW_sample.txt"
    rows = pd.read_csv(path, sep=r"\s+", header=None, names=["all_id", "id", "day", "cds", "net"], dtype={"day": str})
    rows["day"] = pd.to_datetime(rows["day"])
    days = rows.groupby(["id", "day"], as_index=False)["net"].sum()
    seen = days[days["day"] <= SPLIT]
    span = seen.groupby("id")["day"].agg(["min", "max", "size"])
    base = CustomerBase(
        span["size"] - 1, (span["max"] - span["min"]).dt.days / WEEK, (SPLIT - span["min"]).dt.days / WEEK
    )
    repeats = seen[seen["day"] > seen["id"].map(span["min"])]
    average = repeats.groupby("id")["net"].mean().reindex(span.index)
    later = days[days["day"] > SPLIT].groupby("id").size().reindex(span.index).fillna(0)
    return SimpleNamespace(
        rows=rows,
        base=base,
        later=later.to_numpy(),
        average=average.to_numpy(),
        repeater=np.asarray(base.frequency > 0),
    )


@pytest.fixture(scope="session")
def cdnow_shop(cdnow: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory):
    """The CDNOW sample as a shop, an order a row."""
    path = tmp_path_factory.mktemp("cdnow") / "orders.parquet"
    cdnow.rows.to_parquet(path)
    engine = EmbeddedEngine()
    engine.sql(
        """CREATE TABLE orders AS SELECT row_number() OVER ()::VARCHAR AS order_id, id::VARCHAR AS customer_id,
           day::TIMESTAMP AS ordered_at, day::DATE AS day, 'completed' AS status, net::DECIMAL(18,4) AS net
           FROM read_parquet(?)""",
        [str(path)],
    )
    engine.seal()
    tables = {"orders": engine.table("orders")}
    yield Dataset(engine, tables, currency="USD", fingerprint="cdnow", observed=observe(engine, tables))
    engine.close()


@pytest.fixture(scope="session")
def spoken():
    """A shop with orders that arrive, answers with comments, and support cases."""
    shop = voices()
    yield shop
    shop.close()


@pytest.fixture(scope="session")
def demo_customers():
    """The demo store without its events, which take longest to read and say nothing of feedback."""
    names = ("shopify_orders", "shopify_products", "customers", "surveys", "tickets")
    shop = jl.read(*(SAMPLE / f"{name}.csv" for name in names), time_zone="Europe/Berlin", key=b"demo store")
    yield shop
    shop.close()
