"""Customers by named groups of their RFM scores, by rules that anyone can read and edit.

Method and limits: docs/methods/rfm.md. The rules themselves: group_rules.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from ibis import _

from journeylab import words
from journeylab.customers import group_rules
from journeylab.customers.rfm import scores
from journeylab.customers.roster import Roster
from journeylab.errors import NotEnoughData
from journeylab.intervals import of_mean, wilson
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import altair as alt
    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset


@dataclass(frozen=True, eq=False, kw_only=True)
class RfmGroups(Result):
    """Customers by group.

    Args:
        groups: A row a group, in the order of the rules: group, r, f, m, fm (the rule), n (customers), of, share with
            share_lower and share_upper, net, share_of_net, recency_days and frequency (means), money (mean a
            customer) with its lower and upper.
        rules: The rules, every range written out.
        roster: Every customer with an order: figures, scores and group, in the engine.
        money: What monetary value is: 'net' or 'margin'.
        n: Customers in it.
        as_of: The day recency is counted to.
        currency: Of the money.
    """

    views: ClassVar[tuple[str, ...]] = ("groups", "value")

    groups: pd.DataFrame
    rules: tuple[group_rules.Rule, ...]
    roster: Roster
    money: str
    n: int
    as_of: date
    currency: str

    def table(self) -> pd.DataFrame:
        """Return a row a group with its rule, its customers and their value."""
        return self.groups

    def headline(self) -> str:
        """Name the group that brings most, and how many are in it."""
        first = self.groups.loc[self.groups["net"].where(self.groups["n"] > 0).idxmax()]
        return (
            f"“{first['group']}” is {words.percent(first['share'])} of {words.count(self.n, 'customer')} (n = "
            f"{first['n']:,}) and {words.brings(first['share_of_net'], 'net value')}."
        )

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import portions

        value = {"groups": "share", "value": "share_of_net"}[view]
        title = {"groups": "share of customers", "value": "share of net value"}[view]
        shown = self.groups[self.groups["n"] > 0]
        return portions.bars(shown, name="group", value=value, title=title)


@analysis("orders.customer_id")
def rfm_groups(
    shop: Dataset,
    *,
    groups: Sequence[Mapping[str, Any]] = group_rules.SHOPIFY,
    bins: int = 5,
    cutoffs: Mapping[str, Sequence[float]] | None = None,
    money: str = "net",
    as_of: date | str | None = None,
    level: float = 0.95,
) -> RfmGroups:
    """Put every customer into the first group whose rule its RFM scores fit.

    The default groups are the eleven that Shopify names, Prospects (no order yet) among them when the shop has a list
    of customers. Scores are those of `rfm`; the interval of a mean is the normal one, that of a share Wilson's.

    Args:
        shop: A Dataset whose orders name their customers.
        groups: The rules, as in `journeylab.customers.group_rules`; the first that fits counts.
        bins: How many scores, 2 to 10; rules always speak in fifths.
        cutoffs: As in `rfm`.
        money: 'net' or 'margin', as in `rfm`.
        as_of: The day to count recency to; the last day of the period by default.
        level: Coverage of the intervals.

    Raises:
        NotEnoughData: if no counted order has a customer.
        BadParameter: if a rule makes no sense.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import tiny_shop
        >>> halves = [{"group": "Better half", "fm": "4-5"}, {"group": "Other half"}]
        >>> jl.customers.rfm_groups(tiny_shop(), groups=halves, bins=2).table()[["group", "n"]].values.tolist()
        [['Better half', 1], ['Other half', 1]]
    """
    rules = group_rules.checked(groups)
    scored, until = scores(shop, bins=bins, cutoffs=cutoffs, money=money, as_of=as_of)
    with_group = shop.engine.keep(scored.mutate(group=group_rules.group(scored, rules, bins)))
    counted = shop.run(_summed(with_group))
    if counted.empty:
        raise NotEnoughData("No order that counts names its customer in this period.", do="Choose a longer period.")
    table = _table(counted, rules, _waiting(shop, with_group, rules), level)
    return RfmGroups(
        groups=table,
        rules=rules,
        roster=Roster(with_group, shop.engine),
        money=money,
        n=int(table["n"].sum()),
        as_of=until,
        currency=shop.currency,
        caveats=_caveats(table, rules, bins),
    )


def _summed(with_group: ir.Table) -> ir.Table:
    return with_group.group_by("group").agg(
        n=_.count(),
        net=_.net.sum(),
        recency_days=_.recency_days.mean(),
        frequency=_.frequency.mean(),
        known=_.monetary.count(),
        total=_.monetary.sum(),
        squares=(_.monetary * _.monetary).sum(),
    )


def _waiting(shop: Dataset, scored: ir.Table, rules: Sequence[group_rules.Rule]) -> int:
    """Count the customers on the shop's list who have no counted order, if a rule speaks of them."""
    if group_rules.prospects(rules) is None or not shop.has("customers"):
        return 0
    listed = shop.table("customers").select("customer_id").filter(_.customer_id.notnull()).distinct()
    waiting = listed.anti_join(scored, "customer_id")
    return int(shop.run(waiting.agg(n=_.count()))["n"].iloc[0])


def _table(counted: pd.DataFrame, rules: Sequence[group_rules.Rule], waiting: int, level: float) -> pd.DataFrame:
    by_group = counted.set_index("group").reindex(group_rules.names(rules))
    nothing = by_group["n"].isna()
    by_group = by_group.fillna({"n": 0, "net": 0.0, "known": 0, "total": 0.0, "squares": 0.0})
    prospects = group_rules.prospects(rules)
    if prospects is not None:
        by_group.loc[prospects, "n"] += waiting
    n = by_group["n"].astype(int)
    known = by_group["known"].astype(int)
    lower, upper = wilson(n, np.full(len(n), n.sum()), level=level)
    means = [
        of_mean(t, q, k, level=level) for t, q, k in zip(by_group["total"], by_group["squares"], known, strict=True)
    ]
    first = {rule["group"]: rule for rule in reversed(rules)}
    net = by_group["net"].sum()
    table = pd.DataFrame(
        {
            "group": by_group.index,
            **{s: [first.get(name, {}).get(s, "") for name in by_group.index] for s in group_rules.SCORES},
            "n": n.to_numpy(),
            "of": int(n.sum()),
            "share": (n / n.sum()).to_numpy(),
            "share_lower": lower,
            "share_upper": upper,
            "net": by_group["net"].to_numpy(),
            "share_of_net": (by_group["net"] / net if net > 0 else by_group["net"] * np.nan).to_numpy(),
            "recency_days": by_group["recency_days"].to_numpy(),
            "frequency": by_group["frequency"].to_numpy(),
            "money": (by_group["total"] / known.where(known > 0)).to_numpy(),
            "lower": [low for low, _high in means],
            "upper": [high for _low, high in means],
        }
    )
    unused = (table["group"] == group_rules.NO_GROUP) & nothing.to_numpy()
    return table[~unused].reset_index(drop=True)


def _caveats(table: pd.DataFrame, rules: Sequence[group_rules.Rule], bins: int) -> tuple[str, ...]:
    said = ["A group describes what customers did; it is a rule set by hand, not found in the data."]
    left = table.loc[table["group"] == group_rules.NO_GROUP, "n"].sum()
    if left:
        said.append(f"No rule fits {words.count(left, 'customer')}; they stand in a row of their own.")
    if bins != 5:
        said.append(f"The rules speak in fifths; each of the {bins} scores is read as the fifth its middle lies in.")
    prospects = group_rules.prospects(rules)
    if prospects and not table.loc[table["group"] == prospects, "n"].sum():
        said.append(f"{prospects} are only known with a list of customers that holds people without an order.")
    return tuple(said)
