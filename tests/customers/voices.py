"""A shop whose customers speak: orders that arrive, answers with comments, support cases; by a fixed arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from journeylab.data.examples import shop_of

if TYPE_CHECKING:
    from journeylab.data.dataset import Dataset

_DAYS = """WITH people AS (
        SELECT i, i * 37 % 200 AS starts, 5 + i * i * 13 % 90 AS gap, (i * 7919 % 10) + 1 AS most FROM range(150) t(i)
    ), days AS (
        SELECT i, k, DATE '2025-01-01' + CAST(starts + k * gap + (i * 31 + k * 17) % 5 AS INTEGER) AS day
        FROM people, range(0, 12) s(k) WHERE k < most
    ) """
_ORDERS = f"""{_DAYS}
    SELECT i || '-' || k AS order_id, 'c' || i AS customer_id, day::TIMESTAMP AS ordered_at, day,
           'completed' AS status, (20 + i * 11 % 60 + (i + k) * 7 % 9)::DECIMAL(18,4) AS net,
           ['web', 'till'][1 + (i + k) % 2] AS sales_channel,
           CASE WHEN k % 5 < 4 THEN day::TIMESTAMP + INTERVAL 1 DAY * (2 + i % 6) END AS delivered_at
    FROM days WHERE day <= DATE '2025-12-31'"""
_ASKED = """SELECT *, row_number() OVER (ORDER BY i, k) AS r FROM days WHERE day <= DATE '2025-12-20'"""
_SURVEYS = f"""{_DAYS}, asked AS ({_ASKED})
    SELECT 'r' || r AS response_id, CASE WHEN r % 23 = 0 THEN NULL ELSE 'c' || i END AS customer_id,
           day::TIMESTAMP + INTERVAL 1 DAY * (1 + r % 9) AS answered_at, day + CAST(1 + r % 9 AS INTEGER) AS day,
           ['nps', 'nps', 'csat', 'stars', 'ces', 'yes_no', 'enps'][1 + r % 7] AS kind,
           CASE r % 7 WHEN 2 THEN 1 + (r * 3 + i) % 5 WHEN 3 THEN 1 + (r + i) % 5 WHEN 4 THEN 1 + (r * 5 + i) % 7
                      WHEN 5 THEN (r + i) % 2 ELSE [9, 10, 3, 8, 10, 6, 7, 12][1 + (r + i) % 8] END::DOUBLE AS score,
           CASE r % 7 WHEN 2 THEN 5 WHEN 3 THEN 5 WHEN 4 THEN 7 WHEN 5 THEN 1 ELSE 10 END::DOUBLE AS scale,
           CASE WHEN r % 4 = 0 THEN NULL ELSE [
               'the parcel came too late', 'delivery took a week, nobody told me', 'late delivery, the gift was late',
               'beautiful mug, lovely colour', 'the colour of the mug is lovely', 'a beautiful mug and a lovely gift',
               'the search found nothing', 'could not find the menu, the search is poor', 'search and menu are hard',
               'far too expensive', 'the price went up, expensive', 'price too high for what it is'][1 + (r + i) % 12]
           END AS comment,
           [NULL, 'delivery', 'product', 'website'][1 + r % 4] AS touchpoint, r % 3 = 0 AS incentive
    FROM asked"""
_TICKETS = f"""{_DAYS}, asked AS ({_ASKED})
    SELECT 't' || r AS ticket_id, 'c' || i AS customer_id, day::TIMESTAMP + INTERVAL 1 DAY * (2 + r % 9) AS opened_at,
           ['web', 'till'][1 + (i + k) % 2] AS sales_channel,
           ['delivery', 'return', 'product'][1 + (r // 3) % 3] AS topic,
           1 + r % 4 AS contacts, (30 + r * 37 % 500)::DOUBLE AS first_reply_minutes,
           (300 + r * 91 % 5000)::DOUBLE AS resolved_minutes, r % 5 > 1 AS satisfied
    FROM asked WHERE r % 3 = 0"""
_CUSTOMERS = """SELECT 'c' || i AS customer_id, i % 2 = 0 AS loyalty_member, ['DE', 'AT', NULL][1 + i % 3] AS country
    FROM range(150) t(i)"""


def voices() -> Dataset:
    """Return 150 customers, their orders, answers and support cases of 2025."""
    return shop_of({"orders": _ORDERS, "surveys": _SURVEYS, "tickets": _TICKETS, "customers": _CUSTOMERS})
