"""How support cases go: the first reply, the time to resolve, who must write again; and what customers do after one.

Method and limits: docs/methods/feedback.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from journeylab import words
from journeylab.checks import number, one_of, whole
from journeylab.customers import answers, cases, respondents, score_interval
from journeylab.customers.answers import KINDS, OTHER, UNKNOWN
from journeylab.data.coverage import orders_end
from journeylab.errors import NotEnoughData
from journeylab.intervals import wilson
from journeylab.journey.differences import SMALL, newcombe
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Mapping

    import altair as alt
    from numpy.typing import ArrayLike

    from journeylab.customers.personas import Personas
    from journeylab.data.dataset import Dataset

HOUR = 60.0
_TIMES = {"first_reply": "first_reply_minutes", "resolved": "resolved_minutes"}


@dataclass(frozen=True, eq=False, kw_only=True)
class Support(Result):
    """Support cases by group, and what follows them.

    Args:
        rows: A row a group, the most cases first: group, n, of, share; medians in hours first_reply and resolved; rates
            again (customers who had to write more than once) and satisfied; each with its _lower, _upper and _n.
        after: A row an outcome and what went before it ('no case', 'case, quick reply', 'case, slow reply'): outcome,
            group, n, of (0 for scores), value with lower and upper, and difference to no case with difference_lower and
            difference_upper.
        kind: The score in `after`.
        days: How long after a case an answer or order counts.
        by: What the groups come from, or None.
        level: Coverage of the intervals.
    """

    views: ClassVar[tuple[str, ...]] = ("replies", "resolved", "again", "after")

    rows: pd.DataFrame
    after: pd.DataFrame
    kind: str
    days: int
    by: str | None
    level: float

    def table(self) -> pd.DataFrame:
        """Return a row a group."""
        return self.rows

    def headline(self) -> str:
        """Say how long customers wait and how many must ask again, and where most cases arise."""
        n = int(self.rows["of"].iloc[0])
        known = self.rows[~self.rows["group"].isin([UNKNOWN, OTHER])]
        first = (known if len(known) else self.rows).iloc[0]
        said = f"{words.count(n, 'support case')}"
        if self.by is not None:
            said += f", {words.percent(first['share'], digits=0)} of them {first['group']}"
        parts = []
        if not np.isnan(first["first_reply"]):
            parts.append(f"half wait {words.length(first['first_reply'] * 3600)} or more for the first reply")
        if not np.isnan(first["again"]):
            parts.append(f"{words.percent(first['again'], digits=0)} must write again")
        whose = "there, " if self.by is not None else ""
        return f"{said}: {whose}{words.listed(parts)}." if parts else f"{said}."

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import support as charts

        if view == "after":
            return charts.after(self.after)
        name = {"replies": "first_reply"}.get(view, view)
        title = {"replies": "hours to the first reply (median)", "resolved": "hours to resolve (median)"}
        share = view == "again"
        return charts.groups(self.rows, value=name, title=title.get(view, "had to write again"), share=share)


@analysis("tickets")
def support(
    shop: Dataset,
    *,
    by: str | None = None,
    personas: Personas | None = None,
    stages: Mapping[str, str] | None = None,
    kind: str = "nps",
    days: int = 90,
    level: float = 0.95,
) -> Support:
    """Describe the support cases, and compare customers with a case to those without: as seen, not as caused.

    Times are medians with the interval of the sign test, shares have Wilson's. Scores are of answers given within
    `days` after a case, beside answers without one. Orders are counted from a landmark 30 days after a customer's first
    order: of those with and without a case before it, who orders within `days` after it.

    Args:
        shop: A Dataset with tickets; answers and orders too, for what follows.
        by: 'topic', 'touchpoint' (by `stages`), 'sales_channel', or 'customers.…' for a trait.
        personas: The Result of `jl.customers.personas`, to break down by it in place of `by`.
        stages: The touchpoint of topics, where it is not the usual one (`cases.STAGES`) or the topic itself.
        kind: The score to compare.
        days: How long after a case an answer or order counts, 7 to 365.
        level: Coverage of the intervals.

    Raises:
        NotEnoughData: if there is no case in the period.
        BadParameter: if the cases cannot be broken down so.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import shop_of
        >>> shop = shop_of({"tickets": '''SELECT i::VARCHAR AS ticket_id, TIMESTAMP '2026-01-01' AS opened_at,
        ...     'delivery' AS topic, (60 * i)::DOUBLE AS first_reply_minutes FROM range(1, 10) t(i)'''})
        >>> jl.customers.support(shop).rows[["n", "first_reply"]].values.tolist()
        [[9.0, 5.0]]
    """
    number(level, "level", lowest=0.5, highest=0.9999)
    whole(days, "days", lowest=7, highest=365)
    one_of(kind, "kind", tuple(KINDS))
    tickets = cases.grouped(shop, by, personas, stages)
    rows = cases.counts(shop, tickets)
    if rows.empty:
        raise NotEnoughData("There is no support case in this period.", do="Choose a longer period.")
    rows.insert(2, "of", int(rows["n"].sum()))
    rows.insert(3, "share", rows["n"] / rows["of"])
    middle = float("nan")
    out = rows[["group", "n", "of", "share"]]
    for name, column in _TIMES.items():
        slots = cases.times(shop, tickets, column)
        found = [cases.median(slots[slots["group"] == group], level=level) for group in rows["group"]]
        columns = (name, f"{name}_lower", f"{name}_upper", f"{name}_n")
        told = pd.DataFrame(found, columns=list(columns))
        out = out.join(told.assign(**{key: told[key] / HOUR for key in columns[:3]}))
        middle = cases.median(slots, level=level)[0] if name == "first_reply" else middle
    for name in ("again", "satisfied"):
        n, of = rows[name].astype(float), rows[f"of_{name}"].astype(float)
        lower, upper = wilson(n, of, level=level)
        out = out.assign(
            **{name: n / of.replace(0, np.nan), f"{name}_lower": lower, f"{name}_upper": upper, f"{name}_n": of}
        )
    after = pd.concat([_scores(shop, kind, days, middle, level), _orders(shop, days, middle, level)], ignore_index=True)
    return Support(
        rows=out,
        after=after,
        kind=kind,
        days=days,
        by="persona" if personas is not None else by,
        level=level,
        caveats=_caveats(after, middle, days),
    )


_AFTER = ["outcome", "group", "n", "of", "value", "lower", "upper"]
_DIFFERENCE = ["difference", "difference_lower", "difference_upper"]


def _scores(shop: Dataset, kind: str, days: int, quick: float, level: float) -> pd.DataFrame:
    """Return scores after a case beside those without."""
    empty = pd.DataFrame(columns=[*_AFTER, *_DIFFERENCE])
    if not shop.has("surveys.customer_id", "tickets.customer_id") or not answers.kinds_of(shop).get(kind):
        return empty
    try:
        sums = cases.answers_after(shop, kind, days, quick)
    except NotEnoughData:
        return empty
    what = KINDS[kind]
    told = respondents.effective(sums, level=level)
    lower, upper = score_interval.interval(*told, what, level=level)
    rows = pd.DataFrame({"outcome": f"{what.title} after", "group": sums["group"], "n": sums["n"], "of": 0})
    rows = rows.assign(value=sums["total"] / sums["n"].replace(0, np.nan), lower=lower, upper=upper)
    base = sums[sums["group"] == cases.NO_CASE]
    if base.empty:
        return rows.reindex(columns=empty.columns)
    gap = score_interval.difference(told, respondents.effective(base, level=level), what, level=level)
    return _compared(rows, gap)


def _orders(shop: Dataset, days: int, quick: float, level: float) -> pd.DataFrame:
    """Return who ordered after the landmark, of those with and without a case before it."""
    empty = pd.DataFrame(columns=[*_AFTER, *_DIFFERENCE])
    if not shop.has("orders.customer_id", "tickets.customer_id"):
        return empty
    until = orders_end(shop)
    sums = cases.orders_after(shop, days, quick, until) if until else empty
    base = sums[sums["group"] == cases.NO_CASE] if len(sums) else sums
    if sums.empty or base.empty:
        return empty
    lower, upper = wilson(sums["n"], sums["of"], level=level)
    rows = pd.DataFrame({"outcome": "ordered after", "group": sums["group"], "n": sums["n"], "of": sums["of"]})
    rows = rows.assign(value=sums["n"] / sums["of"], lower=lower, upper=upper)
    of = np.full(len(sums), base["of"].iloc[0])
    low, high = newcombe(sums["n"], sums["of"], np.full(len(sums), base["n"].iloc[0]), of, level=level)
    return _compared(rows, (rows["value"] - base["n"].iloc[0] / base["of"].iloc[0], low, high))


def _compared(rows: pd.DataFrame, gap: tuple[ArrayLike, ArrayLike, ArrayLike]) -> pd.DataFrame:
    """Add the difference to no case, where there are enough on both sides."""
    count = rows["of"].where(rows["of"] > 0, rows["n"])
    told = (rows["group"] != cases.NO_CASE) & (count >= SMALL) & (count[rows["group"] == cases.NO_CASE] >= SMALL).all()
    columns = {name: np.where(told, values, np.nan) for name, values in zip(_DIFFERENCE, gap, strict=True)}
    return rows.assign(**columns)


def _caveats(after: pd.DataFrame, middle: float, days: int) -> tuple[str, ...]:
    said = ["Times are from opening a case, by the clock, nights and weekends included."]
    if len(after):
        said.append(
            "Customers with a case differ from those without in more than the case: what follows is seen, not caused."
        )
        said.append(
            f"Orders are those from 30 to {cases.ABOUT + days} days after a first order, and cases those before that."
        )
    if not np.isnan(middle):
        said.append(f"Quick is a first reply within {words.length(60 * middle)}, the median.")
    return tuple(said)
