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


def bulky_retail(shared: Path, *, best: int = 200, most: int = 30) -> Dataset:
    """Of the `best` SKUs of UCI Online Retail by money, the `most` whose largest week is most of all they sold.

    A SKU's lines of a day are one order.
    """
    path = literal(str(shared / "data" / "retail" / "online_retail.parquet"))
    lines = f"""
        WITH rows AS (SELECT StockCode AS sku, InvoiceDate::DATE AS day, greatest(sum(Quantity), 0) AS units,
                             sum(Quantity * UnitPrice) AS net, if(Quantity < 0, 'back', 'sold') AS what
                      FROM {path} WHERE length(StockCode) BETWEEN 5 AND 7 AND UnitPrice > 0 GROUP BY ALL),
             weeks AS (SELECT sku, sum(net) AS net, sum(units) AS units FROM rows
                       GROUP BY sku, date_trunc('week', day)),
             skus AS (SELECT sku, sum(net) AS net, max(units) / sum(units) AS bulk FROM weeks GROUP BY sku
                      ORDER BY net DESC LIMIT {best}),
             chosen AS (SELECT sku FROM skus ORDER BY bulk DESC, sku LIMIT {most})
        SELECT sku || day AS order_id, sku, sku AS product, day, units FROM rows SEMI JOIN chosen USING (sku)
        WHERE what = 'sold'"""
    engine = EmbeddedEngine()
    engine.sql(f"""CREATE TABLE orders AS SELECT order_id, day, day::TIMESTAMP AS ordered_at, 'completed' AS status,
                   units::DECIMAL(18, 4) AS net FROM ({lines})""")
    engine.sql(f"""CREATE TABLE order_lines AS SELECT order_id, sku, product, units::DECIMAL(18, 4) AS quantity,
                   1::DECIMAL(18, 4) AS unit_price FROM ({lines})""")
    engine.seal()
    tables = {name: engine.table(name) for name in ("orders", "order_lines")}
    return Dataset(engine, tables, currency="GBP", fingerprint="bulky", observed=observe(engine, tables))


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
