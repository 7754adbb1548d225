"""Answers of one customer are alike: how much less several of them tell than as many of different customers.

Method and limits: docs/methods/feedback.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
from ibis import _

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd
    from numpy.typing import NDArray

#: What is added up over customers, from the number of each one's answers and the sum of their points.
MOMENTS = {
    "people": (_.n > 0).cast("int64").sum(),
    "nn": (_.n * _.n).sum(),
    "tn": (_.total * _.n).sum(),
    "tt": (_.total * _.total).sum(),
}


def whose(answers: ir.Table) -> dict[str, Any]:
    """Return the keys that tell whose an answer is; an answer that does not say is of somebody else."""
    if "customer_id" not in answers.columns:
        return {"_alone": answers.response_id}
    alone = ibis.ifelse(answers.customer_id.isnull(), answers.response_id, ibis.null("string"))
    return {"_who": answers.customer_id, "_alone": alone}


def design(rows: pd.DataFrame, *, level: float) -> NDArray[np.float64]:
    """Return by how many times fewer answers of different customers would tell as much as these; 1 to n.

    It is the variance of the mean with customers as clusters, Σ_c (T_c - n_c m)² K / (K - 1), over that of single
    answers, Σ (x - m)² n / (n - 1), not below 1 (design effect: Kish 1965, "Survey Sampling", chapter 5), times the
    squared ratio of Student's t with K - 1 and n - 1 degrees of freedom, K the customers, as Korn & Graubard (1998,
    Survey Methodology 24) do for shares. Where all answers are alike, each customer counts once: Σ n_c² / n. With a
    customer an answer it is exactly 1; with one customer alone it is n.

    Args:
        rows: Sums with n, total, squares and `MOMENTS`, a row a group.
        level: Coverage of the interval it is for.

    >>> import pandas as pd
    >>> two_each = pd.DataFrame({"n": [200], "total": [0.0], "squares": [200.0], "people": [100], "nn": [400],
    ...                          "tn": [0.0], "tt": [400.0]})  # whoever answers twice says the same twice
    >>> print(design(two_each, level=0.95).round(2))
    [2.04]
    """
    from scipy.special import stdtrit

    n, total, squares, people, nn, tn, tt = (
        rows[name].to_numpy(float) for name in ("n", "total", "squares", "people", "nn", "tn", "tt")
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / n
        between = np.maximum(tt - 2 * mean * tn + mean**2 * nn, 0.0) * people / (people - 1)
        single = (squares - total * mean) * n / (n - 1)
        alike = single <= 1e-9 * np.maximum(squares, 1.0)
        effect = np.where(alike, nn / n, between / np.where(alike, 1.0, single))
        wide = stdtrit(np.maximum(people - 1, 1), 0.5 + level / 2) / stdtrit(np.maximum(n - 1, 1), 0.5 + level / 2)
        found = np.clip(np.maximum(effect, 1.0) * wide**2, 1.0, np.maximum(n, 1.0))
    return np.where(people >= n, 1.0, np.where(people < 2, np.maximum(n, 1.0), found))


def effective(rows: pd.DataFrame, *, level: float) -> tuple[Any, Any, Any]:
    """Return n, total and squares as of so many answers of different customers as tell as much; the mean stays."""
    less = design(rows, level=level)
    n, total, squares = (rows[name].to_numpy(float) / less for name in ("n", "total", "squares"))
    return n, total, squares


def said(rows: pd.DataFrame) -> tuple[str, ...]:
    """Say that some customers answered several times, if so, from the sums of all."""
    from journeylab import words

    n, people = int(rows["n"].iloc[0]), int(rows["people"].iloc[0])
    if people >= n:
        return ()
    told = f"{words.count(n, 'answer')} of {words.count(people, 'customer')}"
    return (f"{told}: what one says several times is alike, so the intervals and tests go by customers.",)
