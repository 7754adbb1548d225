"""The engine's part of support: cases counted by group, times in slots, and what customers do after a case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pandas as pd
from ibis import _

from journeylab.customers import answers
from journeylab.data.dataset import ibis_date
from journeylab.errors import BadParameter
from journeylab.intervals import z_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import ibis.expr.types as ir

    from journeylab.customers.personas import Personas
    from journeylab.data.dataset import Dataset

#: Where in the journey a case of a topic arises, if the user does not say otherwise; other topics stand for themselves.
STAGES = {
    "shipping": "delivery", "tracking": "delivery", "damage": "delivery", "damaged": "delivery", "return": "returns",
    "refund": "returns", "exchange": "returns", "payment": "checkout", "billing": "checkout", "discount": "checkout",
    "login": "account", "password": "account", "quality": "product", "sizing": "product", "stock": "product",
}  # fmt: skip
#: Where the user's own stages are kept beside the data.
EDIT = "ticket_stages"
#: Days after an order in which a case counts as one about it.
ABOUT = 30
#: Slots of a time in each doubling of it: about one per cent wide each.
_FINE = 64


def splits(shop: Dataset) -> tuple[str, ...]:
    """Return what cases can be broken down by in this shop."""
    if not shop.has("tickets"):
        return ()
    found = ["topic", "touchpoint"] if shop.has("tickets.topic") else []
    found += ["sales_channel"] if shop.has("tickets.sales_channel") else []
    if shop.has("tickets.customer_id", "customers"):
        found += answers.traits(shop)
    return tuple(found)


def topics(shop: Dataset) -> tuple[str, ...]:
    """Return the topics of the cases, the commonest first, at most as many as there are groups."""
    tickets = shop.table("tickets").filter(_.topic.notnull())
    rows = tickets.group_by("topic").agg(n=_.count()).order_by(_.n.desc(), _.topic).limit(answers.MAX_GROUPS)
    return tuple(shop.run(rows)["topic"])


def kept_stages(shop: Dataset) -> dict[str, str]:
    """Return the touchpoints that the user gave to topics, by topic in small letters; what is no text is left out."""
    kept = shop.edits.get(EDIT)
    told = kept.items() if isinstance(kept, dict) else ()
    return {topic.lower(): place for topic, place in told if isinstance(topic, str) and isinstance(place, str)}


def grouped(shop: Dataset, by: str | None, personas: Personas | None, stages: Mapping[str, str] | None) -> ir.Table:
    """Return the cases with `group` as text."""
    tickets = shop.table("tickets")
    if personas is not None:
        if by not in {None, "persona"}:
            raise BadParameter("Cases are broken down by persona or by something else, not by both.")
        if "customer_id" not in tickets.columns:
            raise BadParameter("The cases do not say whose they are, so they have no persona.")
        groups = personas.assignments.select("customer_id", group=_.name)
        return answers.named(shop, answers.joined(tickets, groups))
    if by is None:
        return tickets.mutate(group=ibis.literal(answers.ALL))
    if by not in splits(shop):
        known = ", ".join(splits(shop))
        raise BadParameter(
            f"The cases cannot be broken down by {by!r}.",
            do=f"They can by {known}." if known else "They have no column to break down by.",
        )
    if by.startswith("customers."):
        return answers.named(shop, answers.joined(tickets, answers.trait(shop, by)))
    if by == "touchpoint":
        topic = tickets.topic.lower()
        places = {**STAGES, **{name.lower(): place for name, place in (stages or {}).items()}}
        group: Any = ibis.cases(*((topic == name, place) for name, place in sorted(places.items())), else_=topic)
        return answers.named(shop, tickets.mutate(group=group))
    return answers.named(shop, tickets.mutate(group=tickets[by].cast("string")))


def counts(shop: Dataset, tickets: ir.Table) -> pd.DataFrame:
    """Return a row a group: n, and of those where it is known how many wrote again and were satisfied."""
    have = set(tickets.columns)
    contacts = tickets.contacts if "contacts" in have else ibis.null("int64")
    happy = tickets.satisfied if "satisfied" in have else ibis.null("boolean")
    rows = tickets.mutate(_contacts=contacts, _happy=happy).group_by("group").agg(
        n=_.count(),
        again=(_["_contacts"] > 1).fill_null(False).sum(),
        of_again=_["_contacts"].count(),
        satisfied=_["_happy"].fill_null(False).sum(),
        of_satisfied=_["_happy"].count(),
    )  # fmt: skip
    return shop.run(rows).sort_values(["n", "group"], ascending=[False, True], ignore_index=True)


def times(shop: Dataset, tickets: ir.Table, column: str) -> pd.DataFrame:
    """Return a row a group and slot of a time in minutes: n and minutes (their sum)."""
    if column not in tickets.columns:
        return pd.DataFrame(columns=["group", "slot", "n", "minutes"])
    told = tickets.filter(tickets[column].notnull(), tickets[column] >= 0)
    slot = ((told[column] + 1).log2() * _FINE).floor().cast("int64")
    rows = shop.run(told.group_by("group", slot=slot).agg(n=_.count(), minutes=_[column].sum()))
    return rows.sort_values(["group", "slot"], ignore_index=True)


def median(slots: pd.DataFrame, *, level: float) -> tuple[float, float, float, int]:
    """Return the median of slots in minutes with its interval, and n; NaN where there is nothing.

    The interval is that of the sign test, by the normal ranks n/2 ± z √n / 2 (Conover, "Practical Nonparametric
    Statistics", section 3.2); where few values leave a rank outside, it is the lowest or highest value.

    >>> import pandas as pd
    >>> median(pd.DataFrame({"slot": [1, 2, 3], "n": [1, 3, 1], "minutes": [10.0, 60.0, 90.0]}), level=0.95)
    (20.0, 10.0, 90.0, 5)
    """
    if slots.empty:
        return float("nan"), float("nan"), float("nan"), 0
    slots = slots.groupby("slot", as_index=False)[["n", "minutes"]].sum()
    n = int(slots["n"].sum())
    reached = slots["n"].cumsum().to_numpy()
    values = (slots["minutes"] / slots["n"]).to_numpy(float)
    wide = z_of(level) * np.sqrt(n) / 2
    ranks = np.clip([np.ceil(n / 2), np.floor(n / 2 - wide) + 1, np.ceil(n / 2 + wide)], 1, n)
    middle, lower, upper = (float(values[np.searchsorted(reached, rank)]) for rank in ranks)
    return middle, lower, upper, n


def answers_after(shop: Dataset, kind: str, days: int, quick: float) -> pd.DataFrame:
    """Return sums of points by what went before the answer: no case, or one with a quick or a slow first reply."""
    asked = answers.asked(shop, kind).filter(_.customer_id.notnull())
    reply = shop.table("tickets", whole=True)
    have = "first_reply_minutes" in reply.columns
    reply = reply.filter(_.customer_id.notnull()).select(
        _whose="customer_id", _opened="opened_at", _reply=_.first_reply_minutes if have else ibis.null("float64")
    )
    length = ibis.interval(days=days)
    pairs = asked.select("response_id", "customer_id", "answered_at")
    pairs = pairs.join(
        reply,
        [
            pairs.customer_id == reply["_whose"],
            reply["_opened"] <= pairs.answered_at,
            reply["_opened"] >= pairs.answered_at - length,
        ],
    )
    slowest = pairs.group_by("response_id").agg(_slowest=_["_reply"].max()).rename(_about="response_id")
    found = asked.left_join(slowest, asked.response_id == slowest["_about"])
    return answers.counted(shop, found.mutate(group=_speed(_["_about"].notnull(), _["_slowest"], quick)), "group")


def orders_after(shop: Dataset, days: int, quick: float, until: date) -> pd.DataFrame:
    """Return customers by what followed their first order within a month, and how many ordered after that month.

    A landmark analysis (Anderson, Cain & Gelber 1983, Journal of Clinical Oncology 1): cases count up to the landmark,
    orders after it, so that nobody is counted as having a case because they stayed long enough to have one. Only
    customers whose landmark and days after it lie before `until`.
    """
    sales = shop.sales(whole=True).filter(_.customer_id.notnull()).select("customer_id", "day")
    first = sales.group_by("customer_id").agg(first=_.day.min())
    last = first["first"] + ibis.interval(days=ABOUT + days)
    first = first.filter(last.cast("date") <= ibis_date(until))
    cases = shop.table("tickets", whole=True).filter(_.customer_id.notnull())
    have = "first_reply_minutes" in cases.columns
    cases = cases.select(
        _whose="customer_id", _day=_.opened_at.cast("date"),
        _reply=_.first_reply_minutes if have else ibis.null("float64"),
    )  # fmt: skip
    mark = (first["first"] + ibis.interval(days=ABOUT)).cast("date")
    told = first.join(
        cases, [first.customer_id == cases["_whose"], cases["_day"] >= first["first"], cases["_day"] <= mark]
    )
    told = told.group_by(_case_of=told.customer_id).agg(_slowest=_["_reply"].max())
    later = sales.rename(_buyer="customer_id", _bought="day")
    again = first.join(
        later,
        [
            first.customer_id == later["_buyer"],
            later["_bought"] > mark,
            later["_bought"] <= (first["first"] + ibis.interval(days=ABOUT + days)).cast("date"),
        ],
    )
    again = again.select(_again_of="customer_id").distinct()
    people = first.left_join(told, first.customer_id == told["_case_of"])
    people = people.left_join(again, people.customer_id == again["_again_of"])
    people = people.mutate(group=_speed(_["_case_of"].notnull(), _["_slowest"], quick))
    rows = shop.run(people.group_by("group").agg(of=_.count(), n=_["_again_of"].count()))
    return rows.sort_values("group", ignore_index=True)


NO_CASE, QUICK, SLOW, CASE = "no case", "case, quick reply", "case, slow reply", "case"


def _speed(has: Any, reply: Any, quick: float) -> Any:
    """Name what went before; without a known time of reply it is just a case."""
    fast = (reply <= quick + 1e-6) if quick == quick else ibis.literal(value=False)  # noqa: PLR0124 - not a number
    return ibis.cases((~has, NO_CASE), (reply.isnull(), CASE), (fast, QUICK), else_=SLOW)
