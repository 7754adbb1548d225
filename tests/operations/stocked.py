"""Shops with stock for the tests of ordering: SKUs whose sales, terms and counts are written down."""

from __future__ import annotations

from typing import Any

from journeylab.data.examples import shop_of

DAYS = 140
#: The day after the last order.
AS_OF = "2026-05-25"
NONE = "SELECT NULL::VARCHAR AS {} WHERE false"


def stocked(
    sales: dict[str, float],
    *,
    stock: list[tuple[Any, ...]] | None = None,
    products: list[tuple[Any, ...]] | None = None,
    lines: str = "",
):
    """Return a shop of 140 days.

    Args:
        sales: Units a day by SKU; half a unit is one every other day. What is below zero comes back.
        stock: sku, as_of, on_hand, committed, on_order, arrives_at; no table if None.
        products: sku, vendor, unit_cost, lead_time_days, lead_time_sd, moq, pack_size; no table if None.
        lines: Further rows of the order lines, as SQL that begins with UNION ALL.
    """
    each = " UNION ALL ".join(
        f"""SELECT 'o' || i AS order_id, '{sku}' AS sku, 'The {sku}' AS product,
                   (floor((i + 1) * {units}) - floor(i * {units}))::DECIMAL(18,4) AS quantity,
                   10::DECIMAL(18,4) AS unit_price FROM range({DAYS}) t(i)"""
        for sku, units in sales.items()
    )
    tables = {
        "orders": f"""
            SELECT 'o' || i AS order_id, 'c' || (i % 50) AS customer_id, 'completed' AS status,
                   DATE '2026-01-05' + i::INTEGER AS "day", (DATE '2026-01-05' + i::INTEGER)::TIMESTAMP AS ordered_at,
                   coalesce(net, 0)::DECIMAL(18,4) AS net
            FROM range({DAYS}) t(i) LEFT JOIN
                 (SELECT order_id, sum(quantity * unit_price) AS net FROM ({each} {lines}) GROUP BY 1) n
                 ON n.order_id = 'o' || i""",
        "order_lines": f"SELECT * FROM ({each} {lines}) WHERE quantity <> 0",
    }
    if stock is not None:
        rows = ", ".join(map(written, stock))
        tables["stock"] = f"""
            SELECT sku, as_of::DATE AS as_of, on_hand::DECIMAL(18,4) AS on_hand, committed::DECIMAL(18,4) AS committed,
                   on_order::DECIMAL(18,4) AS on_order, arrives_at::DATE AS arrives_at
            FROM (VALUES {rows}) t(sku, as_of, on_hand, committed, on_order, arrives_at)"""
    if products is not None:
        rows = ", ".join(map(written, products))
        tables["products"] = f"""
            SELECT sku, 'The ' || sku AS product, vendor::VARCHAR AS vendor, unit_cost::DECIMAL(18,4) AS unit_cost,
                   lead_time_days::DOUBLE AS lead_time_days, lead_time_sd::DOUBLE AS lead_time_sd,
                   moq::DECIMAL(18,4) AS moq, pack_size::DECIMAL(18,4) AS pack_size
            FROM (VALUES {rows}) t(sku, vendor, unit_cost, lead_time_days, lead_time_sd, moq, pack_size)"""
    return shop_of(tables)


def count(sku: str, on_hand: float, *, committed: float = 0, on_order: float = 0, arrives: str | None = None, at=AS_OF):
    """Return a row of the stock, counted the day before the order."""
    return (sku, at if at != AS_OF else "2026-05-24", on_hand, committed, on_order, arrives)


def written(row: tuple[Any, ...]) -> str:
    return "(" + ", ".join("NULL" if v is None else f"'{v}'" if isinstance(v, str) else str(v) for v in row) + ")"
