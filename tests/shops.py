"""Shops made from the real data by hand, for tests of analyses that should not depend on the readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from journeylab.data.dataset import Dataset, observe
from journeylab.data.engine import EmbeddedEngine, literal

if TYPE_CHECKING:
    from pathlib import Path


def online_retail(shared: Path) -> Dataset:
    """The UCI Online Retail invoices as orders, by three lines of SQL."""
    path = literal(str(shared / "data" / "retail" / "online_retail.parquet"))
    return _shop(
        "orders",
        f"""SELECT InvoiceNo AS order_id, any_value(CustomerID)::VARCHAR AS customer_id, min(InvoiceDate) AS ordered_at,
                   min(InvoiceDate)::DATE AS day, if(InvoiceNo LIKE 'C%', 'cancelled', 'completed') AS status,
                   sum(Quantity * UnitPrice::DECIMAL(18, 4))::DECIMAL(18, 4) AS net, any_value(Country) AS country
            FROM {path} GROUP BY InvoiceNo""",
        currency="GBP",
    )


def simple_shop(shared: Path) -> Dataset:
    """The simulated click stream of retentioneering as events."""
    path = literal(str(shared / "data" / "clickstream" / "simple_shop.csv"))
    return _shop(
        "events",
        f"""SELECT user_id::VARCHAR AS visitor_id, timestamp::TIMESTAMP AS occurred_at, timestamp::DATE AS day, event
            FROM read_csv({path})""",
    )


def _shop(name: str, query: str, *, currency: str = "") -> Dataset:
    engine = EmbeddedEngine()
    engine.sql(f"CREATE TABLE {name} AS {query}")
    engine.seal()
    tables = {name: engine.table(name)}
    return Dataset(engine, tables, currency=currency, fingerprint=name, observed=observe(engine, tables))
