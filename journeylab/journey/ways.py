"""The engine's part of paths: transitions and flows by step in one query, and the tables made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pandas as pd
from ibis import _

from journeylab.intervals import wilson
from journeylab.journey import differences, tally
from journeylab.journey.visits import with_sessions

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

ENTRY, EXIT, OTHER = "entry", "exit", tally.OTHER
RESERVED = (ENTRY, EXIT, OTHER)


@dataclass(frozen=True)
class Kept:
    """The nodes that keep their name, the commonest first, and how many there are in all."""

    names: tuple[str, ...]
    total: int

    @property
    def signs(self) -> dict[str, int]:
        """Return a bit for each node, in the order of their names, and one more for the exit."""
        nodes = {*self.names, OTHER} if self.total > len(self.names) else set(self.names)
        return {name: 1 << place for place, name in enumerate([*sorted(nodes), EXIT])}


def log_of(
    shop: Dataset, events: ir.Table, of: str, unit: str, gap: Any, by: str | None, groups: tuple[str, ...]
) -> ir.Table:
    """Return unit, at and node of the named events, and the group where two are compared."""
    events = events.filter(events.visitor_id.notnull(), events.occurred_at.notnull(), events[of].notnull())
    if unit == "session":
        events = with_sessions(events, gap)
    if by is not None:
        events = tally.with_split(shop, events, by)
    who = events.visitor_id if unit == "visitor" else events.visitor_id + "\x1f" + events.session
    # names that would be mistaken for ours are marked, not lost
    node = ibis.ifelse(events[of].isin(RESERVED), "event " + events[of], events[of])
    if by is None:
        return events.select(who=who, at=events.occurred_at, node=node)
    log = events.select(who=who, at=events.occurred_at, node=node, group=events.group)
    over = ibis.window(group_by="who")
    first = log.mutate(first=_.at.min().over(over))
    value = ibis.ifelse(_.at == _.first, _.group, ibis.null("string"))
    return first.mutate(group=value.min().over(over)).filter(_.group.isin(groups)).drop("first")


def kept(shop: Dataset, log: ir.Table, most: int, always: Sequence[str]) -> Kept:
    """Choose the nodes that keep their name: the commonest, and those asked for; the others become 'other'."""
    counted = log.group_by("node").agg(n=_.count())
    counted = counted.mutate(total=_.node.count().over(ibis.window()))
    top = shop.run(counted.order_by(_.n.desc(), _.node).limit(most))
    names = top["node"].tolist()
    total = int(top["total"].iloc[0]) if names else 0
    return Kept((*names, *(name for name in always if name not in names)), total)


def count(
    log: ir.Table, signs: dict[str, int], depth: int, start: str | None, end: str | None, *, repeats: bool
) -> Any:
    """Return what all views are made of, from one sort of the log.

    Nodes are told by their bit in `signs`, so that the units that ever went from one node to another are a bit-wise
    'or' of the nodes they went to, and no row a pair and unit is needed.

    Returns:
        Rows of two kinds. With step from 0 to `depth` (those further on together): source, target (null before the
        first node) and n times. With step -1: of the units that were at `source`, how many there are (n), and how many
        ever went on to each node (to_0, to_1, ... in the order of `signs`).
    """
    grouped = ["group"] if "group" in log.columns else []
    log = log.mutate(
        node=ibis.cases(
            *((_.node == name, sign) for name, sign in signs.items() if name != EXIT), else_=signs.get(OTHER, 0)
        ).cast("int64")
    )
    over = ibis.window(group_by="who", order_by=[_.at, _.node])
    if not repeats:
        log = log.mutate(before=_.node.lag().over(over)).filter(_.before.isnull() | (_.before != _.node)).drop("before")
    neighbour = _.node.lead().over(over) if end is None else _.node.lag().over(over)
    log = log.mutate(place=ibis.row_number().over(over), neighbour=neighbour)
    if start is not None or end is not None:
        here = ibis.ifelse(_.node == signs.get(start or end or "", 0), _.place, ibis.null("int64"))
        log = log.mutate(anchor=here.min().over(ibis.window(group_by="who"))).filter(_.anchor.notnull())
        log = log.filter(_.place >= _.anchor) if start else log.filter(_.place <= _.anchor)
        log = log.mutate(place=(_.place - _.anchor).abs())
    step = ibis.least(_.place.cast("int64"), ibis.literal(depth, "int64"))
    if end is None:
        moves = log.select(*grouped, "who", step=step, source=_.node, target=_.neighbour.fill_null(signs[EXIT]))
    else:
        moves = log.select(*grouped, "who", step=step, source=_.neighbour, target=_.node)
    flows = moves.group_by(*grouped, "step", "source", "target").agg(n=_.count())
    ever = moves.group_by(*grouped, "who", "source").agg(went=bit_or(_.target))
    names = {f"to_{place}": ((_.went & sign) > 0).sum().cast("int64") for place, sign in enumerate(signs.values())}
    units = ever.group_by(*grouped, "source").agg(n=_.count(), **names)
    units = units.mutate(step=ibis.literal(-1, "int64"), target=ibis.null("int64"))
    flows = flows.mutate(**dict.fromkeys(names, ibis.null("int64")))
    columns = [*grouped, "step", "source", "target", "n", *names]
    return ibis.union(flows.select(*columns), units.select(*columns))


def read(rows: pd.DataFrame, signs: dict[str, int], *, backwards: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the rows of `count`: (group, step, source, target, n) by name, and (group, source, target, units)."""
    names = {sign: name for name, sign in signs.items()}
    if "group" not in rows:
        rows = rows.assign(group=tally.ALL)
    rows["source"] = [ENTRY if pd.isna(sign) else names[int(sign)] for sign in rows["source"]]
    steps = rows.loc[rows["step"] >= 0, ["group", "step", "source", "target", "n"]].astype({"step": int, "n": "int64"})
    steps["target"] = [names[int(sign)] for sign in steps["target"]]
    units = rows[rows["step"] == -1].drop(columns=["step", "target"]).astype({"n": "int64"})
    units = units.rename(columns={f"to_{place}": name for place, name in enumerate(signs)})
    units = units.melt(["group", "source", "n"], var_name="target", value_name="units")
    units = units[units["units"] > 0].rename(columns={"n": "of_units"}).astype({"units": "int64"})
    if backwards:  # all of them leave the view at the end
        last = steps[steps["step"] == 0].groupby(["group", "target"], as_index=False)["n"].sum()
        last = last.rename(columns={"target": "source"}).assign(target=EXIT, step=-1)
    else:
        last = steps[steps["step"] == 0].groupby(["group", "source"], as_index=False)["n"].sum()
        last = last.rename(columns={"source": "target"}).assign(source=ENTRY, step=-1)
    whole = last["n"].groupby(last["group"]).transform("sum")
    ends = last.assign(units=last["n"], of_units=whole)[["group", "source", "of_units", "target", "units"]]
    return pd.concat([steps, last[steps.columns]], ignore_index=True), pd.concat([units, ends], ignore_index=True)


def transitions(steps: pd.DataFrame, units: pd.DataFrame, level: float, groups: tuple[str, ...]) -> pd.DataFrame:
    """Return the transitions with shares, units, intervals and, of two groups, differences."""
    keys = ["group", "source", "target"]
    pairs = steps.groupby(keys, as_index=False)["n"].sum().merge(units, on=keys)
    pairs = pairs.sort_values(["group", "n", "source", "target"], ascending=[True, False, True, True])
    pairs = pairs.reset_index(drop=True)
    pairs["of"] = pairs.groupby(["group", "source"])["n"].transform("sum")
    pairs["share"], pairs["rate"] = pairs["n"] / pairs["of"], pairs["units"] / pairs["of_units"]
    pairs["lower"], pairs["upper"] = wilson(pairs["units"], pairs["of_units"], level=level)
    names = ["group", "source", "target", "n", "of", "share", "units", "of_units", "rate", "lower", "upper"]
    return _compared(pairs[names], groups, level) if groups else pairs[names]


@ibis.udf.agg.builtin
def bit_or(signs: int) -> int:  # type: ignore[empty-body]
    """Return the bit-wise 'or' of whole numbers, which both engines have under this name."""


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


def flows(steps: pd.DataFrame, depth: int, *, backwards: bool) -> pd.DataFrame:
    """Return the flows by layer, those who left (or had not come yet) carried along, so that every layer has all."""
    steps = steps[steps["step"] >= 0]
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


def cells(flows: pd.DataFrame, depth: int, *, backwards: bool) -> pd.DataFrame:
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
