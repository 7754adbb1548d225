"""Signs with and without: compared within parts, tested together, and put into money and words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from journeylab import words
from journeylab.intervals import wilson
from journeylab.journey.dead_ends import MIN_ALIKE
from journeylab.journey.differences import FALSE_SHARE, SMALL, benjamini_hochberg, newcombe, p_value

if TYPE_CHECKING:
    from journeylab.journey.worth import Worth


def matched(n: pd.Series, won: pd.Series, of: pd.Series, of_won: pd.Series) -> dict[str, Any]:
    """Compare sessions with a sign and without it within each part: directly standardised to those with it.

    The rate of those without is Σ w p, with w the share of the part among those with the sign; its variance
    Σ w² p (1 - p) / m gives the number of sessions that would have it without parts.
    """
    n, won, of, of_won = (x.to_numpy(dtype=float) for x in (n, won, of, of_won))
    rest = of - n
    both = (n > 0) & (rest > 0)
    told = {"hits": won[both].sum(), "tries": n[both].sum(), "worth": 1.0, "rest": rest[both].sum()}
    if both.sum() < 2:
        return told | {"others": (of_won - won)[both].sum(), "other_of": rest[both].sum()}
    weight, rate = n[both] / n[both].sum(), (of_won - won)[both] / rest[both]
    mean, soft = float((weight * rate).sum()), ((of_won - won)[both] + 0.5) / (rest[both] + 1)
    variance = float((weight**2 * soft * (1 - soft) / rest[both]).sum())
    about = float((weight * soft).sum())
    number_of = min(about * (1 - about) / variance, rest[both].sum())
    return told | {"others": mean * number_of, "other_of": number_of}


def judged(found: pd.DataFrame, worth: Worth, level: float, draws: int, rng: np.random.Generator) -> pd.DataFrame:
    """Add rates, tests and money; clear signs first, by margin."""
    columns = ["finding", "sign", "type", "place", "group", "n", "of", "share", "won", "rate", "other_rate"]
    columns += ["difference", "difference_lower", "difference_upper", "p", "q", "clear", "margin", "lower", "upper"]
    if found.empty:
        return pd.DataFrame(columns=[*columns, "evidence"]).astype({"clear": bool, "q": float, "margin": float})
    found = found.reindex(columns=[*found.columns, *{"error", "freedom"}.difference(found.columns)])
    looked = (found["tries"] >= SMALL) & (found["rest"].where(found["sign"] != "ended", found["other_of"]) >= SMALL)
    with np.errstate(invalid="ignore", divide="ignore"):
        found["share"] = found["n"] / found["of"]
        found["rate"] = found["hits"] / found["tries"].where(found["tries"] > 0)
        found["other_rate"] = (found["others"] / found["other_of"]).where(found["other_of"] > 0)
    found["difference"] = (found["rate"] - found["other_rate"]).where(looked)
    lower, upper = newcombe(found["hits"], found["tries"], found["others"], found["other_of"], level=level)
    found["difference_lower"], found["difference_upper"] = (
        np.where(looked, lower, np.nan),
        np.where(looked, upper, np.nan),
    )
    counts = found[["hits", "tries", "others", "other_of"]].round().astype("int64").itertuples(index=False)
    found["p"] = [p_value(*row) if look else np.nan for row, look in zip(counts, looked, strict=True)]
    _spread(found, looked & found["error"].notna(), level)
    found["q"] = benjamini_hochberg(found["p"])
    each = found["tries"] * found["worth"] * worth.margin
    found["margin"] = (-found["difference"] * each * worth.value).where(looked)
    size, tail = (draws, len(found)), (1 - level) / 2
    many, tries = (np.maximum(found[name].to_numpy(float).round(), 1) for name in ("other_of", "tries"))
    again = rng.binomial(many.astype("int64"), found["other_rate"].fillna(0), size=size) / many
    mine = rng.binomial(tries.astype("int64"), found["rate"].fillna(0), size=size) / tries
    value = np.maximum(worth.value + rng.standard_normal((draws, 1)) * worth.error, 0)
    drawn = np.quantile((again - mine) * each.to_numpy(float) * value, [tail, 1 - tail], axis=0)
    found["lower"], found["upper"] = np.where(looked, drawn[0], np.nan), np.where(looked, drawn[1], np.nan)
    worse = (found["lower"] > 0) | (found["worth"].isna() & (found["difference"] < 0))
    found["clear"] = (np.nan_to_num(found["q"], nan=1.0) < FALSE_SHARE) & worse
    found["evidence"] = [_evidence(row) for row in found.itertuples()]
    order = ["clear", "margin", "n", "finding", "group"]
    found = found.sort_values(order, ascending=[False, False, False, True, True], ignore_index=True)
    return found[[*columns, "evidence"]]


def _spread(found: pd.DataFrame, ends: pd.Series, level: float) -> None:
    """Test dead ends against how much places of their kind differ anyhow."""
    from scipy.special import stdtr, stdtrit

    mine = found[ends]
    error = np.sqrt(mine["error"] ** 2 + mine["rate"] * (1 - mine["rate"]) / mine["tries"])
    found.loc[ends, "p"] = 2 * stdtr(mine["freedom"], -(mine["difference"] / error).abs())
    half = stdtrit(mine["freedom"], (1 + level) / 2) * error
    found.loc[ends, "difference_lower"] = mine["difference"] - half
    found.loc[ends, "difference_upper"] = mine["difference"] + half


def _evidence(row: Any) -> str:
    if row.sign in {"answer", "case"}:
        if np.isnan(row.rate):
            return f"{words.count(row.n)} of {words.count(row.of, 'case')} ({words.percent(row.share)})."
        least, most = wilson(row.n, row.of)
        there = f"{words.count(row.n)} of {words.count(row.of)} who said were unhappy ({words.percent(row.share)}"
        other = f"; of the {words.count(row.rest)} like them elsewhere {words.percent(1 - row.other_rate)}"
        return f"{there}, {words.percent(float(least))} to {words.percent(float(most))}){other if row.rest else ''}."
    there = f"{words.count(row.n)} of {words.count(row.of)} sessions ({words.percent(row.share)})"
    if row.sign == "checkout":
        lower, upper = wilson(row.n, row.of)
        return f"{there}, {words.percent(float(lower))} to {words.percent(float(upper))}; they cannot have converted."
    if row.sign == "ended":
        alike = words.count(row.rest, "other place")
        beside = (
            f"at {alike} of its kind {words.percent(1 - row.other_rate)} do."
            if row.rest
            else f"fewer than {MIN_ALIKE} places are of its kind, so it is not compared."
        )
        return f"{there} end here; {beside} Those who go on convert at {words.percent(row.worth)}."
    if not row.tries:
        return f"{there}; there is nobody to compare them with."
    return (
        f"{there}; they convert at {words.percent(row.rate)}, the {words.count(row.rest)} without it at "
        f"{words.percent(row.other_rate)}."
    )
