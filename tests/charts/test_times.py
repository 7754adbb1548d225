"""Times to convert, and a word where there are none."""

from __future__ import annotations

import journeylab as jl
from journeylab.charts.times import NO_TIMES
from tests.journey.test_funnel import shop_with

LOG = [("v", 0, "a"), ("v", 5, "b"), ("w", 0, "b")]


def test_without_times_the_view_says_why_rather_than_being_empty():
    shop = shop_with(LOG)
    spec = str(jl.journey.funnel(shop, steps=["a", "b"], entry="open").chart("time").to_dict())
    assert all(line in spec for line in NO_TIMES)
    assert NO_TIMES[0] not in str(jl.journey.funnel(shop, steps=["a", "b"]).chart("time").to_dict())
