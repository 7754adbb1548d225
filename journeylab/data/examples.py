"""A shop of four orders, for examples in docstrings and quick tries; nothing is read from disk."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from journeylab.data.dataset import Dataset, observe
from journeylab.data.engine import EmbeddedEngine

if TYPE_CHECKING:
    from collections.abc import Mapping


def shop_of(tables: Mapping[str, str], *, currency: str = "EUR") -> Dataset:
    """Return a Dataset whose tables are made by SQL queries, such as a VALUES list.

    Args:
        tables: Canonical table names and the queries that give their rows.
        currency: Of all money.
    """
    engine = EmbeddedEngine(threads=1)
    for name, query in tables.items():
        engine.sql(f'CREATE TABLE "{name}" AS {query}')
    engine.seal()
    expressions = {name: engine.table(name) for name in tables}
    return Dataset(engine, expressions, currency=currency, fingerprint="example", observed=observe(engine, expressions))


def empty_shop() -> Dataset:
    """Return a shop without any table, for what can be answered from figures that are typed in."""
    lines = ("from journeylab.data.examples import empty_shop", "shop = empty_shop()")
    return replace(shop_of({}, currency=""), calls=lines, fingerprint="empty")


def tiny_shop() -> Dataset:
    """Return four orders of two customers and the six events around them, January and February 2026."""
    return shop_of(
        {
            "orders": """
                SELECT order_id, customer_id, day::TIMESTAMP AS ordered_at, day::DATE AS day, 'completed' AS status,
                       net::DECIMAL(18,4) AS net
                FROM (VALUES ('1', 'a', '2026-01-01', 20), ('2', 'b', '2026-01-15', 40), ('3', 'a', '2026-02-01', 30),
                             ('4', 'a', '2026-02-28', 30)) t(order_id, customer_id, day, net)""",
            "events": """
                SELECT visitor_id, moment::TIMESTAMP AS occurred_at, moment::DATE AS day, event
                FROM (VALUES ('v', '2026-01-01 10:00', 'view'), ('v', '2026-01-01 10:05', 'cart'),
                             ('v', '2026-01-01 10:09', 'purchase'), ('w', '2026-01-15 09:00', 'view'),
                             ('w', '2026-01-15 09:30', 'cart'), ('x', '2026-02-01 12:00', 'view')
                     ) t(visitor_id, moment, event)""",
        }
    )


def regulars_shop() -> Dataset:
    """Return a year of orders of 150 customers who buy at rates of their own and may stop, by a fixed arithmetic."""
    return shop_of(
        {
            "orders": """
                WITH people AS (
                    SELECT i, i * 37 % 200 AS starts, 5 + i * i * 13 % 90 AS gap, (i * 7919 % 10) + 1 AS most
                    FROM range(150) t(i)
                ), days AS (
                    SELECT i, k, DATE '2025-01-01' + CAST(starts + k * gap + (i * 31 + k * 17) % 5 AS INTEGER) AS day
                    FROM people, range(0, 12) s(k) WHERE k < most
                )
                SELECT i || '-' || k AS order_id, 'c' || i AS customer_id, day::TIMESTAMP AS ordered_at, day,
                       'completed' AS status, (20 + i * 11 % 60 + (i + k) * 7 % 9)::DECIMAL(18,4) AS net
                FROM days WHERE day <= DATE '2025-12-31'"""
        }
    )


def answers_shop() -> Dataset:
    """Return 300 answers without any order: NPS, CSAT and stars on two touchpoints, with comments, early 2026."""
    return shop_of(
        {
            "surveys": """
                SELECT 'r' || i AS response_id, 'c' || (i % 120) AS customer_id,
                       TIMESTAMP '2026-01-01 12:00' + INTERVAL 6 HOUR * i AS answered_at,
                       (TIMESTAMP '2026-01-01 12:00' + INTERVAL 6 HOUR * i)::DATE AS day,
                       CASE WHEN i % 10 < 6 THEN 'nps' WHEN i % 10 < 9 THEN 'csat' ELSE 'stars' END AS kind,
                       CASE WHEN i % 10 < 6 THEN [9, 10, 6, 8, 3, 10, 7][1 + i % 7] ELSE 1 + i * 7 % 5 END::DOUBLE
                       AS score,
                       CASE WHEN i % 10 < 6 THEN 10 ELSE 5 END::DOUBLE AS scale,
                       CASE WHEN i % 3 = 0 THEN NULL WHEN i % 7 IN (2, 4) THEN ['the parcel came late', 'delivery was '
                       || 'slow', 'late delivery again'][1 + i % 3] ELSE ['lovely coffee beans', 'the coffee is fresh',
                       'beans and coffee as always'][1 + i % 3] END AS comment,
                       CASE WHEN i % 7 IN (2, 4) THEN 'delivery' ELSE 'product' END AS touchpoint,
                       i % 4 = 0 AS incentive
                FROM range(300) t(i)"""
        },
        currency="",
    )


def stocked_shop() -> Dataset:
    """Return 30 weeks of order lines of two SKUs, one sold each day and one now and then, by a fixed arithmetic."""
    days = "SELECT i, DATE '2025-06-02' + CAST(i AS INTEGER) AS day FROM range(210) t(i)"
    return shop_of(
        {
            "orders": f"""
                SELECT i::VARCHAR AS order_id, day::TIMESTAMP AS ordered_at, day, 'completed' AS status,
                       30.0::DECIMAL(18,4) AS net FROM ({days})""",
            "order_lines": f"""
                SELECT i::VARCHAR AS order_id, 'CUP' AS sku, 'Cup' AS product, 'Ceramics' AS category,
                       (2 + i * 7 % 3)::DECIMAL(18,4) AS quantity, 9.0::DECIMAL(18,4) AS unit_price FROM ({days})
                UNION ALL
                SELECT i::VARCHAR, 'POT', 'Pot', 'Ceramics', (1 + i % 2)::DECIMAL(18,4), 20.0::DECIMAL(18,4)
                FROM ({days}) WHERE i * i % 11 = 4""",
        }
    )
