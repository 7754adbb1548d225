"""Pictures are drawn here, from the chart's own data, with the finding as their title."""

import pytest

import journeylab as jl
from journeylab.data.examples import tiny_shop
from journeylab.report import picture

RESULTS = {
    "overview": lambda: jl.overview(tiny_shop()),
    "rfm": lambda: jl.customers.rfm(tiny_shop(), bins=2),
    "funnel": lambda: jl.journey.funnel(tiny_shop(), steps=["view", "cart", "purchase"]),
}


@pytest.mark.parametrize("name", RESULTS)
def test_every_view_becomes_a_picture(name: str) -> None:
    result = RESULTS[name]()
    for view in result.views:
        assert picture.png(result, view).startswith(b"\x89PNG")


def test_the_svg_carries_the_finding_and_its_caveats() -> None:
    result = RESULTS["overview"]()
    text = picture.svg(result, "orders")
    assert result.headline() in text
    assert result.caveats[0] in text


def test_a_picture_fetches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    result = RESULTS["overview"]()
    chart = result.chart()
    spec = chart.to_dict()
    spec["data"] = {"url": "http://127.0.0.1:9/never.csv"}
    monkeypatch.setattr(type(chart), "to_dict", lambda _: spec)
    with pytest.raises(ValueError, match="External data url not allowed"):
        picture.svg(result)
