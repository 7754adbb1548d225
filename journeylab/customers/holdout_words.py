"""What a careful reader should know of a hold-out test, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from journeylab import words
from journeylab.customers.holdout_rules import RULES
from journeylab.intervals import z_of

if TYPE_CHECKING:
    import pandas as pd

    from journeylab.customers.holdout import Holdout

#: One customer with more than this share of what repeat purchases brought is pointed out.
LARGE = 0.2
#: A total further off than this is pointed out; one nearer than the second is near, whatever a rule of thumb says.
MISS, NEAR = 0.15, 0.05


def caveats(result: Holdout, *, forced: bool, free: bool) -> tuple[str, ...]:
    """Say how the model was chosen, what counts as a purchase, and where the test or the data give out.

    Args:
        result: The test, without caveats.
        forced: Whether the model was asked for and not chosen.
        free: Whether days that come to zero count as purchases.
    """
    errors = result.errors[~result.errors["method"].isin(RULES)]
    if forced:
        said = [f"{result.model.NAME} was asked for; no other model was compared with it."]
    else:
        others = ", ".join(f"{row.method} {words.percent(row.error)}" for row in errors.itertuples() if not row.chosen)
        best = float(errors.loc[errors["chosen"], "error"].iloc[0])
        chosen = (
            f"{result.model.NAME} was chosen for its hold-out error over frequency classes, {words.percent(best)}; "
            f"the others: {others}. The winner of a test looks a little better in it than it will be."
        )
        said = [chosen]
    said += warnings(result)
    if not _outside(result):
        said.append(f"In net value, {_expected(result)} were expected of these weeks, and {_came(result)} came.")
    said.append(
        f"A purchase is a day on which a customer's orders come to {'zero or more' if free else 'more than zero'}: "
        "several orders a day are one; orders refunded in full and returns by themselves are none."
    )
    said.append("Orders before the first day of the data are not known, so early customers look newer than they are.")
    if result.model.estimate is not None and not result.model.estimate.identified:
        said.append(
            "The data do not settle how customers drop out (it may hardly happen, or the history is short), so the "
            "model's parameters have no standard errors; totals still do."
        )
    if abs(result.spend_correlation) > 0.2:
        said.append(
            f"Frequent customers spend differently (correlation {_correlation(result)}); the model of spend takes "
            "the two as independent."
        )
    return tuple(said)


def warnings(result: Holdout) -> tuple[str, ...]:
    """Say where the test failed, and whom the money hangs on: what any value that rests on it must carry."""
    chosen = result.errors.loc[result.errors["chosen"]].iloc[0]
    rules = result.errors[result.errors["method"].isin(RULES)]
    said = []
    closest = rules.loc[rules["error"].idxmin()] if rules["error"].notna().any() else None
    if closest is not None and chosen["error"] >= closest["error"]:
        said.append(
            f"A naive rule was no worse in this test (“{closest['method']}”): do not lean on the model's differences "
            "between customers."
        )
    if abs(result.total_error) > MISS:
        said.append(
            f"The total was off by {words.percent(abs(result.total_error))}: the models know no season, so compare the "
            "same time of the year, or hold out other weeks."
        )
    if abs(result.money_error) > MISS:
        said.append(
            f"The money was off by {words.percent(abs(result.money_error))}, the purchases by "
            f"{words.percent(abs(result.total_error))}: the models take what a purchase brings to stay as it was."
        )
    said += _nearer(rules, chosen)
    if _outside(result):
        said.append(
            f"In net value, {_expected(result)} were expected of these weeks, and {_came(result)} came, which lies "
            "outside: take the intervals of values as too narrow, by what the models do not know."
        )
    if (share := _largest_share(result.rows)) > LARGE:
        said.append(
            f"One customer brought {words.percent(share, digits=0)} or more of the value of all repeat purchases: the "
            "money expected of all hangs on that one, so look at it by itself."
        )
    return tuple(said)


def too_narrow(result: Holdout, half: float) -> tuple[str, ...]:
    """Say that the test missed by more than an interval reaches.

    Args:
        result: The test.
        half: What the interval of a value reaches to either side, relative to it.
    """
    miss = abs(result.money_error)
    if not miss > half:
        return ()
    reach, off = words.percent(half, digits=0), words.percent(miss, digits=0)
    return (f"The interval reaches {reach} to either side; in money the test was off by {off}: count on as much.",)


def _nearer(rules: pd.DataFrame, chosen: pd.Series) -> list[str]:
    """Say which rules of thumb came nearer to the totals than the model, where the model was not near itself."""
    said: dict[str, list[str]] = {}
    for column, noun in (("total_error", "purchases"), ("money_error", "money")):
        misses, miss = rules[column].abs(), abs(float(chosen[column]))
        if miss > NEAR and misses.min() < miss:
            best = rules.loc[misses.idxmin()]
            said.setdefault(str(best["method"]), []).append(f"{words.signed(best[column])} in {noun}")
    return [
        f"In total the rule “{method}” was nearer than the model: {words.listed(ones)}."
        for method, ones in said.items()
    ]


def _correlation(result: Holdout) -> str:
    """Say the correlation of frequency and spend with its interval, by Fisher's z over the customers who came back."""
    n = float(result.rows.loc[result.rows["frequency"] > 0, "n"].sum())
    middle, half = np.arctanh(result.spend_correlation), z_of(result.level) / np.sqrt(max(n - 3, 1))
    lower, upper = (words.decimal(float(np.tanh(end))) for end in (middle - half, middle + half))
    level = words.percent(result.level, digits=0)
    return f"{words.decimal(result.spend_correlation)}, {level} interval {lower} to {upper}"


def _outside(result: Holdout) -> bool:
    """Whether what came lies outside the interval of what was expected."""
    lower, upper = result.money_ends
    return result.money[1] < lower or result.money[1] > upper


def _expected(result: Holdout) -> str:
    lower, upper = (words.money(end, result.currency) for end in result.money_ends)
    return (
        f"{words.money(result.money[0], result.currency)} ({words.percent(result.level, digits=0)} interval {lower} to "
        f"{upper})"
    )


def _came(result: Holdout) -> str:
    return words.money(result.money[1], result.currency)


def _largest_share(rows: pd.DataFrame) -> float:
    """Return a share of the value of repeat purchases that the largest customer had at the least.

    Of customers who share a history only sums are known; the largest spent no less than the mean weighted by spend.
    """
    spend = rows["spend"].to_numpy(float)
    least = np.divide(rows["squares"].to_numpy(float), spend, out=np.zeros_like(spend), where=spend > 0)
    return float(least.max(initial=0.0) / spend.sum()) if spend.sum() > 0 else 0.0
