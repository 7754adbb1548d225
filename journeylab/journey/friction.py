"""Where visitors struggle: signs of friction, typed, with their evidence and the money that goes with them.

A sign is counted by session. Sessions with it are compared with sessions that were at the same place without it, on the
same device; the conversions they fall short of are what it may cost. Definitions: docs/methods/friction.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from journeylab import words
from journeylab.checks import number, one_of, whole
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.journey import dead_ends, signs, tally, traits
from journeylab.journey.aftermath import DAYS, evidence
from journeylab.journey.differences import SMALL
from journeylab.journey.judgement import judged, matched
from journeylab.journey.steps import STAGES
from journeylab.journey.voices import aftermath, voices
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


#: Signs that customers say, rather than visits show.
SAID = ("answer", "case")
AFTERMATH = (
    f"The money of answers and cases is what unhappy customers left less in the {DAYS} days after than content ones "
    "who spoke of the same and had ordered about as often: it goes with it, and may come from elsewhere."
)
NO_AFTERMATH = (
    f"No money stands beside answers and cases: for none are {SMALL} unhappy and {SMALL} content customers known whose "
    f"orders reach {DAYS} days further."
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Friction(Result):
    """Signs of friction.

    Args:
        rows: A row a sign, place and group: finding, sign, type, place, group, n (sessions with it), of (sessions it
            could have shown in), share (n / of), won (those with it that converted), rate (won / n), other_rate (of
            those without it), difference, difference_lower, difference_upper, p, q, clear, margin, lower, upper,
            evidence (a sentence). Clear ones first, by margin. Of a dead end, rate is the share that goes on there, and
            other_rate that at places of its kind. Of answers and support cases, n of `of` are unhappy, rate is the
            share that is content, and margin what the unhappy left less afterwards. Unfinished checkouts cannot
            convert: not compared.
        by: What the groups come from, or None.
        within: Columns within which sessions are compared.
        sessions: How many sessions were looked at.
        aftermath: What unhappy customers left less afterwards than content ones: sign, place, each, margin (of all of
            them), lower, upper, unhappy and content (customers), p, q, clear. Empty with groups, or where not known.
        worth: Value of a conversion and margin.
        currency: Of all money.
    """

    views: ClassVar[tuple[str, ...]] = ("findings",)

    rows: pd.DataFrame
    by: str | None
    within: tuple[str, ...]
    sessions: int
    aftermath: pd.DataFrame
    worth: Worth
    currency: str

    def table(self) -> pd.DataFrame:
        """Return the signs with evidence and money."""
        return self.rows if self.by else self.rows.drop(columns=["group"])

    def found(self) -> pd.DataFrame:
        """Return the signs that go with clearly fewer conversions, the dearest first."""
        return self.rows[self.rows["clear"]]

    def headline(self) -> str:
        """Say the dearest clear sign, or that there is none, and what customers are clearly least happy with."""
        found = self.found()
        said = found[found["sign"].isin(SAID)]
        told = ""
        if len(said):
            worst = said.loc[said["difference"].idxmin()]
            share = f"{words.percent(worst['share'])} of {words.count(worst['of'])}"
            told = f" Clearly least happy: {worst['finding']} ({share}{self._left(worst)})."
        found = found[~found["sign"].isin(SAID)]
        if found.empty:
            none = words.count(self.sessions, "session")
            return f"No sign of friction goes with clearly fewer conversions in {none}.{told}"
        top = found.iloc[0]
        return (
            f"{words.count(len(found), 'sign')} of friction {'goes' if len(found) == 1 else 'go'} with clearly fewer "
            "conversions; the dearest "
            f"({top['type']}): {top['finding']}, {words.money(top['margin'], self.currency)} of margin "
            f"({words.money(top['lower'], self.currency)} to {words.money(top['upper'], self.currency)}).{told}"
        )

    def _left(self, worst: pd.Series) -> str:
        """Say what the unhappy left less afterwards, where that is beyond noise."""
        if (worst["sign"], worst["place"]) not in self._dear():
            return ""
        low, high = (words.money(worst[name], self.currency) for name in ("lower", "upper"))
        return f"; they left {words.money(worst['margin'], self.currency)} less afterwards, {low} to {high}"

    def _dear(self) -> set[tuple[str, str]]:
        """Return the sign and place of what goes with less money afterwards, beyond noise."""
        clear = self.aftermath[self.aftermath["clear"].astype(bool)]
        return set(zip(clear["sign"], clear["place"], strict=True))

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import money

        one_of(view, "view", self.views)
        shown = self.rows[self.rows["margin"].notna()].head(12)
        said, dear = shown["sign"].isin(SAID), self._dear()
        beyond = [pair in dear for pair in zip(shown["sign"], shown["place"], strict=True)]
        return money.findings(shown.assign(clear=shown["clear"].where(~said, beyond)), currency=self.currency)


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
    groups: Sequence[str] = (),
    within: Sequence[str] | None = None,
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
        groups: Only these values of `by`; all if empty.
        within: Compare sessions only where these columns of events (or traits) are equal; None takes the device where
            the events have one.
        value: Value of a conversion; from the orders if not given.
        margin: Share of it that is margin; from unit costs where they are known, if not given.
        level: Coverage of the intervals.
        draws: How often to draw again.
        seed: Of the draws.

    Raises:
        BadParameter: for a column the events do not have, or groups without `by`.
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
    if groups and (by is None or isinstance(groups, str)):
        raise BadParameter("groups is a list of values of the column named in by.")
    where = place or ("page" if shop.has("events.page") else "event")
    if one_of(where, "place", ("page", "event")) not in shop.table("events").columns:
        raise BadParameter("The events do not say on which page they happened.", do="Use place='event'.")
    goals = STAGES[-1] if goal is None else tuple(goal)
    usual = ("device",) if shop.has("events.device") and by != "device" else ()
    same = usual if within is None else tuple(within)
    log = signs.log_of(shop, where, gap, goals, by, same)
    log = log.filter(log.group.isin(list(groups))) if groups else log
    visits = signs.visits(shop, log, searches=searches)
    if visits.empty or not visits["won"].sum():
        raise NotEnoughData(
            "No session reaches the goal, so nothing can be compared.", do="Name the events that are the goal."
        )
    there = signs.places(shop, log, loop=loop, slow_ms=slow * 1000)
    worth = worth_of(shop, None, value=value, margin=margin)
    said = {"loop": loop, "slow": f"{slow:g}", "searches": searches}
    heard = [] if by else [{**row, "group": tally.ALL} for row in voices(shop)]
    found = pd.DataFrame([*_placed(there, said), *_whole(visits, said), *heard])
    rows = judged(found, worth, level, draws, np.random.default_rng(whole(seed, "seed")))
    later = aftermath(shop, margin, level)
    if by:
        later = later.head(0)
    rows = _with_aftermath(rows, later, shop.currency)
    alike = f"within each {' and '.join(same)}" if same else "of any kind together"
    looks = words.count(int(rows["q"].notna().sum()), "sign")
    caveats: tuple[str, ...] = (
        "A sign goes with fewer conversions; that it causes them is for a test to show. Pale: may be noise.",
        "The same session may show several signs, so their margins do not add up.",
        worth.said,
        f"{looks} compared with at least {SMALL} on both sides (Benjamini-Hochberg); sessions {alike}.",
    )
    if rows["sign"].isin(SAID).any():
        caveats += (AFTERMATH if len(later) else NO_AFTERMATH,)
    sessions = int(visits["sessions"].sum())
    return Friction(
        rows=rows,
        by=by,
        within=same,
        sessions=sessions,
        aftermath=later,
        worth=worth,
        currency=shop.currency,
        caveats=(*caveats, *traits.said(by, *(within or ()))),
    )


def _with_aftermath(rows: pd.DataFrame, later: pd.DataFrame, currency: str) -> pd.DataFrame:
    """Add to what customers say what the unhappy left less afterwards; that it goes with it decides nothing."""
    rows = rows.copy()
    for row in later.to_dict("records"):
        here = (rows["sign"] == row["sign"]) & (rows["place"] == row["place"])
        rows.loc[here, ["margin", "lower", "upper"]] = [row["margin"], row["lower"], row["upper"]]
        rows.loc[here, "evidence"] += " " + evidence(row, currency)
    order = ["clear", "margin", "n", "finding", "group"]
    return rows.sort_values(order, ascending=[False, False, False, True, True], ignore_index=True)


def _placed(there: pd.DataFrame, said: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the signs that show at a place, with the sessions there without them."""
    rows = []
    for group, mine in there.groupby("group", sort=True):
        sums = mine.groupby("place")[["sessions", "n_ended"]].sum()
        usual = dead_ends.usual(sums.index, sums["sessions"] - sums["n_ended"], sums["sessions"]).set_index(sums.index)
        for place, parts in mine.groupby("place", sort=True):
            for sign, (kind, text) in _PLACED.items():
                n, won, of = (int(parts[name].sum()) for name in (f"n_{sign}", f"won_{sign}", "sessions"))
                row = {"finding": text.format(place=place, **said), "sign": sign, "type": kind, "place": place}
                row |= {"group": group, "n": n, "of": of, "won": won}
                if sign == "ended":
                    row |= _ending(parts, usual.loc[place])
                else:
                    row |= matched(parts[f"n_{sign}"], parts[f"won_{sign}"], parts["sessions"], parts["won"])
                if n:
                    rows.append(row)
    return rows


def _ending(parts: pd.DataFrame, usual: pd.Series) -> dict[str, Any]:
    """Compare how often sessions go on at a place with places of its kind, and say what going on is worth."""
    of, n = int(parts["sessions"].sum()), int(parts["n_ended"].sum())
    told = {
        "hits": of - n,
        "tries": of,
        "worth": (int(parts["won"].sum()) - int(parts["won_ended"].sum())) / max(of - n, 1),
    }
    told |= {"error": usual["error"], "freedom": usual["freedom"], "rest": usual["alike"]}
    if not usual["alike"]:
        return told | {"others": 0.0, "other_of": 0.0}
    # as many as would give this error by chance alone
    other_of = usual["rate"] * (1 - usual["rate"]) / max(usual["error"] ** 2, 1e-12)
    return told | {"others": usual["rate"] * other_of, "other_of": max(other_of, SMALL)}


def _whole(visits: pd.DataFrame, said: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the signs of a whole visit."""
    rows = []
    for group, parts in visits.groupby("group", sort=True):
        for sign, (kind, text) in _WHOLE.items():
            n, won, of, of_won = (parts[f"{name}_{sign}"] for name in ("n", "won", "of", "of_won"))
            row = {"finding": text.format(**said), "sign": sign, "type": kind, "place": "", "group": group}
            row |= {"n": int(n.sum()), "of": int(of.sum()), "won": int(won.sum()), **matched(n, won, of, of_won)}
            if sign == "checkout":  # unfinished by definition: nothing to compare with
                row |= {"hits": 0, "tries": row["n"], "others": 0, "other_of": 0}
            if row["n"]:
                rows.append(row)
    return rows
