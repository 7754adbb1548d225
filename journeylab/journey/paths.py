"""Which ways visitors take: from event to event, from a start or to an end, with exits and 'other' made explicit.

Sankey, step matrix and transition graph come from one table of the log, so they add up to the same entrants, and each
says so. Definitions: docs/methods/paths.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import ibis
import numpy as np
import pandas as pd
from ibis import _

from journeylab import words
from journeylab.checks import number, one_of, whole
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.intervals import wilson
from journeylab.journey import differences, tally
from journeylab.journey.visits import with_sessions
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    import altair as alt
    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

ENTRY, EXIT, OTHER = "entry", "exit", tally.OTHER
RESERVED = (ENTRY, EXIT, OTHER)


@dataclass(frozen=True, eq=False, kw_only=True)
class Paths(Result):
    """Ways through the shop.

    Args:
        transitions: A row a pair of nodes: group, source, target, n (times), of (times the source was left), share
            (n / of), units (who did it at least once), of_units (who were at the source), rate (units / of_units),
            lower, upper. Sources include 'entry', targets 'exit'. With two groups also difference (of the first to
            the second), difference_lower, difference_upper, p, q and clear.
        flows: A row a layer and pair of nodes: group, layer (from 0), source, target, n.
        cells: The step matrix: group, step, node, n, of, share; each step of a group adds up to all.
        nodes: The nodes, the commonest first.
        start: Where ways begin; None for the first event.
        end: Where ways end, counted backwards from there; None for onwards.
        unit: 'visitor' or 'session'.
        groups: The groups compared; empty without a comparison.
    """

    views: ClassVar[tuple[str, ...]] = ("sankey", "graph", "steps")

    transitions: pd.DataFrame
    flows: pd.DataFrame
    cells: pd.DataFrame
    nodes: tuple[str, ...]
    start: str | None
    end: str | None
    unit: str
    groups: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """Return the transitions, the most frequent first."""
        return self.transitions if self.groups else self.transitions.drop(columns=["group"])

    def entrants(self, group: str | None = None) -> int:
        """Return how many visitors or sessions the views add up to."""
        first = self.flows[self.flows["layer"] == 0]
        return int((first if group is None else first[first["group"] == group])["n"].sum())

    def proof(self) -> str:
        """Say that in equals out, with the numbers that show it."""
        inner = self.transitions[(self.transitions["source"] != ENTRY) & (self.transitions["target"] != EXIT)]
        begin = int(self.transitions.loc[self.transitions["source"] == ENTRY, "n"].sum())
        finish = int(self.transitions.loc[self.transitions["target"] == EXIT, "n"].sum())
        into = self.transitions.groupby(["group", "target"])["n"].sum().drop(EXIT, level="target")
        out = self.transitions.groupby(["group", "source"])["n"].sum().drop(ENTRY, level="source")
        equal = into.sort_index().to_numpy().tolist() == out.sort_index().to_numpy().tolist()
        steps = self.flows.groupby(["group", "layer"])["n"].sum().groupby(level="group").nunique().eq(1).all()
        said = "every node's in equals its out" if equal and steps and begin == finish else "in and out differ"
        return (
            f"{words.count(begin, self.unit)} begin, {words.count(int(inner['n'].sum()), 'transition')}, "
            f"{words.count(finish)} end: {said}."
        )

    def headline(self) -> str:
        """Say the commonest way on, and after what most leave; of two groups, where they clearly differ most."""
        if self.groups and self.transitions["clear"].any():
            clear = self.transitions[self.transitions["clear"]]
            far = clear.loc[clear["difference"].abs().idxmax()]
            way = "more" if far["difference"] > 0 else "less"
            return (
                f"{self.groups[0]} goes from {far['source']} to {far['target']} {way} often than {self.groups[1]}: "
                f"by {abs(100 * far['difference']):.1f} points of the {self.unit}s at {far['source']}."
            )
        inner = self.transitions[(self.transitions["source"] != ENTRY) & (self.transitions["target"] != EXIT)]
        said = f"{words.count(self.entrants(), self.unit)}"
        if len(inner):
            top = inner.loc[inner["n"].idxmax()]
            said += f"; the commonest way is from {top['source']} to {top['target']} ({words.count(top['n'])} times)"
        ends = self.transitions[(self.transitions["target"] == EXIT)].groupby("source")["n"].sum()
        if self.end is None and len(ends):
            most = ends.idxmax()
            said += f"; {words.percent(ends[most] / ends.sum())} leave after {most}"
        return f"{said}."

    def _draw(self, view: str) -> alt.TopLevelMixin:
        import altair as alt

        from journeylab.charts import flows

        if view == "steps":
            return self._matrix()
        names = self.groups or (tally.ALL,)
        charts = []
        for name in names:
            proof = self.proof() if not self.groups else f"{name}: {words.count(self.entrants(name), self.unit)}"
            if view == "graph":
                mine = self.transitions[self.transitions["group"] == name]
                charts.append(flows.graph(mine, proof=proof))
            else:
                mine = self.flows[self.flows["group"] == name]
                charts.append(flows.sankey(mine, labels=self._labels(), proof=proof))
        return charts[0] if len(charts) == 1 else alt.vconcat(*charts).resolve_scale(color="shared")

    def _labels(self) -> list[str]:
        count = int(self.flows["layer"].max()) + 2
        if self.end is None:
            return [self.start or "first", *(f"+{i}" for i in range(1, count))]
        return [*(f"-{i}" for i in range(count - 1, 0, -1)), self.end]

    def _matrix(self) -> alt.TopLevelMixin:
        from journeylab.charts import flows

        order = [*self.nodes, ENTRY, EXIT]
        if not self.groups:
            return flows.matrix(self.cells, order=order, proof=f"Each step adds up to all. {self.proof()}")
        first, second = (
            self.cells[self.cells["group"] == name].set_index(["node", "step"])["share"] for name in self.groups
        )
        both = first.sub(second, fill_value=0.0).rename("share").reset_index()
        both["n"] = (
            self.cells.groupby(["node", "step"])["n"]
            .sum()
            .reindex([*zip(both["node"], both["step"], strict=True)])
            .to_numpy()
        )
        proof = f"{self.groups[0]} less {self.groups[1]}: each step adds up to zero. {self.proof()}"
        return flows.matrix(both, order=order, proof=proof, signed=True)


@analysis("events")
def paths(
    shop: Dataset,
    *,
    start: str | None = None,
    end: str | None = None,
    depth: int = 5,
    most: int = 8,
    repeats: bool = True,
    unit: str = "visitor",
    gap: str | timedelta | None = None,
    of: str = "event",
    by: str | None = None,
    groups: Sequence[str] = (),
    level: float = 0.95,
) -> Paths:
    """Count the ways from event to event, onwards from a start or backwards from an end.

    Args:
        shop: A Dataset with events, or a table of events.
        start: Begin at the first time a visitor does this; visitors who never do are left out.
        end: End at the first time a visitor does this, and count steps backwards from there; not with `start`.
        depth: How many steps to follow.
        most: How many events keep their name; the rarer ones are 'other'.
        repeats: Whether an event right after itself counts; if not, runs of one event count once.
        unit: 'visitor', or 'session' to follow each visit.
        gap: For sessions: a visit ends after this long without an event; as given by the data if None.
        of: What a node is: 'event' or 'page'.
        by: A column of events, or trait of customers, that tells the two groups apart.
        groups: The two values of `by` to compare.
        level: Coverage of the intervals.

    Raises:
        BadParameter: for options that contradict each other, or a column that is not there.
        NotEnoughData: if nobody does the start or the end.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import tiny_shop
        >>> jl.journey.paths(tiny_shop()).proof()
        "3 visitors begin, 3 transitions, 3 end: every node's in equals its out."
    """
    number(level, "level", lowest=0.5, highest=0.9999)
    whole(depth, "depth", lowest=1, highest=12)
    whole(most, "most", lowest=1, highest=30)
    one_of(unit, "unit", ("visitor", "session"))
    one_of(of, "of", ("event", "page"))
    if start is not None and end is not None:
        raise BadParameter("Ways can begin at a start or end at an end, not both.", do="Use a funnel for that.")
    if (by is None) != (not groups) or (groups and (isinstance(groups, str) or len(set(groups)) != 2)):
        raise BadParameter("A comparison needs the column in by and two of its values in groups.")
    events = shop.table("events")
    if of not in events.columns:
        raise BadParameter("The events do not say on which page they happened.", do="Use of='event'.")
    log = _log(shop, events, of, unit, gap, by, tuple(groups))
    log, kept = _named(shop, log, most, [name for name in (start, end) if name])
    rows = shop.run(_counted(log, depth, start, end, repeats=repeats))
    if rows.empty:
        raise NotEnoughData(f"Nobody does {start or end or 'anything'} in this period.", do="Choose another event.")
    told = (
        ""
        if kept.total <= len(kept.names)
        else f" {words.count(kept.total - len(kept.names), 'rarer one')} are 'other'."
    )
    transitions = _transitions(rows, level, tuple(groups))
    flows = _flows(rows, depth, backwards=end is not None)
    return Paths(
        transitions=transitions,
        flows=flows,
        cells=_cells(flows, depth, backwards=end is not None),
        nodes=(*kept.names, *([OTHER] if told else [])),
        start=start,
        end=end,
        unit=unit,
        groups=tuple(groups),
        caveats=(
            f"Events at one instant are taken in the order of their names.{told}",
            "Exits include visitors who would have gone on after the data ended.",
        ),
    )


@dataclass(frozen=True)
class _Kept:
    names: tuple[str, ...]
    total: int


def _log(
    shop: Dataset, events: ir.Table, of: str, unit: str, gap: Any, by: str | None, groups: tuple[str, ...]
) -> ir.Table:
    """Return unit, at, node and group of the named events."""
    events = events.filter(events.visitor_id.notnull(), events.occurred_at.notnull(), events[of].notnull())
    if unit == "session":
        events = with_sessions(events, gap)
    if by is not None:
        events = tally.with_split(shop, events, by)
    who = events.visitor_id if unit == "visitor" else events.visitor_id + "\x1f" + events.session
    log = events.select(
        who=who,
        at=events.occurred_at,
        # names that would be mistaken for ours are marked, not lost
        node=ibis.ifelse(events[of].isin(RESERVED), "event " + events[of], events[of]),
        group=events.group if by is not None else ibis.literal(tally.ALL),
    )
    if by is None:
        return log
    over = ibis.window(group_by="who")
    first = log.mutate(first=_.at.min().over(over))
    value = ibis.ifelse(_.at == _.first, _.group, ibis.null("string"))
    return first.mutate(group=value.min().over(over)).filter(_.group.isin(groups)).drop("first")


def _named(shop: Dataset, log: ir.Table, most: int, always: Sequence[str]) -> tuple[ir.Table, _Kept]:
    """Keep the commonest nodes by name, and those asked for; the others become 'other'."""
    counted = log.group_by("node").agg(n=_.count())
    total = counted.count().name("total")
    top = counted.order_by(_.n.desc(), _.node).limit(most)
    names = shop.run(top)["node"].tolist()
    number_of = int(shop.run(total.as_table())["total"].iloc[0])
    names = [*names, *(name for name in always if name not in names)]
    if number_of <= len(names):
        return log, _Kept(tuple(names), number_of)
    return log.mutate(node=ibis.ifelse(_.node.isin(names), _.node, OTHER)), _Kept(tuple(names), number_of)


def _counted(log: ir.Table, depth: int, start: str | None, end: str | None, *, repeats: bool) -> ir.Table:
    """Return the flows by step (step >= 0) and the transitions with their units (step -1) as one table."""
    over = ibis.window(group_by="who", order_by=[_.at, _.node])
    if not repeats:
        log = log.mutate(before=_.node.lag().over(over)).filter(_.before.isnull() | (_.before != _.node)).drop("before")
    log = log.mutate(place=ibis.row_number().over(over))
    wanted = start or end
    if wanted is not None:
        here = ibis.ifelse(_.node == wanted, _.place, ibis.null("int64")).min().over(ibis.window(group_by="who"))
        log = log.mutate(anchor=here).filter(_.anchor.notnull())
        log = log.filter(_.place >= _.anchor) if start else log.filter(_.place <= _.anchor)
        log = log.mutate(step=(_.place - _.anchor).abs())
    else:
        log = log.mutate(step=_.place)
    log = log.mutate(source=_.node.lag().over(over).fill_null(ENTRY), target=_.node.lead().over(over).fill_null(EXIT))
    if end is None:
        flows = log.filter(_.step < depth).group_by("group", _.step.cast("int64"), source=_.node, target=_.target)
    else:
        flows = log.filter(_.step < depth).group_by("group", _.step.cast("int64"), source=_.source, target=_.node)
    flows = flows.agg(n=_.count(), units=_.count())
    ways = log.select("who", "group", source=_.node, target=_.target)
    firsts = log.filter(_.source == ENTRY).select("who", "group", source=_.source, target=_.node)
    pairs = ibis.union(ways, firsts).group_by("who", "group", "source", "target").agg(n=_.count())
    pairs = pairs.group_by("group", "source", "target").agg(n=_.n.sum(), units=_.count())
    there = log.group_by("who", "group", source=_.node).agg(n=_.count())
    there = there.group_by("group", "source").agg(n=_.n.sum(), units=_.count()).mutate(target=ibis.null("string"))
    columns = ["group", "step", "source", "target", "n", "units"]
    minus = ibis.literal(-1, "int64")
    return ibis.union(
        flows.select(*columns), pairs.mutate(step=minus).select(*columns), there.mutate(step=minus).select(*columns)
    )


def _transitions(rows: pd.DataFrame, level: float, groups: tuple[str, ...]) -> pd.DataFrame:
    rows = rows[rows["step"] == -1].drop(columns="step")
    at = rows[rows["target"].isna()].set_index(["group", "source"])["units"]
    pairs = rows[rows["target"].notna()].sort_values(
        ["group", "n", "source", "target"], ascending=[True, False, True, True]
    )
    pairs = pairs.reset_index(drop=True).astype({"n": "int64", "units": "int64"})
    pairs["of"] = pairs.groupby(["group", "source"])["n"].transform("sum")
    begun = pairs[pairs["source"] == ENTRY].groupby("group")["n"].sum()
    keys = pd.MultiIndex.from_frame(pairs[["group", "source"]])
    of_units = at.reindex(keys).to_numpy(dtype=float, copy=True)
    is_entry = (pairs["source"] == ENTRY).to_numpy()
    of_units[is_entry] = begun.reindex(pairs.loc[is_entry, "group"]).to_numpy(dtype=float)
    pairs["of_units"] = of_units.astype("int64")
    pairs["share"], pairs["rate"] = pairs["n"] / pairs["of"], pairs["units"] / pairs["of_units"]
    pairs["lower"], pairs["upper"] = wilson(pairs["units"], pairs["of_units"], level=level)
    names = ["group", "source", "target", "n", "of", "share", "units", "of_units", "rate", "lower", "upper"]
    return _compared(pairs[names], groups, level) if groups else pairs[names]


def _compared(pairs: pd.DataFrame, groups: tuple[str, ...], level: float) -> pd.DataFrame:
    """Add the difference of the first group to the second in the share of units at the source that go to the target."""
    keys = ["source", "target"]
    other = pairs.loc[pairs["group"] == groups[1], [*keys, "units"]].rename(columns={"units": "units_2"})
    at = pairs.loc[pairs["group"] == groups[1], ["source", "of_units"]].drop_duplicates()
    pairs = pairs.merge(other, on=keys, how="left").merge(
        at.rename(columns={"of_units": "of_2"}), on="source", how="left"
    )
    pairs["units_2"], pairs["of_2"] = pairs["units_2"].fillna(0), pairs["of_2"].fillna(0)
    looked = (pairs["group"] == groups[0]) & (pairs[["of_units", "of_2"]].min(axis=1) >= differences.SMALL)
    lower, upper = differences.newcombe(pairs["units"], pairs["of_units"], pairs["units_2"], pairs["of_2"], level=level)
    with np.errstate(invalid="ignore", divide="ignore"):
        gap = pairs["rate"].to_numpy() - pairs["units_2"].to_numpy() / pairs["of_2"].to_numpy()
    pairs["difference"] = np.where(looked, gap, np.nan)
    pairs["difference_lower"], pairs["difference_upper"] = (
        np.where(looked, lower, np.nan),
        np.where(looked, upper, np.nan),
    )
    counts = pairs[["units", "of_units", "units_2", "of_2"]].astype("int64").itertuples(index=False)
    pairs["p"] = [differences.p_value(*row) if look else np.nan for row, look in zip(counts, looked, strict=True)]
    pairs["q"] = differences.benjamini_hochberg(pairs["p"])
    pairs["clear"] = np.nan_to_num(pairs["q"], nan=1.0) < differences.FALSE_SHARE
    return pairs.drop(columns=["units_2", "of_2"])


def _flows(rows: pd.DataFrame, depth: int, *, backwards: bool) -> pd.DataFrame:
    """Return the flows by layer, those who left (or had not come yet) carried along, so that every layer has all."""
    steps = rows[rows["step"] >= 0]
    gone, pairs = (ENTRY, []) if backwards else (EXIT, [])
    for group, mine in steps.groupby("group", sort=True):
        away = 0
        for step in range(depth):
            here = mine[mine["step"] == step]
            pairs += [(group, step, r.source, r.target, int(r.n)) for r in here.itertuples()]
            if away:
                pairs.append((group, step, gone, gone, away))
            away += int(here.loc[here["source" if backwards else "target"] == gone, "n"].sum())
    flows = pd.DataFrame(pairs, columns=["group", "layer", "source", "target", "n"])
    if backwards:
        flows["layer"] = depth - 1 - flows["layer"]
    return flows.sort_values(["group", "layer", "source", "target"], ignore_index=True)


def _cells(flows: pd.DataFrame, depth: int, *, backwards: bool) -> pd.DataFrame:
    """Return the step matrix: who is where at each step, with those who left."""
    firsts = flows.rename(columns={"source": "node"}).groupby(["group", "layer", "node"], as_index=False)["n"].sum()
    last = flows[flows["layer"] == depth - 1].rename(columns={"target": "node"})
    last = last.groupby(["group", "node"], as_index=False)["n"].sum().assign(layer=depth)
    cells = pd.concat([firsts, last], ignore_index=True)
    cells["step"] = cells["layer"] - depth if backwards else cells["layer"]
    cells["of"] = cells.groupby(["group", "step"])["n"].transform("sum")
    cells["share"] = cells["n"] / cells["of"]
    cells = cells.sort_values(["group", "step", "node"], ignore_index=True)
    return cells[["group", "step", "node", "n", "of", "share"]]
