"""Abandoned carts: how many, what they hold, what comes back, with a reminder and without.

With and without is told from one moment after the cart on, the landmark. Method: docs/methods/friction.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from journeylab import words
from journeylab.checks import number, whole
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.intervals import wilson
from journeylab.journey import cart_ends, traits
from journeylab.journey.differences import newcombe, with_others
from journeylab.journey.steps import STAGES
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Sequence

    import altair as alt
    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

KINDS = ("bought", "recovered", "abandoned", "open")
#: What is said of carts that were still left at the landmark, by whether a message had gone out by then.
TOLD = {
    "yes": "came back with a reminder",
    "no": "came back without a reminder",
    "not known": "came back, customer not known",
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Carts(Result):
    """Carts and how they ended.

    Args:
        rows: A row a measure and group: group, measure, n, of, rate, lower, upper, net (the value held, where known),
            and with groups difference (to the others), difference_lower, difference_upper, p, q, clear. The rows of
            reminders count carts that were still left at the landmark.
        ends: A row a group and end ('bought', 'recovered', 'abandoned', 'open'): group, end, n, share.
        reminder: Of carts of known customers still left after `hours`, what came back with a message by then and
            without, a row a group: group, n, of, rate, n_without, of_without, rate_without, difference, lower, upper.
        hours: The landmark, in hours after the cart; None if no campaign is known to remind.
        by: What the groups come from, or None.
        days: Within how many days a cart may come back.
        currency: Of all money.
    """

    views: ClassVar[tuple[str, ...]] = ("ends", "reminder")

    rows: pd.DataFrame
    ends: pd.DataFrame
    reminder: pd.DataFrame
    hours: int | None
    by: str | None
    days: int
    currency: str

    def table(self) -> pd.DataFrame:
        """Return the measures with their denominators and intervals."""
        return self.rows if self.by else self.rows.drop(columns=["group"])

    def headline(self) -> str:
        """Say how many carts were not bought on their day, how many of those came back, with a reminder and without."""
        sums = self.ends.groupby("end")["n"].sum()
        settled = int(sums.sum() - sums.get("open", 0))
        back, gone = int(sums.get("recovered", 0)), int(sums.get("abandoned", 0))
        return (
            f"{words.percent((back + gone) / settled)} of {words.count(settled, 'cart')} were left; "
            f"{words.count(back)} of those ({words.percent(back / max(back + gone, 1))}) came back within "
            f"{words.count(self.days, 'day')}{self._with_and_without()}."
        )

    def _with_and_without(self) -> str:
        """Say what came back with a reminder and without, of all together."""
        if len(self.reminder) != 1:
            return ""
        row = self.reminder.iloc[0]
        return (
            f"; of those left for {words.length(3600 * (self.hours or 0))}, {words.percent(row['rate'])} of "
            f"{words.count(row['of'])} with a reminder and {words.percent(row['rate_without'])} of "
            f"{words.count(row['of_without'])} without, {100 * row['difference']:+.1f} points "
            f"({100 * row['lower']:+.1f} to {100 * row['upper']:+.1f})"
        )

    def _draw(self, view: str) -> alt.TopLevelMixin:
        import altair as alt

        from journeylab.charts import flows, theme

        if view == "reminder":
            shown = self.rows[self.rows["measure"].isin(TOLD.values())]
            if shown.empty:
                raise NotEnoughData("No message is known to remind of carts.", do="Name the campaign that reminds.")
            where = shown["measure"] if not self.by else shown["group"] + ": " + shown["measure"]
            shown = shown[["n", "of", "rate", "lower", "upper"]].assign(page=where)
            return flows.exits(shown, title=f"share of carts left for {self.hours} h that came back")
        return (
            alt.Chart(self.ends)
            .mark_bar()
            .encode(
                x=alt.X("n:Q", title="carts", stack="normalize", axis=alt.Axis(format=".0%")),
                y=alt.Y("group:N", title=None),
                color=alt.Color(
                    "end:N", title=None, scale=alt.Scale(domain=list(KINDS), range=list(theme.CATEGORIES[: len(KINDS)]))
                ),
                order=alt.Order("place:Q"),
                tooltip=["group:N", "end:N", alt.Tooltip("n:Q", format=","), alt.Tooltip("share:Q", format=".1%")],
            )
            .transform_calculate(place=f"indexof({list(KINDS)}, datum.end)")
            .properties(height=alt.Step(48), name=view)
        )


@analysis("events")
def carts(
    shop: Dataset,
    *,
    cart: Sequence[str] | None = None,
    goal: Sequence[str] | None = None,
    days: int = 7,
    campaign: Sequence[str] | None = None,
    hours: int | None = None,
    by: str | None = None,
    groups: Sequence[str] = (),
    level: float = 0.95,
) -> Carts:
    """Follow every cart of a visitor and day to its end.

    A cart is bought (the goal that day, after it), recovered (later, within `days`), abandoned, or open (the days are
    not over). Rates are of settled carts. With and without a reminder is told of carts that name their customer and
    were still left `hours` after: written to by that moment or not, and bought between it and `days`. (A landmark:
    Anderson, Cain & Gelber 1983, Journal of Clinical Oncology 1. Who comes back before the message goes out would else
    count as without.)

    Args:
        shop: A Dataset with events; contacts too, for reminders.
        cart: Events that fill a cart; well-known names if not given.
        goal: Events that buy it; well-known names if not given.
        days: Within how many days a cart may come back.
        campaign: Names of the campaigns that remind; those with cart, basket, checkout, abandon or remind in their name
            if not given, and any message where campaigns have no names.
        hours: The landmark, in hours after the cart; if not given, the hour by which three in four of the messages were
            sent, at most 48.
        by: Break down by a column of events or a trait of customers.
        groups: Only these values of `by`.
        level: Coverage of the intervals (Wilson; Newcombe for differences, Benjamini-Hochberg over all).

    Raises:
        BadParameter: for a campaign that sent nothing, or hours beyond the days.
        NotEnoughData: if there is no settled cart.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import tiny_shop
        >>> jl.journey.carts(tiny_shop()).headline()
        '50.0 % of 2 carts were left; 0 of those (0.0 %) came back within 7 days.'
    """
    number(level, "level", lowest=0.5, highest=0.9999)
    whole(days, "days", lowest=1, highest=90)
    if hours is not None and whole(hours, "hours", lowest=1) >= 24 * days:
        raise BadParameter(f"Of carts that may come back for {days} days, none is left to look at after {hours} hours.")
    if isinstance(campaign, str):
        raise BadParameter("campaign is a list of names of campaigns.")
    ended = cart_ends.ended(shop, STAGES[2] if cart is None else cart, STAGES[-1] if goal is None else goal, days, by)
    ended = ended.filter(ended.group.isin(list(groups))) if by and groups else ended
    found = cart_ends.counted(shop, ended)
    if found.empty or not (found["kind"] != "open").any():
        raise NotEnoughData("There is no cart whose end is known.", do="Name the events that fill a cart.")
    hours, told = _told(shop, ended, campaign, days, hours)
    rows = []
    for group, mine in found.groupby("group", sort=True):
        n = mine.groupby("kind")["n"].sum().reindex(KINDS, fill_value=0)
        net = mine.groupby("kind")["money"].sum(min_count=1).reindex(KINDS)
        settled, left = int(n.sum() - n["open"]), int(n["recovered"] + n["abandoned"])
        held = float(net[["recovered", "abandoned"]].sum(min_count=1))
        rows.append((group, "left on the day", left, settled, held))
        rows.append((group, "came back", int(n["recovered"]), left, float(net["recovered"])))
        here = told[told["group"] == group].itertuples()
        rows += [(group, TOLD[row.told], int(row.n), int(row.of), np.nan) for row in here]
    table = pd.DataFrame(rows, columns=["group", "measure", "n", "of", "net"])
    table["rate"] = table["n"] / table["of"].where(table["of"] > 0)
    table["lower"], table["upper"] = wilson(table["n"], table["of"], level=level)
    table = table[["group", "measure", "n", "of", "rate", "lower", "upper", "net"]]
    ends = found[["group", "kind", "n"]].rename(columns={"kind": "end"})
    ends["share"] = ends["n"] / ends.groupby("group")["n"].transform("sum")
    return Carts(
        rows=with_others(table, "measure", level=level) if by else table,
        ends=ends,
        reminder=_reminder(table, level),
        hours=hours,
        by=by,
        days=days,
        currency=shop.currency,
        caveats=(
            *_said(shop, told, hours, campaign),
            "The value held is the sum of the cart events' values, where they have one.",
            *traits.said(by),
        ),
    )


def _told(
    shop: Dataset, ended: ir.Table, campaign: Sequence[str] | None, days: int, hours: int | None
) -> tuple[int | None, pd.DataFrame]:
    """Return the landmark, and what came back after it by whether a message had gone out by then."""
    nobody = pd.DataFrame(columns=["group", "told", "of", "n", "later"])
    if not shop.has("contacts", "events.customer_id"):
        return None, nobody
    sent = cart_ends.messages(shop, campaign)
    usual = cart_ends.usual_hours(shop, ended, sent, days)
    if usual is None:
        return None, nobody
    hours = usual if hours is None else hours
    return hours, cart_ends.reminded(shop, ended, sent, days, hours)


def _said(shop: Dataset, told: pd.DataFrame, hours: int | None, campaign: Sequence[str] | None) -> list[str]:
    """Say what with and without a reminder is, or why it is not told."""
    if hours is None:
        if not shop.has("contacts", "events.customer_id"):
            return []
        return ["No message after a cart is known to remind of it; name the campaign that does (campaign=[…])."]
    which = "messages of any kind" if not shop.has("contacts.campaign") else "reminders"
    if campaign is None and which == "reminders":
        which = f"reminders, told by {', '.join(cart_ends.REMIND)} in the campaign's name"
    known = told[told["told"] != "not known"]
    strangers = int(told["of"].sum() - known["of"].sum())
    landmark = (
        f"With and without compares carts still left {words.count(hours, 'hour')} after they were filled, by {which} "
        f"sent by then, and counts what came back from then on; {words.count(known['later'].sum())} were written to "
        f"later and count as without. {words.count(strangers)} name no customer, so that nobody could be written to."
    )
    unlike = "Messages go to customers who can be reached: a test tells what a reminder brings, this does not."
    return [landmark, unlike]


def _reminder(table: pd.DataFrame, level: float) -> pd.DataFrame:
    """Return the difference in what came back with a reminder and without, by group."""
    sent = table[table["measure"] == TOLD["yes"]].set_index("group")
    none = table[table["measure"] == TOLD["no"]].set_index("group")
    both = sent[["n", "of", "rate"]].join(none[["n", "of", "rate"]], rsuffix="_without", how="inner")
    both["difference"] = both["rate"] - both["rate_without"]
    both["lower"], both["upper"] = newcombe(both["n"], both["of"], both["n_without"], both["of_without"], level=level)
    return both.reset_index()
