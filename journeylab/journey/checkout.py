"""The checkout closely: who finishes it, by payment method, shipping fee and when it is shown, account and form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import ibis
import pandas as pd
from ibis import _

from journeylab import words
from journeylab.checks import number
from journeylab.errors import NotEnoughData
from journeylab.intervals import wilson
from journeylab.journey import tally, traits
from journeylab.journey.differences import with_others
from journeylab.journey.signs import CHECKOUT
from journeylab.journey.steps import STAGES
from journeylab.journey.visits import with_sessions
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

    import altair as alt
    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

#: What is looked at, and the names of properties that tell it, the first known one taken.
ASPECTS: dict[str, tuple[str, ...]] = {
    "payment method": ("payment_method", "payment_type"),
    "shipping fee": ("shipping_fee", "shipping_cost"),
    "fee first shown": ("fee_first_shown",),
    "form fields": ("form_fields", "form_length"),
}
ACCOUNT = "guest or account"
#: All checkouts of a group, beside the aspects; and the column that names the group of a session.
WHOLE, GROUP = "checkout", "its group"
#: Values beyond the commonest so many are put together.
MOST = 8


@dataclass(frozen=True, eq=False, kw_only=True)
class Checkout(Result):
    """Checkouts begun and finished.

    Args:
        rows: A row a group, aspect and value: group, aspect, value, n, of (sessions that began the checkout and showed
            the value before they finished or left; n finished), rate, lower, upper, difference (to the other values of
            the aspect; with groups, to the other groups with the same value), difference_lower, difference_upper, p,
            q, clear. Sessions without a value are 'not known', and never compared: who leaves early has not named
            any. With groups, the aspect 'checkout' holds all sessions of each.
        began: Sessions that began the checkout.
        finished: Of which finished.
        unseen: Aspects of which the events tell nothing.
        by: What the groups come from, or None.
    """

    views: ClassVar[tuple[str, ...]] = ("rates",)

    rows: pd.DataFrame
    began: int
    finished: int
    unseen: tuple[str, ...]
    by: str | None

    def table(self) -> pd.DataFrame:
        """Return the values of each aspect with their rates."""
        return self.rows if self.by else self.rows.drop(columns=["group"])

    def headline(self) -> str:
        """Say how many finish, and where they clearly finish least."""
        said = (
            f"{words.percent(self.finished / self.began)} of {words.count(self.began, 'begun checkout')} are finished"
        )
        worse = self.rows[self.rows["clear"] & (self.rows["difference"] < 0)]
        if self.by:
            return f"{said}; {_apart(worse)}."
        if worse.empty:
            return f"{said}; none of what is known tells those who finish from those who do not."
        far = worse.loc[worse["difference"].idxmin()]
        return (
            f"{said}; clearly fewer with {far['aspect']} “{far['value']}”: {words.percent(far['rate'])} of "
            f"{words.count(far['of'])}, {abs(100 * far['difference']):.1f} points below the others."
        )

    def _draw(self, view: str) -> alt.TopLevelMixin:
        import altair as alt

        from journeylab.charts import theme

        shown = self.rows[self.rows["value"] != tally.UNKNOWN]
        shown = shown.assign(what=[f"{a}: {v}" for a, v in zip(shown["aspect"], shown["value"], strict=True)])
        tint = {"color": alt.Color("group:N", title=None), "yOffset": "group:N"} if self.by else {}
        base = alt.Chart(shown).encode(
            y=alt.Y("what:N", title=None, sort=None, axis=alt.Axis(labelLimit=320)),
            **tint,
            opacity=alt.condition("datum.clear", alt.value(1.0), alt.value(0.45)),
            tooltip=[
                *(["group:N"] if self.by else []),
                alt.Tooltip("what:N", title="with"),
                *(alt.Tooltip(f"{name}:Q", format=".1%") for name in ("rate", "lower", "upper")),
                alt.Tooltip("n:Q", format=","),
                alt.Tooltip("of:Q", format=","),
                alt.Tooltip("clear:N", title="beyond noise"),
            ],
        )
        axis = alt.Axis(format=".0%")
        ink = {} if self.by else {"color": theme.MAIN}
        return alt.layer(
            base.mark_rule(strokeWidth=2, **ink).encode(
                x=alt.X("lower:Q", title="share that finishes the checkout", axis=axis, scale=alt.Scale(zero=False)),
                x2="upper:Q",
            ),
            base.mark_point(filled=True, size=80, **ink).encode(x="rate:Q"),
        ).properties(height=alt.Step(18 if self.by else 26), name=view)


@analysis("events")
def checkout(
    shop: Dataset,
    *,
    begin: Sequence[str] | None = None,
    goal: Sequence[str] | None = None,
    properties: Mapping[str, str] | None = None,
    gap: str | timedelta | None = None,
    by: str | None = None,
    groups: Sequence[str] = (),
    level: float = 0.95,
) -> Checkout:
    """Compare who finishes the checkout by what it asked of them.

    A session's value of an aspect is the last one its events show before the goal. Each value is compared with the
    other known values of its aspect (Newcombe; score or Fisher's test; Benjamini-Hochberg over all). With groups, each
    is compared with the other groups instead: over all checkouts, and at the same value of an aspect.

    Args:
        shop: A Dataset with events; their properties and customer ids tell the aspects.
        begin: Events of the checkout; well-known names if not given.
        goal: Events that finish it; well-known names of a purchase if not given.
        properties: Further or other aspects, each with the key of the events' properties that tells it.
        gap: A session ends after this long without an event; None takes those of the data, or 30 minutes.
        by: Break down by a column of events or a trait of customers, at the session's first event.
        groups: Only these values of `by`.
        level: Coverage of the intervals (Wilson).

    Raises:
        NotEnoughData: if no session began the checkout.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import tiny_shop
        >>> jl.journey.checkout(tiny_shop(), begin=["cart"]).headline()
        '50.0 % of 2 begun checkouts are finished; none of what is known tells those who finish from those who do not.'
    """
    number(level, "level", lowest=0.5, highest=0.9999)
    events = with_sessions(shop.table("events"), gap)
    events = _with_group(shop, events, by) if by else events.mutate(group=ibis.literal(tally.ALL))
    asked = {name: (key,) for name, key in (properties or {}).items()}
    keys = {**ASPECTS, **asked} if "properties" in events.columns else {}
    one = _sessions(events, keys, CHECKOUT if begin is None else begin, STAGES[-1] if goal is None else goal)
    if by and groups:
        one = one.filter(one[GROUP].isin(list(groups)))
    # one query an aspect would read the events each time: all are counted in one
    parts = [
        one.group_by(aspect=ibis.literal(name), value=one[name], group=one[GROUP]).agg(
            of=_.count(), n=_.won.sum().cast("int64")
        )
        for name in (*keys, ACCOUNT)
    ]
    found = shop.run(ibis.union(*parts) if len(parts) > 1 else parts[0])
    if found.empty:
        raise NotEnoughData("No session began a checkout.", do="Name the events of the checkout.")
    account = found[found["aspect"] == ACCOUNT]
    began, finished = int(account["of"].sum()), int(account["n"].sum())
    rows = [_commonest(name, found[found["aspect"] == name]) for name in (*keys, ACCOUNT)]
    known = [part for part in rows if (part["value"] != tally.UNKNOWN).any()]
    seen = {str(part["aspect"].iloc[0]) for part in known}
    caveats = [
        "Who picks a method or meets a fee may be another customer: a difference is no effect; a test shows one."
    ]
    unseen = tuple(name for name in (*ASPECTS, *asked, ACCOUNT) if name not in seen)
    if unseen:
        caveats.append(f"Not known here: {', '.join(dict.fromkeys(unseen))}.")
    whole = account.groupby("group", as_index=False)[["of", "n"]].sum().assign(aspect=WHOLE, value=tally.ALL)
    shown = [whole, *known] if by else known
    table = pd.concat(shown, ignore_index=True) if shown else rows[0].iloc[:0]
    return Checkout(
        rows=_compared(table, "value" if by else "aspect", level),
        began=began,
        finished=finished,
        unseen=unseen,
        by=by,
        caveats=(*caveats, *traits.said(by)),
    )


def _apart(worse: pd.DataFrame) -> str:
    """Say in which group clearly fewer finish than in the others, the whole checkout before its aspects."""
    if worse.empty:
        return "no group clearly finishes less than the others"
    overall = worse[worse["aspect"] == WHOLE]
    far = (worse if overall.empty else overall).sort_values("difference").iloc[0]
    where = "" if far["aspect"] == WHOLE else f" with {far['aspect']} “{far['value']}”"
    return (
        f"clearly fewer of {far['group']}{where}: {words.percent(far['rate'])} of {words.count(far['of'])}, "
        f"{abs(100 * far['difference']):.1f} points below the other groups"
    )


def _with_group(shop: Dataset, events: ir.Table, by: str) -> ir.Table:
    """Add the group of each session: that of its first event, the least of several at one instant."""
    events = tally.with_split(shop, events, by)
    visit = ibis.window(group_by=["visitor_id", "session"])
    events = events.mutate(first=events.occurred_at.min().over(visit))
    own = ibis.ifelse(events.occurred_at == events["first"], events.group, ibis.null("string"))
    return events.mutate(group=own.min().over(visit)).drop("first")


def _sessions(
    events: ir.Table, keys: Mapping[str, Sequence[str]], begin: Sequence[str], goal: Sequence[str]
) -> ir.Table:
    """Return a row a session that began the checkout: whether it was finished, and its value of each aspect."""
    name = events.event.lower()
    columns: dict[str, Any] = {
        key: ibis.coalesce(*(tally.property_of(events, told) for told in names)) for key, names in keys.items()
    }
    has = "customer_id" in events.columns
    log = events.select(
        "session",
        **columns,
        who=events.visitor_id,
        at=events.occurred_at,
        begun=name.isin([x.lower() for x in begin]).fill_null(False),
        goal=name.isin([x.lower() for x in goal]).fill_null(False),
        known=events.customer_id.notnull() if has else ibis.null("boolean"),
        **{GROUP: events.group},
    )
    visit = ibis.window(group_by=["who", "session"])
    begun_at = ibis.ifelse(_.begun, _.at, ibis.null("timestamp(6)")).min().over(visit)
    log = log.mutate(begun_at=begun_at).filter(_.begun_at.notnull())
    goal_at = ibis.ifelse(_.goal & (_.at >= _.begun_at), _.at, ibis.null("timestamp(6)")).min().over(visit)
    log = log.mutate(goal_at=goal_at)
    before = log.filter(~_.goal, _.goal_at.isnull() | (_.at <= _.goal_at))
    latest = ibis.window(group_by=["who", "session"])
    for key in keys:
        at = ibis.ifelse(before[key].notnull(), before["at"], ibis.null("timestamp(6)")).max().over(latest)
        before = before.mutate(**{f"at of {key}": at})
    values = {
        key: ibis.ifelse(_["at"] == _[f"at of {key}"], _[key], ibis.null("string")).max().fill_null(tally.UNKNOWN)
        for key in keys
    }
    account = ibis.cases((_.known.any(), "known customer"), (_.known.count() > 0, "guest"), else_=tally.UNKNOWN)
    return before.group_by("who", "session").agg(
        won=_.goal_at.notnull().any(), **values, **{ACCOUNT: account, GROUP: _[GROUP].min()}
    )


def _commonest(aspect: str, found: pd.DataFrame) -> pd.DataFrame:
    """Return the values of an aspect, the commonest first, those beyond `MOST` put together."""
    total = found.groupby("value", as_index=False)["of"].sum()
    total["unknown"] = total["value"] == tally.UNKNOWN
    total = total.sort_values(["unknown", "of", "value"], ascending=[True, False, True], ignore_index=True)
    total["place"] = total.index.where((total.index < MOST) | total["unknown"], MOST)
    total["shown"] = total["value"].where((total.index < MOST) | total["unknown"], tally.OTHER)
    found = found.merge(total[["value", "place", "shown"]], on="value").sort_values(["place", "group"])
    found = found.drop(columns="value").rename(columns={"shown": "value"})
    return found.groupby(["value", "group"], as_index=False, sort=False)[["of", "n"]].sum().assign(aspect=aspect)


def _compared(rows: pd.DataFrame, against: str, level: float) -> pd.DataFrame:
    """Add rates, and each known row against the others of its aspect, or of its aspect and value."""
    rows = rows.assign(rate=rows["n"] / rows["of"])
    rows["lower"], rows["upper"] = wilson(rows["n"], rows["of"], level=level)
    same = rows["aspect"] if against == "aspect" else rows["aspect"] + "\x1f" + rows["value"]
    rows = with_others(rows.assign(same=same), "same", counts=rows["value"] != tally.UNKNOWN, level=level)
    told = ["rate", "lower", "upper", "difference", "difference_lower", "difference_upper", "p", "q", "clear"]
    return rows[["group", "aspect", "value", "n", "of", *told]]
