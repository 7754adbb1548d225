"""What customers say of the shop in scores: how high, how sure, where, whose, and whether it moves.

Method and limits: docs/methods/feedback.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np

from journeylab import words
from journeylab.checks import number, whole
from journeylab.customers import answers, respondents, score_course, score_interval, score_mix, score_trend
from journeylab.customers.answers import ALL, KINDS, OTHER, UNKNOWN, Kind
from journeylab.journey.differences import FALSE_SHARE, benjamini_hochberg
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

    from journeylab.customers.paradox import Paradox
    from journeylab.customers.personas import Personas
    from journeylab.data.dataset import Dataset

#: Fewer answers than this are shown, greyed, and neither compared nor ranked.
SMALLEST = 30
_INNER = ["total", "squares", "people", "nn", "tn", "tt"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Feedback(Result):
    """Scores by group.

    Args:
        rows: A row a group, the lowest score first, those of few answers last: group, n (answers), of (all of the
            kind), customers (who gave them; an answer that does not say counts as of somebody else), share, score with
            lower and upper, place (mean position on the scale, 0 to 1), positive and negative (counts; only for NPS do
            they say promoters and detractors), enough (n is not too small), difference to the rest with
            difference_lower, difference_upper, p, q (adjusted for many looks) and clear.
        whole: The same for all answers, one row.
        trend: A row a span of time: bucket, partial, n, score, lower, upper.
        slope: The line through the answers.
        mixed: The first half of the period beside the second where the whole moves against its groups, or its
            touchpoints where there are none; None where it does not.
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
    mixed: Paradox | None
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
        if self.mixed is not None:
            one, other = ("up", "down") if self.mixed.whole > 0 else ("down", "up")
            return f"{said}, going {one} as a whole and {other} at each touchpoint: other touchpoints are asked about."
        return f"{said}; {score_course.written(self.slope, level=self.level)}."

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
    everyone = answers.counted(shop, asked.mutate(group=ibis.literal(ALL)), "group")
    days = answers.counted(shop, asked, "day")
    staff = kind == "enps"
    seen = score_course.guarded(days, smallest) if staff else days
    rows = _ranked(_against_rest(_scored(groups, what, level), everyone, what, level=level, smallest=smallest))
    hidden = 0
    if staff and by:
        shown = score_course.shown(rows, smallest)
        hidden = int((~shown).sum())
        rows = rows[shown].reset_index(drop=True)
    buckets = seen.rename(columns={"day": "bucket"}) if staff else score_course.buckets(shop, asked, days)
    less = float(respondents.design(everyone, level=level)[0])
    slope = score_course.slope(shop, asked, days, everyone, level=level)
    mixed, said = score_mix.halves(shop, split, by, level=level, smallest=smallest)
    if by is not None:
        said += score_mix.groups(shop, split, rows, by, level=level, smallest=smallest)
        said += (f"Over time, as a whole: {score_course.written(slope, level=level)}.",)
    return Feedback(
        rows=rows,
        whole=_scored(everyone, what, level).drop(columns=_INNER),
        trend=score_course.marked(shop, _scored(buckets, what, level), days, together=staff),
        slope=slope,
        mixed=mixed,
        changes=score_trend.changes(seen[seen["n"] > 0], smallest=smallest, seed=seed, less=less),
        kind=what,
        by=by,
        smallest=smallest,
        level=level,
        caveats=(*said, *_caveats(what, by, left_out, hidden, smallest, rows), *respondents.said(everyone)),
    )


def _scored(sums: pd.DataFrame, kind: Kind, level: float) -> pd.DataFrame:
    """Return scores with intervals from sums, a row each."""
    n = sums["n"].to_numpy(float)
    lower, upper = score_interval.interval(*respondents.effective(sums, level=level), kind, level=level)
    with np.errstate(invalid="ignore", divide="ignore"):
        score, place = sums["total"].to_numpy(float) / n, sums["places"].to_numpy(float) / n
    of = int(sums["n"].sum())
    inner = [*answers.SUMS, *respondents.MOMENTS]
    return sums[[name for name in sums.columns if name not in inner]].assign(
        n=sums["n"], of=of, customers=sums["people"], share=n / of, score=score, lower=lower, upper=upper, place=place,
        positive=sums["positive"], negative=sums["negative"],
    ).join(sums[_INNER])  # fmt: skip


def _against_rest(
    rows: pd.DataFrame, everyone: pd.DataFrame, kind: Kind, *, level: float, smallest: int
) -> pd.DataFrame:
    """Add each group's difference to the rest, corrected for as many looks as there are."""
    whole = float(respondents.design(everyone, level=level)[0])
    names = ("n", "total", "squares")
    rest = tuple((float(everyone[name].iloc[0]) - rows[name].to_numpy(float)) / whole for name in names)
    gap, lower, upper = score_interval.difference(respondents.effective(rows, level=level), rest, kind, level=level)
    enough = rows["n"].to_numpy() >= smallest
    looked = enough & (int(everyone["n"].iloc[0]) - rows["n"].to_numpy() >= smallest)
    p = np.where(looked, score_interval.p_value(gap, lower, upper, level=level), np.nan)
    q = benjamini_hochberg(p)
    return rows.drop(columns=_INNER).assign(
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


def _caveats(
    kind: Kind, by: str | None, left_out: int, hidden: int, smallest: int, rows: pd.DataFrame
) -> tuple[str, ...]:
    said = ["Only those who answered are counted; who does not answer may think otherwise."]
    few = int((~rows["enough"]).sum()) if by else 0
    if few:
        said.append(f"{words.count(few, 'group')} with fewer than {smallest} answers: shown last, and not compared.")
    if hidden:
        said.append(
            f"{words.count(hidden, 'group')} of colleagues left out, to protect them: those of fewer than {smallest} "
            "answers, and as many more as it takes that what the others leave of the whole is not of fewer either."
        )
    if kind.name == "enps":
        said.append(f"Over time, no point is of fewer than {smallest} answers, unless there are no more in all.")
    if left_out:
        said.append(f"{words.count(left_out, 'answer')} outside their own scale left out.")
    if by in {"sales_channel", "marketing_channel", "device", "country", "shipping_method", "delivery"}:
        said.append("An answer belongs to the customer's last order before it; it may be about another one.")
    if by is not None:
        said.append("Groups differ in more than what names them; a difference is no proof of its cause.")
    if kind.name == "csat":
        said.append("Satisfied are the upper two of five answers, or what lies as high on another scale.")
    return tuple(said)
