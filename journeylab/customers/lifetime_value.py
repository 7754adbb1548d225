"""What the customers are worth: over a horizon, after margin and discount, with intervals, and by three methods.

Rests on a model that was tested on weeks it had not seen (`holdout`), whose error stands beside every value. Method and
limits: docs/methods/lifetime_value.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from journeylab import words
from journeylab.checks import number
from journeylab.customers.holdout import Holdout, proven
from journeylab.customers.holdout_words import too_narrow
from journeylab.customers.value_curve import WEEKS_A_YEAR, chance_variance
from journeylab.customers.value_details import newcomer, parameters
from journeylab.customers.value_methods import FEWEST_SEEN, formulas, methods
from journeylab.intervals import z_of
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    import altair as alt

    from journeylab.data.dataset import Dataset

#: What each lever is tried at, one at a time, for the view of levers.
TRIED = 1.05
_HYPOTHETICAL = (
    "What the levers change is assumed: whether it can be had, and what that costs, is not known. The difference takes "
    "the model's parameters for certain."
)


@dataclass(frozen=True, eq=False, kw_only=True)
class LifetimeValue(Result):
    """What the customers of today will bring.

    Args:
        groups: A row a group, the most valuable first, and one for all: group, customers, margin (expected, discounted,
            after levers), lower, upper (by chance and parameters), per_customer, history (margin brought so far a
            customer), share.
        months: A row a month from now: month, margin (cumulated), lower, upper.
        methods: A row a method for a new customer's first `horizon` months: method, margin, lower, upper, n, profit,
            ratio (margin to cost), means (what it stands for, in words).
        levers: A row a lever at 5 % more: lever, gain (margin), gain_share.
        concentration: A row a tenth of the customers by expected value: tenth, share, cumulative.
        newcomer: A row a month after the first purchase: month, purchases (repeat, expected), none (chance of none).
        parameters: As `value_details.parameters`.
        today: What the customers bring as things are, without any lever.
        changed: What the levers change, by what they are called: how many times as much as today; empty for none.
        tested: The hold-out test the model comes from.
        horizon: Months looked ahead.
        margin: Share of net value that is margin.
        cost: Cost of winning a customer.
        level: Coverage of the intervals.
        currency: Of the money.
    """

    views: ClassVar[tuple[str, ...]] = ("months", "groups", "methods", "levers", "concentration", "new customer")

    groups: pd.DataFrame
    months: pd.DataFrame
    methods: pd.DataFrame
    levers: pd.DataFrame
    concentration: pd.DataFrame
    newcomer: pd.DataFrame
    parameters: pd.DataFrame
    today: float
    changed: dict[str, float]
    tested: Holdout
    horizon: int
    margin: float
    cost: float
    level: float
    currency: str

    def table(self) -> pd.DataFrame:
        """Return a row a group with its expected margin and interval, and one for all customers."""
        return self.groups

    def sheets(self) -> dict[str, pd.DataFrame]:
        """Return what the other views draw, and the model's parameters."""
        return {
            "Months": self.months,
            "Methods": self.methods,
            "Levers": self.levers,
            "Concentration": self.concentration,
            "New customer": self.newcomer,
            "Parameters": self.parameters,
        }

    @property
    def total(self) -> pd.Series:
        """The row for all customers."""
        return self.groups[self.groups["group"] == "all"].iloc[0]

    def headline(self) -> str:
        """Say what the customers will bring, how sure that is, and how the model did on weeks it had not seen."""
        whole = self.total
        lower, upper = (words.money(whole[end], self.currency) for end in ("lower", "upper"))
        levers = [f"{name} {words.signed(times - 1)}" for name, times in self.changed.items()]
        return (
            f"{f'With {words.listed(levers)}, ' if levers else ''}{words.count(whole['customers'], 'customer')} "
            f"{'would' if levers else 'will'} bring about {words.money(whole['margin'], self.currency)} of margin "
            f"within {words.count(self.horizon, 'month')} ({words.percent(self.level, digits=0)} interval {lower} to "
            f"{upper}){self._against_today()}; {self.tested.proof()}."
        )

    def _against_today(self) -> str:
        if not self.changed:
            return ""
        gain = float(self.total["margin"]) - self.today
        more = f"{words.money(abs(gain), self.currency)} {'more' if gain >= 0 else 'less'}"
        share = words.signed(gain / self.today) if self.today else "an unknown share"
        return f", {more} ({share}) than as things are"

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import new_customer
        from journeylab.charts import value as charts

        if view == "months":
            return charts.months(self.months, currency=self.currency)
        if view == "groups":
            return charts.groups(self.groups, currency=self.currency)
        if view == "methods":
            return new_customer.methods(self.methods, currency=self.currency)
        if view == "levers":
            return charts.levers(self.levers, currency=self.currency)
        if view == "new customer":
            return new_customer.newcomer(self.newcomer)
        return charts.concentration(self.concentration)


@analysis("orders.customer_id")
def lifetime_value(
    shop: Dataset,
    *,
    tested: Holdout | None = None,
    horizon: int = 12,
    margin: float = 0.4,
    discount: float = 0.1,
    cost: float = 0.0,
    order_value: float = 1.0,
    pace: float = 1.0,
    retention: float = 1.0,
    level: float = 0.95,
) -> LifetimeValue:
    """Say what today's customers will bring within a horizon, and what a new customer is worth by three methods.

    A customer's value is P(alive) · expected spend a purchase · expected purchases, each discounted at e^(−δt) with
    δ = ln(1 + discount) a year (Fader, Hardie & Lee 2005, "RFM and CLV"); times the margin. Intervals hold both the
    chance in what customers do and the uncertainty of the parameters (delta method). Beside it stand, over the same
    horizon and under the same levers, the formula taught widely, order value × orders a year × lifespan × margin, and
    history, what customers brought within as long of their first purchase.

    Args:
        shop: A Dataset whose orders name their customers.
        tested: The Holdout whose model to use; made with its defaults if not given.
        horizon: Months to look ahead, 1 to 120.
        margin: Share of net value that is margin, 0 to 1; an assumption of the user.
        discount: Rate a year, 0 to 1.
        cost: What winning a customer costs, in the shop's currency.
        order_value: How many times as much a purchase is worth from now on.
        pace: How many times as often customers buy from now on.
        retention: How many times the share of customers kept over a year, from now on.
        level: Coverage of the intervals.

    Raises:
        NotEnoughData: as `holdout`.
        BadParameter: if an option is out of its range.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import regulars_shop
        >>> tested = jl.customers.holdout(regulars_shop(), model="BG/NBD")
        >>> half = jl.customers.lifetime_value(regulars_shop(), tested=tested, margin=0.2)
        >>> full = jl.customers.lifetime_value(regulars_shop(), tested=tested, margin=0.4)
        >>> round(float(full.total["margin"] / half.total["margin"]), 6)
        2.0
    """
    horizon = int(number(horizon, "horizon", lowest=1, highest=120))
    number(margin, "margin", lowest=0, highest=1)
    yearly = number(discount, "discount", lowest=0, highest=1)
    number(cost, "cost", lowest=0)
    for name, lever in (("order_value", order_value), ("pace", pace), ("retention", retention)):
        number(lever, name, lowest=0.5, highest=2)
    levers = {"order value": order_value, "purchase rate": pace, "customers kept a year": retention}
    z_of(level)
    tested = proven(shop, tested)
    weekly = float(np.log1p(yearly) / WEEKS_A_YEAR)
    earned = margin * order_value
    weeks = horizon * WEEKS_A_YEAR / 12
    options = {"discount": weekly, "pace": pace, "dropout": tested.curve.dropout_for(retention)}
    groups = _groups(tested, weeks, margin, order_value, options, level)
    whole = groups[groups["group"] == "all"].iloc[0]
    return LifetimeValue(
        groups=groups,
        months=_months(tested, horizon, earned, options, whole, level),
        methods=methods(
            tested,
            weeks=weeks,
            margin=margin,
            order_value=order_value,
            retention=retention,
            options=options,
            cost=cost,
            level=level,
        ),
        levers=_levers(tested, weeks, margin, weekly),
        concentration=_concentration(tested, weeks),
        newcomer=newcomer(tested, horizon),
        parameters=parameters(tested, level),
        today=float(tested.curve.value(weeks, discount=weekly)[0].sum()) * margin,
        changed={name: times for name, times in levers.items() if times != 1},
        tested=tested,
        horizon=horizon,
        margin=margin,
        cost=cost,
        level=level,
        currency=shop.currency,
        caveats=(
            *_caveats(tested, weeks, margin, options, retention, shop.currency),
            *too_narrow(tested, float(whole["upper"] / whole["margin"] - 1) if whole["margin"] else float("nan")),
            *((_HYPOTHETICAL,) if any(times != 1 for times in levers.values()) else ()),
        ),
    )


def _groups(
    tested: Holdout, weeks: float, margin_share: float, order_value: float, options: dict[str, float], level: float
) -> pd.DataFrame:
    """Return a row a group and one for all, with intervals that hold chance and parameters; levers leave history be."""
    earned = margin_share * order_value
    total, errors, error = tested.curve.value(weeks, **options)
    plain, _, _ = tested.curve.value(weeks)
    chance = chance_variance(tested.model, tested.spend, tested.average, tested.customers, weeks)
    # Chance is that of the plain horizon; discount and levers scale it as they scale the money.
    chance = (
        np.where(np.isfinite(chance), chance, 0)
        * np.divide(total, plain, out=np.ones_like(total), where=plain > 0) ** 2
    )
    margin = np.r_[total, total.sum()] * earned
    half = z_of(level) * earned * np.sqrt(np.r_[errors**2 + chance, error**2 + chance.sum()])
    sums = (
        tested.rows.assign(past=tested.rows["spend"] + tested.rows["first_net"]).groupby("group")[["n", "past"]].sum()
    )
    n = np.r_[sums["n"], sums["n"].sum()].astype(int)
    past = np.r_[sums["past"], sums["past"].sum()]
    groups = pd.DataFrame(
        {
            "group": [*tested.group_names, "all"],
            "customers": n,
            "margin": margin,
            "lower": np.maximum(margin - half, 0),
            "upper": margin + half,
            "per_customer": margin / n,
            "history": past * margin_share / n,
            "share": margin / margin[-1] if margin[-1] else float("nan"),
        }
    )
    if len(groups) == 2:
        return groups.tail(1).reset_index(drop=True)
    last = groups["group"] == "all"
    return (
        groups.assign(last=last)
        .sort_values(["last", "margin"], ascending=[True, False])
        .drop(columns="last")
        .reset_index(drop=True)
    )


def _months(
    tested: Holdout, horizon: int, earned: float, options: dict[str, float], whole: pd.Series, level: float
) -> pd.DataFrame:
    """Return the margin cumulated by month; chance grows with the money, and ends at the interval of the total."""
    rows = [(0, 0.0, 0.0)]
    for month in range(1, horizon + 1):
        total, _, error = tested.curve.value(month * WEEKS_A_YEAR / 12, **options)
        rows.append((month, float(total.sum()) * earned, error * earned))
    months = pd.DataFrame(rows, columns=["month", "margin", "error"])
    end = (whole["upper"] - whole["margin"]) / z_of(level)
    chance = (
        max(end**2 - months["error"].iloc[-1] ** 2, 0.0) * months["margin"] / max(months["margin"].iloc[-1], 1e-300)
    )
    half = z_of(level) * np.sqrt(months["error"] ** 2 + chance)
    return months.assign(lower=np.maximum(months["margin"] - half, 0), upper=months["margin"] + half).drop(
        columns="error"
    )


def _levers(tested: Holdout, weeks: float, margin: float, discount: float) -> pd.DataFrame:
    """Return what 5 % more of each lever would add to the margin of today's customers, one at a time."""
    plain = float(tested.curve.value(weeks, discount=discount)[0].sum()) * margin
    kept = tested.curve.dropout_for(TRIED)
    gains = {
        "order value": plain * (TRIED - 1),
        "purchase rate": float(tested.curve.value(weeks, discount=discount, pace=TRIED)[0].sum()) * margin - plain,
        "customers kept": float(tested.curve.value(weeks, discount=discount, dropout=kept)[0].sum()) * margin - plain,
    }
    rows = pd.DataFrame({"lever": list(gains), "gain": list(gains.values())})
    return rows.assign(gain_share=rows["gain"] / plain if plain else float("nan"))


def _concentration(tested: Holdout, weeks: float) -> pd.DataFrame:
    """Return the share of expected value by tenth of the customers, the most valuable first.

    Customers of one distinct history count with their common mean, so the true concentration is a little higher.
    """
    customers = tested.customers
    n = customers.base.count
    each = tested.model.expected_purchases(customers.base, weeks) * customers.money(tested.spend, tested.average) / n
    order = np.argsort(-each, kind="stable")
    reached = np.r_[0.0, np.cumsum(n[order])] / n.sum()
    value = np.r_[0.0, np.cumsum((each * n)[order])]
    cumulative = np.interp(np.arange(1, 11) / 10, reached, value / value[-1])
    return pd.DataFrame({"tenth": range(1, 11), "share": np.diff(cumulative, prepend=0.0), "cumulative": cumulative})


def _caveats(
    tested: Holdout, weeks: float, margin: float, options: dict[str, float], retention: float, currency: str
) -> tuple[str, ...]:
    said = [
        f"Margin is taken as {words.percent(margin, digits=0)} of net value, which is your assumption.",
        "Intervals hold chance and the parameters, not a change in how customers behave: see the hold-out test.",
        "Expected values lie closer together than what customers will bring, of which fewer will bring more.",
    ]
    kept = tested.curve.kept(WEEKS_A_YEAR)
    said.append(
        f"The model expects {words.percent(kept)} of those alive today to be alive in a year; the formula takes "
        f"{words.percent(tested.kept)} kept over {words.count(tested.weeks, 'week')} as the rate at which all leave. "
        "Without horizon and discount, as it is usually taught, it would give "
        f"{words.money(formulas(tested, weeks, 1.0, options)[1] * margin, currency)} a new customer."
    )
    reach = int((tested.by_age["n"] >= FEWEST_SEEN).sum())
    if weeks > reach:
        said.append(
            f"History is left blank: fewer than {FEWEST_SEEN} customers have been seen for longer than "
            f"{words.count(reach, 'week')}."
        )
    if retention * kept > 0.999:
        said.append("Nearly all customers are expected to stay, so keeping more of them can hardly add anything.")
    if options["pace"] != 1 and tested.curve.per_purchase:
        said.append(
            f"In {tested.model.NAME} customers may drop out after a purchase: buying more often also ends sooner."
        )
    return (*said, *tested.warnings)
