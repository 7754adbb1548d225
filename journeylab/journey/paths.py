"""Which ways visitors take: from event to event, from a start or to an end, with exits and 'other' made explicit.

Sankey, step matrix and transition graph come from one table of the log, so they add up to the same entrants, and each
says so. Definitions: docs/methods/paths.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from journeylab import words
from journeylab.checks import number, one_of, whole
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.journey import tally, traits, ways
from journeylab.journey.ways import ENTRY, EXIT, OTHER
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    import altair as alt
    import pandas as pd

    from journeylab.data.dataset import Dataset


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

    def proof(self, group: str | None = None) -> str:
        """Say that in equals out, with the numbers that show it: of all together, or of one of the groups."""
        moves, layers = self.transitions, self.flows
        if group is not None:
            moves, layers = moves[moves["group"] == group], layers[layers["group"] == group]
        inner = moves[(moves["source"] != ENTRY) & (moves["target"] != EXIT)]
        begin = int(moves.loc[moves["source"] == ENTRY, "n"].sum())
        finish = int(moves.loc[moves["target"] == EXIT, "n"].sum())
        into = moves.groupby(["group", "target"])["n"].sum().drop(EXIT, level="target")
        out = moves.groupby(["group", "source"])["n"].sum().drop(ENTRY, level="source")
        equal = into.sort_index().to_numpy().tolist() == out.sort_index().to_numpy().tolist()
        steps = layers.groupby(["group", "layer"])["n"].sum().groupby(level="group").nunique().eq(1).all()
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
            proof = self.proof() if not self.groups else f"{name}: {self.proof(name)}"
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
    log = ways.log_of(shop, events, of, unit, gap, by, tuple(groups))
    kept = ways.kept(shop, log, most, [name for name in (start, end) if name])
    rows = shop.run(ways.count(log, kept.signs, depth, start, end, repeats=repeats))
    if rows.empty:
        raise NotEnoughData(f"Nobody does {start or end or 'anything'} in this period.", do="Choose another event.")
    told = (
        ""
        if kept.total <= len(kept.names)
        else f" {words.count(kept.total - len(kept.names), 'rarer one')} are 'other'."
    )
    steps, units = ways.read(rows, kept.signs, backwards=end is not None)
    transitions = ways.transitions(steps, units, level, tuple(groups))
    flows = ways.flows(steps, depth, backwards=end is not None)
    return Paths(
        transitions=transitions,
        flows=flows,
        cells=ways.cells(flows, depth, backwards=end is not None),
        nodes=(*kept.names, *([OTHER] if told else [])),
        start=start,
        end=end,
        unit=unit,
        groups=tuple(groups),
        caveats=(
            f"Events at one instant are taken in the order of their names.{told}",
            "Exits include visitors who would have gone on after the data ended.",
            *traits.said(by),
        ),
    )
