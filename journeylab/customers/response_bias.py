"""Who answers, and what that does to the score: answers by customers' value, and what a reward changes.

Method and limits: docs/methods/feedback.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import ibis
import numpy as np
import pandas as pd
from ibis import _

from journeylab import words
from journeylab.checks import number, one_of
from journeylab.customers import answers, respondents, score_interval
from journeylab.customers.answers import KINDS, Kind
from journeylab.customers.rfm import scores
from journeylab.errors import NotEnoughData
from journeylab.intervals import wilson, z_of
from journeylab.journey.differences import newcombe
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    import altair as alt
    import ibis.expr.types as ir

    from journeylab.data.dataset import Dataset

FIFTHS = ("lowest fifth", "second fifth", "middle fifth", "fourth fifth", "highest fifth")
_INCENTIVE = ["measure", "rewarded", "n_rewarded", "other", "n_other", "difference", "lower", "upper"]


@dataclass(frozen=True, eq=False, kw_only=True)
class ResponseBias(Result):
    """Who answers, by value, and what a reward changes.

    Args:
        rows: A row a fifth of the customers by net value, the lowest first: fifth, n (who answered), of (customers),
            rate with lower and upper, answers, score with score_lower and score_upper.
        incentive: What differs between rewarded and other answers: measure ('score', 'score at the same touchpoints',
            'comment written', 'from the highest fifth'), rewarded, n_rewarded, other, n_other, difference, lower,
            upper. Empty where no answer says so.
        score: Of the answers of customers with orders.
        weighted: The score with every fifth counted as often as it has customers, with weighted_lower, weighted_upper.
        kind: What was answered.
        level: Coverage of the intervals.
    """

    views: ClassVar[tuple[str, ...]] = ("who", "scores", "reward")

    rows: pd.DataFrame
    incentive: pd.DataFrame
    score: float
    weighted: float
    weighted_lower: float
    weighted_upper: float
    kind: Kind
    level: float

    def table(self) -> pd.DataFrame:
        """Return a row a fifth of the customers."""
        return self.rows

    def headline(self) -> str:
        """Say who answers, and the score if all fifths answered alike."""
        low, high = self.rows.iloc[0], self.rows.iloc[-1]
        said = (
            f"Of the highest fifth by value {words.percent(high['rate'])} answered, of the lowest "
            f"{words.percent(low['rate'])}"
        )
        if np.isnan(self.weighted):
            return f"{said}; too few answered to weigh them."
        digits = 2 if self.kind.span[1] < 10 else 0
        sign = "+" if self.kind.span[0] >= 0 else ""
        score, alike, lower, upper = (
            words.plus(value, digits=digits).removeprefix(sign)
            for value in (self.score, self.weighted, self.weighted_lower, self.weighted_upper)
        )
        verb, rest = ("stay", "") if alike == score else ("be", f", not {score}")
        return f"{said}; if all had answered alike, {self.kind.title} would {verb} {alike} ({lower} to {upper}){rest}."

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import response_bias as charts

        if view == "scores":
            return charts.scores(self.rows, whole=self.score, title=self.kind.title)
        if view == "reward":
            return charts.reward(self.incentive)
        return charts.who(self.rows)


@analysis("surveys.customer_id", "orders.customer_id")
def response_bias(shop: Dataset, *, kind: str = "nps", level: float = 0.95) -> ResponseBias:
    """Compare who answers with all customers, by fifths of net value, and rewarded with other answers.

    The weighted score is the mean over fifths, each weighing as many customers as it has (post-stratification: Holt &
    Smith 1979, JRSS A 142). It mends what value tells apart, and nothing else. Rewarded answers are compared as they
    are, and within touchpoints (by direct standardisation), since rewards are given at some and not at others.

    Args:
        shop: A Dataset with orders and answers by customer.
        kind: As in `feedback`.
        level: Coverage of the intervals.

    Raises:
        NotEnoughData: if no customer with an order answered.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import regulars_shop
        >>> jl.customers.response_bias(regulars_shop())  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        journeylab.errors.SchemaError: This needs the customer id of surveys, which the shop's files do not have yet...
    """
    number(level, "level", lowest=0.5, highest=0.9999)
    one_of(kind, "kind", tuple(KINDS))
    what = KINDS[kind]
    asked = answers.asked(shop, kind).filter(_.points.notnull())
    fifths = scores(shop, bins=len(FIFTHS))[0].select("customer_id", fifth=_.m)
    rows = _fifths(shop, asked, fifths, what, level)
    weights = rows["of"] / rows["of"].sum()
    known = rows["answers"] > 1
    noise = score_interval.variance(*(rows[name].where(known) for name in ("answers", "total", "squares")))
    weighted = float((weights * rows["score"]).sum()) if known.all() else float("nan")
    half = z_of(level) * float(np.sqrt((weights**2 * noise * rows["less"]).sum()))
    low, high = what.span
    incentive = _incentive(shop, asked, fifths, what, level)
    return ResponseBias(
        rows=rows.drop(columns=["total", "squares", "less"]),
        incentive=incentive,
        score=float(rows["total"].sum() / rows["answers"].sum()),
        weighted=weighted,
        weighted_lower=max(weighted - half, low) if known.all() else float("nan"),
        weighted_upper=min(weighted + half, high) if known.all() else float("nan"),
        kind=what,
        level=level,
        caveats=_caveats(incentive, what),
    )


def _fifths(shop: Dataset, asked: ir.Table, fifths: ir.Table, kind: Kind, level: float) -> pd.DataFrame:
    """Return who answered, and how, by fifth."""
    given = asked.filter(_.customer_id.notnull()).group_by(_whose=_.customer_id)
    given = given.agg(answers=_.count(), total=_.points.sum(), squares=(_.points * _.points).sum())
    given = given.mutate(nn=_.answers * _.answers, tn=_.answers * _.total, tt=_.total * _.total)
    people = fifths.left_join(given, fifths.customer_id == given["_whose"])
    sums = shop.run(
        people.group_by("fifth").agg(
            n=_["_whose"].count(),
            of=_.count(),
            answers=_.answers.sum(),
            total=_.total.sum(),
            squares=_.squares.sum(),
            nn=_.nn.sum(),
            tn=_.tn.sum(),
            tt=_.tt.sum(),
        )
    )
    sums = sums.fillna(0.0).sort_values("fifth", ignore_index=True)
    if not sums["n"].sum():
        raise NotEnoughData("No customer with an order gave an answer of this kind.")
    lower, upper = wilson(sums["n"], sums["of"], level=level)
    told = sums.assign(people=sums["n"], n=sums["answers"])
    score_lower, score_upper = score_interval.interval(*respondents.effective(told, level=level), kind, level=level)
    return pd.DataFrame(
        {
            "fifth": [FIFTHS[place - 1] for place in sums["fifth"]],
            "n": sums["n"].astype(int),
            "of": sums["of"].astype(int),
            "rate": sums["n"] / sums["of"],
            "lower": lower,
            "upper": upper,
            "answers": sums["answers"].astype(int),
            "score": sums["total"] / sums["answers"].replace(0, np.nan),
            "score_lower": score_lower,
            "score_upper": score_upper,
            "total": sums["total"].astype(float),
            "squares": sums["squares"].astype(float),
            "less": respondents.design(told, level=level),
        }
    )


def _incentive(shop: Dataset, asked: ir.Table, fifths: ir.Table, kind: Kind, level: float) -> pd.DataFrame:
    """Compare rewarded answers with the others: how high, how high at the same touchpoints, and by whom."""
    empty = pd.DataFrame(columns=_INCENTIVE)
    if "incentive" not in asked.columns:
        return empty
    touchpoint = _.touchpoint.fill_null("") if "touchpoint" in asked.columns else ibis.literal("")
    wrote = _.comment.notnull() if "comment" in asked.columns else ibis.literal(value=False)
    whose = fifths.rename(_whose="customer_id")
    told = asked.filter(_.incentive.notnull()).mutate(part=touchpoint, wrote=wrote)
    told = told.left_join(whose, told.customer_id == whose["_whose"]).mutate(best=_.fifth == len(FIFTHS))
    sums = shop.run(
        told.group_by("incentive", "part").agg(
            n=_.count(), total=_.points.sum(), squares=(_.points * _.points).sum(),
            wrote=_.wrote.sum(), best=_.best.fill_null(False).sum(), known=_.fifth.count(),
        )
    )  # fmt: skip
    if set(sums["incentive"]) != {False, True}:
        return empty
    sums = sums.sort_values(["incentive", "part"], ignore_index=True)
    arms = sums.drop(columns="part").groupby("incentive").sum()
    yes, no = arms.loc[True], arms.loc[False]
    gap, lower, upper = score_interval.difference(
        (yes["n"], yes["total"], yes["squares"]), (no["n"], no["total"], no["squares"]), kind, level=level
    )
    rows: list[list[Any]] = [
        ["score", yes["total"] / yes["n"], yes["n"], no["total"] / no["n"], no["n"], gap, lower, upper]
    ]
    within = _same_touchpoints(sums, level)
    rows += [within] if within else []
    for name, n, of in (("comment written", "wrote", "n"), ("from the highest fifth", "best", "known")):
        if (name == "comment written" and "comment" not in asked.columns) or not (yes[of] and no[of]):
            continue
        low, high = newcombe(yes[n], yes[of], no[n], no[of], level=level)
        one, other = yes[n] / yes[of], no[n] / no[of]
        rows.append([name, one, yes[of], other, no[of], one - other, low, high])
    found = pd.DataFrame(rows, columns=_INCENTIVE)
    figures = {name: float for name in _INCENTIVE if name != "measure"}
    return found.astype(figures).astype({"n_rewarded": int, "n_other": int})


def _same_touchpoints(sums: pd.DataFrame, level: float) -> list[Any] | None:
    """Return the score's difference with the mix of touchpoints of the rewarded; None if there is but one."""
    wide = sums.pivot_table(index="part", columns="incentive", values=["n", "total", "squares"], aggfunc="sum").dropna()
    wide = wide[(wide["n"] > 1).all(axis=1)]
    if sums["part"].nunique() < 2 or wide.empty:
        return None
    weight = (wide["n"][True] / wide["n"][True].sum()).to_numpy(float)
    means = {arm: (wide["total"][arm] / wide["n"][arm]).to_numpy(float) for arm in (True, False)}
    noise = sum(
        np.asarray(score_interval.variance(wide["n"][arm], wide["total"][arm], wide["squares"][arm]))
        for arm in (True, False)
    )
    one, other = (float(weight @ means[arm]) for arm in (True, False))
    half = z_of(level) * float(np.sqrt(weight**2 @ np.asarray(noise)))
    n = [int(wide["n"][arm].sum()) for arm in (True, False)]
    return [
        "score at the same touchpoints",
        one,
        n[0],
        other,
        n[1],
        one - other,
        one - other - half,
        one - other + half,
    ]


def _caveats(incentive: pd.DataFrame, kind: Kind) -> tuple[str, ...]:
    said = [
        "Weighing by value mends only what value tells apart; within a fifth those who answer may still differ.",
        "A customer who could not be asked counts as one who did not answer.",
    ]
    if len(incentive):
        row = incentive.iloc[-1] if len(incentive) < 2 else incentive.iloc[min(1, len(incentive) - 1)]
        row = row if str(row["measure"]).startswith("score") else incentive.iloc[0]
        digits = 2 if kind.span[1] < 10 else 0
        gap, low, high = (words.plus(row[name], digits=digits) for name in ("difference", "lower", "upper"))
        verdict = "beyond chance" if row["lower"] > 0 or row["upper"] < 0 else "which may be chance"
        said.append(
            f"Rewarded answers ({words.count(row['n_rewarded'])} of "
            f"{words.count(row['n_rewarded'] + row['n_other'])}) score {gap} ({low} to {high}), {verdict}; leave them "
            "out to compare with times without a reward."
        )
    return tuple(said)
