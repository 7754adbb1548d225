"""Which lines of Shopify's export of orders belong to which order, in one file and over several.

An order is its name and time of creation, because names repeat where shops were merged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from journeylab.data.engine import literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from journeylab.data.readers.desk import Desk
    from journeylab.data.readers.files import Raw

#: Why a line has no place in time, and why it could not be given that of its order.
UNTIMED = "without a time"
UNTOLD = "without a time, under a name that several orders have"


def with_their_orders(desk: Desk, rows: str) -> str:
    """Return the rows where a further line without a time has that of the one order of its name in its file."""
    untimed = f"NOT head AND aside = {literal(UNTIMED)}"
    ((some,),) = desk.sql(f"SELECT count(*) FROM {rows} WHERE {untimed}")
    if not some:
        return rows
    return desk.keep(
        "shopify rows with their orders",
        f"""WITH orders AS (
                SELECT source, name, min(placed) AS of_order, min(day) AS of_day, count(DISTINCT placed) AS alike
                FROM {rows} WHERE head AND aside IS NULL GROUP BY source, name)
            SELECT r.* REPLACE (if({untimed} AND alike = 1, of_order, placed) AS placed,
                                if({untimed} AND alike = 1, of_day, day) AS day,
                                CASE WHEN {untimed} AND alike = 1 THEN NULL
                                     WHEN {untimed} AND alike > 1 THEN {literal(UNTOLD)} ELSE aside END AS aside,
                                coalesce({untimed} AND alike = 1, false) AS joined)
            FROM {rows} r LEFT JOIN orders USING (source, name)""",
    )


def without_overlap(desk: Desk, raws: Sequence[Raw], rows: str) -> str:
    """Return the rows where an order that several exports carry counts in the newest of them only, or the last."""
    if len(raws) == 1:
        return rows
    twice = desk.keep(
        "shopify overlap",
        f"""WITH ages AS (SELECT source, max(placed) AS newest FROM {rows} GROUP BY source)
            SELECT name, placed, arg_max(source, (newest, source)) AS kept
            FROM {rows} JOIN ages USING (source)
            WHERE head AND aside IS NULL GROUP BY name, placed HAVING count(DISTINCT source) > 1""",
    )
    ((overlapping,),) = desk.sql(f"SELECT count(*) FROM {twice}")
    desk.by_order = desk.by_order or overlapping > 0
    return desk.keep(
        "shopify rows once",
        f"""SELECT r.* REPLACE (CASE WHEN kept <> source THEN 'of an order that a newer file has too' ELSE aside END
                                AS aside) FROM {rows} r LEFT JOIN {twice} USING (name, placed)""",
    )


def repeated(gathered: str) -> str:
    """Return the query of orders whose name another order has too, with an order_id of their own."""
    return f"""SELECT name, placed, name || ' · ' || if(alike = 1 AND id IS NOT NULL, id,
                      strftime(placed, '%Y-%m-%d %H:%M:%S')) AS order_id
               FROM (SELECT name, placed, id, count(*) OVER (PARTITION BY name, id) AS alike FROM {gathered}
                     WHERE name IN (SELECT name FROM {gathered} GROUP BY name HAVING count(*) > 1))"""
