"""Who the simulated customers are, and when they buy: BG/NBD purchases (Fader, Hardie & Lee 2005) by persona."""

from __future__ import annotations

import numpy as np
import pandas as pd

from journeylab.data.demo.clock import WEEK, Clock
from journeylab.data.demo.plan import COUNTRIES, Plan

#: Ways of buying: on the web only, at the till only, both.
WEB, TILL, BOTH = range(3)
#: Chance that an order of someone who buys both ways is made at the till.
TILL_SHARE_OF_BOTH = 0.45
_COUNTRY_SHARES = (0.84, 0.10, 0.06)


def pick(rng: np.random.Generator, shares: np.ndarray) -> np.ndarray:
    """One choice a row of a matrix of shares, as its column's number."""
    cumulated = np.cumsum(shares, axis=1)
    return np.asarray((rng.random(len(shares))[:, None] * cumulated[:, -1:] >= cumulated[:, :-1]).sum(axis=1))


def by_persona(plan: Plan, attribute: str) -> np.ndarray:
    """A parameter of all personas as an array, one row each."""
    return np.array([getattr(p, attribute) for p in plan.personas])


def draw(plan: Plan, clock: Clock, rng: np.random.Generator) -> pd.DataFrame:
    """All customers with their hidden parameters, one a row; the devices of web visitors follow later."""
    n = plan.customers
    shares = by_persona(plan, "share")
    persona = rng.permutation(np.repeat(np.arange(len(shares)), rng.multinomial(n, shares / shares.sum())))
    kind = pick(rng, by_persona(plan, "sales_channels")[persona])
    till_first = (kind == TILL) | ((kind == BOTH) & (rng.random(n) < TILL_SHARE_OF_BOTH))
    consent = rng.random(n) < plan.consent_share
    cadence = np.where(consent, rng.integers(0, len(plan.messages_a_month), n), 0)
    effects = np.asarray(plan.message_effects)
    in_base = 1 - plan.consent_share + plan.consent_share / len(effects)
    mean_effect = in_base * effects[0] + plan.consent_share / len(effects) * effects[1:].sum()

    r, alpha, a, b, p, q, gamma = (by_persona(plan, k)[persona] for k in ("r", "alpha", "a", "b", "p", "q", "gamma"))
    frame = pd.DataFrame(
        {
            "persona": persona,
            "kind": kind,
            "till_first": till_first,
            "country": pick(rng, np.tile(_COUNTRY_SHARES, (n, 1))),
            "device": pick(rng, by_persona(plan, "devices")[persona]),
            "other_device": pick(rng, by_persona(plan, "devices")[persona]),
            "consent": consent,
            "cadence": cadence,
            "reminded": rng.random(n) < 0.5,
            "loyalty": rng.random(n) < by_persona(plan, "loyalty")[persona],
            "birth_year": plan.until.year - np.clip(rng.normal(43, 13, n).round(), 18, 85).astype(int),
            "first": rng.random(n) * clock.seconds,
            "rate": rng.gamma(r) / alpha / WEEK * effects[cadence] / mean_effect,
            "dropout": rng.beta(a, b),
            "spend_rate": rng.gamma(q) / gamma,
            "spend_shape": p,
        }
    )
    frame = frame.sort_values("first", kind="stable", ignore_index=True)
    frame["spend_multiple"] = np.where(frame["kind"] == BOTH, plan.both_channels_multiple, 1.0)
    frame["referrer"] = _referrers(n, rng)
    width = max(5, len(str(n)))
    frame["email"] = [f"c{i:0{width}d}@example.com" for i in range(1, n + 1)]
    return frame


def _referrers(n: int, rng: np.random.Generator) -> np.ndarray:
    """One customer in twelve was brought by an earlier one; -1 for the others."""
    chosen = (rng.random(n) < 1 / 12) & (np.arange(n) > 0)
    return np.where(chosen, (rng.random(n) * np.arange(n)).astype(int), -1)


def purchases(plan: Plan, clock: Clock, customers: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """All purchases of known customers in order of time: customer, its how many-eth, when, where and with what."""
    now = customers["first"].to_numpy().copy()
    rate, dropout = customers["rate"].to_numpy(), customers["dropout"].to_numpy()
    who = np.arange(len(customers))
    rounds = []
    for nth in range(1_000_000):
        rounds.append((who, np.full(len(who), nth), now[who]))
        if nth > 0:
            who = who[rng.random(len(who)) >= dropout[who]]
        now[who] += rng.exponential(size=len(who)) / rate[who]
        who = who[now[who] < clock.seconds]
        if len(who) == 0:
            break
    customer, nth_, when = (np.concatenate([r[i] for r in rounds]) for i in range(3))

    kind, till_first = customers["kind"].to_numpy()[customer], customers["till_first"].to_numpy()[customer]
    later = np.where(kind == TILL, True, (kind == BOTH) & (rng.random(len(customer)) < TILL_SHARE_OF_BOTH))
    till = np.where(nth_ == 0, till_first, later)
    seconds = clock.to_calendar(when)
    frame = pd.DataFrame(
        {
            "customer": customer,
            "nth": nth_,
            "t": np.where(till, clock.opening_hours(seconds), seconds),
            "till": till,
            "device": _devices(plan, customers, customer, nth_, rng),
            "target": rng.gamma(customers["spend_shape"].to_numpy()[customer])
            / customers["spend_rate"].to_numpy()[customer]
            * customers["spend_multiple"].to_numpy()[customer],
        }
    )
    return frame.sort_values("t", kind="stable", ignore_index=True)


def _devices(
    plan: Plan, customers: pd.DataFrame, customer: np.ndarray, nth: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """The device of each purchase: the first device first, then now and then another."""
    other = (rng.random(len(customer)) < plan.other_device_share) & (nth > 0)
    return np.where(other, customers["other_device"].to_numpy()[customer], customers["device"].to_numpy()[customer])


def table(plan: Plan, clock: Clock, customers: pd.DataFrame, purchases_: pd.DataFrame) -> pd.DataFrame:
    """The customer list a shop would export: no persona, no hidden parameter."""
    first = purchases_.groupby("customer")["t"].min().reindex(range(len(customers))).to_numpy()
    email = customers["email"].to_numpy()
    referrer = customers["referrer"].to_numpy()
    return pd.DataFrame(
        {
            "email": email,
            "acquired_at": clock.utc_stamp(first),
            "country": np.array(COUNTRIES)[customers["country"]],
            "accepts_marketing": np.where(customers["consent"], "yes", "no"),
            "loyalty_member": np.where(customers["loyalty"], "yes", "no"),
            "referred_by": np.where(referrer >= 0, email[referrer], ""),
            "birth_year": customers["birth_year"],
            "messages_a_month": np.where(
                customers["consent"], np.array(plan.messages_a_month)[customers["cadence"]].astype(str), ""
            ),
            "cart_reminders": np.where(customers["reminded"], "yes", "no"),
        }
    )
