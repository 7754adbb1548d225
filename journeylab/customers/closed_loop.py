"""Unhappy customers worth writing to: whose last word was unhappy, ranked by what can be recovered, within a budget.

Method and limits: docs/methods/closed_loop.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd
from ibis import _

from journeylab import words
from journeylab.checks import number, whole
from journeylab.customers import lots, purchases
from journeylab.customers.comments import UNHAPPY
from journeylab.customers.customer_base import CustomerBase
from journeylab.customers.holdout import Holdout, holdout
from journeylab.customers.last_words import last_words, written
from journeylab.customers.margin import taken
from journeylab.customers.value_curve import WEEKS_A_YEAR
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.growth.recall import recall
from journeylab.intervals import z_of
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from datetime import date

    import altair as alt
    import ibis.expr.types as ir

    from journeylab.customers.gamma_gamma import GammaGamma
    from journeylab.customers.purchase_model import PurchaseModel
    from journeylab.data.dataset import Dataset

#: Unhappy customers looked at one by one: those who spent most.
LOOKED_AT = 20_000
#: The name under which the list comes back as a file of exposures.
NAME = "closed loop"
CONTACT, HELD, BEYOND, NOT_WORTH = "contact", "hold-out", "beyond the budget", "not worth it"
_DRAWS = 40


@dataclass(frozen=True, eq=False, kw_only=True)
class ClosedLoop(Result):
    """Unhappy customers, and what to do about each.

    Args:
        customers: A row a customer, the most to recover first: customer_id, said (their last word), place (on its
            scale, 0 to 1), touchpoint, days (since then), purchases, p_alive, value (margin within the horizon if
            alive), recoverable (p_alive x value x save rate less cost) and plan: 'contact', 'hold-out', 'beyond the
            budget' or 'not worth it'.
        curve: A row a number of contacts: contacts, cost, recoverable (summed over them).
        recoverable: Sum over those to contact, with recoverable_lower and recoverable_upper by the uncertainty of the
            model's parameters.
        n: Unhappy customers looked at.
        of: Customers whose last word is known.
        contacts: How many to contact.
        held: How many are held out.
        saved: The save rate.
        cost: Of a contact.
        horizon: Months looked ahead.
        as_of: The day it is seen from.
        tested: The hold-out test the model comes from.
        level: Coverage of the interval.
        currency: Of the money.
    """

    views: ClassVar[tuple[str, ...]] = ("budget", "customers")

    customers: pd.DataFrame
    curve: pd.DataFrame
    recoverable: float
    recoverable_lower: float
    recoverable_upper: float
    n: int
    of: int
    contacts: int
    held: int
    saved: float
    cost: float
    horizon: int
    as_of: date
    tested: Holdout
    level: float
    currency: str

    def table(self) -> pd.DataFrame:
        """Return a row an unhappy customer, the most to recover first."""
        return self.customers

    def headline(self) -> str:
        """Say how many to contact, what it may bring, and how many are held out."""
        if not self.contacts:
            return self._nobody()
        low, high = (words.money(x, self.currency) for x in (self.recoverable_lower, self.recoverable_upper))
        return (
            f"Contact {words.count(self.contacts)} of {words.count(self.n, 'unhappy customer')}: about "
            f"{words.money(self.recoverable, self.currency)} of margin ({low} to {high}) may be recovered after the "
            f"cost of {words.money(self.contacts * self.cost, self.currency)}; "
            f"{words.count(self.held)} more are held out."
        )

    def _nobody(self) -> str:
        """Say why nobody is contacted: not worth it, beyond the budget, or held out."""
        plans = self.customers["plan"].value_counts()
        worth = self.n - int(plans.get(NOT_WORTH, 0))
        if not worth:
            return f"None of {words.count(self.n, 'unhappy customer')} is worth a contact at this cost and save rate."
        verb = "is" if worth == 1 else "are"
        of = f"{words.count(worth)} of {words.count(self.n, 'unhappy customer')} {verb} worth one"
        if int(plans.get(BEYOND, 0)):
            return f"The budget pays for no contact, though {of}."
        return f"Nobody is to be contacted: {of}, and all of them are held out."

    def exposures(self) -> pd.DataFrame:
        """Return the list to work through: a row a customer to contact or hold out, in the form of exposures.

        The same file, read with the next exports, is what `closed_loop_effect` measures by.
        """
        listed = self.customers[self.customers["plan"].isin([CONTACT, HELD])]
        return pd.DataFrame(
            {
                "experiment": NAME,
                "unit": "customer",
                "unit_id": listed["customer_id"],
                "variant": listed["plan"],
                "exposed_at": f"{self.as_of.isoformat()} 23:59:59",
                "holdout": listed["plan"] == HELD,
                "said": listed["said"],
                "touchpoint": listed["touchpoint"],
                "recoverable": listed["recoverable"].round(2),
            }
        )

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import closed_loop as charts

        if view == "customers":
            return charts.customers(self.customers, currency=self.currency)
        return charts.budget(self.curve, contacts=self.contacts, currency=self.currency)


@analysis("orders.customer_id")
def closed_loop(
    shop: Dataset,
    *,
    tested: Holdout | None = None,
    saved: float = 0.2,
    cost: float = 5.0,
    budget: float | None = None,
    held: float = 0.2,
    since: int = 180,
    horizon: int = 12,
    margin: float | None = None,
    seed: int = 1,
    level: float = 0.95,
) -> ClosedLoop:
    """Rank the customers whose last word was unhappy by what a contact may recover, and hold out some at random.

    A last word is the latest answer (six or less of ten, three or less of five, no) or support case (not satisfied).
    Recoverable is P(alive) x margin within the horizon if alive x save rate - cost. Whoever is worth more than the cost
    is contacted, the most first, until the budget is spent; of these, a random share is held out, by seed and
    identifier alone (MD5), so that the next upload can measure what the contact did (`closed_loop_effect`).

    Args:
        shop: A Dataset with orders by customer, and answers or cases by customer.
        tested: The Holdout whose model to use; made with its defaults if not given.
        saved: Save rate: the share of a customer's margin that a contact recovers, 0 to 1. A guess until measured.
        cost: Of one contact, in the shop's currency.
        budget: To spend on contacts; no limit if not given.
        held: Share to hold out, 0 to 0.9.
        since: Days back from the end of the period in which a last word counts.
        horizon: Months to look ahead, 1 to 120.
        margin: Share of net value that is margin, 0 to 1; what the unit costs come to if not given, 0.4 without costs.
        seed: Of the lots and the draws.
        level: Coverage of the interval.

    Raises:
        SchemaError: if neither answers nor cases say whose they are.
        NotEnoughData: if nobody is unhappy, or as `holdout`.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import regulars_shop
        >>> jl.customers.closed_loop(regulars_shop())
        Traceback (most recent call last):
        journeylab.errors.SchemaError: Neither answers nor support cases say whose they are. Add a file that has it.
    """
    number(saved, "saved", lowest=0, highest=1)
    number(cost, "cost", lowest=0)
    if budget is not None:
        number(budget, "budget", lowest=0)
    number(held, "held", lowest=0, highest=0.9)
    whole(since, "since", lowest=1, highest=3650)
    horizon = int(number(horizon, "horizon", lowest=1, highest=120))
    whole(seed, "seed", highest=2**31 - 1)
    z_of(level)
    share, margin_said = taken(shop, margin)
    said = last_words(shop, since)
    tested = tested or holdout(shop)
    if not isinstance(tested, Holdout):
        raise BadParameter("tested must be the Result of jl.customers.holdout.")
    question = ("closed loop", since, tested.until.isoformat(), seed)
    people, found, of = recall(shop, question, lambda: _people(shop, said, tested.until, seed))
    weeks = horizon * WEEKS_A_YEAR / 12
    alive, value = _worth(tested.model, tested.spend, tested, people, weeks, share)
    recoverable = np.round(alive * value * saved - cost, 9)
    order = np.lexsort((people["customer_id"], -recoverable))
    table = _table(people, alive, value, recoverable).iloc[order].reset_index(drop=True)
    drawn = (people["lot"] < lots.threshold(held)).to_numpy()[order]
    table["plan"] = _plan(table["recoverable"].to_numpy(float), drawn, cost, budget)
    chosen = (table["plan"] == CONTACT).to_numpy()
    low, high = _interval(tested, people.iloc[order[chosen]], weeks, share, seed, level)
    contacts = int(chosen.sum())
    total = float(table["recoverable"][chosen].sum())
    return ClosedLoop(
        customers=table,
        curve=_curve(table, drawn, cost),
        recoverable=total,
        recoverable_lower=min(low * saved - contacts * cost, total),
        recoverable_upper=max(high * saved - contacts * cost, total),
        n=len(table),
        of=of,
        contacts=contacts,
        held=int((table["plan"] == HELD).sum()),
        saved=saved,
        cost=cost,
        horizon=horizon,
        as_of=tested.until,
        tested=tested,
        level=level,
        currency=shop.currency,
        caveats=_caveats(tested, saved, found, len(people), held, margin_said),
    )


def _people(shop: Dataset, said: ir.Table, until: date, seed: int) -> tuple[pd.DataFrame, int, int]:
    """Return the unhappy with purchases and lots, the best spenders first; how many they are, and who said anything."""
    histories = purchases.histories(purchases.purchase_days(shop, until), until)
    histories = histories.drop("first", "later", "later_net").rename(_owner="customer_id")
    both = said.filter(said.place <= UNHAPPY).join(histories, said.customer_id == histories["_owner"]).drop("_owner")
    of = int(shop.run(said.agg(n=_.count()))["n"].iloc[0])
    rows = both.mutate(lot=lots.lot(_.customer_id, seed, NAME).substr(0, 8), _all=_.count().over())
    rows = shop.run(rows.order_by((_.spend + _.first_net).desc(), _.customer_id).limit(LOOKED_AT))
    if rows.empty:
        raise NotEnoughData(
            "No customer with an order was unhappy in these days.", do="Look further back, or at a longer period."
        )
    found = int(rows.pop("_all").iloc[0])
    rows["days"] = (pd.Timestamp(until) - pd.to_datetime(rows["day"])).dt.days
    return purchases.settled(rows.drop(columns="day"), "customer_id"), found, of


def _worth(
    model: PurchaseModel,
    spend: GammaGamma | None,
    tested: Holdout,
    people: pd.DataFrame,
    weeks: float,
    margin: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Return P(alive), and the margin each would bring within the weeks if alive."""
    x = people["frequency"].to_numpy(float)
    base = CustomerBase(x, people["recency"].to_numpy(float) / 7, people["age"].to_numpy(float) / 7)
    average = np.where(x > 0, people["spend"].to_numpy(float) / np.where(x > 0, x, 1.0), 0.0)
    each = np.full(len(x), tested.average) if spend is None else spend.expected_spend(x, average)
    each = np.where(np.isfinite(each), each, tested.average)
    return model.p_alive(base), model.purchases_if_alive(base, weeks) * each * margin


def _interval(
    tested: Holdout, people: pd.DataFrame, weeks: float, margin: float, seed: int, level: float
) -> tuple[float, float]:
    """Return the interval of the expected margin of some customers, by the uncertainty of the parameters."""
    if people.empty:
        return 0.0, 0.0
    model, spend = tested.model, tested.spend
    models = [model] * _DRAWS
    spends: list[GammaGamma | None] = [spend] * _DRAWS
    if model.estimate is not None:
        models = [model.with_parameters(values) for values in model.estimate.draws(_DRAWS, seed)]
    if spend is not None and spend.estimate is not None:
        spends = [spend.with_parameters(values) for values in spend.estimate.draws(_DRAWS, seed + 1)]
    totals = []
    for one, other in zip(models, spends, strict=True):
        alive, value = _worth(one, other, tested, people, weeks, margin)
        totals.append(float(alive @ value))
    low, high = np.quantile(totals, [0.5 - level / 2, 0.5 + level / 2])
    return float(low), float(high)


def _table(people: pd.DataFrame, alive: np.ndarray, value: np.ndarray, recoverable: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": people["customer_id"],
            "said": [
                written(kind, score, top)
                for kind, score, top in zip(people["kind"], people["score"], people["top"], strict=True)
            ],
            "place": people["place"],
            "touchpoint": people["touchpoint"].fillna(""),
            "days": people["days"].astype(int),
            "purchases": people["frequency"].astype(int) + 1,
            "p_alive": alive,
            "value": value,
            "recoverable": recoverable,
        }
    )


def _plan(recoverable: np.ndarray, drawn: np.ndarray, cost: float, budget: float | None) -> np.ndarray:
    """Say what to do about each customer, in the order of what can be recovered."""
    worth = recoverable > 0
    most = np.inf if budget is None or cost == 0 else np.floor(budget / cost + 1e-9)
    written = np.cumsum(worth & ~drawn)
    within = (written <= most) & worth & (most > 0)
    return np.select([~worth, ~within, drawn], [NOT_WORTH, BEYOND, HELD], CONTACT)


def _curve(table: pd.DataFrame, drawn: np.ndarray, cost: float) -> pd.DataFrame:
    """Return what is recovered by the number of contacts, in at most some hundred steps."""
    gains = table["recoverable"].to_numpy(float)[~drawn]
    contacts = np.unique(np.linspace(0, len(gains), min(len(gains), 200) + 1).astype(int))
    total = np.concatenate([[0.0], np.cumsum(gains)])
    return pd.DataFrame({"contacts": contacts, "cost": contacts * cost, "recoverable": total[contacts]})


def _caveats(tested: Holdout, saved: float, found: int, looked_at: int, held: float, margin: str) -> tuple[str, ...]:
    share = words.percent(saved, digits=0)
    error = words.percent(abs(tested.total_error))
    said = [
        f"That a contact saves {share} of a customer's margin is your assumption, until a hold-out has measured it.",
        margin,
        f"The interval holds the model's parameters only; on weeks it had not seen, its total was {error} off.",
    ]
    if held == 0:
        said.append("Nobody is held out, so nobody will know what the contact did.")
    if looked_at < found:
        said.append(f"Only the {words.count(looked_at)} of {words.count(found)} who spent most were looked at.")
    return tuple(said)
