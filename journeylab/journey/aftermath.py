"""What customers left in the half year after they spoke: the unhappy beside the content ones about the same.

An association, never an effect: who is unhappy may have bought less anyhow. So customers are compared who spoke about
the same, were asked in the same way, and had ordered about as often before. Method: docs/methods/friction.md.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import ibis
import numpy as np
import pandas as pd
from ibis import _

from journeylab import words
from journeylab.data.coverage import orders_end
from journeylab.data.dataset import ibis_date
from journeylab.intervals import z_of
from journeylab.journey.differences import SMALL

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

#: How long orders are followed after somebody spoke.
DAYS = 180
#: What `counted` returns of nobody.
NOBODY = pd.DataFrame(columns=["place", "part", "before", "unhappy", "n", "money", "money2"])
_COLUMNS = ("place", "each", "margin", "lower", "upper", "unhappy", "content", "p")


def counted(shop: Dataset, said: ir.Table, money: ir.Table) -> pd.DataFrame:
    """Return place, part, before (0 for up to one order, 1 for two or three, 2), unhappy, n, money and money2.

    A customer counts once a place and part, by what was said first, if the orders reach `DAYS` beyond it.

    Args:
        shop: The shop.
        said: customer_id, day, place, part and unhappy of what customers said; unhappy null where it is not known.
        money: customer_id, day and money of every order.
    """
    end = orders_end(shop)
    said = said.filter(_.customer_id.notnull(), _.place.notnull(), _.unhappy.notnull())
    if end is None:
        return NOBODY
    key = ["customer_id", "place", "part"]
    days = said.group_by([*key, "day"]).agg(unhappy=_.unhappy.any())
    first = days.mutate(first=_.day.min().over(ibis.window(group_by=key))).filter(_.day == _.first)
    first = first.filter(_.day <= ibis_date(end - timedelta(days=DAYS)))
    orders = money.select(whose="customer_id", on="day", money="money")
    both = first.left_join(orders, first.customer_id == orders.whose)
    since = both.on.delta(both.day, unit="day")
    after = (since > 0) & (since <= DAYS)
    people = both.group_by([*key, "unhappy"]).agg(
        earlier=ibis.ifelse((since <= 0).fill_null(False), 1, 0).sum(),
        left=ibis.ifelse(after.fill_null(False), both.money, 0.0).sum(),
    )
    people = people.mutate(before=ibis.cases((_.earlier <= 1, 0), (_.earlier <= 3, 1), else_=2))
    sums = people.group_by("place", "part", "before", "unhappy").agg(
        n=_.count(), money=_.left.sum(), money2=(_.left * _.left).sum()
    )
    return shop.run(sums)


def compared(counts: pd.DataFrame, level: float) -> pd.DataFrame:
    """Return a row a place: what each unhappy customer left less than content ones, all together, interval, numbers, p.

    In stratum s of kind and earlier orders: margin = Σ n(s) × (mean of content − mean of unhappy), with n(s) the
    unhappy there; its variance Σ n(s)² × (v/n of content + v/n of unhappy), the interval normal. Strata with two or
    more on both sides count; a place needs 30 on both sides.

    >>> cells = [("a", 0, True, 50, 500.0, 9000.0), ("a", 0, False, 50, 1000.0, 30000.0)]
    >>> rows = pd.DataFrame(cells, columns=["place", "before", "unhappy", "n", "money", "money2"]).assign(part="all")
    >>> row = compared(rows, 0.9).iloc[0]
    >>> [round(float(row[name])) for name in ("each", "margin", "lower", "upper")]
    [10, 500, 303, 697]
    """
    found = []
    for place, mine in counts.groupby("place", sort=True):
        sides = [
            mine[mine["unhappy"].astype(bool) == which].set_index(["part", "before"])[["n", "money", "money2"]]
            for which in (True, False)
        ]
        unhappy, content = sides[0].align(sides[1], join="inner")
        enough = (unhappy["n"] > 1) & (content["n"] > 1)
        unhappy, content = unhappy[enough].astype(float), content[enough].astype(float)
        n, others = unhappy["n"].sum(), content["n"].sum()
        if min(n, others) < SMALL:
            continue
        less = content["money"] / content["n"] - unhappy["money"] / unhappy["n"]
        margin = float((unhappy["n"] * less).sum())
        error = float(np.sqrt((unhappy["n"] ** 2 * (_error2(unhappy) + _error2(content))).sum()))
        half = z_of(level) * error
        p = p_of(margin / error) if error > 0 else 1.0
        found.append((place, margin / n, margin, margin - half, margin + half, int(n), int(others), p))
    return pd.DataFrame(found, columns=list(_COLUMNS))


def p_of(z: float) -> float:
    """Return the two-sided p-value of a standard normal."""
    from scipy.special import ndtr

    return float(2 * ndtr(-abs(z)))


def _error2(side: pd.DataFrame) -> pd.Series:
    """Return the squared standard error of the mean of each stratum."""
    n, mean = side["n"], side["money"] / side["n"]
    return (side["money2"] - n * mean**2).clip(lower=0) / (n - 1) / n


def evidence(row: pd.Series, currency: str) -> str:
    """Say it in a sentence, as what goes with it."""
    way = "less" if row["each"] >= 0 else "more"
    low, high = sorted((row["lower"] / row["unhappy"], row["upper"] / row["unhappy"]))
    return (
        f"In the {DAYS} days after, {words.count(row['unhappy'], 'unhappy customer')} left "
        f"{words.money(abs(row['each']), currency)} {way} each than {words.count(row['content'])} content ones "
        f"({words.money(low, currency)} to {words.money(high, currency)} less)."
    )
