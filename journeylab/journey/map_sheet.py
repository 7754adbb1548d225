"""The sheet a journey map is drawn on: rectangles, words, lines, bands and marks, each with its place and its role."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from journeylab.journey.map_model import ASSUMED, OBSERVED, SURVEY

#: The shape that stands for each source of evidence.
SHAPES = {OBSERVED: "circle", SURVEY: "square", ASSUMED: "diamond"}


@dataclass(frozen=True)
class Picture:
    """A map laid out: rectangles, words, lines, bands and marks, each a dict with its place and its role.

    Args:
        width: Of the sheet.
        height: Of the sheet.
        title: What it is, in words.
    """

    width: float
    height: float
    title: str
    rects: list[dict[str, Any]] = field(default_factory=list)
    texts: list[dict[str, Any]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    bands: list[dict[str, Any]] = field(default_factory=list)
    marks: list[dict[str, Any]] = field(default_factory=list)

    def rect(self, role: str, x: float, y: float, x2: float, y2: float, tip: str = "") -> None:
        """Add a rectangle."""
        self.rects.append({"role": role, "x": x, "y": y, "x2": x2, "y2": y2, "tip": tip})

    def write(self, text: str, x: float, y: float, size: float = 13, role: str = "ink", **style: Any) -> None:
        """Add words; `style` may have bold, align ('left', 'center', 'right') and upright."""
        if text:
            said = {"bold": False, "align": "left", "upright": False, **style}
            self.texts.append({"text": text, "x": x, "y": y, "size": size, "role": role, **said})

    def mark(
        self, role: str, x: float, y: float, shape: str, size: float = 70, *, hollow: bool = False, tip: str = ""
    ) -> None:
        """Add a mark."""
        spot = {"role": role, "x": x, "y": y, "shape": shape, "size": size, "hollow": hollow, "tip": tip}
        self.marks.append(spot)

    def line(self, role: str, points: list[tuple[float, float]]) -> None:
        """Add a line through points."""
        number = len({one["line"] for one in self.lines})
        self.lines.extend({"role": role, "line": number, "x": x, "y": y} for x, y in points)
