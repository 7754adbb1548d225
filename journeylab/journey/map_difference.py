"""Two journey maps side by side: what one has and the other has not, and which figures differ beyond noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from journeylab import words
from journeylab.errors import NotEnoughData
from journeylab.journey.map_fill import beyond
from journeylab.journey.map_model import LANES
from journeylab.result import Result

if TYPE_CHECKING:
    import altair as alt

    from journeylab.journey.map import Map
    from journeylab.journey.map_model import Cell, Touchpoint


@dataclass(frozen=True, eq=False, kw_only=True)
class Difference(Result):
    """What differs between two maps.

    Args:
        rows: A row a difference: touchpoint, what (a lane, 'pain point', 'opportunity', 'touchpoint' or 'stage'), one
            and other (in words), value_one, value_other, clear (figures whose intervals say that they differ); clear
            ones first.
        felt: Emotion on both maps: touchpoint, map, value, lower, upper.
        names: What the two maps are called.
    """

    views: ClassVar[tuple[str, ...]] = ("emotion",)

    rows: pd.DataFrame
    felt: pd.DataFrame
    names: tuple[str, str]

    def table(self) -> pd.DataFrame:
        """Return the differences."""
        return self.rows

    def headline(self) -> str:
        """Say how much differs, and where emotion does most."""
        if self.rows.empty:
            return "The two maps say the same."
        said = f"{words.count(len(self.rows), 'difference')}, {words.count(int(self.rows['clear'].sum()))} beyond noise"
        felt = self.rows[(self.rows["what"] == LANES["emotion"]) & self.rows["clear"]]
        if len(felt):
            far = felt.loc[(felt["value_other"] - felt["value_one"]).abs().idxmax()]
            both = f"{words.plus(far['value_one'], digits=1)} and {words.plus(far['value_other'], digits=1)}"
            said += f"; emotion differs most at “{far['touchpoint']}”: {both}"
        return f"{said}."

    def _draw(self, view: str) -> alt.TopLevelMixin:
        from journeylab.charts import journey_map

        del view
        if self.felt.empty:
            raise NotEnoughData("Neither map knows how customers feel.", do="Fill them from answers, or write a guess.")
        return journey_map.differences(self.felt)


def difference(one: Map, other: Map) -> Difference:
    """Return what differs between two maps; touchpoints are the same if their id is."""
    first, second = one.title, other.title if other.title != one.title else f"{other.title} (2)"
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
        rows += _between(left[key], right[key])
    frame = pd.DataFrame(rows, columns=["touchpoint", "what", "one", "other", "value_one", "value_other", "clear"])
    frame = frame.astype({"clear": bool, "value_one": float, "value_other": float})
    frame = frame.sort_values("clear", ascending=False, kind="stable", ignore_index=True)
    felt = [
        {"touchpoint": p.name, "map": name, "value": p.cells["emotion"].value,
         "lower": _or(p.cells["emotion"].lower, p.cells["emotion"].value),
         "upper": _or(p.cells["emotion"].upper, p.cells["emotion"].value)}
        for name, points in ((first, left), (second, right))
        for p in points.values()
        if math.isfinite(p.value("emotion"))
    ]  # fmt: skip
    caveats = ("Figures differ beyond noise where the interval of their difference leaves out 0; many are compared.",)
    felt_rows = pd.DataFrame(felt, columns=["touchpoint", "map", "value", "lower", "upper"])
    return Difference(rows=frame, felt=felt_rows, names=(first, second), caveats=caveats)


def _between(one: Touchpoint, other: Touchpoint) -> list[dict[str, Any]]:
    rows = []
    if one.name != other.name or one.stage != other.stage:
        rows.append(_row(one.name, "touchpoint", f"{one.name} ({one.stage})", f"{other.name} ({other.stage})"))
    for lane in dict.fromkeys([*one.cells, *other.cells]):
        a, b = one.cells.get(lane), other.cells.get(lane)
        if a is not None and b is not None and (a.text, a.value) == (b.text, b.value):
            continue
        if a is not None and b is not None and a.text == b.text and math.isnan(a.value) and math.isnan(b.value):
            continue
        clear = a is not None and b is not None and beyond(a.value, a.lower, a.upper, b.value, b.lower, b.upper)
        figures = tuple(cell.value if cell is not None else math.nan for cell in (a, b))
        rows.append(_row(one.name, LANES.get(lane, lane), _words(a), _words(b), *figures, clear=clear))
    for noun, ones, others in (
        ("pain point", one.pains, other.pains),
        ("opportunity", one.opportunities, other.opportunities),
    ):
        a_texts, b_texts = {item.id: item.text for item in ones}, {item.id: item.text for item in others}
        rows += [
            _row(one.name, noun, a_texts.get(key, ""), b_texts.get(key, ""))
            for key in dict.fromkeys([*a_texts, *b_texts])
            if a_texts.get(key) != b_texts.get(key)
        ]
    return rows


def _row(
    touchpoint: str, what: str, one: str, other: str, value_one: float = math.nan, value_other: float = math.nan,
    *, clear: bool = False,
) -> dict[str, Any]:  # fmt: skip
    return {"touchpoint": touchpoint, "what": what, "one": one, "other": other, "value_one": value_one,
            "value_other": value_other, "clear": clear}  # fmt: skip


def _words(cell: Cell | None) -> str:
    if cell is None:
        return ""
    return cell.text or words.plus(cell.value, digits=1)


def _or(value: float, other: float) -> float:
    return value if math.isfinite(value) else other
