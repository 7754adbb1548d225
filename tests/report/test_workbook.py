"""Tables to take away keep their numbers, and never run as formulas."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

import journeylab as jl
from journeylab.data.examples import tiny_shop
from journeylab.report import workbook
from journeylab.result import Result

if TYPE_CHECKING:
    import altair as alt

FORMULAS = ["=1+1", '=HYPERLINK("http://x.example")', "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Given(Result):
    views: ClassVar[tuple[str, ...]] = ("one",)
    frame: pd.DataFrame

    def table(self) -> pd.DataFrame:
        return self.frame

    def headline(self) -> str:
        return "=cmd|' /C calc'!A0"

    def _draw(self, view: str) -> alt.TopLevelMixin:
        raise NotImplementedError


def shown(text: str) -> list[str]:
    """Split into lines wherever a spreadsheet might, outside quotes."""
    outside = re.sub(r'"[^"]*"', "", text)
    return re.split(r"[\r\n]+", outside)


def cells(data: bytes, sheet: int = 0) -> list[list[object]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(sheet).to_python()


@pytest.mark.parametrize("formula", FORMULAS)
def test_text_that_looks_like_a_formula_stays_text(formula: str) -> None:
    result = Given(frame=pd.DataFrame({formula: [formula, "mug"], "n": [-1, 2]}), caveats=("-caveat",))
    text = workbook.csv(result).decode("utf-8-sig")
    read = pd.read_csv(io.StringIO(text))
    assert len(shown(text)) == 4
    assert read.columns[0].startswith("'")
    assert read.iloc[0, 0].startswith("'")
    assert read["n"].tolist() == [-1, 2]
    data = workbook.xlsx(result)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheets = [archive.read(name) for name in archive.namelist() if "worksheets/sheet" in name]
    assert not any(b"<f>" in sheet or b"<hyperlink" in sheet for sheet in sheets)


def test_the_workbook_holds_the_table_the_finding_the_caveats_and_the_python() -> None:
    result = jl.overview(tiny_shop())
    data = workbook.xlsx(result)
    table, about = cells(data), cells(data, 1)
    assert table[0] == [*result.table().columns, "small_group"]  # four orders of two customers are few
    assert table[1][:2] == ["Revenue", 120.0]
    assert ["Finding", result.headline()] in about
    assert [row[1] for row in about if row[0] == "Caveat"] == list(result.caveats)
    assert any("jl.overview(shop)" in row[1] for row in about)


def test_what_could_not_be_observed_stays_empty_and_zero_stays_zero() -> None:
    frame = pd.DataFrame({"n": [0.0, np.nan, np.inf], "day": [pd.Timestamp("2026-03-01"), pd.NaT, pd.NaT]})
    data = workbook.xlsx(Given(frame=frame))
    assert cells(data)[1:] == [[0.0, date(2026, 3, 1)], ["", ""], ["inf", ""]]
    assert workbook.csv(Given(frame=frame)).decode("utf-8-sig").splitlines()[2] == '"",""'
