"""What the simulated shop's channels cost, and what they truly brought."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from journeylab.data.demo.plan import CHANNELS, Plan
from journeylab.data.demo.visits import Journeys, interest, reach

if TYPE_CHECKING:
    from journeylab.data.demo.clock import Clock


def spend(plan: Plan, clock: Clock, visits: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Cost, impressions and clicks a day of each paid channel: a click is a visit, and costs what the plan says."""
    day = clock.day(visits["t"].to_numpy())
    frames = []
    for name, cost in plan.cost_a_click.items():
        clicks = np.bincount(day[visits["channel"] == CHANNELS.index(name)], minlength=plan.days)[: plan.days]
        frames.append(
            pd.DataFrame(
                {
                    "day": clock.dates(np.arange(plan.days)),
                    "marketing_channel": name,
                    "campaign": f"{name} always on",
                    "cost": (clicks * cost * rng.uniform(0.9, 1.1, plan.days)).round(2),
                    "impressions": clicks * 40 + rng.integers(0, 40, plan.days),
                    "clicks": clicks,
                }
            )
        )
    return pd.concat(frames, ignore_index=True).sort_values(
        ["day", "marketing_channel"], kind="stable", ignore_index=True
    )


def removal_effects(plan: Plan, journeys: Journeys) -> dict[str, dict[str, float]]:
    """For each channel, the expected first orders that would be lost if its touches had no effect.

    Computed from the plan's probabilities on the journeys that happened, so it carries no luck of who ordered.
    """
    with_all = _orders(plan, journeys, None)
    touched = {c: (journeys.channels == i).any(axis=1) for i, c in enumerate(CHANNELS)}
    out = {}
    for i, channel in enumerate(CHANNELS):
        lost = with_all - _orders(plan, journeys, i)
        out[channel] = {
            "touch_effect": plan.touch_effects[i],
            "journeys_touched": int(touched[channel].sum()),
            "first_orders_lost_without": float(lost),
            "share_of_first_orders_lost_without": float(lost / with_all) if with_all else 0.0,
        }
    return out


def _orders(plan: Plan, journeys: Journeys, without: int | None) -> float:
    chance = interest(plan, journeys.channels, without)
    return float(reach(plan, chance, journeys.device, journeys.channels[:, -1], journeys.country)[:, -1].sum())
