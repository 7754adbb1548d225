"""The Dataset: one shop's tables with their account, frozen; every method returns a new one or a figure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import ibis

from journeylab.checks import day as check_day
from journeylab.data import schema
from journeylab.data.choices import applied, checked
from journeylab.data.engine import ConnectedEngine
from journeylab.errors import BadParameter, SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import ibis.expr.types as ir
    import pandas as pd

    from journeylab.data.engine import Engine
    from journeylab.data.ledger import Ledger

#: The column that places a row of a table in time, for the date window.
_DAY_OF = {
    "orders": "day",
    "events": "day",
    "surveys": "day",
    "spend": "day",
    "traffic": "day",
    "contacts": "sent_at",
    "tickets": "opened_at",
}


@dataclass(frozen=True, eq=False)
class Dataset:
    """One shop: canonical tables on an engine, and where they came from.

    Args:
        engine: Where the tables live.
        tables: Canonical tables by name, as Ibis expressions.
        currency: Three-letter code of all money in it; empty if unknown.
        time_zone: The shop's own time zone, in which `day` is written.
        ledgers: What happened to every row that was read.
        fingerprint: Changes whenever any figure could change.
        calls: Lines of Python that make it, ending in one that assigns `shop`.
        observed: First and last day on which anything was seen; None if no table knows days.
        window: First and last day that count; the whole of it if None.
        choices: What the user decided about odd rows, by `choose`; only what differs from the default.
        as_read: The shop without any choice; None if this one has none.
        edits: What the user wrote beside the data, such as names of personas, by place; plain lists, dictionaries and
            texts. No figure depends on it.
    """

    engine: Engine = field(repr=False)
    tables: Mapping[str, ir.Table] = field(repr=False)
    currency: str = ""
    time_zone: str = "UTC"
    ledgers: tuple[Ledger, ...] = field(default=(), repr=False)
    fingerprint: str = ""
    calls: tuple[str, ...] = ('shop = jl.read("…")',)
    observed: tuple[date, date] | None = None
    window: tuple[date, date] | None = None
    choices: Mapping[str, str] = field(default_factory=dict)
    as_read: Dataset | None = field(default=None, repr=False)
    edits: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for name in ("tables", "choices", "edits"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def has(self, *needs: str) -> bool:
        """Say whether every table ('events') and column ('orders.device') is there, or one of 'surveys or tickets'."""
        return not self.missing(needs)

    def missing(self, needs: Iterable[str]) -> tuple[str, ...]:
        """Return those of `needs` that are not there."""
        return tuple(need for need in needs if not self._holds(need))

    def _holds(self, need: str) -> bool:
        tables, asked = self.tables, [one.partition(".") for one in need.split(" or ")]
        return any(name in tables and (not column or column in tables[name].columns) for name, _, column in asked)

    def table(self, name: str, *, whole: bool = False) -> ir.Table:
        """Return a canonical table as an Ibis expression.

        Args:
            name: One of the canonical tables; SchemaError if this shop has none.
            whole: Leave the date window aside, for what needs the history before it.
        """
        schema.table(name)
        if name not in self.tables:
            raise SchemaError(
                f"This shop has no {name.replace('_', ' ')} yet.",
                do=f"Add a file with one {schema.TABLES[name].row} a row.",
            )
        table = self.tables[name]
        if self.window is None or whole:
            return table
        start, end = self.window
        if name in _DAY_OF and _DAY_OF[name] in table.columns:
            column = table[_DAY_OF[name]].cast("date")
            return table.filter(column >= ibis_date(start), column <= ibis_date(end))
        if name == "order_lines" and "orders" in self.tables:
            return table.semi_join(self.table("orders"), "order_id")
        return table

    def sales(self, *, whole: bool = False) -> ir.Table:
        """Return the orders that count in figures: not cancelled, voided or test, and in the shop's currency."""
        orders = self.table("orders", whole=whole)
        orders = orders.filter(orders.status.notin(schema.UNCOUNTED_STATUSES))
        if self.currency and "currency" in orders.columns:
            orders = orders.filter(orders.currency.isnull() | (orders.currency == self.currency))
        return orders

    def run(self, expr: ir.Table) -> pd.DataFrame:
        """Run an expression over the tables inside the engine and return its rows, which must be few."""
        return self.engine.run(expr)

    @property
    def period(self) -> tuple[date, date] | None:
        """First and last day that count: the window if one is set, else all that was observed."""
        return self.window or self.observed

    def between(self, start: date | str | None, end: date | str | None) -> Dataset:
        """Return the same shop seen from `start` to `end`, both included; None leaves that side open.

        Raises:
            BadParameter: if `start` lies after `end`.
        """
        observed = self.observed
        first, last = check_day(start, "start"), check_day(end, "end")
        if observed is None or (first is None and last is None):
            return self
        first, last = first or min(observed[0], last or observed[0]), last or max(observed[1], first or observed[1])
        if first > last:
            raise BadParameter(f"The period starts on {first}, after its end on {last}.")
        line = f'shop = shop.between("{first}", "{last}")'
        calls = tuple(c for c in self.calls if not c.startswith("shop = shop.between("))
        return replace(
            self,
            window=(first, last),
            calls=(*calls, line),
            fingerprint=mix(self.fingerprint.split("|")[0], f"{first}..{last}"),
        )

    def previous(self) -> Dataset | None:
        """Return the period of the same length just before this one, or None if nothing was observed there."""
        if self.period is None or self.observed is None:
            return None
        start, end = self.period
        length = end - start + timedelta(days=1)
        if start - length < self.observed[0]:
            return None
        return self.between(start - length, end - length)

    def choose(self, **choices: str) -> Dataset:
        """Return the same shop with odd rows treated as chosen; choices made before stay unless named again.

        Args:
            **choices: duplicates 'keep' or 'drop'; future 'count' or the last day to count; currency a code;
                negative_lines, negative_orders, zero_orders and guests 'count' or 'leave_out'; refunds 'take_off' or
                'ignore'; skus 'apart' or 'join'. The first of each is the default. `jl.quality` shows what each
                concerns; docs/methods/quality.md says what it does.

        Raises:
            BadParameter: if there is no such choice, or it cannot be that.

        Example:
            >>> from journeylab.data.examples import tiny_shop
            >>> shop = tiny_shop().choose(zero_orders="leave_out")
            >>> shop.calls[-1]
            "shop = shop.choose(zero_orders='leave_out')"
        """
        origin = self.as_read or self.unchosen()
        made = checked({**self.choices, **choices})
        if made.get("currency") == origin.currency:
            del made["currency"]
        if not made:
            return origin.seen_as(self)
        tables = applied(origin.tables, made)
        line = f"shop = shop.choose({', '.join(f'{name}={value!r}' for name, value in made.items())})"
        chosen = replace(
            origin,
            tables=tables,
            currency=made.get("currency", origin.currency),
            choices=made,
            as_read=origin,
            observed=observe(self.engine, tables),
            calls=(*origin.calls, line),
            fingerprint=f"{origin.fingerprint}+{hashlib.sha256(json.dumps(made).encode()).hexdigest()[:12]}",
        )
        return chosen.seen_as(self)

    def identified(self) -> Dataset:
        """Return the same shop with persons for visitors, joined over browsers by login and order.

        In `events`, `visitor_id` becomes the customer where one is known, `browser_id` keeps the browser, `session_id`
        is told apart by it, and `first_device` is the device of the person's first event: every analysis of events
        then counts people. `jl.customers.identity` says how many could be joined; docs/methods/identity.md how.

        Raises:
            SchemaError: if the shop has no events.
        """
        from journeylab.data.identity import identify

        if "events" not in self.tables:
            raise SchemaError("This shop has no events yet.", do="Add a file with one event a row.")
        return identify(self)

    def unchosen(self) -> Dataset:
        """Return the whole shop without window, as it was read."""
        calls = tuple(line for line in self.calls if not line.startswith("shop = shop.between("))
        return replace(self, window=None, calls=calls, fingerprint=self.fingerprint.split("|")[0])

    def seen_as(self, other: Dataset) -> Dataset:
        """Return this shop with the window and the edits of another."""
        kept = replace(self, edits=other.edits)
        return kept.between(*other.window) if other.window else kept

    def with_edit(self, place: str, value: Any) -> Dataset:
        """Return the same shop with what the user wrote at a place; None takes it away.

        A page that changes the form of its edits takes a new place, so that an older lab file is never misread.

        Raises:
            BadParameter: if `value` holds something that JSON, and so the lab file, cannot.
        """
        try:
            value = json.loads(json.dumps(value, allow_nan=False))
        except (TypeError, ValueError):
            raise BadParameter(f"What was written at {place!r} holds something that JSON cannot.") from None
        edits = {key: kept for key, kept in self.edits.items() if key != place}
        return replace(self, edits=edits if value is None else {**edits, place: value})

    def with_trait(self, name: str, traits: ir.Table, *, made_by: Sequence[str] = ()) -> Dataset:
        """Return the shop with one more column of its customers, so that any analysis can break down by it.

        Args:
            name: The new column, such as 'persona'.
            traits: A row a customer with customer_id and that column, on the same engine, such as
                `personas.assignments`. Customers that the list of customers lacks are added to it.
            made_by: Lines of Python that make `traits` from `shop`, the last of which gives the new `shop`.

        Raises:
            BadParameter: if `traits` lacks one of the two columns.
        """
        lacking = [column for column in ("customer_id", name) if column not in traits.columns]
        if lacking:
            raise BadParameter(f"The trait lacks {', '.join(lacking)}.")
        customers = traits.select("customer_id", name)
        if "customers" in self.tables:
            listed = self.tables["customers"]
            listed = listed.drop(name) if name in listed.columns else listed
            new = customers.rename(_trait_of="customer_id")
            both = listed.outer_join(new, listed.customer_id == new["_trait_of"])
            known = ibis.coalesce(both.customer_id, both["_trait_of"])
            customers = both.mutate(customer_id=known).drop("_trait_of")
        base, *views = self.fingerprint.split("|")
        lines = tuple(made_by) or (f'shop = shop.with_trait("{name}", …)',)
        return replace(
            self,
            tables={**self.tables, "customers": customers},
            as_read=self.as_read.with_trait(name, traits, made_by=made_by) if self.as_read else None,
            calls=(*self.calls, *lines),
            fingerprint="|".join([mix(base, name, *lines).replace("|", "+"), *views]),
        )

    def close(self) -> None:
        """Give back the engine; the embedded one deletes its file."""
        self.engine.close()


def observe(engine: Engine, tables: Mapping[str, ir.Table]) -> tuple[date, date] | None:
    """Return the first and last day on which anything was seen, whatever the window; None if no table knows days."""
    seen = [
        tables[name].agg(first=tables[name].day.min(), last=tables[name].day.max())
        for name in ("orders", "events", "surveys", "spend")
        if name in tables
    ]
    if not seen:
        return None
    rows = engine.run(ibis.union(*seen) if len(seen) > 1 else seen[0]).dropna()
    return None if rows.empty else (_as_date(rows["first"].min()), _as_date(rows["last"].max()))


def ibis_date(day: date) -> ir.DateScalar:
    """Return a day as an Ibis value."""
    return ibis.date(day.isoformat())


def mix(*parts: str) -> str:
    """Return a fingerprint of several parts; what follows a '|' names the view of the data before it."""
    head, *rest = parts
    return "|".join([head, *(hashlib.sha256(part.encode()).hexdigest()[:12] for part in rest)])


def as_dataset(data: Dataset | ir.Table, needs: Iterable[str]) -> Dataset:
    """Take a Dataset, or wrap a bare Ibis table as the one table that `needs` names; check that all is there."""
    needs = tuple(needs)
    if not isinstance(data, Dataset):
        names = {need.partition(".")[0] for need in needs}
        if len(names) != 1:
            raise BadParameter(
                f"This analysis reads the tables {', '.join(sorted(names))}, and got one table.", do="Pass a Dataset."
            )
        name = names.pop()
        check_columns(name, data.columns)
        engine, tables = ConnectedEngine(data.get_backend()), {name: data}
        data = Dataset(engine, tables, observed=observe(engine, tables))
    gone = data.missing(needs)
    if gone:
        raise SchemaError(
            f"This needs {', '.join(describe(need) for need in gone)}, which the shop's files do not have yet.",
            do="Add a file that has it.",
        )
    return data


def check_columns(name: str, columns: Iterable[str]) -> None:
    """Raise SchemaError if `columns` lack one that the canonical table `name` requires."""
    lacking = [column for column in schema.table(name).required if column not in set(columns)]
    if lacking:
        raise SchemaError(
            f"The table of {name.replace('_', ' ')} lacks {', '.join(lacking)}.", do="Rename or add the columns."
        )


def describe(need: str) -> str:
    """Say a need in words: 'orders.device' becomes 'the device of orders'.

    >>> describe("orders.customer_id"), describe("events")
    ('the customer id of orders', 'events')
    """
    name, _, column = need.partition(".")
    noun = name.replace("_", " ")
    return f"the {column.replace('_', ' ')} of {noun}" if column else noun


def _as_date(value: object) -> date:
    return value.date() if hasattr(value, "date") else value  # type: ignore[return-value]
