"""Charts to take away, as PNG and SVG, drawn on this machine without a browser and without a network."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from journeylab.result import Result

WIDTH = 720
_LINE = 92  # characters of a title that fit the width


def png(result: Result, view: str | None = None) -> bytes:
    """Return one view of the chart, twice the size of the screen's, on white, with its finding as the title."""
    import vl_convert

    return vl_convert.vegalite_to_png(_spec(result, view), scale=2.0, allowed_base_urls=[])


def svg(result: Result, view: str | None = None) -> str:
    """Return one view of the chart as SVG, on white, with its finding as the title."""
    import vl_convert

    return vl_convert.vegalite_to_svg(_spec(result, view), allowed_base_urls=[])


def _spec(result: Result, view: str | None) -> dict[str, Any]:
    spec = result.chart(view).to_dict()
    config = spec.setdefault("config", {})
    config["background"] = "white"
    config["padding"] = 16
    config["view"] = {**config.get("view", {}), "continuousWidth": WIDTH, "discreteWidth": WIDTH}
    spec["title"] = {
        "text": textwrap.wrap(result.headline(), _LINE),
        "subtitle": [line for caveat in result.caveats for line in textwrap.wrap(caveat, _LINE + 20)],
        "anchor": "start",
        "fontSize": 14,
        "subtitleFontSize": 11,
        "subtitleColor": "#5b6770",
        "offset": 14,
    }
    return spec
