"""What if more went on from one place to another: a Markov chain of the visits, locked until it fits today.

The chain is of first order and ends at the goal or the exit. By construction it gives today's conversion; the test it
has to pass is to reproduce how many of those who were ever at the place convert. Method: docs/methods/what_if.md.
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
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.intervals import wilson
from journeylab.journey import signs, traits
from journeylab.journey.steps import STAGES
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    import altair as alt
    import ibis.expr.types as ir
    from numpy.typing import NDArray

    from journeylab.data.dataset import Dataset

START, GOAL, EXIT, OTHER = "(start)", "(goal)", "(exit)", "(other)"
#: With fewer sessions that go there today than this, the check is weak, and the card says so.
FEW = 30
#: So many of the commonest events are places of their own; the rarer ones are one.
MOST_PLACES = 60


_SHARES = ("value", "lower", "upper")


@dataclass(frozen=True, eq=False, kw_only=True)
class WhatIf(Result):
    """The chain today and with one transition changed.

    Args:
        rows: A row a group and figure: group, figure, value, lower, upper, n, of. The answer's interval is of
            chance only.
        locked: Groups whose chain misses today's figures, so that it may not be asked: how many convert of the sessions
            at the place, or of those that go from there to the target.
        source: The place whose transition changes.
        target: Where more (or fewer) go.
        rate: Rate it is set to.
        by: What the groups come from, or None.
        tolerance: How far the model may lie outside the interval of what is observed, as a share of its ends.
    """

    views: ClassVar[tuple[str, ...]] = ("check",)

    rows: pd.DataFrame
    locked: tuple[str, ...]
    source: str
    target: str
    rate: float
    by: str | None
    tolerance: float

    def table(self) -> pd.DataFrame:
        """Return observed and modelled figures, and the answer unless locked."""
        return self.rows if self.by else self.rows.drop(columns=["group"])

    def headline(self) -> str:
        """Say the answer, of groups the largest, or that the chain does not fit and gives none."""
        groups = [name for name in self.rows["group"].unique() if name not in self.locked]
        if not groups:
            return self._locked(str(self.rows["group"].iloc[0]))
        gains = self.rows[self.rows["figure"] == "further conversions"].set_index("group")
        name = str(gains.loc[groups, "value"].abs().idxmax())
        figures = self.rows[self.rows["group"] == name].set_index("figure")
        more = figures.loc["further conversions"]
        gain, least, most = (round(more[bound]) for bound in ("value", "lower", "upper"))
        goes_to = "the goal" if self.target == GOAL else self.target
        after, before = figures.loc["with the change", "value"], figures.loc["observed", "value"]
        today = figures.loc["goes there today", "value"]
        return (
            f"{f'{name}: ' if self.by else ''}If {words.percent(self.rate)} instead of {words.percent(today)} went "
            f"from {self.source} to {goes_to}, {words.percent(after, digits=2)} instead of "
            f"{words.percent(before, digits=2)} of sessions would convert: "
            f"{'+' if gain >= 0 else ''}{words.count(gain)} in this period "
            f"({words.count(least)} to {words.count(most)})."
        )

    def _locked(self, name: str) -> str:
        figures = self.rows[self.rows["group"] == name].set_index("figure")
        places = {
            "from the place": f"at {self.source}",
            "of those who go there": f"from {self.source} to {self.target}",
        }
        asked = [
            (where, figures.loc[f"observed {which}"], figures.loc[f"modelled {which}"])
            for which, where in places.items()
            if f"observed {which}" in figures.index
        ]
        misses = (one for one in asked if not _fits(one[2]["value"], one[1]["lower"], one[1]["upper"], self.tolerance))
        where, seen, told = next(misses, asked[0])
        return (
            f"Locked: the model says {words.percent(told['value'])} of sessions {where} convert, and "
            f"{words.percent(seen['value'])} do ({words.percent(seen['lower'])} to {words.percent(seen['upper'])})."
        )

    def _draw(self, view: str) -> alt.TopLevelMixin:
        import altair as alt

        from journeylab.charts import theme

        shares = ~self.rows["figure"].isin(("further conversions", "goes there today"))
        shown = self.rows[shares].dropna(subset=["value"])
        base = alt.Chart(shown).encode(
            y=alt.Y("figure:N", sort=None, title=None, axis=alt.Axis(labelLimit=240)),
            tooltip=["group:N", "figure:N", *(alt.Tooltip(f"{name}:Q", format=".2%") for name in _SHARES)],
        )
        x = alt.X("value:Q", title="share that converts", axis=alt.Axis(format=".0%", tickCount=7))
        drawn = alt.layer(
            base.mark_rule(strokeWidth=2, color=theme.MAIN).encode(x=alt.X("lower:Q"), x2="upper:Q"),
            base.mark_point(filled=True, size=80, color=theme.MAIN).encode(x=x),
        ).properties(height=alt.Step(34))
        return drawn.facet(row=alt.Row("group:N", title=None)) if self.by else drawn.properties(name=view)


@analysis("events")
def what_if(
    shop: Dataset,
    *,
    source: str,
    target: str,
    rate: float,
    goal: Sequence[str] | None = None,
    gap: str | timedelta | None = None,
    by: str | None = None,
    groups: Sequence[str] = (),
    tolerance: float = 0.1,
    level: float = 0.95,
    draws: int = 500,
    seed: int = 0,
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
        by: Ask within groups of a column of events or a trait of customers, each with a chain of its own.
        groups: Of these values of `by` only.
        tolerance: How far the model may lie outside the interval of what is observed, as a share of its ends: of
            sessions at the source, and of those that go from there to the target.
        level: Coverage of that interval (Wilson), and of the answer's.
        draws: How often the transitions are drawn again, each row from its Dirichlet (the Bayesian bootstrap of Rubin
            1981, Annals of Statistics 9, over the moves from a place).
        seed: Of the draws.

    Raises:
        BadParameter: if a place does not occur, or leads nowhere.
        NotEnoughData: if no session reaches the goal, or nobody goes from source to target today: nothing tells then
            how those would fare who do.
    """
    number(rate, "rate", lowest=0, highest=1)
    number(tolerance, "tolerance", lowest=0, highest=1)
    number(level, "level", lowest=0.5, highest=0.9999)
    whole(draws, "draws", lowest=100, highest=5000)
    rng = np.random.default_rng(whole(seed, "seed"))
    goals = STAGES[-1] if goal is None else tuple(goal)
    log = signs.log_of(shop, "event", gap, goals, by)
    log = _chain_log(log.filter(_.group.isin(list(groups))) if by and groups else log)
    if target.lower() in {name.lower() for name in goals}:
        target = GOAL
    log, places = _named(shop, log, [source, target])
    found = shop.run(_counted(log, source, target))
    pairs, seen = found[found["source"].notna()], found[found["source"].isna()].set_index("group")
    seen = seen.drop(columns=["source", "target"]).astype("int64")
    if pairs.empty or not (pairs["target"] == GOAL).any():
        raise NotEnoughData("No session reaches the goal.", do="Name the events that are the goal.")
    nodes = sorted(set(pairs["source"]) - {START})
    for name, among in ((source, nodes), (target, [*nodes, GOAL])):
        if name not in among:
            raise BadParameter(f"No session is at {name!r} before the goal.", do=f"There are {', '.join(nodes[:20])}.")
    rows, locked, left, few = [], [], [], []
    for group, mine in pairs.groupby("group", sort=True):
        goes = (mine["source"] == source) & (mine["target"] == target)
        if not goes.any() or GOAL not in set(mine["target"]):
            left.append(str(group))
            continue
        few += [str(group)] if seen.loc[group, "went"] < FEW else []
        told, fits = _asked(mine, seen.loc[group], (source, target, rate), tolerance, level, draws, rng)
        rows.append(told.assign(group=group))
        locked += [] if fits else [str(group)]
    move = f"from {source} to {'the goal' if target == GOAL else target}"
    if not rows:
        said = f"Nobody goes {move} today, so nothing tells how those would fare who do."
        raise NotEnoughData(said, do="Choose a place that visitors go to from there.")
    table = pd.concat(rows, ignore_index=True)[["group", "figure", "value", "lower", "upper", "n", "of"]]
    return WhatIf(
        rows=table,
        locked=tuple(locked),
        source=source,
        target=target,
        rate=rate,
        by=by,
        tolerance=tolerance,
        caveats=(*_caveats(tolerance, places, left, few, move), *traits.said(by)),
    )


def _caveats(tolerance: float, places: int, left: Sequence[str], few: Sequence[str], move: str) -> list[str]:
    """Say what the answer rests on: the lock, the places, groups without an answer, and those of few sessions."""
    lock = (
        "It is locked where it misses how many convert of the sessions at the place, or of those that go there today, "
        f"by more than the interval and {words.percent(tolerance, digits=0)} of its ends."
    )
    said = [
        "The chain knows only the last event of a visitor; those moved are taken to be like those who go there.",
        lock,
        "The answer's interval is of chance in the moves, taken one by one; that the chain is wrong is not in it.",
    ]
    if places > MOST_PLACES:
        said.append(f"The {words.count(places - MOST_PLACES)} rarer events are one place.")
    if left:
        said.append(f"{', '.join(left)}: nobody goes {move} today, or nobody converts.")
    if few:
        said.append(f"{', '.join(few)}: fewer than {FEW} sessions go there today, so that the check could hardly fail.")
    return said


def _asked(
    pairs: pd.DataFrame,
    seen: pd.Series,
    change: tuple[str, str, float],
    tolerance: float,
    level: float,
    draws: int,
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, bool]:
    """Return the figures of one group, and whether its chain reproduces what is observed."""
    source, target, rate = change
    sessions, won = int(seen["n"]), int(seen["won"])
    nodes = sorted({*pairs["source"], target, source} - {START, GOAL})
    counts = pairs.pivot_table(index="source", columns="target", values="n", aggfunc="sum", fill_value=0)
    counts = counts.reindex(index=[START, *nodes], columns=[*nodes, GOAL, EXIT], fill_value=0).astype(float)
    counts.loc[counts.sum(axis=1) == 0, EXIT] = 1.0  # a place of another group
    row, column = 1 + nodes.index(source), list(counts.columns).index(target)
    today = counts.to_numpy()
    chains = np.concatenate([today[None], rng.standard_gamma(today, size=(draws, *today.shape))])
    chains /= chains.sum(axis=2, keepdims=True)
    before, hits = _absorbed(chains)
    checks = [("", won, sessions, before[0]), (" from the place", seen["there_won"], seen["there"], hits[0, row - 1])]
    if target != GOAL:
        checks.append((" of those who go there", seen["went_won"], seen["went"], hits[0, column]))
    figures, fits = [], True
    for which, n, of, told in checks:
        low, high = (float(end) for end in wilson(n, of, level=level))
        fits &= _fits(told, low, high, tolerance)
        figures.append((f"observed{which}", n / of, low, high, n, of))
        figures.append((f"modelled{which}", told, np.nan, np.nan, np.nan, of))
    after, _hits = _absorbed(_changed(chains, row, column, rate, f"from {source} to {target}"))
    if not fits:
        after = np.full_like(after, np.nan)
    gain, tails = (after - before) * sessions, [(1 - level) / 2, (1 + level) / 2]
    moves, moved = float(today[row].sum()), float(today[row, column])
    least, most = wilson(moved, moves, level=level)
    rows = [
        *figures,
        ("goes there today", moved / moves, float(least), float(most), moved, moves),
        ("with the change", after[0], *np.quantile(after[1:], tails), np.nan, sessions),
        ("further conversions", gain[0], *np.quantile(gain[1:], tails), np.nan, sessions),
    ]
    return pd.DataFrame(rows, columns=["figure", "value", "lower", "upper", "n", "of"]), fits


def _fits(told: float, lower: float, upper: float, tolerance: float) -> bool:
    """Say whether a modelled share lies within an interval, or beyond it by no more than a share of its ends."""
    return lower * (1 - tolerance) <= told <= upper * (1 + tolerance)


def _chain_log(log: ir.Table) -> ir.Table:
    """Return who, event, what was before and what comes next, up to the goal."""
    over = ibis.window(group_by="who", order_by=[_.at, _.is_goal, _.event])
    log = log.filter(_.event.notnull())
    log = log.mutate(node=ibis.ifelse(_.is_goal, GOAL, _.event), place=ibis.row_number().over(over))
    end = ibis.ifelse(_.is_goal, _.place, ibis.null("int64")).min().over(ibis.window(group_by="who"))
    log = log.mutate(end=end).filter(_.end.isnull() | (_.place <= _.end))
    return log.mutate(then=_.node.lead().over(over).fill_null(EXIT), won=_.end.notnull())


def _named(shop: Dataset, log: ir.Table, always: Sequence[str]) -> tuple[ir.Table, int]:
    """Keep the commonest places by name and those asked for; return also how many places there are."""
    events = shop.table("events")
    counted = events.filter(events.event.notnull()).group_by(node=events.event).agg(n=_.count())
    counted = counted.mutate(total=_.node.count().over(ibis.window()))
    top = shop.run(counted.order_by(_.n.desc(), _.node).limit(MOST_PLACES))
    total = int(top["total"].iloc[0]) if len(top) else 0
    if total <= MOST_PLACES:
        return log, total
    names = [*{*top["node"], *always, GOAL, EXIT}]
    named = {name: ibis.ifelse(_[name].isin(names), _[name], OTHER) for name in ("node", "then")}
    return log.mutate(**named), total


def _counted(log: ir.Table, source: str, target: str) -> ir.Table:
    """Return the moves, and without a source the sessions: all, that were there, that went to the target, and won."""
    moves = log.filter(_.node != GOAL).select("group", source=_.node, target=_.then)
    starts = log.filter(_.place == 0).select("group", source=ibis.literal(START), target=_.node)
    pairs = ibis.union(moves, starts).group_by("group", "source", "target").agg(n=_.count())
    here = _.node == source
    one = log.group_by("group", "who").agg(won=_.won.any(), there=here.any(), went=(here & (_.then == target)).any())
    sums = {"won": _.won.sum(), "there": _.there.sum(), "there_won": (_.there & _.won).sum()}
    sums |= {"went": _.went.sum(), "went_won": (_.went & _.won).sum()}
    seen = one.group_by("group").agg(n=_.count(), **{name: told.cast("int64") for name, told in sums.items()})
    seen = seen.mutate(source=ibis.null("string"), target=ibis.null("string"))
    pairs = pairs.mutate(**dict.fromkeys(sums, ibis.null("int64")))
    columns = ["group", "source", "target", "n", *sums]
    return ibis.union(pairs.select(*columns), seen.select(*columns))


def _absorbed(chains: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the probability to reach the goal from the start, and from each place, of each chain."""
    size = chains.shape[1] - 1
    inner, goal = chains[:, 1:, :size], chains[:, 1:, size]
    hit = np.asarray(np.linalg.solve(np.eye(size) - inner, goal[:, :, None])[:, :, 0], dtype=np.float64)
    start = (chains[:, 0, :size] * hit).sum(axis=1) + chains[:, 0, size]
    return start, hit


def _changed(chains: NDArray[np.float64], row: int, column: int, rate: float, what: str) -> NDArray[np.float64]:
    """Set one transition and scale the others from its source so that they add up to the rest."""
    chains = chains.copy()
    rest = 1 - chains[:, row, column]
    if rest[0] <= 0 and rate < 1:
        raise BadParameter(f"Everyone goes {what}, so there is nobody to go elsewhere.")
    scale = np.divide(1 - rate, rest, out=np.zeros_like(rest), where=rest > 0)
    chains[:, row] *= scale[:, None]
    chains[:, row, column] = rate
    return chains
