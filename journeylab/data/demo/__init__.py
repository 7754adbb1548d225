"""The demo store: a seeded simulator of a shop, written as the exports a real shop would have, with known truths.

`plan` says what is planted; `store.simulate` makes it happen; `exports.write` writes the files; `truths` says what is
true of them. `python -m journeylab.data.demo sample_data` writes the demo store again, byte for byte.
"""

from __future__ import annotations

from journeylab.data.demo.exports import write
from journeylab.data.demo.plan import ABTest, Leak, Persona, Plan, Promotion, StockOut
from journeylab.data.demo.store import Store, simulate

__all__ = ["ABTest", "Leak", "Persona", "Plan", "Promotion", "StockOut", "Store", "simulate", "write"]
