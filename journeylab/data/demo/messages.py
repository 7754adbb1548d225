"""Messages to the simulated customers: a weekly newsletter at different cadences, and reminders of left carts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from journeylab.data.demo.clock import DAY, Clock
from journeylab.data.demo.plan import CHANNELS, Plan
from journeylab.data.demo.visits import CART, PURCHASE

if TYPE_CHECKING:
    from collections.abc import Iterator

REMINDER = "Cart reminder"
#: A newsletter goes out on a Thursday at ten; a customer on cadence k gets the weeks in which week % 4 fits.
_THURSDAY, _TEN = 3, 10 * 3600
_WEEKS_OF = {0: (), 1: (0,), 2: (0, 2), 4: (0, 1, 2, 3)}
_CREDIT = 5 * DAY
_ROWS_A_CHUNK = 100_000


def newsletters(
    plan: Plan, clock: Clock, customers: pd.DataFrame, since: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """Every newsletter to every customer who gets it: from three days after the first order to the end."""
    first = (_THURSDAY - plan.start.weekday()) % 7
    parts = []
    cadence = np.array(plan.messages_a_month)[customers["cadence"]]
    opens = np.array(plan.open_rates)[customers["cadence"]]
    for week, day in enumerate(range(first, plan.days, 7)):
        sent = day * DAY + _TEN
        weekly = np.isin(cadence, [k for k, weeks in _WEEKS_OF.items() if week % 4 in weeks])
        who = np.flatnonzero(weekly & customers["consent"].to_numpy() & (since < sent - 3 * DAY))
        opened = rng.random(len(who)) < opens[who]
        parts.append(
            pd.DataFrame(
                {
                    "customer": who,
                    "sent": float(sent),
                    "campaign": f"Newsletter {clock.date_of(day).isoformat()}",
                    "opened": np.where(opened, sent + rng.exponential(8 * 3600, len(who)), np.nan),
                    "clicked": np.nan,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def reminders(visits: pd.DataFrame, customers: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """A reminder four hours after each cart that a known customer left, for those who get reminders."""
    left = left_carts(visits)
    left = left[customers["reminded"].to_numpy()[left["customer"]]]
    sent = left["t"].to_numpy() + 4 * 3600
    opened = rng.random(len(left)) < 0.5
    return pd.DataFrame(
        {
            "customer": left["customer"].to_numpy(),
            "sent": sent,
            "campaign": REMINDER,
            "opened": np.where(opened, sent + rng.exponential(3600, len(left)), np.nan),
            "clicked": np.nan,
        }
    )


def left_carts(visits: pd.DataFrame) -> pd.DataFrame:
    """Visits of customers who were logged in, filled a cart, and did not order."""
    known = visits["login"] & (visits["customer"] >= 0)
    return visits[known & (visits["depth"] >= CART) & (visits["depth"] < PURCHASE)]


def contacts(clock: Clock, sent: pd.DataFrame, visits: pd.DataFrame) -> pd.DataFrame:
    """All messages in order of time; a purchase that came by e-mail is the click of the message before it."""
    sent = sent[sent["sent"] < clock.seconds].sort_values(["sent", "customer"], kind="stable", ignore_index=True)
    bought = visits[
        (visits["depth"] == PURCHASE) & (visits["channel"] == CHANNELS.index("Email")) & (visits["customer"] >= 0)
    ]
    width = 4 * clock.seconds
    key = sent["customer"].to_numpy() * width + sent["sent"].to_numpy()
    by_key = np.argsort(key, kind="stable")
    at = np.searchsorted(key[by_key], bought["customer"].to_numpy() * width + bought["t"].to_numpy()) - 1
    message = by_key[np.maximum(at, 0)]
    t = bought["t"].to_numpy()
    gap = t - sent["sent"].to_numpy()[message]
    fits = (at >= 0) & (sent["customer"].to_numpy()[message] == bought["customer"].to_numpy()) & (gap < _CREDIT)
    sent["order"] = -1
    sent.loc[message[fits], "order"] = bought["order"].to_numpy()[fits]
    sent.loc[message[fits], "clicked"] = t[fits]
    sent["opened"] = np.fmin(sent["opened"], sent["clicked"] - 60)
    sent.loc[sent["opened"] < sent["sent"], "opened"] = sent["sent"]
    late = sent["opened"] >= clock.seconds
    sent.loc[late, "opened"] = np.nan
    return sent


def contact_rows(clock: Clock, sent: pd.DataFrame, email: np.ndarray) -> Iterator[pd.DataFrame]:
    """The rows of the file of contacts, some at a time."""
    for first in range(0, len(sent), _ROWS_A_CHUNK):
        part = sent.iloc[first : first + _ROWS_A_CHUNK]
        yield pd.DataFrame(
            {
                "email": email[part["customer"]],
                "sent_at": clock.utc_stamp(part["sent"].to_numpy()),
                "campaign": part["campaign"],
                "opened_at": _maybe(clock, part["opened"].to_numpy()),
                "clicked_at": _maybe(clock, part["clicked"].to_numpy()),
            }
        )


def _maybe(clock: Clock, seconds: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(seconds), "", clock.utc_stamp(np.nan_to_num(seconds)))


def campaigns(clock: Clock, sent: pd.DataFrame, orders: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The newsletters as Klaviyo's campaign export shows them."""
    letters = sent[sent["campaign"] != REMINDER]
    ordered = letters["order"].to_numpy() >= 0
    revenue = np.where(ordered, orders["total"].to_numpy()[np.maximum(letters["order"], 0)], 0.0)
    letters = letters.assign(revenue=revenue, ordered=ordered)
    rows = []
    for number, (name, part) in enumerate(letters.groupby("campaign", sort=True)):
        n, opened, clicked = len(part), int(part["opened"].notna().sum()), int(part["clicked"].notna().sum())
        clicked += int(rng.binomial(opened - min(clicked, opened), 0.06))
        bounced, left = int(rng.binomial(n, 0.003)), int(rng.binomial(n, 0.002))
        at = clock.local_stamp(np.array([part["sent"].iloc[0]]))[0][:19]
        placed, money = int(part["ordered"].sum()), float(part["revenue"].sum())
        day = clock.date_of(int(part["sent"].iloc[0] // DAY))
        what = [name, "newsletter", "News from the shop", "Newsletter", at, f"{day:%A}", f"{n}.0"]
        gained = [f"{placed}.0", _percent(placed, n), f"{money:.2f}"]
        opens = [f"{opened}.0", _percent(opened, n), f"{opened + opened // 3}.0"]
        clicks = [f"{clicked}.0", _percent(clicked, n), f"{clicked + clicked // 4}.0"]
        lost = [f"{left}.0", "0.0", "0.00%", f"{n - bounced}.0", f"{bounced}.0", _percent(bounced, n)]
        rows.append([*what, *gained, *opens, *clicks, *lost, f"01DEMO{number:020d}", "Email"])
    return pd.DataFrame(rows, columns=KLAVIYO)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / max(whole, 1):.2f}%"


KLAVIYO = [
    "Campaign Name", "Tags", "Subject", "List", "Send Time", "Send Weekday", "Total Recipients", "Unique Placed Order",
    "Placed Order Rate", "Revenue", "Unique Opens", "Open Rate", "Total Opens", "Unique Clicks", "Click Rate",
    "Total Clicks", "Unsubscribes", "Spam Complaints", "Spam Complaints Rate", "Successful Deliveries", "Bounces",
    "Bounce Rate", "Campaign ID", "Campaign Channel",
]  # fmt: skip


def first_seen(orders: pd.DataFrame, customers: int) -> np.ndarray:
    """When each customer ordered first."""
    known = orders[orders["customer"] >= 0]
    return known.groupby("customer")["t"].min().reindex(range(customers)).to_numpy()
