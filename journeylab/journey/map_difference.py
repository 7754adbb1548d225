"""Two journey maps side by side: what one has and the other has not, and which figures differ beyond noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from journeylab import words
from journeylab.errors import NotEnoughData
from journeylab.journey.map_figures import FIGURES, Gap, a_day, beyond, gap, observed, parted, repeated, rest, said
from journeylab.journey.map_model import ASSUMED, LANES
from journeylab.result import Result

if TYPE_CHECKING:
    import altair as alt

    from journeylab.journey.map import Map
    from journeylab.journey.map_model import Cell, Touchpoint

#: What of a difference is a figure; the rest is words.
_FIGURES = ("value_one", "value_other", "difference", "lower", "upper", "p", "q")
COLUMNS = ("touchpoint", "what", "one", "other", *_FIGURES, "clear")
#: Lanes that nothing but events fills.
_OF_EVENTS = ("actions", "channels", "drop_off", "time", "stake")
_LOOKS = (
    "All figures that can be compared are looked at together: at most 5 % of those beyond noise are false alarms "
    "(Benjamini-Hochberg). Fewer than 30 on a side are not tested."
)
_TOTALS = "totals, which grow with the number of customers and days"


@dataclass(frozen=True, eq=False, kw_only=True)
class Difference(Result):
    """What differs between two maps.

    Args:
        rows: A row a difference: touchpoint, what (a lane, 'pain point', 'opportunity', 'touchpoint' or 'stage'), one
            and other (in words, figures with interval and n), value_one, value_other, difference (one less other) with
            lower and upper, p, q (adjusted for all that were looked at) and clear (beyond noise); clear ones first.
            If one map is everyone's and the other is of a persona in the same days, everyone's figure is that of the
            rest: of all others.
        felt: Emotion on both maps: touchpoint, map, value, lower, upper.
        names: What the two sides are called.
        looks: How many figures were looked at.
        currency: Of money.
    """

    views: ClassVar[tuple[str, ...]] = ("emotion",)

    rows: pd.DataFrame
    felt: pd.DataFrame
    names: tuple[str, str]
    looks: int
    currency: str

    def table(self) -> pd.DataFrame:
        """Return the differences."""
        return self.rows

    def readable(self) -> pd.DataFrame:
        """Return the differences to be read: in words, each with its interval; shares in percentage points."""
        lanes = {name: lane for lane, name in LANES.items()}
        told = [
            parted(lanes[row["what"]], Gap(row["difference"], row["lower"], row["upper"]), row["one"], self.currency)
            if row["what"] in lanes else "" for row in self.rows.to_dict("records")
        ]  # fmt: skip
        return self.rows[["touchpoint", "what", "clear", "one", "other"]].assign(difference=told)

    def headline(self) -> str:
        """Say how much differs, and where emotion does most."""
        if self.rows.empty:
            return "The two maps say the same."
        if not self.looks:
            return f"{words.count(len(self.rows), 'difference')} in words; no figure can be compared."
        clear = int(self.rows["clear"].sum())
        figures = words.count(self.looks, "figure")
        text = (
            f"{clear or 'None'} of {figures} that can be compared {'differs' if clear < 2 else 'differ'} beyond noise"
        )
        felt = self.rows[(self.rows["what"] == LANES["emotion"]) & self.rows["clear"]]
        if len(felt):
            far = felt.loc[felt["difference"].abs().idxmax()]
            text += f"; emotion differs most at “{far['touchpoint']}”: {far['one']} and {far['other']}"
        return f"{text}."

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import journey_map

        del view
        if self.felt.empty:
            raise NotEnoughData("Neither map knows how customers feel.", do="Fill them from answers, or write a guess.")
        return journey_map.differences(self.felt)


def difference(one: Map, other: Map) -> Difference:
    """Return what differs between two maps; touchpoints are the same if their id is."""
    pairs = _Pairs(one, other)
    left, right = ({point.id: point for point in each.touchpoints} for each in (one, other))
    rows: list[dict[str, Any]] = []
    gone = [stage.name for stage in one.stages if stage.id not in {s.id for s in other.stages}]
    fresh = [stage.name for stage in other.stages if stage.id not in {s.id for s in one.stages}]
    rows += [_row("", "stage", name, "") for name in gone] + [_row("", "stage", "", name) for name in fresh]
    for key in dict.fromkeys([*left, *right]):
        if key not in left or key not in right:
            name = (left.get(key) or right[key]).name
            rows.append(_row(name, "touchpoint", name if key in left else "", name if key in right else ""))
            continue
        rows += _named(left[key], right[key]) + pairs.rows(left[key], right[key]) + _items(left[key], right[key])
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype(dict.fromkeys(_FIGURES, float))
    gaps = [Gap(p=p) for p in frame["p"]]
    frame["q"], frame["clear"] = beyond(gaps)
    frame = frame.astype({"q": float, "clear": bool})
    return Difference(
        rows=frame.sort_values("clear", ascending=False, kind="stable", ignore_index=True),
        felt=pd.DataFrame(pairs.felt, columns=["touchpoint", "map", "value", "lower", "upper"]),
        names=pairs.names,
        looks=int(frame["p"].notna().sum()),
        currency=one.currency,
        caveats=tuple(pairs.caveats()),
    )


class _Pairs:
    """The cells of two maps beside each other."""

    def __init__(self, one: Map, other: Map) -> None:
        self.maps = (one, other)
        self.currency = one.currency
        self.alike = one.persona == other.persona
        periods = [chart.data().get("period") for chart in self.maps]
        #: Which map is everyone's, so that the other is a part of it; None if neither or both are.
        self.whole = None
        if (one.persona is None) != (other.persona is None):
            self.whole = 0 if one.persona is None else 1
        self.nested = self.whole is not None and periods[0] == periods[1] and periods[0] is not None
        titles = [one.title, other.title if other.title != one.title else f"{other.title} (2)"]
        if self.nested and self.whole is not None:
            titles[self.whole] = "Everyone else"
        self.names = (titles[0], titles[1])
        self.felt: list[dict[str, Any]] = []
        self.left_out: dict[str, set[str]] = {}

    def rows(self, one: Touchpoint, other: Touchpoint) -> list[dict[str, Any]]:
        """Return what differs between the cells of a touchpoint."""
        found = []
        for lane in dict.fromkeys([*one.cells, *other.cells]):
            a, b = one.cells.get(lane), other.cells.get(lane)
            if _differ(a, b) or lane == "emotion":
                found += self._row(one, other, lane, a, b)
        return found

    def _row(
        self, one: Touchpoint, other: Touchpoint, lane: str, a: Cell | None, b: Cell | None
    ) -> list[dict[str, Any]]:
        if any(lane in p.cells and observed(p.cells[lane]) and repeated(p.cells, lane) for p in (one, other)):
            return []
        if not (_counted(a) and _counted(b)) or a is None or b is None:
            self._feel(one.name, lane, a, b)
            return [_row(one.name, LANES.get(lane, lane), _words(lane, a), _words(lane, b))] if _differ(a, b) else []
        pair = self._alike(lane, a, b)
        if pair is None:
            return []
        self._feel(one.name, lane, *pair)
        if not _differ(*pair) or pair[0].value == pair[1].value:
            return []
        if lane not in FIGURES:
            return [_row(one.name, LANES.get(lane, lane), a.text, b.text)]
        left, right = (said(lane, cell, self.currency, daily=lane == "stake") for cell in pair)
        figures = (pair[0].value, pair[1].value, *(() if self._unsure() else gap(*pair)))
        return [_row(one.name, LANES.get(lane, lane), left, right, *figures)]

    def _unsure(self) -> bool:
        """Say whether one map may hold customers of the other, so that nothing can be tested."""
        return self.whole is not None and not self.nested

    def _alike(self, lane: str, a: Cell, b: Cell) -> tuple[Cell, Cell] | None:
        """Return both cells by what they can be compared; None, and a note why, if they cannot."""
        pair, why = self._pair(lane, a, b)
        if pair is None:
            self.left_out.setdefault(why, set()).add(LANES.get(lane, lane))
        return pair

    def _pair(self, lane: str, a: Cell, b: Cell) -> tuple[tuple[Cell, Cell] | None, str]:
        units = [_unit(chart, lane, cell) for chart, cell in zip(self.maps, (a, b), strict=True)]
        if units[0] != units[1]:
            one, other = (f"{unit or 'customer'}s" for unit in units)
            return None, f"one map counts {one}, the other {other}"
        if lane == "stake":
            days = (a_day(a), a_day(b)) if self.alike else (None, None)
            return (None if days[0] is None or days[1] is None else (days[0], days[1])), _TOTALS
        if lane in FIGURES and observed(a) and not math.isfinite(a.lower + b.lower):
            return None, _TOTALS if lane in {"volume", "support"} else "without an interval"
        if self.nested and lane in FIGURES:
            whole, part = (a, b) if self.whole == 0 else (b, a)
            others = rest(whole, part)
            pair = None if others is None else (others, b) if self.whole == 0 else (a, others)
            return pair, "fewer than 10 others"
        return (a, b), ""

    def _feel(self, name: str, lane: str, a: Cell | None, b: Cell | None) -> None:
        for title, cell in zip(self.names, (a, b), strict=True):
            if lane == "emotion" and cell is not None and math.isfinite(cell.value):
                lower, upper = (end if math.isfinite(end) else cell.value for end in (cell.lower, cell.upper))
                self.felt.append(
                    {"touchpoint": name, "map": title, "value": cell.value, "lower": lower, "upper": upper}
                )

    def caveats(self) -> list[str]:
        """Return what a careful reader would want to know."""
        found = [_LOOKS]
        if self.nested:
            found.append("A persona is part of everyone, so it is compared with the rest: all others, known or not.")
        elif self._unsure():
            found.append("One map may hold customers of the other in other days, so nothing is tested.")
        order = {lane: place for place, lane in enumerate(LANES.values())}
        for why, lanes in self.left_out.items():
            named = words.listed(sorted(lanes, key=lambda lane: order.get(lane, len(order))))
            found.append(f"Not compared: {named} ({why}).")
        return found


def _unit(chart: Map, lane: str, cell: Cell) -> str:
    """Return what a cell counts; where it does not say, events count a persona's visits and everyone's visitors."""
    return cell.unit or (("visit" if chart.persona else "visitor") if lane in _OF_EVENTS else "")


def _counted(cell: Cell | None) -> bool:
    """Say whether data knows what stands in a cell."""
    return cell is not None and cell.source != ASSUMED


def _figure(cell: Cell) -> float | None:
    return cell.value if math.isfinite(cell.value) else None


def _differ(a: Cell | None, b: Cell | None) -> bool:
    if a is None or b is None:
        return a is not b
    return (a.text, _figure(a)) != (b.text, _figure(b))


def _named(one: Touchpoint, other: Touchpoint) -> list[dict[str, Any]]:
    if one.name == other.name and one.stage == other.stage:
        return []
    return [_row(one.name, "touchpoint", f"{one.name} ({one.stage})", f"{other.name} ({other.stage})")]


def _items(one: Touchpoint, other: Touchpoint) -> list[dict[str, Any]]:
    """Return pains and opportunities that one map has and the other has not, or that the team words in another way."""
    rows = []
    for noun, ones, others in (
        ("pain point", one.pains, other.pains),
        ("opportunity", one.opportunities, other.opportunities),
    ):
        left, right = ({item.id: item for item in items} for items in (ones, others))
        for key in dict.fromkeys([*left, *right]):
            a, b = left.get(key), right.get(key)
            found = a is not None and b is not None and ASSUMED not in (a.source, b.source)
            if not found and (a.text if a else "") != (b.text if b else ""):
                rows.append(_row(one.name, noun, a.text if a else "", b.text if b else ""))
    return rows


def _row(touchpoint: str, what: str, one: str, other: str, *figures: float) -> dict[str, Any]:
    return {"touchpoint": touchpoint, "what": what, "one": one, "other": other,
            **dict(zip(_FIGURES, figures, strict=False)), "clear": False}  # fmt: skip


def _words(lane: str, cell: Cell | None) -> str:
    return "" if cell is None else cell.text or said(lane, cell)
