"""Three small simulated stores for a workshop, each with one leak to find, from plain to well hidden, and the answer.

Nothing else is planted in them: one kind of customer, no season, no difference of channels. So from the cart on, the
leak is the only thing that is not chance; before it, visitors who come back and strangers differ.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from journeylab.checks import one_of
from journeylab.data.demo.exports import write
from journeylab.data.demo.opening import TIME_ZONE
from journeylab.data.demo.plan import Leak, Plan
from journeylab.data.demo.store import simulate
from journeylab.data.readers import read

if TYPE_CHECKING:
    from collections.abc import Callable

    from journeylab.data.dataset import Dataset

_SEED = 20_260_701
_FILES = ("shopify_orders.csv", "shopify_products.csv", "events.parquet", "customers.csv", "surveys.csv", "tickets.csv")
_KEY = b"leak store"

#: Level: how many customers and days there are, and the leak.
_LEVELS = {
    1: (700, 180, Leak(step="purchase", factor=0.40, device="mobile")),
    2: (1000, 200, Leak(step="add_shipping_info", factor=0.45, device=None, country="AT")),
    3: (1600, 240, Leak(step="begin_checkout", factor=0.55, device="mobile", channel="Paid Social")),
}
LEVELS = tuple(_LEVELS)


@dataclass(frozen=True)
class Answer:
    """Where a store leaks.

    Args:
        level: 1 to 3.
        step: The step that is passed less often.
        device: By whom: device, None for all.
        channel: By whom: channel.
        country: By whom: country.
        passed: Share of them that passes.
        usual: Share that would pass without the leak.
        margin: What it costs in the days of the store.
    """

    level: int
    step: str
    device: str | None
    channel: str | None
    country: str | None
    passed: float
    usual: float
    margin: float

    @property
    def who(self) -> str:
        """Those it concerns, in words."""
        return ", ".join(name for name in (self.device, self.channel, self.country) if name) or "everyone"


def leak_store(
    level: int, *, root: Path | None = None, progress: Callable[[float, str], None] | None = None
) -> tuple[Dataset, Answer]:
    """Make one of the stores and say where it leaks; the same level gives the same store.

    Args:
        level: 1 (plain), 2 or 3 (well hidden).
        root: Where the engine keeps its folder.
        progress: Told how far it is, from 0 to 1, and what is done.
    """
    customers, days, leak = _LEVELS[one_of(level, "level", LEVELS)]
    plan = replace(Plan(customers=customers, days=days).nothing_planted(), leaks=(leak,))
    if progress:
        progress(0.0, "Simulating the store")
    with tempfile.TemporaryDirectory(dir=root) as name:
        folder = Path(name)
        write(simulate(plan, seed=_SEED + level), folder)
        found = json.loads((folder / "truths.json").read_text(encoding="utf-8"))["leaks"][0]
        paths = [folder / file for file in _FILES]
        shop = read(*paths, time_zone=TIME_ZONE, currency="EUR", key=_KEY, root=root, progress=progress)
    lines = ("from journeylab.data.demo.leak_stores import leak_store", f"shop, answer = leak_store({level})")
    answer = Answer(
        level=level,
        step=leak.step,
        device=leak.device,
        channel=leak.channel,
        country=leak.country,
        passed=found["pass_rate_with_leak"],
        usual=found["pass_rate_without_leak"],
        margin=found["margin_at_stake"],
    )
    return replace(shop, calls=lines), answer
