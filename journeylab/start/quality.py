"""How good is the data: odd rows with their count, examples, and a choice for each. docs/methods/quality.md."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar
from zoneinfo import ZoneInfo

import pandas as pd

from journeylab import words
from journeylab.checks import day as check_day
from journeylab.data.choices import COUNT, DROP, KEEP, LEAVE_OUT
from journeylab.data.readers import zones
from journeylab.data.schema import UNCOUNTED_STATUSES
from journeylab.result import Result, analysis
from journeylab.start import oddities

if TYPE_CHECKING:
    from collections.abc import Iterator

    import altair as alt
    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

#: What the options of each choice are called; the default first.
WORDS: dict[str, dict[str, str]] = {
    "duplicates": {KEEP: "keep them all", DROP: "keep one of each"},
    "negative_lines": {COUNT: "count them", LEAVE_OUT: "leave them out"},
    "negative_orders": {COUNT: "count them", LEAVE_OUT: "leave them out"},
    "zero_orders": {COUNT: "count them", LEAVE_OUT: "leave them out"},
    "guests": {COUNT: "count them in orders and money", LEAVE_OUT: "leave them out"},
    "refunds": {"take_off": "take refunds off the day of the order", "ignore": "show sales before refunds"},
    "skus": {"apart": "keep them apart", "join": "take them for one, spelt as most rows do"},
}
_CHANCE = 0.001


@dataclass(frozen=True)
class Finding:
    """Something odd about some rows.

    Args:
        what: Which rows, in words.
        table: The canonical table they are in.
        n: How many they are.
        of: Out of how many.
        unit: What `n` and `of` count.
        examples: A few of them.
        choice: The choice that decides about them, or an empty text if there is nothing to choose.
        options: What can be chosen, with its words.
        chosen: What is chosen.
    """

    what: str
    table: str
    n: int
    of: int
    unit: str
    examples: tuple[str, ...] = ()
    choice: str = ""
    options: tuple[tuple[str, str], ...] = ()
    chosen: str = ""

    @property
    def share(self) -> float:
        """`n` of `of`; NaN if there is nothing it could be of."""
        return self.n / self.of if self.of else math.nan

    def sentence(self) -> str:
        """Say it in one line.

        >>> Finding("free orders", "orders", 3, 60, "orders").sentence()
        'Free orders: 3 of 60 orders (5.0 %).'
        """
        counted = f"{words.count(self.n)} of {words.count(self.of)} {self.unit} ({words.percent(self.share)})"
        return f"{self.what[:1].upper()}{self.what[1:]}: {counted}."


@dataclass(frozen=True, eq=False, kw_only=True)
class Quality(Result):
    """What is odd about the data as it was read, whatever was chosen about it.

    Args:
        findings: What was looked for and found, in the order of the tables.
        looked_for: How many kinds of oddity were looked for.
        as_of: The day after which a row lies in the future.
    """

    views: ClassVar[tuple[str, ...]] = ("shares",)

    findings: tuple[Finding, ...]
    looked_for: int
    as_of: date

    def table(self) -> pd.DataFrame:
        """Return a row a finding: finding, table, n, of, share, unit, examples, choice, chosen."""
        columns = ("finding", "table", "n", "of", "share", "unit", "examples", "choice", "chosen")
        rows = [
            (f.what, f.table, f.n, f.of, f.share, f.unit, "; ".join(f.examples), f.choice, f.chosen)
            for f in self.findings
        ]
        return pd.DataFrame(rows, columns=pd.Index(columns))

    def headline(self) -> str:
        """Say how many kinds of oddity there are, and the one that touches the largest share."""
        if not self.findings:
            return f"Nothing odd was found; {self.looked_for} kinds of oddity were looked for."
        most = max(self.findings, key=lambda f: (f.share, f.what))
        return f"{words.count(len(self.findings))} things to know about the data. {most.sentence()}"

    def _draw(self, view: str) -> alt.TopLevelMixin:  # noqa: ARG002 - there is one view
        from journeylab.charts import shares

        return shares.bars(self.table(), name="finding", share="share", n="n", of="of")


@analysis(name="jl.quality")
def quality(shop: Dataset, *, as_of: date | str | None = None) -> Quality:
    """Look for rows that could mislead: duplicates, future days, several currencies, negative and free orders, guests,
    refunds, gaps, clock changes, other time zones, SKUs in two spellings.

    Counts are of the whole shop as it was read, without cancelled, voided and test orders: what was chosen about a
    finding does not hide it. Each finding with a
    `choice` is decided by `shop.choose(<choice>=…)` or `jl.read(…, choices={…})`.

    A day without orders counts as a gap if it is longer than chance: with a mean of m orders a day on weekdays the shop
    is ever open, a gap of g days has a chance of exp(-m g) (Poisson) below 0.001.

    Args:
        shop: A Dataset with any tables.
        as_of: The day after which a row lies in the future; today, in the shop's own zone, by default.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import tiny_shop
        >>> jl.quality(tiny_shop(), as_of="2026-02-10").findings[0].sentence()
        'Orders after 10 Feb 2026: 1 of 4 orders (25.0 %).'
    """  # noqa: D205 - the list of what is looked for takes two lines
    today = check_day(as_of, "as_of") or datetime.now(ZoneInfo(shop.time_zone)).date()
    origin = shop.as_read or shop.unchosen()
    looked = [*_orders(origin, today), *_lines(origin), *_events(origin, today), *_time(origin), *_skus(origin)]
    looked += _zones(origin)
    found = tuple(_decided(finding, shop, today) for finding in looked if finding.n)
    return Quality(findings=found, looked_for=len(looked), as_of=today, caveats=_caveats(found))


def _find(shop: Dataset, what: str, table: str, pair: tuple[ir.Table, ir.Table], choice: str = "") -> Finding:
    counted, few = pair
    row = shop.run(counted).iloc[0]
    examples = tuple(str(label)[:60] for label in shop.run(few)["label"]) if row["n"] else ()
    return Finding(what, table, int(row["n"]), int(row["rows"]), table.replace("_", " "), examples, choice)


def _look(
    shop: Dataset, table: str, rows: ir.Table, what: str, condition: ir.BooleanValue, choice: str = ""
) -> Finding:
    return _find(shop, what, table, oddities.where(rows, condition, oddities.NAMED[table]), choice)


def _repeats(shop: Dataset, table: str) -> Finding:
    what = f"{table.replace('_', ' ')} that repeat another in every column"
    return _find(shop, what, table, oddities.copies(shop.tables[table], oddities.NAMED[table]), "duplicates")


def _orders(shop: Dataset, today: date) -> Iterator[Finding]:
    if "orders" not in shop.tables:
        return
    orders = shop.tables["orders"]
    orders = orders.filter(orders.status.notin(UNCOUNTED_STATUSES))
    look = partial(_look, shop, "orders", orders)
    yield look(f"orders after {_written(today)}", oddities.after(orders, today), "future")
    yield _repeats(shop, "orders")
    if "currency" in orders.columns:
        yield _currencies(shop, orders)
    yield look("free orders", oddities.free(orders), "zero_orders")
    yield look("orders below zero", orders.net < 0, "negative_orders")
    if "refunded" in orders.columns:
        yield look("orders with a refund", orders.refunded > 0, "refunds")
    if "customer_id" in orders.columns:
        yield look("orders of guests", orders.customer_id.isnull(), "guests")


def _currencies(shop: Dataset, orders: ir.Table) -> Finding:
    found = shop.run(oddities.by_currency(orders))
    several = len(found) > 1
    shown = tuple(f"{code}: {words.count(n, 'order')}" for code, n in zip(found["code"], found["n"], strict=True))
    options = tuple((str(code), f"look at orders in {code}") for code in found["code"])
    return Finding(
        "orders in another currency than most",
        "orders",
        int(found["n"][1:].sum()) if several else 0,
        int(found["n"].sum()),
        "orders",
        shown[:8],
        "currency",
        options,
    )


def _lines(shop: Dataset) -> Iterator[Finding]:
    if "order_lines" in shop.tables:
        lines = shop.tables["order_lines"]
        yield _repeats(shop, "order_lines")
        below = oddities.negative_line(lines)
        yield _look(shop, "order_lines", lines, "order lines below zero", below, "negative_lines")


def _events(shop: Dataset, today: date) -> Iterator[Finding]:
    for table in ("events", "surveys"):
        if table in shop.tables:
            rows = shop.tables[table]
            yield _look(shop, table, rows, f"{table} after {_written(today)}", oddities.after(rows, today), "future")
    if "events" in shop.tables:
        yield _repeats(shop, "events")


def _time(shop: Dataset) -> Iterator[Finding]:
    for table in ("orders", "events"):
        if table not in shop.tables:
            continue
        rows = shop.tables[table]
        seen = shop.run(oddities.days(rows))
        yield _gaps(seen, table)
        time = "ordered_at" if table == "orders" else "occurred_at"
        days = seen["day"].dropna()
        if days.empty:
            continue
        first, last = (pd.Timestamp(day).date() for day in (days.min(), days.max()))
        if hours := oddities.repeated_hours(shop.time_zone, first, last):
            twice = oddities.within(rows[time], hours)
            yield _look(shop, table, rows, f"{table} in an hour that the clocks showed twice", twice)
    if {"orders", "events"} <= shop.tables.keys() and "order_id" in shop.tables["events"].columns:
        yield _clocks(shop)


def _gaps(seen: pd.DataFrame, table: str) -> Finding:
    """Find days without a row that are more than chance, weekdays on which nothing ever happens aside."""
    noun = f"days without {table}, in gaps longer than chance"
    days = pd.DatetimeIndex(pd.to_datetime(seen["day"].dropna()))
    if len(days) < 2:
        return Finding(noun, table, 0, len(days), "days")
    open_on = set(days.dayofweek)
    every = pd.date_range(days.min(), days.max(), freq="D")
    every = every[[day.dayofweek in open_on for day in every]]
    mean = float(seen["n"].sum()) / len(every)
    empty = ~every.isin(days)
    runs = pd.Series(every).groupby((~empty).cumsum()).apply(list)
    gaps = [[day for day in run if day not in days] for run in runs]
    long = sorted((gap for gap in gaps if gap and math.exp(-mean * len(gap)) < _CHANCE), key=lambda g: (-len(g), g[0]))
    shown = tuple(f"{words.span(gap[0], gap[-1])} ({words.count(len(gap), 'day')})" for gap in long[:3])
    return Finding(noun, table, sum(map(len, long)), len(every), "days", shown)


def _clocks(shop: Dataset) -> Finding:
    """Find orders whose event lies whole half hours away, as when one file is in another time zone."""
    apart = shop.run(oddities.clocks_apart(shop))
    away = apart[apart["halves"].abs().between(1, 28)]
    total, shown = int(apart["n"].sum()), away.head(3)
    said = tuple(f"{n / 2:+g} h: {words.count(k, 'order')}" for n, k in zip(shown["halves"], shown["n"], strict=True))
    most = int(apart["halves"].iloc[0]) if total else 0
    what = "orders whose event lies half an hour or more away" + (", as in another time zone" if most else "")
    return Finding(what, "events", int(away["n"].sum()), total, "orders that an event names", said)


def _zones(shop: Dataset) -> Iterator[Finding]:
    """Find times that their files write in another zone than before; only a reader sees the offsets beside them."""
    told = [(book, note) for book in shop.ledgers for note in book.notes if zones.tells(note.reason)]
    for book, note in told:
        what, _, where = note.reason.partition(": ")
        unit = book.table.replace("_", " ")
        yield Finding(f"{unit} of {book.source}: {what}", book.table, note.count, book.read, unit, (where,))
    if not told:
        yield Finding(zones.MOVED, "orders", 0, 0, "times")


def _skus(shop: Dataset) -> Iterator[Finding]:
    folds = oddities.spellings(shop)
    if folds is None:
        return
    counted = folds.agg(rows=folds.count(), n=folds.count(where=folds.ways > 1).fill_null(0))
    two = folds.filter(folds.ways > 1)
    pairs = two.mutate(label=two.one.concat(" / ", two.other))
    found = _find(shop, "SKUs in several spellings", "order_lines", (counted, oddities.shown(pairs, "label")), "skus")
    table = "order_lines" if "order_lines" in shop.tables else "products"
    yield Finding(found.what, table, found.n, found.of, "SKUs", found.examples, "skus")


def _decided(finding: Finding, shop: Dataset, today: date) -> Finding:
    """Add what can be chosen about a finding, and what is."""
    options = finding.options or tuple(WORDS.get(finding.choice, {}).items())
    if finding.choice == "future":
        last = shop.choices.get("future", today.isoformat())
        options = ((COUNT, "count them"), (last, f"leave out what lies after {_written(date.fromisoformat(last))}"))
    default = shop.currency if finding.choice == "currency" else options[0][0] if options else ""
    chosen = shop.choices.get(finding.choice, default)
    return replace(finding, options=options, chosen=chosen)


def _caveats(found: tuple[Finding, ...]) -> tuple[str, ...]:
    said = ["Counts are of the files as read, whatever was chosen; what is chosen applies to every page."]
    if any(finding.choice == "duplicates" for finding in found):
        said.append("Two equal lines may be a real order of two, or a line exported twice; the file does not tell.")
    if any(zones.tells(finding.what.partition(": ")[2]) for finding in found):
        said.append(
            "Each time is read with its own offset, and its day is the day as written, before and after. A report that "
            "counts all days in one zone shows other days: see it under Matching."
        )
    if any(finding.choice == "refunds" for finding in found):
        said.append("Exports of orders do not say on which day a refund was made, so it counts on the order's day.")
    return tuple(said)


def _written(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
