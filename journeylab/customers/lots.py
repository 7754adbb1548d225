"""Seeded lots: a number for each customer that only the seed and the identifier decide, the same on every engine.

MD5 is one of the few functions that engines agree on; here it only shuffles, it protects nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir


@ibis.udf.scalar.builtin
def md5(text: str) -> str:  # type: ignore[empty-body]
    """Return the MD5 of a text as 32 lower-case hexadecimal digits, by the engine's own function."""


def lot(identifier: ir.StringValue, seed: int, purpose: str) -> ir.StringValue:
    """Return the lot of each identifier: 32 hexadecimal digits; another purpose gives independent lots."""
    return md5(identifier.cast("string") + f"|{purpose}|{seed}")


def drawn(identifier: ir.StringValue, share: float, seed: int, purpose: str) -> ir.BooleanValue:
    """Say of each identifier whether it is among the drawn `share` of all possible ones, 0 to 1."""
    if share >= 1:
        return ibis.literal(True)
    return lot(identifier, seed, purpose).substr(0, 8) < threshold(share)


def threshold(share: float) -> str:
    """Return the eight digits below which a lot's first eight lie for a `share` below 1 of all identifiers.

    >>> threshold(0.0), threshold(0.5)
    ('00000000', '80000000')
    """
    return f"{int(share * 2**32):08x}"


def sample(customers: ir.Table, most: int, seed: int, purpose: str) -> ir.Table:
    """Return at most `most` customers, those with the lowest lots."""
    with_lot = customers.mutate(_lot=lot(customers.customer_id, seed, purpose))
    return with_lot.order_by("_lot", "customer_id").limit(most).drop("_lot")
