"""Colours and the Altair theme, the same for every chart.

Each colour keeps a contrast of at least 3:1 against both the light and the dark background (a test computes it), as
WCAG 2.2 asks of graphics, so that one chart serves both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

if TYPE_CHECKING:
    import pandas as pd

LIGHT, DARK = "#ffffff", "#12171c"

MAIN = "#0e8f86"
ACCENT = "#d9622b"
QUIET = "#7c8894"
GOOD = "#3a8f3e"
BAD = "#cf4446"
CATEGORIES = (MAIN, ACCENT, "#5c79d8", "#b0832a", "#a35fc4", "#2f8fc0", "#c2558c", QUIET)
#: One hue, from little to much; steps differ in lightness, so that they can be told apart without colour.
SCALE = ("#b8e0dc", "#7cc4bd", "#3fa79e", "#0e8f86", "#0a6d66", "#07504b")

FONT = "Source Sans Pro, Source Sans, Segoe UI, Helvetica, Arial, sans-serif"


@alt.theme.register("journeylab", enable=True)
def _theme() -> alt.theme.ThemeConfig:
    return alt.theme.ThemeConfig(
        config={
            "font": FONT,
            "view": {"stroke": None},
            "range": {"category": list(CATEGORIES), "heatmap": list(SCALE), "ordinal": list(SCALE)},
            "axis": {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "gridOpacity": 0.35},
            # d3 writes nought thousands as 0k
            "axisQuantitative": {"labelExpr": "datum.value === 0 ? replace(datum.label, /[kMG]$/, '') : datum.label"},
            "legend": {"labelFontSize": 12, "titleFontSize": 12, "orient": "top"},
            "bar": {"cornerRadiusEnd": 2},
            "line": {"strokeWidth": 2},
        }
    )


def rows(table: pd.DataFrame, *columns: str) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a table as a chart's data; Altair need not look at a table to learn types that are given.

    Args:
        table: Texts, numbers and truth values; what is not known becomes null.
        columns: Those to keep; all if none is named.
    """
    shown = table[list(columns)] if columns else table
    values = shown.astype(object).where(shown.notna(), None).to_dict("records")
    return {"values": [{str(name): cell for name, cell in row.items()} for row in values]}
