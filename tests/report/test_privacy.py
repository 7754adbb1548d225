"""Small groups are named in what is taken away, and blanked on demand so that none can be worked out."""

from __future__ import annotations

import io

import pandas as pd
import pytest

import journeylab as jl
from journeylab.data.examples import tiny_shop
from journeylab.report import privacy, workbook


def groups(*sizes: int) -> pd.DataFrame:
    return pd.DataFrame({"group": [f"g{i}" for i in range(len(sizes))], "n": sizes, "rate": 0.5})


def test_a_group_of_five_is_not_small_and_an_empty_one_gives_nobody_away() -> None:
    assert privacy.small(groups(0, 1, 4, 5, 900)).tolist() == [False, True, True, False, False]
    assert privacy.warning(groups(0, 5)) == ""
    assert privacy.marked(groups(0, 5)).equals(groups(0, 5))


def test_a_single_small_row_takes_the_next_smallest_with_it() -> None:
    kept = privacy.without_small(groups(100, 3, 20, 0))
    assert kept["n"].isna().tolist() == [False, True, True, False]
    assert kept["rate"].isna().tolist() == [False, True, True, False]
    assert kept["group"].tolist() == ["g0", "g1", "g2", "g3"]


def test_two_small_rows_need_no_third() -> None:
    assert privacy.without_small(groups(100, 3, 20, 2))["n"].isna().tolist() == [False, True, False, True]


@pytest.mark.parametrize("sizes", [(3, 50, 60), (1, 1, 70, 80), (4, 9), (2, 0, 30)])
def test_no_blanked_row_can_be_had_from_the_whole(sizes: tuple[int, ...]) -> None:
    blanked = privacy.without_small(groups(*sizes))["n"].isna()
    assert blanked.sum() != 1


def test_a_table_of_persons_says_that_each_row_is_one() -> None:
    assert "Each row is one person" in privacy.warning(pd.DataFrame({"customer_id": ["a"], "net": [1.0]}))


def test_the_files_say_it_and_blank_on_demand() -> None:
    result = jl.customers.rfm(tiny_shop(), bins=2)
    whole = pd.read_csv(io.BytesIO(workbook.csv(result)))
    assert set(whole["small_group"]) == {"fewer than 5"}
    blanked = pd.read_csv(io.BytesIO(workbook.csv(result, suppress=True)))
    assert blanked["n"].isna().all()
    assert blanked["net"].isna().all()
    about = pd.read_excel(io.BytesIO(workbook.xlsx(result)), sheet_name="About", header=None, engine="calamine")
    assert "fewer than 5 people" in " ".join(about[1].astype(str))
