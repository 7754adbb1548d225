"""Purchase models proven on weeks they have not seen: fitted up to a split, and compared with what came after.

Nothing on a customer's value is shown without this test. The model with the smallest hold-out error is chosen and then
fitted to the whole history. Method and limits: docs/methods/lifetime_value.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from journeylab import words
from journeylab.checks import number, one_of, whole
from journeylab.customers import holdout_scores as scores
from journeylab.customers import holdout_words, purchases
from journeylab.customers.history_worth import Worth, total_ends, worth
from journeylab.customers.holdout_rules import NAIVE
from journeylab.customers.roster import Roster
from journeylab.customers.spend import expected_spend, fit_spend
from journeylab.customers.value_curve import Spenders, ValueCurve, value_curve
from journeylab.data.coverage import orders_end, orders_end_caveat
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from datetime import date

    import altair as alt
    import ibis.expr.types as ir
    import pandas as pd

    from journeylab.customers.gamma_gamma import GammaGamma
    from journeylab.customers.personas import Personas
    from journeylab.customers.purchase_model import PurchaseModel
    from journeylab.data.dataset import Dataset

MODELS = ("BG/NBD", "MBG/NBD", "Pareto/NBD")
LONGEST = 52


@dataclass(frozen=True, eq=False, kw_only=True)
class Holdout(Result):
    """A purchase model with the test it passed or failed.

    Args:
        errors: A row a method, the models and the rules of thumb: method, predicted, actual, total_error (signed,
            relative), error (the models' choice: absolute error over frequency classes, relative to what was bought),
            money (net value expected), money_error (signed, relative), log_likelihood, chosen.
        tracking: A row a week and series: week, starts, series (actual, model, naive), purchases, cumulative, partial.
        by_frequency: A row a class of calibration frequency (7 is 7 and more): frequency, n, actual, predicted, naive
            (all customers alike), own (each at their own pace so far).
        calibration: A row a tenth of customers by predicted chance to buy again: predicted, rate, n, of, lower, upper.
        model: The chosen model, fitted to the whole history; time in weeks.
        spend: The model of spend, or None where all repeaters spend alike.
        average: Mean spend a repeat purchase.
        spend_correlation: Correlation of repeat purchases and average spend over repeaters.
        histories: A row a customer at the end of the data, as `purchases.histories`, in the engine.
        rows: Distinct histories at the end of the data, as `purchases.statistics`.
        by_age: A row a week since the first purchase: n (customers seen through it), net (of their purchases in it).
        weekly: Whether times in `rows` are weeks.
        kept: Share of the customers at the split who bought in the weeks held out.
        money: Net value of the hold-out purchases: predicted and actual.
        money_ends: Lower and upper end of the interval of that prediction, by chance and parameters.
        split: Last day the test's models saw.
        until: Last day of the data.
        weeks: Weeks held out.
        by: What `rows` are grouped by, or None.
        free_orders: Whether days that come to zero count as purchases.
        of: The files, period and choices that were tested, by which a value knows the test of its own shop.
        level: Coverage of the intervals.
        currency: Of the money.
    """

    views: ClassVar[tuple[str, ...]] = ("cumulative", "weekly", "frequency", "calibration", "errors")

    errors: pd.DataFrame
    tracking: pd.DataFrame
    by_frequency: pd.DataFrame
    calibration: pd.DataFrame
    model: PurchaseModel
    spend: GammaGamma | None
    average: float
    spend_correlation: float
    histories: Roster = field(repr=False)
    rows: pd.DataFrame
    by_age: pd.DataFrame
    weekly: bool
    kept: float
    money: tuple[float, float]
    money_ends: tuple[float, float]
    split: date
    until: date
    weeks: int
    by: str | None
    free_orders: bool
    of: tuple[str, ...] = field(repr=False)
    level: float
    currency: str

    def table(self) -> pd.DataFrame:
        """Return a row a method with its total, its errors in the weeks held out, and whether it was chosen."""
        return self.errors

    @property
    def total_error(self) -> float:
        """Relative error of the chosen model's total of purchases in the weeks held out."""
        return float(self.errors.loc[self.errors["chosen"], "total_error"].iloc[0])

    @property
    def money_error(self) -> float:
        """Relative error of the chosen model's net value of those purchases."""
        expected, came = self.money
        return expected / came - 1 if came else float("nan")

    @property
    def warnings(self) -> tuple[str, ...]:
        """What stands beside any value that rests on this test: where it failed, and whom the money hangs on."""
        return holdout_words.warnings(self)

    def proof(self) -> str:
        """Say how far the chosen model was off on weeks it had not seen, to stand beside any value."""
        return (
            f"on {words.count(self.weeks, 'week')} it had not seen, the model's total was "
            f"{words.signed(self.total_error)} off in purchases and {words.signed(self.money_error)} in money"
        )

    @cached_property
    def group_names(self) -> list[str]:
        """The groups the customers are in, sorted."""
        return sorted(set(self.rows["group"].astype(str)))

    @cached_property
    def customers(self) -> Spenders:
        """The customers at the end of the data, for values."""
        place = {name: position for position, name in enumerate(self.group_names)}
        return Spenders(
            purchases.base_of(self.rows, weekly=self.weekly),
            self.rows["spend"].to_numpy(float),
            self.rows["squares"].to_numpy(float),
            self.rows["group"].astype(str).map(place).to_numpy(int),
            len(place),
        )

    def worth(self, horizon: float, discount: float = 0.0) -> Worth:
        """Return what a customer of each history will bring, for any grouping; worked out once for each horizon.

        Args:
            horizon: Weeks.
            discount: Continuous rate a week.
        """
        if (horizon, discount) not in self._worths:
            self._worths[horizon, discount] = worth(
                self.model, self.spend, self.average, self.rows,
                weekly=self.weekly, horizon=horizon, discount=discount,
            )  # fmt: skip
        return self._worths[horizon, discount]

    @cached_property
    def _worths(self) -> dict[tuple[float, float], Worth]:
        return {}

    @cached_property
    def curve(self) -> ValueCurve:
        """What these customers will bring over time; computed once, so that sliders need not."""
        return value_curve(self.model, self.spend, self.average, self.customers)

    def headline(self) -> str:
        """Say how far the chosen model and the naive rule were off."""
        naive = float(self.errors.loc[self.errors["method"] == NAIVE, "total_error"].iloc[0])
        return (
            f"On {words.count(self.weeks, 'week')} it had not seen, {self.model.NAME} expected "
            f"{_more_or_less(self.total_error)} purchases than there were; carrying on as before, "
            f"{_more_or_less(naive)}."
        )

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import holdout as charts

        if view in {"cumulative", "weekly"}:
            figure = "cumulative" if view == "cumulative" else "purchases"
            return charts.tracking(self.tracking, figure=figure, split=self.split)
        if view == "frequency":
            return charts.by_frequency(self.by_frequency)
        return charts.calibration(self.calibration) if view == "calibration" else charts.errors(self.errors)


@analysis("orders.customer_id")
def holdout(
    shop: Dataset,
    *,
    weeks: int | None = None,
    model: str | None = None,
    by: str | None = None,
    personas: Personas | None = None,
    free_orders: bool = False,
    level: float = 0.95,
) -> Holdout:
    """Fit purchase models up to a split, test them on the weeks after it, and fit the best to the whole history.

    BG/NBD, MBG/NBD and Pareto/NBD by maximum likelihood on purchase days up to the split; their expectation for the
    weeks after it is compared with what was bought: in total, by week, by calibration frequency, and by the chance
    to buy again. Three rules of thumb stand beside them: every customer buys on at the average rate so far, or at
    their own, or by the formula order value × frequency × lifespan. The choice falls on the smallest sum over
    frequency classes (0, 1, … 7 and more) of |expected − actual|, relative to the actual purchases.

    Sources: Fader, Hardie & Lee (2005), "Counting Your Customers the Easy Way", section 5, for the comparisons; the
    rule of choice is ours (docs/methods/lifetime_value.md).

    Args:
        shop: A Dataset whose orders name their customers.
        weeks: Weeks to hold out, 2 to half of the history; a third of it, at most 52, if not given.
        model: 'BG/NBD', 'MBG/NBD' or 'Pareto/NBD' to use whatever the test says; None to choose by it.
        by: Group the customers, for values by group: marketing_channel, sales_channel, device, country,
            first_product, cohort, or persona where the customers have that column.
        personas: The Result of `jl.customers.personas`, to group the customers by it in place of `by`.
        free_orders: Count days that come to zero (gifts) as purchases, as the papers on CDNOW do.
        level: Coverage of the intervals.

    Raises:
        NotEnoughData: if fewer than 30 customers, or fewer than 10 who bought again, lie before the split.
        BadParameter: for weeks or a group the shop does not have.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import regulars_shop
        >>> jl.customers.holdout(regulars_shop(), weeks=20, model="BG/NBD").model.NAME
        'BG/NBD'
    """
    number(level, "level", lowest=0.5, highest=0.9999)
    if model is not None:
        one_of(model, "model", MODELS)
    if by is not None:
        one_of(by, "by", purchases.groups_of(shop))
    start, until, weeks = _period(shop, weeks)
    split = until - timedelta(weeks=weeks)

    days = shop.engine.keep(purchases.purchase_days(shop, until, free=free_orders))
    before = shop.engine.keep(purchases.histories(days, split))
    histories = shop.engine.keep(purchases.histories(days, until))
    everyone = int(shop.run(before.agg(n=before.count()))["n"].iloc[0])
    weekly = everyone > purchases.MANY
    seen = _histories(shop, before, None, None, weekly=weekly)
    base = purchases.base_of(seen, weekly=weekly).require_enough()
    births = shop.run(purchases.births(days, split))
    bought = shop.run(purchases.weekly_purchases(days, split, start))
    fitted = {name: kind.fit(base) for name, kind in _models().items() if model in {None, name}}
    spend, average, correlation = fit_spend(shop, before)
    errors = scores.errors(
        fitted, base, seen["later"].to_numpy(float), float(weeks),
        seen=seen, each=expected_spend(spend, average, seen), average=average,
    )  # fmt: skip
    chosen = str(errors.loc[errors["chosen"], "method"].iloc[0])

    members = None if personas is None else personas.roster.of(shop)
    rows = _histories(shop, histories, by, members, weekly=weekly)
    final = _models()[chosen].fit(purchases.base_of(rows, weekly=weekly))
    spend_now, average_now, correlation = fit_spend(shop, histories)
    money = float(errors.loc[errors["chosen"], "money"].iloc[0]), float(seen["later_net"].sum())
    result = Holdout(
        errors=errors,
        tracking=scores.tracking(fitted[chosen], births, bought, start=start, split=split, until=until),
        by_frequency=scores.by_frequency(fitted[chosen], base, seen["later"].to_numpy(float), float(weeks)),
        calibration=scores.calibration(fitted[chosen], base, seen["later_any"].to_numpy(float), float(weeks), level),
        model=final,
        spend=spend_now,
        average=average_now,
        spend_correlation=correlation,
        histories=Roster(histories, shop.engine),
        rows=rows,
        by_age=purchases.by_age(
            shop.run(purchases.births(days, until)), shop.run(purchases.money_by_age(days, until)), until
        ),
        weekly=weekly,
        kept=float(seen["later_any"].sum()) / base.customers,
        money=money,
        money_ends=total_ends(fitted[chosen], spend, average, seen, weekly=weekly, horizon=float(weeks), level=level),
        split=split,
        until=until,
        weeks=weeks,
        by="persona" if personas is not None else by,
        free_orders=free_orders,
        of=purchases.identity(shop),
        level=level,
        currency=shop.currency,
    )
    said = holdout_words.caveats(result, forced=model is not None, free=free_orders)
    returns = purchases.returned_caveat(shop, until, free=free_orders)
    groups = purchases.group_caveat(result.by)
    return replace(
        result, caveats=purchases.window_caveat(shop) + said + groups + returns + orders_end_caveat(shop, until)
    )


def proven(shop: Dataset, tested: Holdout | None, *, free_orders: bool = False) -> Holdout:
    """Return the hold-out test that was given, or make it with its defaults.

    Raises:
        BadParameter: if something else was given, or the test of other purchases: of another shop or period, with other
            choices about odd rows, or without the days that come to zero where those are asked for.
    """
    if tested is None:
        return holdout(shop, free_orders=free_orders)
    if not isinstance(tested, Holdout):
        raise BadParameter("tested must be the Result of jl.customers.holdout.")
    if not purchases.alike(tested.of, purchases.identity(shop)):
        raise BadParameter("tested is of another shop, another period or other choices.", do="Test this one first.")
    if free_orders and not tested.free_orders:
        raise BadParameter("tested does not count days that come to zero.", do="Test with free_orders=True.")
    return tested


def _models() -> dict[str, type[PurchaseModel]]:
    from journeylab.customers.bg_nbd import BgNbd, MbgNbd
    from journeylab.customers.pareto_nbd import ParetoNbd

    return {"BG/NBD": BgNbd, "MBG/NBD": MbgNbd, "Pareto/NBD": ParetoNbd}


def _period(shop: Dataset, weeks: int | None) -> tuple[date, date, int]:
    """Return first day, last day and weeks to hold out."""
    if shop.observed is None or shop.period is None:
        raise NotEnoughData("The orders carry no days, so nobody's history is known.")
    start, until = shop.observed[0], orders_end(shop) or shop.period[1]
    length = ((until - start).days + 1) // 7
    if length < 8:
        raise NotEnoughData(
            f"The history spans {words.count(length, 'week')}; a test on weeks not seen needs 8 or more.",
            do="Add older orders, or choose a longer period.",
        )
    if weeks is None:
        return start, until, max(min(length // 3, LONGEST), 2)
    return start, until, whole(weeks, "weeks", lowest=2, highest=length // 2)


def _histories(
    shop: Dataset, customers: ir.Table, by: str | None, personas: ir.Table | None, *, weekly: bool
) -> pd.DataFrame:
    """Return distinct histories, the same whatever the engine's order."""
    rows = shop.run(purchases.statistics(purchases.grouped(shop, customers, by, personas), weekly=weekly))
    return purchases.settled(rows, "group", "frequency", "recency", "age")


def _more_or_less(error: float) -> str:
    if np.isnan(error):
        return "an unknown number of"
    return f"{words.percent(abs(error))} {'more' if error >= 0 else 'fewer'}"
