"""What it costs that visitors leave: margin at stake by step, and leaks that are beyond noise.

Of those lost at a step, as many would have bought as of those who passed it; times the value of an order, times the
margin. A leak is a group that passes a step clearly less often than the other groups, within what is held equal.
Method: docs/methods/stake.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from journeylab import words
from journeylab.checks import duration, number, one_of, whole
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.journey import cells, tally, traits
from journeylab.journey.attempts import Rules
from journeylab.journey.closing import needed
from journeylab.journey.steps import labels, read, suggest
from journeylab.journey.visits import with_sessions
from journeylab.journey.worth import WORTH, Worth, priced, worth_of
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Sequence

    import altair as alt

    from journeylab.data.dataset import Dataset

MAX_STRATA = 3


@dataclass(frozen=True, eq=False, kw_only=True)
class Stake(Result):
    """Margin at stake.

    Args:
        rows: A row a step, and one for all together: step, position, lost, of, rate (share of those
            at this step, in the same stratum, who convert), n (conversions missed), margin (at stake), lower, upper,
            margin_a_year.
        leaks: A row a group and step: group, step, position, n (came on), of, rate, expected_rate (of the
            other groups in the same strata), missed (visitors), p, q, clear, margin, lower, upper, margin_a_year;
            the clear ones first, by margin.
        ceiling: The margin if nobody who entered, and had the whole time, were lost.
        realised: The margin of those who converted.
        worth: Value of an order and margin, and where they come from.
        currency: Of all money.
        by: What the groups come from, or None.
        strata: Columns within which groups are compared; none are held equal if empty.
        level: Coverage of the intervals.
        unit: 'visitor' or 'session'.
        days: Days on which those who are counted came.
    """

    views: ClassVar[tuple[str, ...]] = ("steps", "leaks")

    rows: pd.DataFrame
    leaks: pd.DataFrame
    ceiling: float
    realised: float
    worth: Worth
    currency: str
    by: str | None
    strata: tuple[str, ...]
    level: float
    unit: str
    days: float

    def table(self) -> pd.DataFrame:
        """Return steps and leaks in one table, told apart by `kind`."""
        steps = self.rows.assign(kind="step", group=tally.ALL)
        columns = ["kind", "group", "step", "n", "of", "rate", "expected_rate", "lost", "missed", "p", "q", "clear"]
        columns += ["margin", "lower", "upper", "margin_a_year"]
        both = steps if self.leaks.empty else pd.concat([steps, self.leaks.assign(kind="leak")], ignore_index=True)
        return both.reindex(columns=columns)

    def found(self) -> pd.DataFrame:
        """Return the leaks that are beyond noise, the dearest first."""
        return self.leaks[self.leaks["clear"]]

    def headline(self) -> str:
        """Say the dearest leak, or that none is beyond noise, and what is at stake together."""
        whole_row = self.rows.iloc[-1]
        least, most = (words.money(whole_row[name], self.currency) for name in ("lower", "upper"))
        together = (
            f"{words.money(whole_row['margin'], self.currency)} of margin ({least} to {most}) is at stake in all steps "
            "together"
        )
        found = self.found()
        if found.empty:
            nothing = "no group passes a step clearly less often than the others; " if self.by else ""
            return f"{nothing}{together}."[0].upper() + f"{nothing}{together}."[1:]
        top = found.iloc[0]
        return (
            f"{top['group']} passes {top['step']} at {words.percent(top['rate'])} (n = {words.count(top['of'])}) where "
            f"{self._others()} do at {words.percent(top['expected_rate'])}: "
            f"{words.money(top['margin'], self.currency)} of margin "
            f"({words.money(top['lower'], self.currency)} to {words.money(top['upper'], self.currency)})."
        )

    def _others(self) -> str:
        """Name those a group is compared with: the others, within what is held equal."""
        if not self.strata:
            return f"the other {self.unit}s"
        same = words.listed(name.removeprefix(traits.PREFIX).replace("_", " ") for name in self.strata)
        return f"other {self.unit}s of the same {same}"

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import money

        if view == "leaks":
            if self.leaks.empty:
                raise NotEnoughData("There are no groups to compare yet.", do="Choose a column that tells them apart.")
            return money.leaks(self.leaks, currency=self.currency)
        return money.steps(self.rows.iloc[:-1], currency=self.currency)


@analysis("events")
def stake(
    shop: Dataset,
    *,
    steps: Sequence[Any] | None = None,
    window: str | timedelta | None = "14d",
    by: str | None = None,
    strata: Sequence[str] = (),
    unit: str = "visitor",
    gap: str | timedelta | None = None,
    value: float | None = None,
    margin: float | None = None,
    level: float = 0.9,
    draws: int = 2000,
    seed: int = 0,
) -> Stake:
    """Put money on every step of an ordered, closed funnel, and on groups that lose more than the others.

    At stake at step k in a stratum: lost_k × (converted / reached k) × value × margin. A visitor is lost at one step
    only, so the steps together never exceed the margin if nobody were lost. A leak: (expected − came) × (converted /
    reached k in the group) × value × margin, where `expected` takes the rate of the other groups in each stratum.

    Args:
        shop: A Dataset with events, or a table of events.
        steps: Steps as in `funnel`; a likely funnel is taken from the data if not given.
        window: Longest time from the first step to the last; None for no limit.
        by: Groups to look for leaks in, such as 'device' or 'customers.loyalty_member'.
        strata: Up to three further columns within which visitors are compared.
        unit: 'visitor', or 'session' to look for attempts within one visit.
        gap: For sessions: a visit ends after this long without an event; as given by the data if None.
        value: Value of an order; if not given, from the orders that the last step's events name, else from those events
            themselves, else the mean order.
        margin: Share of the value that is margin, 0 to 1; if not given, each order's net less the cost of its goods.
        level: Coverage of the intervals (percentiles of the bootstrap).
        draws: How often to draw again.
        seed: Of the draws.

    Raises:
        BadParameter: for steps or columns that are not there.
        NotEnoughData: if nobody did the first step, or no value is known.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import tiny_shop
        >>> steps = ["view", "cart", "purchase"]
        >>> result = jl.journey.stake(tiny_shop(), steps=steps, window="1d", value=30, margin=0.5)
        >>> result.rows["margin"].tolist(), result.ceiling
        ([7.5, 15.0, 22.5], 45.0)
    """
    number(level, "level", lowest=0.5, highest=0.9999)
    whole(draws, "draws", lowest=100, highest=20_000)
    whole(seed, "seed")
    events = shop.table("events")
    chosen = read(suggest(shop) if steps is None else steps, events.columns)
    if isinstance(strata, str) or len(strata) > MAX_STRATA:
        raise BadParameter(f"strata is a list of up to {MAX_STRATA} columns.")
    if by is not None and by in strata:
        raise BadParameter("A column cannot tell groups apart and be held equal.", do="Leave it out of strata.")
    log, source = (events, "") if value is not None else priced(shop, events, margin)
    names = [*(["group"] if by else []), *(f"stratum_{i}" for i in range(len(strata)))]
    rules = Rules(
        steps=chosen,
        window=None if window is None else duration(window, "window"),
        keys=("visitor_id",)
        if one_of(unit, "unit", ("visitor", "session")) == "visitor"
        else ("visitor_id", "session"),
        splits=tuple(names),
        end=shop.period[1] if shop.period else None,
        value=WORTH if source else None,
    )
    log = with_sessions(log, gap) if unit == "session" else log
    for name, column in zip(names, [*([by] if by else []), *strata], strict=True):
        log = tally.with_split(shop, log, column, name)
    counted, late = cells.count(shop, log, rules)
    if counted.empty:
        early = " early enough for the whole window" if late.n else ""
        raise NotEnoughData(
            f"No visitor did the first step, {labels(chosen)[0]}, in this period{early}.",
            do="Choose a longer period or a shorter window.",
        )
    worth = worth_of(shop, counted, source, value=value, margin=margin)
    grid = cells.Grid.of(counted, rules, labels(chosen), worth)
    rng = np.random.default_rng(seed)
    drawn = grid.draw(rng, draws)
    days = _days(shop, rules)
    tail = (1 - level) / 2
    rows = _steps(grid, drawn, tail, days)
    leaks = cells.leaks(grid, drawn, tail, days) if by is not None else cells.no_leaks()
    return Stake(
        rows=rows,
        leaks=leaks,
        ceiling=float(grid.ceiling()),
        realised=float(grid.realised()),
        worth=worth,
        currency=shop.currency,
        by=by,
        strata=tuple(strata),
        level=level,
        unit=unit,
        days=days,
        caveats=(
            *_caveats(worth, leaks, strata, by),
            *_left_out(late, rules, grid, unit),
            *traits.said(by, *strata),
        ),
    )


def _steps(grid: cells.Grid, drawn: cells.Drawn, tail: float, days: float) -> pd.DataFrame:
    """Return a row a step and one for all together."""
    lost, missed, margin = grid.at_stake(grid.depths[None], grid.value[None])
    again = grid.at_stake(drawn.depths, drawn.value)[2]
    reached = grid.reached(grid.depths[None])[0].sum(axis=0)
    rows = []
    for k, name in enumerate(grid.names[1:], start=1):
        lower, upper = np.quantile(again[:, k], [tail, 1 - tail])
        gone = float(lost[0, k])
        row = {"step": name, "position": k + 1, "lost": int(gone), "of": int(reached[k - 1]), "n": float(missed[0, k])}
        row |= {"rate": float(missed[0, k]) / gone if gone else np.nan, "margin": float(margin[0, k])}
        rows.append(row | {"lower": float(lower), "upper": float(upper)})
    lower, upper = np.quantile(again.sum(axis=1), [tail, 1 - tail])
    total = {"step": "together", "position": len(grid.names) + 1, "lost": int(lost.sum()), "of": int(reached[0])}
    total |= {"n": float(missed.sum()), "rate": float(missed.sum() / lost.sum()) if lost.sum() else np.nan}
    rows.append(total | {"margin": float(margin.sum()), "lower": float(lower), "upper": float(upper)})
    return pd.DataFrame(rows).assign(margin_a_year=lambda x: x["margin"] * 365 / days)


def _caveats(worth: Worth, leaks: pd.DataFrame, strata: Sequence[str], by: str | None) -> tuple[str, ...]:
    said = [
        worth.said,
        "At stake is what those lost would bring if they did as those who went on: a ceiling for repairs, no forecast.",
    ]
    if by:
        looks = int(leaks["q"].notna().sum())
        held = f", compared within {words.listed(strata)}" if strata else ", with nothing held equal"
        said.append(
            f"{words.count(looks, 'difference')} tested{held}; false alarms among clear ones are kept to 5 % "
            f"(Benjamini-Hochberg). Groups may differ in other ways than the shop's pages"
            + ("." if strata else ", such as the channel they come by: see what stays within it.")
        )
    return tuple(said)


def _days(shop: Dataset, rules: Rules) -> float:
    """Return the days in which entrants were followed for their whole window."""
    if not shop.period:
        return 365.0
    days = float((shop.period[1] - shop.period[0]).days + 1)
    return days - (needed(rules) or timedelta(0)) / timedelta(days=1)


def _left_out(late: cells.Late, rules: Rules, grid: cells.Grid, unit: str) -> list[str]:
    """Say who is not in the figures because the data ended before their time was over, and what intervals miss."""
    said, time = [], needed(rules)
    if late.n and time is not None and rules.end is not None:
        since = rules.end + timedelta(days=1) - time
        from_day = f" (from {since.day} {since:%b %Y} on)" if time >= timedelta(days=1) else ""
        said.append(
            f"{words.count(late.n, 'entrant')} of the last {words.length(time.total_seconds())}{from_day}, "
            f"{words.count(late.bought)} of whom converted, are left out: they had not had the whole time yet, and of "
            "those who come late only the quick are seen to convert."
        )
    if grid.still_open:
        said.append(
            f"{words.count(grid.still_open, 'earlier entrant')} came again and still had time when the data ended: not "
            "lost, and left out."
        )
    if unit == "session":
        said.append("Sessions of one visitor are alike, so the intervals are somewhat too narrow.")
    return said
