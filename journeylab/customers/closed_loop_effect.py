"""What contacting unhappy customers did: those contacted beside those held out at random, as planned.

Method and limits: docs/methods/closed_loop.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import ibis
import numpy as np
import pandas as pd
from ibis import _

from journeylab import words
from journeylab.checks import number, whole
from journeylab.customers import answers
from journeylab.customers.answers import KINDS
from journeylab.customers.closed_loop import CONTACT, HELD, NAME
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


@dataclass(frozen=True, eq=False, kw_only=True)
class ClosedLoopEffect(Result):
    """Contacted beside held-out customers.

    Args:
        rows: A row an outcome ('net a customer', 'ordered', 'score after'): outcome, n_contact, contact, n_holdout,
            holdout (means), difference with lower and upper.
        days: Within how many days.
        open: Customers on the list whose days are not over; they are not counted.
        level: Coverage of the intervals.
        currency: Of the money.
    """

    views: ClassVar[tuple[str, ...]] = ("differences",)

    rows: pd.DataFrame
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
            f"{'beyond chance' if clear else 'it may be chance'}."
        )

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
def closed_loop_effect(shop: Dataset, *, name: str = NAME, days: int = 90, level: float = 0.95) -> ClosedLoopEffect:
    """Compare the customers that were to be contacted with those held out at random, from the list that was exported.

    Everybody counts as planned, whether reached or not (intention to treat: Fisher, in Fisher et al. 1990), so that the
    lot alone tells the two sides apart. Means have Welch's interval (1947), shares Newcombe's (1998).

    Args:
        shop: A Dataset with orders, and with the exported list read as exposures.
        name: The experiment's name in it.
        days: Days after the list was made in which orders and answers count; customers whose days are not over wait.
        level: Coverage of the intervals.

    Raises:
        NotEnoughData: if fewer than ten customers of either side have their days behind them.
    """
    number(level, "level", lowest=0.5, highest=0.9999)
    whole(days, "days", lowest=7, highest=730)
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
    rows = [_money(shop, settled, level)]
    rows.append(_ordered(rows[0].pop("sums"), level))
    rows += _scores(shop, settled, level)
    return ClosedLoopEffect(
        rows=pd.DataFrame(rows),
        days=days,
        open=waiting,
        level=level,
        currency=shop.currency,
        caveats=_caveats(waiting, rows) + orders_end_caveat(shop, until),
    )


def _money(shop: Dataset, listed: ir.Table, level: float) -> dict[str, object]:
    """Return net a customer, contacted beside held out."""
    orders = shop.sales(whole=True).filter(_.customer_id.notnull())
    orders = orders.select(_whose="customer_id", _on="day", _net=_.net.cast("float64"))
    after = listed.join(
        orders,
        [listed.unit_id == orders["_whose"], orders["_on"] > listed.day, orders["_on"] <= listed["last"]],
    )
    bought = after.group_by(_buyer=_.unit_id).agg(net=_["_net"].sum())
    people = listed.left_join(bought, listed.unit_id == bought["_buyer"])
    people = people.mutate(net=_.net.fill_null(0.0), ordered=_["_buyer"].notnull())
    sums = shop.run(
        people.group_by("variant").agg(
            n=_.count(), total=_.net.sum(), squares=(_.net * _.net).sum(), ordered=_.ordered.sum()
        )
    ).set_index("variant")
    return {**_compared("net a customer", sums, level), "sums": sums}


def _ordered(sums: pd.DataFrame, level: float) -> dict[str, object]:
    """Return the share who ordered, contacted beside held out."""
    (n1, of1), (n2, of2) = ((sums.loc[side, "ordered"], sums.loc[side, "n"]) for side in (CONTACT, HELD))
    lower, upper = newcombe(n1, of1, n2, of2, level=level)
    return _row("ordered", int(of1), n1 / of1, int(of2), n2 / of2, float(lower), float(upper))


def _scores(shop: Dataset, listed: ir.Table, level: float) -> list[dict[str, object]]:
    """Return the place of the answers given afterwards, 0 to 100, contacted beside held out; none if too few."""
    if not shop.has("surveys.customer_id"):
        return []
    columns = ("customer_id", "day", "place")
    parts = [answers.asked(shop, kind).select(*columns) for kind in KINDS if kind != "enps"]
    said = ibis.union(*parts).filter(_.place.notnull(), _.customer_id.notnull())
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


def _compared(outcome: str, sums: pd.DataFrame, level: float) -> dict[str, object]:
    """Compare two means by Welch's interval."""
    from scipy.special import stdtrit

    n, total, squares = (sums.loc[[CONTACT, HELD], name].to_numpy(float) for name in ("n", "total", "squares"))
    mean = total / n
    noise = np.maximum(squares - n * mean**2, 0.0) / (n - 1) / n
    degrees = noise.sum() ** 2 / max(float((noise**2 / (n - 1)).sum()), 1e-300)
    half = float(stdtrit(max(degrees, 1.0), 0.5 + level / 2)) * float(np.sqrt(noise.sum()))
    gap = float(mean[0] - mean[1])
    return _row(outcome, int(n[0]), float(mean[0]), int(n[1]), float(mean[1]), gap - half, gap + half)


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


def _caveats(waiting: int, rows: list[dict[str, object]]) -> tuple[str, ...]:
    said = [
        "Everybody counts as planned: whoever was to be contacted and was not reached makes the difference smaller."
    ]
    if waiting:
        said.append(f"{words.count(waiting, 'customer')} on the list whose days are not over are not counted yet.")
    if any(row["outcome"] == "score after" for row in rows):
        said.append("The score is of those who answered again, who may differ from those who did not.")
    return tuple(said)
