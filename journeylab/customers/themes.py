"""What customers write about: themes of their comments, the pain in them, and what they do to the score. Offline.

Method and limits: docs/methods/themes.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from journeylab import words
from journeylab.checks import number, one_of, whole
from journeylab.customers import comments, pain_words, theme_effects, theme_model
from journeylab.customers.answers import KINDS, OTHER, UNKNOWN
from journeylab.errors import NotEnoughData
from journeylab.intervals import wilson
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import altair as alt

    from journeylab.customers.personas import Personas
    from journeylab.data.dataset import Dataset

#: Quotes shown of each theme, and the longest of them.
QUOTES, LONGEST_QUOTE = 3, 240
#: Two comments that share more than this of their words say the same.
ALIKE = 0.5
#: A pain is typed by at most this many comments, and if at least this share of them has a word of its kind.
TYPED_BY, TYPED_FROM = 500, 0.25
NONE = "none"


@dataclass(frozen=True, eq=False, kw_only=True)
class Themes(Result):
    """Themes of comments.

    Args:
        rows: A row a theme, the one that costs the score most first: theme (its first words), words, pain (kind of
            pain, 'not typed', or 'none' for what is no pain), pain_share (of its comments with such a word), n
            (comments), of, share with lower and upper, score (mean place on the scale, 0 to 100), effect on it with
            effect_lower, effect_upper, p, q, clear and n_effect (comments it is measured on), impact (points that
            the mean of all comments loses or gains by it), touchpoint (that most of its comments were asked about) with
            touchpoint_share, group (that speaks of it clearly more than others, if any) with times, and quote.
        quotes: A row a quote: theme, quote; personal data masked.
        groups: A row a theme and group: n, of, rate, lower, upper, times; empty without groups.
        n: Comments read.
        of: Comments there are.
        by: What the groups come from, or None.
        level: Coverage of the intervals.
    """

    views: ClassVar[tuple[str, ...]] = ("effect", "size")

    rows: pd.DataFrame
    quotes: pd.DataFrame
    groups: pd.DataFrame
    n: int
    of: int
    by: str | None
    level: float

    def table(self) -> pd.DataFrame:
        """Return a row a theme, what costs the score most first."""
        return self.rows

    @property
    def pains(self) -> pd.DataFrame:
        """The themes that clearly go with lower scores, the costliest first."""
        return self.rows[self.rows["clear"] & (self.rows["effect"] < 0)]

    def headline(self) -> str:
        """Name the theme that costs the score most."""
        if self.pains.empty:
            size = f"{words.count(len(self.rows), 'theme')} in {words.count(self.n, 'comment')}"
            return f"{size}; none clearly goes with a lower score."
        first = self.pains.iloc[0]
        where = f" ({first['touchpoint']})" if first["touchpoint"] else ""
        whose = f", most of all by {first['group']}" if first["group"] else ""
        return (
            f"“{first['theme']}”{where} costs most: in {words.percent(first['share'], digits=0)} of "
            f"{words.count(first['of'], 'comment')}{whose}; those score {abs(first['effect']):.0f} points of 100 lower "
            f"({abs(first['effect_upper']):.0f} to {abs(first['effect_lower']):.0f})."
        )

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import themes as charts

        return charts.effects(self.rows) if view == "effect" else charts.sizes(self.rows)


@analysis("surveys.comment")
def themes(
    shop: Dataset,
    *,
    kind: str | None = None,
    count: int = 6,
    by: str | None = None,
    personas: Personas | None = None,
    pains: Mapping[str, Sequence[str]] | None = None,
    most: int = comments.MOST,
    seed: int = 1,
    level: float = 0.95,
    progress: Callable[[float, str], None] | None = None,
) -> Themes:
    """Find the themes of the comments, type their pain, and measure how the score goes with them.

    Words are weighed by TF-IDF and factorised by NMF, in the unhappy comments and the others apart, without any list of
    stop words, so that every language is read alike; comments in scripts without blanks are read by runs of characters.
    Nothing leaves the machine. E-mail addresses, links and long numbers are masked before anything is read.

    Args:
        shop: A Dataset with comments in its surveys.
        kind: Comments of this kind of answer only; all but the staff's if not given.
        count: Themes of each mood, 2 to 12; fewer where comments are few.
        by: Who speaks of it: as in `feedback`.
        personas: As in `feedback`.
        pains: Words for any of the six kinds of pain, in place of the usual ones (`pain_words.USUAL`).
        most: Comments read at most, drawn by lot; 100 to 100,000.
        seed: Of the lots.
        level: Coverage of the intervals.
        progress: Told how far it is, from 0 to 1, and what is done.

    Raises:
        NotEnoughData: if there are too few comments for a theme.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import answers_shop
        >>> found = jl.customers.themes(answers_shop(), count=2)
        >>> found.rows[["pain", "n"]].values.tolist()[0]
        ['performance', 58]
    """
    whole(count, "count", lowest=2, highest=12)
    whole(most, "most", lowest=100, highest=comments.MOST)
    number(level, "level", lowest=0.5, highest=0.9999)
    stems = pain_words.checked(pains)
    if kind is not None:
        one_of(kind, "kind", tuple(KINDS))
    tell = progress or _silent
    tell(0.0, "Reading the comments")
    told = comments.read(shop, kind=kind, by=by, personas=personas, most=most, seed=seed)
    found = theme_model.fit(told, count, tell)
    if not found.words:
        raise NotEnoughData(
            f"{words.count(len(told.rows), 'comment')} are too few to find themes in.",
            do=f"A theme takes some {2 * theme_model.FEWEST} comments of one mood; read the comments themselves.",
        )
    tell(0.85, "Measuring what the themes do")
    names = _names(found, told.rows["comment"].tolist())
    groups = theme_effects.groups(told, found, names, level=level) if told.grouped else _NO_GROUPS
    rows, quotes = _rows(told, found, names, stems, groups, level)
    tell(1.0, "Done")
    return Themes(
        rows=rows,
        quotes=quotes,
        groups=groups,
        n=len(told.rows),
        of=told.of,
        by="persona" if personas is not None else by,
        level=level,
        caveats=_caveats(told, found, rows),
    )


_NO_GROUPS = pd.DataFrame(columns=["theme", "group", "n", "of", "rate", "lower", "upper", "times"])


def _silent(_share: float, _words: str) -> None:
    """Tell nobody."""


def _names(found: theme_model.Found, texts: Sequence[str]) -> list[str]:
    """Call each theme by its first words, as many as tell it apart, in the order of its most typical comment."""
    firsts = []
    for theme in range(len(found.words)):
        mine = np.flatnonzero(found.member == theme)
        firsts.append(texts[int(mine[np.argmax(found.weight[mine])])].lower() if len(mine) else "")
    names: list[str] = []
    for length in range(3, theme_model.WORDS_SHOWN + 1):
        names = [_name(told[:length], first) for told, first in zip(found.words, firsts, strict=True)]
        if len(set(names)) == len(names):
            return names
    return [f"{name} ({place})" for place, name in enumerate(names, start=1)]


def _name(told: Sequence[str], text: str) -> str:
    places = {word: text.find(word) for word in told}
    return ", ".join(sorted(told, key=lambda word: (places[word] < 0, places[word]))) or "…"


def _rows(
    told: comments.Comments,
    found: theme_model.Found,
    names: list[str],
    stems: Mapping[str, Sequence[str]],
    groups: pd.DataFrame,
    level: float,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put size, pain, effect, place and quotes of each theme together."""
    size = len(told.rows)
    usual = pain_words.shares(told.rows["comment"][told.unhappy].tolist()[: 4 * TYPED_BY], stems)
    out, quotes = [], []
    for theme, name in enumerate(names):
        mine = np.flatnonzero(found.member == theme)
        mine = mine[np.argsort(-found.weight[mine], kind="stable")]
        here = told.rows.iloc[mine]
        typing = _pain(here["comment"].tolist()[:TYPED_BY], stems, usual) if found.pain[theme] else (NONE, np.nan)
        touchpoint, touched = _commonest(here["touchpoint"])
        group, times = _whose(groups[groups["theme"] == name])
        typical = _typical(here["comment"])
        quotes += [{"theme": name, "quote": quote} for quote in typical]
        lower, upper = wilson(len(mine), size, level=level)
        out.append(
            {
                "theme": name, "words": ", ".join(found.words[theme]), "pain": typing[0], "pain_share": typing[1],
                "n": len(mine), "of": size, "share": len(mine) / size, "lower": float(lower), "upper": float(upper),
                "score": 100 * float(here["place"].mean()) if len(mine) else np.nan,
                "touchpoint": touchpoint, "touchpoint_share": touched, "group": group, "times": times,
                "quote": typical[0] if typical else "",
            }
        )  # fmt: skip
    rows = pd.DataFrame(out).join(theme_effects.effects(told, found, level=level))
    rows = rows[rows["n"] > 0].sort_values(["impact", "theme"], ignore_index=True, na_position="last")
    last = ["touchpoint", "touchpoint_share", "group", "times", "quote"]
    rows = rows[[*(name for name in rows.columns if name not in last), *last]]
    place = {name: number for number, name in enumerate(rows["theme"])}
    said = pd.DataFrame(quotes, columns=["theme", "quote"])
    return rows, said.sort_values("theme", key=lambda names: names.map(place), kind="stable", ignore_index=True)


def _pain(texts: list[str], stems: Mapping[str, Sequence[str]], usual: Mapping[str, float]) -> tuple[str, float]:
    """Return the kind of pain whose words are in the comments more often than in unhappy comments at large.

    With it, the share of the comments that have such a word; no kind if that is below a quarter.
    """
    shares = pain_words.shares(texts, stems)
    pain = max(shares, key=lambda name: (shares[name] >= TYPED_FROM, shares[name] - usual[name]))
    return (pain, shares[pain]) if shares[pain] >= TYPED_FROM else (pain_words.UNTYPED, np.nan)


def _commonest(column: pd.Series) -> tuple[str, float]:
    """Return the value that most of those with one have, the first by name among equals, and its share of them."""
    counts = column.dropna().value_counts()
    if counts.empty:
        return "", float("nan")
    name = min(counts.index[counts == counts.max()])
    return str(name), float(counts.max() / counts.sum())


def _whose(groups: pd.DataFrame) -> tuple[str, float]:
    """Return the group that speaks of a theme most, if its interval lies above the rate of all the others."""
    rest = (groups["n"].sum() - groups["n"]) / (groups["of"].sum() - groups["of"]).replace(0, np.nan)
    high = groups[(groups["lower"] > rest) & ~groups["group"].isin([UNKNOWN, OTHER])]
    if high.empty:
        return "", float("nan")
    first = high.loc[high["rate"].idxmax()]
    return str(first["group"]), float(first["times"])


def _typical(texts: pd.Series) -> list[str]:
    """Return the most typical comments that do not say the same in almost the same words, cut where they are long."""
    out: list[str] = []
    seen: list[set[str]] = []
    for text in texts[:TYPED_BY]:
        said = set(re.findall(r"\w+", text.lower()))
        if any(len(said & other) > ALIKE * len(said | other) for other in seen):
            continue
        seen.append(said)
        out.append(text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1].rstrip() + "…")
        if len(out) == QUOTES:
            break
    return out


def _caveats(told: comments.Comments, found: theme_model.Found, rows: pd.DataFrame) -> tuple[str, ...]:
    said = [
        "Themes are found in one half of the comments and their effect is measured in the other.",
        "What goes with a lower score need not cause it.",
        "Themes are words that stand together, named by their own words; read the quotes before you act on one.",
        "Addresses, links and long numbers are masked; a name written in a comment is not.",
    ]
    if len(told.rows) < told.of:
        said.insert(0, f"{words.count(len(told.rows))} of {words.count(told.of, 'comment')} were read, drawn by lot.")
    none = float(np.mean(found.member < 0))
    if none > 0.005:
        said.append(f"{words.percent(none)} of the comments share no word with any theme.")
    untold = int(rows["effect"].isna().sum())
    if untold:
        said.append(f"The effect of {words.count(untold, 'theme')} rests on too few comments to be told.")
    if (rows["pain"] == pain_words.UNTYPED).any():
        said.append("A pain without a kind has none of the words on the list; add yours to it.")
    return tuple(said)
