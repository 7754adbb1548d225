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
    """The nodes that keep their name, and how many there are in all."""

    names: tuple[str, ...]
    total: int


def log_of(
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


def named(shop: Dataset, log: ir.Table, most: int, always: Sequence[str]) -> tuple[ir.Table, Kept]:
    """Keep the commonest nodes by name, and those asked for; the others become 'other'."""
    counted = log.group_by("node").agg(n=_.count())
    total = counted.count().name("total")
    top = counted.order_by(_.n.desc(), _.node).limit(most)
    names = shop.run(top)["node"].tolist()
    number_of = int(shop.run(total.as_table())["total"].iloc[0])
    names = [*names, *(name for name in always if name not in names)]
    if number_of <= len(names):
        return log, Kept(tuple(names), number_of)
    return log.mutate(node=ibis.ifelse(_.node.isin(names), _.node, OTHER)), Kept(tuple(names), number_of)


def count(log: ir.Table, depth: int, start: str | None, end: str | None, *, repeats: bool) -> ir.Table:
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


def transitions(rows: pd.DataFrame, level: float, groups: tuple[str, ...]) -> pd.DataFrame:
    """Return the transitions with shares, units, intervals and, of two groups, differences."""
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


def flows(rows: pd.DataFrame, depth: int, *, backwards: bool) -> pd.DataFrame:
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
