"""What a theme does to the score: how much lower or higher the answers are whose comments speak of it.

Method and limits: docs/methods/themes.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from journeylab.intervals import wilson, z_of
from journeylab.journey.differences import FALSE_SHARE, benjamini_hochberg

if TYPE_CHECKING:
    from journeylab.customers.comments import Comments
    from journeylab.customers.theme_model import Found

#: Fewer comments than this in a theme, or beside it, and its effect is not told.
FEWEST = 10


def effects(comments: Comments, found: Found, *, level: float) -> pd.DataFrame:
    """Return a row a theme: n_effect, effect with effect_lower and effect_upper, p, q, clear and impact.

    The effect is the difference in the mean place on the scale (0 to 100) between comments of the theme and all other
    comments, within each kind of answer, and averaged over kinds by the theme's comments. It is measured on the half
    of the comments in which the themes were not found (Egami et al. 2022, "How to make causal inferences using texts",
    Science Advances 8), so that it is not high by choice. `impact` is effect times share: how many points the mean of
    all comments misses through the theme.

    Args:
        comments: With their scores.
        found: Themes, and whose comments they are.
        level: Coverage of the intervals.
    """
    held = comments.rows["half"].to_numpy(bool)
    kinds, place = comments.rows["kind"].to_numpy(), 100 * comments.rows["place"].to_numpy(float)
    share = np.array([np.mean(found.member == theme) for theme in range(len(found.words))])
    rows = [_effect(kinds[held], place[held], found.member[held] == theme) for theme in range(len(found.words))]
    n, effect, error = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    half = z_of(level) * error
    with np.errstate(invalid="ignore", divide="ignore"):
        p = _p(effect / error)
    q = benjamini_hochberg(p)
    return pd.DataFrame(
        {
            "n_effect": n.astype(int),
            "effect": effect,
            "effect_lower": effect - half,
            "effect_upper": effect + half,
            "p": p,
            "q": q,
            "clear": np.nan_to_num(q, nan=1.0) < FALSE_SHARE,
            "impact": effect * share,
        }
    )


def _effect(kinds: np.ndarray, place: np.ndarray, inside: np.ndarray) -> tuple[int, float, float]:
    """Return the comments it rests on, the difference to all others within kinds, and its standard error."""
    n, total, noise = 0, 0.0, 0.0
    for kind in sorted(set(kinds)):
        here = kinds == kind
        mine, others = place[here & inside], place[here & ~inside]
        if len(mine) < 2 or len(others) < 2:
            continue
        n += len(mine)
        total += len(mine) * (mine.mean() - others.mean())
        noise += len(mine) ** 2 * (mine.var(ddof=1) / len(mine) + others.var(ddof=1) / len(others))
    if n < FEWEST:
        return n, float("nan"), float("nan")
    return n, total / n, float(np.sqrt(noise)) / n


def _p(z: np.ndarray) -> np.ndarray:
    from scipy.special import ndtr

    return 2 * ndtr(-np.abs(z))


def groups(comments: Comments, found: Found, names: list[str], *, level: float) -> pd.DataFrame:
    """Return a row a theme and group: n (comments of the theme), of (comments), rate, lower, upper, times.

    `times` is the rate over that of all other groups; `lower` and `upper` are Wilson's interval of the rate.
    """
    counts = pd.crosstab(comments.rows["group"], found.member).reindex(columns=range(len(names)), fill_value=0)
    of = comments.rows.groupby("group").size().reindex(counts.index)
    rows = []
    for theme, name in enumerate(names):
        n = counts[theme]
        lower, upper = wilson(n, of, level=level)
        rest = (n.sum() - n) / (of.sum() - of).replace(0, np.nan)
        rows.append(
            pd.DataFrame(
                {
                    "theme": name,
                    "group": counts.index,
                    "n": n.to_numpy(),
                    "of": of.to_numpy(),
                    "rate": (n / of).to_numpy(),
                    "lower": lower,
                    "upper": upper,
                    "times": (n / of / rest.replace(0, np.nan)).to_numpy(),
                }
            )
        )
    return pd.concat(rows, ignore_index=True)
