"""How the policy would have done lately, beside the usual rule of thumb: lost sales, stock held, cash.

Method, sources and limits: docs/methods/policy_replay.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from journeylab import words
from journeylab.checks import number, one_of, whole
from journeylab.data.coverage import orders_end
from journeylab.errors import NotEnoughData
from journeylab.operations import measured_service, replay_days, shelf_replay, sku_rows
from journeylab.operations.demand import demand
from journeylab.operations.earnings import earnings
from journeylab.operations.lead_time_demand import with_lead_time_spread
from journeylab.operations.replay_days import VELOCITY
from journeylab.operations.safety_stock import MEASURES, safety_stock
from journeylab.operations.terms import listed, overrides, terms, with_lead_times
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import altair as alt

    from journeylab.data.dataset import Dataset
    from journeylab.operations.demand import Demand
    from journeylab.operations.shelf_replay import Course

OURS, RULE = "forecast and safety stock", "30-day velocity"


@dataclass(frozen=True, eq=False, kw_only=True)
class PolicyReplay(Result):
    """Two policies over the same days.

    Args:
        rows: A row a policy: policy, demand (units asked for), lost (units) with lower and upper, fill_rate,
            lost_margin, stock (units held, mean a day), stock_cost (their cost, mean a day) with stock_lower and
            stock_upper, spent (cost of what was ordered), end_cost (cost of what is there at the end).
        days: A row a policy and day: day, policy, stock_cost and lost (means over the draws), lost_so_far.
        saved: Units that ours loses less than the rule, over the same lead times: units, lower, upper.
        skus: A row a SKU: sku, product, and for each policy lost and stock.
        first: First day.
        last: Last day.
        forecasts: Days on which a forecast was made, each from what was known then.
        draws: How often lead times were drawn.
        costed: Whether stock is in money; else units.
        currency: Of the money.
    """

    views: ClassVar[tuple[str, ...]] = ("trade-off", "stock", "lost")

    rows: pd.DataFrame
    days: pd.DataFrame
    saved: dict[str, float]
    skus: pd.DataFrame
    first: date
    last: date
    forecasts: tuple[date, ...]
    draws: int
    costed: bool
    currency: str

    def table(self) -> pd.DataFrame:
        """Return a row a policy."""
        return self.rows

    def headline(self) -> str:
        """Say how the two differ in lost sales, stock and cash."""
        ours, rule = (self.rows.set_index("policy").loc[name] for name in (OURS, RULE))

        def held(row: pd.Series) -> str:
            if self.costed:
                return words.money(float(row["stock_cost"]), self.currency)
            return words.count(float(row["stock"]), "unit")

        told = self.saved["lower"] <= 0 <= self.saved["upper"] and self.saved["upper"] > self.saved["lower"]
        beyond = " (a difference that other lead times may turn)" if told else ""
        return (
            f"Over {words.count(len(self.days) // 2, 'day')}, ordering by forecast would have lost "
            f"{words.percent(1 - ours['fill_rate'])} of demand, the 30-day rule {words.percent(1 - rule['fill_rate'])}"
            f"{beyond}, with {held(ours)} and {held(rule)} in stock{self._spent(ours, rule)}."
        )

    def _spent(self, ours: pd.Series, rule: pd.Series) -> str:
        if not self.costed:
            return ""
        spent = (words.money(float(row["spent"]), self.currency) for row in (ours, rule))
        return " and {} and {} spent on orders".format(*spent)

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import replay as charts

        if view == "trade-off":
            return charts.trade_off(self.rows, costed=self.costed, currency=self.currency)
        return charts.course(self.days, what=view, costed=self.costed, currency=self.currency)


@analysis("orders", "order_lines")
def policy_replay(
    shop: Dataset,
    *,
    days: int = 90,
    review: int = 7,
    service: float = 0.95,
    measure: str = "cycle",
    lead_time: float = 14.0,
    lead_time_sd: float = 3.0,
    assumptions: Sequence[Mapping[str, Any]] | None = None,
    cover: int = 30,
    refresh: int = 28,
    top: int = 100,
    draws: int = 20,
    seed: int = 0,
    level: float = 0.8,
    progress: Callable[[float, str], None] | None = None,
) -> PolicyReplay:
    """Replay the last days under two policies, from the stock there was, on the demand there was.

    Ours orders up to expected demand over lead time and review period plus safety stock, by forecasts made during those
    days from what was known then. The rule of thumb sees what it sold in the last 30 days: v units a day; it orders up
    to v × (lead time + `cover`) once its position is below v × (lead time + review). Both face the same demand (sales,
    with days out of stock filled by the SKU's usual sales around them) and the same drawn lead times. A sale that
    cannot be served is lost.

    Args:
        shop: A Dataset with orders and their lines.
        days: How many days to replay.
        review: Days between orders, for both.
        service: Service level of ours, with `measure` as in `replenishment`.
        measure: 'cycle' or 'fill'.
        lead_time: Days, where nothing says.
        lead_time_sd: Its standard deviation, where nothing says.
        assumptions: As in `replenishment`.
        cover: Days of sales the rule of thumb buys for.
        refresh: Days between forecasts.
        top: SKUs, those with most net value.
        draws: How often lead times are drawn; one where none varies.
        seed: Of the draws.
        level: Share of the draws that lie between lower and upper.
        progress: Called with the share that is done and what is being done.

    Raises:
        NotEnoughData: if there is too little before those days to forecast from.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import stocked_shop
        >>> made = jl.operations.policy_replay(stocked_shop(), days=28, draws=2)
        >>> made.table()["policy"].tolist()
        ['forecast and safety stock', '30-day velocity']
    """
    whole(days, "days", lowest=7, highest=365)
    whole(review, "review", lowest=1, highest=90)
    whole(cover, "cover", lowest=1, highest=365)
    whole(refresh, "refresh", lowest=1, highest=365)
    whole(draws, "draws", lowest=1, highest=1000)
    whole(top, "top", lowest=1)
    number(service, "service", lowest=0.5, highest=0.9999)
    number(level, "level", lowest=0.5, highest=0.99)
    one_of(measure, "measure", MEASURES)
    tell = progress or (lambda _share, _words: None)
    end = orders_end(shop)
    if end is None or shop.observed is None:
        raise NotEnoughData("The orders carry no days, so nothing can be replayed.")
    first = end - timedelta(days=days - 1)
    begin = shop.observed[0] if shop.period is None else shop.period[0]
    if (first - begin).days < 2 * VELOCITY:
        raise NotEnoughData(
            f"Before the {days} days to replay lie less than {2 * VELOCITY} days.",
            why="Forecasts of that time need something to learn from.",
            do="Replay fewer days, or choose a longer period.",
        )
    made = [first + timedelta(days=after) for after in range(0, days, refresh)]
    told = []
    for place, day in enumerate(made):
        tell(place / (len(made) + 1), f"Forecasting as of {day}")
        told.append(demand(shop.between(begin, day - timedelta(days=1)), top=top))
    tell(len(made) / (len(made) + 1), "Replaying the days")
    rows = told[0].skus[["sku", "product", "category", "per_day"]].reset_index(drop=True)
    skus = list(rows["sku"])
    bought = terms(listed(shop), skus, overrides(assumptions))
    rows = sku_rows.with_terms(rows, bought, earnings(shop, until=end + timedelta(days=1)), told[0])
    rows = with_lead_times(rows, lead_time=lead_time, lead_time_sd=lead_time_sd)
    velocity, wanted = replay_days.asked(shop, skus, first, end)
    lead = rows["lead_time_days"].to_numpy(float)
    spread_of_lead = rows["lead_time_sd"].to_numpy(float)
    draws = draws if spread_of_lead.any() else 1
    noise = np.random.default_rng(seed).standard_normal((draws, len(skus), days))
    leads = np.rint(np.maximum(lead[None, :, None] + noise * spread_of_lead[None, :, None], 0)).astype(int)
    start, coming, known = replay_days.beginning(shop, rows, skus, first, days, velocity.mean(axis=1) * (lead + cover))
    ours = _levels(told, made, rows, first, days, review, service, measure)

    def by_forecast(day: int, _sold: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return ours[:, day], ours[:, day]

    def by_velocity(day: int, so_far: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        before = np.broadcast_to(velocity, (draws, *velocity.shape))
        seen = np.concatenate([before, so_far[:, :, :day]], axis=2)[:, :, -VELOCITY:].mean(axis=2)
        return seen * (lead + review), seen * (lead + max(cover, review))

    moq, pack = rows["moq"].to_numpy(float), rows["pack_size"].to_numpy(float)
    common = {"start": start, "coming": coming, "leads": leads, "review": review, "moq": moq, "pack": pack}
    courses = {
        OURS: shelf_replay.replay(wanted, target=by_forecast, **common),
        RULE: shelf_replay.replay(wanted, target=by_velocity, **common),
    }
    cost = rows["unit_cost"].to_numpy(float)
    costed = bool(np.isfinite(cost).any())
    unit = cost if costed else np.ones(len(cost))
    margin = np.maximum(np.nan_to_num(rows["price"].to_numpy(float) - cost), 0.0)
    return PolicyReplay(
        rows=pd.DataFrame([_figures(name, c, wanted, cost, margin, level) for name, c in courses.items()]),
        days=pd.concat([_course(name, c, unit, first) for name, c in courses.items()], ignore_index=True),
        saved=_saved(courses, level),
        skus=_by_sku(rows, courses),
        first=first,
        last=end,
        forecasts=tuple(made),
        draws=draws,
        costed=costed,
        currency=shop.currency,
        caveats=_caveats(made, rows, cost, cover, draws, level, known=known),
    )


def _levels(
    told: list[Demand],
    made: list[date],
    rows: pd.DataFrame,
    first: date,
    days: int,
    review: int,
    service: float,
    measure: str,
) -> np.ndarray:
    """The level that ours orders up to on each review day, by the last forecast made before it."""
    out = np.zeros((len(rows), days))
    lead = rows["lead_time_days"].to_numpy(float)
    for day in range(0, days, review):
        place = max(number for number, when in enumerate(made) if (when - first).days <= day)
        since = float(day - (made[place] - first).days)
        until, _sd = sku_rows.over(told[place], rows["sku"], since + lead + review)
        gone, _sd = sku_rows.over(told[place], rows["sku"], np.full(len(rows), since))
        _mean, sd = sku_rows.over(told[place], rows["sku"], lead + review)
        mean = np.maximum(until - gone, 0.0)
        ahead = with_lead_time_spread(
            mean, sd, per_day=mean / (lead + review), lead_time_sd=rows["lead_time_sd"].to_numpy(float)
        )
        moq = rows["moq"].fillna(0).to_numpy(float)
        cycle = np.maximum.reduce([mean / (lead + review) * review, moq, np.ones(len(rows))])
        rank = measured_service.chances(told[place], rows["sku"], service)
        out[:, day] = ahead.mean + safety_stock(ahead, service=service, measure=measure, cycle=cycle, rank=rank)
    return out


def _figures(
    name: str, course: Course, wanted: np.ndarray, cost: np.ndarray, margin: np.ndarray, level: float
) -> dict[str, Any]:
    lost = course.lost.sum(axis=(1, 2))
    unit = np.nan_to_num(cost)[None, :, None]
    held = (course.stock * unit).sum(axis=1).mean(axis=1)
    tails = [(1 - level) / 2, (1 + level) / 2]
    lower, upper = np.quantile(lost, tails)
    low, high = np.quantile(held, tails)
    return {
        "policy": name,
        "demand": float(wanted.sum()),
        "lost": float(lost.mean()),
        "lower": float(lower),
        "upper": float(upper),
        "fill_rate": float(1 - lost.mean() / wanted.sum()) if wanted.sum() else float("nan"),
        "lost_margin": float((course.lost.sum(axis=2) * margin).sum(axis=1).mean()),
        "stock": float(course.stock.sum(axis=1).mean()),
        "stock_cost": float(held.mean()),
        "stock_lower": float(low),
        "stock_upper": float(high),
        "spent": float((course.ordered * unit).sum(axis=(1, 2)).mean()),
        "end_cost": float((course.stock[:, :, -1] * unit[:, :, 0]).sum(axis=1).mean()),
    }


def _course(name: str, course: Course, cost: np.ndarray, first: date) -> pd.DataFrame:
    lost = course.lost.sum(axis=1).mean(axis=0)
    held = (course.stock * np.nan_to_num(cost)[None, :, None]).sum(axis=1).mean(axis=0)
    day = pd.date_range(first, periods=len(lost))
    return pd.DataFrame({"day": day, "policy": name, "stock": held, "lost": lost, "lost_so_far": lost.cumsum()})


def _saved(courses: dict[str, Course], level: float) -> dict[str, float]:
    """Units lost less, draw by draw."""
    less = courses[RULE].lost.sum(axis=(1, 2)) - courses[OURS].lost.sum(axis=(1, 2))
    lower, upper = np.quantile(less, [(1 - level) / 2, (1 + level) / 2])
    return {"units": float(less.mean()), "lower": float(lower), "upper": float(upper)}


def _by_sku(rows: pd.DataFrame, courses: dict[str, Course]) -> pd.DataFrame:
    out = rows[["sku", "product"]].copy()
    for name, short in ((OURS, "ours"), (RULE, "rule")):
        out[f"lost_{short}"] = courses[name].lost.mean(axis=0).sum(axis=1)
        out[f"stock_{short}"] = courses[name].stock.mean(axis=(0, 2))
    return out


def _caveats(
    made: list[date], rows: pd.DataFrame, cost: np.ndarray, cover: int, draws: int, level: float, *, known: int
) -> tuple[str, ...]:
    n = words.count(len(rows), "SKU")
    said = [
        f"{words.count(len(made), 'forecast')} were made during the replay, each from what was known then.",
        f"The rule of thumb buys for {cover} days, from what it sold itself in the 30 days before.",
        "A replay knows one past: promotions, prices and customers' patience were what they were.",
    ]
    if draws > 1:
        said.append(
            f"Lead times were drawn {words.count(draws, 'time')}; {words.percent(level, digits=0)} of the draws lie "
            "between lower and upper."
        )
    else:
        said.append("No lead time varies, so the replay is one draw, and its differences have no interval.")
    if known < len(rows):
        said.append(
            f"No stock is known at the start for {words.count(len(rows) - known)} of {n}; both begin with what the "
            "rule of thumb would hold."
        )
    if costless := int(np.isnan(cost).sum()):
        said.append(f"{words.count(costless)} of {n} have no cost, and are missing in sums of money.")
    return tuple(said)
