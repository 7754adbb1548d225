"""The A/B tests of the simulated shop, on its own visitors and orders.

Variants are drawn after the outcome is known, with the odds that the planted effect gives by Bayes' rule: with
conversion rates c_A and c_B, a visitor who ordered was in B with probability c_B / (c_A + c_B). The joint
distribution of variant and outcome is that of a fair split with the effect, and every order stays the shop's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from journeylab.data.demo.visits import PURCHASE

if TYPE_CHECKING:
    from journeylab.data.demo.clock import Clock
    from journeylab.data.demo.plan import ABTest, Plan


def run(
    plan: Plan, clock: Clock, visits: pd.DataFrame, orders: pd.DataFrame, rng: np.random.Generator
) -> tuple[pd.DataFrame, list[dict[str, float]]]:
    """All tests' units with variant and outcome, and what was realised in each."""
    day = clock.day(visits["t"].to_numpy())
    frames, realised = [], []
    for test in plan.tests:
        first = plan.day_ago(test.ago)
        if first < 0 or first + test.days > plan.days:
            continue
        inside = np.flatnonzero((day >= first) & (day < first + test.days))
        units = _units(visits, orders, inside)
        if test.new_only:
            units = units[units["earlier_orders"] == 0].reset_index(drop=True)
        b = rng.random(len(units)) < chance_of_b(test, units["converted"].to_numpy(), units["persona"].to_numpy(), plan)
        lost = b & ~units["converted"].to_numpy() & (rng.random(len(units)) < test.lost)
        units = units.assign(experiment=test.name, variant=np.where(b, "B", "A"))[~lost]
        frames.append(units)
        realised.append(_realised(units))
    if not frames:  # too short a shop for any test: no rows, and all columns
        units = _units(visits, orders, np.array([], dtype=int))
        frames.append(units.assign(experiment="", variant=""))
    return pd.concat(frames, ignore_index=True), realised


def _units(visits: pd.DataFrame, orders: pd.DataFrame, inside: np.ndarray) -> pd.DataFrame:
    """One row a visitor of the test's days: when first seen, and orders and net from then until the last day."""
    part = visits.iloc[inside]
    net = np.where(part["order"] >= 0, orders["net"].to_numpy()[np.maximum(part["order"], 0)], 0.0)
    part = pd.DataFrame(
        {
            "visitor": part["visitor"],
            "t": part["t"],
            "persona": part["persona"],
            "orders": (part["depth"] == PURCHASE).astype(int),
            "net": net,
        }
    )
    grouped = part.groupby("visitor", sort=False)
    units = grouped.agg(
        exposed=("t", "first"),
        persona=("persona", "first"),
        visits=("t", "size"),
        orders=("orders", "sum"),
        net=("net", "sum"),
    ).reset_index()
    units["converted"] = units["orders"] > 0
    before = visits.iloc[: inside[0]] if len(inside) else visits.iloc[:0]
    bought = before[before["order"] >= 0]
    earlier_net = np.bincount(
        bought["visitor"], orders["net"].to_numpy()[bought["order"]], minlength=int(visits["visitor"].max()) + 1
    )
    units["pre_visits"] = np.bincount(before["visitor"], minlength=len(earlier_net))[units["visitor"]]
    units["earlier_orders"] = np.bincount(bought["visitor"], minlength=len(earlier_net))[units["visitor"]]
    units["pre_net"] = earlier_net[units["visitor"]].round(2)
    return units


def chance_of_b(test: ABTest, converted: np.ndarray, persona: np.ndarray, plan: Plan) -> np.ndarray:
    """Chance of each unit to have been in B, given whether it ordered and who it is."""
    base = converted.mean() if len(converted) else 0.0
    mix = np.asarray(test.mix) if len(test.mix) == len(plan.personas) else np.ones(len(plan.personas))
    ratio = (1 + test.effect) * mix  # of B's conversions to A's, by persona
    rate = np.array([converted[persona == i].mean() if (persona == i).any() else base for i in range(len(ratio))])
    in_a = 2 * rate / (1 + ratio)
    in_b = in_a * ratio
    chance = np.where(converted, in_b[persona], (1 - in_b)[persona])
    other = np.where(converted, in_a[persona], (1 - in_a)[persona])
    both = chance + other
    return np.divide(chance, both, out=np.full(len(converted), 0.5), where=both > 0)


def _realised(units: pd.DataFrame) -> dict[str, float]:
    """Counts of a test as its file shows them."""
    out: dict[str, float] = {}
    for variant, part in units.groupby("variant"):
        key = str(variant).lower()
        out[f"units_{key}"] = len(part)
        out[f"converted_{key}"] = int(part["converted"].sum())
        out[f"net_{key}"] = round(float(part["net"].sum()), 2)
    return out


def expected(test: ABTest, plan: Plan, visits_rate: np.ndarray, value: np.ndarray) -> dict[str, float]:
    """What the plan says: B's conversions over A's, and B's value a visitor over A's.

    `visits_rate` is the personas' share of conversions, `value` the value of a converted visitor by persona.
    """
    mix = np.asarray(test.mix) if len(test.mix) == len(plan.personas) else np.ones(len(plan.personas))
    ratio = (1 + test.effect) * mix
    in_a = 2 * visits_rate / (1 + ratio)
    in_b = in_a * ratio
    return {
        "conversion_ratio": float(in_b.sum() / in_a.sum()),
        "value_ratio": float((in_b * value).sum() / (in_a * value).sum()),
    }


def exposures(clock: Clock, units: pd.DataFrame, names: np.ndarray) -> pd.DataFrame:
    """The file of exposures: a row a unit."""
    return pd.DataFrame(
        {
            "experiment": units["experiment"],
            "unit": "visitor",
            "unit_id": names[units["visitor"].to_numpy(dtype=int)],
            "variant": units["variant"],
            "exposed_at": clock.utc_stamp(units["exposed"].to_numpy(dtype=float)),
        }
    )


def outcomes(units: pd.DataFrame, names: np.ndarray) -> pd.DataFrame:
    """The file of outcomes: a row a unit, a column a metric, and what was known before the test."""
    return pd.DataFrame(
        {
            "experiment": units["experiment"],
            "unit_id": names[units["visitor"].to_numpy(dtype=int)],
            "converted": units["converted"].astype(int),
            "orders": units["orders"],
            "sessions": units["visits"],
            "net": units["net"].round(2),
            "pre_sessions": units["pre_visits"],
            "pre_net": units["pre_net"],
        }
    )
