"""How many visitors get from step to step, and where they leave.

Steps in order, directly after each other or in any order; entered at the first step or anywhere; within a window and
limits from step to step. Any entry may start an attempt, and the best attempt counts. Method and worked examples:
docs/methods/funnel.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from journeylab import words
from journeylab.checks import duration, number, one_of
from journeylab.errors import BadParameter, NotEnoughData
from journeylab.journey import differences, rates, tally, traits
from journeylab.journey.attempts import ENTRIES, ORDERS, Rules
from journeylab.journey.closing import needed
from journeylab.journey.differences import SMALL
from journeylab.journey.steps import labels, read, read_one, suggest
from journeylab.journey.tally import ALL
from journeylab.result import Result, analysis

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    import altair as alt
    import ibis.expr.types as ir
    import pandas as pd

    from journeylab.data.dataset import Dataset

UNITS = ("visitor", "session")


@dataclass(frozen=True, eq=False, kw_only=True)
class Funnel(Result):
    """Visitors by step.

    Args:
        rows: A row a step and group: group, step (its words), position (from 1), n (who did it as part of an attempt),
            of (who did a step before), came (who came on from there; n in a closed funnel), open (did not, and still
            have time), lost, rate (came / of), lower, upper, of_entrants, rate_of_entrants, entrants_lower,
            entrants_upper, optional, small (fewer than 30 in `of`). The same of settled visitors only, whose whole time
            from the first entry lies in the data: settled (entrants), settled_n, settled_of, settled_came,
            settled_rate, settled_lower, settled_upper. With a breakdown also the difference of settled_rate to the
            rest, its interval, p, q (Benjamini-Hochberg) and clear; with `correct_open` also corrected, corrected_of,
            corrected_lower and corrected_upper (NaN, between what was seen and 1, where too few were followed through
            the whole time); with `previous` also n_before, of_before, rate_before, change,
            change_lower and change_upper.
        whole: The same over all groups.
        times: Time to convert in seconds, right to a quarter of a per cent: group, n, q1, q2 (the median), q3.
        histogram: Time to convert: group, from_seconds, to_seconds, n.
        trend: Entrants and those who finished, by group and time of entry: group, bucket, of, n, rate, lower, upper,
            partial (it or the window after it not wholly observed).
        steps: The steps' words in order.
        by: What the groups come from, or None.
        unit: 'visitor' or 'session'.
        window: Longest time from the first step to the last.
        open_attempts: Entrants who have not finished and whose window was still open when the data ended.
        level: Coverage of the intervals.
    """

    views: ClassVar[tuple[str, ...]] = ("steps", "rates", "time", "trend")

    rows: pd.DataFrame
    whole: pd.DataFrame
    times: pd.DataFrame
    histogram: pd.DataFrame
    trend: pd.DataFrame
    steps: tuple[str, ...]
    by: str | None
    unit: str
    window: timedelta | None
    open_attempts: int
    level: float

    def table(self) -> pd.DataFrame:
        """Return the rows: every rate beside its denominator and interval; those of settled ones where they differ."""
        same = bool((self.rows["settled"] == self.rows["of_entrants"]).all())
        unwanted = [*([] if self.by else ["group"]), *(rates.SETTLED if same else [])]
        return self.rows.drop(columns=unwanted)

    def headline(self) -> str:
        """Say how many of the settled entrants finish, where most leave, and which group clearly differs most."""
        first, last = self.whole.iloc[0], self.whole.iloc[-1]
        over, entrants = int(last["settled"]), int(last["of_entrants"])
        n, of = (int(last["settled_n"]), over) if over else (int(last["n"]), entrants)
        anywhere = first["n"] != first["of_entrants"]
        who = f"{words.count(of)} {self.unit}s" if over in {0, entrants} else f"the {words.count(of)} {self._whose()}"
        did = f"did {last['step']}" if anywhere else f"went from {first['step']} to {last['step']}"
        said = (
            f"{words.count(n)} of {who} ({words.percent(n / of)}){' who came in anywhere' if anywhere else ''} {did}"
            f"{'' if over else ' so far'}"
        )
        later = self.whole[(self.whole["position"] > 1) & ~self.whole["optional"]]
        worst = later.loc[(later["settled_of"] - later["settled_came"]).idxmax()]
        if worst["settled_of"] != worst["settled_came"]:
            said += (
                f"; most leave before {worst['step']}, which {words.percent(worst['settled_rate'])} "
                f"of {words.count(worst['settled_of'])} reach"
            )
        if self.by and self.rows["clear"].any():
            clear = self.rows[self.rows["clear"]]
            far = clear.loc[clear["difference"].abs().idxmax()]
            way = "above" if far["difference"] > 0 else "below"
            said += (
                f"; {far['group']} is {abs(100 * far['difference']):.1f} points {way} the rest at {far['step']}"
                f" ({words.percent(far['settled_rate'])}, n = {words.count(far['settled_of'])})"
            )
        return f"{said}."

    def _whose(self) -> str:
        """Name the settled ones."""
        if self.window is None:
            return f"{self.unit}s whose time was over"
        return f"{self.unit}s whose {words.length(self.window.total_seconds())} were over"

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import steps, times

        grouped = self.by is not None
        if view == "rates":
            return steps.rates(self._of_settled(), grouped=grouped)
        if view == "time":
            return times.histogram(self.histogram, self.times[self.times["group"] == ALL])
        if view == "trend":
            return times.rates(self.trend, grouped=grouped)
        return steps.bars(self.rows, grouped=grouped, unit=self.unit)

    def _of_settled(self) -> pd.DataFrame:
        """Return the rows with the rates of settled ones in place of those so far, where anybody is settled."""
        if not self.whole["settled"].iloc[0]:
            return self.rows
        names = {"settled_n": "n", "settled_of": "of", "settled_rate": "rate"}
        names |= {"settled_lower": "lower", "settled_upper": "upper"}
        return self.rows.drop(columns=list(names.values())).rename(columns=names)


@analysis("events")
def funnel(
    shop: Dataset,
    *,
    steps: Sequence[Any] | None = None,
    window: str | timedelta | None = "14d",
    order: str = "ordered",
    entry: str = "closed",
    exclude: Sequence[Any] = (),
    unit: str = "visitor",
    gap: str | timedelta | None = None,
    by: str | None = None,
    groups: Sequence[str] | None = None,
    correct_open: bool = False,
    previous: bool = False,
    level: float = 0.95,
) -> Funnel:
    """Count the visitors who reach each step, within a window from the first step.

    In order, a visitor reaches step k if there are events for steps 1 … k, each at or after the one before, none used
    twice, the last at most `window` after the first. Any event of step 1 may start an attempt; the best attempt
    counts. Events at the same instant are taken in the order of the steps. In a breakdown a visitor belongs to the
    value seen at the first entry. All options may be combined; docs/methods/funnel.md says what each means.

    Args:
        shop: A Dataset with events, or a table of events.
        steps: Two to twenty steps; each an event's name, several of which any will do, or a dict with 'event' and
            any of 'page', 'channel', 'device', 'sku' (conditions), 'optional' (True) and 'within' (longest time since
            the step before, such as '1h'). A likely funnel is taken from the data if not given.
        window: Longest time from the first step to the last, such as '30m' or '14d'; None for no limit.
        order: 'ordered' (other events may lie between), 'strict' (none may) or 'any' (the steps in any order).
        entry: 'closed' (all start at step 1) or 'open' (anyone may come in at any step).
        exclude: Events, named as steps are, that end an attempt if they lie between two of its steps.
        unit: 'visitor', or 'session' to look for attempts within one visit.
        gap: For sessions: a visit ends after this long without an event; as given by the data if None.
        by: Break down by a column of events such as 'device', or a trait such as 'customers.loyalty_member'.
        groups: Two or more values of `by` to compare; all if None.
        correct_open: Add rates corrected for open windows (Kaplan-Meier).
        previous: Add the period of the same length before.
        level: Coverage of the intervals (Wilson; Newcombe for differences).

    Raises:
        BadParameter: for steps that make no funnel, or a column the events do not have.
        NotEnoughData: if nobody did the first step.

    Example:
        >>> import journeylab as jl
        >>> from journeylab.data.examples import tiny_shop
        >>> result = jl.journey.funnel(tiny_shop(), steps=["view", "cart", "purchase"], window="1d")
        >>> result.table()["n"].tolist()
        [3, 2, 1]
    """
    number(level, "level", lowest=0.5, highest=0.9999)
    events = shop.table("events")
    chosen = read(suggest(shop) if steps is None else steps, events.columns)
    rules = Rules(
        steps=chosen,
        order=one_of(order, "order", ORDERS),
        entry=one_of(entry, "entry", ENTRIES),
        window=None if window is None else duration(window, "window"),
        exclude=tuple(read_one(event, set(events.columns)) for event in exclude),
        keys=("visitor_id",) if one_of(unit, "unit", UNITS) == "visitor" else ("visitor_id", "session"),
        splits=() if by is None else ("group",),
        end=shop.period[1] if shop.period else None,
        spans=correct_open,
        only=_only(groups, by),
    )
    if rules.order == "any" and any(step.within for step in chosen):
        raise BadParameter("In any order there is no step before, so a step has no limit of its own.")
    days = (shop.period[1] - shop.period[0]).days + 1 if shop.period else 1
    grain = tally.grain_of(days)
    log = _log(shop, rules, by, gap)
    counts, times = tally.count(shop, log, rules, grain=grain)
    names = labels(chosen)
    absent = [group for group in rules.only if group not in set(counts["group"])]
    if absent:
        raise BadParameter(f"No entrant has {by} {absent[0]!r}.")
    if counts.empty:
        raise NotEnoughData(f"No visitor did the first step, {names[0]}, in this period.", do="Choose another step.")

    whole = rates.rows_of(counts.assign(group=ALL), rules, names, level)
    rows = whole if by is None else rates.rows_of(counts, rules, names, level)
    if by is not None:
        rows = differences.against_rest(rows, level=level)
    if correct_open:
        found = tally.waits(shop, log, rules)
        rows = rates.corrected(rows, found, level)
        whole = rows if by is None else rates.corrected(whole, found, level)
    before = shop.previous() if previous else None
    if before is not None:
        counts_before = tally.count(before, _log(before, rules, by, gap), _ending(rules, before), grain=grain)[0]
        rows = rates.with_before(rows, rates.rows_of(counts_before, rules, names, level), level)
    open_attempts = int(counts["open"].sum())
    return Funnel(
        rows=rows,
        whole=whole,
        times=rates.quartiles(times),
        histogram=rates.histogram(times),
        trend=rates.trend(counts, rules, shop, grain, level),
        steps=names,
        by=by,
        unit=unit,
        window=rules.window,
        open_attempts=open_attempts,
        level=level,
        caveats=(
            *_caveats(rows, whole, rules, open_attempts, unit, lacks_before=previous and before is None),
            *traits.said(by),
        ),
    )


def _log(shop: Dataset, rules: Rules, by: str | None, gap: str | timedelta | None) -> ir.Table:
    """Return the events with the session and the group they need."""
    events = shop.table("events")
    if "session" in rules.keys:
        from journeylab.journey.visits import with_sessions

        events = with_sessions(events, gap)
    return events if by is None else tally.with_split(shop, events, by)


def _ending(rules: Rules, shop: Dataset) -> Rules:
    from dataclasses import replace

    return replace(rules, end=shop.period[1] if shop.period else None)


def _only(groups: Sequence[str] | None, by: str | None) -> tuple[str, ...]:
    if groups is None:
        return ()
    if isinstance(groups, str) or by is None or len(groups) < 2:
        raise BadParameter("groups is a list of two or more values of the column named in by.")
    return tuple(groups)


def _late(whole: pd.DataFrame, rules: Rules) -> list[str]:
    """Say how many came so late that their whole time does not lie in the data, and where they count."""
    time, settled = needed(rules), int(whole["settled"].iloc[0])
    late = int(whole["of_entrants"].iloc[0]) - settled
    if time is None or not late:
        return []
    length = words.length(time.total_seconds())
    if not settled:
        said = (
            f"Nobody had {length} before the data ended, so these are the figures so far, and groups are not compared; "
            "for that choose a longer period or a shorter window."
        )
        return [said]
    said = (
        f"{words.count(late)} of the entrants came in the last {length} of the data. They are in the counts, and left "
        "out of the sentence, of rates with intervals and of comparisons, converted or not: of those who come late "
        "only the quick are seen to convert."
    )
    return [said]


def _caveats(
    rows: pd.DataFrame, whole: pd.DataFrame, rules: Rules, open_attempts: int, unit: str, *, lacks_before: bool
) -> tuple[str, ...]:
    entrants = int(whole["of_entrants"].iloc[0])
    said = ["A visitor is a browser or device as the events name it; one person on two devices counts twice."]
    if unit == "session":
        said = ["Sessions of one visitor are alike, so the intervals are somewhat too narrow."]
    if open_attempts:
        top = (int(whole["n"].iloc[-1]) + open_attempts) / entrants
        said.append(
            f"{words.count(open_attempts)} of {words.count(entrants)} entrants had not finished and still had time "
            f"when the data ended; they are counted as open, not as lost. If all of them finished, the rate from "
            f"first to last would be {words.percent(top)}."
        )
    said += _late(whole, rules)
    if rules.window is None:
        said.append("There is no limit of time, so earlier visitors had longer to convert than later ones.")
    if rules.entry == "open":
        said.append("Anyone may come in at any step, so a step can have more visitors than the one before it.")
    if (rows["small"] & (rows["position"] > 1)).any() and "clear" in rows:
        few = rows.loc[rows["small"] & (rows["position"] > 1), "group"].nunique()
        said.append(f"{words.count(few, 'group')} with fewer than {SMALL} at a step: shown pale, and not compared.")
    if "q" in rows:
        looks = int(rows["q"].notna().sum())
        said.append(
            f"{words.count(looks, 'difference')} to the rest tested; clear ones keep the share of false alarms among "
            f"them to {words.percent(differences.FALSE_SHARE, digits=0)} (Benjamini-Hochberg)."
        )
    if "corrected" in rows:
        cut = rows[(rows["position"] > 1) & rows["corrected"].isna() & rows["corrected_lower"].notna()]
        if len(cut):
            said.append(
                f"The corrected rate of {words.listed(dict.fromkeys(cut['step']))} is not known"
                f"{' in some groups' if 'clear' in rows else ''}: fewer than {SMALL} were followed through their whole "
                "time, so nobody has seen how many come on late; it lies between the lower end and 1."
            )
    if lacks_before:
        said.append("Nothing was observed in the period before, so there is nothing to compare with.")
    return tuple(said)
