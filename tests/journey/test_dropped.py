"""Those who left at a step are those the funnel counts as lost there, whatever its rules."""

from __future__ import annotations

import pytest

import journeylab as jl
from tests.journey.test_funnel import shop_with
from tests.journey.test_paths import random_log

RULES = [
    {"order": "strict"},
    {"order": "any"},
    {"entry": "open"},
    {"exclude": ["d"]},
    {"order": "any", "entry": "open", "exclude": ["e"]},
]


@pytest.mark.parametrize("rules", RULES, ids=str)
def test_under_every_rule_as_many_are_lost_as_the_funnel_says(rules):
    shop, steps = shop_with(random_log(3)), ["a", "b", "c"]
    rows = jl.journey.funnel(shop, steps=steps, window="20m", **rules).table().set_index("position")
    assert rows.loc[[2, 3], "lost"].min() > 0
    for at in (2, 3):
        result = jl.journey.dropped(shop, steps=steps, at=at, window="20m", **rules)
        assert result.lost == len(result.table()) == rows.loc[at, "lost"]
        assert result.shares["of"].item() == rows.loc[at, "of"]


def test_rules_that_cannot_be_are_refused():
    shop = shop_with(random_log(3))
    with pytest.raises(jl.BadParameter, match="order"):
        jl.journey.dropped(shop, steps=["a", "b"], at=2, order="backwards")
    with pytest.raises(jl.BadParameter, match="no step before"):
        jl.journey.dropped(shop, steps=["a", {"event": "b", "within": "5m"}], at=2, order="any")
