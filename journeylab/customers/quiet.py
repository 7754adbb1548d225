"""Gone, or just quiet: how likely each customer is still alive, and what is at stake where it is doubtful.

P(alive) comes from the tested purchase model: silence says little of a customer who always took long, and much of one
who never did. Method and limits: docs/methods/lifetime_value.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd
from ibis import _

from journeylab import words
from journeylab.checks import number, whole
from journeylab.customers import purchases
from journeylab.customers.customer_base import CustomerBase
from journeylab.customers.holdout import Holdout, proven
from journeylab.customers.value_curve import WEEKS_A_YEAR
from journeylab.errors import NotEnoughData
from journeylab.intervals import z_of
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Iterator

    import altair as alt

    from journeylab.data.dataset import Dataset

#: Repeat customers looked at one by one: those who spent most.
LOOKED_AT = 5000
#: Below and above these chances of being alive the verdict is 'gone' and 'just quiet'; between them 'in doubt'.
GONE, ALIVE = 0.1, 0.9
_DRAWS = 400
_PARAMETERS = 40


@dataclass(frozen=True, eq=False, kw_only=True)
class Quiet(Result):
    """Customers in doubt, and the map of who is alive.

    Args:
        customers: A row a customer, the highest loss first: customer_id, quiet_days (since the last purchase),
            purchases, past (margin brought so far), p_alive, verdict ('gone' under 10 %, 'in doubt', 'just quiet' from
            90 % on), expected (margin within the horizon), lower, upper (predictive), loss (expected margin missed).
        cells: A row a class of repeat purchases and silence: frequency, silence, n, p_alive (mean; NaN where the model
            cannot say).
        at_stake: Sum of the losses over all customers looked at.
        looked_at: How many those are.
        tested: The hold-out test the model comes from.
        horizon: Months looked ahead.
        level: Coverage of the intervals.
        currency: Of the money.
    """

    views: ClassVar[tuple[str, ...]] = ("map", "past")

    customers: pd.DataFrame
    cells: pd.DataFrame
    at_stake: float
    looked_at: int
    tested: Holdout
    horizon: int
    level: float
    currency: str

    def table(self) -> pd.DataFrame:
        """Return the customers, the highest expected loss first."""
        return self.customers

    def headline(self) -> str:
        """Say how much margin is likely to be lost already, and on whom."""
        shown, whole = self.customers["loss"].sum(), self.customers["expected"].sum()
        if self.at_stake < 0.001 * whole:
            looked_at = words.count(self.looked_at, "repeat customer")
            lost = f"Hardly any margin is lost to silence: the model takes nearly all of {looked_at} for alive"
            return f"{lost}; {self.tested.proof()}."
        return (
            f"{words.money(self.at_stake, self.currency)} of margin over {words.count(self.horizon, 'month')} is "
            f"likely lost to silence among {words.count(self.looked_at, 'repeat customer')}; "
            f"{words.percent(shown / self.at_stake if self.at_stake else float('nan'))} of it on the "
            f"{words.count(len(self.customers))} listed; {self.tested.proof()}."
        )

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import value as charts

        if view == "past":
            return charts.past_and_expected(self.customers, currency=self.currency)
        return charts.alive(self.cells)


@analysis("orders.customer_id")
def quiet(
    shop: Dataset,
    *,
    tested: Holdout | None = None,
    horizon: int = 12,
    margin: float = 0.4,
    top: int = 50,
    free_orders: bool = False,
    seed: int = 0,
    level: float = 0.95,
) -> Quiet:
    """List the customers whose silence costs most, with the chance that they are gone.

    The loss is (1 − P(alive)) times the margin the customer would bring within the horizon if alive. Intervals are
    predictive: purchases and spend drawn from the customer's own conditional distribution, under parameters drawn
    from their uncertainty.

    Args:
        shop: A Dataset whose orders name their customers.
        tested: The Holdout whose model to use; made with its defaults if not given.
        horizon: Months to look ahead, 1 to 120.
        margin: Share of net value that is margin, 0 to 1.
        top: How many customers to list, 1 to 500.
        free_orders: Count days that come to zero as purchases, in a test made here; one that is given says itself.
        seed: Of the draws.
        level: Coverage of the intervals.

    Raises:
        NotEnoughData: as `holdout`.
        BadParameter: if an option is out of its range, or `tested` is of another shop.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import regulars_shop
        >>> tested = jl.customers.holdout(regulars_shop(), model="BG/NBD")
        >>> len(jl.customers.quiet(regulars_shop(), tested=tested, top=5).table())
        5
    """
    horizon = int(number(horizon, "horizon", lowest=1, highest=120))
    number(margin, "margin", lowest=0, highest=1)
    whole(top, "top", lowest=1, highest=500)
    z_of(level)
    tested = proven(shop, tested, free_orders=free_orders)
    weeks = horizon * WEEKS_A_YEAR / 12
    people = _people(tested)
    base = _base(people)
    p_alive = tested.model.p_alive(base)
    each = _mean_spend(tested, people)
    expected = tested.model.purchases_if_alive(base, weeks) * each * margin
    loss = (1 - p_alive) * expected
    order = np.argsort(-loss, kind="stable")[:top]
    listed = people.iloc[order].reset_index(drop=True)
    lower, upper = _intervals(tested, listed, weeks, margin, level, seed)
    customers = pd.DataFrame(
        {
            "customer_id": listed["customer_id"],
            "quiet_days": listed["age"] - listed["recency"],
            "purchases": listed["frequency"] + 1,
            "past": (listed["spend"] + listed["first_net"]) * margin,
            "p_alive": p_alive[order],
            "verdict": np.array(["gone", "in doubt", "just quiet"])[np.digitize(p_alive[order], [GONE, ALIVE])],
            "expected": (p_alive * expected)[order],
            "lower": lower,
            "upper": upper,
            "loss": loss[order],
        }
    )
    return Quiet(
        customers=customers,
        cells=_cells(tested),
        at_stake=float(loss.sum()),
        looked_at=len(people),
        tested=tested,
        horizon=horizon,
        level=level,
        currency=shop.currency,
        caveats=_caveats(tested, len(people), margin),
    )


def _people(tested: Holdout) -> pd.DataFrame:
    """Return the repeat customers who spent most, in one order whatever the engine."""
    repeaters = tested.histories.rows.filter(_.frequency > 0)
    rows = repeaters.order_by(_.spend.desc(), _.customer_id).limit(LOOKED_AT).drop("first", "later", "later_net")
    people = tested.histories.engine.run(rows)
    if people.empty:
        raise NotEnoughData("Nobody bought twice, so nobody can have fallen silent.")
    return purchases.settled(people, "customer_id")


def _base(people: pd.DataFrame) -> CustomerBase:
    return CustomerBase(
        people["frequency"].to_numpy(float), people["recency"].to_numpy(float) / 7, people["age"].to_numpy(float) / 7
    )


def _mean_spend(tested: Holdout, people: pd.DataFrame) -> np.ndarray:
    if tested.spend is None:
        return np.full(len(people), tested.average)
    x = people["frequency"].to_numpy(float)
    return tested.spend.expected_spend(x, people["spend"].to_numpy(float) / x)


def _draws(tested: Holdout, seed: int) -> Iterator[tuple[object, object]]:
    """Draw models under the uncertainty of their parameters."""
    model, spend = tested.model, tested.spend
    values = model.estimate.draws(_PARAMETERS, seed) if model.estimate else np.tile(model.parameters, (_PARAMETERS, 1))
    others = spend.estimate.draws(_PARAMETERS, seed + 1) if spend is not None and spend.estimate else None
    for position in range(_PARAMETERS):
        drawn = None if spend is None else spend if others is None else spend.with_parameters(others[position])
        yield model.with_parameters(values[position]), drawn


def _intervals(
    tested: Holdout, people: pd.DataFrame, weeks: float, margin: float, level: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Predictive interval of the margin each customer will bring."""
    rng = np.random.default_rng(seed)
    base, x = _base(people), people["frequency"].to_numpy(float)
    average = people["spend"].to_numpy(float) / x
    money = []
    for model, spend in _draws(tested, seed):
        bought = model.sample(base, weeks, _DRAWS // _PARAMETERS, rng)  # type: ignore[attr-defined]
        money.append(bought * tested.average if spend is None else spend.sample(x, average, bought, rng))  # type: ignore[attr-defined]
    drawn = np.concatenate(money) * margin
    lower, upper = np.quantile(drawn, [0.5 - level / 2, 0.5 + level / 2], axis=0)
    return lower, upper


def _cells(tested: Holdout) -> pd.DataFrame:
    """Return mean P(alive) by repeat purchases and weeks of silence, over all customers."""
    base = tested.customers.base
    often = np.digitize(base.frequency, [1, 2, 3, 5, 10])
    silence = np.digitize(base.age - base.recency, [4, 8, 13, 26, 52])
    cells = pd.DataFrame({"often": often, "silence": silence, "n": base.count})
    cells["alive"] = base.count * tested.model.p_alive(base)
    cells = cells.groupby(["often", "silence"], as_index=False)[["n", "alive"]].sum()
    unsaid = _never_lost_at_first(tested) & (cells["often"] == 0)
    names = np.array(["0", "1", "2", "3–4", "5–9", "10+"])
    spans = np.array(["under 4", "4–8", "8–13", "13–26", "26–52", "over 52"])
    return pd.DataFrame(
        {
            "frequency": names[cells["often"]],
            "silence": spans[cells["silence"]],
            "n": cells["n"].astype(int),
            "p_alive": (cells["alive"] / cells["n"]).mask(unsaid),
        }
    )


def _never_lost_at_first(tested: Holdout) -> bool:
    """Whether the model lets nobody drop out before a second purchase, and so says nothing of one-time buyers."""
    return tested.model.NAME == "BG/NBD"


def _caveats(tested: Holdout, looked_at: int, margin: float) -> tuple[str, ...]:
    said = [
        "Being alive is never seen: the model infers it from silence, and the hold-out test says how well it does.",
        f"Margin is taken as {words.percent(margin, digits=0)} of net value, which is your assumption.",
    ]
    if _never_lost_at_first(tested):
        said.append("In BG/NBD one-time buyers never count as gone, however silent, so the map leaves them open.")
    if looked_at == LOOKED_AT:
        said.append(f"Only the {words.count(LOOKED_AT)} repeat customers who spent most were looked at one by one.")
    if tested.model.estimate is not None and not tested.model.estimate.identified:
        said.append("The data do not settle how customers drop out, so take P(alive) as a sorting and not as a chance.")
    return (*said, *tested.warnings)
