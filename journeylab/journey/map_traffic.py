"""The part of a map's evidence that events give: who comes by a touchpoint, from where, and how many go on."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
from ibis import _

from journeylab import words
from journeylab.intervals import wilson, z_of
from journeylab.journey import rates
from journeylab.journey.map_model import OBSERVED
from journeylab.journey.steps import MAX_STEPS
from journeylab.journey.tally import FINE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir
    import pandas as pd

    from journeylab.data.dataset import Dataset

#: Touchpoints that a journey may leave out.
OPTIONAL = ("search",)
_CHANNELS = 3


@dataclass(frozen=True)
class Met:
    """Rows of evidence, and the touchpoints with events as a path."""

    rows: list[dict[str, Any]]
    path: list[dict[str, Any]] = field(default_factory=list)


def met(shop: Dataset, points: Sequence[dict[str, Any]], *, level: float, unit: str = "visitor") -> Met:
    """Count the visitors of each touchpoint, the events they did there, their channels, and the time to the next.

    One query for counts and buyers, one for times, one for channels; what comes back is a few rows a touchpoint. `unit`
    says what the visitors are: those of a persona are known, which all visitors are not.
    """
    events = _marked(shop.table("events"), points)
    seen = [point for point in points if point["events"]]
    if not seen:
        return Met([])
    people = events.group_by("visitor_id").agg(
        **{f"first_{i}": events.occurred_at.min(where=events[f"is_{i}"]) for i in range(len(seen))},
        **{f"done_{i}": events[f"is_{i}"].cast("int64").sum() for i in range(len(seen))},
    )
    last = len(seen) - 1
    buyers = people[f"first_{last}"].notnull()
    whole = shop.run(
        people.agg(
            of=people.count(),
            buyers=buyers.cast("int64").sum(),
            **{f"n_{i}": people[f"first_{i}"].notnull().cast("int64").sum() for i in range(len(seen))},
            **{f"done_{i}": people[f"done_{i}"].sum() for i in range(len(seen))},
            **{f"bought_{i}": (buyers & people[f"first_{i}"].notnull()).cast("int64").sum() for i in range(len(seen))},
        )
    ).iloc[0]
    counts = {point["id"]: int(whole[f"n_{i}"] or 0) for i, point in enumerate(seen)}
    path = [point for point in seen if counts[point["id"]]]
    days = (shop.period[1] - shop.period[0]).days + 1 if shop.period else None
    rows = []
    of, bought = int(whole["of"] or 0), int(whole["buyers"] or 0)
    for i, point in enumerate(seen):
        n = counts[point["id"]]
        if not n:
            continue
        lower, upper = wilson(n, of, level=level)
        done = int(whole[f"done_{i}"])
        with_it = int(whole[f"bought_{i}"])
        names = words.listed(point["events"][:3])
        rows += [
            {**_row(point, "volume", f"{words.count(n, 'visitor')}", n / of, n, of, lower, upper), "days": days},
            _row(point, "actions", f"{done / n:.1f} × {_shown(names)} a visitor", done / n, n, None),
        ]
        if bought and i < last:
            low, high = wilson(with_it, bought, level=level)
            said = f"{words.percent(with_it / bought)} of {words.count(bought, 'buyer')} come by here"
            rows.append(_row(point, "met_by_buyers", said, with_it / bought, with_it, bought, low, high))
    rows += _channels(shop, events, seen, counts)
    rows += _times(shop, people, seen, path, level)
    return Met([{**row, "unit": "buyer" if row["lane"] == "met_by_buyers" else unit} for row in rows], path)


def _marked(events: ir.Table, points: Sequence[dict[str, Any]]) -> ir.Table:
    """Return the events of known visitors and times, marked by the touchpoints they belong to."""
    events = events.filter(events.visitor_id.notnull(), events.occurred_at.notnull())
    seen = [point for point in points if point["events"]]
    return events.mutate(
        **{f"is_{i}": events.event.isin(point["events"]).fill_null(False) for i, point in enumerate(seen)}
    )


def _channels(
    shop: Dataset, events: ir.Table, seen: Sequence[dict[str, Any]], counts: dict[str, int]
) -> list[dict[str, Any]]:
    if "marketing_channel" not in events.columns:
        return []
    flags = [f"is_{i}" for i in range(len(seen))]
    by = events.filter(_.marketing_channel.notnull()).group_by("marketing_channel", "visitor_id")
    people = by.agg(**{flag: events[flag].cast("int64").max() for flag in flags})
    table = shop.run(people.group_by("marketing_channel").agg(**{flag: people[flag].sum() for flag in flags}))
    rows = []
    for flag, point in zip(flags, seen, strict=True):
        n = counts[point["id"]]
        top = table[table[flag] > 0].sort_values([flag, "marketing_channel"], ascending=[False, True]).head(_CHANNELS)
        if n and len(top):
            said = ", ".join(
                f"{r['marketing_channel']} {words.percent(r[flag] / n, digits=0)}" for r in top.to_dict("records")
            )
            rows.append(_row(point, "channels", said, float(top[flag].iloc[0]) / n, int(top[flag].iloc[0]), n))
    return rows


def _times(
    shop: Dataset, people: ir.Table, seen: Sequence[dict[str, Any]], path: Sequence[dict[str, Any]], level: float
) -> list[dict[str, Any]]:
    """Return the median time from the first visit of a touchpoint to the first of the next on the main path.

    Its interval is that of order statistics, n / 2 ± z √n / 2, without any form of distribution (Conover 1999,
    Practical Nonparametric Statistics, section 3.2); half of all times lie between the quartiles, which are said.
    """
    main = [point for point in path if point["id"] not in OPTIONAL]
    pairs = [(seen.index(one), seen.index(two)) for one, two in itertools.pairwise(main)]
    parts = []
    for one, two in pairs:
        went = people.filter(people[f"first_{one}"].notnull(), people[f"first_{two}"] >= people[f"first_{one}"])
        took = went[f"first_{two}"].delta(went[f"first_{one}"], unit="microsecond").cast("float64")
        slot = ((took / 1e6 + 1).log2() * FINE).floor().cast("int64")
        timed = went.select(pair=ibis.literal(one), slot=slot, took=took)
        parts.append(timed.group_by("pair", "slot").agg(n=timed.count(), seconds=timed.took.mean() / 1e6))
    if not parts:
        return []
    table = shop.run(ibis.union(*parts) if len(parts) > 1 else parts[0])
    quartiles = rates.quartiles(table.assign(group=table["pair"].astype(str)).drop(columns="pair"))
    by_pair = {row["group"]: row for row in quartiles.to_dict("records")}
    rows = []
    for one, _two in pairs:
        found = by_pair.get(str(one))
        if found and found["n"]:
            low, middle, high = (words.length(found[q]) for q in ("q1", "q2", "q3"))
            said = f"{middle} to the next (half within {low} to {high})"
            ends = _median_ends(table[table["pair"] == one], level)
            rows.append(_row(seen[one], "time", said, found["q2"], int(found["n"]), None, *ends))
    return rows


def _median_ends(times: pd.DataFrame, level: float) -> tuple[float, float]:
    """Return the interval of a median of times in slots; NaN where so few cannot have one."""
    mine = times.sort_values("seconds")
    ends = mine["n"].cumsum().to_numpy("int64")
    n, half = int(ends[-1]), z_of(level) / 2
    if n * 0.5 <= half * n**0.5:
        return np.nan, np.nan
    seconds = mine["seconds"].to_numpy(float)
    lower, upper = (rates.quantile(seconds, ends, 0.5 + sign * half / n**0.5) for sign in (-1, 1))
    return lower, upper


def as_steps(path: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the touchpoints of a path as steps of a funnel; those that may be left out are optional."""
    chosen = list(path)[:MAX_STEPS]
    last = len(chosen) - 1
    return [
        {"event": _names(point), **({"optional": True} if point["id"] in OPTIONAL and 0 < i < last else {})}
        for i, point in enumerate(chosen)
    ]


def _names(point: dict[str, Any]) -> Any:
    return point["events"][0] if len(point["events"]) == 1 else list(point["events"])


def _shown(names: str) -> str:
    return names if len(names) <= 40 else f"{names[:39]}…"


def _row(
    point: dict[str, Any],
    lane: str,
    text: str,
    value: float,
    n: int | None,
    of: int | None,
    lower: float | np.ndarray = np.nan,
    upper: float | np.ndarray = np.nan,
) -> dict[str, Any]:
    return {
        "touchpoint": point["id"], "lane": lane, "text": text, "source": OBSERVED, "value": float(value), "n": n,
        "of": of, "lower": float(lower), "upper": float(upper),
    }  # fmt: skip
