"""What the simulated customers say: surveys with comments, and support cases. One persona's pain is the delivery."""

from __future__ import annotations

import numpy as np
import pandas as pd

from journeylab.data.demo import phrases
from journeylab.data.demo.clock import DAY, Clock
from journeylab.data.demo.customers import by_persona, pick
from journeylab.data.demo.plan import TOUCHPOINTS, Plan

#: Share of orders after which each question is answered: kind, touchpoint, highest score, share, days after the order.
_AFTER_AN_ORDER = (
    ("csat", "delivery", 5, 0.11, 6.0),
    ("csat", "checkout", 5, 0.05, 0.1),
    ("csat", "website", 5, 0.05, 0.1),
    ("csat", "product", 5, 0.06, 12.0),
    ("ces", "checkout", 7, 0.05, 0.1),
    ("stars", "product", 5, 0.10, 15.0),
    ("yes_no", "website", 1, 0.05, 0.1),
)
_TOPICS = ("delivery", "return", "product", "payment", "account")
_TOPIC_SHARES = (0.0, 0.38, 0.27, 0.21, 0.14)


def latent_nps(plan: Plan, customers: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """The 0 to 10 that each customer would answer if asked: what the answers are a sample of."""
    group = pick(rng, by_persona(plan, "nps")[customers["persona"]])
    within = rng.random(len(customers))
    detractor = np.searchsorted(np.cumsum([0.03, 0.04, 0.07, 0.10, 0.16, 0.26]), within)
    return np.select([group == 0, group == 1], [detractor, 7 + (within < 0.58)], 9 + (within < 0.56)).astype(int)


def surveys(
    plan: Plan,
    clock: Clock,
    customers: pd.DataFrame,
    orders: pd.DataFrame,
    latent: np.ndarray,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """All answers in order of time, with hidden columns `persona` and `about_delivery`."""
    known = orders[(orders["customer"] >= 0) & ~orders["till"]].reset_index(drop=True)
    parts = [_nps(plan, known, latent, rng)]
    parts.extend(_after_orders(plan, known, *question, rng) for question in _AFTER_AN_ORDER)
    frame = pd.concat(parts, ignore_index=True)
    frame["persona"] = customers["persona"].to_numpy()[frame["customer"]]
    frame["email"] = customers["email"].to_numpy()[frame["customer"]]
    _comment(plan, frame, rng)
    staff = pd.DataFrame(
        {"t": np.sort(rng.random(48)) * clock.seconds, "kind": "enps", "score": rng.choice([4, 6, 7, 8, 9, 10], 48)}
    ).assign(
        touchpoint="", scale=10, incentive=False, email="", comment="", persona=-1, customer=-1, about_delivery=False
    )
    frame = pd.concat([frame, staff], ignore_index=True)
    return frame[frame["t"] < clock.seconds].sort_values("t", kind="stable", ignore_index=True)


def _nps(plan: Plan, known: pd.DataFrame, latent: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """One invitation a customer, three weeks after the first order on the web; who answers is chance."""
    first = known.drop_duplicates("customer")
    first = first[rng.random(len(first)) < plan.response_rate]
    return pd.DataFrame(
        {
            "customer": first["customer"].to_numpy(),
            "t": first["t"].to_numpy() + 21 * DAY + rng.exponential(2 * DAY, len(first)),
            "kind": "nps",
            "touchpoint": "",
            "score": latent[first["customer"]],
            "scale": 10,
            "incentive": False,
        }
    )


def _after_orders(
    plan: Plan,
    known: pd.DataFrame,
    kind: str,
    touchpoint: str,
    scale: int,
    share: float,
    days: float,
    rng: np.random.Generator,
) -> pd.DataFrame:
    asked = known[rng.random(len(known)) < share]
    n = len(asked)
    mean = by_persona(plan, "csat")[asked["persona"], TOUCHPOINTS.index(touchpoint)]
    rewarded = (rng.random(n) < 0.3) & (kind == "stars")
    if kind == "yes_no":
        score = (rng.random(n) < 0.82).astype(int)
    else:
        score = 1 + rng.binomial(scale - 1, (mean - 1) / 4)
        score = np.minimum(score + (rewarded & (rng.random(n) < plan.reward_lift)), scale)
    return pd.DataFrame(
        {
            "customer": asked["customer"].to_numpy(),
            "t": asked["t"].to_numpy() + rng.gamma(4, max(days, 0.01) / 4, n) * DAY,
            "kind": kind,
            "touchpoint": touchpoint,
            "score": score,
            "scale": scale,
            "incentive": rewarded,
        }
    )


def _comment(plan: Plan, frame: pd.DataFrame, rng: np.random.Generator) -> None:
    """Add comments to more than half of the answers with a score: about the delivery, or about something else."""
    n = len(frame)
    wrote = (rng.random(n) < 0.55) & frame["kind"].isin(["nps", "csat", "stars"]).to_numpy()
    chance = by_persona(plan, "delivery_comments")[frame["persona"]]
    named = frame["touchpoint"].to_numpy()
    about = (rng.random(n) < chance) & np.isin(named, ["", "delivery"]) | (named == "delivery")
    happy = frame["score"].to_numpy() / frame["scale"].to_numpy() >= 0.8
    other = rng.choice(["product", "website", "price", "packaging", "service", "checkout"], n)
    other = np.where(np.isin(named, ["product", "website", "checkout"]), named, other)
    topic = np.where(about, "delivery", other)
    frame["comment"] = np.where(wrote, phrases.comments(topic, happy, rng), "")
    frame["about_delivery"] = wrote & about


def tickets(
    plan: Plan, clock: Clock, customers: pd.DataFrame, orders: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Support cases in order of time: those about the delivery come from the persona whose pain it is."""
    known = orders[orders["customer"] >= 0].reset_index(drop=True)
    persona = known["persona"].to_numpy()
    late = (rng.random(len(known)) < by_persona(plan, "delivery_tickets")[persona]) & ~known["till"].to_numpy()
    other = ~late & (rng.random(len(known)) < 0.045)
    opened = known[late | other]
    n, about = len(opened), late[late | other]
    topic = np.where(about, "delivery", np.array(_TOPICS)[pick(rng, np.tile(_TOPIC_SHARES, (n, 1)))])
    contacts = 1 + rng.poisson(np.where(about, 1.1, 0.35))
    first = rng.lognormal(np.log(np.where(about, 420, 180)), 0.8, n)
    resolved = first + rng.lognormal(np.log(np.where(about, 2600, 700)), 0.9, n)
    frame = pd.DataFrame(
        {
            "t": opened["t"].to_numpy() + rng.gamma(4, np.where(about, 1.6, 2.5)) * DAY,
            "email": customers["email"].to_numpy()[opened["customer"]],
            "sales_channel": np.where(opened["till"], "till", "web"),
            "topic": topic,
            "contacts": contacts,
            "first_reply_minutes": first.round(),
            "resolved_minutes": resolved.round(),
            "satisfied": np.where(rng.random(n) < np.where(contacts > 1, 0.45, 0.82), "yes", "no"),
        }
    )
    frame = frame[frame["t"] < clock.seconds].sort_values("t", kind="stable", ignore_index=True)
    frame.insert(0, "ticket_id", [f"T{i:05d}" for i in range(1, len(frame) + 1)])
    frame.insert(2, "opened_at", clock.utc_stamp(frame["t"].to_numpy()))
    return frame.drop(columns="t")


def survey_table(clock: Clock, frame: pd.DataFrame) -> pd.DataFrame:
    """The file of surveys: a row an answer."""
    return pd.DataFrame(
        {
            "response_id": [f"R{i:06d}" for i in range(1, len(frame) + 1)],
            "email": frame["email"],
            "answered_at": clock.utc_stamp(frame["t"].to_numpy()),
            "kind": frame["kind"],
            "score": frame["score"].astype(int),
            "scale": frame["scale"].astype(int),
            "comment": frame["comment"],
            "touchpoint": frame["touchpoint"],
            "incentive": np.where(frame["incentive"], "yes", "no"),
        }
    )
