"""From a row a visitor to the few rows that a funnel is drawn from: counts, times and waits, in one query each."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import ibis
import numpy as np
import pandas as pd
from ibis import _

from journeylab.errors import BadParameter
from journeylab.journey import shape, traits
from journeylab.journey.attempts import visitors
from journeylab.journey.closing import microseconds
from journeylab.journey.differences import SMALL, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset
    from journeylab.journey.attempts import Rules

#: Groups beyond this many, the largest first, are put together as 'other'.
MAX_GROUPS = 20
OTHER, ALL = "other", "all"
#: The breakdown by whether the product of the first step was in stock on that day.
STOCK = "stock"
#: The breakdown by whether the customer was known at the first entry.
ACCOUNT = "account"
_PROPERTY = "properties."
#: Slots of the time to convert in each doubling of time: a quarter of a per cent wide each.
FINE = 256
_NO_DAY = ibis.null("date")
#: Parts into which the window is cut for the correction of open windows.
PARTS = 400


def dimensions(shop: Dataset) -> tuple[str, ...]:
    """Return what a funnel can be broken down by: columns of events, and 'customers.…' traits where both can be joined.

    >>> from journeylab.data.examples import tiny_shop
    >>> dimensions(tiny_shop())
    ()
    """
    if not shop.has("events"):
        return ()
    events = shop.table("events")
    no = {"visitor_id", "customer_id", "session_id", "occurred_at", "day", "event", "order_id", "value", "properties"}
    own = [name for name, kind in events.schema().items() if name not in no and kind.is_string()]
    usual = [name for name in ("device", "marketing_channel", "country") if name in own]
    rest = [name for name in own if name not in usual]
    if "sku" in events.columns and shop.has("stock"):
        usual.append(STOCK)
    if "customer_id" in events.columns:
        usual.append(ACCOUNT)
    if not ("customer_id" in events.columns and shop.has("customers")):
        return (*usual, *rest)
    told = [
        f"{traits.PREFIX}{name}"
        for name, kind in shop.table("customers").schema().items()
        if name not in {"customer_id", "referred_by", "acquired_at"} and (kind.is_string() or kind.is_boolean())
    ]
    return (*usual, *told, *rest)


def with_split(shop: Dataset, events: ir.Table, by: str, name: str = "group") -> ir.Table:
    """Add the value of `by` to each event as text; the commonest values keep their name, others become 'other'.

    A 'properties.…' key is read from the events' JSON. A 'customers.…' trait is that of the customer whom a login or
    order had told by the time of the event, and 'not known' of all others, as `traits` says.

    Raises:
        BadParameter: if the shop has no such column.
    """
    table, _dot, column = by.rpartition(".")
    if by not in dimensions(shop) and not (f"{table}." == _PROPERTY and "properties" in events.columns):
        having = ", ".join(dimensions(shop))
        raise BadParameter(
            f"The events cannot be broken down by {by!r}.",
            do=f"They can by {having}." if having else "They have no column to break down by.",
        )
    if by == STOCK:
        return _with_stock(shop, events, name)
    if by == ACCOUNT:
        return events.mutate(**{name: ibis.ifelse(events.customer_id.notnull(), "known customer", "guest")})
    if f"{table}." == _PROPERTY:
        value = property_of(events, column)
    elif table:
        events = traits.with_trait(shop, events, column)
        value = events.trait
    else:
        value = events[column]
    top = events.group_by(value=value).agg(n=_.count()).filter(_["value"].notnull())
    kept = shop.run(top.order_by(_.n.desc(), _["value"]).limit(MAX_GROUPS + 1))["value"].tolist()
    if len(kept) > MAX_GROUPS:
        value = ibis.cases((value.isnull(), UNKNOWN), (value.isin(kept[:MAX_GROUPS]), value), else_=OTHER)
    else:
        value = value.fill_null(UNKNOWN)
    events = events.mutate(**{name: value})
    return events.drop("trait") if "trait" in events.columns else events


def property_of(events: ir.Table, key: str) -> ir.StringValue:
    """Return the value of a property in the events' JSON as text: a text or number, of a key without special signs.

    By pattern, since engines read JSON differently.
    """
    if not re.fullmatch(r"[\w .-]+", key):
        raise BadParameter(f"A property's name has letters, digits, blanks, dots and dashes; {key!r} has others.")
    found = events.properties.re_extract(rf'"{re.escape(key)}"\s*:\s*"?([^",}}]*)', 1)
    return found.nullif("").nullif("null")


def properties(shop: Dataset, *, most: int = 20) -> tuple[str, ...]:
    """Return properties that a sample of the events carries as 'properties.…', those with few values."""
    if not shop.has("events.properties"):
        return ()
    events = shop.table("events")
    sample = (
        events.filter(events.properties.notnull()).select("properties").distinct().order_by("properties").limit(500)
    )
    seen: dict[str, set[str]] = {}
    for text in shop.run(sample)["properties"]:
        try:
            told = json.loads(text)
        except ValueError:
            continue  # a property that is no JSON offers nothing to break down by
        for key, value in told.items() if isinstance(told, dict) else ():
            seen.setdefault(str(key), set()).add(str(value))
    return tuple(f"{_PROPERTY}{key}" for key, told in sorted(seen.items()) if 1 < len(told) <= most)


def values(shop: Dataset, by: str) -> tuple[str, ...]:
    """Return the commonest values of what a funnel can be broken down by, as it names them; 'not known' comes last."""
    events = with_split(shop, shop.table("events"), by)
    counted = events.group_by("group").agg(n=_.count()).order_by(_.n.desc(), _.group)
    found = list(shop.run(counted)["group"])
    return tuple(sorted(found, key=lambda value: (value == UNKNOWN, value == OTHER)))


def _with_stock(shop: Dataset, events: ir.Table, name: str) -> ir.Table:
    """Say of each event whether its product was in stock, over all places, at the count of that day."""
    stock = shop.table("stock", whole=True).group_by(item="sku", on="as_of").agg(there=_.on_hand.sum())
    found = events.left_join(stock, [events.sku == stock.item, events.day == stock.on])
    value = ibis.cases((_.there.isnull(), UNKNOWN), (_.there > 0, "in stock"), else_="out of stock")
    return found.mutate(**{name: value}).drop("item", "on", "there")


def grain_of(days: int) -> str:
    """Return the letter of the grain of time that makes a readable trend: days, weeks or months."""
    return "D" if days <= 45 else "W" if days <= 400 else "M"


def is_partial(buckets: pd.Series, shop: Dataset, grain: str, window: timedelta | None = None) -> pd.Series:
    """Say of each bucket, given by its first day, whether it or a window after it lies partly outside the period."""
    if shop.period is None:
        return pd.Series(data=False, index=buckets.index)
    first, last = (pd.Timestamp(day) for day in shop.period)
    ends = {"D": buckets, "W": buckets + pd.Timedelta(days=6)}.get(grain, buckets + pd.offsets.MonthEnd(0))
    return (buckets < first) | (ends + pd.Timedelta(window or 0) > last)


def count(shop: Dataset, events: ir.Table, rules: Rules, *, grain: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run the funnel in one query: counts by group, bucket of time and whether settled, and times to convert by group.

    Returns:
        Counts with group, bucket, settled, entrants, open, reached_k, came_k, tried_k and open_k; and times to convert
        with group, slot (its place on a scale of `FINE` slots in each doubling of time), n and seconds (their mean).
    """
    rows = shape.run(shop, events, rules, _counted, grain=grain)
    names = _counts(rules)
    is_time = rows["bucket"].isna()
    counts = rows[~is_time].sort_values(["bucket", "group", "settled"], ignore_index=True)
    times = rows.loc[is_time, ["group", "open", "entrants", "reached_1"]].astype({"open": float, "entrants": "int64"})
    times.columns = pd.Index(["group", "slot", "n", "seconds"])
    times["seconds"] = times["seconds"].astype(float) / 1e6 / times["n"]
    return counts.astype(dict.fromkeys(names, "int64")), times.sort_values(["group", "slot"], ignore_index=True)


def _counts(rules: Rules) -> list[str]:
    """Return the columns of counts."""
    steps = range(1, rules.count + 1)
    names = ["entrants", "open", *(f"{what}_{k}" for what in ("reached", "came") for k in steps)]
    return names + [f"{what}_{k}" for what in ("tried", "open") for k in steps if k > 1]


def _counted(events: ir.Table, rules: Rules, grain: str) -> ir.Table:
    """Count by group, bucket of time and settled or not and, where there is no bucket, by slot of time to convert."""
    people = visitors(events, rules)
    if not rules.splits:
        people = people.mutate(group=ibis.literal(ALL))
    names = _counts(rules)
    sums = {name: people[name].sum().cast("int64") for name in names}
    query = people.group_by("group", "settled", bucket=people.day.truncate(grain)).agg(**sums)
    if rules.entry == "closed":
        # the same columns carry the times where there is no bucket: one query sorts the events once
        done = people.filter(people.took.notnull())
        slot = ((done.took.cast("float64") / 1e6 + 1).log2() * FINE).floor().cast("int64")
        slots = done.group_by("group", open=slot).agg(entrants=_.count(), reached_1=_.took.sum().cast("int64"))
        rest = dict.fromkeys(names[3:], ibis.literal(0, "int64")) | {"settled": ibis.literal(value=True)}
        query = ibis.union(
            query, slots.select("group", "entrants", "open", "reached_1", bucket=_NO_DAY, **rest)[query.columns]
        )
    return query


def waits(shop: Dataset, events: ir.Table, rules: Rules) -> pd.DataFrame:
    """Return how long steps took and how long open ones have waited: group, position, part, n, censored."""
    people = visitors(events, rules)
    if not rules.splits:
        people = people.mutate(group=ibis.literal(ALL))
    parts = []
    width = part_width(rules)
    for k in range(2, rules.count + 1):
        for column, censored in ((people[f"span_{k}"], False), (people[f"wait_{k}"], True)):
            counted = people.filter(column.notnull()).group_by("group", part=(column / width).floor().cast("int64"))
            told = {"position": ibis.literal(k), "censored": ibis.literal(censored)}
            parts.append(counted.agg(n=_.count()).mutate(**told))
    return shop.run(ibis.union(*parts)).sort_values(["position", "group", "censored", "part"], ignore_index=True)


def part_width(rules: Rules) -> float:
    """Return the microseconds of one part of the longest time a step may take."""
    limits = [rules.limit(k) for k in range(2, rules.count + 1)]
    longest = max((x for x in (*limits, microseconds(rules.window)) if x is not None), default=PARTS)
    return max(1.0, longest / PARTS)


def survivors(moved: np.ndarray, censored: np.ndarray, of: int) -> tuple[float, float]:
    """Return the share that comes on, corrected for open windows, and the effective number it rests on.

    Kaplan & Meier (1958), JASA 53; the variance is Greenwood's (1926); the effective number is the one at which a
    plain share would have that variance (Dorey & Korn 1987, Statistics in Medicine 6), so that Wilson's interval
    applies. Without open windows this is the plain share and number.

    Args:
        moved: How many came on in each part of time.
        censored: How many were last seen waiting in each part, after those who came on.
        of: How many were waiting at the start.

    >>> survivors(np.array([2, 1]), np.array([0, 0]), 6)
    (0.5, 6.0)
    >>> share, n = survivors(np.array([2, 1]), np.array([2, 0]), 6)
    >>> round(share, 4), round(n, 2)
    (0.6667, 3.43)
    """
    if of == 0:
        return float("nan"), 0.0
    gone = np.concatenate([[0], np.cumsum(moved + censored)[:-1]])
    risk = of - gone
    used = (moved > 0) & (risk > 0)
    risk, moved = risk[used].astype(float), moved[used].astype(float)
    stay = float(np.prod(1 - moved / risk))
    if stay <= 0 or stay >= 1:
        return 1 - stay, float(of - censored.sum())
    variance = stay**2 * float(np.sum(moved / (risk * (risk - moved))))
    return 1 - stay, min(float(of), stay * (1 - stay) / variance)


def corrected(rows: pd.DataFrame, groups: Sequence[str], of: dict[tuple[str, int], int]) -> pd.DataFrame:
    """Return group, position, share and effective number from the rows of `waits`; 'all' is their sum.

    Where somebody still waits, and fewer than `SMALL` were followed through their whole time, nobody knows what comes
    after the longest wait that was seen: the share is NaN then, and `seen` is what had come on by that time.
    """
    found = []
    for group in groups:
        mine = rows if group == ALL else rows[rows["group"] == group]
        for position in sorted({place for name, place in of if name == group}):
            here = mine[mine["position"] == position]
            length = int(here["part"].max()) + 1 if len(here) else 1
            moved, waiting = np.zeros(length, dtype="int64"), np.zeros(length, dtype="int64")
            for into, part in ((moved, here[~here["censored"]]), (waiting, here[here["censored"]])):
                np.add.at(into, part["part"].to_numpy("int64"), part["n"].to_numpy("int64"))
            seen, number = survivors(moved, waiting, of[group, position])
            followed = of[group, position] - moved.sum() - waiting.sum()
            share = seen if followed >= SMALL or not waiting.any() else float("nan")
            row = {"group": group, "position": position, "corrected": share}
            found.append(row | {"seen": seen, "corrected_of": number})
    return pd.DataFrame(found, columns=["group", "position", "corrected", "seen", "corrected_of"])
