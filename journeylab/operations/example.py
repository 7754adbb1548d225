"""A shop with a shelf, for examples in docstrings: a mug that sells, and a bowl that hardly does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from journeylab.data.examples import shop_of

if TYPE_CHECKING:
    from journeylab.data.dataset import Dataset


def shelf_shop() -> Dataset:
    """Return twenty weeks in which four mugs a day and a bowl every fifth day are sold, with stock and costs."""
    return shop_of(
        {
            "orders": """
                SELECT 'o' || i AS order_id, 'c' || (i % 60) AS customer_id, 'completed' AS status,
                       DATE '2026-01-05' + i::INTEGER AS "day",
                       (DATE '2026-01-05' + i::INTEGER)::TIMESTAMP AS ordered_at,
                       (40 + CASE WHEN i % 5 = 0 THEN 20 ELSE 0 END)::DECIMAL(18,4) AS net
                FROM range(140) t(i)""",
            "order_lines": """
                SELECT 'o' || i AS order_id, 'mug' AS sku, 'Mug' AS product, 4::DECIMAL(18,4) AS quantity,
                       10::DECIMAL(18,4) AS unit_price FROM range(140) t(i)
                UNION ALL SELECT 'o' || i, 'bowl', 'Bowl', 1, 20 FROM range(0, 140, 5) t(i)""",
            "products": """
                SELECT sku, upper(sku[1]) || sku[2:] AS product, 'Pottery' AS vendor, cost::DECIMAL(18,4) AS unit_cost,
                       pack::DECIMAL(18,4) AS pack_size
                FROM (VALUES ('mug', 4, 6), ('bowl', 9, 1)) t(sku, cost, pack)""",
            "stock": """
                SELECT sku, DATE '2026-05-24' AS as_of, units::DECIMAL(18,4) AS on_hand
                FROM (VALUES ('mug', 15), ('bowl', 200)) t(sku, units)""",
        }
    )
