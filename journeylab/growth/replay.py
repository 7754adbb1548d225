"""The test day by day: what one would have read, and claimed, had one stopped on day d."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from journeylab.growth.effects import difference
from journeylab.growth.proportion import score_interval
from journeylab.growth.sequential import always_valid

if TYPE_CHECKING:
    from journeylab.growth.effects import Difference
    from journeylab.growth.metrics import Metric
    from journeylab.growth.moments import Floats, Moments
    from journeylab.growth.trial import Trial

COLUMNS = ["day", "variant", "n_control", "n", "effect", "lower", "upper", "always_lower", "always_upper"]


def fixed_interval(
    control: Moments, variant: Moments, metric: Metric, found: Difference, *, level: float
) -> tuple[Floats, Floats]:
    """The interval that is right once: the score interval of proportions, Welch's of means and ratios; elementwise."""
    from scipy.stats import t as student

    with np.errstate(divide="ignore", invalid="ignore"):
        if metric.kind == "proportion" and metric.before is None:
            successes = [arm.n * arm.column(metric.column) for arm in (control, variant)]
            return score_interval(successes[0], control.n, successes[1], variant.n, level=level)
        half = student.ppf((1 + level) / 2, found.df) * found.se
    return found.effect - half, found.effect + half


def by_day(trial: Trial, metric: Metric, *, level: float, tuning: float) -> pd.DataFrame:
    """Return a row a day and variant: units so far, the effect, its fixed and its always-valid interval.

    A unit counts from its day of exposure on. Where measures come from orders and events, it counts on each day with
    what it had done by then; a file of outcomes does not say when they came, so there with all of them.
    """
    if not trial.days or not metric.by_moments:
        return pd.DataFrame(columns=COLUMNS)
    days, so_far = trial.days, trial.moments[metric.name].total(axis=2).cumulative(axis=1)
    if trial.known is not None:
        days, so_far = trial.known
    control = so_far[0]
    frames = []
    for v, variant in enumerate(trial.variants[1:], start=1):
        arm = so_far[v]
        found = difference(control, arm, metric)
        lower, upper = fixed_interval(control, arm, metric, found, level=level)
        always_lower, always_upper = always_valid(found.effect, found.se, found.n, tuning=tuning, level=level)
        seen = np.minimum(control.n, arm.n) >= 2
        values = {"lower": lower, "upper": upper, "always_lower": always_lower, "always_upper": always_upper}
        frames.append(
            pd.DataFrame(
                {
                    "day": pd.to_datetime(pd.Series(days)),
                    "variant": variant,
                    "n_control": control.n.astype("int64"),
                    "n": arm.n.astype("int64"),
                    "effect": found.effect,
                    **{name: np.where(seen & np.isfinite(value), value, np.nan) for name, value in values.items()},
                }
            )
        )
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=COLUMNS)


def first_claim(rows: pd.DataFrame, *, lower: str, upper: str) -> pd.Timestamp | None:
    """The first day on which an interval excluded zero; None if it never did."""
    claimed = rows[(rows[lower] > 0) | (rows[upper] < 0)]
    return None if claimed.empty else claimed["day"].min()


def turned_back(rows: pd.DataFrame, *, lower: str = "lower", upper: str = "upper") -> bool:
    """Whether a claim was made on some day, and is no longer made on the last: the cost of peeking, seen."""
    if rows.empty:
        return False
    claimed = (rows[lower] > 0) | (rows[upper] < 0)
    return bool(claimed.any() and not claimed.iloc[-1])
