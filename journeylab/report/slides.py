"""A journey map as slides to edit: native text, shapes, tables and one native chart of the emotion; no screenshot."""

from __future__ import annotations

import io
import math
import unicodedata
from typing import TYPE_CHECKING, Any

from journeylab import words
from journeylab.charts.journey_map import PALETTES
from journeylab.journey.map_figures import margin
from journeylab.journey.map_lettering import clean, shorter
from journeylab.journey.map_model import ASSUMED, OBSERVED, SURVEY
from journeylab.journey.map_table import course

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from journeylab.journey.map import Map
    from journeylab.journey.map_model import Touchpoint

#: Touchpoints on one slide, rows of a table on one slide.
COLUMNS, ROWS = 10, 9
_WIDE, _HIGH = 13.333, 7.5
_LEFT, _RIGHT = 1.15, 13.1
_MARKS = {OBSERVED: "●", SURVEY: "■", ASSUMED: "◇"}


def pptx(chart: Map) -> bytes:
    """Return the map as a presentation: the journey, its pains, its opportunities, the scorecard, how it is known."""
    from pptx import Presentation
    from pptx.util import Inches

    deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(_WIDE), Inches(_HIGH)
    points = chart.touchpoints
    parts = max(1, math.ceil(len(points) / COLUMNS))
    each = math.ceil(len(points) / parts) or 1
    groups = [points[i : i + each] for i in range(0, len(points), each)] or [()]
    for number, group in enumerate(groups, start=1):
        part = f" ({number} of {len(groups)})" if len(groups) > 1 else ""
        _journey(_Slide(deck, f"{chart.title}{part}", chart.headline()), chart, group)
    _tables(deck, chart)
    _known(_Slide(deck, "How this is known", ""), chart)
    target = io.BytesIO()
    deck.save(target)
    return target.getvalue()


class _Slide:
    """A slide with its title and a few ways to put something on it, in inches."""

    def __init__(self, deck: Any, title: str, subtitle: str) -> None:
        self.slide = deck.slides.add_slide(deck.slide_layouts[5])  # title only: the title stays in the outline
        shape = self.slide.shapes.title
        self._place(shape, 0.25, 0.12, 12.8, 0.5)
        self._fill(shape, shorter(title, 1500, 26), 24, bold=True)
        if subtitle:
            self.text(subtitle, 0.25, 0.6, 12.8, 0.36, 13, "soft")

    def text(
        self, text: str, x: float, y: float, wide: float, high: float, size: float, role: str = "ink", **style: Any
    ) -> None:
        """Put a text box."""
        from pptx.util import Inches

        box = self.slide.shapes.add_textbox(Inches(x), Inches(y), Inches(wide), Inches(high))
        self._fill(box, text, size, role, **style)

    def box(
        self, text: str, x: float, y: float, wide: float, high: float, fill: str, line: str, size: float, **style: Any
    ) -> None:
        """Put a rounded rectangle with text in it."""
        from pptx.enum.shapes import MSO_SHAPE
        from pptx.util import Inches, Pt

        shape = self.slide.shapes.add_shape(
            MSO_SHAPE.ROUNDED_RECTANGLE, Inches(x), Inches(y), Inches(wide), Inches(high)
        )
        shape.adjustments[0] = 0.06
        shape.shadow.inherit = False
        shape.fill.solid()
        shape.fill.fore_color.rgb = _colour(fill)
        shape.line.color.rgb = _colour(line)
        shape.line.width = Pt(1)
        self._fill(shape, text, size, **style)

    def table(self, frame: pd.DataFrame, widths: Sequence[float], y: float = 1.15) -> None:
        """Put a native table."""
        from pptx.util import Inches

        shape = self.slide.shapes.add_table(
            len(frame) + 1, len(widths), Inches(0.25), Inches(y), Inches(sum(widths)), Inches(0.4)
        )
        table = shape.table
        for place, (name, wide) in enumerate(zip(frame.columns, widths, strict=True)):
            table.columns[place].width = Inches(wide)
            head = table.cell(0, place)
            head.fill.solid()
            head.fill.fore_color.rgb = _colour("stage")
            self._fill(head, str(name), 13, "on_stage", bold=True)
            for row, value in enumerate(frame.iloc[:, place], start=1):
                cell = table.cell(row, place)
                cell.fill.solid()
                cell.fill.fore_color.rgb = _colour("column0" if row % 2 else "paper")
                self._fill(cell, shorter(str(value), wide * 130, 13), 13)

    @staticmethod
    def _place(shape: Any, x: float, y: float, wide: float, high: float) -> None:
        from pptx.util import Inches

        shape.left, shape.top, shape.width, shape.height = Inches(x), Inches(y), Inches(wide), Inches(high)

    @staticmethod
    def _fill(
        shape: Any,
        text: str,
        size: float,
        role: str = "ink",
        *,
        bold: bool = False,
        align: str = "left",
        top: bool = True,
    ) -> None:
        from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
        from pptx.util import Inches, Pt

        frame = shape.text_frame
        frame.word_wrap = True
        frame.vertical_anchor = MSO_ANCHOR.TOP if top else MSO_ANCHOR.MIDDLE
        frame.margin_left = frame.margin_right = Inches(0.05)
        frame.margin_top = frame.margin_bottom = Inches(0.03)
        for place, line in enumerate(text.split("\n")):
            paragraph = frame.paragraphs[0] if place == 0 else frame.add_paragraph()
            run = paragraph.add_run()
            run.text = clean(line)
            run.font.size, run.font.bold = Pt(size), bold
            run.font.color.rgb = _colour(role)
            paragraph.alignment = PP_ALIGN.CENTER if align == "center" else PP_ALIGN.LEFT
            if _right_to_left(line):
                paragraph._p.get_or_add_pPr().set("rtl", "1")  # noqa: SLF001 - python-pptx has no word for it


def _colour(role: str) -> Any:
    from pptx.dml.color import RGBColor

    return RGBColor.from_string(PALETTES["light"][role].lstrip("#").upper())


def _right_to_left(text: str) -> bool:
    """Say whether the first letter that has a direction runs from right to left."""
    for sign in text:
        direction = unicodedata.bidirectional(sign)
        if direction in {"L", "R", "AL"}:
            return direction != "L"
    return False


def _journey(slide: _Slide, chart: Map, points: Sequence[Touchpoint]) -> None:
    if not points:
        slide.text("This map has no touchpoints yet.", 0.25, 1.2, 12, 0.5, 16, "soft")
        return
    wide = (_RIGHT - _LEFT) / len(points)
    at = {point.id: _LEFT + place * wide for place, point in enumerate(points)}
    for stage in chart.stages:
        mine = [at[point.id] for point in points if point.stage == stage.id]
        if mine:
            said = shorter(stage.name, len(mine) * wide * 100, 14)
            slide.box(said, mine[0] + 0.03, 1.02, mine[-1] - mine[0] + wide - 0.06,
                      0.34, "stage", "stage", 13, role="on_stage", bold=True, align="center", top=False)  # fmt: skip
    for label, y in (("Who leaves", 2.2), ("Emotion", 2.75), ("Pain points", 4.75), ("Opportunities", 5.98)):
        slide.text(label, 0.1, y, 1.2, 0.3, 9, "soft", bold=True)
    for point in points:
        x = at[point.id] + 0.04
        name = f"{shorter(point.name, wide * 190, 12)}\n{_known_by(point)}"
        slide.box(name, x, 1.42, wide - 0.08, 0.74, "card", "card_line", 11, bold=True)
        left = point.cells.get("drop_off")
        if left is not None and math.isfinite(left.value):
            said = f"{_MARKS[left.source]} {words.percent(left.value, digits=0)}"
            span = f"\n{100 * left.lower:.1f} to {words.percent(left.upper)}" if math.isfinite(left.lower) else ""
            slide.text(f"{said}{span}", x, 2.16, wide - 0.08, 0.5, 11)
        pains = sorted(point.pains, key=lambda pain: (-pain.votes, not pain.clear))
        if pains:
            slide.box(_pain(pains[0], chart.currency, wide), x, 4.75, wide - 0.08, 1.18, "pain_fill", "pain", 11)
        chances = sorted(point.opportunities, key=lambda chance: -chance.votes)
        if chances:
            best = chances[0]
            dots = f" ({words.count(best.votes, 'dot')})" if best.votes else ""
            said = f"{shorter(best.text, wide * 170, 11)}{dots}\n{shorter(best.owner, wide * 65, 11)}"
            slide.box(said, x, 5.98, wide - 0.08, 1.0,
                      "chance_fill", "chance", 11)  # fmt: skip
    _curve(slide, points)
    slide.text(
        "● observed   ■ survey   ◇ assumed by the team   Emotion from -2 (very unhappy) to +2 (very happy), with the "
        "ends of its 95 % interval. Empty: not known.",
        0.2, 7.08, 12.8, 0.3, 11, "soft",
    )  # fmt: skip


def _curve(slide: _Slide, points: Sequence[Touchpoint]) -> None:
    """Put the emotion as a native chart, whose figures can be edited."""
    from pptx.chart.data import CategoryChartData
    from pptx.enum.chart import (
        XL_CHART_TYPE,
        XL_LABEL_POSITION,
        XL_LEGEND_POSITION,
        XL_MARKER_STYLE,
        XL_TICK_LABEL_POSITION,
    )
    from pptx.enum.dml import MSO_LINE
    from pptx.util import Inches, Pt

    series = {
        "Emotion": ("curve", [point.value("emotion") for point in points]),
        "95 % interval, from": ("error", [_end(point, "lower") for point in points]),
        "95 % interval, to": ("error", [_end(point, "upper") for point in points]),
        "Teams' guess": ("guess", [point.value("guess_emotion") for point in points]),
        "Expected": ("expected", [point.value("expectation") for point in points]),
    }
    series = {name: (role, values) for name, (role, values) in series.items() if any(map(math.isfinite, values))}
    if not series:
        slide.text("Not known yet: no answers, and no guess.", _LEFT, 3.5, 8, 0.4, 14, "soft")
        return
    data = CategoryChartData()
    data.categories = [clean(point.name) for point in points]
    for name, (_role, values) in series.items():
        data.add_series(name, [value if math.isfinite(value) else None for value in values])
    frame = slide.slide.shapes.add_chart(
        XL_CHART_TYPE.LINE_MARKERS, Inches(_LEFT - 0.35), Inches(2.68), Inches(_RIGHT - _LEFT + 0.4), Inches(2.05), data
    )
    drawn = frame.chart
    drawn.has_title, drawn.has_legend = False, True
    drawn.legend.position, drawn.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    drawn.legend.font.size = Pt(10)
    axis = drawn.value_axis
    axis.minimum_scale, axis.maximum_scale, axis.major_unit = -2, 2, 1
    axis.tick_labels.font.size = Pt(10)
    axis.major_gridlines.format.line.color.rgb = _colour("rule")
    drawn.category_axis.tick_label_position = XL_TICK_LABEL_POSITION.NONE
    styles = {"curve": XL_MARKER_STYLE.SQUARE, "guess": XL_MARKER_STYLE.DIAMOND}
    for line, (role, _values) in zip(drawn.plots[0].series, series.values(), strict=True):
        line.smooth = False
        line.format.line.color.rgb = _colour(role)
        line.format.line.width = Pt(3 if role == "curve" else 1.5)
        if role == "guess":
            line.format.line.dash_style = MSO_LINE.DASH
        elif role != "curve":  # ends of intervals and expectations are places, not a course
            line.format.line.fill.background()
        line.marker.style = styles.get(role, XL_MARKER_STYLE.DASH)
        line.marker.size = 9
        line.marker.format.fill.solid()
        line.marker.format.fill.fore_color.rgb = _colour(role)
        if role == "curve":
            labels = line.data_labels
            labels.show_value, labels.position = True, XL_LABEL_POSITION.ABOVE
            labels.number_format, labels.number_format_is_linked = "+0.0;−0.0;0.0", False
            labels.font.size, labels.font.bold = Pt(12), True
    _align(drawn, frame)


def _align(drawn: Any, frame: Any) -> None:
    """Put the plot of a chart right under the columns, so that each point stands below its touchpoint."""
    from pptx.oxml import parse_xml
    from pptx.oxml.ns import nsdecls
    from pptx.util import Inches

    wide, left = frame.width, Inches(_LEFT) - frame.left
    places = {"x": left / wide, "y": 0.04, "w": Inches(_RIGHT - _LEFT) / wide, "h": 0.76}
    modes = "".join(f'<c:{name}Mode val="edge"/>' for name in ("x", "y"))
    layout = "".join(f'<c:{name} val="{value:.5f}"/>' for name, value in places.items())
    area = drawn._chartSpace.chart.plotArea  # noqa: SLF001 - python-pptx has no word for it
    for old in area.xpath("c:layout"):
        area.remove(old)
    inner = f'<c:manualLayout><c:layoutTarget val="inner"/>{modes}{layout}</c:manualLayout>'
    area.insert(0, parse_xml(f"<c:layout {nsdecls('c')}>{inner}</c:layout>"))


def _end(point: Touchpoint, end: str) -> float:
    cell = point.cells.get("emotion")
    return math.nan if cell is None else getattr(cell, end)


def _known_by(point: Touchpoint) -> str:
    sources = [s for s in (OBSERVED, SURVEY, ASSUMED) if any(cell.source == s for cell in point.cells.values())]
    return " ".join(_MARKS[source] for source in sources) or "no evidence"


def _pain(pain: Any, currency: str, wide: float) -> str:
    money = f"\n{words.money(pain.margin, currency)} margin" if math.isfinite(pain.margin) else ""
    return f"{_MARKS[pain.source]} {pain.kind}\n{shorter(pain.text, wide * 190, 11)}{money}"


def _tables(deck: Any, chart: Map) -> None:
    """Put what is done, pains, opportunities and scores on slides of their own, as many as they need."""
    done = course(chart, _MARKS)
    _pages(deck, "What is done, by which channels, how long it takes, what is at stake", done, [2, 2.6, 3.6, 2.2, 2.4])
    pains = chart.pains()
    if len(pains):
        ends = zip(pains["margin"], pains["margin_lower"], pains["margin_upper"], strict=True)
        money = [margin(*each, chart.currency).replace(" of margin", "") for each in ends]
        shown = pains.assign(
            evidence=[f"{_MARKS[s]} {s}" for s in pains["source"]],
            money=money,
            sure=["yes" if clear else "" for clear in pains["clear"]],
        )[["touchpoint", "kind", "text", "evidence", "sure", "money", "votes"]]
        shown.columns = ["Touchpoint", "Kind", "Pain point", "Known from", "Beyond noise", "Margin", "Dots"]
        _pages(deck, "Pain points, the worst first", shown, [1.9, 1.4, 4.3, 1.3, 1.0, 2.1, 0.8])
    chances = chart.opportunities()
    if len(chances):
        shown = chances[["touchpoint", "text", "owner", "kpi", "next_step", "votes"]]
        shown.columns = ["Touchpoint", "Opportunity", "Owner", "KPI", "Next step", "Dots"]
        _pages(deck, "What we do", shown, [1.9, 4.0, 1.5, 2.0, 2.6, 0.8])
    card = chart.scorecard()
    rows = card.rows.dropna(subset=["team"])
    if len(rows):
        shown = rows[["touchpoint", "criterion"]].assign(
            team=[f"{score:.0f}" for score in rows["team"]],
            evidence=["not known" if e != e else f"{e:.1f} ({lo:.1f} to {hi:.1f})" for e, lo, hi in  # noqa: PLR0124
                      zip(rows["evidence"], rows["lower"], rows["upper"], strict=True)],
        )  # fmt: skip
        shown.columns = ["Touchpoint", "Criterion", "Team, 0 to 5", "Evidence, 0 to 5"]
        _pages(deck, "Where team and evidence disagree most", shown, [4.0, 3.0, 2.0, 3.7])


def _pages(deck: Any, title: str, frame: pd.DataFrame, widths: Sequence[float]) -> None:
    for start in range(0, len(frame), ROWS):
        _Slide(deck, title, "").table(frame.iloc[start : start + ROWS], widths)


def _known(slide: _Slide, chart: Map) -> None:
    period = chart.data().get("period")
    said = [f"Data from {period[0]} to {period[1]}."] if isinstance(period, list) and len(period) == 2 else []
    said += list(chart.caveats)
    said += [
        "● observed: counted in the shop's data. ■ survey: answered by customers. ◇ assumed: written by the team.",
        "What stands empty is not known.",
        "Pain points come first where customers are unhappy on the whole, then by margin, then by share.",
    ]
    slide.text("\n".join(said), 0.4, 1.2, 12.4, 5.5, 15)
