import math

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from journeylab.errors import BadParameter
from journeylab.growth.corrections import adjust


def holm_by_hand(p):
    order, adjusted, so_far = np.argsort(p), np.empty(len(p)), 0.0
    for i, at in enumerate(order):
        so_far = max(so_far, min(1.0, (len(p) - i) * p[at]))
        adjusted[at] = so_far
    return adjusted


# Benjamini & Hochberg 1995, section 4.2: fifteen ordered p-values; at 5 %, Bonferroni and Holm reject 3, theirs 4.
PUBLISHED = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0,
]  # fmt: skip


def test_the_papers_example_rejects_four_and_holm_three():
    assert sum(p <= 0.05 for p in adjust(PUBLISHED, method="benjamini-hochberg")) == 4
    assert sum(p <= 0.05 for p in adjust(PUBLISHED)) == 3


@pytest.mark.parametrize("seed", range(5))
def test_second_implementations_agree(seed):
    p = np.random.default_rng(seed).random(12) ** 3
    assert adjust(list(p)) == pytest.approx(holm_by_hand(p))
    assert adjust(list(p), method="benjamini-hochberg") == pytest.approx(false_discovery_control(p))


def test_what_was_not_observed_does_not_count():
    found = adjust([0.01, math.nan, 0.03])
    assert found[0] == pytest.approx(0.02)
    assert math.isnan(found[1])


def test_one_comparison_stays_as_it_is_and_none_is_none():
    assert adjust([0.04]) == pytest.approx([0.04])
    assert adjust([]) == []
    assert adjust([0.04, 0.01], method="none") == [0.04, 0.01]
    with pytest.raises(BadParameter):
        adjust([0.04], method="bonferoni")
