"""When two engines' tables are the same answer."""

from __future__ import annotations

import pandas as pd
import pytest


def same(got: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Assert that two tables are alike: order, counts and words exactly, other numbers to a billionth."""
    assert list(got.columns) == list(expected.columns)
    assert len(got) == len(expected)
    for column in expected.columns:
        for row, (one, other) in enumerate(zip(got[column], expected[column], strict=True)):
            where = f"{column}, row {row}: {one!r} and {other!r}"
            if isinstance(other, float) and not float(other).is_integer():
                assert one == pytest.approx(other, rel=1e-9, abs=1e-12, nan_ok=True), where
            elif pd.api.types.is_scalar(other) and pd.isna(other):
                assert pd.isna(one), where
            else:
                assert one == other, where
