"""What counts as a customer base, and what does not."""

from __future__ import annotations

import numpy as np
import pytest

from journeylab.customers.customer_base import CustomerBase
from journeylab.errors import BadParameter, NotEnoughData


def test_distinct_rows_add_their_counts_and_come_sorted():
    base = CustomerBase([1, 0, 1, 1], [3, 0, 3, 2], [9, 9, 9, 9], [2, 1, 5, 1]).distinct()
    assert base.frequency.tolist() == [0, 1, 1]
    assert base.recency.tolist() == [0, 2, 3]
    assert base.count.tolist() == [1, 1, 7]
    assert base.customers == 9
    assert base.repeaters == 8
    assert base.repeat_purchases == 8


def test_an_empty_base_is_a_base_and_too_little():
    empty = CustomerBase([], [], [])
    assert empty.distinct().customers == 0
    with pytest.raises(NotEnoughData, match="0 of 0"):
        empty.require_enough()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (([1], [5], [4]), "recency must not exceed age"),
        (([1], [0], [4]), "Several orders within one unit"),
        (([0], [2], [4]), "Several orders within one unit"),
        (([1.5], [2], [4]), "whole"),
        (([-1], [0], [4]), "frequency"),
        (([1], [2], [np.inf]), "age"),
        (([1], [2, 3], [4]), "as long as each other"),
    ],
)
def test_what_cannot_be_a_customer_is_refused(rows, said):
    with pytest.raises(BadParameter, match=said):
        CustomerBase(*rows)
