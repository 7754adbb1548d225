"""Who moved between two dates, from which group or persona to which, and the money that moved with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import ibis
import numpy as np
from ibis import _

from journeylab import words
from journeylab.checks import day as check_day
from journeylab.customers import features, group_rules
from journeylab.customers.rfm import SCORES, scores
from journeylab.customers.scaling import scaled
from journeylab.data.coverage import orders_end
from journeylab.data.dataset import ibis_date
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.intervals import wilson, z_of
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    import altair as alt
    import ibis.expr.types as ir
    import pandas as pd

    from journeylab.customers.personas import Personas
    from journeylab.data.dataset import Dataset

NOT_YET = "Not yet a customer"


@dataclass(frozen=True, eq=False, kw_only=True)
class Migration(Result):
    """Moves between two dates.

    Args:
        moves: A row a pair that occurs: before, after, n, of (all who were in `before`), rate with lower and upper,
            net_before and net_after (in the windows that end on the two dates), moved_net (the change) with
            moved_net_lower and moved_net_upper.
        days: Length of each window.
        first: The earlier date.
        last: The later date.
        level: Coverage of each interval in the table.
        currency: Of the money.
    """

    views: ClassVar[tuple[str, ...]] = ("flow", "money")

    moves: pd.DataFrame
    days: int
    first: date
    last: date
    level: float
    currency: str

    def table(self) -> pd.DataFrame:
        """Return a row a pair of groups."""
        return self.moves

    def headline(self) -> str:
        """Say how many moved, and what the largest loss among them is."""
        known = self.moves[self.moves["before"] != NOT_YET]
        moved = known[known["before"] != known["after"]]
        n, of = int(moved["n"].sum()), int(known["n"].sum())
        if not n:
            return f"Nobody of {words.count(of, 'customer')} moved from {self.first} to {self.last}."
        return f"{words.count(n)} of {words.count(of, 'customer')} ({words.percent(n / of)}) moved; {self._most()}."

    def _most(self) -> str:
        """Say which move lost most, with an interval that allows for its having been picked among all moves."""
        from scipy.special import stdtrit

        pairs = self.moves[(self.moves["before"] != NOT_YET) & (self.moves["before"] != self.moves["after"])]
        worst = pairs.loc[pairs["moved_net"].idxmin()]
        wider = float(stdtrit(max(worst["n"] - 1, 1), 1 - (1 - self.level) / len(pairs) / 2)) / z_of(self.level)
        low, high = (
            words.money(worst["moved_net"] + wider * (worst[end] - worst["moved_net"]), self.currency)
            for end in ("moved_net_lower", "moved_net_upper")
        )
        money = words.money(worst["moved_net"], self.currency).removeprefix("−")
        less, kind = ("less", "largest loss") if worst["moved_net"] < 0 else ("more", "smallest gain")
        together = f", {words.percent(self.level, digits=0)} for all together" if len(pairs) > 1 else ""
        span = "" if worst["n"] < 2 else f" ({low} to {high}{together})"
        return (
            f"of {words.count(len(pairs), 'move')} the {kind} is from {worst['before']} to {worst['after']}: "
            f"{words.count(worst['n'], 'customer')} spent {money} {less} than in the {words.count(self.days, 'day')} "
            f"before{span}"
        )

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import flow

        if view == "money":
            return flow.changes(self.moves, currency=self.currency)
        return flow.moves(self.moves, first=str(self.first), last=str(self.last))


@analysis("orders.customer_id")
def migration(
    shop: Dataset,
    *,
    before: date | str,
    after: date | str | None = None,
    personas: Personas | None = None,
    groups: Sequence[Mapping[str, Any]] = group_rules.SHOPIFY,
    bins: int = 5,
    cutoffs: Mapping[str, Sequence[float]] | None = None,
    money: str = "net",
    level: float = 0.95,
) -> Migration:
    """Count who moved between two dates, and the change of their net value.

    Groups are the RFM groups, scored on each date among the customers of that date; or the personas, by the same
    scales and centres on both dates, so that who moves has changed and not the ruler. Everyone who had ordered by a
    date has a group on it, whatever period is looked at. Money is the net value in the window before each date, as
    long as the dates are apart. The interval of a change is normal: sum ± z sqrt(n) s, s being the standard deviation
    of the customers' changes. The headline picks the largest loss among m moves, with Student's interval of level
    1 - (1 - level) / m, so that all m hold together (Bonferroni; Dunn 1961, Journal of the American Statistical
    Association 56).

    Args:
        shop: A Dataset whose orders name their customers.
        before: The earlier date.
        after: The later date; the last day of the period by default.
        personas: What `personas` gave, to follow personas instead of RFM groups.
        groups: The rules of the RFM groups, as in `rfm_groups`.
        bins: How many scores, 2 to 10, as in `rfm`.
        cutoffs: As in `rfm`; with all three the ruler is the same on both dates.
        money: What monetary value is scored by, 'net' or 'margin', as in `rfm`.
        level: Coverage of the intervals.

    Raises:
        NotEnoughData: if nobody had ordered by the earlier date.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import tiny_shop
        >>> jl.customers.migration(tiny_shop(), before="2026-01-31").table()["n"].sum()
        np.int64(2)
    """
    first = check_day(before, "before")
    last = check_day(after, "after") or orders_end(shop)
    if first is None or last is None:
        raise NotEnoughData("The orders carry no days, so nobody can be followed between two of them.")
    if first >= last:
        raise BadParameter(
            f"The earlier date is {first}, and the later one {last}.", do="Choose an earlier first date."
        )
    whole = shop.between(*shop.observed) if shop.window and shop.observed else shop
    if personas is None:
        states = _groups(whole, group_rules.checked(groups), bins=bins, cutoffs=cutoffs, money=money)
    else:
        states = _personas(whole, personas)
    days = (last - first).days
    moves = shop.run(_moves(states(first), states(last), _money(shop, first, last, days)))
    if not (moves["before"] != NOT_YET).any():
        raise NotEnoughData(f"Nobody had ordered by {first}.", do="Choose a later date.")
    return Migration(
        moves=_table(moves, level),
        days=days,
        first=first,
        last=last,
        level=level,
        currency=shop.currency,
        caveats=_caveats(shop, first, days, personas, len(cutoffs or {}) == len(SCORES)),
    )


def _table(moves: pd.DataFrame, level: float) -> pd.DataFrame:
    moves = moves.sort_values(["before", "after"], ignore_index=True)
    of = moves.groupby("before")["n"].transform("sum")
    lower, upper = wilson(moves["n"], of, level=level)
    spread = moves["squares"] - moves["moved_net"] ** 2 / moves["n"]
    half = z_of(level) * np.sqrt(np.maximum(spread, 0) * moves["n"] / np.maximum(moves["n"] - 1, 1))
    half = half.where(moves["n"] > 1)
    table = moves.drop(columns="squares").assign(
        of=of, rate=moves["n"] / of, lower=lower, upper=upper,
        moved_net_lower=moves["moved_net"] - half, moved_net_upper=moves["moved_net"] + half,
    )  # fmt: skip
    columns = ["before", "after", "n", "of", "rate", "lower", "upper", "net_before", "net_after", "moved_net"]
    return table[[*columns, "moved_net_lower", "moved_net_upper"]]


def _moves(then: ir.Table, now: ir.Table, money: ir.Table) -> ir.Table:
    then = then.rename(_customer="customer_id", before="state")
    now = now.rename(after="state")
    joined = now.left_join(then, now.customer_id == then._customer).drop("_customer")  # noqa: SLF001 - a column
    money = money.rename(_customer="customer_id")
    joined = joined.left_join(money, joined.customer_id == money._customer).drop("_customer")  # noqa: SLF001
    joined = joined.mutate(
        before=_.before.fill_null(NOT_YET),
        net_before=_.net_before.fill_null(0.0),
        net_after=_.net_after.fill_null(0.0),
    ).mutate(moved_net=_.net_after - _.net_before)
    return joined.group_by("before", "after").agg(
        n=_.count(),
        net_before=_.net_before.sum(),
        net_after=_.net_after.sum(),
        squares=(_.moved_net * _.moved_net).sum(),
        moved_net=_.moved_net.sum(),
    )


def _groups(whole: Dataset, rules: Sequence[group_rules.Rule], **scoring: Any) -> Callable[[date], ir.Table]:
    """Return what gives customer_id and RFM group of everyone who had ordered by a day."""

    def states(day: date) -> ir.Table:
        scored, _until = scores(whole, as_of=day, **scoring)
        return scored.select("customer_id", state=group_rules.group(scored, rules, scoring["bins"]))

    return states


def _personas(whole: Dataset, personas: Personas) -> Callable[[date], ir.Table]:
    """Return what gives customer_id and persona of everyone who had ordered by a day."""
    model, count = personas.model, personas.count
    if model is None:
        raise BadParameter("Slices by value have no centres to follow customers by.", do="Follow RFM groups instead.")
    columns = [scale.column for scale in count.scales]
    names = dict(zip(personas.cards["persona"], personas.cards["name"], strict=True))

    def states(day: date) -> ir.Table:
        space, _columns = features.build(whole, count.features, day, columns=columns)
        assigned = model.assign(scaled(count.scales, space))
        return assigned.select(
            "customer_id", state=ibis.cases(*((assigned.persona == int(k), v) for k, v in names.items()), else_="none")
        )

    return states


def _money(shop: Dataset, first: date, last: date, days: int) -> ir.Table:
    """Return the net value of each customer in the windows of `days` days that end on the two dates."""
    orders = shop.sales(whole=True).filter(_.customer_id.notnull(), _.day <= ibis_date(last))
    since = -_.day.delta(ibis_date(first), unit="day")
    net = _.net.cast("float64")
    return orders.group_by("customer_id").agg(
        net_before=ibis.ifelse((since >= 0) & (since < days), net, 0.0).sum(),
        net_after=ibis.ifelse(since < 0, net, 0.0).sum(),
    )


def _caveats(shop: Dataset, first: date, days: int, personas: Personas | None, one_ruler: bool) -> tuple[str, ...]:
    said = ["A move says that a customer's group changed, not why. Customers near a border move to and fro by chance."]
    if personas is None and not one_ruler:
        said.append(
            "Scores compare customers with those of the same day: some move because others came or fell silent, "
            "without buying any differently. Fixed cut-offs for all three scores, or personas, keep one ruler."
        )
    said.append(
        "Groups are made of what was bought, and so is the money: who moves down spent less by construction. It says "
        "how much, not that the move cost it."
    )
    if shop.window:
        said.append("Everyone who ever ordered by a day is counted on it, whatever period is chosen.")
        if personas is not None and personas.call and any(".between(" in line for line in personas.call.shop):
            said.append("These personas were found in the orders of a period, and are followed by all orders.")
    if shop.observed and (first - shop.observed[0]).days < days - 1:
        said.append(
            f"The window before {first} is longer than what was observed before it, so earlier money is understated."
        )
    return tuple(said)
