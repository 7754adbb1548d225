"""Themes of 100,000 comments, and scores of 1,000,000 answers in the engine: seconds and memory, printed.

python -m tests.benchmarks.feedback [comments] [answers]
"""

from __future__ import annotations

import resource
import sys
import time

import journeylab as jl
from journeylab.data.examples import shop_of

_WHAT = ["delivery", "parcel", "price", "search", "checkout", "mug", "coffee", "service", "colour", "box"]
_HOW = ["late", "slow", "expensive", "broken", "confusing", "lovely", "fresh", "friendly", "wonderful", "clear"]


def many(answers: int, comments: int) -> jl.Dataset:
    """Return a shop of so many answers, some with comments of ten to thirty words drawn from a few hundred."""
    words = ", ".join(f"'{word}'" for word in _WHAT + _HOW + [f"word{i}" for i in range(400)])
    text = " || ' ' || ".join(
        [f"list[1 + (i * {p} // 7) % 10]" for p in (13, 29)]
        + [f"list[11 + (i * {p} // 3) % 10]" for p in (17, 31)]
        + [f"list[21 + CAST(floor(400 * pow(((i * {p}) % 9973) / 9973.0, 3)) AS INTEGER)]" for p in range(101, 117)]
    )
    query = f"""
        SELECT 'r' || i AS response_id, 'c' || (i % 50000) AS customer_id,
               TIMESTAMP '2024-01-01' + INTERVAL 1 MINUTE * i AS answered_at,
               (TIMESTAMP '2024-01-01' + INTERVAL 1 MINUTE * i)::DATE AS day,
               CASE WHEN i % 3 = 0 THEN 'csat' ELSE 'nps' END AS kind,
               CASE WHEN i % 3 = 0 THEN 1 + (i * 31 // 17) % 5 ELSE (i * 131 // 19) % 11 END::DOUBLE AS score,
               CASE WHEN i % 3 = 0 THEN 5 ELSE 10 END::DOUBLE AS scale,
               CASE WHEN i < {comments} THEN {text} END AS comment,
               ['delivery', 'checkout', 'product', NULL][1 + i % 4] AS touchpoint, i % 5 = 0 AS incentive
        FROM range({answers}) t(i), (SELECT [{words}] AS list)"""
    return shop_of({"surveys": query})


def main() -> None:
    """Measure and print."""
    comments = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    answers = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    shop = many(answers, comments)
    for name, work in (
        ("NPS as a whole", lambda: jl.customers.feedback(shop)),
        ("NPS by touchpoint", lambda: jl.customers.feedback(shop, by="touchpoint")),
        ("themes", lambda: jl.customers.themes(shop)),
    ):
        start = time.perf_counter()
        result = work()
        size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(f"{name}: {time.perf_counter() - start:.1f} s, peak {size:,} MB; {result.headline()}")


if __name__ == "__main__":
    main()
