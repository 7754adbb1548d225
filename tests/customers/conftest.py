"""The CDNOW customers of the papers, where the file is given."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from journeylab.customers.customer_base import CustomerBase
from journeylab.data.dataset import Dataset, observe
from journeylab.data.engine import EmbeddedEngine

if TYPE_CHECKING:
    from pathlib import Path

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
