"""Where visitors struggle: signs of friction, typed, with their evidence and the money that goes with them.

A sign is counted by session. Sessions with it are compared with sessions that were at the same place without it; the
conversions they fall short of are what it may cost. Definitions: docs/methods/friction.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from journeylab import words
from journeylab.checks import number, one_of, whole
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.intervals import wilson
from journeylab.journey import signs
from journeylab.journey.differences import FALSE_SHARE, SMALL, benjamini_hochberg, newcombe, p_value
from journeylab.journey.steps import STAGES
from journeylab.journey.worth import Worth, worth_of
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    import altair as alt

    from journeylab.data.dataset import Dataset

TYPES = ("navigational", "usability", "emotional", "financial", "support", "performance")
#: Sign, its type, and its words; {place} is where, {x} a setting.
_PLACED = {
    "loop": ("navigational", "{place}: there {loop} times or more"),
    "back": ("navigational", "{place}: there, elsewhere, and there again"),
    "rapid": ("emotional", "{place}: three times within three seconds"),
    "slow": ("performance", "{place}: waited {slow} s or longer"),
    "ended": ("usability", "{place}: the visit ends here"),
}
_WHOLE = {
    "many": ("usability", "searched {searches} times or more"),
    "empty": ("navigational", "a search found nothing"),
    "help": ("support", "went for help"),
    "checkout": ("financial", "began the checkout and did not finish"),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Friction(Result):
    """Signs of friction.

    Args:
        rows: A row a sign, place and group: finding, sign, type, place, group, n (sessions with it), of (sessions it
            could have shown in), share (n / of), won (those with it that converted), rate (won / n), other_rate (of
            those without it), difference, difference_lower, difference_upper, p, q, clear, margin, lower, upper,
            evidence (a sentence). Clear ones first, by margin. Dead ends and unfinished checkouts cannot convert;
            their rate is the share with the sign, compared with all other places, or not compared.
        by: What the groups come from, or None.
        sessions: How many sessions were looked at.
        worth: Value of a conversion and margin.
        currency: Of all money.
    """

    views: ClassVar[tuple[str, ...]] = ("findings",)

    rows: pd.DataFrame
    by: str | None
    sessions: int
    worth: Worth
    currency: str

    def table(self) -> pd.DataFrame:
        """Return the signs with evidence and money."""
        return self.rows if self.by else self.rows.drop(columns=["group"])

    def found(self) -> pd.DataFrame:
        """Return the signs that go with clearly fewer conversions, the dearest first."""
        return self.rows[self.rows["clear"]]

    def headline(self) -> str:
        """Say the dearest clear sign, or that there is none."""
        found = self.found()
        if found.empty:
            return (
                f"No sign of friction goes with clearly fewer conversions in {words.count(self.sessions, 'session')}."
            )
        top = found.iloc[0]
        return (
            f"{words.count(len(found), 'sign')} of friction go with clearly fewer conversions; the dearest "
            f"({top['type']}): {top['finding']}, {words.money(top['margin'], self.currency)} of margin "
            f"({words.money(top['lower'], self.currency)} to {words.money(top['upper'], self.currency)})."
        )

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import money

        one_of(view, "view", self.views)
        shown = self.rows[self.rows["margin"].notna()].head(12)
        return money.findings(shown, currency=self.currency)


@analysis("events")
def friction(
    shop: Dataset,
    *,
    goal: Sequence[str] | None = None,
    place: str | None = None,
    gap: str | timedelta | None = None,
    loop: int = 4,
    searches: int = 3,
    slow: float = 3.0,
    by: str | None = None,
    value: float | None = None,
    margin: float | None = None,
    level: float = 0.9,
    draws: int = 2000,
    seed: int = 0,
) -> Friction:
    """Look for signs of friction in sessions and say what goes with them.

    Per sign: missed = n × (rate of sessions there without it − rate with it); margin = missed × value × margin share.

    Args:
        shop: A Dataset with events, or a table of events.
        goal: Events that are the goal of a session; well-known names of a purchase if not given.
        place: 'page' or 'event'; pages where the events have them.
        gap: A session ends after this long without an event; None takes those of the data, or 30 minutes.
        loop: How often at one place is a loop.
        searches: How many searches in one session are many.
        slow: Seconds of loading from which a page is slow.
        by: Look within groups of a column of events or a trait of customers.
        value: Value of a conversion; from the orders if not given.
        margin: Share of it that is margin; from unit costs where they are known, if not given.
        level: Coverage of the intervals.
        draws: How often to draw again.
        seed: Of the draws.

    Raises:
        BadParameter: for a column the events do not have.
        NotEnoughData: if there is no session, or no goal in any of them.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import tiny_shop
        >>> jl.journey.friction(tiny_shop(), value=20).headline()
        'No sign of friction goes with clearly fewer conversions in 3 sessions.'
    """
    number(level, "level", lowest=0.5, highest=0.9999)
    whole(loop, "loop", lowest=2, highest=100)
    whole(searches, "searches", lowest=2, highest=100)
    number(slow, "slow", lowest=0.1, highest=600)
    whole(draws, "draws", lowest=100, highest=20_000)
    where = place or ("page" if shop.has("events.page") else "event")
    if one_of(where, "place", ("page", "event")) not in shop.table("events").columns:
        raise BadParameter("The events do not say on which page they happened.", do="Use place='event'.")
    goals = STAGES[-1] if goal is None else tuple(goal)
    log = signs.log_of(shop, where, gap, goals, by)
    visits = signs.visits(shop, log, searches=searches)
    if visits.empty or not visits["won"].sum():
        raise NotEnoughData(
            "No session reaches the goal, so nothing can be compared.", do="Name the events that are the goal."
        )
    there = signs.places(shop, log, loop=loop, slow_ms=slow * 1000)
    worth = worth_of(shop, pd.DataFrame(), value=value, margin=margin)
    said = {"loop": loop, "slow": f"{slow:g}", "searches": searches}
    found = pd.DataFrame([*_placed(there, said), *_whole(visits, said)])
    rows = _judged(found, worth, level, draws, np.random.default_rng(whole(seed, "seed")))
    looks = words.count(int(rows["q"].notna().sum()), "sign")
    caveats = (
        "A sign goes with fewer conversions; that it causes them is for a test to show.",
        "The same session may show several signs, so their margins do not add up.",
        worth.said,
        f"{looks} compared with at least {SMALL} sessions on both sides (Benjamini-Hochberg).",
    )
    sessions = int(visits["sessions"].sum())
    return Friction(rows=rows, by=by, sessions=sessions, worth=worth, currency=shop.currency, caveats=caveats)


def _placed(there: pd.DataFrame, said: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the signs that show at a place, with the sessions there without them."""
    rows = []
    for group, mine in there.groupby("group", sort=True):
        ends, seen = float(mine["n_ended"].sum()), float(mine["sessions"].sum())
        for r in mine.itertuples():
            for sign, (kind, text) in _PLACED.items():
                n, won = int(getattr(r, f"n_{sign}")), int(getattr(r, f"won_{sign}"))
                row = {"finding": text.format(place=r.place, **said), "sign": sign, "type": kind, "place": r.place}
                row |= {"group": group, "n": n, "of": int(r.sessions), "won": won}
                if sign == "ended":  # compared: how often it is the last place, with all other places
                    chance = (int(r.won) - won) / max(int(r.sessions) - n, 1)
                    row |= {"hits": int(r.sessions) - n, "tries": int(r.sessions), "worth": chance}
                    row |= {"others": seen - r.sessions - (ends - n), "other_of": seen - r.sessions}
                else:
                    row |= {"hits": won, "tries": n, "worth": 1.0}
                    row |= {"others": int(r.won) - won, "other_of": int(r.sessions) - n}
                if n:
                    rows.append(row)
    return rows


def _whole(visits: pd.DataFrame, said: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the signs of a whole visit."""
    rows = []
    for r in visits.itertuples():
        for sign, (kind, text) in _WHOLE.items():
            n, of = int(getattr(r, f"n_{sign}")), int(getattr(r, f"of_{sign}"))
            won, of_won = int(getattr(r, f"won_{sign}")), int(getattr(r, f"of_won_{sign}"))
            row = {"finding": text.format(**said), "sign": sign, "type": kind, "place": "", "group": r.group}
            row |= {"n": n, "of": of, "won": won, "hits": won, "tries": n, "worth": 1.0}
            if sign == "checkout":  # unfinished by definition: nothing to compare with
                row |= {"others": 0, "other_of": 0}
            else:
                row |= {"others": of_won - won, "other_of": of - n}
            if n:
                rows.append(row)
    return rows


def _judged(found: pd.DataFrame, worth: Worth, level: float, draws: int, rng: np.random.Generator) -> pd.DataFrame:
    """Add rates, tests and money; clear signs first, by margin."""
    columns = ["finding", "sign", "type", "place", "group", "n", "of", "share", "won", "rate", "other_rate"]
    columns += ["difference", "difference_lower", "difference_upper", "p", "q", "clear", "margin", "lower", "upper"]
    if found.empty:
        return pd.DataFrame(columns=[*columns, "evidence"]).astype({"clear": bool, "q": float, "margin": float})
    looked = (found["tries"] >= SMALL) & (found["other_of"] >= SMALL)
    with np.errstate(invalid="ignore", divide="ignore"):
        found["share"] = found["n"] / found["of"]
        found["rate"] = found["hits"] / found["tries"]
        found["other_rate"] = (found["others"] / found["other_of"]).where(found["other_of"] > 0)
    found["difference"] = (found["rate"] - found["other_rate"]).where(looked)
    lower, upper = newcombe(found["hits"], found["tries"], found["others"], found["other_of"], level=level)
    found["difference_lower"], found["difference_upper"] = (
        np.where(looked, lower, np.nan),
        np.where(looked, upper, np.nan),
    )
    counts = found[["hits", "tries", "others", "other_of"]].astype("int64").itertuples(index=False)
    found["p"] = [p_value(*row) if look else np.nan for row, look in zip(counts, looked, strict=True)]
    found["q"] = benjamini_hochberg(found["p"])
    each = found["tries"] * found["worth"] * worth.margin
    found["margin"] = (-found["difference"] * each * worth.value).where(looked)
    size, tail = (draws, len(found)), (1 - level) / 2
    again = rng.binomial(found["other_of"].astype("int64"), found["other_rate"].fillna(0), size=size)
    again = again / np.maximum(found["other_of"].to_numpy(float), 1)
    mine = rng.binomial(found["tries"].astype("int64"), found["rate"].fillna(0), size=size) / found["tries"].to_numpy(
        float
    )
    value = np.maximum(worth.value + rng.standard_normal((draws, 1)) * worth.error, 0)
    drawn = np.quantile((again - mine) * each.to_numpy(float) * value, [tail, 1 - tail], axis=0)
    found["lower"], found["upper"] = np.where(looked, drawn[0], np.nan), np.where(looked, drawn[1], np.nan)
    found["clear"] = (np.nan_to_num(found["q"], nan=1.0) < FALSE_SHARE) & (found["lower"] > 0)
    found["evidence"] = [_evidence(row) for row in found.itertuples()]
    order = ["clear", "margin", "n", "finding", "group"]
    found = found.sort_values(order, ascending=[False, False, False, True, True], ignore_index=True)
    return found[[*columns, "evidence"]]


def _evidence(row: Any) -> str:
    there = f"{words.count(row.n)} of {words.count(row.of)} sessions ({words.percent(row.share)})"
    if row.sign == "checkout":
        lower, upper = wilson(row.n, row.of)
        return f"{there}, {words.percent(float(lower))} to {words.percent(float(upper))}; they cannot have converted."
    if row.sign == "ended":
        return (
            f"{there} end here; elsewhere {words.percent(1 - row.other_rate)} do. Those who go on convert at "
            f"{words.percent(row.worth)}."
        )
    return (
        f"{there}; they convert at {words.percent(row.rate)}, the {words.count(row.other_of)} without it at "
        f"{words.percent(row.other_rate)}."
    )
