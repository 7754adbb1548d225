"""What customers say of the shop in scores: how high, how sure, where, whose, and whether it moves.

Method and limits: docs/methods/feedback.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from ibis import _

from journeylab import words
from journeylab.checks import number, whole
from journeylab.customers import answers, paradox, score_interval, score_trend
from journeylab.customers.answers import ALL, KINDS, OTHER, UNKNOWN, Kind
from journeylab.data.dataset import ibis_date
from journeylab.journey.differences import FALSE_SHARE, benjamini_hochberg
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    import altair as alt
    import ibis.expr.types as ir

    from journeylab.customers.personas import Personas
    from journeylab.data.dataset import Dataset

#: Fewer answers than this are shown, greyed, and neither compared nor ranked.
SMALLEST = 30


@dataclass(frozen=True, eq=False, kw_only=True)
class Feedback(Result):
    """Scores by group.

    Args:
        rows: A row a group, the lowest score first, those of few answers last: group, n (answers), of (all of the
            kind), share, score with lower and upper, place (mean position on the scale, 0 to 1), positive and negative
            (counts; only for NPS do they say promoters and detractors), enough (n is not too small), difference to the
            rest with difference_lower, difference_upper, p, q (adjusted for many looks) and clear.
        whole: The same for all answers, one row.
        trend: A row a span of time: bucket, partial, n, score, lower, upper.
        slope: The line through the answers.
        changes: Days on which the level changed: day, before, after, n_before, n_after, p.
        kind: What was answered.
        by: What the groups come from, or None.
        smallest: Answers a group must have to be compared.
        level: Coverage of the intervals.
    """

    rows: pd.DataFrame
    whole: pd.DataFrame
    trend: pd.DataFrame
    slope: score_trend.Slope
    changes: pd.DataFrame
    kind: Kind
    by: str | None
    smallest: int
    level: float

    @property
    def views(self) -> tuple[str, ...]:  # type: ignore[override]
        """The groups where there are any, and the course over time."""
        return ("groups", "trend") if self.by else ("trend",)

    def table(self) -> pd.DataFrame:
        """Return a row a group, each score beside its number of answers and interval."""
        return self.rows

    def headline(self) -> str:
        """Say the score with its interval, and the group that is clearly lowest."""
        all_of_them = self.whole.iloc[0]
        said = f"{self.kind.title} is {self.written(all_of_them)}"
        worst = self.worst
        if worst is not None:
            return f"{said}; lowest for {worst['group']}: {self.written(worst)}."
        if self.by is not None:
            return f"{said}; no group is clearly lower than the rest."
        if self.slope.p < 1 - self.level:
            direction = "up" if self.slope.a_month > 0 else "down"
            return f"{said}, going {direction} by {abs(self.slope.a_month):.2g} points a month."
        return f"{said}; it shows no clear trend."

    @property
    def worst(self) -> pd.Series | None:
        """The lowest of the groups that are clearly below the rest; None if there is none."""
        low = self.rows[self.rows["clear"] & (self.rows["difference"] < 0) & ~self.rows["group"].isin([UNKNOWN, OTHER])]
        return None if low.empty else low.loc[low["score"].idxmin()]

    def written(self, row: Any) -> str:
        """Write a score with its interval and n as a person would."""
        digits = 2 if self.kind.span[1] < 10 else 0
        score, lower, upper = (words.plus(row[name], digits=digits) for name in ("score", "lower", "upper"))
        if self.kind.span[0] >= 0:
            score, lower, upper = (text.lstrip("+") for text in (score, lower, upper))
        unit = self.kind.unit if self.kind.unit.startswith("%") else f" {self.kind.unit}"
        unit = f" {unit}" if unit.startswith("%") else unit.rstrip()
        return f"{score}{unit} ({lower} to {upper}, n = {words.count(row['n'])})"

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import feedback as charts

        if view == "trend":
            return charts.trend(self.trend, self.changes, title=self.kind.title)
        return charts.groups(self.rows, whole=float(self.whole["score"].iloc[0]), title=self.kind.title)


@analysis("surveys")
def feedback(
    shop: Dataset,
    *,
    kind: str = "nps",
    by: str | None = None,
    personas: Personas | None = None,
    level: float = 0.95,
    smallest: int = SMALLEST,
    seed: int = 1,
) -> Feedback:
    """Score the answers of a kind, with intervals, by group and over time.

    NPS is the share of promoters (9 and 10 of ten) less that of detractors (0 to 6), times 100, with the variance
    (p + d - (p - d)²) / n. CSAT is the share that is satisfied (4 and 5 of five), yes / no that of yes, both in per
    cent; effort is the mean on 1 (hard) to 7 (easy), stars the mean on 1 to 5. Employees' NPS goes by the rules of NPS,
    and its groups of fewer than `smallest` are left out, because colleagues would be recognised. Scores on other scales
    are put on these; those that lie outside their own scale are left out, and counted in the caveats.

    Source: Reichheld (2003), "The One Number You Need to Grow", Harvard Business Review 81(12); intervals: Rocks (2016)
    and Wilson (1927), see `score_interval`.

    Args:
        shop: A Dataset with surveys.
        kind: 'nps', 'csat', 'ces', 'stars', 'yes_no' or 'enps'.
        by: One of `journeylab.customers.answers.splits(shop)`: 'touchpoint', 'incentive', 'rfm' (group), 'delivery'
            (before or after it), 'sales_channel' and other columns of the customer's last order before the answer, or
            'customers.…' for a trait.
        personas: The Result of `jl.customers.personas`, to break down by it in place of `by`.
        level: Coverage of the intervals.
        smallest: Answers a group must have to be compared, 5 to 1,000.
        seed: Of the simulated series by which changes of level are judged.

    Raises:
        NotEnoughData: if no answer of this kind lies in the period.
        BadParameter: if the answers cannot be broken down so.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import answers_shop
        >>> jl.customers.feedback(answers_shop(), by="touchpoint").table()[["group", "n"]].values.tolist()
        [['delivery', 51], ['product', 129]]
    """
    number(level, "level", lowest=0.5, highest=0.9999)
    whole(smallest, "smallest", lowest=5, highest=1000)
    asked = answers.asked(shop, kind)
    what = KINDS[kind]
    split = answers.with_group(shop, asked, by, personas)
    by = "persona" if personas is not None else by
    groups = answers.counted(shop, split, "group")
    left_out = int(groups["left_out"].sum())
    everyone = groups.assign(group=ALL).groupby("group", as_index=False).sum()
    days = answers.counted(shop, asked, "day")
    rows = _ranked(_against_rest(_scored(groups, what, level), everyone, what, level=level, smallest=smallest))
    hidden = 0
    if kind == "enps" and by:
        hidden = int((~rows["enough"]).sum())
        rows = rows[rows["enough"]].reset_index(drop=True)
    trend = _trend(shop, days, what, level)
    changes = score_trend.changes(days[days["n"] > 0], smallest=smallest, seed=seed)
    said = () if by is None else (*_halves(shop, split, level, smallest), *_mix(shop, split, rows, by, level, smallest))
    return Feedback(
        rows=rows,
        whole=_scored(everyone, what, level),
        trend=trend,
        slope=score_trend.slope(days, level=level),
        changes=changes,
        kind=what,
        by=by,
        smallest=smallest,
        level=level,
        caveats=(*said, *_caveats(what, by, left_out, hidden, smallest, rows)),
    )


def _scored(sums: pd.DataFrame, kind: Kind, level: float) -> pd.DataFrame:
    """Return scores with intervals from sums, a row each."""
    n = sums["n"].to_numpy(float)
    lower, upper = score_interval.interval(n, sums["total"], sums["squares"], kind, level=level)
    with np.errstate(invalid="ignore", divide="ignore"):
        score, place = sums["total"].to_numpy(float) / n, sums["places"].to_numpy(float) / n
    of = int(sums["n"].sum())
    keys = [name for name in sums.columns if name not in answers.SUMS]
    return sums[keys].assign(
        n=sums["n"], of=of, share=n / of, score=score, lower=lower, upper=upper, place=place,
        positive=sums["positive"], negative=sums["negative"],
    ).join(sums[["total", "squares"]])  # fmt: skip


def _against_rest(
    rows: pd.DataFrame, everyone: pd.DataFrame, kind: Kind, *, level: float, smallest: int
) -> pd.DataFrame:
    """Add each group's difference to the rest, corrected for as many looks as there are."""
    mine = tuple(rows[name].to_numpy(float) for name in ("n", "total", "squares"))
    rest = tuple(float(everyone[name].iloc[0]) - own for name, own in zip(("n", "total", "squares"), mine, strict=True))
    gap, lower, upper = score_interval.difference(mine, rest, kind, level=level)
    enough = mine[0] >= smallest
    looked = enough & (rest[0] >= smallest)
    p = np.where(looked, score_interval.p_value(gap, lower, upper, level=level), np.nan)
    q = benjamini_hochberg(p)
    return rows.drop(columns=["total", "squares"]).assign(
        enough=enough,
        difference=np.where(looked, gap, np.nan),
        difference_lower=np.where(looked, lower, np.nan),
        difference_upper=np.where(looked, upper, np.nan),
        p=p,
        q=q,
        clear=np.nan_to_num(q, nan=1.0) < FALSE_SHARE,
    )


def _ranked(rows: pd.DataFrame) -> pd.DataFrame:
    """Sort groups from the lowest score up, those of few answers last."""
    rows = rows[rows["n"] > 0].assign(_few=lambda frame: ~frame["enough"])
    return rows.sort_values(["_few", "score", "group"], ignore_index=True).drop(columns="_few")


def _trend(shop: Dataset, days: pd.DataFrame, kind: Kind, level: float) -> pd.DataFrame:
    """Return the score by day, week or month."""
    from journeylab.journey.tally import grain_of, is_partial

    at = pd.to_datetime(days["day"])
    grain = grain_of((at.max() - at.min()).days + 1)
    sums = days.assign(bucket=at.dt.to_period(grain).dt.start_time).drop(columns="day")
    rows = _scored(sums.groupby("bucket", as_index=False).sum(), kind, level)
    rows = rows[["bucket", "n", "score", "lower", "upper"]]
    rows.insert(1, "partial", is_partial(rows["bucket"], shop, grain))
    return rows[rows["n"] > 0].reset_index(drop=True)


def _halves(shop: Dataset, split: ir.Table, level: float, smallest: int) -> tuple[str, ...]:
    """Say if the score moves one way from half to half of the period, and within the groups the other."""
    if shop.period is None or shop.period[0] == shop.period[1]:
        return ()
    middle = shop.period[0] + (shop.period[1] - shop.period[0]) / 2
    rows = answers.counted(shop, split.mutate(arm=_.day > ibis_date(middle)), "arm", "group")
    found = paradox.look(rows.rename(columns={"group": "part"}), level=level, smallest=smallest)
    if found is None or not found.reversed:
        return ()
    up, down = ("up", "down") if found.whole > 0 else ("down", "up")
    said = (
        f"Simpson's paradox: from the first half of the period to the second the score goes {up} by "
        f"{abs(found.whole):.2g} as a whole, and {down} by {abs(found.within):.2g} within the groups "
        f"({found.against} of {words.count(found.parts, 'group')} against the whole), because other groups answer now. "
        "Trust the groups."
    )
    return (said,)


def _mix(shop: Dataset, split: ir.Table, rows: pd.DataFrame, by: str, level: float, smallest: int) -> tuple[str, ...]:
    """Say of each clear group whether it stands on the other side of the rest at the same touchpoints."""
    clear = rows.loc[rows["clear"], "group"]
    if by == "touchpoint" or "touchpoint" not in split.columns or clear.empty:
        return ()
    counts = answers.counted(shop, split.mutate(part=_.touchpoint.fill_null("")), "group", "part")
    said = []
    for group in clear:
        found = paradox.look(counts.assign(arm=counts["group"] == group), level=level, smallest=smallest)
        if found is not None and found.reversed:
            over, under = ("above", "below") if found.whole > 0 else ("below", "above")
            said.append(
                f"Simpson's paradox: {group} lies {over} the rest as a whole, and {under} it at the same touchpoints "
                f"(by {abs(found.within):.2g}), because it was asked about others. Trust the touchpoints."
            )
    return tuple(said)


def _caveats(
    kind: Kind, by: str | None, left_out: int, hidden: int, smallest: int, rows: pd.DataFrame
) -> tuple[str, ...]:
    said = ["Only those who answered are counted; who does not answer may think otherwise."]
    few = int((~rows["enough"]).sum()) if by else 0
    if few:
        said.append(f"{words.count(few, 'group')} with fewer than {smallest} answers: shown last, and not compared.")
    if hidden:
        said.append(f"{words.count(hidden, 'group')} of fewer than {smallest} colleagues left out, to protect them.")
    if left_out:
        said.append(f"{words.count(left_out, 'answer')} outside their own scale left out.")
    if by in {"sales_channel", "marketing_channel", "device", "country", "shipping_method", "delivery"}:
        said.append("An answer belongs to the customer's last order before it; it may be about another one.")
    if by is not None:
        said.append("Groups differ in more than what names them; a difference is no proof of its cause.")
    if kind.name == "csat":
        said.append("Satisfied are the upper two of five answers, or what lies as high on another scale.")
    return tuple(said)
