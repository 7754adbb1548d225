"""The classes of demand, by the cut-offs of Syntetos, Boylan and Croston (2005)."""

from __future__ import annotations

import numpy as np
import pytest

from journeylab.operations.demand_class import FEW, NEW, NONE, classify


@pytest.mark.parametrize(
    ("sizes", "gap", "name"),
    [((5, 6, 5), 1, "smooth"), ((1, 2, 14), 1, "erratic"), ((5, 6, 5), 3, "intermittent"), ((1, 2, 14), 3, "lumpy")],
)
def test_the_class_goes_by_how_often_and_how_evenly_it_sells(sizes: tuple[int, ...], gap: int, name: str):
    demand = np.zeros(36)
    demand[::gap] = np.resize(sizes, len(demand[::gap]))
    found, adi, cv2 = classify(demand)
    assert found == name
    assert adi == pytest.approx(gap)
    assert cv2 == pytest.approx((np.std(demand[::gap]) / np.mean(demand[::gap])) ** 2)


def test_the_cut_off_itself_is_no_longer_smooth():
    demand = np.ones(132)
    demand[:32] = 0  # 132 periods over 100 with demand: ADI 1.32
    assert classify(demand)[:2] == ("intermittent", 1.32)


def test_too_little_to_class_is_said():
    assert classify(np.zeros(30))[0] == NONE
    assert classify(np.array([0, 4.0, 0, 2]))[0] == NEW
    assert classify(np.append(np.zeros(40), [1.0, 1.0]))[0] == FEW
