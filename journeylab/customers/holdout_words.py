"""What a careful reader should know of a hold-out test, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from journeylab import words
from journeylab.customers.holdout_scores import NAIVE

if TYPE_CHECKING:
    import pandas as pd

    from journeylab.customers.holdout import Holdout

#: One customer with more than this share of what repeat purchases brought is pointed out.
LARGE = 0.2


def caveats(result: Holdout, *, forced: bool, free: bool) -> tuple[str, ...]:
    """Say how the model was chosen, what counts as a purchase, and where the test or the data give out.

    Args:
        result: The test, without caveats.
        forced: Whether the model was asked for and not chosen.
        free: Whether days that come to zero count as purchases.
    """
    errors = result.errors[result.errors["method"] != NAIVE]
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
    worse = (
        errors.loc[errors["chosen"], "error"].iloc[0]
        >= result.errors.loc[result.errors["method"] == NAIVE, "error"].iloc[0]
    )
    if worse:
        said.append(
            "The naive rule was no worse in this test: do not lean on the model's differences between customers."
        )
    expected, came = (words.money(value, result.currency) for value in result.money)
    said.append(f"In net value, {expected} were expected of these weeks, and {came} came.")
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
    if abs(result.total_error) > 0.15:
        said.append(
            f"The total was off by {words.percent(abs(result.total_error))}: the models know no season, so compare the "
            "same time of the year, or hold out other weeks."
        )
    if abs(result.spend_correlation) > 0.2:
        said.append(
            f"Frequent customers spend differently (correlation {words.decimal(result.spend_correlation)}); the model "
            "of spend takes the two as independent."
        )
    if (share := _largest_share(result.rows)) > LARGE:
        said.append(
            f"One customer brought {words.percent(share, digits=0)} or more of the value of all repeat purchases: the "
            "money expected of all hangs on that one, so look at it by itself."
        )
    return tuple(said)


def _largest_share(rows: pd.DataFrame) -> float:
    """Return a share of the value of repeat purchases that the largest customer had at the least.

    Of customers who share a history only sums are known; the largest spent no less than the mean weighted by spend.
    """
    spend = rows["spend"].to_numpy(float)
    least = np.divide(rows["squares"].to_numpy(float), spend, out=np.zeros_like(spend), where=spend > 0)
    return float(least.max(initial=0.0) / spend.sum()) if spend.sum() > 0 else 0.0
