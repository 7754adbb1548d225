"""What if more went on from one place to another: a Markov chain of the visits, locked until it fits today.

The chain is of first order and ends at the goal or the exit. By construction it gives today's conversion; the test it
has to pass is to reproduce how many of those who were ever at the place convert. Method: docs/methods/what_if.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import ibis
import numpy as np
import pandas as pd
from ibis import _

from journeylab import words
from journeylab.checks import number
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.intervals import wilson
from journeylab.journey import signs
from journeylab.journey.steps import STAGES
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    import altair as alt
    import ibis.expr.types as ir
    from numpy.typing import NDArray

    from journeylab.data.dataset import Dataset

START, GOAL, EXIT = "(start)", "(goal)", "(exit)"


@dataclass(frozen=True, eq=False, kw_only=True)
class WhatIf(Result):
    """The chain today and with one transition changed.

    Args:
        rows: A row a figure: figure, value, lower, upper, n, of.
        locked: Whether the chain misses today's figures, so that it may not be asked.
        source: The place whose transition changes.
        target: Where more (or fewer) go.
        today: Rate of that transition today.
        rate: Rate it is set to.
        sessions: Sessions in the period.
    """

    views: ClassVar[tuple[str, ...]] = ("check",)

    rows: pd.DataFrame
    locked: bool
    source: str
    target: str
    today: float
    rate: float
    sessions: int

    def table(self) -> pd.DataFrame:
        """Return observed and modelled figures, and the answer unless locked."""
        return self.rows

    def headline(self) -> str:
        """Say the answer, or that the chain does not fit and gives none."""
        figures = self.rows.set_index("figure")
        if self.locked:
            seen, told = figures.loc["observed from the place"], figures.loc["modelled from the place"]
            return (
                f"Locked: the model says {words.percent(told['value'])} of sessions at {self.source} convert, and "
                f"{words.percent(seen['value'])} do ({words.percent(seen['lower'])} to {words.percent(seen['upper'])})."
            )
        more = figures.loc["further conversions", "value"]
        goes_to = "the goal" if self.target == GOAL else self.target
        after, before = figures.loc["with the change", "value"], figures.loc["observed", "value"]
        return (
            f"If {words.percent(self.rate)} instead of {words.percent(self.today)} went from {self.source} to "
            f"{goes_to}, {words.percent(after, digits=2)} instead of {words.percent(before, digits=2)} of sessions "
            f"would convert: {'+' if more >= 0 else ''}{words.count(more)} in this period."
        )

    def _draw(self, view: str) -> alt.TopLevelMixin:
        import altair as alt

        from journeylab.charts import theme

        shown = self.rows[self.rows["figure"] != "further conversions"].dropna(subset=["value"])
        base = alt.Chart(shown).encode(
            y=alt.Y("figure:N", sort=None, title=None), tooltip=["figure:N", alt.Tooltip("value:Q", format=".2%")]
        )
        x = alt.X("value:Q", title="share that converts", axis=alt.Axis(format=".0%"))
        return alt.layer(
            base.mark_rule(strokeWidth=2, color=theme.MAIN).encode(x=alt.X("lower:Q"), x2="upper:Q"),
            base.mark_point(filled=True, size=80, color=theme.MAIN).encode(x=x),
        ).properties(height=alt.Step(34), name=view)


@analysis("events")
def what_if(
    shop: Dataset,
    *,
    source: str,
    target: str,
    rate: float,
    goal: Sequence[str] | None = None,
    gap: str | timedelta | None = None,
    tolerance: float = 0.02,
    level: float = 0.95,
) -> WhatIf:
    """Set one transition between events to another rate; the others from there shrink or grow in proportion.

    P(goal) = (start row) (I − Q)⁻¹ R, Q the transitions among events and R those to the goal (Kemeny & Snell 1960,
    Finite Markov Chains, theorem 3.3.7).

    Args:
        shop: A Dataset with events, or a table of events.
        source: The event whose next one changes.
        target: The event more (or fewer) go to.
        rate: Share of all next events (leaving counts as one) from `source` that `target` shall have.
        goal: Events that are the goal of a session; well-known names of a purchase if not given.
        gap: A session ends after this long without an event; None takes those of the data, or 30 minutes.
        tolerance: How far the model may lie outside the interval of what is observed, in shares.
        level: Coverage of that interval (Wilson).

    Raises:
        BadParameter: if a place does not occur, or leads nowhere.
        NotEnoughData: if no session reaches the goal.
    """
    number(rate, "rate", lowest=0, highest=1)
    number(tolerance, "tolerance", lowest=0, highest=1)
    number(level, "level", lowest=0.5, highest=0.9999)
    goals = STAGES[-1] if goal is None else tuple(goal)
    log = _chain_log(signs.log_of(shop, "event", gap, goals, None))
    pairs = shop.run(_pairs(log)).sort_values(["source", "target"], ignore_index=True)
    if pairs.empty or not (pairs["target"] == GOAL).any():
        raise NotEnoughData("No session reaches the goal.", do="Name the events that are the goal.")
    if target.lower() in {name.lower() for name in goals}:
        target = GOAL
    nodes = sorted(set(pairs["source"]) - {START})
    for name, among in ((source, nodes), (target, [*nodes, GOAL])):
        if name not in among:
            raise BadParameter(f"No session is at {name!r} before the goal.", do=f"There are {', '.join(nodes[:20])}.")
    counts = pairs.pivot_table(index="source", columns="target", values="n", aggfunc="sum", fill_value=0)
    counts = counts.reindex(index=[START, *nodes], columns=[*nodes, GOAL, EXIT], fill_value=0).astype(float)
    chain = counts.div(counts.sum(axis=1), axis=0)
    seen = shop.run(_seen(log, source)).iloc[0]
    sessions, won, there, there_won = (int(seen[name]) for name in ("sessions", "won", "there", "there_won"))
    model = _absorbed(chain)
    lower, upper = wilson([won, there_won], [sessions, there], level=level)
    locked = any(
        not low - tolerance <= told <= high + tolerance
        for told, low, high in zip((model[START], model[source]), lower, upper, strict=True)
    )
    changed = _changed(chain, source, target, rate)
    after = np.nan if locked else _absorbed(changed)[START]
    rows = pd.DataFrame(
        [
            ("observed", won / sessions, lower[0], upper[0], won, sessions),
            ("modelled", model[START], np.nan, np.nan, np.nan, sessions),
            ("observed from the place", there_won / there, lower[1], upper[1], there_won, there),
            ("modelled from the place", model[source], np.nan, np.nan, np.nan, there),
            ("with the change", after, np.nan, np.nan, np.nan, sessions),
            ("further conversions", (after - model[START]) * sessions, np.nan, np.nan, np.nan, sessions),
        ],
        columns=["figure", "value", "lower", "upper", "n", "of"],
    )
    return WhatIf(
        rows=rows,
        locked=locked,
        source=source,
        target=target,
        today=float(chain.loc[source, target]),
        rate=rate,
        sessions=sessions,
        caveats=(
            "The chain knows only the last event of a visitor; those moved are taken to be like those who go there.",
            f"It is locked where it misses what is observed by more than the interval and {words.percent(tolerance)}.",
        ),
    )


def _chain_log(log: ir.Table) -> ir.Table:
    """Return who, event, what was before and what comes next, up to the goal."""
    over = ibis.window(group_by="who", order_by=[_.at, _.is_goal, _.event])
    log = log.filter(_.event.notnull())
    log = log.mutate(node=ibis.ifelse(_.is_goal, GOAL, _.event), place=ibis.row_number().over(over))
    end = ibis.ifelse(_.is_goal, _.place, ibis.null("int64")).min().over(ibis.window(group_by="who"))
    log = log.mutate(end=end).filter(_.end.isnull() | (_.place <= _.end))
    return log.mutate(then=_.node.lead().over(over).fill_null(EXIT), won=_.end.notnull())


def _pairs(log: ir.Table) -> ir.Table:
    moves = log.filter(_.node != GOAL).select(source=_.node, target=_.then)
    starts = log.filter(_.place == 0).select(source=ibis.literal(START), target=_.node)
    return ibis.union(moves, starts).group_by("source", "target").agg(n=_.count())


def _seen(log: ir.Table, source: str) -> ir.Table:
    one = log.group_by("who").agg(won=_.won.any(), there=(_.node == source).any())
    sums = {"sessions": _.count(), "won": _.won.sum(), "there": _.there.sum(), "there_won": (_.there & _.won).sum()}
    return one.agg(**sums)


def _absorbed(chain: pd.DataFrame) -> pd.Series:
    """Return the probability to reach the goal from each node."""
    inner = [name for name in chain.index if name != START]
    q: NDArray[Any] = chain.loc[inner, inner].to_numpy()
    hit = np.linalg.solve(np.eye(len(inner)) - q, chain.loc[inner, GOAL].to_numpy())
    from_start = float(chain.loc[START, inner].to_numpy() @ hit + chain.loc[START, GOAL])
    return pd.Series([from_start, *hit], index=[START, *inner])


def _changed(chain: pd.DataFrame, source: str, target: str, rate: float) -> pd.DataFrame:
    """Set one transition and scale the others from its source so that they add up to the rest."""
    chain = chain.copy()
    rest = 1 - chain.loc[source, target]
    if rest <= 0 and rate < 1:
        raise BadParameter(f"Everyone goes from {source} to {target}, so there is nobody to go elsewhere.")
    row = chain.loc[source] * ((1 - rate) / rest if rest > 0 else 0.0)
    row[target] = rate
    chain.loc[source] = row
    return chain
