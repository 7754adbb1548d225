"""Abandoned carts: how many, what they hold, what comes back, with a reminder and without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from journeylab import words
from journeylab.checks import number, whole
from journeylab.errors import NotEnoughData
from journeylab.intervals import wilson
from journeylab.journey import signs
from journeylab.journey.differences import newcombe, with_others
from journeylab.journey.steps import STAGES
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Sequence

    import altair as alt

    from journeylab.data.dataset import Dataset

KINDS = ("bought", "recovered", "abandoned", "open")


@dataclass(frozen=True, eq=False, kw_only=True)
class Carts(Result):
    """Carts and how they ended.

    Args:
        rows: A row a measure and group: group, measure, n, of, rate, lower, upper, net (the value held, where known),
            and with groups difference (to the others), difference_lower, difference_upper, p, q, clear.
        ends: A row a group and end ('bought', 'recovered', 'abandoned', 'open'): group, end, n, share.
        reminder: Difference in recovery with a reminder less without: n, of, rate of both, difference, lower, upper.
        by: What the groups come from, or None.
        days: Within how many days a cart may come back.
        currency: Of all money.
    """

    views: ClassVar[tuple[str, ...]] = ("ends",)

    rows: pd.DataFrame
    ends: pd.DataFrame
    reminder: pd.DataFrame
    by: str | None
    days: int
    currency: str

    def table(self) -> pd.DataFrame:
        """Return the measures with their denominators and intervals."""
        return self.rows if self.by else self.rows.drop(columns=["group"])

    def headline(self) -> str:
        """Say how many carts were not bought on their day, and how many of those came back."""
        sums = self.ends.groupby("end")["n"].sum()
        settled = int(sums.sum() - sums.get("open", 0))
        back, gone = int(sums.get("recovered", 0)), int(sums.get("abandoned", 0))
        return (
            f"{words.percent((back + gone) / settled)} of {words.count(settled, 'cart')} were left; "
            f"{words.count(back)} of those ({words.percent(back / max(back + gone, 1))}) came back within "
            f"{words.count(self.days, 'day')}."
        )

    def _draw(self, view: str) -> alt.TopLevelMixin:
        import altair as alt

        from journeylab.charts import theme

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
    by: str | None = None,
    groups: Sequence[str] = (),
    level: float = 0.95,
) -> Carts:
    """Follow every cart of a visitor and day to its end.

    A cart is bought (the goal that day, after it), recovered (later, within `days`), abandoned, or open (the days are
    not over). Rates are of settled carts.

    Args:
        shop: A Dataset with events; contacts too, for reminders.
        cart: Events that fill a cart; well-known names if not given.
        goal: Events that buy it; well-known names if not given.
        days: Within how many days a cart may come back.
        by: Break down by a column of events or a trait of customers.
        groups: Only these values of `by`.
        level: Coverage of the intervals (Wilson; Newcombe for differences, Benjamini-Hochberg over all).

    Raises:
        NotEnoughData: if there is no settled cart.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import tiny_shop
        >>> jl.journey.carts(tiny_shop()).headline()
        '50.0 % of 2 carts were left; 0 of those (0.0 %) came back within 7 days.'
    """
    number(level, "level", lowest=0.5, highest=0.9999)
    whole(days, "days", lowest=1, highest=90)
    found = signs.carts(shop, STAGES[2] if cart is None else cart, STAGES[-1] if goal is None else goal, days, by)
    found = found[found["group"].isin(list(groups))] if by and groups else found
    if found.empty or not (found["kind"] != "open").any():
        raise NotEnoughData("There is no cart whose end is known.", do="Name the events that fill a cart.")
    rows = []
    for group, mine in found.groupby("group", sort=True):
        n = mine.groupby("kind")["n"].sum().reindex(KINDS, fill_value=0)
        net = mine.groupby("kind")["money"].sum(min_count=1).reindex(KINDS)
        settled, left = int(n.sum() - n["open"]), int(n["recovered"] + n["abandoned"])
        held = float(net[["recovered", "abandoned"]].sum(min_count=1))
        rows.append((group, "left on the day", left, settled, held))
        rows.append((group, "came back", int(n["recovered"]), left, float(net["recovered"])))
        for told in ("yes", "no"):
            part = mine[mine["reminded"] == told].groupby("kind")["n"].sum().reindex(KINDS, fill_value=0)
            words_of = "came back with a message" if told == "yes" else "came back without a message"
            of = int(part["recovered"] + part["abandoned"])
            if of:
                rows.append((group, words_of, int(part["recovered"]), of, np.nan))
    table = pd.DataFrame(rows, columns=["group", "measure", "n", "of", "net"])
    table["rate"] = table["n"] / table["of"].where(table["of"] > 0)
    table["lower"], table["upper"] = wilson(table["n"], table["of"], level=level)
    table = table[["group", "measure", "n", "of", "rate", "lower", "upper", "net"]]
    ends = found.groupby(["group", "kind"], as_index=False)["n"].sum().rename(columns={"kind": "end"})
    ends["share"] = ends["n"] / ends.groupby("group")["n"].transform("sum")
    return Carts(
        rows=with_others(table, "measure", level=level) if by else table,
        ends=ends,
        reminder=_reminder(table, level),
        by=by,
        days=days,
        currency=shop.currency,
        caveats=(
            "Messages go to customers who can be reached: a test tells what a reminder brings, this does not.",
            "The value held is the sum of the cart events' values, where they have one.",
        ),
    )


def _reminder(table: pd.DataFrame, level: float) -> pd.DataFrame:
    """Return the difference in what came back with a message and without, by group."""
    sent = table[table["measure"] == "came back with a message"].set_index("group")
    none = table[table["measure"] == "came back without a message"].set_index("group")
    both = sent[["n", "of", "rate"]].join(none[["n", "of", "rate"]], rsuffix="_without", how="inner")
    both["difference"] = both["rate"] - both["rate_without"]
    both["lower"], both["upper"] = newcombe(both["n"], both["of"], both["n_without"], both["of_without"], level=level)
    return both.reset_index()
