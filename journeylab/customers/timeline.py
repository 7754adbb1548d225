"""One customer's whole journey in order: visits, orders, answers, support cases, messages. docs/methods/identity.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import ibis
import pandas as pd
from ibis import _

from journeylab import words
from journeylab.checks import whole
from journeylab.data.dataset import ibis_date
from journeylab.data.identity import can_join, identified
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import altair as alt
    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

MOST = 500
KINDS = ("visit", "order", "answer", "support case", "message")


@dataclass(frozen=True, eq=False, kw_only=True)
class Timeline(Result):
    """What one customer did and met, in order.

    Args:
        rows: A row a moment: at (UTC), kind, what, where, value (net of an order, score of an answer; else NaN).
        customer_id: Whose.
        n: How many moments there are; the rows are the latest of them if there are more than asked for.
        time_zone: In which the chart and the table show times.
    """

    views: ClassVar[tuple[str, ...]] = ("course",)

    rows: pd.DataFrame
    customer_id: str
    n: int
    time_zone: str

    def table(self) -> pd.DataFrame:
        """Return a row a moment, the first one first: at (in the shop's own time), kind, what, where, value."""
        local = self.rows["at"].dt.tz_localize("UTC").dt.tz_convert(self.time_zone).dt.tz_localize(None)
        return self.rows.assign(at=local)

    def headline(self) -> str:
        """Say what there was, and over how long."""
        counted = self.rows["kind"].value_counts()
        said = [words.count(counted[kind], kind) for kind in KINDS if kind in counted]
        first, last = (moment.date() for moment in (self.rows["at"].iloc[0], self.rows["at"].iloc[-1]))
        return f"{words.listed(said)} from {words.span(first, last)}."

    def _draw(self, view: str) -> alt.TopLevelMixin:  # noqa: ARG002 - there is one view
        from journeylab.charts import moments

        return moments.dots(self.table(), kinds=[kind for kind in KINDS if kind in set(self.rows["kind"])])


@analysis("orders.customer_id")
def timeline(shop: Dataset, *, customer_id: str, limit: int = 200) -> Timeline:
    """Return what one customer did and met within the period, in order.

    Visits are sessions of all browsers joined to the customer by login or order; where events have no session, those of
    one browser and day. Every order is there, with its status.

    Args:
        shop: A Dataset whose orders name their customers; events, surveys, tickets and contacts add to it.
        customer_id: The customer's pseudonym.
        limit: How many moments at most, 1 to 500; the latest are shown.

    Raises:
        NotEnoughData: if nothing is known of the customer in the period.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import tiny_shop
        >>> jl.customers.timeline(tiny_shop(), customer_id="a").headline()
        '3 orders from 1 Jan 2026 to 28 Feb 2026.'
    """
    if not isinstance(customer_id, str) or not customer_id:
        raise BadParameter(f"customer_id must be a customer's pseudonym, and is {customer_id!r}.")
    whole(limit, "limit", lowest=1, highest=MOST)
    parts = [part for make in _PARTS for part in make(shop, customer_id)]
    every = ibis.union(*parts) if len(parts) > 1 else parts[0]
    n = int(shop.run(every.agg(n=every.count())).iloc[0, 0])
    if not n:
        raise NotEnoughData(
            f"Nothing is known of the customer {customer_id} in this period.",
            do="Check the pseudonym, or choose a longer period.",
        )
    latest = every.order_by(_["at"].desc(), "kind", "what", "where").limit(limit)
    rows = shop.run(latest).sort_values(["at", "kind", "what", "where"], ignore_index=True)
    rows = rows.assign(at=pd.to_datetime(rows["at"]).astype("datetime64[us]"), value=rows["value"].astype("float64"))
    said = []
    if n > len(rows):
        said.append(f"The latest {words.count(len(rows))} of {words.count(n, 'moment')} are shown.")
    if "events" in shop.tables and not can_join(shop):
        said.append("No event tells its customer, so no visit could be found.")
    elif "events" in shop.tables:
        said.append("Visits on browsers where the customer never logged in nor ordered are not known.")
    return Timeline(rows=rows, customer_id=customer_id, n=n, time_zone=shop.time_zone, caveats=tuple(said))


def _moment(table: ir.Table, at: ir.Value, kind: str, what: ir.Value, where: str, value: str = "") -> ir.Table:
    """Return rows in the form that all parts share."""
    place = table[where].cast("string") if where in table.columns else ibis.null("string")
    amount = table[value].cast("float64") if value in table.columns else ibis.null("float64")
    return table.select(
        at=at.cast("timestamp"),
        kind=ibis.literal(kind),
        what=what.cast("string"),
        where=place.fill_null(""),
        value=amount,
    )


def _orders(shop: Dataset, customer: str) -> Iterator[ir.Table]:
    orders = shop.table("orders").filter(_.customer_id == customer)
    what = orders.order_id.concat(", ", orders.status)
    yield _moment(orders, orders.ordered_at, "order", what, "sales_channel", "net")


def _visits(shop: Dataset, customer: str) -> Iterator[ir.Table]:
    if "events" not in shop.tables or not can_join(shop):
        return
    events = shop.tables["events"] if "browser_id" in shop.tables["events"].columns else identified(shop)
    if shop.window:
        events = events.filter(events.day >= ibis_date(shop.window[0]), events.day <= ibis_date(shop.window[1]))
    events = events.filter(events.visitor_id == customer)
    visit = events.session_id if "session_id" in events.columns else ibis.null("string")
    each = ibis.coalesce(visit, events.browser_id.concat("/", events.day.cast("string")))
    device = {"device": events.device.max()} if "device" in events.columns else {}
    visits = events.group_by(visit_=each).agg(at=_.occurred_at.min(), n=_.count(), **device)
    what = ibis.ifelse(visits.n == 1, "1 event", visits.n.cast("string").concat(" events"))
    yield _moment(visits, visits["at"], "visit", what, "device")


def _answers(shop: Dataset, customer: str) -> Iterator[ir.Table]:
    if shop.has("surveys.customer_id"):
        answers = shop.table("surveys").filter(_.customer_id == customer)
        yield _moment(answers, answers.answered_at, "answer", answers.kind, "touchpoint", "score")


def _tickets(shop: Dataset, customer: str) -> Iterator[ir.Table]:
    if shop.has("tickets.customer_id"):
        tickets = shop.table("tickets").filter(_.customer_id == customer)
        topic = tickets.topic.fill_null("no topic") if "topic" in tickets.columns else ibis.literal("support case")
        yield _moment(tickets, tickets.opened_at, "support case", topic, "sales_channel")


def _messages(shop: Dataset, customer: str) -> Iterator[ir.Table]:
    if "contacts" in shop.tables:
        sent = shop.table("contacts").filter(_.customer_id == customer)
        what = sent.campaign.fill_null("no campaign") if "campaign" in sent.columns else ibis.literal("message")
        yield _moment(sent, sent.sent_at, "message", what, "")


_PARTS: tuple[Callable[[Dataset, str], Iterator[ir.Table]], ...] = (_orders, _visits, _answers, _tickets, _messages)
