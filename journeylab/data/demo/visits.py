"""Visits to the simulated web shop: prospects who may become customers, and customers who come back.

A prospect's journey is one to six touches, each by a channel. The last one leads to a cart with probability
1 - prod(1 - effect of each touch), and from the cart each step is passed with its rate, leaks included. Journeys are
drawn until the planned customers of each persona have come out, which is the same as sampling journeys forward.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from journeylab.data.demo.clock import DAY, Clock
from journeylab.data.demo.customers import pick
from journeylab.data.demo.plan import CHANNELS, COUNTRIES, DEVICES, STEPS, Leak, Persona, Plan

CART, PURCHASE = STEPS.index("add_to_cart"), STEPS.index("purchase")
#: Seconds from the start of a visit to its purchase.
CHECKOUT_SECONDS = 600.0
_MOST_TOUCHES = 6
_DIRECT, _EMAIL = CHANNELS.index("Direct"), CHANNELS.index("Email")
_RETURNING_CHANNELS = (0.38, 0.22, 0.15, 0.0, 0.0, 0.05, 0.20)
#: Share of a customer's browsing that happens on any device, without a login.
_ELSEWHERE = 0.10
_COUNTRY_SHARES = (0.84, 0.10, 0.06)


class Journeys(NamedTuple):
    """Journeys of prospects: one row each; `channels` holds -1 before the first touch, the last touch is last."""

    channels: np.ndarray
    device: np.ndarray
    country: np.ndarray
    depth: np.ndarray
    persona: np.ndarray


def matches(leak: Leak, device: np.ndarray, channel: np.ndarray, country: np.ndarray) -> np.ndarray:
    """Which visits a leak concerns."""
    chosen = np.ones(len(device), dtype=bool)
    for wanted, names, codes in (
        (leak.device, DEVICES, device),
        (leak.channel, CHANNELS, channel),
        (leak.country, COUNTRIES, country),
    ):
        if wanted is not None:
            chosen &= codes == names.index(wanted)
    return chosen


def reach(plan: Plan, interest: np.ndarray, device: np.ndarray, channel: np.ndarray, country: np.ndarray) -> np.ndarray:
    """Chance that a visit reaches each step from the cart to the purchase: one row a visit, five columns."""
    rates = np.column_stack([interest, *(np.full(len(interest), q) for q in plan.pass_rates)])
    for leak in plan.leaks:
        rates[matches(leak, device, channel, country), STEPS.index(leak.step) - CART] *= leak.factor
    return np.cumprod(rates, axis=1)


def stopped_depth(chances: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The depth of visits known not to have purchased: the last step reached, from its conditional chance."""
    u = 1 - rng.random(len(chances)) * (1 - chances[:, -1])  # uniform above the chance of a purchase
    depth = CART - 1 + (chances[:, :-1] >= u[:, None]).sum(axis=1)
    browsing = depth == CART - 1
    return np.where(browsing & (rng.random(len(depth)) < 0.55), 0, depth)


def prospects(plan: Plan, customers: pd.DataFrame, rng: np.random.Generator) -> tuple[Journeys, np.ndarray]:
    """Journeys of everyone who came as a stranger, and the customer each became, or -1."""
    parts, owners = [], []
    web = customers.index[~customers["till_first"]].to_numpy()
    for code, persona in enumerate(plan.personas):
        of_persona = web[customers["persona"].to_numpy()[web] == code]
        journeys = _until(plan, persona, code, len(of_persona), rng)
        owner = np.full(len(journeys.depth), -1)
        owner[journeys.depth == PURCHASE] = of_persona
        parts.append(journeys)
        owners.append(owner)
    return Journeys(*(np.concatenate(column) for column in zip(*parts, strict=True))), np.concatenate(owners)


def _until(plan: Plan, persona: Persona, code: int, wanted: int, rng: np.random.Generator) -> Journeys:
    """Draw journeys of one persona until `wanted` of them have ended in a purchase; the last one does."""
    parts: list[Journeys] = []
    found = 0
    while found < wanted:
        batch = _journeys(plan, persona, code, int((wanted - found) * 16) + 200, rng)
        bought = np.flatnonzero(batch.depth == PURCHASE)
        if found + len(bought) >= wanted:
            end = bought[wanted - found - 1] + 1
            batch = Journeys(*(column[:end] for column in batch))
        found += min(len(bought), wanted - found)
        parts.append(batch)
    if not parts:
        parts = [Journeys(*(column[:0] for column in _journeys(plan, persona, code, 1, rng)))]
    return Journeys(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _journeys(plan: Plan, persona: Persona, code: int, n: int, rng: np.random.Generator) -> Journeys:
    touches = np.minimum(rng.geometric(0.62, n), _MOST_TOUCHES)
    cumulated = np.cumsum(persona.channels) / np.sum(persona.channels)
    channels = np.searchsorted(cumulated, rng.random((n, _MOST_TOUCHES)), side="right").astype(np.int8)
    channels[(touches > 1) & (rng.random(n) < 0.25), -1] = _DIRECT
    channels[np.arange(_MOST_TOUCHES)[None, :] < _MOST_TOUCHES - touches[:, None]] = -1
    device = pick(rng, np.tile(persona.devices, (n, 1))).astype(np.int8)
    country = pick(rng, np.tile(_COUNTRY_SHARES, (n, 1))).astype(np.int8)
    chances = reach(plan, interest(plan, channels), device, channels[:, -1], country)
    bought = rng.random(n) < chances[:, -1]
    depth = np.where(bought, PURCHASE, stopped_depth(chances, rng)).astype(np.int8)
    return Journeys(channels, device, country, depth, np.full(n, code, dtype=np.int8))


def interest(plan: Plan, channels: np.ndarray, without: int | None = None) -> np.ndarray:
    """Chance of a cart after these touches: 1 - prod(1 - effect); `without` takes one channel's effect away."""
    effects = np.append(np.asarray(plan.touch_effects, dtype=float), 0.0)  # the last one is for -1, no touch
    if without is not None:
        effects[without] = 0.0
    return np.asarray(1 - np.prod(1 - effects[channels], axis=1))


def strangers(
    plan: Plan, clock: Clock, journeys: Journeys, owner: np.ndarray, orders: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """The visits of prospects' journeys; a journey that made a customer ends at that customer's first order."""
    first = orders[(orders["nth"] == 0) & ~orders["till"]].drop_duplicates("customer")
    order_of = pd.Series(first.index, index=first["customer"])
    bought = owner >= 0
    end = clock.to_calendar(rng.random(len(owner)) * clock.seconds)
    order = np.full(len(owner), -1)
    order[bought] = order_of.reindex(owner[bought]).to_numpy()
    end[bought] = orders["t"].to_numpy()[order[bought]] - CHECKOUT_SECONDS
    gaps = rng.exponential(3 * DAY, journeys.channels.shape).astype(np.float32)
    gaps[:, -1] = 0
    before = np.cumsum(gaps[:, ::-1], axis=1, dtype=np.float32)[:, ::-1]
    row, touch = np.nonzero(journeys.channels >= 0)
    t = end[row] - before[row, touch]
    last = touch == _MOST_TOUCHES - 1
    browsed = np.where(rng.random(len(row)) < 0.55, 0, CART - 1)
    frame = pd.DataFrame(
        {
            "t": t,
            "prospect": row.astype(np.int32),
            "customer": owner[row].astype(np.int32),
            "device": journeys.device[row],
            "channel": journeys.channels[row, touch],
            "country": journeys.country[row],
            "persona": journeys.persona[row],
            "depth": np.where(last, journeys.depth[row], browsed).astype(np.int8),
            "order": np.where(last, order[row], -1).astype(np.int32),
            "login": last & bought[row] & (rng.random(len(row)) < plan.login_share),
        }
    )
    return frame[frame["t"] >= 0]


def returning(
    plan: Plan, clock: Clock, customers: pd.DataFrame, orders: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Visits of customers who come back: those that led to a further order, and those that did not.

    Before an order, the number of visits that stop is geometric, so that each visit passes the steps at its rates.
    """
    again = np.flatnonzero(((orders["nth"] > 0) & ~orders["till"]).to_numpy())
    customer = orders["customer"].to_numpy()[again]
    device, country = orders["device"].to_numpy()[again], customers["country"].to_numpy()[customer]
    channel = pick(rng, np.tile(_RETURNING_CHANNELS, (len(again), 1)))
    mailed = customers["cadence"].to_numpy()[customer] > 0
    channel = np.where((channel == _EMAIL) & ~mailed, _DIRECT, channel)
    chances = reach(plan, np.full(len(again), plan.returning_interest), device, channel, country)
    stopped = rng.geometric(chances[:, -1]) - 1

    source = np.concatenate([np.arange(len(again)), np.repeat(np.arange(len(again)), stopped)])
    bought = np.arange(len(source)) < len(again)
    depth = np.where(bought, PURCHASE, stopped_depth(chances[source], rng)).astype(np.int8)
    known = rng.random(len(source)) < plan.login_share
    reminded = customers["reminded"].to_numpy()[customer[source]]
    cart = ~bought & (depth >= CART) & known
    chance = np.where(reminded, plan.recovered_reminded, plan.recovered_alone)
    recovered = cart & (rng.random(len(source)) < chance)
    ordered = orders["t"].to_numpy()[again][source]
    t = np.where(bought, ordered - CHECKOUT_SECONDS, ordered - rng.uniform(6, 60, len(source)) * 3600)
    elsewhere = ~bought & ~recovered
    t[elsewhere] = _quiet_times(clock, orders, customer[source[elsewhere]], rng)
    elsewhere = elsewhere & (depth < CART) & (rng.random(len(source)) < _ELSEWHERE)
    known &= ~elsewhere
    frame = pd.DataFrame(
        {
            "t": t,
            "prospect": np.int32(-1),
            "customer": customer[source].astype(np.int32),
            "device": np.where(elsewhere, rng.integers(0, len(DEVICES), len(source)), device[source]).astype(np.int8),
            "channel": channel[source].astype(np.int8),
            "country": country[source].astype(np.int8),
            "persona": customers["persona"].to_numpy()[customer[source]].astype(np.int8),
            "depth": depth,
            "order": np.where(bought, again[source], -1).astype(np.int32),
            "login": known,
            "recovered": recovered,
        }
    )
    return frame[frame["t"] >= 0]


def _quiet_times(clock: Clock, orders: pd.DataFrame, customer: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Times for visits without an order: while the customer is about, and not in the four days before an order."""
    span = orders[orders["customer"] >= 0].groupby("customer")["t"].agg(["min", "max"])
    first, last = span["min"].reindex(customer).to_numpy(), span["max"].reindex(customer).to_numpy()
    end = np.minimum(last + 90 * DAY, clock.seconds)
    t = first + rng.random(len(customer)) * (end - first)
    times = np.sort(orders["customer"].to_numpy() * (2 * clock.seconds) + orders["t"].to_numpy())
    key = customer * (2 * clock.seconds)
    following = np.searchsorted(times, key + t)
    next_order = times[np.minimum(following, len(times) - 1)] - key
    close = (next_order >= t) & (next_order < t + 4 * DAY)
    return np.where(close, last + rng.random(len(customer)) * (end - last), t)


def number_visitors(visits: pd.DataFrame, customers: int) -> pd.DataFrame:
    """Sort the visits by time and number their visitors: a browser each, so one customer may be several."""
    visits = visits.sort_values("t", kind="stable", ignore_index=True)
    owned = visits["customer"].to_numpy() >= 0
    key = np.where(
        owned,
        visits["customer"].to_numpy(dtype=np.int64) * len(DEVICES) + visits["device"].to_numpy(),
        customers * len(DEVICES) + visits["prospect"].to_numpy(dtype=np.int64),
    )
    visits["visitor"] = pd.factorize(key)[0].astype(np.int32)
    return visits
