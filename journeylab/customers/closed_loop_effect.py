"""What contacting unhappy customers did: those contacted beside those held out at random, as planned.

Method and limits: docs/methods/closed_loop.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import ibis
import numpy as np
import pandas as pd
from ibis import _

from journeylab import words
from journeylab.checks import number, whole
from journeylab.customers import answers
from journeylab.customers.closed_loop import CONTACT, HELD, NAME
from journeylab.customers.margin import taken
from journeylab.data.coverage import orders_end, orders_end_caveat
from journeylab.data.dataset import ibis_date
from journeylab.errors import NotEnoughData
from journeylab.journey.differences import newcombe
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    import altair as alt
    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

#: Customers that each side needs.
FEWEST = 10
#: The outcome in margin after the contact's cost.
GAIN = "margin after the contact"


@dataclass(frozen=True, eq=False, kw_only=True)
class ClosedLoopEffect(Result):
    """Contacted beside held-out customers.

    Args:
        rows: A row an outcome: outcome, n_contact, contact, n_holdout, holdout (means), difference with lower and
            upper. Outcomes are 'net a customer', 'ordered', 'margin a customer', with a cost 'margin after the
            contact', 'score after' where enough answered, and 'save rate' where the hold-out tells it.
        saved: The measured save rate, with saved_lower and saved_upper: what contacted customers brought more, as a
            share of what those held out brought; NaN where these brought too little to divide by.
        days: Within how many days.
        open: Customers on the list whose days are not over; they are not counted.
        level: Coverage of the intervals.
        currency: Of the money.
    """

    views: ClassVar[tuple[str, ...]] = ("differences",)

    rows: pd.DataFrame
    saved: float
    saved_lower: float
    saved_upper: float
    days: int
    open: int
    level: float
    currency: str

    def table(self) -> pd.DataFrame:
        """Return a row an outcome."""
        return self.rows

    def headline(self) -> str:
        """Say what a contact brought a customer, and whether that could be chance."""
        net = self.rows.iloc[0]
        low, high = (words.money(net[end], self.currency) for end in ("lower", "upper"))
        clear = net["lower"] > 0 or net["upper"] < 0
        more = "more" if net["difference"] >= 0 else "less"
        return (
            f"Contacted customers brought {words.money(abs(net['difference']), self.currency)} {more} each within "
            f"{words.count(self.days, 'day')} than those held out ({low} to {high}): "
            f"{'beyond chance' if clear else 'it may be chance'}.{self._gained()}"
        )

    def _gained(self) -> str:
        """Say what that is in margin after the cost of the contact, and as a save rate."""
        said = ""
        gain = self.rows[self.rows["outcome"] == GAIN]
        if len(gain):
            ends = (gain[name].iloc[0] for name in ("difference", "lower", "upper"))
            what, low, high = (words.money(end, self.currency) for end in ends)
            said += f" In margin, less the contact's cost: {what} each ({low} to {high})."
        if not math.isnan(self.saved_lower):
            what, low, high = (words.percent(x, digits=0) for x in (self.saved, self.saved_lower, self.saved_upper))
            said += f" The measured save rate is {what} ({low} to {high})."
        return said

    def _draw(self, view: str) -> alt.TopLevelMixin:  # noqa: ARG002 - there is one
        from journeylab.charts import closed_loop as charts

        return charts.effect(self.rows)


def has_list(shop: Dataset) -> bool:
    """Say whether the shop's files hold a list of customers to contact or to hold out."""
    if not shop.has("exposures", "orders.customer_id"):
        return False
    listed = shop.table("exposures").filter(_.experiment == NAME, _.variant.isin([CONTACT, HELD]))
    return bool(shop.run(listed.agg(n=_.count()))["n"].iloc[0])


@analysis("orders.customer_id", "exposures")
def closed_loop_effect(
    shop: Dataset,
    *,
    name: str = NAME,
    days: int = 90,
    margin: float | None = None,
    cost: float | None = None,
    level: float = 0.95,
) -> ClosedLoopEffect:
    """Compare the customers that were to be contacted with those held out at random, from the list that was exported.

    Everybody counts as planned, whether reached or not (intention to treat: Fisher, in Fisher et al. 1990), so that the
    lot alone tells the two sides apart. Means have Welch's interval (1947), shares Newcombe's (1998).

    Margin is the share `margin` of net. The measured save rate is (mean of the contacted / mean of the held out) - 1,
    with Fieller's interval of a ratio (1954, JRSS B 16): the held out brought what these customers bring without a
    contact, which is what `closed_loop` multiplies its save rate by. Margin as a share cancels out of it.

    Args:
        shop: A Dataset with orders, and with the exported list read as exposures.
        name: The experiment's name in it.
        days: Days after the list was made in which orders and answers count; customers whose days are not over wait.
        margin: Share of net value that is margin, as in `closed_loop`.
        cost: Of one contact, in the shop's currency; without it there is no outcome after the contact's cost.
        level: Coverage of the intervals.

    Raises:
        NotEnoughData: if fewer than ten customers of either side have their days behind them.
    """
    number(level, "level", lowest=0.5, highest=0.9999)
    whole(days, "days", lowest=7, highest=730)
    if cost is not None:
        number(cost, "cost", lowest=0)
    share, margin_said = taken(shop, margin)
    until = orders_end(shop)
    listed = shop.table("exposures").filter(_.experiment == name, _.variant.isin([CONTACT, HELD]))
    listed = listed.group_by("unit_id").agg(variant=_.variant.min(), at=_.exposed_at.min(), sides=_.variant.nunique())
    listed = listed.filter(_.sides == 1).mutate(day=_["at"].cast("date"))
    listed = listed.mutate(last=(_.day + ibis.interval(days=days)).cast("date"))
    over = listed.last <= ibis_date(until) if until else ibis.literal(value=False)
    counts = shop.run(listed.group_by("variant", over=over).agg(n=_.count()))
    done = counts[counts["over"]].set_index("variant")["n"]
    waiting = int(counts.loc[~counts["over"], "n"].sum())
    if min(int(done.get(side, 0)) for side in (CONTACT, HELD)) < FEWEST:
        raise NotEnoughData(
            f"Of the list {name!r}, fewer than {FEWEST} customers of one side have {days} days behind them.",
            why=f"{words.count(waiting, 'customer')} still wait." if waiting else "The files have no such list.",
            do="Upload the exported list with the next exports, or shorten the days.",
        )
    settled = listed.filter(over)
    sums = _money(shop, settled)
    net = _compared("net a customer", sums, level)
    rows = [net, _ordered(sums, level), _scaled("margin a customer", net, share)]
    rows += [] if cost is None else [_scaled(GAIN, net, share, cost)]
    rows += _scores(shop, settled, level)
    saved = _save_rate(sums, level)
    if not np.isnan(saved[1]):
        n = int(sums.loc[CONTACT, "n"]), int(sums.loc[HELD, "n"])
        rows.append(_row("save rate", n[0], saved[0], n[1], 0.0, saved[1], saved[2]))
    return ClosedLoopEffect(
        rows=pd.DataFrame(rows),
        saved=saved[0],
        saved_lower=saved[1],
        saved_upper=saved[2],
        days=days,
        open=waiting,
        level=level,
        currency=shop.currency,
        caveats=(*_caveats(waiting, rows, saved, days), margin_said, *orders_end_caveat(shop, until)),
    )


def _money(shop: Dataset, listed: ir.Table) -> pd.DataFrame:
    """Return the sums of net a customer, and who ordered, contacted beside held out."""
    orders = shop.sales(whole=True).filter(_.customer_id.notnull())
    orders = orders.select(_whose="customer_id", _on="day", _net=_.net.cast("float64"))
    after = listed.join(
        orders,
        [listed.unit_id == orders["_whose"], orders["_on"] > listed.day, orders["_on"] <= listed["last"]],
    )
    bought = after.group_by(_buyer=_.unit_id).agg(net=_["_net"].sum())
    people = listed.left_join(bought, listed.unit_id == bought["_buyer"])
    people = people.mutate(net=_.net.fill_null(0.0), ordered=_["_buyer"].notnull())
    return shop.run(
        people.group_by("variant").agg(
            n=_.count(), total=_.net.sum(), squares=(_.net * _.net).sum(), ordered=_.ordered.sum()
        )
    ).set_index("variant")


def _ordered(sums: pd.DataFrame, level: float) -> dict[str, object]:
    """Return the share who ordered, contacted beside held out."""
    (n1, of1), (n2, of2) = ((sums.loc[side, "ordered"], sums.loc[side, "n"]) for side in (CONTACT, HELD))
    lower, upper = newcombe(n1, of1, n2, of2, level=level)
    return _row("ordered", int(of1), n1 / of1, int(of2), n2 / of2, float(lower), float(upper))


def _scores(shop: Dataset, listed: ir.Table, level: float) -> list[dict[str, object]]:
    """Return the place of the answers given afterwards, 0 to 100, contacted beside held out; none if too few."""
    if not shop.has("surveys.customer_id"):
        return []
    said = answers.placed(shop, answers.OF_CUSTOMERS).filter(_.place.notnull(), _.customer_id.notnull())
    said = said.select(_whose="customer_id", _on="day", _place=100 * _.place)
    after = listed.join(
        said, [listed.unit_id == said["_whose"], said["_on"] > listed.day, said["_on"] <= listed["last"]]
    )
    each = after.group_by("unit_id", "variant").agg(mean=_["_place"].mean())
    sums = each.group_by("variant").agg(n=_.count(), total=_["mean"].sum(), squares=(_["mean"] * _["mean"]).sum())
    found = shop.run(sums).set_index("variant")
    if set(found.index) != {CONTACT, HELD} or found["n"].min() < FEWEST:
        return []
    return [_compared("score after", found, level)]


def _scaled(outcome: str, net: dict[str, Any], share: float, cost: float = 0.0) -> dict[str, object]:
    """Return net a customer as margin, less what the contact cost those contacted."""
    means = share * net["contact"] - cost, share * net["holdout"]
    row = _row(outcome, net["n_contact"], means[0], net["n_holdout"], means[1], 0.0, 0.0)
    return {**row, "lower": share * net["lower"] - cost, "upper": share * net["upper"] - cost}


def _save_rate(sums: pd.DataFrame, level: float) -> tuple[float, float, float]:
    """Return how much more the contacted brought, as a share of what the held out did, with Fieller's interval.

    NaN where the mean of the held out is not clearly above nothing: then any ratio fits.
    """
    mean, noise, degrees = _means(sums)
    if mean[1] <= 0:
        return math.nan, math.nan, math.nan
    t = _t(degrees, level)
    loose = t**2 * noise[1] / mean[1] ** 2
    ratio = mean[0] / mean[1]
    if loose >= 1:
        return float(ratio - 1), math.nan, math.nan
    half = t / mean[1] * math.sqrt(max(noise[0] + ratio**2 * noise[1] - loose * noise[0], 0.0)) / (1 - loose)
    centre = ratio / (1 - loose)
    return float(ratio - 1), float(centre - half - 1), float(centre + half - 1)


def _compared(outcome: str, sums: pd.DataFrame, level: float) -> dict[str, object]:
    """Compare two means by Welch's interval."""
    mean, noise, degrees = _means(sums)
    half = _t(degrees, level) * float(np.sqrt(noise.sum()))
    gap = float(mean[0] - mean[1])
    n = sums.loc[[CONTACT, HELD], "n"].to_numpy(int)
    return _row(outcome, int(n[0]), float(mean[0]), int(n[1]), float(mean[1]), gap - half, gap + half)


def _means(sums: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, float]:
    """Return both means, the variance of each, and Welch's degrees of freedom."""
    n, total, squares = (sums.loc[[CONTACT, HELD], name].to_numpy(float) for name in ("n", "total", "squares"))
    mean = total / n
    noise = np.maximum(squares - n * mean**2, 0.0) / (n - 1) / n
    return mean, noise, noise.sum() ** 2 / max(float((noise**2 / (n - 1)).sum()), 1e-300)


def _t(degrees: float, level: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(max(degrees, 1.0), 0.5 + level / 2))


def _row(
    outcome: str, n_contact: int, contact: float, n_holdout: int, held: float, lower: float, upper: float
) -> dict[str, object]:
    return {
        "outcome": outcome,
        "n_contact": n_contact,
        "contact": float(contact),
        "n_holdout": n_holdout,
        "holdout": float(held),
        "difference": float(contact - held),
        "lower": lower,
        "upper": upper,
    }


def _caveats(
    waiting: int, rows: list[dict[str, object]], saved: tuple[float, float, float], days: int
) -> tuple[str, ...]:
    said = [
        "Everybody counts as planned: whoever was to be contacted and was not reached makes the difference smaller."
    ]
    if math.isnan(saved[1]):
        said.append("Those held out brought too little, or are too few, to measure a save rate by them.")
    else:
        said.append(
            f"The save rate is of {words.count(days, 'day')}: what is saved later, or was only brought forward, is not "
            "in it."
        )
    if waiting:
        said.append(f"{words.count(waiting, 'customer')} on the list whose days are not over are not counted yet.")
    if any(row["outcome"] == "score after" for row in rows):
        said.append("The score is of those who answered again, who may differ from those who did not.")
    return tuple(said)
